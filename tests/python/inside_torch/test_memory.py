"""What layers keep from call to call: bounded, flat, and given back."""

import gc
import resource

import conv1d.torch
import pytest
import torch
from torch import nn

LIMIT = 1 << 30


@pytest.fixture(autouse=True)
def _default_limit():
    gc.collect()
    conv1d._C._torch_forget_recent_layers()
    yield
    conv1d.set_kept_memory(LIMIT)


def accelerated(layers: int = 1, channels: int = 64) -> nn.Module:
    m = nn.Sequential(*[nn.Conv1d(channels, channels, 7, padding=3) for _ in range(layers)])
    conv1d.torch.accelerate(m)
    return m


def weight_bytes(m: nn.Module) -> int:
    return sum(p.nbytes for p in m.parameters() if p.dim() == 3)


@torch.no_grad()
def test_given_back_by_restore_and_when_the_layer_dies() -> None:
    start = conv1d.kept_memory()
    a, b = accelerated(), accelerated()
    x = torch.randn(1, 64, 500)
    a(x), b(x)
    assert conv1d.kept_memory() > start
    conv1d.torch.restore(a)
    kept = conv1d.kept_memory()
    assert kept > start
    del b
    assert conv1d.kept_memory() == start
    c = accelerated()
    c(x)
    c[0].weight = nn.Parameter(torch.randn(64, 64, 7))
    c(x)
    assert conv1d.kept_memory() == kept, "the copy of the old numbers is gone"


@pytest.mark.parametrize("end", ["restore", "delete"])
@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_given_back_while_a_graph_lives(kind, end: str) -> None:
    start = conv1d.kept_memory()
    m = kind(64, 64, 7)
    conv1d.torch.accelerate(m)
    x = torch.randn(1, 64, 500)
    y = m(x)
    with torch.no_grad():
        m(x)
    assert conv1d.kept_memory() > start
    weight = m.weight
    if end == "restore":
        conv1d.torch.restore(m)
    else:
        del m
    assert conv1d.kept_memory() == start
    y.sum().backward()
    assert weight.grad is not None
    assert conv1d.kept_memory() == start


@pytest.mark.parametrize("give_back", [conv1d.empty_cache, lambda: conv1d.torch.restore(nn.ReLU())])
@torch.no_grad()
def test_what_functions_keep_is_given_back(give_back) -> None:
    start = conv1d.kept_memory()
    x = torch.randn(1, 64, 500)
    for _ in range(3):
        weight = torch.randn(64, 64, 7)
        for _ in range(2):  # packed when it is seen again
            y = conv1d.torch.conv1d(x, weight)
    assert conv1d.kept_memory() > start
    give_back()
    assert conv1d.kept_memory() == start
    torch.testing.assert_close(conv1d.torch.conv1d(x, weight), y, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_never_more_than_eight_times_the_weights() -> None:
    gc.collect()
    start = conv1d.kept_memory()
    m = accelerated(4)
    for length in (40, 100, 300, 1000, 3000, 10000):
        m(torch.randn(1, 64, length))
        assert conv1d.kept_memory() - start <= 8 * weight_bytes(m)


@torch.no_grad()
def test_flat_over_a_thousand_lengths() -> None:
    m = accelerated(2, 32)
    for length in range(1000, 1050):
        m(torch.randn(1, 32, length))
    kept, resident = conv1d.kept_memory(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for length in range(50, 1050):
        m(torch.randn(1, 32, length))
    assert conv1d.kept_memory() <= 2 * kept
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident < 20 << 10


@torch.no_grad()
def test_limit_is_obeyed_at_once_and_results_stay() -> None:
    m = accelerated(3)
    x = torch.randn(2, 64, 500)
    y = m(x)
    assert conv1d.kept_memory() > 0
    conv1d.set_kept_memory(0)
    assert conv1d.kept_memory() == 0
    for _ in range(2):
        torch.testing.assert_close(m(x), y, rtol=1e-4, atol=1e-4)
    assert conv1d.kept_memory() == 0
    conv1d.set_kept_memory(weight_bytes(m))
    m(torch.randn(2, 64, 400))
    assert conv1d.kept_memory() <= weight_bytes(m)


@pytest.mark.parametrize("wrong", [-1, 1.5, "many", None])
def test_limit_must_be_a_number_of_bytes(wrong) -> None:
    with pytest.raises(TypeError):
        conv1d.set_kept_memory(wrong)


@torch.no_grad()
def test_function_keeps_few_weights() -> None:
    start = conv1d.kept_memory()
    weights = [torch.randn(16, 16, 7) for _ in range(100)]
    x = torch.randn(1, 16, 200)
    for w in weights:
        conv1d.torch.conv1d(x, w)
    assert conv1d.kept_memory() - start <= 64 * 8 * weights[0].nbytes


def test_calls_and_errors_leak_nothing() -> None:
    m = accelerated(1, 4)
    good, bad = torch.randn(1, 4, 20), torch.randn(1, 5, 20)

    def calls(count: int) -> None:
        for _ in range(count):
            m(good).sum().backward()
            with pytest.raises(RuntimeError):
                m(bad)

    calls(200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    calls(2000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4 << 10
