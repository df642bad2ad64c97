"""Changing the dtype or device of everything that a module holds: all of it or, where that fails, nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ... import _C

if TYPE_CHECKING:
    from .module import Module

_COMPLEX_IS_NEW = (
    "Complex modules are a new feature under active development whose design may change, "
    "and some modules might not work as expected when using complex tensors as parameters or buffers. "
    "Please file an issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml "
    "if a complex module does not work as expected."
)
_NO_DATA = "Cannot copy out of meta tensor; no data!"


def to(module: Module, *args: Any, **kwargs: Any) -> None:
    device, dtype = _C._parse_to(*args, **kwargs)
    if dtype is not None:
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        if dtype.is_complex:
            warnings.warn(_COMPLEX_IS_NEW, stacklevel=3)

    def move(tensor: _C.Tensor) -> _C.Tensor:
        wanted = dtype if tensor.is_floating_point() or tensor.is_complex() else None
        try:
            if device is not None:
                tensor = tensor.to(device)
            return tensor if wanted is None else tensor.to(wanted)
        except NotImplementedError as error:
            if str(error) != _NO_DATA:
                raise
            raise NotImplementedError(
                f"{error} Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() "
                "when moving module from meta to a different device."
            ) from None

    apply(module, move)


def apply(module: Module, fn: Callable[[_C.Tensor], _C.Tensor], recurse: bool = True) -> None:
    """Replaces the data of every parameter, gradient and buffer by fn(data). Parameters keep their identity."""
    # Everything is computed before anything is stored, so that an exception leaves the module as it was.
    parameters: list[tuple[_C.Tensor, _C.Tensor, _C.Tensor | None]] = []
    for parameter in module.parameters(recurse):
        grad = parameter.grad
        parameters.append((parameter, fn(parameter.detach()), None if grad is None else fn(grad.detach())))
    buffers = [
        (owner._buffers, name, fn(buffer))
        for owner in (module.modules() if recurse else [module])
        for name, buffer in owner._buffers.items()
        if buffer is not None
    ]
    for parameter, data, grad in parameters:
        # A gradient must have its parameter's dtype at every moment, hence gone before and back after.
        if grad is not None:
            parameter.grad = None
        parameter.data = data
        if grad is not None:
            parameter.grad = grad
    for registry, name, buffer in buffers:
        registry[name] = buffer
