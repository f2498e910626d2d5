"""Function nodes: the dynamic graph that reverse mode records.

A node is one recorded call. It keeps what its rules read and links to the nodes before it.
:meth:`Node.pull` is one step of the backward pass: it turns the cotangent of the output into cotangents
of the inputs and sends them on. Unary and binary elementwise calls have a node of their own, because they
are the hot path; a call of any other primitive is a :class:`Call`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from heapq import heappush
from sys import getrefcount
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core import backend
from funcgrad.core.backend import FUSING, is_on_device, owns
from funcgrad.core.blocks import is_flat
from funcgrad.core.level import rebuilt, zeros
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, project

if TYPE_CHECKING:
    from funcgrad.core.hooks import Extra

__all__ = ["ALONE", "Call", "Leaf", "Node", "Output", "Pending", "Pointwise", "connected", "copied", "receives", "send"]

#: Nodes that wait for their turn in a backward pass: a heap, newest first.
Pending: TypeAlias = "list[tuple[int, Node]]"

ndarray = np.ndarray
float64 = np.float64
add = np.add


class Node:
    """One recorded call: the Function of the graph, a tensor's ``grad_fn``."""

    __slots__ = ("cotangent", "extra", "key", "owned")

    asks_hooks: ClassVar[bool] = False  # whether `pull` calls the hooks that are attached

    is_named: ClassVar[bool] = False  # whether `name` is the name that users know

    extra: Extra  # what users have attached; unset if nothing
    key: int  # decreases with age: the newest node of a level has the smallest
    cotangent: Any  # what has arrived so far in the running backward pass
    owned: bool  # whether `cotangent` is a buffer that nobody else holds, so that it may be added to in place

    def pull(self, g: Any, pending: Pending) -> None:
        """Send the cotangents of the inputs, given that of the output."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of what was saved, after a pass over a graph that is not kept."""

    def relinked(self, level: Any) -> Node:
        """Return a node that does the same step on traced values, for a pass that is recorded itself.

        Nodes keep plain arrays. What the rules read is traced again: an operand by the node that it came from, the
        output by this one. A node that is linear in its cotangent, and reads nothing, is its own.
        """
        return self

    @property
    def name(self) -> str:
        raise NotImplementedError

    @property
    def parents(self) -> tuple[Node | None, ...]:
        """The nodes of the inputs, None where an input is a constant."""
        raise NotImplementedError


def send(node: Node, g: Array, fresh: bool, pending: Pending) -> None:
    """Add `g` to what has arrived at `node`; `fresh` says that nobody else holds it."""
    held = node.cotangent
    if held is None:
        node.cotangent = g
        node.owned = fresh
        heappush(pending, (node.key, node))
    elif type(held) is float64 or not node.owned:
        node.cotangent = held + g
        node.owned = True
    elif (type(held) is ndarray and type(g) is ndarray) or backend.both_on_device(held, g):
        add(held, g, held)
    else:
        node.cotangent = held + g
        node.owned = True


def receives(node: Node, like: Any) -> bool:
    """Whether an array of its own, with the layout of `like`, waits at a node: it may be added to in place."""
    held = node.cotangent
    return type(held) is ndarray and node.owned and held.flags.writeable and is_flat(held, like)


def freed(*_: Any) -> NoReturn:
    raise RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have "
        "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time."
    )


class Leaf(Node):
    """An input of the transform. Its cotangent stays here as the result."""

    __slots__ = ("gradient",)

    name = "leaf"
    parents = ()

    def __init__(self, key: int) -> None:
        self.key = key
        self.cotangent = None
        self.gradient: Array | None = None

    def pull(self, g: Any, pending: Pending) -> None:
        if type(g) is not float64 and (type(g) is ndarray or is_on_device(g)) and not (self.owned and g.base is None):
            g = g.copy()  # what leaves the engine shares memory with nothing
        self.gradient = g


