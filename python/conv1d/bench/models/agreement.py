"""Whether an accelerated model answers as the plain one does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

AGREES = 1e-4  # of the largest value
TIMES_OWN = 3.0  # or so many times the distance between PyTorch with and without oneDNN


def distance(result: Any, expected: Any) -> float:
    """The largest difference between two tensors, relative to the largest value; inf where shapes differ."""
    if result.shape != expected.shape:
        return math.inf
    return float((result - expected).abs().max() / expected.abs().max())


def verdict(distances: Mapping[str, float], own: Callable[[], float]) -> tuple[float, str | None]:
    """The distance that is allowed, and what is wrong, if anything.

    `own` computes PyTorch's distance to itself, which takes long: it is asked only where the plain bound is exceeded.
    Written so that NaN is wrong.
    """
    allowed = AGREES
    if not all(value <= AGREES for value in distances.values()):
        between = own()
        if math.isfinite(between):
            allowed = max(AGREES, TIMES_OWN * between)
    for name, value in distances.items():
        if not value <= allowed:
            what = "the shape" if value == math.inf else f"{value:.1e} of the largest value"
            return allowed, f"{name} differs from plain PyTorch by {what}; {allowed:.1e} is allowed"
    return allowed, None
