"""conv1d.torch.conv1d and conv_transpose1d, and the context manager that serves code calling PyTorch's functions."""

import random
import threading

import conv1d.torch
import pytest
import torch
import torch.nn.functional as F
from harness.served import counting
from torch import nn

X = torch.randn(2, 6, 30, generator=torch.Generator().manual_seed(1))
W = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(2))
B = torch.randn(4, generator=torch.Generator().manual_seed(3))
T = torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(4))


def outcome(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error), str(error)


def same(a, b) -> None:
    if isinstance(b, torch.Tensor):
        torch.testing.assert_close(a, b)
    else:
        assert a == b


CALLS = [
    ((X, W, B), {"groups": 2}),
    ((X, W, B, 2, 1, 3, 2), {}),
    ((X, W), {"groups": 2, "padding": "same", "dilation": 2}),
    ((X, W), {"groups": 2, "padding": "valid"}),
    ((X[0], W, B), {"groups": 2, "stride": [2], "padding": (3,), "dilation": (1,)}),
    ((), {"input": X, "weight": W, "bias": B, "stride": 1, "padding": 0, "dilation": 1, "groups": 2}),
    ((X, W, B), {"groups": 3}),
    ((X, W, B), {"groups": 0}),
    ((X, W, B), {"groups": 2, "stride": 0}),
    ((X, W, B), {"groups": 2, "stride": (1, 2)}),
    ((X, W, B), {"groups": 2, "padding": -1}),
    ((X, W, B), {"groups": 2, "padding": "some"}),
    ((X, W, B), {"groups": 2, "stride": 2, "padding": "same"}),
    ((X, W, B), {"groups": 2, "dilation": 10}),
    ((X, W, B), {"groups": 2, "padding": 2**62}),
    ((X, W, B), {"groups": 2, "padding": 2**70}),
    ((X, W, B), {"groups": 2, "dilation": 2**61, "padding": 2**62}),
    ((X, W, B[:3]), {"groups": 2}),
    ((X, W[0], B), {"groups": 2}),
    ((X, W.numpy(), B), {"groups": 2}),
    ((None, W, B), {"groups": 2}),
    ((X.double(), W, B), {"groups": 2}),
    ((X, W, B.double()), {"groups": 2}),
]


@pytest.mark.parametrize("i", range(len(CALLS)))
def test_conv1d_is_pytorchs(i: int) -> None:
    args, kwargs = CALLS[i]
    same(outcome(conv1d.torch.conv1d, *args, **kwargs), outcome(F.conv1d, *args, **kwargs))


TRANSPOSED = [
    ((X, T, B), {}),
    ((X, T, torch.ones(12)), {"groups": 3, "stride": 3, "padding": 2, "output_padding": 2, "dilation": 2}),
    ((X, T, None, 2, 1, 1, 2, 3), {}),
    ((X[0], T), {"stride": [2], "padding": (1,)}),
    ((X, T), {"output_padding": 1}),
    ((X, T), {"output_padding": -1}),
    ((X, T), {"padding": 40}),
    ((X, T), {"stride": 0}),
    ((X, T), {"dilation": 0}),
    ((X, T), {"groups": 4}),
    ((X, T), {"groups": 0}),
    ((X, T), {"padding": "same"}),
    ((X, T[0]), {}),
    ((X[:, :5], T), {}),
    ((X, T, B[:2]), {}),
    ((X, T), {"stride": 2**40}),
    ((X, T), {"output_padding": 2**62, "dilation": 2**62 + 1}),
]


@pytest.mark.parametrize("i", range(len(TRANSPOSED)))
def test_conv_transpose1d_is_pytorchs(i: int) -> None:
    args, kwargs = TRANSPOSED[i]
    same(outcome(conv1d.torch.conv_transpose1d, *args, **kwargs), outcome(F.conv_transpose1d, *args, **kwargs))


