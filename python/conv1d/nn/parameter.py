"""nn.Parameter: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

from .. import _C
from .._tensor import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor):
    """Parameter(data, requires_grad=True): shares data's memory; a Module registers it when it is assigned to it."""

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            data = _C.empty(0)
        # What is no tensor fails here as it does in PyTorch: "'int' object has no attribute 'detach'".
        data = data.detach()
        return _C._make_parameter(cls, data, requires_grad)

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        # __new__ has made it already; without this, Tensor's own constructor would run on the arguments.
        pass

    def __repr__(self) -> str:
        return "Parameter containing:\n" + Tensor.__repr__(self)

    __str__ = __repr__

    def __copy__(self) -> Parameter:
        result = type(self)(self.data, self.requires_grad)
        result.__dict__.update(self.__dict__)
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        state = self.__dict__ or None
        return _rebuild_parameter, (type(self), self.data, self.requires_grad), state


def _rebuild_parameter(cls: type[Parameter], data: Tensor, requires_grad: bool) -> Parameter:
    """What a pickled Parameter names as its maker."""
    return cls(data, requires_grad)
