"""Calls of adopted code from outside: under a transform it may write into the arrays that it is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import lent
from funcgrad.core.level import RUNNING
from funcgrad.numpy.creation import constant
from funcgrad.tree import flatten

__all__ = ["enter"]


def enter(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], own: int) -> Any:
    """Call adopted code from outside. The first `own` arguments, the ``self`` of a method, are left as they are."""
    if RUNNING.get() is None:
        return f(*args, **kwargs)
    names, trees = list(kwargs), [*args[own:], *kwargs.values()]
    given = [flatten(tree) for tree in trees]
    new = in_place_of([x for leaves, _ in given for x in leaves if type(x) is np.ndarray])
    for n, (leaves, structure) in enumerate(given):
        if any(id(x) in new for x in leaves):
            trees[n] = structure.unflatten([new.get(id(x), x) for x in leaves])
    count = len(args) - own
    return f(*args[:own], *trees[:count], **dict(zip(names, trees[count:], strict=True)))


def in_place_of(arrays: list[Array]) -> dict[int, Any]:
    """Return, by id, what code that may write into arrays gets in their place: the caller's do not change.

    What is one array for the caller stays one. Arrays that overlap could not: those are lent.
    """
    new: dict[int, Any] = {}
    for group in grouped(arrays, owner).values():
        same = grouped(group, place)
        firsts = [xs[0] for xs in same.values()]
        apart = not any(np.shares_memory(x, y) for x, y in itertools.combinations(firsts, 2))
        for xs in same.values():
            new |= dict.fromkeys(map(id, xs), writable(xs[0]) if apart else lent(xs[0]))
    return new


def writable(x: Array) -> Any:
    if x.dtype.kind in "fc":
        return constant(x)
    return x if x.flags.writeable else x.copy()


def owner(x: Array) -> int:
    return id(x) if x.base is None else id(x.base)


def place(x: Array) -> Any:
    return x.__array_interface__["data"][0], x.shape, x.strides, x.dtype


def grouped(arrays: list[Array], by: Callable[[Array], Any]) -> dict[Any, list[Array]]:
    groups: dict[Any, list[Array]] = {}
    for x in arrays:
        groups.setdefault(by(x), []).append(x)
    return groups
