"""Interpolation, phases, and slopes on a grid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite

__all__ = ["RULES"]


def as_array(x: Any) -> Any:
    """Make an array of a number or a list."""
    if isinstance(x, list | tuple):
        return np.stack([as_array(item) for item in x]) if x else np.asarray(x)
    return x if hasattr(x, "dtype") else np.asarray(x)


# -- Interpolation -----------------------------------------------------------------------------------------


def interp_body(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Array:
    """Straight lines between neighbours; at a knot the slope is that on its right, at the last one on its left."""
    x, xp, fp = as_array(x), as_array(xp), as_array(fp)
    if np.ndim(xp) != 1 or np.shape(fp) != np.shape(xp):
        raise ValueError("fp and xp must be 1-d arrays of the same length")
    if not xp.size:
        raise ValueError("array of sample points is empty")
    x, xp = x.astype(np.float64), xp.astype(np.float64)
    fp = fp.astype(np.complex128 if fp.dtype.kind == "c" else np.float64)
    if period is not None:
        x, xp, fp = periodic(x, xp, fp, period)
        left = right = None
    last = xp.shape[0] - 1
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(last - 1, 0))
    j = np.minimum(i + 1, last)
    low, step = read(xp, i), read(xp, j) - read(xp, i)
    start, rise = read(fp, i), read(fp, j) - read(fp, i)
    y = start + rise / np.where(step == 0, 1, step) * (x - low)
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return np.where(x > xp[last], fp[last] if right is None else right, y)[()]


def read(x: Array, places: Array) -> Array:
    """Return the elements of a 1-d array at places that may be traced (under vmap) where the array is not."""
    return np.reshape(np.take_along_axis(x, np.ravel(places), axis=0), np.shape(places))


def periodic(x: Array, xp: Array, fp: Array, period: Any) -> tuple[Array, Array, Array]:
    """Bring all into one period, and give the sorted knots a neighbour on either side."""
    if type(period) in (int, float) and period == 0:
        raise ValueError("period must be a non-zero value")
    period = np.abs(period)
    x, xp = x % period, xp % period
    order = np.argsort(xp)
    xp, fp = xp[order], read(fp, order)
    xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, np.concatenate([fp[-1:], fp, fp[:1]])


def unwrap_body(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Array:
    """Add whole periods, as many as a jump is away from zero; their number is a constant."""
    p = as_array(p)
    axis = normalize_axis_index(axis, p.ndim)
    jumps = np.diff(p, axis=axis)
    half = period / 2
    turns = -np.floor_divide(jumps + half, period)
    turns = turns + ((np.remainder(jumps + half, period) == 0) & (jumps > 0))  # half a period up stays
    turns = np.where(np.abs(jumps) < (half if discont is None else discont), 0, turns)
    first = p[(slice(None),) * axis + (slice(0, 1),)]
    rest = p[(slice(None),) * axis + (slice(1, None),)]
    return np.concatenate([first + 0 * period, rest + np.cumsum(turns, axis=axis) * period], axis=axis)


# -- Slopes on a grid --------------------------------------------------------------------------------------


def gradient_body(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = as_array(f)
    axes = tuple(range(f.ndim)) if axis is None else normalize_axis_tuple(axis, f.ndim)
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 != len(axes) and np.ndim(as_array(varargs[0]))):
        raise TypeError("invalid number of arguments")
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    spacings = varargs * len(axes) if len(varargs) == 1 != len(axes) else varargs or (1.0,) * len(axes)
    slopes = tuple(slope_along(f, h, d, edge_order) for d, h in zip(axes, spacings, strict=True))
    return slopes[0] if len(slopes) == 1 else slopes


def slope_along(f: Array, h: Any, axis: int, edge_order: int) -> Array:
    """Differences to both neighbours, weighted so that a parabola is met exactly; at the ends to the one there is."""
    y = np.moveaxis(f, axis, 0)
    if len(y) < edge_order + 1:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) needed")
    h = as_array(h) if isinstance(h, list | tuple) else h
    before: Any = 1.0
    after: Any = 1.0
    if np.ndim(h) == 0:
        slope = (y[1:] - y[:-1]) / h
        inner = (y[2:] - y[:-2]) / (2.0 * h)
    else:
        if np.ndim(h) != 1 or np.shape(h)[0] != len(y):
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        steps = np.reshape(h[1:] - h[:-1], (-1, *(1,) * (y.ndim - 1)))
        slope = (y[1:] - y[:-1]) / steps
        before, after = steps[:-1], steps[1:]
        inner = (after * slope[:-1] + before * slope[1:]) / (before + after)
    first, last = slope[:1], slope[-1:]
    if edge_order == 2:
        bend = (slope[1:] - slope[:-1]) / (before + after)
        first = first - bend[:1] * (before if np.ndim(h) == 0 else before[:1])
        last = last + bend[-1:] * (after if np.ndim(h) == 0 else after[-1:])
    kind = f.dtype if f.dtype.kind in "fc" else np.float64
    return np.moveaxis(np.concatenate([first, inner, last], axis=0), 0, axis).astype(kind)


RULES = (
    Composite(np.interp, interp_body),
    Composite(np.unwrap, unwrap_body),
    Composite(np.gradient, gradient_body),
)
