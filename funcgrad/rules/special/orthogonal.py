"""Classical orthogonal polynomials and Legendre functions.

A derivative lowers the degree (DLMF 18.9.15 to 18.9.27), which holds for real degrees, and at the ends of the
interval. The derivative in a parameter (alpha, beta, ...) is the generating function's: it is a finite sum when
the degree is an integer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.core.level import plain
from funcgrad.errors import NoDerivativeError
from funcgrad.rules.special.unknown import unknown

__all__ = ["RULES"]


# -- The degree lowered ------------------------------------------------------------------------------------


def lower(polynomial: Callable[..., Array], n: Array, *rest: Array) -> Array:
    """The polynomial of degree ``n - 1``, which for ``n == 0`` is zero (SciPy says nan of some)."""
    return (n != 0) * polynomial(n - 1 + (n == 0), *rest)


def mirrored(n: Array) -> Array:
    """The degree of the same Legendre polynomial that is not negative: ``P(-n - 1)`` is ``P(n)``."""
    below = n < 0
    return n - below * (2 * n + 1)


def ultraspherical(n: Array, order: float, x: Array) -> Array:
    """The Gegenbauer polynomial of degree ``n - 1`` that is a multiple of the derivative of a classical one."""
    return lower(special.eval_gegenbauer, n, order, x)


def chebyu_slope(n: Array, x: Array) -> Array:
    """``U_n'``; of negative degree, ``U_n`` is ``-U_{-n-2}``, and ``U_{-1}`` is zero."""
    below = n < -1
    degree = n - below * (2 * n + 2) + (n == -1)
    return (2 - 4 * below) * ultraspherical(degree, 2.0, x)


def of_degree(polynomial: Any, slope: Callable[[Array, Array], Array]) -> Elementwise:
    return Elementwise(polynomial, unknown(polynomial, "degree n"), lambda g, a, b: g * slope(a, b))


CLASSICAL = (
    of_degree(special.eval_chebyt, lambda n, x: n * lower(special.eval_chebyu, n, x)),
    of_degree(special.eval_chebyu, chebyu_slope),
    of_degree(special.eval_chebyc, lambda n, x: n * lower(special.eval_chebys, n, x)),
    of_degree(special.eval_chebys, lambda n, x: chebyu_slope(n, x / 2) / 2),
    of_degree(special.eval_sh_chebyt, lambda n, x: 2 * n * lower(special.eval_sh_chebyu, n, x)),
    of_degree(special.eval_sh_chebyu, lambda n, x: 2 * chebyu_slope(n, 2 * x - 1)),
    of_degree(special.eval_legendre, lambda n, x: ultraspherical(mirrored(n), 1.5, x)),
    of_degree(special.eval_sh_legendre, lambda n, x: 2 * ultraspherical(mirrored(n), 1.5, 2 * x - 1)),
    of_degree(special.eval_hermite, lambda n, x: 2 * n * lower(special.eval_hermite, n, x)),
    of_degree(special.eval_hermitenorm, lambda n, x: n * lower(special.eval_hermitenorm, n, x)),
    of_degree(special.eval_laguerre, lambda n, x: -lower(special.eval_genlaguerre, n, 1.0, x)),
)


# -- The derivative in a parameter ----------------------------------------------------------------------


def generated(name: str, n: Array, polynomial: Callable[[Array], Array], weight: Callable[[int], Array]) -> Array:
    """Sum ``polynomial(n - j) * weight(j)`` over `j` from 1 to `n`.

    If the polynomials have the generating function ``G(t)``, and the derivative of ``log G`` in the parameter is
    the sum of ``weight(j) * t**j``, then this is the derivative of the polynomial of degree `n`.
    """
    total: Array = 0.0
    for j in range(1, highest(name, n) + 1):
        present = n >= j
        total = total + present * polynomial((n - j) * present) * weight(j)
    return total


def highest(name: str, n: Array) -> int:
    """The highest of the degrees, which must be integers: how many terms a sum has."""
    degrees = np.ravel(plain(n)) if isinstance(plain(n), np.ndarray) else [plain(n)]
    top = max([float(k) for k in degrees], default=0.0)
    if any(k != int(k) for k in degrees):
        raise NoDerivativeError(
            f"special.{name}: the derivative with respect to a parameter is known for integer degrees only. "
            "Pass funcgrad.stop_gradient of the parameter if no gradient with respect to it is needed."
        )
    return int(top)


def laguerre_alpha(g: Array, a: Array, b: Array, c: Array) -> Array:
    """From DLMF 18.12.13: the weights are those of ``-log(1 - t)``."""
    return g * generated("eval_genlaguerre", a, lambda n: special.eval_genlaguerre(n, b, c), lambda j: 1 / j)


def gegenbauer_alpha(g: Array, a: Array, b: Array, c: Array) -> Array:
    """From DLMF 18.12.4: the weights are those of ``-log(1 - 2 x t + t**2)``, DLMF 18.12.9."""
    return g * generated(
        "eval_gegenbauer",
        a,
        lambda n: special.eval_gegenbauer(n, b, c),
        lambda j: (2 / j) * special.eval_chebyt(j, c),
    )


