"""One call of a checkpointed function: what is kept of it, and how it is repeated.

The function runs on the tracers that it is given, and is recorded as ever. Then the graph behind its outputs is
dropped: one :class:`Recompute` node takes its place, at each reverse level that the outputs live on. When the backward
pass arrives there, the levels are opened once more, the function runs again on the same tracers, and the pass goes on
through what that has recorded. So closed-over values get their gradients as always.
"""

from __future__ import annotations

import contextvars
import functools
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappush
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.graph import Node, Pending, freed, send
from funcgrad.core.level import LASTING, RUNNING, Level, Traced, map_tracers, tracers_in
from funcgrad.core.space import Space
from funcgrad.transforms.batch import BatchLevel
from funcgrad.transforms.forward import ForwardLevel
from funcgrad.transforms.policies import Policy, PolicyLevel, Store
from funcgrad.transforms.repetition import Fingerprint, differs, snapshot, values_of
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer
from funcgrad.tree import flatten

__all__ = ["boundary", "checkpointed", "forgetful", "remade", "within"]

# -- Nodes ------------------------------------------------------------------------------------------------------


class Recompute(Node):
    """The place of a function in the graph of one level: runs it again when a cotangent arrives."""

    __slots__ = ("held", "level", "links", "segment", "spaces")

    name = "checkpoint"

    def __init__(self, level: Any, segment: Segment) -> None:
        self.key = level.stamp()
        self.cotangent = None
        self.level = level
        self.segment: Segment | None = segment
        self.spaces: list[Space] = []  # of the outputs
        self.held: list[Array] = []  # the arrays that must not change until then
        self.links: tuple[Node | None, ...] = ()

    def pull(self, g: Any, pending: Pending) -> None:
        if self.segment is None:
            freed()
        outputs = [tracer for tracer in self.segment.again() if tracer.level is self.level]
        if [tracer.space for tracer in outputs] != self.spaces:
            raise RuntimeError(differs("a different number of traced values, or other shapes"))
        for tracer, part in zip(outputs, g, strict=True):
            if part is not None:
                send(tracer.node, part, False, pending)

    def release(self) -> None:
        self.segment, self.held = None, []

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links


class Result(Node):
    """One output of a function that will run again."""

    __slots__ = ("index", "region")

    name = "checkpoint"

    def __init__(self, region: Recompute) -> None:
        self.key = region.level.stamp()
        self.cotangent = None
        self.region = region
        self.index = len(region.spaces)

    def pull(self, g: Any, pending: Pending) -> None:
        """Leave the cotangent with the others; the function runs again when all have arrived."""
        region = self.region
        if region.cotangent is None:
            region.cotangent = [None] * len(region.spaces)
            heappush(pending, (region.key, region))
        region.cotangent[self.index] = g

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.region,)


# -- Copies of tracers ------------------------------------------------------------------------------------------

PLACE = {"__weakref__", "memory", "level", "node", "space"}  # slots that hold no part of the value


@functools.cache
def parts_of(classes: tuple[type, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for base in classes for name in getattr(base, "__slots__", ())} - PLACE))


def within(x: Any) -> list[Any]:
    """Return a tracer and those in its value, inner ones first."""
    inner = [getattr(x, name, None) for name in parts_of(type(x).__mro__)]
    return [tracer for outer in tracers_in(inner) for tracer in within(outer)] + [x]


def remade(x: Any, visit: Callable[[Any], Any]) -> Any:
    """Copy a tracer and those within, inner ones first, each replaced by what `visit` returns for its copy."""
    new = x.snapshot()
    for name in parts_of(type(x).__mro__):
        part = getattr(x, name, None)
        if isinstance(part, Traced | list | tuple | dict):
            setattr(new, name, map_tracers(lambda inner: remade(inner, visit), part))
    return visit(new)


# -- One call ---------------------------------------------------------------------------------------------------


