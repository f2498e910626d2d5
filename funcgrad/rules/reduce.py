"""Reductions and running totals along axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.batching import along, along_one
from funcgrad.core.checks import warn_if
from funcgrad.core.deferred import Places
from funcgrad.core.graph import receives
from funcgrad.core.kinds import Composite, Elementwise, Linear, Opaque, all_finite
from funcgrad.core.level import Traced, plain
from funcgrad.core.selecting import choose
from funcgrad.core.space import Space
from funcgrad.core.summing import reduced

__all__ = ["RULES"]

Axis: TypeAlias = int | tuple[int, ...] | None


def kept(y: Array, X: Space, axis: Axis, keepdims: Any) -> Array:
    """Give a reduced array its lost axes back, with length one, so that it broadcasts with the operand."""
    if keepdims or axis is None or axis == 0:  # a number broadcasts as it is, as does what lost its first axis
        return y
    return y.reshape(kept_shape(X, axis))


def kept_shape(X: Space, axis: Axis) -> tuple[int, ...]:
    if type(axis) is int and X.ndim:
        shape = list(X.shape)
        shape[axis] = 1
        return tuple(shape)
    axes = axes_of(X, axis)
    return tuple([1 if d in axes else n for d, n in enumerate(X.shape)])


def axes_of(X: Space, axis: Axis) -> set[int]:
    if axis is None or X.ndim == 0:  # NumPy takes axis 0 of a number for none
        return set(range(X.ndim))
    return {int(d) % X.ndim for d in ((axis,) if isinstance(axis, int | np.integer) else axis)}


def count(X: Space, axis: Axis) -> int:
    """Return how many elements each output is made from."""
    if type(axis) is int and X.ndim:
        return X.shape[axis]
    return math.prod(X.shape) if axis is None else math.prod([X.shape[d] for d in axes_of(X, axis)])


SMALL = 256  # elements; below it a reduction has no faster way


def is_given(where: Any) -> bool:
    return where is not None and where is not True and where is not np._NoValue


# -- Sums -------------------------------------------------------------------------------------------------


def sum_adjoint(g: Array, X: Space, axis: Axis, keepdims: Any, where: Any) -> Array:
    if axis is not None:
        g = kept(g, X, axis, keepdims)
    return g if where is np._NoValue or not is_given(where) else np.where(where, g, 0)


class Sum(Linear):
    """``np.sum``, of which ``initial`` is one more term."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "initial" not in kwargs:
            return super().__call__(*args, **kwargs)
        initial = kwargs.pop("initial")
        total = super().__call__(*args, **kwargs)
        return total if (type(initial) is int and initial == 0) or initial is np._NoValue else total + initial


def reduction(function: Any, ufunc: np.ufunc) -> Callable[..., Array]:
    """Return how to run a reduction: on an array by the ufunc itself, since NumPy's function is as long in Python."""

    def run(a: Array, axis: Axis = None, **options: Any) -> Array:
        if type(a) is not np.ndarray:
            return function(a, axis=axis, **options)
        return ufunc.reduce(a, axis, **options) if a.size < SMALL else reduced(ufunc, a, axis, **options)

    return run


run_sum = reduction(np.sum, np.add)


