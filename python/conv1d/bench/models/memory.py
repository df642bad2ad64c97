"""Memory of one contender, in a process of its own: ``python -m conv1d.bench.models.memory MODEL CONTENDER THREADS``.

With glibc's default heap, as users have it: with the settings for kept memory nothing would ever be given back.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import conv1d

from .. import heap
from . import zoo
from .contenders import contender, torch_and_door

CALLS = 2  # the first one prepares, the second one is as all others


def resident(field: str) -> int:
    """Bytes of this process in memory, by /proc/self/status: VmRSS now, VmHWM at most."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == field:
            return 1024 * int(value.split()[0])
    raise OSError(f"no {field} in /proc/self/status")


def peak_beyond(call: Callable[[], Any]) -> int | None:
    """By how many bytes the process outgrows, at most, what it had before; None where the system does not tell.

    getrusage's ru_maxrss would not do: importing and making a model may need more than its calls.
    """
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = resident("VmRSS")
        call()
        return max(0, resident("VmHWM") - before)
    except OSError:
        return None


def measure(model: zoo.Model, name: str, threads: int) -> dict[str, int | None]:
    """Bytes beyond the model itself: at the peak, and those that our layers keep between calls."""
    made = contender(model, name, threads)

    def calls() -> None:
        for _ in range(CALLS):
            made.call()

    torch, _ = torch_and_door()
    with torch.inference_mode():
        extra = peak_beyond(calls)
    return {"extra_bytes": extra, "kept_bytes": conv1d.kept_memory()}


def in_child(model: zoo.Model, name: str, threads: int) -> dict[str, int | None]:
    """The same, measured by another process."""
    environment = {key: value for key, value in os.environ.items() if key not in heap.SETTINGS}
    command = [sys.executable, "-m", "conv1d.bench.models.memory", model.name, name, str(threads)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
        raise RuntimeError(f"a process ended with status {done.returncode}: {last}")
    # The last line: whoever else has something to say says it before.
    result: dict[str, int | None] = json.loads(done.stdout.splitlines()[-1])
    return result


def main(arguments: list[str]) -> int:
    name, kind, threads = arguments
    model = next(model for model in zoo.MODELS if model.name == name)
    sys.stdout.write(json.dumps(measure(model, kind, int(threads))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
