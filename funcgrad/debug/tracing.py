"""``trace``: the program that a transform records, as text and as a list of steps."""

from __future__ import annotations

from typing import Any

from funcgrad._typing import AnyFunction
from funcgrad.debug.program import Program
from funcgrad.debug.recorder import Recorder
from funcgrad.transforms.arguments import Transformed, call_traced
from funcgrad.tree import flatten, flatten_with_paths

__all__ = ["trace"]


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
        rebuilt: Any = structure.unflatten(given)
        output = call_traced(level, f, *rebuilt)
        results, _ = flatten(output)
        outputs = [
            (f"result{without_tensor(path)}", level.value_of(y))
            for (path, _), y in zip(flatten_with_paths(output), results, strict=True)
        ]
    finally:
        level.close()
        level.forget()
    name = getattr(f, "__name__", repr(f))
    return Program(name, list(zip(paths, names, strict=True)), level.steps, outputs)


def path_of(path: str) -> str:
    """Return a path in ``(args, kwargs)`` as the user would write it."""
    path = without_tensor(path)
    return ("args" + path[3:]) if path.startswith("[0]") else path[4:].replace("']", "", 1).lstrip("'")


def without_tensor(path: str) -> str:
    """Drop what stands for the array in a tensor."""
    return path.replace("[<flat index 0>]", "")
