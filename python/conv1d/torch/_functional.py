"""conv1d and conv_transpose1d with PyTorch's arguments, for weights that belong to no layer."""

from __future__ import annotations

from typing import Any

import torch

from .. import _C
from . import _call, _operators
from ._settings import Settings, read, warn_uneven

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling


def _run(settings: Settings, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor | None:
    if _compiling():
        if not _operators.is_served(settings, input, weight, bias):
            return None
        if settings.transposed:
            return torch.ops.conv1d.conv_transpose1d(input, weight, bias, *settings[:6])
        return torch.ops.conv1d.conv1d(input, weight, bias, *settings[:5])
    if type(weight) not in (Tensor, torch.nn.Parameter):
        return None
    try:
        layer = _C._torch_recent_layer(weight.data_ptr(), *settings)
    except (RuntimeError, TypeError):  # no memory to point to
        return None
    return _call.run(layer, layer.number, input, weight, bias)


def _conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor | None:
    if not isinstance(weight, Tensor) or weight.dim() != 3:
        return None
    settings = read(stride, padding, dilation, groups, weight.shape[2])
    output = None if settings is None else _run(settings, input, weight, bias)
    if output is not None and settings is not None and settings.pad_left != settings.pad_right and not _compiling():
        warn_uneven()
    return output


def _conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor | None:
    if not isinstance(weight, Tensor):
        return None
    settings = read(stride, padding, dilation, groups, 0, output_padding, transposed=True)
    return None if settings is None else _run(settings, input, weight, bias)


# PyTorch's texts tell arguments by position from those by name: each call is handed on as it came.


def conv1d(*args: Any, **kwargs: Any) -> Tensor:
    """conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Tensor

    torch.nn.functional.conv1d, by our kernels where they serve it."""
    try:
        output = _conv1d(*args, **kwargs)
    except TypeError:
        output = None
    return torch.conv1d(*args, **kwargs) if output is None else output


def conv_transpose1d(*args: Any, **kwargs: Any) -> Tensor:
    """conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1) -> Tensor

    torch.nn.functional.conv_transpose1d, by our kernels where they serve it."""
    try:
        output = _conv_transpose1d(*args, **kwargs)
    except TypeError:
        output = None
    return torch.conv_transpose1d(*args, **kwargs) if output is None else output
