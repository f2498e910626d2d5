"""Ufuncs beyond the plain call: their methods, and the axes of those that work on vectors and matrices.

What NumPy has under a name of its own (``np.add.reduce`` is ``np.sum``) goes there; the rest is written out as
calls of the ufunc itself, whose rule then serves.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import is_on_device
from funcgrad.core.primitive import CALLS

__all__ = ["METHODS", "updated_at", "with_axes"]

REDUCTIONS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
}

# -- Reductions ----------------------------------------------------------------------------------------


def apply_reduce(
    ufunc: np.ufunc,
    x: Array,
    axis: Any = 0,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = True,
) -> Any:
    known = REDUCTIONS.get((ufunc, "reduce"))
    given = {"dtype": dtype, "keepdims": keepdims, "initial": initial, "where": where}
    defaults = {"dtype": None, "keepdims": False, "initial": np._NoValue, "where": True}
    if known is not None:
        return CALLS[known](x, axis=axis, **{k: v for k, v in given.items() if v is not defaults[k]})
    if dtype is not None:
        x = x.astype(dtype)
    axes = [int(d) % x.ndim for d in (range(x.ndim) if axis is None else np.atleast_1d(axis))]
    if len(axes) > 1 and ufunc in ORDERED:
        raise ValueError(f"reduction operation '{ufunc.__name__}' is not reorderable, so at most one axis may be given")
    rows, masks = as_rows(x, axes), None if where is True else as_rows(np.broadcast_to(where, x.shape), axes)
    total = fold(ufunc, rows, masks, initial)
    return np.expand_dims(total, tuple(axes)) if keepdims else total


#: For these the order of the elements matters.
ORDERED = (np.subtract, np.divide, np.power, np.float_power, np.floor_divide, np.remainder, np.fmod, np.arctan2)


def as_rows(x: Array, axes: list[int]) -> Array:
    """Move the reduced axes to the front and make them one."""
    x = np.moveaxis(x, axes, range(len(axes)))
    return np.reshape(x, (math.prod(x.shape[: len(axes)]), *x.shape[len(axes) :]))


def fold(ufunc: np.ufunc, rows: Array, masks: Array | None, initial: Any) -> Any:
    """Combine the rows from the left, leaving out the masked elements."""
    identity = ufunc.identity if initial is np._NoValue else initial
    begins = masks is not None or initial is not np._NoValue or not len(rows)
    if identity is None and begins:
        raise ValueError(
            f"reduction operation {ufunc.__name__} does not have an identity, so an initial value is needed"
        )
    total = np.zeros_like(np.sum(rows, axis=0)) + identity if begins else rows[0]
    for i in range(0 if begins else 1, len(rows)):
        step = ufunc(total, rows[i])
        total = step if masks is None else np.where(masks[i], step, total)
    return total


def apply_accumulate(ufunc: np.ufunc, x: Array, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
    known = REDUCTIONS.get((ufunc, "accumulate"))
    if known is not None:
        return CALLS[known](x, axis=axis, **({} if dtype is None else {"dtype": dtype}))
    if dtype is not None:
        x = x.astype(dtype)
    if not x.shape[axis]:
        return x
    partial: list[Any] = []
    for row in np.moveaxis(x, axis, 0):
        partial.append(ufunc(partial[-1], row) if partial else row)
    return np.stack(partial, axis=axis)


def apply_reduceat(
    ufunc: np.ufunc, x: Array, indices: Sequence[int], axis: int = 0, dtype: Any = None, out: None = None
) -> Any:
    x = np.moveaxis(x, axis, 0)
    ends = [*indices[1:], len(x)]
    pieces = [apply_reduce(ufunc, x[i:j], 0, dtype) if i < j else x[i] for i, j in zip(indices, ends, strict=True)]
    return np.stack(pieces, axis=axis) if pieces else np.moveaxis(x[:0], 0, axis)


def apply_outer(ufunc: np.ufunc, a: Array, b: Array, **kwargs: Any) -> Any:
    return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **kwargs)


METHODS: dict[str, Callable[..., Any]] = {
    "reduce": apply_reduce,
    "accumulate": apply_accumulate,
    "reduceat": apply_reduceat,
    "outer": apply_outer,
}

# -- Updates in place ------------------------------------------------------------------------------------


def updated_at(ufunc: np.ufunc, x: Array, indices: Any, *operands: Any) -> Array:
    """Return what ``ufunc.at(x, indices, values)`` makes of `x`: repeated indices count one after the other."""
    places = np.reshape(np.arange(math.prod(x.shape)), x.shape)[on_host(indices)]
    values = [np.ravel(np.broadcast_to(b, places.shape)) for b in operands]
    places = places.ravel()
    flat = np.ravel(x)
    for chosen in rounds(places):
        index = places[chosen]
        new = ufunc(flat[index], *(b[chosen] for b in values))
        flat = CALLS[operator.setitem](flat, new if new.dtype == flat.dtype else new.astype(flat.dtype), index)
    return np.reshape(flat, x.shape)


def on_host(indices: Any) -> Any:
    """Return indices for an array on the host: the rounds of an update are found there."""
    if isinstance(indices, tuple):
        return tuple([on_host(index) for index in indices])
    return indices.get() if is_on_device(indices) else indices


def rounds(places: Array) -> list[Array]:
    """Split the positions of `places` so that no place comes twice in a round: first all first visits, and so on."""
    order = np.argsort(places, kind="stable")
    ranked = places[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if places.size else order
    visit = np.empty(places.size, int)
    visit[order] = np.arange(places.size) - np.repeat(starts, np.diff([*starts, places.size]))
    return [np.flatnonzero(visit == n) for n in range(int(visit.max()) + 1)] if places.size else []


# -- Functions of vectors and matrices ---------------------------------------------------------------------


def with_axes(
    ufunc: np.ufunc, inputs: Sequence[Array], axes: Any = None, axis: int | None = None, keepdims: bool = False
) -> Any:
    """Apply a generalized ufunc to the given axes: move them last, apply, and move the result's where they belong."""
    takes, gives = signature_of(ufunc)
    if axis is not None:
        axes = [(axis,)] * len(takes) + [(axis,) if keepdims else ()]
    if axes is None:
        axes = [tuple(range(-n, 0)) for n in takes]
    moved = [(a,) if isinstance(a, int | np.integer) else tuple(a) for a in axes]
    operands = [
        np.moveaxis(x, a, range(-len(a), 0)) if a else x for x, a in zip(inputs, moved[: len(takes)], strict=True)
    ]
    result = ufunc(*operands)
    if keepdims:
        kept = moved[len(takes)] if len(moved) > len(takes) and moved[len(takes)] else moved[0]
        return np.expand_dims(result, kept)
    back = moved[len(takes)] if len(moved) > len(takes) else tuple(range(-gives, 0))
    return np.moveaxis(result, range(-len(back), 0), back) if back else result


def signature_of(ufunc: np.ufunc) -> tuple[list[int], int]:
    """Return how many axes of its own each operand and the output of a generalized ufunc have."""
    inputs, output = str(ufunc.signature).split("->")
    return [len(part.strip("(").split(",")) for part in inputs.split("),")], len(
        [n for n in output[1:-1].split(",") if n]
    )
