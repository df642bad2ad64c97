"""Random tensors of every kind, to be printed."""

import math
import random

import numpy as np

FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
DTYPES = ["bool", *INTEGERS, *FLOATS, *COMPLEX]
DEFAULT_OPTIONS = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def random_shape(rng: random.Random) -> tuple[int, ...]:
    rank = rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5])
    longest = rng.choice([2, 4, 9, 30, 200] if rank < 3 else [2, 4, 9])
    return tuple(rng.randint(0 if rng.random() < 0.1 else 1, longest) for _ in range(rank))


def random_reals(rng: random.Random, shape: tuple[int, ...]) -> np.ndarray:
    """Of one scale or of many, whole or not, with zeros, infinities and NaN."""
    draw = np.random.default_rng(rng.randrange(2**32))
    x = draw.standard_normal(shape)
    kind = rng.choice(["plain", "plain", "plain", "whole", "scales", "zeros", "scaled", "special"])
    if kind == "whole":
        x = np.round(x * rng.choice([1, 10, 1e5, 1e9]))
    elif kind == "scales":
        x = x * 10.0 ** draw.integers(-12, 12, shape)
    elif kind == "zeros":
        x = x * (draw.random(shape) < 0.3)
    elif kind == "scaled":
        x = x * 10.0 ** rng.randint(-8, 9)
    elif kind == "special":
        x = np.where(draw.random(shape) < 0.2, rng.choice([math.nan, math.inf, -math.inf, -0.0]), x)
    if rng.random() < 0.1:
        x = np.round(x * 16) / 16  # ties
    return x


def random_values(rng: random.Random, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers of a kind that the dtype can be made from."""
    if dtype in COMPLEX:
        values = np.empty(shape, "complex128")
        values.real, values.imag = random_reals(rng, shape), random_reals(rng, shape)
    elif dtype in FLOATS:
        values = random_reals(rng, shape)
    elif dtype == "bool":
        values = np.random.default_rng(rng.randrange(2**32)).random(shape) < 0.5
    else:
        limits = np.iinfo(dtype)
        bits = rng.choice([3, 7, 15, 31, 60])
        low, high = max(limits.min, -(2**bits)), min(limits.max, 2**bits - 1)
        values = np.random.default_rng(rng.randrange(2**32)).integers(low, high, shape, endpoint=True)
    return np.asarray(values)


def random_view(rng: random.Random, tensor):
    if rng.random() < 0.2 and tensor.dim() > 1:
        tensor = tensor.transpose(0, -1)
    if rng.random() < 0.2 and tensor.dim() and tensor.shape[0] > 2:
        tensor = tensor[::2]
    return tensor


def random_options(rng: random.Random) -> dict:
    if rng.random() < 0.4:
        return dict(DEFAULT_OPTIONS)
    return {
        "precision": rng.choice([0, 1, 2, 4, 8, 12, 20]),
        "threshold": rng.choice([0, 3, 10, 100, math.inf]),
        "edgeitems": rng.choice([0, 1, 2, 3, 5, 50]),
        "linewidth": rng.choice([0, 1, 10, 40, 80, 81, 120, 1000]),
        "sci_mode": rng.choice([None, None, True, False]),
    }


def make(torch, seed: int):
    """A tensor and print options, the same for every module that is asked."""
    from harness.convert import CARRIER

    rng = random.Random(seed)
    dtype, shape = rng.choice(DTYPES), random_shape(rng)
    with np.errstate(over="ignore"):
        values = random_values(rng, shape, dtype).astype(CARRIER.get(dtype, dtype))
    tensor = torch.from_numpy(np.array(values, order="C"))
    tensor = random_view(rng, tensor.to(getattr(torch, dtype)))
    if rng.random() < 0.05:
        tensor = tensor.to("meta")
    if dtype in FLOATS + COMPLEX:
        state = rng.random()
        if state < 0.3:
            tensor = tensor.detach().requires_grad_()
        if state < 0.15:
            tensor = tensor * 1
    return tensor, random_options(rng), rng.choice(["float32"] * 5 + ["float64", "float16"])


def printed(torch, seed: int) -> str:
    """The text, or the error, of make(torch, seed) under its options; leaves the defaults behind."""
    tensor, options, default_dtype = make(torch, seed)
    torch.set_printoptions(**options)
    torch.set_default_dtype(getattr(torch, default_dtype))
    try:
        return repr(tensor)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        torch.set_printoptions(**DEFAULT_OPTIONS)
        torch.set_default_dtype(torch.float32)
