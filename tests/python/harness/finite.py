"""Gradients against finite differences, first and second order, real and complex.

A gradient is that of a real number, with PyTorch's convention for complex z = x + iy: dL/dx + i dL/dy.
"""

import numpy as np

from harness.convert import array, dtype_of, tensor

STEP = 1e-6
TOLERANCE = 1e-7  # of central differences with this step
DIRECTIONS = 3  # a wrong gradient is right along a random direction with probability zero


def weights_like(rng: np.random.Generator, y) -> np.ndarray:
    values = rng.uniform(0.5, 1.5, tuple(y.shape))
    return values + 1j * rng.uniform(0.5, 1.5, tuple(y.shape)) if dtype_of(y).startswith("complex") else values


def loss(torch, y, c: np.ndarray):
    """A real number that depends on every part of y: sum of Re(y) Re(c) + Im(y) Im(c)."""
    if np.iscomplexobj(c):
        re, im = (tensor(torch, part, "float64") for part in (c.real, c.imag))
        return (y.real * re).sum() + (y.imag * im).sum()
    return (y * tensor(torch, c, "float64")).sum()


def compare(analytic: list, values: list[np.ndarray], function, what: str, rng: np.random.Generator) -> None:
    """Each gradient against the slope of `function` along random directions, by central differences."""
    for which, gradient in enumerate(analytic):
        got = np.zeros_like(values[which]) if gradient is None else array(gradient.clone())
        assert got.shape == values[which].shape
        for _ in range(DIRECTIONS):
            direction = rng.standard_normal(got.shape)
            if np.iscomplexobj(got):
                direction = direction + 1j * rng.standard_normal(got.shape)
            ends = []
            for sign in (1, -1):
                moved = list(values)
                moved[which] = values[which] + sign * STEP * direction
                ends.append(function(moved))
            slope = (ends[0] - ends[1]) / (2 * STEP)
            predicted = float(np.sum(got.conj() * direction).real)
            scale = 1 + abs(slope) + float(np.abs(got).sum())
            error = abs(predicted - slope)
            assert error <= TOLERANCE * scale, (
                f"{what} with respect to input {which}: slope {predicted}, should be {slope}"
            )


def gradcheck(torch, f, values: list[np.ndarray], seed: int = 0) -> None:
    """The gradients of f(*tensors) with respect to each tensor (float64 or complex128), and the gradients of those."""
    rng = np.random.default_rng(seed)
    kinds = ["complex128" if np.iscomplexobj(v) else "float64" for v in values]

    def leaves(arrays):
        return [tensor(torch, v, kind).requires_grad_() for v, kind in zip(arrays, kinds, strict=True)]

    c = weights_like(rng, f(*leaves(values)))

    def first(arrays) -> float:
        return loss(torch, f(*leaves(arrays)), c).item()

    def gradients(arrays, create_graph: bool):
        inputs = leaves(arrays)
        return inputs, torch.autograd.grad(loss(torch, f(*inputs), c), inputs, create_graph=create_graph)

    compare(list(gradients(values, False)[1]), values, first, "gradient", rng)

    inputs, grads = gradients(values, True)
    d = [weights_like(rng, g) for g in grads]

    def total(found):
        return sum((loss(torch, g, e) for g, e in zip(found[1:], d[1:], strict=True)), loss(torch, found[0], d[0]))

    def second(arrays) -> float:
        return total(gradients(arrays, True)[1]).item()

    if total(grads).requires_grad:
        again = torch.autograd.grad(total(grads), inputs, allow_unused=True)
        compare(list(again), values, second, "gradient of the gradient", rng)
