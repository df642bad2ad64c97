"""nn.Conv1d as a module: arguments, live attributes, text, initial weights to the bit, what a call makes of it."""

import copy
import math
import pickle
import warnings

import pytest
from harness import oracle
from harness.under_test import IS_PYTORCH, F, nn, torch

FLOATS = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]


def seeded(*args, seed: int = 42, **settings):
    torch.manual_seed(seed)
    return nn.Conv1d(*args, **settings)


def bits(tensor) -> list:
    """The numbers, exactly: every float here is a double's worth at most."""
    return tensor.tolist()


# ---- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kept"),
    [(3, (3,)), ((3,), (3,)), ([3], (3,)), (range(3, 4), (3,)), ((3, 4), (3, 4)), ((), ())],
)
def test_forms_of_a_setting(value, kept) -> None:
    layer = nn.Conv1d(1, 1, 1, value, value, value)
    assert (layer.stride, layer.padding, layer.dilation) == (kept, kept, kept)


def test_settings_of_any_kind_pass_until_the_call() -> None:
    layer = nn.Conv1d(1, 1, 1, stride=None, padding=-1.5, dilation="x")
    assert (layer.stride, layer.padding, layer.dilation) == ((None,), (-1.5,), ("x",))
    with pytest.raises(TypeError, match=r"conv1d\(\) received an invalid combination of arguments"):
        layer(torch.ones(1, 4))


def test_groups_and_channels_stay_as_given() -> None:
    assert repr(nn.Conv1d(True, 3, 1)).startswith("Conv1d(True, 3,")
    assert nn.Conv1d(2, 4, 1, groups=2).weight.shape == (4, 1, 1)


@pytest.mark.parametrize(
    ("settings", "pads"),
    [
        ({"padding": 2}, (2, 2)),
        ({"padding": (1, 2)}, (2, 2, 1, 1)),
        ({"padding": "valid"}, [0, 0]),
        ({"padding": "same"}, [1, 2]),
        ({"padding": "same", "dilation": 3}, [4, 5]),
    ],
)
def test_pads_of_other_modes(settings, pads) -> None:
    assert nn.Conv1d(1, 1, 4, **settings)._reversed_padding_repeated_twice == pads


@pytest.mark.parametrize(
    ("args", "settings", "text"),
    [
        ((1, 3, 1), {}, "Conv1d(1, 3, kernel_size=(1,), stride=(1,))"),
        ((1, 3, 1), {"padding": 1}, "Conv1d(1, 3, kernel_size=(1,), stride=(1,), padding=(1,))"),
        ((1, 3, 1), {"padding": "same"}, "Conv1d(1, 3, kernel_size=(1,), stride=(1,), padding=same)"),
        (
            (2, 4, [3]),
            {"stride": 2, "dilation": 2, "groups": 2, "bias": False, "padding_mode": "circular"},
            "Conv1d(2, 4, kernel_size=(3,), stride=(2,), dilation=(2,), groups=2, bias=False, padding_mode=circular)",
        ),
    ],
)
def test_repr(args, settings, text) -> None:
    assert repr(nn.Conv1d(*args, **settings)) == text


def test_has_no_device_and_no_dtype() -> None:
    layer = nn.Conv1d(1, 1, 1)
    for name in ("device", "dtype"):
        with pytest.raises(AttributeError) as caught:
            getattr(layer, name)
        assert str(caught.value) == f"'Conv1d' object has no attribute '{name}'"
        if not IS_PYTORCH:
            assert f"layer.weight.{name}" in caught.value.__notes__[0]


# ---- initial weights -------------------------------------------------------------------------------------------------


def test_weights_of_seed_42() -> None:
    layer = seeded(1, 3, 1)
    expected = ["0x1.877198p-1", "0x1.a8f6ccp-1", "-0x1.dfca40p-3"]
    assert bits(layer.weight.flatten()) == [float.fromhex(value) for value in expected]
    assert bits(layer.bias) == [float.fromhex(v) for v in ("0x1.d65438p-1", "-0x1.c0b960p-3", "0x1.9d4470p-3")]
    # This one differs where products and sums are rounded apart.
    assert bits(seeded(3, 5, 4).weight)[0][0][0] == float.fromhex("0x1.c40012p-3")
    assert bits(seeded(3, 3, 2, dtype=torch.float16).weight)[0][0] == [0.31201171875, 0.3388671875]
    assert bits(seeded(3, 3, 2, dtype=torch.bfloat16).weight)[0][0] == [0.3125, 0.337890625]


