"""Spaces: the shape and dtype that a value, its tangents and its cotangents share.

A cotangent lives in the space of its primal. Rules need not care: they return something that
broadcasts against it, and :func:`project` sums, broadcasts, casts or takes the real part, once.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.blocks import LARGE
from funcgrad.core.summing import summed

__all__ = ["Space", "project", "space_of"]


class Space:
    """The shape and dtype of an array. Interned: equal spaces are mostly one object, so ``is`` is the fast test."""

    __slots__ = ("dtype", "elements", "is_complex", "is_inexact", "ndim", "shape", "size")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self.size = math.prod(shape)
        self.is_complex = dtype.kind == "c"
        self.elements: Space = interned((), dtype) if shape else self  # the space of one element
        self.is_inexact = dtype.kind in "fc"  # whether a derivative with respect to such values has a meaning

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"


INTERNED: dict[tuple[tuple[int, ...], np.dtype[Any]], Space] = {}
INTERNED_LIMIT = 10_000  # identity is only the fast test for equality, so forgetting spaces is harmless


def interned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Space:
    """Return the one space of this shape and dtype."""
    space = INTERNED.get((shape, dtype))
    if space is None:
        if len(INTERNED) >= INTERNED_LIMIT:
            INTERNED.clear()
        space = INTERNED.setdefault((shape, dtype), Space(shape, dtype))
    return space


def space_of(value: Array) -> Space:
    """Return the interned space of an array, NumPy scalar or tracer."""
    try:
        return INTERNED[value.shape, value.dtype]
    except KeyError:
        return interned(value.shape, value.dtype)
    except AttributeError:
        kind: Any = type(value)
        if kind is float or kind is complex or kind is bool:
            return NUMBERS[kind]
        value = np.asarray(value)
        return interned(value.shape, value.dtype)


#: The spaces of Python's numbers; those of integers go by their size.
NUMBERS = {kind: interned((), np.dtype(kind)) for kind in (float, complex, bool)}


float64 = np.float64
FLOAT64 = np.dtype(float64)
SMALL = 2048  # elements; below it writing a new array is cheaper than making a view


def spread(g: Any, shape: tuple[int, ...]) -> Array:
    """Broadcast `g` to a larger shape."""
    if isinstance(g, (np.ndarray, np.generic)):
        size = math.prod(shape)
        if size <= SMALL:
            return filled(g, shape)
        if size < LARGE and is_column(g, shape):  # NumPy's loops take longer for views along the last axis
            return g.repeat(shape[-1], -1)
        if not g.shape:  # what np.broadcast_to does, without its Python
            number: Any = np.asarray(g)[()]
            return np.ndarray(shape, g.dtype, number, 0, (0,) * len(shape))
    return np.broadcast_to(g, shape)


def filled(g: Array, shape: tuple[int, ...]) -> Array:
    """Write a number, or an array that fits, into a new array."""
    out: Array = np.empty(shape, g.dtype)
    out[...] = g
    return out


def is_column(g: Any, shape: tuple[int, ...]) -> bool:
    """Whether an array has one number for each row of a larger one."""
    return bool(g.ndim == len(shape) and g.shape[-1] == 1 and g.shape[:-1] == shape[:-1])


@functools.lru_cache(maxsize=10_000)
def stretched_axes(small: tuple[int, ...], large: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes along which arrays of shape `small` are repeated in ones of shape `large`.

    And the shape that the sum along these has, with length one for those that `small` has too.
    """
    extra = len(large) - len(small)
    stretched = [extra + i for i, n in enumerate(small) if extra + i >= 0 and n == 1 != large[extra + i]]
    left = [1 if d in stretched else n for d, n in enumerate(large)]
    return (*range(extra), *stretched), tuple(left[max(extra, 0) :])


def project(g: Array, space: Space) -> Array:
    """Bring `g` into `space`: real part, sum over broadcast axes, broadcast over missing ones, cast.

    Parameters
    ----------
    g : array
        A tangent or cotangent whose shape broadcasts with ``space.shape``.
    space : Space
        The space of the primal.

    Returns
    -------
    array
        `g` itself when it already lives in `space`.
    """
    shape, dtype = space.shape, space.dtype
    if type(g) is float64 and dtype is FLOAT64 and shape and space.size <= SMALL:  # what the sum of all gets
        return filled(g, shape)
    if g.dtype is not dtype and g.dtype.kind == "c" and dtype.kind != "c":
        g = np.real(g)
    if not g.shape and shape:
        g = spread(g, shape)
    elif g.shape != shape:
        axes, left = stretched_axes(shape, g.shape)
        if axes:
            g = summed(g, axes) if type(g) is np.ndarray else np.sum(g, axis=axes)
            if g.shape != left:
                g = g.reshape(left)
        if g.shape != shape:
            g = spread(g, shape)
    return g if g.dtype is dtype or g.dtype == dtype else g.astype(dtype)
