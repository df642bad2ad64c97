"""nn.init: fills tensors with first values, in place, and returns them. Nothing here is recorded for gradients.

The values are drawn in C++ (src/nn/init.cc), so that a layer of either language starts with the same bits.
"""

from __future__ import annotations

from typing import Any

from .. import _C
from .._covered import no_member
from .._tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


_LINEAR = frozenset("linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid".split())


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """The factor by which a layer before this activation is drawn wider; param is leaky_relu's slope."""
    if nonlinearity != "leaky_relu":
        param = None
    elif param is not None and (isinstance(param, bool) or not isinstance(param, (int, float))):
        raise ValueError(f"negative_slope {param} not a valid number")
    gain = _C._calculate_gain(nonlinearity, param)
    return 1 if nonlinearity in _LINEAR else gain  # PyTorch's 1 is an int, which shows where it is printed


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs one output adds up, and how many outputs one input goes to."""
    return _C._calculate_fans(tensor)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Evenly in [a, b)."""
    return _C._uniform_(tensor, a, b, generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    return _C._normal_(tensor, mean, std, generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    return _C._constant_(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 0.0)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """U(-b, b) with b = gain * sqrt(3 / fan): keeps the variance from layer to layer (He et al., 2015)."""
    return _C._kaiming_uniform_(tensor, _slope(nonlinearity, a), mode.lower(), nonlinearity, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """N(0, s^2) with s = gain / sqrt(fan)."""
    return _C._kaiming_normal_(tensor, _slope(nonlinearity, a), mode.lower(), nonlinearity, generator)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """U(-b, b) with b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    return _C._xavier_uniform_(tensor, gain, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """N(0, s^2) with s = gain * sqrt(2 / (fan_in + fan_out))."""
    return _C._xavier_normal_(tensor, gain, generator)


def _slope(nonlinearity: str, a: Any) -> float:
    """`a` where it counts; calculate_gain() refuses what is no number."""
    if nonlinearity == "leaky_relu":
        calculate_gain(nonlinearity, a)
        return a
    return 0.0


def __getattr__(name: str) -> Any:
    raise no_member("torch.nn.init", name)
