"""Functions that users hang before and after forward()."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .module import Module


class Hook(NamedTuple):
    call: Callable[..., Any]
    with_kwargs: bool = False  #: it is given the keyword arguments too
    always_call: bool = False  #: it is called even where forward() raised


class RemovableHandle:
    """Takes a hook away again: handle.remove(), or the end of a `with` block."""

    _numbers = itertools.count()

    def __init__(self, registry: OrderedDict[int, Any]) -> None:
        # Weak, so that a handle that is kept does not keep the module's hooks alive.
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


def call(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """module.forward() with its hooks around it."""
    called: set[int] = set()
    try:
        for hook in list(module._forward_pre_hooks.values()):
            args, kwargs = _before(module, hook, args, kwargs)
        output = module.forward(*args, **kwargs)
        for number, hook in list(module._forward_hooks.items()):
            called.add(number)
            output = _after(module, hook, args, kwargs, output)
        return output
    except Exception:
        for number, hook in list(module._forward_hooks.items()):
            if hook.always_call and number not in called:
                _after(module, hook, args, kwargs, None)
        raise


def _before(
    module: Module, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if hook.with_kwargs:
        changed = hook.call(module, args, kwargs)
        if changed is None:
            return args, kwargs
        if isinstance(changed, tuple) and len(changed) == 2:
            return changed
        raise RuntimeError(
            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
        )
    changed = hook.call(module, args)
    if changed is None:
        return args, kwargs
    return changed if isinstance(changed, tuple) else (changed,), kwargs


def _after(module: Module, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
    changed = hook.call(module, args, kwargs, output) if hook.with_kwargs else hook.call(module, args, output)
    return output if changed is None else changed
