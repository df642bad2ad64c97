"""What a run compared, for the lines at its end: tests add to it, conftest.py prints it."""

LINES: list[str] = []


def report(line: str) -> None:
    LINES.append(line)
