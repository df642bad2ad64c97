"""Tensors do what PyTorch's do, in values, texts and warnings: small programs on both (snippets/*.txt).

snippets/deviations.txt lists the programs whose answer is not PyTorch's, each with the reason: they must differ, so
that the list cannot outlive its reasons.
"""

import pytest
from harness import counts, oracle, programs
from harness.under_test import IS_PYTORCH, NAME

oracle.require()

FILES = ("tensor", "indexing", "autograd", "interop", "objects", "blocks", "learners")
PROGRAMS = [program for name in FILES for program in programs.load(name)]
DEVIATIONS = dict(line.split("  # ") for line in programs.load("deviations"))


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p not in DEVIATIONS])
def test_same_answer(program: str) -> None:
    assert programs.answer(NAME, program) == programs.answer("torch", program)


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch does not deviate from itself")
@pytest.mark.parametrize("program", DEVIATIONS)
def test_deviation_is_one(program: str) -> None:
    assert program in PROGRAMS
    assert programs.answer(NAME, program) != programs.answer("torch", program)


def test_report() -> None:
    same = len(PROGRAMS) - len(DEVIATIONS)
    counts.report(
        f"tensors: {same} small programs run on PyTorch and here; {len(DEVIATIONS)} more deviate for a listed reason"
    )
