"""Fused Sequentials when something is changed, watched, traced or compiled: as the plain ones."""

import copy
import io

import conv1d.torch
import pytest
import torch
from conv1d.torch import _fold, _sequential
from harness.fusing import Counted, compare, pair, settled
from torch import nn
from torch.nn.utils import parametrizations, parametrize

X = torch.randn(2, 6, 700, generator=torch.Generator().manual_seed(1))


pytestmark = pytest.mark.usefixtures("everything_pays")


@pytest.fixture(autouse=True)
def _compiled_anew() -> None:
    torch._dynamo.reset()


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return settled(nn.Sequential(nn.ZeroPad1d((3, 1)), nn.Conv1d(6, 8, 5), nn.BatchNorm1d(8), nn.SiLU()))


def numbers(m: nn.Sequential) -> dict[str, torch.Tensor]:
    return {name: value for name, value in m.state_dict(keep_vars=True).items() if value.is_floating_point()}


def through_data(m: nn.Sequential, name: str) -> None:
    numbers(m)[name].data[1:].mul_(3)


def through_numpy(m: nn.Sequential, name: str) -> None:
    numbers(m)[name].detach().numpy()[...] *= 2


def through_copy(m: nn.Sequential, name: str) -> None:
    with torch.no_grad():
        numbers(m)[name].copy_(numbers(m)[name] + 1)


def through_swap(m: nn.Sequential, name: str) -> None:
    numbers(m)[name].data = numbers(m)[name].detach() * 2


def through_storage(m: nn.Sequential, name: str) -> None:
    tensor = numbers(m)[name]
    tensor.untyped_storage().copy_((tensor.detach() + 0.5).untyped_storage())


def through_inference(m: nn.Sequential, name: str) -> None:
    with torch.inference_mode():
        numbers(m)[name].add_(1)


def through_state(m: nn.Sequential, name: str) -> None:
    m.load_state_dict({**m.state_dict(), name: m.state_dict()[name] + 1})


def through_assignment(m: nn.Sequential, name: str) -> None:
    m.load_state_dict({key: value * 2 if key == name else value for key, value in m.state_dict().items()}, assign=True)


def through_attribute(m: nn.Sequential, name: str) -> None:
    place, attribute = name.split(".")
    old = numbers(m)[name]
    new = old.detach() + 1
    setattr(m[int(place)], attribute, nn.Parameter(new) if isinstance(old, nn.Parameter) else new)


