"""Ranges between traced ends, and grids of coordinates."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_operand
from funcgrad.core.kinds import Composite
from funcgrad.core.level import plain

__all__ = ["RULES"]


def as_array(x: Any) -> Any:
    """Make an array of a list; numbers stay, since they do not widen the result."""
    return np.stack([as_array(item) for item in x]) if isinstance(x, list | tuple) else x


def kind_of(x: Any) -> Any:
    """Return what tells the dtype of a result: a dtype, or a number."""
    return getattr(x, "dtype", x)


def numbers(n: int, like: Any, dtype: Any) -> Array:
    """Return 0, 1, ..., n - 1, where `like` lives."""
    like = plain(like)
    if isinstance(like, np.ndarray) or not hasattr(like, "__array_function__"):
        return np.arange(n, dtype=dtype)
    return np.arange(n, dtype=dtype, like=like)


# -- Ranges ----------------------------------------------------------------------------------------------


def linspace_body(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    start, stop = as_array(start), as_array(stop)
    inexact = np.result_type(kind_of(start), kind_of(stop), 0.0)
    delta = stop - start
    ndim = np.ndim(delta)
    places = np.reshape(numbers(num, delta, np.finfo(inexact).dtype), (num, *(1,) * ndim))
    sections = num - 1 if endpoint else num
    step: Any = delta / sections if sections > 0 else np.nan
    y = places * (step if sections > 0 else delta) + start
    if endpoint and num > 1:
        y = np.concatenate([y[:-1], np.zeros_like(y[:1]) + stop], axis=0)
    y = np.moveaxis(y, 0, axis)
    if dtype is not None and np.issubdtype(dtype, np.integer):
        y = np.floor(y)
    y = y.astype(inexact if dtype is None else dtype)
    return (y, step) if retstep else y


def logspace_body(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    start, stop, base = as_array(start), as_array(stop), as_array(base)
    if np.ndim(base) > 0:
        ndim = max(np.ndim(x) for x in (start, stop, base))
        start, stop, base = (aligned(x, ndim) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    exponents = np.linspace(start, stop, num, endpoint, axis=axis)
    if np.ndim(base) > exponents.ndim:  # both ends are numbers
        exponents = np.moveaxis(np.reshape(exponents, (-1, *(1,) * (np.ndim(base) - 1))), 0, axis)
    y = np.power(base, exponents)
    return y if dtype is None else y.astype(dtype)


def aligned(x: Any, ndim: int) -> Any:
    """Give an array axes in front; a number becomes an array that widens the result, as NumPy has it."""
    if np.ndim(x) == 0:
        return as_operand(x)
    return np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x))


def geomspace_body(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    """Evenly spaced logarithms, of the ends turned so that the first is positive."""
    start, stop = as_array(start), as_array(stop)
    kind = np.result_type(kind_of(start), kind_of(stop), 0.0, np.dtype(dtype))  # of None: float64
    start, stop = (x if hasattr(x, "dtype") else np.asarray(x) for x in (start, stop))
    start, stop = start.astype(kind), stop.astype(kind)
    sign = np.sign(start)
    y = np.logspace(np.log10(start / sign), np.log10(stop / sign), num, endpoint) * sign
    zeros = np.zeros_like(y[:1])
    if num > 0:
        y = np.concatenate([zeros + start, y[1:]], axis=0)
    if num > 1 and endpoint:
        y = np.concatenate([y[:-1], zeros + stop], axis=0)
    return np.moveaxis(y, 0, axis).astype(kind if dtype is None else dtype)


# -- Grids -----------------------------------------------------------------------------------------------


def meshgrid_body(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Array, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    grids = [np.reshape(x, (*(1,) * i, -1, *(1,) * (n - 1 - i))) for i, x in enumerate(map(as_array, xi))]
    if indexing == "xy" and n > 1:
        grids = [np.swapaxes(grid, 0, 1) for grid in grids]
    if not sparse:
        grids = list(np.broadcast_arrays(*grids))
    return tuple(np.copy(grid) for grid in grids) if copy else tuple(grids)


def ix_body(*args: Any) -> tuple[Array, ...]:
    open_mesh = []
    for i, x in enumerate(map(as_array, args)):
        if np.ndim(x) != 1:
            raise ValueError("Cross index must be 1 dimensional")
        if x.dtype == np.bool_:
            (x,) = np.nonzero(x)
        open_mesh.append(np.reshape(x, (*(1,) * i, -1, *(1,) * (len(args) - 1 - i))))
    return tuple(open_mesh)


RULES = (
    Composite(np.linspace, linspace_body),
    Composite(np.logspace, logspace_body),
    Composite(np.geomspace, geomspace_body),
    Composite(np.meshgrid, meshgrid_body),
    Composite(np.ix_, ix_body),
)
