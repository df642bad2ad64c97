"""Random layers: the same in PyTorch and in the module under test, compared in values, gradients, initial weights.

python tests/python/harness/layers.py SEED         runs one again and shows it
python tests/python/harness/layers.py SEED COUNT   runs many and shows those that differ
"""

import os
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from harness.convert import EPSILON, HALVES, array, dtype_of, same_bits, tensor, wide
from harness.oracle import pytorch

MODES = ["zeros", "reflect", "replicate", "circular"]
DTYPES = ["float32"] * 6 + ["float64"] * 3 + ["complex64", "complex128", "float16", "bfloat16"]
INTEGERS = ["int64", "int64", "int32", "int16", "int8", "uint8"]
VIEWS = ["plain"] * 4 + ["transposed", "every second", "expanded", "offset"]


@dataclass
class Layer:
    """One random layer and its input."""

    seed: int
    dtype: str
    in_channels: int
    out_channels: int
    kernel_size: int
    arguments: dict
    batch: int | None  # None: a 2-D input
    length: int
    view: str
    as_function: bool
    options: dict = field(default_factory=dict)  # the arguments as plain numbers

    KIND = "Conv1d"
    FUNCTION = "conv1d"
    REPEATS = 3  # how often a padding mode shows a sample, at most

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (() if self.batch is None else (self.batch,)) + (self.in_channels, self.length)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.options["groups"], self.kernel_size)

    def __str__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.arguments.items())
        call = f"F.{self.FUNCTION}, as in " if self.as_function else ""
        sizes = f"{self.in_channels}, {self.out_channels}, {self.kernel_size}"
        return f"{call}{self.KIND}({sizes}{given}, dtype={self.dtype}) on {self.input_shape} ({self.view})"

    def make(self, torch):
        """A module made after manual_seed(): its initial weights are compared too."""
        torch.manual_seed(self.seed - 2**62)
        kind = getattr(torch.nn, self.KIND)
        sizes = (self.in_channels, self.out_channels, self.kernel_size)
        return kind(*sizes, **self.arguments, dtype=getattr(torch, self.dtype))

    def call(self, torch, module, x, weight, bias):
        if not self.as_function:
            return module(x)
        given = {name: value for name, value in self.arguments.items() if name not in ("bias", "padding_mode")}
        return getattr(torch.nn.functional, self.FUNCTION)(x, weight, bias, **given)

    def plain_call(self, x, weight, bias):
        """By PyTorch's function, from the options as plain numbers."""
        o, padding = self.options, self.options["padding"]
        if o["padding_mode"] != "zeros":
            total = o["dilation"] * (self.kernel_size - 1) if padding == "same" else 0
            ends = (total // 2, total - total // 2) if isinstance(padding, str) else (padding, padding)
            x, padding = pytorch.nn.functional.pad(x, ends, mode=o["padding_mode"]), 0
        return pytorch.nn.functional.conv1d(x, weight, bias, o["stride"], padding, o["dilation"], o["groups"])

    def terms(self, name: str, columns: int) -> int:
        """How many products a result sums, at most."""
        groups, batch = self.options["groups"], 1 if self.batch is None else self.batch
        if name == "output":
            return self.in_channels // groups * self.kernel_size + 1
        if name == "input":
            shared = self.in_channels if self.view == "expanded" else 1
            return self.out_channels // groups * self.kernel_size * self.REPEATS * shared
        return batch * self.summed_columns(name, columns) + 1

    def summed_columns(self, name: str, columns: int) -> int:
        """Of a row, in the gradient of the weight or the bias."""
        return columns


def form(rng: random.Random, value: int):
    """An argument in one of its forms."""
    return rng.choice([value, value, (value,), [value]])


def small(rng: random.Random, *ranges: tuple[int, int]) -> int:
    return rng.randint(*rng.choice(ranges))


def random_layer(seed: int) -> Layer:
    rng = random.Random(seed)
    integer = rng.random() < 0.06
    dtype = rng.choice(INTEGERS if integer else DTYPES)
    groups = rng.choice([1, 1, 1, 2, 3, 4, 8])
    in_channels = groups * small(rng, (1, 1), (1, 3), (1, 6), (1, 17))
    out_channels = groups * small(rng, (1, 1), (1, 3), (1, 6), (1, 20))
    kernel = small(rng, (1, 3), (1, 5), (1, 9), (10, 40))
    dilation = 1 if integer else rng.choice([1, 1, 1, 2, 3, small(rng, (1, 20))])
    stride = rng.choice([1, 1, 1, 2, 3, small(rng, (1, 12))])
    mode = "zeros" if integer else rng.choice(["zeros", "zeros", *MODES])
    padding: int | str = rng.choice([0, 0, 1, 2, kernel // 2, small(rng, (0, 12)), "same", "valid"])
    if padding == "same":
        stride = 1
    reach = dilation * (kernel - 1) + 1
    least = max(1, reach - (2 * padding if isinstance(padding, int) else reach - 1 if padding == "same" else 0))
    if mode != "zeros":
        widest = padding if isinstance(padding, int) else reach if padding == "same" else 0
        least = max(least, widest + 1)  # reflection and wrapping want as much input
    length = least + small(rng, (0, 0), (0, 7), (0, 70), (0, 300))
    batch = rng.choice([None, 1, 1, 2, 3, 5, 17])
    if batch is not None and rng.random() < 0.03:
        batch = 0
    if batch and batch * in_channels * out_channels * kernel * length > 3_000_000:
        batch = 1
    bias = rng.random() < 0.7
    options = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": bias,
        "padding_mode": mode,
    }
    defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True, "padding_mode": "zeros"}
    arguments = {
        name: form(rng, value)
        if name in ("stride", "dilation") or (name == "padding" and isinstance(value, int))
        else value
        for name, value in options.items()
        if value != defaults[name] or rng.random() < 0.3
    }
    return Layer(
        seed,
        dtype,
        in_channels,
        out_channels,
        kernel,
        arguments,
        batch,
        length,
        rng.choice(VIEWS),
        integer or (mode == "zeros" and rng.random() < 0.4),
        options,
    )


# ---- the input, as a leaf and a view of it ---------------------------------------------------------------------------


def leaf_shape(layer: Layer) -> tuple[int, ...]:
    shape = list(layer.input_shape)
    if layer.view == "transposed":
        shape[-1], shape[-2] = shape[-2], shape[-1]
    elif layer.view == "every second":
        shape[-1] *= 2
    elif layer.view == "expanded":
        shape[-2] = 1
    elif layer.view == "offset":
        shape[-1] += 3
    return tuple(shape)


def view_of(layer: Layer, leaf):
    if layer.view == "transposed":
        return leaf.transpose(-1, -2)
    if layer.view == "every second":
        return leaf[..., ::2]
    if layer.view == "expanded":
        return leaf.expand(layer.input_shape)
    if layer.view == "offset":
        return leaf[..., 3:]
    return leaf


def noise(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers that `dtype` holds exactly, so that every module and the wide reference see the same."""
    if dtype in INTEGERS:
        return rng.integers(0 if dtype == "uint8" else -100, 100, shape).astype(dtype)
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    if dtype in HALVES:
        return array(tensor(pytorch, values, dtype))
    return values.astype(dtype)


# ---- running it ------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """Results by name: output, and the gradients of input, weight and bias."""

    values: dict
    output: object
    layer: object = None


def run(torch, layer: Layer, x: np.ndarray, gradient_of) -> Run:
    """Forward and backward in the layer's own dtype."""
    module = layer.make(torch)
    leaf = tensor(torch, x, layer.dtype).requires_grad_()
    y = layer.call(torch, module, view_of(layer, leaf), module.weight, module.bias)
    y.backward(tensor(torch, gradient_of(tuple(y.shape)), layer.dtype))
    grads = {"input": leaf.grad, "weight": module.weight.grad}
    if module.bias is not None:
        grads["bias"] = module.bias.grad
    return Run({"output": y, **grads}, y, module)


def run_wide(layer: Layer, x: np.ndarray, weight: np.ndarray, bias, gradient: np.ndarray, absolute: bool) -> dict:
    """The same in float64 (complex128), by PyTorch; with absolute values: the scale of each rounding error."""
    kind = wide(layer.dtype)
    take = (lambda a: np.abs(a).astype(np.float64)) if absolute else (lambda a: a.astype(kind))
    leaf = pytorch.from_numpy(take(x)).requires_grad_()
    w = pytorch.from_numpy(take(weight)).requires_grad_()
    b = None if bias is None else pytorch.from_numpy(take(bias)).requires_grad_()
    y = layer.plain_call(view_of(layer, leaf), w, b)
    y.backward(pytorch.from_numpy(take(gradient)))
    found = {"output": y, "input": leaf.grad, "weight": w.grad}
    if b is not None:
        found["bias"] = b.grad
    return {name: value.detach().numpy() for name, value in found.items()}


# ---- comparing -------------------------------------------------------------------------------------------------------


# FFT tiles (float32) round by the largest sum of a sample, also where a sum is small or empty; direct sums do not.
OF_THE_SAMPLE = 16


def tolerance(layer: Layer, name: str, columns: int, reach: np.ndarray, direct: bool) -> np.ndarray:
    """The worst rounding error allowed: in the sum by its number of terms, then the roundings of a narrow result."""
    narrow = EPSILON[layer.dtype]
    summed = EPSILON["float32"] if layer.dtype in HALVES else narrow
    count = layer.terms(name, columns)
    error = summed * (8 + 4 * count**0.5) * reach
    if not direct and layer.dtype == "float32" and reach.ndim > 1 and reach.size:
        error = np.maximum(error, summed * OF_THE_SAMPLE * reach.max(axis=(-2, -1), keepdims=True))
    if layer.dtype in HALVES:
        error = error + 3 * narrow * reach + 2.0**-24  # and the spacing of float16's smallest numbers
    return error + 1e-300


def check_integers(torch, layer: Layer) -> None:
    rng = np.random.default_rng(layer.seed)
    x = noise(rng, layer.input_shape, layer.dtype)
    w = noise(rng, layer.weight_shape, layer.dtype)
    b = noise(rng, (layer.out_channels,), layer.dtype) if layer.options["bias"] else None
    results = []
    for module in (pytorch, torch):
        bias = None if b is None else tensor(module, b, layer.dtype)
        given = tensor(module, x, layer.dtype), tensor(module, w, layer.dtype), bias
        results.append(layer.call(module, None, *given))
    assert same_bits(*results), "integers differ"


def check(torch, layer: Layer, direct: bool = False) -> None:
    """AssertionError where the module under test differs from PyTorch. direct: it takes direct sums alone."""
    if layer.dtype in INTEGERS:
        return check_integers(torch, layer)
    rng = np.random.default_rng(layer.seed)
    x = noise(rng, leaf_shape(layer), layer.dtype)
    gradients: dict = {}

    def gradient_of(shape):
        if shape not in gradients:
            gradients[shape] = noise(rng, shape, layer.dtype)
        return gradients[shape]

    want = run(pytorch, layer, x, gradient_of)
    got = run(torch, layer, x, gradient_of)
    assert same_bits(want.layer.weight, got.layer.weight), "initial weights differ"
    assert (want.layer.bias is None) == (got.layer.bias is None), "one has a bias"
    assert want.layer.bias is None or same_bits(want.layer.bias, got.layer.bias), "initial biases differ"
    assert repr(want.layer) == repr(got.layer), f"{got.layer!r} should be {want.layer!r}"
    y, ours = want.output, got.output
    assert tuple(y.shape) == tuple(ours.shape), f"output shape {tuple(ours.shape)}, PyTorch's is {tuple(y.shape)}"
    # PyTorch's own may lie otherwise for a transposed input, by its backend.
    assert ours.is_contiguous() or torch is pytorch, "the output is not contiguous"
    assert y.grad_fn.name() == ours.grad_fn.name(), f"grad_fn {ours.grad_fn.name()}, PyTorch's is {y.grad_fn.name()}"
    weight, bias = array(want.layer.weight), None if want.layer.bias is None else array(want.layer.bias)
    gradient = gradient_of(tuple(y.shape))
    exact = run_wide(layer, x, weight, bias, gradient, absolute=False)
    reach = run_wide(layer, x, weight, bias, gradient, absolute=True)
    for name, ours in got.values.items():
        assert dtype_of(ours) == layer.dtype, f"{name}: dtype {dtype_of(ours)}"
        values = array(ours)
        assert values.shape == exact[name].shape, f"{name}: shape {values.shape}, PyTorch's is {exact[name].shape}"
        error = np.abs(values - exact[name])
        allowed = tolerance(layer, name, y.shape[-1], reach[name], direct)
        if torch is pytorch and layer.dtype in HALVES:
            allowed = allowed * 8  # PyTorch sums some gradients of halves in halves
        assert np.all(error <= allowed), (
            f"{name}: off by {np.max(error / np.maximum(allowed, 1e-300)):.3g} times what rounding allows, at "
            f"{tuple(map(int, np.unravel_index(np.argmax(error / allowed), error.shape)))}"
        )
    return None


def differing(torch, seed: int, count: int, direct: bool = False, make=random_layer, file: str = __file__) -> list[str]:
    """Checks `count` layers; for each that differs, how to run it again, and why."""
    seeds = random.Random(seed)
    forced = "CONV1D_KERNEL=direct " if direct else ""
    wrong = []
    for _ in range(count):
        layer = make(seeds.randrange(2**31))
        try:
            check(torch, layer, direct)
        except Exception as error:
            again = f"{forced}CONV1D_TEST_MODULE={torch.__name__} python {os.path.relpath(file)} {layer.seed}"
            wrong.append(f"{again}  # {layer}: {type(error).__name__}: {error}")
    return wrong


def main(make=random_layer, file: str = __file__) -> None:
    from harness.under_test import torch

    seed, count = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    direct = os.environ.get("CONV1D_KERNEL") == "direct"
    if count > 1:
        print("\n".join(differing(torch, seed, count, direct, make, file)))
    else:
        layer = make(seed)
        print(layer)
        check(torch, layer, direct)
        print("agrees with PyTorch")


if __name__ == "__main__":
    main()
