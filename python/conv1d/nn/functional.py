"""nn.functional: the layers as functions, with torch.nn.functional's names, arguments and texts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .. import _C
from .._covered import no_member
from .._tensor import Tensor

__all__ = ["conv1d", "conv_transpose1d", "mse_loss", "pad", "relu", "sigmoid", "tanh"]

#: conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1): input (channels, length) or
#: (batch, channels, length), weight (out_channels, in_channels / groups, taps), bias (out_channels,).
conv1d = _C.conv1d

#: conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1): as conv1d,
#: but the weight is (channels, out_channels / groups, taps).
conv_transpose1d = _C.conv_transpose1d


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """pad = (left, right) of the last dimension, then of the one before it, ...; a negative number crops.

    mode is "constant" (with value, 0 unless given), "reflect", "replicate" or "circular".
    """
    return _C._pad(input, pad, mode, value)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, input); inplace=True writes into the input."""
    result = _C.relu(input)
    return input.copy_(result) if inplace else result


def tanh(input: Tensor) -> Tensor:
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return input.sigmoid()


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """(input - target)^2: its mean, its "sum", or with reduction="none" each value."""
    # What is no tensor fails here, target first, as in PyTorch: "'list' object has no attribute 'size'".
    target.size(), input.size()
    if size_average is not None or reduce is not None:
        reduction = _reduction_of(size_average, reduce)
    return _C._mse_loss(input, target, reduction)


def _reduction_of(size_average: bool | None, reduce: bool | None) -> str:
    """The one argument that took the place of the two old ones."""
    reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.", stacklevel=3
    )
    return reduction


def __getattr__(name: str) -> Any:
    raise no_member("torch.nn.functional", name)
