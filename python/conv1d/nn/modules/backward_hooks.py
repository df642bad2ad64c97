"""Hooks on the gradients of a module: register_full_backward_hook and register_full_backward_pre_hook.

The tensors that enter a module pass through an identity, and so do those that leave it. In backward() the gradients go
through the second one first: there the gradients of the outputs are known and may be replaced. The first one then has
the gradients of the inputs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ... import _C
from ..._tensor import Tensor

if TYPE_CHECKING:
    from .module import Module

_NO_INPUT_REQUIRES_GRAD = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
    "#torch.nn.Module.register_full_backward_hook for more details."
)


class BackwardHooks:
    """The backward hooks of one call of a module."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._hooks: list[Callable[..., Any]] = list(module._backward_hooks.values())
        self._pre_hooks: list[Callable[..., Any]] = list(module._backward_pre_hooks.values())
        self._inputs: list[int] | None = None  # which arguments are tensors
        self._input_count = 0
        self._grad_outputs: tuple[Any, ...] | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments behind the identity that sees the gradients of the inputs."""
        self._input_count = len(args)
        changed, self._inputs = _behind_identity(args, self._on_inputs)
        return changed

    def leave(self, output: Any) -> Any:
        """The result behind the identity that sees the gradients of the outputs."""
        outputs = output if isinstance(output, tuple) else (output,)
        places: list[int] = []

        def on_outputs(gradients: tuple[Any, ...]) -> tuple[Any, ...]:
            return self._on_outputs(gradients, places, len(outputs))

        changed, found = _behind_identity(outputs, on_outputs)
        places.extend(found or ())
        return changed if isinstance(output, tuple) else changed[0]

    def _on_outputs(self, gradients: tuple[Any, ...], places: list[int], count: int) -> tuple[Any, ...]:
        grads = _spread(gradients, places, count)
        for hook in self._pre_hooks:
            changed = hook(self._module, grads)
            if changed is None:
                continue
            _check_count("Backward pre hook", "grad_output", changed, grads)
            grads = changed
        self._grad_outputs = grads
        if self._inputs is None:
            self._without_inputs(grads)
        return _chosen(grads, places, gradients)

    def _without_inputs(self, grads: tuple[Any, ...]) -> None:
        """No gradient will arrive at the inputs: the hooks are called now."""
        self._grad_outputs = None
        if not self._hooks:
            return
        warnings.warn(_NO_INPUT_REQUIRES_GRAD, stacklevel=2)
        nothing = (None,) * self._input_count
        for hook in self._hooks:
            changed = hook(self._module, nothing, grads)
            if changed is not None and not (isinstance(changed, tuple) and all(one is None for one in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )

    def _on_inputs(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        if self._grad_outputs is None:  # the gradient came past the outputs, as in double backward
            return gradients
        places = self._inputs or []
        grads = _spread(gradients, places, self._input_count)
        for hook in self._hooks:
            changed = hook(self._module, grads, self._grad_outputs)
            if changed is None:
                continue
            _check_count("Backward hook", "grad_input", changed, grads)
            grads = changed
        self._grad_outputs = None
        return _chosen(grads, places, gradients)


def _behind_identity(
    values: tuple[Any, ...], function: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> tuple[tuple[Any, ...], list[int] | None]:
    """The values with the tensors among them behind an identity, and where those are; None where none needs it."""
    places = [place for place, value in enumerate(values) if isinstance(value, Tensor)]
    tensors = tuple(values[place] for place in places)
    if not (_C.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
        return values, None
    changed = list(values)
    for place, tensor in zip(places, _C._identity(tensors, function), strict=True):
        changed[place] = tensor
    kind: Any = type(values)
    return (kind._make(changed) if hasattr(kind, "_make") else tuple(changed)), places


def _spread(gradients: Iterable[Any], places: list[int], count: int) -> tuple[Any, ...]:
    """One gradient for each value, None for what is no tensor."""
    spread: list[Any] = [None] * count
    for place, gradient in zip(places, gradients, strict=True):
        spread[place] = gradient
    return tuple(spread)


def _chosen(grads: Any, places: list[int], before: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients of the tensors alone, which hooks may have exchanged for others of the same size."""
    chosen = tuple(grads[place] for place in places)
    for old, new in zip(before, chosen, strict=True):
        if old is not None and new is not None and old.shape != new.shape:
            raise RuntimeError("hook 'hook' has changed the size of value")
    return chosen


def _check_count(hook: str, what: str, got: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    if len(got) != len(expected):
        raise RuntimeError(f"{hook} returned an invalid number of {what}, got {len(got)}, but expected {len(expected)}")
