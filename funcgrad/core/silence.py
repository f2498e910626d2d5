"""NumPy's warnings, off for the time of a block.

NumPy keeps what it does about infinities and nans in a context variable. ``np.errstate`` makes a new value for it each
time, in Python and for a microsecond: half of what a small operation takes. Here such values are made once.
"""

from __future__ import annotations

from contextvars import Context, ContextVar, Token
from typing import Any

import numpy as np

__all__ = ["CONTEXT", "SILENT", "forgiving", "restore", "silence", "state", "switch"]

#: A context of its own, in which NumPy is silent.
CONTEXT = Context()
CONTEXT.run(np.seterr, all="ignore")

#: NumPy's variable, the only one that ``seterr`` has set there, and the value that means silence.
STATE: ContextVar[Any]
SILENT: Any
((STATE, SILENT),) = CONTEXT.items()

state, switch, restore = STATE.get, STATE.set, STATE.reset

#: By what the program has set: the same, but without warnings of infinite partials.
FORGIVING: dict[Any, Any] = {}
FORGIVING_LIMIT = 64


def learnt(held: Any) -> Any:
    """Make what differs from `held` in that infinite partials, and what they lead to, are no cause to warn."""
    if len(FORGIVING) >= FORGIVING_LIMIT:
        FORGIVING.clear()
    with np.errstate(divide="ignore", invalid="ignore"):
        found = FORGIVING[held] = state()
    return found


class silence:
    """NumPy warns of nothing in a ``with`` block."""

    __slots__ = ("token",)

    token: Token[Any]

    def __enter__(self) -> None:
        self.token = switch(SILENT)

    def __exit__(self, *error: object) -> None:
        restore(self.token)


class forgiving:
    """NumPy warns of no division by zero, and of no invalid value, in a ``with`` block."""

    __slots__ = ("token",)

    token: Token[Any]

    def __enter__(self) -> None:
        held = state(None)
        self.token = switch(FORGIVING.get(held) or learnt(held))

    def __exit__(self, *error: object) -> None:
        restore(self.token)
