"""Differences, integrals and statistics, written out over the other chapters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.checks import refuse_if, warn_if
from funcgrad.core.kinds import Composite

__all__ = ["RULES"]

# -- Differences and integrals --------------------------------------------------------------------------


def along(x: Array, axis: int, part: slice) -> Array:
    return x[(slice(None),) * (axis % x.ndim) + (part,)]


def diff_body(a: Array, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Array:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if n == 0:
        return a
    a = as_array(a)
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = normalize_axis_index(axis, a.ndim)
    border = [None if part is np._NoValue else as_border(part, a, axis) for part in (prepend, append)]
    parts = [part for part in (border[0], a, border[1]) if part is not None]
    x = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    for _ in range(n):
        x = along(x, axis, slice(1, None)) - along(x, axis, slice(None, -1))
    return x


def as_border(part: Any, a: Array, axis: int) -> Array:
    if np.ndim(part) > 0:
        return part
    zeros = np.sum(np.zeros_like(a), axis=axis, keepdims=True)
    return zeros.astype(np.result_type(a, part.dtype if hasattr(part, "dtype") else np.asarray(part).dtype)) + part


def ediff1d_body(ary: Array, to_end: Any = None, to_begin: Any = None) -> Array:
    x = np.ravel(ary)
    parts = [np.ravel(part) if part is not None else None for part in (to_begin, to_end)]
    for name, part in zip(("to_begin", "to_end"), parts, strict=True):
        if part is not None and not np.can_cast(part.dtype, x.dtype, "same_kind"):
            raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
    steps = x[1:] - x[:-1]
    both = [part if part is None else part.astype(x.dtype) for part in parts]
    return np.concatenate([part for part in (both[0], steps, both[1]) if part is not None])


def trapezoid_body(y: Array, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    y = as_array(y)
    axis = normalize_axis_index(axis, y.ndim)
    if x is not None:
        steps = np.diff(x) if np.ndim(x) == 1 else np.diff(x, axis=axis)
        dx = np.reshape(steps, (-1, *(1,) * (y.ndim - 1 - axis % y.ndim))) if np.ndim(x) == 1 else steps
    return np.sum(dx * (along(y, axis, slice(1, None)) + along(y, axis, slice(None, -1))) / 2.0, axis=axis)


# -- Averages and covariances ------------------------------------------------------------------------------


def average_body(
    a: Array, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    keep = keepdims is not np._NoValue and bool(keepdims)
    a = as_array(a)
    if weights is None:
        average = np.mean(a, axis=axis, keepdims=keep)
        total: Any = average.dtype.type(np.size(a) / max(np.size(average), 1))
    else:
        w = fitted_weights(weights, a, axis)
        kind = np.result_type(a.dtype, w.dtype, *([] if a.dtype.kind in "fc" else [np.float64]))
        total = np.sum(w, axis=axis, dtype=kind, keepdims=keep)
        refuse_if(total == 0, ZeroDivisionError("Weights sum to zero, can't be normalized"))
        average = np.sum(a.astype(kind) * w, axis=axis, keepdims=keep) / total
    if not returned:
        return average
    return average, total if np.shape(total) == np.shape(average) else np.broadcast_to(total, np.shape(average)).copy()


def fitted_weights(weights: Any, a: Array, axis: Any) -> Array:
    weights = as_array(weights)
    if np.shape(weights) == np.shape(a):
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = [int(d) % a.ndim for d in np.atleast_1d(axis)]
    if np.shape(weights) != tuple(a.shape[d] for d in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    w = np.transpose(weights, np.argsort(axes).tolist())
    w = np.reshape(w, [n if d in axes else 1 for d, n in enumerate(a.shape)])
    return np.broadcast_to(w, a.shape)


def cov_body(
    m: Array,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Array:
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    x = observations(as_array(m), rowvar)
    if y is not None:
        x = np.concatenate([x, observations(as_array(y), rowvar)], axis=0)
    x = x.astype(np.result_type(x, np.float64) if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    fweights, aweights = checked_weights("fweights", fweights, x), checked_weights("aweights", aweights, x)
    if fweights is not None:
        refuse_if(fweights != np.round(fweights), TypeError("fweights must be integer"))
    w = aweights if fweights is None else fweights if aweights is None else fweights * aweights
    if w is None:
        center, total, used = np.mean(x, axis=1, keepdims=True), x.shape[1], max(x.shape[1] - ddof, 0)
    else:
        total = np.sum(w)
        center = np.sum(x * w, axis=1, keepdims=True) / total
        used = total - (ddof if aweights is None else ddof * np.sum(w * aweights) / total)
        used = np.where(used <= 0, 0, used)
    warn_if(used == 0, "Degrees of freedom <= 0 for slice")
    deviation = x - center
    weighted = deviation if w is None else deviation * w
    return np.squeeze(np.matmul(weighted, np.conjugate(deviation.T)) / used)


def checked_weights(name: str, weights: Any, x: Array) -> Any:
    if weights is None:
        return None
    weights = as_array(weights).astype(np.float64)
    if weights.ndim > 1:
        raise RuntimeError(f"cannot handle multidimensional {name}")
    if weights.shape[0] != x.shape[1]:
        raise RuntimeError(f"incompatible numbers of samples and {name}")
    refuse_if(weights < 0, ValueError(f"{name} cannot be negative"))
    return weights


def observations(m: Array, rowvar: bool) -> Array:
    x = np.atleast_2d(m)
    return x.T if not rowvar and np.ndim(m) != 1 else x


def corrcoef_body(x: Array, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    scale = np.sqrt(np.real(np.diag(c)))
    return c / scale[:, None] / scale[None, :]


RULES = (
    # -- Differences and integrals
    Composite(np.diff, diff_body),
    Composite(np.ediff1d, ediff1d_body),
    *([Composite(np.trapezoid, trapezoid_body)] if hasattr(np, "trapezoid") else []),
    # -- Averages and covariances
    Composite(np.average, average_body),
    Composite(np.cov, cov_body),
    Composite(np.corrcoef, corrcoef_body),
)
