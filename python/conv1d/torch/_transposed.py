"""What accelerate() puts on a ConvTranspose1d: an object in the place of the method forward, since PyTorch's has no
_conv_forward."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from .. import _C
from . import _call, _operators
from ._hook import _UNREAD, weight_bytes
from ._pickling import Revival
from ._settings import Settings, read

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling


class ConvTranspose1dHook:
    """Called as layer.forward(input, output_size=None)."""

    __slots__ = (
        "__weakref__",
        "_dilation",
        "_groups",
        "_layer",
        "_number",
        "_output_padding",
        "_own",
        "_padding",
        "_settings",
        "_stride",
    )

    def __init__(self, layer: torch.nn.ConvTranspose1d) -> None:
        # The layer is read at the first call: while it is copied or unpickled it has no attributes yet.
        self._own: Any = weakref.ref(layer)
        self._stride = self._padding = self._dilation = self._groups = self._output_padding = _UNREAD
        self._settings: Settings | None = None
        self._layer, self._number = None, -1

    def _read(self, layer: torch.nn.ConvTranspose1d) -> None:
        self._stride, self._padding, self._dilation = layer.stride, layer.padding, layer.dilation
        self._groups, self._output_padding = layer.groups, layer.output_padding
        self._settings = read(
            self._stride, self._padding, self._dilation, self._groups, 0, self._output_padding, transposed=True
        )
        if layer.padding_mode != "zeros" or type(self._padding) is not tuple:
            self._settings = None  # PyTorch's forward refuses these
        self._layer = None if self._settings is None else _C.GuestLayer(*self._settings, weight_bytes(layer))
        self._number = -1 if self._layer is None else self._layer.number

    def __call__(self, input: Any, output_size: Any = None) -> Tensor:
        layer = self._own()
        if layer is None:
            raise RuntimeError(
                "This is a shallow copy of an accelerated ConvTranspose1d that is gone. Copy with copy.deepcopy, "
                "or call conv1d.torch.restore before."
            )
        s = layer.__dict__
        if (
            s["stride"] is not self._stride
            or s["padding"] is not self._padding
            or s["dilation"] is not self._dilation
            or s["groups"] is not self._groups
            or s["output_padding"] is not self._output_padding
        ):
            self._read(layer)
        ours = self._layer
        if ours is None or output_size is not None or layer.padding_mode != "zeros":
            return self._plain(layer, input, output_size)
        weight, bias = layer.weight, layer.bias
        if _compiling():
            if self._settings is None or not _operators.is_served(input, weight, bias):
                return self._plain(layer, input, output_size)
            return torch.ops.conv1d.conv_transpose1d(input, weight, bias, *self._settings[:6])
        output = _call.run(ours, self._number, input, weight, bias)
        return self._plain(layer, input, output_size) if output is None else output

    @staticmethod
    def _plain(layer: torch.nn.ConvTranspose1d, input: Any, output_size: Any) -> Tensor:
        """PyTorch's own method."""
        return torch.nn.ConvTranspose1d.forward(layer, input, output_size)

    @property
    def kept_bytes(self) -> int:
        """Bytes of packed weights that this layer keeps."""
        return 0 if self._layer is None else self._layer.kept_bytes

    def __reduce__(self) -> Any:
        return _REVIVAL, (self._own(),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        layer = self._own()
        return self if layer is None else ConvTranspose1dHook(memo.get(id(layer), layer))


_REVIVAL = Revival("_revive_conv_transpose1d", "forward", ConvTranspose1dHook)
