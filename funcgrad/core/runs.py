"""Chains of elementwise calls on large arrays: the rules of many nodes in one pass over memory.

A cotangent that goes through twenty rules, each by itself a block at a time, is read and written twenty times. Here the
nodes of a chain are collected first, as far as their rules are ufuncs. Then all rules are applied to a block while it
is in the cache, with the sums that their second operands receive. The ufuncs and their order are those of single steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.blocks import Steps, Symbol, first, is_flat, is_one
from funcgrad.core.graph import Node, Pending, Pointwise, receives, send

__all__ = ["Link", "collect", "pull_run"]

ndarray = np.ndarray

#: Elements from which runs are made, and those of a block. Of smaller arrays single steps find much in the cache: at
#: 1e5 elements they are up to a third quicker, at 4e6 a run takes half to nine tenths of their time.
FROM = 1 << 20
BLOCK = 1 << 17

#: Nodes in a run: what they have saved is freed after it.
LONGEST = 32


class Part(NamedTuple):
    """A rule, and what it reads."""

    steps: Steps  # none if it hands on the cotangent
    residuals: Sequence[Any]
    mend: Callable[[Any, Any], Any] | None  # what makes it zero where it is infinite and the cotangent zero


class Link(NamedTuple):
    """A node of a run: what goes on to its parent, and to its second parent."""

    node: Pointwise
    main: Part
    other: Part | None


# -- Which nodes ----------------------------------------------------------------------------------------------


def collect(node: Any, g: Array, pending: Pending) -> list[Link]:
    """Return the nodes from `node` on that the cotangent `g` can pass one after the other before any that waits."""
    links: list[Link] = []
    if g.size < FROM or g.dtype.char not in "fd" or not (g.flags.c_contiguous or is_one(g)):
        return links
    newest = pending[0][0] if pending else None  # the key of what is next, but for the chain
    reached: set[Node] = set()
    while type(node) is Pointwise and len(links) < LONGEST:
        short, short_second = node.shorts
        main = part(short, node.kept, g)
        other = None if short_second is None else part(short_second, node.kept_second, g)
        if main is None or (other is None and short_second is not None):
            break
        links.append(Link(node, main, other))
        if other is not None:
            second = node.second
            reached.add(second)
            newest = second.key if newest is None else min(newest, second.key)
        node = node.parent
        if node.cotangent is not None or node in reached or (newest is not None and newest < node.key):
            break
    return links


def part(short: Any, kept: Any, g: Array) -> Part | None:
    """Return what a short rule does; None if that is more than real ufuncs of arrays that lie as `g` does."""
    residuals = short.residuals(kept)
    steps = short.steps_for(residuals)
    if steps is None or not all(is_flat(x, g) for x in residuals):
        return None
    return Part(steps, residuals, short.mend(residuals)) if all(is_real(ufunc) for ufunc, _ in steps) else None


def is_real(ufunc: np.ufunc) -> bool:
    """Whether a ufunc makes real numbers of real numbers."""
    return "d" * ufunc.nin + "->d" in ufunc.types


# -- What they do ---------------------------------------------------------------------------------------------


def pull_run(links: list[Link], g: Array, owned: bool, pending: Pending, release: bool) -> tuple[Node, Array, bool]:
    """Do the steps of several nodes; return where that ends, what arrives there, and whether nobody else holds it.

    Parameters
    ----------
    links : list of Link
        Consumed.
    g : array
        What has arrived at the first one.
    owned : bool
        Whether `g` may be written to.
    pending, release
        As for :func:`~funcgrad.core.engine.backward`.
    """
    sums, fresh = receivers(links, g)
    changes = any(link.main.steps for link in links)
    out = (g if owned else np.empty(g.shape, g.dtype)) if changes else None
    Program(links, g, out, sums, set(fresh)).run()
    for second, c in fresh.items():
        send(second, c, True, pending)
    if release:
        for link in links:
            link.node.release()
    parent = links[-1].node.parent
    links.clear()
    return (parent, g, owned) if out is None else (parent, out, True)


def receivers(links: list[Link], g: Array) -> tuple[dict[Node, Array], dict[Node, Array]]:
    """Return where the second parents' cotangents are summed up, and which of these arrays are new."""
    sums: dict[Node, Array] = {}
    fresh: dict[Node, Array] = {}
    for link in links:
        second = link.node.second if link.other is not None else None
        if second is None or second in sums:
            continue
        if receives(second, g):
            sums[second] = second.cotangent
        else:
            sums[second] = fresh[second] = np.empty(g.shape, g.dtype)
    return sums, fresh


