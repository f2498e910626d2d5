"""What an index is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["is_basic", "is_mask", "is_slice", "is_view", "parts_of"]


SIMPLE = {int, np.int64, slice, type(None), type(Ellipsis)}  # of which nothing else need be asked


def is_view(index: Any) -> bool:
    """Whether ``x[index]`` shares memory with ``x``: integers, slices, newaxis and Ellipsis alone."""
    if type(index) in SIMPLE:
        return True
    parts = parts_of(index)
    return SIMPLE.issuperset(map(type, parts)) or all(is_slice(part) for part in parts)


def is_basic(index: Any) -> bool:
    """Whether `index` selects no element twice: what makes a view, and masks."""
    if type(index) in SIMPLE:
        return True
    parts = parts_of(index)
    return SIMPLE.issuperset(map(type, parts)) or all(is_slice(part) or is_mask(part) for part in parts)


def parts_of(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def is_slice(part: Any) -> bool:
    if isinstance(part, bool):  # a mask without axes
        return False
    return part is None or part is Ellipsis or isinstance(part, int | slice | np.integer)


def is_mask(part: Any) -> bool:
    return isinstance(part, bool) or getattr(part, "dtype", None) == np.bool_
