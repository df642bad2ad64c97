"""What the library promises, and whether a run kept it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .peers import OURS, PYTORCH
from .timing import geometric_mean

Pair = tuple[float, float]  # on a machine with AVX2, with AVX-512


def both(value: float) -> Pair:
    return value, value


@dataclass(frozen=True)
class Threshold:
    """The ratio to the faster peer that a kind must reach: its geometric mean, its worst row; and PyTorch's alone."""

    mean: Pair | None = None
    row: Pair | None = None
    pytorch: Pair | None = None


THRESHOLDS = {
    "dense3": Threshold((1.5, 1.35), (1.2, 1.05)),
    "dense5": Threshold((1.9, 1.6), (1.05, 1.0)),
    "long": Threshold((10, 7), (3.5, 2.5)),
    "few": Threshold((1.3, 1.2), (1.1, 1.0)),
    "grouped": Threshold((1.25, 1.15), both(1.0)),
    "strided": Threshold((1.12, 1.08), both(0.97)),
    "few-in": Threshold((1.5, 1.4), both(1.0)),
    "few-out": Threshold((2.3, 2.0)),
    "pointwise": Threshold((1.02, 1.0), both(0.97)),
    "depthwise": Threshold((2.3, 2.1), (1.5, 1.4)),
    "tiny": Threshold(both(2.7), both(1.5), both(6.0)),
    "complex": Threshold(both(3.0)),
    "double": Threshold(both(1.4)),
    "half": Threshold(both(4.0)),  # where the processor has no bfloat16 unit
}
TOTAL = Threshold((1.55, 1.4), both(0.97), (2.1, 1.8))
HIGHEST_TOTAL = Threshold((1.25, 1.15), both(0.95))
NOT_IN_TOTAL = ("tiny", "long")

COPY_PERCENT = 85.0  # of memory-bound rows
DIRECT_PERCENT: Pair = (90.0, 85.0)  # of direct sums, of the FMA peak
ACCURACY = 2.0  # times PyTorch's error, or below 1e-6 of the largest output
SMALL_ERROR = 1e-6
CHOICE_MEDIAN, CHOICE_WORST = 1.10, 1.25  # times the best family
LENGTHS = 1.05  # 100 lengths in turn, times one length
CALL_SECONDS = 2e-6  # a call from Python, more than from C++


@dataclass(frozen=True)
class Promise:
    """A figure beside its bound; `bound` None: reported only."""

    what: str
    value: float
    bound: float | None
    at_least: bool = True
    unit: str = ""
    detail: str = ""

    @property
    def met(self) -> bool | None:
        if self.bound is None:
            return None
        # NaN keeps no promise.
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def _at(pair: Pair | None, avx512: bool) -> float | None:
    return None if pair is None else pair[avx512]


def of_ratios(
    name: str, rows: Sequence[dict[str, Any]], threshold: Threshold, avx512: bool, kept: bool = True
) -> list[Promise]:
    """Geometric mean and worst row against the faster peer, and the mean against PyTorch."""
    ratios = [(row["ratio"], row["name"]) for row in rows if "ratio" in row]
    if not ratios:
        return []
    worst, where = min(ratios)
    lines = [
        Promise(
            f"{name}: geometric mean",
            geometric_mean(ratio for ratio, _ in ratios),
            _at(threshold.mean, avx512) if kept else None,
            unit="x",
            detail=f"{len(ratios)} layers, the faster peer",
        ),
        Promise(f"{name}: worst row", worst, _at(threshold.row, avx512), unit="x", detail=where),
    ]
    alone = [row["ratios"][PYTORCH]["median"] for row in rows if PYTORCH in row.get("ratios", {})]
    if alone and threshold.pytorch is not None:
        bound = _at(threshold.pytorch, avx512)
        lines.append(Promise(f"{name}: against PyTorch", geometric_mean(alone), bound, unit="x"))
    return lines


def in_total(row: dict[str, Any]) -> bool:
    return row["dtype"] == "float32" and row["kind"] not in NOT_IN_TOTAL


def of_rows(
    rows: Sequence[dict[str, Any]], avx512: bool, has_bfloat16: bool, highest: bool, threads: int = 1
) -> list[Promise]:
    """All promises about layers. With "highest" and with two threads only the totals are promised, or nothing."""
    lines: list[Promise] = []
    promised = not highest and threads == 1
    for kind in dict.fromkeys(row["kind"] for row in rows):
        threshold = THRESHOLDS.get(kind, Threshold()) if promised else Threshold()
        of_kind = [row for row in rows if row["kind"] == kind]
        lines += of_ratios(kind, of_kind, threshold, avx512, kept=kind != "half" or not has_bfloat16)
    total = TOTAL if promised else HIGHEST_TOTAL if highest and threads == 1 else Threshold(pytorch=None)
    lines += of_ratios("all but tiny and long", [row for row in rows if in_total(row)], total, avx512)
    if threads == 1:
        lines += of_roof(rows, avx512)
    return lines + of_accuracy(rows)


def of_roof(rows: Sequence[dict[str, Any]], avx512: bool) -> list[Promise]:
    """The worst memory-bound row, the worst direct one; calls that are all overhead have a promise of their own."""
    lines = []
    there = [row for row in rows if "roof_percent" in row and row["kind"] != "tiny"]
    for what, chosen, bound in (
        ("memory-bound rows: worst, of copying", [r for r in there if r["bound"] == "memory"], COPY_PERCENT),
        (
            "direct sums: worst, of the FMA peak",
            [r for r in there if r["bound"] == "compute" and r["kernel"] == "direct"],
            DIRECT_PERCENT[avx512],
        ),
    ):
        if chosen:
            worst = min(chosen, key=lambda row: row["roof_percent"])
            below = sum(row["roof_percent"] < bound for row in chosen)
            detail = f"{worst['name']}; {below} of {len(chosen)} below"
            if "copy_percent" in worst:
                detail += f"; {worst['copy_percent']:.0f} % of a copy timed beside it"
            lines.append(Promise(what, worst["roof_percent"], bound, unit="%", detail=detail))
    return lines


def accuracy(row: dict[str, Any]) -> float | None:
    """How many times PyTorch's error ours is; errors below SMALL_ERROR count as kept."""
    errors = row.get("errors", {})
    if OURS not in errors or PYTORCH not in errors:
        return None
    small = SMALL_ERROR if row["dtype"] in ("float32", "complex64") else 1e-15
    return float(errors[OURS] / max(errors[PYTORCH], small / ACCURACY))


def of_accuracy(rows: Sequence[dict[str, Any]]) -> list[Promise]:
    lines = []
    found = [(value, row["name"]) for row in rows if (value := accuracy(row)) is not None]
    if found:
        worst, where = max(found)
        what = "largest error, times PyTorch's"
        lines.append(Promise(what, worst, ACCURACY, at_least=False, unit="x", detail=where))
    wrong = [row["name"] for row in rows if row.get("error") is not None]
    lines.append(Promise("wrong results", len(wrong), 0, at_least=False, detail=", ".join(wrong)))
    return lines