class Program:
    """What is called for each block: functions of slots, into a slot. A slot is a number, or the block of an array."""

    __slots__ = ("arrays", "buffers", "calls", "free", "size", "slots")

    def __init__(
        self, links: list[Link], g: Array, out: Array | None, sums: dict[Node, Array], unset: set[Node]
    ) -> None:
        """Write the rules of `links` down; `unset` are those in `sums` where nothing has been added yet."""
        self.size = g.size
        self.slots: list[Any] = []
        self.arrays: list[tuple[int, Array]] = []
        self.buffers: list[tuple[int, Array]] = []
        self.free: list[int] = []  # buffers that hold nothing any more
        self.calls: list[tuple[Callable[..., Any], list[int], int]] = []
        current = self.slot(g)
        targets = {second: self.slot(x) for second, x in sums.items()}
        for link in links:
            if link.other is not None:
                second = link.node.second
                target = targets[second]
                c = self.apply(link.other, current, g.dtype)
                if second not in unset:
                    self.calls.append((np.add, [target, c], target))
                else:
                    unset.discard(second)
                    self.move(c, target, bool(link.other.steps))
                self.give_back(c, current)
            if link.main.steps:
                before, current = current, self.apply(link.main, current, g.dtype)
                self.give_back(before, current)
        if out is not None:
            self.move(current, self.slot(out), True)

    def slot(self, x: Any) -> int:
        """Return a new slot; what is broadcast is a number there."""
        x = x.reshape(-1) if type(x) is ndarray and (not x.ndim or any(x.strides)) else first(x)
        if type(x) is ndarray:
            self.arrays.append((len(self.slots), x))
        self.slots.append(x)
        return len(self.slots) - 1

    def buffer(self, dtype: Any) -> int:
        if self.free:
            return self.free.pop()
        buffer = np.empty(min(BLOCK, self.size), dtype)
        self.buffers.append((len(self.slots), buffer))
        self.slots.append(buffer)
        return len(self.slots) - 1

    def give_back(self, slot: int, other: int) -> None:
        """Let a buffer be used again, if it is one, and not `other`."""
        if slot != other and any(slot == number for number, _ in self.buffers):
            self.free.append(slot)

    def move(self, slot: int, goal: int, is_last: bool) -> None:
        """Let what is in a buffer be made in `goal`, if it was made last, and nobody reads it; else copy it there."""
        function, operands, made = self.calls[-1] if self.calls else (None, [], goal)
        if is_last and made == slot and isinstance(function, np.ufunc):
            self.calls[-1] = (function, operands, goal)
        else:
            self.calls.append((np.positive, [slot], goal))

    def apply(self, part: Part, g: int, dtype: Any) -> int:
        """Apply a rule to the slot `g`; return the slot of the result."""
        registers = [g, *map(self.slot, part.residuals)]
        made = [g]
        for ufunc, operands in part.steps:
            slots = [registers[x.number] if type(x) is Symbol else self.slot(x) for x in operands]
            made.append(self.buffer(dtype))
            registers.append(made[-1])
            self.calls.append((ufunc, slots, made[-1]))
        if part.mend is not None and part.steps:
            self.calls.append((partial(mended, part.mend), [made[-1], g], made[-1]))
        self.free += made[1:-1]
        return made[-1]

    def run(self) -> None:
        slots, calls = self.slots, self.calls
        for start in range(0, self.size, BLOCK):
            place = slice(start, start + BLOCK)
            for number, x in self.arrays:
                slots[number] = x[place]
            if start + BLOCK > self.size:
                for number, x in self.buffers:
                    slots[number] = x[: self.size - start]
            for function, operands, goal in calls:
                function(*[slots[i] for i in operands], out=slots[goal])


def mended(mend: Callable[[Any, Any], Any], c: Array, g: Any, out: Array) -> None:
    """Mend a result in place."""
    found = mend(c, g)
    if found is not c:
        out[...] = found
