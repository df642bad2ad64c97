"""Conv1d, exactly as in PyTorch: ``import conv1d as torch`` and go on as before."""

from __future__ import annotations

import copyreg as _copyreg
import math as _math
from typing import Any as _Any

from . import _C
from ._covered import no_member as _no_member
from ._size import Size
from ._tensor import Tensor

_C._set_classes(Tensor, Size)
# Functions of the extension are pickled by name and are their own copies, as Python's builtins: a module may hold one.
_copyreg.pickle(type(_C._set_classes), lambda function: function.__name__)

from . import autograd, cuda, io, random, return_types  # noqa: E402  (these make tensors: the classes come first)
from ._C import *  # noqa: E402, F403
from .autograd import enable_grad, is_grad_enabled, no_grad, set_grad_enabled  # noqa: E402
from .printing import set_printoptions  # noqa: E402
from .random import default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state  # noqa: E402

from . import nn  # noqa: E402  isort: skip

del TensorBase, Node, PlanCache, GuestLayer, bool_  # noqa: F821  (of the extension module alone)

# PyTorch's other names of dtypes. Some hide Python's types in here, so nothing below may use those.
bool = _C.bool_
half, float, double = _C.float16, _C.float32, _C.float64
cfloat, cdouble = _C.complex64, _C.complex128
short, int, long = _C.int16, _C.int32, _C.int64

__version__ = _C._version


def set_default_dtype(d: _Any) -> None:
    """The dtype of tensors made from floats: one of the floating-point dtypes."""
    _C._set_default_dtype(d)


def from_dlpack(ext_tensor: _Any, *, device: _Any = None, copy: _Any = None) -> Tensor:
    """The numbers of another library's array, in the same memory unless `copy` is true."""
    tensor = _C._from_dlpack(ext_tensor)
    if device is not None and _C.device(device).type == "meta":
        raise BufferError("Cannot pack tensors on meta")
    return tensor.clone() if copy else tensor if device is None else tensor.to(device)


def empty_cache() -> None:  # type: ignore[no-redef]
    """Gives back freed memory that is kept for the next tensors, and what conv1d.torch's functions keep of weights that
    are no layer's. What layers keep stays (set_kept_memory)."""
    _C._torch_forget_recent_layers()
    _C.empty_cache()


def set_kept_memory(limit: _Any) -> None:
    """Layers keep at most `limit` bytes of packed weights, all together, those in PyTorch's models included.

    At first 1 GiB; and no layer keeps more than eight times its weights (or 64 KiB). Where not everything fits, those
    copies stay that save most time a byte. What is kept beyond is given back at once; layers then pack anew at every
    call or use weights as they are. kept_memory() tells what is kept, layer.kept_bytes a layer's share.
    """
    _C._set_kept_memory(limit)


e, pi, inf, nan = _math.e, _math.pi, _math.inf, _math.nan


def __getattr__(name: str) -> _Any:
    # "torch", since programs import this package by that name and compare texts.
    raise _no_member("torch", name)
