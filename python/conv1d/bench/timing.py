"""Contenders timed in turn, and what is made of their samples."""

from __future__ import annotations

import gc
import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Timed = Callable[[int], float]  # seconds of so many calls

# Reading a thread's clock costs up to a microsecond, and on some machines it only moves every so often.
SAMPLE_SECONDS = 2e-3


def looped(call: Callable[[], Any], clock: Callable[[], int] = time.thread_time_ns) -> Timed:
    """Times a call by the processor time of the thread: what other jobs of the machine take does not count."""

    def timed(calls: int) -> float:
        begin = clock()
        for _ in itertools.repeat(None, calls):
            call()
        return (clock() - begin) * 1e-9

    return timed


class Spread(NamedTuple):
    """A median between its quartiles."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def geometric_mean(values: Iterable[float]) -> float:
    """nan where there are none."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


@dataclass
class Samples:
    """Seconds a call: of the first call, and of each round."""

    first: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, list[float]] = field(default_factory=dict)

    def seconds(self, name: str) -> float:
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, to: str) -> Spread:
        """How many times longer `name` takes than `to`, round by round."""
        return spread([a / b for a, b in zip(self.rounds[name], self.rounds[to], strict=False)])


@dataclass(frozen=True)
class Budget:
    """How long a row may take: rounds are added until `seconds` are spent, but at least and at most so many."""

    seconds: float
    min_rounds: int = 3
    max_rounds: int = 101
    sample_seconds: float = SAMPLE_SECONDS
    # Whoever takes so long is timed once more than the first call, not in every round.
    slow_seconds: float = 2.0


FULL = Budget(3.0, min_rounds=5, sample_seconds=4e-3)
QUICK = Budget(0.5, min_rounds=3, max_rounds=25, sample_seconds=1e-3, slow_seconds=0.4)


def interleave(
    contenders: Mapping[str, Timed],
    budget: Budget,
    first: Mapping[str, float] | None = None,
    each_round: Callable[[], None] = lambda: None,
) -> Samples:
    """Times all contenders in turn, beginning with another one in each round, until the budget is spent.

    `first`: seconds of calls that were made already. Whoever is slow is not timed in every round: its second call, or
    its first where even one more would take too long, stands for all of them.
    """
    samples = Samples(dict(first) if first is not None else {name: timed(1) for name, timed in contenders.items()})
    calls: dict[str, int] = {}
    for name, timed in contenders.items():
        once = samples.first[name]
        second = timed(1) if once < 4 * budget.slow_seconds else once
        calls[name] = max(1, math.ceil(budget.sample_seconds / max(second, 1e-7)))
        samples.rounds[name] = [second]
    quick = [name for name in contenders if samples.rounds[name][0] <= budget.slow_seconds]
    for name in quick:
        samples.rounds[name] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        end = time.perf_counter() + budget.seconds
        for number in range(budget.max_rounds):
            if number >= budget.min_rounds and time.perf_counter() > end:
                break
            turn = number % max(1, len(quick))
            for name in quick[turn:] + quick[:turn]:
                samples.rounds[name].append(contenders[name](calls[name]) / calls[name])
            each_round()
    finally:
        if collecting:
            gc.enable()
    rounds = max((len(samples.rounds[name]) for name in quick), default=1)
    for name in contenders:
        if name not in quick:
            samples.rounds[name] *= rounds
    return samples
