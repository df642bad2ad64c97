"""Tensors, parameters and modules as text: PyTorch's samples, the options, and random tensors beside PyTorch's."""

import os
import random

import pytest
from harness import counts, oracle, tensors
from harness.under_test import F, nn, torch

NUMBER_OF_TENSORS = int(os.environ.get("CONV1D_TENSORS", "600"))
SEED = int(os.environ["CONV1D_SEED"])  # conftest.py chooses one
INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def defaults():
    yield
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)


SAMPLES = [
    (lambda: torch.tensor([8.0, -3.0]), "tensor([ 8., -3.])"),
    (lambda: torch.tensor([1e8]), "tensor([100000000.])"),
    (lambda: torch.tensor([1e-4]), "tensor([1.0000e-04])"),
    (lambda: torch.tensor([1e-4], dtype=torch.float64), "tensor([0.0001], dtype=torch.float64)"),
    (lambda: torch.tensor([NAN, 1.5]), "tensor([   nan, 1.5000])"),
    (lambda: torch.tensor([0.0, -0.0, 1.5]), "tensor([0.0000, -0.0000, 1.5000])"),
    (lambda: torch.tensor([65504, 1], dtype=torch.float16), "tensor([6.5504e+04, 1.0000e+00], dtype=torch.float16)"),
    (lambda: torch.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    (lambda: torch.zeros(2, 0), "tensor([], size=(2, 0))"),
    (lambda: torch.tensor([3 + 4j, 1.5 - 2j]), "tensor([3.0000+4.j, 1.5000-2.j])"),
    (lambda: torch.tensor([complex(NAN, INF)]), "tensor([nan+infj])"),
    (lambda: torch.tensor([True, False]), "tensor([ True, False])"),
    (lambda: torch.tensor(2.5), "tensor(2.5000)"),
    (lambda: torch.ones(3, requires_grad=True), "tensor([1., 1., 1.], requires_grad=True)"),
    (lambda: torch.ones(2, requires_grad=True) + 1, "tensor([2., 2.], grad_fn=<AddBackward0>)"),
    (lambda: torch.zeros(3, 6, device="meta"), "tensor(..., device='meta', size=(3, 6))"),
    (lambda: nn.Parameter(torch.ones(2)), "Parameter containing:\ntensor([1., 1.], requires_grad=True)"),
    (lambda: torch.zeros(3, 6).shape, "torch.Size([3, 6])"),
    (lambda: torch.float32, "torch.float32"),
    (lambda: torch.device("cpu"), "device(type='cpu')"),
]


@pytest.mark.parametrize(("make", "text"), SAMPLES, ids=[text.replace("\n", " ") for _, text in SAMPLES])
def test_samples(make, text: str) -> None:
    assert repr(make()) == text


def test_str_is_repr() -> None:
    assert str(torch.tensor([1.5])) == repr(torch.tensor([1.5])) == f"{torch.tensor([1.5])}"


def test_format_of_one_number() -> None:
    assert f"{torch.tensor(1.23456):.3f}" == "1.235"
    assert f"{torch.tensor(7):>4}" == "   7"


def test_history_of_the_layer() -> None:
    torch.manual_seed(0)  # some weights are printed in scientific notation, and their lines break elsewhere
    layer = nn.Conv1d(1, 3, 1)
    x = torch.tensor([[8.0, -3.0, 0.0, 1.0, 5.0, -2.0]])
    assert repr(layer(x)).endswith(",\n       grad_fn=<SqueezeBackward1>)")
    assert repr(layer(x[None])).endswith(",\n       grad_fn=<ConvolutionBackward0>)")


@pytest.mark.parametrize(
    ("options", "make", "text"),
    [
        ({"sci_mode": True}, lambda: torch.tensor([1.5, INF]), "tensor([1.5000e+00,        inf])"),
        ({"sci_mode": True}, lambda: torch.zeros(2), "tensor([0., 0.])"),
        ({"threshold": 5, "edgeitems": 1}, lambda: torch.arange(6), "tensor([0,  ..., 5])"),
        ({"threshold": 5, "edgeitems": 0}, lambda: torch.arange(6), "tensor([...], size=(6,))"),
        ({"precision": 2}, lambda: torch.tensor([0.125, 0.375]), "tensor([0.12, 0.38])"),
        ({"profile": "short"}, lambda: torch.tensor([1.23456]), "tensor([1.23])"),
        (
            {"linewidth": 20},
            lambda: torch.tensor([1.5, 2.5, 3.5]),
            "tensor([1.5000,\n        2.5000,\n        3.5000])",
        ),
        ({"linewidth": 80.5}, lambda: torch.tensor([1.5]), "tensor([1.5000])"),
        ({"profile": "no such profile"}, lambda: torch.tensor([1.5]), "tensor([1.5000])"),
    ],
)
def test_options(options: dict, make, text: str) -> None:
    torch.set_printoptions(**options)
    assert repr(make()) == text


def test_sci_mode_is_forgotten_by_the_next_call() -> None:
    torch.set_printoptions(sci_mode=True)
    torch.set_printoptions(precision=2)
    assert repr(torch.tensor([1.5])) == "tensor([1.50])"


def test_full_profile_never_summarises() -> None:
    torch.set_printoptions(profile="full")
    assert "..." not in repr(torch.arange(2000))


def test_modules() -> None:
    layer = nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode="reflect")
    text = (
        "Conv1d(4, 6, kernel_size=(3,), stride=(2,), padding=(1,), dilation=(2,), groups=2, bias=False, "
        "padding_mode=reflect)"
    )
    assert repr(layer) == text
    assert repr(nn.Conv1d(1, 3, 1, padding="same")) == "Conv1d(1, 3, kernel_size=(1,), stride=(1,), padding=same)"
    both = "Sequential(\n  (0): Conv1d(1, 3, kernel_size=(1,), stride=(1,))\n  (1): ReLU()\n)"
    assert repr(nn.Sequential(nn.Conv1d(1, 3, 1), nn.ReLU())) == both
    assert repr(nn.Sequential()) == "Sequential()"


