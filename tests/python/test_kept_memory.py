"""What layers keep from call to call, bounded and reported; and the name of the algorithm that a layer takes."""

import copy
import gc

import conv1d
import pytest
from conv1d import nn
from harness.under_test import IS_PYTORCH

pytestmark = pytest.mark.skipif(IS_PYTORCH, reason="PyTorch tells nothing of the kind")


@pytest.fixture(autouse=True)
def _default_limit():
    gc.collect()
    yield
    conv1d.set_kept_memory(1 << 30)


def weight_bytes(layer: nn.Conv1d | nn.ConvTranspose1d) -> int:
    return layer.weight.numel() * layer.weight.element_size()


@conv1d.no_grad()
def test_reported_and_given_back() -> None:
    start = conv1d.kept_memory()
    a, b = nn.Conv1d(64, 64, 7), nn.Conv1d(64, 64, 7)
    x = conv1d.randn(1, 64, 500)
    assert a.kept_bytes == 0
    a(x), b(x)
    assert a.kept_bytes > 0
    assert conv1d.kept_memory() - start == a.kept_bytes + b.kept_bytes
    assert copy.deepcopy(a).kept_bytes == 0
    kept = a.kept_bytes
    a.weight.mul_(2)
    a(x)
    assert a.kept_bytes == kept, "the copy of the old numbers is gone"
    del b
    gc.collect()
    assert conv1d.kept_memory() - start == kept


@conv1d.no_grad()
def test_bounded_for_each_layer_and_for_all() -> None:
    layers = [
        nn.Conv1d(64, 64, 7),
        nn.Conv1d(16, 48, 21),
        nn.Conv1d(48, 16, 5, dilation=3),
        nn.Conv1d(32, 32, 1),
        nn.ConvTranspose1d(32, 48, 8, stride=4),
        nn.ConvTranspose1d(24, 16, 21, stride=2),
    ]
    for length in (70, 100, 300, 1000, 3000, 10000):
        for layer in layers:
            layer(conv1d.randn(1, layer.in_channels, length))
            assert layer.kept_bytes <= max(8 * weight_bytes(layer), 64 << 10)
    limit = conv1d.kept_memory() // 2
    conv1d.set_kept_memory(limit)
    for layer in layers * 2:
        layer(conv1d.randn(1, layer.in_channels, 900))
        assert conv1d.kept_memory() <= limit


@conv1d.no_grad()
def test_flat_over_many_lengths() -> None:
    layer = nn.Conv1d(32, 32, 7)
    start, most = conv1d.kept_memory(), 0
    for length in range(20, 1020):
        layer(conv1d.randn(1, 32, length))
        most = max(most, conv1d.kept_memory() - start)
    assert most <= 8 * weight_bytes(layer)


@conv1d.no_grad()
def test_results_are_right_with_nothing_kept() -> None:
    x = conv1d.randn(2, 64, 500)
    for layer in (nn.Conv1d(64, 64, 7), nn.ConvTranspose1d(64, 32, 8, stride=3)):
        y = layer(x)
        assert layer.kept_bytes > 0
        conv1d.set_kept_memory(0)
        assert conv1d.kept_memory() == 0
        for _ in range(2):
            assert (layer(x) - y).abs().max() < 1e-4
        assert layer.kept_bytes == 0
        conv1d.set_kept_memory(1 << 30)


@pytest.mark.parametrize("wrong", [-1, 1.5, "many", None])
def test_limit_must_be_a_number_of_bytes(wrong) -> None:
    with pytest.raises(TypeError):
        conv1d.set_kept_memory(wrong)


def test_kernel_for_names_what_is_taken() -> None:
    layer, x = nn.Conv1d(16, 16, 40), conv1d.randn(1, 16, 4000)
    name = layer.kernel_for(x)
    assert name in conv1d._C._kernel_names()
    assert name == layer.kernel_for(x[0]) == layer.kernel_for(x.clone().requires_grad_())
    assert layer.kept_bytes == 0, "something was computed"
    assert layer.kernel_for(conv1d.empty(0, 16, 4000)) == "none"
    with pytest.raises(RuntimeError, match="to have 16 channels, but got 15 channels"):
        layer.kernel_for(conv1d.randn(1, 15, 4000))
    with pytest.raises(TypeError):
        layer.kernel_for("x")


def test_kernel_for_of_a_transposed_layer() -> None:
    layer, x = nn.ConvTranspose1d(16, 16, 5, stride=2), conv1d.randn(1, 16, 400)
    name = layer.kernel_for(x)
    assert name in conv1d._C._kernel_names()
    assert name == layer.kernel_for(x[0]) == layer.kernel_for(x, output_size=[804])
    assert layer.kept_bytes == 0, "something was computed"
    with pytest.raises(ValueError, match="requested an output size of"):
        layer.kernel_for(x, output_size=[900])
    with pytest.raises(TypeError):
        layer.kernel_for("x")


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [16, "same"])
def test_kernel_for_counts_the_padding(mode: str, padding) -> None:
    layer = nn.Conv1d(2, 2, 33, padding=padding, padding_mode=mode)
    bare = nn.Conv1d(2, 2, 33)
    assert layer.kernel_for(conv1d.randn(1, 2, 64)) == bare.kernel_for(conv1d.randn(1, 2, 96))
