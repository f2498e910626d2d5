"""Sums over tables of numbers, such as nodes and weights, and parts of a formula that no element needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from funcgrad._typing import Array

__all__ = ["anywhere", "total"]

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


def anywhere(mask: Array) -> bool:
    """Whether there may be an element where the mask is set; a device is not asked, as that would stop it."""
    return not isinstance(mask, np.ndarray | np.generic) or bool(mask.any())
