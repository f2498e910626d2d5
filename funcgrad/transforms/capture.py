"""Capture: run a function once, and write down what it does to its arguments, and which traced values it closes over.

1. What the tracer carries: a value, and the number of the register where it will be when the program runs.
2. How a primitive is interpreted: run it one level down, and write down its call.
3. What comes out: a :class:`Program`, a function of its closed-over values too, and :func:`closed`, which makes one
   only where there are such values.

Rules of functions that take functions (:mod:`~funcgrad.transforms.linear`, :mod:`~funcgrad.transforms.implicit`) need
this: a derivative with respect to a closed-over value can only be given if it can be replaced by another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.level import Level, Traced, map_tracers, rebuilt, strip
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import space_of
from funcgrad.core.tracer import Tracer
from funcgrad.errors import EscapedTracerError
from funcgrad.transforms.arguments import as_array, call_traced, is_array
from funcgrad.transforms.batch import BatchLevel, NeedsLoop
from funcgrad.tree import Structure, flatten

__all__ = ["CaptureLevel", "CaptureTracer", "Program", "capture", "closed"]


def reading(name: str) -> Callable[..., Any]:
    """Return a method that reads the value, after noting that the program depends on it."""

    def method(self: CaptureTracer, *args: Any) -> Any:
        self.level.read(name)
        return getattr(self.value, name)(*args)

    return method


class CaptureTracer(Tracer):
    """A value, and where it will be when the program runs."""

    __slots__ = ("register",)

    parts = ("value", "register")

    level: CaptureLevel
    register: int

    def become(self, new: Any) -> None:
        self.value, self.space, self.register = new.value, new.space, new.register

    def __bool__(self) -> bool:
        self.level.read("a branch")
        return bool(self.value)

    item, tolist, __index__ = reading("item"), reading("tolist"), reading("__index__")


class Register:
    """In a program, the place of a value that it computes."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Step:
    """One call of the program."""

    __slots__ = ("args", "call", "kwargs", "writes")

    def __init__(self, call: Callable[..., Any], args: Any, kwargs: dict[str, Any], writes: list[int | None]) -> None:
        self.call = call
        self.args = args
        self.kwargs = kwargs
        self.writes = writes


class CaptureLevel(Level):
    """One function that is being written down."""

    __slots__ = ("branch", "constants", "count", "registers", "steps")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.steps: list[Step] = []
        self.constants: list[Traced] = []  # traced values from outside
        self.registers: dict[int, Register] = {}  # theirs, by identity
        self.branch: str | None = None  # what in the function depends on values, and so is true for these only

    def close(self) -> None:
        super().close()
        self.steps = []  # they are the program's now
        self.registers = {}

    def read(self, what: str) -> None:
        """Note that Python code reads a value."""
        self.branch = self.branch or what

    def tracer(self, value: Array) -> CaptureTracer:
        out = CaptureTracer()
        out.value = value
        out.level = self
        out.space = space_of(value)
        out.register = self.next()
        return out

    def next(self) -> int:
        self.count += 1
        return self.count - 1

    def constant(self, value: Array) -> Traced:
        out: Traced = self.note(lambda x: x, (value,), {}, value)
        return out

    def place(self, tree: Any) -> Any:
        """Replace tracers in nested lists, tuples and dicts by their registers."""
        return map_tracers(self.place_of, tree)

    def place_of(self, tracer: Traced) -> Register:
        if isinstance(tracer, CaptureTracer) and tracer.level is self:
            return Register(tracer.register)
        found = self.registers.get(id(tracer))
        if found is None:
            found = self.registers[id(tracer)] = Register(self.next())
            self.constants.append(tracer)
        return found

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        call: Any = primitive if primitive.is_constant else primitive.dispatch
        return self.run(call, operands, params)

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.run(function, args, kwargs)

    def run(self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                "A traced value was used after the function that it was an argument of had ended; return it instead."
            )
        return self.note(call, args, kwargs, as_array(call(*strip(args, self), **strip(kwargs, self))))

    def note(self, call: Callable[..., Any], args: Any, kwargs: dict[str, Any], y: Any) -> Any:
        """Write down a call that returned `y`."""
        several = isinstance(y, tuple | list)
        outs = [self.tracer(part) if is_array(part) else part for part in (y if several else [y])]
        if not all(isinstance(out, CaptureTracer) for out in outs):
            self.read("a result that is no array")
        writes = [out.register if isinstance(out, CaptureTracer) else None for out in outs]
        self.steps.append(Step(call, self.place(tuple(args)), self.place(kwargs), writes))
        if not several:
            return outs[0]
        return rebuilt(y, outs)


