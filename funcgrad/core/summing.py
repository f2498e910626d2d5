"""Reductions of plain arrays, where NumPy's own take many times what their arithmetic does.

NumPy runs one inner loop for each element of the result. Along short axes, a few elements each, setting these up is
nearly all that it does. Slices added one after the other, and products with ones, run along the long axes instead.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = ["reduced", "summed"]

ndarray = np.ndarray

FEW = 8  # elements; from here on NumPy adds in pairs, so slices added in turn would be rounded otherwise
MANY = 128  # elements of the result, from which on short axes are worth a detour
LONG = 256  # elements along an axis, from which on NumPy's inner loops are long enough


def reduced(ufunc: np.ufunc, x: Array, axis: Any = None, keepdims: Any = False, **options: Any) -> Array:
    """Return ``ufunc.reduce(x, axis, ...)`` to the last bit, for ``np.add``, ``np.maximum`` and ``np.minimum``."""
    if type(axis) is int and x.ndim > 1 and not options and axis in (-1, x.ndim - 1) and x.dtype.char in "df":
        n = x.shape[-1]
        if 1 < n < FEW and x.size >= MANY * n:
            y = slices_combined(ufunc, x)
            return y[..., None] if keepdims else y
    found: Array = ufunc.reduce(x, axis, keepdims=keepdims, **options)
    return found


def slices_combined(ufunc: np.ufunc, x: Array) -> Array:
    """Reduce a short last axis."""
    y: Array = ufunc(x[..., 0], x[..., 1])
    for i in range(2, x.shape[-1]):
        ufunc(y, x[..., i], out=y)
    return y


def summed(x: Array, axes: tuple[int, ...]) -> Array:
    """Sum a plain array over axes, given in ascending order; the sums may be rounded otherwise than NumPy's."""
    first, last = axes[0], axes[-1] + 1
    if x.dtype.kind not in "fc" or x.dtype.char == "e" or not x.flags.c_contiguous:
        return np.add.reduce(x, axes)  # type: ignore[no-any-return]
    if last - first > len(axes):
        return summed(summed(x, axes[-1:]), axes[:-1])
    shape = x.shape
    outer, n, inner = math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])
    if outer == 1 and inner > 1:
        if n > 32:
            return (np.ones(n, x.dtype) @ x.reshape(n, inner)).reshape(shape[last:])
    elif outer >= MANY and n <= LONG and inner <= LONG:
        if inner > 1:
            x = np.ones(n, x.dtype) @ x.reshape(outer, n, inner)
        elif 1 < n < FEW:
            x = slices_combined(np.add, x.reshape(outer, n))
        else:
            x = x.reshape(outer, n) @ np.ones(n, x.dtype)
        return x.reshape(shape[:first] + shape[last:])
    return np.add.reduce(x, axes)  # type: ignore[no-any-return]
