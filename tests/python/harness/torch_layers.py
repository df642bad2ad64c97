"""Random layers of PyTorch's, and one call of each: what is compared between a plain and an accelerated layer."""

import random
import warnings
from dataclasses import dataclass
from typing import Any

import conv1d.torch
import torch

MODES = ["zeros"] * 5 + ["reflect", "replicate", "circular"]
DTYPES = ["float32"] * 8 + ["float64"] * 4 + ["complex64", "complex128", "float16", "bfloat16", "int64"]
VIEWS = ["plain"] * 4 + ["transposed", "every second", "expanded", "offset", "narrowed", "negative", "conjugate"]


@dataclass
class Case:
    seed: int
    transposed: bool
    dtype: Any
    sizes: tuple[int, int, int]
    arguments: dict[str, Any]
    shape: tuple[int, ...]
    view: str

    def __str__(self) -> str:
        kind = "ConvTranspose1d" if self.transposed else "Conv1d"
        given = "".join(f", {k}={v!r}" for k, v in self.arguments.items())
        return f"seed {self.seed}: {kind}{self.sizes}{given} {self.dtype} on {self.shape} ({self.view})"

    def layer(self) -> torch.nn.Module:
        torch.manual_seed(self.seed)
        kind = torch.nn.ConvTranspose1d if self.transposed else torch.nn.Conv1d
        i, o, k = self.sizes
        if self.dtype.is_floating_point or self.dtype.is_complex:
            return kind(i, o, k, dtype=self.dtype, **self.arguments)
        layer = kind(i, o, k, **self.arguments).requires_grad_(False)
        for parameter in layer.parameters():
            parameter.data = (parameter * 50).to(self.dtype)
        return layer

    def input(self) -> torch.Tensor:
        torch.manual_seed(self.seed + 1)
        return viewed(self.view, self.shape, self.dtype)


def numbers(shape: tuple[int, ...], dtype: Any) -> torch.Tensor:
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, dtype=dtype)
    return torch.randint(-9, 9, shape).to(dtype)


def viewed(view: str, shape: tuple[int, ...], dtype: Any) -> torch.Tensor:
    """Numbers of that shape, as a view of one kind or another."""
    *outer, length = shape
    if view == "transposed":
        return numbers((*outer[:-1], length, outer[-1]), dtype).transpose(-1, -2)
    if view == "every second":
        return numbers((*outer, 2 * length), dtype)[..., ::2]
    if view == "expanded" and outer[-1] > 0:
        return numbers((*outer[:-1], 1, length), dtype).expand(shape)
    if view == "offset":
        return numbers((*outer, length + 3), dtype)[..., 3:]
    if view == "narrowed":
        return numbers((*outer[:-1], outer[-1] + 2, length), dtype).narrow(-2, 1, outer[-1])
    if view == "negative" and dtype.is_floating_point:
        complexes = torch.complex(*(numbers(shape, torch.float64).to(torch.float32) for _ in range(2)))
        return complexes.conj().imag.to(dtype)  # stays a lazy negative where the dtype is float32
    if view == "conjugate" and dtype.is_complex:
        return numbers(shape, dtype).conj()
    return numbers(shape, dtype)


def small(rng: random.Random, *ranges: tuple[int, int]) -> int:
    return rng.randint(*rng.choice(ranges))


def form(rng: random.Random, value: Any) -> Any:
    return value if isinstance(value, str) else rng.choice([value, value, (value,), [value]])


