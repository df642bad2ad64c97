"""Gradients: ``backward``, ``grad``, and the switches that turn recording off and on."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from . import _C

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _as_tuple(tensors: Any) -> tuple:
    return (tensors,) if isinstance(tensors, _C.TensorBase) else tuple(tensors)


def _gradients(gradients: Any, count: int) -> tuple:
    if gradients is None:
        return (None,) * count
    return _as_tuple(gradients)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Adds the gradients of ``tensors`` to the ``grad`` of every leaf, or of ``inputs`` alone."""
    if grad_variables is not None:
        grad_tensors = grad_variables
    roots = _as_tuple(tensors)
    keep = create_graph if retain_graph is None else retain_graph
    wanted: tuple = ()
    if inputs is not None:
        wanted = _as_tuple(inputs)
        if not wanted:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        for tensor in wanted:
            if not isinstance(tensor, _C.TensorBase):
                kind = type(tensor).__name__
                raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {kind}")
    _C._backward(roots, _gradients(grad_tensors, len(roots)), keep, create_graph, wanted)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple:
    """The gradients of ``outputs`` with respect to ``inputs``, returned instead of added up."""
    if is_grads_batched:
        raise NotImplementedError("autograd.grad(): the argument 'is_grads_batched' is not supported")
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    roots, leaves = _as_tuple(outputs), _as_tuple(inputs)
    keep = create_graph if retain_graph is None else retain_graph
    unused = materialize_grads if allow_unused is None else allow_unused
    found = _C._grad(roots, leaves, _gradients(grad_outputs, len(roots)), keep, create_graph, unused)
    if not materialize_grads:
        return found
    return tuple(_C.zeros_like(leaf) if one is None else one for leaf, one in zip(leaves, found, strict=True))


def _switched(generator: Generator, enabled: bool) -> Generator:
    """The generator with grad mode set in each of its steps, and set back while its caller has its turn."""
    step: Callable[[Any], Any] = generator.send
    value: Any = None
    while True:
        before = _C.set_grad_enabled(enabled)
        try:
            result = step(value)
        except StopIteration as stop:
            return stop.value
        finally:
            _C.set_grad_enabled(before)
        try:
            step, value = generator.send, (yield result)
        except BaseException as error:  # thrown in, or GeneratorExit: both are the generator's to answer
            step, value = generator.throw, error


class _Switch:
    """A setting of grad mode for a ``with`` block or, as a decorator, for each call of a function."""

    _enabled: bool
    _before: list[bool]

    def __enter__(self) -> None:
        self._before.append(_C.set_grad_enabled(self._enabled))

    def __exit__(self, *exception: object) -> None:
        _C.set_grad_enabled(self._before.pop())

    def __call__(self, function: _Function) -> _Function:
        enabled = self._enabled
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def steps(*args: Any, **kwargs: Any) -> Any:
                return (yield from _switched(function(*args, **kwargs), enabled))

            return steps  # type: ignore[return-value]

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            before = _C.set_grad_enabled(enabled)
            try:
                return function(*args, **kwargs)
            finally:
                _C.set_grad_enabled(before)

        return inside  # type: ignore[return-value]


class _BareSwitch(_Switch):
    """A switch that also decorates without being called: ``@no_grad``."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        switch = super().__new__(cls)
        switch._before = []
        return switch if function is None else switch(function)


class no_grad(_BareSwitch):
    """Operations inside are not recorded."""

    _enabled = False


class enable_grad(_BareSwitch):
    """Operations inside are recorded, whatever is set outside."""

    _enabled = True


class set_grad_enabled(_Switch):
    """Sets grad mode at once; as a ``with`` block it sets it back at the end."""

    def __init__(self, mode: bool) -> None:
        self._before = [_C.set_grad_enabled(mode)]
        self._enabled = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        _C.set_grad_enabled(self._before[0])

    def __call__(self, function: _Function) -> _Function:
        _C.set_grad_enabled(self._before[0])  # it was meant for the calls, not for here
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread."""
    return _C.is_grad_enabled()


__all__ = ["backward", "enable_grad", "grad", "is_grad_enabled", "no_grad", "set_grad_enabled"]
