"""Changing the dtype or device of everything that a module holds: all of it or, where that fails, nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ... import _C
from ..._tensor import Tensor
from ..parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

_NO_DATA = "Cannot copy out of meta tensor; no data!"


def to(module: Module, *args: Any, **kwargs: Any) -> None:
    device, dtype = _C._parse_to(*args, **kwargs)
    if dtype is not None:
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        if dtype.is_complex:
            warnings.warn(_C._texts["complex_module"], stacklevel=3)

    def move(tensor: Tensor) -> Tensor:
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


def apply(module: Module, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> None:
    """Replaces the data of every parameter, gradient and buffer by fn(data).

    Parameters keep their identity, so that whoever holds one sees the change; a move between devices replaces them.
    """
    owners = list(module.modules()) if recurse else [module]
    # Everything is computed before anything is stored, so that an exception leaves the module as it was.
    parameters: dict[int, tuple[Parameter, Tensor, Tensor | None]] = {}
    for parameter in module.parameters(recurse):
        grad = parameter.grad
        parameters[id(parameter)] = parameter, fn(parameter.detach()), None if grad is None else fn(grad.detach())
    buffers = [
        (owner._buffers, name, fn(buffer))
        for owner in owners
        for name, buffer in owner._buffers.items()
        if buffer is not None
    ]
    for parameter, data, grad in parameters.values():
        if data.device == parameter.device:
            # A gradient must have its parameter's dtype at every moment, hence gone before and back after.
            parameter.grad = None
            parameter.data = data
            parameter.grad = grad
        else:
            moved = Parameter(data, parameter.requires_grad)
            moved.grad = grad
            _replace(owners, parameter, moved)
    for registry, name, buffer in buffers:
        registry[name] = buffer


def _replace(owners: list[Module], old: Parameter, new: Parameter) -> None:
    """Puts `new` wherever `old` is registered: a parameter that two layers share stays shared."""
    for owner in owners:
        for name, parameter in owner._parameters.items():
            if parameter is old:
                owner._parameters[name] = new
