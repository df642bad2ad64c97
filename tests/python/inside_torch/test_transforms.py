"""Gradients of any order, transforms, modes and subclasses: ours where they are served, else PyTorch's own call."""

import contextlib
import subprocess
import sys

import conv1d.torch
import pytest
import torch
import torch.autograd.forward_ad as forward_ad
from harness.served import counting
from torch import nn
from torch.utils.checkpoint import checkpoint

LAYERS = [
    lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, dtype=torch.float64),
    lambda: nn.Conv1d(4, 6, 4, padding="same", dtype=torch.float64),
    lambda: nn.Conv1d(4, 6, 3, padding=2, padding_mode="reflect", bias=False, dtype=torch.float64),
    lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dtype=torch.float64),
    lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, dilation=3, output_padding=2, dtype=torch.float64),
    lambda: nn.Conv1d(4, 6, 3, dtype=torch.complex128),
    lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, dtype=torch.complex128),
]


def pair(make) -> tuple[nn.Module, nn.Module]:
    plain, ours = make(), make()
    ours.load_state_dict(plain.state_dict())
    conv1d.torch.accelerate(ours)
    return plain, ours


def input_of(layer: nn.Module, *shape: int) -> torch.Tensor:
    return torch.randn(*(shape or (2, 4, 12)), dtype=layer.weight.dtype)


