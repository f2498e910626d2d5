"""What an index is made of."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np

__all__ = ["is_basic", "is_mask", "is_simple", "is_slice", "is_view", "parts_of"]


SIMPLE = frozenset((int, np.int64, slice, type(None), EllipsisType))


def is_simple(index: Any) -> bool:
    """Whether `index` is made of plain integers, slices, None and Ellipsis, as most are: a quick question."""
    return SIMPLE.issuperset(map(type, index)) if type(index) is tuple else type(index) in SIMPLE


def is_view(index: Any) -> bool:
    """Whether ``x[index]`` shares memory with ``x``: integers, slices, newaxis and Ellipsis alone."""
    return is_simple(index) or all(is_slice(part) for part in parts_of(index))


def is_basic(index: Any) -> bool:
    """Whether `index` selects no element twice: what makes a view, and masks."""
    if is_simple(index):
        return True
    for part in parts_of(index):
        if type(part) is np.ndarray:
            if part.dtype.kind != "b":
                return False
        elif not (is_slice(part) or is_mask(part)):
            return False
    return True


def parts_of(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def is_slice(part: Any) -> bool:
    if isinstance(part, bool):  # a mask without axes
        return False
    return part is None or part is Ellipsis or isinstance(part, int | slice | np.integer)


def is_mask(part: Any) -> bool:
    return isinstance(part, bool) or getattr(part, "dtype", None) == np.bool_
