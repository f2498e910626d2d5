"""Activations along a dimension: softmax and its kin, gates, normalizing."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.batching import along_one
from funcgrad.core.kinds import Opaque
from funcgrad.nn.functional.adapter import constant, functional, uniform
from funcgrad.tensor.operators import sigmoid
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["glu", "gumbel_softmax", "log_softmax", "normalize", "softmax", "softmin"]


# -- Primitives: one node, and what is kept is the output alone ------------------------------------------------------


def softmax_values(x: Array, axis: int = -1) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):  # a row of infinities is nan
        e = x - x.max(axis=axis, keepdims=True)
        np.exp(e, out=e)
        e /= e.sum(axis=axis, keepdims=True)
        return e


def softmax_rule(g: Array, y: Array, axis: int) -> Array:
    weighted = g * y
    return weighted - y * weighted.sum(axis=axis, keepdims=True)


def log_softmax_values(x: Array, axis: int = -1) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        x = x - x.max(axis=axis, keepdims=True)
        x -= np.log(np.exp(x).sum(axis=axis, keepdims=True))
        return x


SOFTMAX = Opaque(softmax_values, softmax_rule, softmax_rule, name="softmax", own=True, batch=along_one(default=-1))
LOG_SOFTMAX = Opaque(
    log_softmax_values,
    lambda dx, y, axis: dx - (np.exp(y) * dx).sum(axis=axis, keepdims=True),
    lambda g, y, axis: g - np.exp(y) * g.sum(axis=axis, keepdims=True),
    name="log_softmax",
    own=True,
    batch=along_one(default=-1),
)


def prepared(name: str, x: Array, dim: int | None, dtype: Any, stacklevel: int = 4) -> tuple[Array, int]:
    """Return what a softmax works on: floating-point numbers with at least one dimension to go along."""
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Pass dim=X.", UserWarning, stacklevel=stacklevel
        )
        dim = 0 if x.ndim in (0, 1, 3) else 1
    if dtype is not None:
        x = x.astype(np.dtype(dtype))
    if not -max(x.ndim, 1) <= dim < max(x.ndim, 1):
        raise IndexError(f"{name}: dimension {dim} is out of range for a tensor with {x.ndim} dimensions")
    if x.dtype.kind in "biu":
        raise NotImplementedError(f"{name} is not defined for {x.dtype.name}: pass a floating-point dtype")
    return x, dim


@functional("softmax")
def softmax(input: Array, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
    """Return exponentials along a dimension, divided by their sum.

    Parameters
    ----------
    input : Tensor or array
    dim : int
        The dimension along which the results sum to 1.
    dtype : dtype, optional
        What to cast to before.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.softmax(fg.tensor([0.0, 0.0, 0.0, 0.0]), dim=0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    x, dim = prepared("softmax", input, dim, dtype)
    return SOFTMAX(x, axis=dim) if x.ndim else SOFTMAX(x[None], axis=0)[0]


@functional("softmax")
def softmin(input: Array, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
    """Return the softmax of the negative input."""
    x, dim = prepared("softmin", input, dim, dtype)
    return SOFTMAX(-x, axis=dim) if x.ndim else SOFTMAX(-x[None], axis=0)[0]


@functional("log_softmax")
def log_softmax(input: Array, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
    """Return the logarithm of the softmax, without overflow or loss of accuracy.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.log_softmax(fg.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    x, dim = prepared("log_softmax", input, dim, dtype)
    return LOG_SOFTMAX(x, axis=dim) if x.ndim else LOG_SOFTMAX(x[None], axis=0)[0]


@functional("softmax")
def gumbel_softmax(logits: Array, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Array:
    """Draw from a relaxed categorical distribution.

    Parameters
    ----------
    logits : Tensor or array
        Unnormalized logarithms of probabilities.
    tau : float
        The temperature.
    hard : bool
        Whether to return one-hot vectors, whose derivatives are those of the relaxed ones.
    eps : float
        Has no effect any more, and warns.
    dim : int
        The dimension along which to draw.

    Returns
    -------
    Tensor or array
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=3)
    draws = uniform(logits.shape, logits, np.finfo(logits.dtype).tiny, 1.0)
    soft = SOFTMAX((logits - np.log(-np.log(draws))) / tau, axis=dim)
    if not hard:
        return soft
    fixed = stop_gradient(soft)
    places = np.argmax(fixed, axis=dim, keepdims=True)
    shape = [-1 if d == dim % soft.ndim else 1 for d in range(soft.ndim)]
    numbers = np.reshape(constant(np.arange(soft.shape[dim]), soft), shape)
    return np.where(places == numbers, 1 - fixed, -fixed) + soft


@functional("glu")
def glu(input: Array, dim: int = -1) -> Array:
    """Multiply one half of a dimension by the sigmoid of the other."""
    if not input.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    size = input.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    first, second = np.split(input, 2, axis=dim)
    return first * sigmoid(second)


@functional("div")
def normalize(input: Array, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: None = None) -> Array:
    """Divide vectors along a dimension by their norm, or by `eps` where that is larger.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.normalize(fg.tensor([3.0, 4.0]), dim=0)
    tensor([0.6000, 0.8000])
    """
    if out is not None:
        raise NotImplementedError("normalize: out= is not supported; use the returned value")
    return input / np.maximum(vector_norm(input, p, dim, keepdims=True), eps)


def vector_norm(x: Array, p: float, axis: Any, keepdims: bool = False) -> Array:
    """Return norms of vectors along axes; the derivative at zero is zero."""
    size = np.abs(x)
    if p == np.inf:
        return np.max(size, axis=axis, keepdims=keepdims)
    if p == -np.inf:
        return np.min(size, axis=axis, keepdims=keepdims)
    if p == 0:
        return np.sum((x != 0).astype(x.dtype), axis=axis, keepdims=keepdims)
    if p == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if p == 2:
        total = np.sum(x * x if x.dtype.kind != "c" else size * size, axis=axis, keepdims=keepdims)
        zero = total == 0
        return np.where(zero, 0, np.sqrt(np.where(zero, 1, total)))
    empty = size == 0
    total = np.sum(np.where(empty, 0, np.where(empty, 1, size) ** p), axis=axis, keepdims=keepdims)
    zero = total == 0
    return np.where(zero, 0, np.where(zero, 1, total) ** (1 / p))
