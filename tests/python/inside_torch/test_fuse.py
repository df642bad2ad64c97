"""accelerate(model, fuse=True): what stands around a layer in a Sequential is computed with it, and that is all."""

import copy
import io
import pickle
import random

import conv1d.torch
import pytest
import torch
from conv1d.torch import _edges, _sequential
from harness.fusing import Counted, compare, counted, pair, settled
from torch import nn
from torch.nn.utils import parametrizations

accelerate, restore = conv1d.torch.accelerate, conv1d.torch.restore

X = torch.randn(2, 6, 700, generator=torch.Generator().manual_seed(1))


pytestmark = pytest.mark.usefixtures("everything_pays")


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return settled(
        nn.Sequential(
            nn.ConstantPad1d((3, 1), 0.0),
            nn.Conv1d(6, 8, 5, padding=1),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Conv1d(8, 8, 3, padding=1),
            nn.GELU(),
        )
    )


def test_report_tells_each_fusion_and_what_is_left() -> None:
    class Own(nn.Sequential):
        def forward(self, input):
            return super().forward(input) + 1

    patched = nn.Sequential(nn.Conv1d(1, 1, 1), nn.Tanh())
    patched.forward = lambda input: input
    m = nn.ModuleDict(
        {
            "a": model(),
            "b": nn.Sequential(nn.CircularPad1d(2), nn.Conv1d(4, 4, 5), nn.Dropout(), nn.Tanh()),
            "c": nn.Sequential(nn.ZeroPad1d(-1), nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4, track_running_stats=False)),
            "d": nn.Sequential(nn.ConstantPad1d(1, 2.0), nn.ConvTranspose1d(4, 4, 3), nn.LeakyReLU()),
            "e": nn.Sequential(nn.ConstantPad1d(1, 2.0), nn.Conv1d(4, 4, 3, padding=1, padding_mode="circular")),
            "f": nn.Sequential(nn.ZeroPad1d(1), nn.Conv1d(4, 4, 3, padding="same")),
            "own": Own(nn.Conv1d(4, 4, 3), nn.ReLU()),
            "patched": patched,
            "none": nn.Sequential(nn.Linear(1, 1), nn.ReLU()),
        }
    )
    plain = accelerate(m)
    assert plain.fused == [] and plain.unfused == {} and "fused" not in str(plain)
    report = accelerate(m, fuse=True)
    assert report.replaced == plain.replaced and report.left == {}
    assert report.fused == [
        "a.0 ConstantPad1d + a.1 Conv1d + a.2 BatchNorm1d + a.3 ReLU",
        "a.4 Conv1d + a.5 GELU",
        "d.1 ConvTranspose1d + d.2 LeakyReLU",
    ]
    assert report.unfused == {
        "b.0": "its two ends are not computed apart",
        "c.0": "it takes something away",
        "c.2": "it has no running statistics",
        "e.0": "its value is not zero",
        "f.0": "the layer behind it has padding='same'",
        "own": "its class Own has a forward or an __iter__ of its own",
        "patched": "somebody else has replaced its forward",
    }
    lines = str(report).splitlines()
    assert "3 are fused with modules around" in lines and "  a.4 Conv1d + a.5 GELU" in lines
    assert "  c.0: not fused, it takes something away" in lines
    again = accelerate(m)
    assert again.fused == report.fused, "a call without fuse takes nothing back, and tells what is there"
    restore(m)
    assert all("forward" not in module.__dict__ for module in m.modules() if module is not patched)
    assert accelerate(m).fused == []


@torch.no_grad()
def test_it_is_really_done(count: Counted) -> None:
    plain, ours = pair(model())
    compare(plain, ours, X)
    assert (count.pads, count.norms, count.activations) == (1, 1, 2)
    x, y = X.clone(), plain(X)
    torch.testing.assert_close(ours(x), y, rtol=1e-5, atol=1e-5)
    assert torch.equal(x, X), "the input is the caller's"
    compare(plain.train(), ours.train(), X)
    assert (count.pads, count.norms, count.activations) == (2, 2, 4)


