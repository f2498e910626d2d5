"""Polynomials in NumPy's newer form (``np.polynomial.polynomial``): coefficients with the lowest power first.

Most of these functions do not take part in NumPy's protocols: calls of them cannot be intercepted. Here they are
written out as NumPy text, for ``funcgrad.numpy.polynomial`` to offer; those that do take part are entered as rules.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.polynomial.polynomial as original

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array, eye
from funcgrad.core.kinds import Composite, Constant, Opaque
from funcgrad.core.level import plain, tracers_in, zeros
from funcgrad.core.space import Space

__all__ = ["BODIES", "RULES", "as_inexact", "grid_over", "prepared", "values_over"]


def as_inexact(x: Any) -> Array:
    """Make an array of floating or complex numbers; the elements of a list may be traced."""
    if isinstance(x, list | tuple) and tracers_in(x):
        x = np.stack([as_inexact(item) for item in x])
    x = as_array(x)
    return x if x.dtype.kind in "fc" else x + 0.0


def as_series(c: Any) -> Array:
    c = as_inexact(c)
    if np.size(c) == 0:
        raise ValueError("Coefficient array is empty")
    if c.ndim > 1:
        raise ValueError("Coefficient array is not 1-d")
    return np.reshape(c, -1)


def longer(c: Array, size: int) -> Array:
    """Fill up with zeros."""
    return c if len(c) == size else np.concatenate([c, zeros(Space((size - len(c),), c.dtype), c)])


def count_to_last(c: Array) -> np.intp:
    """Count the coefficients up to the last that is not zero; one is always left."""
    places = np.flatnonzero(c)
    return np.intp(places[-1] + 1 if places.size else 1)


kept = Constant(count_to_last, own=True)


def trimmed(c: Array) -> Array:
    return c[: kept(c)]


# -- Arithmetic: zeros at the end are dropped from results, not from operands, on whose zeros results depend ----


def polyadd(c1: Any, c2: Any) -> Array:
    c1, c2 = as_series(c1), as_series(c2)
    size = max(len(c1), len(c2))
    return trimmed(longer(c1, size) + longer(c2, size))


def polysub(c1: Any, c2: Any) -> Array:
    return polyadd(c1, -as_series(c2))


def polymulx(c: Any) -> Array:
    c = as_series(c)
    return trimmed(np.concatenate([c[:1] * 0, c]))


def polymul(c1: Any, c2: Any) -> Array:
    return trimmed(np.convolve(as_series(c1), as_series(c2)))


def polydiv(c1: Any, c2: Any) -> tuple[Array, Array]:
    c1, c2 = as_series(c1), trimmed(as_series(c2))
    size = kept(c1) - len(c2) + 1
    if c2[-1] == 0:
        raise ZeroDivisionError("the divisor is the zero polynomial")
    if size < 1:
        return c1[:1] * 0, trimmed(c1)
    if len(c2) == 1:
        return c1[:size] / c2[-1], c1[:1] * 0
    divisor = c2[:-1] / c2[-1]
    quotient, rest = [], c1
    while len(rest) > len(divisor):
        split = len(rest) - len(c2)
        quotient.append(rest[-1])
        rest = np.concatenate([rest[:split], rest[split:-1] - divisor * rest[-1]])
    return (np.stack(quotient[::-1]) / c2[-1])[:size], trimmed(rest)


def polypow(c: Any, pow: Any, maxpower: Any = None) -> Array:
    c, power = as_series(c), int(pow)
    if power != pow or power < 0:
        raise ValueError("Power must be a non-negative integer.")
    if maxpower is not None and power > maxpower:
        raise ValueError("Power is too large")
    if power == 0:
        return np.ones_like(c[:1])
    product = c
    for _ in range(power - 1):
        product = np.convolve(product, c)
    return product[: (kept(c) - 1) * power + 1]


# -- Values ----------------------------------------------------------------------------------------------


def prepared(x: Any, c: Any, tensor: bool) -> tuple[Any, Array]:
    """Make arrays; with `tensor`, every polynomial in the columns of `c` is evaluated at every point."""
    c = as_inexact(c)
    x = as_inexact(x) if isinstance(x, list | tuple) else x
    columns = (c.shape or (1,)) + ((1,) * np.ndim(x) if tensor else ())
    return x, np.reshape(c, columns)


def polyval(x: Any, c: Any, tensor: bool = True) -> Array:
    """Horner's scheme."""
    x, c = prepared(x, c, tensor)
    y = c[-1] + x * 0
    for k in range(2, len(c) + 1):
        y = c[-k] + y * x
    return y


