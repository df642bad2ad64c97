"""Small programs run on PyTorch and on the module under test: what they print, raise and warn of must be the same."""

import ast
import contextlib
import importlib
import io
import re
import sys
import warnings
from pathlib import Path

from harness.under_test import NAME

FOLDER = Path(__file__).resolve().parents[1] / "snippets"
# A class's home, and the address of an object, are no part of what is compared.
HOMES = re.compile(rf"\b{NAME}\.(nn|_tensor|Tensor|autograd)\b")
ADDRESS = re.compile(r"0x[0-9a-f]+")
TRIGGER = re.compile(r" \(Triggered internally at .*", re.DOTALL)


def load(name: str) -> list[str]:
    """The programs of snippets/<name>.txt: a blank line between two, or one a line where there are no blank lines."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").strip()
    return text.split("\n\n" if "\n\n" in text else "\n")


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
        finally:
            root.set_grad_enabled(True)
            root.set_default_dtype(root.float32)
            root.set_num_threads(1)
    for warning in caught:
        print(f"{warning.category.__name__}: {TRIGGER.sub('', str(warning.message))}", file=shown)
    return ADDRESS.sub("0x", HOMES.sub(r"torch.\1", shown.getvalue()))
