"""state_dict() and load_state_dict(): names, sharing, casts, PyTorch's messages in PyTorch's order, all or nothing."""

import copy
import pickle
import re
from collections import OrderedDict

import pytest
from harness.under_test import IS_PYTORCH, nn, torch


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 2, 3, bias=False)
        self.rest = nn.Sequential(nn.ReLU(), nn.Conv1d(2, 1, 1))
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)


NAMES = ["scale", "mean", "first.weight", "rest.1.weight", "rest.1.bias"]


def ones(**changed) -> dict:
    """Entries for nn.Conv1d(1, 3, 1)."""
    return {"weight": torch.ones(3, 1, 1), "bias": torch.ones(3), **changed}


def message(layer, *args, **kwargs) -> str:
    with pytest.raises(RuntimeError) as caught:
        layer.load_state_dict(*args, **kwargs)
    return str(caught.value)


def test_names_and_order() -> None:
    state = Net().state_dict()
    assert type(state) is OrderedDict and list(state) == NAMES
    assert list(Net().state_dict(prefix="net.")) == [f"net.{name}" for name in NAMES]
    assert state._metadata["rest.1"] == {"version": 1}


def test_values_share_memory_and_want_no_gradient() -> None:
    layer = nn.Conv1d(1, 3, 1)
    state = layer.state_dict()
    assert not state["weight"].requires_grad and type(state["weight"]) is not nn.Parameter
    state["weight"].fill_(7.0)
    assert layer.weight.tolist() == [[[7.0]]] * 3
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_round_trip() -> None:
    torch.manual_seed(1)
    source, target = Net(), Net()
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == str(result) == "<All keys matched successfully>" and result == ([], [])
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value)
    assert all(parameter.requires_grad for parameter in target.parameters())


def test_pickled_state() -> None:
    state = nn.Conv1d(1, 3, 1).state_dict()
    again = pickle.loads(pickle.dumps(state))
    assert list(again) == list(state) and torch.equal(again["weight"], state["weight"])


def test_dtypes_are_cast() -> None:
    layer = nn.Conv1d(1, 3, 1)
    layer.load_state_dict(
        ones(weight=torch.ones(3, 1, 1, dtype=torch.float64) / 3, bias=torch.ones(3, dtype=torch.int64))
    )
    assert layer.weight.dtype == torch.float32 and layer.bias.tolist() == [1.0] * 3
    assert layer.weight.tolist() == (torch.ones(3, 1, 1) / 3).tolist()


@pytest.mark.filterwarnings("ignore:Casting complex values")
def test_complex_into_real_keeps_the_real_part() -> None:
    layer = nn.Conv1d(1, 3, 1)
    layer.load_state_dict(ones(weight=torch.full((3, 1, 1), 2 + 1j)))
    assert layer.weight.tolist() == [[[2.0]]] * 3


def test_not_strict_tells_what_did_not_match() -> None:
    result = nn.Conv1d(1, 3, 1).load_state_dict({"weight": torch.ones(3, 1, 1), "foo": 1}, strict=False)
    assert result.missing_keys == ["bias"] and result.unexpected_keys == ["foo"]
    assert repr(result) == "_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['foo'])"


def test_assign_takes_the_tensors_themselves() -> None:
    layer = nn.Conv1d(1, 3, 1)
    weight = torch.ones(3, 1, 1, dtype=torch.float64)
    layer.load_state_dict(ones(weight=weight, bias=torch.ones(3, dtype=torch.float64)), assign=True)
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.requires_grad
    weight.zero_()
    assert layer.weight.tolist() == [[[0.0]]] * 3


def test_all_that_is_wrong_in_one_message() -> None:
    wrong = {"foo": torch.ones(1), "weight": torch.ones(3, 2, 1), "bar": 1}
    assert message(nn.Conv1d(1, 3, 1), wrong) == (
        "Error(s) in loading state_dict for Conv1d:"
        '\n\tMissing key(s) in state_dict: "bias". '
        '\n\tUnexpected key(s) in state_dict: "foo", "bar". '
        "\n\tsize mismatch for weight: copying a param with shape torch.Size([3, 2, 1]) from checkpoint, "
        "the shape in current model is torch.Size([3, 1, 1])."
    )
    assert message(nn.Conv1d(1, 3, 1), wrong, strict=False).count("\n\t") == 1


def test_what_is_no_tensor_is_named() -> None:
    assert re.search(
        r'While copying the parameter named "weight", expected torch.Tensor or Tensor-like object from checkpoint '
        r"but received <class 'list'>$",
        message(nn.Conv1d(1, 3, 1), ones(weight=[1.0])),
    )


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch copies the good entries even when it raises")
@pytest.mark.parametrize(
    "entries",
    [ones(bias=torch.ones(2)), ones(more=1), {"weight": torch.ones(3, 1, 1)}, ones(bias=torch.ones(3, device="meta"))],
)
def test_all_or_nothing(entries) -> None:
    layer = nn.Conv1d(1, 3, 1)
    before = copy.deepcopy(layer.state_dict())
    with pytest.raises(RuntimeError, match=r"^Error"):
        layer.load_state_dict(entries)
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


@pytest.mark.parametrize("wrong", [[1], None, 3])
def test_not_a_dict(wrong) -> None:
    with pytest.raises(TypeError, match=re.escape(f"Expected state_dict to be dict-like, got {type(wrong)}.")):
        nn.Conv1d(1, 3, 1).load_state_dict(wrong)


def test_into_a_shared_parameter() -> None:
    layer = nn.Conv1d(1, 1, 1)
    both = nn.Sequential(layer, layer)
    state = {name: torch.full(tuple(value.shape), 3.0) for name, value in both.state_dict().items()}
    assert len(state) == 4
    both.load_state_dict(state)
    assert layer.weight.item() == layer.bias.item() == 3.0


def test_extra_state() -> None:
    class Counter(nn.Module):
        count = 3

        def get_extra_state(self) -> int:
            return self.count

        def set_extra_state(self, state: int) -> None:
            self.count = state

    outer = nn.Sequential(Counter())
    assert outer.state_dict() == {"0._extra_state": 3}
    outer.load_state_dict({"0._extra_state": 8})
    assert outer[0].count == 8
    assert 'Missing key(s) in state_dict: "0._extra_state". ' in message(outer, {})
