"""Distribution functions and their inverses. The non-central ones and Student's are in :mod:`.noncentral`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.core.level import plain
from funcgrad.rules.special.implicit import Family, beta_share_density, beta_share_order
from funcgrad.rules.special.incomplete_orders import beta_density, beta_order, gamma_density, gamma_order
from funcgrad.rules.special.logistic import boxcox_power

__all__ = ["RULES"]

ROOT_2 = math.sqrt(2)
ROOT_2PI = math.sqrt(2 * math.pi)


# -- Normal -------------------------------------------------------------------------------------------


def hazard(x: Array) -> Array:
    """The normal density divided by ``ndtr(x)``, also where both underflow."""
    return math.sqrt(2 / math.pi) / special.erfcx(x / -ROOT_2)


def ndtri_slope(p: Array) -> Array:
    y = special.ndtri(p)
    return ROOT_2PI * np.exp(0.5 * y * y)


# -- Gamma, chi-square, Poisson --------------------------------------------------------------------------
# The gamma distribution in SciPy's order of arguments: rate, shape, x.

GAMMA = Family(
    lambda a, b, x: gamma_density(b, a * x),
    (lambda a, b, x: x, lambda a, b, x: a * x * gamma_order(b, a * x), lambda a, b, x: a),
)
CHI_SQUARE = Family(
    lambda v, x: 0.5 * gamma_density(0.5 * v, 0.5 * x),
    (lambda v, x: 0.5 * x * gamma_order(0.5 * v, 0.5 * x), lambda v, x: 1.0),
)
#: The number of events is rounded down, but an inverse finds a real one.
POISSON = Family(lambda k, m: gamma_density(np.floor(k) + 1, m), (None, lambda k, m: -1.0))
POISSON_REAL = Family(
    lambda k, m: gamma_density(k + 1, m), (lambda k, m: -m * gamma_order(k + 1, m), lambda k, m: -1.0)
)


# -- F, binomial, negative binomial ------------------------------------------------------------------------


def f_shares(dfn: Array, dfd: Array, x: Array) -> tuple[Array, ...]:
    """The parameters of the beta distribution, the share of the numerator, and the rest."""
    total = dfn * x + dfd
    return 0.5 * dfn, 0.5 * dfd, dfn * x / total, dfd / total


def f_density(dfn: Array, dfd: Array, x: Array) -> Array:
    a, b, share, rest = f_shares(dfn, dfd, x)
    return beta_share_density(a, b, share, rest) * rest * rest * dfn / dfd


def f_dfn(dfn: Array, dfd: Array, x: Array) -> Array:
    """The share is a function of ``dfn * x / dfd``, so ``dfn`` acts as `x` does, and as a parameter."""
    return x / dfn + 0.5 * x * beta_share_order(0, *f_shares(dfn, dfd, x))


def f_dfd(dfn: Array, dfd: Array, x: Array) -> Array:
    return 0.5 * x * beta_share_order(1, *f_shares(dfn, dfd, x)) - x / dfd


F = Family(f_density, (f_dfn, f_dfd, lambda dfn, dfd, x: 1.0))


def binomial_density(k: Array, n: Array, p: Array) -> Array:
    """Of the probability at which `k` or fewer of `n` are as probable as stated; zero if that does not depend on it."""
    k = np.floor(k)
    proper = (k >= 0) & (k < n)
    return np.where(proper, beta_density(np.where(proper, k + 1, 1), np.where(proper, n - k, 1), p), 0)


def binomial_k(k: Array, n: Array, p: Array) -> Array:
    first, second = beta_order(k + 1, n - k, p, order=(1, 0)), beta_order(k + 1, n - k, p, order=(0, 1))
    return p * (1 - p) * (second - first)


BINOMIAL = Family(binomial_density, (None, None, lambda k, n, p: -1.0))
BINOMIAL_REAL = Family(
    lambda k, n, p: beta_density(k + 1, n - k, p),
    (binomial_k, lambda k, n, p: -p * (1 - p) * beta_order(k + 1, n - k, p, order=(0, 1)), lambda k, n, p: -1.0),
)
NEGATIVE_BINOMIAL = Family(lambda k, n, p: beta_density(n, np.floor(k) + 1, p), (None, None, lambda k, n, p: 1.0))
NEGATIVE_BINOMIAL_REAL = Family(
    lambda k, n, p: beta_density(n, k + 1, p),
    (
        lambda k, n, p: p * (1 - p) * beta_order(n, k + 1, p, order=(0, 1)),
        lambda k, n, p: p * (1 - p) * beta_order(n, k + 1, p, order=(1, 0)),
        lambda k, n, p: 1.0,
    ),
)


# -- Kolmogorov and Smirnov ----------------------------------------------------------------------------------

#: Where both series of Jacobi's theta function (DLMF 20.7.32) converge fast.
BETWEEN_SERIES = 0.82


def kolmogorov_slope(x: Array) -> Array:
    """Term by term, from the series for small or for large `x`."""
    low = x < BETWEEN_SERIES
    small, large = np.where(low & (x > 0.04), x, 1), np.where(low, 1, x)
    odd = [(math.pi * (2 * k - 1)) ** 2 / 8 for k in range(1, 5)]
    square = 1 / small / small
    left = -ROOT_2PI * sum(np.exp(-c * square) * square * (2 * c * square - 1) for c in odd)
    right = sum((-1) ** k * 8 * k * k * large * np.exp(-2 * k * k * large * large) for k in range(1, 8))
    return np.where(low, np.where(x > 0.04, left, 0), right)


def smirnov_slope(n: Array, d: Array) -> Array:
    """Term by term, from the sum of Birnbaum and Tingey (1951); each is a binomial probability times a factor."""
    inner = (d >= 0) & (d <= 1)
    d = np.where(inner, d, 0.5)
    total = -n * (1 - d) ** (n - 1)
    for v in range(1, int(np.max(plain(n), initial=0)) + 1):
        p = d + v / n
        valid = p < 1
        p, rest = np.where(valid, p, 0.5), np.where(valid, n - v, 1)
        probability = beta_density(v + 1.0, rest + 1, p) / (rest + v + 1)
        factor = (1 + d * (v - 1) / p - d * rest / (1 - p)) / p
        total = total + np.where(valid, probability * factor, 0)
    return np.where(inner, total, 0)


# -- Tukey's lambda ---------------------------------------------------------------------------------------------
# The quantile of p is boxcox(p, lambda) - boxcox(1 - p, lambda).


def tukey_quantile_density(p: Array, power: Array) -> Array:
    return p ** (power - 1) + (1 - p) ** (power - 1)


def tukey_inside(y: Array) -> Array:
    return (y > 0) & (y < 1)


def tukey_x(g: Array, y: Array, b: Array) -> Array:
    inside = tukey_inside(y)
    return np.where(inside, g / tukey_quantile_density(np.where(inside, y, 0.5), b), 0)


def tukey_lambda(g: Array, y: Array, b: Array) -> Array:
    inside = tukey_inside(y)
    p = np.where(inside, y, 0.5)
    below = boxcox_power(np.log(p), b, special.boxcox(p, b))
    above = boxcox_power(np.log1p(-p), b, special.boxcox1p(-p, b))
    return np.where(inside, g * ((above - below) / tukey_quantile_density(p, b)), 0)


RULES: tuple[Any, ...] = (
    # -- Normal
    Elementwise(special.ndtr, lambda g, x: g * (np.exp(-0.5 * x * x) / ROOT_2PI)),
    Elementwise(special.log_ndtr, lambda g, x: g * hazard(x), pole=True),
    Elementwise(special.ndtri, lambda g, y: g * (ROOT_2PI * np.exp(0.5 * y * y)), pole=True),
    Elementwise(special.ndtri_exp, lambda g, y: g / hazard(y), pole=True),
    Elementwise(
        special.nrdtrimn,
        singular(lambda g, a, b: -g * (b * ndtri_slope(a))),
        lambda g, a: -g * special.ndtri(a),
        lambda g: g,
    ),
    Elementwise(
        special.nrdtrisd,
        singular(lambda g, b: -g / special.ndtri(b)),
        singular(lambda g, y, b: -g * (y * ndtri_slope(b) / special.ndtri(b))),
        singular(lambda g, b: g / special.ndtri(b)),
    ),
    # -- Gamma, chi-square, Poisson
    GAMMA.distribution(special.gdtr),
    GAMMA.distribution(special.gdtrc, sign=-1),
    GAMMA.inverse(special.gdtria, 0),
    GAMMA.inverse(special.gdtrib, 1),
    GAMMA.inverse(special.gdtrix, 2),
    CHI_SQUARE.distribution(special.chdtr),
    CHI_SQUARE.distribution(special.chdtrc, sign=-1),
    CHI_SQUARE.inverse(special.chdtri, 1, sign=-1),
    CHI_SQUARE.inverse(special.chdtriv, 0),
    POISSON.distribution(special.pdtr),
    POISSON.distribution(special.pdtrc, sign=-1),
    POISSON.inverse(special.pdtri, 1),
    POISSON_REAL.inverse(special.pdtrik, 0, bounded=True),
    # -- F, binomial, negative binomial
    F.distribution(special.fdtr),
    F.distribution(special.fdtrc, sign=-1),
    F.inverse(special.fdtri, 2),
    F.inverse(special.fdtridfd, 1),
    BINOMIAL.distribution(special.bdtr),
    BINOMIAL.distribution(special.bdtrc, sign=-1),
    BINOMIAL.inverse(special.bdtri, 2),
    BINOMIAL_REAL.inverse(special.bdtrik, 0, bounded=True),
    BINOMIAL_REAL.inverse(special.bdtrin, 1, bounded=True),
    NEGATIVE_BINOMIAL.distribution(special.nbdtr),
    NEGATIVE_BINOMIAL.distribution(special.nbdtrc, sign=-1),
    NEGATIVE_BINOMIAL.inverse(special.nbdtri, 2),
    NEGATIVE_BINOMIAL_REAL.inverse(special.nbdtrik, 0, bounded=True),
    NEGATIVE_BINOMIAL_REAL.inverse(special.nbdtrin, 1, bounded=True),
    # -- Kolmogorov, Smirnov, Tukey
    Elementwise(special.kolmogorov, lambda g, x: g * kolmogorov_slope(x)),
    Elementwise(special.kolmogi, singular(lambda g, y: g / kolmogorov_slope(y))),
    Elementwise(special.smirnov, None, singular(lambda g, a, b: g * smirnov_slope(a, b))),
    Elementwise(special.smirnovi, None, singular(lambda g, y, a: g / smirnov_slope(a, y))),
    Elementwise(special.tklmbda, singular(tukey_x), singular(tukey_lambda)),
)
