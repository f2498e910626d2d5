"""The short paths of batching: elementwise calls of one or two operands that broadcast as they are.

They do so where no operand without examples has more axes than an example of the other, and two with examples have
equally many. Everything else is left to :meth:`BatchLevel.process`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.batching import aligned
from funcgrad.core.level import Traced
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS, Primitive
from funcgrad.core.space import space_of
from funcgrad.transforms.batch import PATHS, BatchLevel, BatchTracer, space_of_example
from funcgrad.transforms.forward_paths import has_numbers, reflected, renew

__all__ = ["install_batch_paths"]

ndarray = np.ndarray

#: Operators besides the hot ones: conditions for ``np.where``.
COMPARISONS: dict[Any, tuple[str, ...]] = {
    np.less: ("__lt__",),
    np.less_equal: ("__le__",),
    np.greater: ("__gt__",),
    np.greater_equal: ("__ge__",),
    np.equal: ("__eq__",),
    np.not_equal: ("__ne__",),
}


def broadcasts(level: BatchLevel, ndim: int, x: Any) -> bool:
    """Whether an operand without examples broadcasts with examples of `ndim` axes."""
    if type(x) is ndarray or isinstance(x, np.generic):
        return x.ndim <= ndim
    return isinstance(x, Traced) and x.level.depth < level.depth and len(x.space.shape) <= ndim


def unary_path(primitive: Primitive) -> Callable[[Any], Any]:
    """Return the short path of a function of one operand."""
    run = primitive.run

    def call(x: Any) -> Any:
        if type(x) is not BatchTracer or x.level.closed:
            return primitive(x)
        y = run(x.value)
        space = x.space
        out = BatchTracer()
        out.value = y
        out.level = x.level
        out.space = space if y.dtype is space.dtype else space_of_example(space_of(y))
        return out

    return call


def binary_path(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """Return the short path of a function of two operands."""
    run = primitive.run

    def call(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        if kind_a is BatchTracer:
            level, space = a.level, a.space
            if kind_b is float or kind_b is int:
                same, y = True, None if level.closed else run(a.value, b)
            elif kind_b is BatchTracer and b.level is level:
                same = b.space is space
                if level.closed or not (same or len(b.space.shape) == len(space.shape)):
                    return primitive(a, b)
                y = run(a.value, b.value)
            elif broadcasts(level, len(space.shape), b):
                same, y = False, None if level.closed else run(a.value, b)
            else:
                return primitive(a, b)
        elif kind_b is BatchTracer:
            level, space = b.level, b.space
            same = kind_a is float or kind_a is int
            if not same and not broadcasts(level, len(space.shape), a):
                return primitive(a, b)
            y = None if level.closed else run(a, b.value)
        else:
            return primitive(a, b)
        if y is None:
            return primitive(a, b)
        out = BatchTracer()
        out.value = y
        out.level = level
        out.space = space if same and y.dtype is space.dtype else space_of_example(space_of(y))
        return out

    return call


def install_batch_paths() -> None:
    """Give every elementwise ufunc of one or two operands its short path, and the operators theirs."""
    found = {}
    for function, entry in list(CALLS.items()):
        primitive = getattr(entry, "primitive", entry)
        if not isinstance(function, np.ufunc) or not isinstance(primitive, Primitive) or not has_numbers(function):
            continue
        if primitive.batch is not aligned or function.signature is not None or function.nout != 1 or function.nin > 2:
            continue
        path: Any = unary_path(primitive) if function.nin == 1 else binary_path(primitive)
        found[function] = path
        for name in HOT_OPERATORS.get(function, ()) + COMPARISONS.get(function, ()):
            setattr(BatchTracer, name, path)
            if function.nin == 2 and function in HOT_OPERATORS:
                setattr(BatchTracer, name.replace("__", "__r", 1), reflected(path))
    renew(PATHS, found)
