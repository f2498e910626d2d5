"""Struve, Kelvin and Wright-Bessel functions, Lambert's W, and integrals of Bessel functions."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.rules.special.orders import order, order_slope
from funcgrad.rules.special.outputs import Outputs
from funcgrad.rules.special.series import even_series

__all__ = ["RULES"]

# -- Struve functions -------------------------------------------------------------------------------------


def struve_growth(v: Array, z: Array) -> Array:
    """Struve functions grow with the order like Bessel functions, or for large arguments like ``(z / 2 v)**v``."""
    ratio = (2 * np.abs(v) + 2) / (np.float64(1) * np.abs(z) + 1e-300)
    return math.pi + np.abs(np.log(ratio))


def struve(f: Any, above: int) -> Elementwise:
    """``f' = f(v - 1, x) - v / x f``, and near zero the mean of both neighbours (DLMF 11.4.23 to 11.4.26).

    Of order 0 ``f(-1, x)`` is expressed by ``f(1, x)``, which is smooth at zero.
    """

    def argument(g: Array, y: Array, a: Array, b: Array) -> Array:
        if isinstance(a, int | float) and a == 0:
            return g * (2 / math.pi + above * f(1, b))
        is_small = np.abs(b) < 1
        small, large = np.where(is_small, b, 1), np.where(is_small, 1, b)
        lower = f(a - 1.0, b)
        excess = (small / 2) ** (a * 1.0) * special.rgamma(a + 1.5) / math.sqrt(math.pi)
        mean = (lower + above * f(a + 1.0, small) + excess) / 2
        return g * np.where(is_small, mean, lower - a * y / large)

    return Elementwise(f, singular(order(f, struve_growth)), singular(argument))


# -- Kelvin functions -------------------------------------------------------------------------------------

BER = cmath.exp(0.75j * math.pi)  # ``ber x + i bei x = J_0(BER x)`` (DLMF 10.61.1)


def be_curvature(w: Array, x: Array) -> Array:
    """The second derivative of ``w = ber x + i bei x``, by that of ``J_0``; Kelvin's equation would divide by `x`."""
    return (w - special.jv(2, BER * x)) * 0.5j


def ke_curvature(w: Array, dw: Array, x: Array) -> Array:
    """The second derivative of ``w = ker x + i kei x`` by Kelvin's equation (DLMF 10.61.3)."""
    return 1j * w - dw / x


def berp(g: Array, x: Array) -> Array:
    return g * ((np.imag(special.jv(2, BER * x)) - special.bei(x)) / 2)


def beip(g: Array, x: Array) -> Array:
    return g * ((special.ber(x) - np.real(special.jv(2, BER * x))) / 2)


def keip(g: Array, y: Array, x: Array) -> Array:
    """Kelvin's equation; infinite at zero, as ``ker`` is."""
    return g * (special.ker(x) - y / np.where(x == 0, 1, x))


KELVIN = (
    Elementwise(special.ber, lambda g, x: g * special.berp(x)),
    Elementwise(special.bei, lambda g, x: g * special.beip(x)),
    Elementwise(special.ker, lambda g, x: g * special.kerp(x), pole=True),
    Elementwise(special.kei, singular(lambda g, x: g * special.keip(x))),
    Elementwise(special.berp, berp),
    Elementwise(special.beip, beip),
    Elementwise(special.kerp, lambda g, y, x: -g * (special.kei(x) + y / x), pole=True),
    Elementwise(special.keip, singular(keip)),
    Outputs(
        special.kelvin,
        (lambda g, y: g * y[2],),
        (lambda g, y: g * y[3],),
        (lambda g, y, x: g * be_curvature(y[0], x),),
        (lambda g, y, x: g * ke_curvature(y[1], y[3], x),),
    ),
)

# -- Integrals of Airy, Bessel and Struve functions -------------------------------------------------------


#: Of consecutive terms in the series of ``I_0``, and with the other sign of ``J_0`` (DLMF 10.2.2, 10.25.2).
RATIOS = [1 / (4 * k * k) for k in range(2, 11)]
STRUVE_RATIOS = [-1 / (2 * k + 1) ** 2 for k in range(1, 11)]  # DLMF 11.2.1


def it2j0_slope(x: Array) -> Array:
    """``(1 - J_0(x)) / x``."""
    return x * even_series(x, 0.25, [-ratio for ratio in RATIOS], lambda x: (1 - special.j0(x)) / (x * x))


def it2i0_slope(x: Array) -> Array:
    """``(I_0(x) - 1) / x``."""
    return x * even_series(x, 0.25, RATIOS, lambda x: (special.i0(x) - 1) / (x * x))


def it2struve0_slope(x: Array) -> Array:
    """``-H_0(x) / x``."""
    return even_series(x, -2 / math.pi, STRUVE_RATIOS, lambda x: -special.struve(0, x) / x)


