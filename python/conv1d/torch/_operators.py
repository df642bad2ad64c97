"""The operators with plain arguments, for programs that are compiled or exported: what they return without computing,
and their gradients.

Forward, input gradient and weight gradient are the partial derivatives of one trilinear form, so that the derivative of
each is again among them.
"""

from __future__ import annotations

from typing import Any

import torch

from . import _door  # noqa: F401  (defines the operators)

Tensor = torch.Tensor
_ops = torch.ops.conv1d
_SERVED = (torch.float32, torch.float64)


def is_served(input: Any, weight: Any, bias: Any) -> bool:
    """Whether a traced program may call the operators: sizes and dtypes that PyTorch's own call would take as well."""
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor) and (bias is None or isinstance(bias, Tensor))):
        return False
    if torch.onnx.is_in_onnx_export():  # its graphs know PyTorch's operators alone
        return False
    if torch.is_autocast_enabled("cpu") or input.device.type != "cpu" or weight.device.type != "cpu":
        return False
    if input.dtype not in _SERVED or weight.dtype != input.dtype or (bias is not None and bias.dtype != input.dtype):
        return False
    return input.dim() in (2, 3) and weight.dim() == 3


def _length(length: int, kernel: int, stride: int, pads: int, dilation: int) -> Any:
    return (length + pads - dilation * (kernel - 1) - 1) // stride + 1


@torch.library.register_fake("conv1d::conv1d")
def _(input, weight, bias, stride, pad_left, pad_right, dilation, groups):
    torch._check(weight.shape[1] * groups == input.shape[-2], lambda: "conv1d: channels differ")
    length = _length(input.shape[-1], weight.shape[2], stride, pad_left + pad_right, dilation)
    torch._check(length > 0, lambda: "conv1d: the kernel is longer than its padded input")
    return input.new_empty((*input.shape[:-2], weight.shape[0], length))


@torch.library.register_fake("conv1d::conv_transpose1d")
def _(input, weight, bias, stride, pad_left, pad_right, dilation, groups, output_padding):
    torch._check(weight.shape[0] == input.shape[-2], lambda: "conv_transpose1d: channels differ")
    pads, extent = pad_left + pad_right, dilation * (weight.shape[2] - 1) + 1
    length = (input.shape[-1] - 1) * stride - pads + extent + output_padding
    torch._check(length > 0, lambda: "conv_transpose1d: the padding leaves no output")
    return input.new_empty((*input.shape[:-2], weight.shape[1] * groups, length))


@torch.library.register_fake("conv1d::conv1d_input_grad")
def _(grad, weight, in_length, stride, pad_left, pad_right, dilation, groups):
    return grad.new_empty((*grad.shape[:-2], weight.shape[1] * groups, in_length))


@torch.library.register_fake("conv1d::conv1d_weight_grad")
def _(grad, input, kernel_size, stride, pad_left, pad_right, dilation, groups):
    return grad.new_empty((grad.shape[-2], input.shape[-2] // groups, kernel_size))


def _bias_grad(grad: Tensor) -> Tensor:
    return grad.sum((0, 2) if grad.dim() == 3 else 1)


def _save_pair(ctx: Any, inputs: Any, output: Any) -> None:
    """Two operands that are multiplied, and the numbers behind them."""
    first, second, *numbers = inputs
    ctx.save_for_backward(first, second)
    ctx.numbers = numbers


def _conv1d_backward(ctx: Any, grad: Tensor) -> Any:
    input, weight = ctx.saved_tensors
    _, *settings = ctx.numbers
    dx, dw, db = ctx.needs_input_grad[:3]
    grads = (
        _ops.conv1d_input_grad(grad, weight, input.shape[-1], *settings) if dx else None,
        _ops.conv1d_weight_grad(grad, input, weight.shape[2], *settings) if dw else None,
        _bias_grad(grad) if db else None,
    )
    return *grads, *[None] * len(settings)


def _conv_transpose1d_backward(ctx: Any, grad: Tensor) -> Any:
    input, weight = ctx.saved_tensors
    _, *settings, _output_padding = ctx.numbers
    dx, dw, db = ctx.needs_input_grad[:3]
    grads = (
        _ops.conv1d(grad, weight, None, *settings) if dx else None,
        _ops.conv1d_weight_grad(input, grad, weight.shape[2], *settings) if dw else None,
        _bias_grad(grad) if db else None,
    )
    return *grads, *[None] * len(settings), None


def _input_grad_backward(ctx: Any, second: Tensor) -> Any:
    grad, weight = ctx.saved_tensors
    _, *settings = ctx.numbers
    dgrad, dw = ctx.needs_input_grad[:2]
    grads = (
        _ops.conv1d(second, weight, None, *settings) if dgrad else None,
        _ops.conv1d_weight_grad(grad, second, weight.shape[2], *settings) if dw else None,
    )
    return *grads, None, *[None] * len(settings)


def _weight_grad_backward(ctx: Any, second: Tensor) -> Any:
    grad, input = ctx.saved_tensors
    _, *settings = ctx.numbers
    dgrad, dx = ctx.needs_input_grad[:2]
    grads = (
        _ops.conv1d(input, second, None, *settings) if dgrad else None,
        _ops.conv1d_input_grad(grad, second, input.shape[-1], *settings) if dx else None,
    )
    return *grads, None, *[None] * len(settings)


for _name, _backward in (
    ("conv1d", _conv1d_backward),
    ("conv_transpose1d", _conv_transpose1d_backward),
    ("conv1d_input_grad", _input_grad_backward),
    ("conv1d_weight_grad", _weight_grad_backward),
):
    torch.library.register_autograd(f"conv1d::{_name}", _backward, setup_context=_save_pair)
