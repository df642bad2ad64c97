"""Prints the seed of the random tests at the start of a run, and at its end how much was compared."""

import os
import random

from harness import counts

# Here, before anything runs: a crash must not take the seed with it.
os.environ.setdefault("CONV1D_SEED", str(random.SystemRandom().randrange(2**31)))


def pytest_report_header() -> str:
    return f"random tests: CONV1D_SEED={os.environ['CONV1D_SEED']} (set it to repeat them)"


def pytest_ignore_collect(collection_path, config) -> bool | None:
    # conv1d.torch lends its process PyTorch's threads, from the import on: a run of its own, asked for by name.
    named = any("inside_torch" in argument for argument in config.args)
    return True if collection_path.name == "inside_torch" and not named else None


def pytest_terminal_summary(terminalreporter) -> None:
    if counts.LINES:
        terminalreporter.section("what was compared")
        for line in counts.LINES:
            terminalreporter.write_line(line)
