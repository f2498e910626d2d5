"""The recorder of ``explain``: it keeps the values of every call, and what its rule received and returned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node
from funcgrad.core.kinds import Linear
from funcgrad.core.level import plain
from funcgrad.core.primitive import Primitive
from funcgrad.debug.lines import rule_of
from funcgrad.debug.program import Step
from funcgrad.debug.recorder import Recorder
from funcgrad.transforms.reverse import ReverseTracer

__all__ = ["Event", "Observer", "finite", "host", "magnitude"]


@dataclasses.dataclass(eq=False)
class Event:
    """A step, with the arrays that explain it."""

    step: Step
    values: tuple[Any, ...]
    output: Any
    links: tuple[Node | None, ...]
    nodes: tuple[Node | None, ...]  # of the outputs
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    leaves: frozenset[int] = frozenset()  # the inputs that the differentiable operands depend on
    seen: frozenset[int] = frozenset()  # the inputs that any operand depends on
    linear: bool = False  # whether the function is linear, so that a zero is an element that it does not use
    index: Any = None  # what is read, if the call reads elements
    order: int | None = None  # when its rule ran in the backward pass
    arrived: Any = None  # the cotangent that the rule received
    sent: list[tuple[int, Any]] = dataclasses.field(default_factory=list)

    @property
    def parts(self) -> list[Any]:
        return list(self.output) if isinstance(self.output, tuple | list) else [self.output]


class Observed:
    """A primitive as one call of it was recorded: it notes what its rule receives and returns."""

    __slots__ = ("event", "observer", "primitive")

    each = None  # `vjp` is to be called

    def __init__(self, primitive: Any, observer: Observer) -> None:
        self.primitive = primitive
        self.observer = observer
        self.event: Event | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.primitive, name)

    def vjp(self, call: Any, g: Any) -> Iterator[tuple[int, Array]]:
        event = self.event
        assert event is not None
        observer = self.observer
        event.order = observer.pulled = observer.pulled + 1
        observer.current = event
        event.arrived = hosts(g)
        with rule_of(event.step.line):
            sent = list(self.primitive.vjp(call, g))
        for i, c in sent:
            link = call.links[i]
            if link is not None:
                event.sent.append((i, host(c)))
                observer.contributions.setdefault(id(link), []).append((event, host(c)))
                yield i, c
        observer.current = None


def host(x: Any) -> Any:
    """Return the plain array under all tracers; one on a device is copied."""
    x = plain(x)
    return x.get() if hasattr(x, "__array_ufunc__") and hasattr(x, "get") else x


def hosts(g: Any) -> Any:
    return tuple(map(host, g)) if isinstance(g, tuple | list) else host(g)


class Observer(Recorder):
    """A recorder that knows which inputs everything depends on."""

    __slots__ = ("contributions", "current", "events", "leaves", "pulled", "seen")

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.leaves: dict[str, frozenset[int]] = {}  # by name: the inputs that have a path to a value
        self.seen: dict[str, frozenset[int]] = {}  # by name: also those whose path a constant function has cut
        self.contributions: dict[int, list[tuple[Event, Any]]] = {}  # by node: what its uses sent back
        self.pulled = 0
        self.current: Event | None = None  # whose rule runs

    def observe(self, primitive: Primitive, values: Sequence[Array]) -> Any:
        return Observed(primitive, self)

    def note(
        self,
        function: str,
        operands: Sequence[Any],
        params: dict[str, Any],
        out: Any,
        links: Sequence[Node | None] = (),
        constant: bool = False,
    ) -> Step:
        step = super().note(function, operands, params, out, links, constant)
        links = tuple(links) or (None,) * len(operands)
        values = tuple([host(x) for x in operands])
        parts = out if isinstance(out, tuple | list) else [out]
        nodes = tuple([y.node if isinstance(y, ReverseTracer) and y.level is self else None for y in parts])
        event = Event(step, values, hosts(out), links, nodes, params)
        names = [x.name for x in step.operands if x.name is not None and x.differentiable]
        event.leaves = self.union(self.leaves, step.sources if constant else names)
        event.seen = self.union(self.seen, step.sources)
        for y, node in zip(step.outputs, nodes, strict=True):
            if y.name is not None:
                self.seen[y.name] = event.seen
                self.leaves[y.name] = event.leaves if node is not None else frozenset()
        if function == "getitem":
            event.index = params.get("index")
        self.events.append(event)
        return step

    def noted(self, step: Step, observed: Any, values: Sequence[Any], links: Sequence[Node | None], y: Any) -> None:
        observed.event = event = self.events[-1]
        event.linear = isinstance(observed.primitive, Linear)

    def union(self, table: dict[str, frozenset[int]], names: Sequence[str]) -> frozenset[int]:
        return frozenset().union(*[table.get(name, frozenset()) for name in names])

    def forget(self) -> None:
        super().forget()
        for event in reversed(self.events):  # a node holds its event: no cycle may keep the arrays
            event.values = event.links = event.nodes = ()
            event.output = event.arrived = None
            event.sent.clear()
        self.events.clear()
        self.contributions.clear()
        self.current = None

    def reaching(self, roots: Sequence[Node]) -> set[int]:
        """Return the identities of the nodes from which a path leads to the roots."""
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if id(node) not in found:
                found.add(id(node))
                parents = list(node.parents)
                waiting += [parent for parent in parents if parent is not None]
        return found


def finite(x: Any) -> bool:
    """Whether a floating array has neither infinities nor nans; what is no such array, has none."""
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    return kind not in ("f", "c") or bool(np.isfinite(x).all())


def magnitude(x: Any) -> float:
    """Return the largest absolute value, 0 for nothing."""
    x = x if isinstance(x, tuple | list) else (x,)
    sizes = [float(np.max(np.abs(part)).item()) for part in x if part is not None and np.size(part)]
    return max(sizes, default=0.0)