def random_case(seed: int) -> Case:
    rng = random.Random(seed)
    transposed = rng.random() < 0.35
    groups = rng.choice([1, 1, 1, 2, 3, 4])
    inputs = groups * small(rng, (1, 1), (1, 3), (1, 9), (1, 20))
    outputs = groups * small(rng, (1, 1), (1, 3), (1, 9), (1, 20))
    kernel = small(rng, (1, 3), (1, 5), (1, 9), (10, 30))
    stride = rng.choice([1, 1, 1, 2, 3, small(rng, (1, 9))])
    dilation = rng.choice([1, 1, 1, 2, 3, small(rng, (1, 9))])
    padding: Any = rng.choice([0, 0, 1, 2, kernel // 2, small(rng, (0, 9))])
    dtype = getattr(torch, rng.choice(DTYPES))
    arguments: dict[str, Any] = {"groups": groups, "bias": rng.random() < 0.7}
    if transposed:
        if rng.random() < 0.5:
            arguments["output_padding"] = small(rng, (0, 2), (0, stride))
    else:
        if rng.random() < 0.3:
            padding = rng.choice(["same", "valid"])
        arguments["padding_mode"] = rng.choice(MODES)
    arguments |= {"stride": form(rng, 1 if padding == "same" else stride), "padding": form(rng, padding)}
    arguments["dilation"] = form(rng, dilation)
    channels = inputs if rng.random() < 0.95 else inputs + rng.choice([-1, 1])
    length = small(rng, (1, 20), (kernel * dilation, kernel * dilation + 40), (50, 300))
    length = 0 if rng.random() < 0.02 else length
    batch = () if rng.random() < 0.2 else (rng.choice([0, 1, 1, 2, 3, 5]),)
    return Case(
        seed, transposed, dtype, (inputs, outputs, kernel), arguments, (*batch, channels, length), rng.choice(VIEWS)
    )


@dataclass
class Outcome:
    """A call's result with gradients, or what it raised, and the warnings on the way."""

    output: torch.Tensor | None = None
    grads: tuple[Any, ...] = ()
    error: tuple[str, str] | None = None
    warned: tuple[str, ...] = ()


def call(layer: torch.nn.Module, x: torch.Tensor, seed: int, with_grads: bool, narrow: Any = None) -> Outcome:
    """The layer's answer; `narrow`: the dtype that the gradient's numbers are rounded to before they are used."""
    wanted = [x, *layer.parameters()] if with_grads and (x.is_floating_point() or x.is_complex()) else []
    x = x.detach().requires_grad_() if wanted else x
    wanted[:1] = [x] if wanted else []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            y = layer(x)
            grads: tuple[Any, ...] = ()
            if wanted:
                torch.manual_seed(seed + 2)
                grads = torch.autograd.grad(y, wanted, torch.randn(y.shape, dtype=narrow or y.dtype).to(y.dtype))
        except Exception as error:
            return Outcome(error=(type(error).__name__, str(error)), warned=tuple(str(w.message) for w in caught))
    return Outcome(y.detach(), grads, None, tuple(str(w.message) for w in caught))


def tolerance(dtype: Any, reference: torch.Tensor) -> float:
    """Sums of a few hundred products, in the unit of the largest result."""
    largest = float(reference.abs().max()) if reference.numel() else 0.0
    eps = torch.finfo(dtype).eps if dtype.is_floating_point or dtype.is_complex else 0
    return 40 * eps * max(largest, 1.0) if eps < 1e-3 else 3 * eps * max(largest, 1.0)


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    if a.numel() == 0:
        return 0.0
    wide = torch.complex128 if a.is_complex() else torch.float64
    return float((a.to(wide) - b.to(wide)).abs().max())


def compare(plain: Outcome, ours: Outcome, case: Case, with_grads: bool) -> list[str]:
    """What differs, in words. Numbers may differ by a tolerance, or by four times PyTorch's own from the truth.

    Long sums that cancel round alike in neither, and how PyTorch rounds depends on the machine: on some a bias's
    bfloat16 gradient is summed in bfloat16.
    """
    if plain.error != ours.error:
        return [f"raised {ours.error} instead of {plain.error}"]
    wrong = []
    if set(plain.warned) != set(ours.warned):  # a complex layer of PyTorch's is three real ones: it says things thrice
        wrong.append(f"warned {ours.warned} instead of {plain.warned}")
    names = ["output", "input's gradient", "weight's gradient", "bias's gradient"]
    expected, results = [plain.output, *plain.grads], [ours.output, *ours.grads]
    for i, (name, a, b) in enumerate(zip(names, expected, results, strict=False)):
        if a is None:
            continue
        if a.shape != b.shape or a.dtype != b.dtype:
            wrong.append(f"{name}: {b.dtype}{tuple(b.shape)} instead of {a.dtype}{tuple(a.shape)}")
        elif difference(a, b) > tolerance(case.dtype, a):
            truth = exact(case, with_grads)
            theirs, own = (difference(t, [truth.output, *truth.grads][i]) for t in (a, b))
            if own > max(4 * theirs, tolerance(case.dtype, a)):
                wrong.append(f"{name}: off by {own:.3g}, PyTorch's own by {theirs:.3g}")
    return wrong


def exact(case: Case, with_grads: bool) -> Outcome:
    """The case in float64 (complex128), on the same numbers."""
    wide = torch.complex128 if case.dtype.is_complex else torch.float64
    return call(case.layer().to(wide), case.input().to(wide), case.seed, with_grads, narrow=case.dtype)


class Convolved(torch.utils.data.Dataset):
    """Items that an accelerated layer computes; here, where a spawned process finds it by name."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.layer = torch.nn.Conv1d(64, 64, 7, padding=3).requires_grad_(False)
        conv1d.torch.accelerate(self.layer)

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> torch.Tensor:
        return self.layer(torch.full((64, 2000), float(i)))
