#!/usr/bin/env python3
"""Writes the golden data beside this file by running PyTorch 2.13.0: python tests/golden/make_golden.py

Deterministic: a second run writes the same bytes. What each file holds is said at the function that makes it.
"""

import json
import math
import random
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "python"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from harness import golden, tensors  # noqa: E402
from harness.convert import CARRIER, tensor  # noqa: E402

TRANSPOSED = "ConvTranspose1d"
DTYPES = ["float32", "float64", "float16", "bfloat16", "complex64", "complex128"]
SEEDS = [0, 1, 42, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1, -1, -42, -(2**63)]


def weights() -> list[dict]:
    """Initial weights and biases: bits after a seed, for many arguments, and the number that is drawn next."""
    rng = random.Random(1)
    entries = [{"seed": 42, "sizes": [1, 3, 1], "arguments": {}, "dtype": dtype} for dtype in DTYPES]
    entries += [{"seed": seed, "sizes": [3, 5, 4], "arguments": {}, "dtype": "float32"} for seed in SEEDS]
    entries += [{"seed": seed, "sizes": [2, 3, 2], "arguments": {}, "dtype": "float64"} for seed in SEEDS]
    for _ in range(120):
        groups = rng.choice([1, 1, 2, 3])
        arguments = golden.pick(
            rng, stride=[1, 2, [3]], padding=[0, 1, [2]], dilation=[1, 2], padding_mode=["zeros", "reflect", "circular"]
        )
        if groups > 1:
            arguments["groups"] = groups
        if rng.random() < 0.3:
            arguments["bias"] = False
        sizes = [groups * rng.randint(1, 7), groups * rng.randint(1, 7), rng.randint(1, 9)]
        if rng.random() < 0.1:
            sizes = [groups * rng.randint(8, 40), groups * rng.randint(8, 40), rng.randint(1, 5)]
        entries.append(
            {
                "seed": rng.randrange(-(2**63), 2**64),
                "sizes": sizes,
                "arguments": arguments,
                "dtype": rng.choice(DTYPES),
            }
        )
    for _ in range(60):
        groups = rng.choice([1, 1, 2, 3])
        sizes = [groups * rng.randint(1, 7), groups * rng.randint(1, 7), rng.randint(1, 9)]
        arguments = golden.pick(rng, stride=[1, 2, [3]], padding=[0, 1], output_padding=[0, 1], dilation=[1, 2])
        arguments |= {"groups": groups, "bias": rng.random() < 0.7}
        seed, dtype = rng.randrange(-(2**63), 2**64), rng.choice(DTYPES)
        entries.append({"kind": TRANSPOSED, "seed": seed, "sizes": sizes, "arguments": arguments, "dtype": dtype})
    for entry in entries:
        layer = golden.make_layer(torch, entry)
        entry["weight"] = golden.bits(layer.weight)
        entry["bias"] = None if layer.bias is None else golden.bits(layer.bias)
        entry["next"] = golden.bits(torch.rand(1))
    return entries


def random_streams() -> list[dict]:
    """Streams of random numbers: bits.

    Normal numbers of 16 and more in narrow types are "near": PyTorch's vector mathematics differs from the C library's
    in the last digits."""
    entries = []
    for dtype in DTYPES:
        for seed in (0, 42, -1, 2**64 - 1):
            entries.append(
                {"seed": seed, "dtype": dtype, "calls": [["rand", 1], ["rand", 5], ["rand", 2, 3], ["rand", 1000]]}
            )
        entries.append(
            {"seed": 7, "dtype": dtype, "calls": [["uniform_", [9], -0.5, 0.25], ["uniform_", [3, 5], 0, 10]]}
        )
        entries.append(
            {"seed": 8, "dtype": dtype, "calls": [["randn", 3], ["rand", 2], ["randn", 4], ["normal_", [5], 2, 3]]}
        )
        if dtype in ("float16", "bfloat16"):
            continue
        near = {} if dtype in ("float64", "complex128") else {"near": True}
        for count in (16, 17, 31, 40, 1000):
            entries.append({"seed": count, "dtype": dtype, "calls": [["randn", count], ["rand", 2]], **near})
    entries.append(
        {"seed": 4096, "dtype": "float16", "calls": [["rand", 20000]]}
    )  # some of these round to 1 and become 0
    entries.append({"seed": 4096, "dtype": "bfloat16", "calls": [["rand", 5000]]})
    integers = [["randint", 0, 10, [7]], ["randint", -5, 2**20, [2, 3]], ["randint", 0, 2**40, [5]], ["rand", 1]]
    entries.append({"seed": 42, "dtype": None, "calls": integers})
    entries.append({"seed": 42, "dtype": None, "calls": [["randperm", 10], ["randperm", 1], ["rand", 1]]})
    for seed in (None, 3):
        entries.append(
            {
                "seed": seed,
                "dtype": "float32",
                "generator": True,
                "calls": [["rand", 4], ["rand", 20], ["uniform_", [3], 1, 2]],
            }
        )
    for entry in entries:
        entry["results"] = [golden.bits(result) for result in golden.draw(torch, entry)]
    return entries


