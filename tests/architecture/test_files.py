"""Rules about the text of the sources: length, no printing, no abort, one place that throws."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("include", "src", "python", "tests", "examples", "tools")
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"', re.DOTALL)
MAX_LINES = 400


def ours(*suffixes: str, folders: tuple[str, ...] = FOLDERS) -> list[pathlib.Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and not {"data", "golden", "__pycache__"} & set(path.relative_to(ROOT).parts)
    )


def found(pattern: str, files: list[pathlib.Path], allowed: tuple[str, ...] = ()) -> list[str]:
    """Where the code (not comments, not strings) matches."""
    expression = re.compile(pattern)
    hits = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if name in allowed:
            continue
        text = COMMENT_OR_STRING.sub(lambda match: "\n" * match.group().count("\n"), path.read_text())
        hits += [
            f"{name}:{n}: {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if expression.search(line)
        ]
    return hits


def test_files_are_short() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for path in ours(".h", ".cc", ".py", ".pyi")
    }
    generated = {"python/conv1d/_C.pyi"}
    assert {name: n for name, n in lengths.items() if n >= MAX_LINES and name not in generated} == {}


@pytest.mark.parametrize(
    ("pattern", "allowed", "reason"),
    [
        (
            r"\bstd::(cout|cerr|clog)\b|\b(f|v|vf)?printf\s*\(|\b(f?puts|f?putc|putchar|perror)\s*\(",
            ("src/base/check.cc",),
            "only the default warning handler prints",
        ),
        (r"\b(abort|assert|_exit|exit|quick_exit|terminate|raise)\s*\(", (), "no call of a user ends the program"),
        (r"\bthrow\b(?!\s*;)", ("src/base/check.h", "src/base/check.cc"), "base/check is the one funnel that throws"),
        (r"#\s*include\s*<(iostream|cassert)>", (), "the headers of what is forbidden"),
    ],
)
def test_the_library_does_not(pattern: str, allowed: tuple[str, ...], reason: str) -> None:
    assert found(pattern, ours(".h", ".cc", ".inl", ".in", folders=("include", "src")), allowed) == [], reason


def test_python_package_does_not_print() -> None:
    assert found(r"(?<![\w.])print\(", ours(".py", folders=("python",))) == []


def test_no_promises_left_in_the_code() -> None:
    mark = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    lines = [
        f"{path.relative_to(ROOT)}:{n}"
        for path in ours(".h", ".cc", ".py")
        for n, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(rf"\b({mark})\b", line)
    ]
    assert lines == []
