"""What recording and going back costs, counted instead of timed: the numbers are the same on every machine.

Each program is run at two lengths; what the longer one costs more is the cost of its steps alone. A bound is what was
counted when it was set. Who makes the engine cheaper lowers it; who must raise it says why in the commit.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

Run = Callable[[], Any]
Program = Callable[[int], tuple[Run, Run]]

SHORT, LONG = 200, 400


# ---- the programs: for a number of steps, what computes the gradient, and what only records


def differentiated(function: Callable[[Any], Any], x: Any) -> tuple[Run, Run]:
    return lambda: fg.grad(function)(x), lambda: fg.vjp(function, x)


def operator_chain(steps: int) -> tuple[Run, Run]:
    def total(x: Any) -> Any:
        y = x
        for _ in range(steps // 2):
            y = np.tanh(y) * x
        return y.sum()

    return differentiated(total, np.linspace(0.5, 1.5, 8))


def function_chain(steps: int) -> tuple[Run, Run]:
    def total(x: Any) -> Any:
        y = x
        for _ in range(steps // 2):
            y = np.multiply(np.tanh(y), x)
        return np.sum(y)

    return differentiated(total, np.linspace(0.5, 1.5, 8))


def tensor_chain(steps: int) -> tuple[Run, Run]:
    x = fg.linspace(0.5, 1.5, 8).requires_grad_(True)

    def total() -> Any:
        y = x
        for _ in range(steps // 2):
            y = fg.tanh(y) * x
        return y.sum()

    def run() -> None:
        x.grad = None
        total().backward()

    return run, total


def scalar_chain(steps: int) -> tuple[Run, Run]:
    def last(x: Any) -> Any:
        y = x
        for _ in range(steps // 2):
            y = np.sin(y) * x
        return y

    return differentiated(last, 0.9)


def reads(steps: int) -> tuple[Run, Run]:
    """A step is one read of an element, and one addition."""

    def total(x: Any) -> Any:
        y = 0.0
        for i in range(steps):
            y = y + x[i]
        return y

    return differentiated(total, np.linspace(0.5, 1.5, steps))


def writes(steps: int) -> tuple[Run, Run]:
    """A step is one read, one multiplication and one write."""

    def total(x: Any) -> Any:
        y = fg.numpy.zeros(steps)
        for i in range(steps):
            y[i] = x[i] * 2.0
        return y.sum()

    return differentiated(total, np.linspace(0.5, 1.5, steps))


def layers(steps: int) -> tuple[Run, Run]:
    """A step is one layer of a perceptron: a product, a sum with broadcasting, a maximum."""
    x, weights = np.ones((3, 4)), [(0.5 * np.eye(4), np.full(4, 0.1)) for _ in range(steps)]

    def total(weights: Any) -> Any:
        y = x
        for w, b in weights:
            y = np.maximum(y @ w + b, 0.0)
        return y.sum()

    return differentiated(total, weights)


def tensor_layers(steps: int) -> tuple[Run, Run]:
    """The same with tensors."""
    x = fg.ones(3, 4)
    weights = [(fg.full((4, 4), 0.1, requires_grad=True), fg.zeros(4, requires_grad=True)) for _ in range(steps)]

    def total() -> Any:
        y = x
        for w, b in weights:
            y = fg.relu(y @ w + b)
        return y.sum()

    def run() -> None:
        for w, b in weights:
            w.grad = b.grad = None
        total().backward()

    return run, total


def repeated(function: Callable[[Any], Any]) -> Program:
    """A step is one call of a function of a matrix, whose result is returned."""
    x = np.arange(24.0).reshape(4, 6)

    def program(steps: int) -> tuple[Run, Run]:
        def several(x: Any) -> Any:
            return [function(x) for _ in range(steps)]

        cotangents = [np.ones_like(function(x))] * steps
        return lambda: fg.vjp(several, x)[1](cotangents), lambda: fg.vjp(several, x)

    return program


# ---- counting


def calls(run: Run) -> int:
    """Python functions called."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


def blocks(record: Run) -> int:
    """Blocks of memory alive between the forward and the backward pass."""
    before = sys.getallocatedblocks()
    recorded = record()
    alive = sys.getallocatedblocks() - before
    del recorded
    return alive


