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
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.capture import closed
from funcgrad.transforms.gradient import grad, stop_gradient
from funcgrad.transforms.implicit import coordinates, implicit_diff
from funcgrad.transforms.jacobian import jacfwd
from funcgrad.tree import flatten, map

__all__ = ["argmin", "fixed_point", "root"]

Solve = Callable[..., Any] | None
VectorFunction = Callable[[Array], Array]


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
        return to_tree(newton(in_coordinates(lambda x: function(constants, x, *params), to_tree), u, tol, maxiter))

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
    >>> x.round(6), dx.round(6)
    (np.float64(0.739085), np.float64(-0.297477))
    """
    start = map(inexact, init)
    function, constants = closed_over("fixed_point: the function", f, start, params)

    def fixed_point(init: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        u, to_tree = coordinates("fixed_point", init)
        step = in_coordinates(lambda x: function(constants, x, *params), to_tree)
        return to_tree(iterate(step, u, tol, maxiter, anderson))

    def equation(x: PyTree, params: tuple[Any, ...], constants: list[Any]) -> PyTree:
        return map(lambda y, x: y - x, function(constants, x, *params), x)

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
        return grad(lambda x: function(constants, x, *params))(x)

    return implicit_diff(argmin, stationary, solve=solve)(start, params, constants)


def closed_over(name: str, f: AnyFunction, init: PyTree, params: tuple[Any, ...]) -> Any:
    """Return `f` as a function of the traced values that it closes over too, and these."""
    return closed(name, f, stop_gradient(init), *stop_gradient(params))


def inexact(leaf: Any) -> Any:
    """Return a number of the initial guess as a floating or complex one."""
    leaf = as_array(leaf) if is_array(leaf) else leaf
    return leaf.astype(float) if is_array(leaf) and leaf.dtype.kind in "biu" else leaf


def in_coordinates(f: AnyFunction, to_tree: Callable[[Array], PyTree]) -> VectorFunction:
    """Return `f` from real vectors to real vectors."""

    def function(u: Array) -> Array:
        x = to_tree(u)
        y = f(x)
        if flatten(y)[1] != flatten(x)[1]:  # any tree of as many elements will do
            return vector_of(flatten(y)[0], u)
        return vector_of(y, u)

    return function


def vector_of(y: PyTree, u: Array) -> Array:
    leaves = [np.ravel(as_array(leaf)) for leaf in flatten(y)[0]]
    vector = np.concatenate(leaves)
    if vector.size == u.size:
        return vector
    vector = np.concatenate([np.real(vector), np.imag(vector)])
    if vector.size != u.size:
        raise ValueError(f"there must be as many equations as unknowns, got {len(leaves)} arrays for {u.size} numbers")
    return vector


# -- Iterations ----------------------------------------------------------------------------------------------


def tolerance(tol: float | None, u: Array) -> float:
    return float(np.finfo(u.dtype).eps) ** (2 / 3) if tol is None else tol
