"""nn.functional: the layers as functions, with torch.nn.functional's names, arguments and texts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .. import _C
from ._missing import missing

__all__ = ["conv1d", "mse_loss", "pad", "relu", "sigmoid", "tanh"]

#: conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1): input (channels, length) or
#: (batch, channels, length), weight (out_channels, in_channels / groups, taps), bias (out_channels,).
conv1d = _C.conv1d


def pad(input: _C.Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> _C.Tensor:
    """pad = (left, right) of the last dimension, then of the one before it, ...; a negative number crops.

    mode is "constant" (with value, 0 unless given), "reflect", "replicate" or "circular".
    """
    return _C._pad(input, pad, mode, value)


def relu(input: _C.Tensor, inplace: bool = False) -> _C.Tensor:
    """max(0, input); inplace=True writes into the input."""
    return _C.relu_(input) if inplace else _C.relu(input)


def tanh(input: _C.Tensor) -> _C.Tensor:
    return input.tanh()


def sigmoid(input: _C.Tensor) -> _C.Tensor:
    """1 / (1 + exp(-input))."""
    return input.sigmoid()


def mse_loss(
    input: _C.Tensor,
    target: _C.Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> _C.Tensor:
    """(input - target)^2: its mean, its "sum", or with reduction="none" each value."""
    if target.size() != input.size():
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). "
            "This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=2,
        )
    if size_average is not None or reduce is not None:
        reduction = _reduction_of(size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return _C._mse_loss(input, target, reduction)


def _reduction_of(size_average: bool | None, reduce: bool | None) -> str:
    """The one argument that took the place of the two old ones."""
    reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.", stacklevel=3
    )
    return reduction


def __getattr__(name: str) -> Any:
    raise missing("nn.functional", name)