class Segment:
    """One call of a checkpointed function, and all that is needed to repeat it."""

    __slots__ = ("context", "function", "leaves", "levels", "policy", "prints", "starts", "store", "structure")

    def __init__(self, function: AnyFunction, arguments: tuple[PyTree, PyTree], policy: Policy | None) -> None:
        self.function = function
        self.policy = policy
        self.store: Store = {}
        self.context = contextvars.copy_context()  # the running transform, modes, NumPy's error handling
        leaves, self.structure = flatten(arguments)
        self.leaves = [snapshot(x) for x in leaves]  # copies, for the caller may write into the originals
        self.levels: dict[Level, Any] = {}  # all that are known to take part, and how they number nodes
        self.prints: list[Fingerprint] = []
        running = RUNNING.get()
        if running is not None:
            self.note(running)
        for x in (*self.leaves, *values_of(function)):
            for tracer in within(x) if isinstance(x, Traced) else ():
                self.note(tracer.level)
        self.starts = {level: (level.stamp(), len(level.locked)) for level in {*self.reverse_levels(), *LASTING}}

    def note(self, level: Level) -> None:
        if level not in self.levels and not level.closed:
            self.levels[level] = getattr(level, "stamp", None)

    def tracers(self) -> list[Any]:
        """Return the tracers in the arguments."""
        return [tracer for x in self.leaves if isinstance(x, Traced) for tracer in within(x)]

    def reverse_levels(self) -> list[ReverseLevel]:
        return [level for level in self.levels if isinstance(level, ReverseLevel)]

    # -- The first time -------------------------------------------------------------------------------

    def first(self, function: AnyFunction) -> Any:
        """Run, and put a node that will run it again in the place of what was recorded."""
        output = self.run(function, self.policy)
        leaves, structure = flatten(output)
        if not any(isinstance(y, Traced) for y in leaves):
            return output
        self.prints = [Fingerprint(y) for y in leaves]
        regions: dict[Level, Recompute] = {}
        made: dict[Level, list[Node]] = {}

        def replace(tracer: Any) -> Any:
            self.note(tracer.level)
            if isinstance(tracer, ReverseTracer) and not tracer.is_constant:
                region = regions.get(tracer.level) or Recompute(tracer.level, self)
                regions[tracer.level] = region
                made.setdefault(tracer.level, []).append(tracer.node)
                tracer.node = Result(region)
                region.spaces.append(tracer.space)
            return tracer

        new = [remade(y, replace) if isinstance(y, Traced) else y for y in leaves]
        for level, region in regions.items():
            self.enclose(region, made.pop(level))
        del output, leaves
        for level, (_, locked) in self.starts.items():
            forget_unused(level, locked)
        return structure.unflatten(new)

    def enclose(self, region: Recompute, made: list[Node]) -> None:
        """Tell a new node what it stands for: the arrays that it relies on, and the nodes before it."""
        level = region.level
        held = [x.value if isinstance(x, Traced) else x for x in self.leaves]
        region.held = [x for x in held if isinstance(x, np.ndarray)]
        for x in self.leaves:
            level.lock(x)  # what is not traced
        if level.depth == 0:  # tensors, whose graph can be looked at
            region.links = boundary(made, self.starts[level][0])

    def run(self, function: AnyFunction, policy: Policy | None) -> Any:
        """Call the function on copies of the arguments; with a policy, on a level that applies it."""
        leaves = [snapshot(x) for x in self.leaves]
        base = self.base() if self.policy else None
        if base is None:
            args, kwargs = self.structure.unflatten(leaves)
            return function(*args, **kwargs)
        level = PolicyLevel(base, policy, self.store)
        outer = RUNNING.get()
        token = RUNNING.set(level if outer is base else outer)
        try:
            wrapped = [remade(x, functools.partial(covered, level)) if isinstance(x, Traced) else x for x in leaves]
            args, kwargs = self.structure.unflatten(wrapped)
            outputs, structure = flatten(function(*args, **kwargs))
            uncovered = functools.partial(bare, level)
            return structure.unflatten([remade(y, uncovered) if isinstance(y, Traced) else y for y in outputs])
        finally:
            RUNNING.reset(token)
            level.close()

    def base(self) -> ReverseLevel | None:
        """Return the deepest reverse level of the arguments; None if a surrounding policy is at work already."""
        levels = {tracer.level for tracer in self.tracers()}
        if any(isinstance(level, PolicyLevel) for level in levels):
            return None
        reverse = [level for level in levels if isinstance(level, ReverseLevel)]
        return max(reverse, key=lambda level: level.depth, default=None)

    # -- Once more ------------------------------------------------------------------------------------

    def again(self) -> list[ReverseTracer]:
        """Run again, and return the reverse tracers in the outputs, in the order in which :meth:`first` met them."""
        with reopened(self.levels):
            leaves = self.context.copy().run(self.quietly)
            prints = [Fingerprint(y) for y in leaves]  # before the end, for a view may have to be read again
        if len(prints) != len(self.prints):
            raise RuntimeError(differs(f"{len(prints)} arrays instead of {len(self.prints)}"))
        for old, new in zip(self.prints, prints, strict=True):
            old.compare(new)
        tracers = [tracer for y in leaves if isinstance(y, Traced) for tracer in within(y)]
        return [tracer for tracer in tracers if isinstance(tracer, ReverseTracer) and not tracer.is_constant]

    def quietly(self) -> list[Any]:
        with np.errstate(all="ignore"):  # the first time has warned
            return flatten(self.run(self.function, None))[0]


def covered(level: PolicyLevel, tracer: Any) -> Any:
    return level.tracer(tracer) if tracer.level is level.base else tracer


def bare(level: PolicyLevel, tracer: Any) -> Any:
    return tracer.value if tracer.level is level else tracer


def boundary(nodes: list[Node], start: int) -> tuple[Node, ...]:
    """Return the nodes made before `start` from which `nodes` were made."""
    found: dict[Node, None] = {}
    seen = set(nodes)
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node.key >= start:  # keys decrease with time
            found[node] = None
            continue
        new = [parent for parent in node.parents if parent is not None and parent not in seen]
        seen.update(new)
        stack += new
    return tuple(found)


def forget_unused(level: ReverseLevel, start: int) -> None:
    """Let go of constants that the level has locked and nobody else holds any more."""
    locked = [weakref.ref(level.locked.pop(key)) for key in list(level.locked)[start:]]
    level.locked |= {id(x): x for x in [reference() for reference in locked] if x is not None}


@contextmanager
def reopened(levels: dict[Level, Any]) -> Iterator[None]:
    """Let levels that have ended record once more."""
    ended = [level for level in levels if level.closed]
    try:
        for level in ended:
            level.closed = False
            if isinstance(level, ReverseLevel):
                level.stamp = levels[level]
        yield
    finally:
        for level in ended:
            level.close()


#: Levels that keep nothing of what passes through them but in its tracers, so that it can be dropped.
FORGETFUL = (BatchLevel, ForwardLevel, PolicyLevel)


def forgetful(level: Level) -> bool:
    return isinstance(level, ReverseLevel) or type(level) in FORGETFUL


def checkpointed(
    first: AnyFunction, again: AnyFunction, args: PyTree, kwargs: dict[str, Any], policy: Policy | None = None
) -> Any:
    """Call `first`; for the derivative, `again` will be called. Both must compute the same.

    Where a transform writes down all that happens, such as ``linearize``, there is nothing to be dropped.
    """
    segment = Segment(again, (args, kwargs), policy)
    return segment.first(first) if all(map(forgetful, segment.levels)) else first(*args, **kwargs)
