"""Non-central distribution functions, Student's among them, and their inverses: derivatives in all parameters.

The non-central chi-square and F distributions are Poisson mixtures of central ones. With the recurrence of the
incomplete gamma and beta functions (DLMF 8.8.5, 8.17.20) the distribution function is a single sum of positive
terms, a density of the central distribution times a distribution function of Poisson's. Student's distribution is a
scale mixture of normal ones, which the trapezoidal rule integrates over the logarithm of the scale.

Every element has a window of its own, around the largest term. A window has no derivative: where the sum starts
and ends changes nothing but what is negligible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.level import plain
from funcgrad.rules.special.implicit import Family, beta_share_density, beta_share_order
from funcgrad.rules.special.incomplete_orders import gamma_density, gamma_order
from funcgrad.rules.special.polygamma import digamma_difference, stirling, wide

__all__ = ["RULES"]

#: Terms are summed as far as this many standard deviations from the largest, and this many more.
DEVIATIONS = 9
MARGIN = 16


def whole(x: Array) -> Array:
    """Round down to a number, at least 0, that has no derivative."""
    return np.floor(np.nan_to_num(np.maximum(x, 0), nan=0.0, posinf=0.0))


def largest(count: Array) -> int:
    """Return the largest count, on the host: how often to loop for all elements and all examples of a batch."""
    return int(np.max(plain(count), initial=0))


def spread(m: Array) -> Array:
    return DEVIATIONS * np.sqrt(m) + MARGIN


def window(top: Array, m: Array) -> tuple[Array, Array]:
    """First and last index of a sum of terms weighted with Poisson's distribution function, `top` the largest."""
    low = whole(np.minimum(top, m) - spread(m))
    return low, np.maximum(whole(np.minimum(top + spread(top), m + spread(m))), low)


def family(place: int, *slopes: tuple[Callable[..., Array], float]) -> Family:
    """State the slopes; each is zero where argument `place` is infinite, or not above what is named beside it."""

    def within(slope: Callable[..., Array], low: float) -> Callable[..., Array]:
        def ratio(*xs: Array) -> Array:
            x = xs[place]
            ordinary = (x > low) & (x < math.inf)
            return np.where(ordinary, slope(*xs[:place], np.where(ordinary, x, 1), *xs[place + 1 :]), 0)

        return ratio

    return Family(lambda *xs: 1.0, tuple(within(slope, low) for slope, low in slopes))


# -- Sums over the Poisson mixture ------------------------------------------------------------------------


def poisson(j: Array, m: Array) -> Array:
    """Probability of `j`: for 0 written so that it can be differentiated at ``m == 0``."""
    none = j == 0
    return np.where(none, np.exp(-m), gamma_density(j + 1, np.where(none, 1, m)))


def mixture_sum(top: Array, first: Array, ratio: Callable[[Array], Array], weight: Callable[[Array], Array]) -> Array:
    """Sum terms ``t[j] * weight(j)`` outward from the largest, ``t[top] == first``; ``t[j+1] == t[j] * ratio(j)``."""
    total = first * weight(top)
    steps = largest(spread(top))
    term = first
    for k in range(steps):
        term = term * ratio(top + k)
        total = total + term * weight(top + k + 1)
    term = first
    for k in range(1, steps + 1):
        j = top - k
        valid = j >= 0
        term = np.where(valid, term / np.where(valid, ratio(np.where(valid, j, 0)), 1), 0)
        total = total + term * weight(np.where(valid, j, 0))
    return total


