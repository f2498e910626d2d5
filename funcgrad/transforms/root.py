"""Solvers whose results are differentiated implicitly: ``root``, ``fixed_point``, ``argmin``.

They make traced values that the user's function closes over arguments, and hand plain functions of one real vector to
the iterations: Newton's method with exact derivatives and a line search, and fixed-point iteration with Anderson's
acceleration (Walker and Ni, "Anderson acceleration for fixed-point iterations", 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.transforms.arguments import as_array, bare, is_array, opened
from funcgrad.transforms.capture import closed
from funcgrad.transforms.gradient import grad, stop_gradient
from funcgrad.transforms.implicit import coordinates, equations, implicit_diff
from funcgrad.transforms.jacobian import jacrev
from funcgrad.tree import map

__all__ = ["argmin", "fixed_point", "root"]

Solve = Callable[..., Any] | None
VectorFunction = Callable[[Array], Array]

SHORTEST = 2.0**-30  # of the fractions of a step that a line search tries


def root(
    residual: AnyFunction,
    init: PyTree,
    *params: PyTree,
    tol: float | None = None,
    maxiter: int = 100,
    solve: Solve = None,
) -> PyTree:
    """Solve ``residual(x, *params) = 0`` by Newton's method; differentiable with respect to the parameters.

    Parameters
    ----------
    residual : callable
        Written with NumPy; returns a pytree with as many elements as `x`. The solution is also differentiable with
        respect to traced values that it closes over.
    init : pytree
        Where to begin; the solution is like it.
    *params : pytree
        More arguments of `residual`.
    tol : float, optional
        The norm of the residual is at most this at the end; ``eps ** (2 / 3)`` by default, 4e-11 in double precision.
    maxiter : int
        How many steps at most.
    solve : callable, optional
        Solves the linear systems for the derivatives, as for :func:`implicit_diff`.

    Returns
    -------
    pytree
        Like `init`.

    Raises
    ------
    RuntimeError
        If the tolerance is not reached; the message states the norm of the residual.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> def square_root(a):
    ...     return fg.root(lambda x: x**2 - a, 1.0)
    >>> square_root(4.0), fg.grad(square_root)(4.0), fg.grad(fg.grad(square_root))(4.0)
    (np.float64(2.0), np.float64(0.25), np.float64(-0.03125))
    """
    start = map(inexact, init)
    function, constants = closed_over("root: the residual", residual, start, params)

    def root(init: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        u, to_tree = coordinates("root", init)
        of_vector = in_coordinates("root", lambda x: function(constants, x, *params), to_tree)
        return to_tree(newton(of_vector, u, tol, maxiter))

    def equation(x: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        return function(constants, x, *params)

    return implicit_diff(root, equation, solve=solve)(start, params, constants)


def fixed_point(
    f: AnyFunction,
    init: PyTree,
    *params: PyTree,
    tol: float | None = None,
    maxiter: int = 1000,
    anderson: int = 0,
    solve: Solve = None,
) -> PyTree:
    """Solve ``x = f(x, *params)`` by iteration; differentiable with respect to the parameters.

    Parameters
    ----------
    f : callable
        Returns a pytree like `x`. The solution is also differentiable with respect to traced values that it closes
        over.
    init, *params, solve
        As for :func:`root`.
    tol : float, optional
        The last step is at most this times the larger of 1 and the norm of `x`; ``eps ** (2 / 3)`` by default.
    maxiter : int
        How many steps at most.
    anderson : int
        From how many steps before the next one is extrapolated; 0 is plain iteration. A few make slow iterations fast,
        and let some converge that would not.

    Returns
    -------
    pytree
        Like `init`.

    Raises
    ------
    RuntimeError
        If the iteration has not converged; the message states the norm of the last step.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> x = fg.fixed_point(lambda x, a: np.cos(a * x), 0.5, 1.0)
    >>> dx = fg.grad(lambda a: fg.fixed_point(lambda x: np.cos(a * x), 0.5))(1.0)
    >>> x.round(4), dx.round(4)
    (np.float64(0.7391), np.float64(-0.2975))
    """
    start = map(inexact, init)
    function, constants = closed_over("fixed_point: the function", f, start, params)

    def fixed_point(init: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        u, to_tree = coordinates("fixed_point", init)
        step = in_coordinates("fixed_point", lambda x: function(constants, x, *params), to_tree)
        return to_tree(iterate(step, u, tol, maxiter, anderson))

    def equation(x: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        (images, structure), (xs, expected) = opened(function(constants, x, *params)), opened(x)
        if structure != expected:
            raise ValueError(
                f"fixed_point: f must return a tree like its argument, {expected}, but returned {structure}"
            )
        return [y - x for y, x in zip(images, xs, strict=True)]

    return implicit_diff(fixed_point, equation, solve=solve)(start, params, constants)


def argmin(
    objective: AnyFunction,
    init: PyTree,
    *params: PyTree,
    minimizer: AnyFunction | None = None,
    tol: float | None = None,
    maxiter: int = 100,
    solve: Solve = None,
) -> PyTree:
    """Minimize ``objective(x, *params)``; the minimizer is differentiable with respect to the parameters.

    Parameters
    ----------
    objective : callable
        Returns a real scalar. The result is also differentiable with respect to traced values that it closes over.
    init, *params, solve
        As for :func:`root`; the matrix of the linear systems is the Hessian.
    minimizer : callable, optional
        ``minimizer(objective, init)`` returns a minimizer of a function of `x` alone, for plain arrays. By default
        Newton's method with a line search.
    tol : float, optional
        The norm of the gradient is at most this at the end; ``eps ** (2 / 3)`` by default. For a `minimizer` of your
        own it is not checked.
    maxiter : int
        How many steps at most.

    Returns
    -------
    pytree
        Like `init`.

    Raises
    ------
    RuntimeError
        If the tolerance is not reached; the message states the norm of the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> data = np.array([1.0, 2.0, 6.0])
    >>> def shrunken_mean(weight):
    ...     return fg.argmin(lambda m: np.sum((data - m) ** 2) + weight * m**2, 0.0)
    >>> shrunken_mean(0.0).round(6), fg.grad(shrunken_mean)(0.0).round(6)
    (np.float64(3.0), np.float64(-1.0))
    """
    start = map(inexact, init)
    function, constants = closed_over("argmin: the objective", objective, start, params)

    def argmin(init: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        def of_x(x: PyTree) -> Any:
            return function(constants, x, *params)

        if minimizer is not None:
            return minimizer(of_x, init)
        u, to_tree = coordinates("argmin", init)
        return to_tree(descend(lambda u: of_x(to_tree(u)), u, tol, maxiter))

    def stationary(x: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        return bare(grad(lambda x: function(constants, x, *params))(x))

    return implicit_diff(argmin, stationary, solve=solve)(start, params, constants)


def closed_over(name: str, f: AnyFunction, init: PyTree, params: tuple[Any, ...]) -> Any:
    """Return `f` as a function of the traced values that it closes over too, and these."""
    return closed(name, f, stop_gradient(init), *stop_gradient(params))


def inexact(leaf: Any) -> Any:
    """Return a number of the initial guess as a floating or complex one."""
    leaf = as_array(leaf) if is_array(leaf) else leaf
    return leaf.astype(float) if is_array(leaf) and leaf.dtype.kind in "biu" else leaf


def in_coordinates(name: str, f: AnyFunction, to_tree: Callable[[Array], PyTree]) -> VectorFunction:
    """Return `f` from real vectors to real vectors."""
    return lambda u: equations(name, f(to_tree(u)), u.size)


# -- Iterations ----------------------------------------------------------------------------------------------


def tolerance(tol: float | None, u: Array) -> float:
    return float(np.finfo(u.dtype).eps) ** (2 / 3) if tol is None else tol


def check(name: str, what: str, norm: Any, limit: float) -> None:
    """Raise if an iteration has ended too far away; also if the norm is nan."""
    if not norm <= limit:
        raise RuntimeError(
            f"{name} has not converged: the norm of {what} is {norm:.3g}, and should be at most {limit:.3g}. Begin "
            "closer to the solution, allow more steps (maxiter), or a larger norm (tol)."
        )


def newton(f: VectorFunction, u: Array, tol: float | None, maxiter: int) -> Array:
    """Newton's method, each step halved until it reduces the residual; once converged, one more step for accuracy."""
    limit = tolerance(tol, u)
    r = f(u)
    for _ in range(maxiter):
        norm = np.linalg.norm(r)
        step = -solved(bare(jacrev(f)(u)), r)
        t, moved = 1.0, u + step
        while not np.linalg.norm(next_r := f(moved)) <= (1 - 1e-4 * t) * norm and t > SHORTEST:
            t, moved = t / 2, u + t / 2 * step
        if np.linalg.norm(next_r) < norm:
            u, r = moved, next_r
        elif t <= SHORTEST:
            break
        if norm <= limit:
            break
    check("root", "the residual", np.linalg.norm(r), limit)
    return u


