"""accelerate() and restore(): what changes and what does not."""

import copy
import io
import pickle
import subprocess
import sys

import conv1d.torch
import pytest
import torch
from harness.served import counting
from torch import nn
from torch.nn.utils import parametrizations, parametrize

accelerate, restore = conv1d.torch.accelerate, conv1d.torch.restore


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(1, 16, 10, stride=5),
        nn.GELU(),
        nn.Conv1d(16, 16, 3, padding="same", dilation=2, groups=4),
        nn.GELU(),
        nn.ConvTranspose1d(16, 4, 4, stride=2, padding=1, output_padding=1),
    )


X = torch.randn(2, 1, 200, generator=torch.Generator().manual_seed(1))


def test_report_names_what_is_served_and_why_the_rest_is_not() -> None:
    class OwnConvForward(nn.Conv1d):
        def _conv_forward(self, input, weight, bias):
            return 2 * super()._conv_forward(input, weight, bias)

    class OwnForward(nn.Conv1d):
        def forward(self, input):
            return nn.functional.conv1d(input, self.weight)

    class OwnTransposed(nn.ConvTranspose1d):
        def forward(self, input):
            return 2 * super().forward(input)

    patched = nn.Conv1d(1, 1, 1)
    patched._conv_forward = lambda input, weight, bias: input
    m = nn.ModuleDict(
        {
            "plain": nn.Conv1d(1, 2, 3),
            "two": nn.Conv2d(1, 1, 1),
            "conv": OwnConvForward(1, 2, 3),
            "own": OwnForward(1, 2, 3),
            "transposed": OwnTransposed(1, 2, 3),
            "patched": patched,
            "script": torch.jit.script(nn.Sequential(nn.Conv1d(1, 1, 1))),
        }
    )
    report = accelerate(m)
    assert report.replaced == ["plain"]
    assert report.left == {
        "conv": "its class OwnConvForward has a _conv_forward of its own",
        "own": "its class OwnForward has a forward of its own that does not end in Conv1d's",
        "transposed": "its class OwnTransposed has a forward of its own",
        "patched": "somebody else has replaced its _conv_forward",
        "script.0": "a layer of a ScriptModule, which runs PyTorch's own program",
    }
    assert str(report).splitlines()[0] == "1 of 6 convolution layers are accelerated"
    assert "  patched: somebody else has replaced its _conv_forward" in str(report).splitlines()


def test_second_call_is_harmless_and_restore_undoes() -> None:
    m = model()
    before = [dict(layer.__dict__) for layer in m]
    y = m(X)
    first, second = accelerate(m), accelerate(m)
    assert first.replaced == second.replaced == ["0", "2", "4"] and not first.left
    with counting() as count:
        torch.testing.assert_close(m(X), y)
    assert count.forward == 3
    restore(m)
    restore(m)
    with counting() as count:
        assert torch.equal(m(X), y)
    assert count.forward == 0
    assert [list(layer.__dict__) for layer in m] == [list(names) for names in before]


def test_nothing_else_of_the_model_changes() -> None:
    plain, m = model(), model()
    parameters, classes, modules = list(m.parameters()), [type(x) for x in m.modules()], list(m.modules())
    accelerate(m)
    assert all(a is b for a, b in zip(m.parameters(), parameters, strict=True))
    assert [type(x) for x in m.modules()] == classes and list(m.modules()) == modules
    assert repr(m) == repr(plain) and list(m.state_dict()) == list(plain.state_dict())
    assert type(m[0]) is nn.Conv1d and isinstance(m[4], nn.ConvTranspose1d)
    m.load_state_dict(plain.state_dict(), strict=True)
    assert [n for n, _ in m.named_modules()] == [n for n, _ in plain.named_modules()]
    m.eval().train().double()
    torch.testing.assert_close(m(X.double()), plain.double()(X.double()))
    m.float().requires_grad_(False)
    assert not m(X).requires_grad


def test_hooks_of_modules_are_called() -> None:
    m = nn.Conv1d(1, 2, 3)
    accelerate(m)
    seen = []
    m.register_forward_pre_hook(lambda module, args: seen.append("before"))
    m.register_forward_hook(lambda module, args, output: output * 2)
    m.register_full_backward_hook(lambda module, gi, go: seen.append("backward"))
    y = m(X)
    torch.testing.assert_close(y, 2 * nn.functional.conv1d(X, m.weight, m.bias))
    y.sum().backward()
    assert seen == ["before", "backward"]


