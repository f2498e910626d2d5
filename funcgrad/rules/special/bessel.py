"""Bessel, Hankel and Airy functions.

Derivatives in the argument are the recurrences of DLMF 10.6, 10.29, 10.51 with the neighbours on both sides: they
divide by nothing that vanishes at zero. Derivatives in the order: :mod:`funcgrad.rules.special.orders`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite, Elementwise, singular
from funcgrad.errors import NoDerivativeError
from funcgrad.rules.special.orders import order, order_slope
from funcgrad.rules.special.outputs import Outputs
from funcgrad.rules.special.series import even_series

__all__ = ["RULES"]


def at_pole(y: Array, slope: Array) -> Array:
    """`slope`, and where `y` is infinite, from where it can only come back, an infinity of the other sign."""
    return np.where(np.isinf(y), -y, slope)[()]


# -- Orders 0 and 1 ---------------------------------------------------------------------------------------

RATIOS = [-1 / (4 * k * (k + 1)) for k in range(1, 10)]  # of consecutive terms in the series of J_1 (DLMF 10.2.2)
GROWING = [-ratio for ratio in RATIOS]  # and of I_1 (DLMF 10.25.2)


def j1(g: Array, y: Array, x: Array) -> Array:
    """``J_0 - J_1 / x``; half the difference of the neighbours would take ten times as long."""
    return g * (special.j0(x) - even_series(x, 0.5, RATIOS, lambda x: y / x))


def i1(g: Array, y: Array, x: Array) -> Array:
    """``I_0 - I_1 / x``, from functions that CuPy has too."""
    return g * (special.i0(x) - even_series(x, 0.5, GROWING, lambda x: y / x))


def i1e(g: Array, y: Array, x: Array) -> Array:
    """The same, damped: near zero the series is, elsewhere `y` is already."""
    size = np.abs(x)
    ratio = np.exp(-np.where(size < 1, size, 0)) * even_series(x, 0.5, GROWING, lambda x: y / x)
    return g * (special.i0e(x) - ratio - np.sign(x) * y)


ORDERS_0_AND_1 = (
    Elementwise(special.j0, lambda g, x: -g * special.j1(x)),
    Elementwise(special.j1, j1),
    Elementwise(special.y0, lambda g, x: -g * special.y1(x), pole=True),
    Elementwise(special.y1, lambda g, y, x: g * at_pole(y, special.y0(x) - y / x), pole=True),
    Elementwise(special.i0, lambda g, x: g * special.i1(x), pole=True),
    Elementwise(special.i1, i1, pole=True),
    Elementwise(special.k0, lambda g, x: -g * special.k1(x), pole=True),
    Elementwise(special.k1, lambda g, y, x: -g * (special.k0(x) + y / x), pole=True),
    Elementwise(special.i0e, lambda g, y, x: g * (special.i1e(x) - np.sign(x) * y)),
    Elementwise(special.i1e, i1e),
    Elementwise(special.k0e, lambda g, y, x: g * at_pole(y, y - special.k1e(x)), pole=True),
    Elementwise(special.k1e, lambda g, y, x: g * at_pole(y, y - special.k0e(x) - y / x), pole=True),
)

# -- Any order --------------------------------------------------------------------------------------------


def growth(v: Array, z: Array) -> Array:
    """How fast Bessel functions change with the order: like ``(2 v / z)**v``, and like ``cos(pi v)``."""
    turn = 2 * math.pi if np.iscomplexobj(z) else math.pi
    return turn + np.arcsinh((np.abs(v) + 1) / (np.float64(1) * np.abs(z) + 1e-300))


def neighbours(f: Any, below: int, above: int) -> Callable[[Array, Array], Array]:
    """The derivative ``(below * f(v - 1, z) + above * f(v + 1, z)) / 2`` in the argument (DLMF 10.6.1, 10.29.1)."""
    return lambda v, z: (below * f(v - 1.0, z) + above * f(v + 1.0, z)) / 2


def refuse_order(name: str, general: str) -> Callable[[Array], NoReturn]:
    def partial(g: Array) -> NoReturn:
        raise NoDerivativeError(
            f"{name}: there is no derivative with respect to the order n, which has to be an integer. "
            f"Use scipy.special.{general} for real orders, or pass funcgrad.stop_gradient of n."
        )

    return partial


def cylinder(f: Any, below: int, above: int) -> Elementwise:
    slope = neighbours(f, below, above)
    return Elementwise(f, singular(order(f, growth)), singular(lambda g, a, b: g * slope(a, b)))


def cylinder_with_pole(
    f: Any, below: int, above: int, *, rate: complex = 0, in_order: Callable[..., Array] | None = None
) -> Elementwise:
    """A function that is infinite at zero, times ``exp(rate * z)``."""
    slope = neighbours(f, below, above)

    def argument(g: Array, y: Array, a: Array, b: Array) -> Array:
        return g * at_pole(y, slope(a, b) + rate * y if rate else slope(a, b))

    return Elementwise(f, in_order or order(f, growth), argument, pole=True)


def damped(f: Any, below: int, above: int, exponent: Callable[[Array], Array]) -> Composite:
    """A Bessel function times ``exp(-s)``, where ``s = exponent(z)`` is the size of a part of `z`.

    In `z` this is not holomorphic. Both factors are differentiated by the same text once `s` is an operand by itself:
    it is real, and the function is holomorphic in the other two.
    """

    def at_order(g: Array, a: Array, b: Array, c: Array) -> Array:
        return g * order_slope(lambda v: value(v, b, c), a, growth(a, b))

    def argument(g: Array, a: Array, b: Array, c: Array) -> Array:
        return g * ((below * value(a - 1.0, b, c) + above * value(a + 1.0, b, c)) / 2)

    value = Elementwise(
        lambda v, z, s: f(v, z),
        *(singular(at_order), singular(argument), singular(lambda g, y: -g * y)),
        own=True,
        name=f.__name__,
    )
    return Composite(f, lambda v, z: value(v, z, exponent(z)))


def height(z: Array) -> Array:
    return np.abs(np.imag(z)) if np.iscomplexobj(z) else 0.0


def width(z: Array) -> Array:
    return np.abs(np.real(z))


ANY_ORDER = (
    cylinder(special.jv, 1, -1),
    cylinder(special.iv, 1, 1),
    cylinder_with_pole(special.yv, 1, -1),
    cylinder_with_pole(special.kv, -1, -1),
    cylinder_with_pole(special.kve, -1, -1, rate=1),
    cylinder_with_pole(special.yn, 1, -1, in_order=refuse_order("yn", "yv")),
    cylinder_with_pole(special.kn, -1, -1, in_order=refuse_order("kn", "kv")),
    cylinder_with_pole(special.hankel1, 1, -1),
    cylinder_with_pole(special.hankel2, 1, -1),
    cylinder_with_pole(special.hankel1e, 1, -1, rate=-1j),
    cylinder_with_pole(special.hankel2e, 1, -1, rate=1j),
    damped(special.jve, 1, -1, height),
    damped(special.yve, 1, -1, height),
    damped(special.ive, 1, 1, width),
)

# -- Spherical --------------------------------------------------------------------------------------------


def spherical(f: Any, below: int, above: int, pole: bool) -> Elementwise:
    """``(2 n + 1) f_n' = below n f_{n-1} + above (n + 1) f_{n+1}`` (DLMF 10.51.2, 10.51.5), also for the derivative."""

    def argument(g: Array, y: Array, a: Array, b: Array) -> Array:
        slope = (below * a * f(np.maximum(a - 1, 0), b) + above * (a + 1) * f(a + 1, b)) / (2 * a + 1)
        return g * (at_pole(y, slope) if pole else slope)

    return Elementwise(f, None, argument, pole=pole)


