"""Linear algebra: inverses, determinants, factorizations, norms, for stacks of matrices.

Sources of the rules: Giles, "An extended collection of matrix derivative results" (2008); Murray,
"Differentiation of the Cholesky decomposition" (2016); Wan and Zhang, "Automatic differentiation for
complex valued SVD" (2019); Golub and Pereyra, "The differentiation of pseudo-inverses" (1973). There a
cotangent is the conjugate of ours: ``hat`` turns one into the other. For real matrices they are the same.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite, Constant, Opaque, singular
from funcgrad.errors import NoDerivativeError

__all__ = ["RULES"]


def conjugate(x: Array) -> Array:
    return np.conjugate(x) if x.dtype.kind == "c" else x


hat = conjugate


def transpose(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """The conjugate transpose."""
    return transpose(conjugate(x))


def on_diagonal(x: Array) -> Array:
    """Put vectors on the diagonal of zero matrices."""
    return np.tril(np.triu(np.broadcast_to(x[..., None], (*x.shape, x.shape[-1]))))


def identity_like(x: Array) -> Array:
    return np.tril(np.triu(np.ones_like(x)))


def diagonal(x: Array) -> Array:
    return np.diagonal(x, 0, -2, -1)


def reciprocal(x: Array) -> Array:
    """``1 / x``, and zero where `x` is zero."""
    return np.where(x == 0, 0, 1 / np.where(x == 0, 1, x))


# -- Inverses and solutions --------------------------------------------------------------------------


def inv_jvp(dx: Array, y: Array) -> Array:
    """Giles, 2.2.3."""
    return -(y @ dx @ y)


def inv_vjp(g: Array, y: Array) -> Array:
    return -(transpose(y) @ g @ transpose(y))


def solve_jvp(dxs: tuple[Array, Array], y: Array, a: Array) -> Array:
    """Giles, 2.3.1: ``a y = b`` gives ``a dy = db - da y``."""
    da, db = dxs
    return np.linalg.solve(a, db - da @ y)


def solve_vjp(g: Array, y: Array, a: Array) -> tuple[Array, Array]:
    gb = np.linalg.solve(transpose(a), g)
    return -(gb @ transpose(y)), gb


solve_matrix = Opaque(np.linalg.solve, solve_jvp, solve_vjp, arity=2)


def solve_body(a: Array, b: Array) -> Array:
    """Only a 1-D `b` is a vector; everything else is a stack of matrices."""
    a, b = (x if hasattr(x, "dtype") else np.asarray(x) for x in (a, b))
    return solve_matrix(a, b[:, None])[..., 0] if b.ndim == 1 else solve_matrix(a, b)


def pinv_jvp(dx: Array, y: Array, x: Array) -> Array:
    """Golub and Pereyra, for constant rank."""
    h = adjoint(dx)
    right = (y @ adjoint(y)) @ (h - (h @ x) @ y)
    left = (h - y @ (x @ h)) @ (adjoint(y) @ y)
    return right + left - y @ dx @ y


def pinv_vjp(g: Array, y: Array, x: Array) -> Array:
    g, z = hat(g), adjoint(y)
    h = adjoint(g)
    right = (h - x @ (y @ h)) @ (y @ z)
    left = (z @ y) @ (h - (h @ y) @ x)
    return hat(right + left - z @ g @ z)


def matrix_power_body(a: Array, n: Any) -> Array:
    """Multiply the squares that make up `n` in binary."""
    n = operator.index(n)
    if n < 0:
        a, n = np.linalg.inv(a), -n
    result = None
    while n:
        if n % 2:
            result = a if result is None else result @ a
        n //= 2
        a = a @ a if n else a
    return identity_like(a) if result is None else result


# -- Determinants ------------------------------------------------------------------------------------


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
    if np.all(det != 0):
        return det[..., None, None] * transpose(np.linalg.inv(x))
    u, s, v = np.linalg.svd(x)
    s = s[..., None, :] * np.ones_like(s)[..., :, None]
    others = np.prod(np.tril(s, -1) + np.triu(s, 1) + on_diagonal(np.ones_like(diagonal(s))), axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(v)
    return sign[..., None, None] * (conjugate(u) * others[..., None, :]) @ conjugate(v)


def cofactors_jvp(dx: Array, y: Array, x: Array) -> Array:
    """Jacobi's formula once more. It divides by the determinant: for singular matrices nan, not a wrong number."""
    det = np.sum(x[..., :1, :] * y[..., :1, :], axis=(-2, -1), keepdims=True)
    change = np.sum(y * dx, axis=(-2, -1), keepdims=True) * y - y @ transpose(dx) @ y
    return change / np.where(det == 0, np.nan, det)


