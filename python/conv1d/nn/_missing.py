"""What is said about a PyTorch name that this library does not have."""

from __future__ import annotations

import sys


def missing(module: str, name: str) -> AttributeError:
    """PyTorch's text for an unknown name in torch.<module>, with a note that lists what there is."""
    error = AttributeError(f"module 'torch.{module}' has no attribute '{name}'")
    ours = sys.modules.get(f"{__package__.partition('.')[0]}.{module}")
    if ours is not None and not name.startswith("_"):
        covered = ", ".join(ours.__all__)
        error.add_note(f"conv1d covers one-dimensional convolution and what a small network needs: {covered}.")
    return error