INTEGRALS = (
    Outputs(
        special.itairy,
        (lambda g, x: g * special.airy(x)[0],),
        (lambda g, x: g * special.airy(x)[2],),
        (lambda g, x: g * special.airy(-x)[0],),
        (lambda g, x: g * special.airy(-x)[2],),
    ),
    Outputs(special.itj0y0, (lambda g, x: g * special.j0(x),), (lambda g, x: g * special.y0(x),)),
    Outputs(special.iti0k0, (lambda g, x: g * special.i0(x),), (lambda g, x: g * special.k0(x),)),
    Outputs(special.it2j0y0, (lambda g, x: g * it2j0_slope(x),), (lambda g, x: -g * special.y0(x) / x,)),
    Outputs(special.it2i0k0, (lambda g, x: g * it2i0_slope(x),), (lambda g, x: -g * special.k0(x) / x,)),
    Elementwise(special.itstruve0, lambda g, x: g * special.struve(0, x)),
    Elementwise(special.itmodstruve0, lambda g, x: g * special.modstruve(0, x)),
    Elementwise(special.it2struve0, lambda g, x: g * it2struve0_slope(x)),
)

# -- The weighted integral of a Bessel function -----------------------------------------------------------


def besselpoly_scale(g: Array, a: Array, b: Array, c: Array) -> Array:
    """Under the integral, DLMF 10.6.1."""
    return g * (special.besselpoly(a, b + 1.0, c - 1.0) - special.besselpoly(a, b + 1.0, c + 1.0))


def besselpoly_growth(a: Array, b: Array, c: Array) -> Array:
    """As for Bessel functions; there is a pole at ``power + order = -1``."""
    ratio = (np.abs(c) + 1) / (np.float64(1) * np.abs(a) + 1e-300)
    return math.pi + np.arcsinh(ratio) + 8 / np.abs(b + c + 1)


def besselpoly_power(g: Array, a: Array, b: Array, c: Array) -> Array:
    return g * order_slope(lambda power: special.besselpoly(a, power, c), b, besselpoly_growth(a, b, c))


def besselpoly_order(g: Array, a: Array, b: Array, c: Array) -> Array:
    return g * order_slope(lambda v: special.besselpoly(a, b, v), c, besselpoly_growth(a, b, c))


# -- Wright's generalized Bessel function -----------------------------------------------------------------
# SciPy has values for a, b, x >= 0 only. Slopes in `b` are therefore taken at ``b + 1`` and above, by
# ``Phi(a, b) = a x Phi(a, b + 1 + a) + b Phi(a, b + 1)``. The slope in `a` is, term by term in DLMF 10.46.1, the one in
# `b` at ``a + b``, times `x`.


def wright_growth(b: Array, x: Array) -> Array:
    return math.pi + 8 / b + np.log1p(b + x)


def wright_slope(a: Array, b: Array, x: Array) -> Array:
    """The derivative of ``Phi(a, b; x)`` in `b`."""

    def phi(b: Array) -> Array:
        return special.wright_bessel(a, b, x)

    far, near = (order_slope(phi, c, wright_growth(c, x)) for c in (b + 1 + a, b + 1))
    return a * x * far + phi(b + 1) + b * near


def log_wright_slope(y: Array, a: Array, b: Array, x: Array) -> Array:
    """The derivative of ``Phi(a, b; x)`` in `b`, divided by ``exp(y)``."""

    def log_phi(b: Array) -> Array:
        return special.log_wright_bessel(a, b, x)

    far, near = (order_slope(log_phi, c, wright_growth(c, x)) for c in (b + 1 + a, b + 1))
    return np.exp(log_phi(b + 1 + a) - y) * (a * x * far) + np.exp(log_phi(b + 1) - y) * (1 + b * near)


def log_wright_argument(g: Array, y: Array, a: Array, b: Array, c: Array) -> Array:
    return g * np.exp(special.log_wright_bessel(a, a + b, c) - y)


WRIGHT: tuple[Elementwise, ...] = (
    Elementwise(
        special.wright_bessel,
        lambda g, a, b, c: g * (c * wright_slope(a, a + b, c)),
        lambda g, a, b, c: g * wright_slope(a, b, c),
        lambda g, a, b, c: g * special.wright_bessel(a, a + b, c),
        pole=True,
    ),
)
if hasattr(special, "log_wright_bessel"):  # SciPy 1.14
    WRIGHT += (
        Elementwise(
            special.log_wright_bessel,
            lambda g, y, a, b, c: g * (c * log_wright_slope(y, a, a + b, c)),
            lambda g, y, a, b, c: g * log_wright_slope(y, a, b, c),
            log_wright_argument,
            pole=True,
        ),
    )

# -- Lambert's W ------------------------------------------------------------------------------------------


def lambertw(g: Array, y: Array, a: Array) -> Array:
    """DLMF 4.13.4, as ``1 / (z + exp(W))``: the principal branch is smooth at zero."""
    return g / (a + np.exp(y))


RULES = (
    struve(special.struve, -1),
    struve(special.modstruve, 1),
    *KELVIN,
    *INTEGRALS,
    Elementwise(special.besselpoly, singular(besselpoly_scale), singular(besselpoly_power), singular(besselpoly_order)),
    *WRIGHT,
    #: What ``special.lambertw`` calls, with the branch and the tolerance.
    Elementwise(special._ufuncs._lambertw, singular(lambertw), None, None),
)
