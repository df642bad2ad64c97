"""Which Sequentials of a model are fused, and what the report says of it."""

from __future__ import annotations

from typing import Any

import torch

from . import _copies
from ._fold import PADS, why_no_norm, why_no_pad
from ._hook import Conv1dHook
from ._sequential import SequentialHook, bound, convolution, groups, is_sequential

nn = torch.nn


def visit(model: nn.Module, fuse: bool, fused: list[str], unfused: dict[str, str]) -> None:
    """Puts hooks on the Sequentials of a model where asked, and tells of those that have one."""
    for name, module in model.named_modules():
        if not isinstance(module, nn.Sequential) or isinstance(module, torch.jit.ScriptModule):
            continue
        told: list[str] = []
        why_not: dict[str, str] = {}
        _tell(name, module, told, why_not)
        if _hook(module) is None:
            if not fuse or not _may(name, module, told, unfused):
                if fuse:
                    unfused.update(why_not)
                continue
            _copies.put_on(module, "forward", bound(module))
        fused += told
        unfused.update(why_not)


def _hook(module: nn.Module) -> SequentialHook | None:
    hook = _copies.behind(module.__dict__.get("forward"))
    return hook if type(hook) is SequentialHook else None


def _may(name: str, module: nn.Sequential, told: list[str], unfused: dict[str, str]) -> bool:
    """Whether there is something to fuse, and nothing in the way."""
    if not told:
        return False
    why = None
    if not is_sequential(type(module)):
        why = f"its class {type(module).__name__} has a forward or an __iter__ of its own"
    elif (attribute := _copies.replaced(module, "forward")) is not None:
        why = f"somebody else has replaced its {attribute}"
    if why is not None:
        unfused[name or "(the model itself)"] = why
    return why is None


def _tell(name: str, container: nn.Sequential, fused: list[str], unfused: dict[str, str]) -> None:
    """What can be fused with the layers of a container, by what its modules are now."""
    children: Any = [(f"{name}.{key}" if name else key, module) for key, module in container._modules.items()]
    kinds = tuple(type(module) for _, module in children)
    for i in range(1, len(children)):
        if issubclass(kinds[i - 1], nn.CircularPad1d) and convolution(kinds[i]) is not None:
            unfused[children[i - 1][0]] = "its two ends are not computed apart"
    for group in groups(kinds):
        members = children[group.first : group.last]
        layer = members[group.conv][1]
        for key, module in members:
            why = _why_not(module, layer)
            if why is not None:
                unfused[key] = why
        members = [(key, module) for key, module in members if key not in unfused]
        if len(members) > 1:
            fused.append(" + ".join(f"{key} {type(module).__name__}" for key, module in members))


def _why_not(module: Any, layer: Any) -> str | None:
    """None where a module of a group can be computed with the layer."""
    if type(module) in PADS:
        why = why_no_pad(module, layer)
    elif type(module) is nn.BatchNorm1d:
        why = why_no_norm(module)
    else:
        return None
    served = type(layer.__dict__.get("_conv_forward")) is Conv1dHook
    return why if served else "the layer is not accelerated"
