"""Matrices of special structure: how to make them, and equations with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.arrays import conjugate, identity_like
from funcgrad.core.batching import aligned
from funcgrad.core.kinds import Opaque
from funcgrad.scipy.drop_in import as_array, drop_in, over_stack, swap
from funcgrad.scipy.linalg.equations import common

__all__ = [
    *("block_diag", "circulant", "companion", "hankel", "khatri_rao", "solve_banded", "solve_toeplitz"),
    *("solveh_banded", "toeplitz"),
]

# -- Matrices made of vectors --------------------------------------------------------------------------------


def joined(a: Array, b: Array) -> Array:
    """Join along the last axis, and broadcast the others."""
    shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    return np.concatenate([np.broadcast_to(x, (*shape, x.shape[-1])) for x in (a, b)], axis=-1)


@drop_in(scipy.linalg.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Array:
    """Return the matrix that is constant along its diagonals.

    Parameters
    ----------
    c : array_like, shape (..., m)
        The first column.
    r : array_like, shape (..., n), optional
        The first row, of which the first element is not read; the conjugate of `c` by default.

    Returns
    -------
    array, shape (..., m, n)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import toeplitz
    >>> fg.grad(lambda c: toeplitz(c).sum())(np.array([1.0, 2.0, 3.0]))
    array([3., 4., 2.])
    """
    c = np.atleast_1d(as_array(c))
    r = conjugate(c) if r is None else np.atleast_1d(as_array(r))
    m, n = c.shape[-1], r.shape[-1]
    return joined(c[..., ::-1], r[..., 1:])[..., m - 1 - np.arange(m)[:, None] + np.arange(n)]


@drop_in(scipy.linalg.hankel)
def hankel(c: Any, r: Any = None) -> Array:
    """Return the matrix that is constant along its antidiagonals.

    Parameters
    ----------
    c : array_like, shape (m,)
        The first column.
    r : array_like, shape (n,), optional
        The last row, of which the first element is not read; zeros by default.

    Returns
    -------
    array, shape (m, n)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import hankel
    >>> fg.grad(lambda c: hankel(c).sum())(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 3.])
    """
    c = np.atleast_1d(as_array(c))
    r = np.zeros_like(c) if r is None else np.atleast_1d(as_array(r))
    return joined(c, r[..., 1:])[..., np.arange(c.shape[-1])[:, None] + np.arange(r.shape[-1])]


@drop_in(scipy.linalg.circulant)
def circulant(c: Any) -> Array:
    """Return the matrix whose columns are rotations of the first.

    Parameters
    ----------
    c : array_like, shape (..., n)
        The first column.

    Returns
    -------
    array, shape (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import circulant
    >>> fg.grad(lambda c: circulant(c)[0].sum())(np.array([1.0, 2.0, 3.0]))
    array([1., 1., 1.])
    """
    c = np.atleast_1d(as_array(c))
    n = c.shape[-1]
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)]


@drop_in(scipy.linalg.companion)
def companion(a: Any) -> Array:
    """Return the matrix whose eigenvalues are the roots of a polynomial.

    Parameters
    ----------
    a : array_like, shape (n,)
        The coefficients, the highest power first.

    Returns
    -------
    array, shape (n - 1, n - 1)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import companion
    >>> fg.grad(lambda a: companion(a)[0, 1])(np.array([2.0, 1.0, 3.0]))
    array([ 0.75,  0.  , -0.5 ])
    """
    a = np.atleast_1d(as_array(a))
    if a.shape[-1] < 2:
        raise ValueError("The length of `a` along the last axis must be at least 2.")
    first = (-a[..., 1:] / (1.0 * a[..., :1]))[..., None, :]
    below = identity_like(np.ones_like(swap(first)) * np.ones_like(first))[..., :-1, :]
    return np.concatenate([first, below], axis=-2)


@drop_in(scipy.linalg.block_diag)
def block_diag(*arrs: Any) -> Array:
    """Return the matrix with the given blocks on its diagonal.

    Parameters
    ----------
    *arrs : array_like
        The blocks, of at most two axes; a vector is a row. More axes are those of stacks.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import block_diag
    >>> fg.grad(lambda a: (block_diag(a, 2 * a) ** 2).sum())(np.ones((1, 2)))
    array([[10., 10.]])
    """
    blocks = [np.atleast_2d(as_array(a)) for a in arrs]
    stack = np.broadcast_shapes(*[a.shape[:-2] for a in blocks])
    dtype = np.result_type(*[a.dtype for a in blocks])
    blocks = [np.broadcast_to(a.astype(dtype), (*stack, *a.shape[-2:])) for a in blocks]
    rows = []
    for i, a in enumerate(blocks):
        widths = [sum(b.shape[-1] for b in part) for part in (blocks[:i], blocks[i + 1 :])]
        left, right = (np.zeros_like(a, shape=(*a.shape[:-1], n)) for n in widths)
        rows.append(np.concatenate([left, a, right], axis=-1))
    return np.concatenate(rows, axis=-2)


@drop_in(scipy.linalg.khatri_rao)
def khatri_rao(a: Any, b: Any) -> Array:
    """Return the Kronecker products of the columns of two matrices.

    Parameters
    ----------
    a, b : array_like, shapes (m, k), (n, k)
        The matrices.

    Returns
    -------
    array, shape (m * n, k)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import khatri_rao
    >>> fg.grad(lambda a: khatri_rao(a, np.ones((3, 2))).sum())(np.ones((1, 2)))
    array([[3., 3.]])
    """
    a, b = as_array(a), as_array(b)
    if not (a.ndim == 2 and b.ndim == 2):
        raise ValueError("The both arrays should be 2-dimensional.")
    if a.shape[1] != b.shape[1]:
        raise ValueError("The number of columns for both arrays should be equal.")
    return np.reshape(a[:, None, :] * b[None, :, :], (a.shape[0] * b.shape[0], a.shape[1]))


# -- Equations with bands --------------------------------------------------------------------------------------


def moved(x: Array, by: int) -> Array:
    """Move along the last axis, and fill with zeros: ``y[j] = x[j + by]``."""
    n = x.shape[-1]
    by = max(-n, min(n, by))
    room = np.zeros_like(x[..., : abs(by)])
    return np.concatenate([x[..., by:], room] if by > 0 else [room, x[..., : n + by]], axis=-1) if by else x


def transposed_bands(l_and_u: tuple[int, int], ab: Array) -> Array:
    """The bands of the transposed matrix, in the order of LAPACK."""
    low, up = l_and_u
    return np.stack([moved(ab[..., up - k, :], k) for k in range(-low, up + 1)], axis=-2)


def banded_value(ab: Array, b: Array, l_and_u: tuple[int, int]) -> Array:
    def one(ab: Array, b: Array) -> Array:
        return scipy.linalg.solve_banded(l_and_u, ab, b, check_finite=False)

    return over_stack(one, ab, b, cores=(2, 2))


def banded_jvp(dxs: tuple[Array, Array], y: Array, a: Array, l_and_u: tuple[int, int]) -> Array:
    """``a y = b`` gives ``a dy = db - da y``; the product with `da` band by band."""
    da, db = dxs
    low, up = l_and_u
    product = sum(moved(da[..., None, up - k, :] * swap(y), k) for k in range(-low, up + 1))
    return banded(a, db - swap(product), l_and_u=l_and_u)


def banded_vjp(g: Array, y: Array, a: Array, l_and_u: tuple[int, int]) -> tuple[Array, Array]:
    low, up = l_and_u
    gb = banded(transposed_bands(l_and_u, a), g, l_and_u=(up, low))
    bands = [np.sum(moved(swap(gb), -k) * swap(y), axis=-2) for k in range(up, -low - 1, -1)]
    return -np.stack(bands, axis=-2), gb


banded: Any = Opaque(banded_value, banded_jvp, banded_vjp, arity=2, own=True, name="solve_banded", batch=aligned)


@drop_in(scipy.linalg.solve_banded)
def solve_banded(
    l_and_u: Any,
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """Solve ``a @ x == b`` for a matrix of bands.

    Parameters
    ----------
    l_and_u : pair of int
        How many bands lie below and above the diagonal.
    ab : array_like, shape (l + u + 1, n)
        The bands: ``ab[u + i - j, j] == a[i, j]``.
    b : array_like, shape (n,) or (n, k)
        The right-hand side.
    overwrite_ab, overwrite_b, check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array
        The solution, like `b`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solve_banded
    >>> fg.grad(lambda b: solve_banded((0, 0), np.array([[2.0, 4.0]]), b).sum())(np.ones(2))
    array([0.5 , 0.25])
    """
    low, up = (int(n) for n in l_and_u)
    ab, b = common(ab, b)
    if ab.shape[-1] != (b.shape[-1] if b.ndim == 1 else b.shape[-2]):
        raise ValueError("shapes of ab and b are not compatible.")
    if low + up + 1 != ab.shape[-2]:
        raise ValueError(f"invalid values for the number of lower and upper diagonals: l+u+1 ({low + up + 1}) "
                         f"does not equal ab.shape[0] ({ab.shape[-2]})")  # fmt: skip
    x = banded(ab, b[:, None] if b.ndim == 1 else b, l_and_u=(low, up))
    return x[..., 0] if b.ndim == 1 else x


@drop_in(scipy.linalg.solveh_banded)
def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Array:
    """Solve ``a @ x == b`` for a positive definite matrix of bands.

    Parameters
    ----------
    ab : array_like, shape (u + 1, n)
        The bands on one side: ``ab[u + i - j, j] == a[i, j]``, or with `lower` ``ab[i - j, j] == a[i, j]``.
    b : array_like, shape (n,) or (n, k)
        The right-hand side.
    overwrite_ab, overwrite_b, check_finite : bool
        As in SciPy; without effect on traced values.
    lower : bool
        Which side is stored.

    Returns
    -------
    array
        The solution, like `b`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solveh_banded
    >>> fg.grad(lambda b: solveh_banded(np.array([[2.0, 4.0]]), b).sum())(np.ones(2))
    array([0.5 , 0.25])
    """
    ab, b = common(ab, b)
    u = ab.shape[-2] - 1
    middle = np.real(ab[..., 0 if lower else u, :]).astype(ab.dtype)
    one_side = [ab[..., k if lower else u - k, :] for k in range(1, u + 1)]
    other = [conjugate(moved(band, -k if lower else k)) for k, band in enumerate(one_side, 1)]
    below, above = (one_side, other) if lower else (other, one_side)
    full = np.stack([*above[::-1], middle, *below], axis=-2)
    return solve_banded.body((u, u), full, b)


@drop_in(scipy.linalg.solve_toeplitz)
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Array:
    """Solve ``a @ x == b`` for a matrix that is constant along its diagonals.

    Traced values go through the full matrix.

    Parameters
    ----------
    c_or_cr : array_like or tuple of array_like
        The first column, or the first column and the first row.
    b : array_like, shape (n,) or (n, k)
        The right-hand side.
    check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array
        The solution, like `b`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solve_toeplitz
    >>> fg.grad(lambda b: solve_toeplitz(np.array([2.0, 0.0]), b).sum())(np.ones(2))
    array([0.5, 0.5])
    """
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    a, b = (x.astype(np.result_type(x, np.float64)) for x in common(toeplitz.body(c, r), b))  # as SciPy's value is
    return np.linalg.solve(a, b)
