"""Rules of elementwise functions in short, and what they do where they are infinite.

The short paths, the engine and the blocks of large arrays all go by a :class:`Short`.
"""

from __future__ import annotations

import functools
import inspect
import operator
from cmath import isfinite
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core import backend
from funcgrad.core.blocks import Steps, apply_steps, is_flat, is_in_rows, is_one, steps_of_rule
from funcgrad.core.fused import Traced as TracedRule
from funcgrad.core.graph import freed
from funcgrad.core.level import plain
from funcgrad.core.primitive import Rule

__all__ = ["RuleFunction", "Short", "all_finite", "finite_or_zero", "shorten", "singular", "vdot"]

RuleFunction = Callable[..., Any]

ndarray = np.ndarray

#: The sum of squares that warns of no overflow; where NumPy has it, without the dispatch that takes most of its time.
vdot: Callable[[Array, Array], Any] = getattr(np.vdot, "_implementation", np.vdot)

PLANS = 64  # what a rule does is remembered for as many numbers: exponents, say


class Short:
    """A rule as a function of two arguments, the second being all that it reads: calls stay cheap."""

    __slots__ = ("arity", "freed", "index", "indices", "keep", "name", "operand", "rule", "steps", "text", "traced")

    def __init__(
        self, name: str, rule: RuleFunction, text: RuleFunction, indices: tuple[int, ...], operand: int, arity: int
    ) -> None:
        self.name = name
        self.rule = rule
        self.text = text  # as it was stated, a function of (g, *residuals)
        self.operand = operand  # the operand whose cotangent it gives
        self.arity = arity
        self.traced: dict[str, TracedRule | None] = {}  # what `text` does on a device, by dtype
        self.steps: dict[str, Steps | None] = {}  # by :meth:`plan`
        self.indices = indices  # of the values that are read, in (y, *operands)
        self.index = indices[0] if len(indices) == 1 else None  # of the value that is read, in (y, *operands)
        #: Takes what is read from (y, *operands): a value, or several in a tuple; None if nothing is read.
        self.keep: Callable[[tuple[Array, ...]], Any] | None = itemgetter(*indices) if indices else None
        #: What takes this one's place in a node whose values were let go.
        self.freed = self if rule is freed else Short(name, freed, freed, indices, operand, arity)

    def large(self, g: Array, kept: Any, out: Array | None, add: bool = False) -> Array | None:
        """Apply the rule to a large array by blocks, into `out` or a new array; None if that cannot be done."""
        residuals = self.residuals(kept)
        steps = self.steps_for(residuals)
        if not steps or not all(is_flat(x, g) for x in residuals):
            return None
        if not (g.flags.c_contiguous or is_one(g) or is_in_rows(g)):
            return None
        if out is None:
            out = np.empty(g.shape, g.dtype)
        elif not (out.dtype is g.dtype and out.shape == g.shape and out.flags.c_contiguous and out.flags.writeable):
            return None
        apply_steps(steps, g, residuals, out, add, self.mend(residuals))
        return out

    def mend(self, residuals: Sequence[Any]) -> Callable[[Array, Array], Array] | None:
        """Return what makes the result zero where it is not finite although the cotangent is zero, if that can be."""
        if not hasattr(self.text, "__wrapped__") or (residuals and residuals[-1] is self.regular):
            return None
        return finite_or_zero

    @property
    def regular(self) -> Any:
        """The number with which, as the last that it reads, the rule is never infinite; None if there is none."""
        return getattr(self.text, "regular", None)

    def residuals(self, kept: Any) -> tuple[Any, ...]:
        """Return all that is read, in the order of the rule's parameters."""
        values: tuple[Any, ...] = kept if len(self.indices) > 1 else (kept,) * len(self.indices)
        return values

    def steps_for(self, residuals: tuple[Any, ...]) -> Steps | None:
        """Return the ufuncs that the rule calls on these; none if it returns the cotangent, None if it does more."""
        steps = self.plan([None] * len(residuals))
        if steps is None:
            steps = self.plan([x if type(x) is int or type(x) is float else None for x in residuals])
        return steps

    def plan(self, numbers: list[int | float | None]) -> Steps | None:
        """Return the ufuncs that the rule calls if it reads these numbers, and arrays where there is None."""
        key = repr(numbers)  # zeros of either sign are equal
        try:
            return self.steps[key]
        except KeyError:
            if len(self.steps) >= PLANS:
                self.steps.clear()
            text = getattr(self.text, "__wrapped__", self.text)
            steps = self.steps[key] = None if self.rule is freed else steps_of_rule(text, numbers)
            return steps


