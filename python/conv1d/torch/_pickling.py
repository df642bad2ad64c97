"""Pickles that need no conv1d: where it is absent, an accelerated layer loads as the plain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class _Located:
    """Pickles as a search for conv1d.torch, which finds None where it is not installed."""

    def __reduce__(self) -> Any:
        import pydoc

        return pydoc.locate, ("conv1d.torch",)


class Revival:
    """What makes a hook, or a state with one. Pickles as `getattr(conv1d.torch or None, name, plain)`, all of it the
    standard library's: plain returns what there would be if there had never been a hook."""

    def __init__(self, name: str, plain: Callable[[Any], Any], make: Callable[[Any], Any]) -> None:
        self._name = name
        self._plain = plain
        self._make = make

    def __call__(self, argument: Any) -> Any:
        return self._make(argument)

    def __reduce__(self) -> Any:
        return getattr, (_Located(), self._name, self._plain)
