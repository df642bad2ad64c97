"""A pad module before a convolution and a BatchNorm1d behind it, folded into the convolution's own numbers."""

from __future__ import annotations

import operator
from typing import Any, TypeAlias

import torch

from .. import _C
from . import _call, _edges
from ._call import _PLAIN, _PLAIN_OR_NONE
from ._hook import _NAMES, Conv1dHook, _settings_of
from ._settings import number, read, renewed

nn = torch.nn
Tensor = torch.Tensor

PADS = (nn.ConstantPad1d, nn.ZeroPad1d, *_edges.MODES)
_FOLDED = (torch.float32, torch.float64)  # the scaled weights of halves would be rounded once more
# PyTorch's BatchNorm1d takes 0.12 ns for a number that it normalises, 0.35 ns where the output is beyond the caches and
# new memory; to scale weights takes 15 us, and 0.15 ns for each (measured on AVX2). In doubt it is not done.
_LEAST_NUMBERS = 1 << 18


def unhooked(attributes: dict[str, Any]) -> bool:
    """Whether calling a module with these attributes is calling its forward, and nobody sees it."""
    return not (
        attributes["_forward_hooks"]
        or attributes["_forward_pre_hooks"]
        or attributes["_backward_hooks"]
        or attributes["_backward_pre_hooks"]
        or "_compiled_call_impl" in attributes
    )


def untouched(module: Any) -> bool:
    """Whether calling a module is calling its class's forward, and nobody sees it."""
    attributes = module.__dict__
    return unhooked(attributes) and "forward" not in attributes


def why_no_pad(pad: Any, conv: nn.Conv1d) -> str | None:
    """None where the pad can be the convolution's own."""
    amounts = pad.padding
    if type(amounts) is not tuple or len(amounts) != 2 or not all(type(n) is int and n >= 0 for n in amounts):
        return "it takes something away"
    edges = type(pad) in _edges.MODES
    if not edges and (type(pad.value) not in (int, float) or pad.value != 0):
        return "its value is not zero"
    if conv.padding_mode != "zeros":
        return f"the layer behind it pads by itself, with padding_mode='{conv.padding_mode}'"
    if type(conv.padding) is str and conv.padding != "valid":
        return f"the layer behind it has padding='{conv.padding}'"
    if edges and conv.padding != "valid" and number(conv.padding) != 0:
        return "the layer behind it pads the padded input once more"
    return None


def why_no_norm(norm: nn.BatchNorm1d) -> str | None:
    """None where the BatchNorm1d can be the convolution's own numbers, in eval mode."""
    if norm.running_mean is None or norm.running_var is None:
        return "it has no running statistics"
    return None


# The pad and the settings seen, and a layer of ours for them: replaced as a whole, as the state in _hook.py.
_Padding: TypeAlias = tuple[tuple[Any, ...], _C.GuestLayer | None]
_UNSEEN: _Padding = ((object(),) * (2 + len(_NAMES)), None)


