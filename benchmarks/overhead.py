"""What a gradient costs: funcgrad against NumPy written by hand and against its peers.

    python benchmarks/overhead.py [--quick] [--json FILE]

Every contestant computes the same gradient, which is checked before anything is timed. They take turns within each
round (A B C, A B C, ...), so that a busy moment of the machine hits all of them. CPU time, one thread. A library that
is not installed is a dash. The requirements at the end are this project's own; they compare minima.
"""

import argparse
import gc
import json
import platform
import statistics
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module, metadata
from math import isfinite
from mmap import PAGESIZE
from pathlib import Path
from time import process_time_ns
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Program = Callable[[Any], Any]
Run = Callable[[], Any]

OPERATIONS = 100
MEGABYTE = 1 << 20


def optional(name: str) -> Any:
    """The module, or None where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


fg = optional("funcgrad")
anp = optional("autograd.numpy")
torch = optional("torch")
mygrad = optional("mygrad")


# ---- the clock


@dataclass(frozen=True)
class Timing:
    """CPU microseconds for one operation."""

    minimum: float
    median: float


def race(contestants: Mapping[str, Run], rounds: int, calls: int) -> dict[str, Timing]:
    """Check that all contestants agree with the first one, then time them in turn."""
    results = {name: np.asarray(run()) for name, run in contestants.items()}
    expected = next(iter(results.values()))
    for name, result in results.items():
        np.testing.assert_allclose(result, expected, rtol=1e-9, err_msg=name)

    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            run()  # not timed: the one before has filled the processor's caches with what is its own
            start = process_time_ns()
            for _ in range(calls):
                run()
            samples[name].append((process_time_ns() - start) / (1e3 * calls * OPERATIONS))
    return {name: Timing(min(times), statistics.median(times)) for name, times in samples.items()}


# ---- what is printed


@dataclass(frozen=True)
class Requirement:
    """A measured value and the bound that it has to keep; None is a value that could not be measured."""

    text: str
    value: float | None
    at_most: float = float("inf")
    at_least: float = float("-inf")

    @property
    def mark(self) -> str:
        if self.value is None:
            return "-"
        return "pass" if self.at_least <= self.value <= self.at_most else "FAIL"

    def __str__(self) -> str:
        bound = f"at most {self.at_most:g}" if isfinite(self.at_most) else f"at least {self.at_least:g}"
        return f"  {self.mark:<6}{self.text:<62}{number(self.value):>9}  ({bound})"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def table(title: str, heads: Iterable[str], rows: Mapping[str, Iterable[float | None]]) -> None:
    print(f"\n{title}\n" + " " * 36 + "".join(f"{head:>14}" for head in heads))
    for name, cells in rows.items():
        print(f"  {name:<34}" + "".join(f"{number(cell):>14}" for cell in cells))


def report(title: str, names: Iterable[str], timings: Mapping[str, Timing]) -> None:
    hand = timings[BY_HAND].minimum
    measured = {name: (t.minimum, t.median, t.minimum / hand) for name, t in timings.items()}
    heads = ("min us/op", "median us/op", "x by hand")
    table(title, heads, {name: measured.get(name, (None, None, None)) for name in names})


# ---- tanh and * in turn, on 8 numbers

BY_HAND = "NumPy by hand"
OPERATORS = "funcgrad, operators"
UFUNCS = "funcgrad, np.tanh and np.multiply"
TENSOR = "funcgrad, Tensor.backward()"
PEERS = ("autograd", "PyTorch", "MyGrad")


def own(function: Any) -> Callable[..., Any]:
    """A copy with bytecode of its own.

    CPython rewrites bytecode for the types that it meets. If contestants shared a function, none would get what it
    gets in a program that uses one library.
    """
    code, scope = function.__code__.replace(), function.__globals__
    return FunctionType(code, scope, function.__name__, function.__defaults__, function.__closure__)


def chain(tanh: Program, operations: int = OPERATIONS) -> Program:
    """The program under test, in the library that `tanh` belongs to."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(operations // 2):
            y = tanh(y) * x
        return y.sum()

    return own(total)


