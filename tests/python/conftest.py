"""Prints the seed of the random tests at the start of a run, and at its end how much was compared."""

import os
import random

from harness import counts

# Here, before anything runs: a crash must not take the seed with it.
os.environ.setdefault("CONV1D_SEED", str(random.SystemRandom().randrange(2**31)))


def pytest_report_header() -> str:
    return f"random tests: CONV1D_SEED={os.environ['CONV1D_SEED']} (set it to repeat them)"


def pytest_collection_modifyitems(items: list) -> None:
    # conv1d.torch lends the whole process PyTorch's threads, and PyTorch gives some warnings once a process: last.
    items.sort(key=lambda item: "inside_torch" in item.path.parts)


def pytest_terminal_summary(terminalreporter) -> None:
    if counts.LINES:
        terminalreporter.section("what was compared")
        for line in counts.LINES:
            terminalreporter.write_line(line)