def solved(matrix: Array, rhs: Array) -> Array:
    try:
        return np.linalg.solve(matrix, rhs)
    except np.linalg.LinAlgError:  # the direction of least squares leads down, too
        return np.linalg.lstsq(matrix, rhs)[0]


def descend(objective: VectorFunction, u: Array, tol: float | None, maxiter: int) -> Array:
    """Newton's method for a minimum, each step halved until it is one downwards."""
    limit = tolerance(tol, u)
    derive = grad(objective)

    def slope(u: Array) -> Array:
        g: Array = bare(derive(u))
        return g

    g = slope(u)
    for _ in range(maxiter):
        norm, value = np.linalg.norm(g), objective(u)
        step = -downhill(bare(jacrev(slope)(u)), g)
        t, moved = 1.0, u + step
        while not (
            objective(moved) <= value + 1e-4 * t * (g @ step)
            or (np.linalg.norm(slope(moved)) < norm / 2 and np.isclose(objective(moved), value))  # below rounding
        ):
            if t <= SHORTEST:
                break
            t, moved = t / 2, u + t / 2 * step
        else:
            u, g = moved, slope(moved)
        if norm <= limit or t <= SHORTEST:
            break
    check("argmin", "the gradient", np.linalg.norm(g), limit)
    return u


def downhill(hessian: Array, g: Array) -> Array:
    """Solve with the Hessian; its eigenvalues are made positive, so that the opposite direction leads down."""
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    values = abs(values)
    least = float(np.finfo(g.dtype).eps) ** 0.5 * float(values.max())
    sizes = np.maximum(values, least or 1.0)
    return vectors @ ((vectors.T @ g) / sizes)


def iterate(f: VectorFunction, u: Array, tol: float | None, maxiter: int, memory: int) -> Array:
    """Iterate, extrapolating from the last `memory` steps."""
    limit, norm = tolerance(tol, u), np.inf
    history: list[tuple[Array, Array]] = []
    for _ in range(maxiter):
        image = f(u)
        step = image - u
        norm = float(np.linalg.norm(step)) / max(1.0, float(np.linalg.norm(u)))
        if norm <= limit:
            return image
        history = [*history, (image, step)][-(memory + 1) :]
        u = extrapolated(history) if memory else image
    check("fixed_point", "the last step", norm, limit)
    return u


def extrapolated(history: list[tuple[Array, Array]]) -> Array:
    """Combine images with the weights, summing to one, that make the combined step shortest."""
    images, steps = (np.stack(column, axis=1) for column in zip(*history, strict=True))
    if len(history) == 1:
        return images[:, 0]
    weights = np.linalg.lstsq(np.diff(steps, axis=1), steps[:, -1])[0]
    return images[:, -1] - np.diff(images, axis=1) @ weights
