"""The level that notes every call, also those without a derivative, which leave no node.

:class:`Recorder` is reverse mode with tracers of its own, which the short paths leave alone. Values are named by the
node that made them; constants, which have none, by their identity: the recorder holds every array that it has named.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.gather import Gather
from funcgrad.core.graph import Leaf, Node
from funcgrad.core.level import Level, Traced, plain
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.debug.lines import current_line, shown, shown_part
from funcgrad.debug.program import Step, Value
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.reverse import NonfiniteTracer, ReverseLevel, ReverseTracer

__all__ = ["Recorder"]


class RecordedTracer(ReverseTracer):
    """A tracer that the short paths leave to the recorder."""

    __slots__ = ()

    def __bool__(self) -> bool:
        self.told("bool()")
        return super().__bool__()

    def item(self, *index: Any) -> Any:
        self.told("item()")
        return super().item(*index)

    def tolist(self) -> Any:
        self.told("tolist()")
        return super().tolist()

    def told(self, what: str) -> None:
        """Note that the value leaves for plain Python."""
        recorder: Any = self.level
        recorder.note(what, (self,), {}, (), constant=True)

    def __getitem__(self, index: Any) -> Any:
        out = super().__getitem__(index)
        if isinstance(self, NonfiniteTracer) and isinstance(out, RecordedTracer):
            out.__class__ = RecordedNonfinite
        return out


class RecordedNonfinite(RecordedTracer, NonfiniteTracer):
    """The same for a value that is not finite."""

    __slots__ = ()


class Recorder(ReverseLevel):
    """Reverse mode that keeps a list of all calls."""

    __slots__ = ("alive", "count", "held", "names", "steps")

    shortens = False
    small = -1  # it knows arrays by identity

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.names: dict[int, Value] = {}  # of nodes and of arrays, by identity
        self.alive: list[Any] = []  # what `names` is about, so that no identity is used twice
        self.held: dict[int, Any] = {}  # of nodes, by identity: their values
        self.count = 0

    def forget(self) -> None:
        """Let go of all arrays; the steps remain."""
        self.names.clear()
        self.held.clear()
        self.alive.clear()

    # Names

    def named(self, thing: Any, value: Any, node: Node | None = None) -> Value:
        """Return the name of `thing`, a value that the program may read later; a new one if it has none."""
        known = self.names.get(id(thing if node is None else node))
        if known is None:
            name = f"%{self.count}"
            self.count += 1
            known = Value(name, name, space_of(value), node is not None)
            for key in (value, node):
                self.remember(key, known)
            self.held[id(node)] = value
        return known

    def remember(self, thing: Any, name: Value) -> None:
        if thing is not None and not isinstance(thing, np.bool_):  # there are two bools only
            self.names[id(thing)] = name
            self.alive.append(thing)

    def value_of(self, x: Any, link: Node | None = None) -> Value:
        """Return how an operand is called in the text: by name if it is one of the program's values."""
        if isinstance(x, ReverseTracer) and x.level is self:
            return self.named(x, x.value, x.node)
        known = self.names.get(id(link)) if link is not None else self.names.get(id(x))
        if known is not None:
            return known if link is not None else dataclasses.replace(known, differentiable=False)
        if isinstance(x, list | tuple):
            parts = ", ".join(self.value_of(part).text for part in x)
            return Value(None, f"[{parts}]" if isinstance(x, list) else f"({parts}{',' if len(x) == 1 else ''})")
        has_space = hasattr(x, "dtype") and hasattr(x, "shape") and not isinstance(x, type)
        return Value(None, shown(x), space_of(x) if has_space else None)

    def names_in(self, tree: Any) -> tuple[str, ...]:
        """Return the names in nested lists, tuples and dicts."""
        if isinstance(tree, dict):
            tree = list(tree.values())
        if isinstance(tree, list | tuple):
            return tuple(name for part in tree for name in self.names_in(part))
        name = self.value_of(tree).name if isinstance(tree, np.ndarray | np.generic | Traced) else None
        return () if name is None else (name,)

    def text_of(self, key: str, x: Any) -> str:
        if key != "index":
            return self.value_of(x).text
        return f"[{', '.join(map(self.text_of_part, x if isinstance(x, tuple) else (x,)))}]"

    def text_of_part(self, part: Any) -> str:
        return self.value_of(part).text if hasattr(part, "dtype") else shown_part(part)

    # Calls

    def note(
        self,
        function: str,
        operands: Sequence[Any],
        params: dict[str, Any],
        out: Any,
        links: Sequence[Node | None] = (),
        constant: bool = False,
    ) -> Step:
        """Add a step."""
        links = links or (None,) * len(operands)
        values = tuple([self.value_of(x, link) for x, link in zip(operands, links, strict=True)])
        nested = [x for x in operands if isinstance(x, list | tuple)]
        reads = self.names_in([*nested, *params.values()])
        texts = {key: self.text_of(key, x) for key, x in params.items() if x is not None}
        step = Step(function, values, texts, current_line(), constant=constant, reads=reads)
        parts = out if isinstance(out, tuple | list) else (out,)
        step.outputs = tuple([self.output_of(part) for part in parts])
        self.steps.append(step)
        return step

    def output_of(self, y: Any) -> Value:
        if isinstance(y, ReverseTracer) and y.level is self:
            return self.named(y, y.value, y.node)
        if isinstance(y, np.ndarray | np.generic | Traced) and is_array(y):
            self.names.pop(id(y), None)  # `stop_gradient` returns what it was given, by another name
            return self.named(y, y)
        return self.value_of(y)

    def tracer(self, value: Array, node: Node, space: Space) -> ReverseTracer:
        out = super().tracer(value, node, space)
        out.__class__ = RecordedTracer
        if type(node) is Gather:  # reading is recorded by the tracer itself
            source = node.parent
            self.note("getitem", (self.held.get(id(source)),), {"index": node.index}, out, (source,))
        return out

    def constant(self, value: Array) -> ReverseTracer:
        """Wrap a constant: what ``np.zeros_like`` has just returned, or an array of another origin."""
        out = self.tracer(value, Leaf(self.stamp()), space_of(value))
        known = self.names.get(id(value))
        if known is not None:
            self.remember(out.node, dataclasses.replace(known, differentiable=True))
            self.held[id(out.node)] = value
        else:
            self.note("constant", (), {}, out, constant=True)
        return out

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        out = super().process(primitive, operands, params)
        if primitive.is_constant:
            self.note(primitive.name, operands, params, out, constant=True)
        elif isinstance(out, ReverseTracer) and out.level is self:
            self.guard(out, any(isinstance(x, NonfiniteTracer) for x in operands))
        return out

    def guard(self, out: ReverseTracer, nonfinite: bool) -> None:
        """Do for the recorder's own class of tracers what reverse mode does for values that are not finite."""
        if not nonfinite and not isinstance(out, NonfiniteTracer):
            return
        node: Any = out.node
        node.guarded = True
        finite = np.isfinite(plain(out.value)).all()
        out.__class__ = RecordedTracer if finite else RecordedNonfinite

    def record(
        self,
        primitive: Primitive,
        values: Sequence[Array],
        spaces: tuple[Space, ...],
        links: tuple[Node | None, ...],
        y: Any,
        params: dict[str, Any],
    ) -> Any:
        observed = self.observe(primitive, values)
        out = super().record(observed, values, spaces, links, y, params)
        step = self.note(primitive.name, values, params, out, links)
        self.noted(step, observed, values, links, y)
        return out

    def keep(self, index: Any) -> Any:
        return index  # by which it is known

    write = Level.write  # as calls, which are steps
    reread = Level.reread

    def observe(self, primitive: Primitive, values: Sequence[Array]) -> Any:
        """Return what is recorded in the place of `primitive`."""
        return primitive

    def noted(self, step: Step, observed: Any, values: Sequence[Any], links: Sequence[Node | None], y: Any) -> None:
        """See a step that has been recorded."""

    def input(self, x: Any) -> tuple[Any, Value]:
        """Return what the function gets for a leaf of its arguments, and its name."""
        if not is_array(x):
            return x, Value(None, shown(x))
        x = as_array(x)
        if space_of(x).is_inexact:
            tracer = self.tracer(x, Leaf(self.stamp()), space_of(x))
            return tracer, self.value_of(tracer)
        return x, self.named(x, x)
