"""conv1d.io beside NumPy and the safetensors format as it is written down; broken files; replacing in one step."""

import io
import json
import os
import stat
import struct
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from harness import oracle
from harness.under_test import IS_PYTORCH, nn, torch

if IS_PYTORCH:
    pytest.skip("PyTorch has no conv1d.io", allow_module_level=True)

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
NAMES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}


def some(dtype: str, shape=(2, 3, 4)) -> np.ndarray:
    values = np.random.default_rng(1).integers(0, 100, shape)
    return np.asarray(values % 2 == 0 if dtype == "bool" else values - (dtype != "uint8") * 50).astype(dtype)


def written(header, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def read_by_hand(path: Path) -> dict[str, tuple[str, list[int], bytes]]:
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8 : 8 + length]), raw[8 + length :]
    assert (8 + length) % 8 == 0
    header.pop("__metadata__", None)
    return {n: (e["dtype"], e["shape"], data[slice(*e["data_offsets"])]) for n, e in header.items()}


# ---- safetensors -----------------------------------------------------------------------------------------------------


def test_safetensors_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    arrays = {dtype: some(dtype) for dtype in DTYPES}
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.io.save_safetensors(state, path, {"format": "pt", "é": "ü"})
    for name, (dtype, shape, data) in read_by_hand(path).items():
        assert dtype == NAMES[name] and shape == [2, 3, 4] and data == arrays[name].tobytes()
    loaded = torch.io.load_safetensors(path)
    assert list(loaded) == DTYPES
    for name, tensor in loaded.items():
        assert tensor.numpy().dtype == arrays[name].dtype and np.array_equal(tensor.numpy(), arrays[name])
    assert torch.io.load_metadata(path) == {"format": "pt", "é": "ü"}


def test_safetensors_keep_bfloat16_and_views(tmp_path: Path) -> None:
    path = str(tmp_path / "w.safetensors")
    base = torch.randn(4, 6)
    state = {"b": base.to(torch.bfloat16), "t": base.t(), "s": base[:, ::2], "0": torch.tensor(3.5), "e": base[:0]}
    torch.io.save_safetensors(state, path)
    for name, tensor in torch.io.load_safetensors(os.fsencode(path)).items():
        assert tensor.dtype == state[name].dtype and tensor.shape == state[name].shape
        assert torch.equal(tensor, state[name]) and tensor.is_contiguous()


def test_state_of_a_network(tmp_path: Path) -> None:
    def net():
        return nn.Sequential(nn.Conv1d(2, 3, 5), nn.ReLU(), nn.ConvTranspose1d(3, 2, 4, stride=2))

    trained, fresh = net(), net()
    torch.io.save_safetensors(trained.state_dict(), tmp_path / "w")
    fresh.load_state_dict(torch.io.load_safetensors(tmp_path / "w"))
    x = torch.randn(1, 2, 20)
    assert torch.equal(fresh(x), trained(x))


