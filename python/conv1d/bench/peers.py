"""The contenders: this library, PyTorch and ONNX Runtime, each as its users write a layer."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import conv1d

from .layers import Array, Data, Layer

OURS, PYTORCH, ONNX = "conv1d", "pytorch", "onnxruntime"
NAMES = (OURS, PYTORCH, ONNX)
TITLES = {OURS: "conv1d", PYTORCH: "PyTorch", ONNX: "ONNX Runtime"}


@dataclass(frozen=True)
class Contender:
    """One layer in one library."""

    call: Callable[[], Any]
    read: Callable[[Any], Array]  # what the call returned, as NumPy sees it
    module: Any = None  # ours


def optional(module: str) -> Any:
    """An importable module, or None. By name, so that peers need no types and are imported only when asked for."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def settings(layer: Layer) -> dict[str, Any]:
    """The arguments of nn.Conv1d, in PyTorch and here."""
    padding = 0 if layer.padding == "causal" else layer.padding
    return {
        "stride": layer.stride,
        "padding": padding,
        "dilation": layer.dilation,
        "groups": layer.groups,
        "bias": layer.bias,
        "padding_mode": layer.padding_mode,
    }


def _module_call(library: Any, layer: Layer, x: Any, module: Any) -> Callable[[], Any]:
    if layer.padding != "causal":
        # A bound method in a closure, not a partial: what a program's own line costs.
        return lambda: module(x)
    pad, pads = library.nn.functional.pad, layer.pads
    return lambda: module(pad(x, pads))


def ours(layer: Layer, data: Data) -> Contender:
    dtype = getattr(conv1d, layer.dtype)
    module = conv1d.nn.Conv1d(layer.in_channels, layer.out_channels, layer.kernel_size, dtype=dtype, **settings(layer))
    with conv1d.no_grad():
        module.weight.copy_(conv1d.from_numpy(data.weight))
        if module.bias is not None:
            module.bias.copy_(conv1d.from_numpy(data.bias))
    module.eval()
    x = conv1d.from_numpy(data.x).to(dtype).clone()
    half = dtype in (conv1d.bfloat16, conv1d.float16)
    return Contender(
        _module_call(conv1d, layer, x, module),
        lambda y: (y.to(conv1d.float32) if half else y).detach().numpy(),
        module,
    )


def pytorch(torch: Any, layer: Layer, data: Data) -> Contender:
    dtype = getattr(torch, layer.dtype)
    module = torch.nn.Conv1d(layer.in_channels, layer.out_channels, layer.kernel_size, dtype=dtype, **settings(layer))
    module.weight.copy_(torch.from_numpy(data.weight))
    if data.bias is not None:
        module.bias.copy_(torch.from_numpy(data.bias))
    module.eval()
    x = torch.from_numpy(data.x).to(dtype).clone()
    half = dtype in (torch.bfloat16, torch.float16)
    return Contender(_module_call(torch, layer, x, module), lambda y: (y.float() if half else y).numpy())


def _onnx_model(onnx: Any, layer: Layer, data: Data) -> bytes:
    """One Conv; padding other than zeros is a Pad before it."""
    helper, arrays = onnx.helper, onnx.numpy_helper
    initializers = [arrays.from_array(np.ascontiguousarray(data.weight), "weight")]
    if data.bias is not None:
        initializers.append(arrays.from_array(data.bias, "bias"))
    nodes, source, pads = [], "x", list(layer.pads)
    if layer.padding_mode != "zeros":
        mode = {"reflect": "reflect", "circular": "wrap", "replicate": "edge"}[layer.padding_mode]
        initializers.append(arrays.from_array(np.array([0, 0, pads[0], 0, 0, pads[1]], np.int64), "pads"))
        nodes.append(helper.make_node("Pad", ["x", "pads"], ["padded"], mode=mode))
        source, pads = "padded", [0, 0]
    nodes.append(
        helper.make_node(
            "Conv",
            [source, "weight"] + (["bias"] if layer.bias else []),
            ["y"],
            kernel_shape=[layer.kernel_size],
            strides=[layer.stride],
            dilations=[layer.dilation],
            group=layer.groups,
            pads=pads,
        )
    )
    kind = onnx.TensorProto.FLOAT
    x = helper.make_tensor_value_info("x", kind, list(data.x.shape))
    y = helper.make_tensor_value_info("y", kind, [layer.batch, layer.out_channels, layer.out_length])
    graph = helper.make_graph(nodes, "layer", [x], [y], initializers)
    # 19: the first operator set whose Pad wraps around.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    stream = io.BytesIO()
    onnx.save(model, stream)
    return stream.getvalue()


def onnxruntime(runtime: Any, onnx: Any, layer: Layer, data: Data, threads: int) -> Contender:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = _onnx_model(onnx, layer, data)
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    # The call that everybody makes. OrtValues in and out cost 50 us a call; a binding to one fixed output is quicker by
    # 5 us, but then the next call overwrites the result.
    feed, run = {"x": data.x}, session.run
    return Contender(lambda: run(None, feed), lambda values: values[0])


class Peers:
    """What is installed beside this library, and what it is called with."""

    def __init__(self, threads: int, only: tuple[str, ...] = NAMES) -> None:
        self.threads = threads
        self.only = only
        self.torch = optional("torch") if PYTORCH in only else None
        self.onnx = optional("onnx") if ONNX in only else None
        self.runtime = optional("onnxruntime") if ONNX in only else None
        if self.torch is not None:
            self.torch.set_num_threads(threads)

    def missing(self) -> list[str]:
        """A line for each peer that was wanted and is not there."""
        lines = []
        if PYTORCH in self.only and self.torch is None:
            lines.append("PyTorch is not installed: ratios are to ONNX Runtime alone (pip install torch)")
        if ONNX in self.only and (self.onnx is None or self.runtime is None):
            lines.append("ONNX Runtime is not installed: ratios are to PyTorch alone (pip install onnxruntime onnx)")
        return lines

    def versions(self) -> dict[str, str]:
        found = {OURS: conv1d.__version__, "numpy": np.__version__}
        for name, module in ((PYTORCH, self.torch), (ONNX, self.runtime), ("onnx", self.onnx)):
            if module is not None:
                found[name] = module.__version__
        return found

    def contenders(self, layer: Layer, data: Data) -> dict[str, Contender]:
        found = {}
        if OURS in self.only:
            found[OURS] = ours(layer, data)
        if self.torch is not None:
            found[PYTORCH] = pytorch(self.torch, layer, data)
        if self.runtime is not None and self.onnx is not None and layer.dtype == "float32":
            found[ONNX] = onnxruntime(self.runtime, self.onnx, layer, data, self.threads)
        return found

    def inference(self) -> Any:
        """A context in which nothing is recorded, in any library."""
        return _Inference(self.torch)


class _Inference:
    def __init__(self, torch: Any) -> None:
        self.modes = [conv1d.no_grad()] + ([torch.inference_mode()] if torch is not None else [])

    def __enter__(self) -> None:
        for mode in self.modes:
            mode.__enter__()

    def __exit__(self, *_: object) -> None:
        for mode in reversed(self.modes):
            mode.__exit__(None, None, None)