class Pointwise(Node):
    """An elementwise call with one or two traced operands, all in the space of the output: the hot path.

    One class for both, because CPython reads attributes of a single class several times faster.
    """

    __slots__ = ("kept", "kept_second", "parent", "second", "shorts")

    shorts: tuple[Any, Any]  # the rules of the traced operands, shortened; None if there is no second
    parent: Node
    kept: Any  # what the rule reads
    second: Node  # these two are unset if there is no second
    kept_second: Any

    def pull(self, g: Any, pending: Pending) -> None:
        """Do what the engine does without this call."""
        short, short_second = self.shorts
        if short_second is not None:
            c = short_second.rule(g, self.kept_second)
            send(self.second, c, c is not g, pending)
        c = short.rule(g, self.kept)
        send(self.parent, c, c is not g, pending)

    def release(self) -> None:
        short, short_second = self.shorts
        if short_second is None:
            if self.kept is not None:
                self.kept, self.shorts = None, (short.freed, None)
        elif self.kept is not None or self.kept_second is not None:
            self.kept = self.kept_second = None
            self.shorts = (short.freed, short_second.freed)

    def relinked(self, level: Any) -> Node:
        new = Pointwise()
        new.cotangent = None
        new.key, new.parent, new.shorts = self.key, self.parent, self.shorts
        short, short_second = self.shorts
        nodes: list[Node | None] = [self, None, None]  # of (y, *operands)
        nodes[1 + short.operand] = self.parent
        if short_second is not None:
            new.second = nodes[1 + short_second.operand] = self.second
            new.kept_second = traced_again(short_second, self.kept_second, nodes, level)
        new.kept = traced_again(short, self.kept, nodes, level)
        return new

    @property
    def name(self) -> str:
        name: str = self.shorts[0].name
        return name

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,) if self.shorts[1] is None else (self.parent, self.second)


def holders_of_yielded() -> int:
    """Count who holds what a generator has just made: the loop that runs through it."""
    (count,) = [getrefcount(made) for made in (np.empty(1) for _ in range(1))]
    return count


#: Of what has a name where it is counted, and no other holder: it may be written to.
ALONE = holders_of_yielded()


class Call(Node):
    """A call of any primitive: what its rules may read, by name.

    Forward mode makes one too (without a key) to apply the same rules to tangents.
    """

    __slots__ = ("guarded", "links", "output_space", "params", "primitive", "released", "spaces", "used", "xs", "y")

    def __init__(
        self,
        primitive: Primitive,
        xs: tuple[Array, ...],
        y: Any,
        params: dict[str, Any],
        spaces: tuple[Space, ...],
        output_space: Any,
        links: tuple[Node | None, ...] = (),
    ) -> None:
        self.primitive = primitive
        self.xs = xs
        self.y = y
        self.params = params
        self.spaces = spaces
        self.output_space = output_space  # a tuple of spaces for a function of several outputs
        self.links = links
        self.cotangent = None
        self.released = False
        self.used: tuple[bool, ...] = ()  # of several outputs, those that have a cotangent
        self.guarded = False  # whether a partial may be infinite here, and must give zero for a zero cotangent

    def release(self) -> None:
        if self.y is not None or any(x is not None for x in self.xs):
            self.xs, self.y, self.released = (), None, True

    def relinked(self, level: Any) -> Node:
        if self.released:
            return self
        new: Call = copied(self)
        new.xs = tuple(
            [
                x if x is None or link is None else level.again(x, link)
                for x, link in zip(self.xs, self.links, strict=True)
            ]
        )
        if type(self.output_space) is not tuple:
            new.y = None if self.y is None else level.again(self.y, self)
        elif self.y is not None:
            parts = [
                level.again(y, Output(level.stamp(), self, i)) if space.is_inexact else y
                for i, (y, space) in enumerate(zip(self.y, self.output_space, strict=True))
            ]
            new.y = rebuilt(self.y, parts)
        return new

    def pull(self, g: Any, pending: Pending) -> None:
        if self.released:
            freed()
        if type(self.output_space) is tuple:
            self.used = tuple([h is not None for h in g])
            like = next(h for h in g if h is not None)
            g = tuple(zeros(s, like) if h is None else h for h, s in zip(g, self.output_space, strict=True))
        primitive, spaces = self.primitive, self.spaces
        each = None if self.guarded or FUSING[type(g)] else primitive.each
        link: Any
        if each is None:
            for i, c in primitive.vjp(self, g):
                link = self.links[i]
                if link is not None:
                    space = spaces[i]
                    if c.shape != space.shape or c.dtype != space.dtype:
                        c = project(c, space)
                    alone = getrefcount(c) == ALONE and (c.base is None if type(c) is ndarray else owns(c))
                    send(link, c, alone, pending)
            return
        passed: Any = None  # who gets the cotangent itself
        holders = getrefcount(g)
        for i, link in enumerate(self.links):  # the same without a generator
            if link is not None:
                rule: Any = each[i]
                c = rule.apply(g, self, i)
                if c is g and passed is None and g.shape == spaces[i].shape and g.dtype is spaces[i].dtype:
                    passed = link
                    continue
                space = spaces[i]
                if c.shape != space.shape or c.dtype is not space.dtype:
                    c = project(c, space)
                alone = getrefcount(c) == ALONE and (c.base is None if type(c) is ndarray else owns(c))
                send(link, c, alone, pending)
        if passed is not None:  # last, when it shows whether it, or a view of it, has gone elsewhere too
            c = None
            alone = self.owned and getrefcount(g) == holders
            send(passed, g, alone, pending)

    @property
    def name(self) -> str:
        return self.primitive.name

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links


