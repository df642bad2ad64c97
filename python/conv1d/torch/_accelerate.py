"""accelerate(model), restore(model), and what they report."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from .. import _C
from . import _copies, _fuse
from ._call import LEFT_TO_PYTORCH
from ._hook import Conv1dHook, LayerHook
from ._settings import no_attribute
from ._transposed import bound

nn = torch.nn


@dataclasses.dataclass
class Report:
    """What accelerate() did: names of layers as in model.named_modules()."""

    replaced: list[str] = dataclasses.field(default_factory=list)
    left: dict[str, str] = dataclasses.field(default_factory=dict)  # name -> why
    fused: list[str] = dataclasses.field(default_factory=list)  # "0 Conv1d + 1 BatchNorm1d + 2 ReLU"
    unfused: dict[str, str] = dataclasses.field(default_factory=dict)  # name of what stands around a layer -> why

    def __str__(self) -> str:
        lines = [f"{len(self.replaced)} of {len(self.replaced) + len(self.left)} convolution layers are accelerated"]
        lines += [f"  {name or '(the model itself)'}: {why}" for name, why in self.left.items()]
        if self.fused:
            lines.append(f"{len(self.fused)} {'is' if len(self.fused) == 1 else 'are'} fused with modules around")
            lines += [f"  {group}" for group in self.fused]
        lines += [f"  {name}: not fused, {why}" for name, why in self.unfused.items()]
        return "\n".join(lines)


def accelerate(model: nn.Module, fuse: bool = False) -> Report:
    """Every Conv1d and ConvTranspose1d in `model` computes with our kernels from now on, in place.

    Nothing else changes: parameters, state_dict, hooks, classes and texts stay as they are, and a call that we do not
    serve is PyTorch's own. Harmless where it was done already; restore(model) undoes it.

    With `fuse`, modules that stand directly around a layer in an nn.Sequential are computed with it, in eval mode and
    where gradients are off: an activation behind it, a BatchNorm1d behind it, a pad before it
    (docs/pytorch.md). Without, what was fused before stays so, and is told.
    """
    report = Report()
    for name, module in model.named_modules():
        kind = _kind(module)
        if kind is None:
            continue
        why_not = _install(module, *kind)
        if why_not is None:
            report.replaced.append(name)
        else:
            report.left[name] = why_not
    _fuse.visit(model, fuse, report.fused, report.unfused)
    return report


def restore(model: nn.Module) -> None:
    """Takes back what accelerate() did, and gives back the memory that layers kept, and conv1d.torch's functions."""
    for module in model.modules():
        hook = any_hook_of(module)
        _copies.take_off(module)
        if hook is not None:
            hook.release()
    _C._torch_forget_recent_layers()


def hook_of(module: nn.Module, attribute: str) -> LayerHook | None:
    """The hook that is at work there, if it is one of ours."""
    hook = _copies.behind(module.__dict__.get(attribute))
    return hook if isinstance(hook, LayerHook) else None


def any_hook_of(module: nn.Module) -> LayerHook | None:
    """The hook of an accelerated layer; None for any other module."""
    return hook_of(module, "_conv_forward") or hook_of(module, "forward")


def kernel_for(layer: nn.Module, input: torch.Tensor) -> str | None:
    """The family of algorithms that an accelerated layer takes for this input ("direct", "fft_tile", ...), without
    computing. None where PyTorch answers, or the layer is not accelerated."""
    hook: Any = any_hook_of(layer)
    if hook is None or input.dtype in LEFT_TO_PYTORCH:
        return None
    try:
        return hook.kernel_for(layer, input)
    except (RuntimeError, KeyError):  # an input without strides, too short a one for the pad; no such setting
        return None


def _kind(module: nn.Module) -> tuple[Any, str, Any] | None:
    """(PyTorch's class, the method that is replaced, what makes the hook) of a layer that is a candidate."""
    if isinstance(module, nn.Conv1d):
        return nn.Conv1d, "_conv_forward", Conv1dHook
    if isinstance(module, nn.ConvTranspose1d):
        return nn.ConvTranspose1d, "forward", bound
    if isinstance(module, torch.jit.ScriptModule) and getattr(module, "original_name", "") in (
        "Conv1d",
        "ConvTranspose1d",
    ):
        return None, "", None
    return None


def _install(module: nn.Module, plain: Any, method: str, make: Any) -> str | None:
    """None where the layer is accelerated now, else why it is not."""
    if plain is None:
        return "a layer of a ScriptModule, which runs PyTorch's own program"
    if hook_of(module, method) is not None:
        return None
    attribute = _copies.replaced(module, method)
    if attribute is not None:
        return f"somebody else has replaced its {attribute}"
    if getattr(type(module), method) is not getattr(plain, method):
        return f"its class {type(module).__name__} has a {method} of its own"
    if not _reaches(type(module), plain):
        return f"its class {type(module).__name__} has a forward of its own that does not end in {plain.__name__}'s"
    value = make(module)
    hook = _copies.behind(value)
    setting = no_attribute(module, hook.names)
    if setting is not None:
        return f"its {setting} is a property, or of its class"
    hook.follow(module)
    _copies.put_on(module, method, value)
    return None


def _reaches(kind: type, plain: type) -> bool:
    """Whether a forward of a subclass's own mentions what leads to PyTorch's: super(), forward, _conv_forward."""
    for base in kind.__mro__:
        if base is plain:
            return True
        forward = base.__dict__.get("forward")
        if forward is None:
            continue
        code = getattr(forward, "__code__", None)
        names = {*code.co_names, *code.co_freevars} if code is not None else set()
        if code is not None and not names & {"forward", "_conv_forward", "__class__", "__call__"}:
            return False
    return True
