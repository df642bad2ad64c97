"""Modules, parameters, containers and losses do what PyTorch's do, in texts and warnings too: small programs on both.

The programs stand in snippets/module.txt, a blank line between two. What one prints and shows is compared.
"""

import pytest
from harness import counts, oracle
from harness.programs import answer, load
from harness.under_test import NAME

oracle.require()

PROGRAMS = load("module")


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_answer(program: str) -> None:
    assert answer(NAME, program) == answer("torch", program)


def test_report() -> None:
    counts.report(f"modules: {len(PROGRAMS)} small programs run on PyTorch and here")