class Program:
    """What a function does to the arrays in its arguments, as a function of the values that it closes over too."""

    __slots__ = ("constants", "inputs", "outputs", "steps", "structure")

    def __init__(self, level: CaptureLevel, inputs: list[int], output: PyTree) -> None:
        leaves, self.structure = flatten(output)
        self.outputs = [level.place(leaf) for leaf in leaves]
        self.inputs = inputs
        self.steps = level.steps
        self.constants = [level.registers[id(tracer)].number for tracer in level.constants]

    structure: Structure

    def __call__(self, constants: Any, inputs: Any) -> PyTree:
        """Run on other closed-over values and other arrays: `constants` and `inputs` are sequences of these."""
        values: dict[int, Any] = dict(zip(self.constants, constants, strict=True))
        values |= zip(self.inputs, inputs, strict=True)
        for step in self.steps:
            y = step.call(*filled(step.args, values), **filled(step.kwargs, values))
            parts = y if isinstance(y, tuple | list) else [y]
            values |= {i: part for i, part in zip(step.writes, parts, strict=True) if i is not None}
        return self.structure.unflatten([filled(leaf, values) for leaf in self.outputs])


def filled(tree: Any, values: dict[int, Any]) -> Any:
    """Replace registers in nested lists, tuples and dicts by what they hold."""
    if isinstance(tree, Register):
        return values[tree.number]
    if isinstance(tree, dict):
        return {key: filled(item, values) for key, item in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*[filled(item, values) for item in tree])
    if isinstance(tree, list | tuple):
        return type(tree)(filled(item, values) for item in tree)
    return tree


def capture(f: AnyFunction, leaves: list[Any], structure: Structure, level: CaptureLevel) -> tuple[Program, PyTree]:
    """Run ``f(*args)`` on `level` and close it; return the program, and the output with the level's tracers in it."""
    try:
        tracers = [level.tracer(as_array(x)) if is_array(x) else x for x in leaves]
        inputs = [t.register for t in tracers if isinstance(t, CaptureTracer)]
        output = call_traced(level, f, structure.unflatten(tracers), {})
        return Program(level, inputs, output), output
    finally:
        level.close()


def closed(
    name: str, f: AnyFunction, *args: PyTree, check: Callable[[PyTree], None] | None = None
) -> tuple[Callable[..., PyTree], list[Traced]]:
    """Make the traced values that `f` closes over arguments.

    Parameters
    ----------
    name : str
        What messages call the function.
    f : callable
    *args : pytree
        Arguments to run it on once.
    check : callable, optional
        Gets the output, with tracers in it.

    Returns
    -------
    function : callable
        ``function(constants, *args)``: what `f` does, with others in the place of the values that it closes over.
    constants : list of tracer
        These values. If there are none, the function is `f` itself; if there are, it has become a fixed program.

    Raises
    ------
    TypeError
        If `f` closes over traced values, and its course depends on the values of its arguments.
    """
    leaves, structure = flatten(args)
    level = CaptureLevel()
    program, output = capture(f, leaves, structure, level)
    if check is not None:
        check(output)
    del output
    if not level.constants:
        return lambda constants, *args: f(*args), []
    if level.branch is not None:
        for tracer in level.constants:
            if isinstance(tracer.level, BatchLevel):  # for a single example it closes over nothing
                raise NeedsLoop(tracer.level, f"what {name} closes over")
        raise TypeError(
            f"{name} closes over a traced value of shape {level.constants[0].space.shape}, and its course depends on "
            f"the values of its arguments ({level.branch}). Make what it closes over an argument, use np.where, "
            "or pass funcgrad.stop_gradient of it if no gradient shall flow through it."
        )

    def function(constants: Any, *args: PyTree) -> PyTree:
        leaves, given = flatten(args)
        if given != structure:
            raise ValueError(f"{name}: expected arguments of the structure {structure}, got {given}")
        return program(constants, [as_array(x) for x in leaves if is_array(x)])

    return function, level.constants
