"""Gamma, beta and zeta functions, and exponential integrals.

Where a factor has a pole and another a zero (negative integers) the product of a value and a digamma is ``0 * inf``;
there the rules use the derivative of the reciprocal gamma function, which is entire, or a reflection formula.
Equation numbers are those of the NIST Digital Library of Mathematical Functions (DLMF).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Constant, Elementwise, singular
from funcgrad.errors import NoDerivativeError
from funcgrad.rules.special.devices import zeta
from funcgrad.rules.special.polygamma import (
    BERNOULLI,
    digamma_difference,
    moment,
    nonpositive_integer,
    polygamma,
    sign_of_parity,
    wide,
)

__all__ = ["RULES"]


# -- Gamma -------------------------------------------------------------------------------------------


def cosine(x: Array) -> Array:
    """``cos(pi x)``, right also near its zeros and for large `x`."""
    n = np.rint(np.real(x))
    return sign_of_parity(n) * np.cos(math.pi * (x - n))


def sine(x: Array) -> Array:
    """``sin(pi x)``, zero at integers."""
    n = np.rint(np.real(x))
    return sign_of_parity(n) * np.sin(math.pi * (x - n))


def rgamma_slope(x: Array) -> Array:
    """The derivative of ``1 / gamma``, on the left of the reflected form ``sin(pi x) gamma(1 - x) / pi`` (5.5.3)."""
    left = np.real(x) < 0.5
    right = np.where(left, 1 - x, x)
    change = special.rgamma(x) * special.psi(right)
    return np.where(left, special.gamma(np.where(left, 1 - x, 1)) * cosine(x), 0) - change


def poch_start(g: Array, y: Array, a: Array, b: Array) -> Array:
    """``poch = gamma(a + b) rgamma(a)``; as a product where `a` may be a pole and ``a + b`` is none."""
    apart = (a <= 0) & ((a + b > 0) | (nonpositive_integer(a) & (b != np.rint(b))))
    start, end = np.where(apart, a, 0), np.where(apart, a + b, 1)
    product = y * special.psi(end) + special.gamma(end) * rgamma_slope(start)
    return g * np.where(apart, product, y * digamma_difference(np.where(apart, 1, a), b))


# -- Beta --------------------------------------------------------------------------------------------


def beta_slope(g: Array, y: Array, a: Array, b: Array) -> Array:
    """``beta = gamma(a) gamma(b) rgamma(a + b)``; as a product where the last factor is zero and the first finite."""
    zero = nonpositive_integer(a + b) & ~nonpositive_integer(a) & ~nonpositive_integer(b)
    first, second = np.where(zero, a, 1), np.where(zero, b, 1)
    product = special.gamma(first) * special.gamma(second) * rgamma_slope(first + second)
    return g * np.where(zero, product, -y * digamma_difference(np.where(zero, 1, a), np.where(zero, 1, b)))


def binom_top(g: Array, y: Array, a: Array, b: Array) -> Array:
    """``binom(n, k) = gamma(n + 1) rgamma(k + 1) rgamma(n - k + 1)``; where ``k > n`` by reflection of the last."""
    beyond = (a > -1) & (b >= a + 1)
    change = np.where(beyond, 0, y) * digamma_difference(np.where(beyond, 1, a - b + 1), np.where(beyond, 1, b))
    n, k = np.where(beyond, a, 1), np.where(beyond, b, 2)
    w, size = n - k + 1, special.beta(n + 1, k - n)
    reflected = size * (cosine(w) + sine(w) / math.pi * (special.psi(n + 1) - special.psi(k - n)))
    return g * np.where(beyond, reflected, change)


def binom_bottom(g: Array, y: Array, a: Array, b: Array) -> Array:
    """As for the top; where ``k < 0`` by the symmetry ``k -> n - k``, and by the three factors where ``n < -1``."""
    low = a <= -1
    beyond, below = ~low & (b >= a + 1), ~low & (b <= -1)
    other = low | beyond | below
    ordinary = np.where(other, 0, y) * (
        special.psi(np.where(other, 1, a - b + 1)) - special.psi(np.where(other, 1, b + 1))
    )
    n = np.where(beyond | below, a, 1)
    k = np.where(beyond, b, np.where(below, a - b, 2))
    w, size = n - k + 1, special.beta(n + 1, k - n)
    reflected = size * (cosine(w) + sine(w) / math.pi * digamma_difference(k - n, n + 1))
    n, k = np.where(low, a, -1.5), np.where(low, b, 0)
    change = rgamma_slope(k + 1) * special.rgamma(n - k + 1) - special.rgamma(k + 1) * rgamma_slope(n - k + 1)
    factors = special.gamma(n + 1) * change
    return g * np.where(low, factors, np.where(beyond, -reflected, np.where(below, reflected, ordinary)))


# -- Zeta --------------------------------------------------------------------------------------------


def terms_needed(s: Array) -> int:
    """How many terms to sum before the Euler-Maclaurin formula; more for a large imaginary part, where it is known."""
    if s.dtype.kind != "c" or not isinstance(s, np.ndarray | np.generic):
        return 24
    height = float(np.max(np.abs(s.imag), initial=0.0, where=np.isfinite(s)))
    if height > 1e4:
        raise NoDerivativeError(
            f"zeta: the derivative with respect to x is not known for an imaginary part of {height:g} (at most 1e4). "
            "Pass funcgrad.stop_gradient of it if no gradient is needed."
        )
    return 24 + math.ceil(height / 2)


def zeta_order_value(a: Array, b: Array, order: int = 1) -> Array:
    """The derivative of Hurwitz's ``zeta(s, q)`` of this order in `s`, by Euler-Maclaurin (DLMF 25.11.5, 25.2.9)."""
    pole = a == 1
    s, q = wide(np.where(pole, 2, a)), wide(b)
    count = terms_needed(s)
    total: Any = 0.0
    for k in range(count):
        log = np.log(q + k)
        total = total + (-log) ** order * np.exp(-s * log)
    end = q + count
    log = np.log(end)
    size = np.exp(-s * log)
    powers = [(-log) ** k for k in range(order + 1)]  # the derivatives of end**-s, divided by it
    tails = [(-1) ** k * math.factorial(k) / (s - 1) ** (k + 1) for k in range(order + 1)]
    total = total + size * (end * leibniz(powers, tails) + powers[-1] / 2)
    rising = [s, 1.0, *[0.0] * order][: order + 1]  # the derivatives of s (s+1) ... (s+2k-2)
    for k, bernoulli in enumerate(BERNOULLI, 1):
        total = total + bernoulli / math.factorial(2 * k) * size * end ** (1 - 2 * k) * leibniz(powers, rising)
        for factor in (s + (2 * k - 1), s + 2 * k):
            rising = [r * factor + i * rising[i - 1] if i else r * factor for i, r in enumerate(rising)]
    return np.where(pole, math.nan, total)


