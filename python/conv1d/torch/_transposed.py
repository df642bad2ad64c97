"""What accelerate() puts on a ConvTranspose1d: an object in the place of the method forward, since PyTorch's has no
_conv_forward."""

from __future__ import annotations

import operator
import types
from typing import Any, TypeAlias

import torch
from torch.nn import functional as F  # noqa: F401  (a name in the source of PyTorch's forward)

from .. import _C
from . import _call, _copies, _described, _operators
from ._hook import LayerHook
from ._pickling import Revival
from ._settings import Settings, read, renewed

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling
_serve = _call.serve
_NAMES = ("stride", "padding", "dilation", "groups", "output_padding", "padding_mode")
_settings_of = operator.itemgetter(*_NAMES)


# Layer of ours; its number; settings seen: as in _hook.py.
_State: TypeAlias = tuple[_C.GuestLayer | None, int, tuple[Any, ...]]
_UNREAD: _State = (None, -1, (object(),) * len(_NAMES))


def _read(seen: tuple[Any, ...]) -> Settings | None:
    stride, padding, dilation, groups, output_padding, mode = seen
    if mode != "zeros" or type(padding) is not tuple:  # PyTorch's forward refuses it
        return None
    return read(stride, padding, dilation, groups, 0, output_padding, transposed=True)


class ConvTranspose1dHook(LayerHook):
    """Called as layer.forward(input, output_size=None)."""

    __slots__ = ("__weakref__", "_state")

    names = _NAMES  # what it reads of a layer

    def __init__(self, layer: torch.nn.ConvTranspose1d) -> None:
        # The layer is read at the first call: while it is copied or unpickled it has no attributes yet.
        super().__init__(layer)
        self._state = _UNREAD

    def follow(self, layer: Any) -> None:
        """Raises KeyError where the layer lacks a setting."""
        seen = _settings_of(layer.__dict__)
        ours = renewed(self._state[0], _read(seen))
        self._state = (ours, -1 if ours is None else ours.number, seen)

    def __call__(self, input: Any, output_size: Any = None) -> Tensor:
        layer = self._own()
        if layer is None:
            raise RuntimeError(_copies.GONE)
        if _compiling():
            return self._traced(layer, input, output_size)
        weight, bias = layer.weight, layer.bias
        ours, number, seen = self._state
        if output_size is None and ours is not None:
            output = _serve(self._own, _NAMES, seen, ours, number, input, weight, bias)
            if output is not None and output is not False:
                return output
        try:
            if not all(map(operator.is_, _settings_of(layer.__dict__), seen)):
                self.follow(layer)  # attributes may be set at any time
                ours, number, seen = self._state
        except KeyError:  # or deleted, which is PyTorch's to say
            return self._plain(layer, input, output_size)
        if ours is None or output_size is not None:
            return self._plain(layer, input, output_size)
        output = _call.run(ours, number, input, weight, bias)
        return self._plain(layer, input, output_size) if output is None else output

    def served(self, input: Any, weight: Any, bias: Any) -> Tensor | None:
        """The output of layer(input) with the layer's weight and bias at hand; None where more has to be asked."""
        ours, number, seen = self._state
        if ours is None:
            return None
        output = _serve(self._own, _NAMES, seen, ours, number, input, weight, bias)
        return None if output is False else output

    def _traced(self, layer: torch.nn.ConvTranspose1d, input: Any, output_size: Any) -> Tensor:
        """In a program that is being compiled or exported."""
        settings: Settings | None = None
        weight, bias = layer.weight, layer.bias
        if output_size is None:
            settings = _read(
                (
                    layer.stride,
                    layer.padding,
                    layer.dilation,
                    layer.groups,
                    layer.output_padding,
                    layer.padding_mode,
                )
            )
        if settings is None or not _operators.is_served(settings, input, weight, bias):
            return self._plain(layer, input, output_size)
        return torch.ops.conv1d.conv_transpose1d(input, weight, bias, *settings[:6])

    @staticmethod
    def _plain(layer: torch.nn.ConvTranspose1d, input: Any, output_size: Any) -> Tensor:
        """PyTorch's own method."""
        return torch.nn.ConvTranspose1d.forward(layer, input, output_size)

    def kernel_for(self, layer: torch.nn.ConvTranspose1d, input: Tensor) -> str | None:
        """The family that layer(input) takes for most of its time; None where PyTorch answers."""
        self.follow(layer)
        ours, number, _ = self._state
        return None if ours is None else _described.kernel_for(number, input, layer.weight, layer.bias)

    def __reduce__(self) -> Any:
        return _REVIVAL, (self._own(),)


# torch.jit.script compiles the source of what it finds as forward: of PyTorch's method, with the names of this module.
ConvTranspose1dHook.__call__.__wrapped__ = torch.nn.ConvTranspose1d.forward  # type: ignore[attr-defined]


def bound(layer: torch.nn.ConvTranspose1d) -> Any:
    """What takes the place of layer.forward: a method, as PyTorch's tools expect there. Pickles by hook and name."""
    return types.MethodType(ConvTranspose1dHook.__call__, ConvTranspose1dHook(layer))


_REVIVAL = Revival("_revive_conv_transpose1d", operator.attrgetter("forward"), ConvTranspose1dHook)
