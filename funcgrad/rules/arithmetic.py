"""Arithmetic: sums, products, powers, absolute values, and choices between two values."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_operand
from funcgrad.core.kinds import Composite, Constant, Elementwise, singular
from funcgrad.core.selecting import anywhere, choose
from funcgrad.core.space import project
from funcgrad.errors import NoDerivativeError

__all__ = ["RULES"]


def power_base(g: Array, a: Array, b: Array) -> Array:
    """``b * a**(b-1)``, which is zero everywhere for ``b == 0``."""
    if isinstance(b, int | float):
        return g * b * (a if b == 2 else a ** (b - 1)) if b else g * 0  # `g` may be smaller than `a`
    return g * (b * a ** np.where(b == 0, 1, b - 1))


def power_exponent(g: Array, y: Array, a: Array) -> Array:
    """``y * log(a)``, and zero at ``a == 0``, the limit for positive exponents."""
    if isinstance(a, int | float):  # a number, which does not widen float32
        return g * y * (math.log(a) if a > 0 else 0.0 if a == 0 else math.nan)
    return g * y * np.log(np.where(a == 0, 1, a).astype(y.dtype))  # small integers have logarithms of half precision


def absolute(g: Array, y: Array, x: Array) -> Array:
    """The sign of `x`, for complex `x` its conjugate phase; zero at zero."""
    if x.dtype.kind == "c":
        return g * np.conjugate(x) / np.where(y == 0, 1, y)
    return g * np.sign(x)


def larger(g: Array, a: Array, b: Array) -> Array:
    """`g` where ``a > b``; ties share equally."""
    ties = a == b
    none = type(ties) is np.ndarray and not anywhere(ties)  # the common case, in half of the time
    return choose(a > b, g, 0 if none else choose(ties, g / 2, 0))


def divmod_body(a: Array, b: Array) -> tuple[Array, Array]:
    return np.floor_divide(a, b), np.remainder(a, b)


def modf_body(x: Array) -> tuple[Array, Array]:
    whole = np.trunc(x)
    return x - whole, whole


def frexp_body(x: Array) -> tuple[Array, Array]:
    """The exponent is a step function; the mantissa is `x` scaled by it."""
    exponent = plain_frexp(x)[1]
    return np.ldexp(x, -exponent), exponent


plain_frexp = Constant(np.frexp, own=True)


def float_power_body(a: Array, b: Array) -> Array:
    a, b = (np.asarray(x) if isinstance(x, list | tuple) else x for x in (a, b))
    wide = np.result_type(*(getattr(x, "dtype", x) for x in (a, b)), np.float64)
    return np.power(wide.type(a) if isinstance(a, int | float | complex) else a.astype(wide), b)


def clip_body(
    a: Array,
    a_min: Any = np._NoValue,
    a_max: Any = np._NoValue,
    out: None = None,
    *,
    min: Any = np._NoValue,
    max: Any = np._NoValue,
    dtype: Any = None,
    casting: str = "same_kind",
    **layout: Any,
) -> Array:
    if layout.pop("where", True) is not True:
        raise NoDerivativeError("clip: the derivative with where= is not known. Choose with np.where instead.")
    bounds = [bound for bound in (a_min, a_max, min, max) if bound is not np._NoValue]
    if len(bounds) > 2:
        raise ValueError("np.clip takes a_min and a_max, or min and max, not all of them")
    a = as_operand(a)  # a number widens the bounds, as an array does
    low, high = (one if other is np._NoValue else other for one, other in ((a_min, min), (a_max, max)))
    if low is not None and low is not np._NoValue:
        a = np.maximum(a, low)
    if high is not None and high is not np._NoValue:
        a = np.minimum(a, high)
    return a if dtype is None else a.astype(dtype, casting=casting)


def nan_to_num_body(x: Array, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    if x.dtype.kind == "c":  # each part by itself
        y = np.nan_to_num(np.real(x), True, nan, posinf, neginf)
        y = y + 1j * np.nan_to_num(np.imag(x), True, nan, posinf, neginf)
    else:
        info = np.finfo(x.dtype)
        y = np.where(np.isnan(x), nan, x)
        y = np.where(x == np.inf, info.max if posinf is None else posinf, y)
        y = np.where(x == -np.inf, info.min if neginf is None else neginf, y).astype(x.dtype)[()]
    if not copy and np.ndim(x) > 0:
        x[...] = y
        return x
    return y


RULES = (
    # -- Sums and products
    Elementwise(np.add, lambda g: g, lambda g: g, run=operator.add),
    Elementwise(np.subtract, lambda g: g, lambda g: -g, run=operator.sub),
    Elementwise(np.multiply, lambda g, b: g * b, lambda g, a: g * a, run=operator.mul),
    Elementwise(
        np.divide,
        lambda g, b: g / b,
        lambda g, y, b: -g * y / b,
        run=operator.truediv,
        pole=True,
        summing={1: lambda g, y, b, B: project(g * y, B) / -b},
    ),
    Elementwise(np.negative, lambda g: -g, run=operator.neg),
    Elementwise(np.positive, lambda g: g),
    Elementwise(np.reciprocal, lambda g, y: -g * y * y, pole=True),
    # -- Powers and roots
    Elementwise(np.power, singular(power_base, regular=2), singular(power_exponent), run=operator.pow),
    Composite(np.float_power, float_power_body),
    Elementwise(np.square, lambda g, x: g * 2 * x),
    Elementwise(np.sqrt, singular(lambda g, y: g / (y + y))),
    Elementwise(np.cbrt, singular(lambda g, y: g / (3 * y * y))),
    # -- Absolute values and signs
    Elementwise(np.absolute, absolute),
    Elementwise(np.fabs, lambda g, x: g * np.sign(x)),
    Elementwise(np.copysign, lambda g, y, a: g * np.sign(a) * np.sign(y), None),
    Elementwise(
        np.hypot, lambda g, y, a: g * a / np.where(y == 0, 1, y), lambda g, y, b: g * b / np.where(y == 0, 1, y)
    ),
    # -- Remainders
    Elementwise(np.remainder, lambda g: g, lambda g, a, b: -g * np.floor_divide(a, b)),
    Elementwise(np.fmod, lambda g: g, lambda g, a, b: -g * np.trunc(a / b)),
    Composite(np.divmod, divmod_body),
    Composite(np.modf, modf_body),
    Constant(np.floor_divide),
    # -- The larger and the smaller
    Elementwise(np.maximum, larger, lambda g, a, b: larger(g, b, a)),
    Elementwise(np.minimum, lambda g, a, b: larger(g, b, a), larger),
    Elementwise(
        np.fmax,
        lambda g, a, b: np.where(np.isnan(b), g, larger(g, a, b)),
        lambda g, a, b: np.where(np.isnan(a), g, larger(g, b, a)),
    ),
    Elementwise(
        np.fmin,
        lambda g, a, b: np.where(np.isnan(b), g, larger(g, b, a)),
        lambda g, a, b: np.where(np.isnan(a), g, larger(g, a, b)),
    ),
    Composite(np.clip, clip_body, copies=True),
    Composite(np.nan_to_num, nan_to_num_body),
    # -- Neighbours on the floating-point grid
    Elementwise(np.ldexp, lambda g, b: np.ldexp(g, b), None),
    Composite(np.frexp, frexp_body),
    Elementwise(np.nextafter, lambda g: g, None),
    Elementwise(np.heaviside, None, lambda g, a: np.where(a == 0, g, 0)),
)
