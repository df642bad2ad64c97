"""Writes docs/performance.md from the figures of a benchmark run.

Usage: performance.py build/bench.json [docs/performance.md] [--models build/models.json]; without a second name the
text goes to standard output.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from conv1d.bench.models.promises import RATIOS
from conv1d.bench.peers import ONNX, OURS, PYTORCH, TITLES
from conv1d.bench.promises import NOT_IN_TOTAL, THRESHOLDS, accuracy
from conv1d.bench.report import microseconds, size, times
from conv1d.bench.timing import geometric_mean

Row = dict[str, Any]


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown: the first column to the left, the others to the right."""
    marks = ["---"] + ["---:"] * (len(titles) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in (titles, marks, *rows)]


def machine_lines(report: Row) -> list[str]:
    m, settings = report["machine"], report["settings"]
    peaks = ", ".join(f"{name} {value * 1e-9:.1f} GFLOP/s" for name, value in m["peak"].items())
    versions = ", ".join(f"{TITLES.get(name, name)} {version}" for name, version in report["versions"].items())
    clock = "processor time of the thread" if settings["threads"] == 1 else "time of the wall"
    lines = [
        f"- **Machine**: {m['name']}, {m['cores']} cores, {m['isa']}; load average {m['load']:.2f} at the start.",
        f"- **Roof of a core**, measured in the same run: {peaks}; copy {m['copy'] * 1e-9:.1f} GB/s, read and written.",
        f"- **Versions**: {versions}.",
        f"- **Heap**: {report['heap']}.",
        f"- **Threads**: {settings['threads']}, {clock}; {report['date']}.",
    ]
    if settings["quick"] or settings["filtered"]:
        lines.append("- **Not a full run**: fewer rounds, or not every layer.")
    return lines


def kind_lines(rows: Sequence[Row], avx512: bool) -> list[str]:
    """A line a kind; what must be reached stands beside what was."""
    cells = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        chosen = [row for row in rows if row["kind"] == kind and "ratio" in row]
        if not chosen:
            continue
        worst = min(chosen, key=lambda row: row["ratio"])
        alone = [row["ratios"][PYTORCH]["median"] for row in chosen if PYTORCH in row["ratios"]]
        mean, threshold = geometric_mean(row["ratio"] for row in chosen), THRESHOLDS[kind]
        wanted = threshold.mean[avx512] if threshold.mean else None
        cells.append(
            [
                kind,
                str(len(chosen)),
                times(mean),
                times(wanted),
                f"{times(worst['ratio'])} ({worst['name']})",
                times(threshold.row[avx512] if threshold.row else None),
                times(geometric_mean(alone)),
            ]
        )
    return table(["kind", "layers", "mean", "wanted", "worst row", "wanted", "against PyTorch"], cells)


def layer_lines(rows: Sequence[Row]) -> list[str]:
    titles = ["layer", "us", "PyTorch", "default heap", "ONNX Runtime", "ratio", "quartiles", "GF/s", "roof %", "error"]
    cells = []
    for row in rows:
        if row.get("error"):
            cells.append([row["name"], f"wrong: {row['error']}"] + [""] * 10)
            continue
        seconds, spread = row["seconds"], row.get("ratios", {}).get(row.get("faster"), {})
        error = row.get("errors", {}).get(OURS)
        cells.append(
            [
                row["name"],
                microseconds(seconds.get(OURS)),
                microseconds(seconds.get(PYTORCH)),
                microseconds(row.get("default_heap_seconds")),
                microseconds(seconds.get(ONNX)),
                times(row.get("ratio")),
                f"{times(spread.get('low'))}-{times(spread.get('high'))}",
                f"{row['gflops'][OURS]:.1f}",
                f"{row['roof_percent']:.0f}",
                "-" if error is None else f"{error:.1e} ({times(accuracy(row))})",
                row["kernel"],
                f"{size(row['scratch_bytes'])} + {size(row['kept_bytes'])}",
            ]
        )
    return table([*titles, "kernel", "scratch + kept"], cells)