def test_without_bias_the_weights_are_the_same() -> None:
    assert bits(seeded(2, 3, 4).weight) == bits(seeded(2, 3, 4, bias=False).weight)
    assert seeded(2, 3, 4, bias=False).bias is None


def test_meta_draws_nothing() -> None:
    torch.manual_seed(42)
    expected = bits(torch.rand(3))
    layer = seeded(2, 3, 4, device="meta")
    assert bits(torch.rand(3)) == expected
    assert layer.weight.is_meta and layer(torch.ones(2, 9, device="meta")).shape == (3, 6)


@pytest.mark.parametrize(("args", "draws"), [((0, 3, 1), 3), ((1, 3, 0), 3), ((1, 0, 1), 0)])
def test_zero_element_weight_warns_and_the_bias_still_draws(args, draws) -> None:
    torch.manual_seed(42)
    after = bits(torch.rand(draws + 1))[-1]
    with pytest.warns(UserWarning, match=r"^Initializing zero-element tensors is a no-op"):
        layer = seeded(*args)
    assert bits(torch.rand(1)) == [after]
    assert bits(layer.bias) == [0.0] * args[1]


@pytest.mark.parametrize("seed", [0, 1, 42, -1, 2**40 + 3, 2**64 - 1])
def test_every_bit_is_pytorchs(seed: int) -> None:
    oracle.require()
    shapes = [((1, 3, 1), {}), ((3, 5, 4), {}), ((4, 6, 3), {"groups": 2}), ((7, 11, 13), {}), ((2, 2, (2, 3)), {})]
    for dtype in FLOATS:
        for args, settings in shapes:
            ours = seeded(*args, seed=seed, dtype=getattr(torch, dtype), **settings)
            oracle.pytorch.manual_seed(seed)
            theirs = oracle.pytorch.nn.Conv1d(*args, dtype=getattr(oracle.pytorch, dtype), **settings)
            assert bits(ours.weight) == bits(theirs.weight), (dtype, args, settings)
            assert bits(ours.bias) == bits(theirs.bias), (dtype, args, settings)


def test_default_dtype_is_the_weights() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        layer = nn.Conv1d(1, 1, 1)
    finally:
        torch.set_default_dtype(torch.float32)
    assert layer.weight.dtype == torch.float64


# ---- calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_is_the_function_with_its_settings(mode: str) -> None:
    layer = seeded(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, padding_mode=mode)
    x = torch.randn(2, 4, 17)
    if mode == "zeros":
        expected = F.conv1d(x, layer.weight, layer.bias, 2, 2, 2, 2)
    else:
        expected = F.conv1d(F.pad(x, (2, 2), mode), layer.weight, layer.bias, 2, 0, 2, 2)
    assert torch.equal(layer(x), expected)
    assert torch.allclose(layer(x[1]), expected[1])


def test_attributes_are_live() -> None:
    layer = nn.Conv1d(1, 1, 1, bias=False)
    layer.weight = nn.Parameter(torch.ones(1, 1, 1))
    x = torch.ones(1, 4)
    assert layer(x).shape == (1, 4)
    layer.padding = (3,)
    assert layer(x).tolist() == [[0.0] * 3 + [1.0] * 4 + [0.0] * 3]
    layer.stride = [2]
    assert layer(x).tolist() == [[0.0, 0.0, 1.0, 1.0, 0.0]]
    layer.stride[0] = 3  # a list may change inside
    assert layer(x).tolist() == [[0.0, 1.0, 1.0, 0.0]]
    layer.padding = "valid"
    assert layer(x).shape == (1, 2)
    layer.groups = 2
    with pytest.raises(RuntimeError, match=r"^Given groups=2, expected weight to be at least 2 at dimension 0"):
        layer(x)


def test_other_modes_keep_the_pads_of_the_constructor() -> None:
    layer = nn.Conv1d(1, 1, 1, padding=1, padding_mode="replicate")
    layer.padding = (3,)
    assert layer(torch.ones(1, 4)).shape == (1, 6)
    layer.padding_mode = "foo"
    with pytest.raises(NotImplementedError, match=r"^Unrecognised padding mode foo$"):
        layer(torch.ones(1, 4))


