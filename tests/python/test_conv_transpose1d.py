"""ConvTranspose1d beside PyTorch's: random layers, small programs, random wrong calls; what both must answer alike."""

import os
import random
import subprocess
import sys

import pytest
from harness import counts, oracle, transposed_layers
from harness.layers import differing
from harness.programs import answer, load
from harness.under_test import IS_PYTORCH, NAME, F, nn, torch

oracle.require()

NUMBER_OF_LAYERS = int(os.environ.get("CONV1D_TRANSPOSED_LAYERS", "600"))
BY_DIRECT_SUMS = NUMBER_OF_LAYERS // 10
NUMBER_OF_WRONG_CALLS = 400
SEED = int(os.environ["CONV1D_SEED"])  # conftest.py chooses one
FILE = transposed_layers.__file__
PROGRAMS = load("transposed")


def compared(what: str, count: int, wrong: list[str]) -> None:
    counts.report(f"random transposed layers{what}: {count} compared, {len(wrong)} differ (CONV1D_SEED={SEED})")
    assert not wrong, f"{len(wrong)} of {count} differ:\n" + "\n".join(wrong[:20])


def test_random_layers() -> None:
    make = transposed_layers.random_transposed
    compared("", NUMBER_OF_LAYERS, differing(torch, SEED, NUMBER_OF_LAYERS, make=make, file=FILE))


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch's backend cannot be chosen")
def test_random_layers_by_direct_sums() -> None:
    command = [sys.executable, "-W", "ignore", FILE, str(SEED + 1), str(BY_DIRECT_SUMS)]
    done = subprocess.run(command, env={**os.environ, "CONV1D_KERNEL": "direct"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compared(", by direct sums", BY_DIRECT_SUMS, [line for line in done.stdout.splitlines() if line])


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_answer(program: str) -> None:
    assert answer(NAME, program) == answer("torch", program)


# ---- wrong calls, several things wrong at once: which one is named first ---------------------------------------------


SPOILED = {
    "x": ["[4, 6]", "[5]", "[]", "[1, 1, 4, 6]", "[1, 5, 6]", "[1, 4, 0]", "[1, 0, 6]", "[3, 6]", "[1, 6, 4]"],
    "w": [
        "[4, 2]",
        "[4]",
        "[4, 2, 3, 3]",
        "[2, 2, 3]",
        "[0, 2, 3]",
        "[4, 0, 3]",
        "[5, 2, 3]",
        "[4, 2, 1]",
        "[6, 2, 3]",
    ],
    "bias": ["None", "torch.zeros(2)", "torch.zeros(4, 1)", "torch.zeros(())", "torch.zeros(0)"],
    "stride": [1, 3, 0, -1, "(2, 2)", "()", "(1,)", "[3]"],
    "padding": [0, 3, 8, 20, -1, 2**62, "(1, 1)", "()", "[2]"],
    "output_padding": [0, 2, 5, -1, "(1, 1)", "()", "(1,)"],
    "groups": [1, 4, 3, 5, 0, -1],
    "dilation": [2, 3, -1, "(1, 1)", "()", "[2]"],
}


def wrong_call(rng: random.Random) -> str:
    """A call of which up to three things were spoiled, or only changed. What docs/differences.md overrules is left out:
    dilations of 0, kernels without taps, empty batches, several dtypes."""
    given = {"x": "[1, 4, 6]", "w": "[4, 2, 3]", "bias": "torch.zeros(4)", "stride": 2, "padding": 1}
    given |= {"output_padding": 1, "groups": 2, "dilation": 1}
    for name in rng.sample(list(SPOILED), rng.choice([1, 1, 2, 2, 3])):
        given[name] = rng.choice(SPOILED[name])
    settings = ", ".join(str(given[name]) for name in ("stride", "padding", "output_padding", "groups", "dilation"))
    return (
        f"F.conv_transpose1d(torch.zeros({given['x']}), torch.zeros({given['w']}), {given['bias']}, {settings}).shape"
    )


def test_random_wrong_calls() -> None:
    rng = random.Random(SEED)
    calls = [wrong_call(rng) for _ in range(NUMBER_OF_WRONG_CALLS)]
    both = [(call, answer(NAME, call), answer("torch", call)) for call in calls]
    wrong = [f"{call}\n    ours    {ours}    PyTorch {theirs}" for call, ours, theirs in both if ours != theirs]
    raised = sum("Error" in theirs for _, _, theirs in both)
    counts.report(f"wrong calls of conv_transpose1d: {len(calls)} run, {raised} of them wrong, {len(wrong)} differ")
    assert raised > len(calls) // 3
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])


