"""971 wrong calls: the exception, its text and the warnings are PyTorch's. See tests/errors/README.md."""

import pytest
from harness import counts, wrong_calls
from harness.under_test import IS_PYTORCH, NAME

ROWS = {row["id"]: row for row in wrong_calls.rows()}
EXCLUDED = {} if IS_PYTORCH else wrong_calls.excluded()
DIFFERING = {} if IS_PYTORCH else wrong_calls.differing()
COMPARED = [row for id, row in ROWS.items() if id not in EXCLUDED]
WORST_SHARE_OF_TEXTS = 0.95


@pytest.fixture(scope="module")
def answers() -> dict[str, dict]:
    return wrong_calls.answers(NAME)


def expected(row: dict) -> dict:
    return row if IS_PYTORCH else wrong_calls.expected(row)[0]


def same_text(row: dict, answer: dict) -> bool:
    return wrong_calls.comparable(answer["text"]) == wrong_calls.comparable(expected(row)["text"])


def show(row: dict, answer: dict, *keys: str) -> str:
    lines = [f"{row['id']}: {row['code']}"]
    for key in keys:
        if expected(row)[key] != answer[key]:
            lines.append(f"    {key}: expected {expected(row)[key]!r}\n    {' ' * len(key)}  got      {answer[key]!r}")
    return "\n".join(lines)


def listed(wrong: list[str]) -> str:
    return f"{len(wrong)} of {len(COMPARED)} differ:\n" + "\n".join(wrong)


def test_lists_name_rows_that_exist() -> None:
    assert len(ROWS) == 971
    assert set(EXCLUDED) <= set(ROWS)
    assert set(DIFFERING) <= set(ROWS) - set(EXCLUDED)
    assert set(wrong_calls.ONE_ORDER) <= set(ROWS) - set(EXCLUDED)


def test_no_call_ends_the_process(answers: dict) -> None:
    ended = [
        f"{id}: {ROWS[id]['code']}: {a['text']}" for id, a in answers.items() if a["exception"] in ("signal", "silence")
    ]
    assert ended == []


def test_exceptions(answers: dict) -> None:
    wrong = [
        show(row, answers[row["id"]], "exception", "text")
        for row in COMPARED
        if answers[row["id"]]["exception"] != row["exception"]
    ]
    assert not wrong, listed(wrong)


def test_warnings(answers: dict) -> None:
    wrong = [
        show(row, answers[row["id"]], "warnings")
        for row in COMPARED
        if answers[row["id"]]["warnings"] != row["warnings"]
    ]
    assert not wrong, listed(wrong)


def test_texts(answers: dict) -> None:
    wrong = [row for row in COMPARED if not same_text(row, answers[row["id"]])]
    unknown = [show(row, answers[row["id"]], "text") for row in wrong if row["id"] not in DIFFERING]
    assert not unknown, listed(unknown)
    assert len(wrong) <= (1 - WORST_SHARE_OF_TEXTS) * len(COMPARED)
    agree_again = set(DIFFERING) - {row["id"] for row in wrong}
    assert not agree_again, f"differing.json lists texts that agree: {sorted(agree_again)}"


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch is not better than itself")
def test_better_than_pytorch(answers: dict) -> None:
    for id, entry in EXCLUDED.items():
        for key, ours in entry.get("ours", {}).items():
            assert answers[id][key] == ours, f"{id}: {ROWS[id]['code']}"


def test_report(answers: dict) -> None:
    kinds = [entry["kind"] for entry in EXCLUDED.values()]
    texts = sum(same_text(row, answers[row["id"]]) for row in COMPARED)
    backend = sum(wrong_calls.expected(row)[1] for row in COMPARED)
    types = sum(answers[row["id"]]["exception"] == row["exception"] for row in COMPARED)
    warned = sum(answers[row["id"]]["warnings"] == row["warnings"] for row in COMPARED)
    counts.report(
        f"wrong calls: {len(ROWS)} run, {len(COMPARED)} compared ({backend} of them by one text for all backends); "
        f"{types} agree by exception, {warned} by warnings, {texts} by text ({100 * texts / len(COMPARED):.1f} %); "
        f"listed, not counted: {kinds.count('better')} better than PyTorch, {kinds.count('outside')} not covered"
    )