@pytest.mark.parametrize("make", LAYERS)
@pytest.mark.parametrize("batched", [True, False])
def test_gradcheck_and_gradgradcheck(make, batched: bool) -> None:
    _, layer = pair(make)
    x = input_of(layer, *((2, 4, 8) if batched else (4, 8))).requires_grad_()
    names = [name for name, _ in layer.named_parameters()]

    def f(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    inputs = (x, *layer.parameters())
    with counting() as count:
        assert torch.autograd.gradcheck(f, inputs, fast_mode=True)
    assert count.forward > 0 and count.gradients > 0
    assert torch.autograd.gradgradcheck(f, inputs, fast_mode=True)


@pytest.mark.parametrize("make", LAYERS)
def test_backward_modes(make) -> None:
    plain, ours = pair(make)
    x = input_of(plain)
    results = []
    for layer in (plain, ours):
        xs = x.clone().requires_grad_()
        y = layer(xs)
        g = torch.ones_like(y)
        first = torch.autograd.grad(y, [xs, *layer.parameters()], g, create_graph=True)
        second = torch.autograd.grad(sum(t.abs().square().sum() for t in first), [xs, layer.weight])
        y = layer(xs)
        batched = torch.autograd.grad(y, xs, torch.stack([g, 2 * g]), is_grads_batched=True, retain_graph=True)
        y.backward(g, inputs=[layer.weight])
        results.append([*first, *second, *batched, layer.weight.grad])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_gradients_of_a_layer_whose_input_and_weight_depend_on_each_other(kind, dtype: torch.dtype) -> None:
    plain, ours = pair(lambda: kind(4, 4, 3, dtype=dtype))
    x = input_of(plain)
    results = []
    for layer in (plain, ours):
        weight = layer.weight
        mixed = x * weight.sum()  # computed from the weight without the layer
        loss = layer(layer(x)).abs().square().sum() + layer(mixed).abs().square().sum()
        found = []
        for _ in range(3):
            (grad,) = torch.autograd.grad(loss, weight, create_graph=True)
            found.append(grad)
            loss = grad.abs().square().sum()
        results.append(found)
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


def test_gradients_only_where_wanted() -> None:
    _, layer = pair(LAYERS[0])
    x = input_of(layer)
    for wanted in range(8):
        xs = x.clone().requires_grad_(bool(wanted & 1))
        layer.weight.requires_grad_(bool(wanted & 2))
        layer.bias.requires_grad_(bool(wanted & 4))
        y = layer(xs)
        assert y.requires_grad == (wanted != 0)
        if wanted:
            layer.zero_grad()
            y.sum().backward()
        assert [t.grad is not None for t in (xs, layer.weight, layer.bias)] == [bool(wanted & bit) for bit in (1, 2, 4)]
        layer.zero_grad()


def test_grad_modes() -> None:
    _, layer = pair(LAYERS[0])
    x = input_of(layer)
    with counting() as count:
        assert layer(x).grad_fn is not None
        with torch.no_grad():
            assert layer(x).grad_fn is None
        with torch.inference_mode():
            y = layer(x)
            assert y.is_inference() and not y.requires_grad
            inner = layer(x.clone())
        assert layer(y).shape if y.shape[1] == 4 else True
        assert layer.requires_grad_(False)(x).grad_fn is None
        assert inner.is_inference()
    assert count.forward == 5


@pytest.mark.parametrize("make", LAYERS)
def test_functorch(make) -> None:
    plain, ours = pair(make)
    if plain.weight.dtype.is_complex:
        pytest.skip("torch.func.grad is of real functions")
    x = input_of(plain)

    def loss(layer):
        return lambda x: layer(x).square().sum()

    torch.testing.assert_close(torch.func.grad(loss(ours))(x), torch.func.grad(loss(plain))(x))
    stack = torch.stack([x, 2 * x, -x])
    torch.testing.assert_close(torch.func.vmap(ours)(stack), torch.func.vmap(plain)(stack))
    torch.testing.assert_close(
        torch.func.vmap(torch.func.grad(loss(ours)))(stack), torch.func.vmap(torch.func.grad(loss(plain)))(stack)
    )
    for a, b in zip(torch.func.jvp(ours, (x,), (x + 1,)), torch.func.jvp(plain, (x,), (x + 1,)), strict=True):
        torch.testing.assert_close(a, b)
    small = x[:1, :, :8]
    torch.testing.assert_close(torch.func.jacrev(ours)(small), torch.func.jacrev(plain)(small))
    torch.testing.assert_close(torch.func.hessian(loss(ours))(small), torch.func.hessian(loss(plain))(small))


@pytest.mark.parametrize("make", LAYERS)
def test_forward_mode_keeps_tangents(make) -> None:
    plain, ours = pair(make)
    x, t = input_of(plain), input_of(plain)
    with forward_ad.dual_level():
        primal, tangent = forward_ad.unpack_dual(ours(forward_ad.make_dual(x, t)))
        expected, expected_tangent = forward_ad.unpack_dual(plain(forward_ad.make_dual(x, t)))
    torch.testing.assert_close(primal, expected)
    torch.testing.assert_close(tangent, expected_tangent)


def test_forward_over_reverse() -> None:
    plain, ours = pair(LAYERS[0])
    x, t = input_of(plain).requires_grad_(), input_of(plain)
    tangents = []
    for layer in (plain, ours):
        with forward_ad.dual_level():
            (g,) = torch.autograd.grad(layer(forward_ad.make_dual(x, t)).pow(3).sum(), x, create_graph=True)
            tangents.append(forward_ad.unpack_dual(g).tangent)
    torch.testing.assert_close(*tangents)


def test_autocast_is_pytorchs() -> None:
    plain, ours = pair(lambda: nn.Conv1d(4, 6, 3))
    x = torch.randn(2, 4, 12)
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", dtype=dtype):
            y, expected = ours(x), plain(x)
        assert y.dtype == expected.dtype == dtype
        torch.testing.assert_close(y, expected)
    with torch.autocast("cpu", enabled=False), counting() as count:
        assert ours(x).dtype == torch.float32
    assert count.forward == 1


def test_modes_see_the_plain_operators() -> None:
    plain, ours = pair(LAYERS[0])
    x = input_of(plain)
    seen = []

    class Dispatch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    class Function(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append(getattr(func, "__name__", ""))
            return func(*args, **(kwargs or {}))

    with Dispatch():
        torch.testing.assert_close(ours(x).detach(), plain(x).detach())
    assert seen.count("aten.convolution.default") == 2
    with Function():
        ours(x)
    assert "conv1d" in seen
    from torch.utils.flop_counter import FlopCounterMode

    totals = []
    for layer in (plain, ours):
        with FlopCounterMode(display=False) as flops:
            layer(x).sum().backward()
        totals.append(flops.get_total_flops())
    assert totals[0] == totals[1] > 0


def test_a_default_device_is_no_obstacle() -> None:
    _, layer = pair(LAYERS[0])
    x = input_of(layer)
    with counting() as count:
        with torch.device("cpu"):
            layer(x)
        torch.set_default_device("cpu")
        try:
            layer(x)
        finally:
            torch.set_default_device(None)
    assert count.forward == 2


def test_subclasses_are_pytorchs() -> None:
    calls = []

    class Logged(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            calls.append(getattr(func, "__name__", ""))
            return super().__torch_function__(func, types, args, kwargs or {})

    plain, ours = pair(LAYERS[0])
    x = input_of(plain)
    y = ours(x.as_subclass(Logged))
    assert type(y) is Logged and "conv1d" in calls
    torch.testing.assert_close(y.as_subclass(torch.Tensor), plain(x))


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoint(reentrant: bool) -> None:
    plain, ours = pair(LAYERS[0])
    x = input_of(plain)
    grads = []
    for layer in (plain, ours):
        xs = x.clone().requires_grad_()
        checkpoint(layer, xs, use_reentrant=reentrant).square().sum().backward()
        grads.append([xs.grad, layer.weight.grad, layer.bias.grad])
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b)


def test_hooks_of_saved_tensors() -> None:
    _, layer = pair(LAYERS[0])
    x = input_of(layer).requires_grad_()
    packed = []

    def pack(t):
        packed.append(t.shape)
        return t.clone()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = layer(x)
    y.sum().backward()
    assert len(packed) == 2

    class Refused(Exception):
        pass

    def refuse(t):
        raise Refused

    with torch.autograd.graph.saved_tensors_hooks(refuse, lambda t: t), pytest.raises(Refused):
        layer(x)


def test_anomaly_mode_and_profiler() -> None:
    _, layer = pair(LAYERS[0])
    x = input_of(layer).requires_grad_()
    with torch.autograd.detect_anomaly(check_nan=True):
        layer(x).sum().backward()
        with pytest.raises(RuntimeError, match="returned nan"):
            layer(x * float("nan")).sum().backward()
    with torch.profiler.profile() as profile:
        layer(x)
    assert any(event.key == "conv1d::conv1d_p" for event in profile.key_averages())


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128, torch.bfloat16, torch.float16]
)
def test_dtypes(dtype: torch.dtype) -> None:
    plain, ours = pair(lambda: nn.Conv1d(8, 16, 5, padding=2, dtype=dtype))
    x = torch.randn(3, 8, 100).to(dtype)
    tolerance = {} if torch.finfo(dtype).eps < 1e-3 else {"rtol": 2e-2, "atol": 2e-2}
    torch.testing.assert_close(ours(x), plain(x), **tolerance)


