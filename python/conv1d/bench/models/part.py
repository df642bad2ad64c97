"""The part of a run that measures models: which, on how many threads, and what is said meanwhile."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..machine import QUIET_LOAD, Machine
from ..promises import Promise
from ..report import Progress, say, times
from ..rows import Settings
from ..timing import geometric_mean
from . import measure, promises, table, zoo
from .contenders import ACCELERATED, COMPILED, FUSED, torch_and_door

Row = dict[str, Any]


def thread_counts(asked: int, quick: bool, load: float, cores: int) -> tuple[tuple[int, ...], str | None]:
    """On how many threads models are measured, one after the other; and what is left out, and why."""
    if asked > 1:
        return (asked,), None  # that the machine is quiet was seen to already
    if quick:
        return (1,), "models: two threads are left out of a quick run"
    if cores < 2:
        return (1,), "models: two threads are left out: there is one core"
    if not load < QUIET_LOAD:
        text = f"a quiet machine only (load below {QUIET_LOAD}); when the run began it was {load:.2f}"
        return (1,), f"models: two threads are measured on {text}"
    return (1, 2), None


def mean_line(rows: list[Row]) -> str:
    """The geometric means of what was measured right."""
    there = [row for row in rows if "ratio" in row]
    parts = []
    for name, title in ((ACCELERATED, "ours"), (FUSED, "fused"), (COMPILED, "torch.compile")):
        ratios = [row["ratios"][name]["median"] for row in there if name in row["ratios"]]
        if ratios:
            parts.append(f"{title} {times(geometric_mean(ratios))} ({len(ratios)} models)")
    return "geometric mean, times plain PyTorch's speed: " + (", ".join(parts) or "nothing was measured")


def _measure_all(chosen: list[zoo.Model], settings: Settings, extras: bool) -> list[Row]:
    """The rows of one table. `extras`: torch.compile and memory as well."""
    clock = "processor time of the thread" if settings.threads == 1 else "time of the wall"
    say(f"\nmodels of transformers {zoo.versions()['transformers']}, threads: {settings.threads}, by the {clock}")
    say(table.TABLE.header())
    progress = Progress("models", len(chosen))
    rows = []
    for model in chosen:

        def told(what: str, long: bool = False, name: str = model.name) -> None:
            progress.at(f"{name}: {what}", long)

        rows.append(measure.measure(model, settings, told, extras and model.compiled, extras))
        progress.step()
        progress.clear()
        for text in table.lines(rows[-1]):
            say(text)
    say(mean_line(rows))
    return rows


def run(
    chosen: list[zoo.Model], quick: bool, threads: int, seconds: float | None, machine: Machine
) -> tuple[Row, list[Promise]]:
    """What stands in the JSON, and the promises. `seconds`: another budget for a row."""
    torch, _ = torch_and_door()
    before = torch.get_num_threads()
    budget = measure.QUICK if quick else measure.FULL
    if seconds is not None:
        budget = dataclasses.replace(budget, seconds=seconds)
    counts, left_out = thread_counts(threads, quick, machine.load, machine.cores)
    rows: list[Row] = []
    try:
        for count in counts:
            # Compiling and memory take long, and one column of each is enough.
            rows += _measure_all(chosen, Settings(budget, quick, count), extras=not quick and count == counts[0])
    finally:
        torch.set_num_threads(before)
    say(table.EXPLANATION)
    if left_out is not None:
        say(left_out)
    found = {"versions": zoo.versions(), "threads": list(counts), "left_out": left_out, "rows": rows}
    return found, promises.of_rows(rows, machine.has_avx512)
