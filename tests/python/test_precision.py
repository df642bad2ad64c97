"""set_float32_conv_precision: what it says, that it counts at once, and what "highest" promises, to the bit."""

import os
import subprocess
import sys

import conv1d
import numpy as np
import pytest
from conv1d import nn
from harness.under_test import IS_PYTORCH

pytestmark = pytest.mark.skipif(IS_PYTORCH, reason="PyTorch has no such setting")

DTYPES = ["float32", "float64", "complex64", "complex128", "float16", "bfloat16"]
LAYERS = [
    {"in_channels": 16, "out_channels": 12, "kernel_size": 3, "padding": 1},
    {"in_channels": 8, "out_channels": 8, "kernel_size": 40, "padding": 20},
    {"in_channels": 6, "out_channels": 6, "kernel_size": 5, "padding": 2, "groups": 6},
    {"in_channels": 4, "out_channels": 6, "kernel_size": 16, "padding": 8, "stride": 4},
    {"in_channels": 1, "out_channels": 1, "kernel_size": 300, "padding": 150},
    {"in_channels": 12, "out_channels": 6, "kernel_size": 3, "padding": 6, "dilation": 6},
]


@pytest.fixture(autouse=True)
def _as_before():
    threads = conv1d.get_num_threads()
    yield
    conv1d.set_float32_conv_precision("high")
    conv1d.set_num_threads(threads)


def random_input(dtype: str, *shape: int) -> conv1d.Tensor:
    draw = np.random.default_rng(sum(shape)).standard_normal
    values = draw(shape) + 1j * draw(shape) if dtype.startswith("complex") else draw(shape)
    return conv1d.tensor(values).to(getattr(conv1d, dtype))


def bits(tensor: conv1d.Tensor) -> bytes:
    if tensor.dtype in (conv1d.float16, conv1d.bfloat16):
        tensor = tensor.to(conv1d.float32)  # exactly
    return tensor.contiguous().numpy().tobytes()


def test_names() -> None:
    assert conv1d.get_float32_conv_precision() == "high"
    for name in ("highest", "medium", "high"):
        conv1d.set_float32_conv_precision(name)
        assert conv1d.get_float32_conv_precision() == name
    with pytest.raises(RuntimeError, match=r"^HIGH is not one of 'highest', 'high', or 'medium'$"):
        conv1d.set_float32_conv_precision("HIGH")
    for wrong, kind in ((3, "int"), (None, "NoneType")):
        with pytest.raises(RuntimeError, match=f"^set_float32_conv_precision expects a str, but got {kind}$"):
            conv1d.set_float32_conv_precision(wrong)
    assert conv1d.get_float32_conv_precision() == "high"


@pytest.mark.parametrize("layer_class", [nn.Conv1d, nn.ConvTranspose1d])
def test_counts_at_once(layer_class: type) -> None:
    layer, x = layer_class(16, 16, 40), conv1d.randn(1, 16, 4000)
    with conv1d.no_grad():
        fast, name = layer(x), layer.kernel_for(x)
        conv1d.set_float32_conv_precision("highest")
        assert layer.kernel_for(x) != name
        direct = layer(x)
        assert not conv1d.equal(direct, fast)
        conv1d.set_float32_conv_precision("high")
        assert layer.kernel_for(x) == name
        assert conv1d.equal(layer(x), fast)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_depend_on_nothing_but_what_is_read(dtype: str) -> None:
    conv1d.set_float32_conv_precision("highest")
    for arguments in LAYERS:
        layer = nn.Conv1d(**arguments, dtype=getattr(conv1d, dtype))
        x = random_input(dtype, 3, arguments["in_channels"], 1200)
        with conv1d.no_grad():
            whole = layer(x)
            for threads in (1, 2, 3):
                conv1d.set_num_threads(threads)
                assert bits(layer(x)) == bits(whole), f"{threads} threads: {arguments}"
            for entry in range(3):
                assert bits(layer(x[entry])) == bits(whole[entry]), f"alone: {arguments}"
            # The same samples in another place of a row of another length.
            s, k, d = (arguments.get(name, 1) for name in ("stride", "kernel_size", "dilation"))
            begin, count = 7 * s, 31
            part = x[:, :, begin : begin + (count - 1) * s + d * (k - 1) + 1]
            bare = nn.functional.conv1d(part, layer.weight, layer.bias, s, 0, d, layer.groups)
            first = (begin + arguments["padding"]) / s
            assert first == int(first)
            assert bits(bare) == bits(whole[:, :, int(first) : int(first) + count]), f"elsewhere: {arguments}"


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_of_a_transposed_layer_depend_on_nothing_but_what_is_read(dtype: str) -> None:
    conv1d.set_float32_conv_precision("highest")
    for stride, dilation, groups in ((1, 1, 1), (3, 1, 2), (2, 2, 1)):
        layer = nn.ConvTranspose1d(8, 6, 16, stride, groups=groups, dilation=dilation, dtype=getattr(conv1d, dtype))
        x = random_input(dtype, 3, 8, 500)
        with conv1d.no_grad():
            whole = layer(x)
            for threads in (1, 2, 3):
                conv1d.set_num_threads(threads)
                assert bits(layer(x)) == bits(whole)
            for entry in range(3):
                assert bits(layer(x[entry])) == bits(whole[entry])
            # Outputs that read nothing but the samples from `begin` on.
            begin, first = 100, 100 * stride + dilation * 15
            part = layer(x[:, :, begin:])
            assert bits(part[:, :, dilation * 15 :]) == bits(whole[:, :, first:])


PROGRAM = """
import hashlib, conv1d
from test_precision import DTYPES, LAYERS, bits, random_input
conv1d.set_float32_conv_precision("highest")
for dtype in DTYPES:
    conv1d.manual_seed(1)
    for arguments in LAYERS:
        layer = conv1d.nn.Conv1d(**arguments, dtype=getattr(conv1d, dtype))
        y = layer(random_input(dtype, 2, arguments["in_channels"], 700)).detach()
        print(dtype, arguments, hashlib.sha256(bits(y)).hexdigest())
"""


def test_bits_do_not_depend_on_the_instruction_set() -> None:
    here = os.path.dirname(__file__)
    paths = os.pathsep.join([here, os.path.dirname(os.path.dirname(conv1d.__file__))])
    seen = {}
    for isa in ("avx2", "avx512", "neon"):
        environment = {**os.environ, "CONV1D_ISA": isa, "PYTHONPATH": paths}
        # A set that this machine has not is ignored: then the same is computed again.
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, cwd=here
        )
        assert done.returncode == 0, done.stderr
        seen[isa] = done.stdout
    assert len(set(seen.values())) == 1, seen
