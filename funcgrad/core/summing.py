"""Reductions of plain arrays, where NumPy's own take many times what their arithmetic does.

NumPy runs one inner loop for each element of the result. Along short axes, a few elements each, setting these up is
nearly all that it does. Slices added one after the other, and products with ones, run along the long axes instead.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = ["reduced", "summed"]

ndarray = np.ndarray

FEW = 8  # elements; from here on NumPy adds those of the last axis in pairs, which slices added in turn do not
MANY = 128  # inner loops of NumPy's, from which on another way is shorter
LONG = 256  # elements, from which on NumPy's inner loops are long enough


def reduced(ufunc: np.ufunc, x: Array, axis: Any = None, keepdims: Any = False, **options: Any) -> Array:
    """Return ``ufunc.reduce(x, axis, ...)``, for ``np.add``, ``np.maximum`` and ``np.minimum``.

    Sums along a last axis of some elements may be rounded otherwise than NumPy's; all else is equal to its own, and nan
    where that is.
    """
    if type(axis) is tuple and len(axis) == 1:
        (axis,) = axis
    if type(axis) is int and -x.ndim <= axis < x.ndim and not options and x.dtype.char in "df":
        axis %= x.ndim
        n = x.shape[axis]
        y = None
        if 1 < n < FEW and math.prod(x.shape[:axis]) >= MANY and math.prod(x.shape[axis + 1 :]) < MANY // 4:
            y = slices_combined(ufunc, x, axis)
        elif n >= FEW and 0 < axis == x.ndim - 1:
            y = summed(x, (axis,)) if ufunc is np.add else extreme(ufunc, x)
        if y is not None:
            return y.reshape((*x.shape[:axis], 1, *x.shape[axis + 1 :])) if keepdims else y
    found: Array = ufunc.reduce(x, axis, keepdims=keepdims, **options)
    return found


def ones(n: int, dtype: np.dtype[Any]) -> Array:
    """Return a vector of ones, which is only read."""
    return short_ones(n, dtype) if n <= LONG else np.ones(n, dtype)


@functools.lru_cache(maxsize=256)
def short_ones(n: int, dtype: np.dtype[Any]) -> Array:
    return np.ones(n, dtype)


def slices_combined(ufunc: np.ufunc, x: Array, axis: int) -> Array:
    """Reduce a short axis."""
    before = (slice(None),) * axis
    y: Array = ufunc(x[(*before, 0)], x[(*before, 1)])
    for i in range(2, x.shape[axis]):
        ufunc(y, x[(*before, i)], out=y)
    return y


def extreme(ufunc: np.ufunc, x: Array) -> Array | None:
    """Return maxima or minima along a short last axis, found by their places; None if that would take longer.

    Unlike the ufuncs, the search for a place begins anew with each row at hardly any cost.
    """
    n = x.shape[-1]
    if n > LONG or not x.flags.c_contiguous:
        return None
    places = (x.argmax if ufunc is np.maximum else x.argmin)(-1)
    y: Array = x.reshape(-1)[places.reshape(-1) + np.arange(0, x.size, n)]
    return y.reshape(places.shape)


def summed(x: Array, axes: tuple[int, ...]) -> Array:
    """Sum a plain array over axes, given in ascending order; the sums may be rounded otherwise than NumPy's."""
    if x.size >= MANY and x.dtype.char in "dfDF" and x.flags.c_contiguous:
        if axes[-1] - axes[0] >= len(axes):
            return summed(summed(x, axes[-1:]), axes[:-1])
        way = way_of(x.shape, axes)
        if way is not None:
            shape, n, is_last, left = way
            parts = x.reshape(shape)
            if not is_last:
                y = ones(n, x.dtype) @ parts
            else:
                y = slices_combined(np.add, parts, 1) if n < FEW else parts @ ones(n, x.dtype)
            return y if y.shape == left else y.reshape(left)  # a view would be copied before it is handed out
    return np.add.reduce(x, axes)


@functools.lru_cache(maxsize=10_000)
def way_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[tuple[int, ...], int, bool, tuple[int, ...]] | None:
    """Return as what stack of matrices to take an array to be summed over adjacent axes; None for NumPy's own way.

    That is the shape, the length of what is summed, whether that is the last axis, and the shape of the result.
    """
    before, middle, after = shape[: axes[0]], shape[axes[0] : axes[-1] + 1], shape[axes[-1] + 1 :]
    outer, n, inner = math.prod(before), math.prod(middle), math.prod(after)
    if inner > 1 and outer == 1 and n > 32:
        return (n, inner), n, False, after
    if 1 < inner <= LONG and outer > 1 and outer * n >= MANY:
        return (outer, n, inner), n, False, before + after
    if inner == 1 and outer >= MANY and 1 < n <= LONG:
        return (outer, n), n, True, before
    return None