ACTIVATIONS = [
    nn.ReLU(),
    nn.ReLU(inplace=True),
    nn.LeakyReLU(0.3),
    nn.LeakyReLU(-0.5, inplace=True),
    nn.SiLU(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.Tanh(),
    nn.Sigmoid(),
    nn.ELU(0.7),
]


@torch.inference_mode()
@pytest.mark.parametrize("act", ACTIVATIONS, ids=str)
def test_an_activation_has_the_same_bits(act: nn.Module, count: Counted) -> None:
    for layer in (nn.Conv1d(6, 8, 3), nn.ConvTranspose1d(6, 8, 4, stride=2)):
        m = nn.Sequential(layer, act).eval()
        accelerate(m)
        y = m(X)
        accelerate(m, fuse=True)
        assert torch.equal(m(X), y)
        assert torch.equal(m(X[0]), m[1](m[0](X[0])))
    assert count.activations == 4


def anything(rng: random.Random) -> tuple[nn.Sequential, torch.Tensor]:
    """Pads, layers, norms and activations in any order, most of which can run."""
    dtype = rng.choice([torch.float32] * 3 + [torch.float64, torch.complex64, torch.bfloat16])
    channels = first = rng.choice([1, 4, 6])
    modules: list[nn.Module] = []
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.5:
            kind = rng.choice(
                [nn.ZeroPad1d, nn.ConstantPad1d, nn.ConstantPad1d, nn.ReflectionPad1d, nn.ReplicationPad1d]
            )
            amounts = (rng.randint(-1, 4), rng.randint(0, 4)) if rng.random() < 0.8 else rng.randint(0, 3)
            more = (rng.choice([0, 0.0, 0.0, 1.5]),) if kind is nn.ConstantPad1d else ()
            modules.append(kind(amounts, *more))
        out = rng.choice([2, 4, 8])
        if rng.random() < 0.15:
            modules.append(nn.ConvTranspose1d(channels, out, rng.randint(2, 4), stride=2))
        else:
            settings = {
                "stride": rng.choice([1, 1, 2]),
                "dilation": rng.choice([1, 1, 3]),
                "padding": rng.choice([0, 0, 1, 2, "valid", "same"]),
                "groups": 2 if channels % 2 == 0 and rng.random() < 0.3 else 1,
                "bias": rng.random() < 0.7,
                "padding_mode": rng.choice(["zeros"] * 3 + ["circular"]),
            }
            if settings["padding"] == "same":
                settings["stride"] = 1
            modules.append(nn.Conv1d(channels, out, rng.choice([1, 3, 5]), **settings))
            if rng.random() < 0.2:
                parametrizations.weight_norm(modules[-1])
        channels = out
        if rng.random() < 0.6:
            width = channels if rng.random() < 0.95 else 1  # 1: an error, and not a broadcast
            modules.append(
                nn.BatchNorm1d(
                    width,
                    affine=rng.random() < 0.8,
                    track_running_stats=rng.random() < 0.9,
                    eps=rng.choice([1e-5, 0.1]),
                )
            )
        if rng.random() < 0.7:
            modules.append(copy.deepcopy(rng.choice([*ACTIVATIONS, nn.PReLU(), nn.Dropout(0.0)])))
    shape = (first, 60) if rng.random() < 0.25 else (rng.choice([1, 3]), first, 60)
    return settled(nn.Sequential(*modules)).to(dtype), torch.randn(shape, dtype=dtype)


@pytest.mark.parametrize("seed", range(150))
def test_random_sequentials(seed: int) -> None:
    torch.manual_seed(seed)
    m, x = anything(random.Random(seed))
    plain, ours = pair(m)
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            compare(plain, ours, x)
    accelerate(plain)
    compare(plain, ours, x, bits=True)
    plain.train(), ours.train()
    compare(plain, ours, x, bits=True)
    with torch.no_grad():
        compare(plain, ours, x, bits=True)
        compare(plain.eval(), ours.eval(), x)


@torch.no_grad()
def test_random_sequentials_are_served(count: Counted) -> None:
    for seed in range(40):
        m, x = anything(random.Random(seed))
        _, ours = pair(m)
        try:
            ours(x)
        except (RuntimeError, ValueError):
            continue
    assert min(count.pads, count.norms, count.activations) > 5, vars(count)


@torch.no_grad()
def test_pads_that_reflect_or_repeat_at_all_sizes(monkeypatch) -> None:
    overwritten = 0

    def counting(*args) -> torch.Tensor:
        nonlocal overwritten
        overwritten += 1
        return overwrite(*args)

    overwrite = _edges.overwrite
    monkeypatch.setattr(_edges, "overwrite", counting)
    for seed in range(400):
        torch.manual_seed(seed)
        rng = random.Random(seed)
        left = rng.randint(0, 9)
        pad = rng.choice(list(_edges.MODES))((left, left if rng.random() < 0.4 else rng.randint(0, 9)))
        settings = {
            "stride": rng.choice([1, 1, 2, 3, 5]),
            "dilation": rng.choice([1, 1, 2, 3]),
            "groups": rng.choice([1, 2]),
        }
        modules = [pad, nn.Conv1d(4, 6, rng.randint(1, 9), **settings), nn.BatchNorm1d(6), nn.Tanh()]
        plain, ours = pair(settled(nn.Sequential(*modules[: rng.randint(2, 4)])))
        compare(plain, ours, torch.randn(rng.randint(1, 3), 4, rng.randint(1, 40)))
    assert 250 < overwritten < 400, "shorter ones than their pads are errors, or meet"


def test_sizes_decide(monkeypatch) -> None:
    monkeypatch.undo()
    count = counted(monkeypatch)
    with torch.no_grad():
        for length, norms in ((40, 0), (9000, 0), (40000, 1)):
            plain, ours = pair(settled(nn.Sequential(nn.Conv1d(6, 8, 5), nn.BatchNorm1d(8))))
            compare(plain, ours, torch.randn(1, 6, length))
            assert count.norms == norms
        for length, pads in ((9000, 0), (60000, 1)):
            plain, ours = pair(nn.Sequential(nn.ReflectionPad1d(2), nn.Conv1d(6, 8, 5)).eval())
            before = count.pads
            compare(plain, ours, torch.randn(1, 6, length))
            assert count.pads - before == pads


def test_gradients_are_recorded_as_ever(count: Counted) -> None:
    for frozen in (False, True):
        m = model()
        for name, parameter in m.named_parameters():
            parameter.requires_grad_(not frozen or name.startswith("1."))
        plain, ours = pair(m)
        accelerate(plain)
        compare(plain, ours, X, bits=True)
        compare(plain, ours, X.clone().requires_grad_(), bits=True)
    assert (count.pads, count.norms, count.activations) == (0, 0, 0)

    class Recording(nn.Module):
        def forward(self, x):
            torch.set_grad_enabled(True)
            return x.clone().requires_grad_()

    for first in (nn.ReLU(), nn.ZeroPad1d(1), nn.BatchNorm1d(8)):
        others = [nn.Conv1d(6, 8, 3), nn.BatchNorm1d(8), nn.LeakyReLU(-0.5)]
        group = [first, *others] if isinstance(first, nn.ZeroPad1d) else [others[0], first, others[2]]
        plain, ours = pair(settled(nn.Sequential(Recording(), *group)))
        accelerate(plain)
        found = []
        for m in (plain, ours):
            with torch.no_grad():
                y = m(X)
            found.append([y, *torch.autograd.grad(y.square().sum(), list(m.parameters()))])
        assert all(map(torch.equal, *found))


def test_memory_is_given_back() -> None:
    start = conv1d.kept_memory()
    m = model()
    accelerate(m, fuse=True)
    with torch.no_grad():
        m(torch.randn(1, 6, 5000))
    assert conv1d.kept_memory() > start
    restore(m)
    assert conv1d.kept_memory() == start


def test_copies_pickles_and_restoring(count: Counted) -> None:
    plain, ours = pair(model())
    stream = io.BytesIO()
    torch.save(ours, stream)
    stream.seek(0)
    copies = [
        copy.deepcopy(ours),
        pickle.loads(pickle.dumps(ours)),
        torch.load(stream, weights_only=False),
        copy.deepcopy(nn.ModuleList([ours]))[0],
    ]
    with torch.no_grad():
        for i, other in enumerate(copies):
            compare(plain, other, X)
            assert count.norms == i + 1
        size = len(pickle.dumps(ours))
        compare(plain, ours, X)
        assert len(pickle.dumps(ours)) == size < len(pickle.dumps(plain)) + 2000
        assert repr(ours) == repr(plain) and list(ours.state_dict()) == list(plain.state_dict())
        assert type(ours) is nn.Sequential
        for other in copies[:3]:
            restore(other)
            assert "forward" not in other.__dict__
            compare(plain, other, X)
    assert count.norms == len(copies) + 1


def test_each_module_is_still_itself() -> None:
    plain, ours = pair(model())
    with torch.no_grad():
        ours(X)
        a = b = X
        for i, (mine, theirs) in enumerate(zip(ours, plain, strict=True)):
            before = a.clone()
            a, b = mine(a), theirs(b)
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5, msg=str(i))
            if i:
                torch.testing.assert_close(ours[:i](X), plain[:i](X), rtol=1e-5, atol=1e-5)
            assert before.shape != a.shape or before.data_ptr() != a.data_ptr()
        shared = nn.Conv1d(6, 6, 3, padding=1)
        act = nn.ReLU()
        plain, ours = pair(settled(nn.Sequential(shared, act, shared, nn.BatchNorm1d(6), act, nn.Tanh(), shared)))
        compare(plain, ours, X)


def test_wrong_calls_say_what_pytorch_says() -> None:
    plain, ours = pair(model())
    for args in ((), (X, X), (None,), (X[0, 0],), (X[:, :3],), (X.double(),), (X.to_sparse(),), ("x",)):
        texts = []
        for m in (plain, ours):
            with torch.no_grad(), pytest.raises(Exception) as caught:
                m(*args)
            texts.append((caught.type, str(caught.value)))
        assert texts[0] == texts[1]
    with torch.no_grad():
        torch.testing.assert_close(ours(input=X), plain(input=X), rtol=1e-5, atol=1e-5)


def test_sequentials_of_other_classes() -> None:
    class Named(nn.Sequential):
        pass

    class Backwards(nn.Sequential):
        def __iter__(self):
            return reversed(list(self._modules.values()))

    with torch.no_grad():
        for kind, fused in ((Named, 1), (Backwards, 0)):
            plain = kind(nn.Conv1d(6, 6, 3), nn.ReLU()).eval()
            ours = copy.deepcopy(plain)
            assert len(accelerate(ours, fuse=True).fused) == fused
            compare(plain, ours, X)
    assert _sequential.is_sequential(Named) and not _sequential.is_sequential(Backwards)
