"""Reading, writing and choosing elements."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.gather import is_basic, scatter
from funcgrad.core.kinds import Composite, Elementwise, Linear
from funcgrad.core.level import plain
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import Space

__all__ = ["RULES"]

Split = tuple[tuple[Array, ...], dict[str, Any]]

# -- Reading and writing -------------------------------------------------------------------------------


def split_getitem(x: Array, index: Any) -> Split:
    return (x,), {"index": index}


def run_getitem(x: Array, index: Any) -> Array:
    return x[index]


def setitem(x: Array, value: Array, index: Any) -> Array:
    """Return a copy of `x` with ``x[index] = value``."""
    x = x.copy()
    x[index] = value
    return x


def split_setitem(x: Array, value: Array, index: Any) -> Split:
    return (x, value), {"index": index}


def setitem_adjoint(g: Array, i: int, XS: Sequence[Space], index: Any) -> Array:
    """What was overwritten gets nothing; what was written gets the cotangent of the places that kept it."""
    if i == 0:
        return CALLS[operator.setitem](g, 0, index)
    part = g[index]
    if is_basic(index):
        return part
    like = plain(g)
    numbers = np.reshape(np.arange(1, part.size + 1, like=like), part.shape)
    last = np.zeros(XS[0].shape, dtype=numbers.dtype, like=like)
    last[index] = numbers  # of values written to one place, NumPy keeps the last
    return np.where(last[index] == numbers, part, 0)


def scatter_adjoint(g: Array, i: int, indices: Any) -> Array:
    return g[indices[i]]


# -- Taking ----------------------------------------------------------------------------------------------


def take_body(a: Array, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Array:
    if axis is None:
        a, axis = np.ravel(a), 0
    indices = np.asarray(indices) if isinstance(indices, list | tuple) else indices
    if mode != "raise":
        size = a.shape[axis]
        indices = indices % size if mode == "wrap" else np.clip(indices, 0, size - 1)
    return a[(slice(None),) * (axis % a.ndim) + (indices,)]


def take_along_axis_body(arr: Array, indices: Array, axis: int | None = -1) -> Array:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis %= arr.ndim
    if np.ndim(indices) != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    index = [
        indices if d == axis else np.reshape(np.arange(n), [-1 if e == d else 1 for e in range(arr.ndim)])
        for d, n in enumerate(arr.shape)
    ]
    return arr[tuple(index)]


def compress_body(condition: Any, a: Array, axis: int | None = None, out: None = None) -> Array:
    return np.take(a, np.flatnonzero(condition), axis=axis)


def extract_body(condition: Any, arr: Array) -> Array:
    return np.ravel(arr)[np.flatnonzero(condition)]


# -- Choosing --------------------------------------------------------------------------------------------


class Where(Elementwise):
    """``np.where``; with a condition alone it is ``np.nonzero``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs) if len(args) + len(kwargs) == 3 else np.nonzero(*args)


def split_where(condition: Any, x: Array, y: Array) -> Split:
    return (condition, x, y), {}


def choose_body(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Array:
    count = len(choices)
    if mode != "raise":
        a = a % count if mode == "wrap" else np.clip(a, 0, count - 1)
    elif np.any((a < 0) | (a >= count)):
        raise ValueError("invalid entry in choice array")
    result = choices[0]
    for i in range(1, count):
        result = np.where(a == i, choices[i], result)
    return np.broadcast_to(result, np.broadcast_shapes(np.shape(a), np.shape(result)))


def select_body(condlist: Sequence[Any], choicelist: Sequence[Array], default: Array = 0) -> Array:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = np.where(condition, choice, result)
    return result


RULES = (
    # -- Reading and writing: each is the other's adjoint
    Linear(
        operator.getitem,
        lambda g, X, index: CALLS[scatter](g, space=X, indices=(index,)),
        split=split_getitem,
        run=run_getitem,
    ),
    Linear(scatter, scatter_adjoint, variadic=True, own=True, ignore="space"),
    Linear(operator.setitem, setitem_adjoint, variadic=True, split=split_setitem, run=setitem, own=True),
    # -- Taking
    Composite(np.take, take_body),
    Composite(np.take_along_axis, take_along_axis_body),
    Composite(np.compress, compress_body),
    Composite(np.extract, extract_body),
    # -- Choosing
    Where(np.where, None, lambda g, a: np.where(a, g, 0), lambda g, a: np.where(a, 0, g), split=split_where),
    Composite(np.choose, choose_body),
    Composite(np.select, select_body),
)
