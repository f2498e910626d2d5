"""What no_grad means inside a transform: the levels that had begun when recording was switched off see constants.

Those that begin later, inside, record. A value may be a tracer of several levels: those up to the limit are taken off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from funcgrad.core.level import Traced
from funcgrad.core.memory import base_of
from funcgrad.tensor.modes import GRAD_ENABLED, LIMIT
from funcgrad.transforms.batch import BatchTracer
from funcgrad.transforms.reverse import ReverseTracer

__all__ = ["in_place_of", "unrecorded"]


def unrecorded(x: Any, limit: int) -> Any:
    """Return a value without its place in the graphs of the root level, and of those up to the limit."""
    while isinstance(x, ReverseTracer) and x.level.depth <= limit:
        x = x.value
    if isinstance(x, BatchTracer) and isinstance(x.value, Traced):
        level: Any = x.level
        value = unrecorded(x.value, limit)
        return x if value is x.value else level.constant(value) if x.is_constant else level.tracer(value)
    return x


@contextmanager
def in_place_of(payload: Any) -> Iterator[None]:
    """Let a value of a transform keep its place in the graph during a write that is not recorded."""
    base = base_of(payload)
    if GRAD_ENABLED.get() or not isinstance(base, ReverseTracer) or base.level.depth > LIMIT.get():
        yield
        return
    node, kind = base.node, type(base)
    yield
    base.node = node
    base.__class__ = kind
