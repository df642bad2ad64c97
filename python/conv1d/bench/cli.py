"""The command line: what is measured, in which order, and the verdict."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings
from typing import Any

import conv1d

from . import calls, chart, choice, heap, layers, machine, report, rows
from .layers import Layer
from .machine import Machine
from .models import part as models_part
from .models import zoo
from .peers import NAMES, PYTORCH, Peers
from .promises import Promise, of_rows
from .report import Progress, say
from .timing import FULL, QUICK

FORMAT = 1  # of the JSON
PARTS = ("heap", "layers", "calls", "choice", "highest")
MODELS = "models"  # only where asked for: needs a package more, and minutes
QUICK_PARTS = ("layers", "calls")


def words(allowed: tuple[str, ...]) -> Any:
    """A list of names with commas between them."""

    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(word for word in text.split(",") if word)
        for word in chosen:
            if word not in allowed:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(allowed)}")
        return chosen

    return parse


def parser() -> argparse.ArgumentParser:
    kinds = tuple(dict.fromkeys(layer.kind for layer in layers.load()))
    p = argparse.ArgumentParser(
        prog="python -m conv1d.bench",
        description="Measures conv1d beside PyTorch and ONNX Runtime, in one process, in turn, on the same data. "
        "The exit status is 1 where a promise is missed or a result is wrong.",
    )
    p.add_argument(
        "--quick", action="store_true", help="under two minutes: fewer rounds; parts: " + ",".join(QUICK_PARTS)
    )
    p.add_argument("--filter", metavar="TEXT", default="", help="only layers (models) whose name contains TEXT")
    p.add_argument("--kinds", type=words(kinds), default=(), metavar="A,B", help="only these of " + ", ".join(kinds))
    p.add_argument(
        "--parts",
        type=words((*PARTS, MODELS)),
        default=None,
        metavar="A,B",
        help=f"of {', '.join(PARTS)} (all by default), {MODELS}",
    )
    p.add_argument("--choice", action="store_true", help="short for --parts choice: every family on every layer")
    p.add_argument(
        "--models",
        action="store_true",
        help="short for --parts models: whole models, plain and accelerated (some ten minutes)",
    )
    p.add_argument("--highest", action="store_true", help='layers with precision "highest": direct sums only')
    p.add_argument("--threads", type=int, choices=(1, 2), default=1, help="2: by the wall, on a quiet machine only")
    p.add_argument("--only", type=words(NAMES), default=NAMES, metavar="A,B", help="of " + ", ".join(NAMES))
    p.add_argument(
        "--default-heap", action="store_true", help="do not start again with glibc's settings for kept memory"
    )
    p.add_argument("--budget", type=float, metavar="SECONDS", help="for a row (3; with --quick 0.5)")
    p.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes all figures")
    p.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="writes a bar chart of the ratios")
    return p


def parts_of(args: argparse.Namespace) -> tuple[str, ...]:
    if args.parts is not None:
        return tuple(args.parts)
    if args.choice:
        return ("choice",)
    if args.models:
        return (MODELS,)
    if args.highest or args.threads > 1 or args.only != NAMES:
        return ("layers",)
    return QUICK_PARTS if args.quick else PARTS


def chosen_layers(args: argparse.Namespace) -> list[Layer]:
    return [
        layer for layer in layers.load() if args.filter in layer.name and (not args.kinds or layer.kind in args.kinds)
    ]


def nothing_to_measure(args: argparse.Namespace) -> str | None:
    """Why the run would measure nothing; None where it would measure something."""
    parts = parts_of(args)
    models = zoo.chosen(args.filter) if MODELS in parts else []
    if parts == (MODELS,):
        return zoo.missing() or (None if models else "no model has such a name")
    return None if chosen_layers(args) or models else "no layer has such a name and kind"


def go_direct() -> str:
    """Direct sums only, from here on."""
    set_precision = getattr(conv1d, "set_float32_conv_precision", None)
    if set_precision is not None:
        set_precision("highest")
        return 'precision "highest"'
    os.environ["CONV1D_KERNEL"] = "direct"  # read when the first plan is made
    return "CONV1D_KERNEL=direct"


def child(args: argparse.Namespace, *options: str) -> dict[str, Any]:
    """What another process measures on the same layers."""
    command = [sys.executable, "-m", "conv1d.bench", "--parts", "layers", "--filter", args.filter, *options]
    command += ["--kinds", ",".join(args.kinds)] + (["--quick"] if args.quick else [])
    if args.budget is not None and "--budget" not in options:
        command += ["--budget", str(args.budget)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "report.json"
        done = subprocess.run([*command, "--json", str(path)], stdout=subprocess.PIPE, text=True, check=False)
        if not path.exists():
            raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}")
        result: dict[str, Any] = json.loads(path.read_text())
    return result


class Run:
    """One run: its settings, what it has measured so far, and the promises."""

    def __init__(self, args: argparse.Namespace, heap_text: str) -> None:
        self.args = args
        self.parts = parts_of(args)
        self.layers = chosen_layers(args)
        budget = QUICK if args.quick else FULL
        if args.budget is not None:
            budget = type(budget)(**{**budget.__dict__, "seconds": args.budget})
        self.budget = budget
        conv1d.set_num_threads(args.threads)
        self.peers = Peers(args.threads, args.only)
        self.settings = rows.Settings(
            budget, args.quick, args.threads, highest=args.highest, verify="conv1d" in args.only
        )
        self.machine: Machine = machine.examine()
        self.promises: list[Promise] = []
        self.report: dict[str, Any] = {
            "format": FORMAT,
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "machine": self.machine.as_json(),
            "versions": self.peers.versions(),
            "heap": heap_text,
            "settings": {
                "quick": args.quick,
                "threads": args.threads,
                "highest": args.highest,
                "parts": list(self.parts),
                "filtered": bool(args.filter or args.kinds),
            },
        }

    def introduce(self) -> None:
        m = self.machine
        peak = ", ".join(f"{name} {value * 1e-9:.1f} GFLOP/s" for name, value in m.peak.items())
        say(f"{m.name}, {m.cores} cores, {m.isa}; load {m.load:.1f}")
        say(f"roof of a core: {peak}; copy {m.copy * 1e-9:.1f} GB/s read and written")
        say("versions: " + ", ".join(f"{name} {version}" for name, version in self.report["versions"].items()))
        say(f"heap: {self.report['heap']}")
        if self.parts != (MODELS,):
            for line in self.peers.missing():
                say(line)
        clock = "processor time of the thread" if self.args.threads == 1 else "time of the wall"
        say(f"threads: {self.args.threads}, by the {clock}")

    def measure_layers(self, default_heap: dict[str, float]) -> None:
        progress = Progress("layers", len(self.layers))
        found: list[dict[str, Any]] = []
        say()
        say(report.LAYER_TABLE.header())
        for layer in self.layers:
            progress.at(layer.name)
            row = rows.measure(layer, self.peers, self.machine, self.settings)
            if layer.name in default_heap:
                row["default_heap_seconds"] = default_heap[layer.name]
            found.append(row)
            progress.step()
            progress.clear()
            say(report.layer_line(row))
        self.report["layers"] = found
        m = self.machine
        self.promises += of_rows(found, m.has_avx512, m.has_bfloat16, self.args.highest, self.args.threads)

    def measure_default_heap(self) -> dict[str, float]:
        if self.peers.torch is None:
            return {}
        say("PyTorch with the default heap, in a process of its own ...")
        # Alone it needs no more than a part of the time that three contenders share.
        budget = str(self.budget.seconds / 3)
        found = child(self.args, "--default-heap", "--only", PYTORCH, "--budget", budget)
        return {row["name"]: row["seconds"][PYTORCH] for row in found["layers"] if "seconds" in row}

    def measure_highest(self) -> None:
        say('\nwith precision "highest", in a process of its own ...')
        found = child(self.args, "--highest")
        self.report["highest"] = {"layers": found["layers"], "promises": found["promises"]}
        for row in found["layers"]:
            say(report.layer_line(row))
        for entry in found["promises"]:
            fields = {key: value for key, value in entry.items() if key != "met"}
            self.promises.append(Promise(**{**fields, "what": f"highest: {fields['what']}"}))

    def measure_calls(self) -> None:
        say()
        tiny = [layer for layer in self.layers if layer.kind == "tiny"]
        found = calls.measure(tiny, self.peers, self.budget)
        for line in calls.lines(found):
            say(line)
        self.report["calls"] = found
        self.promises += calls.promises(found)

    def measure_choice(self) -> None:
        progress = Progress("choice", len(self.layers))
        found = []
        say()
        say(choice.TABLE.header())
        for layer in self.layers:
            progress.at(layer.name)
            found.append(choice.measure(layer, self.budget, self.args.highest))
            progress.step()
            progress.clear()
            say(choice.line(found[-1]))
        self.report["choice"] = found
        self.promises += choice.promises(found)

    def measure_models(self) -> None:
        lacking = zoo.missing()
        if lacking is not None:
            say(lacking)
            return
        chosen, args = zoo.chosen(self.args.filter), self.args
        found, promises = models_part.run(chosen, args.quick, args.threads, args.budget, self.machine)
        self.report[MODELS] = found
        self.promises += promises

    def go(self) -> int:
        self.introduce()
        default_heap = self.measure_default_heap() if "heap" in self.parts else {}
        if "layers" in self.parts:
            self.measure_layers(default_heap)
        if "calls" in self.parts:
            self.measure_calls()
        if "choice" in self.parts:
            self.measure_choice()
        if "highest" in self.parts:
            self.measure_highest()
        # The last part: from its import on, conv1d.torch lends the process PyTorch's threads.
        if MODELS in self.parts:
            self.measure_models()
        say()
        report.say_promises(self.promises)
        self.report["promises"] = [promise.as_json() for promise in self.promises]
        if self.args.json is not None:
            report.write_json(self.args.json, self.report)
        if self.args.svg is not None:
            models = self.report.get(MODELS, {}).get("rows", [])
            drawn = chart.of_models(models) if self.parts == (MODELS,) else chart.of_rows(self.report.get("layers", []))
            self.args.svg.write_text(drawn)
        return int(any(promise.met is False for promise in self.promises))


def main(arguments: list[str]) -> int:
    args = parser().parse_args(arguments)
    # PyTorch and we warn of even kernels with "same", which are there on purpose.
    warnings.simplefilter("ignore", UserWarning)
    heap_text = heap.restart_with(kept=not args.default_heap)
    if args.threads > 1 and not machine.is_quiet():
        say(
            f"two threads are measured on a quiet machine only (load below {machine.QUIET_LOAD}); "
            f"now it is {os.getloadavg()[0]:.2f}"
        )
        return 2
    reason = nothing_to_measure(args)
    if reason is not None:
        say(reason)
        return 2
    if args.highest:
        heap_text += "; " + go_direct()
    return Run(args, heap_text).go()
