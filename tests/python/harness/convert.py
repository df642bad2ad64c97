"""Numbers between NumPy, PyTorch and the module under test, exactly."""

import numpy as np

# NumPy has no bfloat16: its numbers travel as float32, which holds all of them.
CARRIER = {"bfloat16": "float32"}
EPSILON = {  # the spacing of numbers at 1, halved: the relative error of one rounding
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "float32": 2.0**-24,
    "float64": 2.0**-53,
    "complex64": 2.0**-24,
    "complex128": 2.0**-53,
}
HALVES = ("float16", "bfloat16")
WIDE = {"complex64": "complex128", "complex128": "complex128"}  # others: float64


def wide(dtype: str) -> str:
    return WIDE.get(dtype, "float64")


def tensor(torch, values: np.ndarray, dtype: str):
    """A tensor of `torch` with a copy of the values, rounded to `dtype`."""
    carried = np.array(values, dtype=CARRIER.get(dtype, dtype), order="C")
    made = torch.from_numpy(carried)
    return made.to(getattr(torch, dtype)) if dtype in CARRIER else made


def dtype_of(tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def array(tensor) -> np.ndarray:
    """The tensor's numbers; bfloat16 as float32."""
    tensor = tensor.detach()
    if dtype_of(tensor) in CARRIER:
        tensor = tensor.float()
    return np.array(tensor.numpy())


def same_bits(a, b) -> bool:
    """Whether two tensors, of whatever module, have the same dtype, shape and bits (bfloat16 NaNs aside)."""
    left, right = array(a), array(b)
    return dtype_of(a) == dtype_of(b) and left.shape == right.shape and left.tobytes() == right.tobytes()
