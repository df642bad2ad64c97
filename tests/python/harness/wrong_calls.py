"""The wrong calls of tests/errors: what PyTorch answered, what is expected of us, and a process to run each in."""

import ast
import importlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import warnings
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "errors"
SECONDS = 20

# Dtypes as PyTorch's messages name them: `expected scalar type Half ...`, and `weight type (torch.HalfTensor)`.
TENSOR_TYPES = {
    "Half": "torch.HalfTensor",
    "BFloat16": "CPUBFloat16Type",
    "Float": "torch.FloatTensor",
    "Double": "torch.DoubleTensor",
    "ComplexFloat": "CPUComplexFloatType",
    "ComplexDouble": "CPUComplexDoubleType",
    "Long": "torch.LongTensor",
    "Int": "torch.IntTensor",
    "Short": "torch.ShortTensor",
    "Char": "torch.CharTensor",
    "Byte": "torch.ByteTensor",
    "Bool": "CPUBoolType",
}
NO_KERNEL = "kernel size should be greater than zero"
NO_DILATION = "dilation should be greater than zero"


def _types(found: re.Match) -> str:
    of_input, of_weight = TENSOR_TYPES[found[1]], TENSOR_TYPES[found[2]]
    return f"Input type ({of_input}) and weight type ({of_weight}) should be the same"


# Where PyTorch has a text for each backend, we have one: (PyTorch's, ours).
ONE_TEXT = [
    (re.compile(r"^expected scalar type (\w+) but found (\w+)$"), _types),
    (
        re.compile(r"^(Input type \(.*\) and (?:weight|bias) type \(.*\) should be the same) or input should be a .*$"),
        r"\1",
    ),
    (re.compile(r"^kernel size should be greater than zero, but got .*$"), NO_KERNEL),
    (re.compile(r"^could not create a primitive descriptor for the convolution .*$", re.DOTALL), NO_KERNEL),
    (re.compile(r"^dilation should be greater than zero, but got .*$"), NO_DILATION),
    (re.compile(r"^non-positive dilation is not supported$"), NO_DILATION),
]
# Two faults in one call, where the backend decides which is found first. We look at the dilation early, and at the
# kernel before the dtypes.
ONE_ORDER = {
    "order-059": NO_DILATION,
    "order-060": NO_KERNEL,
    "order-same-045": NO_DILATION,
    "order-same-046": NO_DILATION,
    "order-same-047": NO_KERNEL,
}

LOOSE_SET = re.compile(r"\{('[\w]+'(?:, '[\w]+')*)\}")
LOOSE_TRACE = re.compile(r"\nException raised from .*?\n(\"?)$", re.DOTALL)
LOOSE_MEMORY = re.compile(r"(you tried to allocate \d+ bytes).*", re.DOTALL)


def rows() -> list[dict]:
    return [json.loads(line) for line in (FOLDER / "pytorch-errors.jsonl").read_text(encoding="utf-8").splitlines()]


def excluded() -> dict[str, dict]:
    """By id: {"kind": "better" or "outside", "reason": ..., "ours": what we answer, if it is said}."""
    table = json.loads((FOLDER / "excluded.json").read_text(encoding="utf-8"))
    return {id: {"kind": kind, **entry} for kind, entries in table.items() for entry in entries for id in entry["rows"]}


def differing() -> dict[str, str]:
    """By id: why the text is not PyTorch's, where the exception is."""
    return json.loads((FOLDER / "differing.json").read_text(encoding="utf-8"))


def expected(row: dict) -> tuple[dict, bool]:
    """What we should answer, and whether PyTorch's answer was a backend's."""
    if row["id"] in ONE_ORDER:
        return {**row, "text": ONE_ORDER[row["id"]]}, True
    if row["exception"] == "RuntimeError":
        for pattern, ours in ONE_TEXT:
            if pattern.match(row["text"]):
                return {**row, "text": pattern.sub(ours, row["text"])}, True
    return row, False


def comparable(text: str | None) -> str | None:
    """A text without what depends on the process, and without the name of the module."""
    if text is None:
        return None
    text = LOOSE_SET.sub(lambda found: "{" + ", ".join(sorted(found[1].split(", "))) + "}", text)
    text = LOOSE_TRACE.sub(r"\1", text)
    text = LOOSE_MEMORY.sub(r"\1", text)
    return text.replace("module 'conv1d", "module 'torch")


def run_here(code: str, names: dict) -> dict:
    """Runs the statements of one call and shows its last expression to nobody."""
    answer: dict = {"exception": None, "text": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tree = ast.parse(code)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<call>", "exec"), names)
            if last is not None:
                repr(eval(compile(ast.Expression(last.value), "<call>", "eval"), names))
        except BaseException as error:
            answer = {"exception": type(error).__name__, "text": str(error)}
    trigger = re.compile(r" \(Triggered internally at .*?\)$", re.DOTALL)
    answer["warnings"] = [[w.category.__name__, trigger.sub("", str(w.message))] for w in caught]
    return answer


def run(code: str, names: dict) -> dict:
    """run_here() in a child, so that neither a crash, nor a setting, nor a warning given once reaches the next call."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(SECONDS)
            with os.fdopen(write, "wb") as pipe:
                pipe.write(json.dumps(run_here(code, dict(names))).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"exception": "signal", "text": signal.Signals(os.WTERMSIG(status)).name, "warnings": []}
    if not data:
        return {"exception": "silence", "text": "the child ended without an answer", "warnings": []}
    return json.loads(data)


def run_all(module: str) -> None:
    """Writes what `module` answers to every call, one JSON object a line.

    A program of its own, since a fork costs by the size of the process: the tests' may hold PyTorch."""
    names = {"torch": importlib.import_module(module)}
    names["nn"] = importlib.import_module(module + ".nn")
    names["F"] = importlib.import_module(module + ".nn.functional")
    for row in rows():
        print(json.dumps({"id": row["id"], **run(row["code"], names)}), flush=True)


def answers(module: str) -> dict[str, dict]:
    done = subprocess.run([sys.executable, __file__, module], stdout=subprocess.PIPE, check=True)
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


if __name__ == "__main__":
    run_all(sys.argv[1])
