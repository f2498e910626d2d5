"""Elementwise functions of several outputs: Airy functions, Kelvin functions, pairs of integrals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, finite_or_zero
from funcgrad.core.primitive import Frame, Rule

__all__ = ["Outputs"]


class Outputs(Elementwise):
    """An elementwise function of several outputs. For each of them a partial per operand is stated.

    A rule that reads ``y`` gets the tuple of all outputs. Where the cotangent of an output is zero, it contributes
    nothing, even if the partial is infinite or nan.
    """

    def __init__(self, function: Any, *partials: Sequence[Callable[..., Array]], **options: Any) -> None:
        super().__init__(function, *partials[0], **options)
        self.table = [[Rule(partial, self.arity, self.defaults) for partial in row] for row in partials]
        self.short = None
        self.is_singular = True

    def reads(self, wanted: list[int]) -> tuple[set[int] | None, bool]:
        rules = [row[i] for row in self.table for i in wanted]
        keeps: set[int] | None = set()
        for rule in rules:
            keeps = None if keeps is None or rule.keeps is None else keeps | rule.keeps
        return keeps, any(rule.keeps_output for rule in rules)

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        return tuple(total(call, row, tangents) for row in self.table)

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        for i, link in enumerate(call.links):
            if link is not None:
                yield i, total(call, [row[i] for row in self.table], g)


def total(call: Frame, rules: Sequence[Rule], gs: Sequence[Array | None]) -> Any:
    """Apply each rule to its tangent or cotangent, and add up.

    Outputs that nobody used have plain zeros for a cotangent: their partials are not even computed.
    """
    given = [g for g in gs if g is not None]
    terms = [
        finite_or_zero(rule(g, call), g)
        for rule, g in zip(rules, gs, strict=True)
        if g is not None and not (isinstance(g, np.ndarray) and not np.any(g))
    ]
    return sum(terms[1:], start=terms[0]) if terms else given[0] * 0
