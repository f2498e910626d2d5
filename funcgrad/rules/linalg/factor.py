"""Factorizations into triangular matrices.

Murray, "Differentiation of the Cholesky decomposition" (2016); Walter and Lehmann, "On the derivatives of QR
decompositions" (2010), with the real diagonal that LAPACK gives to `r` in the complex case too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, diagonal
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Composite, Opaque
from funcgrad.errors import NoDerivativeError
from funcgrad.rules.linalg.matrix import beside, half, hat, invertible, outside
from funcgrad.rules.linalg.singular import completed, folded

__all__ = ["RULES"]


# -- Cholesky ----------------------------------------------------------------------------------------


def cholesky_jvp(dx: Array, y: Array) -> Array:
    """Murray, equation 8. The tangent is taken for Hermitian: its Hermitian part counts."""
    inverse = np.linalg.inv(y)
    return y @ half(inverse @ ((dx + adjoint(dx)) / 2) @ adjoint(inverse))


def cholesky_vjp(g: Array, y: Array) -> Array:
    inverse = np.linalg.inv(y)
    g = adjoint(inverse) @ half(adjoint(y) @ hat(g)) @ inverse
    return hat(g + adjoint(g)) / 2


lower_cholesky = Opaque(np.linalg.cholesky, cholesky_jvp, cholesky_vjp, batch=stacked)


def cholesky_body(a: Array, *, upper: bool = False) -> Array:
    return adjoint(lower_cholesky(adjoint(a))) if upper else lower_cholesky(a)


# -- QR ----------------------------------------------------------------------------------------------


def qr_jvp(dx: Array, y: Any) -> tuple[Array, Array]:
    """In the columns up to the square part of `r`: ``q^H dx r^-1 = x + dr r^-1``, `x` antihermitian."""
    q, r = y
    k = q.shape[-1]
    scaled = adjoint(np.linalg.solve(adjoint(square_part(r, dx)), adjoint(dx[..., :k])))
    c = adjoint(q) @ scaled
    turned = half(c) - adjoint(half(c))
    dq = q @ turned
    if q.shape[-2] > k:
        dq = dq + outside(q, scaled)
    dr = np.triu((c - turned) @ r[..., :k])
    if r.shape[-1] > k:
        dr = beside(dr, adjoint(dq) @ (q @ r[..., k:]) + adjoint(q) @ dx[..., k:])
    return dq, dr


def qr_vjp(gs: tuple[Array, Array], y: Any) -> Array:
    q, r = y
    k = q.shape[-1]
    gq, gr = hat(gs[0]), hat(gs[1])
    square, rest = gr[..., :k], gr[..., k:]
    gq = gq + q @ (r[..., k:] @ adjoint(rest))
    t = np.triu(square) @ adjoint(r[..., :k])
    n = adjoint(q) @ gq - t
    g = q @ (t + half(n - adjoint(n)))
    if q.shape[-2] > k:
        g = g + outside(q, gq)
    g = adjoint(np.linalg.solve(square_part(r, *gs), adjoint(g)))
    return hat(beside(g, q @ rest) if r.shape[-1] > k else g)


def square_part(r: Array, *likes: Array) -> Array:
    """The square part of `r`, if it is regular: then no column is rounding compared with its own length."""
    r = r[..., : r.shape[-2]]
    lengths = np.sqrt(np.sum(np.abs(r) ** 2, axis=-2))
    small = np.abs(diagonal(r)) <= 10 * float(np.finfo(r.dtype).eps) * lengths
    return invertible(r, np.any(small, axis=-1), likes, DEPENDENT)


DEPENDENT = (
    "qr: the columns (the first ones of a wide matrix) are linearly dependent, so the factors have no derivative. "
    "Choose other columns, or use np.linalg.svd or np.linalg.lstsq."
)


def complete_jvp(dx: Array, y: Any) -> tuple[Array, Array]:
    q, rest, r = split(y)
    dq, dr = qr_jvp(dx, (q, r))
    below = y[1][..., r.shape[-2] :, :]
    return completed(dq, q, rest), np.concatenate([dr, 0 * below], axis=-2)


def complete_vjp(gs: tuple[Array, Array], y: Any) -> Array:
    q, rest, r = split(y)
    return qr_vjp((hat(folded(hat(gs[0]), q, rest, "qr")), gs[1][..., : r.shape[-2], :]), (q, r))


def split(y: Any) -> tuple[Array, Array, Array]:
    """For a tall matrix, the columns that `r` refers to, the rest, and the square `r`."""
    n = y[1].shape[-1]
    return y[0][..., :n], y[0][..., n:], y[1][..., :n, :]


def complete_values(x: Array) -> Any:
    return np.linalg.qr(x, "complete")


reduced_qr = Opaque(np.linalg.qr, qr_jvp, qr_vjp, batch=stacked)
complete_qr = Opaque(complete_values, complete_jvp, complete_vjp, own=True, name="qr", batch=stacked)


def qr_body(a: Array, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        raise NoDerivativeError(f"qr: the derivative with mode={mode!r} is not known; that with mode='reduced' is.")
    if mode == "complete" and a.shape[-2] > a.shape[-1]:
        return complete_qr(a)
    result = reduced_qr(a)
    return result[1] if mode == "r" else result


RULES = (
    Composite(np.linalg.cholesky, cholesky_body),
    Composite(np.linalg.qr, qr_body),
)
