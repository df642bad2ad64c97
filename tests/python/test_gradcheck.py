"""Gradients, and gradients of gradients, against finite differences in float64 and complex128."""

import numpy as np
import pytest
from harness.finite import gradcheck
from harness.under_test import F, torch

LAYERS = {
    "plain": ((2, 3, 7), (4, 3, 3), {}),
    "two-dimensional": ((3, 6), (2, 3, 2), {}),
    "stride": ((1, 2, 9), (3, 2, 3), {"stride": 2}),
    "stride over the kernel": ((2, 1, 11), (2, 1, 2), {"stride": 4}),
    "padding": ((1, 2, 5), (2, 2, 4), {"padding": 3}),
    "same, even": ((2, 1, 6), (2, 1, 4), {"padding": "same"}),
    "dilation": ((1, 2, 9), (2, 2, 3), {"dilation": 3, "padding": 2}),
    "groups": ((2, 4, 6), (6, 2, 3), {"groups": 2}),
    "depthwise": ((1, 3, 7), (6, 1, 3), {"groups": 3, "stride": 2, "padding": 1}),
    "everything": ((2, 4, 10), (4, 2, 3), {"groups": 2, "stride": 3, "padding": 4, "dilation": 2}),
    "pointwise": ((2, 3, 4), (2, 3, 1), {}),
}


def numbers(shape: tuple[int, ...], kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    return values + 1j * rng.standard_normal(shape) if kind == "complex" else values


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", LAYERS)
def test_conv1d(name: str, kind: str) -> None:
    x, w, options = LAYERS[name]
    values = [numbers(x, kind, 1), numbers(w, kind, 2), numbers(w[:1], kind, 3)]
    gradcheck(torch, lambda x, w, b: F.conv1d(x, w, b, **options), values)


TRANSPOSED = {
    "plain": ((2, 3, 4), (3, 2, 3), {}),
    "two-dimensional": ((3, 4), (3, 2, 2), {}),
    "stride": ((1, 2, 4), (2, 3, 3), {"stride": 2, "output_padding": 1}),
    "stride over the kernel": ((2, 1, 3), (1, 2, 2), {"stride": 4}),
    "padding": ((1, 2, 5), (2, 2, 4), {"padding": 3}),
    "dilation": ((1, 2, 4), (2, 2, 3), {"dilation": 3, "padding": 2, "output_padding": 2}),
    "everything": ((2, 4, 3), (4, 3, 3), {"groups": 2, "stride": 3, "padding": 2, "dilation": 2, "output_padding": 2}),
}


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", TRANSPOSED)
def test_conv_transpose1d(name: str, kind: str) -> None:
    x, w, options = TRANSPOSED[name]
    channels = w[1] * options.get("groups", 1)
    values = [numbers(x, kind, 1), numbers(w, kind, 2), numbers((channels,), kind, 3)]
    gradcheck(torch, lambda x, w, b: F.conv_transpose1d(x, w, b, **options), values)


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("amounts", [(2, 1), (0, 3), (-1, 2)])
def test_pad(mode: str, kind: str, amounts: tuple[int, int]) -> None:
    gradcheck(torch, lambda x: F.pad(x, amounts, mode), [numbers((2, 2, 5), kind, 4)])


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padded_layer(mode: str) -> None:
    def layer(x, w):
        return F.conv1d(F.pad(x, (2, 2), mode), w, stride=2)

    gradcheck(torch, layer, [numbers((1, 2, 6), "real", 5), numbers((3, 2, 3), "real", 6)])


OPERATIONS = {
    "add and multiply": (lambda a, b: (a + b) * (a - 2 * b), 2, "both"),
    "divide": (lambda a, b: a / (b * b + 3), 2, "real"),
    "broadcast": (lambda a, b: a * b[0] + b[:, :1], 2, "both"),
    "power": (lambda a: a**3 + (a * a + 1) ** 0.5, 1, "real"),
    "exponential": (lambda a: a.exp() + (a * a + 1).sqrt(), 1, "real"),
    "activations": (lambda a: a.tanh() + a.sigmoid() + a.relu(), 1, "real"),
    "sums": (lambda a: a.sum(0) * a.mean(0) + a.sum(), 1, "both"),
    "shapes": (lambda a: a.transpose(0, 1).reshape(-1)[1:] * a.flatten()[:-1], 1, "both"),
    "joined": (lambda a, b: torch.cat([a, b], 0) * torch.stack([a, b]).sum(0).flatten()[0], 2, "both"),
    "slices": (lambda a: a[:, ::2].sum() * a[1] + a.unsqueeze(0).expand(2, 3, 4).sum(0)[0], 1, "both"),
    "absolute": (lambda a: a.abs() * 2, 1, "real"),
}


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name: str, kind: str) -> None:
    f, count, kinds = OPERATIONS[name]
    if kind == "complex" and kinds == "real":
        pytest.skip("real numbers only")
    gradcheck(torch, f, [numbers((3, 4), kind, 7 + i) for i in range(count)])


def test_a_network() -> None:
    def network(x, w, v):
        return F.mse_loss(
            F.conv1d(F.conv1d(x, w, padding=1).tanh(), v, stride=2), torch.zeros(1, 1, 3, dtype=torch.float64)
        )

    gradcheck(
        torch, network, [numbers((1, 2, 6), "real", 8), numbers((3, 2, 3), "real", 9), numbers((1, 3, 2), "real", 10)]
    )