def partial_sums(
    low: Array, high: Array, m: Array, first: Array, ratio: Callable[[Array], Array]
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield ``j``, ``e[j]`` and the probability of at most `j`, from `low` up to `high`; last, at `high`, zero terms.

    ``e[low] == first`` and ``e[j+1] == e[j] * ratio(j)``.
    """
    e, p = first, poisson(low, m)
    at_most = np.where(low == 0, np.exp(-m), special.gammaincc(low + 1, np.where(low == 0, 1, m)))
    for k in range(largest(high - low)):
        j = low + k
        inside = j < high
        yield j, np.where(inside, e, 0), at_most
        e = e * ratio(j)
        p = p * m / (j + 1)
        at_most = at_most + np.where(inside, p, 0)
    yield high, np.zeros_like(e), at_most


# -- Chi-square ---------------------------------------------------------------------------------------------


def halves(*xs: Array) -> tuple[Array, ...]:
    return tuple(0.5 * wide(x) for x in xs)


def chi_square_density(x: Array, df: Array, nc: Array) -> Array:
    """Density of the non-central chi-square distribution."""
    x, a, m = halves(x, df, nc)
    top = whole(0.5 * (np.sqrt(a * a + 4 * m * x) - a))
    first = 0.5 * poisson(top, m) * gamma_density(a + top, x)
    return mixture_sum(top, first, lambda j: m * x / ((j + 1) * (a + j)), lambda j: 1.0)


def chi_square_df(x: Array, df: Array, nc: Array) -> Array:
    """Term by term: `log` is the slope of the logarithm of the central density in each."""
    x, a, m = halves(x, df, nc)
    low, high = window(0.5 * (np.sqrt(a * a + 4 * m * x) - a), m)
    first = gamma_density(a + low + 1, x)
    log = np.log(x) - special.psi(a + low + 1)
    total = 0.0
    for j, e, at_most in partial_sums(low, high, m, first, lambda j: x / (a + j + 1)):
        total = total + e * log * at_most
        log = log - 1 / (a + j + 1)
    last = x * gamma_density(a + high, x) * gamma_order(a + high, x)
    return 0.5 * (total + at_most * last)


def chi_square_nc(x: Array, df: Array, nc: Array) -> Array:
    """``F`` of two more degrees of freedom less ``F``, halved (Johnson, Kotz and Balakrishnan, chapter 29)."""
    return -chi_square_density(x, df + 2, nc)


CHI_SQUARE = family(0, (chi_square_density, -1.0), (chi_square_df, 0.0), (chi_square_nc, -1.0))


# -- F --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Beta:
    """The parameters of the beta distributions that are mixed, the two shares, Poisson's mean, the largest term."""

    a: Array
    b: Array
    x: Array
    y: Array
    m: Array
    top: Array

    @classmethod
    def of(cls, dfn: Array, dfd: Array, nc: Array, f: Array) -> Beta:
        a, b, m = halves(dfn, dfd, nc)
        total = a * f + b
        x, y = a * f / total, b / total
        lack = a - m * x
        return cls(a, b, x, y, m, 0.5 * (np.sqrt(lack * lack + 4 * m * x * (a + b)) - lack))

    def density(self, j: Array) -> Array:
        return beta_share_density(self.a + j, self.b, self.x, self.y)

    def sum(self, weight: Callable[[Array], Array]) -> Array:
        """Sum Poisson probabilities times densities times a weight of `j`."""
        a, b, odds = self.a, self.b, self.m * self.x
        top = whole(self.top)
        first = poisson(top, self.m) * self.density(top)
        return mixture_sum(top, first, lambda j: odds * (a + b + j) / ((j + 1) * (a + j)), weight)

    def parameter(self, i: int, log: Callable[[Array], Array]) -> Array:
        """Derivative in `a` or `b` at fixed shares; `log` is that of the logarithm of term `j`."""
        a, b, x = self.a, self.b, self.x
        low, high = window(self.top, self.m)
        first = x * self.y * self.density(low) / (a + low)
        total = 0.0
        for j, e, at_most in partial_sums(low, high, self.m, first, lambda j: x * (a + b + j) / (a + j + 1)):
            total = total + e * at_most * log(j)
        last = x * self.y * self.density(high) * beta_share_order(i, a + high, b, x, self.y)
        return total + at_most * last


def f_density(dfn: Array, dfd: Array, nc: Array, f: Array) -> Array:
    """Density of the non-central F distribution."""
    beta = Beta.of(dfn, dfd, nc, f)
    return beta.y * beta.y * dfn / dfd * beta.sum(lambda j: 1.0)


def f_nc(dfn: Array, dfd: Array, nc: Array, f: Array) -> Array:
    beta = Beta.of(dfn, dfd, nc, f)
    return -0.5 * beta.x * beta.y * beta.sum(lambda j: 1 / (beta.a + j))


def f_dfn(dfn: Array, dfd: Array, nc: Array, f: Array) -> Array:
    """The shares are functions of ``dfn * f / dfd``, so ``dfn`` acts as `f` does, and as a parameter."""
    beta = Beta.of(dfn, dfd, nc, f)

    def log(j: Array) -> Array:
        return np.log(beta.x) + digamma_difference(beta.a + j + 1, beta.b - 1)

    return 0.5 * beta.parameter(0, log) + f_density(dfn, dfd, nc, f) * f / dfn


def f_dfd(dfn: Array, dfd: Array, nc: Array, f: Array) -> Array:
    beta = Beta.of(dfn, dfd, nc, f)

    def log(j: Array) -> Array:
        return np.log(beta.y) + digamma_difference(beta.b, beta.a + j)

    return 0.5 * beta.parameter(1, log) - f_density(dfn, dfd, nc, f) * f / dfd


F = family(3, (f_dfn, 0.0), (f_dfd, 0.0), (f_nc, 0.0), (f_density, -1.0))


# -- Student ----------------------------------------------------------------------------------------------------
# The probability is the mean of ndtr(t s - nc), where df s**2 has a chi-square distribution of df degrees. The
# integral is over u = log(s).

#: What is left out is smaller than exp(-CUT) of the largest.
CUT = 38.0


def degrees(df: Array) -> Array:
    """Degrees of freedom: what is normal for all purposes in place of infinity."""
    return np.minimum(wide(df), 1e18)


def scales(df: Array, nc: Array, t: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Yield ``u``, its density times the step of the trapezoidal rule, and ``expm1(2 u) - 2 u``."""
    a, total = 0.5 * df, df + t * t
    shift = t * nc / total
    top = 0.5 * (shift + np.sqrt(shift * shift + 4 * df / total))
    sharpness = 1 + 3 * df + total * top * top + nc * nc
    low = np.minimum(np.log(top), 0) - CUT / df - np.minimum(1, np.sqrt(2 * CUT / df))
    high = np.maximum(np.log(top), 0) + 0.5 * np.log1p(CUT / a + np.sqrt(2 * CUT / a))
    step = 1 / whole(np.maximum(7, np.sqrt(3 * sharpness)) + 1)
    low = whole(-low / step + 1) * -step
    constant = np.log(2 * step) + 0.5 * np.log(a / (2 * math.pi)) - stirling(a)
    for k in range(largest(whole((high - low) / step)) + 2):
        u = low + k * step
        excess = np.expm1(2 * u) - 2 * u
        yield u, np.exp(constant - a * excess), excess


def student_nc(df: Array, nc: Array, t: Array) -> Array:
    df, nc, t = degrees(df), wide(nc), wide(t)
    total = 0.0
    for u, density, _ in scales(df, nc, t):
        z = t * np.exp(u) - nc
        total = total - density * np.exp(-0.5 * z * z)
    return total / math.sqrt(2 * math.pi)


def student_t(df: Array, nc: Array, t: Array) -> Array:
    """Density of the non-central Student distribution."""
    df, nc, t = degrees(df), wide(nc), wide(t)
    total = 0.0
    for u, density, _ in scales(df, nc, t):
        z = t * np.exp(u) - nc
        total = total + density * np.exp(u - 0.5 * z * z)
    return total / math.sqrt(2 * math.pi)


def student_df(df: Array, nc: Array, t: Array) -> Array:
    """The density integrates to one whatever `df`, so the value of ``ndtr`` at ``s == 1`` may be taken from all."""
    df, nc, t = degrees(df), wide(nc), wide(t)
    a = 0.5 * df
    sign = 1.0 - 2.0 * (t > nc)
    start = special.ndtr(sign * (t - nc))
    mean = 0.5 / a - stirling_slope(a)
    total = 0.0
    for u, density, excess in scales(df, nc, t):
        part = special.ndtr(sign * (t * np.exp(u) - nc)) - start
        total = total + sign * part * density * (mean - excess)
    return 0.5 * total


def stirling_slope(a: Array) -> Array:
    """Derivative of what Stirling's formula lacks (DLMF 5.11.2)."""
    small = a < 10
    near, inverse = np.where(small, a, 1), 1 / np.where(small, 10, a) ** 2
    series = -1 / 12 + inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse * (1 / 132))))
    return np.where(small, special.psi(near) - np.log(near) + 0.5 / near, series * inverse)


