"""How a workload is stated: one mathematical problem, written once for each library in that library's own idiom.

A module of workloads ends with ``WORKLOADS``, a tuple of `Workload` (timed) and `Measurement` (anything else that has
a number); `benchmarks.contents` lists the modules. Nothing in a workload knows of clocks, tables or options.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from benchmarks.peers import MODULES

Problem = Any
Size = Any
Run = Callable[[], Any]
Builder = Callable[[Problem], Run | None]


@dataclass(frozen=True)
class Workload:
    """One problem, its sizes, and who solves it.

    Attributes
    ----------
    name, group : str
        A row of the table, and the chapter that it stands in.
    problem : callable
        ``problem(size)`` draws the inputs, NumPy arrays and numbers, from a fixed seed. It is called once for each
        size, and all builders get the same object, which they must not change.
    builders : mapping
        From a name of `peers.MODULES` to ``builder(problem)``. The builder converts the inputs and returns a function
        without arguments that computes the result, a tree of arrays, or None where the library cannot do it or would
        take too long. The function waits until the result is there (``jax.block_until_ready``).
    forward : callable, optional
        ``forward(problem)`` returns the function that computes only the value, in plain NumPy.
    sizes, quick : tuple
        What `problem` is called with: in a full run, in a quick one.
    rtol, atol : float
        How closely all results must agree; `atol` is a fraction of the largest number in each array.
    growth : bool
        Fit the exponent of the time over the sizes, which are numbers.
    operations : callable, optional
        ``operations(size)`` is how many operations are recorded; the table then also shows the time of one.
    large : bool
        Also run with ``--threads``.
    wait : callable, optional
        Called before a clock is read, on devices that work on after a call.
    """

    name: str
    group: str
    problem: Callable[[Size], Problem]
    builders: Mapping[str, Builder]
    forward: Builder | None = None
    sizes: tuple[Size, ...] = (None,)
    quick: tuple[Size, ...] = (None,)
    rtol: float = 1e-8
    atol: float = 1e-10
    growth: bool = False
    operations: Callable[[Size], int] | None = None
    large: bool = False
    wait: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        unknown = set(self.builders) - set(MODULES)
        if unknown:
            raise ValueError(f"{self.name}: no such contestants: {sorted(unknown)}; they are {list(MODULES)}")

    def installed(self) -> dict[str, Builder]:
        """The builders of the libraries that are there, in the order of the table."""
        return {name: self.builders[name] for name, module in MODULES.items() if name in self.builders and module}

    def contestants(self, problem: Problem) -> dict[str, Run]:
        """What all who take part at this size run."""
        runs = {name: builder(problem) for name, builder in self.installed().items()}
        return {name: run for name, run in runs.items() if run is not None}

    def title(self, size: Size) -> str:
        """The name of a row."""
        if size is None:
            return self.name
        parts = size if isinstance(size, tuple) else (size,)
        numbers = " x ".join(f"{part:,}" for part in parts if isinstance(part, int))
        words = [str(part) for part in parts if not isinstance(part, int)]
        return f"{self.name}, {' '.join([numbers, *words]).strip()}"


@dataclass(frozen=True)
class Measurement:
    """Numbers that are not times: bytes, exponents, counts. ``measure(quick)`` maps contestants to values."""

    name: str
    group: str
    unit: str
    measure: Callable[[bool], Mapping[str, float]]
    at_most: Mapping[str, float] = field(default_factory=dict)


Entry = Workload | Measurement


# ---- results as plain arrays


def leaves(tree: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays in a result, in one order for all libraries: dicts by their keys."""
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in leaves(tree[key])]
    if isinstance(tree, list | tuple):
        return [leaf for part in tree for leaf in leaves(part)]
    return [plain(tree)]


def plain(x: Any) -> np.ndarray[Any, Any]:
    """One array of any library as a NumPy array."""
    if hasattr(x, "detach"):
        x = x.detach().cpu().numpy()
    elif hasattr(x, "get") and hasattr(x, "device"):
        x = x.get()
    return np.asarray(x)


def disagreement(result: Any, expected: Any, rtol: float, atol: float) -> str | None:
    """What is wrong with a result, in one line, or None."""
    ours, theirs = leaves(result), leaves(expected)
    if len(ours) != len(theirs):
        return f"{len(ours)} arrays instead of {len(theirs)}"
    for i, (x, y) in enumerate(zip(ours, theirs, strict=True)):
        if x.shape != y.shape:
            return f"array {i} has shape {x.shape} instead of {y.shape}"
        x, y = x.astype(np.float64), y.astype(np.float64)  # float32 too is compared without rounding
        bound = atol * float(np.max(np.abs(y), initial=0.0)) + rtol * np.abs(y)
        off = np.abs(x - y)
        if not np.all(off <= bound):
            return f"array {i} is off by {np.max(off):.3g}, of numbers up to {np.max(np.abs(y), initial=0.0):.3g}"
    return None


# ---- one text for several libraries


def own(function: Any) -> Any:
    """A copy of a function with bytecode of its own, the functions inside it too.

    CPython rewrites bytecode for the types that it meets. If contestants shared a function, none would get what it gets
    in a program that uses one library.
    """
    code = fresh(function.__code__)
    made = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def fresh(code: CodeType) -> CodeType:
    constants = tuple(fresh(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_consts=constants)


def entries(modules: Iterable[Any]) -> tuple[Entry, ...]:
    """What the modules state, names checked to be different."""
    found = tuple(entry for module in modules for entry in module.WORKLOADS)
    names = [entry.name for entry in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"stated twice: {twice}")
    return found
