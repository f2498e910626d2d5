"""Functions with automatic domain (``np.emath``): outside the real domain they continue with complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.kinds import Composite, Elementwise, singular
from funcgrad.core.space import Space

__all__ = ["RULES"]


def as_complex(x: Array) -> Array:
    return x.astype(np.complex64 if x.dtype.char in "fbhBH" else np.complex128)


def complex_below_zero(x: Array) -> Array:
    return as_complex(x) if x.dtype.kind != "c" and np.any(x < 0) else x


def complex_beyond_one(x: Array) -> Array:
    return as_complex(x) if x.dtype.kind != "c" and np.any(np.abs(x) > 1) else x


# If one element of an array must become complex, all do.
from_zero = Elementwise(complex_below_zero, lambda g: g, own=True)
within_one = Elementwise(complex_beyond_one, lambda g: g, own=True)


def cosine(x: Array, Y: Space) -> Array:
    """``cos(arcsin(x))``; on the branch cuts, the real numbers beyond one, with the sign that fits NumPy's side."""
    if not Y.is_complex:
        return np.sqrt(1 - x) * np.sqrt(1 + x)
    z = x.astype(Y.dtype)
    return np.sqrt(-(z - 1)) * np.sqrt(z + 1)


def logn_body(n: Any, x: Any) -> Array:
    return np.log(from_zero(as_array(x))) / np.log(from_zero(as_array(n)))


def power_body(x: Any, p: Any) -> Array:
    p = as_array(p)
    if p.dtype.kind in "iu" and np.any(p < 0):
        p = p * 1.0
    return np.power(from_zero(as_array(x)), p)


RULES = (
    Composite(np.emath.sqrt, lambda x: np.sqrt(from_zero(x))),
    Composite(np.emath.log, lambda x: np.log(from_zero(x))),
    Composite(np.emath.log2, lambda x: np.log2(from_zero(x))),
    Composite(np.emath.log10, lambda x: np.log10(from_zero(x))),
    Composite(np.emath.logn, logn_body),
    Composite(np.emath.power, power_body),
    Elementwise(np.emath.arccos, singular(lambda g, x, Y: -g / cosine(x, Y))),
    Elementwise(np.emath.arcsin, singular(lambda g, x, Y: g / cosine(x, Y))),
    Composite(np.emath.arctanh, lambda x: np.arctanh(within_one(x))),
)
