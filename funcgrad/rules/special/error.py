"""Error functions, Fresnel and Dawson integrals, and the sine, cosine and dilogarithm integrals.

Equations are those of the NIST Digital Library of Mathematical Functions (DLMF), chapters 5 to 7 and 25.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.rules.special.outputs import Outputs

__all__ = ["RULES", "polynomial"]

ROOT_PI = math.sqrt(math.pi)

#: From this distance to the origin on, slopes of the scaled functions come from their asymptotic series.
FAR = 12.0
#: (2k+1)!!, the coefficients of that series.
ODD_FACTORIALS = tuple(float(math.prod(range(1, 2 * k + 2, 2))) for k in range(14))


def polynomial(t: Array, coefficients: tuple[float, ...]) -> Array:
    """Evaluate by Horner's scheme, the constant first among the coefficients."""
    *others, total = coefficients
    for c in reversed(others):
        total = total * t + c
    return total


# -- Scaled error functions: erfcx, dawsn, wofz -------------------------------------------------------
# Their differential equations subtract nearly equal numbers far from the origin; there DLMF 7.12.1 is
# differentiated term by term.


def is_far(z: Array) -> Array:
    return np.abs(z) > FAR


def small_square(z: Array, far: Array) -> Array:
    """``1 / (2 z**2)`` where `z` is far."""
    safe = np.where(far, z, FAR)
    return 0.5 / safe / safe


def gaussian(z: Array, where: Array) -> Array:
    """Slope of ``exp(-z**2)``, and zero elsewhere."""
    z = np.where(where, z, 0)
    return -2 * z * np.exp(-z * z)


def erfcx_slope(y: Array, x: Array) -> Array:
    if x.dtype.kind == "c":
        return wofz_slope(y, x * 1j) * 1j
    far = x > FAR
    s = small_square(x, far)
    series = (-2 / ROOT_PI) * s * polynomial(-s, ODD_FACTORIALS)
    return np.where(far, series, 2 * np.where(far, 0, x) * y - 2 / ROOT_PI)


def wofz_slope(y: Array, z: Array) -> Array:
    """DLMF 7.10.2; ``w(z) = 2 exp(-z**2) - w(-z)`` says what the series leaves out below the real axis."""
    far = is_far(z)
    s = small_square(z, far)
    near_axis, below = np.abs(np.imag(z)) <= 1, np.imag(z) < -1
    series = s * (-2j / ROOT_PI) * polynomial(s, ODD_FACTORIALS)
    series = series + gaussian(z, far & near_axis) + 2 * gaussian(z, far & below)
    return np.where(far, series, 2j / ROOT_PI - 2 * np.where(far, 0, z) * y)


def wofz_curvature(y: Array, dy: Array, z: Array) -> Array:
    """Second derivative of ``w`` for arguments above or on the real axis, from the value and the slope."""
    far = is_far(z)
    s = small_square(z, far)
    coefficients = tuple(2 * (k + 1) * c for k, c in enumerate(ODD_FACTORIALS))
    series = s * (2j / ROOT_PI) / np.where(far, z, FAR) * polynomial(s, coefficients)
    axis = np.where(far & (np.imag(z) <= 1), z, 0)
    series = series + (4 * axis * axis - 2) * np.exp(-axis * axis) * (axis != 0)
    return np.where(far, series, -2 * y - 2 * np.where(far, 0, z) * dy)


def dawsn_slope(y: Array, x: Array) -> Array:
    """DLMF 7.10.3; far from the real axis ``exp(-x**2)`` is added to or taken from the series."""
    far = is_far(x)
    s = small_square(x, far)
    series = -s * polynomial(s, ODD_FACTORIALS)
    if x.dtype.kind == "c":
        above, below = np.imag(x) > 1, np.imag(x) < -1
        series = series + (gaussian(x, far & above) - gaussian(x, far & below)) * (0.5j * ROOT_PI)
    return np.where(far, series, 1 - 2 * np.where(far, 0, x) * y)


# -- The Voigt profile -------------------------------------------------------------------------------
# It is the real part of w((x + i gamma) / (sigma sqrt 2)) / (sigma sqrt(2 pi)); at sigma = 0 a Cauchy density.


def voigt_slopes(x: Array, sigma: Array, gamma: Array) -> tuple[Array, Array, Array, Array]:
    """Return w, w' and w'' at the scaled argument, and sigma, safe to divide by."""
    sigma = np.where(sigma == 0, 1, sigma)
    z = (x + gamma * 1j) / (sigma * math.sqrt(2))
    y = special.wofz(z)
    dy = wofz_slope(y, z)
    return y, dy, wofz_curvature(y, dy, z), sigma


def voigt_x(g: Array, a: Array, b: Array, c: Array) -> Array:
    _, dy, _, sigma = voigt_slopes(a, b, c)
    square = np.where(b == 0, a * a + c * c, 1)
    return g * np.where(b == 0, -2 / math.pi * a * c / square**2, np.real(dy) / (2 * ROOT_PI * sigma**2))


