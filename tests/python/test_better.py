"""The places where conv1d is better than PyTorch: docs/differences.md, row by row."""

import copy
import math

import numpy as np
import pytest
from harness.convert import array, tensor
from harness.under_test import IS_PYTORCH, F, nn, torch

pytestmark = pytest.mark.skipif(IS_PYTORCH, reason="PyTorch is not better than itself")
WRAPS = "Padding value causes wrapping around more than once."


def of(values, dtype: str = "float32"):
    return tensor(torch, np.asarray(values), dtype)


def raises(text: str, call, kind: type[Exception] = RuntimeError) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)


# ---- no crash, no hang -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "complex64", "float64"])
@pytest.mark.parametrize("stride", [2**14, 2**16, 2**20, 2**28, 2**30, 2**31 - 1, 2**40, 2**63 - 1])
def test_input_gradient_at_large_strides(dtype: str, stride: int) -> None:
    x = of(np.ones((2, 1, 50)), dtype).requires_grad_()
    w = of(np.arange(1, 4).reshape(1, 1, 3), dtype)
    F.conv1d(x, w, stride=stride).abs().sum().backward()
    want = np.zeros((2, 1, 50))
    want[..., :3] = [1, 2, 3]
    np.testing.assert_allclose(array(x.grad), want, rtol=1e-6)


def test_meta_weight_or_bias_for_numbers() -> None:
    x, w, b = torch.ones(1, 1, 4), torch.ones(2, 1, 1), torch.ones(2)
    raises("meta", lambda: F.conv1d(x, w.to("meta")))
    raises("meta", lambda: F.conv1d(x, w, b.to("meta")))


# ---- padding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amounts", [(-6, 4), (-5, 2), (-1, 6), (-7, 1), (-7, 3), (5, -7), (-4, 5), (4, -3)])
def test_circular_padding_by_more_than_is_left(amounts: tuple[int, int]) -> None:
    raises(WRAPS, lambda: F.pad(torch.arange(1.0, 7)[None], amounts, "circular"))


def test_circular_padding_by_all_that_is_left() -> None:
    assert F.pad(torch.arange(1.0, 7)[None], (-3, 3), "circular").tolist() == [[4, 5, 6, 4, 5, 6]]
    assert F.pad(torch.arange(1.0, 7)[None], (-2, 3), "circular").tolist() == [[3, 4, 5, 6, 3, 4, 5]]


def test_huge_padding() -> None:
    x = torch.arange(1.0, 7)[None]
    huge = 2**63 - 1
    for amounts, mode in [
        ((huge, 0), "replicate"),
        ((huge, huge), "replicate"),
        ((-huge - 1, 0), "circular"),
        ((huge, huge), "constant"),
    ]:
        with pytest.raises(RuntimeError):
            F.pad(x, amounts, mode)
    for padding in (2**62 - 1, 2**61, 2**55, 2**40):
        with pytest.raises(RuntimeError) as caught:
            F.conv1d(x, torch.ones(1, 1, 1), padding=padding)
        assert "-" not in str(caught.value).replace("can't", "")


def test_padding_near_thirty_two_bits() -> None:
    x = torch.ones(1, 1, 6)
    y = F.conv1d(x, torch.ones(1, 1, 1), padding=2**31 - 6, stride=2**31 - 6)
    assert y.tolist() == [[[0, 1, 0]]]


# ---- lengths that would wrap around ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("dilation", "kernel"), [(2**62, 3), (2**63 - 1, 2), (2**62, 5), (2**61, 9)])
def test_dilation_that_overflows(dilation: int, kernel: int) -> None:
    extent = dilation * (kernel - 1) + 1
    text = f"Kernel size: ({extent}). Kernel size can't be greater than actual input size"
    raises(text, lambda: F.conv1d(torch.ones(1, 1, 6), torch.ones(1, 1, kernel), dilation=dilation))


@pytest.mark.parametrize("kernel", [3, 5])
def test_same_at_a_huge_dilation(kernel: int) -> None:
    w = of(np.arange(1, kernel + 1).reshape(1, 1, kernel))
    y = F.conv1d(torch.ones(1, 1, 6), w, padding="same", dilation=2**62)
    assert y.tolist() == [[[(kernel + 1) / 2] * 6]]


# ---- one early check each --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 6), (2, 1, 6), (0, 1, 6), (1, 6)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int64"])
def test_dilation_zero_and_empty_kernel(shape: tuple[int, ...], dtype: str) -> None:
    x, w = of(np.zeros(shape), dtype), of(np.zeros((3, 1, 3)), dtype)
    raises("dilation should be greater than zero", lambda: F.conv1d(x, w, dilation=0))
    raises("kernel size should be greater than zero", lambda: F.conv1d(x, of(np.zeros((3, 1, 0)), dtype)))


