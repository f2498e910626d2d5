"""Hypergeometric functions, in the argument and in the parameters.

In the argument the parameters are raised (DLMF 13.3.15, 13.3.22, 15.5.1, 16.3.1). In the parameters the series is
differentiated term by term, and the integral of Tricomi's function under the integral sign. Where that has not
converged, or would cancel more than six digits, the derivative is nan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.core.level import plain

__all__ = ["RULES"]

ROUNDING = 2.0**-52

# -- Series, differentiated term by term ---------------------------------------------------------------------

TERMS = 1600

#: A parameter, and its tangent.
Dual = tuple[Array, Array]


def series_slope(ups: Sequence[Dual], downs: Sequence[Dual], z: Array) -> Array:
    """The tangent of the generalized hypergeometric series (DLMF 16.2.1) in its parameters."""
    z = np.float64(1) * z  # the sum of many terms is not for single precision
    t, dt = 1 + 0 * z, 0 * z
    value, total, peak = t, dt, np.abs(dt)
    with np.errstate(all="ignore"):
        for k in range(TERMS):
            for a, da in ups:
                t, dt = t * (a + k), dt * (a + k) + t * da
            for b, db in downs:
                t = t / (b + k)
                dt = (dt - t * db) / (b + k)
            t, dt = t * (z / (k + 1)), dt * (z / (k + 1))
            value, total, peak = value + t, total + dt, np.maximum(peak, np.abs(dt))
            if k % 8 == 7 and settled(plain(dt), plain(total)):
                break
        scale = 1e-10 * (np.abs(total) + np.abs(value))
        sound = (peak * ROUNDING < scale) & (np.abs(dt) < 1e-3 * scale)
        return np.where(sound | (total == 0) & (dt == 0), total, np.nan)


def settled(term: Array, total: Array) -> bool:
    """Whether more terms change nothing; a device is not asked, which costs terms instead of a copy to the host."""
    on_host = isinstance(term, np.ndarray | np.generic)
    return on_host and bool(np.all((np.abs(term) <= 0.01 * ROUNDING * np.abs(total)) | ~np.isfinite(term)))


def confluent_slope(a: Array, b: Array, c: Array, da: int, db: int) -> Array:
    """For arguments with a negative real part by Kummer's transformation (DLMF 13.2.39), free of cancellation."""
    left = np.real(c) < 0
    up = (np.where(left, b - a, a), np.where(left, db - da, da))
    factor = np.exp(np.where(left, c, 0))
    return factor * series_slope([up], [(b, db)], np.where(left, -c, c))


def gauss_slope(y: Array, a: Array, b: Array, c: Array, d: Array, *, da: int = 0, db: int = 0, dc: int = 0) -> Array:
    """For arguments outside the disk around 1 by Pfaff's transformation (DLMF 15.8.1), free of cancellation.

    The transformed argument must be smaller than 0.98, which means from -49 to 0.98 on the real line.
    """
    left = (np.abs(d - 1) > 1) & (np.real(d) < 0.5)
    z = np.where(left, d, 0)
    w = np.where(left, z / (z - 1), d)
    outside = np.abs(w) > 0.98
    up = (np.where(left, c - b, b), np.where(left, dc - db, db))
    slope = series_slope([(a, da), up], [(c, dc)], np.where(outside, 0, w))
    log = np.log(1 - z)
    return np.where(outside, np.nan, np.exp(-a * log) * slope - da * log * y)


# -- Tricomi's function, differentiated under the integral sign ------------------------------------------------

SHIFT = 16
INTERVALS = 240


def tricomi(a: Array, b: Array, x: Array) -> tuple[Array, Array, Array]:
    """Tricomi's function and its derivatives in `a` and `b`, for positive `a` (DLMF 13.4.4).

    By the trapezoidal rule in ``t = s * exp(w - exp(-w))``. Half as many intervals must give the same.
    """
    s = 1 / (1 + x)
    step = (np.log((80 + 4 * a + 4 * np.abs(b)) / (s * x)) + 4.5) / INTERVALS
    log_gamma = special.gammaln(a)
    sums = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    for k in range(INTERVALS + 1):
        w = k * step - 4.5
        log_t = np.log(s) + w - np.exp(-w)
        t = np.exp(log_t)
        log_1 = np.log1p(t)
        density = np.exp(a * log_t - x * t + (b - a - 1) * log_1 - log_gamma) * (1 + np.exp(-w))
        for total in sums[: 1 + (k % 2 == 0)]:
            for i, part in enumerate((density, density * (log_t - log_1), density * log_1)):
                total[i] = total[i] + part
    (u, in_a, in_b), (coarse, *_) = sums
    sound = np.abs(2 * coarse - u) < 1e-8 * u
    u = np.where(sound, u, np.nan) * step
    return u, in_a * step - special.psi(a) * u, in_b * step


def tricomi_slopes(a: Array, b: Array, x: Array) -> tuple[Array, Array]:
    """The derivatives in `a` and `b`, by recurrence downwards in `a` (DLMF 13.3.7), in which it is stable.

    It starts from positive parameters if ``a > -15.5``; elsewhere the result is nan, and for ``x <= 0`` too.
    """
    known = (x > 0) & (a > 0.5 - SHIFT)
    a, x = np.where(known, a, 1), np.where(known, np.float64(1) * x, 1)
    high, low = tricomi(a + (SHIFT + 1), b, x), tricomi(a + SHIFT, b, x)
    for k in reversed(range(SHIFT)):
        p = a + k + 1  # U(p - 1) = (2 p - b + x) U(p) - p (p - b + 1) U(p + 1)
        first, second = 2 * p - b + x, p * (p - b + 1)
        u = first * low[0] - second * high[0]
        in_a = first * low[1] + 2 * low[0] - second * high[1] - (2 * p - b + 1) * high[0]
        in_b = first * low[2] - low[0] - second * high[2] + p * high[0]
        high, low = low, (u, in_a, in_b)
    return np.where(known, low[1], np.nan), np.where(known, low[2], np.nan)


RULES = (
    Elementwise(
        special.hyp0f1,
        singular(lambda g, a, b: g * series_slope([], [(a, 1)], b)),
        lambda g, a, b: g * (special.hyp0f1(a + 1, b) / a),
    ),
    Elementwise(
        special.hyp1f1,
        singular(lambda g, a, b, c: g * confluent_slope(a, b, c, 1, 0)),
        singular(lambda g, a, b, c: g * confluent_slope(a, b, c, 0, 1)),
        lambda g, a, b, c: g * (a / b * special.hyp1f1(a + 1, b + 1, c)),
    ),
    Elementwise(
        special.hyp2f1,
        singular(lambda g, y, a, b, c, d: g * gauss_slope(y, a, b, c, d, da=1)),
        singular(lambda g, y, a, b, c, d: g * gauss_slope(y, a, b, c, d, db=1)),
        singular(lambda g, y, a, b, c, d: g * gauss_slope(y, a, b, c, d, dc=1)),
        singular(lambda g, a, b, c, d: g * (a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, d))),
    ),
    Elementwise(
        special.hyperu,
        singular(lambda g, a, b, c: g * tricomi_slopes(a, b, c)[0]),
        singular(lambda g, a, b, c: g * tricomi_slopes(a, b, c)[1]),
        singular(lambda g, a, b, c: -g * (a * special.hyperu(a + 1, b + 1, c))),
    ),
)
