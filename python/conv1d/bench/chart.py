"""A bar chart as SVG text: how many times the faster peer's speed each layer has, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from .peers import TITLES

WIDTH, LABELS, RIGHT, BAR, HEAD = 900, 210, 90, 15, 46
WIN, LOSS, GRID, TEXT = "#2f6f9f", "#c0563b", "#d0d0d0", "#222222"


def ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... within the scale."""
    found = [m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5)]
    return [tick for tick in found if low <= tick <= high]


def bars(entries: Sequence[tuple[str, float, str]], title: str) -> str:
    """`entries`: a label, a ratio, a note behind the bar. Bars begin at 1: to the right faster, to the left slower."""
    values = [value for _, value, _ in entries]
    low, high = min([0.5, *values]) * 0.95, max([2.0, *values]) * 1.05
    scale = (WIDTH - LABELS - RIGHT) / math.log(high / low)

    def at(value: float) -> float:
        return LABELS + scale * math.log(value / low)

    height = HEAD + BAR * len(entries) + 12
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="8" y="16" font-size="13" fill="{TEXT}">{escape(title)}</text>',
    ]
    for tick in ticks(low, high):
        x = at(tick)
        colour = TEXT if tick == 1 else GRID
        lines.append(f'<line x1="{x:.1f}" y1="{HEAD - 8}" x2="{x:.1f}" y2="{height - 8}" stroke="{colour}"/>')
        lines.append(f'<text x="{x:.1f}" y="{HEAD - 12}" text-anchor="middle" fill="{TEXT}">{tick:g}x</text>')
    for number, (label, value, note) in enumerate(entries):
        y = HEAD + BAR * number
        begin, end = sorted((at(1.0), at(value)))
        colour = WIN if value >= 1 else LOSS
        base = y + BAR - 5
        lines.append(f'<text x="{LABELS - 6}" y="{base}" text-anchor="end" fill="{TEXT}">{escape(label)}</text>')
        lines.append(
            f'<rect x="{begin:.1f}" y="{y + 2}" width="{max(end - begin, 0.5):.1f}" height="{BAR - 4}" '
            f'fill="{colour}"/>'
        )
        lines.append(f'<text x="{end + 4:.1f}" y="{base}" fill="{TEXT}">{value:.2f} {escape(note)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def of_models(rows: Sequence[dict[str, Any]]) -> str:
    entries = [(row["name"], row["ratio"], "") for row in rows if row["threads"] == 1 and "ratio" in row]
    return bars(entries, "accelerated models, times the speed of plain PyTorch (one core)")


def of_rows(rows: Sequence[dict[str, Any]]) -> str:
    entries = [(row["name"], row["ratio"], TITLES[row["faster"]]) for row in rows if row.get("ratio")]
    return bars(entries, "conv1d, times the speed of the faster peer (one core)")
