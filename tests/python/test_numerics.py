"""Every family of algorithms beside PyTorch on the same numbers: how large its errors are, and where they may be.

Families are forced by name on every layer that they accept, whether they would be chosen there or not.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import conv1d
import numpy as np
import pytest

torch = pytest.importorskip("torch")

LAYERS = 300
# An error below this share of the largest output is nobody's concern.
SMALL = 1e-6
# "plain" is taken only where nobody else accepts, which is nowhere in floats.
FAMILIES = [name for name in conv1d._C._kernel_names() if name != "plain"]


@dataclass(frozen=True)
class Layer:
    batch: int
    in_channels: int
    length: int
    out_channels: int
    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1


# Sums of thousands of products, where partial sums show what they are worth.
DEEP = [
    Layer(1, 2048, 40, 8, 3, padding=1),
    Layer(2, 2048, 24, 4, 1),
    Layer(1, 1, 6000, 1, 4096),
    Layer(1, 1, 5000, 3, 4096, padding=2048),
    Layer(1, 4, 1500, 2, 1024, padding=512),
    Layer(1, 512, 120, 12, 7, padding=3),
    Layer(1, 256, 300, 8, 16, stride=4),
    Layer(1, 64, 700, 4, 128, padding=64),
]


def _random_layer(draw: random.Random) -> Layer:
    kind = draw.choice(["dense", "dense", "dense", "long", "depthwise", "grouped", "strided", "dilated"])
    taps = draw.choice([1, 2, 3, 3, 4, 5, 6, 7, 9, 11, 16])
    groups, stride, dilation = 1, 1, 1
    channels, outputs = draw.randint(1, 40), draw.randint(1, 40)
    length = draw.randint(40, 700)
    if kind == "long":
        channels, outputs, taps, length = draw.randint(1, 4), draw.randint(1, 4), draw.randint(17, 400), 1000
    elif kind == "depthwise":
        groups = channels = outputs = draw.randint(2, 40)
    elif kind == "grouped":
        groups = draw.choice([2, 3, 4, 8])
        channels, outputs = groups * draw.randint(1, 8), groups * draw.randint(1, 8)
    elif kind == "strided":
        stride = draw.randint(2, 5)
    elif kind == "dilated":
        dilation = draw.randint(2, 12)
    length = max(length, dilation * (taps - 1) + 1)
    padding = draw.choice([0, dilation * (taps - 1) // 2, draw.randint(0, 8)])
    return Layer(draw.randint(1, 2), channels, length, outputs, taps, stride, padding, dilation, groups)


def layers() -> list[Layer]:
    draw = random.Random(20240607)
    return DEEP + [_random_layer(draw) for _ in range(LAYERS - len(DEEP))]


class Case:
    """A layer with its weights, computed by PyTorch in float32 and in float64, and by our families."""

    def __init__(self, layer: Layer, seed: int) -> None:
        self.layer = layer
        self.random = np.random.default_rng(seed)
        fan_in = layer.in_channels // layer.groups * layer.kernel_size
        shape = (layer.out_channels, layer.in_channels // layer.groups, layer.kernel_size)
        self.weight = self.random.uniform(-(fan_in**-0.5), fan_in**-0.5, shape).astype(np.float32)
        self.bias = self.random.uniform(-(fan_in**-0.5), fan_in**-0.5, layer.out_channels).astype(np.float32)
        self.plans = self.plans_of(self.weight)

    def plans_of(self, weights: np.ndarray, biases: np.ndarray | None = None) -> list[Any]:
        """One of each family that takes this layer."""
        layer, settings = self.layer, ("batch", "length", "stride", "padding", "dilation", "groups")
        arguments = {name: getattr(layer, name) for name in settings}
        weight, bias = conv1d.tensor(weights), None if biases is None else conv1d.tensor(biases)
        plans = []
        for family in FAMILIES:
            with contextlib.suppress(RuntimeError):  # it does not take this layer
                plans.append(conv1d._C._Plan(weight, bias, **arguments, kernel=family))
        return plans

    def input(self) -> np.ndarray:
        layer = self.layer
        return self.random.standard_normal((layer.batch, layer.in_channels, layer.length), dtype=np.float32)

    def by_torch(
        self, x: np.ndarray, dtype: Any, weight: np.ndarray | None = None, bias: np.ndarray | None = None
    ) -> np.ndarray:
        layer, w = self.layer, self.weight if weight is None else weight
        operands = [None if a is None else torch.from_numpy(a).to(dtype) for a in (x, w, bias)]
        settings = (layer.stride, layer.padding, layer.dilation, layer.groups)
        return torch.nn.functional.conv1d(*operands, *settings).numpy()

    def reads(self, marked: np.ndarray) -> np.ndarray:
        """Whether an output reads any marked sample, under whatever weight."""
        return self.by_torch(marked.astype(np.float32), torch.float64, np.ones_like(self.weight)) > 0.5

    def by_families(self, x: np.ndarray, plans: list[Any] | None = None) -> Iterator[tuple[str, np.ndarray]]:
        layer, given = self.layer, conv1d.tensor(x)
        for plan in self.plans if plans is None else plans:
            y = conv1d.empty(layer.batch, layer.out_channels, plan.out_length)
            plan.run(given, y, conv1d.empty(plan.scratch_bytes, dtype=conv1d.uint8))
            yield plan.kernel, y.numpy()


def largest(values: np.ndarray) -> float:
    return float(np.abs(values).max(initial=0.0))


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [Case(layer, seed) for seed, layer in enumerate(layers())]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def failures(
    case: Case,
    x: np.ndarray,
    times: float,
    where: np.ndarray | None = None,
    bias: np.ndarray | None = None,
) -> list[str]:
    """Families whose error at the outputs `where` is more than so many times PyTorch's there."""
    exact, theirs = (case.by_torch(x, dtype, None, bias) for dtype in (torch.float64, torch.float32))
    if where is None:
        where = np.ones(exact.shape, bool)
    allowed = max(times * largest((theirs - exact)[where]), SMALL * largest(exact[where]))
    found = []
    for family, y in case.by_families(x, None if bias is None else case.plans_of(case.weight, bias)):
        error = largest((y - exact)[where])
        if not error <= allowed:
            found.append(f"{family}: {error:.3g}, allowed {allowed:.3g}, of {largest(exact[where]):.3g}: {case.layer}")
    return found


