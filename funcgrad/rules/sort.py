"""Sorting: the outputs are elements of the input, and the rules say which."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.batching import along_one
from funcgrad.core.kinds import Composite, Selection

__all__ = ["RULES"]


def sort_indices(x: Array, axis: int | None, kind: Any) -> Array:
    return np.argsort(x, axis=-1 if axis is None else axis, kind=kind)


def partition_indices(x: Array, kth: Any, axis: int | None, kind: Any) -> Array:
    given = {} if kind in (None, "introselect") else {"kind": kind}
    return np.argpartition(x, kth, axis=-1 if axis is None else axis, **given)


def sort_complex_body(a: Array) -> Array:
    """Sort; the result is complex, of double precision or better."""
    x = np.sort(a)
    return x if x.dtype.kind == "c" else x.astype(np.result_type(x.dtype, np.complex128))


RULES = (
    Selection(np.sort, sort_indices, ignore="order stable", batch=along_one(default=-1)),
    Composite(np.sort_complex, sort_complex_body),
    Selection(np.partition, partition_indices, ignore="order", batch=along_one(default=-1)),
)