def voigt_sigma(g: Array, a: Array, b: Array, c: Array) -> Array:
    """As a convolution with a Gaussian it obeys the heat equation: ``sigma`` times the second derivative in `x`."""
    _, _, ddy, sigma = voigt_slopes(a, b, c)
    return g * np.where(b == 0, 0, np.real(ddy) / (2 * math.sqrt(2 * math.pi) * sigma**2))


def voigt_gamma(g: Array, a: Array, b: Array, c: Array) -> Array:
    _, dy, _, sigma = voigt_slopes(a, b, c)
    square = np.where(b == 0, a * a + c * c, 1)
    return g * np.where(b == 0, (a * a - c * c) / (math.pi * square**2), -np.imag(dy) / (2 * ROOT_PI * sigma**2))


# -- Owen's T function ----------------------------------------------------------------------------------


def owens_h(g: Array, a: Array, b: Array) -> Array:
    """Owen (1956), "Tables for computing bivariate normal probabilities"."""
    return g * (-0.5 / math.sqrt(2 * math.pi) * np.exp(-0.5 * a * a) * special.erf(a * b / math.sqrt(2)))


def owens_a(g: Array, a: Array, b: Array) -> Array:
    square = 1 + b * b
    return g * np.exp(-0.5 * a * a * square) / (2 * math.pi * square)


# -- Integrals in pairs --------------------------------------------------------------------------------


def quarter_turns(x: Array) -> Array:
    return (math.pi / 2) * x * x


def over_x(function: Any, sign: int, x: Array) -> Array:
    """``sin(x) / x`` (`sign` -1) or ``sinh(x) / x`` (`sign` 1), by the Taylor series near zero."""
    near = np.abs(x) < 0.1
    t = np.where(near, x, 0)
    t = sign * t * t
    series = 1 + t / 6 * (1 + t / 20 * (1 + t / 42 * (1 + t / 72 * (1 + t / 110))))
    safe = np.where(near, 1, x)
    return np.where(near, series, function(safe) / safe)


def modulus_slope(x: Array, turn: complex) -> Array:
    """``K(x) = erfcx(turn x) / 2`` (DLMF 7.7.7 to 7.7.9 on the diagonals of the plane)."""
    z = x * turn
    return erfcx_slope(special.erfcx(z), z) * (turn / 2)


def modfresnel(function: Any, sign: int) -> Outputs:
    """State ``F(x)``, the integral of ``exp(sign i t**2)`` from `x` on, and ``K(x)``, that in proportion."""
    turn = complex(math.sqrt(0.5), -sign * math.sqrt(0.5))
    return Outputs(function, [lambda g, x: -g * np.exp(x * x * (sign * 1j))], [lambda g, x: g * modulus_slope(x, turn)])


# -- Spence's function ------------------------------------------------------------------------------------


def spence_slope(g: Array, x: Array) -> Array:
    """``log(x) / (1 - x)``, by its Taylor series near 1."""
    w = x - 1
    near = np.abs(w) < 0.02
    series = -polynomial(-np.where(near, w, 0), tuple(1 / (k + 1) for k in range(10)))
    return g * np.where(near, series, -np.log(np.where(near, 2, x)) / np.where(near, 1, w))


RULES = (
    # -- Error functions and their inverses
    Elementwise(special.erf, lambda g, x: g * (2 / ROOT_PI * np.exp(-x * x))),
    Elementwise(special.erfc, lambda g, x: g * (-2 / ROOT_PI * np.exp(-x * x))),
    Elementwise(special.erfi, lambda g, x: g * (2 / ROOT_PI * np.exp(x * x)), pole=True),
    Elementwise(special.erfinv, lambda g, y: g * (ROOT_PI / 2 * np.exp(y * y)), pole=True),
    Elementwise(special.erfcinv, lambda g, y: g * (-ROOT_PI / 2 * np.exp(y * y)), pole=True),
    # -- Scaled
    Elementwise(special.erfcx, lambda g, y, x: g * erfcx_slope(y, x), pole=True),
    Elementwise(special.wofz, lambda g, y, x: g * wofz_slope(y, x), pole=True),
    Elementwise(special.dawsn, lambda g, y, x: g * dawsn_slope(y, x), pole=True),
    Elementwise(special.voigt_profile, singular(voigt_x), singular(voigt_sigma), singular(voigt_gamma)),
    Elementwise(special.owens_t, owens_h, singular(owens_a)),
    # -- Integrals
    Outputs(special.fresnel, [lambda g, x: g * np.sin(quarter_turns(x))], [lambda g, x: g * np.cos(quarter_turns(x))]),
    modfresnel(special.modfresnelp, 1),
    modfresnel(special.modfresnelm, -1),
    Outputs(special.sici, [lambda g, x: g * over_x(np.sin, -1, x)], [lambda g, x: g * np.cos(x) / x]),
    Outputs(special.shichi, [lambda g, x: g * over_x(np.sinh, 1, x)], [lambda g, x: g * np.cosh(x) / x]),
    Elementwise(special.spence, singular(spence_slope)),
)