BROKEN = {
    "empty": b"",
    "seven bytes": b"\0" * 7,
    "header longer than the file": struct.pack("<Q", 3) + b"{}",
    "header of 2^40 bytes": struct.pack("<Q", 2**40) + b"{}",
    "header of 2^63 bytes": struct.pack("<Q", 2**63) + b"{}",
    "no object": written(b"null"),
    "deep lists": written(b"[" * 100000),
    "deep objects": written(b'{"a":' * 100000),
    "deep in an entry": written(b'{"a":{"b":' + b"[" * 100000),
    "not UTF-8": written(b'{"\xff\xfe": 1}'),
    "truncated": written({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 15),
    "a rest": written({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 17),
    "wrong size": written({"a": {"dtype": "F64", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 16),
    "negative size": written({"a": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}}, b"\0" * 16),
    "a product that wraps": written(
        {"a": {"dtype": "F32", "shape": [4194305, 4194305, 211106198978564], "data_offsets": [0, 16]}}, b"\0" * 16
    ),
    "negative offset": written({"a": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}}, b"\0" * 16),
    "huge offsets": written(
        {"a": {"dtype": "F32", "shape": [4], "data_offsets": [2**64 - 32, 2**64 - 16]}}, b"\0" * 16
    ),
    "offsets beyond 64 bits": written({"a": {"dtype": "F32", "shape": [4], "data_offsets": [2**64, 2**64 + 16]}}),
    "unknown type": written({"a": {"dtype": "Q9", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 16),
    "overlap": written(
        {
            "a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},
            "b": {"dtype": "F32", "shape": [3], "data_offsets": [4, 16]},
        },
        b"\0" * 16,
    ),
    "hole": written({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}, b"\0" * 16),
    "name twice": written(
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        b"\0" * 8,
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_safetensors(what: str, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(BROKEN[what])
    with pytest.raises(ValueError) as caught:
        torch.io.load_safetensors(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_every_cut_of_a_good_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    torch.io.save_safetensors({"a": torch.ones(3), "b": torch.zeros(2, 2).double()}, path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError):
            torch.io.load_safetensors(path)


def test_every_changed_byte_loads_or_is_refused(tmp_path: Path) -> None:
    """No crash and no other exception, whatever byte of the header is another one."""
    path = tmp_path / "changed"
    torch.io.save_safetensors({"a": torch.ones(3), "b": torch.zeros(2, 2).double()}, path, {"x": "y"})
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole) - 44):
        for byte in (0, 0x22, 0x2D, 0x39, 0x5B, 0x7D, 0xFF):
            path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
            try:
                torch.io.load_safetensors(path)
            except ValueError:
                refused += 1
    assert refused > len(whole)


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(b"the old file")
    for state, kind in [
        ({"z": torch.zeros(2, dtype=torch.complex64)}, ValueError),
        ({"__metadata__": torch.zeros(2)}, ValueError),
        ({"m": torch.zeros(2, device="meta")}, NotImplementedError),
        ({1: torch.zeros(2)}, TypeError),
        ({"n": np.zeros(2)}, TypeError),
        ({"n": None}, TypeError),
        ([1, 2], TypeError),
    ]:
        with pytest.raises(kind):
            torch.io.save_safetensors(state, path)
    with pytest.raises(TypeError):
        torch.io.save_safetensors({}, path, {"a": 1})
    assert path.read_bytes() == b"the old file" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("load", ["load_safetensors", "load_npy", "load_npz", "load_metadata"])
def test_files_that_are_not_there(load: str, tmp_path: Path) -> None:
    load = getattr(torch.io, load)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")
    with pytest.raises((RuntimeError, OSError)):
        load(tmp_path)
    with pytest.raises(TypeError):
        load(None)
    with pytest.raises(ValueError):
        load("a\0b")


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for load in (torch.io.load_safetensors, torch.io.load_npy, torch.io.load_npz):
        with pytest.raises(RuntimeError, match="not a regular file"):
            load(tmp_path / "pipe")
    with pytest.raises(RuntimeError, match="not a regular file"):
        torch.io.save_safetensors({}, tmp_path / "pipe")
    with pytest.raises(RuntimeError, match="not a regular file"):
        torch.io.save_npz({}, tmp_path / "pipe")


def saves():
    yield "save_safetensors", lambda path, fill: torch.io.save_safetensors({"a": torch.full((4,), fill)}, path)
    yield "save_npy", lambda path, fill: torch.io.save_npy(torch.full((4,), fill), path)
    yield "save_npz", lambda path, fill: torch.io.save_npz({"a": torch.full((4,), fill)}, path)


@pytest.mark.parametrize(("name", "save"), list(saves()))
def test_saving_replaces_in_one_step(name: str, save, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    mask = os.umask(0o027)
    try:
        save(real, 1.0)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    link.symlink_to("real")
    real.chmod(0o604)
    with real.open("rb") as old:  # whoever has the old file open keeps it
        before = real.read_bytes()
        save(link, 2.0)
        assert old.read() == before != real.read_bytes()
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o604
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real"]
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "none" / "file", 1.0)


# ---- NumPy's files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*DTYPES, "complex64", "complex128"])
def test_npy_both_ways(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for array in (some(dtype), some(dtype, ()), some(dtype, (0, 3)), some(dtype, (5,))):
        torch.io.save_npy(torch.from_numpy(array.copy()), path)
        again = np.load(path, allow_pickle=False)
        assert again.dtype == array.dtype and again.shape == array.shape and np.array_equal(again, array)
        buffer = io.BytesIO()
        np.save(buffer, array)
        assert path.read_bytes() == buffer.getvalue()
        turned = np.asfortranarray(array) if array.ndim else array  # of a single number it makes a list
        for stored in (array, turned, array.astype(array.dtype.newbyteorder(">"))):
            np.save(path, stored)
            tensor = torch.io.load_npy(path)
            assert np.array_equal(tensor.numpy(), array) and tensor.numpy().dtype == array.dtype
            assert tensor.is_contiguous()


def test_npy_of_views_and_parameters(tmp_path: Path) -> None:
    base = nn.Parameter(torch.randn(4, 6))
    for view in (base.t(), base[:, ::2], base[1:]):
        torch.io.save_npy(view, tmp_path / "a.npy")
        assert np.array_equal(np.load(tmp_path / "a.npy"), view.detach().numpy())


def test_npy_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for array in (
        np.array([{}, None], dtype=object),
        np.zeros(2, [("a", "f4")]),
        np.array(["text"]),
        np.array([b"text"]),
        np.zeros(2, np.uint16),
        np.zeros(2, np.longdouble),
        np.zeros(2, "M8[s]"),
    ):
        np.save(path, array, allow_pickle=True)
        with pytest.raises(ValueError) as caught:
            torch.io.load_npy(path)
        assert str(caught.value).startswith(f"{path}: ")
    with pytest.raises(ValueError, match="bfloat16"):
        torch.io.save_npy(torch.zeros(2, dtype=torch.bfloat16), path)
    with pytest.raises(TypeError):
        torch.io.save_npy(np.zeros(2), path)


def test_every_cut_of_an_npy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, some("float32"))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError):
            torch.io.load_npy(path)


def test_npz_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays = {name: some(name) for name in DTYPES} | {"file": some("int8"), "a/b.npy": some("int16"), "": some("uint8")}
    torch.io.save_npz({name: torch.from_numpy(array) for name, array in arrays.items()}, path)
    with np.load(path) as archive:
        assert archive.files == list(arrays)
    loaded = torch.io.load_npz(path)
    assert list(loaded) == list(arrays)
    for name, tensor in loaded.items():
        assert np.array_equal(tensor.numpy(), arrays[name])
    np.savez_compressed(path, x=arrays["float32"].astype(">f4"), y=np.asfortranarray(arrays["int16"]))
    again = torch.io.load_npz(path)
    assert np.array_equal(again["x"].numpy(), arrays["float32"])
    assert np.array_equal(again["y"].numpy(), arrays["int16"])


def test_npz_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=some("float32"))
    whole = path.read_bytes()
    broken = [b"", b"PK\3\4", whole[: len(whole) // 2], whole[:-1], whole[:150] + b"\xff" * 40 + whole[190:]]
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(ValueError) as caught:
            torch.io.load_npz(path)
        assert str(caught.value).startswith(f"{path}: ")
    for array in (np.array([{}], dtype=object), np.zeros(2, np.uint16), np.array(["text"])):
        np.savez(path, good=some("float32"), bad=array)
        with pytest.raises(ValueError):
            torch.io.load_npz(path)
    good = io.BytesIO()
    np.save(good, np.zeros(4, np.uint8))
    good = good.getvalue()
    for entries in (
        {"a.npy": b"\x93NUMPY\x01\x00\x10\x00{}"},
        {"a.npy": good.replace(b"(4,)", b"(3,)")},
        {"a.npy": good.replace(b"(4,), }   ", b"(10**9, 4)")},
        {"a.npy": good.replace(b"(4,), }             ", b"(4611686018427387904,")},
        {"a.npy": good.replace(b"(4,), }       ", b"(-2, -2,), }")},
        {"a.npy": good.replace(b"|u1", b"|b1")[:-1] + b"\2"},
        {"a.npy": good, "a": good},
        {"readme.txt": b"text"},
        {"folder/": b""},
    ):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        with pytest.raises(ValueError):
            torch.io.load_npz(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.npy", good)
    with pytest.raises(ValueError, match="compressed"):
        torch.io.load_npz(path)
    np.save(tmp_path / "a.npy", some("int8"))
    with pytest.raises(ValueError, match="load_npy"):
        torch.io.load_npz(tmp_path / "a.npy")
    path.write_bytes(b"the old file")
    with pytest.raises(TypeError):
        torch.io.save_npz({"b": torch.zeros(2, dtype=torch.bfloat16)}, path)
    assert path.read_bytes() == b"the old file" and sorted(p.name for p in tmp_path.iterdir()) == ["a.npy", "a.npz"]


# ---- from PyTorch to C++ ---------------------------------------------------------------------------------------------


def test_weights_of_pytorch_in_the_cpp_example(tmp_path: Path) -> None:
    program = Path(os.environ.get("CONV1D_BUILD_DIR", "none")) / "examples" / "weights"
    if not program.exists():
        pytest.skip("CONV1D_BUILD_DIR names no build with the examples (make test sets it)")
    oracle.require()
    pt = oracle.pytorch
    net = pt.nn.Sequential(
        pt.nn.Conv1d(2, 8, 5, padding="same"), pt.nn.ReLU(), pt.nn.ConvTranspose1d(8, 2, 4, stride=2, padding=1)
    )
    # The file as the safetensors package writes it, from PyTorch's numbers.
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in net.state_dict().items():
        values = tensor.numpy().tobytes()
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += values
    (tmp_path / "net.safetensors").write_bytes(written(header, data))
    x = np.random.default_rng(3).standard_normal((1, 2, 7)).astype("f4")
    np.save(tmp_path / "x.npy", x)
    command = [program, tmp_path / "net.safetensors", tmp_path / "x.npy"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    shown = done.stdout[done.stdout.index("(") + 1 : done.stdout.rindex("]")] + "]"
    y = np.array(json.loads(shown), "f4")
    assert np.allclose(y, net(pt.from_numpy(x)).detach().numpy(), atol=2e-4)
    assert subprocess.run([program], capture_output=True, timeout=60).returncode == 0
    assert subprocess.run([*command[:2], tmp_path / "none"], capture_output=True, timeout=60).returncode == 1


def test_half_a_surrogate_pair_is_no_name(tmp_path: Path) -> None:
    for state, texts in (({"\ud800": torch.ones(1)}, None), ({}, {"a": "\udfff"})):
        with pytest.raises(ValueError, match="surrogate"):
            torch.io.save_safetensors(state, tmp_path / "x", texts)
    assert not list(tmp_path.iterdir())