def central_density(df: Array, t: Array) -> Array:
    df = degrees(df)
    a = 0.5 * df
    constant = a * np.log1p(0.5 / a) - 0.5 + stirling(a + 0.5) - stirling(a) - 0.5 * math.log(2 * math.pi)
    return np.exp(constant - (a + 0.5) * np.log1p(t * t / df))


def central_df(df: Array, t: Array) -> Array:
    return student_df(df, 0.0, t)


STUDENT = family(1, (central_df, -math.inf), (central_density, -math.inf))
NONCENTRAL_STUDENT = family(2, (student_df, -math.inf), (student_nc, -math.inf), (student_t, -math.inf))


RULES = (
    # -- Chi-square
    CHI_SQUARE.distribution(special.chndtr),
    CHI_SQUARE.inverse(special.chndtrix, 0),
    CHI_SQUARE.inverse(special.chndtridf, 1),
    CHI_SQUARE.inverse(special.chndtrinc, 2),
    # -- F
    F.distribution(special.ncfdtr),
    F.inverse(special.ncfdtridfn, 0),
    F.inverse(special.ncfdtridfd, 1),
    F.inverse(special.ncfdtrinc, 2),
    F.inverse(special.ncfdtri, 3),
    # -- Student
    STUDENT.distribution(special.stdtr),
    STUDENT.inverse(special.stdtridf, 0),
    STUDENT.inverse(special.stdtrit, 1),
    NONCENTRAL_STUDENT.distribution(special.nctdtr),
    NONCENTRAL_STUDENT.inverse(special.nctdtridf, 0),
    NONCENTRAL_STUDENT.inverse(special.nctdtrinc, 1),
    NONCENTRAL_STUDENT.inverse(special.nctdtrit, 2),
)
