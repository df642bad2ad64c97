"""The models as lines of text."""

from __future__ import annotations

from typing import Any

from ..report import Table, size, times
from .contenders import ACCELERATED, COMPILED, FUSED, PLAIN

TABLE = Table(
    [
        ("model", -16),
        ("threads", 7),
        ("ms plain", 9),
        ("ours", 8),
        ("fused", 8),
        ("x faster", 8),
        ("quartiles", 11),
        ("fused", 6),
        ("compile", 8),
        ("conv%", 5),
        ("transp%", 7),
        ("distance", 8),
        ("layers", 7),
        ("fusions", 7),
        ("first ms", 10),
        ("kept", 6),
        ("extra memory", 13),
    ]
)

EXPLANATION = """\
ms: plain PyTorch, accelerate(), accelerate(fuse=True); x faster: plain over ours, then over fused and torch.compile.
conv%, transp%: the part of the plain model's time in its Conv1d and ConvTranspose1d layers, by hooks around each.
distance: of outputs, relative to the largest value. layers: those that we serve, of all convolutions. fusions: those of
fuse=True. first ms: the first call, plain/ours. kept: bytes that our layers keep between calls. extra memory: what the
process grows by during calls at most, plain/ours, each in a process of its own with the default heap."""


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:.1f}"


def percent(part: float) -> str:
    return f"{100 * part:.0f}"


def line(row: dict[str, Any]) -> str:
    if row.get("error"):
        return f"{row['name']:<16} {row['threads']:>7} WRONG: {row['error']}"
    seconds, ratios = row["seconds"], row["ratios"]
    ours = ratios[ACCELERATED]
    extra = row.get("extra_bytes", {})
    return TABLE.line(
        [
            row["name"],
            str(row["threads"]),
            milliseconds(seconds[PLAIN]),
            milliseconds(seconds[ACCELERATED]),
            milliseconds(seconds.get(FUSED)),
            times(ours["median"]),
            f"{times(ours['low'])}-{times(ours['high'])}",
            times(ratios.get(FUSED, {}).get("median")),
            "failed" if "compile_error" in row else times(ratios.get(COMPILED, {}).get("median")),
            percent(row["shares"]["Conv1d"]),
            percent(row["shares"]["ConvTranspose1d"]),
            f"{row['distances'][ACCELERATED]:.1e}",
            f"{row['replaced']}/{row['layers']}",
            str(row.get("fusions", "-")),
            "/".join(f"{1e3 * row['first_seconds'][name]:.0f}" for name in (PLAIN, ACCELERATED)),
            size(row["kept_bytes"]),
            f"{size(extra.get(PLAIN))}/{size(extra.get(ACCELERATED))}" if extra else "-",
        ]
    )


def lines(row: dict[str, Any]) -> list[str]:
    """The row, and what beside it failed."""
    failed = (("torch.compile", "compile_error"), ("measuring memory", "memory_error"))
    return [line(row), *(f"   {what} failed: {row[key]}" for what, key in failed if key in row)]
