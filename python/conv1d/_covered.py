"""What is said about a name that PyTorch may have and this library does not."""

from __future__ import annotations

from typing import Any

_NOTE = (
    "conv1d covers torch.nn.Conv1d, ConvTranspose1d and what is needed around them: tensors with views, arithmetic, "
    "reductions and gradients, random numbers, nn.Module, nn.Sequential, nn.ReLU, nn.init and nn.functional.conv1d, "
    "conv_transpose1d, pad, relu, mse_loss. dir() lists the names that there are."
)


def no_attribute(owner: Any, name: str) -> AttributeError:
    """The error for ``owner.name``, in PyTorch's words, with a note where the name is not a private one."""
    error = AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'", name=name, obj=owner)
    return _noted(error, name)


def no_member(module: str, name: str) -> AttributeError:
    """The error for ``module.name``."""
    return _noted(AttributeError(f"module '{module}' has no attribute '{name}'", name=name), name)


def _noted(error: AttributeError, name: str) -> AttributeError:
    if not name.startswith("_"):
        error.add_note(_NOTE)
    return error
