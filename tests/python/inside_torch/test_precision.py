"""conv1d's precision inside PyTorch's models, and the name of the algorithm that a layer takes."""

import conv1d.torch
import pytest
import torch
from torch import nn


@pytest.fixture(autouse=True)
def _as_before():
    yield
    conv1d.set_float32_conv_precision("high")


@pytest.mark.parametrize("make", [conv1d.torch.Conv1d, conv1d.torch.ConvTranspose1d])
@torch.no_grad()
def test_counts_at_once(make) -> None:
    layer, x = make(16, 16, 40), torch.randn(1, 16, 4000)
    fast, name = layer(x), layer.kernel_for(x)
    assert name in conv1d._C._kernel_names()
    conv1d.set_float32_conv_precision("highest")
    assert layer.kernel_for(x) != name
    direct = layer(x)
    assert not torch.equal(direct, fast)
    assert torch.equal(layer(torch.cat([x, x]))[1], direct[0])
    conv1d.set_float32_conv_precision("high")
    assert torch.equal(layer(x), fast)
    assert conv1d.torch.kernel_for(layer, x) == name


@torch.no_grad()
def test_functions_follow_as_well() -> None:
    w, x = torch.randn(16, 16, 40), torch.randn(1, 16, 4000)
    fast = conv1d.torch.conv1d(x, w)
    conv1d.set_float32_conv_precision("highest")
    direct = conv1d.torch.conv1d(x, w)
    assert not torch.equal(direct, fast)
    assert torch.equal(conv1d.torch.conv1d(x[..., 500:1000], w), direct[..., 500:961])


def test_kernel_for_is_none_where_pytorch_answers() -> None:
    layer = nn.Conv1d(4, 4, 3)
    x = torch.randn(1, 4, 50)
    assert conv1d.torch.kernel_for(layer, x) is None, "not accelerated"
    conv1d.torch.accelerate(layer)
    assert conv1d.torch.kernel_for(layer, x) is not None
    assert conv1d.torch.kernel_for(layer, torch.randn(1, 5, 50)) is None
    assert conv1d.torch.kernel_for(layer, torch.randint(9, (1, 4, 50))) is None
    assert conv1d.torch.kernel_for(layer, x.to_sparse()) is None
    padded = nn.Conv1d(4, 4, 3, padding=5, padding_mode="reflect")
    conv1d.torch.accelerate(padded)
    assert conv1d.torch.kernel_for(padded, x) is not None
    assert conv1d.torch.kernel_for(padded, x[..., :5]) is None, "too short for its pad"
    assert conv1d.torch.kernel_for(nn.ReLU(), x) is None


def test_kernel_for_counts_the_padding() -> None:
    layer = conv1d.torch.Conv1d(2, 2, 33, padding=16, padding_mode="reflect")
    bare = conv1d.torch.Conv1d(2, 2, 33)
    assert layer.kernel_for(torch.randn(1, 2, 64)) == bare.kernel_for(torch.randn(1, 2, 96))
    assert layer.kernel_for(torch.randn(1, 2, 64, requires_grad=True)) == bare.kernel_for(torch.randn(1, 2, 96))
