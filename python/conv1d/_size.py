"""torch.Size: a tuple that knows it is a shape."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import SupportsIndex, overload


class Size(tuple[int, ...]):
    """The shape of a tensor: ``Size([3, 6])``."""

    __module__ = "conv1d"  # where users know it from
    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = ()) -> Size:
        values = []
        for place, size in enumerate(sizes):
            try:
                value = operator.index(size)
            except TypeError:
                kind = type(size).__name__
                raise TypeError(f"torch.Size() takes an iterable of 'int' (item {place} is '{kind}')") from None
            if not -(2**63) <= value < 2**63:
                raise ValueError("Overflow when unpacking long long")
            values.append(value)
        return tuple.__new__(cls, values)

    def numel(self) -> int:
        """Number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index):
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: tuple[int, ...]) -> Size:  # type: ignore[override]
        return Size(tuple.__add__(self, other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: tuple[int, ...]) -> Size:
        return Size(tuple.__add__(other, self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, count: SupportsIndex) -> Size:
        return Size(tuple.__mul__(self, count))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return Size, (tuple(self),)
