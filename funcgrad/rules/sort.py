"""Sorting: the outputs are elements of the input, and the rules say which."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Selection

__all__ = ["RULES"]


def sort_indices(x: Array, axis: int | None, kind: Any) -> Array:
    return np.argsort(x, axis=-1 if axis is None else axis, kind=kind)


def partition_indices(x: Array, kth: Any, axis: int | None, kind: Any) -> Array:
    return np.argpartition(x, kth, axis=-1 if axis is None else axis, kind=kind or "introselect")


RULES = (
    Selection(np.sort, sort_indices, ignore="order stable"),
    Selection(np.partition, partition_indices, ignore="order"),
)
