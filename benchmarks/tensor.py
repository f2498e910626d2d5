"""What a step of a small model costs: funcgrad's tensors beside PyTorch's.

    OMP_NUM_THREADS=1 python benchmarks/tensor.py [--quick] [--json FILE] [--only NAME ...]

Every program is written once, for a library that is handed to it. Both libraries start from the same numbers, and
their results are compared before anything is timed. They take turns within each round. CPU time, one thread.
A ratio of 1 means that both need the same time; below 1, funcgrad is the faster one.
"""

import argparse
import gc
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from time import process_time_ns
from types import FunctionType
from typing import Any

import numpy as np
import torch

import funcgrad

Run = Callable[[], Any]
Program = Callable[[Any], Run]

OURS, THEIRS = "funcgrad", "PyTorch"
LIBRARIES = {OURS: funcgrad, THEIRS: torch}


# ---- the clock


@dataclass(frozen=True)
class Timing:
    """CPU microseconds for one call."""

    minimum: float
    median: float


@dataclass(frozen=True)
class Row:
    """One program under both libraries."""

    ours: Timing
    theirs: Timing

    @property
    def ratio(self) -> float:
        return self.ours.minimum / self.theirs.minimum


def own(function: Any, library: Any) -> Run:
    """What `function` makes for a library, from bytecode of its own.

    CPython rewrites bytecode for the types that it meets. If the libraries shared a function, neither would get what it
    gets in a program that uses one library.
    """
    code = function.__code__
    constants = tuple(c.replace() if hasattr(c, "co_code") else c for c in code.co_consts)
    made: Run = FunctionType(code.replace(co_consts=constants), function.__globals__)(library)
    return made


def race(program: Program, rounds: int, budget: float) -> Row:
    """Check that both libraries agree, then time them in turn, as many calls in a sample as `budget` seconds hold."""
    runs = {name: own(program, library) for name, library in LIBRARIES.items()}
    results = [np.asarray(run().detach().numpy(), np.float64) for run in runs.values()]
    scale = np.abs(results[1]).max()
    np.testing.assert_allclose(results[0], results[1], rtol=1e-3, atol=1e-4 * scale, err_msg=program.__name__)

    start = process_time_ns()
    runs[THEIRS]()
    calls = max(1, min(100, int(budget * 1e9 / max(1, process_time_ns() - start))))
    samples: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()  # not timed: the one before has filled the processor's caches with what is its own
            start = process_time_ns()
            for _ in range(calls):
                run()
            samples[name].append((process_time_ns() - start) / (1e3 * calls))
    ours, theirs = (Timing(min(samples[name]), statistics.median(samples[name])) for name in (OURS, THEIRS))
    return Row(ours, theirs)


# ---- the programs: each returns what runs one step and gives something to compare


def numbers(lib: Any, *shape: int, scale: float = 1.0, leaf: bool = False) -> Any:
    """The same float32 numbers for both libraries."""
    rng = np.random.default_rng([len(shape), *shape])
    return lib.tensor((scale * rng.standard_normal(shape)).astype(np.float32), requires_grad=leaf)


def filled(lib: Any, module: Any) -> Any:
    """A module whose parameters are the same for both libraries."""
    with lib.no_grad():
        for p in module.parameters():
            p.copy_(numbers(lib, *p.shape, scale=p.shape[-1] ** -0.5))
    return module


def scalar_chain(lib: Any) -> Run:
    x = lib.tensor(0.5, requires_grad=True)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(50):
            y = lib.tanh(y) * x
        y.backward()
        return x.grad

    return step


def vector_chain(lib: Any) -> Run:
    x = lib.linspace(0.5, 1.5, 1000).requires_grad_(True)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(50):
            y = (y.sin() + x) * 0.5
        y.sum().backward()
        return x.grad

    return step


def logistic_regression(lib: Any) -> Run:
    x, w, b = numbers(lib, 64, 20), numbers(lib, 20, scale=0.3, leaf=True), lib.zeros(1, requires_grad=True)
    t = (numbers(lib, 64) > 0).float()

    def step() -> Any:
        w.grad = b.grad = None
        p = (x @ w + b).sigmoid()
        loss = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
        loss.backward()
        return w.grad

    return step


def tiny_mlp(lib: Any) -> Run:
    x, t = numbers(lib, 16, 4), numbers(lib, 16, 1)
    u, a = numbers(lib, 4, 8, leaf=True), lib.zeros(8, requires_grad=True)
    v, b = numbers(lib, 8, 1, leaf=True), lib.zeros(1, requires_grad=True)

    def step() -> Any:
        u.grad = a.grad = v.grad = b.grad = None
        loss = ((lib.tanh(x @ u + a) @ v + b - t) ** 2).mean()
        loss.backward()
        return u.grad

    return step


def middle_mlp(lib: Any) -> Run:
    nn = lib.nn
    model = filled(lib, nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10)))
    x, labels = numbers(lib, 128, 784), lib.arange(128) % 10

    def step() -> Any:
        model.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        return model[0].weight.grad

    return step


