"""Large arrays: is the time that of moving them, and how many are alive at once?"""

import gc
import sys
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.idioms import value
from benchmarks.machine import copy_seconds, traced_peak
from benchmarks.peers import MODULES, OURS, TORCH, fg
from benchmarks.resident import (
    BUILDERS,
    KEPT,
    KEPT_LINEAR,
    KEPT_NETWORK,
    KEPT_TENSOR,
    NAME,
    OPERATIONS,
    PEAK,
    alone,
    field,
    root,
)
from benchmarks.suite import Measurement, Run, Workload

# ---- what they take, in copies of the array


def copies(quick: bool) -> Mapping[str, float]:
    """The time of the gradient over the time of one copy of the array, both measured now."""
    size = 1_000_000 if quick else 10_000_000
    runs = chain.contestants(field(size))
    best = dict.fromkeys(runs, float("inf"))
    copy = float("inf")
    for _ in range(2 if quick else 3):
        copy = min(copy, copy_seconds(size))
        for name, run in runs.items():
            best[name] = min(best[name], seconds(run))
    return {name: time / copy for name, time in best.items()}


def seconds(run: Run) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def resident(name: str) -> Callable[[bool], Mapping[str, float]]:
    """A number of `benchmarks.resident` for each library."""

    def measure(quick: bool) -> Mapping[str, float]:
        asked = (OURS, TORCH) if quick else MODULES  # each is a process that starts
        found = {library: alone(library) for library in asked if MODULES[library]}
        return {library: numbers[name] for library, numbers in found.items() if name in numbers}

    return measure


# ---- branches that nothing depends on


def unused(quick: bool) -> Mapping[str, float]:
    """By how many arrays twenty unused branches raise the peak: one at a time is alive while it is computed."""
    x = np.linspace(0.0, 1.0, 1 << 20)

    def peak(branches: int) -> float:
        def total(x: Any) -> Any:
            y = x * x
            for _ in range(branches):
                np.tanh(y)
            return y.sum()

        return traced_peak(lambda: fg.grad(total)(x)) / x.nbytes

    return {OURS: peak(20) - peak(0)}


# ---- Python's own objects, counted


def blocks_left(quick: bool) -> Mapping[str, float]:
    """Blocks of memory that a long chain leaves behind without the garbage collector."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(10_000 if quick else 100_000):
            y = np.tanh(y)
        return y.sum()

    x = np.linspace(1.1, 1.5, 8)
    gradient = fg.grad(total)
    gradient(x)
    gc.disable()
    before = sys.getallocatedblocks()
    gradient(x)
    fg.vjp(total, x)  # recorded, then dropped without a backward pass
    left = sys.getallocatedblocks() - before
    gc.enable()
    return {OURS: float(left)}


chain = Workload(
    NAME,
    "memory",
    field,
    BUILDERS,
    value(root),
    sizes=(10_000_000,),
    quick=(100_000,),
    operations=lambda _: OPERATIONS,
    large=True,
)

WORKLOADS = (
    chain,
    Measurement("time of 20 operations", "memory", "copies of the array", copies),
    *(
        Measurement(name, "memory", "arrays", resident(name))
        for name in (PEAK, KEPT, KEPT_TENSOR, KEPT_LINEAR, KEPT_NETWORK)
    ),
    Measurement("peak added by 20 unused branches", "memory", "arrays", unused, at_most={OURS: 1.0}),
    Measurement("left behind by a long chain", "memory", "blocks", blocks_left, at_most={OURS: 1000}),
)
