"""Quotients that are smooth at zero although they divide by zero there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = ["even_series"]


def even_series(x: Array, first: float, ratios: Sequence[float], direct: Callable[[Array], Array]) -> Array:
    """``first * (1 + x^2 r1 (1 + x^2 r2 (...)))`` where ``|x| < 1``, and `direct` of `x` elsewhere.

    A polynomial has all its derivatives. `direct` is given 1 in the place of small numbers.
    """
    small = np.abs(x) < 1
    t = np.where(small, x, 0)
    t = t * t
    total: Any = 1.0
    for ratio in reversed(ratios):
        total = 1 + t * ratio * total
    return np.where(small, first * total, direct(np.where(small, 1, x)))[()]
