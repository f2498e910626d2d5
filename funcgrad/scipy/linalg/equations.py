"""Solutions of linear equations, inverses and determinants."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate
from funcgrad.core.kinds import Constant
from funcgrad.scipy.drop_in import as_array, as_float, drop_in, swap
from funcgrad.scipy.linalg.parts import solve_with_triangle, symmetric

__all__ = ["cho_solve", "common", "det", "inv", "lstsq", "norm", "pinv", "solve", "solve_triangular"]


def common(*xs: Any) -> tuple[Array, ...]:
    """Bring operands to one floating dtype, as LAPACK wants them."""
    arrays = [as_float(x) for x in xs]
    dtype = np.result_type(*[x.dtype for x in arrays])
    return tuple(x if x.dtype == dtype else x.astype(dtype) for x in arrays)


def as_matrix(b: Array) -> Array:
    """Make a column of a vector."""
    return b[:, None] if b.ndim == 1 else b


def structured(a: Array, assume_a: Any, lower: bool) -> Array:
    """The matrix that remains of `a` where some of its elements are not read."""
    if assume_a in (None, "gen", "general", "banded"):
        return a
    if assume_a in ("sym", "symmetric"):
        return symmetric(a, lower=lower, hermitian=False)
    if assume_a in ("her", "hermitian", "pos", "positive definite"):
        return symmetric(a, lower=lower, hermitian=True)
    if assume_a == "diagonal":
        return np.tril(np.triu(a))
    if assume_a == "tridiagonal":
        return np.tril(np.triu(a, -1), 1)
    if assume_a in ("upper triangular", "lower triangular"):
        return np.triu(a) if assume_a[0] == "u" else np.tril(a)
    raise ValueError(f"{assume_a} is not a recognized matrix structure")


def check_square(a: Array) -> None:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"Expected square matrix, got a.shape={a.shape}")


@drop_in(scipy.linalg.solve)
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Array:
    """Solve the linear equation ``a @ x == b``.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix.
    b : array_like, shape (n,) or (..., n, k)
        The right-hand side.
    lower : bool
        Which triangle of a symmetric `a` is read.
    overwrite_a, overwrite_b, check_finite : bool
        As in SciPy; without effect on traced values.
    assume_a : str, optional
        What is known of `a`: 'sym', 'her', 'pos', 'diagonal', 'tridiagonal', 'banded', 'upper triangular', ...
    transposed : bool
        Whether to solve ``a.T @ x == b``.

    Returns
    -------
    array
        The solution, like `b`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solve
    >>> fg.grad(lambda b: solve(np.diag([2.0, 4.0]), b).sum())(np.ones(2))
    array([0.5 , 0.25])
    """
    a, b = common(a, b)
    check_square(a)
    if transposed and a.dtype.kind == "c":
        raise NotImplementedError(
            "scipy.linalg.solve can currently not solve a^T x = b or a^H x = b for complex matrices."
        )
    a = structured(a, assume_a, lower)
    if a.size == 1:
        return b / np.reshape(a, ())
    return np.linalg.solve(swap(a) if transposed else a, b)


@drop_in(scipy.linalg.solve_triangular)
def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """Solve ``a @ x == b`` for a triangular matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix; only one triangle is read.
    b : array_like, shape (n,) or (..., n, k)
        The right-hand side.
    trans : {0, 1, 2, 'N', 'T', 'C'}
        Whether to solve with `a`, its transpose or its conjugate transpose.
    lower : bool
        Whether the lower triangle is read.
    unit_diagonal : bool
        Whether to take the diagonal for ones.
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
    >>> from funcgrad.scipy.linalg import solve_triangular
    >>> fg.grad(lambda a: solve_triangular(a, np.ones(2), lower=True)[1])(np.eye(2)) + 0.0
    array([[ 0.,  0.],
           [-1., -1.]])
    """
    a, b = common(a, b)
    check_square(a)
    if a.shape[-1] != as_matrix(b).shape[-2]:
        raise ValueError(f"shapes of a {a.shape} and b {b.shape} are incompatible")
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"trans must be one of 0, 1, 2, 'N', 'T', 'C', not {trans!r}")
    if trans not in (0, "N"):
        a, lower = adjoint(a) if trans in (2, "C") else swap(a), not lower
    x = solve_with_triangle(a, as_matrix(b), lower=bool(lower), unit=bool(unit_diagonal))
    return x[..., 0] if b.ndim == 1 else x


@drop_in(scipy.linalg.cho_solve)
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Array:
    """Solve ``a @ x == b``, given the Cholesky factor of `a`.

    Parameters
    ----------
    c_and_lower : tuple of (array, bool)
        What :func:`cho_factor` returned.
    b : array_like
        The right-hand side.
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
    >>> from funcgrad.scipy.linalg import cho_factor, cho_solve
    >>> factor = cho_factor(np.diag([2.0, 4.0]))
    >>> fg.grad(lambda b: cho_solve(factor, b).sum())(np.ones(2))
    array([0.5 , 0.25])
    """
    c, lower = c_and_lower
    c, b = common(c, b)
    first, second = (0, 2) if lower else (2, 0)
    x = solve_triangular.body(c, b, first, lower)
    return solve_triangular.body(c, x, second, lower)


# -- Inverses and determinants -----------------------------------------------------------------------------


@drop_in(scipy.linalg.inv)
def inv(
    a: Any,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Array:
    """Return the inverse of a matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix.
    overwrite_a, check_finite : bool
        As in SciPy; without effect on traced values.
    assume_a, lower
        What is known of `a`, as in :func:`solve`.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import inv
    >>> fg.grad(lambda a: inv(a)[0, 0])(2 * np.eye(2))
    array([[-0.25, -0.  ],
           [-0.  , -0.  ]])
    """
    a = as_float(a)
    check_square(a)
    return np.linalg.inv(structured(a, assume_a, lower))


@drop_in(scipy.linalg.det)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Return the determinant of a matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix.
    overwrite_a, check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import det
    >>> fg.grad(det)(np.diag([2.0, 3.0])) + 0.0
    array([[3., 0.],
           [0., 2.]])
    """
    a = as_float(a)
    wide = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)  # as SciPy's value is
    return np.linalg.det(wide)


