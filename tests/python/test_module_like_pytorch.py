"""Modules, parameters, containers and losses do what PyTorch's do, in texts and warnings too: small programs on both.

The programs stand in snippets/module.txt, a blank line between two. What one prints and shows is compared.
"""

import ast
import contextlib
import importlib
import io
import re
import sys
import warnings
from pathlib import Path

import pytest
from harness import counts, oracle
from harness.under_test import NAME

oracle.require()

PROGRAMS = (Path(__file__).parent / "snippets" / "module.txt").read_text(encoding="utf-8").strip().split("\n\n")
# A class's home, and the address of an object, are no part of what is compared.
HOMES = re.compile(rf"\b{NAME}\.(nn|_tensor|Tensor|autograd)\b")
ADDRESS = re.compile(r"0x[0-9a-f]+")
TRIGGER = re.compile(r" \(Triggered internally at .*", re.DOTALL)


def answer(module: str, program: str) -> str:
    root = importlib.import_module(module)
    main = sys.modules["__main__"].__dict__
    names = {"torch": root, "nn": importlib.import_module(f"{module}.nn"), "__name__": "__main__"}
    names["F"] = importlib.import_module(f"{module}.nn.functional")
    root.manual_seed(1)
    shown = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(shown):
        warnings.simplefilter("always")
        tree = ast.parse(program)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(compile(tree, "<program>", "exec"), names)
            # Pickle looks classes up where they say that they live.
            main.update({name: value for name, value in names.items() if isinstance(value, type)})
            if last is not None:
                print(repr(eval(compile(ast.Expression(last.value), "<program>", "eval"), names)))
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    for warning in caught:
        print(f"{warning.category.__name__}: {TRIGGER.sub('', str(warning.message))}", file=shown)
    return ADDRESS.sub("0x", HOMES.sub(r"torch.\1", shown.getvalue()))


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_answer(program: str) -> None:
    assert answer(NAME, program) == answer("torch", program)


def test_report() -> None:
    counts.report(f"modules: {len(PROGRAMS)} small programs run on PyTorch and here")
