"""Silence: a tensor that becomes infinite or nan is no cause for a warning, as in PyTorch.

Of its own arrays NumPy warns as ever.

* :data:`quiet` runs a function in a context of its own, in which NumPy is silent. It is the cheapest, 50 ns, but the
  function sees no mode of ours, and only one may run at a time. So it is for a single ufunc, whose callers fall back on
  :func:`silently` where it refuses.
* :func:`silently` switches NumPy's warnings off around a call, and :class:`~funcgrad.core.silence.silence` around a
  block: 150 ns, and 20 ns where they are off already.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from funcgrad.core.silence import CONTEXT, SILENT, restore, state, switch

__all__ = ["BLIND", "HARMLESS", "quiet", "silenced", "silently"]

P = ParamSpec("P")
T = TypeVar("T")

#: What NumPy never warns of, whatever the real values, by NumPy's and by PyTorch's name.
HARMLESS = frozenset(
    ("abs", "absolute", "arctan", "atan", "clamp", "maximum", "minimum", "neg", "negative", "tanh", "where")
)

#: Whether a function runs in the silent context: where modes matter, it has to refuse.
BLIND: ContextVar[bool] = ContextVar("BLIND", default=False)
CONTEXT.run(BLIND.set, True)

#: Calls a function in the silent context; a RuntimeError says that another call is in it.
quiet = CONTEXT.run


def silently(function: Callable[..., T], *args: Any) -> T:
    """Call a function without NumPy's warnings."""
    if state(None) is SILENT:
        return function(*args)
    token = switch(SILENT)
    try:
        return function(*args)
    finally:
        restore(token)


def silenced(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function without NumPy's warnings."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if state(None) is SILENT:
            return function(*args, **kwargs)
        token = switch(SILENT)
        try:
            return function(*args, **kwargs)
        finally:
            restore(token)

    return call