def test_dtypes_are_looked_at_everywhere() -> None:
    x, w, b = torch.ones(1, 1, 6), torch.ones(1, 1, 3), torch.ones(1, dtype=torch.float64)
    text = "Input type (torch.FloatTensor) and bias type (torch.DoubleTensor) should be the same"
    for padding in ("same", "valid"):
        raises(text, lambda padding=padding: F.conv1d(x, w, b, padding=padding))
    text = "Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same"
    for batch in (0, 1, 2):
        raises(text, lambda batch=batch: F.conv1d(torch.ones(batch, 1, 6), w.double()))


# ---- no input channels -----------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("batch", [(), (2,)])
def test_without_input_channels_the_output_is_the_bias(batch: tuple[int, ...]) -> None:
    layer = nn.Conv1d(0, 3, 1)
    with torch.no_grad():
        layer.bias.copy_(of([1, 2, 3]))
    y = layer(torch.zeros(*batch, 0, 4))
    want = np.broadcast_to(np.array([[1.0], [2.0], [3.0]]), (*batch, 3, 4))
    assert np.array_equal(array(y), want)
    y.sum().backward()
    assert layer.bias.grad.tolist() == [4 * math.prod(batch)] * 3
    assert tuple(layer.weight.grad.shape) == (3, 0, 1)


# ---- all or nothing --------------------------------------------------------------------------------------------------


def test_load_state_dict_that_raises_changes_nothing() -> None:
    model = nn.Sequential(nn.Conv1d(1, 3, 1), nn.Conv1d(3, 2, 1))
    before = copy.deepcopy(model.state_dict())
    good = {name: torch.zeros_like(value) for name, value in before.items()}
    for bad in ({"1.bias": torch.zeros(5)}, {"1.bias": [1.0, 2.0]}, {"extra": torch.zeros(1)}):
        with pytest.raises(RuntimeError):
            model.load_state_dict({**good, **bad})
        assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())


# ---- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"])
def test_padding_adds_nothing_under_an_infinite_weight(dtype: str) -> None:
    x = of(np.ones((1, 1, 5)), dtype)
    w = of(np.full((1, 1, 3), np.inf), dtype)
    y = F.conv1d(x, w, padding=1)
    assert all(math.isinf(v.real if isinstance(v, complex) else v) for v in y.flatten().tolist())


def test_complex_products_keep_infinities_and_small_parts() -> None:
    x, w = of([[[complex(math.inf, 1)]]], "complex64"), of([[[complex(2, 0)]]], "complex64")
    assert F.conv1d(x, w).real.item() == math.inf
    x, w = of([[[complex(1e8, 1)]]], "complex64"), of([[[complex(1, 1e-8)]]], "complex64")
    assert F.conv1d(x, w).imag.item() == pytest.approx(2.0, rel=1e-6)


def test_int64_is_exact_at_every_dilation() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.integers(-(2**40), 2**40, (1, 2, 20)), rng.integers(-(2**20), 2**20, (3, 2, 3))
    for dilation in (1, 2, 5):
        y = array(F.conv1d(of(x, "int64"), of(w, "int64"), dilation=dilation))
        columns = 20 - 2 * dilation
        want = sum(
            w[:, c, k][:, None] * x[0, c, k * dilation : k * dilation + columns] for c in range(2) for k in range(3)
        )
        assert np.array_equal(y[0], want)


def test_a_sample_does_not_depend_on_its_batch() -> None:
    layer = nn.Conv1d(6, 10, 5, padding=2)
    x = torch.rand(9, 6, 200)
    assert torch.equal(layer(x)[4], layer(x[4]))


def test_negative_strides_are_copied() -> None:
    assert torch.from_numpy(np.arange(4.0)[::-1]).tolist() == [3, 2, 1, 0]


def test_long_chains_are_walked_and_freed() -> None:
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    z = x
    for _ in range(100_000):
        z = z * 1
    del z, y


def test_unknown_names_say_what_there_is() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'matmul'") as caught:
        torch.matmul
    assert "conv1d covers" in caught.value.__notes__[0]


# ---- hints -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Conv1d(3, 4, 2)(torch.ones(8, 100, 3)), "channel"),
        (lambda: nn.Conv1d(3, 4, 2)(torch.ones(100)), "batch"),
        (lambda: nn.Conv1d(3, 4, 2)(torch.ones(1, 3, 4, 5)), "dimension"),
        (lambda: nn.Conv1d(3, 4, 2, bias=False)(torch.ones(1, 3, 5).double()), "float64"),
        (lambda: nn.Conv1d(3, 4, 9)(torch.ones(1, 3, 5)), "padding"),
        (lambda: F.conv1d(torch.ones(1, 4, 5), torch.ones(4, 4, 1), groups=2), "groups"),
    ],
)
def test_hints(call, words: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        call()
    assert words in " ".join(getattr(caught.value, "__notes__", []))
