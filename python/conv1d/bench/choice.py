"""Is the family that the estimates choose the fastest one? Every family is timed on every layer, by name, in C++."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Sequence
from typing import Any

from conv1d import _C

from . import layers
from .layers import Layer
from .plans import PlannedLayer
from .promises import CHOICE_MEDIAN, CHOICE_WORST, Promise
from .report import Table, microseconds, times
from .timing import Budget, interleave

LAST_RESORT = "plain"  # never chosen where another family accepts, whatever it costs
HOPELESS, OUT_OF_THE_RACE = 10.0, 3.0  # times the fastest first, then second call: timed no further

TABLE = Table([("layer", -23), ("kind", -9), ("chosen", -11), ("us", 9), ("x best", 7), ("best", -11), ("others", -40)])


def measure(layer: Layer, budget: Budget, fixed_order: bool = False) -> dict[str, Any]:
    data = layers.make_data(layer)
    chosen = PlannedLayer(layer, data, fixed_order=fixed_order)
    name = chosen.plan.kernel
    timed = {name: chosen.timed}
    for family in _C._kernel_names():
        if family in (name, LAST_RESORT):
            continue
        with contextlib.suppress(RuntimeError):  # it does not take this layer
            timed[family] = PlannedLayer(layer, data, family, fixed_order).timed
    seconds = {family: call(1) for family, call in timed.items()}  # touches what has to be touched
    for limit in (HOPELESS, OUT_OF_THE_RACE):
        limit *= min(seconds.values())
        timed = {family: call for family, call in timed.items() if seconds[family] <= limit or family == name}
        seconds |= {family: call(1) for family, call in timed.items()}
    samples = interleave(timed, budget, seconds)
    seconds |= {family: samples.seconds(family) for family in timed}
    best = min(seconds, key=lambda family: seconds[family])
    regret = samples.ratio(name, best).median if best in timed else seconds[name] / seconds[best]
    return {
        "name": layer.name,
        "kind": layer.kind,
        "chosen": name,
        "best": best,
        "times_best": regret,
        "seconds": seconds,
    }


def line(row: dict[str, Any]) -> str:
    others = sorted((s, family) for family, s in row["seconds"].items() if family not in (row["chosen"], row["best"]))
    return TABLE.line(
        [
            row["name"][:23],
            row["kind"],
            row["chosen"],
            microseconds(row["seconds"][row["chosen"]]),
            times(row["times_best"]),
            row["best"] if row["best"] != row["chosen"] else "",
            ", ".join(f"{family} {microseconds(s)}" for s, family in others),
        ]
    )


def promises(rows: Sequence[dict[str, Any]]) -> list[Promise]:
    if not rows:
        return []
    values = [row["times_best"] for row in rows]
    worst = max(rows, key=lambda row: row["times_best"])
    over = sum(value > CHOICE_WORST for value in values)
    detail = f"{worst['name']}: {worst['chosen']} for {worst['best']}; {over} of {len(rows)} over"
    return [
        Promise("choice: median, times the best family", statistics.median(values), CHOICE_MEDIAN, False, "x"),
        Promise("choice: worst, times the best family", worst["times_best"], CHOICE_WORST, False, "x", detail),
    ]