def run_mean(a: Array, axis: Axis = None, keepdims: Any = False, **options: Any) -> Array:
    """The same again: a sum, divided by the number of elements."""
    if type(a) is not np.ndarray or options or a.dtype.char not in "fdFD" or not a.size:
        return np.mean(a, axis, keepdims=keepdims, **options)
    total = reduced(np.add, a, axis, keepdims)
    return total / (a.size // total.size)


def mean_adjoint(g: Array, X: Space, axis: Axis, keepdims: Any, where: Any) -> Array:
    if is_given(where):
        chosen = np.broadcast_to(where, X.shape)
        numbers = np.sum(chosen, axis=axis, keepdims=True)
        return np.where(where, kept(g, X, axis, keepdims) / numbers.astype(X.dtype), 0)
    return kept(g, X, axis, keepdims) / max(count(X, axis), 1)


def cumsum_body(a: Array, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), 0
    return running_sum(a, axis=axis) if dtype is None else running_sum(a.astype(dtype), axis=axis)


def running_sum_run(a: Array, axis: int) -> Array:
    return np.add.accumulate(a, axis=axis)


# -- Products: by halves, so that the derivative is exact at zeros ---------------------------------------------


def prod_body(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    if dtype is not None:
        a = a.astype(dtype)
    if is_given(where):
        a = np.where(where, a, 1)
    shape = a.shape
    axes = sorted(range(len(shape)) if axis is None or not shape else normalize_axis_tuple(axis, len(shape)))
    rest = [d for d in range(len(shape)) if d not in axes]
    x = np.reshape(np.transpose(a, axes + rest), (count(Space(shape, a.dtype), axis), *(shape[d] for d in rest)))
    while len(x) > 1:
        half = len(x) // 2
        pairs = x[:half] * x[half : 2 * half]
        x = np.concatenate([pairs, x[2 * half :]]) if len(x) % 2 else pairs
    y = x[0] if len(x) else np.sum(x, axis=0) + 1
    if initial is not None and initial is not np._NoValue:
        y = y * initial
    return np.reshape(y, [1 if d in axes else n for d, n in enumerate(shape)])[()] if truth(keepdims) else y


def truth(keepdims: Any) -> bool:
    return keepdims is not np._NoValue and bool(keepdims)


def cumprod_body(a: Array, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    """By doubling steps: after each, every element is the product of twice as many before it."""
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    x = np.moveaxis(a if dtype is None else a.astype(dtype), axis, 0)
    step = 1
    while step < len(x):
        x = np.concatenate([x[:step], x[step:] * x[:-step]])
        step *= 2
    return np.moveaxis(x, 0, axis)


def cumulative(function: Any, empty: Any) -> Callable[..., Array]:
    """Return the body of ``np.cumulative_sum`` or ``np.cumulative_prod``."""

    def body(
        x: Array, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
    ) -> Array:
        if axis is None:
            if np.ndim(x) > 1:
                raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
            axis = 0
        normalize_axis_index(axis, max(np.ndim(x), 1))
        y = function(x, axis=axis, dtype=dtype)
        return np.concatenate([empty(np.sum(y, axis=axis, keepdims=True)), y], axis=axis) if include_initial else y

    return body


# -- Extremes -------------------------------------------------------------------------------------------------


def shares(x: Array, y: Array, X: Space, axis: Axis, keepdims: Any, where: Any) -> Array:
    """Return the weight of each element in its extreme: one for a single winner, ties share equally."""
    winners = x == kept(y, X, axis, keepdims)
    if is_given(where):
        winners = winners & where
    elif type(winners) is np.ndarray and np.count_nonzero(winners) == np.size(y) and all_finite(plain(y)):
        return winners.astype(X.dtype)  # one winner each: as most often, and in a fifth of the time
    numbers = np.sum(winners, axis=axis, keepdims=True)
    return winners.astype(X.dtype) / np.maximum(numbers, 1).astype(X.dtype)


def placed(g: Array, places: Array, X: Space, axis: int, link: Any) -> Any:
    """Return zeros, with each cotangent at the one place, among those in ascending order, that it belongs to."""
    inner = math.prod(X.shape[axis % X.ndim + 1 :])
    values = g.reshape(-1)
    if inner > 1:
        values = values[places // (X.shape[axis] * inner) * inner + places % inner]
    if values.dtype is X.dtype and receives(link, X):
        return Places(places, values, X)
    c = np.zeros(X.size, g.dtype)
    c[places] = values
    return c.reshape(X.shape)


class Extreme(Opaque):
    """``np.max`` or ``np.min``; a traced ``initial`` is one more element."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        initial = kwargs.get("initial")
        if not isinstance(initial, Traced):
            return super().__call__(*args, **kwargs)
        larger = self.function in (np.max, np.amax)
        y: Any = super().__call__(*args, **kwargs | {"initial": -np.inf if larger else np.inf})
        choose: Any = np.maximum if larger else np.minimum
        return choose(y, initial)


def extreme(function: Any) -> Extreme:
    """Return the rules of a maximum or minimum along axes."""

    def jvp(dx: Array, x: Array, y: Array, X: Space, axis: Axis, keepdims: Any, where: Any) -> Array:
        weights = shares(x, y, X, axis, keepdims, where)
        return np.sum(dx * weights, axis=axis, keepdims=bool(keepdims))

    def vjp(g: Array, x: Array, y: Array, X: Space, axis: Axis, keepdims: Any, where: Any, link: Any) -> Any:
        g = kept(g, X, axis, keepdims)
        if type(x) is np.ndarray and type(g) is np.ndarray and not is_given(where) and all_finite(y):
            winners = x == kept(y, X, axis, keepdims)
            (places,) = winners.reshape(-1).nonzero()
            if len(places) == y.size:  # nothing is tied
                return placed(g, places, X, axis, link) if type(axis) is int else choose(winners, g, 0)
        return g * shares(x, y, X, axis, keepdims, where)

    run = reduction(function, np.maximum if function in (np.max, np.amax) else np.minimum)
    return Extreme(function, jvp, vjp, run=run, ignore="initial", batch=along())


def ptp_body(a: Array, axis: Axis = None, out: None = None, keepdims: Any = False) -> Array:
    return np.max(a, axis=axis, keepdims=truth(keepdims)) - np.min(a, axis=axis, keepdims=truth(keepdims))


# -- Moments --------------------------------------------------------------------------------------------------


def run_variance(a: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    deviation = a - run_mean(a, axis, True)
    numbers = count(Space(a.shape, a.dtype), axis) - ddof
    return run_sum(deviation * deviation, axis, keepdims=keepdims) / numbers


def slope(x: Array, X: Space, axis: Axis, ddof: float) -> Array:
    """Return the derivatives of a variance with respect to the elements."""
    return (x - run_mean(x, axis, True)) * (2 / (count(X, axis) - ddof))


#: Of real numbers, all of them, with degrees of freedom left.
variance = Opaque(
    run_variance,
    lambda dx, x, X, axis, ddof, keepdims: np.sum(dx * slope(x, X, axis, ddof), axis=axis, keepdims=keepdims),
    lambda g, x, X, axis, ddof, keepdims: kept(g, X, axis, keepdims) * slope(x, X, axis, ddof),
    name="var",
    own=True,
    batch=along(),
)


def var_body(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Array:
    if dtype is None and a.dtype == np.float16:  # NumPy sums these in single precision
        narrow = np.var(a, axis, np.float32, None, ddof, keepdims, where=where, mean=mean, correction=correction)
        return narrow.astype(np.float16)
    if dtype is not None:
        a = a.astype(dtype)
    if correction is not None and correction is not np._NoValue:
        ddof = correction
    if where is np._NoValue:
        where = True
    if mean is None or mean is np._NoValue:
        if a.dtype.kind == "f" and not is_given(where) and count(Space(a.shape, a.dtype), axis) > ddof:
            return variance(a, axis=axis, ddof=ddof, keepdims=truth(keepdims))
        mean = np.mean(a, axis=axis, keepdims=True, **({"where": where} if is_given(where) else {}))
    deviation = a - mean
    squares = squared(deviation)
    chosen = np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=truth(keepdims)) if is_given(where) else None
    numbers = count(Space(a.shape, a.dtype), axis) if chosen is None else chosen
    total = np.sum(np.where(where, squares, 0) if is_given(where) else squares, axis=axis, keepdims=truth(keepdims))
    warn_if(np.asarray(numbers <= ddof) if chosen is None else chosen <= ddof, "Degrees of freedom <= 0 for slice")
    if isinstance(numbers, int):
        return total / max(float(numbers - ddof), 0.0)
    return total / np.maximum(numbers - ddof, 0).astype(total.dtype)


def squared(x: Array) -> Array:
    return np.real(x * np.conjugate(x)) if x.dtype.kind == "c" else x * x


def std_body(*args: Any, **kwargs: Any) -> Array:
    return root(np.var(*args, **kwargs))


# -- Without the nans -------------------------------------------------------------------------------------------


def without_nans(function: Any, fill: float) -> Callable[..., Array]:
    def body(a: Array, axis: Axis = None, *args: Any, **kwargs: Any) -> Array:
        return function(np.where(np.isnan(a), fill, a), axis, *args, **kwargs)

    return body


def nanmean_body(
    a: Array, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True
) -> Array:
    numbers = counted(a, where)
    n = np.sum(numbers, axis=axis, keepdims=truth(keepdims))
    warn_if(n == 0, "Mean of empty slice")
    total = np.sum(np.where(numbers, a, 0), axis=axis, dtype=dtype, keepdims=truth(keepdims))
    return total / number_or_nan(n, total)


def nanvar_body(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Array:
    if correction is not None and correction is not np._NoValue:
        ddof = correction
    if dtype is not None:
        a = a.astype(dtype)
    numbers = counted(a, where)
    n = np.sum(numbers, axis=axis, keepdims=truth(keepdims))
    if mean is None or mean is np._NoValue:
        total = np.sum(np.where(numbers, a, 0), axis=axis, keepdims=True)
        mean = total / np.maximum(np.sum(numbers, axis=axis, keepdims=True), 1).astype(total.dtype)
    warn_if(n <= ddof, "Degrees of freedom <= 0 for slice.")
    total = np.sum(squared(np.where(numbers, a - mean, 0)), axis=axis, keepdims=truth(keepdims))
    return total / number_or_nan(n - ddof, total)


def nanstd_body(*args: Any, **kwargs: Any) -> Array:
    return root(np.nanvar(*args, **kwargs))


def counted(a: Array, where: Any) -> Array:
    return ~np.isnan(a) & where if is_given(where) else ~np.isnan(a)


def number_or_nan(n: Array, like: Array) -> Array:
    return np.where(n <= 0, np.nan, n).astype(like.dtype)


def extreme_of_numbers(function: Any, fill: float) -> Callable[..., Array]:
    def body(
        a: Array,
        axis: Axis = None,
        out: None = None,
        keepdims: Any = False,
        initial: Any = np._NoValue,
        where: Any = np._NoValue,
    ) -> Array:
        options: dict[str, Any] = {"axis": axis, "keepdims": truth(keepdims)}
        given = {k: v for k, v in (("initial", initial), ("where", where)) if v is not np._NoValue}
        y = function(np.where(np.isnan(a), fill, a), **options, **given)
        if initial is not np._NoValue:
            return y
        nans = np.all(np.isnan(a), **options)
        warn_if(nans, "All-NaN slice encountered")
        return np.where(nans, np.nan, y)[()]

    return body


#: The square root, with derivative zero at zero: that of a standard deviation where nothing deviates.
root = Elementwise(np.sqrt, lambda g, y: g / np.where(y == 0, np.inf, y + y), name="std", own=True)

running_sum: Linear = Linear(
    running_sum_run,
    lambda g, axis: np.flip(running_sum(np.flip(g, axis), axis=axis), axis),
    name="cumsum",
    own=True,
    batch=along_one(),
)

RULES = (
    # -- Sums
    Sum(np.sum, sum_adjoint, run=run_sum, ignore="dtype", batch=along()),
    Linear(np.mean, mean_adjoint, run=run_mean, ignore="dtype", batch=along()),
    running_sum,
    Composite(np.cumsum, cumsum_body),
    # -- Products
    Composite(np.prod, prod_body, copies=True),
    Composite(np.cumprod, cumprod_body, copies=True),
    *(
        [
            Composite(np.cumulative_sum, cumulative(np.cumsum, np.zeros_like)),
            Composite(np.cumulative_prod, cumulative(np.cumprod, np.ones_like), copies=True),
        ]
        if hasattr(np, "cumulative_sum")
        else []
    ),
    # -- Extremes
    *(extreme(f) for f in (np.max, np.min, np.amax, np.amin)),
    Composite(np.ptp, ptp_body),
    # -- Moments
    Composite(np.var, var_body),
    Composite(np.std, std_body),
    # -- Without the nans
    Composite(np.nansum, without_nans(np.sum, 0.0)),
    Composite(np.nanprod, without_nans(np.prod, 1.0), copies=True),
    Composite(np.nancumsum, without_nans(np.cumsum, 0.0)),
    Composite(np.nancumprod, without_nans(np.cumprod, 1.0), copies=True),
    Composite(np.nanmean, nanmean_body),
    Composite(np.nanvar, nanvar_body),
    Composite(np.nanstd, nanstd_body),
    Composite(np.nanmax, extreme_of_numbers(np.max, -np.inf)),
    Composite(np.nanmin, extreme_of_numbers(np.min, np.inf)),
)
