"""Rules of elementwise functions on large arrays, a block that fits into the cache at a time.

A rule such as ``g - g * (y * y)``, run as NumPy text, passes three times over memory and makes arrays whose pages the
system has to clear first: on 1e7 numbers that costs more than the arithmetic. Here the text is run once on symbols,
which gives the ufuncs that it calls. These are then applied block by block, in the cotangent's own memory where nobody
else holds it. The ufuncs and their order are the same, and so are the results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from funcgrad._typing import Array

__all__ = [
    *("BLOCK", "LARGE", "Steps", "Symbol", "apply_steps", "first", "is_flat", "is_in_rows", "is_one"),
    "steps_of_rule",
]

ndarray = np.ndarray

#: From this many elements on. At 1e5 blocks take a tenth more than plain text, at 1e6 (8 MB) the same, at 1e7 half.
LARGE = 1 << 17
BLOCK = 1 << 16  # elements: calls cost little, and the last cache holds a few buffers

#: Loops of ufuncs that make floats of floats.
FLOATS = frozenset(("d->d", "dd->d"))

#: A rule as ufuncs, each with its operands: numbers, or the registers (a :class:`Symbol`) of (g, *residuals, *steps).
Steps = tuple[tuple[np.ufunc, tuple[Any, ...]], ...]


class Symbol(NDArrayOperatorsMixin):
    """A register: what a rule is run on to see which ufuncs it calls. Anything else that it asks is an error."""

    __slots__ = ("number", "program")

    def __init__(self, number: int, program: list[Any]) -> None:
        self.number = number
        self.program = program  # (number of inputs, steps so far...)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or ufunc.nout != 1 or getattr(np, ufunc.__name__, None) is not ufunc:
            raise TypeError("no call of one of NumPy's own ufuncs")
        if not all(isinstance(x, (Symbol, int, float)) for x in inputs):
            raise TypeError("an array that the rule brings along")
        self.program.append((ufunc, inputs))
        return type(self)(self.program[0] + len(self.program) - 2, self.program)

    def __bool__(self) -> NoReturn:
        raise TypeError("a rule that branches on a value")


def steps_of_rule(rule: Callable[..., Any], residuals: Sequence[int | float | None]) -> Steps | None:
    """Return the ufuncs that a rule of ``(g, *residuals)`` calls, none if it returns `g`; None if it does more.

    Parameters
    ----------
    rule : callable
    residuals : sequence
        The numbers among what it reads, which it may ask what they are; None for arrays.
    """
    count = len(residuals)
    program: list[Any] = [1 + count]
    try:
        result = rule(Symbol(0, program), *[Symbol(i, program) if x is None else x for i, x in enumerate(residuals, 1)])
    except Exception:  # whatever it asked of a symbol: the rule is more than ufuncs
        return None
    steps = tuple(program[1:])
    if any(FLOATS.isdisjoint(ufunc.types) for ufunc, _ in steps):  # results that do not fit into the memory of others
        return None
    return steps if isinstance(result, Symbol) and result.number == (count + len(steps) if steps else 0) else None


def is_flat(x: Any, like: Array) -> bool:
    """Whether a residual is a number, or an array with the layout of `like`."""
    if type(x) is ndarray:
        return x.dtype is like.dtype and x.shape == like.shape and x.flags.c_contiguous
    return isinstance(x, (float, int, np.floating))


def is_one(x: Array) -> bool:
    """Whether an array is one number, broadcast."""
    return not any(x.strides)


def is_in_rows(x: Array) -> bool:
    """Whether an array is one number for each row, broadcast: the share that the terms of a sum have."""
    return x.ndim > 1 and not x.strides[-1] and x.shape[-1] <= BLOCK and bool(x[..., 0].flags.c_contiguous)


def apply_steps(
    steps: Steps,
    g: Array,
    residuals: Sequence[Any],
    out: Array,
    add: bool = False,
    mend: Callable[[Array, Array], Array] | None = None,
) -> None:
    """Run a rule on arrays that :func:`is_flat`, block by block.

    Parameters
    ----------
    steps : Steps
    g : array
        The cotangent; like `out` in memory, or one number, or one for each row, broadcast.
    residuals : sequence of arrays and numbers
    out : array
        Gets the result; it may be `g` itself.
    add : bool
        Whether the result is added to what is there.
    mend : callable, optional
        Called with a block of the result and the block of `g`: returns what takes its place.
    """
    width = g.shape[-1] if type(g) is ndarray and not (g.flags.c_contiguous or is_one(g)) else 1
    if len(steps) == 1 and not add and mend is None and width == 1:
        ufunc, operands = steps[0]
        ufunc(*[(g, *residuals)[x.number] if type(x) is Symbol else x for x in operands], out=out)
        return
    rows = g[..., 0] if width > 1 else g
    if width > 1 and mend is None:
        steps, rows = begun(steps, rows, 1 + len(residuals))
        if len(steps) == 1 and not add:  # all at once takes less time than rows that are written out
            ufunc, operands = steps[0]
            given = (rows[..., None], *residuals)
            ufunc(*[given[x.number] if type(x) is Symbol else x for x in operands], out=out)
            return
    inputs = [x.reshape(-1) if type(x) is ndarray and not is_one(x) else first(x) for x in (rows, *residuals)]
    target = out.reshape(-1)
    keeps = add or mend is not None  # whether the result needs a buffer of its own
    goals = buffers_of(steps, len(inputs))
    step = BLOCK // width * width
    length = min(step, target.size)
    buffers = [np.empty(length, out.dtype) for _ in range(1 + max(goals if keeps else goals[:-1], default=-1))]
    last = len(steps) - 1
    for start in range(0, target.size, step):
        place = slice(start, start + step)
        goal = target[place]
        values = [x[place] if type(x) is ndarray else x for x in inputs]
        if width > 1:
            values[0] = np.repeat(inputs[0][start // width : (start + step) // width], width)
        if goal.size < length:
            buffers = [x[: goal.size] for x in buffers]
        for i, (ufunc, operands) in enumerate(steps):
            xs = [values[x.number] if type(x) is Symbol else x for x in operands]
            values.append(ufunc(*xs, out=goal if i == last and not keeps else buffers[goals[i]]))
        if keeps:
            result = values[-1] if mend is None else mend(values[-1], values[0])
            if add:
                goal += result
            else:
                goal[...] = result


def begun(steps: Steps, g: Array, given: int) -> tuple[Steps, Array]:
    """Do the steps at the beginning that read the cotangent alone, if no other does; return those that are left."""
    while len(steps) > 1:
        ufunc, operands = steps[0]
        read = [x.number for _, others in steps[1:] for x in others if type(x) is Symbol]
        if 0 in read or any(type(x) is Symbol and x.number for x in operands):
            break
        g = ufunc(*[g if type(x) is Symbol else x for x in operands])
        steps = tuple([(ufunc, tuple([moved(x, given) for x in others])) for ufunc, others in steps[1:]])
    return steps, g


def moved(x: Any, number: int) -> Any:
    """Let a register take the place of the cotangent, and those after it its own."""
    if type(x) is not Symbol or x.number < number:
        return x
    return Symbol(0 if x.number == number else x.number - 1, x.program)


def buffers_of(steps: Steps, given: int) -> list[int]:
    """Return the number of the buffer that each step writes to: if there is, one that nobody reads any more."""
    lasts = {x.number: i for i, (_, operands) in enumerate(steps) for x in operands if type(x) is Symbol}
    free: list[int] = []
    goals: list[int] = []
    for i, (_, operands) in enumerate(steps):
        read = {x.number for x in operands if type(x) is Symbol}
        free += [goals[number - given] for number in read if number >= given and lasts[number] == i]
        goals.append(free.pop() if free else len(set(goals)))
    return goals


def first(x: Any) -> Any:
    """Return the one number of an array that is broadcast; numbers pass."""
    return x[(0,) * x.ndim] if type(x) is ndarray else x
