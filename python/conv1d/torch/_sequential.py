"""What accelerate(model, fuse=True) puts on an nn.Sequential: an object in the place of its method forward.

It runs the modules as PyTorch's loop does, but for groups around a convolution that it can see to be safe to run as
one. What is safe is asked at every call: modules may be changed, exchanged, trained and hooked at any time, and each of
them is still itself when it is called alone.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Iterator
from typing import Any

import torch
import torch.autograd.forward_ad as _forward_ad
from torch.nn.modules import module as _modules

from . import _copies, _fold
from ._call import (
    _PLAIN,
    _dispatch_modes,
    _function_modes,
    _grad_enabled,
    _interpreter,
    _tracing,
    _watching_functions,
)
from ._fold import unhooked, untouched
from ._hook import Conv1dHook
from ._pickling import Revival
from ._transposed import ConvTranspose1dHook

nn = torch.nn
Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling
_Module = nn.Module
_CALL = _Module.__call__
_BOTH = {"weight", "bias"}
_aten: Any = torch._C._nn

# An activation overwrites its input: an output less to allocate, and to fault in where it is large. The numbers are the
# same bits.
_IN_PLACE: dict[type, Any] = {
    nn.ReLU: lambda act, y: torch.relu_(y),
    nn.LeakyReLU: lambda act, y: _aten.leaky_relu_(y, act.negative_slope),
    nn.SiLU: lambda act, y: _aten.silu_(y),
    nn.GELU: lambda act, y: _aten.gelu_(y, approximate=act.approximate),
    nn.Tanh: lambda act, y: torch.tanh_(y),
    nn.Sigmoid: lambda act, y: torch.sigmoid_(y),
    nn.ELU: lambda act, y: _aten.elu_(y, act.alpha),
}
_KINDS: tuple[Any, ...] = (*_IN_PLACE, *_fold.PADS, nn.BatchNorm1d, nn.Conv1d, nn.ConvTranspose1d)
# Classes are patched, too. A patched one is PyTorch's to call.
_FORWARD: dict[type, Any] = {kind: kind.forward for kind in _KINDS}
_CONV_FORWARD = nn.Conv1d._conv_forward

_forward_hooks, _forward_pre_hooks = _modules._global_forward_hooks, _modules._global_forward_pre_hooks
_backward_hooks, _backward_pre_hooks = _modules._global_backward_hooks, _modules._global_backward_pre_hooks


def convolution(kind: Any) -> type | None:
    """PyTorch's class whose forward a layer of this class has: Conv1d, ConvTranspose1d, also with parametrizations."""
    if kind.__call__ is not _CALL:
        return None
    if issubclass(kind, nn.Conv1d):
        return nn.Conv1d if kind.forward is _FORWARD[nn.Conv1d] and kind._conv_forward is _CONV_FORWARD else None
    if issubclass(kind, nn.ConvTranspose1d):
        return nn.ConvTranspose1d if kind.forward is _FORWARD[nn.ConvTranspose1d] else None
    return None


def _known(kind: Any) -> bool:
    return kind in _FORWARD and kind.forward is _FORWARD[kind]


def is_sequential(kind: Any) -> bool:
    """Whether instances run their modules one after the other, by PyTorch's own loop."""
    return issubclass(kind, nn.Sequential) and kind.forward is _SEQUENTIAL_FORWARD and kind.__iter__ is _SEQUENTIAL_ITER


_SEQUENTIAL_FORWARD, _SEQUENTIAL_ITER = nn.Sequential.forward, nn.Sequential.__iter__


