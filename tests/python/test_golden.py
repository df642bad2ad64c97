"""The golden data that PyTorch wrote (tests/golden), without PyTorch."""

import numpy as np
import pytest
from harness import counts, golden
from harness.convert import EPSILON, array, dtype_of
from harness.under_test import torch

FILES = {name: golden.load(name) for name in ("weights", "random", "layers", "printed")}


def described(entry: dict, *keys: str) -> str:
    return ", ".join(f"{key}={entry[key]!r}" for key in keys if key in entry)


def compared(name: str, wrong: list[str]) -> None:
    counts.report(f"golden {name}: {len(FILES[name])} compared, {len(wrong)} differ")
    assert not wrong, f"{len(wrong)} of {len(FILES[name])} differ:\n" + "\n".join(wrong[:20])


def test_initial_weights() -> None:
    wrong = []
    for entry in FILES["weights"]:
        layer = golden.make_layer(torch, entry)
        found = {
            "weight": golden.bits(layer.weight),
            "bias": None if layer.bias is None else golden.bits(layer.bias),
            "next": golden.bits(torch.rand(1)),
        }
        bad = [key for key, value in found.items() if value != entry[key]]
        if bad or dtype_of(layer.weight) != entry["dtype"]:
            wrong.append(f"{', '.join(bad)} of {described(entry, 'kind', 'seed', 'sizes', 'arguments', 'dtype')}")
    compared("weights", wrong)


def near(found: dict, want: dict, dtype: str) -> bool:
    """Whether the first numbers agree to the digits that PyTorch prints."""
    shape = [-1]
    a, b = golden.values_of(found["first"], dtype, shape), golden.values_of(want["first"], dtype, shape)
    return found["shape"] == want["shape"] and np.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_random_streams() -> None:
    wrong = []
    for entry in FILES["random"]:
        found = [golden.bits(result) for result in golden.draw(torch, entry)]
        if entry.get("near"):
            agree = near(found[0], entry["results"][0], entry["dtype"]) and found[1:] == entry["results"][1:]
        else:
            agree = found == entry["results"]
        if not agree:
            bad = [call for call, a, b in zip(entry["calls"], found, entry["results"], strict=True) if a != b]
            wrong.append(f"{bad[0]} of {described(entry, 'seed', 'dtype', 'generator', 'calls')}")
    compared("random", wrong)


def test_layers() -> None:
    wrong = []
    for entry in FILES["layers"]:
        for name, result in golden.run_layer(torch, entry).items():
            want = golden.values_of(entry[name]["first"], entry["dtype"], entry[name]["shape"])
            got = array(result)
            # The numbers are below 4 and a sum has at most some 60 products.
            allowed = 60 * 16 * 4 * EPSILON[entry["dtype"]]
            if got.shape != want.shape or not np.all(np.abs(got - want) <= allowed):
                shown = described(entry, "kind", "sizes", "options", "dtype")
                wrong.append(f"{name} of {shown}, input {entry['input']['shape']}")
    compared("layers", wrong)


def test_printed() -> None:
    wrong = []
    for entry in FILES["printed"]:
        text = golden.printed(torch, entry)
        if text != entry["text"]:
            wrong.append(f"{described(entry, 'dtype', 'shape', 'options')}:\n{entry['text']}\n---- but ours is\n{text}")
    compared("printed", wrong)


@pytest.mark.parametrize("name", FILES)
def test_data_are_small(name: str) -> None:
    assert (golden.FOLDER / f"{name}.json").stat().st_size < 500_000
