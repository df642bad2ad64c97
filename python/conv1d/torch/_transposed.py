"""What accelerate() puts on a ConvTranspose1d: an object in the place of the method forward, since PyTorch's has no
_conv_forward."""

from __future__ import annotations

import operator
import types
import weakref
from typing import Any

import torch
from torch.nn import functional as F  # noqa: F401  (a name in the source of PyTorch's forward)

from .. import _C
from . import _call, _described, _operators
from ._pickling import Revival
from ._settings import Settings, read

Tensor = torch.Tensor
_compiling = torch.compiler.is_compiling
_serve = _call.serve
_NAMES = ("stride", "padding", "dilation", "groups", "output_padding", "padding_mode")
_settings_of = operator.itemgetter(*_NAMES)


def _read(layer: torch.nn.ConvTranspose1d) -> Settings | None:
    if type(layer.padding) is not tuple:  # PyTorch's forward refuses it
        return None
    return read(layer.stride, layer.padding, layer.dilation, layer.groups, 0, layer.output_padding, transposed=True)


class ConvTranspose1dHook:
    """Called as layer.forward(input, output_size=None)."""

    __slots__ = ("__weakref__", "_layer", "_number", "_own", "_seen")

    def __init__(self, layer: torch.nn.ConvTranspose1d) -> None:
        # The layer is read at the first call: while it is copied or unpickled it has no attributes yet.
        self._own: Any = weakref.ref(layer)
        self._seen: tuple[Any, ...] = ()
        self._layer: _C.GuestLayer | None = None
        self._number = -1

    def follow(self, layer: Any) -> None:
        self._seen = _settings_of(layer.__dict__)
        settings = _read(layer) if layer.padding_mode == "zeros" else None
        self._layer = None if settings is None else _C.GuestLayer(*settings)
        self._number = -1 if self._layer is None else self._layer.number

    def __call__(self, input: Any, output_size: Any = None) -> Tensor:
        layer = self._own()
        if layer is None:
            raise RuntimeError(
                "This is a shallow copy of an accelerated ConvTranspose1d that is gone. Copy with copy.deepcopy, "
                "or call conv1d.torch.restore before."
            )
        if _compiling():
            return self._traced(layer, input, output_size)
        weight, bias = layer.weight, layer.bias
        if output_size is None and self._layer is not None:
            output = _serve(self._own, _NAMES, self._seen, self._layer, self._number, input, weight, bias)
            if output is not None and output is not False:
                return output
        seen = _settings_of(layer.__dict__)
        if seen != self._seen:
            self.follow(layer)  # attributes may be set at any time
        self._seen = seen
        ours = self._layer
        if ours is None or output_size is not None:
            return self._plain(layer, input, output_size)
        output = _call.run(ours, self._number, input, weight, bias)
        return self._plain(layer, input, output_size) if output is None else output

    def served(self, input: Any, weight: Any, bias: Any) -> Tensor | None:
        """The output of layer(input) with the layer's weight and bias at hand; None where more has to be asked."""
        if self._layer is None:
            return None
        output = _serve(self._own, _NAMES, self._seen, self._layer, self._number, input, weight, bias)
        return None if output is False else output

    def _traced(self, layer: torch.nn.ConvTranspose1d, input: Any, output_size: Any) -> Tensor:
        """In a program that is being compiled or exported."""
        settings: Settings | None = None
        weight, bias = layer.weight, layer.bias
        if output_size is None and layer.padding_mode == "zeros":
            settings = _read(layer)
        if settings is None or not _operators.is_served(settings, input, weight, bias):
            return self._plain(layer, input, output_size)
        return torch.ops.conv1d.conv_transpose1d(input, weight, bias, *settings[:6])

    @staticmethod
    def _plain(layer: torch.nn.ConvTranspose1d, input: Any, output_size: Any) -> Tensor:
        """PyTorch's own method."""
        return torch.nn.ConvTranspose1d.forward(layer, input, output_size)

    def kernel_for(self, layer: torch.nn.ConvTranspose1d, input: Tensor) -> str | None:
        """The family that layer(input) takes for most of its time; None where PyTorch answers."""
        if _settings_of(layer.__dict__) != self._seen:
            self.follow(layer)
        if self._layer is None:
            return None
        return _described.kernel_for(self._number, input, layer.weight, layer.bias)

    @property
    def kept_bytes(self) -> int:
        """Bytes of packed weights that this layer keeps."""
        return 0 if self._layer is None else self._layer.kept_bytes

    def __reduce__(self) -> Any:
        return _REVIVAL, (self._own(),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        layer = self._own()
        return self if layer is None else ConvTranspose1dHook(memo.get(id(layer), layer))


# torch.jit.script compiles the source of what it finds as forward: of PyTorch's method, with the names of this module.
ConvTranspose1dHook.__call__.__wrapped__ = torch.nn.ConvTranspose1d.forward  # type: ignore[attr-defined]


def bound(layer: torch.nn.ConvTranspose1d) -> Any:
    """What takes the place of layer.forward: a method, as PyTorch's tools expect there. Pickles by hook and name."""
    return types.MethodType(ConvTranspose1dHook.__call__, ConvTranspose1dHook(layer))


_REVIVAL = Revival("_revive_conv_transpose1d", "forward", ConvTranspose1dHook)