WRITES = [value for name, value in globals().items() if name.startswith("through_")]
NAMES = ["1.weight", "1.bias", "2.weight", "2.bias", "2.running_mean", "2.running_var"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("write", WRITES, ids=[w.__name__ for w in WRITES])
def test_the_next_call_sees_new_numbers(write, name: str, count: Counted) -> None:
    plain, ours = pair(model())
    with torch.no_grad():
        before = ours(X)
        ours(X)
    write(plain, name), write(ours, name)
    with torch.no_grad():
        compare(plain, ours, X)
        assert not torch.equal(ours(X), before)
    assert count.norms == 4


def test_training_in_between(count: Counted) -> None:
    plain, ours = pair(model())
    for step in range(3):
        for m in (plain, ours):
            m.train()
            optimizer = torch.optim.SGD(m.parameters(), lr=0.1)
            m(X * (step + 1)).square().mean().backward()
            optimizer.step()
        with torch.no_grad():
            compare(plain.eval(), ours.eval(), X)
        assert count.norms == step + 1


def replace_norm(m: nn.Sequential) -> None:
    torch.manual_seed(1)
    m[2] = settled(nn.Sequential(nn.BatchNorm1d(8, affine=False)))[0]


def no_running_stats(m: nn.Sequential) -> None:
    m[2].running_mean = m[2].running_var = None


def weight_norm(m: nn.Sequential) -> None:
    parametrizations.weight_norm(m[1])


def unparametrized_after(m: nn.Sequential) -> None:
    parametrizations.weight_norm(m[1])
    parametrize.remove_parametrizations(m[1], "weight")


def parametrized_norm(m: nn.Sequential) -> None:
    class Twice(nn.Module):
        def forward(self, w):
            return 2 * w

    parametrize.register_parametrization(m[2], "weight", Twice())


def kept_output(m: nn.Sequential) -> None:
    m[1].register_forward_hook(lambda module, args, output: KEPT.append((output, output.clone())))


def kept_norm(m: nn.Sequential) -> None:
    m[2].register_forward_hook(lambda module, args, output: KEPT.append((output, output.clone())))


def weight_last(m: nn.Sequential) -> None:
    weight = m[1].weight
    del m[1].weight, m[0]
    m[0].weight = weight


KEPT: list = []

CHANGES = {
    "append": lambda m: m.append(nn.Conv1d(8, 3, 2, bias=False).requires_grad_(False).eval().to(torch.float32)),
    "delete pad": lambda m: m.__delitem__(0),
    "delete norm": lambda m: m.__delitem__(2),
    "delete activation": lambda m: m.__delitem__(3),
    "insert": lambda m: m.insert(2, nn.Tanh()),
    "pop": lambda m: m.pop(1),
    "other activation": lambda m: m.__setitem__(3, nn.LeakyReLU(0.2)),
    "other norm": replace_norm,
    "no stats": no_running_stats,
    "eps": lambda m: setattr(m[2], "eps", 0.5),
    "bad eps": lambda m: setattr(m[2], "eps", -1.0),
    "norm trains": lambda m: m[2].train(),
    "layer trains": lambda m: m[1].train(),
    "container trains": lambda m: setattr(m, "training", True),
    "value": lambda m: setattr(m[0], "value", 1.0),
    "amounts": lambda m: setattr(m[0], "padding", (0, 7)),
    "negative amounts": lambda m: setattr(m[0], "padding", (-1, 7)),
    "amounts in a list": lambda m: setattr(m[0], "padding", [2, 2]),
    "stride": lambda m: setattr(m[1], "stride", (2,)),
    "padding": lambda m: setattr(m[1], "padding", (2,)),
    "same": lambda m: setattr(m[1], "padding", "same"),
    "circular": lambda m: (setattr(m[1], "padding_mode", "circular"), setattr(m[1], "padding", (0,))),
    "no bias": lambda m: setattr(m[1], "bias", None),
    "bias is no parameter": lambda m: (delattr(m[1], "bias"), setattr(m[1], "bias", torch.ones(8))),
    "weight is no parameter": lambda m: (delattr(m[1], "weight"), setattr(m[1], "weight", torch.ones(8, 6, 5))),
    "weight is the last parameter": weight_last,
    "nothing there": lambda m: m._modules.__setitem__("3", None),
    "nothing behind": lambda m: m.add_module("4", None),
    "mean is no buffer": lambda m: (delattr(m[2], "running_mean"), setattr(m[2], "running_mean", torch.ones(8))),
    "wrong width": lambda m: setattr(m[2], "running_mean", torch.ones(1)),
    "wrong affine width": lambda m: setattr(m[2], "weight", nn.Parameter(torch.ones(1))),
    "weight norm": weight_norm,
    "old weight norm": lambda m: nn.utils.weight_norm(m[1]),
    "weight norm and back": unparametrized_after,
    "parametrized norm": parametrized_norm,
    "double": lambda m: m.double(),
    "half": lambda m: m.to(torch.bfloat16),
    "own forward": lambda m: setattr(m[3], "forward", lambda x: x + 1),
    "own forward of norm": lambda m: setattr(m[2], "forward", lambda x: x + 1),
    "own forward of layer": lambda m: setattr(m[1], "forward", lambda x: x + 1),
    "own forward of pad": lambda m: setattr(m[0], "forward", lambda x: x + 1),
    "hook keeps the layer's output": kept_output,
    "hook keeps the norm's output": kept_norm,
    "pre-hook of activation": lambda m: m[3].register_forward_pre_hook(lambda module, args: (args[0] + 1,)),
    "hook of activation": lambda m: m[3].register_forward_hook(lambda module, args, output: output + 1),
    "pre-hook of layer": lambda m: m[1].register_forward_pre_hook(lambda module, args: (args[0] + 1,)),
    "pre-hook of norm": lambda m: m[2].register_forward_pre_hook(lambda module, args: (args[0] + 1,)),
    "hook of pad": lambda m: m[0].register_forward_hook(lambda module, args, output: output + 1),
    "hook of container": lambda m: m.register_forward_hook(lambda module, args, output: output + 1),
    "restored layer": lambda m: conv1d.torch.restore(m[1]),
}


@pytest.mark.parametrize("pays", [True, False])
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_changes_are_noticed(change, pays: bool, monkeypatch) -> None:
    if not pays:
        monkeypatch.setattr(_fold, "_LEAST_NUMBERS", 1 << 40)
    KEPT.clear()
    plain, ours = pair(model())
    with torch.no_grad():
        compare(plain, ours, X)
        torch.manual_seed(3)
        change(plain)
        torch.manual_seed(3)
        change(ours)
        x = X.to(next(ours.parameters()).dtype)
        for _ in range(2):
            compare(plain, ours, x)
    assert all(torch.equal(output, seen) for output, seen in KEPT), "what a hook has kept stays as it was"
    with torch.inference_mode():
        compare(plain, ours, x)


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_what_a_hook_keeps_is_not_overwritten(kind: type, count: Counted) -> None:
    plain, ours = pair(nn.Sequential(kind(6, 4, 3), nn.ReLU()).eval())
    with torch.no_grad():
        ours[0].register_forward_pre_hook(lambda module, args: None)
        compare(plain, ours, X)
        assert count.activations == 1, "it has seen no output"
        KEPT.clear()
        ours[0].register_forward_hook(lambda module, args, output: KEPT.append((output, output.clone())))
        compare(plain, ours, X)
    (output, seen), activations = KEPT.pop(), count.activations
    assert torch.equal(output, seen) and output.min() < 0 and activations == 1


def test_patched_classes_are_called(monkeypatch) -> None:
    plain, ours = pair(model())
    with torch.no_grad():
        compare(plain, ours, X)
        for kind in (nn.SiLU, nn.BatchNorm1d, nn.ZeroPad1d.__base__, nn.Conv1d):
            with monkeypatch.context() as patch:
                old = kind.forward
                patch.setattr(kind, "forward", lambda self, input, old=old: old(self, input) + 1)
                again = nn.Sequential(*plain)
                compare(again, copy.deepcopy(ours), X)
                compare(again, ours, X)


@pytest.mark.parametrize("kind", ["forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook"])
def test_global_hooks_see_each_module(kind: str) -> None:
    plain, ours = pair(model())
    register = getattr(nn.modules.module, f"register_module_{kind}")
    calls: list[type] = []
    handle = register(lambda module, *args: calls.append(type(module)))
    try:
        for m in (plain, ours):
            m(X.clone().requires_grad_()).sum().backward()
        half = len(calls) // 2
        assert half >= 5 and calls[:half] == calls[half:]
        calls.clear()
        with torch.no_grad():
            compare(plain, ours, X)
        half = len(calls) // 2
        assert calls[:half] == calls[half:] and half == (5 if kind.startswith("forward") else 0)
    finally:
        handle.remove()


def test_watching_modes_see_each_operator() -> None:
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode

    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.names.append(str(func))
            return func(*args, **(kwargs or {}))

    plain, ours = pair(model())
    seen = []
    with torch.no_grad():
        ours(X)
        for m in (plain, ours):
            with Names() as mode:
                mode.names = []
                m(X)
            with FlopCounterMode(display=False) as flops:
                m(X)
            seen.append((mode.names, flops.get_total_flops()))
    assert seen[0] == seen[1]


def test_halves_are_not_scaled(count: Counted) -> None:
    plain, ours = pair(model().to(torch.bfloat16))
    with torch.no_grad():
        compare(plain, ours, X.to(torch.bfloat16))
    assert count.norms == 0


def test_functional_transforms_and_dual_numbers() -> None:
    import torch.autograd.forward_ad as forward_ad

    plain, ours = pair(model())
    x = torch.randn(3, 2, 6, 60)
    with torch.no_grad():
        ours(X)
        torch.testing.assert_close(torch.vmap(ours)(x), torch.vmap(plain)(x), rtol=1e-4, atol=1e-5)
        for m in (plain, ours):
            _, tangent = torch.func.jvp(m, (X,), (X.flip(-1),))
            m.tangent = tangent
        torch.testing.assert_close(plain.tangent, ours.tangent, rtol=1e-4, atol=1e-5)
        with forward_ad.dual_level():
            assert forward_ad.unpack_dual(ours(forward_ad.make_dual(X, X.flip(-1)))).tangent is not None
    state = dict(ours.state_dict())
    torch.testing.assert_close(
        torch.func.functional_call(ours, {**state, "1.weight": state["1.weight"] * 2}, (X,)),
        torch.func.functional_call(plain, {**state, "1.weight": state["1.weight"] * 2}, (X,)),
        rtol=1e-4,
        atol=1e-5,
    )


def test_autocast_and_checkpoint() -> None:
    from torch.utils.checkpoint import checkpoint

    plain, ours = pair(model())
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        conv1d.torch.accelerate(plain)
        compare(plain, ours, X, bits=True)
        assert ours(X).dtype is torch.bfloat16
    x = X.clone().requires_grad_()
    a, b = (torch.autograd.grad(checkpoint(m, x, use_reentrant=False).square().sum(), x)[0] for m in (plain, ours))
    torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_programs_have_the_plain_modules() -> None:
    plain, ours = pair(model())
    with torch.no_grad():
        y = plain(X)
        ours(X)
        compiled = torch.compile(ours, fullgraph=True, backend="aot_eager")
        exported = [torch.export.export(ours, (X,), strict=strict) for strict in (True, False)]
        programs = [
            compiled,
            *(program.module() for program in exported),
            torch.jit.script(ours),
            torch.jit.trace(ours, X),
            torch.fx.symbolic_trace(nn.Sequential(ours)),
            torch.fx.experimental.proxy_tensor.make_fx(ours)(X),
        ]
        for program in programs:
            torch.testing.assert_close(program(X), y, rtol=1e-4, atol=1e-5)
        assert "batch_norm" in str(programs[3].inlined_graph) and "batch_norm" in str(programs[4].inlined_graph)
        assert sum(node.op == "call_module" for node in programs[5].graph.nodes) == 4
        torch.jit.save(programs[3], io.BytesIO())
        ours.compile(backend="eager")
        torch.testing.assert_close(ours(X), y, rtol=1e-4, atol=1e-5)


def test_on_a_default_device_and_in_both_modes(count: Counted) -> None:
    plain, ours = pair(model())
    with torch.device("meta"), torch.no_grad():
        got = ours(X)
    torch.testing.assert_close(got, plain(X), rtol=1e-4, atol=1e-5)
    with torch.inference_mode():
        first = ours(X)
    with torch.no_grad():
        torch.testing.assert_close(ours(X), first)
    assert count.norms == 3
    assert copy.deepcopy(ours).to("meta")(X.to("meta")).shape == first.shape


def test_the_report_of_a_later_call_is_of_now() -> None:
    m = model()
    conv1d.torch.accelerate(m, fuse=True)
    m[3] = nn.Dropout()
    assert conv1d.torch.accelerate(m).fused == ["0 ZeroPad1d + 1 Conv1d + 2 BatchNorm1d"]
    assert isinstance(m.forward.__self__, _sequential.SequentialHook)
