"""Discrete distributions: for each one its support and its formulas. Names and parameters are SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.scipy.stats.distribution import Discrete

__all__ = ["bernoulli", "betabinom", "binom", "geom", "nbinom", "poisson"]


def is_probability(p: Array) -> Any:
    return (p >= 0) & (p <= 1)


def is_count(n: Array) -> Any:
    return (n >= 0) & (np.floor(n) == n)


bernoulli = Discrete(
    "bernoulli",
    low=0,
    high=1,
    valid=is_probability,
    logpmf=lambda k, p: special.xlogy(k, p) + special.xlog1py(1 - k, -p),
    cdf=lambda k, p: 1 - p + 0 * k,
    sf=lambda k, p: p + 0 * k,
)
binom = Discrete(
    "binom",
    low=0,
    high=lambda n, p: n,
    valid=lambda n, p: is_count(n) & is_probability(p),
    logpmf=lambda k, n, p: (
        special.gammaln(n + 1)
        - (special.gammaln(k + 1) + special.gammaln(n - k + 1))
        + special.xlogy(k, p)
        + special.xlog1py(n - k, -p)
    ),
    cdf=lambda k, n, p: special.betaincc(k + 1, n - k, p),
    sf=lambda k, n, p: special.betainc(k + 1, n - k, p),
)
poisson = Discrete(
    "poisson",
    low=0,
    valid=lambda mu: mu >= 0,
    logpmf=lambda k, mu: special.xlogy(k, mu) - special.gammaln(k + 1) - mu,
    cdf=lambda k, mu: special.gammaincc(k + 1, mu),
    sf=lambda k, mu: special.gammainc(k + 1, mu),
)
geom = Discrete(
    "geom",
    low=1,
    valid=lambda p: (p > 0) & (p <= 1),
    logpmf=lambda k, p: special.xlog1py(k - 1, -p) + np.log(p),
    cdf=lambda k, p: -np.expm1(np.log1p(-p) * k),
    sf=lambda k, p: np.exp(np.log1p(-p) * k),
    logsf=lambda k, p: np.log1p(-p) * k,
)
nbinom = Discrete(
    "nbinom",
    low=0,
    valid=lambda n, p: (n > 0) & (p > 0) & (p <= 1),
    logpmf=lambda k, n, p: (
        special.gammaln(n + k) - special.gammaln(k + 1) - special.gammaln(n) + n * np.log(p) + special.xlog1py(k, -p)
    ),
    cdf=lambda k, n, p: special.betainc(n, k + 1, p),
    sf=lambda k, n, p: special.betaincc(n, k + 1, p),
)
betabinom = Discrete(
    "betabinom",
    low=0,
    high=lambda n, a, b: n,
    valid=lambda n, a, b: is_count(n) & (a > 0) & (b > 0),
    logpmf=lambda k, n, a, b: (
        special.betaln(k + a, n - k + b) - np.log(n + 1) - special.betaln(n - k + 1, k + 1) - special.betaln(a, b)
    ),
)
