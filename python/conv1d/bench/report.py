"""What a run says while it goes on, and at its end: progress, tables, JSON."""

from __future__ import annotations

import json
import math
import pathlib
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from .peers import ONNX, OURS, PYTORCH
from .promises import Promise, accuracy

SILENCE_SECONDS = 10.0  # where nobody watches a bar move, a line so often


def say(text: str = "", stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    stream.write(text + "\n")
    stream.flush()


class Progress:
    """A bar on a terminal; elsewhere a line every ten seconds. On stderr, so that tables can be redirected."""

    def __init__(self, title: str, total: int, stream: TextIO | None = None) -> None:
        self.title, self.total, self.done = title, total, 0
        self.stream = stream or sys.stderr
        self.watched = self.stream.isatty()
        self.begin = self.last = time.monotonic()

    def at(self, what: str, long: bool = False) -> None:
        """Says what is measured now; where nobody watches at once if it takes long, else when it is time for a line."""
        now = time.monotonic()
        left = ""
        if self.done:
            left = f", {(now - self.begin) / self.done * (self.total - self.done):.0f} s left"
        if self.watched:
            full = 24 * self.done // max(1, self.total)
            bar = "#" * full + "." * (24 - full)
            self.stream.write(f"\r\x1b[K[{bar}] {self.title} {self.done}/{self.total}{left}  {what}")
            self.stream.flush()
        elif long or now - self.last >= SILENCE_SECONDS:
            self.last = now
            say(f"   {self.title} {self.done}/{self.total}, {now - self.begin:.0f} s{left}: {what}", self.stream)

    def step(self) -> None:
        self.done += 1

    def clear(self) -> None:
        """Makes room for a line of the table."""
        if self.watched:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


class Table:
    """Columns of fixed width, so that each line can be printed when it is measured. A width below 0: to the left."""

    def __init__(self, columns: Sequence[tuple[str, int]]) -> None:
        self.columns = columns

    def line(self, values: Sequence[str]) -> str:
        cells = []
        for (_, width), value in zip(self.columns, values, strict=True):
            cells.append(value.ljust(-width) if width < 0 else value.rjust(width))
        return " ".join(cells).rstrip()

    def header(self) -> str:
        return self.line([title for title, _ in self.columns])


def microseconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    value = seconds * 1e6
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def times(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def size(count: float | None) -> str:
    if count is None:
        return "-"
    return f"{count / 1024:.0f}K" if count < 10 << 20 else f"{count / (1 << 20):.0f}M"


LAYER_TABLE = Table(
    [
        ("layer", -23),
        ("kind", -9),
        ("us", 9),
        ("PyTorch", 9),
        ("ORT", 9),
        ("x faster", 8),
        ("quartiles", 11),
        ("x PyTorch", 9),
        ("GF/s", 6),
        ("roof%", 5),
        ("error", 7),
        ("xPyT", 5),
        ("kernel", -11),
        ("scratch", 7),
        ("kept", 6),
    ]
)


def layer_line(row: dict[str, Any]) -> str:
    if row.get("error"):
        return f"{row['name']:<23} {row['kind']:<9} WRONG: {row['error']}"
    seconds, ratios = row["seconds"], row.get("ratios", {})
    best = ratios.get(row.get("faster"), {})
    return LAYER_TABLE.line(
        [
            row["name"][:23],
            row["kind"],
            microseconds(seconds.get(OURS)),
            microseconds(seconds.get(PYTORCH)),
            microseconds(seconds.get(ONNX)),
            times(row.get("ratio")),
            f"{times(best.get('low'))}-{times(best.get('high'))}" if best else "-",
            times(ratios.get(PYTORCH, {}).get("median")),
            f"{row['gflops'][OURS]:.1f}" if "gflops" in row else "-",
            f"{row['roof_percent']:.0f}" if "roof_percent" in row else "-",
            f"{row['errors'][OURS]:.1e}" if OURS in row.get("errors", {}) else "-",
            times(accuracy(row)),
            row.get("kernel", "-"),
            size(row.get("scratch_bytes")),
            size(row.get("kept_bytes")),
        ]
    )


def promise_line(promise: Promise) -> str:
    verdict = {True: "met", False: "MISSED", None: ""}[promise.met]
    bound = "" if promise.bound is None else f"{'>=' if promise.at_least else '<='} {promise.bound:g}{promise.unit}"
    value = f"{promise.value:.3g}{promise.unit}"
    return f"{promise.what:<46} {value:>9} {bound:>10} {verdict:<6} {promise.detail}".rstrip()


def say_promises(promises: Sequence[Promise]) -> None:
    for promise in promises:
        say(promise_line(promise))
    missed = sum(promise.met is False for promise in promises)
    asked = sum(promise.met is not None for promise in promises)
    say(f"{asked - missed} of {asked} promises met" + (f", {missed} MISSED" if missed else ""))


def write_json(path: pathlib.Path, report: dict[str, Any]) -> None:
    path.write_text(json.dumps(report, indent=1) + "\n")
