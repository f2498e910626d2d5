"""``trace``: the program that a transform records, as text and as a list of steps.

:class:`Recorder` is a reverse-mode level that notes every call, also those without a derivative, which come to it and
leave no node. Values are named by the node that made them; constants, which have none, by their identity: the recorder
holds every array that it has named.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array
from funcgrad.core.gather import Gather
from funcgrad.core.graph import Node
from funcgrad.core.level import Traced, plain
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.debug.lines import Line, current_line, shown, shown_part
from funcgrad.transforms.arguments import Transformed, as_array, call_traced, is_array
from funcgrad.transforms.reverse import NonfiniteTracer, ReverseLevel, ReverseTracer
from funcgrad.tree import flatten, flatten_with_paths

__all__ = ["Program", "Recorder", "Step", "Value", "trace"]


# -- What is recorded ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Value:
    """An operand or output of a step.

    Attributes
    ----------
    name : str or None
        ``%3`` for an input, or what a step returned; None for a constant.
    text : str
        The name; for a constant a number's digits, or an array's dtype and shape.
    space : Space or None
        Shape and dtype; None for what is no array.
    differentiable : bool
        Whether a derivative flows through it: a step's output that is None of it has a name, but no cotangent.
    """

    name: str | None
    text: str
    space: Space | None = None
    differentiable: bool = False

    def __str__(self) -> str:
        return self.text


@dataclasses.dataclass(eq=False)
class Step:
    """One call.

    Attributes
    ----------
    function : str
        The primitive's name.
    operands : tuple of Value
    params : dict
        The keywords as text.
    outputs : tuple of Value
        None of them differentiable if the call has no derivative.
    line : Line
        Where the user's code made the call.
    constant : bool
        Whether the function has no derivative, such as ``floor``.
    """

    function: str
    operands: tuple[Value, ...]
    params: dict[str, str]
    line: Line
    outputs: tuple[Value, ...] = ()
    constant: bool = False
    reads: tuple[str, ...] = ()  # names of values among the keywords

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all values that the call reads."""
        return (*(x.name for x in self.operands if x.name is not None), *self.reads)

    def __str__(self) -> str:
        left = ", ".join(map(str, self.outputs)) or "_"
        words = [self.function, *map(str, self.operands), *(f"{key}={text}" for key, text in self.params.items())]
        spaces = ", ".join(str(y.space) for y in self.outputs if y.space is not None)
        return f"{left} = {' '.join(words)}   # {spaces}  {self.line}"


@dataclasses.dataclass(eq=False)
class Program:
    """What a function did with its arguments, call by call. Its ``str`` is the text.

    Attributes
    ----------
    name : str
        The function's.
    inputs, outputs : list of (str, Value)
        Each with its path in the arguments or in the result.
    steps : list of Step
    """

    name: str
    inputs: list[tuple[str, Value]]
    steps: list[Step]
    outputs: list[tuple[str, Value]]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __str__(self) -> str:
        def listed(values: list[tuple[str, Value]]) -> str:
            return ", ".join(f"{value}{f': {value.space}' if value.space else ''} ({path})" for path, value in values)

        lines = [f"inputs of {self.name}: {listed(self.inputs)}", *map(str, self.steps)]
        return "\n".join([*lines, f"outputs: {listed(self.outputs)}"])

    __repr__ = __str__


# -- Recording --------------------------------------------------------------------------------------------


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

    __slots__ = ("alive", "count", "names", "steps")

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.names: dict[int, Value] = {}  # of nodes and of arrays, by identity
        self.alive: list[Any] = []  # what `names` is about, so that no identity is used twice
        self.count = 0

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
        return Value(None, shown(x), space_of(x) if hasattr(x, "dtype") and hasattr(x, "shape") else None)

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
            source = node.reads.parent
            self.note("getitem", (value,), {"index": node.index}, out, (source,))
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
            tracer = self.constant(x)
            return tracer, self.value_of(tracer)
        return x, self.named(x, x)


# -- The public function ---------------------------------------------------------------------------------


def trace(f: AnyFunction) -> Any:
    """Return a function that runs `f` and returns the program that a transform would record.

    One line for each call of a function with a rule: its outputs, the function, operands and keywords; then shape and
    dtype, and the user's line. Values that depend on the inputs have numbers; constants are shown by their digits, or
    by dtype and shape. Transforms inside `f` show the calls that they make themselves, forward and backward.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees.

    Returns
    -------
    callable
        Takes the arguments of `f`; returns a :class:`Program`: its ``str`` is the text, ``steps`` the list.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> program = debug.trace(lambda x: np.sum(np.sin(x) * 2, axis=0))(np.ones(3))
    >>> for step in program:
    ...     print(str(step).split("#")[0])
    %1 = sin %0
    %2 = multiply %1 2
    %3 = sum %2 axis=0
    >>> program.steps[1].operands[0].space
    float64[3]
    """
    return Transformed(apply_trace, f, {})


def apply_trace(f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Program:
    level = Recorder()
    try:
        leaves, structure = flatten((args, kwargs))
        paths = [path_of(path) for path, _ in flatten_with_paths((args, kwargs))]
        given, names = zip(*map(level.input, leaves), strict=True) if leaves else ((), ())
        new_args, new_kwargs = structure.unflatten(given)
        output = call_traced(level, f, new_args, new_kwargs)
        results, _ = flatten(output)
        outputs = [
            (f"result{path}", level.value_of(y))
            for (path, _), y in zip(flatten_with_paths(output), results, strict=True)
        ]
    finally:
        level.close()
    name = getattr(f, "__name__", repr(f))
    return Program(name, list(zip(paths, names, strict=True)), level.steps, outputs)


def path_of(path: str) -> str:
    """Return a path in ``(args, kwargs)`` as the user would write it."""
    path = path.replace("[<flat index 0>]", "")  # of a tensor
    return ("args" + path[3:]) if path.startswith("[0]") else path[4:].replace("']", "", 1).lstrip("'")