def test_padding_is_printed_through_a_history() -> None:
    x = torch.ones(1, 3, requires_grad=True)
    assert repr(F.pad(x, (1, 0))) == "tensor([[0., 1., 1., 1.]], grad_fn=<ConstantPadNdBackward0>)"


@pytest.mark.skipif(oracle.pytorch is None, reason="PyTorch is not installed")
def test_random_tensors() -> None:
    oracle.require()
    seeds = random.Random(SEED)
    wrong = []
    for _ in range(NUMBER_OF_TENSORS):
        seed = seeds.randrange(2**31)
        want, got = tensors.printed(oracle.pytorch, seed), tensors.printed(torch, seed)
        if want != got:
            wrong.append(f"tensors.printed(torch, {seed}):\n{want}\n---- but ours is\n{got}")
    counts.report(
        f"tensors printed beside PyTorch: {NUMBER_OF_TENSORS} compared, {len(wrong)} differ (CONV1D_SEED={SEED})"
    )
    assert not wrong, f"{len(wrong)} of {NUMBER_OF_TENSORS} differ:\n" + "\n\n".join(wrong[:5])


@pytest.mark.parametrize(
    ("options", "make", "text"),
    [
        ({"precision": "a"}, lambda: torch.arange(2), "tensor([0, 1])"),
        ({"precision": -1}, lambda: torch.tensor([1.0]), "tensor([1.])"),
        ({"linewidth": 20.9}, lambda: torch.tensor([1.5, 2.5]), "tensor([1.5000,\n        2.5000])"),
        ({"linewidth": "a"}, lambda: torch.tensor([]), "tensor([])"),
        ({"threshold": "a"}, lambda: torch.tensor([]), "tensor([])"),
        ({"edgeitems": "a"}, lambda: torch.tensor([1.5]), "tensor([1.5000])"),
        ({"edgeitems": -1}, lambda: torch.tensor([1.5]), "tensor([1.5000])"),
    ],
)
def test_odd_options_matter_only_where_they_are_used(options: dict, make, text: str) -> None:
    torch.set_printoptions(**options)
    assert repr(make()) == text


@pytest.mark.parametrize(
    ("options", "make", "error"),
    [
        ({"precision": "a"}, lambda: torch.tensor([1.5]), "ValueError: Format specifier missing precision"),
        ({"precision": 2**31}, lambda: torch.tensor([1.5]), "ValueError: precision too big"),
        ({"precision": 2**63}, lambda: torch.tensor([1.5]), "ValueError: Too many decimal digits in format string"),
        ({"linewidth": "a"}, lambda: torch.arange(2), "TypeError: unsupported operand type(s) for -: 'str' and 'int'"),
        (
            {"threshold": "a"},
            lambda: torch.arange(2),
            "TypeError: '>' not supported between instances of 'int' and 'str'",
        ),
        (
            {"threshold": 2, "edgeitems": 1.5},
            lambda: torch.arange(9),
            "TypeError: slice indices must be integers or None or have an __index__ method",
        ),
    ],
)
def test_odd_options_fail_when_something_is_printed(options: dict, make, error: str) -> None:
    torch.set_printoptions(**options)
    with pytest.raises((TypeError, ValueError)) as caught:
        repr(make())
    assert f"{type(caught.value).__name__}: {caught.value}" == error
