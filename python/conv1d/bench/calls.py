"""What surrounds the arithmetic: the call from Python, lengths that vary, batches."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import conv1d
from conv1d import _C

from . import layers, peers
from .layers import Layer
from .peers import OURS, PYTORCH, Peers
from .plans import PlannedLayer
from .promises import CALL_SECONDS, LENGTHS, Promise
from .timing import Budget, Timed, interleave, looped

MANY = 32


def _layer(name: str, channels: int, taps: int, groups: int = 1) -> Layer:
    return Layer(
        name, "calls", 1, channels, 1000, channels, taps, 1, taps // 2, 1, groups, True, "zeros", "float32", ""
    )


LENGTH_LAYERS = [_layer("32 channels, 3 taps", 32, 3), _layer("64 channels, 11 taps", 64, 11)]
LENGTH_LAYERS += [_layer("256 channels depthwise, 7 taps", 256, 7, 256)]
BATCH_LAYERS = [_layer("64 channels, 3 taps", 64, 3), _layer("64 channels, 11 taps", 64, 11)]


def python_call(layer: Layer, budget: Budget) -> dict[str, Any]:
    """A call of the module in Python, of the module in C++, and of its kernel alone, on the same layer."""
    data = layers.make_data(layer)
    with conv1d.no_grad():
        module = peers.ours(layer, data)
        timed = {
            "python": looped(module.call),
            "cpp": _in_cpp(module.module, conv1d.from_numpy(data.x).clone()),
            "kernel": PlannedLayer(layer, data).timed,
        }
        samples = interleave(timed, budget)
    return {"name": layer.name, **{f"{name}_seconds": samples.seconds(name) for name in timed}}


def _in_cpp(module: Any, x: Any) -> Timed:
    """nn::Conv1d with the same weight, called in a loop of C++."""

    def timed(calls: int) -> float:
        return _C._layer_calls(
            module.weight,
            module.bias,
            x,
            stride=module.stride[0],
            padding=module.padding[0],
            dilation=module.dilation[0],
            groups=module.groups,
            calls=calls,
        )

    return timed


def varying_lengths(layer: Layer, budget: Budget) -> dict[str, Any]:
    """A hundred lengths in turn against one length, their mean, a hundred times."""
    data = layers.make_data(layer)
    lengths = [layer.length - 50 + i for i in range(101) if i != 50]
    rows = np.random.default_rng(1).standard_normal((1, layer.in_channels, max(lengths)), dtype=np.float32)
    with conv1d.no_grad():
        module = peers.ours(layer, data).module
        varying = [conv1d.from_numpy(np.ascontiguousarray(rows[..., :length])).clone() for length in lengths]
        # As many tensors, so that both read from the same caches.
        same = [conv1d.from_numpy(np.ascontiguousarray(rows[..., : layer.length])).clone() for _ in lengths]

        def over(inputs: list[Any]) -> Callable[[], None]:
            def calls() -> None:
                for x in inputs:
                    module(x)

            return calls

        samples = interleave({"varying": looped(over(varying)), "one": looped(over(same))}, budget)
    count = len(lengths)
    return {
        "name": layer.name,
        "lengths": count,
        "ratio": samples.ratio("varying", "one").median,
        "first_seconds": samples.first["varying"] / count,
        "one_seconds": samples.seconds("one") / count,
    }


def batches(layer: Layer, installed: Peers, budget: Budget) -> dict[str, Any]:
    """Seconds for one entry of the batch, alone and among 32."""
    timed = {}
    with installed.inference():
        for batch in (1, MANY):
            sized = dataclasses.replace(layer, batch=batch)
            for name, contender in installed.contenders(sized, layers.make_data(sized)).items():
                timed[f"{name} {batch}"] = looped(contender.call)
        samples = interleave(timed, budget)
    names = dict.fromkeys(key.split()[0] for key in timed)
    return {
        "name": layer.name,
        "entry_seconds": {
            name: {str(batch): samples.seconds(f"{name} {batch}") / batch for batch in (1, MANY)} for name in names
        },
    }


def measure(tiny: Sequence[Layer], installed: Peers, budget: Budget) -> dict[str, Any]:
    return {
        "python": [python_call(layer, budget) for layer in tiny],
        "lengths": [varying_lengths(layer, budget) for layer in LENGTH_LAYERS],
        "batch": [batches(layer, installed, budget) for layer in BATCH_LAYERS],
    }


def promises(found: dict[str, Any]) -> list[Promise]:
    lines = []
    if found["python"]:
        extra = [(1e6 * (row["python_seconds"] - row["cpp_seconds"]), row["name"]) for row in found["python"]]
        worst, where = max(extra)
        lines.append(Promise("a call from Python, more than from C++", worst, 1e6 * CALL_SECONDS, False, "us", where))
    worst, where = max((row["ratio"], row["name"]) for row in found["lengths"])
    lines.append(Promise("100 lengths in turn, times one length", worst, LENGTHS, False, "x", where))
    return lines


def lines(found: dict[str, Any]) -> list[str]:
    """As text: what has no bound."""
    said = []
    for row in found["python"]:
        said.append(
            f"{row['name']}: {1e6 * row['python_seconds']:.2f} us from Python, "
            f"{1e6 * row['cpp_seconds']:.2f} us from C++, {1e6 * row['kernel_seconds']:.2f} us the kernel alone"
        )
    for row in found["lengths"]:
        said.append(
            f"{row['name']}: 100 lengths in turn {row['ratio']:.3f} times one length; "
            f"each the first time {row['first_seconds'] / row['one_seconds']:.1f} times"
        )
    for row in found["batch"]:
        parts = []
        for name in (name for name in (OURS, PYTORCH, peers.ONNX) if name in row["entry_seconds"]):
            one, many = row["entry_seconds"][name].values()
            parts.append(f"{peers.TITLES[name]} {1e6 * one:.0f} us alone, {1e6 * many:.0f} us among {MANY}")
        said.append(f"{row['name']}: an entry of the batch: " + "; ".join(parts))
    return list(itertools.chain(said))