#: The functions without the underscore are written in Python around these.
SPHERICAL = tuple(
    spherical(getattr(special._ufuncs, f"_spherical_{kind}n{derivative}"), below, above, pole)
    for kind, below, above, pole in (("j", 1, -1, False), ("y", 1, -1, True), ("i", 1, 1, False), ("k", -1, -1, True))
    for derivative in ("", "_d")
    if hasattr(special._ufuncs, f"_spherical_{kind}n{derivative}")
)

# -- Airy -------------------------------------------------------------------------------------------------


def root(z: Array) -> Array:
    return np.sqrt(z if np.iscomplexobj(z) else np.maximum(z, 0))


def damping(z: Array) -> Array:
    """``|Re zeta|`` with ``zeta = 2/3 z**(3/2)`` (DLMF 9.7.1): it scales ``Bi``; it is zero for negative `z`."""
    if np.iscomplexobj(z):
        return np.abs(np.real(z**1.5)) * (2 / 3)
    return np.maximum(z, 0) ** 1.5 * (2 / 3)


#: ``exp(zeta)`` scales ``Ai``, ``exp(-s)`` with ``s = |Re zeta|`` scales ``Bi``: `s` as in :func:`damped`.
scaled_airy = Outputs(
    lambda z, s: special.airye(z),
    (lambda g, y, a: g * (y[1] + root(a) * y[0]), lambda g: g * 0),
    (lambda g, y, a: g * (a * y[0] + root(a) * y[1]), lambda g: g * 0),
    (lambda g, y: g * y[3], lambda g, y: -g * y[2]),
    (lambda g, y, a: g * (a * y[2]), lambda g, y: -g * y[3]),
    own=True,
    name="airye",
)

AIRY = (
    Outputs(
        special.airy,
        (lambda g, y: g * y[1],),
        (lambda g, y, x: g * (x * y[0]),),
        (lambda g, y: g * y[3],),
        (lambda g, y, x: g * (x * y[2]),),
    ),
    Composite(special.airye, lambda z: scaled_airy(z, damping(z))),
)

RULES = (*ORDERS_0_AND_1, *ANY_ORDER, *SPHERICAL, *AIRY)
