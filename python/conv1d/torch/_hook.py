"""What accelerate() puts on a Conv1d: an object in the place of the method _conv_forward."""

from __future__ import annotations

import operator
from typing import Any, TypeAlias

import torch

from .. import _C
from . import _call, _copies, _described, _operators
from ._pickling import Revival
from ._settings import Settings, read, renewed, warn_uneven

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling
_NO_PADDING = (0,)
_serve = _call.serve
_NAMES = ("stride", "padding", "dilation", "groups", "padding_mode")
_settings_of = operator.itemgetter(*_NAMES)


# Layer of ours; its number; settings seen; nothing is to be done but to run it; kernel size; whether "same" pads one
# side more. Replaced as a whole and read once a call: several threads may be the first to call after a change.
_State: TypeAlias = tuple[_C.GuestLayer | None, int, tuple[Any, ...], bool, int, bool]
_UNREAD: _State = (None, -1, (object(),) * len(_NAMES), False, 0, False)


class LayerHook(_copies.Ours):
    """What stands in for a method of a layer. `_state` begins with the layer of ours, which keeps packed weights."""

    __slots__ = ()
    _state: Any

    @property
    def kept_bytes(self) -> int:
        """Bytes of packed weights that this layer keeps."""
        ours = self._state[0]
        return 0 if ours is None else ours.kept_bytes

    def release(self) -> None:
        """Gives them back, also where a recorded graph still holds the layer of ours."""
        ours = self._state[0]
        if ours is not None:
            ours.clear()

    __del__ = release


class Conv1dHook(LayerHook):
    """Called as layer._conv_forward(input, weight, bias): from PyTorch's forward, or from that of a subclass.

    Holds no packed weights itself, but the layer of ours that does; copies and pickles begin without.
    """

    __slots__ = ("__weakref__", "_state")

    names = (*_NAMES, "kernel_size")  # what it reads of a layer

    def __init__(self, layer: torch.nn.Conv1d) -> None:
        # The layer is read at the first call: while it is copied or unpickled it has no attributes yet.
        super().__init__(layer)
        self._state = _UNREAD

    def follow(self, layer: Any) -> None:
        """Raises KeyError where the layer lacks a setting."""
        kernel = layer.__dict__.get("kernel_size")
        self._follow(_settings_of(layer.__dict__), kernel[0] if type(kernel) is tuple and len(kernel) == 1 else 0)

    def _follow(self, seen: tuple[Any, ...], kernel: int) -> None:
        stride, padding, dilation, groups, mode = seen
        inner = padding if mode == "zeros" else _NO_PADDING
        settings = read(stride, inner, dilation, groups, kernel)
        ours = renewed(self._state[0], settings)
        ready = ours is not None and mode == "zeros" and inner != "same"
        uneven = settings is not None and settings.pad_left != settings.pad_right
        self._state = (ours, -1 if ours is None else ours.number, seen, ready, kernel, uneven)

    def __call__(self, input: Any, weight: Any, bias: Any) -> Tensor:
        if _compiling():
            return self._traced(self._own(), input, weight, bias)
        ours, number, seen, ready, _, _ = self._state
        if ready:
            output = _serve(self._own, _NAMES, seen, ours, number, input, weight, bias)
            if output is not None and output is not False:
                return output
            if output is False:
                return _plain(self.module(), input, weight, bias)
        return self._asked(self.module(), input, weight, bias)

    def _asked(self, layer: torch.nn.Conv1d, input: Any, weight: Any, bias: Any) -> Tensor:
        try:
            # Attributes may be set at any time. The same objects, not equal ones: 1.0 is an error, and 1 is not.
            a, b, c, d, e = _settings_of(layer.__dict__)
            stride, padding, dilation, groups, mode = self._state[2]
            if not (a is stride and b is padding and c is dilation and d is groups and e is mode):
                self.follow(layer)
        except KeyError:  # or deleted, which is PyTorch's to say
            return _plain(layer, input, weight, bias)
        ours, number, seen, _, kernel, uneven = self._state
        if ours is None:  # the settings are PyTorch's business
            return _plain(layer, input, weight, bias)
        if seen[4] != "zeros":
            padded = _pad(layer, input, seen[4])
            output = _call.run(ours, number, padded, weight, bias)
            return _on_padded(padded, weight, bias, seen) if output is None else output
        if seen[1] == "same" and weight.shape[-1] != kernel:
            return _plain(layer, input, weight, bias)
        output = _call.run(ours, number, input, weight, bias)
        if output is None:
            return _plain(layer, input, weight, bias)
        if uneven:
            warn_uneven()
        return output

    @staticmethod
    def _traced(layer: Any, input: Any, weight: Any, bias: Any) -> Tensor:
        """In a program that is being compiled or exported."""
        settings: Settings | None = None
        if layer.padding_mode == "zeros" and weight.dim() == 3:
            settings = read(layer.stride, layer.padding, layer.dilation, layer.groups, weight.shape[2])
        if settings is None or not _operators.is_served(settings, input, weight, bias):
            return _plain(layer, input, weight, bias)
        return torch.ops.conv1d.conv1d(input, weight, bias, *settings[:5])

    def kernel_for(self, layer: torch.nn.Conv1d, input: Tensor) -> str | None:
        """The family that layer(input) takes; None where PyTorch answers."""
        self.follow(layer)
        ours, number, seen, _, _, _ = self._state
        if ours is None:
            return None
        if seen[4] != "zeros":
            input = _pad(layer, input.detach().to("meta"), seen[4])
        return _described.kernel_for(number, input, layer.weight, layer.bias)

    def __reduce__(self) -> Any:
        return _REVIVAL, (self.module(),)


def _plain(layer: torch.nn.Conv1d, input: Any, weight: Any, bias: Any) -> Tensor:
    """PyTorch's own method."""
    return torch.nn.Conv1d._conv_forward(layer, input, weight, bias)


def _pad(layer: Any, input: Tensor, mode: str) -> Tensor:
    return torch.nn.functional.pad(input, layer._reversed_padding_repeated_twice, mode=mode)


def _on_padded(padded: Tensor, weight: Any, bias: Any, seen: tuple[Any, ...]) -> Tensor:
    stride, _, dilation, groups, _ = seen
    return torch.conv1d(padded, weight, bias, stride, _NO_PADDING, dilation, groups)


_REVIVAL = Revival("_revive_conv1d", operator.attrgetter("_conv_forward"), Conv1dHook)
