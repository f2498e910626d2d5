"""Linearization: evaluate a function once, and keep its derivative as a linear program to run on any tangent.

1. What the tracer carries: a value, and the number of the register where its tangent will be.
2. How a primitive is interpreted: run it, and write down its call for later.
3. The public function: :func:`linearize`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.graph import Call
from funcgrad.core.level import Level, strip, zeros
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, project, space_of
from funcgrad.transforms.arguments import as_array, call_traced, is_array, lend, match, present, taken, tangent_space
from funcgrad.transforms.forward import SEVERAL, ForwardLevel, ForwardTracer
from funcgrad.tree import flatten, map

__all__ = ["linearize"]


#: Applies a rule: (tangent, output, first operand, second operand).
Partial = Callable[[Any, Any, Any, Any], Any]


class Step:
    """One call of the program: which registers it reads and writes."""

    __slots__ = ("call", "dies", "primitive", "reads", "spaces", "writes")

    def __init__(
        self,
        primitive: Primitive,
        call: Call,
        reads: list[int | None],
        writes: list[int | None],
        spaces: list[Space],
    ) -> None:
        self.primitive = primitive
        self.call = call
        self.reads = reads
        self.writes = writes
        self.spaces = spaces
        self.dies: list[int] = []  # the registers that nobody reads later

    def run(self, registers: list[Array | None], level: LinearizeLevel) -> None:
        dxs = [None if i is None else registers[i] for i in self.reads]
        if all(dx is None for dx in dxs):
            return
        dy = level.tangent(self.primitive, self.call, dxs)
        dys = dy if len(self.writes) > 1 or isinstance(dy, SEVERAL) else [dy]
        for register, part, space in zip(self.writes, dys, self.spaces, strict=True):
            if register is not None and part is not None:
                registers[register] = project(part, space)


class ShortStep:
    """A call from a short path: its partials, and what these read."""

    __slots__ = ("a", "b", "dies", "partials", "reads", "space", "writes", "y")

    def __init__(
        self, partials: Any, reads: list[int | None], write: int, space: Space, y: Any, a: Any, b: Any
    ) -> None:
        self.partials = partials
        self.reads = reads
        self.writes = (write,)
        self.space = space
        self.y = y
        self.a = a
        self.b = b
        self.dies: list[int] = []

    def run(self, registers: list[Array | None], level: LinearizeLevel) -> None:
        dy: Any = None
        for partial, i in zip(self.partials, self.reads, strict=True):
            dx = None if i is None else registers[i]
            if dx is not None:
                term = partial(dx, self.y, self.a, self.b)
                dy = term if dy is None else dy + term
        if dy is not None:
            space = self.space
            if dy.dtype is not space.dtype or dy.shape != space.shape:
                dy = project(dy, space)
            registers[self.writes[0]] = dy


class LinearizeLevel(ForwardLevel):
    """Forward mode whose tangents are register numbers; what would be done with them is written down."""

    __slots__ = ("count", "steps")

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step | ShortStep] = []
        self.count = 0

    def register(self) -> int:
        self.count += 1
        return self.count - 1

    def tangents(self, primitive: Primitive, call: Call, tangents: list[Array | None], spaces: list[Space]) -> Any:
        call.xs = tuple([x if dx is not None else taken(x, keep=True) for x, dx in zip(call.xs, tangents, strict=True)])
        writes = [self.register() if space.is_inexact else None for space in spaces]
        self.steps.append(Step(primitive, call, tangents, writes, spaces))
        return writes

    write = Level.write  # tangents are numbers of registers: nothing there to be written to

    def shorten(self, partials: list[Partial], reads: list[int | None], space: Space, y: Any, a: Any, b: Any) -> int:
        """Write down a call from a short path, and return the register of its output."""
        register = self.register()
        self.steps.append(ShortStep(partials, reads, register, space, y, a, b))
        return register

    def finish(self, results: list[int | None]) -> None:
        """Note, now that the program is complete, after which step each register is read no more."""
        read: set[int | None] = {None, *results}
        for step in reversed(self.steps):
            step.dies = [i for i in (*set(step.reads), *step.writes) if i is not None and i not in read]
            read.update(step.reads)

    def run(self, inputs: dict[int, Array]) -> list[Array | None]:
        """Run the program on tangents of the inputs, and return the registers."""
        registers: list[Array | None] = [inputs.get(i) for i in range(self.count)]
        for step in self.steps:
            step.run(registers, self)
            for i in step.dies:
                registers[i] = None
        return registers


def linearize(f: AnyFunction, *primals: PyTree, has_aux: bool = False) -> Any:
    """Evaluate `f`, and return its derivative at that point as a linear function.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees.
    *primals : pytree
        The point.
    has_aux : bool
        Whether `f` returns ``(output, aux)``; `aux` is handed through.

    Returns
    -------
    output : pytree
        ``f(*primals)``.
    pushforward : callable
        Takes a tangent for each primal and returns that of the output, without evaluating `f` again: what
        ``jvp(f, primals, tangents)[1]`` is, at the cost of the linear part alone.
    aux : pytree
        Only with `has_aux`.

    Raises
    ------
    TypeError, ValueError
        From the pushforward, if a tangent differs from its primal in tree, shape or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> y, pushforward = fg.linearize(np.sin, 0.0)
    >>> y, pushforward(2.0), pushforward(3.0)
    (np.float64(0.0), np.float64(2.0), np.float64(3.0))
    """
    leaves, structure = flatten(tuple(primals))
    values = [taken(x, keep=True) for x in leaves]
    spaces = [tangent_space(x) for x in leaves]
    level = LinearizeLevel()
    try:
        places = [None if s is None else level.register() for s in spaces]
        inputs = [
            lend(level, x) if s is None else level.tracer(x, i) for x, s, i in zip(values, spaces, places, strict=True)
        ]
        output = call_traced(level, f, structure.unflatten(inputs), {})
        if has_aux:
            output, aux = output
            aux = present(map(lambda leaf: strip(leaf, level), aux))
        outputs, tree = flatten(output)
        results = [register_of(y, level) for y in outputs]
        level.finish(results)
        values_out = [as_array(strip(y, level)) if is_array(strip(y, level)) else y for y in outputs]
    finally:
        level.close()

    def pushforward(*tangents: PyTree) -> Any:
        given = match("pushforward", tuple(tangents), structure, spaces)
        registers = level.run({i: dx for i, dx in zip(places, given, strict=True) if i is not None})
        return present(tree.unflatten([pick(registers, i, y) for i, y in zip(results, values_out, strict=True)]))

    value = present(tree.unflatten([taken(y, keep=True) for y in values_out]))
    return (value, pushforward, aux) if has_aux else (value, pushforward)


def register_of(y: Any, level: LinearizeLevel) -> Any:
    return y.tangent if isinstance(y, ForwardTracer) and y.level is level else None


def pick(registers: list[Array | None], register: int | None, y: Any) -> Any:
    """Return a register's contents; zeros like `y` if nothing arrived there."""
    found = None if register is None else registers[register]
    return (zeros(space_of(y), y)[()] if is_array(y) else y) if found is None else found
