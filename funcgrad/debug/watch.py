"""``nans``: raise at the first value, tangent or cotangent that is not finite, and name the line it comes from.

A level that is made while the watch is on becomes one of a watched class. Its tracers are no
:class:`~funcgrad.transforms.reverse.ReverseTracer` by type, so that the short paths leave them alone and every call
comes to :meth:`Level.process`. There outputs are checked; what is recorded is a :class:`Watched` primitive, which
remembers the line, and checks what its rules return.

The hook is in ``Level.__init__`` while some context has the watch on, and asks there whether its own has. When none
has, the hook is not there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Leaf, Node, Pending
from funcgrad.core.kinds import all_finite
from funcgrad.core.level import BEGIN, Level, Traced, plain
from funcgrad.core.space import Space, space_of
from funcgrad.debug.lines import RULE, Line, current_line, rule_of, shown
from funcgrad.transforms.forward import ForwardLevel, ForwardTracer
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer

__all__ = ["WATCHING", "nans", "not_finite"]

#: What is watched for in this context: "nan", "nan or inf", or None.
WATCHING: ContextVar[str | None] = ContextVar("WATCHING", default=None)


# -- Finding what is not finite --------------------------------------------------------------------------


def not_finite(x: Any, infs: bool = True) -> int:
    """Count the elements of an array that are nan, or with `infs` infinite; 0 for what is no floating array."""
    x = plain(x)
    if getattr(getattr(x, "dtype", None), "kind", "") not in ("f", "c") or all_finite(x):
        return 0
    return int(np.sum(~np.isfinite(x) if infs else np.isnan(x)).item())


def found_in(x: Any) -> str | None:
    """Describe what the watch has found in an array, or in the tangents that a tracer carries; None if nothing."""
    watched = WATCHING.get()
    while watched is not None:
        tangent = getattr(x, "tangent", None) if isinstance(x, ForwardTracer) else None
        for part in (x, tangent):
            wrong = not_finite(part, watched != "nan")
            if wrong:
                kind = "nan" if not_finite(part, False) else "inf"
                return f"{kind} in {wrong} of {space_of(part).size} elements"
        if not isinstance(x, Traced):
            return None
        x = x.value
    return None


def parts_of(output: Any) -> list[Any]:
    return list(output) if isinstance(output, tuple | list) else [output]


def refuse(found: str, what: str, where: str, line: Line | None, notes: str) -> NoReturn:
    place = f"\n  at {line}" if line is not None else ""
    raise FloatingPointError(f"{found} of {what}, in the {where}{place}\n  {notes}")


def described(x: Any, number: int) -> str:
    """Describe an argument: its space, the value of a number, the range of an array."""
    x = plain(x)
    if isinstance(x, list | tuple):
        return f"argument {number} {shown(x)}"
    text = f"argument {number} {space_of(x)}" if hasattr(x, "dtype") else f"argument {number} {shown(x)}"
    if getattr(getattr(x, "dtype", None), "kind", "") not in ("f", "i", "u") or not hasattr(x, "shape"):
        return text
    if not x.shape:
        return f"{text} = {x.item()!r}"
    wrong = not_finite(x)
    if wrong:
        return f"{text}, {wrong} of {x.size} elements not finite already"
    return f"{text} from {np.min(x).item():.6g} to {np.max(x).item():.6g}" if x.size else text


# -- What a watched level records -----------------------------------------------------------------------


class Watched:
    """A primitive as one call of it was recorded: it knows the line, and checks what its rules return."""

    __slots__ = ("line", "primitive", "values")

    each = None  # `vjp` is to be called

    def __init__(self, primitive: Any, values: Sequence[Any]) -> None:
        self.primitive = primitive
        self.values = values  # also those that no rule reads: they are what the message is about
        self.line = current_line()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.primitive, name)

    def vjp(self, call: Any, g: Any) -> list[tuple[int, Array]]:
        name = self.primitive.name
        for part in parts_of(g):
            self.check(part, "backward pass", f"the cotangent that arrives at {name}")
        with rule_of(self.line):
            cotangents = list(self.primitive.vjp(call, g))
        for i, c in cotangents:
            if call.links[i] is not None:
                self.check(c, "backward pass", f"the cotangent of argument {i} of {name}")
        return cotangents

    def jvp(self, call: Any, tangents: list[Any]) -> Any:
        name = self.primitive.name
        for i, dx in enumerate(tangents):
            self.check(dx, "forward-mode pass", f"the tangent of argument {i} that arrives at {name}")
        with rule_of(self.line):
            dy = self.primitive.jvp(call, tangents)
        for part in parts_of(dy):
            self.check(part, "forward-mode pass", f"the tangent of {name}")
        return dy

    def check(self, x: Any, where: str, what: str) -> None:
        """Raise if `x` is not finite; not inside the rule of another call, whose result alone counts."""
        found = found_in(x) if WATCHING.get() is not None and RULE.get() is None else None
        if found is None:
            return
        refuse(found, what, where, self.line, "; ".join(described(v, i) for i, v in enumerate(self.values)))


class WatchedLeaf(Leaf):
    """An input: what its uses have sent back is added up here."""

    __slots__ = ()

    def pull(self, g: Any, pending: Pending) -> None:
        found = found_in(g) if RULE.get() is None else None
        if found is not None:
            refuse(found, "the sum of the cotangents of an input", "backward pass", None, f"input {space_of(g)}")
        super().pull(g, pending)


class WatchedTracer(ReverseTracer):
    """A tracer that the short paths, which take a :class:`ReverseTracer` only, leave to :meth:`Level.process`."""

    __slots__ = ()


# -- Watched levels ----------------------------------------------------------------------------------------


class WatchedLevel(Level):
    """Any level: the outputs of calls are checked."""

    __slots__ = ()

    def process(self, primitive: Any, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        out = super().process(primitive, operands, params)
        self.check(primitive.name, operands, out)
        return out

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = super().unruled(function, args, kwargs)
        self.check(getattr(function, "__name__", repr(function)), args, out)
        return out

    def check(self, name: str, operands: tuple[Any, ...], out: Any) -> None:
        if RULE.get() is not None:
            return
        for part in parts_of(out):
            found = found_in(part.value if isinstance(part, Traced) and part.level is self else part)
            if found is not None:
                notes = "; ".join(described(x, i) for i, x in enumerate(operands))
                refuse(found, f"the output {space_of(part)} of {name}", "forward pass", current_line(), notes)


class WatchedReverse(WatchedLevel, ReverseLevel):
    """Reverse mode."""

    __slots__ = ()

    shortens = False

    def tracer(self, value: Array, node: Node, space: Space) -> ReverseTracer:
        out = super().tracer(value, node, space)
        if type(out) is ReverseTracer:
            out.__class__ = WatchedTracer
        if type(node) is Leaf:
            node.__class__ = WatchedLeaf
        return out

    def record(self, primitive: Any, values: Sequence[Array], *rest: Any) -> Any:
        watched: Any = Watched(primitive, values)
        return super().record(watched, values, *rest)


class WatchedForward(WatchedLevel, ForwardLevel):
    """Forward mode, and its recorded form."""

    __slots__ = ()

    def tracer(self, value: Array, tangent: Array | None) -> ForwardTracer:
        found = found_in(tangent) if RULE.get() is None else None
        if found is not None:  # an input's, or that of a function with a rule of the user's
            notes = f"the value is {described(value, 0).removeprefix('argument 0 ')}"
            refuse(found, "the tangent of a value", "forward-mode pass", current_line(), notes)
        return super().tracer(value, tangent)

    def push(
        self,
        primitive: Any,
        values: tuple[Array, ...],
        tangents: list[Array | None],
        y: Any,
        params: dict[str, Any],
    ) -> Any:
        self.check(primitive.name, values, y)  # before its tangent
        watched: Any = Watched(primitive, values)
        return super().push(watched, values, tangents, y, params)


@functools.cache
def watched_class(cls: Any) -> type[Level]:
    """Return the watched form of a class of levels."""
    base: type[Level] = WatchedLevel
    for general, watched in ((ReverseLevel, WatchedReverse), (ForwardLevel, WatchedForward)):
        if issubclass(cls, general):
            base = watched
    return type(f"Watched{cls.__name__}", (base, cls), {"__slots__": ()})


# -- The hook ----------------------------------------------------------------------------------------------


def watch(level: Level) -> None:
    """Make a level that begins a watched one."""
    kind: Any = type(level)
    level.__class__ = watched_class(kind)


@contextmanager
def nans(*, infs: bool = False) -> Iterator[None]:
    """Raise at the first nan that a transform meets, in any of its passes.

    Use it with ``with``, or as a decorator of the function that calls the transforms. It holds for transforms that
    begin inside, in this thread. Each of their calls is checked, which costs tens of microseconds. Outside, nothing is
    slower.

    Parameters
    ----------
    infs : bool
        Whether infinities raise too.

    Raises
    ------
    FloatingPointError
        In the forward pass at the call whose output is not finite; in the backward pass and in forward mode at the
        call whose rule returned a cotangent or tangent that is not. The message names the function, the argument,
        the shapes, and the line that made the call.

    Notes
    -----
    A value that is masked afterwards raises too. Inside a rule only the result counts. Operations on tensors outside
    of any transform are not watched.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad import debug
    >>> with debug.nans(), np.errstate(invalid="ignore"):
    ...     fg.grad(lambda x: np.log(x) * 2)(-1.0)
    Traceback (most recent call last):
        ...
    FloatingPointError: nan in 1 of 1 elements of the output float64[] of log, in the forward pass
    ...
    """
    token = WATCHING.set("nan or inf" if infs else "nan")
    hook = BEGIN.set(watch)
    try:
        yield
    finally:
        BEGIN.reset(hook)
        WATCHING.reset(token)
