"""Print options. They are kept as they were given: like PyTorch, a wrong one only fails when something is printed."""

from __future__ import annotations

import math
from typing import Any

from . import _C

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = dict(_PROFILES["default"])
_LARGEST = 2**63 - 1


def set_printoptions(
    precision: Any = None,
    threshold: Any = None,
    edgeitems: Any = None,
    linewidth: Any = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Digits, number of elements before summarising, elements shown at each end, columns, and scientific notation."""
    if profile is not None:
        _options.update(_PROFILES.get(profile, {}))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})
    _C._set_print_options(
        precision=_whole(_options["precision"], otherwise=-1) if type(_options["precision"]) is int else -1,
        threshold=_options["threshold"] if _is_number(_options["threshold"]) else 1000,
        edgeitems=_whole(_options["edgeitems"], otherwise=3),
        linewidth=_whole(_options["linewidth"], otherwise=80, floor=True),
        sci_mode=sci_mode,
    )


def text_of(tensor: Any) -> str:
    """repr(tensor)."""
    if tensor.numel() > 0 and not tensor.is_meta:
        _complain(tensor)
    name = type(tensor).__name__  # of a user's class of tensors it stands before the numbers
    try:
        return _C._to_string(tensor, "tensor" if name in ("Tensor", "Parameter") else name)
    except ValueError:
        # A precision that is none. Python says what is wrong with it, as it does to PyTorch.
        format(1.5, f".{_options['precision']}f")
        raise


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _whole(value: Any, otherwise: int, floor: bool = False) -> int:
    """The integer that stands for an option's value; `otherwise` for what is none."""
    if isinstance(value, float) and (floor or value.is_integer()) and math.isfinite(value):
        value = math.floor(value)
    if not isinstance(value, int):
        return otherwise
    return max(-_LARGEST, min(value, _LARGEST))


def _complain(tensor: Any) -> None:
    """Do with options of a wrong kind what PyTorch does, where it does, so that Python complains in the same words."""
    if tensor.numel() > _options["threshold"] and tensor.dim() > 0:
        edge = _options["edgeitems"]
        if not isinstance(edge, int) and tensor.size(0) > 2 * edge:
            _ = [][:edge] if tensor.dim() == 1 else range(edge)
        if isinstance(edge, int) and edge < 0 and tensor.dim() > 1:
            _C.stack([])  # nothing is left to stack
    if tensor.dim() > 0:
        math.floor(_options["linewidth"] - 1)
