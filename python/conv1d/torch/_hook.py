"""What accelerate() puts on a Conv1d: an object in the place of the method _conv_forward."""

from __future__ import annotations

import operator
import weakref
from typing import Any

import torch

from .. import _C
from . import _call, _described, _operators
from ._pickling import Revival
from ._settings import Settings, read, warn_uneven

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling
_NO_PADDING = (0,)
_serve = _call.serve
_NAMES = ("stride", "padding", "dilation", "groups", "padding_mode")
_settings_of = operator.itemgetter(*_NAMES)


def _nobody() -> None:
    return None


class Conv1dHook:
    """Called as layer._conv_forward(input, weight, bias): from PyTorch's forward, or from that of a subclass.

    Holds no packed weights itself, but the layer of ours that does; copies and pickles begin without.
    """

    __slots__ = ("__weakref__", "_kernel", "_layer", "_number", "_own", "_ready", "_seen", "_uneven")

    def __init__(self, layer: torch.nn.Conv1d) -> None:
        # The layer is read at the first call: while it is copied or unpickled it has no attributes yet.
        self._own: Any = weakref.ref(layer)
        self._seen: tuple[Any, ...] = ()
        self._layer: _C.GuestLayer | None = None
        self._ready, self._number = False, -1

    def follow(self, layer: Any) -> None:
        kernel = layer.kernel_size
        self._kernel = kernel[0] if type(kernel) is tuple and len(kernel) == 1 else 0
        self._set(_settings_of(layer.__dict__))

    def _set(self, seen: tuple[Any, ...]) -> None:
        stride, padding, dilation, groups, mode = self._seen = seen
        inner = padding if mode == "zeros" else _NO_PADDING
        settings = read(stride, inner, dilation, groups, self._kernel)
        self._uneven = settings is not None and settings.pad_left != settings.pad_right
        self._layer = None if settings is None else _C.GuestLayer(*settings)
        self._number = -1 if self._layer is None else self._layer.number
        # Nothing is to be done but to run it.
        self._ready = self._layer is not None and mode == "zeros" and inner != "same"

    def __call__(self, input: Any, weight: Any, bias: Any) -> Tensor:
        if _compiling():
            return self._traced(self._own(), input, weight, bias)
        if self._ready:
            output = _serve(self._own, _NAMES, self._seen, self._layer, self._number, input, weight, bias)
            if output is not None and output is not False:
                return output
            if output is False:
                return self._plain(self._own(), input, weight, bias)
        return self._asked(self._own(), input, weight, bias)

    def _asked(self, layer: torch.nn.Conv1d | None, input: Any, weight: Any, bias: Any) -> Tensor:
        if layer is not None:
            seen = _settings_of(layer.__dict__)
            if seen != self._seen:
                self.follow(layer)  # attributes may be set at any time
            self._seen = seen
        ours, mode = self._layer, self._seen[4]
        if ours is None:  # the settings are PyTorch's business
            return self._plain(layer, input, weight, bias)
        if mode != "zeros":
            padded = self._pad(layer, input)
            output = _call.run(ours, self._number, padded, weight, bias)
            return self._on_padded(padded, weight, bias) if output is None else output
        if self._seen[1] == "same" and weight.shape[-1] != self._kernel:
            return self._plain(layer, input, weight, bias)
        output = _call.run(ours, self._number, input, weight, bias)
        if output is None:
            return self._plain(layer, input, weight, bias)
        if self._uneven:
            warn_uneven()
        return output

    def _plain(self, layer: torch.nn.Conv1d | None, input: Any, weight: Any, bias: Any) -> Tensor:
        """PyTorch's own method."""
        if layer is not None:
            return torch.nn.Conv1d._conv_forward(layer, input, weight, bias)
        # A shallow copy of a layer that is gone: its settings were the same objects when the copy was made.
        stride, padding, dilation, groups, mode = self._seen
        if mode != "zeros":
            return self._on_padded(self._pad(None, input), weight, bias)
        return torch.conv1d(input, weight, bias, stride, padding, dilation, groups)

    def _on_padded(self, padded: Tensor, weight: Any, bias: Any) -> Tensor:
        stride, _, dilation, groups, _ = self._seen
        return torch.conv1d(padded, weight, bias, stride, _NO_PADDING, dilation, groups)

    def _pad(self, layer: torch.nn.Conv1d | None, input: Any) -> Tensor:
        _, padding, dilation, _, mode = self._seen
        if layer is not None:
            amounts = layer._reversed_padding_repeated_twice
        elif isinstance(padding, str):
            total = dilation[0] * (self._kernel - 1) if padding == "same" else 0
            amounts = [total // 2, total - total // 2]
        else:
            amounts = [padding[0], padding[0]]
        return torch.nn.functional.pad(input, amounts, mode=mode)

    def _traced(self, layer: torch.nn.Conv1d | None, input: Any, weight: Any, bias: Any) -> Tensor:
        """In a program that is being compiled or exported."""
        settings: Settings | None = None
        if layer is not None and layer.padding_mode == "zeros" and weight.dim() == 3:
            settings = read(layer.stride, layer.padding, layer.dilation, layer.groups, weight.shape[2])
        if settings is None or not _operators.is_served(settings, input, weight, bias):
            return self._plain(layer, input, weight, bias)
        return torch.ops.conv1d.conv1d(input, weight, bias, *settings[:5])

    def kernel_for(self, layer: torch.nn.Conv1d, input: Tensor) -> str | None:
        """The family that layer(input) takes; None where PyTorch answers."""
        if _settings_of(layer.__dict__) != self._seen:
            self.follow(layer)
        if self._layer is None:
            return None
        if self._seen[4] != "zeros":
            input = self._pad(layer, input.detach().to("meta"))
        return _described.kernel_for(self._number, input, layer.weight, layer.bias)

    @property
    def kept_bytes(self) -> int:
        """Bytes of packed weights that this layer keeps."""
        return 0 if self._layer is None else self._layer.kept_bytes

    def __reduce__(self) -> Any:
        layer = self._own()
        if layer is not None:
            return _REVIVAL, (layer,)
        return _detached, (self._seen, self._kernel)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        layer = self._own()
        return self if layer is None else Conv1dHook(memo.get(id(layer), layer))


def _detached(seen: tuple[Any, ...], kernel: int) -> Conv1dHook:
    """The hook of a shallow copy whose original is gone."""
    hook = Conv1dHook.__new__(Conv1dHook)
    hook._own, hook._kernel = _nobody, kernel
    hook._set(seen)
    return hook


_REVIVAL = Revival("_revive_conv1d", "_conv_forward", Conv1dHook)
