"""The operators with plain arguments, for programs that are compiled or exported: what they return without computing,
and their gradients.

Forward, input gradient and weight gradient are the partial derivatives of one trilinear form, so that the derivative of
each is again among them.
"""

from __future__ import annotations

from typing import Any

import torch

from . import _door  # noqa: F401  (defines the operators)
from ._settings import Settings, bias_grad

Tensor = torch.Tensor
_ops = torch.ops.conv1d
_SERVED = (torch.float32, torch.float64)


def is_served(settings: Settings | None, input: Any, weight: Any, bias: Any) -> bool:
    """Whether a traced program may call the operators: what is not sure to be served there is PyTorch's."""
    if settings is None:
        return False
    if torch.onnx.is_in_onnx_export():  # its graphs know PyTorch's operators alone
        return False
    if torch.is_autocast_enabled("cpu") or input.device.type != "cpu" or weight.device.type != "cpu":
        return False
    if input.dtype not in _SERVED or weight.dtype != input.dtype or (bias is not None and bias.dtype != input.dtype):
        return False
    if input.dim() not in (2, 3) or weight.dim() != 3:
        return False
    if any(isinstance(size, int) and size == 0 for size in (*input.shape, *weight.shape)):
        return False
    stride, pad_left, pad_right, dilation, groups, output_padding, transposed = settings
    if stride < 1 or dilation < 1 or groups < 1 or min(pad_left, pad_right) < 0 or weight.shape[0] % groups != 0:
        return False
    kernel, length = weight.shape[2], input.shape[-1]
    if transposed:
        inputs, outputs = weight.shape[0], weight.shape[1] * groups
        # An output padding of a stride and more has no gradient among the operators.
        fits = 0 <= output_padding < stride and _transposed_length(length, kernel, *settings[:4], output_padding) > 0
    else:
        inputs, outputs = weight.shape[1] * groups, weight.shape[0]
        fits = _length(length, kernel, *settings[:4]) > 0
    return fits and input.shape[-2] == inputs and (bias is None or (bias.dim() == 1 and bias.shape[0] == outputs))


def _length(length: Any, kernel: Any, stride: int, pad_left: int, pad_right: int, dilation: int) -> Any:
    return (length + pad_left + pad_right - dilation * (kernel - 1) - 1) // stride + 1


def _transposed_length(
    length: Any, kernel: Any, stride: int, pad_left: int, pad_right: int, dilation: int, output_padding: int
) -> Any:
    return (length - 1) * stride - pad_left - pad_right + dilation * (kernel - 1) + 1 + output_padding


@torch.library.register_fake("conv1d::conv1d")
def _(input, weight, bias, stride, pad_left, pad_right, dilation, groups):
    torch._check(weight.shape[1] * groups == input.shape[-2], lambda: "conv1d: channels differ")
    length = _length(input.shape[-1], weight.shape[2], stride, pad_left, pad_right, dilation)
    torch._check(length > 0, lambda: "conv1d: the kernel is longer than its padded input")
    return input.new_empty((*input.shape[:-2], weight.shape[0], length))


@torch.library.register_fake("conv1d::conv_transpose1d")
def _(input, weight, bias, stride, pad_left, pad_right, dilation, groups, output_padding):
    torch._check(weight.shape[0] == input.shape[-2], lambda: "conv_transpose1d: channels differ")
    length = _transposed_length(input.shape[-1], weight.shape[2], stride, pad_left, pad_right, dilation, output_padding)
    torch._check(length > 0, lambda: "conv_transpose1d: the padding leaves no output")
    return input.new_empty((*input.shape[:-2], weight.shape[1] * groups, length))


@torch.library.register_fake("conv1d::conv1d_input_grad")
def _(grad, weight, in_length, stride, pad_left, pad_right, dilation, groups):
    return grad.new_empty((*grad.shape[:-2], weight.shape[1] * groups, in_length))


@torch.library.register_fake("conv1d::conv1d_weight_grad")
def _(grad, input, kernel_size, stride, pad_left, pad_right, dilation, groups):
    return grad.new_empty((grad.shape[-2], input.shape[-2] // groups, kernel_size))


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
        bias_grad(grad) if db else None,
    )
    return *grads, *[None] * len(settings)


def _conv_transpose1d_backward(ctx: Any, grad: Tensor) -> Any:
    input, weight = ctx.saved_tensors
    _, *settings, _output_padding = ctx.numbers
    dx, dw, db = ctx.needs_input_grad[:3]
    grads = (
        _ops.conv1d(grad, weight, None, *settings) if dx else None,
        _ops.conv1d_weight_grad(input, grad, weight.shape[2], *settings) if dw else None,
        bias_grad(grad) if db else None,
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
