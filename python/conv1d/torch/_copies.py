"""What accelerate() puts on a module beside its hook, so that copies of the module compute for themselves.

A hook is bound to one module and cannot tell who calls it. Shallow copies (copy.copy) and the replicas of
nn.DataParallel take the attributes as they are, and would compute with the settings of their original: they are made
without the hook, and are plain modules. Deep copies and pickles have hooks of their own.
"""

from __future__ import annotations

import copy
import operator
import weakref
from typing import Any

import torch

from ._pickling import Revival

GONE = (
    "This has the attributes of an accelerated module that is gone. Copy with copy.copy or copy.deepcopy, or call "
    "conv1d.torch.restore before."
)


class Ours:
    """What accelerate() puts on a module, or what is bound to it by the methods that it puts there."""

    __slots__ = ("_own",)

    def __init__(self, module: torch.nn.Module) -> None:
        self._own: Any = weakref.ref(module)

    def module(self) -> Any:
        module = self._own()
        if module is None:
            raise RuntimeError(GONE)
        return module

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """One for the module's copy."""
        module = self._own()
        return self if module is None else type(self)(memo.get(id(module), module))


def behind(value: Any) -> Any:
    """The object that a method is bound to; anything else itself."""
    return getattr(value, "__self__", value)


def is_ours(value: Any) -> bool:
    return isinstance(behind(value), Ours)


class _Bound(Ours):
    """In the place of one of the module's methods."""

    __slots__ = ()
    name = ""

    def __reduce__(self) -> Any:
        return getattr, (self.module(), self.name)  # of the class: reached only where a class pickles in its own way


class _GetState(_Bound):
    """Called by copy.copy, copy.deepcopy and pickle, which find it as an attribute of the instance."""

    __slots__ = ()
    name = "__getstate__"

    def __call__(self) -> Any:
        module: torch.nn.Module = self.module()
        state: Any = type(module).__getstate__(module)
        return _State(state, module) if type(state) is dict else state


class _Replicate(_Bound):
    """Called by nn.DataParallel."""

    __slots__ = ()
    name = "_replicate_for_data_parallel"

    def __call__(self) -> Any:
        module = self.module()
        replica: Any = type(module)._replicate_for_data_parallel(module)
        take_off(replica)
        return replica


class _State(dict[str, Any]):
    """A module's state without what accelerate() added: what a shallow copy takes. What copies deeply, or pickles, is
    told apart by what it asks a state for, and gets the rest as well."""

    def __init__(self, state: dict[str, Any], module: torch.nn.Module) -> None:
        super().__init__((name, value) for name, value in state.items() if not is_ours(value))
        self._whole, self._module = state, module

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self._whole, memo)

    def __reduce__(self) -> Any:
        ours = {name: value for name, value in self._whole.items() if name not in self and name not in _BOUND}
        return _REVIVAL, ([dict(self), self._module, ours],)


def _revive(parts: list[Any]) -> dict[str, Any]:
    state, module, hooks = parts
    return state | hooks | {name: bound(module) for name, bound in _BOUND.items()}


_BOUND: dict[str, type[_Bound]] = {bound.name: bound for bound in (_GetState, _Replicate)}
# Where conv1d is absent the state is that of the plain module.
_REVIVAL = Revival("_revive_state", operator.itemgetter(0), _revive)


def put_on(module: torch.nn.Module, method: str, hook: Any) -> None:
    """The hook, which is called as `method`, and what belongs to it."""
    module.__dict__[method] = hook
    for name, bound in _BOUND.items():
        module.__dict__[name] = bound(module)


def take_off(module: torch.nn.Module) -> None:
    for name in [name for name, value in module.__dict__.items() if is_ours(value)]:
        del module.__dict__[name]


def replaced(module: torch.nn.Module, method: str) -> str | None:
    """The first of these attributes that somebody else has put on a module."""
    attributes = module.__dict__
    return next((name for name in (method, *_BOUND) if name in attributes and not is_ours(attributes[name])), None)
