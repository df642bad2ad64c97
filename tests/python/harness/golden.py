"""The golden data of tests/golden: how numbers are written there, and how a recorded call is made again.

tests/golden/make_golden.py writes the data by PyTorch; test_golden.py reads them, without PyTorch.
"""

import base64
import hashlib
import json
import random
from pathlib import Path

import numpy as np

from harness.convert import CARRIER, array, tensor

FOLDER = Path(__file__).resolve().parents[2] / "golden"
LONGEST = 48  # arrays of more numbers are kept as their SHA-256 and their first numbers


def load(name: str) -> list[dict]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def text_of(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def values_of(text: str, dtype: str, shape: list[int]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), CARRIER.get(dtype, dtype)).reshape(shape)


def bits(t) -> dict:
    """The bits of a tensor, of whatever module: all of them, or the first ones and a digest."""
    values = array(t)
    kept = {"shape": list(values.shape), "first": text_of(values.reshape(-1)[:LONGEST])}
    if values.size > LONGEST:
        kept["sha256"] = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    return kept


# ---- recorded calls --------------------------------------------------------------------------------------------------


def kind_of(torch, entry: dict):
    """The layer's class: Conv1d where the entry says nothing."""
    return getattr(torch.nn, entry.get("kind", "Conv1d"))


def make_layer(torch, entry: dict):
    """The layer of an entry of weights.json, made after its seed."""
    torch.manual_seed(entry["seed"])
    arguments = {name: tuple(v) if isinstance(v, list) else v for name, v in entry["arguments"].items()}
    return kind_of(torch, entry)(*entry["sizes"], **arguments, dtype=getattr(torch, entry["dtype"]))


def draw(torch, entry: dict):
    """The numbers of an entry of random.json: calls after one seed, on the default generator or one of its own."""
    generator = None
    if entry.get("generator"):
        generator = torch.Generator()
        if entry["seed"] is not None:
            generator.manual_seed(entry["seed"])
    else:
        torch.manual_seed(entry["seed"])
    given = {} if generator is None else {"generator": generator}
    results = []
    for name, *arguments in entry["calls"]:
        dtype = {} if entry["dtype"] is None else {"dtype": getattr(torch, entry["dtype"])}
        if name in ("uniform_", "normal_"):
            shape, *rest = arguments
            results.append(getattr(torch.empty(shape, **dtype), name)(*rest, **given))
        elif name == "randint":
            low, high, shape = arguments
            results.append(torch.randint(low, high, tuple(shape), **given))
        elif name == "randperm":
            results.append(torch.randperm(arguments[0], **given))
        else:
            results.append(getattr(torch, name)(*arguments, **given, **dtype))
    return results


def run_layer(torch, entry: dict) -> dict:
    """Output and gradients of an entry of layers.json, from its own numbers."""
    dtype = entry["dtype"]

    def given(name):
        return tensor(torch, values_of(entry[name]["first"], dtype, entry[name]["shape"]), dtype)

    options = entry["options"]
    module = kind_of(torch, entry)(*entry["sizes"], **options, dtype=getattr(torch, dtype))
    state = {"weight": given("weight")}
    if options.get("bias", True):
        state["bias"] = given("bias")
    module.load_state_dict(state)
    x = given("input").requires_grad_()
    y = module(x)
    y.backward(given("gradient"))
    found = {"output": y, "input_grad": x.grad, "weight_grad": module.weight.grad}
    if module.bias is not None:
        found["bias_grad"] = module.bias.grad
    return found


def printed(torch, entry: dict) -> str:
    """The text of an entry of printed.json."""
    values = values_of(entry["values"], entry["dtype"], entry["shape"])
    made = tensor(torch, values, entry["dtype"])
    if entry["requires_grad"]:
        made.requires_grad_()
    torch.set_printoptions(**entry["options"])
    try:
        return repr(made)
    finally:
        torch.set_printoptions(profile="default")


def pick(rng: random.Random, **choices) -> dict:
    """Some of the arguments, each from its choices."""
    return {name: rng.choice(values) for name, values in choices.items() if rng.random() < 0.5}