def peak(run: Run) -> int:
    """The most bytes at any time of the gradient."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def each(program: Program, count: Callable[[Run], int], recording: bool) -> float:
    """What one step costs."""
    counts = []
    gc.disable()  # it would free, at its own time, what others left behind
    try:
        for steps in (SHORT, LONG):
            run = program(steps)[recording]
            run()  # what is made once is made now
            counts.append(count(run))
    finally:
        gc.enable()
    return (counts[1] - counts[0]) / (LONG - SHORT)


# ---- the bounds, for one step: calls, blocks kept, peak bytes

BOUNDS: tuple[tuple[Program, float, float, float], ...] = (
    (operator_chain, 3.0, 2.5, 232),
    (function_chain, 3.5, 2.5, 232),
    (tensor_chain, 7.0, 2.5, 216),
    (scalar_chain, 4.5, 3.0, 168),
    (reads, 11.1, 4.8, 296),
    (writes, 29.1, 7.8, 496),
    (layers, 67.0, 24.1, 2320),
    (tensor_layers, 118.0, 12.1, 1424),
)


@pytest.mark.parametrize(("program", "most"), [(row[0], row[1]) for row in BOUNDS])
def test_python_calls_of_a_step(program: Program, most: float) -> None:
    assert each(program, calls, recording=False) <= most


@pytest.mark.parametrize(("program", "most"), [(row[0], row[2]) for row in BOUNDS])
def test_blocks_that_a_recorded_step_keeps(program: Program, most: float) -> None:
    assert each(program, blocks, recording=True) <= most


@pytest.mark.parametrize(("program", "most"), [(row[0], row[3]) for row in BOUNDS])
def test_peak_bytes_of_a_step(program: Program, most: float) -> None:
    assert each(program, peak, recording=False) <= most


#: Functions that are called as often as the operators, and the Python calls of one: forward, recorded, and back.
CALLS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "sum": (lambda x: np.sum(x), 27),
    "sum along an axis": (lambda x: np.sum(x, axis=1), 27),
    "mean along an axis": (lambda x: x.mean(0), 25),
    "max, axis kept": (lambda x: np.max(x, axis=1, keepdims=True), 35),
    "var": (lambda x: np.var(x), 50),
    "norm": (lambda x: np.linalg.norm(x, axis=1), 38),
    "reshape": (lambda x: x.reshape(6, 4), 28.1),
    "transpose": (lambda x: x.T, 26.1),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 1), 28.1),
    "concatenate": (lambda x: np.concatenate([x, x]), 32),
    "stack": (lambda x: np.stack([x, x]), 33),
    "where": (lambda x: np.where(x > 3, x, 0.0), 44),
    "an index of two numbers": (lambda x: x[1, 2], 15),
}


@pytest.mark.parametrize(("function", "most"), CALLS.values(), ids=CALLS)
def test_python_calls_of_a_function(function: Callable[[Any], Any], most: float) -> None:
    returned = each(repeated(lambda x: x), calls, recording=False)
    assert each(repeated(function), calls, recording=False) - returned <= most


def test_a_concatenation_costs_the_same_for_each_part() -> None:
    def program(parts: int) -> tuple[Run, Run]:
        return differentiated(lambda x: np.sum(np.concatenate([x] * parts)), np.ones(8))

    short, long = (calls(program(parts)[0]) / parts for parts in (100, 400))
    assert long <= short


def test_calls_of_the_shortest_gradient() -> None:
    """What a gradient costs before its first operation; one of the calls is the fixture's that watches levels."""
    gradient, x = fg.grad(np.sum), np.linspace(0.5, 1.5, 8)
    gradient(x)
    assert calls(lambda: gradient(x)) <= 70


def test_calls_of_the_shortest_backward_pass() -> None:
    x = fg.ones(8, requires_grad=True)

    def run() -> None:
        x.grad = None
        x.sum().backward()

    run()
    assert calls(run) <= 61


def test_a_longer_loop_costs_the_same_for_each_step() -> None:
    """Reads of single elements add up, whatever the length of the array."""
    short, long = (calls(reads(steps)[0]) / steps for steps in (1000, 4000))
    assert long <= short