def test_settings_may_change_later() -> None:
    for kind in (nn.Conv1d, nn.ConvTranspose1d):
        m, plain = kind(2, 2, 3), kind(2, 2, 3)
        plain.load_state_dict(m.state_dict())
        accelerate(m)
        x = torch.randn(1, 2, 20)
        for name, value in (("stride", (2,)), ("padding", (1,)), ("dilation", (2,)), ("stride", [1]), ("groups", 1)):
            setattr(m, name, value)
            setattr(plain, name, value)
            torch.testing.assert_close(m(x), plain(x))
    m = nn.Conv1d(2, 2, 3, padding=1)
    accelerate(m)
    m(x)
    m.padding_mode = "circular"
    restored = copy.deepcopy(m)
    restore(restored)
    torch.testing.assert_close(m(x), restored(x))
    m.weight = nn.Parameter(torch.randn(4, 2, 5))
    m.bias = None
    torch.testing.assert_close(
        m(x), nn.functional.conv1d(nn.functional.pad(x, (1, 1), mode="circular"), m.weight, None)
    )


def test_subclass_that_ends_in_super_forward() -> None:
    class Causal(nn.Conv1d):
        def forward(self, input):
            return super().forward(nn.functional.pad(input, (2, 0)))

    class Reaching(nn.Conv1d):
        def forward(self, input):
            return self._conv_forward(input, self.weight * 2, self.bias)

    for kind in (Causal, Reaching):
        m = kind(1, 3, 3)
        y = m(X)
        assert accelerate(m).replaced == [""]
        with counting() as count:
            torch.testing.assert_close(m(X), y)
        assert count.forward == 1


def test_tied_weights_and_shared_layers() -> None:
    a, b = nn.Conv1d(1, 2, 3), nn.Conv1d(1, 2, 3, dilation=2)
    b.weight = a.weight
    m = nn.ModuleList([a, b, a])
    assert accelerate(m).replaced == ["0", "1"]
    for _ in range(2):
        torch.testing.assert_close(a(X), nn.functional.conv1d(X, a.weight, a.bias))
        torch.testing.assert_close(b(X), nn.functional.conv1d(X, a.weight, b.bias, dilation=2))
        with torch.no_grad():
            a.weight.mul_(3)


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("transposed", [True, False])
def test_weight_norm(new: bool, before: bool, transposed: bool) -> None:
    wrap = parametrizations.weight_norm if new else nn.utils.weight_norm
    kind = nn.ConvTranspose1d if transposed else nn.Conv1d
    x = torch.randn(2, 6, 30)
    layer = kind(6, 6, 5, padding=2, groups=2)
    plain = wrap(copy.deepcopy(layer))
    if before:
        accelerate(layer)
    wrap(layer)
    if not before:
        accelerate(layer)
    keys = list(layer.state_dict())
    assert keys == list(plain.state_dict())
    with counting() as count:
        torch.testing.assert_close(layer(x), plain(x))
        layer(x).square().mean().backward()
    assert count.forward == 2 and count.gradients == 1
    other = copy.deepcopy(layer) if new else None  # the old kind cannot be copied after a forward, in PyTorch either
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(2)
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(x), plain(x))
    if other is not None:
        assert not torch.allclose(other(x), layer(x))
    if new:
        parametrize.remove_parametrizations(layer, "weight")
    else:
        nn.utils.remove_weight_norm(layer)
    with counting() as count:
        torch.testing.assert_close(layer(x), plain(x))
    assert count.forward == 1


def test_parametrization_of_ones_own_and_caching() -> None:
    class Symmetric(nn.Module):
        def forward(self, w):
            return w + w.flip(-1)

    for kind in (nn.Conv1d, nn.ConvTranspose1d):
        layer = kind(2, 2, 3)
        accelerate(layer)
        parametrize.register_parametrization(layer, "weight", Symmetric())
        x = torch.randn(1, 2, 12)
        function = nn.functional.conv1d if kind is nn.Conv1d else nn.functional.conv_transpose1d
        with parametrize.cached():
            torch.testing.assert_close(layer(x), function(x, layer.weight, layer.bias))
        assert accelerate(layer).replaced == [""]