def test_functions_have_gradients() -> None:
    w, b, t = (v.clone().requires_grad_() for v in (W, B, T))
    with counting() as count:
        ours = torch.autograd.grad(conv1d.torch.conv1d(X, w, b, groups=2).square().sum(), (w, b))
        ours += torch.autograd.grad(conv1d.torch.conv_transpose1d(X, t, stride=2).square().sum(), t)
    assert count.forward == 2 and count.gradients == 2
    plain = torch.autograd.grad(F.conv1d(X, w, b, groups=2).square().sum(), (w, b))
    plain += torch.autograd.grad(F.conv_transpose1d(X, t, stride=2).square().sum(), t)
    for a, e in zip(ours, plain, strict=True):
        torch.testing.assert_close(a, e, rtol=1e-4, atol=1e-4)


def test_context_serves_what_calls_the_functions() -> None:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(W.clone())
            self.layer = nn.Conv1d(4, 4, 3)

        def forward(self, x):
            return (
                self.layer(F.conv1d(x, self.weight, B, groups=2))
                + torch.conv1d(x, self.weight[..., :3], groups=2)[..., 4:]
            )

    net = Net()
    y = net(X)
    with counting() as count:
        with conv1d.torch.accelerated():
            torch.testing.assert_close(net(X), y)
            with conv1d.torch.accelerated():
                torch.testing.assert_close(net(X), y)
        net(X)
    assert count.forward == 6
    with conv1d.torch.accelerated(), pytest.raises(RuntimeError, match="expected input"):
        net(X[:, :5])
    conv1d.torch.accelerate(net)
    with counting() as count, conv1d.torch.accelerated():
        net(X).sum().backward()
    assert count.forward == 3


def test_context_is_the_threads_own() -> None:
    counts = []
    with conv1d.torch.accelerated(), counting() as count:

        def elsewhere():
            F.conv1d(X, W, groups=2)
            counts.append(count.forward)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        F.conv1d(X, W, groups=2)
        counts.append(count.forward)
    assert counts == [0, 1]


def test_random_transposed_layers_with_output_size() -> None:
    rng = random.Random(5)
    for _ in range(60):
        stride, kernel = rng.randint(1, 5), rng.randint(1, 6)
        plain = nn.ConvTranspose1d(3, 2, kernel, stride=stride, padding=rng.randint(0, kernel // 2))
        ours = nn.ConvTranspose1d(3, 2, kernel, stride=stride, padding=plain.padding)
        ours.load_state_dict(plain.state_dict())
        conv1d.torch.accelerate(ours)
        x = torch.randn(2, 3, rng.randint(1, 20))
        size = plain(x).shape[-1] + rng.randint(-1, stride)
        for given in ([size], [2, 2, size], (size,), [size, size]):
            same(outcome(ours, x, given), outcome(plain, x, given))
            same(outcome(ours, x, output_size=given), outcome(plain, x, output_size=given))


def test_more_layers_than_a_model_has_find_theirs_again() -> None:
    """Layers of functional code are known by their weights. Those of a model go round in a circle."""
    x = torch.randn(1, 8, 500)
    weights = [torch.randn(8, 8, 9) for _ in range(300)]
    conv1d._C._torch_forget_recent_layers()
    before = conv1d.kept_memory()
    with torch.no_grad():
        for w in weights:
            conv1d.torch.conv1d(x, w)
        assert conv1d.kept_memory() == before, "a weight that is seen once may never be seen again"
        for w in weights:
            conv1d.torch.conv1d(x, w)
    kept = conv1d.kept_memory() - before
    assert kept >= 300 * weights[0].nbytes
    with counting() as served, torch.no_grad():
        for w in weights:
            torch.testing.assert_close(conv1d.torch.conv1d(x, w), F.conv1d(x, w), rtol=1e-4, atol=1e-4)
    assert served.forward == 300
    assert conv1d.kept_memory() - before == kept, "nothing is packed anew"


@pytest.mark.parametrize("name", ["input", "weight"])  # under a bias PyTorch itself reads beyond
def test_storage_that_was_freed_or_cut_is_pytorchs_business(name: str) -> None:
    """FSDP frees the storage under a parameter; reading it would be a crash."""
    for size in (0, 8):
        operands = {"input": X.clone(), "weight": W.clone(), "bias": B.clone()}
        operands[name].untyped_storage().resize_(size)
        with counting() as served:
            ours = outcome(conv1d.torch.conv1d, **operands, groups=2)
        assert served.forward == 0
        same(ours, outcome(F.conv1d, **operands, groups=2))
