"""Cotangents that are not made whole, because of what becomes of them.

Matrix products wait: where only their sum over rows is wanted, the rows are summed before. In ``(x - m) @ q``, where
the data `x` are constant and the mean `m` is one row, the cotangent of the difference is as large as the data, and is
summed at once. ``ones @ (g @ q.T)`` is ``(ones @ g) @ q.T``: a row times a matrix.

What is zero but in a few places is added in these places: in ``exp(x - max(x))`` the share of the maximum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Call, Node
from funcgrad.core.kinds import Elementwise
from funcgrad.core.products import product
from funcgrad.core.space import Space
from funcgrad.core.summing import summed

__all__ = ["DeferredProduct", "Places", "can_wait", "formed"]

ndarray = np.ndarray


class DeferredProduct:
    """A cotangent ``a @ b``, for stacks of matrices `a`, that has not been computed."""

    __slots__ = ("a", "b", "dtype", "shape")

    __array_ufunc__ = None  # arrays leave sums with it to it

    def __init__(self, a: Array, b: Array, space: Space) -> None:
        self.a = a
        self.b = b
        self.shape = space.shape
        self.dtype = space.dtype

    def formed(self) -> Array:
        """Compute the product."""
        return product(self.a, self.b)

    def sum(self, axis: tuple[int, ...], **options: Any) -> Array:
        """Sum over axes in ascending order, one of which is that of the rows: what ``np.sum`` calls."""
        rows = len(self.shape) - 2
        total = (summed(self.a, (rows,))[..., None, :] @ self.b)[..., 0, :]
        others = tuple([d - (d > rows) for d in axis if d != rows])
        return summed(total, others) if others else total

    def __add__(self, other: Any) -> Any:
        return self.formed() + other

    __radd__ = __add__


def formed(g: Any) -> Any:
    """Return a cotangent that does not wait any longer."""
    return g.formed() if type(g) is DeferredProduct else g


def can_wait(g: Any, b: Any, space: Space, node: Node) -> bool:
    """Whether `g` times `b`, transposed, may wait: a cotangent in `space` for a node that sums its rows."""
    return (
        type(node) is Call
        and sums_rows(node)
        and type(g) is type(b) is ndarray
        and g.dtype == b.dtype == space.dtype
        and g.shape[:-1] == space.shape[:-1]
    )


def sums_rows(node: Call) -> bool:
    """Whether a node does nothing with its cotangent but to sum it, over the rows of matrices among others."""
    if type(node.primitive) is not Elementwise or node.guarded:
        return False
    large = node.output_space
    live = [i for i, link in enumerate(node.links) if link is not None]
    if len(live) != 1 or large.ndim < 2 or large.shape[-2] == 1:
        return False
    rule, small = node.primitive.rules[live[0]], node.spaces[live[0]]
    if rule is None or rule.names or small.dtype != large.dtype:
        return False
    return small.ndim < 2 or small.shape[-2] == 1


class Places:
    """A cotangent of zeros, but for some places, on its way to a node that :func:`~funcgrad.core.graph.receives`."""

    __slots__ = ("dtype", "places", "shape", "values")

    __array_ufunc__ = None  # arrays leave sums with it to it

    def __init__(self, places: Array, values: Array, space: Space) -> None:
        self.places = places  # in the order of memory; each once
        self.values = values
        self.shape = space.shape
        self.dtype = space.dtype

    def __radd__(self, held: Array) -> Array:
        """Add to what has arrived, in place."""
        held.reshape(-1)[self.places] += self.values
        return held
