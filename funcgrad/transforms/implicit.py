"""Implicit differentiation: derivatives of the solution of an equation, whatever has solved it.

Where ``residual(x, *params) = 0`` determines `x`, ``dx = -(dR/dx)^-1 dR`` (the implicit function theorem). Krantz and
Parks, "The implicit function theorem" (2002); Blondel et al., "Efficient and modular implicit differentiation" (2022).

1. :class:`Equation`: the residual in real coordinates, and the solver.
2. :class:`Solution`: its solution as a primitive. The rules are written with ``jvp`` and ``vjp`` of the residual at the
   solution, so they can be differentiated again.
3. The public function: :func:`implicit_diff`. Solvers are in :mod:`funcgrad.transforms.root`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.level import Shell, tracers_in
from funcgrad.core.primitive import Frame, Primitive
from funcgrad.transforms.arguments import Transformed, as_array, bare, is_array, is_shell, present
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import stop_gradient, vjp
from funcgrad.transforms.jacobian import jacfwd, jacrev
from funcgrad.transforms.linear_solve import custom_linear_solve
from funcgrad.transforms.linearize import linearize
from funcgrad.tree import Structure, flatten, flatten_with_paths, map, ravel

__all__ = ["coordinates", "equations", "implicit_diff"]

# -- An equation -----------------------------------------------------------------------------------------


def coordinates(name: str, tree: PyTree) -> tuple[Array, Callable[[Array], PyTree]]:
    """Return the real numbers that `tree` consists of, as one vector, and how to make such a tree of them.

    A complex number is two: a residual need not be holomorphic.
    """
    for path, leaf in flatten_with_paths(tree):
        if not is_array(leaf) or as_array(leaf).dtype.kind not in "fc":
            raise TypeError(f"{name}: x must hold real or complex numbers, got {leaf!r:.80} at {path or 'x'}")
    vector, unravel = ravel(tree)
    if vector.dtype.kind != "c":
        return vector, unravel
    size = vector.size
    return parts(vector), lambda u: unravel(u[:size] + 1j * u[size:])


def equations(name: str, tree: PyTree, count: int) -> Array:
    """Return the real numbers in what a residual returned, as one vector of `count` elements."""
    vector = ravel(tree)[0]
    if vector.dtype.kind == "c":
        vector = parts(vector)
    if vector.size != count:
        raise ValueError(
            f"{name}: there must be as many equations as unknowns, but there are {vector.size} equations, and x has "
            f"{count} elements (a complex number counts as two)"
        )
    return vector


def parts(vector: Array) -> Array:
    return np.concatenate([np.real(vector), np.imag(vector)])


class Equation:
    """``residual(x, *args, **kwargs) = 0``, and ``solver(init, *args, **kwargs)``, which finds `x`."""

    def __init__(
        self,
        solver: AnyFunction,
        residual: AnyFunction,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        has_aux: bool,
        solve: Callable[..., Any] | None,
    ) -> None:
        self.name: str = getattr(solver, "__name__", repr(solver))
        self.solver = solver
        self.residual = residual
        self.has_aux = has_aux
        self.solve = solve
        self.leaves, self.structure = flatten((args, kwargs))
        self.places = [i for i, leaf in enumerate(self.leaves) if is_array(leaf)]
        self.arrays = [as_array(self.leaves[i]) for i in self.places]
        #: How many of the arrays belong to the initial guess, on which the solution does not depend.
        self.initial = sum(map_is_array(args[0])) if args else 0

    structure: Structure
    to_tree: Callable[[Array], PyTree]  # of the last solution
    aux: tuple[Structure, list[Any]]

    def arguments(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        leaves = list(self.leaves)
        for i, x in zip(self.places, arrays, strict=True):
            leaves[i] = x
        found: Any = self.structure.unflatten(leaves)
        return found[0], found[1]

    def compute(self, *arrays: Any) -> tuple[Any, ...]:
        """Call the solver on plain arrays; return the solution's coordinates and the arrays in `aux`."""
        args, kwargs = self.arguments(arrays)
        found = self.solver(*args, **kwargs)
        if self.has_aux and (not isinstance(found, tuple) or len(found) != 2):
            raise TypeError(f"{self.name}: with has_aux=True the solver must return a pair (x, aux)")
        x, aux = found if self.has_aux else (found, None)
        u, self.to_tree = coordinates(self.name, x)
        leaves, structure = flatten(aux)
        self.aux = structure, [None if is_array(leaf) else leaf for leaf in leaves]
        self.refuse_tracers("the solver", u)
        self.refuse_tracers("the residual", self.at(u, arrays))
        return u, *[as_array(leaf) for leaf in leaves if is_array(leaf)]

    def refuse_tracers(self, what: str, y: Any) -> None:
        for x in tracers_in(y):
            raise TypeError(
                f"{self.name}: {what} was called with plain arrays and returned a traced value, of shape "
                f"{x.space.shape}. "
                "It closes over a value that is being differentiated or mapped over: make that an argument."
            )

    def at(self, u: Array, arrays: Sequence[Any]) -> Array:
        """Return the residual's coordinates."""
        args, kwargs = self.arguments(arrays)
        return equations(self.name, self.residual(self.to_tree(u), *args[1:], **kwargs), u.size)

    def solved(self, u: Array, arrays: Sequence[Any], rhs: Array, transposed: bool) -> Array:
        """Solve ``dR/dx v = rhs``, or the transposed equations."""

        def f(u: Array) -> Array:
            return self.at(u, arrays)

        if self.solve is not None:
            product: Any = pulled(f, u) if transposed else linearize(f, u)[1]
            solution: Array = bare(custom_linear_solve(product, rhs, self.solve, self.solve))
            return solution
        matrix = bare(jacrev(f)(u)).T if transposed else bare(jacfwd(f)(u))
        try:
            return np.linalg.solve(matrix, rhs)
        except np.linalg.LinAlgError as error:
            error.add_note(f"{self.name}: at the solution dR/dx is singular, so the solution has no derivative there.")
            raise

    def complete(self, arrays: Iterable[Any]) -> PyTree:
        """Return `aux`, given the arrays in it."""
        structure, leaves = self.aux
        rest = iter(arrays)
        return structure.unflatten([next(rest) if leaf is None else leaf for leaf in leaves])


