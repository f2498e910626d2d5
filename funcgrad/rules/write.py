"""Functions that write into their first argument: a traced one becomes the array with the new elements.

A plain one cannot hold traced values, and the call is refused.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite
from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS
from funcgrad.errors import LostGradientError

__all__ = ["RULES"]


def write(name: str, target: Any, new: Any) -> None:
    """Let the traced `target` become `new`."""
    if not isinstance(target, Traced):
        raise LostGradientError(
            f"np.{name} would write a traced value into a plain ndarray and lose its gradient. Write into a traced "
            "array (start from np.zeros_like of one), or build the result with np.where or np.concatenate."
        )
    writable: Any = target
    new = new if new.dtype == target.space.dtype else new.astype(target.space.dtype)
    writable.rebind(new, name)


def with_elements(x: Array, index: Any, values: Array) -> Array:
    """Return `x` with other elements at `index`."""
    return CALLS[operator.setitem](x, values, index)


def with_flat(x: Array, places: Array, values: Array) -> Array:
    """Return `x` with other elements at places in its flattened order."""
    return np.reshape(with_elements(np.ravel(x), places, values), np.shape(x))


def copyto_body(dst: Array, src: Array, casting: str = "same_kind", where: Any = True) -> None:
    write("copyto", dst, np.where(where, src, dst))


def put_body(a: Array, ind: Any, v: Any, mode: str = "raise") -> None:
    places = np.ravel(np.asarray(ind))
    if mode != "raise":
        places = places % a.size if mode == "wrap" else np.clip(places, 0, a.size - 1)
    values = np.ravel(v)
    write("put", a, with_flat(a, places, values[np.arange(places.size) % values.size]))


def putmask_body(a: Array, mask: Any, values: Any) -> None:
    places = np.flatnonzero(mask)
    values = np.ravel(values)
    write("putmask", a, with_flat(a, places, values[places % values.size]))


def place_body(arr: Array, mask: Any, vals: Any) -> None:
    places = np.flatnonzero(mask)
    values = np.ravel(vals)
    write("place", arr, with_flat(arr, places, values[np.arange(places.size) % values.size]))


def put_along_axis_body(arr: Array, indices: Array, values: Array, axis: int | None) -> None:
    if axis is None:
        write("put_along_axis", arr, with_flat(arr, indices, values))
        return
    axis %= arr.ndim
    index = [
        indices if d == axis else np.reshape(np.arange(n), [-1 if e == d else 1 for e in range(arr.ndim)])
        for d, n in enumerate(arr.shape)
    ]
    write("put_along_axis", arr, with_elements(arr, tuple(index), values))


def fill_diagonal_body(a: Array, val: Any, wrap: bool = False) -> None:
    step = a.shape[1] + 1 if a.ndim == 2 else 1 + int(np.sum(np.cumprod(a.shape[:-1])))
    end = a.shape[1] * a.shape[1] if a.ndim == 2 and not wrap else a.size
    places = np.arange(0, min(end, a.size), step)
    values = np.ravel(val)
    write("fill_diagonal", a, with_flat(a, places, values[np.arange(places.size) % values.size]))


RULES = (
    Composite(np.copyto, copyto_body),
    Composite(np.put, put_body),
    Composite(np.putmask, putmask_body),
    Composite(np.place, place_body),
    Composite(np.put_along_axis, put_along_axis_body),
    Composite(np.fill_diagonal, fill_diagonal_body),
)
