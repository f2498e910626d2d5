"""Norms, condition numbers and ranks."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import conjugate
from funcgrad.core.batching import along
from funcgrad.core.kinds import Composite, Constant, Opaque
from funcgrad.rules.linalg.matrix import reciprocal

__all__ = ["RULES"]


# -- Norms -------------------------------------------------------------------------------------------


EUCLIDEAN = (None, 2, "fro", "f")


def norm_weights(y: Array, x: Array, ord: Any, axis: Any, keepdims: bool) -> Array:
    """What makes ``conj(x)`` the derivative of a norm; zero where the norm is zero."""
    y = regain(y, axis, keepdims)
    if ord in EUCLIDEAN:
        return reciprocal(y)
    size = np.abs(x)
    edge = (size == 0) | (y == 0)
    y = np.where(y == 0, 1, y)
    return np.where(edge, 0, (np.where(edge, 1, size) / y) ** (float(ord) - 2) / y)


def norm_jvp(dx: Array, y: Array, x: Array, ord: Any, axis: Any, keepdims: bool) -> Array:
    return np.sum(conjugate(x) * dx * norm_weights(y, x, ord, axis, keepdims), axis=axis, keepdims=keepdims)


def norm_vjp(g: Array, y: Array, x: Array, ord: Any, axis: Any, keepdims: bool) -> Array:
    if ord in EUCLIDEAN:
        return conjugate(x) * regain(g * reciprocal(y), axis, keepdims)
    return conjugate(x) * (regain(g, axis, keepdims) * norm_weights(y, x, ord, axis, keepdims))


def regain(y: Array, axis: Any, keepdims: bool) -> Array:
    """Give back the axes that a norm took away."""
    return y if keepdims or axis is None else np.expand_dims(y, axis)


def norm_batch(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    """Without an axis, examples of any shape are long vectors."""
    x = xs[0]
    if params.get("axis") is not None:
        return along()(primitive, xs, batched, params, size)
    y = np.linalg.norm(np.reshape(x, (size, math.prod(x.shape[1:]))), axis=1)
    return np.reshape(y, (size, *(1,) * (x.ndim - 1))) if params.get("keepdims") else y


smooth_norm = Opaque(np.linalg.norm, norm_jvp, norm_vjp, batch=norm_batch)  # of vectors, and the Frobenius norm


def norm_body(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    x = x if x.dtype.kind in "fc" else x.astype(float)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (operator.index(axis),)
    if ord is not None and len(axes) == 1:
        return norm_of_vectors(x, ord, axes[0], keepdims)
    if len(axes) == 2 and ord not in (None, "fro", "f"):
        return norm_of_matrices(x, ord, axes, keepdims)
    return smooth_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def largest(x: Array, **options: Any) -> Array:
    """The maximum of numbers that are not negative; zero of none."""
    return np.max(x, **options) if x.size else np.sum(x, **options)


def norm_of_vectors(x: Array, ord: Any, axis: int, keepdims: bool) -> Array:
    if ord == 0:
        return np.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)
    if ord in (np.inf, -np.inf):
        return (largest if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    return smooth_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def norm_of_matrices(x: Array, ord: Any, axes: tuple[int, int], keepdims: bool) -> Array:
    if ord in (2, -2, "nuc"):
        s = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), compute_uv=False)
        reduce: Any = np.sum if ord == "nuc" else largest if ord == 2 else np.min
        y = reduce(np.where(s == 0, 0, s), axis=-1)
        return np.expand_dims(y, axes) if keepdims else y
    if ord in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.abs(x), axis=axes[0] if abs(ord) == 1 else axes[1], keepdims=True)
        return (largest if ord > 0 else np.min)(sums, axis=axes, keepdims=keepdims)
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
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


RULES = (
    Composite(np.linalg.norm, norm_body),
    Composite(np.linalg.vector_norm, vector_norm_body),
    Composite(np.linalg.matrix_norm, matrix_norm_body),
    Composite(np.linalg.cond, cond_body),
    Constant(np.linalg.matrix_rank),
)