class Output(Node):
    """One of several outputs of a call."""

    __slots__ = ("call", "index")

    def __init__(self, key: int, call: Call, index: int) -> None:
        self.key = key
        self.cotangent = None
        self.call = call
        self.index = index

    def pull(self, g: Any, pending: Pending) -> None:
        call = self.call
        if call.cotangent is None:
            call.cotangent = [None] * len(call.output_space)
            heappush(pending, (call.key, call))
        held = call.cotangent[self.index]  # a recorded pass makes another node for the same output
        call.cotangent[self.index] = g if held is None else held + g

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.call.parents


# -- Copies ------------------------------------------------------------------------------------------


@functools.cache
def slots_of(cls: Any) -> tuple[str, ...]:
    names = [name for base in cls.__mro__ for name in getattr(base, "__slots__", ())]
    return tuple([name for name in names if name not in ("cotangent", "__weakref__")])


def copied(node: Any) -> Any:
    """Return a copy of a node without hooks, that no cotangent waits at."""
    cls: Any = getattr(type(node), "fresh", type(node))
    new = object.__new__(cls)
    new.cotangent = None
    for name in slots_of(cls):
        if hasattr(node, name):
            setattr(new, name, getattr(node, name))
    return new


#: Where nodes keep their parents, in the order of :attr:`Node.parents`.
PARENTS = {"parent": 0, "second": 1, "source": 1}


def connected(node: Any, parents: Sequence[Node | None]) -> Any:
    """Return a copy of a node that sends its cotangents to other parents."""
    new = copied(node)
    cls: Any = type(new)
    for name in slots_of(cls):
        if name == "links":
            new.links = tuple(parents)
        elif name in PARENTS and PARENTS[name] < len(parents):
            setattr(new, name, parents[PARENTS[name]])
    return new


def traced_again(short: Any, kept: Any, nodes: Sequence[Node | None], level: Any) -> Any:
    """Return what a short rule reads, as values of the level."""
    indices = short.indices
    if kept is None or short.rule is freed:
        return kept
    values = [kept] if len(indices) == 1 else kept
    found = [x if (node := nodes[i]) is None else level.again(x, node) for i, x in zip(indices, values, strict=True)]
    return found[0] if len(indices) == 1 else tuple(found)
