"""Singular values, the polar decomposition, and symmetric eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate, diagonal, on_diagonal
from funcgrad.core.batching import aligned, stacked
from funcgrad.core.kinds import Constant, Opaque
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_float, drop_in, on_host, over_stack, swap
from funcgrad.scipy.linalg.equations import check_square, common
from funcgrad.scipy.linalg.sylvester import sylvester

__all__ = ["eigh", "eigvals", "eigvalsh", "polar", "svd", "svdvals"]

hat = conjugate  # from our cotangents to those of the literature, and back

# -- Singular values and the polar decomposition -------------------------------------------------------------


@drop_in(scipy.linalg.svd)
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Return the singular value decomposition, ``a == u @ diag(s) @ vh``.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        The matrix.
    full_matrices : bool
        Whether `u` and `vh` are square; if `a` is not, they have no derivative then.
    compute_uv : bool
        Whether to return `u` and `vh` too.
    overwrite_a, check_finite, lapack_driver
        As in SciPy; without effect on traced values.

    Returns
    -------
    tuple of array, or array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import svd
    >>> fg.grad(lambda a: svd(a)[1][0])(np.diag([3.0, 2.0]))
    array([[1., 0.],
           [0., 0.]])
    """
    a = as_float(a)
    if lapack_driver not in ("gesdd", "gesvd"):
        raise ValueError(f'lapack_driver must be "gesdd" or "gesvd", not "{lapack_driver}"')
    if not compute_uv:
        return np.linalg.svd(a, compute_uv=False)
    return tuple(np.linalg.svd(a, full_matrices=full_matrices))


