"""Operators registered in Python, for a PyTorch before 2.7: tensors are described to the kernels by their pointers."""

from __future__ import annotations

from typing import Any

import torch

from .. import _C
from ._settings import bias_grad

Tensor = torch.Tensor


def _describe(tensor: Tensor) -> tuple[int, str, list[int], list[int]]:
    return tensor.data_ptr(), str(tensor.dtype), list(tensor.shape), list(tensor.stride())


class _Output:
    """Makes the result when its sizes are known."""

    def __init__(self, like: Tensor, dim: int) -> None:
        self._like = like
        self._dim = dim

    def __call__(self, sizes: tuple[int, ...]) -> int:
        self.tensor = torch.empty(sizes[3 - self._dim :], dtype=self._like.dtype)
        return self.tensor.data_ptr()


def _served(computed: bool, output: _Output) -> Tensor:
    if not computed:
        raise RuntimeError("conv1d: these arguments are not served")
    return output.tensor


def _forward(input: Tensor, weight: Tensor, bias: Tensor | None, number: int) -> Tensor:
    output = _Output(input, input.dim())
    if weight.dim() != 3 or input.dim() not in (2, 3) or (bias is not None and bias.dim() != 1):
        return _served(False, output)
    described = None if bias is None else _describe(bias)
    return _served(_C._torch_forward(number, _describe(input), _describe(weight), described, output), output)


def kernel_for(number: int, input: Tensor, weight: Tensor, bias: Tensor | None) -> str | None:
    """The family that takes the call; None where it is not served. Only sizes, strides and dtypes are looked at."""
    if weight.dim() != 3 or input.dim() not in (2, 3) or (bias is not None and bias.dim() != 1):
        return None
    described = None if bias is None else _describe(bias)
    return _C._torch_kernel(number, _describe(input), _describe(weight), described)


def _input_grad(grad: Tensor, weight: Tensor, in_length: int, number: int) -> Tensor:
    output = _Output(grad, grad.dim())
    return _served(_C._torch_input_grad(number, _describe(grad), _describe(weight), in_length, output), output)


def _weight_grad(grad: Tensor, input: Tensor, kernel_size: int, number: int) -> Tensor:
    output = _Output(grad, 3)
    return _served(_C._torch_weight_grad(number, _describe(grad), _describe(input), kernel_size, output), output)


def _gradients(grad: Tensor, input: Tensor, weight: Tensor, number_and_mask: int) -> Any:
    number = number_and_mask >> 3
    dx = _input_grad(grad, weight, input.shape[-1], number) if number_and_mask & 1 else None
    dw = _weight_grad(grad, input, weight.shape[-1], number) if number_and_mask & 2 else None
    db = bias_grad(grad) if number_and_mask & 4 else None
    return dx, dw, db


def _recent(weight: Tensor | None, settings: tuple[int, ...], output_padding: int = 0, transposed: bool = False) -> Any:
    address = 0 if weight is None else weight.data_ptr()
    stride, left, right, dilation, groups = settings
    return _C._torch_recent_layer(address, stride, left, right, dilation, groups, output_padding, transposed)


def _conv1d(input: Tensor, weight: Tensor, bias: Tensor | None, *settings: int) -> Tensor:
    return _forward(input, weight, bias, _recent(weight, settings).number)


def _conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None, *settings: int) -> Tensor:
    return _forward(input, weight, bias, _recent(weight, settings[:5], settings[5], True).number)


def _conv1d_input_grad(grad: Tensor, weight: Tensor, in_length: int, *settings: int) -> Tensor:
    return _input_grad(grad, weight, in_length, _recent(weight, settings).number)


def _conv1d_weight_grad(grad: Tensor, input: Tensor, kernel_size: int, *settings: int) -> Tensor:
    return _weight_grad(grad, input, kernel_size, _recent(None, settings).number)


_SETTINGS = "SymInt stride, SymInt pad_left, SymInt pad_right, SymInt dilation, SymInt groups"
OPERATORS = (
    ("conv1d_p(Tensor input, Tensor weight, Tensor? bias, int layer) -> Tensor", _forward),
    ("conv1d_gp(Tensor grad, Tensor input, Tensor weight, int layer_and_mask) -> (Tensor, Tensor, Tensor)", _gradients),
    (f"conv1d(Tensor input, Tensor weight, Tensor? bias, {_SETTINGS}) -> Tensor", _conv1d),
    (
        f"conv_transpose1d(Tensor input, Tensor weight, Tensor? bias, {_SETTINGS}, SymInt output_padding) -> Tensor",
        _conv_transpose1d,
    ),
    (f"conv1d_input_grad(Tensor grad, Tensor weight, SymInt in_length, {_SETTINGS}) -> Tensor", _conv1d_input_grad),
    (f"conv1d_weight_grad(Tensor grad, Tensor input, SymInt kernel_size, {_SETTINGS}) -> Tensor", _conv1d_weight_grad),
)
