"""The measuring of whole models, on a tiny one that is made here. That all is measured, not how long it takes."""

import gc
import inspect
import math

import conv1d.torch
import pytest
import torch
from conv1d.bench import timing
from conv1d.bench.models import agreement, contenders, measure, memory, part, table, zoo
from conv1d.bench.rows import Settings
from torch import nn

LAYERS = 3
BUDGET = timing.Budget(0.0, min_rounds=2, max_rounds=2, sample_seconds=1e-6, slow_seconds=math.inf)
SETTINGS = Settings(BUDGET)


def make(torch_: object) -> zoo.Made:
    x = torch.randn(1, 4, 50)
    weighted = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 8, 3, padding=1))
    net = nn.Sequential(nn.Conv1d(4, 8, 5), nn.ReLU(), weighted, nn.Dropout(0.5), nn.ConvTranspose1d(8, 2, 4, stride=2))
    return net, lambda module: module(x)


TINY = zoo.Model("tiny", "50 samples", make)


def measured(**settings: object) -> tuple[dict, list[str]]:
    steps: list[str] = []

    def told(what: str, long: bool = False) -> None:
        steps.append(what)

    return measure.measure(TINY, SETTINGS, told, **settings), steps


def with_fusion(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """accelerate() as if it could fuse, and how it is called."""
    asked: list[bool] = []
    original = conv1d.torch.accelerate

    def accelerate(model: nn.Module, fuse: bool = False) -> conv1d.torch.Report:
        asked.append(fuse)
        report = original(model)
        report.fused = ["0 Conv1d + 1 ReLU"] if fuse else []
        return report

    monkeypatch.setattr(conv1d.torch, "accelerate", accelerate)
    return asked


def test_a_row_holds_what_the_table_and_the_promises_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_fusion(monkeypatch)
    row, steps = measured()
    assert asked == [False, True]
    assert row["replaced"] == row["layers"] == LAYERS and row["error"] is None
    names = {"plain", "accelerated", "fused"}
    assert set(row["seconds"]) == set(row["first_seconds"]) == names
    assert set(row["ratios"]) == set(row["distances"]) == names - {"plain"}
    assert row["ratio"] == row["ratios"]["accelerated"]["median"] and set(row["fused_gain"]) == {
        "median",
        "low",
        "high",
    }
    assert row["rounds"] == 2 and row["fusions"] == 1 and row["kept_bytes"] > 0
    assert steps[0] == "making" and "timing" in steps
    assert len(table.line(row).split()) == len(table.TABLE.columns)
    assert "WRONG" not in table.line(row)


def test_copies_keep_what_they_would_keep_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with_fusion(monkeypatch)
    gc.collect()  # other tests' layers
    alone = memory.measure(TINY, "accelerated", 1)["kept_bytes"]
    # Room for one of them and not for both: each has its own bound.
    monkeypatch.setattr(measure, "KEPT_LIMIT", alone)
    try:
        row, _ = measured()
    finally:
        conv1d.set_kept_memory(1 << 30)
    assert row["kept_bytes"] == alone > 0


def test_without_fusion_the_column_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    original = conv1d.torch.accelerate
    monkeypatch.setattr(conv1d.torch, "accelerate", lambda model: original(model))
    row, _ = measured()
    assert set(row["seconds"]) == {"plain", "accelerated"} and "fused_gain" not in row


def test_the_accelerated_model_is_a_copy_in_eval_mode() -> None:
    made = contenders.plain(TINY, 1)
    served = contenders.accelerated(made)
    assert not made.module.training and not served.module.training
    assert served.replaced == LAYERS and served.left == 0
    x = torch.zeros(1, 4, 20)
    assert conv1d.torch.kernel_for(served.module[0], x) is not None
    assert conv1d.torch.kernel_for(made.module[0], x) is None
    assert torch.equal(made.module[0].weight, served.module[0].weight)
    assert contenders.contender(TINY, "plain", 1).replaced == 0
    again = contenders.contender(TINY, "accelerated", 1)
    with torch.inference_mode():
        assert torch.equal(again.call(), served.call()), "the same weights and input each time"


def test_the_number_of_threads_is_pytorchs() -> None:
    contenders.plain(TINY, 2)
    assert torch.get_num_threads() == 2


def test_another_result_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    original = conv1d.torch.accelerate

    def spoil(model: nn.Module) -> conv1d.torch.Report:
        report = original(model)
        with torch.no_grad():
            model[4].bias += 0.01
        return report

    monkeypatch.setattr(conv1d.torch, "accelerate", spoil)
    row, steps = measured()
    assert row["error"].startswith("accelerated differs from plain PyTorch by ") and "seconds" not in row
    assert "timing" not in steps and "WRONG" in table.line(row)


def test_shares_are_of_the_layers_and_leave_no_hook() -> None:
    made = contenders.plain(TINY, 1)
    ticks = iter(range(10**6))
    with torch.inference_mode():
        found = measure.shares(made, lambda: next(ticks))
    # A clock that counts how often it is read: a layer is one tick long, the whole call two ticks a layer and one.
    whole = 2 * LAYERS + 1
    assert found == {"Conv1d": pytest.approx(2 / whole), "ConvTranspose1d": pytest.approx(1 / whole)}
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in made.module.modules())


