"""Continuous distributions: for each one its support and its formulas. Names and parameters are SciPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.scipy.stats.distribution import Continuous

__all__ = [
    *("beta", "cauchy", "chi2", "expon", "f", "gamma", "gumbel_l", "gumbel_r", "halfnorm", "invgamma"),
    *("invgauss", "laplace", "logistic", "lognorm", "norm", "pareto", "rayleigh", "skewnorm", "t"),
    *("truncnorm", "uniform", "vonmises", "weibull_min"),
]

LOG_2 = math.log(2)
LOG_PI = math.log(math.pi)
LOG_ROOT_2PI = (LOG_2 + LOG_PI) / 2
ROOT_HALF = math.sqrt(0.5)


def bell(z: Array) -> Array:
    """The logarithm of the normal density."""
    return -(z * z) / 2 - LOG_ROOT_2PI


# -- On the whole line ---------------------------------------------------------------------------------------

norm = Continuous(
    "norm",
    logpdf=bell,
    cdf=special.ndtr,
    sf=lambda z: special.ndtr(-z),
    logcdf=special.log_ndtr,
    logsf=lambda z: special.log_ndtr(-z),
    ppf=special.ndtri,
    isf=lambda q: -special.ndtri(q),
)
t = Continuous(
    "t",
    logpdf=lambda z, df: -special.betaln(0.5, df / 2) - np.log(df) / 2 - (df + 1) / 2 * np.log1p(z * z / df),
    cdf=lambda z, df: special.stdtr(df, z),
    sf=lambda z, df: special.stdtr(df, -z),
    ppf=lambda q, df: special.stdtrit(df, q),
    isf=lambda q, df: -special.stdtrit(df, q),
)
cauchy = Continuous(
    "cauchy",
    logpdf=lambda z: -LOG_PI - np.log1p(z * z),
    cdf=lambda z: np.arctan2(1, -z) / math.pi,
    sf=lambda z: np.arctan2(1, z) / math.pi,
    ppf=lambda q: np.tan(math.pi * q - math.pi / 2),
    isf=lambda q: np.tan(math.pi / 2 - math.pi * q),
)


def laplace_cdf(z: Array) -> Array:
    tail = np.exp(np.where(z > 0, -z, z)) / 2
    return np.where(z > 0, 1 - tail, tail)


def laplace_ppf(q: Array) -> Array:
    return np.where(q > 0.5, -np.log(2 * (1 - q)), np.log(2 * q))


laplace = Continuous(
    "laplace",
    logpdf=lambda z: -LOG_2 - np.abs(z),
    cdf=laplace_cdf,
    sf=lambda z: laplace_cdf(-z),
    ppf=laplace_ppf,
    isf=lambda q: -laplace_ppf(q),
)
logistic = Continuous(
    "logistic",
    logpdf=lambda z: special.log_expit(z) + special.log_expit(-z),
    cdf=special.expit,
    sf=lambda z: special.expit(-z),
    logcdf=special.log_expit,
    logsf=lambda z: special.log_expit(-z),
    ppf=special.logit,
    isf=lambda q: -special.logit(q),
)
gumbel_r = Continuous(
    "gumbel_r",
    logpdf=lambda z: -z - np.exp(-z),
    cdf=lambda z: np.exp(-np.exp(-z)),
    sf=lambda z: -np.expm1(-np.exp(-z)),
    logcdf=lambda z: -np.exp(-z),
    ppf=lambda q: -np.log(-np.log(q)),
    isf=lambda q: -np.log(-np.log1p(-q)),
)
gumbel_l = Continuous(
    "gumbel_l",
    logpdf=lambda z: z - np.exp(z),
    cdf=lambda z: -np.expm1(-np.exp(z)),
    sf=lambda z: np.exp(-np.exp(z)),
    logsf=lambda z: -np.exp(z),
    ppf=lambda q: np.log(-np.log1p(-q)),
    isf=lambda q: np.log(-np.log(q)),
)
skewnorm = Continuous(
    "skewnorm",
    valid=lambda a: np.isfinite(a),
    logpdf=lambda z, a: LOG_2 + bell(z) + special.log_ndtr(a * z),
)
vonmises = Continuous(
    "vonmises",
    valid=lambda kappa: kappa >= 0,
    logpdf=lambda z, kappa: -2 * kappa * np.sin(z / 2) ** 2 - 2 * LOG_ROOT_2PI - np.log(special.i0e(kappa)),
)

# -- On the positive numbers ---------------------------------------------------------------------------------

expon = Continuous(
    "expon",
    low=0,
    logpdf=lambda z: -z,
    cdf=lambda z: -np.expm1(-z),
    sf=lambda z: np.exp(-z),
    logsf=lambda z: -z,
    ppf=lambda q: -np.log1p(-q),
    isf=lambda q: -np.log(q),
)
gamma = Continuous(
    "gamma",
    low=0,
    logpdf=lambda z, a: special.xlogy(a - 1, z) - z - special.gammaln(a),
    cdf=lambda z, a: special.gammainc(a, z),
    sf=lambda z, a: special.gammaincc(a, z),
    ppf=lambda q, a: special.gammaincinv(a, q),
    isf=lambda q, a: special.gammainccinv(a, q),
)
chi2 = Continuous(
    "chi2",
    low=0,
    logpdf=lambda z, df: special.xlogy(df / 2 - 1, z) - z / 2 - special.gammaln(df / 2) - LOG_2 * df / 2,
    cdf=lambda z, df: special.gammainc(df / 2, z / 2),
    sf=lambda z, df: special.gammaincc(df / 2, z / 2),
    ppf=lambda q, df: 2 * special.gammaincinv(df / 2, q),
    isf=lambda q, df: 2 * special.gammainccinv(df / 2, q),
)


def f_logpdf(z: Array, dfn: Array, dfd: Array) -> Array:
    m, n = dfn / 2, dfd / 2
    log = m * np.log(dfn) + n * np.log(dfd) + special.xlogy(m - 1, z)
    return log - (m + n) * np.log(dfd + dfn * z) - special.betaln(m, n)


f = Continuous(
    "f",
    low=0,
    logpdf=f_logpdf,
    cdf=lambda z, dfn, dfd: special.fdtr(dfn, dfd, z),
    sf=lambda z, dfn, dfd: special.fdtrc(dfn, dfd, z),
    ppf=lambda q, dfn, dfd: special.fdtri(dfn, dfd, q),
)
lognorm = Continuous(
    "lognorm",
    low=0,
    open_ends=True,
    logpdf=lambda z, s: bell(np.log(z) / s) - np.log(s * z),
    cdf=lambda z, s: special.ndtr(np.log(z) / s),
    sf=lambda z, s: special.ndtr(-np.log(z) / s),
    logcdf=lambda z, s: special.log_ndtr(np.log(z) / s),
    logsf=lambda z, s: special.log_ndtr(-np.log(z) / s),
    ppf=lambda q, s: np.exp(s * special.ndtri(q)),
    isf=lambda q, s: np.exp(-s * special.ndtri(q)),
)
weibull_min = Continuous(
    "weibull_min",
    low=0,
    logpdf=lambda z, c: np.log(c) + special.xlogy(c - 1, z) - z**c,
    cdf=lambda z, c: -np.expm1(-(z**c)),
    sf=lambda z, c: np.exp(-(z**c)),
    logsf=lambda z, c: -(z**c),
    ppf=lambda q, c: (-np.log1p(-q)) ** (1 / c),
    isf=lambda q, c: (-np.log(q)) ** (1 / c),
)
rayleigh = Continuous(
    "rayleigh",
    low=0,
    logpdf=lambda z: np.log(z) - z * z / 2,
    cdf=lambda z: -np.expm1(-z * z / 2),
    sf=lambda z: np.exp(-z * z / 2),
    logsf=lambda z: -z * z / 2,
    ppf=lambda q: np.sqrt(-2 * np.log1p(-q)),
    isf=lambda q: np.sqrt(-2 * np.log(q)),
)
halfnorm = Continuous(
    "halfnorm",
    low=0,
    logpdf=lambda z: LOG_2 + bell(z),
    cdf=lambda z: special.erf(z * ROOT_HALF),
    sf=lambda z: special.erfc(z * ROOT_HALF),
    logsf=lambda z: LOG_2 + special.log_ndtr(-z),
    ppf=lambda q: special.ndtri((1 + q) / 2),
    isf=lambda q: -special.ndtri(q / 2),
)
invgamma = Continuous(
    "invgamma",
    low=0,
    open_ends=True,
    logpdf=lambda z, a: -(a + 1) * np.log(z) - special.gammaln(a) - 1 / z,
    cdf=lambda z, a: special.gammaincc(a, 1 / z),
    sf=lambda z, a: special.gammainc(a, 1 / z),
    ppf=lambda q, a: 1 / special.gammainccinv(a, q),
    isf=lambda q, a: 1 / special.gammaincinv(a, q),
)


def invgauss_tail(z: Array, mu: Array, side: int) -> Array:
    """Logarithm of the probability below (`side` 1) or above (-1)."""
    near = special.log_ndtr(side * (z / mu - 1) / np.sqrt(z))
    far = 2 / mu + special.log_ndtr(-(z / mu + 1) / np.sqrt(z))
    return near + np.log1p(side * np.exp(far - near))


invgauss = Continuous(
    "invgauss",
    low=0,
    open_ends=True,
    logpdf=lambda z, mu: -LOG_ROOT_2PI - 1.5 * np.log(z) - ((z - mu) / mu) ** 2 / (2 * z),
    cdf=lambda z, mu: np.exp(invgauss_tail(z, mu, 1)),
    sf=lambda z, mu: np.exp(invgauss_tail(z, mu, -1)),
    logcdf=lambda z, mu: invgauss_tail(z, mu, 1),
    logsf=lambda z, mu: invgauss_tail(z, mu, -1),
)

# -- On other intervals --------------------------------------------------------------------------------------

uniform = Continuous(
    "uniform",
    low=0,
    high=1,
    logpdf=lambda z: 0 * z,
    cdf=lambda z: z,
    sf=lambda z: 1 - z,
    ppf=lambda q: q,
    isf=lambda q: 1 - q,
)
beta = Continuous(
    "beta",
    low=0,
    high=1,
    logpdf=lambda z, a, b: special.xlog1py(b - 1, -z) + special.xlogy(a - 1, z) - special.betaln(a, b),
    cdf=lambda z, a, b: special.betainc(a, b, z),
    sf=lambda z, a, b: special.betaincc(a, b, z),
    ppf=lambda q, a, b: special.betaincinv(a, b, q),
    isf=lambda q, a, b: special.betainccinv(a, b, q),
)
pareto = Continuous(
    "pareto",
    low=1,
    logpdf=lambda z, b: np.log(b) - (b + 1) * np.log(z),
    cdf=lambda z, b: -np.expm1(-b * np.log(z)),
    sf=lambda z, b: z**-b,
    logsf=lambda z, b: -b * np.log(z),
    ppf=lambda q, b: (1 - q) ** (-1 / b),
    isf=lambda q, b: q ** (-1 / b),
)


def log_mass(a: Any, b: Any) -> Array:
    """Logarithm of the normal probability of an interval: of the smaller tail where the interval lies in one."""
    right = a > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    one_tail = high <= 0
    top = special.log_ndtr(np.where(one_tail, high, 0))
    tail = top + np.log1p(-np.exp(special.log_ndtr(np.where(one_tail, low, -1)) - top))
    return np.where(
        one_tail, tail, np.log1p(-special.ndtr(np.where(one_tail, -1, a)) - special.ndtr(-np.where(one_tail, 1, b)))
    )


def truncnorm_ppf(q: Array, a: Array, b: Array) -> Array:
    right = a > 0
    low, part = np.where(right, -b, a), np.where(right, 1 - q, q)
    z = special.ndtri_exp(np.logaddexp(special.log_ndtr(low), np.log(part) + log_mass(a, b)))
    return np.where(right, -z, z)


truncnorm = Continuous(
    "truncnorm",
    low=lambda a, b: a,
    high=lambda a, b: b,
    valid=lambda a, b: a < b,
    logpdf=lambda z, a, b: bell(z) - log_mass(a, b),
    cdf=lambda z, a, b: np.exp(log_mass(a, z) - log_mass(a, b)),
    sf=lambda z, a, b: np.exp(log_mass(z, b) - log_mass(a, b)),
    logcdf=lambda z, a, b: log_mass(a, z) - log_mass(a, b),
    logsf=lambda z, a, b: log_mass(z, b) - log_mass(a, b),
    ppf=truncnorm_ppf,
)
