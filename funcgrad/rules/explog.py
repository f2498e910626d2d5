"""Exponentials, logarithms, and a Bessel function of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.blocks import Symbol, run_steps, steps_of_rule
from funcgrad.core.kinds import Elementwise, all_finite
from funcgrad.core.silence import silence

__all__ = ["RULES"]

LOG2 = math.log(2)
LOG10 = math.log(10)

#: Abscissas in (0, 1] and weights of the trapezoidal rule for the mean over angles; it converges exponentially.
NODES = [(math.cos(2 * math.pi * k / 256), (1 if k == 0 else 2) / 128) for k in range(64)]


def bessel_i1(x: Array) -> Array:
    """``I1(x)``, the derivative of I0: the mean of ``cos(t) exp(x cos(t))`` over angles t (DLMF 10.32.1)."""
    return sum(weight * node * np.sinh(node * x) for node, weight in NODES)


# -- Logarithms of sums of exponentials ------------------------------------------------------------------------


#: What ``np.logaddexp`` computes, an element at a time, in calls whose loops work on several at once.
IN_PARTS = steps_of_rule(lambda a, b: np.log1p(np.exp(-np.absolute(a - b))) + np.maximum(a, b), [None])


#: The same of zero and a number.
WITH_ZERO = steps_of_rule(lambda x: np.log1p(np.exp(-(size := np.absolute(x)))) + (size + x) * 0.5, [])


def log_add_exp(a: Any, b: Any) -> Array:
    """``np.logaddexp``, which on large arrays takes several times as long as its parts."""
    assert IN_PARTS is not None
    assert WITH_ZERO is not None
    others = [x for x in (a, b) if not (type(x) in (int, float) and x == 0)]
    with silence():
        y = run_steps(IN_PARTS, a, b) if len(others) == 2 else run_steps(WITH_ZERO, *others)
    return np.logaddexp(a, b) if y is None or not all_finite(y) else y  # infinities are its own, and the warnings


def difference(a: Array, b: Array) -> Array:
    """Return ``a - b``, zero for equal infinities, which share equally."""
    d = a - b
    if type(d) is Symbol or (type(d) is np.ndarray and all_finite(d)):  # blocks are for results that are finite
        return d
    return np.where((a == b) & np.isinf(a), 0, d)


def shared(g: Array, d: Array) -> Array:
    """Return the share ``g exp(a) / (exp(a) + exp(b))`` for the difference ``b - a``."""
    if type(d) is np.ndarray and d.dtype.char in "fd":  # half precision has no exponentials as large
        with silence():
            np.exp(d, d)
        d += 1
        return g / d
    if type(d) in (Symbol, np.ndarray):
        return g * share_in_parts(-d)
    return g * np.exp(-log_add_exp(0, d))


def share_in_parts(d: Any) -> Any:
    """Compute ``1 / (1 + exp(-d))``; not to be differentiated: at zero its derivatives are those of absolute values."""
    e = np.exp(-np.absolute(d))
    return np.maximum(e, np.sign(d)) / (e + 1)


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
        lambda g, a, b: shared(g, difference(b, a)),
        lambda g, a, b: shared(g, difference(a, b)),
        run=log_add_exp,
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
