"""Reverse mode: record what a function does, then walk back from its output.

1. What the tracer carries: a value and the Function node that made it.
2. How a primitive is interpreted: run it one level down, record a node. The commonest calls have short
   paths (:mod:`funcgrad.transforms.reverse_paths`).
3. The public functions are in :mod:`funcgrad.transforms.gradient`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.collector import PATIENCE
from funcgrad.core.gather import Gather, Pick, Write
from funcgrad.core.graph import Call, Node, Output
from funcgrad.core.heap import LARGEST, RECYCLED
from funcgrad.core.indices import is_simple
from funcgrad.core.kinds import Unknown, all_finite
from funcgrad.core.level import Level, plain, rebuilt, strip, tracers_in
from funcgrad.core.locks import hold, let_go
from funcgrad.core.memory import Place, Steps, follow, is_view_of, layout_of, put, register
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.core.tracer import Tracer
from funcgrad.errors import EscapedTracerError, user_line
from funcgrad.transforms.arguments import as_array

__all__ = ["ConstantTracer", "NonfiniteTracer", "ReverseLevel", "ReverseTracer"]

ndarray = np.ndarray
float64 = np.float64


class ReverseTracer(Tracer):
    """A value that reverse mode records: the node that made it is its place in the graph."""

    __slots__ = ("node",)

    parts = ("value", "node")

    node: Any  # None for a constant

    def become(self, new: Any) -> None:
        self.__class__ = type(new)  # the array may have become finite, or no longer be
        self.value, self.space, self.node = new.value, new.space, new.node

    def __getitem__(self, index: Any) -> Any:
        value = self.value
        level: Any = self.level
        if type(value) is ndarray and type(self) is ReverseTracer:
            kind = type(index)
            if kind is int and value.ndim == 1:
                y, space = value[index], self.space.elements
            elif kind is int or kind is slice or is_simple(index):
                y = value[index]
                space = space_of(y)
            else:
                return self.read_any(index)
            node = Pick()
            stamp = level.stamp
            node.key = stamp()
            node.cotangent = None
            node.parent = self.node
            node.space = self.space
            node.index = index
            out = ReverseTracer()
            out.value = y
            out.space = space
            out.level = level
            out.node = node
            if type(y) is ndarray and register(self, out, None, index):
                out.value = np.copy(y)
            return out
        return self.read_any(index)

    def read_any(self, index: Any) -> Any:
        """Do what indexing does, for an index of any kind."""
        if not is_simple(index) and tracers_in(index):
            return super().__getitem__(index)
        value = self.value
        level: Any = self.level
        y = value[index]
        view = is_view_of(y, value)
        if not view:
            index = level.keep(index)
        out = level.tracer(y, Gather(level.stamp(), self.node, self.space, index), space_of(y))
        if type(self) is NonfiniteTracer and not all_finite(plain(y)):
            out.__class__ = NonfiniteTracer
        if view and register(self, out, None, index):
            out.value = np.copy(y)
        return out


class NonfiniteTracer(ReverseTracer):
    """A value with infinities or nans, so that calls that read it are guarded: zero times infinity is zero for them.

    A class of its own keeps the test out of the short paths: they take :class:`ReverseTracer` only.
    """

    __slots__ = ()


class ConstantTracer(ReverseTracer):
    """A value that does not depend on the inputs, so far: what is written into it may. It has no node.

    No gradient is lost when it becomes a plain array or number.
    """

    __slots__ = ()

    is_constant = True

    def __getitem__(self, index: Any) -> Any:
        return Tracer.__getitem__(self, index)


class ReverseLevel(Level):
    """One running reverse-mode transform."""

    __slots__ = ("locked", "recycles", "stamp")

    shortens: ClassVar[bool] = True  # whether it has nothing of its own to do with a call that it records
    composes: ClassVar[bool] = True  # whether one node may stand for several, because nobody looks at them
    ends: ClassVar[bool] = True  # whether it will be closed
    small: ClassVar[int] = 256  # elements of a constant, up to which it is copied when a node keeps it

    def __init__(self) -> None:
        super().__init__()
        self.stamp: Callable[[], int] = itertools.count(0, -1).__next__
        self.locked: dict[int, Array] = {}  # by identity
        self.recycles = False
        if self.ends:
            PATIENCE.begin(self)

    def close(self) -> None:
        super().close()
        PATIENCE.end(self)
        if self.locked:
            for x in self.locked.values():  # in the order of locking: bases before their views
                let_go(x)
            self.locked = {}
        if self.recycles:
            RECYCLED.end()
            self.recycles = False
        self.stamp = escaped  # so that recording need not ask

    def kept(self, x: Array) -> Array:
        """Return what a node keeps of a plain array: a copy if it is small, for the program may write into it."""
        if x.size <= self.small:
            return x.copy()
        self.lock(x)
        return x

    def lock(self, x: Any) -> None:
        """Make a plain array that rules will read unwritable while the function runs.

        If it were written to, the gradient would be that of the new contents: silently wrong.
        """
        if not isinstance(x, ndarray) or id(x) in self.locked:
            return
        if x.base is not None:
            self.lock(x.base)  # first, for it has to be let go first
        if not (0 in x.strides or (x.base is not None and not isinstance(x.base, ndarray))) and hold(x):
            self.locked[id(x)] = x  # of what is broadcast it is the memory that counts

    def argument(self, x: Array, keep: bool) -> Array:
        """Return what a plain array that is differentiated is read from; with `keep` also when the program goes on."""
        if x.nbytes >= LARGEST and not self.recycles:  # temporary arrays will be as large
            RECYCLED.begin()
            self.recycles = True
        return x.copy() if keep or x.size <= self.small else self.kept(x)

    def keep(self, index: Any) -> Any:
        """Copy the arrays in an index, for the program may write into them."""
        if type(index) is tuple:
            return tuple([self.keep(part) for part in index])
        if isinstance(index, list):
            return np.array(index) if index else np.zeros(0, int)
        return index.copy() if type(index) is ndarray else index

    def tracer(self, value: Array, node: Node, space: Space) -> ReverseTracer:
        out = ReverseTracer()
        out.value = value
        out.level = self
        out.node = node
        out.space = space
        return out

    def constant(self, value: Array) -> ReverseTracer:
        out = ConstantTracer()
        out.value = value
        out.level = self
        out.node = None
        out.space = space_of(value)
        return out

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        if primitive.is_constant:
            return primitive.run(*strip(operands, self), **strip(params, self))
        if self.shortens and len(operands) == 1 and type(operands[0]) is ReverseTracer:
            return self.process_one(primitive, operands[0], params)
        if primitive.is_variadic and False not in [type(x) is ReverseTracer and x.level is self for x in operands]:
            return self.process_many(primitive, operands, params)
        values: list[Array] = []
        spaces: list[Space] = []
        links: list[Node | None] = []
        nonfinite, constant = False, True
        for i, x in enumerate(operands):
            if isinstance(x, ReverseTracer) and x.level is self:
                kind = type(x)
                if kind is not ConstantTracer:
                    constant = False
                    nonfinite = nonfinite or kind is NonfiniteTracer
                values.append(x.value)
                spaces.append(x.space)
                links.append(x.node if primitive.differentiable(i) else None)
            else:
                nonfinite = nonfinite or type(x) is NonfiniteTracer
                values.append(x)
                spaces.append(space_of(x))
                links.append(None)
        y = primitive.run(*values, **params)
        if type(y) is not ndarray:
            y = as_array(y)
        if constant:
            return self.constants(y)
        out = self.record(primitive, values, tuple(spaces), tuple(links), y, params)
        if not isinstance(out, ReverseTracer):
            return self.watched(out)
        if nonfinite or primitive.is_singular:
            finite = all_finite(plain(y))
            node: Any = out.node
            node.guarded = nonfinite or not finite
            if not finite:
                out.__class__ = NonfiniteTracer
        return out

    def process_one(self, primitive: Primitive, x: ReverseTracer, params: dict[str, Any]) -> Any:
        """Do what :meth:`process` does for a single operand without infinities: the common case, in a shorter way."""
        value, space, link = x.value, x.space, x.node
        y = primitive.run(value, **params)
        retained = primitive.retained_by_one
        if type(y) is not ndarray and type(y) is not float64:
            y = as_array(y)
            if isinstance(y, (tuple, list)):
                link = None if retained is None else link
                return self.watched(self.record(primitive, (value,), (space,), (link,), y, params))
        output_space = space_of(y)
        if retained is None or not output_space.is_inexact:
            return y
        keeps, keeps_output = retained
        kept = None
        if keeps:
            kept = value.snapshot() if isinstance(value, Tracer) else value
        node = Call(primitive, (kept,), y if keeps_output else None, params, (space,), output_space, (link,))
        stamp = self.stamp
        node.key = stamp()
        out = ReverseTracer()
        out.value = y
        out.space = output_space
        out.level = self
        out.node = node
        if primitive.is_singular and not all_finite(plain(y)):
            node.guarded = True
            out.__class__ = NonfiniteTracer
        return out

    def process_many(self, primitive: Primitive, xs: Any, params: dict[str, Any]) -> Any:
        """Do the same for any number of operands that all have the same rule."""
        values = [x.value for x in xs]
        y = primitive.run(*values, **params)
        if type(y) is not ndarray:
            y = as_array(y)
        spaces, links = tuple([x.space for x in xs]), tuple([x.node for x in xs])
        return self.watched(self.record(primitive, values, spaces, links, y, params))

    def watched(self, out: Any) -> Any:
        """Mark those of several outputs that have infinities or nans."""
        for part in out if isinstance(out, (tuple, list)) else ():
            if isinstance(part, ReverseTracer) and not all_finite(plain(part)):
                part.__class__ = NonfiniteTracer
        return out

    def record(
        self,
        primitive: Primitive,
        values: Sequence[Array],
        spaces: tuple[Space, ...],
        links: tuple[Node | None, ...],
        y: Any,
        params: dict[str, Any],
    ) -> Any:
        """Wrap the output `y` of a call whose traced operands have the nodes `links`."""
        if not any(links):
            return y
        several = isinstance(y, (tuple, list))
        output_space: Any = tuple([space_of(part) for part in y]) if several else space_of(y)
        if not several and not output_space.is_inexact:
            return y
        keeps, keeps_output = primitive.retained(links)
        xs: list[Any] = [None] * len(values)
        for i in range(len(values)) if keeps is None else keeps:
            x = values[i]
            if type(x) is not ndarray:
                xs[i] = x.snapshot() if isinstance(x, Tracer) else x  # somebody may write into it
            else:
                xs[i] = x if links[i] is not None else self.kept(x)
        call = Call(primitive, tuple(xs), y if keeps_output else None, params, spaces, output_space, links)
        call.key = self.stamp()
        if not several:
            return self.tracer(y, call, output_space)
        parts = [
            self.tracer(part, Output(self.stamp(), call, i), space) if space.is_inexact else part
            for i, (part, space) in enumerate(zip(y, output_space, strict=True))
        ]
        return rebuilt(y, parts)

    def constants(self, y: Any) -> Any:
        """Wrap what was made of constants alone: it can be written to as well."""
        if isinstance(y, (tuple, list)):
            parts = [self.constants(part) for part in y]
            return rebuilt(y, parts)
        return self.constant(y) if space_of(y).is_inexact and not isinstance(y, np.generic) else y

    def reread(self, view: Any, base: Any, steps: Steps) -> None:
        if not view.memory.writeable:  # elements may be there several times
            super().reread(view, base, steps)
            return
        value = follow(base.value, steps)
        if base.memory.contended:
            value = np.copy(value)
        if base.node is None:
            view.become(self.constant(value))
            return
        place = Place(steps, ..., layout_of(base, steps))
        new = self.tracer(value, Gather(self.stamp(), base.node, base.space, ..., place), view.space)
        if isinstance(base, NonfiniteTracer) and not all_finite(plain(value)):
            new.__class__ = NonfiniteTracer
        view.become(new)

    def write(self, primitive: Any, base: Any, value: Any, place: Place, add: bool) -> None:
        source, space = None, None
        finite = not isinstance(base, NonfiniteTracer) and not isinstance(value, NonfiniteTracer)
        if isinstance(value, ReverseTracer) and value.level is self:
            source, space, value = value.node, value.space, value.value
        elif isinstance(value, (float, np.generic, ndarray)):
            finite = finite and all_finite(np.asarray(value))
        put(base, "value", place, value, add)
        place.index = self.keep(place.index)
        parent = None if covers(place) and not add else base.node
        if parent is None and source is None:
            if base.node is not None:
                base.become(self.constant(base.value))
            return
        node = Write(self.stamp(), parent, source, space, place, add)
        new = self.tracer(base.value, node, base.space)
        if not finite and not all_finite(plain(base.value)):
            new.__class__ = NonfiniteTracer
        base.become(new)

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        traced = [t for t in tracers_in((args, kwargs)) if isinstance(t, ReverseTracer) and t.level is self]
        spaces = tuple([t.space for t in traced])
        primitive = Unknown(function, list(spaces), user_line())
        y = primitive.output(function(*strip(args, self), **strip(kwargs, self)))
        if not isinstance(y, tuple | list) and not hasattr(y, "dtype"):
            return y
        return self.record(primitive, [t.value for t in traced], spaces, tuple([t.node for t in traced]), y, {})


def covers(place: Place) -> bool:
    """Whether writing there leaves nothing of what was."""
    return not place.steps and (place.index is Ellipsis or (isinstance(place.index, slice) and place.index == ALL))


ALL = slice(None)


def escaped() -> NoReturn:
    raise EscapedTracerError(
        "A traced value was used after the transform that made it had ended. It was probably kept in a global, "
        "an attribute or a generator; return it from the transformed function instead (has_aux=True)."
    )
