"""Exponentials, logarithms, and a Bessel function of them."""

from __future__ import annotations

import math

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise

__all__ = ["RULES"]

LOG2 = math.log(2)
LOG10 = math.log(10)

#: Abscissas in (0, 1] and weights of the trapezoidal rule for the mean over angles; it converges exponentially.
NODES = [(math.cos(2 * math.pi * k / 256), (1 if k == 0 else 2) / 128) for k in range(64)]


def bessel_i1(x: Array) -> Array:
    """``I1(x)``, the derivative of I0: the mean of ``cos(t) exp(x cos(t))`` over angles t (DLMF 10.32.1)."""
    return sum(weight * node * np.sinh(node * x) for node, weight in NODES)


def difference(a: Array, b: Array) -> Array:
    """Return ``a - b``, zero for equal infinities, which share equally."""
    return np.where((a == b) & np.isinf(a), 0, a - b)


RULES = (
    Elementwise(np.exp, lambda g, y: g * y, pole=True),
    Elementwise(np.exp2, lambda g, y: g * (y * LOG2), pole=True),
    Elementwise(np.expm1, lambda g, y: g * (y + 1), pole=True),
    Elementwise(np.log, lambda g, x: g / x, pole=True),
    Elementwise(np.log2, lambda g, x: g / (x * LOG2), pole=True),
    Elementwise(np.log10, lambda g, x: g / (x * LOG10), pole=True),
    Elementwise(np.log1p, lambda g, x: g / (x + 1), pole=True),
    Elementwise(
        np.logaddexp,
        lambda g, a, b: g * np.exp(-np.logaddexp(0, difference(b, a))),
        lambda g, a, b: g * np.exp(-np.logaddexp(0, difference(a, b))),
        pole=True,
    ),
    Elementwise(
        np.logaddexp2,
        lambda g, a, b: g * np.exp2(-np.logaddexp2(0, difference(b, a))),
        lambda g, a, b: g * np.exp2(-np.logaddexp2(0, difference(a, b))),
        pole=True,
    ),
    Elementwise(np.i0, lambda g, x: g * bessel_i1(x)),
)
