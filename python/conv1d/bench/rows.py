"""One layer, all contenders: first the same numbers, then the times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import layers, plans
from .layers import Data, Layer
from .machine import Copier, Machine, Peak
from .peers import ONNX, OURS, PYTORCH, Contender, Peers
from .timing import Budget, Samples, interleave, looped

COPY = "copy"  # a contender of its own

# Beyond this, relative to the largest output, it is not the same layer. How accurate it is, is asked apart from that.
AGREES = {
    "float32": 1e-4,
    "complex64": 1e-4,
    "float64": 1e-11,
    "complex128": 1e-11,
    "bfloat16": 2e-2,
    "float16": 4e-3,
}
# Half a second of double precision at most where time is short: the first entries of the batch then.
QUICK_REFERENCE_FLOPS = 2e9


@dataclass(frozen=True)
class Settings:
    """How rows are measured."""

    budget: Budget
    quick: bool = False
    threads: int = 1
    highest: bool = False
    verify: bool = True

    @property
    def clock(self) -> Callable[[], int]:
        """One thread by its processor time, which other jobs do not change; more threads by the wall."""
        return time.thread_time_ns if self.threads == 1 else time.perf_counter_ns


def entries_to_check(layer: Layer, quick: bool) -> int:
    if not quick:
        return layer.batch
    return max(1, min(layer.batch, int(QUICK_REFERENCE_FLOPS * layer.batch / max(layer.flops, 1.0))))


def first_calls(contenders: dict[str, Contender], settings: Settings) -> tuple[dict[str, float], dict[str, Any]]:
    seconds, results = {}, {}
    for name, contender in contenders.items():
        begin = settings.clock()
        result = contender.call()
        seconds[name] = (settings.clock() - begin) * 1e-9
        results[name] = contender.read(result)
    return seconds, results


def compare(layer: Layer, data: Data, results: dict[str, Any], quick: bool) -> tuple[dict[str, float], str | None]:
    """Each one's largest error against double precision, and what is wrong, if anything."""
    expected = layers.reference(layer, data, entries_to_check(layer, quick))
    errors: dict[str, float] = {}
    wrong = None
    for name, result in results.items():
        if result.shape != (layer.batch, layer.out_channels, layer.out_length):
            return errors, f"{name}: shape {result.shape}"
        errors[name] = layers.error_of(result[: len(expected)], expected)
        # Written so that NaN is wrong.
        if not errors[name] <= AGREES[layer.dtype] and wrong is None:
            wrong = f"{name} differs from double precision by {errors[name]:.1e} of the largest output"
    return errors, wrong


def measure(layer: Layer, peers: Peers, machine: Machine, settings: Settings) -> dict[str, Any]:
    """The row of one layer, as it stands in the JSON."""
    data = layers.make_data(layer)
    row: dict[str, Any] = {"name": layer.name, "kind": layer.kind, "dtype": layer.dtype, "layer": layer.as_json()}
    with peers.inference():
        contenders = peers.contenders(layer, data)
        first, results = first_calls(contenders, settings)
        row["first_seconds"] = first
        if settings.verify:
            row["errors"], row["error"] = compare(layer, data, results, settings.quick)
            if row["error"] is not None:
                return row
        del results
        peak = Peak(layer.dtype)
        timed = {name: looped(contender.call, settings.clock) for name, contender in contenders.items()}
        if may_be_memory_bound(layer, machine):
            copier = Copier(layer.bytes_moved)
            timed[COPY], first[COPY] = copier.timed, copier.timed(1)
        samples = interleave(timed, settings.budget, first, peak)
    row |= summarise(samples)
    if OURS in contenders:
        row |= plans.described(layer, data, settings.highest)
        row |= against_roof(layer, samples, machine, peak.median(machine.peak_of(layer.dtype)) * settings.threads)
    return row


def may_be_memory_bound(layer: Layer, machine: Machine) -> bool:
    """Whether a copy of the operands is worth timing beside the layer, in the same caches."""
    return layer.bytes_moved / machine.copy > layer.real_flops / machine.peak_of(layer.dtype) / 2


def summarise(samples: Samples) -> dict[str, Any]:
    """Medians, and the ratios to the peers: how many times longer they take."""
    seconds = {name: samples.seconds(name) for name in samples.rounds}
    row: dict[str, Any] = {"rounds": max(map(len, samples.rounds.values()), default=0), "seconds": seconds}
    others = [name for name in (PYTORCH, ONNX) if name in seconds]
    if OURS in seconds and others:
        row["faster"] = min(others, key=lambda name: seconds[name])
        row["ratios"] = {name: samples.ratio(name, OURS)._asdict() for name in others}
        row["ratio"] = row["ratios"][row["faster"]]["median"]
    return row


def against_roof(layer: Layer, samples: Samples, machine: Machine, peak: float) -> dict[str, Any]:
    """The time of the direct sum at the FMA peak, or of its operands at the speed of copying: the longer one."""
    compute, memory = layer.real_flops / peak, layer.bytes_moved / machine.copy
    ours = samples.seconds(OURS)
    # A copy of as much, in the caches that the other contenders leave behind: beside the roof, not instead of it.
    copied = {"copy_percent": 100 * samples.seconds(COPY) / ours} if COPY in samples.rounds else {}
    return copied | {
        "gflops": {name: layer.flops / samples.seconds(name) * 1e-9 for name in samples.rounds if name != COPY},
        "peak_gflops": peak * 1e-9,
        "bound": "memory" if memory > compute else "compute",
        "roof_seconds": max(compute, memory),
        "roof_percent": 100 * max(compute, memory) / ours,
    }