def chain_of_ufuncs(x: Any) -> Any:
    y = x
    for _ in range(OPERATIONS // 2):
        y = np.multiply(np.tanh(y), x)
    return y.sum()


def chain_by_hand(x: Array) -> Array:
    """Operation by operation, as one writes it: keep what is needed, walk back, reuse one's own arrays."""
    y, kept = x, []
    for _ in range(OPERATIONS // 2):
        t = np.tanh(y)
        y = t * x
        kept.append(t)
    gx, gy = np.zeros_like(x), np.ones_like(y)
    for t in reversed(kept):
        gx += gy * t
        gy *= x
        gy -= gy * t * t  # a Python number would cost more: gy *= 1 - t * t
    return gx + gy


def backward(total: Program, leaf: Run) -> Any:
    x = leaf()
    total(x).backward()
    return x.grad


def contestants(x: Array) -> dict[str, Run]:
    runs: dict[str, Run] = {BY_HAND: partial(chain_by_hand, x)}
    if fg:
        leaf = partial(fg.tensor, x, dtype=fg.float64, requires_grad=True)
        runs[OPERATORS] = partial(fg.grad(chain(np.tanh)), x)
        runs[UFUNCS] = partial(fg.grad(chain_of_ufuncs), x)
        runs[TENSOR] = partial(own(backward), chain(fg.tanh), leaf)
    if anp:
        runs["autograd"] = partial(import_module("autograd").grad(chain(anp.tanh)), x)
    if torch:
        leaf = partial(torch.tensor, x, dtype=torch.float64, requires_grad=True)
        runs["PyTorch"] = partial(own(backward), chain(torch.tanh), leaf)
    if mygrad:
        runs["MyGrad"] = partial(own(backward), chain(mygrad.tanh), partial(mygrad.tensor, x))
    return runs


def small_chain(rounds: int) -> tuple[dict[str, Timing], list[Requirement]]:
    timings = race(contestants(np.linspace(0.5, 1.5, 8)), rounds, calls=5)
    names = (BY_HAND, OPERATORS, UFUNCS, TENSOR, *PEERS)
    report(f"Chain of {OPERATIONS} operations, tanh and * in turn, 8 float64", names, timings)

    def ratio(a: str, b: str) -> float | None:
        return timings[a].minimum / timings[b].minimum if a in timings and b in timings else None

    return timings, [
        Requirement("chain through operators / by hand", ratio(OPERATORS, BY_HAND), at_most=2.2),
        Requirement("chain through np.tanh and np.multiply / by hand", ratio(UFUNCS, BY_HAND), at_most=2.5),
        Requirement("autograd / chain through operators", ratio("autograd", OPERATORS), at_least=4.5),
        Requirement("PyTorch / chain through operators", ratio("PyTorch", OPERATORS), at_least=2.0),
        Requirement("PyTorch / Tensor.backward()", ratio("PyTorch", TENSOR), at_least=1.0),
    ]


# ---- sqrt, / and log in turn: what it costs that a zero cotangent never meets an infinite partial


def singular_chain(x: Any) -> Any:
    y = x
    for _ in range(OPERATIONS // 3):
        y = np.log(x / np.sqrt(y))
    return y.sum()


def singular_chain_by_hand(x: Array) -> Array:
    """Without any care for singular points."""
    y, kept = x, []
    for _ in range(OPERATIONS // 3):
        root = np.sqrt(y)
        ratio = x / root
        y = np.log(ratio)
        kept.append((root, ratio))
    gx, gy = np.zeros_like(x), np.ones_like(y)
    for root, ratio in reversed(kept):
        gy /= ratio
        gy /= root
        gx += gy
        gy *= -ratio
        gy *= 0.5 / root
    return gx + gy


def masking(rounds: int) -> dict[str, dict[str, Timing]]:
    results = {}
    for size in (8, 100_000):
        x = np.linspace(20.0, 30.0, size)
        runs = {BY_HAND: partial(singular_chain_by_hand, x), "funcgrad": partial(fg.grad(singular_chain), x)}
        timings = race(runs, max(3, rounds // (1 + size // 5000)), calls=1)
        report(f"Chain of {OPERATIONS // 3 * 3} operations, sqrt, / and log in turn, {size} float64", runs, timings)
        results[str(size)] = timings
    return results


# ---- growth, depth, memory


def neighbours(x: Any) -> Any:
    total = 0.0
    for i in range(len(x) - 1):
        total = total + x[i] * x[i + 1]
    return total


def growth(rounds: int) -> tuple[dict[int, float], list[Requirement]]:
    gradient = fg.grad(neighbours)
    milliseconds = dict.fromkeys((100, 300, 1000, 3000), float("inf"))
    for _ in range(max(3, rounds // 20)):
        for n in milliseconds:
            x = np.linspace(0.0, 1.0, n)
            start = process_time_ns()
            gradient(x)
            milliseconds[n] = min(milliseconds[n], (process_time_ns() - start) / 1e6)
    rows = {f"n = {n}": (t, 1e3 * t / n) for n, t in milliseconds.items()}
    table("Sum of x[i] * x[i + 1] in a Python loop", ("min ms", "us per step"), rows)
    exponent = np.polyfit(np.log(list(milliseconds)), np.log(list(milliseconds.values())), 1)[0]
    return milliseconds, [Requirement("exponent of the growth with n", float(exponent), at_most=1.15)]


def resident() -> float | None:
    """Resident memory in MB, where the system tells."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * PAGESIZE / MEGABYTE if statm.exists() else None


def deep_chain(operations: int) -> tuple[dict[str, float | None], list[Requirement]]:
    """Freed by reference counts alone: the garbage collector is off, and the living memory blocks are counted."""
    x, total = np.linspace(1.1, 1.5, 8), chain(np.tanh, operations)
    gradient = fg.grad(total)
    fg.grad(chain(np.tanh))(x)
    gc.disable()
    blocks, before = sys.getallocatedblocks(), resident()
    start = process_time_ns()
    gradient(x)
    seconds = (process_time_ns() - start) / 1e9
    fg.vjp(total, x)  # recorded, then dropped without a backward pass
    left, after = sys.getallocatedblocks() - blocks, resident()
    gc.enable()
    results = {"seconds": seconds, "us/op": 1e6 * seconds / operations, "MB before": before, "MB after": after}
    table(f"Chain of {operations:,} operations", results, {"funcgrad": results.values()})
    return results, [Requirement(f"memory blocks left by {operations:,} operations", left, at_most=1000)]


def peak(branches: int, x: Array) -> float:
    """Peak megabytes of a gradient with branches that nothing depends on, each as large as `x`."""

    def total(x: Any) -> Any:
        y = x * x
        for _ in range(branches):
            np.tanh(y)
        return y.sum()

    tracemalloc.start()
    fg.grad(total)(x)
    megabytes = tracemalloc.get_traced_memory()[1] / MEGABYTE
    tracemalloc.stop()
    return megabytes


def unused_branches() -> tuple[dict[int, float], list[Requirement]]:
    x = np.linspace(0.0, 1.0, MEGABYTE)
    peaks = {branches: peak(branches, x) for branches in (0, 1, 20)}
    table("Unused branches of 8 MB each", ("MB peak",), {f"{n} of them": (mb,) for n, mb in peaks.items()})
    added = peaks[20] - peaks[0]  # one branch at a time is alive while it is computed
    return peaks, [Requirement("MB that 20 unused branches add to the peak", added, at_most=8.0)]


# ---- the run


def versions() -> dict[str, str]:
    packages = {package.metadata["Name"]: package.version for package in metadata.distributions()}
    names = ("numpy", "funcgrad", "autograd", "torch", "mygrad")
    return {"python": platform.python_version()} | {name: packages.get(name, "-") for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: only shows that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to FILE")
    options = parser.parse_args()
    rounds, operations = (10, 100_000) if options.quick else (300, 1_000_000)
    if torch:
        torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # what the imports left behind is nobody's to scan

    results: dict[str, Any] = {"versions": versions()}
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    results["chain"], requirements = small_chain(rounds)
    if fg:
        results["masking"] = masking(rounds)
        results["growth"], linear = growth(rounds)
        results["deep chain"], freed = deep_chain(operations)
        results["unused branches"], pruned = unused_branches()
        requirements += linear + freed + pruned
    else:
        print("\nfuncgrad cannot be imported here, so the rest is left out: pip install -e .")

    print("\nRequirements" + (" (from a quick run, which proves little)" if options.quick else ""))
    print(*requirements, sep="\n")
    if options.json:
        results["requirements"] = {r.text: {"value": r.value, "mark": r.mark} for r in requirements}
        options.json.write_text(json.dumps(results, indent=2, default=asdict) + "\n")


if __name__ == "__main__":
    main()