class Fold:
    """What is kept from call to call: a layer of ours for a pad's settings, and the memory of the scaled weights. The
    numbers themselves are computed at each call, since PyTorch lets them be written unseen; where they are the same as
    before, the packed copies of the scaled weights are good."""

    __slots__ = ("_padding", "_scaled")

    def __init__(self) -> None:
        self._padding = _UNSEEN
        self._scaled: Tensor | None = None

    def run(self, x: Any, modules: tuple[Any, ...], has_pad: bool, has_norm: bool) -> Tensor | None:
        """The output behind the BatchNorm1d, or behind the convolution if there is none. None where nothing can be
        folded: the modules are to be called one by one."""
        if type(x) not in _PLAIN:
            return None
        conv = modules[has_pad]
        norm = modules[has_pad + 1] if has_norm and _pays(x, conv) else None
        pad = modules[0] if has_pad else None
        if type(pad) in _edges.MODES and x.numel() <= _edges.LEAST_NUMBERS:
            pad = None
        if norm is None and pad is None:  # what is short is told before anything else is asked
            return None
        hook = conv.__dict__.get("_conv_forward")
        if type(hook) is not Conv1dHook or hook._own() is not conv or conv.training or not untouched(conv):
            return None
        if norm is not None and (norm.training or not untouched(norm)):
            norm = None
        key, guest = _UNSEEN if pad is None else self._padded(pad, conv)
        edges = None
        if guest is not None and type(pad) in _edges.MODES:
            edges = _edges_of(x, pad, conv)
            guest = None if edges is None else guest
        if norm is None and guest is None:
            return None
        weight, bias = conv.weight, conv.bias
        if not _usable(x, weight):
            return None
        scaled = None if norm is None else self._scale(weight, bias, norm)
        if scaled is not None:
            weight, bias = scaled
        elif guest is None:
            return None
        if guest is not None:
            y = _call.serve(hook._own, _NAMES, key[2:], guest, guest.number, x, weight, bias)
            if y is None:  # it wants to be asked in full
                if not all(map(operator.is_, _settings_of(conv.__dict__), key[2:])):  # equal and yet another: 1.0 for 1
                    self._padding = _UNSEEN
                    return None
                y = _call.run(guest, guest.number, x, weight, bias)
            if y is None or y is False:
                return None
            if edges is not None:
                y = _edges.overwrite(y, x, edges, lambda piece: hook(piece, weight, bias))
        else:
            y = hook(modules[0](x) if has_pad else x, weight, bias)
        return normalise(modules[has_pad + 1], y) if has_norm and scaled is None else y

    def _padded(self, pad: Any, conv: nn.Conv1d) -> _Padding:
        """What it was made for, and a layer whose padding is the pad's and the convolution's own."""
        if not untouched(pad):
            return _UNSEEN
        try:
            key = (pad.padding, getattr(pad, "value", 0), *_settings_of(conv.__dict__))
        except KeyError:  # a setting was deleted
            return _UNSEEN
        padding = self._padding
        if key != padding[0] or key[0] is not padding[0][0]:
            settings = None
            if why_no_pad(pad, conv) is None:
                settings = read(conv.stride, conv.padding, conv.dilation, conv.groups, 0)
            if settings is not None:
                left, right = pad.padding
                settings = settings._replace(pad_left=settings.pad_left + left, pad_right=settings.pad_right + right)
            padding = self._padding = (key, renewed(padding[1], settings))
        return padding

    def _scale(self, weight: Tensor, bias: Tensor | None, norm: Any) -> tuple[Tensor, Tensor] | None:
        """Weight and bias of a convolution that normalises its own output. None where PyTorch is to do it."""
        mean, variance, gamma, beta = norm.running_mean, norm.running_var, norm.weight, norm.bias
        if weight.dtype not in _FOLDED or mean is None or variance is None or not norm.eps >= 0 or _call._autocast():
            return None
        for tensor in (mean, variance, gamma, beta, bias):
            if tensor is not None and (
                type(tensor) not in _PLAIN
                or tensor.dtype is not weight.dtype
                or not tensor.is_cpu
                or tensor.shape != weight.shape[:1]
            ):
                return None
        scale = torch.rsqrt(variance + norm.eps)
        if gamma is not None:
            scale = scale * gamma
        offset = -mean if bias is None else bias - mean
        shift = offset * scale if beta is None else torch.addcmul(beta, offset, scale)
        kept = self._scaled
        if kept is None or kept.shape != weight.shape or kept.dtype is not weight.dtype:
            with torch.inference_mode(False):  # so that it may be written in any mode
                kept = self._scaled = torch.empty(weight.shape, dtype=weight.dtype, device="cpu")
        # Another thread may be reading it: it is never anything but whole.
        return torch.mul(weight, scale.view(-1, 1, 1), out=kept), shift


def _pays(x: Tensor, conv: nn.Conv1d) -> bool:
    """Whether scaling the weights takes less time than normalising the output, by the layer's sizes."""
    stride = number(conv.stride)
    # BatchNorm1d takes an output without a batch for one without a length.
    if not stride or not conv.in_channels or x.dim() != 3:
        return False
    more = x.numel() * conv.out_channels // (conv.in_channels * stride) - _LEAST_NUMBERS
    if more <= 0:
        return False
    kernel = number(conv.kernel_size)
    return kernel is not None and more > 2 * conv.out_channels * (conv.in_channels // (conv.groups or 1)) * kernel


def normalise(norm: Any, y: Any) -> Any:
    """norm(y). In eval mode by the call that PyTorch's forward ends in: for short outputs the way there is longer."""
    if type(y) is Tensor and not norm.training and untouched(norm) and y.dim() in (2, 3) and y.is_cpu:
        try:
            buffers, parameters = norm._buffers, norm._parameters
            mean, variance = buffers["running_mean"], buffers["running_var"]
            gamma, beta = parameters["weight"], parameters["bias"]
        except KeyError:  # somebody has made them something else
            return norm(y)
        if (
            type(mean) in _PLAIN
            and type(variance) in _PLAIN
            and type(gamma) in _PLAIN_OR_NONE
            and type(beta) in _PLAIN_OR_NONE
            and norm.eps >= 0
        ):
            return torch.batch_norm(y, gamma, beta, mean, variance, False, 0.0, norm.eps, False)
    return norm(y)


def _edges_of(x: Tensor, pad: Any, conv: nn.Conv1d) -> _edges.Edges | None:
    """Where the pad is seen in the output, if it pays to compute that apart."""
    stride, dilation, kernel = number(conv.stride), number(conv.dilation), number(conv.kernel_size)
    if not stride or not dilation or not kernel or x.dim() != 3:
        return None
    weights = conv.out_channels * (conv.in_channels // (conv.groups or 1)) * kernel
    return _edges.edges(x, type(pad), pad.padding, stride, dilation * (kernel - 1) + 1, weights)


def _usable(x: Tensor, weight: Any) -> bool:
    """Whether there are numbers of ours to compute with, and no gradient is recorded."""
    return type(weight) in _PLAIN and x.is_cpu and weight.is_cpu and weight.dim() == 3 and not _call._grad_enabled()
