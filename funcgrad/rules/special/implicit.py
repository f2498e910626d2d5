"""What the chapters of distribution functions share: rules of a function and of its inverses, from one statement.

A :class:`Family` states the density of a distribution function ``F`` and, relative to it, the partial derivatives of
``F`` in all its arguments. An inverse solves ``F(..., v, ...) = p`` for one argument and takes `p` in its place: the
implicit function theorem needs only ratios of partials, in which a density that underflows has cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.rules.special.incomplete_orders import beta_density, beta_order

__all__ = ["Family", "beta_share_density", "beta_share_order"]

#: A function of all arguments of the distribution function; None where the function takes steps in an argument.
Part: TypeAlias = Callable[..., Any]
Rule: TypeAlias = Callable[..., Array]


@dataclass(frozen=True)
class Family:
    """The partial derivative of a distribution function in argument `i` is ``density(*xs) * ratios[i](*xs)``."""

    density: Part
    ratios: tuple[Part | None, ...]

    def distribution(self, function: Any, sign: int = 1) -> Elementwise:
        """State the distribution function; its complement with `sign` -1."""
        return Elementwise(function, *[self.along(ratio, sign) for ratio in self.ratios])

    def along(self, ratio: Part | None, sign: int) -> Rule | None:
        if ratio is None:
            return None

        def rule(g: Array, xs: tuple[Array, ...]) -> Array:
            density = self.density(*xs)
            return g * (sign * np.where(density == 0, 0, density * ratio(*xs)))

        return singular(rule)

    def inverse(self, function: Any, place: int, sign: int = 1, bounded: bool = False) -> Elementwise:
        """State the inverse in argument `place`; `bounded` says that it is 0 where there is no positive solution."""
        rules = [self.implicit(i, place, sign, bounded) for i in range(len(self.ratios))]
        return Elementwise(function, *rules)

    def implicit(self, i: int, place: int, sign: int, bounded: bool) -> Rule | None:
        other, own = self.ratios[i], self.ratios[place]
        if other is None or own is None:
            return None

        def rule(g: Array, y: Array, xs: tuple[Array, ...]) -> Array:
            arguments = (*xs[:place], y, *xs[place + 1 :])
            change = sign / self.density(*arguments) if i == place else -other(*arguments)
            dy = g * (change / own(*arguments))
            return np.where(y > 0, dy, 0) if bounded else dy

        return singular(rule)


# -- Beta, with both shares -----------------------------------------------------------------------------
# For the share x of a total and the rest y, x + y == 1: the smaller of the two is the accurate one.


def beta_share_density(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Density of `x`."""
    low = x < y
    return beta_density(np.where(low, a, b), np.where(low, b, a), np.where(low, x, y))


def beta_share_order(i: int, a: Array, b: Array, x: Array, y: Array) -> Array:
    """Partial derivative of ``betainc(a, b, x)`` in `a` or `b`, divided by ``x * y`` and the density."""
    low = x < y
    order, reverse = ((1, 0), (0, 1))[:: -1 if i else 1]
    of_x = beta_order(a, b, np.where(low, x, 0.5), order=order)
    of_y = beta_order(b, a, np.where(low, 0.5, y), order=reverse)
    return np.where(low, of_x, -of_y)
