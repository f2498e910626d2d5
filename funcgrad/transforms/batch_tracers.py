"""What batching carries: values of which every example has its own, and those that all examples share so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.indices import is_slice, parts_of
from funcgrad.core.memory import register
from funcgrad.core.tracer import ABSENT, Tracer

__all__ = ["PATHS", "BatchTracer", "Each", "NeedsLoop", "SharedTracer"]


class NeedsLoop(BaseException):
    """The function asked what only a single example can answer. No ``Exception``: it is not for the user to catch."""

    def __init__(self, level: Any, what: str) -> None:
        self.level = level
        self.what = what


def ask(what: str) -> Callable[..., NoReturn]:
    """Return a method that only a single example could answer."""

    def method(self: BatchTracer, *args: Any, **kwargs: Any) -> NoReturn:
        raise NeedsLoop(self.level, what)

    return method


#: The short paths of ufuncs (:mod:`funcgrad.transforms.batch_paths`).
PATHS: dict[Any, Callable[..., Any]] = {}


class BatchTracer(Tracer):
    """A value of which every example has its own."""

    __slots__ = ()

    level: Any  # of batching

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, x: Any, other: Any = ABSENT, /, *more: Any, **kwargs: Any
    ) -> Any:
        if not kwargs and not more and method == "__call__":
            path = PATHS.get(ufunc)
            if path is not None:
                return path(x) if other is ABSENT else path(x, other)
        if other is ABSENT:
            return super().__array_ufunc__(ufunc, method, x, **kwargs)
        return super().__array_ufunc__(ufunc, method, x, other, *more, **kwargs)

    def become(self, new: Any) -> None:
        self.__class__ = type(new)  # the examples may have got values of their own
        self.value, self.space = new.value, new.space

    def __getitem__(self, index: Any) -> Any:
        out = super().__getitem__(index)
        if not isinstance(out, BatchTracer) or not out.space.shape:
            return out
        if any(map(is_number, parts_of(index))) and all(map(is_single, parts_of(index))):
            register(self, out, None, index)  # for each example it is a view
        return out

    __bool__ = ask("a branch on a value")
    __float__, __int__, __complex__ = ask("float()"), ask("int()"), ask("complex()")
    __index__ = ask("use as an index")
    __array__ = ask("conversion to a plain array")
    item, tolist, tobytes = ask("item()"), ask("tolist()"), ask("tobytes()")


def settled(name: str) -> Callable[..., Any]:
    """Return a method that the value answers, unless what was written to its base has made it differ."""

    def method(self: SharedTracer, *args: Any, **kwargs: Any) -> Any:
        _ = self.value  # a view that is out of date is read again, and may become of another class
        return getattr(Tracer if self.is_constant else BatchTracer, name)(self, *args, **kwargs)

    return method


class SharedTracer(BatchTracer):
    """A value that all examples share, so far: what is written into it may differ. It has no axis of examples."""

    __slots__ = ()

    is_constant = True

    __bool__, __array__ = settled("__bool__"), settled("__array__")
    __float__, __int__, __complex__ = settled("__float__"), settled("__int__"), settled("__complex__")
    __index__ = settled("__index__")
    item, tolist, tobytes = settled("item"), settled("tolist"), settled("tobytes")


def is_number(part: Any) -> bool:
    """Whether a part of an index is a traced integer, of which every example has its own."""
    return isinstance(part, BatchTracer) and part.space.shape == () and part.space.dtype.kind in "iu"


def is_single(part: Any) -> bool:
    return is_slice(part) or is_number(part)


class Each:
    """A view function, applied to every example."""

    __slots__ = ("function", "primitive", "size")

    def __init__(self, primitive: Any, size: int) -> None:
        self.primitive = primitive
        self.function = primitive.function
        self.size = size

    def compute(self, x: Array, **params: Any) -> Array:
        y: Array = self.primitive.batch(self.primitive, [x], [True], params, self.size)
        return y