def leibniz(f: Sequence[Any], g: Sequence[Any]) -> Any:
    """The highest derivative of a product, from all derivatives of the factors."""
    n = len(f) - 1
    return sum(math.comb(n, k) * f[k] * g[n - k] for k in range(n + 1))


def zeta_order_shift(g: Array, a: Array, b: Array, order: int) -> Array:
    """``d zeta(s, q) / dq = -s zeta(s + 1, q)`` (DLMF 25.11.17), differentiated in `s`."""
    lower = order * zeta_order(a + 1, b, order=order - 1) if order else 0
    return -g * (a * zeta_order(a + 1, b, order=order) + lower)


zeta_order: Elementwise = Elementwise(
    zeta_order_value,
    lambda g, a, b, order: g * zeta_order(a, b, order=order + 1),
    zeta_order_shift,
    name="zeta_order",
    own=True,
)


def riemann_order_value(x: Array, order: int = 1) -> Array:
    """The derivative of Riemann's zeta function, left of 0 by reflection (DLMF 25.4.2)."""
    x = wide(x)
    left = np.real(x) < 0
    s = np.where(left, x, -1)
    r = 1 - s
    slopes = {(k, 0): special.psi(r) if k == 1 else polygamma(r, order=k - 1) for k in range(1, order + 1)}
    quarter = [(sine(s / 2), cosine(s / 2))[k % 2] * (-1) ** (k // 2) * (math.pi / 2) ** k for k in range(order + 1)]
    logs = [math.log(2 * math.pi) ** k for k in range(order + 1)]
    gammas = [(-1) ** k * moment((k, 0), slopes) for k in range(order + 1)]
    zetas = [(-1) ** k * zeta_order_value(r, 1.0, k) for k in range(order + 1)]
    first = [leibniz(logs[: k + 1], quarter[: k + 1]) for k in range(order + 1)]
    second = [leibniz(gammas[: k + 1], zetas[: k + 1]) for k in range(order + 1)]
    size = np.exp(s * math.log(2 * math.pi) + special.loggamma(r)) / math.pi
    return np.where(left, size * leibniz(first, second), zeta_order_value(np.where(left, 2, x), 1.0, order))


riemann_order: Elementwise = Elementwise(
    riemann_order_value,
    lambda g, x, order: g * riemann_order(x, order=order + 1),
    name="riemann_order",
    own=True,
    pole=True,
)


#: ``special.zeta`` is a Python function; it calls these.
ZETAS = (
    [
        Elementwise(
            special._ufuncs._zeta,
            lambda g, a, b: g * zeta_order(a, b),
            lambda g, a, b: -g * (a * zeta(a + 1, b)),
            name="zeta",
            pole=True,
        ),
        Elementwise(special._ufuncs._riemann_zeta, lambda g, x: g * riemann_order(x, order=1), name="zeta", pole=True),
    ]
    if hasattr(special._ufuncs, "_riemann_zeta")
    else []
)


# -- Exponential integrals ---------------------------------------------------------------------------


def expn_order(g: Array, A: Any) -> NoReturn:
    raise NoDerivativeError(
        f"expn: there is no derivative with respect to the order n, here {A}, which is truncated to an integer. "
        "Pass the order as integers, or funcgrad.stop_gradient of it."
    )


def expn_slope(g: Array, a: Array, b: Array) -> Array:
    """DLMF 8.19.13, and for order 0 the derivative of ``exp(-x) / x``."""
    if isinstance(a, int):
        return -g * (special.expn(a - 1, b) if a else np.exp(-b) * (b + 1) / (b * b))
    return -g * np.where(a < 1, np.exp(-b) * (b + 1) / (b * b), special.expn(np.maximum(a - 1, 0), b))


RULES = (
    # -- Gamma
    Elementwise(special.gamma, lambda g, y, x: g * (y * special.psi(x)), pole=True),
    Elementwise(special.gammaln, lambda g, x: g * special.psi(x), pole=True),
    Elementwise(special.loggamma, lambda g, x: g * special.psi(x), pole=True),
    Elementwise(special.psi, lambda g, x: g * polygamma(x, order=1), pole=True),
    Elementwise(special.rgamma, lambda g, x: g * rgamma_slope(x), pole=True),
    Elementwise(special.poch, singular(poch_start), singular(lambda g, y, a, b: g * (y * special.psi(a + b)))),
    Constant(special.gammasgn),
    # -- Beta
    Elementwise(special.beta, beta_slope, lambda g, y, a, b: beta_slope(g, y, b, a), pole=True),
    Elementwise(
        special.betaln,
        lambda g, a, b: -g * digamma_difference(a, b),
        lambda g, a, b: -g * digamma_difference(b, a),
        pole=True,
    ),
    Elementwise(special.binom, binom_top, binom_bottom, pole=True),
    # -- Zeta
    *ZETAS,
    Elementwise(special.zetac, lambda g, x: g * riemann_order(x, order=1), pole=True),
    # -- Exponential integrals
    Elementwise(special.exp1, lambda g, x: -g * np.exp(-x) / x, pole=True),
    Elementwise(special.expi, lambda g, x: g * np.exp(x) / x, pole=True),
    Elementwise(special.expn, expn_order, singular(expn_slope)),
)