# The derivative of cofactors is a second derivative, so it is symmetric: both modes are the same.
large_cofactors = Opaque(cofactor_values, cofactors_jvp, cofactors_jvp, own=True, name="cofactors")


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


# -- Factorizations ----------------------------------------------------------------------------------


def half(x: Array) -> Array:
    """The lower triangle with half the diagonal."""
    return (np.tril(x) + np.tril(x, -1)) / 2


def cholesky_jvp(dx: Array, y: Array) -> Array:
    """Murray, equation 8. The tangent is taken for Hermitian: its Hermitian part counts."""
    inverse = np.linalg.inv(y)
    return y @ half(inverse @ ((dx + adjoint(dx)) / 2) @ adjoint(inverse))


def cholesky_vjp(g: Array, y: Array) -> Array:
    inverse = np.linalg.inv(y)
    g = adjoint(inverse) @ half(adjoint(y) @ hat(g)) @ inverse
    return hat(g + adjoint(g)) / 2


lower_cholesky = Opaque(np.linalg.cholesky, cholesky_jvp, cholesky_vjp)


def cholesky_body(a: Array, *, upper: bool = False) -> Array:
    return adjoint(lower_cholesky(adjoint(a))) if upper else lower_cholesky(a)


def svd_jvp(dx: Array, y: Any) -> tuple[Array, Array, Array]:
    """Wan and Zhang. Equal singular values have no singular vectors of their own; those terms are left out."""
    u, s, vh = y
    v = adjoint(vh)
    p = adjoint(u) @ dx @ v
    left, right, turn = p * s[..., None, :], s[..., :, None] * p, diagonal(p)
    inverse = reciprocal(s)
    du = u @ (gaps(s) * (left + adjoint(left)) + on_diagonal((turn - np.real(turn)) * inverse))
    dv = v @ (gaps(s) * (right + adjoint(right)))
    du = du + outside(u, dx @ v) * inverse[..., None, :]
    dv = dv + outside(v, adjoint(dx) @ u) * inverse[..., None, :]
    return du, np.real(turn), adjoint(dv)


def svd_vjp(gs: tuple[Array, Array, Array], y: Any) -> Array:
    u, s, vh = y
    gu, gv, v = hat(gs[0]), transpose(gs[2]), adjoint(vh)
    inverse = reciprocal(s)
    m, n = adjoint(u) @ gu, gaps(s) * (adjoint(v) @ gv)
    turn = diagonal(m)
    m = gaps(s) * m
    p = (m + adjoint(m)) * s[..., None, :] + s[..., :, None] * (n + adjoint(n))
    p = p + on_diagonal(gs[1] + (turn - np.real(turn)) * inverse)
    g = u @ p @ vh + (outside(u, gu) * inverse[..., None, :]) @ vh
    return hat(g + u @ adjoint(outside(v, gv) * inverse[..., None, :]))


def gaps(s: Array) -> Array:
    """``1 / (s_j^2 - s_i^2)``, and zero where they are equal."""
    return reciprocal((s[..., None, :] - s[..., :, None]) * (s[..., None, :] + s[..., :, None]))


def outside(u: Array, x: Array) -> Array:
    """The part of `x` outside the space that the columns of `u` span: nothing if `u` is square."""
    return x - u @ (adjoint(u) @ x) if u.shape[-2] > u.shape[-1] else 0


thin_svd = Opaque(np.linalg.svd, svd_jvp, svd_vjp, ignore="full_matrices hermitian")


