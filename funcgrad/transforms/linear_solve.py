"""Linear systems: their solution is differentiated by solving two more, whatever finds it.

1. :class:`System`: a matrix, given by its product with a vector, and what solves it and its transpose.
2. :class:`LinearSolve`: its solution as a primitive.
3. The public function: :func:`custom_linear_solve`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array, PyTree
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Constant
from funcgrad.core.level import Level, tracers_in, zeros
from funcgrad.core.primitive import Frame, Primitive
from funcgrad.core.space import space_of
from funcgrad.transforms.arguments import as_array, is_array, present
from funcgrad.transforms.batch import BatchLevel, NeedsLoop, vmap
from funcgrad.transforms.capture import closed
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import vjp
from funcgrad.tree import flatten, map, ravel

__all__ = ["LinearSolve", "System", "constant_leaf", "custom_linear_solve", "solve_system", "without_tracers"]

# -- One system ------------------------------------------------------------------------------------------

#: (matvec, right-hand side) to (solution, what else is returned)
Solver = Callable[[Callable[[Array], Array], Array], tuple[Array, PyTree]]


class System:
    """A linear system for vectors, and what solves it and its transpose.

    Parameters
    ----------
    matvec : callable
        ``matvec(constants, v)``.
    count : int
        The number of constants.
    solver, transposed_solver : callable
        From a matvec without constants, and a vector.
    """

    def __init__(
        self,
        matvec: Callable[[Sequence[Any], Array], Array],
        count: int,
        solver: Solver,
        transposed_solver: Solver | None,
    ) -> None:
        self.matvec = matvec
        self.count = count
        self.solver = solver
        self.transposed_solver = transposed_solver
        self.aux: Any = None  # structure and leaves of what else was returned; the arrays are None

    def compute(self, constants: Sequence[Any], b: Array) -> list[Any]:
        """Return the solution and the arrays among the rest."""
        x, aux = self.solver(lambda v: self.matvec(constants, v), b)
        leaves, structure = flatten(aux)
        self.aux = structure, [None if is_array(leaf) else leaf for leaf in leaves]
        return [constant_leaf(as_array(leaf)) for leaf in (x, *leaves) if is_array(leaf)]

    def transposed(self) -> System:
        if self.transposed_solver is None:
            raise TypeError(
                "custom_linear_solve: reverse mode solves the transposed system; pass transpose_solve, or symmetric=True"
            )
        return System(self.pull, self.count, self.transposed_solver, self.solver)

    def pull(self, constants: Sequence[Any], w: Array) -> Array:
        return vjp(lambda v: self.matvec(constants, v), zeros(space_of(w), w))[1](w)[0]

    def complete(self, arrays: Iterable[Any]) -> PyTree:
        """Return what else was returned, given the arrays in it."""
        structure, leaves = self.aux
        rest = iter(arrays)
        return structure.unflatten([next(rest) if leaf is None else leaf for leaf in leaves])


constant_leaf = Constant(lambda x: x, name="custom_linear_solve", own=True, batch=stacked)


class BatchedSystem(System):
    """Many systems, one for each example."""

    def __init__(self, inner: System, flags: Sequence[bool], size: int) -> None:
        super().__init__(self.of_examples, inner.count, inner.solver, inner.transposed_solver)
        self.inner = inner
        self.flags = flags
        self.options: Any = {"in_axes": ([0 if flag else None for flag in flags], 0), "axis_size": size}
        self.size = size

    def of_examples(self, constants: Sequence[Any], v: Array) -> Array:
        return vmap(self.inner.matvec, **self.options)(list(constants), v)

    def compute(self, constants: Sequence[Any], b: Array) -> list[Any]:
        found: list[Any] = vmap(self.inner.compute, **self.options)(list(constants), b)
        return found

    def transposed(self) -> System:
        return BatchedSystem(self.inner.transposed(), self.flags, self.size)


# -- Its solution as a primitive --------------------------------------------------------------------------


class LinearSolve(Primitive):
    """The solution of a system, as a function of its constants and its right-hand side, which comes last."""

    arity = None

    def __init__(self, system: System) -> None:
        def custom_linear_solve(*operands: Any) -> tuple[Any, ...]:
            return tuple(without_tracers(system.compute(operands[:-1], operands[-1])))

        super().__init__(custom_linear_solve, (), own=True, batch=batch_solve)
        self.system = system

    def differentiable(self, i: int) -> bool:
        return True

    def reads(self, wanted: list[int]) -> tuple[set[int] | None, bool]:
        return None, True

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        """From ``A x = b`` follows ``A dx = db - dA x``."""
        *constants, b = call.xs
        x, *aux = call.y
        rhs = zeros(space_of(b), b) if tangents[-1] is None else tangents[-1]
        moved = [i for i, dc in enumerate(tangents[:-1]) if dc is not None]
        if moved:
            of_moved = self.varying(constants, moved, x)
            rhs = rhs - jvp(of_moved, tuple(constants[i] for i in moved), tuple(tangents[i] for i in moved))[1]
        return solve_system(self.system, constants, rhs)[0], *[None] * len(aux)

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        """With ``A.T w = gx``: ``gb = w``, and ``gA`` is that of ``-A x`` for the cotangent ``w``."""
        *constants, _ = call.xs
        w = solve_system(self.system.transposed(), constants, g[0])[0]
        yield len(constants), w
        moved = [i for i, link in enumerate(call.links[:-1]) if link is not None]
        if moved:
            value, pullback = vjp(self.varying(constants, moved, call.y[0]), *[constants[i] for i in moved])
            yield from zip(moved, pullback(-w.astype(value.dtype)), strict=True)

    def varying(self, constants: list[Any], moved: list[int], x: Array) -> Callable[..., Array]:
        """Return the product with `x` as a function of some of the constants."""

        def product(*new: Any) -> Array:
            changed = list(constants)
            for i, c in zip(moved, new, strict=True):
                changed[i] = c
            return self.system.matvec(changed, x)

        return product


def batch_solve(primitive: Any, xs: Sequence[Array], flags: Sequence[bool], params: Any, size: int) -> Any:
    b = xs[-1] if flags[-1] else np.broadcast_to(xs[-1], (size, *xs[-1].shape))
    return tuple(solve_system(BatchedSystem(primitive.system, flags[:-1], size), xs[:-1], b))


def solve_system(system: System, constants: Sequence[Any], b: Array) -> Any:
    """Return the solution, followed by the arrays of what else the solver returned."""
    return LinearSolve(system).bind((*constants, b), {})


def without_tracers(leaves: list[Any]) -> list[Any]:
    """Refuse what a solver has closed over that differs between the examples of a running ``vmap``."""
    for x in tracers_in(leaves):
        level: Level = x.level
        if isinstance(level, BatchLevel):
            raise NeedsLoop(level, "a value that a solver closes over and")
    return leaves


# -- The public function ------------------------------------------------------------------------------------


def custom_linear_solve(
    matvec: Callable[[PyTree], PyTree],
    b: PyTree,
    solve: Callable[[Callable[[PyTree], PyTree], PyTree], Any],
    transpose_solve: Callable[[Callable[[PyTree], PyTree], PyTree], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """Solve ``matvec(x) = b`` with a solver of your own; the derivatives solve a linear system of the same kind.

    Parameters
    ----------
    matvec : callable
        A linear function, from a tree like `b` to a tree like `b`. The result is differentiable with respect to traced
        values that it closes over. If there are any, what it does may not depend on the values of its argument.
    b : pytree
        The right-hand side.
    solve : callable
        ``solve(matvec, b)`` returns the solution. It is not differentiated, and may be any Python code; it is called
        again to differentiate in forward mode.
    transpose_solve : callable, optional
        ``transpose_solve(vecmat, b)`` solves the transposed system: needed by reverse mode, unless `symmetric`.
    symmetric : bool
        Whether the matrix is equal to its transpose; `solve` then solves the transposed system, too.
    has_aux : bool
        Whether `solve` (and `transpose_solve`) return ``(x, aux)``. No derivative flows through `aux`.

    Returns
    -------
    x : pytree
        Like `b`.
    aux : pytree
        Only with `has_aux`.

    Raises
    ------
    TypeError, ValueError
        If `matvec` or a solver returns a tree that is not like `b`; in reverse mode, without a transposed solver.

    Notes
    -----
    Under ``vmap``, `solve` is called with batched values; if it cannot work with them, once for each example.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> def f(scale):
    ...     return fg.custom_linear_solve(lambda x: scale * x, np.array([1.0, 2.0]), fg.cg, symmetric=True)
    >>> fg.jacobian(f)(2.0)
    array([-0.25, -0.5 ])
    """
    vector, unravel = ravel(map(inexact, b))
    shapes = map(np.shape, b)

    def of_vector(v: Array) -> Array:
        return like_b("matvec", matvec(unravel(v)))

    def like_b(what: str, y: PyTree) -> Array:
        if flatten(y)[1] != flatten(b)[1] or map(np.shape, y) != shapes:
            raise ValueError(f"custom_linear_solve: {what} must return a tree like b, of shapes {shapes}, got {y!r:.200}")
        return ravel(y)[0]

    def on_vectors(name: str, solve: Callable[..., Any]) -> Solver:
        def run(product: Callable[[Array], Array], v: Array) -> tuple[Array, PyTree]:
            found = solve(lambda x: unravel(product(like_b("the argument of matvec", x))), unravel(v))
            x, aux = found if has_aux else (found, None)
            return like_b(name, x), aux

        return run

    function, constants = closed("custom_linear_solve: matvec", of_vector, constant_leaf(vector))
    forward = on_vectors("solve", solve)
    backward = forward if symmetric else None
    if transpose_solve is not None:
        backward = on_vectors("transpose_solve", transpose_solve)
    system = System(function, len(constants), forward, backward)
    x, *aux = solve_system(system, constants, vector)
    solution = present(unravel(x))
    return (solution, present(system.complete(aux))) if has_aux else solution


def inexact(leaf: Any) -> Any:
    """Return a leaf of the right-hand side as an array of floating or complex numbers."""
    if not is_array(leaf):
        raise TypeError(f"custom_linear_solve: b must hold arrays, got {leaf!r:.80}")
    leaf = as_array(leaf)
    return leaf if leaf.dtype.kind in "fc" else leaf.astype(float)
