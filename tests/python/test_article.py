"""The article's program runs with nothing changed but its import lines, and shows the values that the article shows.

The article is read where it lies beside the checkout (../shared/seed); examples/tour.py has the same cases elsewhere.
"""

import ast
import re
import runpy
from pathlib import Path

import pytest
from harness import counts, oracle
from harness.under_test import NAME

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT.parent / "shared" / "seed"
IMPORTS = {"import torch": f"import {NAME} as torch", "from torch import nn": f"from {NAME} import nn"}


def program() -> str:
    """The article's code: from its first import to the foot of the page."""
    texts = sorted(SEED.glob("*.txt"))
    if not texts:
        pytest.skip("the article does not lie beside this checkout")
    lines = texts[0].read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[lines.index("import torch") : lines.index("Enter fullscreen mode Exit fullscreen mode")])


def values_shown(code: str) -> list[str]:
    """The comment that follows each expression of the program, in order; empty where there is none."""
    lines = code.splitlines()
    shown = []
    for statement in ast.parse(code).body:
        comment = []
        for line in lines[statement.end_lineno :]:
            if not line.startswith("#"):
                break
            comment.append(line.lstrip("# "))
        if isinstance(statement, ast.Expr):
            shown.append(" ".join(comment))
    return shown


def values(code: str) -> list[str]:
    """What the interpreter shows for each expression of the program."""
    names: dict = {}
    shown = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Expr):
            shown.append(repr(eval(compile(ast.Expression(statement.value), "<article>", "eval"), names)))
        else:
            exec(compile(ast.Module([statement], []), "<article>", "exec"), names)
    return shown


def on_this_library(code: str) -> str:
    for theirs, ours in IMPORTS.items():
        code, changed = re.subn(rf"^{theirs}$", ours, code, flags=re.MULTILINE)
        assert changed == 1
    return code


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_every_value_is_the_articles() -> None:
    code = program()
    ours, articles = values(on_this_library(code)), values_shown(code)
    compared = [(mine, article) for mine, article in zip(ours, articles, strict=True) if article]
    assert len(compared) >= 20
    # The article re-flowed its tensors, so white space is left out here; the next test looks at it.
    assert [squeezed(mine) for mine, _ in compared] == [squeezed(article) for _, article in compared]
    counts.report(f"article: {len(compared)} values shown, all equal")


def test_layout_is_pytorchs() -> None:
    oracle.require()
    code = program()
    ours, theirs, articles = values(on_this_library(code)), values(code), values_shown(code)
    compared = [(mine, pytorchs) for mine, pytorchs, article in zip(ours, theirs, articles, strict=True) if article]
    assert [mine for mine, _ in compared] == [pytorchs for _, pytorchs in compared]


def test_the_tour_agrees(capsys: pytest.CaptureFixture) -> None:
    if NAME != "conv1d":
        pytest.skip("the tour is written for conv1d")
    main = runpy.run_path(str(ROOT / "examples" / "tour.py"))["main"]
    assert main() == 0
    assert re.search(r"\n(\d+) of \1 values agree\n$", capsys.readouterr().out)


def test_the_tour_notices_a_difference(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    if NAME != "conv1d":
        pytest.skip("the tour is written for conv1d")
    from harness.under_test import nn

    tour = runpy.run_path(str(ROOT / "examples" / "tour.py"))
    monkeypatch.setattr(nn.Conv1d, "extra_repr", lambda self: "something else")
    assert tour["main"]() == 1
    assert "DIFFERENT" in capsys.readouterr().out
