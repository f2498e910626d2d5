"""What the rules of several chapters need: polygamma functions, differences of digammas, moments of a density.

These primitives are our own. Their values are computed from plain arrays, always in double precision, and their
derivatives are of the same family, so that a rule that calls them can be differentiated any number of times.
Equation numbers are those of the NIST Digital Library of Mathematical Functions (DLMF).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.rules.special.devices import zeta
from funcgrad.rules.special.sums import total

__all__ = [
    *("BERNOULLI", "digamma_difference", "moment", "nonpositive_integer", "polygamma"),
    *("sign_of_parity", "stirling", "wide"),
]

#: The Bernoulli numbers of even index, from B2 on.
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)
SHIFT = 10  # from here on the asymptotic series are right to double precision


def wide(x: Array) -> Array:
    """Convert to double precision, real or complex, on the device where `x` is."""
    return x + np.float64(0)


def nonpositive_integer(x: Array) -> Array:
    """Whether the gamma function has a pole at `x`."""
    return (np.real(x) <= 0) & (x == np.rint(np.real(x)))


def sign_of_parity(n: Array) -> Array:
    """``(-1)**n`` for an array of integers."""
    return 1 - 2 * np.abs(np.remainder(n, 2))


# -- Derivatives of the digamma function -------------------------------------------------------------


def polygamma_value(x: Array, order: int = 1) -> Array:
    """The derivative of the digamma function of this order, on the whole real line and complex plane."""
    x = wide(x)
    if x.dtype.kind == "c":
        left = np.real(x) < 0.5
        right = polygamma_right(np.where(left, 1 - x, x), order)
    else:
        left = x <= 0
        right = zeta(order + 1.0, np.where(left, 1 - x, x)) * -((-1) ** order * math.factorial(order))
    pole = nonpositive_integer(x)
    cotangent = 1 / np.tan(math.pi * np.where(left & ~pole, x - np.rint(np.real(x)), 0.25))
    reflected = (-1) ** order * right - cotangent_derivative(cotangent, order)
    return np.where(pole, math.inf if order % 2 else math.nan, np.where(left, reflected, right))


def polygamma_right(x: Array, order: int) -> Array:
    """By recurrence (DLMF 5.15.5) and then the asymptotic series (5.15.9), for complex `x` in the right half plane."""
    n = SHIFT + 2 * order
    first = math.factorial(order) * total(lambda k: 1 / (x + k) ** (order + 1), [(k,) for k in range(n)], x)
    far = x + n
    rest = math.factorial(order - 1) / far**order + math.factorial(order) / (2 * far ** (order + 1))
    for k, b in enumerate(BERNOULLI, 1):
        rest = rest + b * math.factorial(2 * k + order - 1) / math.factorial(2 * k) / far ** (2 * k + order)
    return (-1) ** (order + 1) * (first + rest)


def cotangent_derivative(c: Array, order: int) -> Array:
    """The derivative of ``pi cot(pi x)``, a polynomial in ``c = cot(pi x)`` (DLMF 5.15.6)."""
    coefficients = np.polynomial.Polynomial([0.0, math.pi])
    for _ in range(order):
        coefficients = coefficients.deriv() * np.polynomial.Polynomial([-math.pi, 0.0, -math.pi])
    result = 0.0
    for coefficient in coefficients.coef[::-1].tolist():
        result = result * c + coefficient
    return result


polygamma: Elementwise = Elementwise(
    polygamma_value, lambda g, x, order: g * polygamma(x, order=order + 1), name="polygamma", own=True, pole=True
)


# -- Differences of digammas -------------------------------------------------------------------------


def digamma_difference_value(a: Array, b: Array) -> Array:
    """``psi(a + b) - psi(a)``, without cancellation where `b` is small, and by reflection where both are negative."""
    a, b = wide(a), wide(b)
    right = (a > 0) & (a + b > 0)
    left = (a <= 0) & (a + b <= 0)
    from_right = digamma_difference_right(
        np.where(right, a, np.where(left, 1 - a, 1.0)), np.where(right, b, np.where(left, -b, 0.0))
    )
    ordinary = left & (b != np.rint(b))  # the cotangents cancel if b is an integer
    from_left = from_right + cotangent(np.where(ordinary, a, 0.25)) - cotangent(np.where(ordinary, a + b, 0.25))
    crossing = ~right & ~left
    across = special.psi(np.where(crossing, a + b, 1.0)) - special.psi(np.where(crossing, a, 1.0))
    return np.where(right, from_right, np.where(left, from_left, across))


def digamma_difference_right(a: Array, b: Array) -> Array:
    """By recurrence (DLMF 5.5.2) and the difference of two asymptotic series (5.11.2), term by term."""
    first = total(lambda k: b / ((a + k) * (a + b + k)), [(k,) for k in range(SHIFT)], a + b)
    far = a + SHIFT
    growth = np.log1p(b / far)
    table = [(bernoulli / (2 * k), -2 * k) for k, bernoulli in enumerate(BERNOULLI[:8], 1)]
    rest = total(lambda factor, power: factor * far**power * np.expm1(power * growth), table, growth)
    return first + growth + b / (2 * far * (far + b)) - rest


def cotangent(x: Array) -> Array:
    """``pi cot(pi x)``, nan at its poles."""
    rest = x - np.rint(x)
    return np.where(rest == 0, math.nan, math.pi / np.tan(math.pi * np.where(rest == 0, 0.25, rest)))


def trigamma_difference(a: Array, b: Array) -> Array:
    """The derivative of the difference in `a`; if `b` is an integer the poles of both terms cancel."""
    mirror = (a <= 0) & (a + b <= 0) & (b == np.rint(b))
    low, high = np.where(mirror, 1 - a, a), np.where(mirror, 1 - a - b, a + b)
    difference = polygamma(high, order=1) - polygamma(low, order=1)
    return np.where(mirror, -difference, difference)


digamma_difference = Elementwise(
    digamma_difference_value,
    lambda g, a, b: g * trigamma_difference(a, b),
    lambda g, a, b: g * polygamma(a + b, order=1),
    name="digamma_difference",
    own=True,
    pole=True,
)


# -- Pieces of values --------------------------------------------------------------------------------


def stirling(x: Array) -> Array:
    """What Stirling's formula lacks, ``lgamma(x) - ((x - 1/2) log(x) - x + log(2 pi)/2)`` (DLMF 5.11.1), x > 0."""
    small = x < SHIFT
    near, far = np.where(small, x, 1.0), np.where(small, SHIFT, x)
    exact = special.gammaln(near) - (near - 0.5) * np.log(near) + near - HALF_LOG_TAU
    series = sum(b / (2 * k * (2 * k - 1) * far ** (2 * k - 1)) for k, b in enumerate(BERNOULLI[:8], 1))
    return np.where(small, exact, series)


def moment(order: tuple[int, int], slopes: Mapping[tuple[int, int], Any]) -> Any:
    """The derivative of ``f(a, b)``, divided by `f`, of the given orders; `slopes` has the derivatives of ``log(f)``.

    These are the complete Bell polynomials (Comtet, Advanced Combinatorics, 1974, section 3.3), in two variables.
    """
    i, j = order
    if i == j == 0:
        return 1.0
    if i == 0:
        return sum(math.comb(j - 1, m) * moment((0, j - 1 - m), slopes) * slopes[0, m + 1] for m in range(j))
    return sum(
        math.comb(i - 1, k) * math.comb(j, m) * moment((i - 1 - k, j - m), slopes) * slopes[k + 1, m]
        for k in range(i)
        for m in range(j + 1)
    )