def jacobi_weight(j: int, x: Array, sign: int) -> Array:
    """The weights of ``-log((1 - t + R) / 2)`` and, with a minus, of ``-log((1 + t + R) / 2)`` (DLMF 18.12.1).

    With ``R**2 = 1 - 2 x t + t**2``. The first function's derivative times `t` is ``((1 + t) / R - 1) / 2``, and
    ``1 / R`` generates the Legendre polynomials.
    """
    return (special.eval_legendre(j, x) + sign * special.eval_legendre(j - 1, x)) / (2 * j)


def jacobi_parameter(sign: int) -> Callable[..., Array]:
    def rule(g: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
        return g * generated(
            "eval_jacobi", a, lambda n: special.eval_jacobi(n, b, c, d), lambda j: jacobi_weight(j, d, sign)
        )

    return rule


def jacobi_x(g: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    return g * ((a + b + c + 1) / 2 * lower(special.eval_jacobi, a, b + 1, c + 1, d))


def monic(n: Array, p: Array) -> tuple[Array, Array]:
    """The factor ``1 / binom(2 n + p - 1, n)`` of a shifted Jacobi polynomial, and minus its logarithmic derivative."""
    factor: Array = 1.0
    rate: Array = 0.0
    for i in range(highest("eval_sh_jacobi", n)):
        present = n > i
        term = n + p + i
        factor = factor * np.where(present, (i + 1) / term, 1)
        rate = rate + present / term
    return factor, rate


def shifted_p(g: Array, y: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    """Of ``P_n^(p - q, q - 1)(2 x - 1) / binom(2 n + p - 1, n)``."""
    factor, rate = monic(a, b)
    return jacobi_parameter(1)(g * factor, a, b - c, c - 1, 2 * d - 1) - g * y * rate


def shifted_q(g: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    factor, _ = monic(a, b)
    above, below = (jacobi_parameter(sign)(g * factor, a, b - c, c - 1, 2 * d - 1) for sign in (-1, 1))
    return above - below


PARAMETRIC = (
    Elementwise(
        special.eval_genlaguerre,
        unknown(special.eval_genlaguerre, "degree n"),
        laguerre_alpha,
        lambda g, a, b, c: -g * lower(special.eval_genlaguerre, a, b + 1, c),
    ),
    Elementwise(
        special.eval_gegenbauer,
        unknown(special.eval_gegenbauer, "degree n"),
        gegenbauer_alpha,
        lambda g, a, b, c: g * (2 * b * lower(special.eval_gegenbauer, a, b + 1, c)),
    ),
    Elementwise(
        special.eval_jacobi,
        unknown(special.eval_jacobi, "degree n"),
        jacobi_parameter(1),
        jacobi_parameter(-1),
        jacobi_x,
    ),
    Elementwise(
        special.eval_sh_jacobi,
        unknown(special.eval_sh_jacobi, "degree n"),
        shifted_p,
        shifted_q,
        lambda g, a, b, c, d: g * (a * lower(special.eval_sh_jacobi, a, b + 2, c + 1, d)),
    ),
)


# -- Legendre functions ------------------------------------------------------------------------------------


def ferrers_x(g: Array, y: Array, a: Array, b: Array, c: Array) -> Array:
    """DLMF 14.10.1 and 14.10.2 between the ends of the interval, where they divide by zero."""
    end = c * c == 1
    x = np.where(end, 0, c)
    inner = 1 - x * x
    between = -(a * x / inner * special.lpmv(a, b, x) + special.lpmv(a + 1, b, x) / np.sqrt(inner))
    return g * np.where(end, ferrers_slope_at_end(a, b, np.where(end, c, 0)), between)


def ferrers_slope_at_end(m: Array, v: Array, x: Array) -> Array:
    """Differentiate ``(-1)**m (1 - x**2)**(m/2)`` times the `m`-th derivative of a Legendre function.

    DLMF 14.6.1; that derivative is a Gegenbauer polynomial (DLMF 18.9.19); 14.9.3 for negative orders.
    """
    k = m * (1 - 2 * (m < 0))
    parity = 1 - 2 * (k % 2)
    mirror = np.where(m < 0, parity * special.poch(v + k + 1.0, -2.0 * k), 1)
    scale = mirror * parity * 2.0**k * special.gamma(k + 0.5) / math.sqrt(math.pi)
    inner = 1 - x * x
    falling = -k * x * inner ** (k / 2 - 1 + (k == 0)) * derivative_of_legendre(v - k, k + 0.5, x)
    rising = inner ** (k / 2) * (2 * k + 1) * derivative_of_legendre(v - k - 1, k + 1.5, x)
    return scale * (falling + rising)


def derivative_of_legendre(n: Array, order: Array, x: Array) -> Array:
    vanishes = (n < 0) & (n == np.floor(n))
    return np.where(vanishes, 0, special.eval_gegenbauer(np.where(vanishes, 0, n), order, x))


RULES = (
    *CLASSICAL,
    *PARAMETRIC,
    Elementwise(special.lpmv, unknown(special.lpmv, "order m"), unknown(special.lpmv, "degree v"), singular(ferrers_x)),
)
