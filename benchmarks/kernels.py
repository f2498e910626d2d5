"""What the gradient of a whole kernel costs, beside the kernel itself: loops, buffers and writes in place.

    python benchmarks/kernels.py [--quick] [--json FILE]

The kernels are those of tests/kernels, plain NumPy that knows nothing of differentiation; `fg.adopt` is all that is
done to them. PyTorch runs the same text with ``np`` meaning torch. As its autograd refuses to go back through values
that were written over later, a third contestant is that text with what is read copied and ``A[i] -= b`` written out
as ``A[i] = A[i] - b``; a kernel that does not run so either is a dash. JAX has no arrays that can be written to.

Every contestant computes the same gradient, which is checked before anything is timed. They take turns within each
round. CPU time, one thread. The requirements at the end are this project's own: filling and reading an array element
by element must cost time and memory in proportion to the number of elements.
"""

import argparse
import ast
import gc
import inspect
import json
import platform
import statistics
import sys
import textwrap
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from math import isfinite
from pathlib import Path
from time import process_time_ns
from types import FunctionType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
KERNELS = {kernel.name: kernel for kernel in import_module("kernels").KERNELS}

Run = Callable[[], Any]


def optional(name: str) -> Any:
    """The module, or None where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


fg = import_module("funcgrad")
torch = optional("torch")

#: Size of each problem, and arguments that are not those of the test: numbers of steps.
SIZES: dict[str, tuple[int, dict[int, int]]] = {
    "lu": (14, {}),
    "lu_outer": (80, {}),
    "cholesky_slices": (24, {}),
    "gramschmidt": (24, {}),
    "thomas": (300, {}),
    "gemver": (400, {}),
    "syrk": (24, {}),
    "jacobi_2d": (100, {0: 20}),
    "seidel_2d": (20, {0: 2}),
    "heat_3d": (24, {0: 10}),
    "fdtd_2d": (80, {0: 3}),
    "cavity_flow": (40, {3: 5, 4: 10}),
    "nbody": (8, {3: 10}),
    "rk4": (60, {}),
    "floyd_warshall": (60, {}),
    "time_warping": (20, {}),
    "conv2d": (20, {}),
    "resnet_block": (20, {}),
    "softmax": (3000, {}),
    "lstm": (40, {}),
    "fft": (128, {}),
    "running_sum": (500, {}),
}


# ---- the clock


@dataclass(frozen=True)
class Timing:
    """CPU milliseconds."""

    minimum: float
    median: float


def race(contestants: Mapping[str, Run], rounds: int) -> dict[str, Timing]:
    """Time all contestants in turn."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            start = process_time_ns()
            run()
            samples[name].append((process_time_ns() - start) / 1e6)
    return {name: Timing(min(times), statistics.median(times)) for name, times in samples.items()}


# ---- what is printed


@dataclass(frozen=True)
class Requirement:
    """A measured value and the bound that it has to keep."""

    text: str
    value: float
    at_most: float = float("inf")

    @property
    def mark(self) -> str:
        return "pass" if self.value <= self.at_most else "FAIL"

    def __str__(self) -> str:
        bound = f"at most {self.at_most:g}" if isfinite(self.at_most) else "no bound"
        return f"  {self.mark:<6}{self.text:<62}{number(self.value):>9}  ({bound})"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def table(title: str, heads: Iterable[str], rows: Mapping[str, Iterable[float | None]]) -> None:
    print(f"\n{title}\n" + " " * 26 + "".join(f"{head:>16}" for head in heads))
    for name, cells in rows.items():
        print(f"  {name:<24}" + "".join(f"{number(cell):>16}" for cell in cells), flush=True)


# ---- the same text for PyTorch


class Torch:
    """PyTorch under the names that NumPy has for the same things."""

    newaxis = None

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, {"copy": "clone"}.get(name, name))

    @staticmethod
    def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return x.max() if axis is None else torch.amax(x, axis, keepdim=keepdims)


def copied(x: Any) -> Any:
    """What is read from a tensor, as a tensor of its own."""
    return x.clone() if torch.is_tensor(x) else x


