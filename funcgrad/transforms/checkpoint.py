"""Checkpoints: keep the inputs of a function instead of what its backward pass needs, and run it again for that.

The function runs on the tracers that it is given, and is recorded as ever. Then the graph behind its outputs is dropped:
one :class:`Recompute` node takes its place, at each reverse level that the outputs live on. When the backward pass
arrives there, the levels are opened once more, the function runs again on the same tracers, and the pass goes on through
what that has recorded. So closed-over values get their gradients as always, and all sums are formed in the same order.
"""

from __future__ import annotations

import contextvars
import functools
import operator
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.gather import Reads
from funcgrad.core.graph import Node, Pending, freed, send
from funcgrad.core.level import RUNNING, Level, Traced, map_tracers, plain
from funcgrad.core.space import Space, space_of
from funcgrad.transforms.arguments import Transformed, is_array
from funcgrad.transforms.policies import Policy, PolicyLevel, Store
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer
from funcgrad.tree import flatten

__all__ = ["checkpoint", "checkpointed", "remade", "remat"]

# -- Nodes ---------------------------------------------------------------------------------------------------


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
        if self.region.cotangent is None:
            send(self.region, [None] * len(self.region.spaces), False, pending)  # type: ignore[arg-type]
        self.region.cotangent[self.index] = g

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.region,)


# -- Copies of tracers ---------------------------------------------------------------------------------------

PLACE = {"__weakref__", "aliases", "level", "node", "reads", "space"}  # slots that hold no part of the value


@functools.cache
def parts_of(cls: type) -> tuple[str, ...]:
    return tuple({name for base in cls.__mro__ for name in getattr(base, "__slots__", ())} - PLACE)


def copied(x: Any) -> Any:
    """Return another tracer of the same value: what is written into it does not show in the first."""
    new = object.__new__(type(x))
    new.level = x.level
    new.become(x)
    return new


def remade(x: Any, visit: Callable[[Any], Any]) -> Any:
    """Copy a tracer and those within, each replaced by what `visit` returns for its copy."""
    new = copied(x)
    for name in parts_of(type(x)):
        part = getattr(x, name)
        if not isinstance(part, np.ndarray):
            setattr(new, name, map_tracers(lambda inner: remade(inner, visit), part))
    return visit(new)


def argument(x: Any) -> Any:
    """Copy a tracer that is an argument. All copies collect the cotangents of their elements in one place."""
    if not isinstance(x, Traced):
        return x
    new = copied(x)
    if isinstance(x, ReverseTracer):
        if getattr(x, "reads", None) is None:
            level: Any = x.level
            x.reads = Reads(level.stamp(), x.node, x.space)
        new.reads = x.reads
    return new


# -- One call ------------------------------------------------------------------------------------------------


class Segment:
    """One call of a checkpointed function, and all that is needed to repeat it."""

    __slots__ = ("context", "function", "leaves", "levels", "policy", "prints", "starts", "store", "structure")

    def __init__(self, function: AnyFunction, arguments: tuple[PyTree, PyTree], policy: Policy | None) -> None:
        self.function = function
        self.policy = policy
        self.store: Store = {}
        self.context = contextvars.copy_context()  # the running transform, modes, NumPy's error handling
        leaves, self.structure = flatten(arguments)
        self.leaves = [argument(x) for x in leaves]  # copies, for the caller may write into the originals
        self.levels: dict[Level, Any] = {}  # all that are known to take part, and how they number nodes
        self.prints: list[Any] = []
        running = RUNNING.get()
        if running is not None:
            self.note(running)
        for x in self.leaves:
            if isinstance(x, Traced):
                remade(x, self.note_tracer)
        self.starts = {level: (level.stamp(), len(level.locked)) for level in self.reverse_levels()}

    def note(self, level: Level) -> None:
        if level not in self.levels:
            self.levels[level] = getattr(level, "stamp", None)

    def note_tracer(self, tracer: Any) -> Any:
        self.note(tracer.level)
        return tracer

    def reverse_levels(self) -> list[ReverseLevel]:
        return [level for level in self.levels if isinstance(level, ReverseLevel)]

    # -- The first time -------------------------------------------------------------------------------

    def first(self, function: AnyFunction) -> Any:
        """Run, and put a node that will run it again in the place of what was recorded."""
        output = self.run(function, self.policy)
        leaves, structure = flatten(output)
        if not any(isinstance(y, Traced) for y in leaves):
            return output
        self.prints = [fingerprint(y) for y in leaves]
        regions: dict[Level, Recompute] = {}
        made: dict[Level, list[Node]] = {}

        def replace(tracer: Any) -> Any:
            self.note(tracer.level)
            if isinstance(tracer, ReverseTracer):
                region = regions.setdefault(tracer.level, regions.get(tracer.level) or Recompute(tracer.level, self))
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
            region.links = boundary(made, self.starts.get(level, (1, 0))[0])

    def run(self, function: AnyFunction, policy: Policy | None) -> Any:
        """Call the function on copies of the arguments; with a policy, on a level that applies it."""
        leaves = [argument(x) for x in self.leaves]
        base = max(self.traced_levels(), key=lambda level: level.depth, default=None) if self.policy else None
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

    def traced_levels(self) -> list[ReverseLevel]:
        """Return the reverse levels of the arguments, none if a surrounding policy is at work already."""
        found: list[Level] = []
        for x in self.leaves:
            if isinstance(x, Traced):
                remade(x, lambda tracer: found.append(tracer.level) or tracer)
        if any(isinstance(level, PolicyLevel) for level in found):
            return []
        return [level for level in found if isinstance(level, ReverseLevel)]

    # -- Once more ------------------------------------------------------------------------------------

    def again(self) -> list[ReverseTracer]:
        """Run again, and return the reverse tracers in the outputs, in the order in which :meth:`first` met them."""
        with reopened(self.levels):
            leaves, _ = flatten(self.context.copy().run(self.quietly))
        prints = [fingerprint(y) for y in leaves]
        if len(prints) != len(self.prints):
            raise RuntimeError(differs(f"{len(prints)} arrays instead of {len(self.prints)}"))
        for old, new in zip(self.prints, prints, strict=True):
            old.compare(new)
        found: list[ReverseTracer] = []
        for y in leaves:
            if isinstance(y, Traced):
                collect(y, found)
        return found

    def quietly(self) -> Any:
        with np.errstate(all="ignore"):  # the first time has warned
            return self.run(self.function, None)


