"""Files that other programs read: safetensors (state dictionaries, also PyTorch's) and NumPy's .npy and .npz.

Files are data from elsewhere: nothing that they say is believed before it was checked. OSError where there is no such
file, RuntimeError where it cannot be read or written, ValueError where what it holds is not what its format says or is
a kind of data that tensors do not have. A saved file takes the place of an old one when it is complete.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import shutil
import stat
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
        _check_text(name)
        _check_text(text)
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

    name = os.fsdecode(_existing(path))
    _check_regular(name, "read")
    tensors: dict[str, Tensor] = {}
    try:
        with zipfile.ZipFile(name) as archive:
            for entry in archive.infolist():
                key = entry.filename.removesuffix(".npy")
                if key in tensors:
                    raise ValueError(f"two arrays are named '{key}'")
                tensors[key] = _C.from_numpy(_array(archive, entry))
    except zipfile.BadZipFile as error:
        raise ValueError(f"{name}: {error}; load_npy() reads a single array") from error
    except (ValueError, TypeError, EOFError, RuntimeError, zlib.error) as error:
        raise ValueError(f"{name}: {error}") from error
    return tensors


def save_npz(state: Mapping[str, Tensor], path: _Path) -> None:
    """Writes the tensors as an archive of arrays, not compressed. Needs NumPy."""
    import zipfile

    import numpy

    arrays = {name: tensor.detach().numpy() for name, tensor in _tensors(state).items()}
    target = os.path.realpath(os.fsdecode(_writable(path)))
    exists = os.path.exists(target)
    if exists:
        _check_regular(target, "written")
    beside = os.path.join(os.path.dirname(target), f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            # Not numpy.savez(): a tensor may have any name, also that of one of its arguments.
            with zipfile.ZipFile(file, "w") as archive:
                for name, array in arrays.items():
                    with archive.open(name + ".npy", "w", force_zip64=True) as entry:
                        numpy.lib.format.write_array(entry, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        if exists:
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def _array(archive: Any, entry: Any) -> Any:
    """One array of a zip archive, in the machine's byte order, with memory of its own. What its header says is compared
    with the entry's size before memory is asked for: numpy.load() believes it."""
    import zipfile

    import numpy
    from numpy.lib import format as npy

    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"'{entry.filename}' is compressed in a way that NumPy does not use")
    with archive.open(entry) as file:
        try:
            # Version 3.0 is for structures with names beyond Latin 1.
            headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
            shape, turned, dtype = headers[npy.read_magic(file)](file)
        except Exception as error:  # NumPy reads it as Python, and lets through whatever Python says of it
            raise ValueError(f"'{entry.filename}' has no header of an array: {error}") from error
        if dtype.hasobject:
            raise ValueError(f"'{entry.filename}' holds Python objects, which are not read")
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or size != entry.file_size - file.tell():
            raise ValueError(f"'{entry.filename}' has not the length that its header says")
        data = file.read()
    if len(data) != size:
        raise ValueError(f"'{entry.filename}' ends too early")
    if dtype == numpy.bool_ and any(data.translate(None, b"\0\1")):
        raise ValueError(f"'{entry.filename}' holds a bool that is neither 0 nor 1")
    array = numpy.ndarray(shape, dtype, data, order="F" if turned else "C")
    return numpy.array(array, dtype.newbyteorder("="), order="C")


def _check_regular(name: str, what: str) -> None:
    """A pipe would be waited for, and a device replaced."""
    if not stat.S_ISREG(os.stat(name).st_mode):
        raise RuntimeError(f"{name}: cannot be {what}: it is not a regular file")


def _existing(path: _Path) -> bytes:
    """The path as the system's bytes. OSError (FileNotFoundError, ...) where nothing is there."""
    os.stat(path)
    return os.fsencode(path)


def _writable(path: _Path) -> bytes:
    """The path as the system's bytes. OSError where its folder is not there."""
    name = os.fsencode(path)
    os.stat(os.path.dirname(name) or b".")
    return name


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} cannot be saved: half a surrogate pair is no text in UTF-8") from None


def _tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state as a dictionary of its own. TypeError where it is none of tensors by name."""
    tensors = dict(state)
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            raise TypeError(f"tensors are saved by names, which are str, not {type(name).__name__}")
        _check_text(name)
        if not isinstance(tensor, Tensor):
            raise TypeError(f"'{name}' is no Tensor but {type(tensor).__name__}, and cannot be saved")
    return tensors
