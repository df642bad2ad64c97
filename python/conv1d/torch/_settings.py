"""A layer's settings as the kernels take them."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from .. import _C


class Settings(NamedTuple):
    stride: int
    pad_left: int
    pad_right: int
    dilation: int
    groups: int
    output_padding: int = 0
    transposed: bool = False


def bias_grad(grad: torch.Tensor) -> torch.Tensor:
    """A bias's gradient from the output's, batched or not."""
    return grad.sum((0, 2) if grad.dim() == 3 else 1)


# Numbers beyond these are never served, and PyTorch has texts for them.
_MOST = 1 << 62


def number(value: Any) -> int | None:
    """An int, or the one in a tuple: what cannot change while it is the same object. None for anything else."""
    if type(value) is tuple and len(value) == 1:
        value = value[0]
    return value if type(value) is int and -_MOST < value < _MOST else None


def read(
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    kernel_size: int,
    output_padding: Any = 0,
    transposed: bool = False,
) -> Settings | None:
    """None where PyTorch is to answer: settings that are unusual, or in error."""
    s, d, g, o = number(stride), number(dilation), number(groups), number(output_padding)
    if s is None or d is None or g is None or o is None or type(groups) is not int:
        return None
    if type(padding) is str and not transposed:
        if padding == "valid":
            return Settings(s, 0, 0, d, g)
        total = d * (kernel_size - 1)
        if padding != "same" or s != 1 or not 0 <= total < _MOST:
            return None
        return Settings(s, total // 2, total - total // 2, d, g)
    p = number(padding)
    return None if p is None else Settings(s, p, p, d, g, o, transposed)


def renewed(ours: _C.GuestLayer | None, settings: Settings | None) -> _C.GuestLayer | None:
    """The layer of ours for a layer's settings of now. One for others gives back what it kept."""
    if ours is not None:
        if ours.settings == settings:
            return ours
        ours.clear()  # a recorded graph may hold it for long
    return None if settings is None else _C.GuestLayer(*settings)


def no_attribute(module: Any, names: tuple[str, ...]) -> str | None:
    """The first of these that is not among an object's attributes: missing, its class's, or a property."""
    for name in names:
        if name not in module.__dict__ or hasattr(type(getattr(type(module), name, None)), "__set__"):
            return name
    return None


_warned = False


def warn_uneven() -> None:
    """PyTorch's warning about an even kernel under padding="same", by PyTorch itself: once, or always if asked."""
    global _warned
    if _warned and not torch.is_warn_always_enabled():
        return
    _warned = True
    one = torch.zeros(1, 1, 2)
    torch.conv1d(one, one, padding="same")
