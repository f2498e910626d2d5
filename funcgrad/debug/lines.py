"""The user's lines, and values in a few characters: what all of this package prints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.level import Traced, plain
from funcgrad.core.space import space_of
from funcgrad.errors import user_frame

__all__ = ["RULE", "Line", "current_line", "rule_of", "shown", "shown_part"]


class Line(NamedTuple):
    """A line of the user's code.

    Attributes
    ----------
    file : str
    number : int
    function : str

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> (step,) = debug.trace(lambda x: np.sin(x))(1.0)
    >>> step.line.number, step.line.function
    (1, '<lambda>')
    """

    file: str
    number: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}, in {self.function}"


#: While a rule runs: the line of the call that it is the derivative of.
RULE: ContextVar[Line | None] = ContextVar("RULE", default=None)


def current_line() -> Line:
    """Return the user's line that runs; inside a rule, the one that made the call."""
    line = RULE.get()
    if line is not None:
        return line
    frame = user_frame()
    return Line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


@contextmanager
def rule_of(line: Line) -> Iterator[None]:
    """Note that what runs in the block is the rule of a call at `line`."""
    token = RULE.set(line)
    try:
        yield
    finally:
        RULE.reset(token)


def shown(x: Any) -> str:
    """Return a number's digits, or the space of an array."""
    if isinstance(x, type):
        return x.__name__
    if isinstance(x, Traced):
        return str(x.space)
    if isinstance(x, np.generic):
        return repr(x.item())
    if isinstance(x, np.ndarray) or hasattr(x, "__array_ufunc__"):
        return str(space_of(x)) if x.shape or type(x) is not np.ndarray else repr(x.item())
    if isinstance(x, list | tuple):
        parts = ", ".join(map(shown, x))
        return f"[{parts}]" if isinstance(x, list) else f"({parts}{',' if len(x) == 1 else ''})"
    if isinstance(x, np.dtype):
        return str(x)
    return str(getattr(x, "__name__", "") or f"{x!r:.60}")


def shown_part(part: Any) -> str:
    """Return a part of an index as it is written between brackets."""
    if part is Ellipsis:
        return "..."
    if isinstance(part, slice):
        text = ":".join("" if end is None else shown(end) for end in (part.start, part.stop))
        return text if part.step is None else f"{text}:{shown(part.step)}"
    return shown(plain(part))
