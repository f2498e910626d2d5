"""The short paths of batching: elementwise calls of one or two operands, and products with a matrix.

The former broadcast as they are once an example has as many axes as the other operand. What is no array, number or
tracer is left to :meth:`BatchLevel.process`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.batching import aligned, batch_matmul, one_product
from funcgrad.core.indices import is_view, parts_of
from funcgrad.core.level import Traced
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS, Primitive, primitive_of
from funcgrad.transforms.batch_level import BatchLevel, space_of_example
from funcgrad.transforms.batch_tracers import PATHS, BatchTracer, SharedTracer
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


def takes_part(level: BatchLevel, x: Any) -> bool:
    """Whether `x` is an operand without examples, of a lower level or none."""
    if type(x) is ndarray or isinstance(x, np.generic):
        return True
    return isinstance(x, Traced) and (x.level.depth < level.depth or (type(x) is SharedTracer and x.level is level))


def raised(x: BatchTracer, ndim: int) -> Array:
    """Give the examples as many axes as the other operand has, `ndim`, if that has more."""
    shape = x.space.shape
    if len(shape) >= ndim:
        return x.value
    return np.reshape(x.value, (x.level.size, *(1,) * (ndim - len(shape)), *shape))


def bare(x: Any) -> Any:
    """Return an operand one level down."""
    return x.value if type(x) is SharedTracer else x


def run_with(run: Callable[..., Any], x: Array, shared: Any, swap: bool) -> Any:
    """Run on an array of examples and one that all share; where the examples lie, those of the result do.

    NumPy does not see to it by itself if an axis of length one is stretched.
    """
    if type(x) is ndarray is type(shared) and 1 in x.shape[1:] and x.strides[0] == x.itemsize and shared.ndim:
        x, shared = np.moveaxis(x, 0, -1), shared[..., None]
        return np.moveaxis(run(shared, x) if swap else run(x, shared), -1, 0)
    return run(shared, x) if swap else run(x, shared)


def unary_path(primitive: Primitive) -> Callable[[Any], Any]:
    """Return the short path of a function of one operand."""
    run = primitive.run

    def call(x: Any) -> Any:
        if type(x) is not BatchTracer or x.level.closed or type(x.level) is not BatchLevel:
            return primitive(x)
        y = run(x.value)
        space = x.space
        out = BatchTracer()
        out.value = y
        out.level = x.level
        out.space = space if y.dtype is space.dtype else space_of_example(y.shape, y.dtype)
        return out

    return call


def binary_path(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """Return the short path of a function of two operands."""
    run = primitive.run

    def call(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        if kind_a is BatchTracer:
            level, space = a.level, a.space
            if level.closed or type(level) is not BatchLevel:  # but one that is watched
                return primitive(a, b)
            if kind_b is float or kind_b is int:
                same, y = True, run(a.value, b)
            elif kind_b is BatchTracer and b.level is level:
                same = b.space is space
                y = run(a.value, b.value) if same else run(raised(a, len(b.space.shape)), raised(b, len(space.shape)))
            elif takes_part(level, b):
                same, y = False, run_with(run, raised(a, b.ndim), bare(b), False)
            else:
                return primitive(a, b)
        elif kind_b is BatchTracer:
            level, space = b.level, b.space
            same = kind_a is float or kind_a is int
            if level.closed or type(level) is not BatchLevel or not (same or takes_part(level, a)):
                return primitive(a, b)
            y = run(a, b.value) if same else run_with(run, raised(b, a.ndim), bare(a), True)
        else:
            return primitive(a, b)
        out = BatchTracer()
        out.value = y
        out.level = level
        out.space = space if same and y.dtype is space.dtype else space_of_example(y.shape, y.dtype)
        return out

    return call


def product_path(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """Return the short path of the product with a matrix that all examples, vectors, share."""

    def call(a: Any, b: Any) -> Any:
        x, matrix = (a, b) if type(a) is BatchTracer else (b, a)
        if type(x) is not BatchTracer or type(matrix) is not ndarray or matrix.ndim != 2 or len(x.space.shape) != 1:
            return primitive(a, b)
        level = x.level
        if level.closed or type(level) is not BatchLevel:  # but one that is watched
            return primitive(a, b)
        return level.tracer(one_product(primitive, x.value, matrix if x is a else matrix.T, {}))

    return call


def getitem(x: Any, index: Any) -> Any:
    """Read a view of every example."""
    level = x.level
    if type(x) is not BatchTracer or type(level) is not BatchLevel or level.closed or not is_view(index):
        return general_getitem(x, index)
    return x.read(level.tracer(x.value[(WHOLE, *parts_of(index))]), index)


general_getitem = BatchTracer.__getitem__
WHOLE = slice(None)


def install_batch_paths() -> None:
    """Give products and elementwise ufuncs of one or two operands their short paths, and the operators theirs."""
    found = {}
    for function in list(CALLS):
        primitive = primitive_of(function)
        if not isinstance(function, np.ufunc) or not isinstance(primitive, Primitive) or not has_numbers(function):
            continue
        path: Any
        if primitive.batch is batch_matmul:
            path = product_path(primitive)
        elif primitive.batch is not aligned or function.signature or function.nout != 1 or function.nin > 2:
            continue
        else:
            path = unary_path(primitive) if function.nin == 1 else binary_path(primitive)
        found[function] = path
        operators = HOT_OPERATORS.get(function, ())
        for name in operators + COMPARISONS.get(function, ()):
            setattr(BatchTracer, name, path)
        if function.nin == 2 and len(operators) == 1:
            setattr(BatchTracer, operators[0].replace("__", "__r", 1), reflected(path))
    renew(PATHS, found)
    BatchTracer.__getitem__ = getitem  # type: ignore[method-assign]
