"""The default generator of random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from . import _C

default_generator = _C._default_generator()


def manual_seed(seed: Any) -> _C.Generator:
    """Seeds the default generator and returns it."""
    return _C._manual_seed(int(seed))


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The default generator's state: bytes, laid out as PyTorch's."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Has the default generator go on where that of `new_state` stood."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **others: Any) -> Iterator[None]:
    """What is drawn inside leaves the default generator as if nothing had been drawn."""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def seed() -> int:
    """Seeds the default generator at random and returns the seed."""
    return default_generator.seed()


__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]