def map_is_array(tree: PyTree) -> list[bool]:
    return [is_array(leaf) for leaf in flatten(tree)[0]]


def pulled(f: AnyFunction, u: Array) -> Callable[[Array], Array]:
    pullback = vjp(f, u)[1]
    return lambda w: pullback(w)[0]


# -- Its solution as a primitive ---------------------------------------------------------------------------


class Solution(Primitive):
    """The solution of an equation, as a function of the arrays among its arguments."""

    arity = None

    def __init__(self) -> None:
        super().__init__(compute_solution, (), name="implicit_diff", own=True)

    def differentiable(self, i: int) -> bool:
        return True

    def reads(self, wanted: list[int]) -> tuple[set[int] | None, bool]:
        return None, True

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        u, *aux = call.y
        moved = [i for i, dx in enumerate(tangents) if dx is not None]
        equation: Equation = call.params["equation"]
        of_moved = varying(call, moved)
        dr = bare(jvp(of_moved, tuple(call.xs[i] for i in moved), tuple(tangents[i] for i in moved))[1])
        return -equation.solved(u, call.xs, dr, transposed=False), *[None] * len(aux)

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        moved = [i for i, link in enumerate(call.links) if link is not None]
        r, pullback = vjp(varying(call, moved), *[call.xs[i] for i in moved])
        equation: Equation = call.params["equation"]
        w = equation.solved(call.y[0], call.xs, g[0], transposed=True)
        return zip(moved, bare(pullback(-w.astype(r.dtype))), strict=True)


