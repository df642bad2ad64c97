"""Random layers against PyTorch, live: initial weights to the bit, values and gradients within rounding."""

import os
import subprocess
import sys

import pytest
from harness import counts, layers, oracle
from harness.under_test import IS_PYTORCH, torch

oracle.require()

NUMBER_OF_LAYERS = int(os.environ.get("CONV1D_LAYERS", "2000"))
BY_DIRECT_SUMS = NUMBER_OF_LAYERS // 10
SEED = int(os.environ["CONV1D_SEED"])  # conftest.py chooses one
SHOWN = 20


def compared(what: str, count: int, wrong: list[str]) -> None:
    counts.report(f"random layers against PyTorch{what}: {count} compared, {len(wrong)} differ (CONV1D_SEED={SEED})")
    assert not wrong, f"{len(wrong)} of {count} differ:\n" + "\n".join(wrong[:SHOWN])


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_random_layers() -> None:
    compared("", NUMBER_OF_LAYERS, layers.differing(torch, SEED, NUMBER_OF_LAYERS))


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch's backend cannot be chosen")
def test_random_layers_by_direct_sums() -> None:
    """With fast algorithms switched off each sum has its own bound, also where it is small beside its neighbours."""
    command = [sys.executable, "-W", "ignore", layers.__file__, str(SEED + 1), str(BY_DIRECT_SUMS)]
    done = subprocess.run(command, env={**os.environ, "CONV1D_KERNEL": "direct"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compared(", by direct sums", BY_DIRECT_SUMS, [line for line in done.stdout.splitlines() if line])
