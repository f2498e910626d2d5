"""Sorting and order statistics: outputs are elements of the input, and the rules say which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite, Selection

__all__ = ["RULES"]


def sort_indices(x: Array, axis: int | None, kind: Any) -> Array:
    return np.argsort(x, axis=-1 if axis is None else axis, kind=kind)


def partition_indices(x: Array, kth: Any, axis: int | None, kind: Any) -> Array:
    return np.argpartition(x, kth, axis=-1 if axis is None else axis, kind=kind or "introselect")


def median_body(
    a: Array,
    axis: int | Sequence[int] | None = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Array:
    """The middle of the sorted elements, or the mean of the two in the middle; nan where one is nan."""
    axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int | np.integer) else axis
    axes = sorted(int(d) % a.ndim for d in axes)
    rest = [d for d in range(a.ndim) if d not in axes]
    x = np.sort(np.reshape(np.transpose(a, rest + axes), (*(a.shape[d] for d in rest), -1)), axis=-1)
    n = x.shape[-1]
    middle = x[..., n // 2] if n % 2 else (x[..., n // 2 - 1] + x[..., n // 2]) / 2
    middle = np.where(np.isnan(x[..., -1]), np.nan, middle)[()]
    return np.reshape(middle, [1 if d in axes else m for d, m in enumerate(a.shape)]) if keepdims else middle


RULES = (
    Selection(np.sort, sort_indices, ignore="order stable"),
    Selection(np.partition, partition_indices, ignore="order"),
    Composite(np.median, median_body),
)
