"""Factorizations: Cholesky, LU and QR."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint
from funcgrad.core.batching import spread, stacked
from funcgrad.core.kinds import Constant, Multilinear, Opaque
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_float, drop_in, over_stack, swap
from funcgrad.scipy.linalg.equations import check_square, common, solve_triangular
from funcgrad.scipy.linalg.parts import solve_with_triangle

__all__ = ["cho_factor", "cholesky", "lu", "lu_factor", "lu_solve", "qr"]

# -- Cholesky ----------------------------------------------------------------------------------------------


@drop_in(scipy.linalg.cholesky)
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Return the Cholesky factor of a positive definite matrix; the upper one by default.

    The derivative is that in symmetric (Hermitian) directions, as for :func:`numpy.linalg.cholesky`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix, of which only one triangle is read.
    lower : bool
        Whether to read the lower triangle and return the lower factor.
    overwrite_a, check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import cholesky
    >>> fg.grad(lambda a: cholesky(a)[0, 0])(4 * np.eye(2))
    array([[0.25, 0.  ],
           [0.  , 0.  ]])
    """
    a = as_float(a)
    check_square(a)
    return np.linalg.cholesky(a) if lower else adjoint(np.linalg.cholesky(adjoint(a)))


@drop_in(scipy.linalg.cho_factor)
def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Array, bool]:
    """Return the Cholesky factor of a positive definite matrix for :func:`cho_solve`.

    Parameters
    ----------
    a, lower, overwrite_a, check_finite
        As for :func:`cholesky`.

    Returns
    -------
    tuple of (array, bool)
        The factor, with the elements of `a` in the other triangle, and `lower`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import cho_factor, cho_solve
    >>> fg.grad(lambda a: cho_solve(cho_factor(a), np.ones(2)).sum())(2 * np.eye(2))
    array([[-0.25, -0.25],
           [-0.25, -0.25]])
    """
    a = as_float(a)
    factor = cholesky.body(a, lower)
    return factor + (np.triu(a, 1) if lower else np.tril(a, -1)), lower


# -- LU ----------------------------------------------------------------------------------------------------


def lu_value(a: Array) -> tuple[Array, Array, Array]:
    """Return `p`, `l`, `u` with ``a == (l @ u)[p]``."""
    p, low, up = over_stack(lambda a: scipy.linalg.lu(a, p_indices=True, check_finite=False), a, cores=(2,))
    return p, low, up


def rows_value(x: Array, p: Array) -> Array:
    return x[..., p, :] if p.ndim == 1 else np.take_along_axis(x, np.broadcast_to(p[..., None], x.shape), axis=-2)


def rows_batch(primitive: Any, xs: Any, batched: Any, params: Any, size: int) -> Array:
    x, p = (spread(x, b, size) for x, b in zip(xs, batched, strict=True))
    return primitive.run(x, np.reshape(p, (size, *(1,) * (x.ndim - p.ndim - 1), *p.shape[1:])))


#: Takes the rows of every matrix in the order of a permutation.
rows: Any = Multilinear(
    rows_value, lambda g, b: rows(g, np.argsort(b, axis=-1)), None, own=True, name="take", batch=rows_batch
)


def lu_jvp(dx: Array, y: Any) -> tuple[Array, Array, Array]:
    """De Hoog, Anderssen and Lukas (2011), for the leading square block; the rest follows from it."""
    p, low, up = y
    k = low.shape[-1]
    dx = rows(dx, np.argsort(p, axis=-1))
    top, corner = low[..., :k, :], up[..., :, :k]
    f = right_solve(corner, dx[..., :k], lower=False)
    x = solve_with_triangle(top, f[..., :k, :], lower=True, unit=True)
    below, above = np.tril(x, -1), np.triu(x)
    dlow, dup = [top @ below], [above @ corner]
    if low.shape[-2] > k:
        dlow.append(f[..., k:, :] - low[..., k:, :] @ above)
    if up.shape[-1] > k:
        rest = solve_with_triangle(top, dx[..., k:], lower=True, unit=True)
        dup.append(rest - below @ up[..., k:])
    return p, np.concatenate(dlow, axis=-2), np.concatenate(dup, axis=-1)


