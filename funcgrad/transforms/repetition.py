"""Running a function again: the same function, and the check that it has returned the same."""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array
from funcgrad.core.level import Shell, Traced, map_tracers, plain, tracers_in
from funcgrad.core.space import space_of
from funcgrad.core.tracer import Tracer
from funcgrad.transforms.arguments import Transformed, is_array
from funcgrad.tree import flatten

__all__ = ["Fingerprint", "differs", "frozen", "snapshot", "values_of"]

# -- The same function ------------------------------------------------------------------------------------------


def snapshot(x: Any) -> Any:
    """Copy a tracer as it is now: what is written into it does not show in the copy."""
    return x.snapshot() if isinstance(x, Tracer) else x


def as_now(x: Any) -> Any:
    """Return what a name means, with the tracers in it as they are now: the caller may write into them."""
    return map_tracers(snapshot, x) if tracers_in(x) else x


class Frozen:
    """A function, and what its names meant when it was first called: a loop variable changes before it runs again."""

    __slots__ = ("cells", "function", "globals", "traced")

    def __init__(self, function: types.FunctionType) -> None:
        self.function = function
        self.cells = tuple([frozen_cell(cell) for cell in function.__closure__ or ()])
        self.traced = [bool(tracers_in(content(cell))) for cell in self.cells]
        known = function.__globals__
        self.globals = {name: as_now(known[name]) for name in names_in(function.__code__) if name in known}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        f, known = self.function, self.function.__globals__
        if any(known.get(name) is not value for name, value in self.globals.items()):
            known = known | self.globals
        # The function may write into what it closes over.
        cells = tuple([frozen_cell(c) if traced else c for c, traced in zip(self.cells, self.traced, strict=True)])
        again = types.FunctionType(f.__code__, known, f.__name__, f.__defaults__, cells)
        again.__kwdefaults__ = f.__kwdefaults__
        return again(*args, **kwargs)


def frozen(function: AnyFunction) -> AnyFunction:
    if isinstance(function, functools.partial):
        return functools.partial(frozen(function.func), *function.args, **function.keywords)
    if isinstance(function, Transformed):
        return Transformed(function.apply, frozen(function.f), function.options)
    return Frozen(function) if isinstance(function, types.FunctionType) else function


def values_of(function: AnyFunction) -> list[Any]:
    """Return what a frozen function closes over, a tensor's array in place of the tensor."""
    if isinstance(function, Transformed):
        return values_of(function.f)
    if not isinstance(function, Frozen):
        return []
    known = [*[content(cell) for cell in function.cells], *function.globals.values()]
    return [flatten(x)[0][0] if isinstance(x, Shell) else x for x in known]


def content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def frozen_cell(cell: types.CellType) -> types.CellType:
    try:
        return types.CellType(as_now(cell.cell_contents))
    except ValueError:  # not assigned yet
        return cell


@functools.cache
def names_in(code: types.CodeType) -> frozenset[str]:
    """Return the global names that a function and those defined in it may read."""
    inner = [names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return frozenset(code.co_names).union(*inner)


# -- The same again? --------------------------------------------------------------------------------------------

SAMPLES = 32


class Fingerprint:
    """A few elements and the mean of an output, to notice when a second run computes something else."""

    __slots__ = ("samples", "space")

    samples: Array | None

    def __init__(self, y: Any) -> None:
        self.space = space_of(y) if is_array(y) else None
        self.samples = None
        if isinstance(y, Traced):
            value = plain(y)
            if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc":
                self.samples = samples(np.asarray(value))

    def compare(self, other: Fingerprint) -> None:
        if self.space != other.space:
            raise RuntimeError(differs(f"an array of {other.space} instead of {self.space}"))
        a, b = self.samples, other.samples
        if a is None or b is None or (a.shape == b.shape and (a == b).all()):
            return
        with np.errstate(all="ignore"):
            tolerance = float(np.finfo(a.dtype).eps) ** 0.5
            scale = np.max(np.abs(a), initial=0, where=np.isfinite(a))
            if a.shape != b.shape or not np.isclose(a, b, tolerance, tolerance * scale, equal_nan=True).all():
                raise RuntimeError(differs("other values"))


def samples(value: Array) -> Array:
    if value.size <= SAMPLES:
        return value.flatten()
    with np.errstate(all="ignore"):
        return np.append(value.flat[:: value.size // SAMPLES], np.mean(value))


def differs(what: str) -> str:
    return (
        f"checkpoint: the function returned {what} when it was run again for its derivative. It must do the same each "
        "time. Draw random numbers outside and pass them in, do not change what it reads (arrays, lists, attributes, "
        "loop variables) before the backward pass, and give it no memory of earlier calls."
    )