class Copying(ast.NodeTransformer):
    """Copies what is read; writes what is updated in two steps; says `clone` for `copy`."""

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        return ast.Call(ast.Name("copied", ast.Load()), [node], []) if isinstance(node.ctx, ast.Load) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if isinstance(node.target, ast.Subscript):
            read = ast.Subscript(node.target.value, node.target.slice, ast.Load())
            value = ast.BinOp(self.visit(read), node.op, self.visit(node.value))
            return ast.Assign([node.target], value)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        return ast.Attribute(node.value, "clone", node.ctx) if node.attr == "copy" else node


def in_torch(function: Any, rewritten: bool) -> Any:
    """The function, and those of its package that it can see, with PyTorch for ``np``."""
    made: dict[Any, Any] = {}
    package = function.__module__.split(".")[0]

    def rebuild(f: Any) -> Any:
        if f in made:
            return made[f]
        scope: dict[str, Any] = {"__builtins__": __builtins__, "copied": copied}
        if rewritten:
            tree = Copying().visit(ast.parse(textwrap.dedent(inspect.getsource(f))))
            exec(compile(ast.fix_missing_locations(tree), f.__code__.co_filename, "exec"), scope)
            made[f] = scope[f.__name__]
        else:
            made[f] = FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
        for name, value in f.__globals__.items():
            if name in f.__code__.co_names:
                ours = isinstance(value, FunctionType) and value.__module__.split(".")[0] == package
                scope[name] = Torch() if value is np else rebuild(value) if ours else value
        return made[f]

    return rebuild(function)


# ---- kernels

FORWARD, FUNCGRAD, TORCH, COPYING = "NumPy, forward", "funcgrad", "PyTorch", "PyTorch, copies"


def total(outputs: Any) -> Any:
    return sum(y.sum() for y in outputs) if isinstance(outputs, tuple | list) else outputs.sum()


def contestants(name: str) -> dict[str, Run]:
    kernel = KERNELS[name]
    size, changed = SIZES[name]
    args = [changed.get(i, x) for i, x in enumerate(kernel.arguments(size))]
    before, x, after = args[: kernel.wrt], args[kernel.wrt], args[kernel.wrt + 1 :]
    adopted = fg.adopt(kernel.function)

    def forward() -> Any:
        return kernel.function(*(x.copy() if isinstance(x, np.ndarray) else x for x in args))

    runs = {FORWARD: forward, FUNCGRAD: lambda: fg.grad(lambda x: total(adopted(*before, x, *after)))(x)}
    if torch:
        for title, rewritten in ((TORCH, False), (COPYING, True)):
            theirs = in_torch(kernel.function, rewritten)
            run = torch_gradient(theirs, args, kernel.wrt)
            if same_program(theirs, args, total(forward())) and runs_at_all(run):
                runs[title] = run
    return runs


def torch_gradient(function: Any, args: list[Any], wrt: int) -> Run:
    def run() -> Any:
        leaf = torch.tensor(args[wrt], requires_grad=True)
        given = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in args]
        given[wrt] = leaf.clone()  # a leaf cannot be written to
        total(function(*given)).backward()
        return leaf.grad.numpy()

    return run


REFUSALS = (RuntimeError, TypeError, AttributeError, ValueError, IndexError)


def same_program(function: Any, args: list[Any], expected: float) -> bool:
    """Whether PyTorch knows all names, and the text still means the same: copies may have lost a write."""
    try:
        value = total(function(*(torch.tensor(x) if isinstance(x, np.ndarray) else x for x in args)))
    except REFUSALS:
        return False
    return bool(np.isclose(float(value), expected, 1e-9, 1e-9))


def runs_at_all(run: Run) -> bool:
    """Whether PyTorch's autograd goes back through the writes."""
    try:
        run()
    except REFUSALS:
        return False
    return True


def compare(rounds: int, names: Iterable[str]) -> dict[str, dict[str, Timing]]:
    heads = ("NumPy ms", "funcgrad ms", "x forward", "PyTorch ms", "x funcgrad", "copies ms", "x funcgrad")
    results, rows = {}, {}
    for name in names:
        runs = contestants(name)
        gradients = {title: run() for title, run in runs.items() if title != FORWARD}
        for title, gradient in gradients.items():
            np.testing.assert_allclose(gradient, gradients[FUNCGRAD], 1e-8, 1e-9, err_msg=f"{name}: {title}")
        results[name] = race(runs, rounds)
        best = {title: timing.minimum for title, timing in results[name].items()}
        ours, forward = best[FUNCGRAD], best[FORWARD]
        theirs = (best.get(TORCH), best.get(COPYING))
        rows[name] = (
            forward,
            ours,
            ours / forward,
            *(cell for t in theirs for cell in ((None, None) if t is None else (t, t / ours))),
        )
    table("Gradient of the sum of all outputs: CPU time, least of all rounds", heads, rows)
    return results


