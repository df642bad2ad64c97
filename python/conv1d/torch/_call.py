"""One eager call: is it ours to answer, and the answer with its gradient."""

from __future__ import annotations

from typing import Any

import torch
import torch.autograd.forward_ad as _forward_ad
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext

from .. import _C
from ._door import autocast_was_met, layer_forward, layer_gradients
from ._settings import bias_grad

Tensor = torch.Tensor
GuestLayer = _C.GuestLayer

# Subclasses may mean anything by an operator: they are PyTorch's.
_PLAIN = frozenset((torch.Tensor, torch.nn.Parameter))
_PLAIN_OR_NONE = _PLAIN | {type(None)}

_grad_enabled = torch.is_grad_enabled
_autocast = torch._C._is_any_autocast_enabled
_dispatch_modes = torch._C._len_torch_dispatch_stack
_function_modes = torch._C._len_torch_function_stack
_interpreter = torch._C._functorch.peek_interpreter_stack
_tracing = torch._C._get_tracing_state


def _watching_functions() -> bool:
    """Whether a mode sees what functions are called. torch.set_default_device()'s is no business of a layer's."""
    return any(type(mode) is not DeviceContext for mode in _get_current_function_mode_stack())


def _unwatched() -> bool:
    """Nobody wants to see or to change the operators that are called: no dual number, mode, transform or trace."""
    # A bare operator would lose tangents and hide from traces without a word: each is asked for. Autocast is not: it
    # finds a kernel of its own (_door.py).
    return not (
        _forward_ad._current_level >= 0
        or _dispatch_modes()
        or _interpreter() is not None
        or _tracing() is not None
        or (_function_modes() and _watching_functions())
    )


def _fast_in_pytorch() -> frozenset[torch.dtype]:
    """Halves for which oneDNN has kernels on this machine (AVX-512): those are PyTorch's to compute. Elsewhere
    PyTorch converts number by number, and we are ten times as fast."""
    found = set()
    for dtype, name in ((torch.bfloat16, "_is_mkldnn_bf16_supported"), (torch.float16, "_is_mkldnn_fp16_supported")):
        try:
            supported = bool(getattr(torch.ops.mkldnn, name)())
        except (AttributeError, RuntimeError):
            supported = False
        if supported:
            found.add(dtype)
    return frozenset(found)


LEFT_TO_PYTORCH = _fast_in_pytorch()


def run(layer: GuestLayer, number: int, input: Any, weight: Any, bias: Any) -> Tensor | None:
    """The layer's answer; None where PyTorch's own call has to answer, or to say what is wrong."""
    if (
        type(input) not in _PLAIN
        or type(weight) not in _PLAIN
        or type(bias) not in _PLAIN_OR_NONE
        or _forward_ad._current_level >= 0  # from here on as in _unwatched(), without a call for it
        or _dispatch_modes()
        or _interpreter() is not None
        or _tracing() is not None
        or (_function_modes() and _watching_functions())
        or (autocast_was_met and _autocast())
        or input.dtype in LEFT_TO_PYTORCH
    ):
        return None
    if _grad_enabled() and (input.requires_grad or weight.requires_grad or (bias is not None and bias.requires_grad)):
        try:
            return _record(input, weight, bias, layer, number)
        except _NotServed:
            return None
    try:
        return layer_forward(input, weight, bias, number)
    except Exception:  # whatever is wrong, PyTorch's own call says it in its words
        return None


class _NotServed(Exception):
    """Tells what the kernels refuse from what hooks of saved tensors raise, which is nobody's business but theirs."""


class Convolution(torch.autograd.Function):
    """A layer's forward pass, recorded."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None, layer: GuestLayer, number: int) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.layer = layer  # lives as long as the graph does
        ctx.number = number
        try:
            return layer_forward(input, weight, bias, number)
        except Exception:
            raise _NotServed from None

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        input, weight = ctx.saved_tensors
        dx, dw, db, _, _ = ctx.needs_input_grad
        if not _grad_enabled() and {type(grad), type(input), type(weight)} <= _PLAIN and _unwatched():
            try:
                grads = layer_gradients(grad, input, weight, ctx.number << 3 | dx | dw << 1 | db << 2)
                return *grads, None, None
            except Exception:  # as above
                pass
        return *_gradients(ctx.layer, grad, input, weight, (dx, dw, db)), None, None


# Function.apply, less a wrapper for functorch's transforms, which costs 10 microseconds: they were excluded above.
_record = super(torch.autograd.Function, Convolution).apply


# serve(owner, names, seen, layer, number, input, weight, bias): what run() does, in C, after it has asked whether
# `owner`, a weak reference to a layer of PyTorch's, still has the attributes that were seen. None where run() has to be
# asked, False where PyTorch has to answer.
serve = _C._torch_serve
_C._torch_serve_with(
    torch.Tensor,
    torch.nn.Parameter,
    _forward_ad,
    must_be_none=(_interpreter, _tracing),
    must_be_false=(_dispatch_modes, _function_modes),
    is_autocast_enabled=_autocast,
    is_grad_enabled=_grad_enabled,
    left=LEFT_TO_PYTORCH,
    forward=layer_forward,
    record=_record,
    not_served=_NotServed,
)


def _gradients(layer: GuestLayer, grad: Tensor, input: Tensor, weight: Tensor, wanted: tuple[bool, ...]) -> Any:
    """By PyTorch's own operator, which can be differentiated again, batched and traced."""
    stride, left, right, dilation, groups, output_padding, transposed = layer.settings
    if input.is_complex():
        return _complex_gradients(layer, grad, input, weight, wanted)
    least = min(left, right)
    before, after = left - least, right - least  # what an even kernel under padding="same" has more on one side
    padded = torch.nn.functional.pad(input, (before, after)) if before or after else input
    unbatched = input.dim() == 2
    if unbatched:
        padded, grad = padded.unsqueeze(0), grad.unsqueeze(0)
    channels = grad.shape[1]
    dx, dw, db = torch.ops.aten.convolution_backward(
        grad,
        padded,
        weight,
        [channels],
        [stride],
        [least],
        [dilation],
        transposed,
        [output_padding],
        groups,
        list(wanted),
    )
    if dx is not None and (before or after):
        dx = dx.narrow(2, before, input.shape[-1])
    if dx is not None and unbatched:
        dx = dx.squeeze(0)
    return dx, dw, db


def _complex_gradients(layer: GuestLayer, grad: Tensor, input: Tensor, weight: Tensor, wanted: tuple[bool, ...]) -> Any:
    """PyTorch's operator above has none for complex numbers: those of its forward call, which is made of real ones."""
    stride, left, right, dilation, groups, output_padding, transposed = layer.settings
    again = _grad_enabled()
    with torch.enable_grad():
        # Not of the tensors themselves: one may have been computed from the other, and its way back is not this call's.
        input, weight = input.view_as(input), weight.view_as(weight)
        if transposed:
            output = torch.conv_transpose1d(input, weight, None, stride, left, output_padding, groups, dilation)
        else:
            padded = torch.nn.functional.pad(input, (left, right))
            output = torch.conv1d(padded, weight, None, stride, 0, dilation, groups)
        differentiated = [tensor for tensor, want in zip((input, weight), wanted, strict=False) if want]
        found = iter(torch.autograd.grad(output, differentiated, grad, create_graph=again) if differentiated else ())
    dx, dw = (next(found) if want else None for want in wanted[:2])
    return dx, dw, bias_grad(grad) if wanted[2] else None