def test_spectral_norm_and_lazy_layers() -> None:
    layer = parametrizations.spectral_norm(nn.Conv1d(3, 4, 3)).eval()
    y = layer(torch.ones(1, 3, 9))
    accelerate(layer)
    torch.testing.assert_close(layer(torch.ones(1, 3, 9)), y)
    for lazy in (nn.LazyConv1d(4, 3), nn.LazyConvTranspose1d(4, 3)):
        accelerate(lazy)
        with counting() as count:
            lazy(torch.ones(1, 3, 9))
            lazy(torch.ones(1, 3, 9))
        assert count.forward == 2 and lazy.in_channels == 3


def test_deepcopy_pickle_and_save() -> None:
    m = model()
    accelerate(m)
    for _ in range(2):
        m.zero_grad()
        m(X).square().mean().backward()
    y = m(X)
    stream = io.BytesIO()
    torch.save(m, stream)
    stream.seek(0)
    copies = [copy.deepcopy(m), pickle.loads(pickle.dumps(m)), torch.load(stream, weights_only=False)]
    for other in copies:
        with counting() as count:
            assert torch.equal(other(X), y)
        assert count.forward == 3, "a copy is accelerated as well"
        with torch.no_grad():
            other[0].weight.zero_()
    assert torch.equal(m(X), y), "a copy has numbers of its own"
    size = len(pickle.dumps(m))
    m(X)
    assert len(pickle.dumps(m)) == size < len(pickle.dumps(model())) + 4000, "no packed weights in a pickle"


def test_pickle_loads_where_conv1d_is_absent(tmp_path) -> None:
    m = model()
    accelerate(m, fuse=True)
    y = m(X)
    torch.save((m, X, y), tmp_path / "model.pt")
    script = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "conv1d":
            raise ModuleNotFoundError("No module named 'conv1d'", name="conv1d")
sys.meta_path.insert(0, Absent())
import copy, pickle, torch
m, x, y = torch.load(sys.argv[1], weights_only=False)
torch.testing.assert_close(m(x), y)
torch.testing.assert_close(copy.deepcopy(m)(x), y)
torch.testing.assert_close(pickle.loads(pickle.dumps(m))(x), y)
assert all(layer.__dict__.keys() == type(layer)(1, 1, 1).__dict__.keys() for layer in m if hasattr(layer, "stride"))
assert "conv1d" not in sys.modules and torch.nn.Conv1d is type(m[0])
print("loaded")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model.pt")], capture_output=True, text=True, check=False
    )
    assert done.stdout == "loaded\n", done.stderr


def test_state_of_optimiser_averages_and_replication() -> None:
    torch.manual_seed(3)
    plain, m = model(), model()
    accelerate(m)
    results = []
    for net in (plain, m):
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
        average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
        losses = []
        for _ in range(4):
            optimizer.zero_grad()
            loss = net(X).square().mean()
            loss.backward()
            optimizer.step()
            average.update_parameters(net)
            losses.append(float(loss))
        results.append((losses, average(X)))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-4)
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-3, atol=1e-4)


def test_layers_of_our_own_choice() -> None:
    for ours, plain in (
        (conv1d.torch.Conv1d, nn.Conv1d),
        (conv1d.torch.ConvTranspose1d, nn.ConvTranspose1d),
    ):
        torch.manual_seed(5)
        a = ours(3, 4, 5, stride=2, padding=1)
        torch.manual_seed(5)
        b = plain(3, 4, 5, stride=2, padding=1)
        assert isinstance(a, plain) and repr(a) == repr(b)
        x = torch.randn(2, 3, 30)
        with counting() as count:
            torch.testing.assert_close(a(x), b(x))
            torch.testing.assert_close(copy.deepcopy(a)(x), b(x))
            torch.testing.assert_close(pickle.loads(pickle.dumps(a))(x), b(x))
        assert count.forward == 3


def test_to_other_devices_and_dtypes_falls_back() -> None:
    m = model()
    accelerate(m)
    meta = copy.deepcopy(m).to("meta")
    assert meta(X.to("meta")).shape == m(X).shape
    with torch.device("meta"):
        created = nn.Conv1d(1, 2, 3)
    accelerate(created)
    created.to_empty(device="cpu")
    nn.init.ones_(created.weight)
    nn.init.zeros_(created.bias)
    torch.testing.assert_close(created(X), nn.functional.conv1d(X, torch.ones(2, 1, 3)))