# ---- growth


def fill_and_read(x: Any) -> Any:
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[i]
    total = 0.0
    for i in range(len(x)):
        total = total + y[i]
    return total


def recurrence(x: Any) -> Any:
    """Each element is read right after it was written."""
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + x[i]
    return y.sum()


def in_place(x: Any) -> Any:
    for i in range(1, len(x)):
        x[i] += 0.5 * x[i - 1]
    return x.sum()


def rows_of_a_table(x: Any) -> Any:
    """A trajectory of two numbers: a row is read, and the next one written."""
    states = np.zeros((len(x) + 1, 2))
    for t in range(len(x)):
        states[t + 1] = 0.9 * states[t] + x[t]
    return states.sum()


GROWTH = (fill_and_read, recurrence, in_place, rows_of_a_table)


def milliseconds(gradient: Callable[[Any], Any], x: Any) -> float:
    start = process_time_ns()
    gradient(x)
    return (process_time_ns() - start) / 1e6


def without_collector(gradient: Callable[[Any], Any], x: Any) -> float:
    """The same, where Python's garbage collector does not look through the recorded graph now and then."""
    gc.disable()
    try:
        return milliseconds(gradient, x)
    finally:
        gc.enable()


def peak(gradient: Callable[[Any], Any], x: Any) -> float:
    """Peak bytes of a gradient."""
    tracemalloc.start()
    gradient(x)
    amount = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(amount)


def exponent(amounts: Mapping[int, float]) -> float:
    return float(np.polyfit(np.log(list(amounts)), np.log(list(amounts.values())), 1)[0])


def growth(sizes: tuple[int, ...], rounds: int) -> tuple[dict[str, Any], list[Requirement]]:
    results: dict[str, Any] = {}
    requirements = []
    for program in GROWTH:
        gradient = fg.grad(fg.adopt(program))
        times = dict.fromkeys(sizes, float("inf"))
        for _ in range(rounds):
            for n in sizes:
                times[n] = min(times[n], milliseconds(gradient, np.linspace(0.0, 1.0, n)))
        memory = {n: peak(gradient, np.linspace(0.0, 1.0, n)) for n in sizes}
        title = program.__name__.replace("_", " ")
        alone = {n: without_collector(gradient, np.linspace(0.0, 1.0, n)) for n in sizes}
        rows = {f"n = {n}": (times[n], 1e3 * times[n] / n, 1e3 * alone[n] / n, memory[n] / n) for n in sizes}
        table(f"Growth: {title}", ("min ms", "us per element", "gc off", "peak B/element"), rows)
        results[title] = {"ms": times, "ms, gc off": alone, "peak bytes": memory}
        requirements += [
            Requirement(f"{title}: exponent of the time", exponent(times), at_most=1.1),
            Requirement(f"{title}: exponent of the memory", exponent(memory), at_most=1.1),
        ]
    return results, requirements


# ---- the run


def versions() -> dict[str, str]:
    packages = {package.metadata["Name"]: package.version for package in metadata.distributions()}
    return {"python": platform.python_version()} | {n: packages.get(n, "-") for n in ("numpy", "funcgrad", "torch")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: only shows that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to FILE")
    parser.add_argument("--only", nargs="*", choices=SIZES, help="these kernels alone")
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
    gc.collect()
    gc.freeze()  # what the imports left behind is nobody's to scan

    results: dict[str, Any] = {"versions": versions()}
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    results["kernels"] = compare(2 if options.quick else 20, options.only or SIZES)
    sizes = (300, 1000, 3000) if options.quick else (1000, 10_000, 100_000)
    results["growth"], requirements = growth(sizes, 1 if options.quick else 3)

    print("\nRequirements" + (" (from a quick run, which proves little)" if options.quick else ""))
    print(*requirements, sep="\n")
    if options.json:
        results["requirements"] = {r.text: {"value": r.value, "mark": r.mark} for r in requirements}
        options.json.write_text(json.dumps(results, indent=2, default=asdict) + "\n")


if __name__ == "__main__":
    main()
