"""What accelerate() puts on a Conv1d: an object in the place of the method _conv_forward."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from .. import _C
from . import _call, _operators
from ._pickling import Revival
from ._settings import Settings, read, warn_uneven

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling
_NO_PADDING = (0,)
_UNREAD: Any = object()


def _nobody() -> None:
    return None


def weight_bytes(layer: torch.nn.Module) -> int:
    """Of float32 numbers; 0 where the layer does not tell. A parametrized weight is not computed for this."""
    try:
        count = layer.in_channels * layer.out_channels // layer.groups * layer.kernel_size[0]
        return max(0, min(int(count) * 4, 1 << 40))
    except (TypeError, ValueError, IndexError, ArithmeticError):
        return 0


class Conv1dHook:
    """Called as layer._conv_forward(input, weight, bias): from PyTorch's forward, or from that of a subclass.

    Holds no packed weights itself, but the layer of ours that does; copies and pickles begin without.
    """

    __slots__ = (
        "__weakref__",
        "_dilation",
        "_groups",
        "_kernel",
        "_layer",
        "_mode",
        "_number",
        "_own",
        "_padding",
        "_same",
        "_stride",
        "_uneven",
    )

    def __init__(self, layer: torch.nn.Conv1d) -> None:
        # The layer is read at the first call: while it is copied or unpickled it has no attributes yet.
        self._own: Any = weakref.ref(layer)
        self._stride = self._padding = self._dilation = self._groups = self._mode = _UNREAD
        self._layer, self._number = None, -1

    def _read(self, layer: torch.nn.Conv1d) -> None:
        kernel = layer.kernel_size
        self._kernel = kernel[0] if type(kernel) is tuple and len(kernel) == 1 else 0
        self._follow(layer.stride, layer.padding, layer.dilation, layer.groups, layer.padding_mode, weight_bytes(layer))

    def _follow(self, stride: Any, padding: Any, dilation: Any, groups: Any, mode: Any, size: int) -> None:
        self._stride, self._padding, self._dilation, self._groups, self._mode = stride, padding, dilation, groups, mode
        inner = padding if mode == "zeros" else _NO_PADDING
        settings = read(stride, inner, dilation, groups, self._kernel)
        self._same = type(inner) is str and inner == "same"
        self._uneven = settings is not None and settings.pad_left != settings.pad_right
        self._layer = None if settings is None else _C.GuestLayer(*settings, size)
        self._number = -1 if self._layer is None else self._layer.number

    def __call__(self, input: Any, weight: Any, bias: Any) -> Tensor:
        layer = self._own()
        if layer is not None:
            s = layer.__dict__
            if (
                s["stride"] is not self._stride
                or s["padding"] is not self._padding
                or s["dilation"] is not self._dilation
                or s["groups"] is not self._groups
                or s["padding_mode"] is not self._mode
            ):
                self._read(layer)
        if _compiling():
            return self._traced(layer, input, weight, bias)
        ours = self._layer
        if ours is None:
            return self._plain(layer, input, weight, bias)
        if self._mode != "zeros":
            return self._padded(layer, input, weight, bias)
        if self._same and weight.shape[-1] != self._kernel:
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
        # A shallow copy of a layer that is gone. Settings were the same objects when the copy was made.
        padding = self._padding
        if self._mode != "zeros":
            input, padding = self._pad(None, input), _NO_PADDING
        return torch.conv1d(input, weight, bias, self._stride, padding, self._dilation, self._groups)

    def _pad(self, layer: torch.nn.Conv1d | None, input: Any) -> Tensor:
        if layer is not None:
            amounts = layer._reversed_padding_repeated_twice
        elif isinstance(self._padding, str):
            total = self._dilation[0] * (self._kernel - 1) if self._padding == "same" else 0
            amounts = [total // 2, total - total // 2]
        else:
            amounts = [self._padding[0], self._padding[0]]
        return torch.nn.functional.pad(input, amounts, mode=self._mode)

    def _padded(self, layer: torch.nn.Conv1d | None, input: Any, weight: Any, bias: Any) -> Tensor:
        padded = self._pad(layer, input)
        output = _call.run(self._layer, self._number, padded, weight, bias)
        if output is not None:
            return output
        return torch.conv1d(padded, weight, bias, self._stride, _NO_PADDING, self._dilation, self._groups)

    def _traced(self, layer: torch.nn.Conv1d | None, input: Any, weight: Any, bias: Any) -> Tensor:
        """In a program that is being compiled or exported."""
        settings: Settings | None = None
        if self._mode == "zeros" and (not self._same or weight.shape[-1] == self._kernel):
            settings = read(self._stride, self._padding, self._dilation, self._groups, self._kernel)
        if settings is None or not _operators.is_served(input, weight, bias):
            return self._plain(layer, input, weight, bias)
        return torch.ops.conv1d.conv1d(input, weight, bias, *settings[:5])

    @property
    def kept_bytes(self) -> int:
        """Bytes of packed weights that this layer keeps."""
        return 0 if self._layer is None else self._layer.kept_bytes

    def __reduce__(self) -> Any:
        layer = self._own()
        if layer is not None:
            return _REVIVAL, (layer,)
        return _detached, (self._stride, self._padding, self._dilation, self._groups, self._mode, self._kernel)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        layer = self._own()
        return self if layer is None else Conv1dHook(memo.get(id(layer), layer))


def _detached(stride: Any, padding: Any, dilation: Any, groups: Any, mode: Any, kernel: int) -> Conv1dHook:
    """The hook of a shallow copy whose original is gone."""
    hook = Conv1dHook.__new__(Conv1dHook)
    hook._own, hook._kernel = _nobody, kernel
    hook._follow(stride, padding, dilation, groups, mode, 0)
    return hook


_REVIVAL = Revival("_revive_conv1d", "_conv_forward", Conv1dHook)