def cut_off(s: Array, shape: tuple[int, ...], atol: float | None, rtol: float | None, eps: float) -> Array:
    """Relative size below which singular values count as zero."""
    largest = np.max(s, axis=-1, initial=0)
    relative = max(shape[-2:]) * eps if rtol is None else rtol
    return relative + (0.0 if atol is None else atol) / np.where(largest == 0, 1, largest)


cut = Constant(cut_off, own=True)
count = Constant(lambda s, tol: np.sum(s > tol * np.max(s, initial=0)), own=True, name="rank")
whole = Constant(int, own=True)


@drop_in(scipy.linalg.pinv)
def pinv(
    a: Any,
    *,
    atol: float | None = None,
    rtol: float | None = None,
    return_rank: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the pseudo-inverse of a matrix. Its derivative is that for constant rank.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        The matrix.
    atol, rtol : float, optional
        Singular values up to ``atol + rtol * largest`` count as zero.
    return_rank : bool
        Whether to return the rank too.
    check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array, or tuple of array and int

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import pinv
    >>> fg.grad(lambda a: pinv(a).sum())(np.array([[2.0], [0.0]]))
    array([[-0.25],
           [ 0.25]])
    """
    a = as_float(a)
    if (atol is not None and atol < 0) or (rtol is not None and rtol < 0):
        raise ValueError("atol and rtol values must be positive.")
    s = np.linalg.svd(a, compute_uv=False) if return_rank or atol is not None else None
    eps = float(np.finfo(a.dtype).eps)
    tol = max(a.shape[-2:]) * eps if rtol is None else rtol
    if atol is not None:
        tol = cut(s, a.shape, atol, rtol, eps)
    inverse = np.linalg.pinv(a, rcond=tol)
    return (inverse, count(s, tol)) if return_rank else inverse


@drop_in(scipy.linalg.lstsq)
def lstsq(
    a: Any,
    b: Any,
    cond: float | None = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: str | None = None,
) -> tuple[Array, Array, Any, Any]:
    """Return the least-squares solution of ``a @ x == b`` that has the smallest norm.

    Parameters
    ----------
    a : array_like, shape (m, n)
        The matrix.
    b : array_like, shape (m,) or (m, k)
        The right-hand side.
    cond : float, optional
        Singular values below `cond` times the largest count as zero.
    overwrite_a, overwrite_b, check_finite : bool
        As in SciPy; without effect on traced values.
    lapack_driver : {'gelsd', 'gelsy', 'gelss'}, optional
        As in SciPy: 'gelsy' returns neither residues nor singular values.

    Returns
    -------
    x, residues, rank, s
        The solution, the sums of squares (nothing unless ``m > n`` and the rank is full), the rank of `a` and its
        singular values.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import lstsq
    >>> fg.grad(lambda b: lstsq(np.ones((4, 1)), b)[0][0])(np.arange(4.0))
    array([0.25, 0.25, 0.25, 0.25])
    """
    a, b = common(a, b)
    if a.ndim != 2:
        raise ValueError("Input array a should be 2D")
    m, n = a.shape
    if m != b.shape[0]:
        raise ValueError(f"Shape mismatch: a and b should have the same number of rows ({m} != {b.shape[0]}).")
    if lapack_driver not in (None, "gelsd", "gelsy", "gelss"):
        raise ValueError(f'LAPACK driver "{lapack_driver}" is not found')
    tol = float(np.finfo(a.dtype).eps) if cond is None else cond
    s = np.linalg.svd(a, compute_uv=False)
    rank = whole(count(s, tol))
    x = np.linalg.pinv(a, rcond=tol) @ b
    nothing = np.sum(b[:0], axis=tuple(range(1, b.ndim)))
    if lapack_driver == "gelsy":
        return x, nothing, rank, None
    full = m > n and rank == n
    rest = b - a @ x
    return x, np.sum(np.real(rest * conjugate(rest)), axis=0) if full else nothing, rank, s


@drop_in(scipy.linalg.norm)
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Array:
    """Return a norm of a matrix or of vectors.

    Parameters
    ----------
    a : array_like
        The matrix or vectors.
    ord, axis, keepdims
        As in :func:`numpy.linalg.norm`.
    check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import norm
    >>> fg.grad(norm)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    return np.linalg.norm(as_array(a), ord=ord, axis=axis, keepdims=keepdims)
