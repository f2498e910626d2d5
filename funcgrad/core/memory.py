"""What shares memory: views, and writing into arrays.

An array that owns its memory (the base) is rebound by a write: it gets a new value and place in its level's graph. A
view knows its base and the steps from there. A write through a view is a write into the base; whatever is written,
the views of the base are out of date, and read it again when they are next used. So reading and writing know of one
array only, and no level has to keep several in step.

*Copy on write.* A value is written to in place if nobody but its tracer holds it, which its reference count tells: what
the graph saved, what a caller handed over and what a user took out (``stop_gradient``) hold it. Otherwise it is copied
first, once. A loop that saves parts of an array and writes into it would copy the whole each time: after the first such
copy the parts that are read are copied instead.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from sys import getrefcount
from types import SimpleNamespace
from typing import Any, TypeAlias
from weakref import ref

import numpy as np

from funcgrad._typing import Array
from funcgrad.core import backend
from funcgrad.core.indices import is_basic, is_view
from funcgrad.core.level import Traced, plain
from funcgrad.core.primitive import CALLS, Primitive, primitive_of

__all__ = [
    *("DEPEND_ON_LAYOUT", "Memory", "Place", "Steps", "View", "add_at", "base_of", "expire", "follow"),
    *("geometry", "is_rearranged", "is_scalar", "is_view_by", "is_view_of", "layout_of", "overlap"),
    *("private", "put", "refresh", "register", "stale_class", "write"),
]

ndarray = np.ndarray

#: How a view is made from its base: view functions, each with its keywords.
Steps: TypeAlias = "tuple[tuple[Primitive, dict[str, Any]], ...]"


class Memory:
    """Of an array that owns its memory: the views of it that are up to date."""

    __slots__ = ("contended", "fresh", "limit", "strides", "viewed", "written")

    def __init__(self) -> None:
        self.viewed = False
        self.strides: tuple[int, ...] | None = None  # what they were, if writing has made a copy with others
        self.fresh: list[ref[Any]] = []
        self.limit = 16
        self.written = False
        self.contended = False  # whether what was read from it was still held when it was written to again

    def forget(self) -> None:
        """Drop what stands for views that are gone."""
        self.fresh = [reference for reference in self.fresh if reference() is not None]
        self.limit = 2 * len(self.fresh) + 16


class View:
    """Of a view: its base, and the step by which it was made from the base or from another view (the parent).

    The step is a view function and its keywords; or None, and an index, which takes fewer objects.
    """

    __slots__ = ("base", "given", "parent", "primitive", "writeable")

    def __init__(self, base: Any, parent: Any, primitive: Primitive | None, given: Any, writeable: bool) -> None:
        self.base = base
        self.parent: View | None = parent
        self.primitive = primitive
        self.given = given
        self.writeable = writeable

    def made_by(self, x: Any, index: Any) -> bool:
        """Whether this is ``x[index]``."""
        if self.primitive is not None or self.base is not base_of(x):
            return False
        if self.parent is not (None if x is self.base else x.memory):
            return False
        return self.given is index or (is_view(index) and self.given == index)

    def steps(self) -> Steps:
        """Return all steps from the base."""
        steps = []
        view: View | None = self
        while view is not None:
            if view.primitive is None:
                steps.append((primitive_of(operator.getitem), {"index": view.given}))
            else:
                steps.append((view.primitive, view.given))
            view = view.parent
        return tuple(reversed(steps))


class Place:
    """Where in an array is read or written: the steps to a view of it, and an index into that."""

    __slots__ = ("index", "layout", "steps")

    def __init__(self, steps: Steps, index: Any, layout: tuple[int, ...] | None) -> None:
        self.steps = steps
        self.index = index
        self.layout = layout  # of the array, where the steps are views for that only

    def keywords(self, add: bool) -> dict[str, Any]:
        """Return what a write says to its rules; nothing of what is as usual."""
        found = {"steps": self.steps, "layout": self.layout, "add": add}
        return {"index": self.index} | {name: x for name, x in found.items() if x}

    def target(self, x: Array) -> tuple[Array, Array]:
        """Return `x` and the view of it; `x` is copied if it is laid out so that there is no such view."""
        view = follow(x, self.steps)
        if self.steps and not is_view_of(view, x):
            x = relaid(x, self.layout)
            view = follow(x, self.steps)
            if not is_view_of(view, x):
                raise RuntimeError("a view of an array cannot be taken of its gradient")
        return x, view

    def turned(self, part: Any, x: Array, target: Array) -> Any:
        """Turn a part of a cotangent `x` into one of the view `target`, or back.

        Where the view is of the parts of complex numbers these differ: the cotangent's imaginary part lies there with
        the other sign, because cotangents are transposed, not conjugated.
        """
        if x.dtype.kind == target.dtype.kind:
            return part
        if target.dtype.kind == "c":
            return np.conjugate(part)
        if not any(primitive.function is np.ndarray.view for primitive, _ in self.steps):
            return -part if any(primitive.function is np.imag for primitive, _ in self.steps) else part
        signs = follow(np.full(x.shape, 1 - 1j, target.dtype.char.upper()), self.steps)[self.index]
        return part * signs.astype(target.dtype)


def follow(x: Array, steps: Steps) -> Array:
    for primitive, params in steps:
        x = primitive.compute(x, **params)
    return x


# -- Layout ---------------------------------------------------------------------------------------------------

#: Views of arrays that are laid out accordingly, and copies of others.
DEPEND_ON_LAYOUT = (np.reshape, np.ravel, np.ndarray.view)


def layout_of(x: Any, steps: Steps) -> tuple[int, ...] | None:
    """Return the axes of the array under `x` in the order in which they lie in memory; None for C order."""
    if not any(primitive.function in DEPEND_ON_LAYOUT for primitive, _ in steps):
        return None
    order = tuple(np.argsort([-abs(stride) for stride in strides_of(x)], kind="stable").tolist())
    return None if order == tuple(range(len(order))) else order


def strides_of(base: Any) -> tuple[int, ...]:
    """Return the strides that an array which owns its memory has without funcgrad."""
    memory = getattr(base, "memory", None)
    if memory is not None and memory.strides is not None:
        return memory.strides  # type: ignore[no-any-return]
    value = plain(base)
    strides: tuple[int, ...] = value.strides[value.ndim - base.ndim :]  # under vmap there is the examples' axis before
    step = apart(base)
    return strides if step == 1 else tuple([stride // step for stride in strides])


def apart(base: Any) -> int:
    """Return how many examples of a vmap lie between two elements of one: many if they lie side by side."""
    value, ndim = plain(base), base.space.ndim
    if value.ndim == ndim or not ndim or value.strides[0] != value.itemsize:
        return 1
    size: int = value.shape[0]
    return size if all(stride % (size * value.itemsize) == 0 for stride in value.strides[value.ndim - ndim :]) else 1


def geometry(x: Any) -> Array:
    """Return an array, without contents, that lies in memory as `x` does without funcgrad."""
    base = base_of(x)
    shape, dtype, strides = base.space.shape, base.space.dtype, strides_of(base)
    if not base.size:
        return follow(np.empty(shape, dtype), steps_of(x))
    lengths = [(n - 1) * stride for n, stride in zip(shape, strides, strict=True)]
    start = -sum(min(length, 0) for length in lengths)
    memory = np.empty(sum(map(abs, lengths)) + dtype.itemsize, np.uint8)
    return follow(np.ndarray(shape, dtype, memory, start, strides), steps_of(x))


def relaid(x: Array, layout: tuple[int, ...] | None) -> Array:
    """Copy an array into another layout."""
    if layout is None:
        return np.copy(x, order="C")
    return np.transpose(np.copy(np.transpose(x, layout), order="C"), np.argsort(layout).tolist())


# -- Views ----------------------------------------------------------------------------------------------------


def base_of(x: Any) -> Any:
    """Return the traced array that owns the memory of `x`: `x` itself unless it is a view."""
    memory = getattr(x, "memory", None)
    return memory.base if type(memory) is View else x


def is_view_of(y: Any, x: Any) -> bool:
    """Whether `y`, made from `x` by a view function, shares its memory."""
    if y is x:
        return True
    if isinstance(y, Traced):
        return isinstance(x, Traced) and base_of(y) is base_of(x)
    base = getattr(y, "base", None)
    if type(base) is ndarray and type(x) is ndarray:
        return base is x or base is x.base
    while base is not None and not hasattr(base, "dtype"):  # what NumPy's tricks with strides put in between
        base = getattr(base, "base", None)
    return base is not None and (base is x or base is getattr(x, "base", None))


def is_view_by(x: Any, primitive: Any, params: dict[str, Any]) -> bool:
    """Whether a function that depends on the layout returns a view of `x` without funcgrad."""
    like = geometry(x)
    return is_view_of(primitive.compute(like, **params), like)


def is_rearranged(x: Any) -> bool:
    """Whether the value of an array may lie in memory in another way than without funcgrad."""
    base = base_of(x)
    memory = getattr(base, "memory", None)
    return (memory is not None and (memory.contended or memory.strides is not None)) or apart(base) > 1


def register(x: Any, view: Any, primitive: Primitive | None, given: Any, writeable: bool = True) -> bool:
    """Remember that `view` has been made from `x`, and shares its memory: by a function, or None and an index.

    Return whether what is read from there is to be copied, because it would still be held when it is written to.
    """
    memory = getattr(x, "memory", None)
    if type(memory) is View:
        view.memory = View(memory.base, memory, primitive, given, writeable and memory.writeable)
        memory = memory.base.memory
    else:
        if memory is None:
            memory = x.memory = Memory()
        view.memory = View(x, None, primitive, given, writeable)
    memory.viewed = True
    memory.fresh.append(ref(view))
    if len(memory.fresh) > memory.limit:
        memory.forget()
    contended: bool = memory.contended
    return contended


def overlap(x: Any, y: Any, question: Callable[..., bool]) -> bool:
    """Answer ``np.shares_memory`` and ``np.may_share_memory`` for a traced array and another one."""
    if not isinstance(y, Traced) or base_of(y) is not base_of(x):
        return False
    like = geometry(base_of(x))
    return question(follow(like, steps_of(x)), follow(like, steps_of(y)))


def steps_of(x: Any) -> Steps:
    memory = getattr(x, "memory", None)
    return memory.steps() if type(memory) is View else ()


def is_scalar(x: Any) -> bool:
    """Whether a traced value is what NumPy has as a number, not as an array without axes: it cannot be written to."""
    value = plain(x)
    if isinstance(value, np.generic):
        return True
    return x.space.shape == () and value.ndim > 0 and getattr(x, "memory", None) is None


# -- Views that are out of date -------------------------------------------------------------------------------


def up_to_date(name: str) -> property:
    """Return the attribute of a view that is read again when it is asked for."""

    def read(self: Any) -> Any:
        refresh(self)
        return getattr(self, name)

    return property(read)


@functools.cache
def stale_class(cls: Any) -> Any:
    """Return the class of views that are out of date: the short paths, which go by the class, leave them alone."""
    parts = {name: up_to_date(name) for name in (*cls.parts, "is_constant")}
    return type(f"Stale{cls.__name__}", (cls,), {"__slots__": (), "fresh": cls, "__getitem__": read_again, **parts})


def read_again(view: Any, index: Any) -> Any:
    refresh(view)
    return view[index]


def refresh(view: Any) -> None:
    """Read a view again from its base."""
    view.__class__ = type(view).fresh
    memory = view.memory
    view.level.reread(view, memory.base, memory.steps())
    memory.base.memory.fresh.append(ref(view))


def expire(base: Any) -> None:
    """Let the views of an array let go of what they hold; they will read it again."""
    memory = getattr(base, "memory", None)
    if memory is None:
        return
    for reference in memory.fresh:
        view = reference()
        if view is not None:
            for name in view.parts:
                setattr(view, name, None)
            view.__class__ = stale_class(view.__class__)
    memory.fresh = []


# -- Writing --------------------------------------------------------------------------------------------------


def write(x: Any, value: Any, index: Any, add: bool = False) -> None:
    """Write a value into a traced array, or add it there: its base becomes another, and views of it are out of date."""
    memory = getattr(x, "memory", None)
    base: Any = x
    steps: Steps = ()
    if type(memory) is View:
        if not memory.writeable:
            raise ValueError("assignment destination is read-only")
        base, steps = memory.base, memory.steps()
        memory = base.memory
    elif memory is None:
        memory = x.memory = Memory()
    if isinstance(value, Traced) and base_of(value) is base:
        value = CALLS[np.copy](value)  # NumPy reads all before it writes
    expire(base)
    place = Place(steps, index, layout_of(base, steps) if steps else None)
    base.level.write(CALLS[operator.setitem], base, value, place, add)


def holders(holder: Any, name: str) -> int:
    """Count who holds an attribute's value."""
    return getrefcount(getattr(holder, name))


