"""The cases of tests/cases, made from users' reports: each in a process of its own, none may fail."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from harness import counts
from harness.under_test import NAME

FOLDER = Path(__file__).resolve().parents[1] / "cases"
NUMBER_OF_CASES = 83


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    pytest.importorskip("scipy", reason="one case compares with scipy.signal")
    report = tmp_path_factory.mktemp("cases") / "results.json"
    jobs = str(min(4, len(os.sched_getaffinity(0))))
    subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), NAME, "open", "--jobs", jobs, "--json", str(report)],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return json.loads(report.read_text())


def test_every_case_was_run(results: list[dict]) -> None:
    assert len(results) == NUMBER_OF_CASES


def test_no_case_fails(results: list[dict]) -> None:
    failed = [f"{r['id']} [{r['source']}]: {r['text']}" for r in results if r["status"] == "fail"]
    assert not failed, f"{len(failed)} failed (tests/cases/run.py {NAME} open --only ID runs one):\n" + "\n".join(
        failed
    )


def test_report(results: list[dict]) -> None:
    by_status = Counter(r["status"] for r in results)
    tags = Counter(r["text"] for r in results if r["status"] == "skip")
    skipped = ", ".join(f"{count} need {tag}" for tag, count in sorted(tags.items())) or "none"
    counts.report(
        f"cases: {by_status['pass']} passed, {by_status['fail']} failed, {by_status['skip']} skipped ({skipped})"
    )
