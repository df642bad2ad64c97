"""The way into PyTorch: its C interface found, our operators registered, its threads taken. Once in a process."""

from __future__ import annotations

import os
from typing import Any

import torch

from .. import _C

_LIBRARIES: list[Any] = []  # registrations end with these objects
autocast_was_met: list[bool] = []  # empty: never, in this process


def _without_c_names() -> None:
    """The same operators for a PyTorch whose C interface cannot be used: slower to call, on the caller's thread."""
    from . import _described

    definitions = torch.library.Library("conv1d", "DEF")
    kernels = torch.library.Library("conv1d", "IMPL", "CPU")
    for schema, kernel in _described.OPERATORS:
        definitions.define(schema)
        kernels.impl(schema.split("(")[0], kernel)
    _LIBRARIES.extend((definitions, kernels))


def _keys() -> list[Any]:
    """What PyTorch's dispatcher finds before the kernels of the eager operators."""
    # Gradients are the callers' business: without these PyTorch would put a node that only warns in between.
    gradients = torch.library.Library("conv1d", "IMPL", "AutogradCPU")
    for name in ("conv1d_p", "conv1d_gp"):
        gradients.impl(name, torch.library.fallthrough_kernel)
    # What autocast computes in is PyTorch's to say. Asking for autocast is the dearest of the questions before a call:
    # it is asked only from the moment when this kernel has been reached.
    autocast = torch.library.Library("conv1d", "IMPL", "AutocastCPU")
    autocast.impl("conv1d_p", _refuse)
    return [gradients, autocast]


def _refuse(*args: Any) -> Any:
    autocast_was_met.append(True)
    _C._torch_serve_asks_autocast()
    raise RuntimeError("conv1d: autocast is on")


def _open() -> str:
    """How the operators are registered: by the C interface ("c") or in Python ("python")."""
    missing = "hidden" if os.environ.get("CONV1D_TORCH_DOOR") == "python" else _C._torch_find()
    if missing:
        _without_c_names()
    else:
        failed = _C._torch_register()
        if failed:
            raise ImportError(f"conv1d.torch: PyTorch {torch.__version__} did not take the operators: {failed}")
    _C._torch_use_threads()
    _LIBRARIES.extend(_keys())
    return "python" if missing else "c"


DOOR = _open()


def _callable(operator: Any) -> Any:
    """What an operator's overload calls itself: at every call, the choice among overloads and a wrapper are saved."""
    return getattr(operator.default, "_op", operator.default)


layer_forward = _callable(torch.ops.conv1d.conv1d_p)
layer_gradients = _callable(torch.ops.conv1d.conv1d_gp)
