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
        layer = _C._torch_recent_layer(weight.data_ptr(), weight.nbytes, *settings)
    except (RuntimeError, TypeError):  # no memory to point to
        return None
    return _call.run(layer, layer.number, input, weight, bias)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """torch.nn.functional.conv1d, by our kernels where they serve it."""
    if isinstance(weight, Tensor) and weight.dim() == 3:
        settings = read(stride, padding, dilation, groups, weight.shape[2])
        if settings is not None:
            output = _run(settings, input, weight, bias)
            if output is not None:
                if settings.pad_left != settings.pad_right and not _compiling():
                    warn_uneven()
                return output
    return torch.conv1d(input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """torch.nn.functional.conv_transpose1d, by our kernels where they serve it."""
    if isinstance(weight, Tensor):
        settings = read(stride, padding, dilation, groups, 0, output_padding, transposed=True)
        if settings is not None:
            output = _run(settings, input, weight, bias)
            if output is not None:
                return output
    return torch.conv_transpose1d(input, weight, bias, stride, padding, output_padding, groups, dilation)