def limit(row: Row) -> str:
    """What a row's time goes into, in the words of its roof."""
    percent = row["roof_percent"]
    if row["kind"] in NOT_IN_TOTAL[:1]:
        return f"{microseconds(row['seconds'][OURS])} us, most of it the call"
    if row["bound"] == "memory":
        beside = f", {row['copy_percent']:.0f} % of a copy timed beside it" if "copy_percent" in row else ""
        return f"memory: {percent:.0f} % of the copy bandwidth{beside}"
    if row["kernel"] in ("direct", "depthwise"):
        return f"multiply-adds of the direct sum: {percent:.0f} % of the FMA peak"
    return f"transforms and their products: worth {percent:.0f} % of the FMA peak as a direct sum"


def below_lines(rows: Sequence[Row], avx512: bool) -> list[str]:
    """Rows slower than the faster peer, or below the worst row or the mean that their kind must reach."""
    lines = []
    for row in sorted((row for row in rows if "ratio" in row), key=lambda row: row["ratio"]):
        threshold = THRESHOLDS[row["kind"]]
        bounds = [pair[avx512] for pair in (threshold.mean, threshold.row) if pair is not None]
        if row["ratio"] >= max([1.0, *bounds]):
            continue
        peer = TITLES[row["faster"]]
        lost = "a loss" if row["ratio"] < 1 else "below what its kind must reach on average"
        if threshold.row is not None and row["ratio"] < threshold.row[avx512]:
            lost = "below what every row must reach" + (", a loss" if row["ratio"] < 1 else "")
        lines.append(f"- `{row['name']}` ({row['kind']}): {times(row['ratio'])} times {peer}, {lost}; {limit(row)}.")
    return lines or ["None."]


def promise_lines(promises: Sequence[Row]) -> list[str]:
    cells = []
    for promise in promises:
        verdict = {True: "met", False: "**missed**", None: ""}[promise["met"]]
        bound = promise["bound"]
        wanted = "" if bound is None else f"{'≥' if promise['at_least'] else '≤'} {bound:g}{promise['unit']}"
        cells.append([promise["what"], f"{promise['value']:.3g}{promise['unit']}", wanted, verdict, promise["detail"]])
    return table(["promise", "measured", "wanted", "", "where"], cells)


def call_lines(calls: Row) -> list[str]:
    lines = [
        f"- `{row['name']}`: {microseconds(row['python_seconds'])} us from Python, "
        f"{microseconds(row['cpp_seconds'])} us from C++."
        for row in calls["python"]
    ]
    lines += [f"- 100 lengths in turn, {row['name']}: {row['ratio']:.3f} times one length." for row in calls["lengths"]]
    for row in calls["batch"]:
        parts = []
        for name, entry in row["entry_seconds"].items():
            alone, among = entry.values()
            parts.append(f"{TITLES[name]} {microseconds(alone)} us alone, {microseconds(among)} us among 32")
        lines.append(f"- An entry of the batch, {row['name']}: {'; '.join(parts)}.")
    return lines


def first_call_line(rows: Sequence[Row]) -> str:
    """The first call packs weights; the peers prepare theirs as well."""
    parts = []
    for name, title in TITLES.items():
        found = [row["first_seconds"][name] / row["seconds"][name] for row in rows if name in row.get("seconds", {})]
        if found:
            parts.append(f"{title} {geometric_mean(found):.1f}")
    return f"- The first call, times a later one (geometric mean over the layers): {', '.join(parts)}."


def choice_lines(rows: Sequence[Row]) -> list[str]:
    cells = [
        [row["name"], row["chosen"], times(row["times_best"]), row["best"]]
        for row in sorted(rows, key=lambda row: -row["times_best"])
        if row["best"] != row["chosen"]
    ]
    same = len(rows) - len(cells)
    text = f"On {same} of {len(rows)} layers the fastest family is the chosen one."
    return [text, "", *table(["layer", "chosen", "times the best", "best"], cells)] if cells else [text]


