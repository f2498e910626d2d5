"""Arrays that are filled and read element by element: time in proportion to their number."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, up_to
from benchmarks.machine import traced_peak
from benchmarks.peers import BY_HAND, OURS, TORCH, fg, torch
from benchmarks.suite import Builder, Measurement, Run, Workload

# ---- reads and writes in a loop, in plain NumPy that funcgrad adopts


def fill_and_read(x: Any, xp: Any) -> Any:
    y = xp.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[i]
    total = 0.0
    for i in range(len(x)):
        total = total + y[i]
    return total


def recurrence(x: Any, xp: Any) -> Any:
    """Each element is read right after it was written."""
    y = xp.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + x[i]
    return y.sum()


def in_place(x: Any, xp: Any) -> Any:
    for i in range(1, len(x)):
        x[i] += 0.5 * x[i - 1]
    return x.sum()


def rows(x: Any, xp: Any) -> Any:
    """A trajectory of two numbers: a row is read, and the next one written."""
    states = xp.zeros((len(x) + 1, 2))
    for t in range(len(x)):
        states[t + 1] = 0.9 * states[t] + x[t]
    return states.sum()


def adopted(program: Any) -> Builder:
    return lambda inputs: gradient(program, inputs.params)


def gradient(program: Any, x: Any) -> Run:
    found = fg.grad(fg.adopt(lambda x: program(x, np)))
    return lambda: found(x)


def torch_writes(program: Any) -> Builder:
    def build(inputs: Inputs) -> Run:
        leaf = torch.tensor(inputs.params, requires_grad=True)

        def run() -> Any:
            leaf.grad = None
            program(leaf.clone(), Doubles).backward()  # a leaf cannot be written to
            return leaf.grad

        return run

    return build


class Doubles:
    """PyTorch's zeros, of float64."""

    @staticmethod
    def zeros(shape: Any) -> Any:
        return torch.zeros(shape, dtype=torch.float64)


def plain(program: Any) -> Builder:
    def build(inputs: Inputs) -> Run:
        x = inputs.params
        return lambda: program(x.copy(), np)

    return build


def with_adjoint(program: Any, step: Any) -> Builder:
    """The program, then its adjoint, element by element from the last: ``g[i], carried = step(x[i], carried)``."""

    def build(inputs: Inputs) -> Run:
        x = inputs.params

        def run() -> Any:
            program(x.copy(), np)
            g, carried = np.zeros_like(x), 0.0
            for i in reversed(range(len(x))):
                g[i], carried = step(x[i], carried, i)
            return g

        return run

    return build


def squared(x: Any, carried: Any, i: int) -> Any:
    return 2 * x, carried


def halved(x: Any, carried: Any, i: int) -> Any:
    return (1.0 + 0.5 * carried,) * 2


def two_columns(x: Any, carried: Any, i: int) -> Any:
    carried = 1.0 + 0.9 * carried
    return 2 * carried, carried


def writing(name: str, program: Any, adjoint: Any, in_torch: bool) -> Workload:
    builders = {OURS: adopted(program), BY_HAND: with_adjoint(program, adjoint)}
    if in_torch:  # else its backward pass refuses values that were written over later
        builders[TORCH] = up_to(1000, torch_writes(program))
    return Workload(
        name,
        "loops",
        lambda n: Inputs(np.linspace(0.0, 1.0, n)),
        builders,
        plain(program),
        sizes=(1000, 10_000, 100_000),
        quick=(100, 1000),
        growth=True,
        operations=lambda n: n,
    )


def memory_exponent(program: Any) -> Measurement:
    """By which power of the number of elements the peak grows."""

    def measure(quick: bool) -> Mapping[str, float]:
        sizes = (300, 3000) if quick else (1000, 10_000, 100_000)
        peaks = [traced_peak(gradient(program, np.linspace(0.0, 1.0, n))) for n in sizes]
        return {OURS: float(np.polyfit(np.log(sizes), np.log(peaks), 1)[0])}

    name = f"memory of '{program.__name__.replace('_', ' ')}'"
    return Measurement(name, "loops", "exponent", measure, at_most={OURS: 1.1})


WORKLOADS = (
    writing("fill and read", fill_and_read, squared, True),
    writing("recurrence in an array", recurrence, halved, False),
    writing("update in place", in_place, halved, False),
    writing("rows of a table", rows, two_columns, False),
    *(memory_exponent(program) for program in (fill_and_read, recurrence, in_place, rows)),
)