def writes(layer) -> list:
    """Every way in which a weight is written."""
    shape = (1, 1, 1)

    def through_numpy() -> None:
        np = pytest.importorskip("numpy")
        layer.weight.detach().numpy()[...] = np.float32(5)

    return [
        lambda: layer.weight.data.fill_(2.0),
        lambda: setattr(layer.weight, "data", torch.full(shape, 3.0)),
        lambda: setattr(layer, "weight", nn.Parameter(torch.full(shape, 4.0))),
        through_numpy,
        lambda: layer.load_state_dict({"weight": torch.full(shape, 6.0)}),
        lambda: layer.weight.detach().zero_().add_(7.0),
        lambda: nn.init.constant_(layer.weight, 8.0),
        lambda: layer.state_dict()["weight"].fill_(9.0),
    ]


def test_a_written_weight_is_used_at_once() -> None:
    layer = nn.Conv1d(1, 1, 1, bias=False)
    nn.init.ones_(layer.weight)
    x = torch.ones(1, 1, 40)
    assert layer(x)[0, 0, 0].item() == 1.0
    for number, write in enumerate(writes(layer), 2):
        write()
        assert layer(x)[0, 0, 39].item() == float(number)


def test_a_deleted_weight_may_come_back_as_a_tensor() -> None:
    layer = nn.Conv1d(1, 1, 1, bias=False)
    del layer.weight
    with pytest.raises(AttributeError, match=r"^'Conv1d' object has no attribute 'weight'$"):
        layer(torch.ones(1, 3))
    layer.weight = torch.full((1, 1, 1), 2.0)
    assert layer(torch.ones(1, 3)).tolist() == [[2.0] * 3]
    assert list(layer.parameters()) == []


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_compute_the_same_and_share_no_plan(copier) -> None:
    layer = seeded(2, 3, 3, padding="same")
    x = torch.randn(1, 2, 50)
    expected = layer(x)
    twin = copier(layer)
    assert torch.equal(twin(x), expected)
    if copier is not copy.copy:
        nn.init.zeros_(twin.weight)
        nn.init.zeros_(twin.bias)
        assert twin(x).abs().sum().item() == 0.0
    assert torch.equal(layer(x), expected)
    assert "_plan" not in layer.__dict__


def test_same_padding_warns_of_uneven_kernels_at_most_once() -> None:
    layer = nn.Conv1d(1, 1, 2, padding="same")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert layer(torch.ones(1, 1, 4)).shape == (1, 1, 4)
    assert len(caught) <= 1


def test_conversion_keeps_the_numbers_and_the_objects() -> None:
    layer = seeded(2, 3, 4)
    weight, before = layer.weight, layer.weight.tolist()
    layer.double()
    assert layer.weight is weight and weight.dtype == torch.float64 and weight.tolist() == before
    assert layer(torch.ones(2, 9, dtype=torch.float64)).dtype == torch.float64
    layer.to(torch.float32)
    assert weight.tolist() == before


def test_gradients_follow_a_conversion() -> None:
    layer = nn.Conv1d(1, 1, 2)
    layer(torch.ones(1, 1, 5)).sum().backward()
    layer.double()
    assert layer.weight.grad.dtype == torch.float64 and layer.bias.grad.tolist() == [4.0]
    layer.zero_grad()
    assert layer.weight.grad is None


def test_a_failing_conversion_changes_nothing() -> None:
    net = nn.Sequential(nn.Conv1d(1, 1, 1), nn.Conv1d(1, 1, 1, device="meta"))
    with pytest.raises(NotImplementedError, match=r"to_empty"):
        net.to("cpu")
    with pytest.raises(TypeError, match=r"desired dtype=torch.int64"):
        net.to(torch.int64)
    assert net[0].weight.dtype == torch.float32 and net[1].weight.is_meta


def test_fan_and_gain() -> None:
    assert nn.init._calculate_fan_in_and_fan_out(torch.empty(4, 3, 5)) == (15, 20)
    assert nn.init.calculate_gain("leaky_relu", math.sqrt(5)) == float.fromhex("0x1.279a74590331cp-1")
