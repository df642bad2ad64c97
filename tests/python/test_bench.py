"""The benchmark's arithmetic: layers and their reference, statistics, promises, the document. Nothing is timed here."""

import json
import math
import pathlib
import xml.etree.ElementTree
from dataclasses import replace

import conv1d
import numpy as np
import pytest
from conv1d import _C
from conv1d.bench import chart, choice, cli, heap, layers, machine, peers, plans, promises, report, rows, timing
from conv1d.bench.layers import Layer
from harness import performance

STORED = json.loads((pathlib.Path(__file__).parent / "data/bench.json").read_text())
SMALL = Layer("small", "dense3", 2, 4, 11, 6, 3, 1, 1, 1, 1, True, "zeros", "float32", "")


# ---- layers ---------------------------------------------------------------------------------------------------------


def test_layers_are_the_shared_ones() -> None:
    entries = json.loads(layers.FILE.read_text())
    assert len(entries) == 56
    fields = set("name kind N in_channels length out_channels kernel_size stride padding dilation groups bias".split())
    assert all(set(entry) == fields | {"padding_mode", "dtype", "about", "gflop"} for entry in entries)
    assert len({entry["name"] for entry in entries}) == len(entries)
    assert {entry["kind"] for entry in entries} == set(promises.THRESHOLDS)
    assert all(entry["dtype"] in layers.ELEMENT_BYTES for entry in entries)


def test_layers_have_the_work_that_the_file_says() -> None:
    for entry, layer in zip(json.loads(layers.FILE.read_text()), layers.load(), strict=True):
        assert layer.flops * 1e-9 == pytest.approx(entry["gflop"], abs=5.1e-5), layer.name