def svd_body(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if full_matrices and compute_uv and a.shape[-2] != a.shape[-1]:
        raise NoDerivativeError(
            f"svd of matrices of shape {a.shape[-2:]} with full_matrices=True: the extra singular vectors are not "
            "determined, so they have no derivative. Pass full_matrices=False."
        )
    result = thin_svd(a, full_matrices=False, **({"hermitian": True} if hermitian else {}))  # which CuPy has not
    return result if compute_uv else result[1]


def svdvals_body(x: Array) -> Array:
    return thin_svd(x, full_matrices=False)[1]


# -- Norms -------------------------------------------------------------------------------------------


def norm_weights(y: Array, x: Array, ord: Any, axis: Any, keepdims: bool) -> Array:
    """What makes ``conj(x)`` the derivative of a norm; zero where the norm is zero."""
    y = regain(y, axis, keepdims)
    if ord in (None, 2, "fro", "f"):
        return reciprocal(y)
    size = np.abs(x)
    edge = (size == 0) | (y == 0)
    y = np.where(y == 0, 1, y)
    return np.where(edge, 0, (np.where(edge, 1, size) / y) ** (float(ord) - 2) / y)


def norm_jvp(dx: Array, y: Array, x: Array, ord: Any, axis: Any, keepdims: bool) -> Array:
    return np.sum(conjugate(x) * dx * norm_weights(y, x, ord, axis, keepdims), axis=axis, keepdims=keepdims)


def norm_vjp(g: Array, y: Array, x: Array, ord: Any, axis: Any, keepdims: bool) -> Array:
    return conjugate(x) * (regain(g, axis, keepdims) * norm_weights(y, x, ord, axis, keepdims))


def regain(y: Array, axis: Any, keepdims: bool) -> Array:
    """Give back the axes that a norm took away."""
    return y if keepdims or axis is None else np.expand_dims(y, axis)


smooth_norm = Opaque(np.linalg.norm, norm_jvp, norm_vjp)  # of vectors, and the Frobenius norm


def norm_body(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    x = x if x.dtype.kind in "fc" else x.astype(float)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (operator.index(axis),)
    if ord is not None and len(axes) == 1:
        return norm_of_vectors(x, ord, axes[0], keepdims)
    if len(axes) == 2 and ord not in (None, "fro", "f"):
        return norm_of_matrices(x, ord, axes, keepdims)
    return smooth_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def norm_of_vectors(x: Array, ord: Any, axis: int, keepdims: bool) -> Array:
    if ord == 0:
        return np.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    return smooth_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def norm_of_matrices(x: Array, ord: Any, axes: tuple[int, int], keepdims: bool) -> Array:
    if ord in (2, -2, "nuc"):
        s = np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1)))
        reduce: Any = np.sum if ord == "nuc" else np.max if ord == 2 else np.min
        y = reduce(np.where(s == 0, 0, s), axis=-1)
        return np.expand_dims(y, axes) if keepdims else y
    if ord in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.abs(x), axis=axes[0] if abs(ord) == 1 else axes[1], keepdims=True)
        return (np.max if ord > 0 else np.min)(sums, axis=axes, keepdims=keepdims)
    raise ValueError("Invalid norm order for matrices.")


def vector_norm_body(x: Array, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """Any axes count as one: they are moved to the front and made one."""
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        return np.linalg.norm(x, ord, axes[0], keepdims)
    x = np.moveaxis(x, axes, tuple(range(len(axes))))
    shape = x.shape[len(axes) :]
    y = np.linalg.norm(np.reshape(x, (math.prod(x.shape[: len(axes)]), *shape)), ord, axis=0)
    return np.expand_dims(y, axes) if keepdims else y


def matrix_norm_body(x: Array, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


def cond_body(x: Array, p: Any = None) -> Array:
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


RULES = (
    # -- Inverses and solutions
    Opaque(np.linalg.inv, inv_jvp, inv_vjp),
    Composite(np.linalg.solve, solve_body),
    Opaque(np.linalg.pinv, pinv_jvp, pinv_vjp, ignore="rcond hermitian rtol"),
    Composite(np.linalg.matrix_power, matrix_power_body),
    # -- Determinants
    Opaque(np.linalg.det, det_jvp, det_vjp),
    Opaque(np.linalg.slogdet, slogdet_jvp, slogdet_vjp),
    # -- Factorizations
    Composite(np.linalg.cholesky, cholesky_body),
    Composite(np.linalg.svd, svd_body),
    Composite(np.linalg.svdvals, svdvals_body),
    # -- Norms
    Composite(np.linalg.norm, norm_body),
    Composite(np.linalg.vector_norm, vector_norm_body),
    Composite(np.linalg.matrix_norm, matrix_norm_body),
    Composite(np.linalg.cond, cond_body),
    Constant(np.linalg.matrix_rank),
    # -- Views
    Composite(np.linalg.matrix_transpose, transpose),
    Composite(np.linalg.diagonal, lambda x, *, offset=0: np.diagonal(x, offset, -2, -1)),
    Composite(np.linalg.trace, lambda x, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype)),
)
