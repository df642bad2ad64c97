"""What is promised of whole models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..promises import Pair, Promise, both
from ..timing import geometric_mean

Row = dict[str, Any]

# Times plain PyTorch's speed, on one thread with kept memory: on a machine with AVX2, with AVX-512.
RATIOS: dict[str, Pair] = {
    "SpeechT5HifiGan": (2.2, 1.8),
    "VitsModel": (2.0, 1.6),
    "DacModel": (1.7, 1.5),
    "EncodecModel": (1.18, 1.12),
    "MimiModel": (1.18, 1.12),
    "Wav2Vec2Model": (1.12, 1.1),
    "WhisperEncoder": both(0.99),  # not slower
}
MEAN: Pair = (1.4, 1.28)

# With fuse=True no model is slower than without. Two copies of one model differ by a per cent or two in every round,
# by where their weights lie; so slower means: by more than this, in more than three quarters of all rounds.
FUSED_GAIN = 0.98
TWO_THREADS = 0.9  # of the ratio on one thread


def of_rows(rows: Sequence[Row], avx512: bool) -> list[Promise]:
    """All promises about models."""
    single = [row for row in rows if row["threads"] == 1]
    lines = _of_ratios(single, avx512) + _of_fusion(rows) + _of_two_threads(rows)
    wrong = [row["name"] for row in rows if row.get("error") is not None]
    return [*lines, Promise("models: wrong results", len(wrong), 0, at_least=False, detail=", ".join(wrong))]


def _of_ratios(rows: Sequence[Row], avx512: bool) -> list[Promise]:
    there = [row for row in rows if "ratio" in row]
    lines = [
        Promise(f"models: {row['name']}", row["ratio"], RATIOS[row["name"]][avx512], unit="x")
        for row in there
        if row["name"] in RATIOS
    ]
    if there:
        mean = geometric_mean(row["ratio"] for row in there)
        complete = {row["name"] for row in rows} >= set(RATIOS)
        # Of a choice of models nothing was promised. A wrong model counts as missing, and is a miss of its own.
        lines.append(
            Promise(
                "models: geometric mean",
                mean,
                MEAN[avx512] if complete else None,
                unit="x",
                detail=f"{len(there)} of {len(RATIOS)} models",
            )
        )
    return lines


def _of_fusion(rows: Sequence[Row]) -> list[Promise]:
    """The upper quartile of the gain: what three quarters of the rounds stay below."""
    there = [row for row in rows if "fused_gain" in row]
    if not there:
        return []
    worst = min(there, key=lambda row: row["fused_gain"]["high"])
    detail = f"{worst['name']}, {worst['threads']} threads" if worst["threads"] > 1 else worst["name"]
    if not worst["fusions"]:
        detail += ", where nothing is fused: the same program twice"
    what = "models: fuse=True, worst upper quartile"
    return [Promise(what, worst["fused_gain"]["high"], FUSED_GAIN, unit="x", detail=detail)]


def _of_two_threads(rows: Sequence[Row]) -> list[Promise]:
    """The ratio on two threads over that on one: the worst model."""
    alone = {row["name"]: row["ratio"] for row in rows if row["threads"] == 1 and "ratio" in row}
    found = [
        (row["ratio"] / alone[row["name"]], row["name"])
        for row in rows
        if row["threads"] > 1 and row["name"] in alone and row.get("ratio", math.nan) > 0
    ]
    if not found:
        return []
    worst, where = min(found)
    return [Promise("models: two threads' ratio, of one thread's", worst, TWO_THREADS, unit="x", detail=where)]
