"""Our kernels inside PyTorch: ``conv1d.torch.accelerate(model)`` is all that is needed.

Needs PyTorch, which conv1d itself does not. docs/pytorch.md says what is served and what falls back to PyTorch.
"""

from __future__ import annotations

try:
    import torch as _torch
except ImportError as error:
    raise ImportError("conv1d.torch works inside PyTorch, which is not installed: pip install torch") from error

from ._accelerate import Report, accelerate, kernel_for, restore
from ._copies import _revive as _revive_state
from ._functional import conv1d, conv_transpose1d
from ._hook import Conv1dHook as _revive_conv1d
from ._layers import Conv1d, ConvTranspose1d
from ._mode import accelerated
from ._sequential import SequentialHook as _revive_sequential
from ._transposed import ConvTranspose1dHook as _revive_conv_transpose1d

__all__ = [
    "Conv1d",
    "ConvTranspose1d",
    "Report",
    "accelerate",
    "accelerated",
    "conv1d",
    "conv_transpose1d",
    "kernel_for",
    "restore",
]
