"""Short paths of reverse mode: for small arrays recording is what a gradient costs.

The commonest calls are recorded without the loops over operands that :meth:`ReverseLevel.process` needs. Elementwise
calls in one space get a :class:`~funcgrad.core.graph.Pointwise` node. Other calls of two operands, products of matrices
and a bias that is broadcast, get a :class:`~funcgrad.core.graph.Call`. All else is left to the primitive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Call, Pointwise
from funcgrad.core.kinds import Elementwise, Multilinear, all_finite
from funcgrad.core.level import plain
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS, Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.transforms.reverse import ConstantTracer, ReverseTracer

__all__ = ["install_short_paths", "unary_path"]

ndarray = np.ndarray
ARRAYS = {np.ndarray, np.float64, np.float32, np.complex128, np.complex64}

# -- Elementwise calls -----------------------------------------------------------------------------------


def unary_path(primitive: Elementwise) -> Callable[[Any], Any]:
    """Return the short path of an elementwise function of one operand."""
    (short,) = primitive.short or ()
    run, index, keep = primitive.run, short.index, short.keep
    shorts = (short, None)
    any_dtype, singular = primitive.keeps_dtype, primitive.is_singular

    def call(x: Any) -> Any:
        if type(x) is not ReverseTracer or not (any_dtype or x.space.dtype.kind == "f"):
            return primitive(x)
        value = x.value
        y = run(value)
        if singular and not all_finite(plain(y)):
            return guarded(primitive, x)
        node = Pointwise()
        node.kept = y if index == 0 else value if index == 1 else keep and keep((y, value))
        node.shorts = shorts
        node.parent = x.node
        node.cotangent = None
        out = ReverseTracer()
        out.value = y
        out.space = x.space
        level: Any = x.level
        out.level = level
        node.key = level.stamp()
        out.node = node
        return out

    return call


def binary_path(primitive: Elementwise) -> Callable[[Any, Any], Any]:
    """Return the short path of an elementwise function of two operands: equal spaces, or one is a constant."""
    run = primitive.run
    short_a, short_b = primitive.short or ()
    index_a, keep_a, index_b, keep_b = short_a.index, short_a.keep, short_b.index, short_b.keep
    both, only_a, only_b = (short_a, short_b), (short_a, None), (short_b, None)
    a_reads_b = index_a == 2 or (index_a is None and keep_a is not None)
    b_reads_a = index_b == 1 or (index_b is None and keep_b is not None)
    singular = primitive.is_singular
    pair = pair_path(primitive)

    def call(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        x = a
        level: Any
        if kind_a is ReverseTracer:
            value, space, level = a.value, a.space, a.level
            if kind_b is ReverseTracer:
                if b.space is not space or b.level is not level:
                    return pair(a, b)
                other = b.value
                y = run(value, other)
                node = Pointwise()
                node.shorts = both
                node.second = b.node
                node.kept_second = value if index_b == 1 else keep_b and keep_b((y, value, other))
            else:
                if kind_b is float or kind_b is int:
                    other = b
                elif kind_b is ndarray:
                    if not (b.dtype is space.dtype and (b.shape == space.shape or not b.shape)):
                        return pair(a, b)
                    other = b if not a_reads_b else b.copy() if b.size <= level.small else level.kept(b)
                elif kind_b is ConstantTracer and b.level is level and is_constant_for(space, b):
                    other = b.value
                else:
                    return pair(a, b)
                y = run(value, other)
                node = Pointwise()
                node.shorts = only_a
            node.kept = other if index_a == 2 else keep_a and keep_a((y, value, other))
        elif kind_b is ReverseTracer:
            x, value, space, level = b, b.value, b.space, b.level
            if kind_a is float or kind_a is int:
                other = a
            elif kind_a is ndarray:
                if not is_constant_for(space, a):
                    return pair(a, b)
                other = level.kept(a) if b_reads_a else a
            elif kind_a is ConstantTracer and a.level is level and is_constant_for(space, a):
                other = a.value
            else:
                return pair(a, b)
            y = run(other, value)
            node = Pointwise()
            node.shorts = only_b
            node.kept = other if index_b == 1 else keep_b and keep_b((y, other, value))
        else:
            return pair(a, b)
        if singular and not all_finite(plain(y)):
            return guarded(primitive, a, b)
        node.parent = x.node
        node.cotangent = None
        out = ReverseTracer()
        out.value = y
        out.space = space
        out.level = level
        node.key = level.stamp()
        out.node = node
        return out

    return call


def guarded(primitive: Primitive, *operands: Any) -> Any:
    """Leave the short path for a result that is not finite; NumPy has warned of it already."""
    with np.errstate(all="ignore"):
        return primitive(*operands)


def is_constant_for(space: Space, x: Array) -> bool:
    """Whether the array `x`, as the other operand, leaves the output in `space`."""
    return x.dtype is space.dtype and (x.shape == space.shape or not x.shape)


# -- Other calls of two operands -----------------------------------------------------------------------------


def pair_path(primitive: Primitive) -> Callable[..., Any]:
    """Return the short path of a function of two operands of any shapes."""
    singular = primitive.is_singular
    reads = {links: primitive.reads([i for i in (0, 1) if links[i]]) for links in LINKS}
    if any(keeps is None for keeps, _ in reads.values()) or not all(map(primitive.differentiable, (0, 1))):
        return primitive

    def call(a: Any, b: Any, **kwargs: Any) -> Any:
        level: Any = None
        link_a = link_b = None
        x, y = a, b
        if type(a) is ReverseTracer:
            level, x, link_a = a.level, a.value, a.node
        if type(b) is ReverseTracer:
            if level is not None and level is not b.level:
                return primitive(a, b, **kwargs)
            level, y, link_b = b.level, b.value, b.node
        if kwargs or level is None or type(x) not in ARRAYS or type(y) not in ARRAYS:
            return primitive(a, b, **kwargs)
        space_a = space_of(x) if link_a is None else a.space
        space_b = space_of(y) if link_b is None else b.space
        if not (space_a.is_inexact and space_b.is_inexact):
            return primitive(a, b)
        z = primitive.run(x, y)
        if singular and not all_finite(z):
            return guarded(primitive, a, b)
        keeps: Any
        keeps, keeps_output = reads[link_a is not None, link_b is not None]
        kept_x = kept_y = None
        if 0 in keeps:
            kept_x = level.kept(x) if link_a is None and type(x) is ndarray else x
        if 1 in keeps:
            kept_y = level.kept(y) if link_b is None and type(y) is ndarray else y
        space = space_of(z)
        kept = z if keeps_output else None
        node = Call(primitive, (kept_x, kept_y), kept, {}, (space_a, space_b), space, (link_a, link_b))
        node.key = level.stamp()
        out = ReverseTracer()
        out.value = z
        out.space = space
        out.level = level
        out.node = node
        return out

    return call


#: Which of two operands can have a node.
LINKS = ((True, True), (True, False), (False, True))


def install_short_paths() -> None:
    """Give the ufuncs of one or two operands their short paths, and the operators theirs."""
    for function, primitive in list(CALLS.items()):
        path: Any
        if not isinstance(function, np.ufunc):
            continue
        if isinstance(primitive, Multilinear) and primitive.arity == 2:
            path = pair_path(primitive)
        elif isinstance(primitive, Elementwise) and primitive.arity in (1, 2) and primitive.short is not None:
            path = unary_path(primitive) if primitive.arity == 1 else binary_path(primitive)
        else:
            continue
        if path is not primitive:
            path.primitive = primitive
            CALLS[function] = path
            for name in HOT_OPERATORS.get(function, ()):
                setattr(ReverseTracer, name, path)