def lu_vjp(gs: tuple[Array, Array, Array], y: Any) -> Array:
    p, low, up = y
    _, glow, gup = gs
    k = low.shape[-1]
    top, corner = low[..., :k, :], up[..., :, :k]
    gx = np.tril(swap(top) @ glow[..., :k, :], -1) + np.triu(gup[..., :k] @ swap(corner))
    gx = gx - np.triu(swap(low[..., k:, :]) @ glow[..., k:, :]) - np.tril(gup[..., k:] @ swap(up[..., k:]), -1)
    gf = solve_with_triangle(swap(top), gx, lower=False, unit=True)
    if low.shape[-2] > k:
        gf = np.concatenate([gf, glow[..., k:, :]], axis=-2)
    g = right_solve(swap(corner), gf, lower=True)
    if up.shape[-1] > k:
        rest = solve_with_triangle(swap(top), gup[..., k:], lower=False, unit=True)
        g = np.concatenate([g, rest], axis=-1)
    return rows(g, p)


def right_solve(a: Array, b: Array, lower: bool) -> Array:
    """Solve ``x @ a == b`` for a triangular `a`."""
    return swap(solve_with_triangle(swap(a), swap(b), lower=not lower))


lu_parts: Any = Opaque(lu_value, lu_jvp, lu_vjp, own=True, name="lu", batch=stacked)


def permutation_matrix(p: Array, dtype: Any) -> Array:
    return (p[..., :, None] == np.arange(p.shape[-1])).astype(dtype)


as_permutation = Constant(permutation_matrix, own=True, batch=stacked)


@drop_in(scipy.linalg.lu)
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> tuple[Array, ...]:
    """Return the LU decomposition with row exchanges, ``a == p @ l @ u``.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        The matrix.
    permute_l : bool
        Whether to return ``p @ l`` in place of `p` and `l`.
    overwrite_a, check_finite : bool
        As in SciPy; without effect on traced values.
    p_indices : bool
        Whether to return `p` as indices, ``a == l[p] @ u``.

    Returns
    -------
    tuple of array
        ``(p, l, u)`` or ``(pl, u)``.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import lu
    >>> fg.grad(lambda a: lu(a)[2][1, 1])(np.array([[2.0, 1.0], [1.0, 3.0]]))
    array([[ 0.25, -0.5 ],
           [-0.5 ,  1.  ]])
    """
    a = as_float(a)
    if a.ndim < 2:
        raise ValueError("The input array must be at least two-dimensional.")
    p, low, up = lu_parts(a)
    if permute_l:
        return rows(low, p), up
    if p_indices:
        return p, low, up
    return as_permutation(p, a.dtype.type(0).real.dtype), low, up


def exchanges(a: Array) -> Array:
    return over_stack(lambda a: scipy.linalg.lu_factor(a, check_finite=False)[1], a, cores=(2,))


def order_of(piv: Array, n: int) -> Array:
    """The order of rows that the exchanges `piv` lead to."""
    order = np.broadcast_to(np.arange(n), (*piv.shape[:-1], n)).copy()
    for index in np.ndindex(*piv.shape[:-1]):
        for i, j in enumerate(piv[index]):
            order[index][[i, j]] = order[index][[j, i]]
    return order


pivots = Constant(exchanges, own=True, batch=stacked)
order_of_rows = Constant(order_of, own=True, batch=stacked)


@drop_in(scipy.linalg.lu_factor)
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Array, Array]:
    """Return the LU decomposition in one array, for :func:`lu_solve`.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        The matrix.
    overwrite_a, check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    lu, piv : array
        Both triangles, and with which row each row was exchanged.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import lu_factor
    >>> fg.grad(lambda a: lu_factor(a)[0][1, 1])(np.array([[2.0, 1.0], [1.0, 3.0]]))
    array([[ 0.25, -0.5 ],
           [-0.5 ,  1.  ]])
    """
    a = as_float(a)
    _, low, up = lu_parts(a)
    m, n = a.shape[-2:]
    low = np.tril(low, -1)
    if m > n:
        up = np.concatenate([up, np.zeros_like(low[..., n:, :])], axis=-2)
    if n > m:
        low = np.concatenate([low, np.zeros_like(up[..., m:])], axis=-1)
    return low + up, pivots(a)


