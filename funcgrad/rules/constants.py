"""Functions whose derivative is zero wherever it exists, or has no meaning: they see and return plain values."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite, Constant, Creation, Description

__all__ = ["RULES"]

STEPS = (np.floor, np.ceil, np.trunc, np.rint, np.fix, np.round, np.around, np.signbit, np.spacing)
COMPARISONS = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
LOGIC = (
    *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.all, np.any),
    *(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift),
    *(np.bitwise_count, np.packbits, np.unpackbits, np.gcd, np.lcm),
)
TESTS = (
    *(np.isin, np.isnat, np.shares_memory, np.may_share_memory),
    *(np.isnan, np.isinf, np.isfinite, np.isneginf, np.isposinf, np.iscomplex, np.isreal),
    *(np.isclose, np.allclose, np.array_equal, np.array_equiv),
)
PLACES = (
    *(np.argmax, np.argmin, np.argsort, np.argpartition, np.lexsort, np.argwhere, np.nonzero, np.flatnonzero),
    *(np.nanargmax, np.nanargmin, np.searchsorted, np.digitize, np.count_nonzero),
    *(np.ravel_multi_index, np.unravel_index),
)
TEXTS = (np.array_repr, np.array_str, np.array2string, np.min_scalar_type)
DESCRIPTIONS = (
    *(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type),
    *(np.iscomplexobj, np.isrealobj, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from),
)
CREATIONS = (np.zeros_like, np.ones_like, np.empty_like)


def full_like_body(a: Array, fill_value: Array, dtype: Any = None, **layout: Any) -> Array:
    return (np.zeros_like(a) + fill_value).astype(dtype or a.dtype)


#: What newer or older versions of NumPy have.
SOMETIMES = [getattr(np, name) for name in ("in1d",) if hasattr(np, name)]

RULES = (
    *(Constant(f) for f in (*STEPS, *COMPARISONS, *LOGIC, *TESTS, *PLACES, *TEXTS, *SOMETIMES)),
    *(Description(f) for f in DESCRIPTIONS),
    *(Creation(f) for f in CREATIONS),
    Composite(np.full_like, full_like_body),
)
