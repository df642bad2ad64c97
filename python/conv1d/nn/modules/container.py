"""Modules that hold modules: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import naming
from .module import Module

if TYPE_CHECKING:
    from typing import Self

__all__ = ["ModuleDict", "ModuleList", "Sequential"]

_Item = TypeVar("_Item")


class _Ordered(Module):
    """What Sequential and ModuleList share: children that are reached by their place."""

    _modules: dict[str, Module]  # type: ignore[assignment]

    def _at(self, items: Iterable[_Item], place: Any) -> _Item:
        place = operator.index(place)
        if not -len(self) <= place < len(self):
            raise IndexError(f"index {place} is out of range")
        return list(items)[place]

    def _renumber(self) -> None:
        self._modules = {str(number): module for number, module in enumerate(self._modules.values())}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, place: int, module: Module) -> None:
        setattr(self, self._at(self._modules, place), module)

    def __delitem__(self, place: int | slice) -> None:
        names = list(self._modules)[place] if isinstance(place, slice) else [self._at(self._modules, place)]
        for name in names:
            delattr(self, name)
        self._renumber()

    def append(self, module: Module) -> Self:
        self.add_module(str(len(self)), module)
        return self

    def pop(self, place: int | slice) -> Module:
        module = self[place]  # type: ignore[index]
        del self[place]
        return module

    def _insert(self, place: int, module: Module) -> None:
        modules = list(self._modules.values())
        modules.insert(place, module)
        self._modules = {str(number): inner for number, inner in enumerate(modules)}


class Sequential(_Ordered):
    """Each module is given what the one before it returned. Takes modules, or one OrderedDict of named ones."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for number, module in enumerate(args):
                self.add_module(str(number), module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    @overload
    def __getitem__(self, place: slice) -> Sequential: ...
    @overload
    def __getitem__(self, place: int) -> Module: ...
    def __getitem__(self, place: Any) -> Module:
        if isinstance(place, slice):
            return type(self)(OrderedDict(list(self._modules.items())[place]))
        return self._at(self._modules.values(), place)

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential().extend(self).extend(_sequential(other))

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(_sequential(other))

    def __mul__(self, times: int) -> Sequential:
        _check_factor(self, times)
        return Sequential(*(list(self) * times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        _check_factor(self, times)
        return self.extend(list(self) * (times - 1))

    def insert(self, index: int, module: Module) -> Self:
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        self._insert(index, module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        for module in list(sequential):
            self.append(module)
        return self


def _sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return other


def _check_factor(module: Module, times: Any) -> None:
    if not isinstance(times, int):
        raise TypeError(f"unsupported operand type(s) for *: {type(module)} and {type(times)}")
    if times <= 0:
        raise ValueError(f"Non-positive multiplication factor {times} for {type(module)}")


class ModuleList(_Ordered):
    """A list whose modules belong to the module that holds it; it has no forward()."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, place: slice) -> ModuleList: ...
    @overload
    def __getitem__(self, place: int) -> Module: ...
    def __getitem__(self, place: Any) -> Module:
        if isinstance(place, slice):
            return type(self)(list(self._modules.values())[place])
        return self._at(self._modules.values(), place)

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def insert(self, index: int, module: Module) -> None:
        self._insert(index, module)

    def extend(self, modules: Iterable[Module]) -> Self:
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def __repr__(self) -> str:
        """Neighbours with the same text are written once: (0-2): 3 x Conv1d(...)."""
        runs: list[list[Any]] = []
        for number, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = number
            else:
                runs.append([number, number, text])
        if not runs:
            return f"{self._get_name()}()"
        lines = [
            naming.indent(f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}")
            for first, last, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dictionary whose modules belong to the module that holds it; it has no forward()."""

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        self._modules.clear()

    def pop(self, key: str) -> Module:
        return self._modules.pop(key)

    def keys(self) -> Iterable[str]:
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Module]]:
        return self._modules.items()

    def values(self) -> Iterable[Module]:
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                + type(modules).__name__
            )
        for key, module in modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules:
            self[key] = module
