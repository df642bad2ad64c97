"""Functions that users hang on tensors and modules, and how they are taken away again."""

from __future__ import annotations

import functools
import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from . import _C


class RemovableHandle:
    """Takes a hook away again: handle.remove(), or the end of a `with` block."""

    _numbers = itertools.count()

    def __init__(self, registry: OrderedDict[int, Any]) -> None:
        # Weak, so that a handle that is kept does not keep the owner's hooks alive.
        self._registry = weakref.ref(registry)
        self.id = next(self._numbers)

    def remove(self) -> None:
        registry = self._registry()
        if registry is not None:
            registry.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def register(registry: OrderedDict[int, Any], hook: Any, prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(registry)
    registry[handle.id] = hook
    if prepend:
        registry.move_to_end(handle.id, last=False)
    return handle


def register_on_tensor(tensor: Any, hook: Callable[[Any], Any]) -> RemovableHandle:
    """hook(gradient) when backward() has the tensor's whole gradient; what it returns, if not None, replaces that."""
    if not tensor.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if tensor._backward_hooks is None:
        tensor._backward_hooks = OrderedDict()
        _C._add_hook(tensor, functools.partial(_call_all, tensor._backward_hooks))
    return register(tensor._backward_hooks, hook)


def _call_all(hooks: OrderedDict[int, Callable[[Any], Any]], gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is None:
            continue
        if not isinstance(changed, _C.TensorBase):
            raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
        name = getattr(hook, "__name__", "<unknown>")
        before, after = _C._tensor_typename(gradient), _C._tensor_typename(changed)
        if before != after:
            raise RuntimeError(f"hook '{name}' has changed the type of value (was {before} got {after})")
        if changed.shape != gradient.shape:
            raise RuntimeError(f"hook '{name}' has changed the size of value")
        gradient = changed
    return gradient
