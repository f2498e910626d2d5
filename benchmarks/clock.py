"""Timing: who takes part is checked first, then all take turns (A B C A B C ...), so a busy moment hits all of them.

A sample is as many calls as fill a few milliseconds. Before each sample the garbage is collected and one call is made
that does not count: the contestant before has left its objects to Python's collector and its data in the caches.
The collector runs as in any program. With one thread the clock is CPU time, which other programs do not stretch;
with several it is wall-clock time.
"""

import gc
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from time import perf_counter_ns, process_time_ns
from typing import Any

import numpy as np

from benchmarks.peers import BY_HAND, OURS, PEERS
from benchmarks.suite import Problem, Run, Size, Workload, disagreement

FORWARD = "forward"

#: Seconds from which a call is so long that the first one counts too.
SLOW = 0.2


@dataclass(frozen=True)
class Settings:
    """How much time a run takes: seconds for each contestant of a row, and for one sample."""

    quick: bool = False
    check: bool = False
    threads: int = 1
    budget: float = 1.0
    sample: float = 0.01
    rounds: int = 100

    @property
    def clock(self) -> Callable[[], int]:
        return process_time_ns if self.threads == 1 else perf_counter_ns


@dataclass(frozen=True)
class Timing:
    """Microseconds for one call."""

    minimum: float
    median: float
    rounds: int
    calls: int
    samples: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class Row:
    """One workload at one size: a timing for each contestant, and for the forward pass alone."""

    workload: str
    group: str
    size: Any
    title: str
    times: dict[str, Timing] = field(default_factory=dict)
    forward: Timing | None = None
    operations: int | None = None
    failures: tuple[str, ...] = ()

    def ratio(self, peer: str, own: str = OURS) -> float | None:
        """How many times as long the peer takes: above 1, funcgrad is faster."""
        return self.times[peer].minimum / self.times[own].minimum if {peer, own} <= set(self.times) else None

    @property
    def over_forward(self) -> float | None:
        """What the gradient takes, in forward passes."""
        return self.times[OURS].minimum / self.forward.minimum if self.forward and OURS in self.times else None

    def plain(self) -> dict[str, Any]:
        """For JSON, with the ratios."""
        ratios = {peer: self.ratio(peer) for peer in PEERS if self.ratio(peer) is not None}
        return asdict(self) | {"ratios": ratios, "gradient / forward": self.over_forward}


def attempt(run: Callable[[], Any]) -> tuple[Any, str | None]:
    """The result of a call, or what went wrong: one contestant that fails must not end a run of half an hour."""
    try:
        return run(), None
    except Exception as error:  # any: this is where failures become part of the report
        return None, f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def built(workload: Workload, problem: Problem) -> tuple[dict[str, Run], list[str]]:
    """All who are installed and take part at this size, in the order of the table, and a line for each that fails."""
    runs, failures = {}, []
    for name, builder in workload.installed().items():
        run, error = attempt(partial(builder, problem))
        if error:
            failures.append(f"{name}: {error}")
        elif run is not None:
            runs[name] = run
    return runs, failures


def agreeing(workload: Workload, runs: dict[str, Run]) -> tuple[dict[str, Run], list[str]]:
    """Those whose result is that of the reference, and a line for each other."""
    failures = []
    results = {}
    for name, run in runs.items():
        result, error = attempt(run)
        if error:
            failures.append(f"{name}: {error}")
        else:
            results[name] = result
    reference = next((name for name in (BY_HAND, OURS) if name in results), None)
    if reference is None:
        return {}, failures
    for name in [*results]:
        wrong = disagreement(results[name], results[reference], workload.rtol, workload.atol)
        if wrong:
            failures.append(f"{name} differs from {reference}: {wrong}")
            del results[name]
    return {name: runs[name] for name in results}, failures


def contest(workload: Workload, size: Size, settings: Settings) -> Row:
    """Check and time one row."""
    problem = workload.problem(size)
    operations = workload.operations(size) if workload.operations else None
    row = Row(workload.name, workload.group, size, workload.title(size), operations=operations)
    contestants, unbuilt = built(workload, problem)
    runs, failures = agreeing(workload, contestants)
    row = replace(row, failures=(*unbuilt, *failures))
    if settings.check:
        return row
    if workload.forward:
        forward = workload.forward(problem)
        if forward is not None:
            runs[FORWARD] = forward
    times = race(runs, settings, workload.wait or (lambda: None))
    alone = times.pop(FORWARD, None)
    return replace(row, times=times, forward=alone)


def race(runs: dict[str, Run], settings: Settings, wait: Callable[[], object]) -> dict[str, Timing]:
    """Time all in turn, until each has used its share of time or there are enough rounds."""
    clock = settings.clock
    calls: dict[str, int] = {}
    spent = dict.fromkeys(runs, 0.0)
    samples: dict[str, list[float]] = {name: [] for name in runs}

    def sample(run: Run, count: int) -> float:
        start = clock()
        for _ in range(count):
            run()
        wait()
        return (clock() - start) / 1e9

    gc.collect()
    gc.freeze()  # what is alive now is nobody's to scan
    for name, run in runs.items():
        once = sample(run, 1)
        if once < SLOW:
            once = min(once, sample(run, 1))
        else:  # it counts: there is no time to throw away
            samples[name].append(once)
            spent[name] += once
        calls[name] = max(1, min(10_000, int(settings.sample / max(once, 1e-7))))
    least = 2 if settings.quick else 3
    for _ in range(settings.rounds):
        active = [name for name in runs if len(samples[name]) < least or spent[name] < settings.budget]
        if not active:
            break
        for name in active:
            gc.collect()
            warm = 0.0 if calls[name] == 1 else sample(runs[name], 1)  # a long run brings its own data
            seconds = sample(runs[name], calls[name])
            spent[name] += warm + seconds
            samples[name].append(seconds / calls[name])
    if not settings.quick:  # to look through everything again takes half a second
        gc.unfreeze()
    return {name: timing([1e6 * x for x in seconds], calls[name]) for name, seconds in samples.items()}


def timing(times: list[float], calls: int) -> Timing:
    return Timing(min(times), statistics.median(times), len(times), calls, tuple(times))


def exponent(rows: list[Row], name: str = OURS) -> float | None:
    """By which power of the size the time grows."""
    points = [(row.size, row.times[name].minimum) for row in rows if name in row.times]
    if len(points) < 2:
        return None
    sizes, times = zip(*points, strict=True)
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
