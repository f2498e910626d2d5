"""Elliptic integrals and functions.

Every derivative is written with Carlson's symmetric integrals (DLMF 19.18, 19.25): unlike the formulas over ``K``
and ``E``, they divide by nothing that vanishes at ``m = 0`` or at equal arguments.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.rules.special.devices import elliprd
from funcgrad.rules.special.outputs import Outputs
from funcgrad.rules.special.sums import total

__all__ = ["RULES"]

# -- Integrals of a product of powers ----------------------------------------------------------------------

NODES = 200
COUNTED = [(k,) for k in range(NODES)]


def product_integral(*zs: Array, powers: tuple[float, ...]) -> Array:
    """Integrate the product of ``(t + z)**-p`` over positive `t`, which is smooth where arguments are equal.

    Carlson's integrals (DLMF 19.16) and all their derivatives have this form. With ``t = s * exp(w - exp(-w))``
    the integrand decays doubly exponentially to the left and exponentially to the right, and the trapezoidal rule
    converges exponentially. The ray of `t` runs through the middle of complex arguments; where one of them is
    too far from it for the rule to be accurate, the result is nan.
    """
    with np.errstate(all="ignore"):
        sizes = [np.abs(z) for z in zs]
        smallest = functools.reduce(np.minimum, [np.where(size == 0, np.inf, size) for size in sizes])
        spread = np.log(functools.reduce(np.maximum, sizes)) - np.log(smallest)
        middle = sum(z / np.where(size == 0, 1, size) for z, size in zip(zs, sizes, strict=True))
        ray = middle / np.abs(middle)
        step = (spread + 4.5 + 38 / (sum(powers) - 1)) / NODES

        def integrand(k: Any) -> Array:
            w = k * step - 4.5
            inverse = np.exp(-w)
            t = smallest * ray * np.exp(w - inverse)
            y = t * (1 + inverse)
            for z, p in zip(zs, powers, strict=True):
                y = y / power(t + z, p)
            return y

        angle = functools.reduce(np.maximum, [np.abs(np.angle(z / ray)) for z in zs])
        divergent = sum((z == 0) * p for z, p in zip(zs, powers, strict=True)) >= 1
        return np.where(divergent, np.inf, np.where(angle < 2.2, total(integrand, COUNTED, step) * step, np.nan))[()]


def power(x: Array, p: float) -> Array:
    """``x**p`` for a multiple `p` of one half: a root and products are faster than a power."""
    whole, half = divmod(p, 1)
    parts = [x] * int(whole) + ([np.sqrt(x)] if half else [])
    return functools.reduce(np.multiply, parts)


def raised(i: int) -> Callable[..., Array]:
    """The partial in argument `i`: one more power of ``1 / (t + z)``."""

    def partial(g: Array, xs: tuple[Array, ...], powers: tuple[float, ...]) -> Array:
        return g * (-powers[i] * integrate(*xs, powers=[p + (j == i) for j, p in enumerate(powers)]))

    return singular(partial)


def integrate(*zs: Array, powers: list[float]) -> Array:
    return INTEGRALS[len(zs)].run(*zs, powers=tuple(powers))


INTEGRALS = {
    n: Elementwise(product_integral, *map(raised, range(n)), name=f"integral of {n} powers", own=True) for n in (3, 4)
}


# -- Carlson's symmetric integrals ----------------------------------------------------------------------


def rc_x(g: Array, y: Array, a: Array, b: Array) -> Array:
    """DLMF 19.18.1 with two arguments equal; for a principal value (``b < 0``) by the differential equation."""
    main, safe = np.real(b) > 0, np.where(np.real(b) > 0, b, 1)
    other = np.where(main, a + 1, b)
    return g * np.where(main, -elliprd(safe, safe, a) / 6, (y - 1 / np.sqrt(a)) / (2 * (other - a)))


def rc_y(g: Array, y: Array, a: Array, b: Array) -> Array:
    """The same, and homogeneity."""
    main, safe = np.real(b) > 0, np.where(np.real(b) > 0, b, 1)
    other = np.where(main, a + 1, b)
    pv = -(y + (a * y - np.sqrt(a)) / (other - a)) / (2 * other)
    return g * np.where(main, -elliprd(a, safe, safe) / 3, pv)


def rg_x(g: Array, a: Array, b: Array, c: Array) -> Array:
    """``R_F / 4 - x R_D(y, z, x) / 12``, by DLMF 19.16.3; the second term vanishes with `x`."""
    last = a * elliprd(b, c, np.where(a == 0, 1, a))
    return g * (special.elliprf(a, b, c) / 4 - last / 12)


def rj_x(g: Array, y: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    """An integral, and for a principal value (``d < 0``) the difference of two (partial fractions)."""
    main = np.real(d) > 0
    regular = -0.75 * integrate(a, b, c, np.where(main, d, 1), powers=[1.5, 0.5, 0.5, 1])
    apart = np.where(main, -1, d) - a
    return g * np.where(main, regular, (y - elliprd(b, c, a)) / (2 * apart))


def rj_p(g: Array, y: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    """The same; for a principal value from the others by homogeneity of degree -3/2."""
    main = np.real(d) > 0
    regular = -1.5 * integrate(a, b, c, np.where(main, d, 1), powers=[0.5, 0.5, 0.5, 2])
    p = np.where(main, -1, d)
    rest = sum(
        x * (y - elliprd(s, t, np.where(x == 0, 1, x))) / (2 * (p - x)) for x, s, t in ((a, b, c), (b, c, a), (c, a, b))
    )
    return g * np.where(main, regular, -(1.5 * y + rest) / p)


CARLSON = (
    Elementwise(special.elliprc, singular(rc_x), singular(rc_y)),
    Elementwise(
        special.elliprf,
        singular(lambda g, a, b, c: -g * elliprd(b, c, a) / 6),
        singular(lambda g, a, b, c: -g * elliprd(c, a, b) / 6),
        singular(lambda g, a, b, c: -g * elliprd(a, b, c) / 6),
    ),
    Elementwise(
        special.elliprd,
        singular(lambda g, a, b, c: -0.75 * g * integrate(a, b, c, powers=[1.5, 0.5, 1.5])),
        singular(lambda g, a, b, c: -0.75 * g * integrate(a, b, c, powers=[0.5, 1.5, 1.5])),
        singular(lambda g, a, b, c: -2.25 * g * integrate(a, b, c, powers=[0.5, 0.5, 2.5])),
    ),
    Elementwise(
        special.elliprg,
        singular(rg_x),
        singular(lambda g, a, b, c: rg_x(g, b, c, a)),
        singular(lambda g, a, b, c: rg_x(g, c, a, b)),
    ),
    Elementwise(
        special.elliprj,
        singular(rj_x),
        singular(lambda g, y, a, b, c, d: rj_x(g, y, b, c, a, d)),
        singular(lambda g, y, a, b, c, d: rj_x(g, y, c, a, b, d)),
        singular(rj_p),
    ),
)


# -- Legendre's integrals -------------------------------------------------------------------------------


def whole_turns(phi: Array) -> tuple[Array, Array]:
    """Return how many half turns `phi` is away from the angle in (-pi/2, pi/2) that it stands for, and that."""
    turns = np.rint(phi / math.pi)
    return turns, phi - turns * math.pi


def per_turn(turns: Array, rate: Callable[[Array], Array], m: Array) -> Array:
    """``2 turns rate(m)``, and zero without a turn, where the rate may be infinite."""
    return np.where(turns == 0, 0, 2 * turns * rate(np.where(turns == 0, 0, m)))


def first_rate(s: Array, c: Array, d: Array, turns: Array, m: Array) -> Array:
    """The derivative of ``F(phi, m)`` in `m` (DLMF 19.25.5 with 19.18.1), given sin, cos and delta of the angle."""
    return s**3 / 6 * elliprd(c * c, 1.0, d * d) + per_turn(turns, complete_rate, m)


def complete_rate(m: Array) -> Array:
    """The derivative of ``K(m)``: ``R_D(0, 1, 1 - m) / 6`` (DLMF 19.25.1)."""
    return elliprd(0.0, 1.0, 1 - m) / 6


def complete_second_rate(m: Array) -> Array:
    """The derivative of ``E(m)`` (DLMF 19.25.1)."""
    return -elliprd(0.0, 1 - m, 1.0) / 6


def incomplete_first_m(g: Array, a: Array, b: Array) -> Array:
    turns, angle = whole_turns(a)
    s, c = np.sin(angle), np.cos(angle)
    return g * first_rate(s, c, np.sqrt(c * c + (1 - b) * s * s), turns, b)


def incomplete_second_m(g: Array, a: Array, b: Array) -> Array:
    """DLMF 19.25.10, ``E - F``, divided by ``2 m``."""
    turns, angle = whole_turns(a)
    s, c = np.sin(angle), np.cos(angle)
    rate = -(s**3) / 6 * elliprd(c * c, c * c + (1 - b) * s * s, 1.0)
    return g * (rate + per_turn(turns, complete_second_rate, b))


def delta_squared(phi: Array, m: Array) -> Array:
    """``1 - m sin(phi)**2``, without cancellation for `m` near 1."""
    s, c = np.sin(phi), np.cos(phi)
    return c * c + (1 - m) * s * s


LEGENDRE = (
    Elementwise(special.ellipk, singular(lambda g, x: g * complete_rate(x))),
    Elementwise(special.ellipkm1, singular(lambda g, x: -g * elliprd(0.0, 1.0, x) / 6)),
    Elementwise(special.ellipe, singular(lambda g, x: g * complete_second_rate(x))),
    Elementwise(
        special.ellipkinc,
        singular(lambda g, a, b: g / np.sqrt(delta_squared(a, b))),
        singular(incomplete_first_m),
    ),
    Elementwise(
        special.ellipeinc,
        lambda g, a, b: g * np.sqrt(delta_squared(a, b)),
        singular(incomplete_second_m),
    ),
)


# -- Jacobi's elliptic functions ------------------------------------------------------------------------


def amplitude_rate(y: tuple[Array, ...], m: Array) -> Array:
    """The derivative of the amplitude in `m`, from ``F(am, m) = u``, divided by dn; `y` is sn, cn, dn, am."""
    sn, cn, dn, am = y
    side = np.where(cn < 0, -1, 1)  # of the half turn in which the amplitude is
    turns, _ = whole_turns(am)
    return -first_rate(side * sn, cn, dn, turns, m)


def dn_m(g: Array, y: tuple[Array, ...], b: Array) -> Array:
    """Of ``sqrt(1 - m sn**2)``."""
    sn, cn, dn, _ = y
    return -g * (sn * sn / (2 * dn) + b * sn * cn * amplitude_rate(y, b))


#: DLMF 22.13 in the argument; in the parameter from the integral that they invert (DLMF 22.15).
JACOBI = Outputs(
    special.ellipj,
    (lambda g, y: g * (y[1] * y[2]), lambda g, y, b: g * (y[1] * y[2] * amplitude_rate(y, b))),
    (lambda g, y: -g * (y[0] * y[2]), lambda g, y, b: -g * (y[0] * y[2] * amplitude_rate(y, b))),
    (lambda g, y, b: -g * (b * y[0] * y[1]), dn_m),
    (lambda g, y: g * y[2], lambda g, y, b: g * (y[2] * amplitude_rate(y, b))),
)

RULES = (*CARLSON, *LEGENDRE, JACOBI)
