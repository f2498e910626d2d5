"""Equal eigenvalues or singular values, whose vectors are not determined.

The derivative of eigenvectors (and, in pairs, of singular vectors) along a Hermitian `h` has the elements
``h_ij / (s_j - s_i)``; the cotangent has ``k_ij = a_ij / (s_j - s_i)``, where `a` is the antihermitian part of a matrix
`n` made from the cotangents of the vectors. Where ``s_i = s_j``:

* if ``a_ij`` is not zero, the function depends on the choice of vectors, and has no derivative;
* if it is zero, the function does not, and the limit is looked for. For a function ``v f(s) v^H`` the Hermitian part
  of `n` is ``2 m f``, the diagonal of ``k`` is that of ``m f'``, and ``k_ij = m_ij f'``. So the quotient of the
  diagonals is the quotient of the other elements too. If it is the same all over the block, that is the derivative;
  if not (the function is a sum of several such, or one with ``f = 0`` there), these cotangents do not tell it.

A function that depends on the choice, but is stationary at the vectors at hand (``v[0, 0]`` of the identity), looks
like one that does not, and gets what that would.

In forward mode the tangent of the vectors must do for every `f`, so only an `h` that is diagonal on the block will do.
What is not known is refused: an error, and nan on a device. So is a second derivative through a quotient of diagonals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import diagonal, identity_like, on_diagonal
from funcgrad.core.kinds import Opaque
from funcgrad.core.selecting import anywhere
from funcgrad.rules.linalg.matrix import (
    antihermitian_part,
    hermitian_part,
    is_empty,
    off_diagonal,
    quotient,
    refuse,
    size_of,
    tolerance,
)

__all__ = ["DEPENDS", "ROUNDING", "UNKNOWN", "gaps", "pulled_back", "shared", "turn"]

ROUNDING = 30  # in units of the precision: what LAPACK makes of equal values differs by this part of the largest
INSTEAD = (
    "np.linalg.eigvalsh, np.linalg.svdvals and the norms need no vectors, and have a derivative here; a function of a "
    "matrix, or an inverse, can be written without them."
)
DEPENDS = (
    "{}: vectors of equal values, and the phase of complex vectors, are a free choice, and the function depends on it "
    "(or its tangent does, in forward mode), so its derivative is not determined. " + INSTEAD
)
UNKNOWN = (
    "{}: some values are equal, and the derivative of this function of their vectors cannot be told from its "
    "cotangents (or is of second order). " + INSTEAD
)


def gaps(s: Array) -> Array:
    """``s_j - s_i``, and 1 on the diagonal."""
    difference = s[..., None, :] - s[..., :, None]
    return difference + identity_like(difference)


def shared(s: Array) -> Array:
    """Where two values are equal up to rounding, off the diagonal."""
    difference = np.abs(s[..., None, :] - s[..., :, None])
    largest = np.max(np.abs(s), axis=-1)[..., None, None]
    return difference + identity_like(difference) * (1 + largest) <= ROUNDING * float(np.finfo(s.dtype).eps) * largest


def turn(h: Array, s: Array, name: str) -> Array:
    """How vectors turn along a Hermitian `h`: ``h_ij / (s_j - s_i)``, and zero on the diagonal."""
    return h if is_empty(h) else quotient(off_diagonal(h), gaps(s), shared(s), (h,), DEPENDS.format(name))


def pulled_back(n: Array, gs: Array, s: Array, likes: tuple[Array, ...], name: str, alone: bool) -> Array:
    """The cotangent of `h`: `gs` on the diagonal, ``a_ij / (s_j - s_i)`` elsewhere.

    `likes` are the cotangents of the vectors, beside which rounding is small.
    `alone` tells that the function needs vectors only, and what it does with the values is not seen here.
    """
    if is_empty(n):
        return n
    a, equal = antihermitian_part(n), shared(s)
    if a.dtype.kind == "c":
        a = off_diagonal(refuse(identity_like(a) * np.abs(a) > tolerance(a) * size_of(*likes), a, DEPENDS.format(name)))
    k = quotient(a, gaps(s), equal, likes, DEPENDS.format(name)) + on_diagonal(gs)
    if not anywhere(equal):
        return k
    if alone:
        return refuse(equal & (np.abs(n) > tolerance(n) * size_of(*likes)), k, UNKNOWN.format(name))
    return k + shared_part(n, gs, s, size_of(*likes), name=name)


def shared_part_values(n: Array, gs: Array, s: Array, size: Array, name: str) -> Array:
    """The limits between equal values: those elements of `n`, times the quotient of the diagonals."""
    m = hermitian_part(n)
    block = np.where(shared(s), 1, identity_like(np.real(m)))
    d, e = np.real(diagonal(m)), gs * scale(s)
    size = np.maximum(size[..., 0], np.max(np.abs(e), axis=-1, keepdims=True))
    weight = total(block, d * d)
    known = weight > (tolerance(n) * size) ** 2
    ratio = np.where(known, total(block, d * e) / np.where(known, weight, 1), 0)
    wrong = np.abs(e - ratio * d) > 100 * tolerance(n) * size
    unknown = (total(block, e * e) > (tolerance(n) * size) ** 2) | (
        np.max(np.abs(block * off_diagonal(m)), axis=-1) > tolerance(n) * size
    )
    bad = (np.sum(block, axis=-1) > 1) & np.where(known, total(block, 1.0 * wrong) > 0, unknown)
    limits = block * off_diagonal(m) * (ratio / scale(s))[..., None]
    return refuse(bad[..., None], limits, UNKNOWN.format(name))


def scale(s: Array) -> Array:
    """The largest value, so that quotients are numbers without a unit; 1 if all are zero."""
    largest = np.max(np.abs(s), axis=-1, keepdims=True)
    return np.where(largest == 0, 1, largest)


def total(block: Array, x: Array) -> Array:
    """Sum over the block that each index belongs to."""
    return np.sum(block * x[..., None, :], axis=-1)


def shared_part_jvp(dxs: tuple[Array, ...], c: Array, name: str) -> Array:
    return no_second(0 * dxs[0], c, name)


def shared_part_vjp(g: Array, b: Array, c: Array, d: Array, name: str) -> tuple[Array, ...]:
    return no_second(0 * g, c, name), 0 * b, 0 * c, 0 * d


def no_second(x: Array, s: Array, name: str) -> Array:
    return refuse(shared(s), x, UNKNOWN.format(name))


def shared_part_batch(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    spread = [x if b else np.broadcast_to(x, (size, *x.shape)) for x, b in zip(xs, batched, strict=True)]
    return primitive.run(*spread, **params)


shared_part = Opaque(
    shared_part_values,
    shared_part_jvp,
    shared_part_vjp,
    arity=4,
    own=True,
    name="shared_part",
    batch=shared_part_batch,
)
