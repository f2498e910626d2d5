"""Incomplete gamma and beta functions and their inverses, with their parameter derivatives.

The inverses have the derivatives of the implicit function theorem. They need the parameter derivatives of the
function only relative to its density, which stays accurate where both underflow.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise, singular
from funcgrad.rules.special.incomplete_orders import beta_density, beta_order, gamma_density, gamma_order, inside

__all__ = ["RULES"]


def off_zero(a: Array) -> Array:
    """A parameter, where it is zero the smallest of sense: there the derivative is the limit from the right."""
    return a + np.where(a == 0, 1e-100, 0.0)


# -- Gamma -------------------------------------------------------------------------------------------


def gamma_end(x: Array) -> Array:
    """Whether `x` is 0 or infinite, where the function is 0 or 1 for all parameters."""
    return (x == 0) | (x == math.inf)


def gamma_parameter(g: Array, a: Array, b: Array) -> Array:
    a, x = off_zero(a), inside(b, math.inf)
    return np.where(gamma_end(b), 0, g * (x * gamma_density(a, x) * gamma_order(a, x)))


def gamma_variable(g: Array, a: Array, b: Array) -> Array:
    return g * gamma_density(a, b)


def gamma_inverse_parameter(g: Array, y: Array, a: Array) -> Array:
    x = inside(y, math.inf)
    return np.where(gamma_end(y), 0, -g * (x * gamma_order(a, x)))


def gamma_inverse_variable(g: Array, y: Array, a: Array) -> Array:
    return g / gamma_density(a, y)


# -- Beta --------------------------------------------------------------------------------------------


def beta_end(x: Array) -> Array:
    return (x == 0) | (x == 1)


def beta_parameter(g: Array, a: Array, b: Array, c: Array, order: tuple[int, int]) -> Array:
    a, b, x = off_zero(a), off_zero(b), inside(c, 1)
    return np.where(beta_end(c), 0, g * (x * (1 - x) * beta_density(a, b, x) * beta_order(a, b, x, order=order)))


def beta_first(g: Array, a: Array, b: Array, c: Array) -> Array:
    return beta_parameter(g, a, b, c, (1, 0))


def beta_second(g: Array, a: Array, b: Array, c: Array) -> Array:
    return beta_parameter(g, a, b, c, (0, 1))


def beta_variable(g: Array, a: Array, b: Array, c: Array) -> Array:
    return g * beta_density(a, b, c)


def beta_inverse_parameter(g: Array, y: Array, a: Array, b: Array, order: tuple[int, int]) -> Array:
    x = inside(y, 1)
    return np.where(beta_end(y), 0, -g * (x * (1 - x) * beta_order(a, b, x, order=order)))


def beta_inverse_first(g: Array, y: Array, a: Array, b: Array) -> Array:
    return beta_inverse_parameter(g, y, a, b, (1, 0))


def beta_inverse_second(g: Array, y: Array, a: Array, b: Array) -> Array:
    return beta_inverse_parameter(g, y, a, b, (0, 1))


def beta_inverse_variable(g: Array, y: Array, a: Array, b: Array) -> Array:
    return g / beta_density(a, b, y)


# -- Beta, solved for a parameter --------------------------------------------------------------------


def by_probability(g: Array, a: Array, b: Array, x: Array, order: tuple[int, int]) -> Array:
    return g / (x * (1 - x) * beta_density(a, b, x) * beta_order(a, b, x, order=order))


def by_other_parameter(g: Array, a: Array, b: Array, x: Array, order: tuple[int, int]) -> Array:
    return -g * beta_order(a, b, x, order=order[::-1]) / beta_order(a, b, x, order=order)


def by_variable(g: Array, a: Array, b: Array, x: Array, order: tuple[int, int]) -> Array:
    return -g / (x * (1 - x) * beta_order(a, b, x, order=order))


def negative(rule: Callable[..., Array]) -> Callable[..., Array]:
    """The same partial with the other sign, of the complement."""
    return functools.wraps(rule)(lambda g, *values: rule(-g, *values))


#: The names of functions that older versions of SciPy have too.
OLD = (
    [
        Elementwise(special.btdtr, beta_first, beta_second, singular(beta_variable)),
        Elementwise(special.btdtri, beta_inverse_first, beta_inverse_second, singular(beta_inverse_variable)),
    ]
    if hasattr(special, "btdtr")
    else []
)

RULES = (
    # -- Gamma
    Elementwise(special.gammainc, gamma_parameter, singular(gamma_variable)),
    Elementwise(special.gammaincc, negative(gamma_parameter), singular(negative(gamma_variable))),
    Elementwise(special.gammaincinv, gamma_inverse_parameter, singular(gamma_inverse_variable)),
    Elementwise(special.gammainccinv, gamma_inverse_parameter, singular(negative(gamma_inverse_variable))),
    # -- Beta
    Elementwise(special.betainc, beta_first, beta_second, singular(beta_variable)),
    Elementwise(special.betaincinv, beta_inverse_first, beta_inverse_second, singular(beta_inverse_variable)),
    Elementwise(special.betaincc, negative(beta_first), negative(beta_second), singular(negative(beta_variable))),
    Elementwise(
        special.betainccinv, beta_inverse_first, beta_inverse_second, singular(negative(beta_inverse_variable))
    ),
    Elementwise(
        special.btdtria,
        singular(lambda g, y, b, c: by_probability(g, y, b, c, (1, 0))),
        singular(lambda g, y, b, c: by_other_parameter(g, y, b, c, (1, 0))),
        singular(lambda g, y, b, c: by_variable(g, y, b, c, (1, 0))),
    ),
    Elementwise(
        special.btdtrib,
        singular(lambda g, y, a, c: by_other_parameter(g, a, y, c, (0, 1))),
        singular(lambda g, y, a, c: by_probability(g, a, y, c, (0, 1))),
        singular(lambda g, y, a, c: by_variable(g, a, y, c, (0, 1))),
    ),
    *OLD,
)
