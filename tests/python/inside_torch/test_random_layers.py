"""1,000 random layers, accelerated and plain: values, gradients, exceptions and texts, warnings, views as inputs."""

import os

import conv1d.torch
import pytest
import torch
from harness import counts, torch_layers

SEED = int(os.environ["CONV1D_SEED"]) % 1_000_000
LAYERS, PARTS = 1000, 10


@pytest.mark.parametrize("part", range(PARTS))
def test_accelerated_layers_are_the_plain_ones(part: int) -> None:
    wrong, raised, served = [], 0, 0
    for i in range(part * LAYERS // PARTS, (part + 1) * LAYERS // PARTS):
        case = torch_layers.random_case(SEED * 1000 + i)
        try:
            plain, ours = case.layer(), case.layer()
        except Exception:
            continue
        report = conv1d.torch.accelerate(ours)
        assert report.replaced == [""], report
        with_grads = i % 2 == 0
        x = case.input()
        torch.set_warn_always(True)  # the warning that PyTorch gives once in a process, at every call
        try:
            expected = torch_layers.call(plain, x, case.seed, with_grads)
            result = torch_layers.call(ours, x, case.seed, with_grads)
        finally:
            torch.set_warn_always(False)
        raised += expected.error is not None
        served += 1
        wrong += [f"{case}: {text}" for text in torch_layers.compare(expected, result, case, with_grads)]
    assert wrong == []
    counts.report(f"conv1d.torch, part {part}: {served} random layers, {raised} of them raised")
