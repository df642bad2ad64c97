"""nn.functional: how calls are understood and refused, padding modes, notes on exceptions, losses and activations."""

import pytest
from harness.under_test import IS_PYTORCH, NAME, F, nn, torch

SIGNATURES = (
    " * (Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple of ints padding = 0, "
    "tuple of ints dilation = 1, int groups = 1)\n{}"
    ' * (Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, str padding = "valid", '
    "tuple of ints dilation = 1, int groups = 1)\n{}"
)
ONE_TO_SIX = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]


def ones(*shape, **options):
    return torch.ones(*shape, **options)


def notes_of(call) -> str:
    with pytest.raises(Exception) as caught:
        call()
    return "\n".join(getattr(caught.value, "__notes__", []))


# ---- conv1d ----------------------------------------------------------------------------------------------------------


def test_is_the_same_function_in_both_places() -> None:
    assert torch.conv1d is F.conv1d


def test_forms_of_the_numbers() -> None:
    x, w = ones(1, 1, 9), ones(1, 1, 2)
    expected = F.conv1d(x, w, None, 2, 1, 3, 1)
    forms = [2, (2,), [2], torch.tensor(2)]
    assert all(torch.equal(F.conv1d(x, w, stride=form, padding=1, dilation=3), expected) for form in forms)
    assert all(torch.equal(F.conv1d(x, w, stride=2, padding=p, dilation=[3]), expected) for p in (1, (1,), [1]))
    assert torch.equal(F.conv1d(input=x, weight=w, bias=None, stride=2, padding=1, dilation=3, groups=1), expected)
    numpy = pytest.importorskip("numpy")
    assert torch.equal(F.conv1d(x, w, stride=numpy.int64(2), padding=numpy.int32(1), dilation=3), expected)


def test_values_by_hand() -> None:
    x = torch.tensor(ONE_TO_SIX)
    w = torch.tensor([[[1.0, 10.0]]])
    assert F.conv1d(x, w).tolist() == [[21.0, 32.0, 43.0, 54.0, 65.0]]
    assert F.conv1d(x, w, padding="same").tolist() == [[21.0, 32.0, 43.0, 54.0, 65.0, 6.0]]
    assert F.conv1d(x, w, torch.tensor([0.5]), stride=2, padding=1).tolist() == [[10.5, 32.5, 54.5, 6.5]]


@pytest.mark.parametrize(
    ("call", "got"),
    [
        (lambda x: F.conv1d(), ""),
        (lambda x: F.conv1d(x), "Tensor"),
        (lambda x: F.conv1d(x, x, stride=1.5), "Tensor, Tensor, stride=float"),
        (lambda x: F.conv1d(x, x, None, 1, 0, 1, 1, 1), "Tensor, Tensor, NoneType, int, int, int, int, int"),
        (lambda x: F.conv1d(x, x, foo=1), "Tensor, Tensor, foo=int"),
        (lambda x: F.conv1d(x, x, groups=True), "Tensor, Tensor, groups=bool"),
        (lambda x: F.conv1d(x, nn.Parameter(x), [1.0]), "Tensor, Parameter, list"),
    ],
)
def test_refused_calls(call, got) -> None:
    with pytest.raises(TypeError) as caught:
        call(ones(1, 1, 1))
    start = f"conv1d() received an invalid combination of arguments - got ({got}), but expected one of:\n"
    assert str(caught.value) == start + SIGNATURES.format("", "")


def test_refused_call_of_seven_arguments() -> None:
    why = (
        "      didn't match because some of the arguments have invalid types: "
        "(Tensor, Tensor, !NoneType!, !tuple of (float,)!, !list of [int]!, !int!, !int!)\n"
    )
    with pytest.raises(TypeError) as caught:
        F.conv1d(ones(1, 1, 4), ones(1, 1, 1), None, (1.5,), [0], 1, 1)
    assert str(caught.value).endswith(SIGNATURES.format(why, why))


