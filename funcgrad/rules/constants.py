"""Functions whose derivative is zero wherever it exists, or has no meaning: they see and return plain values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.batching import Flags, Operands, Params, Primitive, aligned, along, along_one, stacked
from funcgrad.core.kinds import Composite, Constant, Creation, Description
from funcgrad.core.level import Traced
from funcgrad.core.memory import overlap

__all__ = ["RULES"]

STEPS = (np.floor, np.ceil, np.trunc, np.rint, np.signbit, np.spacing)
COMPARISONS = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
LOGIC = (
    *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
    *(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift),
    *(np.bitwise_count, np.packbits, np.unpackbits, np.gcd, np.lcm),
)
TESTS = (
    *(np.isnat, np.isnan, np.isinf, np.isfinite),
    *(np.allclose, np.array_equal, np.array_equiv),
)
PLACES = (*(np.lexsort, np.argwhere, np.nonzero, np.flatnonzero, np.ravel_multi_index, np.unravel_index),)
TEXTS = (np.array_repr, np.array_str, np.array2string, np.min_scalar_type)
DESCRIPTIONS = (
    *(np.result_type, np.can_cast, np.common_type),
    *(np.iscomplexobj, np.isrealobj, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from),
)
MANY = 10_000_000  # comparisons, beyond which searching one example after the other is better

#: With batching rules: of each element alone; along axes; along one axis; of two operands.
SINGLE = (np.fix, np.round, np.around, np.isneginf, np.isposinf, np.iscomplex, np.isreal)
ALONG = (np.all, np.any, np.count_nonzero)
EXTREMES = (np.argmax, np.argmin, np.nanargmax, np.nanargmin)
ORDERS = (np.argsort, np.argpartition)
CREATIONS = (np.zeros_like, np.ones_like, np.empty_like)


def full_like_body(a: Array, fill_value: Array, dtype: Any = None, **layout: Any) -> Array:
    return (np.zeros_like(a) + fill_value).astype(dtype or a.dtype)


#: What newer or older versions of NumPy have.
SOMETIMES = [getattr(np, name) for name in ("in1d",) if hasattr(np, name)]


def batch_of_queries(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Of a function that looks each element of the first operand up in the second, which all examples share."""
    return NotImplemented if batched[1] else primitive.run(*xs, **params)


def batch_searchsorted(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Where every example has its own sorted array, the place of a value is the number of elements before it."""
    a, v = xs
    if not batched[0]:
        return primitive.run(a, v, **params)
    queries = math.prod(v.shape) if batched[1] else size * math.prod(np.shape(v))
    if params.get("sorter") is not None or queries * a.shape[1] > MANY:
        return NotImplemented
    v = v[..., None] if batched[1] else np.expand_dims(v, (0, -1))
    a = np.reshape(a, (size, *(1,) * (v.ndim - 2), a.shape[1]))
    return np.sum(a < v if params.get("side", "left") == "left" else a <= v, axis=-1)


def batch_like(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    shape = params.get("shape")
    if shape is None:
        return primitive.run(*xs, **params)
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    return primitive.run(*xs, **params | {"shape": (size, *shape)})


class Attribute(Description):
    """``np.shape``, ``np.ndim`` and ``np.size``, which a tracer has by the same name."""

    def __call__(self, a: Any, *args: Any, **kwargs: Any) -> Any:
        plain_question = isinstance(a, Traced) and not args and not kwargs
        return getattr(a, self.name) if plain_question else super().__call__(a, *args, **kwargs)


class Sharing(Constant):
    """``np.shares_memory`` and ``np.may_share_memory``: tracers share memory by their history."""

    def __call__(self, a: Any, b: Any, /, max_work: Any = None) -> bool:
        x, y = (a, b) if isinstance(a, Traced) else (b, a)
        return bool(overlap(x, y, self.compute))


RULES = (
    *(Constant(f) for f in (*STEPS, *COMPARISONS, *LOGIC, *TESTS, *PLACES, *TEXTS, *SOMETIMES)),
    *(Description(f) for f in DESCRIPTIONS),
    *(Attribute(f) for f in (np.shape, np.ndim, np.size)),
    *(Sharing(f) for f in (np.shares_memory, np.may_share_memory)),
    *(Constant(f, arity=1, batch=stacked) for f in SINGLE),
    *(Constant(f, arity=1, batch=along()) for f in ALONG),
    *(Constant(f, arity=1, batch=along_one()) for f in EXTREMES),
    *(Constant(f, arity=1, batch=along_one(default=-1)) for f in ORDERS),
    Constant(np.isclose, arity=2, batch=aligned),
    Constant(np.searchsorted, arity=2, batch=batch_searchsorted),
    *(Constant(f, arity=2, batch=batch_of_queries) for f in (np.digitize, np.isin)),
    *(Creation(f, arity=1, batch=batch_like) for f in CREATIONS),
    Composite(np.full_like, full_like_body),
)
