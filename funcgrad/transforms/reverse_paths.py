"""Short paths of reverse mode: for small arrays recording is what a gradient costs.

The commonest calls are recorded without the loops over operands that :meth:`ReverseLevel.process` needs. Elementwise
calls in one space get a :class:`~funcgrad.core.graph.Pointwise` node. Other calls of two operands, products of matrices
and a bias that is broadcast, get a :class:`~funcgrad.core.graph.Call`. All else is left to the primitive.
"""

from __future__ import annotations

from cmath import isfinite
from collections.abc import Callable
from operator import getitem
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.composites import LogSumExp, log_sum_exp, logistic, softmax, unshifted
from funcgrad.core.graph import Call, Pointwise
from funcgrad.core.kinds import Elementwise, Linear, Multilinear, Opaque, Short, all_finite
from funcgrad.core.level import plain
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS, Primitive
from funcgrad.core.shorts import vdot
from funcgrad.core.silence import silence
from funcgrad.core.space import Space, project, space_of
from funcgrad.core.tracer import Tracer
from funcgrad.transforms.reverse import ConstantTracer, ReverseTracer

__all__ = ["install_short_paths", "unary_path"]

ndarray = np.ndarray
ARRAYS = {np.ndarray, np.float64, np.float32, np.complex128, np.complex64}

# -- Elementwise calls -----------------------------------------------------------------------------------

#: The short path of a function of one operand. What differs between functions is filled in, as text: to ask at each
#: call would take a tenth of its time.
UNARY = """
def call(x):
    if type(x) is not ReverseTracer{or_changes_dtype}:
        return primitive(x)
    value = x.value
    y = run(value)
    {check}
    {composite}
    node = Pointwise()
    node.kept = {kept}
    node.shorts = shorts
    node.parent = x.node
    node.cotangent = None
    out = ReverseTracer()
    out.value = y
    out.space = x.space
    level = out.level = x.level
    stamp = level.stamp
    node.key = stamp()
    out.node = node
    return out
"""

#: The short path of a function of two operands: of equal spaces, or one is a constant.
BINARY = """
def call(a, b):
    kind_a = type(a)
    kind_b = type(b)
    x = a
    if kind_a is ReverseTracer:
        value = a.value
        space = a.space
        level = a.level
        if kind_b is ReverseTracer:
            if b.space is not space or b.level is not level:
                return pair(a, b)
            other = b.value
            y = run(value, other)
            {composite}
            node = Pointwise()
            node.shorts = both
            node.second = b.node
            node.kept_second = {kept_by_second}
        else:
            if kind_b is float or kind_b is int:
                other = b
            elif kind_b is float64 and space.dtype is FLOAT64:
                other = float(b)
            elif kind_b is ndarray:
                if not (b.dtype is space.dtype and (b.shape == space.shape or not b.shape)):
                    return pair(a, b)
                other = {constant_b}
            elif kind_b is ConstantTracer and b.level is level and is_constant_for(space, b):
                other = b.value
            else:
                return pair(a, b)
            y = run(value, other)
            node = Pointwise()
            node.shorts = only_a
        node.kept = {kept_by_first}
    elif kind_b is ReverseTracer:
        x = b
        other = b.value
        space = b.space
        level = b.level
        if kind_a is float or kind_a is int:
            value = a
        elif kind_a is float64 and space.dtype is FLOAT64:
            value = float(a)
        elif kind_a is ndarray:
            if not is_constant_for(space, a):
                return pair(a, b)
            value = {constant_a}
        elif kind_a is ConstantTracer and a.level is level and is_constant_for(space, a):
            value = a.value
        else:
            return pair(a, b)
        y = run(value, other)
        node = Pointwise()
        node.shorts = only_b
        node.kept = {kept_by_second}
    else:
        return pair(a, b)
    {check}
    {composite_with_number}
    node.parent = x.node
    node.cotangent = None
    out = ReverseTracer()
    out.value = y
    out.space = space
    out.level = level
    stamp = level.stamp
    node.key = stamp()
    out.node = node
    return out
"""


#: Where a call may complete a composite: its node in place of the call's own.
LOG_SUM_EXP = """if type(x.node) is Call and x.level.composes:
        node = log_sum_exp(value, x.node)
        if node is not None:
            return of_node(y, node, x)"""
SUM = """if type(a.node) is LogSumExp or type(b.node) is LogSumExp:
                node = unshifted(a.node, b.node)
                if node is not None:
                    return of_node(y, node, a)"""
LOGISTIC = """if (kind_a is int or kind_a is float) and a == 1 and type(b.node) is Pointwise and level.composes:
        found = logistic(y, b.node)
        if found is not None:
            return of_node(y, found, b)"""

#: Whether there are neither infinities nor nans in the output; mostly without a call of our own.
FINITE = "(type(y) is ndarray and isfinite(vdot(y, y))) or all_finite(plain(y))"


