"""Parts of matrices, and solutions with triangular ones: what the chapters of linear algebra share."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, identity_like
from funcgrad.core.batching import aligned, stacked
from funcgrad.core.kinds import Opaque
from funcgrad.scipy.drop_in import on_host, over_stack, swap

__all__ = ["solve_with_triangle", "symmetric"]


# -- Symmetric matrices of which one triangle is stored ------------------------------------------------------


def symmetric_value(a: Array, lower: bool = False, hermitian: bool = True) -> Array:
    half = np.tril(a, -1) if lower else np.triu(a, 1)
    middle = np.tril(np.triu(a))
    return half + (adjoint(half) if hermitian else swap(half)) + (np.real(middle) if hermitian else middle)


def symmetric_part(dx: Array, hermitian: bool) -> Array:
    return (dx + (adjoint(dx) if hermitian else swap(dx))) / 2


#: One triangle counts for the value; the derivative is that in symmetric directions, as for ``np.linalg.cholesky``.
symmetric = Opaque(
    symmetric_value,
    lambda dx, hermitian: symmetric_part(dx, hermitian),
    lambda g, hermitian: symmetric_part(g, hermitian),
    own=True,
    name="symmetric",
    ignore="lower",
    batch=stacked,
)

# -- Triangular matrices -------------------------------------------------------------------------------------


def triangle(a: Array, lower: bool, unit: bool) -> Array:
    """The part of `a` that a triangular solution reads."""
    if unit:
        return np.tril(a, -1) if lower else np.triu(a, 1)
    return np.tril(a) if lower else np.triu(a)


def triangular_value(a: Array, b: Array, lower: bool = False, unit: bool = False) -> Array:
    if not on_host(a):
        return np.linalg.solve(triangle(a, lower, unit) + (identity_like(a) if unit else 0), b)

    def one(a: Array, b: Array) -> Array:
        return scipy.linalg.solve_triangular(a, b, lower=lower, unit_diagonal=unit, check_finite=False)

    return over_stack(one, a, b, cores=(2, 2))


def triangular_jvp(dxs: tuple[Array, Array], y: Array, a: Array, lower: bool, unit: bool) -> Array:
    """Giles, 2.3.1, where only a triangle of `a` counts."""
    da, db = dxs
    return solve_with_triangle(a, db - triangle(da, lower, unit) @ y, lower=lower, unit=unit)


def triangular_vjp(g: Array, y: Array, a: Array, lower: bool, unit: bool) -> tuple[Array, Array]:
    gb = solve_with_triangle(swap(a), g, lower=not lower, unit=unit)
    return -triangle(gb @ swap(y), lower, unit), gb


#: Solves for stacks of matrices on the right-hand side.
solve_with_triangle: Any = Opaque(
    triangular_value, triangular_jvp, triangular_vjp, arity=2, own=True, name="solve_triangular", batch=aligned
)