# ---- what we answer better (docs/differences.md) ---------------------------------------------------------------------


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch is not better than itself")
@pytest.mark.parametrize(
    ("arguments", "settings", "text"),
    [
        (((1, 3, 3), (2, 3, 4)), {}, "Given transposed=1, weight of size [2, 3, 4], expected input[1, 3, 3] to have 2"),
        (((1, 2, 3), (2, 3, 4)), {"groups": 0}, "non-positive groups is not supported"),
        (((1, 2, 3), (2, 3, 4)), {"stride": 0}, "non-positive stride is not supported"),
        (((1, 2, 3), (2, 3, 4)), {"padding": -1}, "negative padding is not supported"),
        (((1, 2, 3), (2, 3, 4)), {"output_padding": 1}, "output padding must be smaller than either stride"),
        (((1, 2, 3), (2, 3, 4)), {"dilation": 0}, "dilation should be greater than zero"),
        (((1, 2, 3), (2, 3, 0)), {}, "kernel size should be greater than zero"),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_meta_is_checked_as_cpu(arguments, settings, text: str, device: str) -> None:
    x, w = (torch.zeros(shape, device=device) for shape in arguments)
    with pytest.raises(RuntimeError) as caught:
        F.conv_transpose1d(x, w, **settings)
    assert str(caught.value).startswith(text)


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch is not better than itself")
def test_dtypes_have_one_text() -> None:
    x, w = torch.zeros(1, 2, 3), torch.zeros(2, 3, 4)
    with pytest.raises(RuntimeError, match=r"^Input type \(torch.DoubleTensor\) and weight type \(torch.FloatTensor\)"):
        F.conv_transpose1d(x.double(), w)
    with pytest.raises(RuntimeError, match=r"^Input type \(torch.FloatTensor\) and bias type \(torch.DoubleTensor\)"):
        F.conv_transpose1d(x, w, torch.zeros(3).double())
    with pytest.raises(RuntimeError, match="on device meta"):
        F.conv_transpose1d(x, w.to("meta"))


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch cuts numbers to 32 bits")
def test_steps_of_any_size() -> None:
    x, w = torch.tensor([[[2.0]]]), torch.tensor([[[3.0, 5.0]]])
    assert F.conv_transpose1d(x, w, stride=2**62).tolist() == [[[6.0, 10.0]]]
    assert F.conv_transpose1d(x, w[:, :, :1], dilation=2**62).tolist() == [[[6.0]]]
    assert F.conv_transpose1d(torch.ones(1, 1, 5), w, padding=2, stride=2).tolist() == [
        [[3.0, 5.0, 3.0, 5.0, 3.0, 5.0]]
    ]
    with pytest.raises(RuntimeError):
        F.conv_transpose1d(torch.ones(1, 1, 3), w, stride=2**62)
    with pytest.raises(RuntimeError):
        F.conv_transpose1d(x, w, dilation=2**62)


@pytest.mark.skipif(IS_PYTORCH, reason="hints are ours")
def test_hints() -> None:
    layer = nn.ConvTranspose1d(2, 3, 4)
    with pytest.raises(RuntimeError) as caught:
        layer(torch.zeros(1, 7, 2))
    assert "conv_transpose1d takes (batch, channels, length): x.transpose(1, 2)." in caught.value.__notes__[0]


# ---- packed weights --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(IS_PYTORCH, reason="packed weights are ours")
def test_packed_weights_are_kept_and_never_stale() -> None:
    torch.manual_seed(0)
    layer = nn.ConvTranspose1d(16, 16, 8, stride=4, padding=2, bias=False)
    nn.init.uniform_(layer.weight, -8, 8)
    x = torch.randn(2, 16, 50)
    layer(x)
    kept = layer._plan.kept_bytes
    assert kept >= 16 * 16 * 8 * 4
    for write in (
        lambda w: w.data.fill_(2.0),
        lambda w: w.detach().numpy().__setitem__((3, 4, 5), 7.0),
        lambda w: w.data.add_(torch.ones(16, 16, 8)),
        lambda w: nn.init.normal_(w),
    ):
        before = layer(x)
        write(layer.weight)
        after = layer(x)
        assert not torch.equal(before, after)
        assert torch.allclose(after, F.conv_transpose1d(x, layer.weight.detach().clone(), None, 4, 2), 1e-4, 1e-4)
        assert layer._plan.kept_bytes == kept
    for length in range(1, 200):
        layer(x[:, :, :1].expand(2, 16, length))
    assert layer._plan.kept_bytes <= 4 * kept
