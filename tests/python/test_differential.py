"""Random layers against PyTorch, live: initial weights to the bit, values and gradients within rounding."""

import os
import random

from harness import counts, layers, oracle
from harness.under_test import NAME, torch

oracle.require()

NUMBER_OF_LAYERS = int(os.environ.get("CONV1D_LAYERS", "2000"))
SEED = int(os.environ.get("CONV1D_SEED", str(random.SystemRandom().randrange(2**31))))
SHOWN = 20


def test_random_layers() -> None:
    seeds = random.Random(SEED)
    wrong = []
    for _ in range(NUMBER_OF_LAYERS):
        layer = layers.random_layer(seeds.randrange(2**31))
        try:
            layers.check(torch, layer)
        except Exception as error:
            reproduce = f"CONV1D_TEST_MODULE={NAME} python tests/python/harness/layers.py {layer.seed}"
            wrong.append(f"{reproduce}  # {layer}: {type(error).__name__}: {error}")
    counts.report(
        f"random layers against PyTorch: {NUMBER_OF_LAYERS} compared, {len(wrong)} differ (CONV1D_SEED={SEED})"
    )
    assert not wrong, f"{len(wrong)} of {NUMBER_OF_LAYERS} differ:\n" + "\n".join(wrong[:SHOWN])
