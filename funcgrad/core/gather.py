"""Reading and writing elements in the graph: two nodes, each the other's adjoint.

A loop over the elements of an array must not cost a whole array per step. So a :class:`Gather` adds what it gets to the
cotangent that waits at the array's node, in place; a :class:`Write` sets to zero there what was overwritten, and hands
the same buffer on to the node of the array before.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node, Pending, send
from funcgrad.core.indices import is_basic, parts_of
from funcgrad.core.level import Traced, deepest, plain, zeros
from funcgrad.core.memory import Place, add_at
from funcgrad.core.space import Space, project

__all__ = ["Gather", "Pick", "Write", "last_written", "scatter"]

ndarray = np.ndarray
float64 = np.float64
add = np.add


class Pick(Node):
    """One read ``x[index]`` by integers and slices, of an array of NumPy's. Whoever makes one fills it in."""

    __slots__ = ("index", "parent", "space")

    name = "getitem"

    parent: Node
    space: Space  # of the array that is read
    index: Any
    place: Place | None = None  # where it is read, if not simply at `index`

    def pull(self, g: Any, pending: Pending) -> None:
        node = self.parent
        held = node.cotangent
        kind = type(g)
        if type(held) is ndarray:
            if node.owned:
                if kind is float64:
                    held[self.index] += g
                    return
                if kind is ndarray:
                    part = held[self.index]
                    if type(part) is ndarray:
                        add(part, g, part)
                        return
        elif held is None and kind is ndarray:
            space = self.space
            held = node.cotangent = np.zeros(space.shape, space.dtype)
            held[self.index] = g
            node.owned = True
            heappush(pending, (node.key, node))
            return
        self.pull_any(g, pending)

    def pull_any(self, g: Any, pending: Pending) -> None:
        """Do the same with any index, and arrays of any kind."""
        node = self.parent
        held = node.cotangent
        if held is None:
            held = node.cotangent = zeros(self.space, g)
            node.owned = True
            heappush(pending, (node.key, node))
        if type(held) is not ndarray or not node.owned or isinstance(g, Traced):
            held = node.cotangent = own(held, node.owned, g)
            node.owned = True
        target = held
        if self.place is not None:
            node.cotangent, target = self.place.target(held)
            g = self.place.turned(g, node.cotangent, target)
        add_at(target, self.index, g)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


class Gather(Pick):
    """One read ``x[index]`` by any index, or of a view of `x`."""

    __slots__ = ("place",)

    def __init__(self, key: int, parent: Node, space: Space, index: Any, place: Place | None = None) -> None:
        self.key = key
        self.cotangent = None
        self.parent = parent
        self.space = space
        self.index = index
        self.place = place

    pull = Pick.pull_any


class Write(Node):
    """One write ``x[index] = value``, or into a view of `x`; with `add`, ``x[index] += value``."""

    __slots__ = ("add", "index", "parent", "place", "source", "source_space")

    name = "setitem"

    def __init__(
        self, key: int, parent: Node | None, source: Node | None, source_space: Any, place: Place, add: bool
    ) -> None:
        self.key = key
        self.cotangent = None
        self.parent = parent
        self.source = source
        self.source_space = source_space
        self.index = place.index
        self.place = place if place.steps else None  # a loop of writes makes as few objects as it can
        self.add = add

    def pull(self, g: Any, pending: Pending) -> None:
        place, index = self.place, self.index
        owned = self.owned
        if self.parent is not None and not self.add:
            g, owned = own(g, owned, g), True
        g, target = (g, g) if place is None else place.target(g)
        if self.source is not None:
            part = target[index]
            if not is_basic(index) and not self.add:
                part = last_written(part, index, target)
            elif not isinstance(part, np.generic) and not (type(part) is ndarray and part.base is None):
                part = np.copy(part)  # for `g` goes on
            if place is not None:
                part = place.turned(part, g, target)
            space = self.source_space
            fits = part.shape == space.shape and part.dtype == space.dtype
            send(self.source, part if fits else project(part, space), False, pending)
        if self.parent is not None:
            if not self.add:
                target[index] = 0
            send(self.parent, g, owned, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent, self.source)


def own(x: Any, owned: bool, like: Any) -> Any:
    """Return a cotangent that can be written to: of the level of `like` if that is deeper."""
    level = deepest((like,))
    if level is not None and deepest((x, like)) is level and getattr(x, "level", None) is not level:
        return level.constant(x if owned else np.copy(x))
    if isinstance(x, np.generic):
        return np.array(x)
    return x if owned else np.copy(x)


#: Parts of an index that are for one axis each.
FOR_ONE_AXIS = frozenset((int, slice, np.int64, np.ndarray))


FEW = 1000  # places, up to which sorting them is quicker than counting
TINY = 100  # places, up to which Python is quicker than NumPy


def repeats(index: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index may select an element of a plain array twice. Only arrays can: numbers and slices do not."""
    parts = parts_of(index)
    for part in parts:
        if type(part) not in FOR_ONE_AXIS or (type(part) is ndarray and part.dtype.kind == "b"):
            return True
    arrays, lengths = [], []
    for part, n in zip(parts, shape, strict=False):
        if type(part) is ndarray:
            arrays.append(part)
            lengths.append(n)
        elif type(part) is slice and not len(range(*part.indices(n))):
            return False  # nothing is selected
    if not arrays or 0 in lengths:
        return False
    places = np.ravel_multi_index(tuple(arrays), lengths, mode="wrap")  # of numbers below zero too
    if places.size <= TINY:
        return len(set(places.reshape(-1).tolist())) < places.size
    if places.size > FEW:
        return bool(np.bincount(places.reshape(-1)).max() > 1)
    ordered = np.sort(places, None)
    return bool((ordered[1:] == ordered[:-1]).any())


def last_written(part: Array, index: Any, target: Array) -> Array:
    """Return the part of a cotangent that belongs to what was written at `index`: of values for one place, the last."""
    like = plain(target)
    if part.size < 2 or (type(like) is np.ndarray and not repeats(index, target.shape)):
        return part
    numbers = np.reshape(np.arange(1, part.size + 1, like=like), part.shape)
    last = np.zeros(target.shape, dtype=numbers.dtype, like=like)
    last[index] = numbers
    return np.where(last[index] == numbers, part, 0)


def scatter(*parts: Array, space: Space, indices: tuple[Any, ...]) -> Array:
    """Return zeros of `space` with each part added at its index: the adjoint of reading at these indices."""
    total = zeros(space, parts[0])
    for index, part in zip(indices, parts, strict=True):
        if isinstance(part, Traced) and not isinstance(total, Traced):
            total = part.level.constant(total)
        add_at(total, index, part)
    return total
