"""How a layer's settings become tuples: once, in the constructor, before any check."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["_reverse_repeat_tuple", "_single"]


def _single(value: Any) -> tuple[Any, ...]:
    """(value,), or the elements of value where it has some: any kind, any number of them, as in PyTorch."""
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _reverse_repeat_tuple(values: tuple[Any, ...], times: int) -> tuple[Any, ...]:
    """F.pad's order, which names the last dimension first: (1, 2) repeated twice -> (2, 2, 1, 1)."""
    return tuple(value for value in reversed(values) for _ in range(times))
