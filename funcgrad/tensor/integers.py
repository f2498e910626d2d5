"""Arithmetic where PyTorch's is not NumPy's: of integers and bools, and the sign of a zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.kinds import Elementwise
from funcgrad.core.primitive import CALLS
from funcgrad.tensor.promotion import DEFAULT_DTYPE

__all__ = ["is_integral", "power", "refuse_bools", "remainder"]


def is_integral(*xs: Any) -> bool:
    return all(isinstance(x, int) or getattr(x, "dtype", DEFAULT_DTYPE).kind in "biu" for x in xs)


def is_truth(x: Any) -> bool:
    return isinstance(x, bool) or getattr(x, "dtype", None) == np.bool_


def refuse_bools(a: Any, b: Any) -> None:
    """Refuse to subtract from, or to subtract, a bool."""
    if is_truth(a) or is_truth(b):
        both = "two bool tensors" if is_truth(a) and is_truth(b) else "a bool tensor"
        raise RuntimeError(
            f"Subtraction, the `-` operator, with {both} is not supported. Use the `^` or `logical_xor()` operator of "
            "two, or the `~` or `logical_not()` operator to invert a mask."
        )


def power(a: Any, b: Any) -> Any:
    """Raise to a power. Integers to negative powers that a tensor holds are truncated: 1 and -1 leave something."""
    if is_truth(a) and is_truth(b):
        raise NotImplementedError("\"pow\" not implemented for 'Bool': make integers of one of the two")
    if not is_integral(a, b) or not np.any(np.less(b, 0)):
        return CALLS[np.power](a, b)
    if not hasattr(b, "dtype"):
        raise RuntimeError(
            "Integers to negative integer powers are not allowed: make the base a floating-point tensor."
        )
    units = np.where(np.equal(a, 1), 1, np.where(np.equal(a, -1), 1 - 2 * (b % 2), 0))
    raised = np.power(a, np.maximum(b, 0))
    return np.where(b < 0, units, raised).astype(raised.dtype)


def remainder_values(a: Any, b: Any) -> Any:
    y = np.remainder(a, b)
    return np.where(y == 0, np.copysign(y, a), y)  # NumPy's has the sign of the divisor


float_remainder = Elementwise(
    remainder_values, lambda g: g, lambda g, a, b: -g * np.floor_divide(a, b), name="remainder", own=True
)


def remainder(a: Any, b: Any) -> Any:
    """Return what a division that rounds down leaves."""
    if is_truth(a) and is_truth(b):
        raise NotImplementedError("\"remainder\" not implemented for 'Bool': make integers of one of the two")
    return CALLS[np.remainder](a, b) if is_integral(a, b) else float_remainder(a, b)
