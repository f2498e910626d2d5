"""Levels and what lives on them.

One running transform is one :class:`Level`. Levels nest: a later one is deeper, and an operation goes
to the deepest level among its operands, which unwraps its own tracers and runs the same function one
level down. Depths come from one counter, so no stack has to be kept per thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.space import Space

__all__ = [
    "BEGIN",
    "LASTING",
    "RUNNING",
    "Level",
    "Shell",
    "Traced",
    "deepest",
    "map_tracers",
    "plain",
    "rebuilt",
    "strip",
    "tracers_in",
    "zeros",
]

DEPTHS = itertools.count(1)

#: The innermost transform whose function is running: where :mod:`funcgrad.numpy` makes its arrays.
RUNNING: ContextVar[Level | None] = ContextVar("RUNNING", default=None)

#: What to do with each level that begins: debugging hooks in here.
BEGIN: ContextVar[Callable[[Any], None] | None] = ContextVar("BEGIN", default=None)

#: Levels that never end, so that a function may record there what none of its arguments tells: the facade's.
LASTING: list[Any] = []


class Level:
    """One running transform. Subclasses say how it interprets a primitive."""

    __slots__ = ("__weakref__", "closed", "depth")

    def __init__(self) -> None:
        self.depth = next(DEPTHS)
        self.closed = False
        begin = BEGIN.get()
        if begin is not None:
            begin(self)

    def close(self) -> None:
        """End the level: using its tracers from now on raises."""
        self.closed = True

    def process(self, primitive: Any, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        """Apply `primitive` to operands of which at least one is a tracer of this level."""
        raise NotImplementedError

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Apply a function without rules: values are right, the derivative is an error when asked for."""
        raise NotImplementedError

    def write(self, primitive: Any, base: Any, value: Any, place: Any, add: bool) -> None:
        """Let `base` become what writing a value into it makes of it, as the `primitive` says."""
        base.become(self.process(primitive, (base, value), place.keywords(add)))

    def reread(self, view: Any, base: Any, steps: Any) -> None:
        """Let `view` become what the steps make of `base`."""
        for primitive, params in steps:
            base = self.process(primitive, (base,), params)
        view.become(base)

    def constant(self, value: Array) -> Traced:
        """Wrap a value that does not depend on what this level differentiates or maps over."""
        raise NotImplementedError

    def present(self, tracer: Traced) -> Any:
        """Show a tracer that is about to be handed to the user (the facade shows its own as a ``Tensor``)."""
        return tracer


class Traced:
    """What a transform puts in place of an array: a value one level down, its space, its level."""

    __slots__ = ("level", "space", "value")

    value: Array
    space: Space
    level: Level


class Shell:
    """A facade around an array or tracer. Operations with one are its business, not the core's."""

    __slots__ = ()

    def _bare(self) -> Any:
        """Return what is written into an array when the shell is."""
        raise NotImplementedError


def deepest(operands: Iterable[Any]) -> Level | None:
    """Return the deepest level among `operands`, or None when all are plain."""
    top: Level | None = None
    for x in operands:
        if isinstance(x, Traced) and (top is None or x.level.depth > top.depth):
            top = x.level
    return top


def plain(x: Any) -> Any:
    """Return the array under all tracers."""
    while isinstance(x, Traced):
        x = x.value
    return x


def zeros(space: Space, like: Any) -> Array:
    """Return plain zeros of `space` on the device where `like` lives."""
    like = plain(like)
    if hasattr(like, "__array_function__") and not isinstance(like, np.ndarray):
        return np.zeros(space.shape, space.dtype, like=like)
    return np.zeros(space.shape, space.dtype)


#: In which there can be a tracer: all else is passed over without a call.
TREES = (Traced, tuple, list, dict)


def rebuilt(like: Any, parts: list[Any]) -> Any:
    """Return the parts as a list, tuple or namedtuple, whichever `like` is."""
    return type(like)(*parts) if hasattr(like, "_fields") else type(like)(parts)


def tracers_in(tree: Any) -> list[Traced]:
    """Return the tracers in nested lists, tuples and dicts."""
    if isinstance(tree, Traced):
        return [tree]
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, (list, tuple)):
        return []
    found: list[Traced] = []
    for item in tree:
        if isinstance(item, Traced):
            found.append(item)
        elif isinstance(item, TREES):
            found += tracers_in(item)
    return found


def map_tracers(function: Callable[[Traced], Any], tree: Any) -> Any:
    """Replace tracers in nested lists, tuples and dicts."""
    if isinstance(tree, Traced):
        return function(tree)
    if isinstance(tree, dict):
        return {key: map_tracers(function, item) for key, item in tree.items()} if tree else {}
    if isinstance(tree, (list, tuple)):
        items = [map_tracers(function, item) if isinstance(item, TREES) else item for item in tree]
        return rebuilt(tree, items)
    return tree


def strip(tree: Any, level: Level) -> Any:
    """Replace tracers of `level` in nested lists, tuples and dicts by their values."""
    return map_tracers(lambda tracer: tracer.value if tracer.level is level else tracer, tree)