def test_a_compiler_that_fails_is_said_in_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("\nInvalidCxxCompiler: no g++\nmore")

    monkeypatch.setattr(torch, "compile", lambda call: refuse)
    row, _ = measured(compile_too=True)
    assert row["compile_error"] == "InvalidCxxCompiler: no g++" and "compiled" not in row["seconds"]
    assert table.lines(row)[1] == "   torch.compile failed: InvalidCxxCompiler: no g++"


def test_a_compiled_model_is_a_contender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda call: call)
    row, _ = measured(compile_too=True)
    assert row["distances"]["compiled"] == 0 and "compiled" in row["ratios"] and "compile_seconds" in row


def test_all_models_stand_in_one_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Quiet:
        load, cores, has_avx512 = 0.0, 2, False

    monkeypatch.setattr(zoo, "versions", lambda: {"transformers": "5"})
    monkeypatch.setattr(measure, "QUICK", BUDGET)
    found, promised = part.run([TINY, TINY], quick=True, threads=1, seconds=0.0, machine=Quiet)
    assert found["threads"] == [1] and [row["name"] for row in found["rows"]] == ["tiny", "tiny"]
    assert "quick run" in found["left_out"] and "geometric mean" in capsys.readouterr().out
    # Nothing is promised of a model that is none of the seven.
    assert {p.what: p.met for p in promised if p.bound is not None and "fuse" not in p.what} == {
        "models: wrong results": True
    }


# ---- memory ---------------------------------------------------------------------------------------------------------


def test_memory_is_counted_in_bytes() -> None:
    if memory.peak_beyond(lambda: None) is None:
        pytest.skip("the system does not tell the peak")
    size = 64 << 20
    kept: list[torch.Tensor] = []
    assert memory.peak_beyond(lambda: kept.append(torch.ones(size, dtype=torch.uint8))) > size // 2
    found = memory.measure(TINY, "accelerated", 1)
    assert found["extra_bytes"] >= 0 and found["kept_bytes"] > 0


def test_memory_that_cannot_be_measured_is_said_in_the_row() -> None:
    row: dict = {}
    measure._add_memory(TINY, 1, row)  # the other process knows no such model
    assert row["memory_error"].startswith("a process ended with status 1: ") and "extra_bytes" not in row


# ---- agreement ------------------------------------------------------------------------------------------------------


def test_distance_is_relative_to_the_largest_value() -> None:
    expected = torch.tensor([1.0, -4.0])
    assert agreement.distance(torch.tensor([1.0, -4.2]), expected) == pytest.approx(0.05)
    assert agreement.distance(torch.ones(3), expected) == math.inf
    assert math.isnan(agreement.distance(torch.tensor([math.nan, 1.0]), expected))


def test_three_times_pytorchs_own_distance_is_allowed() -> None:
    asked: list[float] = []

    def own(value: float = 1e-4) -> float:
        asked.append(value)
        return value

    assert agreement.verdict({"a": 9e-5, "b": 1e-4}, own) == (1e-4, None) and not asked
    assert agreement.verdict({"a": 2.9e-4}, own) == (pytest.approx(3e-4), None) and asked
    _, error = agreement.verdict({"a": 1e-6, "b": 3.1e-4}, own)
    assert "b differs from plain PyTorch by 3.1e-04" in error and "3.0e-04 is allowed" in error
    assert agreement.verdict({"a": 1.1e-4}, lambda: 1e-9)[1] is not None
    for value in (math.nan, math.inf):
        assert agreement.verdict({"a": value}, own)[1] is not None
        # PyTorch that does not agree with itself allows nothing.
        assert agreement.verdict({"a": 2e-4}, lambda value=value: value)[1] is not None
    assert "the shape" in agreement.verdict({"a": math.inf}, own)[1]


def test_fusion_is_used_where_accelerate_has_it() -> None:
    can = "fuse" in inspect.signature(conv1d.torch.accelerate).parameters
    assert contenders.served() == (("accelerated", "fused") if can else ("accelerated",))