class Group:
    """A convolution and what stands directly around it: a pad before, a BatchNorm1d and an activation behind."""

    __slots__ = ("_act", "_fold", "_forwards", "_kind", "_plain", "conv", "first", "last", "norm", "pad")

    def __init__(self, kinds: tuple[Any, ...], conv: int) -> None:
        self._kind = convolution(kinds[conv])
        plain = self._kind is nn.Conv1d  # a transposed layer is neither padded before nor normalised in its weights
        pad = plain and conv > 0 and kinds[conv - 1] in _fold.PADS and _known(kinds[conv - 1])
        at = conv + 1
        norm = plain and kinds[at : at + 1] == (nn.BatchNorm1d,) and _known(nn.BatchNorm1d)
        at += norm
        self._act = _IN_PLACE.get(kinds[at]) if at < len(kinds) and _known(kinds[at]) else None
        self.first = conv - pad
        self.last = at + (self._act is not None)
        self._forwards = [(kind, kind.forward) for kind in kinds[self.first : self.last]]
        # Places in the group.
        self.conv = int(pad)
        self.pad, self.norm = pad, norm
        self._fold = _fold.Fold() if pad or norm else None
        self._plain = kinds[conv] is self._kind

    def run(self, x: Any, modules: tuple[Any, ...]) -> Any:
        for kind, forward in self._forwards:
            if kind.forward is not forward:  # a class was patched since
                for module in modules:
                    x = module(x)
                return x
        folded = None if self._fold is None else self._fold.run(x, modules, self.pad, self.norm)
        if folded is not None:
            y, new = folded, True
        else:
            if self.pad:
                pad = modules[0]
                x = pad.forward(x) if untouched(pad) else pad(x)
            y, new = self._convolve(x, modules[self.conv])
        if self.norm:
            norm = modules[self.conv + 1]
            if folded is None:
                y = _fold.normalise(norm, y)
            new = untouched(norm)
        if self._act is None:
            return y
        act = modules[-1]
        if not new or type(y) is not Tensor or y.requires_grad or not untouched(act):
            return act(y)
        try:
            return self._act(act, y)
        except Exception:  # a dtype that it does not know: in the words of the module
            return act(y)

    def _convolve(self, x: Any, conv: Any) -> tuple[Any, bool]:
        """The convolution's output, and whether it was made just now and nobody has seen it."""
        attributes = conv.__dict__
        if not unhooked(attributes):  # hooks before a layer do not see its output, old weight_norm's among them
            ours = self._is_ours(attributes) and not attributes["_forward_hooks"]
            return conv(x), ours and "_compiled_call_impl" not in attributes
        if not self._is_ours(attributes):
            return conv(x), False
        # Parameters are attributes of these classes if they are there: to find them as such takes a microsecond.
        parameters = attributes["_parameters"]
        at_hand = self._plain and parameters.keys() >= _BOTH
        if self._kind is nn.ConvTranspose1d:
            hook = attributes["forward"].__self__
            y = hook.served(x, parameters["weight"], parameters["bias"]) if at_hand else None
            return conv.forward(x) if y is None else y, True
        hook = attributes["_conv_forward"]
        if at_hand:
            return hook(x, parameters["weight"], parameters["bias"]), True
        try:
            bias = parameters["bias"]
        except KeyError:
            bias = conv.bias
        return hook(x, conv.weight, bias), True

    def _is_ours(self, attributes: dict[str, Any]) -> bool:
        """Whether a layer's forward ends in a hook of ours, which returns new tensors."""
        if self._kind is nn.ConvTranspose1d:
            return type(getattr(attributes.get("forward"), "__self__", None)) is ConvTranspose1dHook
        return "forward" not in attributes and type(attributes.get("_conv_forward")) is Conv1dHook


def groups(kinds: tuple[type, ...]) -> Iterator[Group]:
    """The groups of two modules and more in a sequence of modules of these classes."""
    free = 0
    for i, kind in enumerate(kinds):
        if i < free or convolution(kind) is None:
            continue
        group = Group(kinds, i)
        free = group.last
        if group.last - group.first > 1:
            yield group


class SequentialHook(_copies.Ours):
    """Called as container.forward(input)."""

    __slots__ = ("__weakref__", "_plan")

    def __init__(self, container: nn.Sequential) -> None:
        # Read at the first call: while it is copied or unpickled it has no modules yet.
        super().__init__(container)
        # Classes of the modules seen, and what to run: replaced as a whole, as in _hook.py.
        self._plan: tuple[tuple[type, ...], list[tuple[int, int, Group | None]]] = ((), [])

    def __call__(self, input: Any) -> Any:
        container = self._own()
        if container is None:
            raise RuntimeError(_copies.GONE)
        if (
            _compiling()
            or container.training
            or _grad_enabled()
            or type(input) not in _PLAIN
            or _forward_ad._current_level >= 0  # from here on as in _unwatched(), without a call for it
            or _dispatch_modes()
            or _interpreter() is not None
            or _tracing() is not None
            or (_function_modes() and _watching_functions())
            or _forward_hooks
            or _forward_pre_hooks
            or _backward_hooks
            or _backward_pre_hooks
            or _Module.__call__ is not _CALL
        ):
            for module in container:
                input = module(input)
            return input
        modules = tuple(container._modules.values())
        kinds = tuple(map(type, modules))
        seen, steps = self._plan
        if kinds != seen:
            steps = self._follow(kinds)
        for first, last, group in steps:
            input = modules[first](input) if group is None else group.run(input, modules[first:last])
        return input

    def _follow(self, kinds: tuple[type, ...]) -> list[tuple[int, int, Group | None]]:
        steps: list[tuple[int, int, Group | None]] = []
        free = 0
        for group in groups(kinds):
            steps += [(i, i + 1, None) for i in range(free, group.first)]
            steps.append((group.first, group.last, group))
            free = group.last
        steps += [(i, i + 1, None) for i in range(free, len(kinds))]
        self._plan = (kinds, steps)
        return steps

    def __reduce__(self) -> Any:
        return _REVIVAL, (self._own(),)


# What tools of PyTorch's read: torch.jit.script the source, inspect the signature, errors of a wrong call the name.
_method: Any = SequentialHook.__call__
_method.__wrapped__ = _SEQUENTIAL_FORWARD
_method.__qualname__ = _SEQUENTIAL_FORWARD.__qualname__


def bound(container: nn.Sequential) -> Any:
    """What takes the place of container.forward: a method, as PyTorch's tools expect there. Pickles by hook."""
    return types.MethodType(_method, SequentialHook(container))


_REVIVAL = Revival("_revive_sequential", operator.attrgetter("forward"), SequentialHook)
