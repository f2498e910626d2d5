"""A recorded program: values, steps, and the text that shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from funcgrad.core.space import Space
from funcgrad.debug.lines import Line

__all__ = ["Program", "Step", "Value"]


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

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> (step,) = debug.trace(lambda x: x * 2)(np.ones(3))
    >>> value = step.outputs[0]
    >>> value.name, str(value.space), value.differentiable
    ('%1', 'float64[3]', True)
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

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> (step,) = debug.trace(lambda x: np.sum(x, axis=0))(np.ones(3))
    >>> step.function, step.params, step.sources
    ('sum', {'axis': '0'}, ('%0',))
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

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> program = debug.trace(lambda x: np.sin(x) * 2)(1.0)
    >>> len(program), [step.function for step in program]
    (2, ['sin', 'multiply'])
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
