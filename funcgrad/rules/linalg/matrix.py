"""What the rules of linear algebra share: parts of matrices, and the refusal of what is not determined.

The sources state a cotangent as the conjugate of ours: ``hat`` turns one into the other. For real matrices they are
the same.
"""

from __future__ import annotations

import functools

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate, identity_like
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Opaque
from funcgrad.core.level import plain
from funcgrad.core.selecting import anywhere
from funcgrad.errors import NoDerivativeError

__all__ = [
    "antihermitian_part",
    "as_hermitian",
    "beside",
    "half",
    "hat",
    "hermitian_part",
    "invertible",
    "is_empty",
    "off_diagonal",
    "outside",
    "quotient",
    "reciprocal",
    "refuse",
    "size_of",
    "tolerance",
]


hat = conjugate


def hermitian_part(x: Array) -> Array:
    return (x + adjoint(x)) / 2


def antihermitian_part(x: Array) -> Array:
    return (x - adjoint(x)) / 2


def half(x: Array) -> Array:
    """The lower triangle with half the diagonal."""
    return (np.tril(x) + np.tril(x, -1)) / 2


def off_diagonal(x: Array) -> Array:
    return np.tril(x, -1) + np.triu(x, 1)


def beside(a: Array, b: Array) -> Array:
    """Put matrices with the same number of rows beside each other."""
    return np.concatenate([a, b], axis=-1)


def outside(u: Array, x: Array) -> Array:
    """The part of `x` outside the space that the columns of `u` span."""
    return x - u @ (adjoint(u) @ x)


def reciprocal(x: Array) -> Array:
    """``1 / x``, and zero where `x` is zero."""
    if isinstance(x, np.ndarray | np.generic) and np.count_nonzero(x) == x.size:  # as mostly: a third of the time
        return np.divide(1, x)
    return np.where(x == 0, 0, 1 / np.where(x == 0, 1, x))


# A function that reads one triangle is taken for one of Hermitian matrices: the Hermitian part of a tangent counts.
as_hermitian = Opaque(
    lambda x: x, hermitian_part, lambda g: hat(hermitian_part(hat(g))), own=True, name="as_hermitian", batch=stacked
)


# -- What is not determined --------------------------------------------------------------------------


def is_empty(x: Array) -> bool:
    return 0 in x.shape


def tolerance(x: Array) -> float:
    """What is smaller than this, relative to its surroundings, is rounding in the derivatives of `x`."""
    return float(np.sqrt(np.finfo(x.dtype).eps))


def size_of(*xs: Array) -> Array:
    """The largest absolute value in each matrix, or each pair of matrices."""
    return functools.reduce(np.maximum, [np.max(np.abs(x), axis=(-2, -1), keepdims=True) for x in xs])


def refuse(bad: Array, x: Array, message: str) -> Array:
    """Return `x` where nothing is bad; what is bad is an error, and nan on a device, which is not asked."""
    if not anywhere(bad):
        return x
    if isinstance(plain(bad), np.ndarray | np.generic):
        raise NoDerivativeError(message)
    return np.where(bad, np.nan, x)


def invertible(x: Array, bad: Array, likes: tuple[Array, ...], message: str) -> Array:
    """Refuse matrices that cannot be inverted, unless all of `likes` is zero: then the inverse does not matter."""
    if not anywhere(bad):
        return x
    bad = bad[..., None, None]
    return refuse(bad & (size_of(*likes) > 0), np.where(bad, identity_like(x), x), message)


def quotient(x: Array, by: Array, vanishes: Array, likes: tuple[Array, ...], message: str) -> Array:
    """``x / by``; where `by` vanishes, `x` has to be rounding compared with `likes`, and the quotient is zero."""
    if not anywhere(vanishes):
        return x / by
    bad = vanishes & (np.abs(x) > tolerance(x) * size_of(*likes))
    return refuse(bad, np.where(vanishes, 0, x / np.where(vanishes, 1, by)), message)
