"""Parabolic cylinder, Mathieu and spheroidal wave functions: known by their differential equations.

SciPy returns each of them with its derivative, whose derivative is the differential equation's. With respect to the
order or the parameter (``v``, ``a``, ``q``, ``c``) only the characteristic values have a derivative here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.rules.special.outputs import Outputs
from funcgrad.rules.special.unknown import unknown

__all__ = ["RULES"]


def wave(function: Any, arguments: Sequence[str], curvature: Callable[..., Array], scale: float = 1.0) -> Outputs:
    """A function and its derivative, given its second one; `scale` is the unit of the last argument."""
    refused = [unknown(function, argument) for argument in arguments]
    return Outputs(function, (*refused, lambda g, y: g * (y[1] * scale)), (*refused, curvature))


# -- Parabolic cylinder functions (DLMF 12.2.1, 12.2.2, 12.2.4) ----------------------------------------------


def weber(g: Array, y: tuple[Array, Array], a: Array, b: Array) -> Array:
    return g * ((b * b / 4 - a - 0.5) * y[0])


PARABOLIC = (
    wave(special.pbdv, ["order v"], weber),
    wave(special.pbvv, ["order v"], weber),
    wave(special.pbwa, ["parameter a"], lambda g, y, a, b: g * ((a - b * b / 4) * y[0])),
)


# -- Mathieu functions (DLMF 28.2.1, 28.20.1) ------------------------------------------------------------------

DEGREE = math.pi / 180  # the angle is in degrees, the derivative that SciPy returns in radians

#: Intervals of the trapezoidal rule on a quarter of the period.
INTERVALS = 64

#: Order up to which the nodes cannot mistake an eigenfunction for one of lower order.
HIGHEST = 100


def angular(value: Any) -> Callable[..., Array]:
    def curvature(g: Array, y: tuple[Array, Array], a: Array, b: Array, c: Array) -> Array:
        return -g * (DEGREE * (value(a, b) - 2 * b * np.cos(2 * DEGREE * c)) * y[0])

    return curvature


def radial(value: Any) -> Callable[..., Array]:
    def curvature(g: Array, y: tuple[Array, Array], a: Array, b: Array, c: Array) -> Array:
        return g * ((value(a, b) - 2 * b * np.cosh(2 * c)) * y[0])

    return curvature


def characteristic(value: Any, function: Any) -> Elementwise:
    """Of an eigenvalue (Hellmann and Feynman): the mean of ``2 cos(2 x)`` over the square of the eigenfunction."""

    def slope(g: Array, a: Array, b: Array) -> Array:
        b = np.float64(1) * b  # SciPy's functions return nan in single precision
        moment = total = coarse_moment = coarse_total = 0.0
        for k in range(INTERVALS + 1):
            weight = 0.5 if k in (0, INTERVALS) else 1.0
            square = weight * function(a, b, 90.0 * k / INTERVALS)[0] ** 2
            part = square * (2 * math.cos(math.pi * k / INTERVALS))
            moment, total = moment + part, total + square
            if k % 2 == 0:
                coarse_moment, coarse_total = coarse_moment + part, coarse_total + square
        with np.errstate(all="ignore"):
            mean = agreed(moment / total, coarse_moment / coarse_total)
        return g * np.where(a <= HIGHEST, mean, np.nan)

    return Elementwise(value, unknown(value, "order m"), singular(slope))


def agreed(fine: Array, coarse: Array) -> Array:
    """The value of a quadrature, and nan where it does not resolve the integrand."""
    return np.where(np.abs(fine - coarse) < 1e-7, fine, np.nan)


MATHIEU = (
    characteristic(special.mathieu_a, special.mathieu_cem),
    characteristic(special.mathieu_b, special.mathieu_sem),
    wave(special.mathieu_cem, ["order m", "parameter q"], angular(special.mathieu_a), DEGREE),
    wave(special.mathieu_sem, ["order m", "parameter q"], angular(special.mathieu_b), DEGREE),
    *(
        wave(f, ["order m", "parameter q"], radial(special.mathieu_a))
        for f in (special.mathieu_modcem1, special.mathieu_modcem2)
    ),
    *(
        wave(f, ["order m", "parameter q"], radial(special.mathieu_b))
        for f in (special.mathieu_modsem1, special.mathieu_modsem2)
    ),
)


# -- Spheroidal wave functions (DLMF 30.2.1; oblate ones by 30.11.3 with imaginary parameters) ---------------------

#: Degree and parameter up to which a characteristic value has a derivative.
LARGEST = 60

#: Gauss-Legendre rules on (0, 1).
RULES_ON_UNIT = [
    [((1 + x) / 2, w / 2) for x, w in zip(*(r.tolist() for r in np.polynomial.legendre.leggauss(n)), strict=True)]
    for n in (48, 36)
]


def prolate(y: tuple[Array, Array], m: Array, c: Array, cv: Array, x: Array) -> Array:
    inner = 1 - x * x
    return (2 * x * y[1] - (cv - c * c * x * x - m * m / inner) * y[0]) / inner


def oblate_angular(y: tuple[Array, Array], m: Array, c: Array, cv: Array, x: Array) -> Array:
    inner = 1 - x * x
    return (2 * x * y[1] - (cv + c * c * x * x - m * m / inner) * y[0]) / inner


def oblate_radial(y: tuple[Array, Array], m: Array, c: Array, cv: Array, x: Array) -> Array:
    outer = 1 + x * x
    return ((cv - c * c * x * x - m * m / outer) * y[0] - 2 * x * y[1]) / outer


def spheroidal(functions: tuple[Any, Any], value: Any, curvature: Callable[..., Array]) -> tuple[Outputs, Outputs]:
    """A spheroidal function, and the one that takes the characteristic value instead of computing it."""
    function, function_cv = functions

    def second(g: Array, y: tuple[Array, Array], a: Array, b: Array, c: Array, d: Array) -> Array:
        return g * curvature(y, a, c, value(a, b, c), d)

    def second_cv(g: Array, y: tuple[Array, Array], a: Array, c: Array, d: Array, e: Array) -> Array:
        return g * curvature(y, a, c, d, e)

    return wave(function, SPHERICAL, second), wave(function_cv, [*SPHERICAL, "characteristic value"], second_cv)


SPHERICAL = ["order m", "degree n", "parameter c"]


def second_kind(
    functions: tuple[Any, Any], first: tuple[Any, Any], value: Any, curvature: Callable[..., Array], sign: int
) -> tuple[Outputs, Outputs]:
    """A radial function of the second kind, of which SciPy's values are wrong in part of the domain.

    There they miss the Wronskian with the function of the first kind (DLMF 30.11.7), and the derivative is nan.
    """

    def trusted(y: tuple[Array, Array], other: tuple[Array, Array], c: Array, x: Array) -> Array:
        wronskian = c * (x * x + sign) * (other[0] * y[1] - other[1] * y[0])
        return np.where(np.abs(wronskian - 1) < 1e-6, 1.0, np.nan)

    def slope(g: Array, y: Any, a: Array, b: Array, c: Array, d: Array) -> Array:
        return g * (y[1] * trusted(y, first[0](a, b, c, d), c, d))

    def second(g: Array, y: Any, a: Array, b: Array, c: Array, d: Array) -> Array:
        return g * (curvature(y, a, c, value(a, b, c), d) * trusted(y, first[0](a, b, c, d), c, d))

    def slope_cv(g: Array, y: Any, a: Array, b: Array, c: Array, d: Array, e: Array) -> Array:
        return g * (y[1] * trusted(y, first[1](a, b, c, d, e), c, e))

    def second_cv(g: Array, y: Any, a: Array, b: Array, c: Array, d: Array, e: Array) -> Array:
        return g * (curvature(y, a, c, d, e) * trusted(y, first[1](a, b, c, d, e), c, e))

    refused = [unknown(functions[0], argument) for argument in SPHERICAL]
    refused_cv = [unknown(functions[1], argument) for argument in (*SPHERICAL, "characteristic value")]
    return (
        Outputs(functions[0], (*refused, slope), (*refused, second)),
        Outputs(functions[1], (*refused_cv, slope_cv), (*refused_cv, second_cv)),
    )


def spheroidal_value(value: Any, function: Any, sign: int) -> Elementwise:
    """Of an eigenvalue (Hellmann and Feynman): ``2 c`` times the mean of ``x**2`` over the squared eigenfunction."""

    def mean(m: Array, n: Array, c: Array, cv: Array, nodes: list[tuple[float, float]]) -> Array:
        """That mean. SciPy's eigenfunction is wrong for large `c`: it must fulfil the equation times ``x p S'``.

        Integrated by parts, with ``p = 1 - x**2``: the mean of ``(p S')**2 + (x w)' S**2`` vanishes, where `w` is
        `p` times the factor of `S` in the equation.
        """
        moment = total = virial = size = 0.0
        for x, weight in nodes:
            s, ds = function(m, n, c, cv, x)
            square, kinetic = weight * s * s, weight * ((1 - x * x) * ds) ** 2
            force = cv * (1 - 3 * x * x) - sign * c * c * (3 * x * x - 5 * x**4) - m * m
            moment, total = moment + square * (x * x), total + square
            virial, size = virial + kinetic + force * square, size + kinetic + np.abs(force) * square
        return np.where(np.abs(virial) < 1e-9 * (size + total), moment / total, np.nan)

    def slope(g: Array, y: Array, a: Array, b: Array, c: Array) -> Array:
        reached = (np.abs(c) <= LARGEST) & (b <= LARGEST)  # SciPy's eigenfunction overruns memory for `c` near 200
        within = np.where(reached, c, 1)
        with np.errstate(all="ignore"):
            fine, coarse = (mean(a, b, within, y, nodes) for nodes in RULES_ON_UNIT)
            return g * (2 * sign * c * np.where(reached, agreed(fine, coarse), np.nan))

    return Elementwise(value, unknown(value, "order m"), unknown(value, "degree n"), singular(slope))


PROLATE_FIRST = (special.pro_rad1, special.pro_rad1_cv)
PROLATE_SECOND = (special.pro_rad2, special.pro_rad2_cv)
OBLATE_FIRST = (special.obl_rad1, special.obl_rad1_cv)
OBLATE_SECOND = (special.obl_rad2, special.obl_rad2_cv)

SPHEROIDAL = (
    spheroidal_value(special.pro_cv, special.pro_ang1_cv, 1),
    spheroidal_value(special.obl_cv, special.obl_ang1_cv, -1),
    *spheroidal((special.pro_ang1, special.pro_ang1_cv), special.pro_cv, prolate),
    *spheroidal((special.obl_ang1, special.obl_ang1_cv), special.obl_cv, oblate_angular),
    *spheroidal(PROLATE_FIRST, special.pro_cv, prolate),
    *spheroidal(OBLATE_FIRST, special.obl_cv, oblate_radial),
    *second_kind(PROLATE_SECOND, PROLATE_FIRST, special.pro_cv, prolate, -1),
    *second_kind(OBLATE_SECOND, OBLATE_FIRST, special.obl_cv, oblate_radial, 1),
)

RULES = (*PARABOLIC, *MATHIEU, *SPHEROIDAL)
