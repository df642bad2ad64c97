"""Prints at the end of a run how much was compared."""

from harness import counts


def pytest_terminal_summary(terminalreporter) -> None:
    if counts.LINES:
        terminalreporter.section("what was compared")
        for line in counts.LINES:
            terminalreporter.write_line(line)
