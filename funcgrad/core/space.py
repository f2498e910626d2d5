"""Spaces: the shape and dtype that a value, its tangents and its cotangents share.

A cotangent lives in the space of its primal. Rules need not care: they return something that
broadcasts against it, and :func:`project` sums, broadcasts, casts or takes the real part, once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = ["Space", "project", "space_of"]


class Space:
    """The shape and dtype of an array. Interned: equal spaces are mostly one object, so ``is`` is the fast test."""

    __slots__ = ("__elements", "dtype", "is_complex", "is_inexact", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.is_complex = dtype.kind == "c"
        self.is_inexact = dtype.kind in "fc"  # whether a derivative with respect to such values has a meaning

    @property
    def elements(self) -> Space:
        """The space of one element."""
        try:
            return self.__elements
        except AttributeError:
            self.__elements: Space = interned((), self.dtype)
            return self.__elements

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

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
        return interned(value.shape, value.dtype)
    except AttributeError:
        value = np.asarray(value)
        return interned(value.shape, value.dtype)


SMALL = 2048  # elements; below it writing a new array is cheaper than making a view


def spread(g: Array, shape: tuple[int, ...]) -> Array:
    """Broadcast `g` to a larger shape."""
    if isinstance(g, (np.ndarray, np.generic)) and math.prod(shape) <= SMALL:
        out = np.empty(shape, g.dtype)
        out[...] = g
        return out
    return np.broadcast_to(g, shape)


def columns(g: Array) -> Array:
    """Sum a matrix over its rows: from some rows on, a product with ones takes half to a third of the time."""
    return np.ones(len(g), g.dtype) @ g if len(g) > 32 and g.dtype.kind in "fc" else np.add.reduce(g, 0)


def summed(g: Array, axes: tuple[int, ...]) -> Array:
    """Sum over `axes`, which stay with length one: of large arrays by products with ones, in a fifth of the time."""
    if not (type(g) is np.ndarray and g.size > SMALL and g.dtype.char in "fdFD" and g.flags.c_contiguous):
        return np.sum(g, axis=axes, keepdims=True)
    shape = g.shape
    axes = tuple(sorted(axes))
    while axes:  # those beside each other at once, the last ones first
        first = end = axes[-1] + 1
        while axes and axes[-1] == first - 1:
            first, axes = first - 1, axes[:-1]
        before, n, after = (math.prod(part) for part in (shape[:first], shape[first:end], shape[end:]))
        if (after == 1 and n > LONG) or (before > 1 < after and n * after < FEW):
            rest: Array = np.sum(g, axis=(*axes, *range(first, end)), keepdims=True)
            return rest
        ones = np.ones(n, g.dtype)
        g = g.reshape(before, n) @ ones if after == 1 else ones @ g.reshape(before, n, after)
        shape = (*shape[:first], *(1,) * (end - first), *shape[end:])
        g = g.reshape(shape)
    return g


LONG = 4096  # elements of one sum, from which NumPy's summation by halves is as quick, and more exact
FEW = 256  # elements of one matrix, below which a product of each is slower


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
    shape = space.shape
    if g.dtype.kind == "c" and space.dtype.kind != "c":
        g = np.real(g)
    if g.shape != shape:
        extra = g.ndim - len(shape)
        stretched = [extra + i for i, n in enumerate(shape) if extra + i >= 0 and n == 1 != g.shape[extra + i]]
        axes = (*range(extra), *stretched)
        if axes == (0,) and extra == 1 and type(g) is np.ndarray and g.ndim == 2:  # as for a bias: the common case
            return columns(g) if g.dtype == space.dtype else columns(g).astype(space.dtype)
        if axes:
            g = summed(g, axes)
            if extra > 0:
                g = np.reshape(g, g.shape[extra:])
        if g.shape != shape:
            g = spread(g, shape)
    if g.dtype != space.dtype:
        g = g.astype(space.dtype)
    return g