VARIANTS = [
    {},
    {"stride": 2, "padding": 2},
    {"dilation": 3, "padding": "causal"},
    {"kernel_size": 4, "padding": "same"},
    {"groups": 2, "bias": False, "padding": 0},
    {"padding_mode": "reflect"},
    {"padding_mode": "circular", "kernel_size": 5, "padding": 2},
    {"dtype": "float64", "groups": 2, "stride": 3},
    {"dtype": "complex64", "padding": "same"},
    {"in_channels": 3, "out_channels": 3, "groups": 3, "length": 700, "kernel_size": 300, "padding": 20},
    {"dtype": "bfloat16"},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_reference_is_the_layer_in_double_precision(variant: dict) -> None:
    layer = replace(SMALL, **variant)
    data = layers.make_data(layer)
    wide = "complex128" if layer.dtype == "complex64" else "float64"
    exact = replace(layer, dtype=wide)
    with conv1d.no_grad():
        contender = peers.ours(exact, layers.Data(*(a if a is None else a.astype(wide) for a in vars(data).values())))
        ours = contender.read(contender.call())
    expected = layers.reference(layer, data, layer.batch)
    assert expected.shape == (layer.batch, layer.out_channels, layer.out_length)
    assert layers.error_of(ours, expected) < 1e-13
    assert layers.reference(layer, data, 1).shape[0] == 1


def test_reference_copies_few_windows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    data = layers.make_data(SMALL)
    whole = layers.reference(SMALL, data, 2)
    monkeypatch.setattr(layers, "WINDOW_BYTES", 1)
    assert np.allclose(layers.reference(SMALL, data, 2), whole, rtol=0, atol=1e-14)


def test_bfloat16_is_rounded_to_even() -> None:
    values = np.random.default_rng(3).standard_normal(1000, dtype=np.float32)
    values[:3] = [1 + 2**-8, 1 + 3 * 2**-8, -0.0]
    expected = conv1d.from_numpy(values).to(conv1d.bfloat16).to(conv1d.float32).numpy()
    assert np.array_equal(layers.to_bfloat16(values).view(np.uint32), expected.view(np.uint32))


def test_wrong_and_nan_results_are_errors() -> None:
    data = layers.make_data(SMALL)
    right = layers.reference(SMALL, data, 2).astype(np.float32)
    errors, wrong = rows.compare(SMALL, data, {"conv1d": right}, quick=False)
    assert wrong is None and errors["conv1d"] < 1e-6
    for value in (1e3, np.nan):
        other = right.copy()
        other[1, 2, 3] = value
        assert "conv1d" in rows.compare(SMALL, data, {"pytorch": right, "conv1d": other}, quick=False)[1]
    assert "shape" in rows.compare(SMALL, data, {"conv1d": right[..., 1:]}, quick=False)[1]


# ---- timing ---------------------------------------------------------------------------------------------------------


def test_means_and_spreads() -> None:
    assert timing.geometric_mean([1, 4, 16]) == pytest.approx(4)
    assert math.isnan(timing.geometric_mean([]))
    assert timing.spread([3.0]) == (3.0, 3.0, 3.0)
    assert timing.spread([5.0, 1.0, 4.0, 2.0, 3.0]) == (3.0, 2.0, 4.0)
    samples = timing.Samples(rounds={"a": [2.0, 6.0, 4.0], "b": [1.0, 2.0, 1.0]})
    assert samples.ratio("a", "b").median == 3.0


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def contender(name: str, seconds: float) -> timing.Timed:
        def timed(calls: int) -> float:
            order.append(name)
            return seconds * calls

        return timed

    budget = timing.Budget(0.0, min_rounds=4, sample_seconds=1.0, slow_seconds=10)
    told: list[int] = []
    timed = {"a": contender("a", 0.5), "b": contender("b", 0.1), "slow": contender("slow", 11.0)}
    samples = timing.interleave(timed, budget, {"a": 1.0, "b": 1.0, "slow": 50.0}, lambda: told.append(1))
    assert order == ["a", "b"] + ["a", "b", "b", "a"] * 2  # "slow" is left at its first call
    assert len(told) == 4
    assert samples.rounds == {"a": [0.5] * 4, "b": [pytest.approx(0.1)] * 4, "slow": [50.0] * 4}


def test_a_slow_contender_is_called_once_more() -> None:
    calls: list[int] = []

    def timed(count: int) -> float:
        calls.append(count)
        return 11.0

    samples = timing.interleave({"slow": timed}, timing.Budget(0.0, slow_seconds=10))
    assert calls == [1, 1] and samples.seconds("slow") == 11.0


# ---- the heap -------------------------------------------------------------------------------------------------------


def test_the_process_starts_again_only_where_the_heap_is_another() -> None:
    plain = {"PATH": "/bin"}
    kept = {**plain, **heap.SETTINGS}
    assert heap.environment_for(True, plain, "glibc") == kept
    assert heap.environment_for(True, kept, "glibc") is None
    assert heap.environment_for(False, kept, "glibc") == plain
    assert heap.environment_for(False, plain, "glibc") is None
    assert heap.environment_for(True, plain, "") is None
    other = {**kept, "MALLOC_MMAP_MAX_": "5"}
    assert heap.environment_for(True, other, "glibc") == kept
    assert heap.environment_for(False, other, "glibc") == plain


# ---- promises -------------------------------------------------------------------------------------------------------


def row(name: str, kind: str, ratio: float, pytorch: float = 9.0, **others: object) -> dict:
    ratios = {"pytorch": {"median": pytorch}, "onnxruntime": {"median": ratio}}
    base = {"name": name, "kind": kind, "dtype": "float32", "ratio": ratio, "ratios": ratios, "faster": "onnxruntime"}
    return base | others


def verdicts(found: list[dict], **settings: object) -> dict[str, promises.Promise]:
    settings = {"avx512": False, "has_bfloat16": False, "highest": False} | settings
    return {promise.what: promise for promise in promises.of_rows(found, **settings)}


def test_kinds_are_held_to_their_column() -> None:
    found = [row("a", "dense3", 1.1), row("b", "dense3", 1.8)]
    on_avx2, on_avx512 = verdicts(found), verdicts(found, avx512=True)
    assert on_avx2["dense3: geometric mean"].value == pytest.approx((1.1 * 1.8) ** 0.5)
    assert on_avx2["dense3: geometric mean"].met is False and on_avx512["dense3: geometric mean"].met is True
    assert on_avx2["dense3: worst row"].met is False and on_avx512["dense3: worst row"].met is True
    assert on_avx2["dense3: worst row"].detail == "a"
    assert on_avx2["all but tiny and long: geometric mean"].bound == 1.55


def test_totals_leave_out_tiny_long_and_other_types() -> None:
    found = [row("a", "few", 2.0), row("b", "tiny", 50.0), row("c", "long", 50.0)]
    found.append(row("d", "double", 50.0, dtype="float64"))
    total = verdicts(found)["all but tiny and long: geometric mean"]
    assert total.value == pytest.approx(2.0) and total.met


def test_tiny_layers_are_held_to_both_peers() -> None:
    found = verdicts([row("a", "tiny", 3.0, pytorch=5.0)])
    assert found["tiny: geometric mean"].met is True and found["tiny: against PyTorch"].met is False


def test_half_is_only_reported_where_the_processor_has_bfloat16() -> None:
    found = [row("a", "half", 1.0, dtype="bfloat16")]
    assert verdicts(found)["half: geometric mean"].met is False
    assert verdicts(found, has_bfloat16=True)["half: geometric mean"].met is None


def test_highest_promises_the_total_alone() -> None:
    found = verdicts([row("a", "dense3", 1.0)], highest=True)
    assert found["dense3: geometric mean"].met is None
    assert found["all but tiny and long: geometric mean"].bound == 1.25
    assert found["all but tiny and long: worst row"].met is True


def test_roof_accuracy_and_wrong_results() -> None:
    direct = {"roof_percent": 89.0, "bound": "compute", "kernel": "direct"}
    memory = {"roof_percent": 86.0, "bound": "memory", "kernel": "depthwise"}
    accurate = {"errors": {"conv1d": 9e-7, "pytorch": 1e-8}}  # below 1e-6: small enough, whatever PyTorch has
    found = [row("a", "few", 2.0, **direct, **accurate), row("b", "depthwise", 9.0, **memory)]
    lines = verdicts(found)
    assert lines["direct sums: worst, of the FMA peak"].met is False
    assert verdicts(found, avx512=True)["direct sums: worst, of the FMA peak"].met is True
    assert lines["memory-bound rows: worst, of copying"].met is True
    assert lines["largest error, times PyTorch's"].met is True and lines["wrong results"].met is True
    found.append(row("c", "few", 2.0, errors={"conv1d": 3e-6, "pytorch": 1.4e-6}))
    found.append({"name": "d", "kind": "few", "dtype": "float32", "error": "pytorch: shape"})
    lines = verdicts(found)
    assert (
        lines["largest error, times PyTorch's"].met is False and lines["largest error, times PyTorch's"].detail == "c"
    )
    assert lines["wrong results"].met is False and lines["wrong results"].detail == "d"


def test_nan_keeps_no_promise() -> None:
    assert promises.Promise("x", math.nan, 1.0).met is False
    assert promises.Promise("x", math.nan, 1.0, at_least=False).met is False


def test_choice_is_held_to_the_best_family() -> None:
    values = {"a": 1.0, "b": 1.05, "c": 1.3}
    found = [{"name": n, "chosen": "direct", "best": "direct", "times_best": t} for n, t in values.items()]
    median, worst = choice.promises(found)
    assert median.met is True and worst.met is False and worst.detail.startswith("c: ")


# ---- plans by name, the roof ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS[:6], ids=str)
def test_every_family_is_reached_by_its_name(variant: dict) -> None:
    layer = replace(SMALL, padding_mode="zeros", **{k: v for k, v in variant.items() if k != "padding_mode"})
    layer = replace(layer, padding=1) if layer.padding == "causal" else layer
    data = layers.make_data(layer)
    expected = layers.reference(layer, data, layer.batch)
    taken = []
    for name in _C._kernel_names():
        try:
            planned = plans.PlannedLayer(layer, data, name)
        except RuntimeError as error:
            assert str(error) == f'the kernel "{name}" does not take this layer'
            continue
        assert planned.plan.kernel == name
        planned.timed(2)
        assert layers.error_of(planned.y.numpy(), expected) < 1e-5, name
        taken.append(name)
    assert {"direct", "plain"} <= set(taken)


def test_plans_refuse_what_they_cannot_read() -> None:
    data = layers.make_data(SMALL)
    with pytest.raises(RuntimeError, match=r'there is no kernel "nonsense": choose one of .*direct'):
        plans.PlannedLayer(SMALL, data, "nonsense")
    planned = plans.PlannedLayer(SMALL, data)
    with pytest.raises(RuntimeError, match="output must be contiguous, with 132 elements"):
        planned.plan.run(planned.x, planned.y[:1], planned.scratch)
    with pytest.raises(RuntimeError, match="dtype"):
        planned.plan.run(planned.x.double(), planned.y, planned.scratch)
    with pytest.raises(TypeError, match="must be a Tensor, not int"):
        planned.plan.run(1, planned.y, planned.scratch)
    with pytest.raises(RuntimeError, match="float32 and float64"):
        _C._peak_flops(conv1d.int64)


def test_the_roof_is_measured_in_numbers() -> None:
    assert _C._peak_flops(conv1d.float32, 1e-4) > 1e8
    assert machine.Copier(1 << 20).timed(1) >= 0
    assert _C._instruction_set() in ("baseline", "avx2", "avx512", "neon")


def test_processor_facts() -> None:
    name, flags = machine.cpu_facts(
        "processor: 0\nmodel name\t: X 1\ncpu family\t: 6\nmodel\t\t: 9\nflags : a avx2\n\nflags : b"
    )
    assert name == "X 1 (family 6, model 9)" and flags == {"a", "avx2"}
    assert machine.cpu_facts("")[1] == frozenset()


# ---- what is printed and written ------------------------------------------------------------------------------------


def test_parts() -> None:
    def parts(*arguments: str) -> tuple[str, ...]:
        return cli.parts_of(cli.parser().parse_args(arguments))

    assert parts() == cli.PARTS and parts("--quick") == cli.QUICK_PARTS
    assert parts("--choice") == ("choice",) and parts("--highest") == ("layers",) == parts("--threads", "2")
    assert parts("--quick", "--parts", "calls,choice") == ("calls", "choice")
    chosen = cli.chosen_layers(cli.parser().parse_args(["--kinds", "tiny,half", "--filter", "tiny"]))
    assert [layer.name for layer in chosen] == ["whisper-tiny.conv1.bf16"]
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["--kinds", "nonsense"])


