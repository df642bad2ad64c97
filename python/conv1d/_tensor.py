"""The class Tensor: what Python's object protocols need on top of the bound C++ class."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from . import _C, _hooks, autograd, printing
from ._covered import no_attribute


class _ArrayHolder:
    """Shows NumPy the memory of a tensor and keeps it alive: the ``base`` of the array."""

    __slots__ = ("__array_interface__", "_tensor")

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor


class Tensor(_C.TensorBase):
    """An array of numbers with a dtype, a shape and, where wanted, a gradient."""

    __module__ = "conv1d"  # where users know it from

    # Apart from __dict__, which holds what users assign and is copied with a tensor.
    __slots__ = ("__dict__", "_hooks")

    # NumPy's operators give way to ours: `array + tensor` asks the tensor.
    __array_priority__ = 1000

    def __new__(cls, *args: Any, device: Any = None) -> Tensor:
        """``Tensor(2, 3)``: that shape, uninitialised; ``Tensor([1, 2])``: those numbers in the default dtype."""
        tensor = _legacy(args, device)
        return tensor if cls is Tensor else _C._make_parameter(cls, tensor, False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Everything happens in ``__new__``."""

    # ---- text ----------------------------------------------------------------------------------------------------
    def __repr__(self) -> str:
        return printing.text_of(self)

    def __format__(self, spec: str) -> str:
        if self.dim() == 0 and not self.is_meta and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    # ---- as a container ------------------------------------------------------------------------------------------
    def __iter__(self) -> Iterator[Tensor]:
        if self.dim() == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self.select(0, place) for place in range(len(self))])

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (Tensor, int, float, complex)):
            return bool((self == element).sum().item() > 0)
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    def __hash__(self) -> int:
        return id(self)

    def __getattr__(self, name: str) -> Any:
        raise no_attribute(self, name)

    # ---- gradients -----------------------------------------------------------------------------------------------
    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Adds the gradient of this tensor to the ``grad`` of every leaf that it was computed from."""
        autograd.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> _hooks.RemovableHandle:
        """hook(gradient) when backward() has this tensor's whole gradient; it may return another one."""
        return _hooks.register_on_tensor(self, hook)

    @property
    def _backward_hooks(self) -> OrderedDict[int, Any] | None:
        try:
            return object.__getattribute__(self, "_hooks")
        except AttributeError:  # none was ever registered
            return None

    @_backward_hooks.setter
    def _backward_hooks(self, hooks: OrderedDict[int, Any] | None) -> None:
        self._hooks = hooks

    def detach_(self) -> Tensor:
        """Forgets how this tensor was computed."""
        raise NotImplementedError("Tensor.detach_() is not supported: use detach()")

    # ---- copies --------------------------------------------------------------------------------------------------
    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment.  If you were attempting to deepcopy a module, this may be because of a "
                "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
            )
        if id(self) in memo:
            return memo[id(self)]
        result = _of_class(type(self), self.data.clone()).requires_grad_(self.requires_grad)
        memo[id(self)] = result
        if self.grad is not None:
            result.grad = copy.deepcopy(self.grad, memo)
        result.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return result

    def __copy__(self) -> Tensor:
        result = _of_class(type(self), self.data)
        result.requires_grad_(self.requires_grad)
        if self.is_leaf and self.grad is not None:
            result.grad = self.grad
        result.__dict__.update(self.__dict__)
        return result

    def __reduce_ex__(self, protocol: Any) -> tuple:
        of_class = () if type(self) is Tensor else (type(self),)
        arguments = (*_state(self), self.requires_grad, *of_class)
        return (_rebuild, arguments, self.__dict__) if self.__dict__ else (_rebuild, arguments)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # ---- other libraries' arrays ---------------------------------------------------------------------------------
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        if dtype is None or array.dtype == dtype:
            return array.copy() if copy else array
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return array.astype(dtype)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        if array.dtype == bool:
            array = array.astype("uint8")
        return _C.as_tensor(array)

    def __dlpack__(
        self, *, stream: Any = None, max_version: tuple[int, int] | None = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if self.is_meta:
            raise BufferError("Cannot pack tensors on meta")
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"cannot export a tensor of the CPU to the DLPack device {tuple(dl_device)}")
        if stream is not None and stream != -1:
            raise AssertionError("stream should be None on cpu.")
        tensor = self.clone() if copy else self
        return _C._to_dlpack(tensor, max_version is not None and max_version[0] >= 1)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # kDLCPU


def _legacy(args: tuple[Any, ...], device: Any) -> Tensor:
    """What Tensor(*args) is: numbers, or a shape."""
    if len(args) != 1 or isinstance(args[0], int):
        return _C.empty(args if args else (0,), device=device)
    data = args[0]
    if data is None or isinstance(data, (float, complex, dict, set)):
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    if isinstance(data, Tensor):  # another object of the same numbers, whatever their dtype
        return data.detach() if not data.requires_grad else data.view(data.shape)
    tensor = _C.empty(tuple(data)) if type(data).__name__ == "Size" else _C._legacy_tensor(data)
    return tensor.to(device) if device is not None else tensor


def _of_class(cls: type[Tensor], tensor: Tensor) -> Tensor:
    """The tensor as an object of `cls`, without running the constructor of a class of the user's."""
    return tensor if cls is Tensor else _C._make_parameter(cls, tensor, False)


def _state(tensor: Tensor) -> tuple[bytes | None, tuple[int, ...], Any]:
    """The numbers as bytes in C order, the shape and the dtype."""
    data = None if tensor.is_meta else _C._to_bytes(tensor)
    return data, tuple(tensor.shape), tensor.dtype


def _rebuild(
    data: bytes | None, shape: tuple[int, ...], dtype: Any, requires_grad: bool, cls: type[Tensor] = Tensor
) -> Tensor:
    tensor = _C.empty(shape, dtype=dtype, device="meta") if data is None else _C._from_bytes(data, shape, dtype)
    return _of_class(cls, tensor).requires_grad_(requires_grad)