@drop_in(scipy.linalg.lu_solve)
def lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True) -> Array:
    """Solve ``a @ x == b``, given the LU decomposition of `a`.

    Parameters
    ----------
    lu_and_piv : tuple of array
        What :func:`lu_factor` returned.
    b : array_like, shape (n,) or (..., n, k)
        The right-hand side.
    trans : {0, 1, 2}
        Whether to solve with `a`, its transpose or its conjugate transpose.
    overwrite_b, check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array
        The solution, like `b`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import lu_factor, lu_solve
    >>> fg.grad(lambda a: lu_solve(lu_factor(a), np.ones(2)).sum())(2 * np.eye(2))
    array([[-0.25, -0.25],
           [-0.25, -0.25]])
    """
    factors, piv = lu_and_piv
    factors, b = common(factors, b)
    if trans not in (0, 1, 2):
        raise ValueError(f"trans must be 0, 1 or 2, not {trans!r}")
    order = order_of_rows(piv, factors.shape[-1])
    x = b[:, None] if b.ndim == 1 else b
    if trans == 0:
        x = solve_triangular.body(factors, rows(over(x, order), order), 0, True, True)
        x = solve_triangular.body(factors, x)
    else:
        x = solve_triangular.body(factors, x, trans)
        x = solve_triangular.body(factors, x, trans, True, True)
        x = rows(over(x, order), np.argsort(order, axis=-1))
    return x[..., 0] if b.ndim == 1 else x


def over(x: Array, order: Array) -> Array:
    """Repeat a right-hand side for every matrix of a stack."""
    shape = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    return np.broadcast_to(x, (*shape, *x.shape[-2:]))


# -- QR ----------------------------------------------------------------------------------------------------


def order_of_columns(a: Array) -> Array:
    return over_stack(lambda a: scipy.linalg.qr(a, mode="r", pivoting=True, check_finite=False)[1], a, cores=(2,))


column_order = Constant(order_of_columns, own=True, batch=stacked)


@drop_in(scipy.linalg.qr)
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: int | None = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the QR decomposition, ``a == q @ r``, or with `pivoting` ``a[:, p] == q @ r``.

    Parameters
    ----------
    a : array_like, shape (m, n)
        The matrix.
    overwrite_a, lwork, check_finite
        As in SciPy; without effect on traced values.
    mode : {'full', 'r', 'economic'}
        For a tall matrix the additional columns of the full `q` are not determined and have no derivative.
    pivoting : bool
        Whether to exchange columns so that the diagonal of `r` does not increase in size.

    Returns
    -------
    tuple of array
        ``(q, r)`` or ``(r,)``, and with `pivoting` the order `p` of the columns.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import qr
    >>> np.abs(fg.grad(lambda a: qr(a, mode="r")[0][0, 0])(np.array([[3.0, 1.0], [4.0, 1.0]])))
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """
    a = as_float(a)
    if mode not in ("full", "qr", "r", "economic", "raw"):
        raise ValueError("Mode argument should be one of ['full', 'r', 'economic', 'raw']")
    if mode == "raw":
        raise NoDerivativeError("qr with mode='raw' returns what LAPACK keeps, which has no derivative rule")
    m, n = a.shape[-2:]
    if mode in ("full", "qr") and m > n:
        raise NoDerivativeError(
            f"qr of a matrix of shape {(m, n)} with mode='full': the additional columns of q are not determined, so "
            "they have no derivative. Pass mode='economic'."
        )
    order: tuple[Array, ...] = ()
    if pivoting:
        order = (column_order(a),)
        a = a[..., :, order[0]]
    if mode == "r":
        r: Array = np.linalg.qr(a, mode="r")
        rest = np.zeros_like(a[..., min(m, n) :, :])
        return (np.concatenate([r, rest], axis=-2) if m > n else r, *order)
    q, r = np.linalg.qr(a, mode="reduced")
    return (q, r, *order)
