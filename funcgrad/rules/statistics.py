"""Differences, integrals and statistics, written out over the other chapters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite

__all__ = ["RULES"]

# -- Differences and integrals --------------------------------------------------------------------------


def along(x: Array, axis: int, part: slice) -> Array:
    return x[(slice(None),) * (axis % x.ndim) + (part,)]


def diff_body(a: Array, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Array:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
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
    parts = [to_begin, x[1:] - x[:-1], to_end]
    return np.concatenate([np.ravel(part) for part in parts if part is not None])


def trapezoid_body(y: Array, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    if x is not None:
        steps = np.diff(x) if np.ndim(x) == 1 else np.diff(x, axis=axis)
        dx = np.reshape(steps, (-1, *(1,) * (y.ndim - 1 - axis % y.ndim))) if np.ndim(x) == 1 else steps
    return np.sum(dx * (along(y, axis, slice(1, None)) + along(y, axis, slice(None, -1))) / 2.0, axis=axis)


# -- Averages and covariances ------------------------------------------------------------------------------


def average_body(
    a: Array, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    keep = keepdims is not np._NoValue and bool(keepdims)
    if weights is None:
        average = np.mean(a, axis=axis, keepdims=keep)
        total: Any = np.size(a) / np.size(average)
    else:
        w = fitted_weights(weights, a, axis)
        total = np.sum(w, axis=axis, keepdims=keep)
        average = np.sum(a * w, axis=axis, keepdims=keep) / total
    return (average, np.broadcast_to(total, np.shape(average))) if returned else average


def fitted_weights(weights: Any, a: Array, axis: Any) -> Array:
    if np.shape(weights) == np.shape(a):
        return weights if hasattr(weights, "dtype") else np.asarray(weights)
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
    x = observations(m, rowvar)
    if y is not None:
        x = np.concatenate([x, observations(y, rowvar)], axis=0)
    x = x.astype(np.result_type(x, np.float64) if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    w = aweights if fweights is None else fweights if aweights is None else fweights * aweights
    if w is None:
        center, total, used = np.mean(x, axis=1, keepdims=True), float(x.shape[1]), x.shape[1] - ddof
    else:
        total = np.sum(w)
        center = np.sum(x * w, axis=1, keepdims=True) / total
        used = total - (ddof if aweights is None else ddof * np.sum(w * aweights) / total)
    deviation = x - center
    weighted = deviation if w is None else deviation * w
    return np.squeeze(np.matmul(weighted, np.conjugate(deviation.T)) / used)


def observations(m: Array, rowvar: bool) -> Array:
    x = np.atleast_2d(m)
    return x.T if not rowvar and np.ndim(m) != 1 else x


def corrcoef_body(x: Array, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    scale = np.sqrt(np.real(np.diag(c)))
    return c / scale[:, None] / scale[None, :]


# -- Order statistics ----------------------------------------------------------------------------------------


def gathered_rows(a: Array, axis: Any) -> tuple[Array, tuple[int, ...]]:
    """Return `a` with the reduced axes flattened into the last, and the shape that ``keepdims`` gives."""
    axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int | np.integer) else axis
    axes = sorted(int(d) % a.ndim for d in axes)
    rest = [d for d in range(a.ndim) if d not in axes]
    shape = (*(a.shape[d] for d in rest), math.prod(a.shape[d] for d in axes))
    rows = np.reshape(np.transpose(a, rest + axes), shape)
    return rows, tuple(1 if d in axes else n for d, n in enumerate(a.shape))


#: Position of the quantile q among n sorted elements, from 0 (Hyndman and Fan, 1996).
POSITIONS: dict[str, Callable[[Any, int], Any]] = {
    "linear": lambda q, n: q * (n - 1),
    "lower": lambda q, n: np.floor(q * (n - 1)),
    "higher": lambda q, n: np.ceil(q * (n - 1)),
    "nearest": lambda q, n: np.round(q * (n - 1)),
    "midpoint": lambda q, n: (np.floor(q * (n - 1)) + np.ceil(q * (n - 1))) / 2,
    "weibull": lambda q, n: q * (n + 1) - 1,
    "hazen": lambda q, n: q * n - 0.5,
    "median_unbiased": lambda q, n: q * (n + 1 / 3) - 2 / 3,
    "normal_unbiased": lambda q, n: q * (n + 1 / 4) - 5 / 8,
    "interpolated_inverted_cdf": lambda q, n: q * n - 1,
}


def quantile_body(
    a: Array,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    **unknown: Any,
) -> Array:
    if unknown or method not in POSITIONS:
        raise NotImplementedError(
            f"np.quantile(method={method!r}, {', '.join(unknown)}) has no derivative rule; "
            f"these methods have: {', '.join(POSITIONS)}"
        )
    rows, kept = gathered_rows(a, axis)
    n = rows.shape[-1]
    x = np.sort(rows, axis=-1)
    if not isinstance(q, int | float) or isinstance(q, np.generic):  # Python's numbers do not widen the result
        x = x.astype(np.result_type(x, np.asarray(q).dtype))
    results = []
    for level in np.ravel(q).tolist():
        place = float(np.clip(POSITIONS[method](level, n), 0, n - 1))
        low = math.floor(place)
        part = place - low
        y = x[..., low] if part == 0 else x[..., low] * (1 - part) + x[..., low + 1] * part
        y = np.where(np.isnan(x[..., -1]), np.nan, y)[()]
        results.append(np.reshape(y, kept) if keepdims else y)
    return results[0] if np.ndim(q) == 0 else np.reshape(np.stack(results), np.shape(q) + np.shape(results[0]))


def percentile_body(a: Array, q: Any, *args: Any, **kwargs: Any) -> Array:
    return np.quantile(a, np.true_divide(q, a.dtype.type(100)), *args, **kwargs)


def median_body(
    a: Array,
    axis: int | Sequence[int] | None = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Array:
    """The middle of the sorted elements, or the mean of the two in the middle; nan where one is nan."""
    rows, kept = gathered_rows(a, axis)
    x = np.sort(rows, axis=-1)
    n = x.shape[-1]
    middle = x[..., n // 2] if n % 2 else (x[..., n // 2 - 1] + x[..., n // 2]) / 2
    middle = np.where(np.isnan(x[..., -1]), np.nan, middle)[()]
    return np.reshape(middle, kept) if keepdims else middle


def nanmedian_body(
    a: Array,
    axis: int | Sequence[int] | None = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: Any = False,
) -> Array:
    """Sorting puts the nans last; the middle is that of the numbers before them."""
    rows, kept = gathered_rows(a, axis)
    x = np.sort(rows, axis=-1)
    numbers = np.sum(~np.isnan(x), axis=-1, keepdims=True)
    low, high = np.maximum(numbers - 1, 0) // 2, np.maximum(numbers, 1) // 2
    low, high = np.minimum(low, high), np.minimum(np.maximum(high, low), x.shape[-1] - 1)
    y = (np.take_along_axis(x, low, axis=-1) + np.take_along_axis(x, high, axis=-1)) / 2
    y = y[..., 0]
    return np.reshape(y, kept) if keepdims is not np._NoValue and keepdims else y


RULES = (
    # -- Differences and integrals
    Composite(np.diff, diff_body),
    Composite(np.ediff1d, ediff1d_body),
    *([Composite(np.trapezoid, trapezoid_body)] if hasattr(np, "trapezoid") else []),
    # -- Averages and covariances
    Composite(np.average, average_body),
    Composite(np.cov, cov_body),
    Composite(np.corrcoef, corrcoef_body),
    # -- Order statistics
    Composite(np.quantile, quantile_body),
    Composite(np.percentile, percentile_body),
    Composite(np.median, median_body),
    Composite(np.nanmedian, nanmedian_body),
)
