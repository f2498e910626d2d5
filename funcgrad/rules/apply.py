"""Functions of the user's, applied to pieces of an array: they get traced pieces."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite
from funcgrad.core.primitive import CALLS

__all__ = ["RULES"]


def piecewise_body(x: Array, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Array:
    """Each function sees the elements where its condition holds; where several do, the last one counts."""
    conditions = condition_list(condlist, np.ndim(x))
    funclist = list(funclist)
    n = len(conditions)
    if len(funclist) == n + 1:
        conditions.append(~np.any(np.stack(conditions), axis=0))
    elif len(funclist) != n:
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    flat = np.ravel(x)
    y = np.zeros_like(flat)
    for condition, function in zip(conditions, funclist, strict=True):
        if np.ndim(condition) > 0 and np.shape(condition) != np.shape(x):
            raise IndexError(f"a condition of shape {np.shape(condition)} does not match x of shape {np.shape(x)}")
        mask = np.ravel(np.broadcast_to(condition, np.shape(x)))
        if callable(function):
            piece = flat[mask]
            if piece.size:
                y = CALLS[operator.setitem](y, function(piece, *args, **kw), mask)
        else:
            y = CALLS[operator.setitem](y, function, mask)
    return np.reshape(y, np.shape(x))


def condition_list(condlist: Any, ndim: int) -> list[Array]:
    """Return a list of boolean arrays, from a single condition, a list of them, or an array with one more axis."""
    if isinstance(condlist, bool | np.bool_) or (np.ndim(first_of(condlist)) == 0 and ndim != 0):
        condlist = [condlist]
    return [c.astype(bool) if hasattr(c, "dtype") else np.asarray(c, bool) for c in condlist]


def first_of(conditions: Any) -> Any:
    first = conditions[0]
    return np.asarray(first) if isinstance(first, list) else first


def apply_along_axis_body(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Array:
    """What the function returns for a line takes the place of the line's axis."""
    axis = normalize_axis_index(axis, arr.ndim)
    lines = np.moveaxis(arr, axis, -1)
    outer = lines.shape[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    flat = np.reshape(lines, (math.prod(outer), lines.shape[-1]))
    results = [func1d(flat[i], *args, **kwargs) for i in range(len(flat))]
    results = [r if hasattr(r, "dtype") else np.asarray(r) for r in results]
    y = np.stack(results).astype(results[0].dtype)
    inner = y.shape[1:]
    y = np.reshape(y, outer + inner)
    ends = range(axis, axis + len(inner))
    return np.moveaxis(y, range(len(outer), len(outer) + len(inner)), ends)


def apply_over_axes_body(func: Callable[..., Any], a: Array, axes: Any) -> Array:
    ndim = a.ndim
    for axis in [axes] if np.ndim(axes) == 0 else axes:
        axis = int(axis) + ndim if axis < 0 else int(axis)
        result = func(a, axis)
        a = result if result.ndim == a.ndim else np.expand_dims(result, axis)
        if a.ndim != ndim:
            raise ValueError("function is not returning an array of the correct shape")
    return a


RULES = (
    Composite(np.piecewise, piecewise_body),
    Composite(np.apply_along_axis, apply_along_axis_body),
    Composite(np.apply_over_axes, apply_over_axes_body),
)
