"""PyTorch's type promotion: by kind of number; 0-d tensors and Python numbers do not widen within a kind."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["DEFAULT_DTYPE", "as_real", "promote"]

DEFAULT_DTYPE = np.dtype(np.float32)
CATEGORIES = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}


def promote(a: Any, b: Any) -> tuple[Any, Any]:
    """Cast two operands, of which at least one is an array, to the dtype in which PyTorch computes."""
    if isinstance(b, bool | int | float | complex):
        return for_number(a, b), b
    if isinstance(a, bool | int | float | complex):
        return a, for_number(b, a)
    if a.dtype == b.dtype:
        return a, b
    rank_a, rank_b = CATEGORIES[a.dtype.kind], CATEGORIES[b.dtype.kind]
    if rank_a != rank_b and (a.ndim == 0) == (b.ndim == 0):
        dtype = a.dtype if rank_a > rank_b else b.dtype
    elif (a.ndim == 0) != (b.ndim == 0):
        wide, rank_wide, narrow, rank_narrow = (b, rank_b, a, rank_a) if a.ndim == 0 else (a, rank_a, b, rank_b)
        dtype = narrow.dtype if rank_narrow > rank_wide else wide.dtype
    else:
        dtype = np.promote_types(a.dtype, b.dtype)
    return a.astype(dtype), b.astype(dtype)


def for_number(x: Any, number: Any) -> Any:
    """Cast an integer tensor that meets a real number to the default dtype."""
    return x.astype(DEFAULT_DTYPE) if isinstance(number, float) and x.dtype.kind in "biu" else x


def as_real(x: Any) -> Any:
    """Cast integers to the default dtype: what division and ``sqrt`` of integers are computed in."""
    return x.astype(DEFAULT_DTYPE) if getattr(x, "dtype", DEFAULT_DTYPE).kind in "biu" else x
