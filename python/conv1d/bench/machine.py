"""The machine that is measured on, and its roof."""

from __future__ import annotations

import os
import pathlib
import platform
import statistics
from dataclasses import asdict, dataclass
from typing import Any

import conv1d
from conv1d import _C

# Larger than any last-level cache so far, so that both blocks come from memory.
COPIED_BYTES = 256 << 20
QUIET_LOAD = 0.3
PEAK_SECONDS = 1e-3


def cpu_facts(text: str) -> tuple[str, frozenset[str]]:
    """Name and feature flags of the first processor in /proc/cpuinfo."""
    fields: dict[str, str] = {}
    for line in text.split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name", platform.machine())
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields.get('model', '?')})"
    return name, frozenset(fields.get("flags", fields.get("Features", "")).split())


class Copier:
    """A copy that moves so many bytes, read and written together: what a memory-bound row is held against."""

    def __init__(self, moved: float) -> None:
        count = max(1, int(moved) // 2)
        self.source = conv1d.ones(count, dtype=conv1d.uint8)
        self.target = conv1d.zeros(count, dtype=conv1d.uint8)

    def timed(self, calls: int) -> float:
        """Seconds of processor time of so many copies."""
        seconds: float = _C._copies(self.source, self.target, calls)
        return seconds


def copy_bandwidth() -> float:
    copier = Copier(2 * COPIED_BYTES)
    return 2 * COPIED_BYTES / min(copier.timed(1) for _ in range(7))


@dataclass(frozen=True)
class Machine:
    name: str
    cores: int
    isa: str
    has_avx512: bool  # the peers use it, whatever CONV1D_ISA says
    has_bfloat16: bool  # computes on it, not only converts
    peak: dict[str, float]  # FLOP/s of one core, by dtype
    copy: float  # bytes/s, read and written, of memory beyond the caches
    load: float  # load average when the run began

    def peak_of(self, dtype: str) -> float:
        return self.peak["float64" if dtype in ("float64", "complex128") else "float32"]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> Machine:
    path = pathlib.Path("/proc/cpuinfo")
    name, flags = cpu_facts(path.read_text() if path.exists() else "")
    return Machine(
        name=name,
        cores=len(os.sched_getaffinity(0)),
        isa=_C._instruction_set(),
        has_avx512="avx512f" in flags,
        has_bfloat16=bool(flags & {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"}),
        peak={"float32": _C._peak_flops(conv1d.float32, 0.05), "float64": _C._peak_flops(conv1d.float64, 0.05)},
        copy=copy_bandwidth(),
        load=os.getloadavg()[0],
    )


def is_quiet() -> bool:
    return os.getloadavg()[0] < QUIET_LOAD


class Peak:
    """The FMA peak while a row was measured: clocks change with temperature and neighbours."""

    def __init__(self, dtype: str) -> None:
        self.dtype = conv1d.float64 if dtype in ("float64", "complex128") else conv1d.float32
        self.values: list[float] = []

    def __call__(self) -> None:
        self.values.append(_C._peak_flops(self.dtype, PEAK_SECONDS))

    def median(self, otherwise: float) -> float:
        return statistics.median(self.values) if self.values else otherwise
