"""Names: which ones a registry takes, how objects are called in messages, how a dotted name is followed, repr()."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ... import _C
from ..._tensor import Tensor

if TYPE_CHECKING:
    from .module import Module

# What torch.nn.Module has and this one has not, so that the note can say so instead of leaving a reader to wonder.
_NOT_HERE = frozenset("compile ipu xpu mtia set_submodule register_backward_hook".split())


def typename(value: Any) -> str:
    """A type's name as PyTorch's messages spell it: tensors by dtype, builtins bare, all others with their module."""
    if isinstance(value, Tensor):
        return _C._tensor_typename(value)
    named = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(named, "__module__", None)
    return named.__qualname__ if module in (None, "builtins") else f"{module}.{named.__qualname__}"


def check(module: Module, name: Any, kind: str, registry: Mapping[str, Any]) -> None:
    """Raises unless `name` may be registered in `module` as a `kind` ("parameter", "buffer", "module")."""
    if not isinstance(name, str):
        raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
    taken = hasattr(module, name) and name not in registry
    # PyTorch asks add_module() first whether the name is taken, the other two last.
    if taken and kind == "module":
        raise KeyError(f"attribute '{name}' already exists")
    if "." in name:
        raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
    if name == "":
        raise KeyError(f'{kind} name can\'t be empty string ""')
    if taken:
        raise KeyError(f"attribute '{name}' already exists")


def no_attribute(module: Module, name: str) -> AttributeError:
    error = AttributeError(f"'{type(module).__name__}' object has no attribute '{name}'")
    if name in ("device", "dtype"):
        error.add_note(f"A module may hold tensors of several kinds; ask one of them, e.g. layer.weight.{name}.")
    elif name in _NOT_HERE:
        error.add_note(f"torch.nn.Module.{name} is outside what conv1d covers; see docs/differences.md.")
    return error


def submodule(module: Module, target: str) -> Module:
    """The module inside `module` with a dotted name."""
    from .module import Module

    found = module
    for part in target.split(".") if target else ():
        if not hasattr(found, part):
            raise AttributeError(f"{found._get_name()} has no attribute `{part}`")
        found = getattr(found, part)
        if not isinstance(found, Module):
            raise AttributeError(f"`{part}` is not an nn.Module")
    return found


def member(module: Module, target: str, kind: type, kind_name: str) -> Any:
    """The parameter or buffer inside `module` with a dotted name."""
    path, _, name = target.rpartition(".")
    owner = submodule(module, path)
    if not hasattr(owner, name):
        raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
    found = getattr(owner, name)
    if not isinstance(found, kind) or (kind_name == "a buffer" and name not in owner._buffers):
        raise AttributeError(f"`{name}` is not {kind_name}")
    return found


def indent(text: str) -> str:
    """Every line but the first two columns further in."""
    return text.replace("\n", "\n  ")


def describe(name: str, extra: str, children: Iterable[tuple[str, Any]]) -> str:
    """repr() of a module: on one line where there is nothing but one line of settings."""
    extra_lines = extra.split("\n") if extra else []
    child_lines = [f"({key}): {indent(repr(child))}" for key, child in children]
    if len(extra_lines) == 1 and not child_lines:
        return f"{name}({extra})"
    lines = extra_lines + child_lines
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{name}()"
