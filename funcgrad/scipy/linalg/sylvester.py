"""Equations of Sylvester and Lyapunov."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate, identity_like
from funcgrad.core.batching import aligned
from funcgrad.core.kinds import Opaque
from funcgrad.scipy.drop_in import drop_in, over_stack, swap
from funcgrad.scipy.linalg.equations import common

__all__ = ["solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester", "sylvester"]


def sylvester_value(a: Array, b: Array, q: Array) -> Array:
    return over_stack(scipy.linalg.solve_sylvester, a, b, q, cores=(2, 2, 2))


def sylvester_jvp(dxs: tuple[Array, Array, Array], y: Array, a: Array, b: Array) -> Array:
    """The same equation once more: ``a dy + dy b = dq - da y - y db``."""
    da, db, dq = dxs
    return sylvester(a, b, dq - da @ y - y @ db)


def sylvester_vjp(g: Array, y: Array, a: Array, b: Array) -> tuple[Array, Array, Array]:
    gq = sylvester(swap(a), swap(b), g)
    return -(gq @ swap(y)), -(swap(y) @ gq), gq


sylvester: Any = Opaque(
    sylvester_value, sylvester_jvp, sylvester_vjp, arity=3, own=True, name="solve_sylvester", batch=aligned
)


@drop_in(scipy.linalg.solve_sylvester)
def solve_sylvester(a: Any, b: Any, q: Any) -> Array:
    """Solve the equation ``a @ x + x @ b == q``.

    Parameters
    ----------
    a, b, q : array_like, shapes (m, m), (n, n), (m, n)
        The matrices.

    Returns
    -------
    array, shape (m, n)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solve_sylvester
    >>> fg.grad(lambda q: solve_sylvester(np.eye(2), np.eye(2), q).sum())(np.ones((2, 2)))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    return sylvester(*common(a, b, q))


@drop_in(scipy.linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a: Any, q: Any) -> Array:
    """Solve the equation ``a @ x + x @ a.conj().T == q``.

    Parameters
    ----------
    a, q : array_like, shape (n, n)
        The matrices.

    Returns
    -------
    array, shape (n, n)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solve_continuous_lyapunov
    >>> fg.grad(lambda a: solve_continuous_lyapunov(a, np.eye(1))[0, 0])(np.eye(1))
    array([[-0.5]])
    """
    a, q = common(a, q)
    return sylvester(a, adjoint(a), q)


solve_lyapunov = solve_continuous_lyapunov


@drop_in(scipy.linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a: Any, q: Any, method: str | None = None) -> Array:
    """Solve the equation ``a @ x @ a.conj().T - x + q == 0``.

    Parameters
    ----------
    a, q : array_like, shape (n, n)
        The matrices.
    method : {'direct', 'bilinear'}, optional
        Whether to solve one equation with n*n unknowns (the default up to n = 9), or to transform to
        :func:`solve_continuous_lyapunov`.

    Returns
    -------
    array, shape (n, n)

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import solve_discrete_lyapunov
    >>> fg.grad(lambda q: solve_discrete_lyapunov(0.5 * np.eye(1), q)[0, 0])(np.eye(1))
    array([[1.33333333]])
    """
    a, q = (x.astype(np.result_type(x, np.float64)) for x in common(a, q))  # as SciPy's value is
    n = a.shape[-1]
    method = ("direct" if n < 10 else "bilinear") if method is None else method.lower()
    if method not in ("direct", "bilinear"):
        raise ValueError(f"Unknown solver {method}")
    one = identity_like(a)
    if method == "direct":
        products = a[..., :, None, :, None] * conjugate(a)[..., None, :, None, :]
        products = np.reshape(products, (*a.shape[:-2], n * n, n * n))
        x = np.linalg.solve(identity_like(products) - products, np.reshape(q, (*q.shape[:-2], n * n, 1)))
        return np.reshape(x, (*x.shape[:-2], n, n))
    right = np.linalg.inv(adjoint(a) + one)
    b = (adjoint(a) - one) @ right
    c = 2 * np.linalg.inv(a + one) @ q @ right
    return sylvester(adjoint(b), b, -c)
