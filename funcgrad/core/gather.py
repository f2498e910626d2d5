"""Reading elements, ``x[index]``, and its adjoint, a scatter.

A loop that reads every element of an array must not cost a whole array per read. So all reads of one
traced array share a :class:`Reads` node: plain cotangents are added into one buffer as they arrive;
traced ones (a gradient of a gradient) are collected and become one ``scatter``.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node, Pending, send
from funcgrad.core.indices import is_basic
from funcgrad.core.level import Traced, zeros
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import Space

__all__ = ["Gather", "Reads", "add_at", "scatter"]


class Reads(Node):
    """All reads of one traced array: collects their cotangents into one of the array's shape.

    What has arrived waits in ``cotangent``, as for every node: here a buffer (or None) and the traced parts.
    """

    __slots__ = ("parent", "space")

    name = "reads"

    def __init__(self, key: int, parent: Node, space: Space) -> None:
        self.key = key
        self.cotangent = None
        self.parent = parent
        self.space = space

    def collect(self, index: Any, g: Array, pending: Pending) -> None:
        held = self.cotangent
        if held is None:
            held = self.cotangent = [None, []]
            heappush(pending, (self.key, self))
        if isinstance(g, Traced):
            held[1].append((index, g))
            return
        if held[0] is None:
            held[0] = zeros(self.space, g)
        add_at(held[0], index, g)

    def pull(self, g: Any, pending: Pending) -> None:
        total, collected = g
        if collected:
            indices, parts = zip(*collected, strict=True)
            scattered = CALLS[scatter](*parts, space=self.space, indices=indices)
            total = scattered if total is None else total + scattered
        send(self.parent, total, True, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


class Gather(Node):
    """One read ``x[index]``."""

    __slots__ = ("index", "reads")

    name = "getitem"

    def __init__(self, key: int, reads: Reads, index: Any) -> None:
        self.key = key
        self.cotangent = None
        self.reads = reads
        self.index = index

    def pull(self, g: Any, pending: Pending) -> None:
        self.reads.collect(self.index, g, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.reads.parent,)


def add_at(target: Array, index: Any, g: Array) -> None:
    """Add `g` to ``target[index]`` in place, repeated indices included."""
    if is_basic(index):
        target[index] += g
    else:
        np.add.at(target, index, g)


def scatter(*parts: Array, space: Space, indices: tuple[Any, ...]) -> Array:
    """Return zeros of `space` with each part added at its index: the adjoint of reading at these indices."""
    total = zeros(space, parts[0])
    for index, part in zip(indices, parts, strict=True):
        add_at(total, index, part)
    return total
