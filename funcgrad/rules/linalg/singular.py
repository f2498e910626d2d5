"""Singular values and vectors.

Wan and Zhang, "Automatic differentiation for complex valued SVD" (2019), with the Hermitian and the antihermitian part
of ``p = u^H dx v`` kept apart: ``du = u (h/gap + a/sum)`` and ``dv = v (h/gap - a/sum)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate, diagonal, transpose
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Composite, Opaque
from funcgrad.rules.linalg.degenerate import DEPENDS, ROUNDING, UNKNOWN, pulled_back, turn
from funcgrad.rules.linalg.matrix import (
    antihermitian_part,
    as_hermitian,
    beside,
    hat,
    hermitian_part,
    is_empty,
    outside,
    quotient,
    refuse,
    size_of,
    tolerance,
)

__all__ = ["RULES", "completed", "folded", "svdvals_jvp", "svdvals_vjp"]


# -- Thin --------------------------------------------------------------------------------------------


def svd_jvp(dx: Array, y: Any) -> tuple[Array, Array, Array]:
    u, s, vh = y
    v = adjoint(vh)
    p = adjoint(u) @ dx @ v
    both, apart = turn(hermitian_part(p), s, "svd"), over_sums(antihermitian_part(p), s, (p,))
    du, dv = u @ (both + apart), v @ (both - apart)
    if is_tall(u):
        du = du + over_values(outside(u, dx @ v), s, (dx,))
    if is_tall(v):
        dv = dv + over_values(outside(v, adjoint(dx) @ u), s, (dx,))
    return du, np.real(diagonal(p)), adjoint(dv)


def svd_vjp(gs: tuple[Array, Array, Array], y: Any, used: tuple[bool, ...]) -> Array:
    return svd_pulled_back(gs, y, alone=False) if used[0] or used[2] else from_values(gs[1], y[0], y[2])


def from_values(g: Array, u: Array, vh: Array) -> Array:
    """Where singular values are equal, a derivative in the sense of Clarke."""
    return hat((u * g[..., None, :]) @ vh)


def svd_pulled_back(gs: tuple[Array, Array, Array], y: Any, alone: bool) -> Array:
    u, s, vh = y
    v = adjoint(vh)
    gu, gv = hat(gs[0]), transpose(gs[2])
    m, n = adjoint(u) @ gu, adjoint(v) @ gv
    p = pulled_back(m + n, gs[1], s, (gu, gv), "svd", alone)
    p = p + over_sums(antihermitian_part(m - n), s, (gu, gv))
    if (is_tall(u) or is_tall(v)) and not alone:
        p = without_kinks(p, gs[1], s)
    g = u @ p @ vh
    if is_tall(u):
        g = g + over_values(outside(u, gu), s, (gu, gv)) @ vh
    if is_tall(v):
        g = g + u @ adjoint(over_values(outside(v, gv), s, (gu, gv)))
    return hat(g)


def is_tall(u: Array) -> bool:
    return bool(u.shape[-2] > u.shape[-1])


def over_sums(a: Array, s: Array, likes: tuple[Array, ...]) -> Array:
    if is_empty(a):
        return a
    sums = s[..., None, :] + s[..., :, None]
    return quotient(a, sums, vanishing(sums, s[..., None]), likes, DEPENDS.format("svd"))


def over_values(x: Array, s: Array, likes: tuple[Array, ...]) -> Array:
    """Divide columns by singular values."""
    if is_empty(x):
        return x
    row = s[..., None, :]
    return quotient(x, row, vanishing(row, row), likes, DEPENDS.format("svd"))


def vanishing(x: Array, s: Array) -> Array:
    """Where `x` is rounding among singular values."""
    return x <= ROUNDING * float(np.finfo(s.dtype).eps) * np.max(s, axis=(-2, -1), keepdims=True)


def without_kinks(p: Array, gs: Array, s: Array) -> Array:
    """Refuse zeros that count: there are directions outside `u` or `v` in which a zero grows, whatever its sign."""
    if is_empty(p):
        return p
    row, g = s[..., None, :], np.abs(gs[..., None, :])
    return refuse(vanishing(row, row) & (g > tolerance(g) * size_of(g)), p, UNKNOWN.format("svd"))


thin_svd = Opaque(np.linalg.svd, svd_jvp, svd_vjp, ignore="full_matrices hermitian", batch=stacked)


# -- With the vectors that complete the basis --------------------------------------------------------


def full_svd_jvp(dx: Array, y: Any) -> tuple[Array, Array, Array]:
    u, rest_u, v, rest_v = split(y)
    du, ds, dvh = svd_jvp(dx, (u, y[1], adjoint(v)))
    du, dv = completed(du, u, rest_u), completed(adjoint(dvh), v, rest_v)
    return du, ds, adjoint(dv)


def full_svd_vjp(gs: tuple[Array, Array, Array], y: Any, used: tuple[bool, ...]) -> Array:
    u, rest_u, v, rest_v = split(y)
    gu = folded(hat(gs[0]), u, rest_u, "svd")
    gv = folded(transpose(gs[2]), v, rest_v, "svd")
    return svd_vjp((hat(gu), gs[1], transpose(gv)), (u, y[1], adjoint(v)), used)


def split(y: Any) -> tuple[Array, Array, Array, Array]:
    """The vectors that belong to singular values, and the rest."""
    u, v, k = y[0], adjoint(y[2]), y[1].shape[-1]
    return u[..., :k], u[..., k:], v[..., :k], v[..., k:]


def completed(dq: Array, q: Array, rest: Array) -> Array:
    """Let the other vectors of an orthonormal basis follow: they stay orthogonal, and do not turn among themselves."""
    return beside(dq, -q @ (adjoint(dq) @ rest))


def folded(g: Array, q: Array, rest: Array, name: str) -> Array:
    """Hand the cotangent of the other vectors to those that they follow."""
    k = q.shape[-1]
    g_rest = g[..., k:]
    g = g[..., :k] - rest @ (adjoint(g_rest) @ q)
    if is_empty(g_rest):
        return g
    turned = antihermitian_part(adjoint(rest) @ g_rest)
    free = np.max(np.abs(turned), axis=(-2, -1), keepdims=True) > tolerance(turned) * size_of(g_rest)
    return refuse(free, g, DEPENDS.format(name))


full_svd = Opaque(lambda x: np.linalg.svd(x), full_svd_jvp, full_svd_vjp, own=True, name="svd", batch=stacked)


# -- Values only -------------------------------------------------------------------------------------


def svd_vjp_alone(gs: tuple[Array, Array, Array], y: Any) -> Array:
    return svd_pulled_back(gs, y, alone=True)


vectors = Opaque(
    lambda x: np.linalg.svd(x, full_matrices=False), svd_jvp, svd_vjp_alone, own=True, name="svd", batch=stacked
)


def svdvals_jvp(dx: Array, x: Array) -> Array:
    u, _, vh = vectors(x)
    return np.real(np.sum(conjugate(u) * (dx @ adjoint(vh)), axis=-2))


def svdvals_vjp(g: Array, x: Array) -> Array:
    u, _, vh = vectors(x)
    return from_values(g, u, vh)


def values(x: Array) -> Array:
    return np.linalg.svd(x, compute_uv=False)  # CuPy has no svdvals


def values_of_hermitian(x: Array) -> Array:
    return np.linalg.svd(x, compute_uv=False, hermitian=True)


singular_values = Opaque(values, svdvals_jvp, svdvals_vjp, own=True, name="svdvals", batch=stacked)
hermitian_values = Opaque(values_of_hermitian, svdvals_jvp, svdvals_vjp, own=True, name="svdvals", batch=stacked)


def svd_body(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if hermitian:
        a = as_hermitian(a)
        return thin_svd(a, hermitian=True) if compute_uv else hermitian_values(a)
    if not compute_uv:
        return singular_values(a)
    if full_matrices and a.shape[-2] != a.shape[-1]:
        return full_svd(a)
    return thin_svd(a, full_matrices=False)


RULES = (
    Composite(np.linalg.svd, svd_body),
    Composite(np.linalg.svdvals, lambda x: singular_values(x)),
)
