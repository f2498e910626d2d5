"""Medians, quantiles and percentiles: one element of the sorted ones, or a line between two neighbours."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.checks import refuse_if, warn_if
from funcgrad.core.kinds import Composite
from funcgrad.core.level import plain

__all__ = ["RULES"]


def hyndman_fan(alpha: float, beta: float) -> Callable[[Any, Any], Any]:
    """Return the position of the quantile q among n sorted elements, counted from 0 (Hyndman and Fan, 1996)."""
    return lambda q, n: n * q + (alpha + q * (1 - alpha - beta)) - 1


#: Where the methods that follow q continuously put it.
POSITIONS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda q, n: (n - 1) * q,
    "weibull": hyndman_fan(0, 0),
    "hazen": hyndman_fan(0.5, 0.5),
    "median_unbiased": hyndman_fan(1 / 3, 1 / 3),
    "normal_unbiased": hyndman_fan(3 / 8, 3 / 8),
    "interpolated_inverted_cdf": hyndman_fan(0, 1),
}

#: The same for methods that jump from element to element (or to half-way between them).
STEPS: dict[str, Callable[[Any, Any], Any]] = {
    "lower": lambda q, n: np.floor(q * (n - 1)),
    "higher": lambda q, n: np.ceil(q * (n - 1)),
    "nearest": lambda q, n: np.round(q * (n - 1)),
    "midpoint": lambda q, n: (np.floor(q * (n - 1)) + np.ceil(q * (n - 1))) / 2,
    "inverted_cdf": lambda q, n: np.ceil(q * n - 1),
    "averaged_inverted_cdf": lambda q, n: (np.floor(q * n) + np.ceil(q * n)) / 2 - 0.5,
    "closest_observation": lambda q, n: odd_if_halfway(q * n - 1.5),
}


#: The methods that may return what is no element.
BETWEEN = {*POSITIONS, "midpoint", "averaged_inverted_cdf"}


def odd_if_halfway(place: Any) -> Any:
    """Return the next whole number, but a place that is whole and odd itself."""
    below = np.floor(place)
    return np.where((place == below) & (below % 2 == 1), below, below + 1)


def gathered_rows(a: Array, axis: Any) -> tuple[Array, tuple[int, ...]]:
    """Return `a` with the reduced axes flattened into the last, and the shape that ``keepdims`` gives."""
    axes = sorted(range(a.ndim) if axis is None else normalize_axis_tuple(axis, a.ndim))
    rest = [d for d in range(a.ndim) if d not in axes]
    shape = (*(a.shape[d] for d in rest), math.prod(a.shape[d] for d in axes))
    rows = np.reshape(np.transpose(a, rest + axes), shape)
    return rows, tuple(1 if d in axes else n for d, n in enumerate(a.shape))


def truth(keepdims: Any) -> bool:
    return keepdims is not np._NoValue and bool(keepdims)


# -- Quantiles ---------------------------------------------------------------------------------------------


def quantile_body(
    a: Array,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
    interpolation: str | None = None,
) -> Array:
    return quantile_of_rows(a, q, axis, named_method(method, interpolation), keepdims, weights)


def nanquantile_body(
    a: Array,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
    interpolation: str | None = None,
) -> Array:
    return quantile_of_rows(a, q, axis, named_method(method, interpolation), keepdims, weights, skip=True)


def percentile_body(a: Array, q: Any, *args: Any, **kwargs: Any) -> Array:
    return np.quantile(a, fraction(a, q), *args, **kwargs)


def nanpercentile_body(a: Array, q: Any, *args: Any, **kwargs: Any) -> Array:
    return np.nanquantile(a, fraction(a, q), *args, **kwargs)


def fraction(a: Array, q: Any) -> Any:
    return q / 100 if type(q) in (int, float) else np.true_divide(q, a.dtype.type(100) if a.dtype.kind == "f" else 100)


def at_home(x: Any, like: Array) -> Array:
    """Make an array of numbers where `like` lives."""
    like = plain(like)
    return np.asarray(x) if isinstance(like, np.ndarray | np.generic) else np.asarray(x, like=like)


def named_method(method: str, interpolation: str | None) -> str:
    if interpolation is not None:
        message = "the `interpolation=` argument was renamed to `method=`"
        warnings.warn(message, DeprecationWarning, stacklevel=3)
        method = interpolation
    if method not in POSITIONS and method not in STEPS:
        raise ValueError(f"{method!r} is not a valid method. Use one of: {[*POSITIONS, *STEPS]}")
    return method


def quantile_of_rows(
    a: Array, q: Any, axis: Any, method: str, keepdims: Any, weights: Any, *, skip: bool = False
) -> Array:
    a = as_array(a)
    if a.dtype.kind == "c":
        raise TypeError("a must be an array of real numbers")
    if weights is not None and method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    levels = q if hasattr(q, "dtype") and not isinstance(q, np.ndarray) else at_home(q, a)
    if np.ndim(levels) > 2:
        raise ValueError("q must be a scalar or 1d")
    refuse_if(~((levels >= 0) & (levels <= 1)), "Quantiles must be in the range [0, 1]")
    if skip and a.size == 0:
        return np.nanmean(a, axis=axis, keepdims=truth(keepdims))
    rows, kept = gathered_rows(a, axis)
    if weights is None:
        y = at_level(rows, np.ravel(levels), method, skip, weak=type(q) in (int, float))
    else:
        y = at_weighted_level(rows, weights_of_rows(weights, a, axis, rows), np.ravel(levels), skip)
    y = np.moveaxis(y, -1, 0)
    y = np.reshape(y, np.shape(levels) + (kept if truth(keepdims) else y.shape[1:]))
    return y[()] if weights is None else y


def at_level(x: Array, q: Array, method: str, skip: bool, weak: bool) -> Array:
    """Return quantiles of rows, one after another along a new last axis; nans count as the largest elements."""
    n: Any = x.shape[-1]
    order = np.argsort(x, axis=-1)
    missing = np.any(np.isnan(x), axis=-1, keepdims=True)
    if skip:
        n = (n - np.sum(np.isnan(x), axis=-1, keepdims=True)).astype(q.dtype)
        missing = n == 0
        warn_if(missing, "All-NaN slice encountered")
    last = np.maximum(n - 1, 0) if skip else max(n - 1, 0)
    place = np.clip((POSITIONS.get(method) or STEPS[method])(q, n), 0, last)
    low = np.floor(place).astype(int)
    part = place - low.astype(place.dtype)
    first = ranked(x, order, low)
    if method in BETWEEN and not (method == "linear" and place.dtype.kind in "iu"):
        part = part.astype(x.dtype if weak else np.result_type(part, 0.0))
        y = between(first, ranked(x, order, np.minimum(low + 1, last.astype(int) if skip else last)), part)
    else:
        y = first
    return np.where(missing, np.nan, y)


def between(a: Array, b: Array, part: Array) -> Array:
    """Return a point on the line from `a` to `b`, reckoned from the end that is nearer."""
    return np.where(part < 0.5, a + (b - a) * part, b - (b - a) * (1 - part))


def ranked(x: Array, order: Array, places: Array) -> Array:
    """Return the elements at places in ascending order, the same ones in all rows, or others in each."""
    places = np.broadcast_to(places, (*x.shape[:-1], places.shape[-1]))
    return np.take_along_axis(x, np.take_along_axis(order, places, axis=-1), axis=-1)


def weights_of_rows(weights: Any, a: Array, axis: Any, rows: Array) -> Array:
    weights = as_array(weights)
    if np.shape(weights) == a.shape:
        return gathered_rows(weights, axis)[0]
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalize_axis_tuple(axis, a.ndim)
    if np.shape(weights) != tuple(a.shape[d] for d in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    return np.broadcast_to(np.ravel(np.transpose(weights, np.argsort(axes).tolist())), rows.shape)


def at_weighted_level(x: Array, weights: Array, q: Array, skip: bool) -> Array:
    """Return the first element whose share, with all that are less, reaches q: a step function of the weights."""
    missing = np.isnan(x)
    refuse_if(weights < 0, "Weights must be non-negative.")
    refuse_if(np.sum(weights, axis=-1) == 0, "Weights included NaN, inf or were all zero.")
    if skip:
        weights = np.where(missing, 0, weights)
    order = np.argsort(x, axis=-1)
    x = np.take_along_axis(x, order, axis=-1)
    share = np.cumsum(np.take_along_axis(weights, order, axis=-1), axis=-1, dtype=np.float64)
    share = (share / share[..., -1:]).astype(q.dtype if q.dtype.kind == "f" else np.float64)
    share = np.where(share == 0, -1, share)
    place = np.sum(share[..., None, :] < q[:, None], axis=-1)
    y = np.take_along_axis(x, np.minimum(place, x.shape[-1] - 1), axis=-1)
    hidden = np.all(missing, axis=-1, keepdims=True) if skip else np.any(missing, axis=-1, keepdims=True)
    if skip:
        warn_if(hidden, "All-NaN slice encountered")
    return np.where(hidden, np.nan, y)


# -- Medians -----------------------------------------------------------------------------------------------


def median_body(
    a: Array, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: Any = False
) -> Array:
    """The middle of the sorted elements, or the mean of the two in the middle; nan where one is nan."""
    rows, kept = gathered_rows(a, axis)
    n = rows.shape[-1]
    if n == 0:
        middle = np.mean(rows, axis=-1)
    else:
        places = np.argsort(rows, axis=-1)[..., (n - 1) // 2 : n // 2 + 1]
        x = np.take_along_axis(rows, places, axis=-1)
        middle = x[..., 0] if n % 2 else (x[..., 0] + x[..., 1]) / 2
        middle = np.where(np.any(np.isnan(rows), axis=-1), np.nan, middle)[()]
    return np.reshape(middle, kept) if truth(keepdims) else middle


def nanmedian_body(
    a: Array, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: Any = False
) -> Array:
    """Sorting puts the nans last; the middle is that of the numbers before them."""
    rows, kept = gathered_rows(a, axis)
    if rows.shape[-1] == 0:
        y = np.nanmean(rows, axis=-1)
    else:
        order = np.argsort(rows, axis=-1)
        n = np.sum(~np.isnan(rows), axis=-1, keepdims=True)
        warn_if(n == 0, "All-NaN slice encountered")
        low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, np.maximum(n - 1, 0))
        y = ((ranked(rows, order, low) + ranked(rows, order, high)) / 2)[..., 0]
    return np.reshape(y, kept) if truth(keepdims) else y[()]


RULES = (
    Composite(np.quantile, quantile_body),
    Composite(np.percentile, percentile_body),
    Composite(np.nanquantile, nanquantile_body),
    Composite(np.nanpercentile, nanpercentile_body),
    Composite(np.median, median_body),
    Composite(np.nanmedian, nanmedian_body),
)