def collect(y: Any, found: list[ReverseTracer]) -> None:
    """Append the reverse tracers in `y`, themselves and not copies, inner ones first."""
    for name in parts_of(type(y)):
        map_tracers(lambda inner: collect(inner, found), getattr(y, name))
    if isinstance(y, ReverseTracer):
        found.append(y)


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
    locked = [weakref.ref(x) for x in level.locked[start:]]
    del level.locked[start:]
    level.locked += [x for x in [reference() for reference in locked] if x is not None]


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


# -- The same again? -----------------------------------------------------------------------------------------

SAMPLES = 32


class Fingerprint:
    """A few elements and the sum of an output, to notice when a second run computes something else."""

    __slots__ = ("samples", "space")

    def __init__(self, y: Any) -> None:
        self.space = space_of(y) if is_array(y) else None
        value = plain(y)
        self.samples: Array | None = None
        if isinstance(y, Traced) and isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc":
            step = max(1, value.size // SAMPLES)
            some = np.asarray(value).flat[::step]
            with np.errstate(all="ignore"):
                self.samples = np.append(some, np.sum(value) / max(1, value.size))

    def compare(self, other: Fingerprint) -> None:
        if self.space != other.space:
            raise RuntimeError(differs(f"an array of {other.space} instead of {self.space}"))
        a, b = self.samples, other.samples
        if a is None or b is None or np.array_equal(a, b, equal_nan=True):
            return
        with np.errstate(all="ignore"):
            tolerance = float(np.finfo(a.dtype).eps) ** 0.5
            scale = np.max(np.abs(a), initial=0, where=np.isfinite(a))
            if a.shape != b.shape or not np.isclose(a, b, tolerance, tolerance * scale, equal_nan=True).all():
                raise RuntimeError(differs("other values"))


fingerprint = Fingerprint


def differs(what: str) -> str:
    return (
        f"checkpoint: the function returned {what} when it was run again for its derivative. It must do the same each "
        "time. Draw random numbers outside and pass them in, do not change what it reads (arrays, lists, attributes, "
        "loop variables) before the backward pass, and give it no memory of earlier calls."
    )


class Frozen:
    """A function, and what its names meant when it was first called: a loop variable changes before it runs again."""

    __slots__ = ("cells", "function", "globals")

    def __init__(self, function: types.FunctionType) -> None:
        self.function = function
        self.cells = tuple([frozen_cell(cell) for cell in function.__closure__ or ()])
        known = function.__globals__
        self.globals = {name: known[name] for name in names_in(function.__code__) if name in known}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        f, known = self.function, self.function.__globals__
        if any(known.get(name) is not value for name, value in self.globals.items()):
            known = known | self.globals
        again = types.FunctionType(f.__code__, known, f.__name__, f.__defaults__, self.cells)
        again.__kwdefaults__ = f.__kwdefaults__
        return again(*args, **kwargs)


def frozen(function: AnyFunction) -> AnyFunction:
    if isinstance(function, functools.partial):
        return functools.partial(frozen(function.func), *function.args, **function.keywords)
    return Frozen(function) if isinstance(function, types.FunctionType) else function


def frozen_cell(cell: types.CellType) -> types.CellType:
    try:
        return types.CellType(cell.cell_contents)
    except ValueError:  # not assigned yet
        return cell


@functools.cache
def names_in(code: types.CodeType) -> frozenset[str]:
    """Return the global names that a function and those defined in it may read."""
    inner = [names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return frozenset(code.co_names).union(*inner)


def checkpointed(
    first: AnyFunction, again: AnyFunction, args: PyTree, kwargs: dict[str, Any], policy: Policy | None = None
) -> Any:
    """Call `first`; for the derivative, `again` will be called. Both must compute the same."""
    return Segment(again, (args, kwargs), policy).first(first)
