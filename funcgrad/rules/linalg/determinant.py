"""Determinants, of singular matrices too.

Giles, "An extended collection of matrix derivative results" (2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate, diagonal, identity_like, on_diagonal, transpose
from funcgrad.core.batching import aligned, stacked
from funcgrad.core.kinds import Opaque, singular
from funcgrad.core.selecting import anywhere
from funcgrad.rules.linalg.matrix import off_diagonal

__all__ = ["RULES"]


def det_jvp(dx: Array, x: Array) -> Array:
    """Giles, 2.2.4, in cofactors, which singular matrices have too."""
    return np.sum(cofactors(x) * dx, axis=(-2, -1))


def det_vjp(g: Array, x: Array) -> Array:
    return g[..., None, None] * cofactors(x)


def cofactors(x: Array) -> Array:
    """The derivative of the determinant with respect to each element; for small matrices as a polynomial."""
    n = x.shape[-1]
    if n == 1:
        return np.ones_like(x)
    if n == 2:
        a, b, c, d = x[..., 0, 0], x[..., 0, 1], x[..., 1, 0], x[..., 1, 1]
        return np.stack([np.stack([d, -c], axis=-1), np.stack([-b, a], axis=-1)], axis=-2)
    if n == 3:
        return np.cross(np.roll(x, -1, axis=-2), np.roll(x, -2, axis=-2))
    return large_cofactors(x)


def cofactor_values(x: Array) -> Array:
    """``det(x) inv(x)^T``, and for singular matrices what that is in terms of singular values."""
    det = np.linalg.det(x)
    if not anywhere(det == 0):
        return det[..., None, None] * transpose(np.linalg.inv(x))
    u, s, vh, sign = signed_svd(x)
    return (sign * conjugate(u) * others(s)[..., None, :]) @ conjugate(vh)


def signed_svd(x: Array) -> tuple[Array, Array, Array, Array]:
    """The singular value decomposition, and the determinant of its unitary factors."""
    u, s, vh = np.linalg.svd(x)
    return u, s, vh, (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def others(s: Array) -> Array:
    """For each number the product of all others."""
    rows = s[..., None, :] * np.ones_like(s)[..., :, None]
    return np.prod(off_diagonal(rows) + identity_like(rows), axis=-1)


def cofactor_change_values(dx: Array, x: Array) -> Array:
    """The change of the cofactors of ``u diag(s) vh``: those of a diagonal matrix are products of all but two."""
    u, s, vh, sign = signed_svd(x)
    e = adjoint(u) @ dx @ adjoint(vh)
    pairs = others_of_pairs(s)
    change = on_diagonal(np.sum(pairs * diagonal(e)[..., None, :], axis=-1)) - pairs * transpose(e)
    return sign * conjugate(u) @ change @ conjugate(vh)


def others_of_pairs(s: Array) -> Array:
    """For each pair of falling numbers the product of all others; zero on the diagonal.

    It is what is left without the smaller one, divided by the larger one: neither overflows. Zeros are counted apart.
    """
    zero = np.where(s == 0, 1, 0)
    filled = np.where(s == 0, 1, s)
    others_zero = np.sum(zero, axis=-1)[..., None, None] - zero[..., None, :] - zero[..., :, None]
    products = np.where(others_zero == 0, others(filled)[..., None, :] / filled[..., :, None], 0)
    upper = np.triu(products, 1)
    return upper + transpose(upper)


def third_change(da: Array, db: Array, x: Array) -> Array:
    """The change along `db` of the change of the cofactors along `da`, by the formula of Jacobi, used twice.

    It divides by the determinant: for singular matrices nan, not a wrong number.
    """
    y, ya, yb = large_cofactors(x), cofactor_change(da, x), cofactor_change(db, x)
    det = np.sum(x[..., :1, :] * y[..., :1, :], axis=(-2, -1), keepdims=True)
    change = dot(yb, da) * y + dot(y, da) * yb - yb @ transpose(da) @ y - y @ transpose(da) @ yb - dot(y, db) * ya
    return change / np.where(det == 0, np.nan, det)


def dot(a: Array, b: Array) -> Array:
    return np.sum(a * b, axis=(-2, -1), keepdims=True)


def cofactor_change_jvp(dxs: tuple[Array, Array], a: Array, b: Array) -> Array:
    return cofactor_change(dxs[0], b) + third_change(a, dxs[1], b)


def cofactor_change_vjp(g: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """Derivatives of the determinant are symmetric: both modes are the same."""
    return cofactor_change(g, b), third_change(a, g, b)


cofactor_change = Opaque(
    cofactor_change_values,
    cofactor_change_jvp,
    cofactor_change_vjp,
    arity=2,
    own=True,
    name="change of cofactors",
    batch=aligned,
)
large_cofactors = Opaque(
    cofactor_values,
    lambda dx, x: cofactor_change(dx, x),
    lambda g, x: cofactor_change(g, x),
    own=True,
    name="cofactors",
    batch=stacked,
)


def slogdet_jvp(dx: Array, y: Any, x: Array) -> tuple[Array, Array]:
    """The change of ``log(det)``: its real part changes the size, its imaginary part turns the sign."""
    change = np.sum(times(dx, log_det_slope(x, y[0])), axis=(-2, -1))
    size = np.real(change)
    return y[0] * (change - size), size


def slogdet_vjp(gs: tuple[Array, Array], y: Any, x: Array) -> Array:
    turn = y[0] * gs[0]
    g = gs[1] + turn - np.real(turn)
    return times(g[..., None, None], log_det_slope(x, y[0]))


def log_det_slope(x: Array, sign: Array) -> Array:
    """The transposed inverse (Giles, 2.2.4); for singular matrices nan."""
    flat = (sign == 0)[..., None, None]
    return np.where(flat, np.nan, transpose(np.linalg.inv(np.where(flat, identity_like(x), x))))


times = singular(lambda g, slope: g * slope)


RULES = (
    Opaque(np.linalg.det, det_jvp, det_vjp, batch=stacked),
    Opaque(np.linalg.slogdet, slogdet_jvp, slogdet_vjp, batch=stacked),
)
