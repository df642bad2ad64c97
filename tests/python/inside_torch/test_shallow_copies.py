"""Shallow copies and the replicas of nn.DataParallel: plain modules that compute with what is theirs."""

import copy
import pickle

import pytest
import torch
from conv1d.torch import accelerate, restore
from harness.served import counting
from torch import nn
from torch.nn.utils import parametrizations

X = torch.randn(2, 2, 16, generator=torch.Generator().manual_seed(1))
SETTINGS = (("stride", (2,)), ("dilation", (3,)), ("groups", 2), ("padding", (2,)))

layers = pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Conv1d(2, 2, 3),
        lambda: nn.Conv1d(2, 2, 3, padding=1, padding_mode="reflect"),
        lambda: nn.ConvTranspose1d(2, 2, 3),
    ],
    ids=["conv", "reflect", "transposed"],
)


def sequential() -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(2, 2, 3), nn.ReLU(), nn.ConvTranspose1d(2, 2, 3), nn.Tanh()).eval()


@layers
@pytest.mark.parametrize("alive", [True, False])
def test_a_copy_has_settings_of_its_own(make, alive: bool) -> None:
    m = make()
    reference = copy.deepcopy(m)
    accelerate(m)
    expected = m(X)
    other = copy.copy(m)
    assert other.weight is m.weight and list(other.__dict__) == list(reference.__dict__)
    if not alive:
        del m
    for name, value in SETTINGS[: 3 if reference.padding_mode != "zeros" else 4]:
        if name == "groups":
            other.weight = reference.weight = nn.Parameter(torch.randn(2, 1, 3))
        setattr(other, name, value)
        setattr(reference, name, value)
        torch.testing.assert_close(other(X), reference(X))
    torch.testing.assert_close(pickle.loads(pickle.dumps(other))(X), reference(X))
    if alive:
        m.weight = nn.Parameter(m.weight.detach().expand(2, 1, 3).repeat(1, 2, 1))  # a copy shares its parameters
        assert m.stride == (1,) and m(X).shape == expected.shape
        accelerate(other)
        with counting() as count:
            m(X)
            other.groups = 1
            other(X)
        assert count.forward == 2


@layers
def test_a_replica_computes_with_what_it_was_given(make) -> None:
    m, plain = make(), make()
    accelerate(m)
    expected = m(X)
    replica, reference = m._replicate_for_data_parallel(), plain._replicate_for_data_parallel()
    assert list(replica.__dict__) == list(reference.__dict__)
    weight, bias = torch.randn(2, 2, 3, requires_grad=True), torch.randn(2)
    for one in (replica, reference):
        one.weight, one.bias = weight, bias
    y = replica(X)
    torch.testing.assert_close(y, reference(X))
    y.sum().backward()
    assert weight.grad is not None and m.weight.grad is None
    assert torch.equal(m(X), expected)


@torch.no_grad()
def test_a_replica_of_a_fused_sequential_runs_its_own_modules() -> None:
    m = sequential()
    accelerate(m, fuse=True)
    expected = m(X)
    replica = m._replicate_for_data_parallel()
    assert "forward" not in replica.__dict__
    for name in ("0", "2"):
        child = m._modules[name]._replicate_for_data_parallel()
        child.weight, child.bias = torch.randn(2, 2, 3), None
        setattr(replica, name, child)
    reference = torch.conv_transpose1d(torch.conv1d(X, replica[0].weight).relu(), replica[2].weight).tanh()
    torch.testing.assert_close(replica(X), reference)
    assert torch.equal(m(X), expected)
    other = copy.copy(m)
    del m
    torch.testing.assert_close(other(X), expected)


def test_what_copies_deeply_is_accelerated_however_often() -> None:
    m = sequential()
    accelerate(m, fuse=True)
    with torch.no_grad():
        expected = m(X)
        for _ in range(3):
            m = copy.deepcopy(pickle.loads(pickle.dumps(m)))
            assert copy.copy(m[0]).__dict__.keys() == nn.Conv1d(1, 1, 1).__dict__.keys()
            assert "forward" in m.__dict__ and "forward" not in copy.copy(m).__dict__
            with counting() as count:
                assert torch.equal(m(X), expected)
            assert count.forward == 2
    restore(m)
    plain = sequential()
    assert [list(one.__dict__) for one in m.modules()] == [list(one.__dict__) for one in plain.modules()]


def test_classes_that_copy_in_their_own_way() -> None:
    class Counted(nn.Conv1d):
        def __getstate__(self):
            return super().__getstate__() | {"copies": getattr(self, "copies", 0) + 1}

    m = Counted(2, 2, 3)
    accelerate(m)
    other = copy.copy(m)
    assert other.copies == 1 and "_conv_forward" not in other.__dict__
    other = copy.deepcopy(copy.deepcopy(m))
    assert other.copies == 2 and "_conv_forward" in other.__dict__
    torch.testing.assert_close(other(X), m(X))

    m = nn.Conv1d(2, 2, 3)
    accelerate(m)
    parametrizations.weight_norm(m)
    for attempt in (copy.copy, pickle.dumps):  # PyTorch refuses
        with pytest.raises(RuntimeError, match="Serialization of parametrized modules"):
            attempt(m)
    other = copy.deepcopy(m)
    with torch.no_grad():
        other.parametrizations.weight.original0.mul_(2)
    other.padding = (1,)
    torch.testing.assert_close(other(X), torch.conv1d(X, 2 * m.weight, m.bias, padding=1))


def test_what_others_put_there_later_is_copied() -> None:
    m = nn.ConvTranspose1d(2, 2, 3)
    accelerate(m)
    m.forward = torch.zeros_like
    for other in (copy.copy(m), copy.deepcopy(m), pickle.loads(pickle.dumps(m)), m._replicate_for_data_parallel()):
        assert other.forward is torch.zeros_like
    restore(m)
    assert m.__dict__.keys() - nn.ConvTranspose1d(2, 2, 3).__dict__.keys() == {"forward"}
    m = nn.Conv1d(2, 2, 3)
    accelerate(m)
    del m._conv_forward
    other = copy.copy(copy.copy(m))
    other.padding = (1,)
    assert copy.copy(other)(X).shape == X.shape
    assert accelerate(m).replaced == [""]
    with counting() as count:
        m(X)
    assert count.forward == 1


def test_attributes_copied_by_hand_raise_when_the_original_is_gone() -> None:
    for make in (lambda: nn.Conv1d(2, 2, 3, padding="same"), lambda: nn.ConvTranspose1d(2, 2, 3), sequential):
        m = make()
        accelerate(m, fuse=True)
        other = type(m).__new__(type(m))
        other.__dict__.update(m.__dict__)
        torch.testing.assert_close(other(X), m(X))
        del m
        for attempt in (lambda other=other: other(X), lambda other=other: copy.copy(other)):
            with pytest.raises(RuntimeError, match="accelerated module that is gone"):
                attempt()


def test_a_layer_with_a_state_of_somebody_elses_is_left() -> None:
    m = nn.Sequential(nn.Conv1d(2, 2, 3), nn.ReLU())
    m[0].__getstate__ = m.__getstate__ = dict
    report = accelerate(m, fuse=True)
    assert report.left == {"0": "somebody else has replaced its __getstate__"}
    assert report.unfused == {"(the model itself)": "somebody else has replaced its __getstate__"}
    restore(m)
    assert m.__getstate__ is dict
