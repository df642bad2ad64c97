"""Functions that users hang before and after forward()."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._hooks import RemovableHandle, register
from .backward_hooks import BackwardHooks

if TYPE_CHECKING:
    from .module import Module


class Hook(NamedTuple):
    call: Callable[..., Any]
    with_kwargs: bool = False  #: it is given the keyword arguments too
    always_call: bool = False  #: it is called even where forward() raised


class Hooked:
    """The registries of a module's hooks, and how hooks get into them."""

    _forward_pre_hooks: OrderedDict[int, Hook]
    _forward_hooks: OrderedDict[int, Hook]
    _backward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_hooks: OrderedDict[int, Callable[..., Any]]
    _state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _state_dict_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_post_hooks: OrderedDict[int, Callable[..., None]]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """hook(module, args) before each forward(); what it returns, if not None, replaces the arguments."""
        return register(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """hook(module, args, output) after each forward(); what it returns, if not None, replaces the output."""
        return register(self._forward_hooks, Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """hook(module, grad_output) before each backward(); what it returns, if not None, replaces grad_output."""
        return register(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """hook(module, grad_input, grad_output) after each backward(); it may return other gradients of the inputs."""
        return register(self._backward_hooks, hook, prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, prefix, keep_vars) before state_dict() looks at this module."""
        return register(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata) after this module's entries were written, to change them."""
        return register(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs) before
        this module's entries are looked at."""
        return register(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, incompatible_keys) after this module's entries were looked at; it may change the two lists."""
        return register(self._load_state_dict_post_hooks, hook)


#: The registries' names. A module that was pickled before one of them existed gets it when it is unpickled.
REGISTRIES = tuple(Hooked.__annotations__)


def call(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """module.forward() with its hooks around it."""
    called: set[int] = set()
    try:
        for hook in list(module._forward_pre_hooks.values()):
            args, kwargs = _before(module, hook, args, kwargs)
        backward = BackwardHooks(module) if module._backward_hooks or module._backward_pre_hooks else None
        if backward is not None:
            args = backward.enter(args)
        output = module.forward(*args, **kwargs)
        for number, hook in list(module._forward_hooks.items()):
            called.add(number)
            output = _after(module, hook, args, kwargs, output)
        return output if backward is None else backward.leave(output)
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