def test_stored_report_has_this_format() -> None:
    assert STORED["format"] == cli.FORMAT
    for stored in STORED["promises"]:
        fields = {key: value for key, value in stored.items() if key != "met"}
        assert promises.Promise(**fields).as_json() == stored
    for stored in STORED["layers"]:
        line = report.layer_line(stored)
        assert line.startswith(stored["name"]) and stored["kernel"] in line
    assert "WRONG: nan" in report.layer_line({"name": "a", "kind": "few", "error": "nan"})


def test_document_is_made_from_the_report() -> None:
    text = performance.load().document(STORED, "performance.svg")
    for heading in ("Kinds of layers", "Losses", "Promises", "Layers", "Calls", "Choice of the kernel", "highest"):
        assert heading in text
    assert "![Ratios to the faster peer](performance.svg)" in text and STORED["machine"]["name"] in text
    assert "**Not a full run**" in text and "**missed**" in text
    for stored in STORED["layers"]:
        assert f"| {stored['name']} | " in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(line.split(" | ")) for line in lines if line.startswith(("| hifigan.conv_p", "| layer | us"))}
    assert widths == {12}


def test_document_says_losses_plainly() -> None:
    lost = json.loads(json.dumps(STORED))
    lost["layers"][0] |= {"ratio": 0.5}
    lost["layers"][1] |= {"error": "conv1d: shape (1,)"}
    text = performance.load().document(lost)
    name = lost["layers"][0]["name"]
    assert f"- `{name}` (dense5): 0.50 times ONNX Runtime, below what every row must reach, a loss; " in text
    assert "wrong: conv1d: shape (1,)" in text


def test_chart_is_svg() -> None:
    svg = chart.bars([("a & b", 0.5, "PyTorch"), ("c", 120.0, "ONNX Runtime")], "title <x>")
    root = xml.etree.ElementTree.fromstring(svg)
    bars = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("fill") in (chart.WIN, chart.LOSS)]
    assert [bar.get("fill") for bar in bars] == [chart.LOSS, chart.WIN]
    assert chart.of_rows(STORED["layers"]).count(f'fill="{chart.WIN}"') == len(STORED["layers"])