def unary_path(primitive: Elementwise, widens: bool = False) -> Callable[[Any], Any]:
    """Return the short path of an elementwise function of one operand."""
    (short,) = short_rules(primitive, widens)
    text = UNARY.format(
        or_changes_dtype="" if primitive.keeps_dtype else ' or x.space.dtype.kind != "f"',
        check=f"if not ({FINITE}): return guarded(primitive, x)" if primitive.is_singular else "",
        composite=LOG_SUM_EXP if primitive.function is np.log else "",
        kept=kept_text(short, "y", "value"),
    )
    return compiled(text, primitive, shorts=(short, None))


def binary_path(primitive: Elementwise, widens: bool = False) -> Callable[[Any, Any], Any]:
    """Return the short path of an elementwise function of two operands."""
    first, second = short_rules(primitive, widens)
    # Rules that read several values count as reading all: PyTorch's often do, and inference tensors are refused there.
    reads_b = 2 in first.indices or len(first.indices) > 1
    reads_a = 1 in second.indices or len(second.indices) > 1
    regular = "" if first.regular is None else "b is regular or "
    text = BINARY.format(
        check=f"if not ({regular}{FINITE}): return guarded(primitive, a, b)" if primitive.is_singular else "",
        composite=SUM if primitive.function is np.add else "",
        composite_with_number=LOGISTIC if primitive.function is np.divide else "",
        kept_by_first=kept_text(first, "y", "value", "other"),
        kept_by_second=kept_text(second, "y", "value", "other"),
        constant_a="level.kept(a)" if reads_a else "a",
        constant_b="b.copy() if b.size <= level.small else level.kept(b)" if reads_b else "b",
    )
    found = {"both": (first, second), "only_a": (first, None), "only_b": (second, None), "pair": pair_path(primitive)}
    return compiled(text, primitive, regular=first.regular, **found)


def short_rules(primitive: Elementwise, widens: bool) -> list[Short]:
    """Return the rules in short; those that may widen are made to return what has the dtype of the cotangent."""
    return [narrowed(short) if widens else short for short in primitive.short or ()]


def narrowed(short: Short) -> Short:
    rule = short.rule

    def call(g: Array, kept: Any) -> Array:
        c = rule(g, kept)
        return c if c.dtype == g.dtype else project(c, Space(c.shape, g.dtype))

    return Short(short.name, call, short.text, short.indices, short.operand, short.arity)


def kept_text(short: Short, *names: str) -> str:
    """Return the expression of what a node keeps, from the names of the output and the operands."""
    kept = [names[i] for i in short.indices]
    return kept[0] if len(kept) == 1 else f"({', '.join(kept)})" if kept else "None"


def compiled(text: str, primitive: Elementwise, **found: Any) -> Callable[..., Any]:
    """Make the function that is stated as text."""
    names = WORDS | {"primitive": primitive, "run": primitive.run} | found
    exec(compile(text, f"{__file__}: short path of {primitive.name}", "exec"), names)
    path: Callable[..., Any] = names["call"]
    return path


def guarded(primitive: Primitive, *operands: Any) -> Any:
    """Leave the short path for a result that is not finite; NumPy has warned of it already."""
    with silence():
        return primitive(*operands)


def is_constant_for(space: Space, x: Array) -> bool:
    """Whether the array `x`, as the other operand, leaves the output in `space`."""
    return x.dtype is space.dtype and (x.shape == space.shape or not x.shape)


def of_node(y: Array, node: Any, x: ReverseTracer) -> ReverseTracer:
    """Return the traced value `y` that a new node stands for, in the space and on the level of `x`."""
    out = ReverseTracer()
    out.value = y
    out.space = x.space
    level: Any = x.level
    out.level = level
    stamp = level.stamp
    node.key = stamp()
    out.node = node
    return out


#: What the texts call by name.
WORDS: dict[str, Any] = {
    "FLOAT64": np.dtype(np.float64),
    "Call": Call,
    "ConstantTracer": ConstantTracer,
    "LogSumExp": LogSumExp,
    "Pointwise": Pointwise,
    "ReverseTracer": ReverseTracer,
    "all_finite": all_finite,
    "float64": np.float64,
    "guarded": guarded,
    "isfinite": isfinite,
    "is_constant_for": is_constant_for,
    "log_sum_exp": log_sum_exp,
    "logistic": logistic,
    "ndarray": ndarray,
    "of_node": of_node,
    "plain": plain,
    "unshifted": unshifted,
    "vdot": vdot,
}


# -- Other calls of two operands -----------------------------------------------------------------------------