def model_lines(rows: Sequence[Row], avx512: bool) -> list[str]:
    """Whole models: each number of threads has lines of its own; seconds are processor time on one thread."""
    titles = [
        "model",
        "threads",
        "PyTorch, ms",
        "accelerated, ms",
        "ratio",
        "quartiles",
        "wanted",
        "fused",
        "torch.compile",
    ]
    titles += ["Conv1d %", "transposed %", "distance", "first call", "extra memory"]
    cells = []
    for row in rows:
        if row.get("error"):
            cells.append([row["name"], str(row["threads"]), f"wrong: {row['error']}"] + [""] * (len(titles) - 3))
            continue
        ratios, extra = row["ratios"], row.get("extra_bytes", {})
        ours = ratios["accelerated"]
        wanted = RATIOS.get(row["name"]) if row["threads"] == 1 else None
        cells.append(
            [
                f"{row['name']} ({row['about']})",
                str(row["threads"]),
                *(f"{1e3 * row['seconds'][name]:.0f}" for name in ("plain", "accelerated")),
                times(ours["median"]),
                f"{times(ours['low'])}-{times(ours['high'])}",
                times(wanted[avx512] if wanted else None),
                *(times(ratios.get(name, {}).get("median")) for name in ("fused", "compiled")),
                *(f"{100 * row['shares'][kind]:.0f}" for kind in ("Conv1d", "ConvTranspose1d")),
                f"{row['distances']['accelerated']:.1e}",
                " / ".join(f"{1e3 * row['first_seconds'][name]:.0f}" for name in ("plain", "accelerated")),
                " / ".join(size(extra.get(name)) for name in ("plain", "accelerated")),
            ]
        )
    return table(titles, cells)


MODELS_INTRODUCTION = """\
`conv1d.torch.accelerate(model)` on models of the package transformers {transformers}, with random weights from the
default configurations. Ratios say how many times longer plain PyTorch takes; outputs were compared first ("distance",
relative to the largest value). Shares are of the plain model's time. "First call" (ms) and "extra memory" are plain /
accelerated; memory is what a process of its own with the default heap grows by during calls, at most.
"""


INTRODUCTION = """\
# Performance

Made by `tools/performance.py` from the figures of `make bench`; no figure is written by hand.

Ratios say how many times longer the faster of PyTorch and ONNX Runtime takes: above 1 this library is faster.
Everything is timed in one process, in turn, on the same data, after the results were compared with double precision.
GF/s credit every algorithm with the direct sum; the roof is the FMA peak, or copying the operands once where that takes
longer, and a fast algorithm may be past it. Errors are the largest, relative to the largest output (in brackets: times
PyTorch's). "Default heap" is PyTorch's time in a process without the settings for kept memory.
"""


def document(report: Row, chart: str = "") -> str:
    rows, avx512 = report.get("layers", []), report["machine"]["has_avx512"]
    there = [row for row in rows if not row.get("error")]
    lines = [INTRODUCTION, *machine_lines(report), ""]
    if chart:
        lines += [f"![Ratios to the faster peer]({chart})", ""]
    if there:
        lines += ["## Kinds of layers", "", *kind_lines(there, avx512), ""]
        lines += ["## Losses, and what is not reached", "", *below_lines(there, avx512), ""]
    lines += ["## Promises", "", *promise_lines(report["promises"]), ""]
    if rows:
        lines += ["## Layers", "", *layer_lines(rows), ""]
    if "calls" in report:
        lines += ["## Calls", "", *call_lines(report["calls"]), *([first_call_line(there)] if there else []), ""]
    if "choice" in report:
        lines += ["## Choice of the kernel", "", *choice_lines(report["choice"]), ""]
    if "highest" in report:
        lines += ['## With precision "highest": direct sums only', "", *layer_lines(report["highest"]["layers"]), ""]
    if "models" in report:
        models = report["models"]
        lines += ["## Whole models", "", MODELS_INTRODUCTION.format(**models["versions"])]
        lines += [*model_lines(models["rows"], avx512), ""]
        if models["left_out"]:
            lines += [f"Left out: {models['left_out'].removeprefix('models: ')}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def with_models(report: Row, other: Row) -> Row:
    """A report with the models of another run (`--models` measures nothing else) and their promises."""
    return report | {"models": other["models"], "promises": report["promises"] + other["promises"]}


def main(arguments: Sequence[str]) -> int:
    p = argparse.ArgumentParser(description="Writes docs/performance.md from the figures of a benchmark run.")
    p.add_argument("report", type=pathlib.Path, help="build/bench.json")
    p.add_argument("target", type=pathlib.Path, nargs="?", help="docs/performance.md; without it standard output")
    p.add_argument("--models", type=pathlib.Path, metavar="FILE", help="build/models.json, of a run with --models")
    args = p.parse_args(arguments)
    report = json.loads(args.report.read_text())
    if args.models is not None:
        report = with_models(report, json.loads(args.models.read_text()))
    if args.target is None:
        print(document(report), end="")
        return 0
    chart = args.target.with_suffix(".svg")
    args.target.write_text(document(report, chart.name if chart.exists() else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
