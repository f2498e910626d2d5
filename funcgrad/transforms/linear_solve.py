"""Linear systems: their solution is differentiated by solving two more, whatever finds it.

1. :class:`System`: a matrix, given by its product with a vector, and what solves it and its transpose.
2. :class:`LinearSolve`: its solution as a primitive.
3. The public function: :func:`custom_linear_solve`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array, PyTree
from funcgrad.core.level import plain, tracers_in, zeros
from funcgrad.core.primitive import Frame, Primitive
from funcgrad.core.space import space_of
from funcgrad.transforms.arguments import as_array, bare, is_array, opened, present
from funcgrad.transforms.batch import vmap
from funcgrad.transforms.capture import closed
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import stop_gradient, vjp
from funcgrad.tree import flatten, map, ravel

__all__ = ["LinearSolve", "System", "custom_linear_solve"]

# -- One system ------------------------------------------------------------------------------------------

#: ``product(constants, v)``.
Product = Callable[[Sequence[Any], Array], Array]
#: From constants and a right-hand side to the solution, and what else is returned.
Solver = Callable[[Sequence[Any], Array], tuple[Array, PyTree]]


class SolverCloses(TypeError):
    """A solver has returned traced values for plain ones: it closes over something that it should be given."""


class System:
    """A linear system for vectors, and what solves it and its transpose.

    Parameters
    ----------
    matvec, vecmat : callable
        Products with the matrix and its transpose.
    count : int
        Of how many constants, the first ones, the matrix is a function; solvers may read more.
    solver : callable
    transposed_solver : callable, optional
    """

    def __init__(
        self, matvec: Product, vecmat: Product, count: int, solver: Solver, transposed_solver: Solver | None
    ) -> None:
        self.matvec = matvec
        self.vecmat = vecmat
        self.count = count
        self.solver = solver
        self.transposed_solver = transposed_solver
        self.aux: Any = None  # structure and leaves of what else was returned; the arrays are None

    def compute(self, constants: Sequence[Any], b: Array) -> list[Any]:
        """Return the solution and the arrays among the rest."""
        x, aux = self.solver(constants, b)
        leaves, structure = flatten(aux)
        if self.aux is None:  # later calls are those of derivatives
            self.aux = structure, [None if is_array(leaf) else leaf for leaf in leaves]
        return [as_array(leaf) for leaf in (x, *leaves) if is_array(leaf)]

    def transposed(self) -> System:
        if self.transposed_solver is None:
            raise TypeError(
                "custom_linear_solve: reverse mode solves the transposed system; pass transpose_solve or symmetric=True"
            )
        return System(self.vecmat, self.matvec, self.count, self.transposed_solver, self.solver)

    def complete(self, arrays: Iterable[Any]) -> PyTree:
        """Return what else was returned, given the arrays in it."""
        structure, leaves = self.aux
        rest = iter(arrays)
        return structure.unflatten([next(rest) if leaf is None else leaf for leaf in leaves])


def pulled(product: Product) -> Product:
    """Return the product with the transposed matrix."""
    return lambda constants, w: bare(vjp(lambda v: product(constants, v), zeros(space_of(w), w))[1](w)[0])


class BatchedSystem(System):
    """Many systems, one for each example."""

    def __init__(self, inner: System, flags: Sequence[bool], size: int) -> None:
        options: Any = {"in_axes": ([0 if flag else None for flag in flags], 0), "axis_size": size}
        mapped = vmap(inner.matvec, **options)

        def matvec(constants: Sequence[Any], v: Array) -> Array:
            y: Array = bare(mapped(constants, v))
            return y

        super().__init__(matvec, inner.vecmat, inner.count, inner.solver, inner.transposed_solver)
        self.inner = inner
        self.flags = flags
        self.size = size
        self.options = options

    def compute(self, constants: Sequence[Any], b: Array) -> list[Any]:
        found: list[Any] = bare(vmap(self.inner.compute, **self.options)(list(constants), b))
        return found

    def transposed(self) -> System:
        return BatchedSystem(self.inner.transposed(), self.flags, self.size)


# -- Its solution as a primitive -----------------------------------------------------------------------------


class LinearSolve(Primitive):
    """The solution of a system, as a function of its right-hand side and its constants."""

    arity = None

    def __init__(self) -> None:
        super().__init__(compute_solution, (), name="custom_linear_solve", own=True, batch=batch_solve)

    def differentiable(self, i: int) -> bool:
        return True

    def reads(self, wanted: list[int]) -> tuple[set[int] | None, bool]:
        return None, True

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        """From ``A x = b`` follows ``A dx = db - dA x``."""
        b, *constants = call.xs
        x, *aux = call.y
        rhs = zeros(space_of(b), b) if tangents[0] is None else tangents[0]
        system: System = call.params["system"]
        moved = [i for i, dc in enumerate(tangents[1 : 1 + system.count]) if dc is not None]
        if moved:
            of_moved = varying(system, constants, moved, x)
            xs, dxs = (tuple([values[i] for i in moved]) for values in (constants, tangents[1:]))
            rhs = rhs - bare(jvp(of_moved, xs, dxs)[1])
        return solve_system(system, constants, rhs)[0], *[None] * len(aux)

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        """With ``A.T w = gx``: ``gb = w``, and ``gA`` is that of ``-A x`` for the cotangent ``w``."""
        _, *constants = call.xs
        system: System = call.params["system"]
        w = solve_system(system.transposed(), constants, g[0])[0]
        yield 0, w
        moved = [i for i, link in enumerate(call.links[1 : 1 + system.count]) if link is not None]
        if moved:
            value, pullback = vjp(varying(system, constants, moved, call.y[0]), *[constants[i] for i in moved])
            yield from zip([1 + i for i in moved], bare(pullback(-w.astype(value.dtype))), strict=True)


def varying(system: System, constants: list[Any], moved: list[int], x: Array) -> Callable[..., Array]:
    """Return the product with `x` as a function of some of the constants."""

    def product(*new: Any) -> Array:
        changed = list(constants)
        for i, c in zip(moved, new, strict=True):
            changed[i] = c
        return system.matvec(changed, x)

    return product


def compute_solution(b: Array, *constants: Any, system: System) -> tuple[Any, ...]:
    found = system.compute(constants, b)
    if tracers_in(found):
        raise SolverCloses(
            "custom_linear_solve: transpose_solve closes over a traced value, but solve does not. Pass "
            "funcgrad.stop_gradient of it: solvers are not differentiated."
        )
    return tuple(found)


def batch_solve(primitive: Any, xs: Sequence[Array], flags: Sequence[bool], params: Any, size: int) -> Any:
    b = xs[0] if flags[0] else np.broadcast_to(xs[0], (size, *xs[0].shape))
    return tuple(solve_system(BatchedSystem(params["system"], flags[1:], size), xs[1:], b))


def solve_system(system: System, constants: Sequence[Any], b: Array) -> Any:
    """Return the solution, followed by the arrays of what else the solver returned."""
    return SOLVE.bind((b, *constants), {"system": system})


SOLVE = LinearSolve()


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
        again to differentiate in forward mode. What it closes over may be traced if what it does does not depend on
        values (Krylov methods do: they stop when converged); pass ``funcgrad.stop_gradient`` of it otherwise.
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

    def of_vector(v: Array) -> Array:
        return flat_like("the output of matvec", matvec(unravel(v)), b)

    def check(y: Array) -> None:
        if bool((plain(y) != 0).any()):
            raise TypeError(f"custom_linear_solve: matvec is not linear: at zero it is not zero, but {plain(y)!r:.100}")

    def run(name: str, solve: Callable[..., Any], product: Callable[[Array], Array], v: Array) -> tuple[Array, PyTree]:
        found = solve(lambda x: unravel(product(flat_like("the argument of matvec", x, b))), unravel(v))
        x, aux = found if has_aux else (found, None)
        return flat_like(f"what {name} returns", x, b), aux

    origin = zeros(space_of(vector), vector)
    product, constants = closed("custom_linear_solve: matvec", of_vector, origin, check=check)
    forward = functools.partial(run, "solve", solve)
    backward = forward if symmetric else None
    if transpose_solve is not None:
        backward = functools.partial(run, "transpose_solve", transpose_solve)
    system = system_of(product, len(constants), forward, backward, symmetric)
    try:
        x, *aux = solve_system(system, constants, vector)
    except SolverCloses:
        system, constants = closed_system(system, constants, forward, backward, stop_gradient(vector))
        x, *aux = solve_system(system, constants, vector)
    solution = present(unravel(x))
    return (solution, present(system.complete(aux))) if has_aux else solution


def flat_like(what: str, y: PyTree, b: PyTree) -> Array:
    """Return a tree like `b` as a vector; a tensor may stand where `b` has an array."""
    (leaves, structure), (expected, expected_structure) = opened(y), opened(b)
    shapes = [np.shape(leaf) for leaf in expected]
    if structure != expected_structure or [np.shape(leaf) for leaf in leaves] != shapes:
        raise ValueError(f"custom_linear_solve: {what} must be a tree like b, of shapes {shapes}, got {y!r:.200}")
    return ravel(y)[0]


def system_of(product: Product, count: int, forward: Any, backward: Any, symmetric: bool) -> System:
    """Make a system of a product and two solvers, which take a product with a vector alone."""

    def matvec(constants: Sequence[Any], v: Array) -> Array:
        return product(constants[:count], v)

    def bound(solve: Any, product: Product) -> Solver:
        return lambda constants, v: solve(functools.partial(product, constants), v)

    vecmat = matvec if symmetric else pulled(matvec)
    transposed_solver = None if backward is None else bound(backward, vecmat)
    return System(matvec, vecmat, count, bound(forward, matvec), transposed_solver)


def closed_system(
    system: System, constants: list[Any], forward: Any, backward: Any, b: Array
) -> tuple[System, list[Any]]:
    """Make what the solvers close over constants, too."""
    everything = list(constants)

    def close(name: str, solve: Any, product: Product) -> Solver:
        function, more = closed(name, lambda v: solve(lambda u: product(constants, u), v), b)
        places = slice(len(everything), len(everything) + len(more))
        everything.extend(more)
        return lambda constants, v: function(constants[places], v)

    solver = close("custom_linear_solve: solve", forward, system.matvec)
    transposed = None
    if backward is not None:
        transposed = close("custom_linear_solve: transpose_solve", backward, system.vecmat)
    return System(system.matvec, system.vecmat, system.count, solver, transposed), everything


def inexact(leaf: Any) -> Any:
    """Return a leaf of the right-hand side as an array of floating or complex numbers."""
    if not is_array(leaf):
        raise TypeError(f"custom_linear_solve: b must hold arrays, got {leaf!r:.80}")
    leaf = as_array(leaf)
    return leaf if leaf.dtype.kind in "fc" else leaf.astype(float)
