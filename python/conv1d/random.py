"""The default generator of random numbers."""

from __future__ import annotations

from typing import Any

from . import _C

default_generator = _C._default_generator()


def manual_seed(seed: Any) -> _C.Generator:
    """Seeds the default generator and returns it."""
    return _C._manual_seed(int(seed))


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def seed() -> int:
    """Seeds the default generator at random and returns the seed."""
    return default_generator.seed()


__all__ = ["default_generator", "initial_seed", "manual_seed", "seed"]
