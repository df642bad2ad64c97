"""The code blocks of README.md and docs: what the tests run."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run[^>]*-->\s*$")


@dataclass
class Snippet:
    """A fenced block. One after `<!-- not run -->` is left out."""

    file: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def snippets(language: str) -> list[Snippet]:
    found = []
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        for block in FENCE.finditer(text):
            if block["language"] == language and not NOT_RUN.search(text[: block.start()]):
                found.append(Snippet(file, text.count("\n", 0, block.start()) + 1, language, block["code"]))
    return found


def as_program(code: str) -> str:
    """C++ as a whole program: a block without main() becomes its body."""
    if re.search(r"\bint main\(", code):
        return code
    return (
        "#include <conv1d/conv1d.h>\n#include <iostream>\n#include <vector>\n"
        "namespace nn = conv1d::nn;\nnamespace F = conv1d::nn::functional;\nusing namespace conv1d;\n"
        f"int main() {{\n{code}\n}}\n"
    )
