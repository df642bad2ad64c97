"""Losses as layers."""

from __future__ import annotations

from ... import _C

from .. import functional as F
from .module import Module

__all__ = ["MSELoss"]


class MSELoss(Module):
    """The mean (or "sum", or with "none" each) of (input - target) squared."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: _C.Tensor, target: _C.Tensor) -> _C.Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)
