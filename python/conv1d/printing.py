"""Print options. They are kept as they were given: like PyTorch, a wrong one only fails when something is printed."""

from __future__ import annotations

from typing import Any

from . import _C

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = dict(_PROFILES["default"])
_usable = True


def set_printoptions(
    precision: Any = None,
    threshold: Any = None,
    edgeitems: Any = None,
    linewidth: Any = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Digits, number of elements before summarising, elements shown at each end, columns, and scientific notation."""
    global _usable
    if profile is not None:
        _options.update(_PROFILES.get(profile, {}))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})
    try:
        _C._set_print_options(**_options, sci_mode=sci_mode)
        _usable = _options["precision"] >= 0
    except TypeError:
        _usable = False


def text_of(tensor: Any) -> str:
    """repr(tensor)."""
    if not _usable:
        _fail(tensor)
    return _C._to_string(tensor)


def _fail(tensor: Any) -> None:
    """Do with the options what PyTorch does, so that Python complains of them in the same words."""
    if tensor.numel() > _options["threshold"]:
        range(_options["edgeitems"])
    format(1.5, f".{_options['precision']}f")
    _options["linewidth"] - 1
    range(_options["edgeitems"])
