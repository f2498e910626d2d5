"""Logistic functions, entropies, losses, power transforms, and what is computed with care for rounding."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.kinds import Constant, Elementwise, singular
from funcgrad.rules.special.error import polynomial

__all__ = ["RULES", "boxcox_power"]

LOG2 = math.log(2)
LOG10 = math.log(10)
DEGREE = math.pi / 180

EXPREL_SERIES = tuple((k + 1) / math.factorial(k + 2) for k in range(13))
INVERSE_BOXCOX_SERIES = tuple(-((-1) ** k) * (k + 1) / (k + 2) for k in range(17))


# -- Entropies ----------------------------------------------------------------------------------------


def log_ratio(a: Array, b: Array) -> Array:
    """``log(a / b)``, also where the two are nearly equal, and where the ratio overflows."""
    near = np.abs(a - b) < 0.5 * np.abs(b)
    ratio = np.log1p(np.where(near, a - b, 0) / np.where(near, b, 1))
    return np.where(near, ratio, np.log(a) - np.log(b))


def xlogy_y(g: Array, a: Array, b: Array) -> Array:
    """``a / b``, and zero for ``a == 0``, where the function is zero for every `b`."""
    return g * (a / np.where(a == 0, 1, b))


def xlog1py_y(g: Array, a: Array, b: Array) -> Array:
    return g * (a / np.where(a == 0, 1, 1 + b))


# -- Losses -------------------------------------------------------------------------------------------


def huber_delta(g: Array, a: Array, b: Array) -> Array:
    size = np.abs(b)
    return np.where(size <= a, 0, g * (size - a))


def huber_r(g: Array, a: Array, b: Array) -> Array:
    return np.where(np.abs(b) <= a, g * b, g * a * np.sign(b))


def pseudo_huber_delta(g: Array, a: Array, b: Array) -> Array:
    """``(h - a)**2 / h`` with the hypotenuse `h`, without the subtraction."""
    h = np.hypot(a, b)
    h = np.where(h == 0, 1, h)
    excess = b / (h + a) * b
    return g * (excess / h * excess)


def pseudo_huber_r(g: Array, a: Array, b: Array) -> Array:
    h = np.hypot(a, b)
    return g * (a / np.where(h == 0, 1, h) * b)


# -- Power transforms -----------------------------------------------------------------------------------


def exprel_slope(y: Array, x: Array) -> Array:
    """``(exp(x) - y) / x``: by the Taylor series near zero, and with ``exp(x) = x y + 1`` above it."""
    near = np.abs(x) < 0.5
    series = polynomial(np.where(near, x, 0), EXPREL_SERIES)
    safe = np.where(near, 1, x)
    right = y * (1 - 1 / safe) + 1 / safe
    left = (np.exp(np.where(x < 0, x, 0)) - y) / safe
    return np.where(near, series, np.where(x > 0, right, left))


def boxcox_power(log: Array, power: Array, y: Array) -> Array:
    """Slope of ``y = (exp(power * log) - 1) / power`` in `power`."""
    t = power * np.where(power == 0, 0, log)
    t = np.where(power == 0, power * np.where(np.isinf(log), 0, log), t)
    near = np.abs(t) < 0.5
    series = log * log * polynomial(np.where(near, t, 0), EXPREL_SERIES)
    value = np.exp(np.where(near, 0, t))
    scaled = value * np.where(value == 0, 0, log)
    return np.where(near, series, (scaled - y) / np.where(near, 1, power))


def inverse_boxcox_power(g: Array, value: Array, x: Array, power: Array) -> Array:
    """`g` times the slope in `power` of ``value = (1 + power * x)**(1 / power)``."""
    t = power * x
    near = np.abs(t) < 0.1
    series = x * x * polynomial(np.where(near, t, 0), INVERSE_BOXCOX_SERIES)
    safe, divisor = np.where(near, 1, t), np.where(near, 1, power)
    return g * value * np.where(near, series, (safe / (1 + safe) - np.log1p(safe)) / divisor / divisor)


def powm1_base(g: Array, a: Array, b: Array) -> Array:
    """``b * a**(b-1)``, which is zero everywhere for ``b == 0``."""
    return g * (b * a ** np.where(b == 0, 1, b - 1))


def powm1_exponent(g: Array, a: Array, b: Array) -> Array:
    """``a**b * log(a)``, and zero at ``a == 0``, the limit for positive exponents."""
    safe = np.where(a == 0, 1, a)
    return g * (safe**b * np.log(safe))


# -- The arithmetic-geometric mean ------------------------------------------------------------------------

#: Steps until the two means agree, whatever the ratio of the operands.
MEANS = 16


def agm_slope(a: Array, b: Array) -> Array:
    """Slope of the arithmetic-geometric mean in `a`: the iteration, carried out on values and slopes."""
    a, b = np.abs(a), np.abs(b)
    da, db = 1.0, 0.0
    for _ in range(MEANS):
        root_a, root_b = np.sqrt(a), np.sqrt(b)
        ratio = root_b / root_a
        da, db = (da + db) / 2, (da * ratio + db / ratio) / 2
        a, b = (a + b) / 2, root_a * root_b
    return da


def agm_a(g: Array, y: Array, a: Array, b: Array) -> Array:
    return g * np.where(np.isnan(y), y, agm_slope(a, b))


RULES = (
    # -- Logistic functions
    Elementwise(special.expit, lambda g, y, x: g * (y * special.expit(-x))),
    Elementwise(special.logit, lambda g, x: g / (x * (1 - x)), pole=True),
    Elementwise(special.log_expit, lambda g, x: g * special.expit(-x)),
    # -- Entropies
    Elementwise(special.entr, singular(lambda g, x: -g * (np.log(x) + 1))),
    Elementwise(
        special.rel_entr,
        singular(lambda g, a, b: g * (log_ratio(a, b) + 1)),
        singular(lambda g, a, b: -g * (a / b)),
    ),
    Elementwise(
        special.kl_div, singular(lambda g, a, b: g * log_ratio(a, b)), singular(lambda g, a, b: g * ((b - a) / b))
    ),
    Elementwise(special.xlogy, singular(lambda g, b: g * np.log(b)), singular(xlogy_y)),
    Elementwise(special.xlog1py, singular(lambda g, b: g * np.log1p(b)), singular(xlog1py_y)),
    # -- Losses
    Elementwise(special.huber, huber_delta, huber_r),
    Elementwise(special.pseudo_huber, pseudo_huber_delta, pseudo_huber_r),
    # -- Power transforms
    Elementwise(special.exprel, lambda g, y, x: g * exprel_slope(y, x), pole=True),
    Elementwise(
        special.boxcox,
        singular(lambda g, a, b: g * a ** (b - 1)),
        singular(lambda g, y, a, b: g * boxcox_power(np.log(a), b, y)),
    ),
    Elementwise(
        special.boxcox1p,
        singular(lambda g, a, b: g * np.exp((b - 1) * np.log1p(a))),
        singular(lambda g, y, a, b: g * boxcox_power(np.log1p(a), b, y)),
    ),
    Elementwise(
        special.inv_boxcox,
        singular(lambda g, y, a, b: g * (y / (1 + a * b))),
        singular(lambda g, y, a, b: inverse_boxcox_power(g, y, a, b)),
    ),
    Elementwise(
        special.inv_boxcox1p,
        singular(lambda g, a, b: g * (special.inv_boxcox(a, b) / (1 + a * b))),
        singular(lambda g, a, b: inverse_boxcox_power(g, special.inv_boxcox(a, b), a, b)),
    ),
    Elementwise(special.powm1, singular(powm1_base), singular(powm1_exponent)),
    # -- With care for rounding
    Elementwise(special.log1p, lambda g, x: g / (x + 1), pole=True),
    Elementwise(special.expm1, lambda g, y: g * (y + 1), pole=True),
    Elementwise(special.exp2, lambda g, y: g * (y * LOG2), pole=True),
    Elementwise(special.exp10, lambda g, y: g * (y * LOG10), pole=True),
    Elementwise(special.cbrt, singular(lambda g, y: g / (3 * y * y))),
    Elementwise(special.cosm1, lambda g, x: -g * np.sin(x)),
    Elementwise(special.agm, singular(agm_a), singular(lambda g, y, a, b: agm_a(g, y, b, a))),
    Constant(special.round),
    # -- Degrees
    Elementwise(special.sindg, lambda g, x: g * (DEGREE * special.cosdg(x))),
    Elementwise(special.cosdg, lambda g, x: -g * (DEGREE * special.sindg(x))),
    Elementwise(special.tandg, lambda g, x: g * (DEGREE / special.cosdg(x) ** 2), pole=True),
    Elementwise(special.cotdg, lambda g, x: -g * (DEGREE / special.sindg(x) ** 2), pole=True),
    Elementwise(special.radian, lambda g: g * DEGREE, lambda g: g * (DEGREE / 60), lambda g: g * (DEGREE / 3600)),
)