def test_only_the_first_element_is_looked_at_for_the_overload() -> None:
    text = r"""^conv1d\(\): argument 'stride' failed to unpack the object at pos 2 with error "type must be"""
    with pytest.raises(TypeError, match=text):
        F.conv1d(ones(1, 1, 4), ones(1, 1, 1), stride=(1, 2.5))


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch has no notes")
@pytest.mark.parametrize(
    "call",
    [
        lambda: nn.Conv1d(3, 4, 3)(ones(8, 100, 3)),  # channels last
        lambda: nn.Conv1d(3, 4, 3)(ones(100)),  # no channels
        lambda: nn.Conv1d(3, 4, 3)(ones(1, 3, 10, 10)),  # an image
        lambda: nn.Conv1d(3, 4, 3)(ones(2, 3, 10, dtype=torch.float64)),
        lambda: nn.Conv1d(3, 4, 7)(ones(2, 3, 5)),  # too short
        lambda: F.conv1d(ones(1, 3, 5), ones(3, 1, 1), groups=2),
        lambda: nn.Conv1d(3, 4, 1, groups=2),
        lambda: nn.Conv1d(4, 3, 1, groups=2),
        lambda: nn.Conv1d(1, 1, 3, padding="reflect"),
        lambda: nn.Conv1d(1, 1, 3, stride=2, padding="same"),
    ],
)
def test_notes_in_plain_words(call) -> None:
    assert notes_of(call)


# ---- pad -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "amounts", "expected"),
    [
        ("constant", (2, 3), [0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0]),
        ("reflect", (2, 3), [3, 2, 1, 2, 3, 4, 5, 6, 5, 4, 3]),
        ("replicate", (2, 3), [1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6]),
        ("circular", (2, 3), [5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3]),
        ("constant", (-2, 1), [3, 4, 5, 6, 0]),
        ("reflect", (-2, 3), [3, 4, 5, 6, 5, 4, 3]),
        ("replicate", (-2, 3), [3, 4, 5, 6, 6, 6, 6]),
        ("circular", (-2, 3), [3, 4, 5, 6, 3, 4, 5]),
    ],
)
def test_pad(mode, amounts, expected) -> None:
    x = torch.tensor(ONE_TO_SIX)
    padded = F.pad(x, amounts, mode)
    assert padded.tolist() == [[float(value) for value in expected]]
    padded.zero_()
    assert x.tolist() == ONE_TO_SIX


def test_pad_takes_a_value_in_constant_mode_alone() -> None:
    assert F.pad(ones(1, 2), [1, 0], value=7).tolist() == [[7.0, 1.0, 1.0]]
    with pytest.raises(RuntimeError, match=r'^Padding mode "reflect" doesn\'t take in value argument$'):
        F.pad(ones(1, 3), (1, 1), "reflect", 1)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((), "pad() missing 2 required positional arguments: 'input' and 'pad'"),
        (([1], (1, 1)), "pad(): argument 'input' (position 1) must be Tensor, not list"),
        ((1, 1), "pad(): argument 'input' (position 1) must be Tensor, not int"),
    ],
)
def test_pad_refuses(args, text) -> None:
    with pytest.raises(TypeError) as caught:
        F.pad(*args)
    assert str(caught.value) == text


# ---- the others ------------------------------------------------------------------------------------------------------


def test_activations() -> None:
    x = torch.tensor([-1.0, 0.0, 2.0])
    assert F.relu(x).tolist() == nn.ReLU()(x).tolist() == [0.0, 0.0, 2.0]
    assert torch.equal(F.tanh(x), x.tanh()) and torch.equal(nn.Tanh()(x), x.tanh())
    assert F.sigmoid(x)[1].item() == nn.Sigmoid()(x)[1].item() == 0.5
    assert F.relu(x, inplace=True) is x and x.tolist() == [0.0, 0.0, 2.0]


def test_mse_loss() -> None:
    x, y = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([1.0, 0.0, 1.0])
    assert F.mse_loss(x, y, reduction="none").tolist() == [0.0, 4.0, 16.0]
    assert F.mse_loss(x, y, reduction="sum").item() == nn.MSELoss(reduction="sum")(x, y).item() == 20.0
    assert nn.MSELoss()(x, y).item() == F.mse_loss(x, y).item() == pytest.approx(20 / 3)
    with pytest.raises(ValueError, match=r"^foo is not a valid value for reduction$"):
        F.mse_loss(x, y, reduction="foo")
    with pytest.warns(
        UserWarning, match=r"^Using a target size \(torch.Size\(\[3\]\)\) that is different to the input"
    ):
        F.mse_loss(ones(2, 3), y)


@pytest.mark.parametrize(("place", "name"), [("nn", "LSTMM"), ("nn.functional", "foo"), ("nn.init", "foo")])
def test_names_that_do_not_exist(place, name) -> None:
    module = {"nn": nn, "nn.functional": F, "nn.init": nn.init}[place]
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert str(caught.value) == f"module 'torch.{place}' has no attribute '{name}'"
    if NAME == "conv1d":
        assert "conv1d covers" in caught.value.__notes__[0]