def polyvalfromroots(x: Any, r: Any, tensor: bool = True) -> Array:
    if not tensor and np.ndim(x) >= np.ndim(r):
        raise ValueError("x.ndim must be < r.ndim when tensor == False")
    x, r = prepared(x, r, tensor)
    return np.prod(x - r, axis=0)


def values_over(value: Callable[..., Array], count: int) -> Callable[..., Array]:
    """Return the function that evaluates products of `count` one-dimensional series at points."""

    def values(*args: Any) -> Array:
        points = [as_inexact(x) for x in args[:count]]
        if len({x.shape for x in points}) > 1:
            raise ValueError(f"{', '.join('xyz'[:count])} are incompatible")
        c = value(points[0], args[count])
        for x in points[1:]:
            c = value(x, c, tensor=False)
        return c

    return values


def grid_over(value: Callable[..., Array], count: int) -> Callable[..., Array]:
    """Return the function that evaluates them on the grid that its `count` arguments span."""

    def values(*args: Any) -> Array:
        c = args[count]
        for x in args[:count]:
            c = value(x, c)
        return c

    return values


# -- Roots -------------------------------------------------------------------------------------------------


def polyfromroots(roots: Any) -> Array:
    """Multiply the linear factors in pairs, which keeps rounding small."""
    r = np.reshape(as_inexact(roots), -1)
    if not len(r):
        return np.ones(1)
    r = r.astype(np.promote_types(r.dtype, int))
    factors = list(np.stack([-r, np.ones_like(r)], axis=1))
    while len(factors) > 1:
        half = len(factors) // 2
        products = [np.convolve(factors[k], factors[k + half]) for k in range(half)]
        if len(factors) % 2:
            products[0] = np.convolve(products[0], factors[-1])
        factors = products
    return factors[0]


def polycompanion(c: Any) -> Array:
    c = trimmed(as_series(c))
    if len(c) < 2:
        raise ValueError("Series must have maximum degree of at least 1.")
    n = len(c) - 1
    below = eye(n, n - 1, -1, c.dtype, like=plain(c))
    return np.concatenate([below, -(c[:-1] / c[-1])[:, None]], axis=1)


def roots_jvp(dx: Array, y: Array, x: Array) -> Array:
    """Implicit differentiation of ``p(y) = 0``. A multiple root has no derivative: infinite, or nan."""
    return -(np.vander(y, len(x), increasing=True) @ dx) / slope(x, y)


def roots_vjp(g: Array, y: Array, x: Array) -> Array:
    return -(g / slope(x, y)) @ np.vander(y, len(x), increasing=True)


def slope(c: Array, x: Array) -> Array:
    """The derivative of a series, of which CuPy has no function."""
    return np.polyval((c * np.arange(len(c), like=plain(c)))[:0:-1], x)


simple_roots = Opaque(original.polyroots, roots_jvp, roots_vjp, own=True)


def polyroots(c: Any) -> Array:
    return simple_roots(as_series(c))


# -- Fitting -------------------------------------------------------------------------------------------------


def polyvander(x: Any, deg: Any) -> Array:
    degree = operator.index(deg)
    if degree < 0:
        raise ValueError("deg must be non-negative")
    x = as_inexact(x)
    x = x if x.ndim else np.reshape(x, 1)
    powers = [x * 0 + 1]
    for _ in range(degree):
        powers.append(powers[-1] * x)
    return np.stack(powers, axis=-1)


#: What to call instead of the functions of these names.
BODIES: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (polyadd, polysub, polymulx, polymul, polydiv, polypow)},
    **{f.__name__: f for f in (polyval, polyvalfromroots, polyfromroots, polycompanion, polyroots, polyvander)},
    "polyval2d": values_over(polyval, 2),
    "polyval3d": values_over(polyval, 3),
    "polygrid2d": grid_over(polyval, 2),
    "polygrid3d": grid_over(polyval, 3),
}

RULES = tuple(
    Composite(getattr(original, name), body)
    for name, body in BODIES.items()
    if hasattr(getattr(original, name), "__wrapped__")  # those that take part in NumPy's protocols
)
