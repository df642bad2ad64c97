"""One model, all contenders: first the same numbers, then the times."""

from __future__ import annotations

import contextlib
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import conv1d

from ..rows import Settings
from ..timing import Budget, Samples, interleave, looped
from . import memory
from .agreement import distance, verdict
from .contenders import (
    ACCELERATED,
    COMPILED,
    FUSED,
    PLAIN,
    Contender,
    accelerated,
    compiled,
    plain,
    served,
    torch_and_door,
)
from .zoo import Model

Row = dict[str, Any]
Told = Callable[..., None]  # what is done now, and whether it takes long

# Models take from 20 ms to seconds: nobody is so slow that one call would stand for all rounds.
FULL = Budget(15.0, min_rounds=7, max_rounds=61, sample_seconds=20e-3, slow_seconds=math.inf)
QUICK = Budget(1.5, min_rounds=3, max_rounds=15, sample_seconds=10e-3, slow_seconds=math.inf)

SHARE_ROUNDS = 3
KEPT_LIMIT = 1 << 30  # what all layers of a process keep together, unless conv1d.set_kept_memory says otherwise


@contextlib.contextmanager
def _room_for(contenders: int) -> Iterator[None]:
    """Each accelerated copy keeps what it would keep if it were alone in its process."""
    conv1d.set_kept_memory(contenders * KEPT_LIMIT)
    try:
        yield
    finally:
        conv1d.set_kept_memory(KEPT_LIMIT)


def layer_kinds() -> dict[str, Any]:
    torch, _ = torch_and_door()
    return {"Conv1d": torch.nn.Conv1d, "ConvTranspose1d": torch.nn.ConvTranspose1d}


def shares(made: Contender, clock: Callable[[], int]) -> dict[str, float]:
    """The part of the plain model's time that its Conv1d and its ConvTranspose1d layers take.

    By hooks around each layer, in calls that serve nothing else; a layer's parametrizations count as its own.
    """
    kinds = layer_kinds()
    either: Any = tuple(kinds.values())
    spent: dict[str, int] = {}
    began: list[int] = []

    def before(*_: Any) -> None:
        began.append(clock())

    def after(layer: Any, *_: Any) -> None:
        ended = clock()
        kind = next(kind for kind, of in kinds.items() if isinstance(layer, of))
        spent[kind] += ended - began.pop()

    handles: list[Any] = []
    for layer in made.module.modules():
        if isinstance(layer, either):
            # First of all hooks: weight_norm in its older style is one, and part of the layer.
            handles += [layer.register_forward_pre_hook(before, prepend=True), layer.register_forward_hook(after)]
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    try:
        for _ in range(SHARE_ROUNDS):
            spent |= dict.fromkeys(kinds, 0)
            begin = clock()
            made.call()
            whole = max(1, clock() - begin)
            for kind, values in found.items():
                values.append(spent[kind] / whole)
    finally:
        for handle in handles:
            handle.remove()
    return {kind: statistics.median(values) for kind, values in found.items()}


def first_call(call: Callable[[], Any], clock: Callable[[], int]) -> tuple[float, Any]:
    begin = clock()
    result = call()
    return (clock() - begin) * 1e-9, result


def _without_onednn(made: Contender) -> Any:
    torch, _ = torch_and_door()
    with torch.backends.mkldnn.flags(enabled=False):
        return made.call()


def _compile(made: Contender, folder: str, expected: Any, row: Row) -> Callable[[], Any] | None:
    """The compiled call, or None where that fails; the row says why, how long it took, and how far off it is."""
    try:
        call = compiled(made, folder)
        # By the wall: other processes compile.
        row["compile_seconds"], result = first_call(call, time.perf_counter_ns)
        row["distances"][COMPILED] = distance(result, expected)
    except Exception as error:  # of whatever kind: the compiler is another program, and this row is for orientation
        row["compile_error"] = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return None
    return call


def measure(model: Model, settings: Settings, told: Told, compile_too: bool = False, memory_too: bool = False) -> Row:
    """The row of one model, as it stands in the JSON."""
    torch, door = torch_and_door()
    told("making")
    made = {PLAIN: plain(model, settings.threads)}
    for name in served():
        made[name] = accelerated(made[PLAIN], fuse=name == FUSED)
    ours = made[ACCELERATED]
    row: Row = {
        "name": model.name,
        "about": model.about,
        "threads": settings.threads,
        "replaced": ours.replaced,
        "layers": ours.replaced + ours.left,
    }
    if FUSED in made:
        row["fusions"] = made[FUSED].fusions
    with torch.inference_mode(), _room_for(len(made) - 1), tempfile.TemporaryDirectory() as folder:
        first, results = {}, {}
        for name, contender in made.items():
            told(f"first call, {name}")
            first[name], results[name] = first_call(contender.call, settings.clock)
        expected = results.pop(PLAIN)
        row["first_seconds"] = dict(first)
        row["distances"] = {name: distance(result, expected) for name, result in results.items()}
        told("without oneDNN")
        row["allowed"], row["error"] = verdict(
            row["distances"], lambda: distance(_without_onednn(made[PLAIN]), expected)
        )
        del results
        if row["error"] is not None:
            return row
        told("shares of layers")
        row["shares"] = shares(made[PLAIN], settings.clock)
        calls = {name: contender.call for name, contender in made.items()}
        if compile_too:
            told("torch.compile", long=True)
            call = _compile(made[PLAIN], folder, expected, row)
            if call is not None:
                calls[COMPILED], first[COMPILED] = call, row["compile_seconds"]
        timed = {name: looped(call, settings.clock) for name, call in calls.items()}
        samples = interleave(timed, settings.budget, first, lambda: told("timing"))
        # Before the bound is the usual one again: two copies may be beyond it.
        kept = conv1d.kept_memory()
        door.restore(ours.module)
        row["kept_bytes"] = kept - conv1d.kept_memory()
    row |= summarise(samples)
    if memory_too:
        told("memory")
        _add_memory(model, settings.threads, row)
    return row


def _add_memory(model: Model, threads: int, row: Row) -> None:
    """What plain and accelerated need, or why it was not found: other processes may be killed where memory is short."""
    try:
        found = {name: memory.in_child(model, name, threads) for name in (PLAIN, ACCELERATED)}
    except RuntimeError as error:
        row["memory_error"] = str(error)
    else:
        row["extra_bytes"] = {name: entry["extra_bytes"] for name, entry in found.items()}


def summarise(samples: Samples) -> Row:
    """Medians, how many times the plain model takes, and what fusion gains."""
    others = [name for name in samples.rounds if name != PLAIN]
    row: Row = {
        "rounds": max(map(len, samples.rounds.values())),
        "seconds": {name: samples.seconds(name) for name in samples.rounds},
        "ratios": {name: samples.ratio(PLAIN, name)._asdict() for name in others},
    }
    row["ratio"] = row["ratios"][ACCELERATED]["median"]
    if FUSED in samples.rounds:
        row["fused_gain"] = samples.ratio(ACCELERATED, FUSED)._asdict()
    return row