@drop_in(scipy.linalg.svdvals)
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Return the singular values of a matrix.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
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
    >>> from funcgrad.scipy.linalg import svdvals
    >>> fg.grad(lambda a: svdvals(a).sum())(np.diag([3.0, 2.0]))
    array([[1., 0.],
           [0., 1.]])
    """
    return np.linalg.svd(as_float(a), compute_uv=False)


def polar_value(a: Array) -> tuple[Array, Array]:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return u @ vh, (adjoint(vh) * s[..., None, :]) @ vh


def polar_jvp(dx: Array, y: Any, x: Array) -> tuple[Array, Array]:
    """From ``p^2 = a^H a`` and ``a = u p``: no singular values, so that equal ones do no harm."""
    u, p = y
    change = adjoint(dx) @ x
    dp = sylvester(p, p, change + adjoint(change))
    return swap(np.linalg.solve(swap(p), swap(dx - u @ dp))), dp


def polar_vjp(gs: tuple[Array, Array], y: Any, x: Array) -> Array:
    u, p = y
    gu = swap(np.linalg.solve(swap(p), swap(hat(gs[0]))))
    gm = sylvester(p, p, hat(gs[1]) - adjoint(u) @ gu)
    return hat(gu + x @ (gm + adjoint(gm)))


tall_polar: Any = Opaque(polar_value, polar_jvp, polar_vjp, own=True, name="polar", batch=stacked)


@drop_in(scipy.linalg.polar)
def polar(a: Any, side: str = "right") -> tuple[Array, Array]:
    """Return the polar decomposition, ``a == u @ p``, or on the left side ``a == p @ u``.

    Parameters
    ----------
    a : array_like, shape (m, n)
        The matrix, of full rank; not wide on the right side, not tall on the left side.
    side : {'right', 'left'}
        On which side of `u` the positive definite factor stands.

    Returns
    -------
    u, p : array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import polar
    >>> fg.grad(lambda a: polar(a)[1].sum())(np.eye(2))
    array([[1., 1.],
           [1., 1.]])
    """
    a = as_float(a)
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    if a.ndim < 2:
        raise ValueError("`a` must be a 2-D array.")
    m, n = a.shape[-2:]
    if (m < n) if side == "right" else (m > n):
        raise NoDerivativeError(
            f"polar of a matrix of shape {(m, n)} on the {side} side: p is singular, and no derivative rule is known. "
            f"Take the {'left' if side == 'right' else 'right'} side."
        )
    u, p = tall_polar(a if side == "right" else adjoint(a))
    return (u if side == "right" else adjoint(u)), p


# -- Symmetric eigenvalues -----------------------------------------------------------------------------------


def eigh_value(a: Array, lower: bool = True, driver: str | None = None) -> Any:
    if not on_host(a):
        return tuple(np.linalg.eigh(a, "L" if lower else "U"))
    return over_stack(lambda a: scipy.linalg.eigh(a, lower=lower, driver=driver, check_finite=False), a, cores=(2,))


def pencil_value(a: Array, b: Array, lower: bool = True, driver: str | None = None) -> Any:
    def one(a: Array, b: Array) -> Any:
        return scipy.linalg.eigh(a, b, lower=lower, driver=driver, check_finite=False)

    return over_stack(one, a, b, cores=(2, 2))


def differences(w: Array) -> Array:
    """``1 / (w_j - w_i)``, and zero where they are equal."""
    gap = w[..., None, :] - w[..., :, None]
    return np.where(gap == 0, 0, 1 / np.where(gap == 0, 1, gap))


def hermitian_part(x: Array) -> Array:
    return (x + adjoint(x)) / 2


def pencil_jvp(dxs: tuple[Array, Array], y: Any) -> tuple[Array, Array]:
    """From ``a v = b v w`` and ``v^H b v = 1``. Equal eigenvalues have no vectors of their own: terms left out."""
    w, v = y
    p, q = (adjoint(v) @ hermitian_part(dx) @ v for dx in dxs)
    p = p - q * w[..., None, :]
    return np.real(diagonal(p)), v @ (differences(w) * p - on_diagonal(diagonal(q)) / 2)


def pencil_vjp(gs: tuple[Array, Array], y: Any) -> tuple[Array, Array]:
    w, v = y
    turn = adjoint(v) @ hat(gs[1])
    p = differences(w) * turn + on_diagonal(gs[0])
    q = -(p * w[..., None, :]) - on_diagonal(diagonal(turn)) / 2
    ga, gb = (hat(hermitian_part(v @ m @ adjoint(v))) for m in (p, q))
    return ga, gb


def eigh_jvp(dx: Array, y: Any) -> tuple[Array, Array]:
    """Giles, 3.1."""
    w, v = y
    p = adjoint(v) @ hermitian_part(dx) @ v
    return np.real(diagonal(p)), v @ (differences(w) * p)


def eigh_vjp(gs: tuple[Array, Array], y: Any) -> Array:
    w, v = y
    p = differences(w) * (adjoint(v) @ hat(gs[1])) + on_diagonal(gs[0])
    return hat(hermitian_part(v @ p @ adjoint(v)))


symmetric_eigh: Any = Opaque(
    eigh_value, eigh_jvp, eigh_vjp, own=True, name="eigh", ignore="lower driver", batch=stacked
)
pencil_eigh: Any = Opaque(
    pencil_value, pencil_jvp, pencil_vjp, arity=2, own=True, name="eigh", ignore="lower driver", batch=aligned
)
between = Constant(lambda w, low, high: np.flatnonzero((w > low) & (w <= high)), own=True)


@drop_in(scipy.linalg.eigh)
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """Return eigenvalues and eigenvectors of a symmetric or Hermitian matrix, or of a pencil ``a - w b``.

    The derivative is that in symmetric (Hermitian) directions. Eigenvectors of equal eigenvalues are not determined:
    only functions that do not depend on the choice of them have a derivative.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix, of which only one triangle is read.
    b : array_like, optional
        A positive definite matrix, for ``a @ v == b @ v * w``.
    lower : bool
        Which triangle is read.
    eigvals_only : bool
        Whether to return eigenvalues only.
    overwrite_a, overwrite_b, check_finite : bool
        As in SciPy; without effect on traced values.
    type : int
        Traced values know ``1`` only.
    subset_by_index, subset_by_value : pair, optional
        Which eigenvalues are wanted: the first and the last, or an open and a closed end.
    driver : str, optional
        As in SciPy.

    Returns
    -------
    w, v : array
        Eigenvalues in ascending order, and eigenvectors in columns; with `eigvals_only` only `w`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import eigh
    >>> fg.grad(lambda a: eigh(a)[0][1])(np.diag([1.0, 2.0]))
    array([[0., 0.],
           [0., 1.]])
    """
    if b is not None and type != 1:
        raise NoDerivativeError(f"eigh with type={type} has no derivative rule; type=1 has: solve for other unknowns")
    if subset_by_index is not None and subset_by_value is not None:
        raise ValueError("Either index or value subset can be requested.")
    full = driver if driver in ("ev", "evd", "gv", "gvd") or (driver == "evr" and b is None) else None
    if b is None:
        w, v = symmetric_eigh(as_float(a), lower=lower, driver=full)
    else:
        w, v = pencil_eigh(*common(a, b), lower=lower, driver=full)
    if subset_by_index is not None:
        first, last = (int(i) for i in subset_by_index)
        if not 0 <= first <= last < w.shape[-1]:
            raise ValueError(f"Requested eigenvalue indices are not valid. Valid range is [0, {w.shape[-1] - 1}]")
        w, v = w[..., first : last + 1], v[..., first : last + 1]
    if subset_by_value is not None:
        wanted = between(w, *subset_by_value)
        w, v = w[wanted], v[:, wanted]
    return w if eigvals_only else (w, v)


@drop_in(scipy.linalg.eigvalsh)
def eigvalsh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Array:
    """Return the eigenvalues of a symmetric or Hermitian matrix, or of a pencil ``a - w b``.

    Parameters
    ----------
    a, b, lower, overwrite_a, overwrite_b, type, check_finite, subset_by_index, subset_by_value, driver
        As for :func:`eigh`.

    Returns
    -------
    array
        Eigenvalues in ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import eigvalsh
    >>> fg.grad(lambda a: eigvalsh(a)[1])(np.diag([1.0, 2.0]))
    array([[0., 0.],
           [0., 1.]])
    """
    wanted = {"subset_by_index": subset_by_index, "subset_by_value": subset_by_value}
    return eigh.body(a, b, lower=lower, type=type, eigvals_only=True, driver=driver, **wanted)


@drop_in(scipy.linalg.eigvals)
def eigvals(
    a: Any,
    b: Any = None,
    overwrite_a: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Array:
    """Return the eigenvalues of a matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        The matrix.
    b : array_like, optional
        Traced values know None only.
    overwrite_a, check_finite : bool
        As in SciPy; without effect on traced values.
    homogeneous_eigvals : bool
        Traced values know False only.

    Returns
    -------
    array
        Complex numbers, in LAPACK's order.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import eigvals
    >>> fg.grad(lambda a: np.real(eigvals(a)).sum())(np.array([[2.0, 1.0], [0.0, 1.0]])).round(6) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    if b is not None or homogeneous_eigvals:
        raise NoDerivativeError(
            "eigvals of a pencil (b=) has no derivative rule, nor has homogeneous_eigvals=True: take the eigenvalues "
            "of solve(b, a), or eigvalsh(a, b) where the matrices are symmetric"
        )
    a = as_float(a)
    check_square(a)
    return np.linalg.eigvals(a).astype(np.result_type(a.dtype, np.complex64))