def small_convnet(lib: Any) -> Run:
    nn = lib.nn
    layers = (nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten())
    model = filled(lib, nn.Sequential(*layers, nn.Linear(16 * 4 * 4, 10)))
    x, labels = numbers(lib, 32, 1, 14, 14), lib.arange(32) % 10

    def step() -> Any:
        model.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        return model[0].weight.grad

    return step


def rnn_loop(lib: Any) -> Run:
    w, u = numbers(lib, 32, 32, scale=0.2, leaf=True), numbers(lib, 8, 32, scale=0.2, leaf=True)
    inputs = numbers(lib, 30, 16, 8)

    def step() -> Any:
        w.grad = u.grad = None
        h = lib.zeros(16, 32)
        for x in inputs:
            h = lib.tanh(h @ w + x @ u)
        (h * h).mean().backward()
        return w.grad

    return step


def writes_in_a_loop(lib: Any) -> Run:
    x = lib.linspace(0.5, 1.5, 50).requires_grad_(True)

    def step() -> Any:
        x.grad = None
        y = lib.zeros(50)
        for i in range(50):
            y[i] = x[i] * x[i]
        y.sum().backward()
        return x.grad

    return step


def second_derivative(lib: Any) -> Run:
    x = lib.linspace(0.5, 1.5, 20).requires_grad_(True)

    def step() -> Any:
        (g,) = lib.autograd.grad((x.sin() * x.exp()).sum(), x, create_graph=True)
        (h,) = lib.autograd.grad((g * g).sum(), x)
        return h

    return step


def adam_step(lib: Any) -> Run:
    params = [numbers(lib, 64, 64, leaf=True) for _ in range(8)]
    for i, p in enumerate(params):
        p.grad = numbers(lib, 64, 64, scale=0.1 * (i + 1))
    optimizer = lib.optim.Adam(params, lr=1e-6)

    def step() -> Any:
        optimizer.step()
        return params[0]

    return step


def sgd_step(lib: Any) -> Run:
    params = [numbers(lib, 64, 64, leaf=True) for _ in range(8)]
    for i, p in enumerate(params):
        p.grad = numbers(lib, 64, 64, scale=0.1 * (i + 1))
    optimizer = lib.optim.SGD(params, lr=1e-6, momentum=0.9)

    def step() -> Any:
        optimizer.step()
        return params[0]

    return step


PROGRAMS: dict[str, tuple[str, Program]] = {
    "scalar_chain": ("100 operations on one number", scalar_chain),
    "vector_chain": ("150 operations on 1000 numbers", vector_chain),
    "logistic_regression": ("logistic regression, 64 x 20", logistic_regression),
    "tiny_mlp": ("network 16 x 4-8-1", tiny_mlp),
    "middle_mlp": ("network 128 x 784-512-10", middle_mlp),
    "small_convnet": ("two convolutions, 32 images 14 x 14", small_convnet),
    "rnn_loop": ("recurrent loop, 30 steps of 16 x 32", rnn_loop),
    "writes_in_a_loop": ("50 elements written one by one", writes_in_a_loop),
    "second_derivative": ("gradient of a gradient, 20 numbers", second_derivative),
    "sgd_step": ("SGD with momentum, 8 of 64 x 64", sgd_step),
    "adam_step": ("Adam, 8 of 64 x 64", adam_step),
}


# ---- the run


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in ("numpy", "torch")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: only shows that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to FILE")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS), metavar="NAME")
    options = parser.parse_args()
    rounds, budget = (5, 0.002) if options.quick else (60, 0.02)
    torch.set_num_threads(1)
    if os.environ.get("OMP_NUM_THREADS") != "1":
        print("NumPy's products may run in several threads: set OMP_NUM_THREADS=1")
    gc.collect()
    gc.freeze()  # what the imports left behind is nobody's to scan

    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    heads = ("funcgrad us", "PyTorch us", "ratio", "ratio of medians")
    print("\n" + " " * 40 + "".join(f"{head:>18}" for head in heads))
    rows = {}
    for name in options.only:
        title, program = PROGRAMS[name]
        rows[name] = row = race(program, rounds, budget)
        medians = row.ours.median / row.theirs.median
        cells = (f"{row.ours.minimum:.1f}", f"{row.theirs.minimum:.1f}", f"{row.ratio:.2f}", f"{medians:.2f}")
        print(f"  {title:<38}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
    if len(rows) > 1:
        mean = statistics.geometric_mean(row.ratio for row in rows.values())
        print(f"\ngeometric mean of the ratios: {mean:.2f}" + (" (a quick run proves little)" if options.quick else ""))
    if options.json:
        results = {name: asdict(row) | {"ratio": row.ratio} for name, row in rows.items()}
        options.json.write_text(json.dumps({"versions": versions(), "programs": results}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
