"""Sizes that are one number for all dimensions, or one for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

__all__ = ["Sizes", "tuple_of"]

Sizes: TypeAlias = "int | Sequence[int]"


def tuple_of(x: Any, count: int) -> tuple[int, ...]:
    """Return a size for each dimension."""
    return tuple(x) if isinstance(x, Iterable) else (x,) * count