def test_errors_are_at_most_twice_pytorchs(cases) -> None:
    found = []
    for case in cases:
        found += failures(case, case.input(), 2, bias=case.bias)
    assert not found, "\n".join(found)


def _spike(case: Case, x: np.ndarray, height: float) -> tuple[np.ndarray, np.ndarray]:
    """The input with one large sample, and the outputs that do not read it."""
    at = tuple(case.random.integers(0, size) for size in x.shape)
    x[at] = height
    marked = np.zeros(x.shape, bool)
    marked[at] = True
    return x, ~case.reads(marked)


def _silenced(case: Case) -> np.ndarray:
    x = case.input()
    half = x.shape[2] // 2
    begin = int(case.random.integers(0, half))
    x[:, :, begin : begin + half] = 0
    return x


@pytest.mark.parametrize(
    "uneven",
    [
        pytest.param(lambda case: _spike(case, case.input(), 1e6), id="one sample of 1e6"),
        pytest.param(lambda case: _spike(case, case.input() * np.float32(1e-3), 1e4), id="1e4 among values of 1e-3"),
        pytest.param(lambda case: _spike(case, _silenced(case), 1e6), id="1e6 beside or in a silent stretch"),
    ],
)
def test_large_samples_do_not_drown_outputs_that_do_not_read_them(cases, uneven) -> None:
    compared, found = 0, []
    for case in cases:
        x, elsewhere = uneven(case)
        compared += bool(elsewhere.any())
        found += failures(case, x, 16, elsewhere)
    assert compared > LAYERS // 2
    assert not found, "\n".join(found)


def test_special_values_reach_exactly_the_outputs_that_read_them(cases) -> None:
    found = []
    for case in cases:
        x = case.input()
        for value in (np.nan, np.inf, -np.inf):
            x[tuple(case.random.integers(0, size) for size in x.shape)] = value
        exact = case.by_torch(x, torch.float64)
        for family, y in case.by_families(x):
            if not (np.isnan(y) == np.isnan(exact)).all() or not (np.isinf(y) == np.isinf(exact)).all():
                found.append(f"{family}: {case.layer}")
    assert not found, "\n".join(found)


def test_denormal_inputs_count(cases) -> None:
    """Numbers below 1.2e-38 are no zeros: their outputs are right, to the few digits that such numbers have."""
    found = []
    for case in cases[:80]:
        x = (case.input() * np.float32(1e-39)).astype(np.float32)
        weight = case.weight * np.float32(1e6)
        exact = case.by_torch(x, torch.float64, weight)
        for family, y in case.by_families(x, case.plans_of(weight)):
            error = largest(y - exact)
            if not error <= 1e-4 * largest(exact):
                found.append(f"{family}: {error:.3g} of {largest(exact):.3g}: {case.layer}")
    assert not found, "\n".join(found)
