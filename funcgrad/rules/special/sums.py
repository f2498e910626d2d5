"""Sums over tables of numbers, such as nodes and weights, and formulas that hold for some elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.selecting import anywhere

__all__ = ["put_where", "total"]

BLOCK = 4096  # elements: as many rows at once as make a calculation worth its call


def total(term: Callable[..., Array], table: Sequence[tuple[float, ...]], like: Array) -> Array:
    """Add up `term`, called with the columns of a table, many rows at once along a new first axis of small arrays.

    `like` has the shape and the precision of what is summed, and lives where it does.
    """
    many = BLOCK // max(1, like.size)
    if many < 2:
        return sum(term(*row) for row in table)
    like = like[None]  # an array, also of a single element
    result = 0.0
    for first in range(0, len(table), many):
        rows = np.asarray(table[first : first + many], like.real.dtype, like=like)
        columns = rows.T.reshape(*rows.T.shape, *(1 for _ in like.shape[1:]))
        result = result + np.sum(term(*columns), axis=0)
    return result


def put_where(y: Array, mask: Array, f: Callable[..., Array], *inputs: tuple[Array, float]) -> Array:
    """Return `y`, with `f` where the mask is set; each input comes with what stands for it elsewhere."""
    if not anywhere(mask):
        return y
    return np.where(mask, f(*(np.where(mask, x, ordinary) for x, ordinary in inputs)), y)
