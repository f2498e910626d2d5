"""The short paths of forward mode: elementwise calls and products of one or two operands that keep their dtype.

What the general way finds out at each call is known here before: which partials there are, what they read, and that
the tangent is mostly in the right space. Everything else is left to :meth:`ForwardLevel.process`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.kinds import Elementwise, Multilinear, Short, all_finite
from funcgrad.core.level import Traced, plain
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS, primitive_of
from funcgrad.core.silence import forgiving, silence
from funcgrad.core.space import Space, project, space_of
from funcgrad.transforms.arguments import taken
from funcgrad.transforms.forward import PATHS, ForwardLevel, ForwardTracer
from funcgrad.transforms.linearize import LinearizeLevel, Partial

__all__ = ["has_numbers", "install_forward_paths", "reflected", "renew"]

ndarray = np.ndarray
ARRAYS = (np.ndarray, np.float64, np.float32, np.complex128, np.complex64)
LEVELS = (ForwardLevel, LinearizeLevel)  # not those that are watched


def partial_of(short: Short, marked: bool) -> Partial:
    """Return a rule as a function of the tangent, the output and the operands."""
    rule, index, keep = short.rule, short.index, short.keep
    if index is None and keep is None:

        def partial(dx: Any, y: Any, a: Any, b: Any) -> Any:
            return rule(dx, None)

    elif index is None:

        def partial(dx: Any, y: Any, a: Any, b: Any) -> Any:
            return rule(dx, keep((y, a, b)))  # type: ignore[misc]

    elif index == 0:

        def partial(dx: Any, y: Any, a: Any, b: Any) -> Any:
            return rule(dx, y)

    elif index == 1:

        def partial(dx: Any, y: Any, a: Any, b: Any) -> Any:
            return rule(dx, a)

    else:

        def partial(dx: Any, y: Any, a: Any, b: Any) -> Any:
            return rule(dx, b)

    if not marked:
        return partial

    def quiet(dx: Any, y: Any, a: Any, b: Any) -> Any:
        with forgiving():
            return partial(dx, y, a, b)

    return quiet


def partials_of(primitive: Elementwise) -> list[Partial]:
    """Return the partials of a function; those that can be infinite where the value is not are quiet about it."""
    shorts: Any = primitive.short
    return [
        partial_of(short, hasattr(rule.function, "__wrapped__"))
        for short, rule in zip(shorts, primitive.rules, strict=True)
        if rule is not None
    ]


def fits(level: ForwardLevel, space: Space, x: Any) -> bool:
    """Whether the other operand has no tangent and leaves the output's dtype that of `space`."""
    if type(x) in ARRAYS:
        return x.dtype is space.dtype
    return isinstance(x, Traced) and x.space.dtype is space.dtype and x.level.depth < level.depth


def unary_path(primitive: Elementwise) -> Callable[[Any], Any]:
    """Return the short path of a function of one operand."""
    run = primitive.run
    partials = partials_of(primitive)
    (partial,) = partials
    any_dtype, singular = primitive.keeps_dtype, primitive.is_singular

    def call(x: Any) -> Any:
        if type(x) is not ForwardTracer:
            return primitive(x)
        level: Any = x.level
        space, value, dx = x.space, x.value, x.tangent
        dtype = space.dtype
        if type(level) not in LEVELS or level.closed or not (any_dtype or dtype.kind == "f"):
            return primitive(x)
        y = run(value)
        if y.dtype is not dtype:
            return primitive(x)
        if dx is not None:
            if singular and not all_finite(plain(y)):
                return guarded(primitive, x)
            if type(level) is LinearizeLevel:
                dx = level.shorten(partials, [dx], space, y, value, None)
            else:
                dx = partial(dx, y, value, None)
                if dx.dtype is not dtype or dx.shape != space.shape:
                    dx = project(dx, space)
        out = ForwardTracer()
        out.value = y
        out.level = level
        out.space = space
        out.tangent = dx
        return out

    return call


