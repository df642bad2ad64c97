"""Accelerated layers in programs: torch.compile, torch.export, TorchScript, FX, ONNX, fake tensors, opcheck."""

import io
import itertools
import subprocess
import sys
import warnings

import conv1d.torch
import pytest
import torch
from torch import nn

ops = torch.ops.conv1d


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(2, 8, 5, stride=2, padding=3),
        nn.GELU(),
        nn.Conv1d(8, 8, 4, padding="same", groups=2),
        nn.Conv1d(8, 8, 3, padding=1, padding_mode="circular"),
        nn.ConvTranspose1d(8, 2, 4, stride=2, padding=1),
    )


def accelerated() -> nn.Module:
    m = model()
    conv1d.torch.accelerate(m)
    return m


def nodes(graph: torch.fx.Graph) -> list[str]:
    return [str(node.target) for node in graph.nodes if node.op == "call_function"]


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compile_in_one_graph_with_gradients(backend: str) -> None:
    m = accelerated()
    x = torch.randn(2, 2, 60, requires_grad=True)
    y = m(x)
    wanted = torch.autograd.grad(y.square().sum(), [x, *m.parameters()])
    z = torch.compile(m, fullgraph=True, backend=backend)(x)
    torch.testing.assert_close(z, y)
    for a, b in zip(torch.autograd.grad(z.square().sum(), [x, *m.parameters()]), wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_compiled_graph_calls_our_operators() -> None:
    graphs = []

    def backend(module, inputs):
        graphs.append(module.graph)
        return module.forward

    m = accelerated()
    torch.compile(m, fullgraph=True, backend=backend)(torch.randn(1, 2, 40))
    (graph,) = graphs
    called = nodes(graph)
    assert sum("conv1d.conv1d" in name for name in called) == 2, called
    assert sum("conv1d.conv_transpose1d" in name for name in called) == 1, called


def test_one_compilation_serves_all_lengths() -> None:
    m = accelerated()
    count = 0

    def backend(module, inputs):
        nonlocal count
        count += 1
        return module.forward

    compiled = torch.compile(m, fullgraph=True, dynamic=True, backend=backend)
    for length in (40, 64, 101, 1000):
        x = torch.randn(2, 2, length)
        torch.testing.assert_close(compiled(x), m(x))
    assert count == 1


def test_inductor_trains() -> None:
    m = accelerated()
    compiled = torch.compile(m, fullgraph=True)
    x = torch.randn(2, 2, 60)
    compiled(x).square().sum().backward()
    grads = [p.grad.clone() for p in m.parameters()]
    m.zero_grad()
    m(x).square().sum().backward()
    for a, p in zip(grads, m.parameters(), strict=True):
        torch.testing.assert_close(a, p.grad, rtol=1e-4, atol=1e-3)


def test_compile_of_functions_and_of_what_is_not_served() -> None:
    def f(x, w):
        return conv1d.torch.conv1d(x, w, padding="same") + conv1d.torch.conv_transpose1d(x, w)[..., 1:-1]

    x, w = torch.randn(1, 3, 20), torch.randn(3, 3, 3)
    torch.testing.assert_close(torch.compile(f, fullgraph=True, backend="aot_eager")(x, w), f(x, w))
    half = nn.Conv1d(2, 2, 3).to(torch.bfloat16)
    conv1d.torch.accelerate(half)
    x = torch.randn(1, 2, 9, dtype=torch.bfloat16)
    torch.testing.assert_close(
        torch.compile(half, fullgraph=True, backend="aot_eager")(x), half(x), rtol=0.02, atol=0.02
    )
    with pytest.raises(Exception, match="expected input"):
        torch.compile(accelerated(), fullgraph=True, backend="eager")(torch.randn(1, 3, 60))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("dynamic", [True, False])
def test_export_and_reload(strict: bool, dynamic: bool) -> None:
    m = accelerated().eval()
    x = torch.randn(2, 2, 60)
    shapes = {"input": {2: torch.export.Dim("length", min=16, max=4096)}} if dynamic else None
    program = torch.export.export(m, (x,), strict=strict, dynamic_shapes=(shapes["input"],) if shapes else None)
    assert "conv1d.conv1d.default" in nodes(program.graph)
    stream = io.BytesIO()
    torch.export.save(program, stream)
    stream.seek(0)
    reloaded = torch.export.load(stream).module()
    for length in (60, 33) if dynamic else (60,):
        x = torch.randn(2, 2, length)
        torch.testing.assert_close(reloaded(x), m(x))


def test_exported_program_runs_elsewhere(tmp_path) -> None:
    m = accelerated().eval()
    x = torch.randn(2, 2, 60)
    torch.export.save(torch.export.export(m, (x,)), tmp_path / "program.pt2")
    torch.save((x, m(x).detach()), tmp_path / "numbers.pt")
    script = """
import sys, torch, conv1d.torch
x, y = torch.load(sys.argv[2])
torch.testing.assert_close(torch.export.load(sys.argv[1]).module()(x), y)
print("ran")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "program.pt2"), str(tmp_path / "numbers.pt")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "ran\n", done.stderr


def test_torchscript_has_the_plain_layer() -> None:
    m = accelerated()
    x = torch.randn(2, 2, 60)
    for program in (torch.jit.script(m), torch.jit.trace(m, x)):
        torch.testing.assert_close(program(x), m(x))
        text = str(program.inlined_graph)
        assert "conv1d::" not in text and ("aten::conv1d" in text or "aten::_convolution" in text)
        stream = io.BytesIO()
        torch.jit.save(program, stream)
        stream.seek(0)
        torch.testing.assert_close(torch.jit.load(stream)(x), m(x))
    assert all("_conv_forward" in layer.__dict__ for layer in m if isinstance(layer, nn.Conv1d))


def test_fx_has_the_plain_layer() -> None:
    m = accelerated()
    x = torch.randn(2, 2, 60)
    traced = torch.fx.symbolic_trace(m)
    torch.testing.assert_close(traced(x), m(x))

    class Leafless(torch.fx.Tracer):
        def is_leaf_module(self, module, name):
            return False

    graph = Leafless().trace(m[0])
    assert any(node.target is torch.conv1d for node in graph.nodes)
    made = torch.fx.experimental.proxy_tensor.make_fx(m)(x)
    assert any("aten.convolution" in name for name in nodes(made.graph))


def test_onnx_has_the_plain_layer() -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    m = accelerated().eval()
    x = torch.randn(2, 2, 60)
    for dynamo in (True, False):
        stream = io.BytesIO()
        torch.onnx.export(m, (x,), stream, dynamo=dynamo)
        assert len(stream.getvalue()) > 100


def test_fake_and_meta_tensors() -> None:
    m = accelerated()
    x = torch.randn(2, 2, 60)
    with torch._subclasses.FakeTensorMode(allow_non_fake_inputs=True) as mode:
        assert m(mode.from_tensor(x)).shape == m(x).shape
    assert m.to("meta")(x.to("meta")).shape == (2, 2, 62)


def arguments(grad: bool = True):
    x = torch.randn(2, 4, 20, dtype=torch.float64, requires_grad=grad)
    w = torch.randn(6, 2, 3, dtype=torch.float64, requires_grad=grad)
    b = torch.randn(6, dtype=torch.float64, requires_grad=grad)
    t = torch.randn(2, 6, 9, dtype=torch.float64, requires_grad=grad)
    bt = torch.randn(4, dtype=torch.float64, requires_grad=grad)
    settings = (2, 1, 0, 2, 2)  # stride, both pads, dilation, groups: (20 + 1 - 5) // 2 + 1 == 9
    return [
        (ops.conv1d, (x, w, b, *settings)),
        (ops.conv1d, (x, w, None, *settings)),
        (ops.conv_transpose1d, (t, w, bt, *settings, 0)),
        (ops.conv_transpose1d, (t, w, None, *settings, 1)),
        (ops.conv1d_input_grad, (t, w, 20, *settings)),
        (ops.conv1d_weight_grad, (t, x, 3, *settings)),
    ]


@pytest.mark.parametrize("i", range(6))
def test_opcheck(i: int) -> None:
    operator, args = arguments()[i]
    torch.library.opcheck(operator.default, args)


@pytest.mark.parametrize("i", range(6))
def test_operators_have_right_gradients_of_both_orders(i: int) -> None:
    operator, args = arguments()[i]
    differentiable = [k for k, a in enumerate(args) if isinstance(a, torch.Tensor)]

    def f(*tensors):
        given = list(args)
        for k, tensor in zip(differentiable, tensors, strict=True):
            given[k] = tensor
        return operator(*given)

    inputs = [args[k] for k in differentiable]
    assert torch.autograd.gradcheck(f, inputs)
    assert torch.autograd.gradgradcheck(f, inputs)


def test_operators_refuse_what_makes_no_layer() -> None:
    x, w, b = torch.randn(1, 4, 10), torch.randn(6, 2, 3), torch.randn(6)
    good = (1, 0, 0, 1, 2)
    assert ops.conv1d(x, w, b, *good).shape == (1, 6, 8)
    bad = [
        (0, 0, 0, 1, 2),
        (1, -1, 0, 1, 2),
        (1, 0, 0, 0, 2),
        (1, 0, 0, 1, 0),
        (1, 0, 0, 1, 3),
        (1, 0, 0, 9, 2),
        (1, 0, 0, 2**62, 2),
    ]
    for settings in bad:
        with pytest.raises(RuntimeError):
            ops.conv1d(x, w, b, *settings)
    wrong = [
        (x[0, 0], w, b),
        (x, w[0], b),
        (x, w, b[None]),
        (x, w, b[:5]),
        (x.double(), w, b),
        (x.to(torch.int64), w.to(torch.int64), None),
        (x.to_sparse(), w, b),
        (torch.randn(0, 4, 10), w, b),
    ]
    for tensors in wrong:
        with pytest.raises((RuntimeError, NotImplementedError)):
            ops.conv1d(*tensors, *good)
    for number, mask in itertools.product((-1, 0, 1 << 33, 1 << 58, 2**63 - 1), (0, 7)):
        with pytest.raises(RuntimeError):
            ops.conv1d_p(x, w, b, number ^ 0x5555)
        with pytest.raises(RuntimeError):
            ops.conv1d_gp(x, x, w, (number >> 3 << 3) ^ mask ^ 0x555550)