def test_what_is_not_served_is_pytorchs() -> None:
    plain, ours = pair(lambda: nn.Conv1d(4, 6, 3))
    x = torch.randn(2, 4, 12)
    for given in (
        x[:0],
        x.double(),
        x[:, :3],
        x[..., :2],
        x[0, 0],
        x.unsqueeze(0),
        x.to(torch.int64),
        None,
        "text",
        [1],
    ):
        outcomes = []
        for layer in (plain, ours):
            with contextlib.suppress(AssertionError):
                try:
                    outcomes.append(layer(given).shape)
                except Exception as error:
                    outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]
    integers = [nn.Conv1d(4, 6, 3).requires_grad_(False) for _ in range(2)]
    for layer in integers:
        layer.weight.data = torch.ones(6, 4, 3, dtype=torch.int64)
        layer.bias.data = torch.arange(6)
    conv1d.torch.accelerate(integers[1])
    k = torch.arange(48).view(1, 4, 12)
    assert torch.equal(integers[0](k), integers[1](k))
    plain, ours = pair(lambda: nn.Conv1d(0, 3, 2))
    nothing = torch.zeros(2, 0, 5)
    assert torch.equal(ours(nothing), plain(nothing)) and ours(nothing).shape == plain(nothing).shape


def test_special_values_reach_what_reads_them() -> None:
    plain, ours = pair(lambda: nn.Conv1d(2, 3, 3, padding=1))
    for value in (float("inf"), float("-inf"), float("nan")):
        x = torch.ones(1, 2, 40)
        x[0, 1, 20] = value
        a, b = plain(x), ours(x)
        assert torch.equal(a.isnan(), b.isnan()) and torch.equal(a.isinf(), b.isinf())


def test_dtypes_that_pytorch_computes_faster_are_left_to_it() -> None:
    script = """
import torch
torch.ops.mkldnn._is_mkldnn_bf16_supported  # resolve it, then answer as a machine with AVX-512 does
torch.ops.mkldnn.__dict__["_is_mkldnn_bf16_supported"] = lambda: True
import conv1d.torch
from conv1d import _C
for dtype, served in ((torch.bfloat16, 0), (torch.float32, 1)):
    layer = conv1d.torch.Conv1d(2, 2, 3, dtype=dtype)
    before = _C._torch_served()[0]
    layer(torch.ones(1, 2, 9, dtype=dtype))
    conv1d.torch.conv1d(torch.ones(1, 2, 9, dtype=dtype), layer.weight)
    assert _C._torch_served()[0] - before == 2 * served, dtype
print("left")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "left\n", done.stderr
