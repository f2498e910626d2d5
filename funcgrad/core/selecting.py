"""Choosing by masks; on large arrays of floats by bits times zero or one.

``np.where`` jumps at every element, which a mask without pattern makes ten times as slow as arithmetic. The bits of the
numbers as integers are multiplied by the mask instead, which is exact for signs, infinities and nans, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import plain

__all__ = ["anywhere", "choose"]

SMALL = 1024  # elements up to which one call is cheaper than three
BITS = {np.dtype(f"f{size}"): np.dtype(f"u{size}") for size in (2, 4, 8)}


def anywhere(mask: Array) -> bool:
    """Whether a mask holds somewhere; a device is not asked, and counts as yes."""
    mask = plain(mask)
    if type(mask) is np.ndarray:  # what `any` does, without its Python
        return mask.size > 0 and bool(mask.item(mask.argmax()))
    return not isinstance(mask, np.ndarray | np.generic) or bool(mask.any())


def choose(mask: Array, a: Array, b: Any) -> Array:
    """Return ``np.where(mask, a, b)``, of which `b` may be zero."""
    if type(mask) is not np.ndarray or mask.size <= SMALL or type(a) is not np.ndarray or a.dtype not in BITS:
        return np.where(mask, a, b)
    bits = BITS[a.dtype]
    if type(b) is np.ndarray:
        if b.dtype != a.dtype:
            return np.where(mask, a, b)
        other = b.view(bits)
        changed = a.view(bits) ^ other
        changed *= mask
        changed ^= other
        return changed.view(a.dtype)
    return (a.view(bits) * mask).view(a.dtype) if b == 0 else np.where(mask, a, b)
