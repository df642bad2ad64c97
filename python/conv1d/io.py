"""Files that other programs read: safetensors (state dictionaries, also PyTorch's) and NumPy's .npy and .npz.

Files are data from elsewhere: nothing that they say is believed before it was checked. OSError where there is no such
file, RuntimeError where it cannot be read or written, ValueError where what it holds is not what its format says or is
a kind of data that tensors do not have. A saved file takes the place of an old one when it is complete.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from typing import Any

from . import _C
from ._tensor import Tensor

__all__ = [
    "load_metadata",
    "load_npy",
    "load_npz",
    "load_safetensors",
    "save_npy",
    "save_npz",
    "save_safetensors",
]

_Path = str | bytes | os.PathLike[Any]


def load_safetensors(path: _Path) -> dict[str, Tensor]:
    """All tensors of a file by name, in its order; as load_state_dict() takes them."""
    return _C._load_safetensors(_existing(path))


def load_metadata(path: _Path) -> dict[str, str]:
    """What a safetensors file says about itself."""
    return _C._load_safetensors_metadata(_existing(path))


def save_safetensors(state: Mapping[str, Tensor], path: _Path, metadata: Mapping[str, str] | None = None) -> None:
    """Writes the tensors' values under their names; metadata are texts that say what the file is."""
    texts = {} if metadata is None else dict(metadata)
    for name, text in texts.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError(f"metadata are texts by name, but one is {text!r} by {name!r}")
    _C._save_safetensors(_tensors(state), _writable(path), texts)


def load_npy(path: _Path) -> Tensor:
    """One array."""
    return _C._load_npy(_existing(path))


def save_npy(tensor: Tensor, path: _Path) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"save_npy() takes a Tensor, not {type(tensor).__name__}")
    _C._save_npy(tensor, _writable(path))


def load_npz(path: _Path) -> dict[str, Tensor]:
    """All arrays of an archive by name. Needs NumPy."""
    import zipfile
    import zlib

    import numpy

    name = os.fspath(path)
    os.stat(name)
    try:
        archive = numpy.load(name, allow_pickle=False)
        if isinstance(archive, numpy.ndarray):
            raise ValueError("this is a single array: load_npy() reads it")
        with archive:
            return {key: _C.from_numpy(_native(archive[key])) for key in archive.files}
    except (ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise ValueError(f"{os.fsdecode(name)}: {error}") from error


def save_npz(state: Mapping[str, Tensor], path: _Path) -> None:
    """Writes the tensors as an archive of arrays, not compressed. Needs NumPy."""
    import zipfile

    import numpy

    arrays = {name: tensor.detach().numpy() for name, tensor in _tensors(state).items()}
    target = os.path.realpath(os.fsdecode(_writable(path)))
    beside = f"{target}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        with open(beside, "xb") as file:
            # Not numpy.savez(): a tensor may have any name, also that of one of its arguments.
            with zipfile.ZipFile(file, "w") as archive:
                for name, array in arrays.items():
                    with archive.open(name + ".npy", "w", force_zip64=True) as entry:
                        numpy.lib.format.write_array(entry, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def _existing(path: _Path) -> bytes:
    """The path as the system's bytes. OSError (FileNotFoundError, ...) where nothing is there."""
    os.stat(path)
    return os.fsencode(path)


def _writable(path: _Path) -> bytes:
    """The path as the system's bytes. OSError where its folder is not there."""
    name = os.fsencode(path)
    os.stat(os.path.dirname(name) or b".")
    return name


def _tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state as a dictionary of its own. TypeError where it is none of tensors by name."""
    tensors = dict(state)
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            raise TypeError(f"tensors are saved by names, which are str, not {type(name).__name__}")
        if not isinstance(tensor, Tensor):
            raise TypeError(f"'{name}' is no Tensor but {type(tensor).__name__}, and cannot be saved")
    return tensors


def _native(array: Any) -> Any:
    """The array in the machine's byte order, with memory of its own."""
    return array.astype(array.dtype.newbyteorder("="), order="C")