#: What the commonest rules are called as, found by their bytecode: functions in C, or at least no second call.
QUICK: dict[bytes, Any] = {
    (lambda g, x: g * x).__code__.co_code: operator.mul,
    (lambda g, x: g / x).__code__.co_code: operator.truediv,
    (lambda g: g).__code__.co_code: lambda g, kept: g,
    (lambda g: -g).__code__.co_code: lambda g, kept: -g,
}


def shorten(name: str, rule: Rule, operand: int, arity: int) -> Short | None:
    """Shorten a rule that reads nothing but values; None for others."""
    values = "yx" if arity == 1 else "yabc"
    if any(read not in values for read in rule.names):
        return None
    function = rule.function
    indices = tuple(values.index(read) for read in rule.names)
    quick = QUICK.get(function.__code__.co_code) if hasattr(function, "__code__") else None
    if len(indices) == 1:
        return Short(name, quick or function, function, indices, operand, arity)
    if not indices:
        return Short(name, quick or (lambda g, kept: function(g)), function, indices, operand, arity)
    if len(indices) == 2:  # a call with a star would cost twice as much
        return Short(name, lambda g, kept: function(g, kept[0], kept[1]), function, indices, operand, arity)
    return Short(name, lambda g, kept: function(g, *kept), function, indices, operand, arity)


def singular(rule: RuleFunction, regular: Any = None) -> RuleFunction:
    """Mark a partial that can be infinite or nan: where the cotangent is zero, so is the result.

    Only where the result is not finite: elsewhere the product stays a function of ``g``, which the
    second derivative needs. It is finite with `regular`, a small integer, as the last that the rule reads.
    """
    if len(inspect.signature(rule).parameters) == 2:  # the common cases without the cost of packing arguments

        @functools.wraps(rule)
        def guarded(g: Array, residual: Any) -> Array:
            c = rule(g, residual)
            return c if type(c) is ndarray and isfinite(vdot(c, c)) else finite_or_zero(c, g)

    elif len(inspect.signature(rule).parameters) == 3:

        @functools.wraps(rule)
        def guarded(g: Array, residual: Any, other: Any) -> Array:
            c = rule(g, residual, other)
            fine = other is regular or (type(c) is ndarray and isfinite(vdot(c, c)))
            return c if fine else finite_or_zero(c, g)

    else:

        @functools.wraps(rule)
        def guarded(g: Array, *residuals: Any) -> Array:
            return finite_or_zero(rule(g, *residuals), g)

    guarded.regular = regular  # type: ignore[attr-defined]
    return guarded


def all_finite(x: Array) -> bool:
    """Whether `x` is a NumPy value without infinities and nans; a device is not asked, and counts as no.

    A sum of squares is finite only if every element is. It costs a third of ``np.isfinite(x).all()``, and unlike
    other sums warns of no overflow.
    """
    if type(x) is ndarray:
        return isfinite(vdot(x, x)) or bool(np.isfinite(x).all())
    return isinstance(x, np.generic) and isfinite(x)


def finite_or_zero(c: Array, g: Array) -> Array:
    """Return `c`, with zero where it is not finite although `g` is zero."""
    if all_finite(plain(c)):
        return c
    return backend.masked(c, g)