def binary_path(primitive: Elementwise) -> Callable[[Any, Any], Any]:
    """Return the short path of a function of two operands of one dtype, or one and a number."""
    run, singular = primitive.run, primitive.is_singular
    partials = partials_of(primitive)
    partial_a, partial_b = partials

    def call(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        level: Any
        da = db = None
        if kind_a is ForwardTracer:
            level, space, value_a, da = a.level, a.space, a.value, a.tangent
            if kind_b is float or kind_b is int:
                same, value_b = True, b
            elif kind_b is ForwardTracer and b.level is level:
                same = b.space is space
                if not same and b.space.dtype is not space.dtype:
                    return primitive(a, b)
                value_b, db = b.value, b.tangent
            elif fits(level, space, b):
                same = b.shape == space.shape
                value_b = b if type(level) is ForwardLevel else taken(b, keep=True)
            else:
                return primitive(a, b)
        elif kind_b is ForwardTracer:
            level, space, value_b, db = b.level, b.space, b.value, b.tangent
            if kind_a is float or kind_a is int:
                same, value_a = True, a
            elif fits(level, space, a):
                same = a.shape == space.shape
                value_a = a if type(level) is ForwardLevel else taken(a, keep=True)
            else:
                return primitive(a, b)
        else:
            return primitive(a, b)
        if type(level) not in LEVELS or level.closed:
            return primitive(a, b)
        y = run(value_a, value_b)
        if y.dtype is not space.dtype:
            return primitive(a, b)
        if not same:
            space = space_of(y)
        if da is None and db is None:
            dy = None
        else:
            if singular and not all_finite(plain(y)):
                return guarded(primitive, a, b)
            if type(level) is LinearizeLevel:
                dy = level.shorten(partials, [da, db], space, y, value_a, value_b)
            else:
                if db is None:
                    dy = partial_a(da, y, value_a, value_b)
                elif da is None:
                    dy = partial_b(db, y, value_a, value_b)
                else:
                    dy = partial_a(da, y, value_a, value_b) + partial_b(db, y, value_a, value_b)
                if dy.dtype is not space.dtype or dy.shape != space.shape:
                    dy = project(dy, space)
        out = ForwardTracer()
        out.value = y
        out.level = level
        out.space = space
        out.tangent = dy
        return out

    return call


def pair_path(primitive: Multilinear) -> Callable[..., Any]:
    """Return the short path of a product of two operands of any shapes: a matrix product."""
    run = primitive.run

    def call(a: Any, b: Any, **kwargs: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        level: Any
        da = db = None
        if kind_a is ForwardTracer:
            level, x, da, dtype = a.level, a.value, a.tangent, a.space.dtype
            if kind_b is ForwardTracer and b.level is level:
                y, db = b.value, b.tangent
            elif fits(level, a.space, b):
                y = b
            else:
                return primitive(a, b, **kwargs)
        elif kind_b is ForwardTracer and fits(b.level, b.space, a):
            level, x, y, db, dtype = b.level, a, b.value, b.tangent, b.space.dtype
        else:
            return primitive(a, b, **kwargs)
        if kwargs or type(level) is not ForwardLevel or level.closed:
            return primitive(a, b, **kwargs)
        z = run(x, y)
        dz = None if da is None else run(da, y)
        if db is not None:
            dz = run(x, db) if dz is None else dz + run(x, db)
        if z.dtype is not dtype or (dz is not None and dz.dtype is not dtype):
            return primitive(a, b)
        return level.tracer(z, dz)

    return call


def guarded(primitive: Elementwise, *operands: Any) -> Any:
    """Leave the short path for a result that is not finite; NumPy has warned of it already."""
    with silence():
        return primitive(*operands)


def reflected(path: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return path(other, self)

    return method


def has_numbers(ufunc: np.ufunc) -> bool:
    """Whether a ufunc returns NumPy's numbers; one made of a Python function may return anything."""
    return any("O" not in types for types in ufunc.types)


def renew(paths: dict[Any, Any], found: dict[Any, Any]) -> None:
    """Let a table of short paths become what was found: a function may have got other rules."""
    for function in paths.keys() - found.keys():
        del paths[function]
    paths.update(found)


def install_forward_paths() -> None:
    """Give the ufuncs of one or two operands their short paths, and the operators theirs."""
    found = {}
    for function in list(CALLS):
        primitive = primitive_of(function)
        path: Any
        if not isinstance(function, np.ufunc) or not has_numbers(function):
            continue
        is_product = type(primitive) is Multilinear and primitive.arity == 2
        if is_product and all(map(primitive.differentiable, (0, 1))):
            path = pair_path(primitive)
        elif isinstance(primitive, Elementwise) and primitive.arity in (1, 2) and primitive.short is not None:
            path = unary_path(primitive) if primitive.arity == 1 else binary_path(primitive)
        else:
            continue
        found[function] = path
        for name in HOT_OPERATORS.get(function, ()):
            setattr(ForwardTracer, name, path)
            if primitive.arity == 2:
                setattr(ForwardTracer, name.replace("__", "__r", 1), reflected(path))
    renew(PATHS, found)
