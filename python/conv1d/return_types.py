"""Named results of functions that return two tensors."""

from __future__ import annotations

from typing import Any, NamedTuple


def _text(name: str, result: Any) -> str:
    return f"torch.return_types.{name}(\nvalues={result.values!r},\nindices={result.indices!r})"


class max(NamedTuple):
    """What ``max`` along a dimension returns."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        return _text("max", self)


class min(NamedTuple):
    """What ``min`` along a dimension returns."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        return _text("min", self)