def layers() -> list[dict]:
    """Layers from given numbers: output and the gradients of input, weight and bias, compared within rounding."""
    rng = random.Random(2)
    draw = np.random.default_rng(2)
    entries = []
    for number in range(150):
        dtype = rng.choice(["float32", "float64", "complex64", "complex128"])
        groups = rng.choice([1, 1, 2, 3])
        mode = rng.choice(["zeros", "zeros", "reflect", "replicate", "circular"])
        sizes = [groups * rng.randint(1, 2), groups * rng.randint(1, 2), rng.randint(1, 4)]
        options = {
            "stride": rng.choice([1, 1, 2, 3]),
            "padding": rng.choice([0, 1, 2, "same", "valid"]),
            "dilation": rng.choice([1, 2, 3]),
            "groups": groups,
            "bias": rng.random() < 0.7,
            "padding_mode": mode,
        }
        if options["padding"] == "same":
            options["stride"] = 1
        length = rng.randint(1, 6) + options["dilation"] * (sizes[2] - 1) + (3 if mode != "zeros" else 0)
        batch = [] if number % 3 == 0 else [rng.randint(0 if number % 20 == 1 else 1, 2)]
        shapes = {"input": [*batch, sizes[0], length], "weight": [sizes[1], sizes[0] // groups, sizes[2]]}
        if options["bias"]:
            shapes["bias"] = [sizes[1]]
        entries.append(computed({"sizes": sizes, "options": options, "dtype": dtype}, shapes, draw))
    return entries + transposed_layers()


def transposed_layers() -> list[dict]:
    rng = random.Random(4)
    draw = np.random.default_rng(4)
    entries = []
    for number in range(60):
        groups = rng.choice([1, 1, 2, 3])
        sizes = [groups * rng.randint(1, 2), groups * rng.randint(1, 2), rng.randint(1, 4)]
        options = {"stride": rng.choice([1, 2, 3]), "padding": rng.choice([0, 0, 1]), "dilation": rng.choice([1, 1, 3])}
        options["output_padding"] = rng.randint(0, max(options["stride"], options["dilation"]) - 1)
        options |= {"groups": groups, "bias": rng.random() < 0.7}
        batch = [] if number % 3 == 0 else [rng.randint(0 if number % 20 == 1 else 1, 2)]
        shapes = {"input": [*batch, sizes[0], rng.randint(3, 7)], "weight": [sizes[0], sizes[1] // groups, sizes[2]]}
        if options["bias"]:
            shapes["bias"] = [sizes[1]]
        dtype = rng.choice(["float32", "float64", "complex64", "complex128"])
        entry = {"kind": TRANSPOSED, "sizes": sizes, "options": options, "dtype": dtype}
        entries.append(computed(entry, shapes, draw))
    return entries


def computed(entry: dict, shapes: dict, draw: np.random.Generator) -> dict:
    """The entry with numbers of these shapes, and what PyTorch makes of them."""

    def numbers(shape):
        values = draw.integers(-1000, 1000, shape) / 256
        if entry["dtype"].startswith("complex"):
            values = values + 1j * draw.integers(-1000, 1000, shape) / 256
        return {"shape": list(shape), "first": golden.text_of(values.astype(entry["dtype"]))}

    for name, shape in shapes.items():
        entry[name] = numbers(shape)
    probe = golden.kind_of(torch, entry)(*entry["sizes"], **entry["options"])
    entry["gradient"] = numbers(list(probe(torch.zeros(shapes["input"])).shape))
    for name, result in golden.run_layer(torch, entry).items():
        values = result.detach().numpy()
        entry[name] = {"shape": list(values.shape), "first": golden.text_of(values)}
    return entry


def printed() -> list[dict]:
    """Texts of tensors under print options."""
    rng = random.Random(3)
    entries = []
    while len(entries) < 300:
        dtype, shape = rng.choice(tensors.DTYPES), tensors.random_shape(rng)
        if math.prod(shape) > 60 and (rng.random() < 0.9 or math.prod(shape) > 1600):
            continue
        with np.errstate(over="ignore"):
            values = tensors.random_values(rng, shape, dtype).astype(CARRIER.get(dtype, dtype))
        if dtype in CARRIER:
            values = tensor(torch, values, dtype).float().numpy()
        options = tensors.random_options(rng)
        options["threshold"] = min(options["threshold"], 10**9)  # JSON has no infinity
        if rng.random() < 0.5:
            options = {}
        entry = {
            "dtype": dtype,
            "shape": list(shape),
            "values": golden.text_of(values),
            "options": options,
            "requires_grad": dtype in tensors.FLOATS + tensors.COMPLEX and rng.random() < 0.3,
        }
        entry["text"] = golden.printed(torch, entry)
        if len(entry["text"]) < 3000:
            entries.append(entry)
    return entries


def main() -> None:
    torch.set_num_threads(1)
    for name, make in {"weights": weights, "random": random_streams, "layers": layers, "printed": printed}.items():
        entries = make()
        lines = ",\n".join(json.dumps(entry, separators=(",", ":"), ensure_ascii=False) for entry in entries)
        path = FOLDER / f"{name}.json"
        path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        print(f"{path.name}: {len(entries)} entries, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