ALONE = holders(SimpleNamespace(array=np.empty(1)), "array")


def private(tracer: Any, name: str) -> Array:
    """Return a part of a tracer, which nobody else holds: a copy if somebody did."""
    count = holders(tracer, name)
    value = getattr(tracer, name)
    memory = tracer.memory
    if count == ALONE:
        if type(value) is ndarray:
            if value.base is None and value.flags.writeable:
                return value
        elif isinstance(value, Traced):
            if type(getattr(value, "memory", None)) is not View:
                return value
        elif not isinstance(value, np.generic) and getattr(value, "base", value) is None:
            return value
    elif memory.written:
        memory.contended = True
    memory.written = True
    strides = strides_of(tracer)
    order: Any = "C" if type(value) is ndarray and 0 in value.strides else "K"  # what is broadcast has no order
    copied: Array = np.array(value) if isinstance(value, np.generic) else np.copy(value, order=order)
    if name == "value" and strides != plain(copied).strides[-len(strides) or None :]:
        memory.strides = strides
    return copied


def put(tracer: Any, name: str, place: Place, value: Any, add: bool = False) -> None:
    """Write into a part of a tracer, in place if nobody else holds it."""
    x = private(tracer, name)
    if isinstance(value, Traced) and not (isinstance(x, Traced) and x.level.depth >= value.level.depth):
        x = value.level.constant(x)
    x, target = place.target(x)
    if add:
        add_at(target, place.index, value)
    else:
        target[place.index] = value
    setattr(tracer, name, x)


def add_at(target: Array, index: Any, value: Any) -> None:
    """Add to elements in place, repeated indices included."""
    if isinstance(target, Traced):
        write(target, value, index, add=True)
    elif type(target) is ndarray and is_view(index):
        part = target[index]
        if type(part) is ndarray:
            part += value  # ``target[index] += value`` would write the view back into itself
        else:
            target[index] = part + value
    elif is_basic(index):
        target[index] += value
    else:
        backend.add_at(target, index, value)
