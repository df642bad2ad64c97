"""Layers for those who choose per layer: PyTorch's, accelerated from birth."""

from __future__ import annotations

from typing import Any

import torch

from ._accelerate import accelerate, kernel_for


class Conv1d(torch.nn.Conv1d):
    """torch.nn.Conv1d by our kernels: the same arguments, parameters, state and texts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accelerate(self)

    kernel_for = kernel_for


class ConvTranspose1d(torch.nn.ConvTranspose1d):
    """torch.nn.ConvTranspose1d by our kernels: the same arguments, parameters, state and texts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accelerate(self)

    kernel_for = kernel_for