def pair_path(primitive: Primitive) -> Callable[..., Any]:
    """Return the short path of a function of two operands of any shapes."""
    singular = primitive.is_singular
    reads = [primitive.reads(wanted) for wanted in ([0, 1], [0], [1])]
    if not all(map(primitive.differentiable, (0, 1))):
        return primitive
    composite = softmax if primitive.function is np.divide else None
    both, only_a, only_b = [(keeps is None or 0 in keeps, keeps is None or 1 in keeps, z) for keeps, z in reads]

    def call(a: Any, b: Any, **kwargs: Any) -> Any:
        if kwargs:
            return primitive(a, b, **kwargs)
        level: Any
        link_a = link_b = None
        if type(a) is ReverseTracer:
            level, x, space_a, link_a = a.level, a.value, a.space, a.node
            if type(b) is ReverseTracer:
                if b.level is not level:
                    return primitive(a, b)
                y, space_b, link_b = b.value, b.space, b.node
                keeps_x, keeps_y, keeps_z = both
            elif type(b) in ARRAYS:
                y, space_b = b, space_of(b)
                keeps_x, keeps_y, keeps_z = only_a
            else:
                return primitive(a, b)
        elif type(b) is ReverseTracer and type(a) in ARRAYS:
            level, y, space_b, link_b = b.level, b.value, b.space, b.node
            x, space_a = a, space_of(a)
            keeps_x, keeps_y, keeps_z = only_b
        else:
            return primitive(a, b)
        if not (space_a.is_inexact and space_b.is_inexact):
            return primitive(a, b)
        if not ((type(x) in ARRAYS or isinstance(x, Tracer)) and (type(y) in ARRAYS or isinstance(y, Tracer))):
            return primitive(a, b)
        z = primitive.run(x, y)
        if singular and not all_finite(plain(z)):
            return guarded(primitive, a, b)
        kept_x = kept_y = None
        if keeps_x:
            kept_x = x if type(x) is ndarray and link_a is not None else lasting(x, level)
        if keeps_y:
            kept_y = y if type(y) is ndarray and link_b is not None else lasting(y, level)
        space = space_of(z)
        node: Any = None
        if composite is not None and space is space_a and link_b is not None and link_a is not None and level.composes:
            node = composite(z, link_a, link_b)
        if node is None:
            kept = z if keeps_z else None
            node = Call(primitive, (kept_x, kept_y), kept, {}, (space_a, space_b), space, (link_a, link_b))
        stamp = level.stamp
        node.key = stamp()
        out = ReverseTracer()
        out.value = z
        out.space = space
        out.level = level
        out.node = node
        return out

    return call


def lasting(x: Any, level: Any) -> Any:
    """Return what a node keeps of a value that the program may write into: one that is traced, or of the program."""
    return x.snapshot() if isinstance(x, Tracer) else level.kept(x) if type(x) is ndarray else x


def one_path(primitive: Primitive) -> Callable[..., Any]:
    """Return the short path of a function of one operand and keywords: a reduction, a view."""
    splits, is_view = not primitive.takes_one, primitive.is_view

    def call(*args: Any, **kwargs: Any) -> Any:
        if args and "initial" not in kwargs:
            x = args[0]
            level: Any = x.level if type(x) is ReverseTracer else None
            if level is not None and level.shortens:
                if splits or len(args) > 1:
                    _, kwargs = primitive.split(*args, **kwargs)
                params = primitive.check(kwargs) if kwargs else kwargs
                out = level.process_one(primitive, x, params)
                return x.viewed(out, primitive, params) if is_view else out
        return primitive(*args, **kwargs)

    return call


def choice_path(primitive: Primitive) -> Callable[..., Any]:
    """Return the short path of ``np.where`` by a plain condition, between traced values, plain arrays and numbers."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 3 and not kwargs and type(args[0]) is ndarray:
            _, a, b = args
            x, other = (a, b) if type(a) is ReverseTracer else (b, a)
            if type(x) is ReverseTracer:
                kind = type(other)
                if kind is float or kind is int or kind in ARRAYS or (kind is ReverseTracer and other.level is x.level):
                    return x.level.process(primitive, args, {})
        return primitive(*args, **kwargs)

    return call


def install_short_paths(foreign: bool = False) -> None:
    """Give functions that have none their short paths, and the operators theirs; `foreign` rules may widen."""
    for function, primitive in list(CALLS.items()):
        path: Any
        if not isinstance(primitive, Primitive):
            continue  # it has one
        if not isinstance(function, np.ufunc):
            usual = primitive.takes_one or type(primitive).__call__ is Primitive.__call__
            if isinstance(primitive, Linear | Opaque) and primitive.arity == 1 and usual and function is not getitem:
                path = one_path(primitive)
            elif function is np.where and isinstance(primitive, Elementwise):
                path = choice_path(primitive)
            else:
                continue
            path.primitive = primitive
            CALLS[function] = path
            continue
        if not {"d->d", "dd->d"} & set(function.types):
            continue  # the short paths rely on real results of real operands
        if isinstance(primitive, Multilinear) and primitive.arity == 2:
            path = pair_path(primitive)
        elif isinstance(primitive, Elementwise) and primitive.arity in (1, 2) and primitive.short is not None:
            widens = foreign or getattr(np, function.__name__, None) is not function  # as scipy.special's do
            path = (unary_path if primitive.arity == 1 else binary_path)(primitive, widens)
        else:
            continue
        if path is not primitive:
            path.primitive = primitive
            CALLS[function] = path
            for name in HOT_OPERATORS.get(function, ()):
                setattr(ReverseTracer, name, path)