def varying(call: Frame, moved: list[int]) -> Callable[..., Array]:
    """Return the residual at the solution as a function of some of the arrays."""
    equation: Equation = call.params["equation"]

    def residual(*new: Any) -> Array:
        arrays = list(call.xs)
        for i, x in zip(moved, new, strict=True):
            arrays[i] = x
        return equation.at(call.y[0], arrays)

    return residual


def compute_solution(*arrays: Any, equation: Equation) -> tuple[Any, ...]:
    return equation.compute(*arrays)


SOLUTION = Solution()


# -- The public function -----------------------------------------------------------------------------------


def implicit_diff(
    solver: AnyFunction,
    residual: AnyFunction,
    *,
    has_aux: bool = False,
    solve: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Make a solver differentiable by the implicit function theorem.

    Parameters
    ----------
    solver : callable
        ``solver(init, *args, **kwargs)`` returns `x`, a pytree of real or complex arrays. It may be any Python code:
        it is called with plain arrays, and never differentiated.
    residual : callable
        ``residual(x, *args, **kwargs)`` is zero at the solution: a pytree with as many elements as `x`. Of a minimizer,
        it is ``funcgrad.grad(objective)``. It is differentiated, and so is written with NumPy.
    has_aux : bool
        Whether the solver returns ``(x, aux)``. No derivative flows through `aux`.
    solve : callable, optional
        ``solve(matvec, b)`` solves the linear systems for the derivatives, without the matrix: :func:`~funcgrad.gmres`,
        or :func:`~funcgrad.cg` where ``dR/dx`` is symmetric positive definite, as at a minimum. It sees vectors: the
        elements of `x`, the real parts before the imaginary ones. By default the matrix is built and factorized.

    Returns
    -------
    callable
        Called as `solver` is, and returns what it returns. Differentiable in both modes and to any order with respect
        to all arguments but the first, which is the initial guess.

    Raises
    ------
    TypeError
        If solver or residual close over traced values: make these arguments.
    ValueError
        If there are more or fewer equations than unknowns.
    numpy.linalg.LinAlgError
        When differentiated, if ``dR/dx`` is singular at the solution.

    Notes
    -----
    The derivative is that of the exact solution near `x`: it is as accurate as the solver. Under ``vmap`` the solver is
    called once for each example.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> def bisect(init, a):
    ...     low, high = 0.0, 10.0
    ...     for _ in range(60):
    ...         middle = (low + high) / 2
    ...         low, high = (middle, high) if middle**3 < a else (low, middle)
    ...     return low
    >>> cube_root = fg.implicit_diff(bisect, lambda x, a: x**3 - a)
    >>> fg.grad(cube_root, argnums=1)(None, 8.0).round(6)
    np.float64(0.083333)
    """
    if not callable(residual):
        raise TypeError(f"implicit_diff: expected a function as the residual, got {residual!r}")
    return Transformed(apply_implicit, solver, {"residual": residual, "has_aux": has_aux, "solve": solve})


def apply_implicit(
    solver: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    residual: AnyFunction,
    has_aux: bool,
    solve: Callable[..., Any] | None,
) -> Any:
    equation = Equation(solver, residual, args, kwargs, has_aux, solve)
    arrays = [x if i >= equation.initial else stop_gradient(x) for i, x in enumerate(equation.arrays)]
    u, *aux = SOLUTION.bind(tuple(arrays), {"equation": equation})
    x = present(equation.to_tree(u))
    given: Any = next((leaf for leaf in flatten((args, kwargs), is_shell)[0] if isinstance(leaf, Shell)), None)
    if given is not None:  # of tensors, the solution is one, whatever the solver has made of them
        wrap = flatten(given)[1].unflatten
        x = map(
            lambda leaf: leaf if isinstance(leaf, Shell) or not is_array(leaf) else wrap([leaf]), x, is_leaf=is_shell
        )
    return (x, present(equation.complete(aux))) if has_aux else x
