"""Exponentials, logarithms, and a Bessel function of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.blocks import BLOCK, Symbol, is_flat
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


MANY = 1 << 11  # elements, from which on parts that work on several at once take less time than a loop over single ones


def log_add_exp(a: Any, b: Any) -> Array:
    """``np.logaddexp``, which on large arrays takes several times as long as its parts."""
    like = a if type(a) is np.ndarray else b
    large = type(like) is np.ndarray and like.size >= MANY and like.dtype.char in "fd"
    if large and is_like(a, like) and is_like(b, like):
        y: Array = np.empty(like.shape, like.dtype)
        with silence():
            for start in range(0, y.size, BLOCK):
                place = slice(start, start + BLOCK)
                x, other, part = (z.reshape(-1)[place] if type(z) is np.ndarray else z for z in (a, b, y))
                np.log1p(np.exp(np.negative(np.absolute(np.subtract(x, other, part), part), part), part), part)
                part += np.maximum(x, other)
        if all_finite(y):  # infinities are NumPy's own, and the warnings
            return y
    return np.logaddexp(a, b)


def is_like(x: Any, like: Array) -> bool:
    """Whether `x` lies in memory as `like` does, or is a number that does not widen it."""
    return is_flat(x, like) and (type(x) in (np.ndarray, int, float) or x.dtype == like.dtype)


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
