"""Iterative solvers of linear systems that need only products with the matrix: ``cg`` and ``gmres``.

Saad, "Iterative methods for sparse linear systems" (2003), chapters 6 and 9. Their results are differentiated by
solving linear systems again (:mod:`funcgrad.transforms.linear_solve`), not through the iterations.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array, PyTree
from funcgrad.core.level import plain
from funcgrad.transforms.linear_solve import custom_linear_solve
from funcgrad.tree import leaves, ravel

__all__ = ["cg", "gmres"]

Product = Callable[[Array], Array]


def cg(
    A: Callable[[PyTree], PyTree],
    b: PyTree,
    x0: PyTree | None = None,
    *,
    tol: float = 1e-10,
    atol: float = 0.0,
    maxiter: int | None = None,
    M: Callable[[PyTree], PyTree] | None = None,
) -> PyTree:
    """Solve a linear system with a symmetric (Hermitian) positive definite matrix by conjugate gradients.

    The result is differentiable with respect to `b` and what `A` closes over, in both modes, at the cost of one more
    solution for each derivative.

    Parameters
    ----------
    A : callable
        The product of the matrix with a tree like `b`.
    b : pytree
        The right-hand side.
    x0 : pytree, optional
        Where to begin; zero by default.
    tol, atol : float
        The norm of the residual is at most ``max(tol * norm(b), atol)`` at the end.
    maxiter : int, optional
        How many iterations at most; ten times the number of unknowns by default.
    M : callable, optional
        A preconditioner: an approximation of the inverse matrix, symmetric positive definite, too.

    Returns
    -------
    pytree
        Like `b`.

    Warns
    -----
    RuntimeWarning
        If the tolerance is not reached.

    Notes
    -----
    ``jax.scipy.sparse.linalg.cg`` returns a pair, and stops at ``tol=1e-5``; here only the solution is returned, so
    that the function can be given where a solver is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> A = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> fg.cg(lambda x: A @ x, np.array([3.0, 4.0])).round(6)
    array([1., 1.])
    """
    iterate = functools.partial(conjugate_gradients, tol=tol, atol=atol, maxiter=maxiter)
    solve = functools.partial(on_vectors, iterate, x0=x0, M=M)
    real = not any(np.iscomplexobj(plain(leaf)) for leaf in leaves(b))
    return custom_linear_solve(A, b, solve, functools.partial(on_vectors, iterate), symmetric=real)


def gmres(
    A: Callable[[PyTree], PyTree],
    b: PyTree,
    x0: PyTree | None = None,
    *,
    tol: float = 1e-10,
    atol: float = 0.0,
    restart: int = 20,
    maxiter: int | None = None,
    M: Callable[[PyTree], PyTree] | None = None,
) -> PyTree:
    """Solve a linear system with any invertible matrix by the method of generalized minimal residuals.

    Parameters
    ----------
    A, b, x0, tol, atol
        As for :func:`cg`.
    restart : int
        After how many products the Krylov space is begun anew, which bounds the memory.
    maxiter : int, optional
        How many times at most; ten times the number of unknowns by default.
    M : callable, optional
        A preconditioner: an approximation of the inverse matrix. It is not used for the transposed system.

    Returns
    -------
    pytree
        Like `b`; differentiable as that of :func:`cg`.

    Warns
    -----
    RuntimeWarning
        If the tolerance is not reached.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> A = np.array([[2.0, 1.0], [0.0, 3.0]])
    >>> fg.gmres(lambda x: A @ x, np.array([3.0, 3.0])).round(6)
    array([1., 1.])
    """
    iterate = functools.partial(minimal_residuals, tol=tol, atol=atol, maxiter=maxiter, restart=restart)
    solve = functools.partial(on_vectors, iterate, x0=x0, M=M)
    return custom_linear_solve(A, b, solve, functools.partial(on_vectors, iterate))


def on_vectors(
    iterate: Callable[..., Array],
    A: Callable[[PyTree], PyTree],
    b: PyTree,
    x0: PyTree | None = None,
    M: Callable[[PyTree], PyTree] | None = None,
) -> PyTree:
    """Run an iteration for vectors on trees."""
    vector, unravel = ravel(b)

    def flat(function: Callable[[PyTree], PyTree]) -> Product:
        return lambda v: ravel(function(unravel(v)))[0]

    start = np.zeros_like(vector) if x0 is None else ravel(x0)[0]
    return unravel(iterate(flat(A), vector, start, flat(M) if M else lambda v: v))


def limit_of(b: Array, tol: float, atol: float) -> Any:
    """Return what the norm of the residual should come down to, as far as rounding allows."""
    return max(max(tol, 10 * float(np.finfo(b.dtype).eps)) * np.linalg.norm(b), atol)


def conjugate_gradients(
    product: Product, b: Array, x: Array, precondition: Product, *, tol: float, atol: float, maxiter: int | None
) -> Array:
    limit = limit_of(b, tol, atol)
    r = b - product(x)
    z = precondition(r)
    p, rz = z, np.vdot(r, z)
    for _ in range(10 * b.size if maxiter is None else maxiter):
        if np.linalg.norm(r) <= limit:
            return x
        q = product(p)
        step = rz / np.vdot(p, q)
        x, r = x + step * p, r - step * q
        z = precondition(r)
        before, rz = rz, np.vdot(r, z)
        p = z + rz / before * p
    warn("cg", np.linalg.norm(r), limit)
    return x


def minimal_residuals(
    product: Product,
    b: Array,
    x: Array,
    precondition: Product,
    *,
    tol: float,
    atol: float,
    maxiter: int | None,
    restart: int,
) -> Array:
    limit = limit_of(b, tol, atol)
    for _ in range(10 * b.size if maxiter is None else maxiter):
        r = b - product(x)
        if np.linalg.norm(r) <= limit:
            return x
        x = x + correction(product, precondition, r, min(restart, b.size))
    warn("gmres", np.linalg.norm(b - product(x)), limit)
    return x


def correction(product: Product, precondition: Product, r: Array, count: int) -> Array:
    """Minimize the residual over a Krylov space of `count` dimensions, preconditioned from the right."""
    size = np.linalg.norm(r)
    basis: list[Array] = [r / size]
    moved: list[Array] = []
    images: list[Array] = []
    for _ in range(count):
        moved.append(precondition(basis[-1]))
        images.append(product(moved[-1]))
        w = images[-1]
        for _ in range(2):  # the second time removes what rounding has left
            for v in basis:
                w = w - np.vdot(v, w) * v
        length = np.linalg.norm(w)
        if length <= 1e-14 * np.linalg.norm(images[-1]):
            break  # the space contains the solution
        basis.append(w / length)
    return np.stack(moved, axis=1) @ np.linalg.lstsq(np.stack(images, axis=1), r)[0]


def warn(name: str, norm: Any, limit: Any) -> None:
    warnings.warn(
        f"{name} did not reach its tolerance: the norm of the residual is {norm:.3g}, not {limit:.3g}. The solution, "
        "and derivatives computed with it, are inaccurate.",
        RuntimeWarning,
        stacklevel=2,
    )
