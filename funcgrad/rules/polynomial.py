"""Polynomials in NumPy's older form (``np.polyval`` and others): arrays of coefficients, the highest power first."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array, as_operand
from funcgrad.core.checks import warn_if
from funcgrad.core.kinds import Composite, Constant, Elementwise, Opaque
from funcgrad.core.level import Traced, plain, tracers_in, zeros
from funcgrad.core.space import Space

__all__ = ["RULES"]


def as_vector(x: Any, like: Any = None) -> Array:
    """Make a vector of a number, a polynomial, or a list, whose elements may be traced."""
    if isinstance(x, np.poly1d):
        return x.coeffs
    if isinstance(x, list | tuple) and tracers_in(x):
        return np.stack([as_array(c) for c in x])
    if like is not None and isinstance(x, int | float | complex):  # it has to live where the other one does
        return zeros(Space((1,), np.asarray(x).dtype), like) + x
    return np.atleast_1d(as_array(x))


def as_given(result: Array, *operands: Any) -> Any:
    """Return a polynomial as an object where an operand is one."""
    return np.poly1d(result) if any(isinstance(x, np.poly1d) for x in operands) else result


def countdown(x: Array) -> Array:
    """Return ``n, n-1, ..., 1`` for the `n` elements of `x`."""
    return np.arange(len(x), 0, -1, like=plain(x))


# -- Values, derivatives, integrals --------------------------------------------------------------------


def horner(x: Any, p: Any) -> Any:
    y = x * 0
    for c in p:
        y = y * x + c
    return y


# With known coefficients a call is one function of the points: a node instead of two for each coefficient.
at_points: Elementwise = Elementwise(horner, lambda g, x, p: g * at_points(x, p=polyder_body(p)), own=True)


def polyval_body(p: Any, x: Any) -> Any:
    p = as_array(p)
    if isinstance(x, np.poly1d) or isinstance(p, Traced) or p.ndim != 1:
        return horner(x if isinstance(x, np.poly1d) else as_operand(x), p)
    return at_points(x, p=p.copy())  # nobody can write into a copy


def polyder_body(p: Array, m: int = 1) -> Array:
    if int(m) < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    for _ in range(int(m)):
        p = p[:-1] * countdown(p[:-1])
    return p


def polyint_body(p: Array, m: int = 1, k: Any = None) -> Array:
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    constants = as_vector(0.0 if k is None else k)
    if len(constants) == 1:
        constants = [constants[0]] * m
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for c in constants[:m]:
        p = np.concatenate([p / countdown(p), zeros(Space((1,), c.dtype), p) + c])
    return p


# -- Arithmetic ------------------------------------------------------------------------------------------


def aligned(a1: Any, a2: Any) -> tuple[Array, Array]:
    """Fill the shorter of two polynomials up with zeros in front."""
    a1, a2 = as_vector(a1, a2), as_vector(a2, a1)
    size = max(len(a1), len(a2))
    return filled(a1, size, a2), filled(a2, size, a1)


def filled(a: Array, size: int, like: Array) -> Array:
    if len(a) == size:
        return a
    return np.concatenate([zeros(Space((size - len(a),), a.dtype), like), a])


def polyadd_body(a1: Any, a2: Any) -> Any:
    x1, x2 = aligned(a1, a2)
    return as_given(x1 + x2, a1, a2)


def polysub_body(a1: Any, a2: Any) -> Any:
    x1, x2 = aligned(a1, a2)
    return as_given(x1 - x2, a1, a2)


def count_leading_zeros(x: Array) -> np.intp:
    """Count the zeros in front; one element at least is left."""
    places = np.flatnonzero(x)
    return np.intp(places[0] if places.size else x.size - 1)


def count_leading_noise(x: Array) -> np.intp:
    """Count what polydiv takes for zeros in front: by the tolerances of ``np.allclose``."""
    return count_leading_zeros(~np.isclose(x, 0, rtol=1e-14))


leading_zeros = Constant(count_leading_zeros, own=True)
leading_noise = Constant(count_leading_noise, own=True)


def polymul_body(a1: Any, a2: Any) -> Any:
    """NumPy drops leading zeros. They are dropped here from the product: its other elements do depend on them."""
    x1, x2 = as_vector(a1), as_vector(a2)
    return as_given(np.convolve(x1, x2)[leading_zeros(x1) + leading_zeros(x2) :], a1, a2)


def polydiv_body(u: Any, v: Any) -> tuple[Any, Any]:
    """Long division. The first elements of the remainder are zero but for rounding; NumPy drops what looks so."""
    a, b = as_vector(u) + 0.0, as_vector(v) + 0.0
    rest = a.astype((a[:1] + b[:1]).dtype)
    scale = 1.0 / b[0]
    quotient, remainder = [], []
    for _ in range(len(a) - len(b) + 1):
        factor = scale * rest[0]
        step = rest[: len(b)] - factor * b
        quotient.append(factor)
        remainder.append(step[0])
        rest = np.concatenate([step[1:], rest[len(b) :]])
    if not quotient:
        q = np.zeros_like(a[:1] + b[:1])
    else:
        q, rest = np.stack(quotient), np.concatenate([np.stack(remainder), rest])
    return as_given(q, u, v), as_given(rest[leading_noise(rest) :], u, v)


# -- Roots -------------------------------------------------------------------------------------------------


def roots_jvp(dx: Array, y: Array, x: Array) -> Array:
    """Implicit differentiation of ``p(y) = 0``. A multiple root has no derivative: infinite, or nan."""
    return -(np.vander(y, len(x)) @ dx) / np.polyval(polyder_body(x), y)


def roots_vjp(g: Array, y: Array, x: Array) -> Array:
    return -(g / np.polyval(polyder_body(x), y)) @ np.vander(y, len(x))


simple_roots = Opaque(np.roots, roots_jvp, roots_vjp)


def come_in_pairs(roots: Array) -> Any:
    """Whether the polynomial with these complex roots is real."""
    return np.all(np.sort(roots) == np.sort(np.conjugate(roots)))


in_pairs = Constant(come_in_pairs, own=True)


def poly_body(seq_of_zeros: Any) -> Any:
    """Multiply the linear factors."""
    x = as_vector(seq_of_zeros)
    if x.ndim == 2 and x.shape[0] == x.shape[1] > 0:
        return characteristic(x)
    if x.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    if not len(x):
        return 1.0
    x = x.astype(np.mintypecode(x.dtype.char))
    factors = np.stack([np.ones_like(x), -x], axis=1)
    product = factors[0]
    for factor in factors[1:]:
        product = np.convolve(product, factor)
    return np.real(product) if x.dtype.kind == "c" and in_pairs(x) else product


def adjugates(y: Array, x: Array) -> list[Array]:
    """Return the matrices in ``adjugate(z - x) = B[0] z**(n-1) + ... + B[n-1]``.

    By the recurrence of Faddeev and Leverrier, with the coefficients `y` known. It does not mind equal eigenvalues,
    but loses digits with size: of random matrices, about 13 are right for 10 rows, 11 for 20, and 4 for 40.
    """
    identity = np.tril(np.triu(np.ones_like(x)))
    matrices = [identity]
    for k in range(1, len(x)):
        matrices.append(x @ matrices[-1] + y[k] * identity)
    return matrices


def characteristic_jvp(dx: Array, y: Array, x: Array) -> Array:
    """Jacobi's formula: ``det(z - x)`` changes by ``-trace(adjugate(z - x) dx)``."""
    changes = [-np.sum(np.swapaxes(b, 0, 1) * dx) for b in adjugates(y, x)]
    dy = np.stack([changes[0] * 0, *changes])
    return dy if y.dtype.kind == "c" else np.real(dy)


def characteristic_vjp(g: Array, y: Array, x: Array) -> Array:
    terms = [g[k + 1] * b for k, b in enumerate(adjugates(y, x))]
    return -np.swapaxes(sum(terms[1:], terms[0]), 0, 1)


characteristic = Opaque(np.poly, characteristic_jvp, characteristic_vjp)  # the polynomial of a matrix

# -- Fitting -------------------------------------------------------------------------------------------------


def polyfit_body(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    """Solve the least-squares problem of the Vandermonde matrix, whose columns are scaled to length 1."""
    order = operator.index(deg) + 1
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    if order < 1:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1 or not x.size:
        raise TypeError("expected non-empty vector for x" if x.ndim == 1 else "expected 1D vector for x")
    if y.ndim not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")
    if rcond is None:
        rcond = len(x) * float(np.finfo(x.dtype).eps)
    columns = np.vander(x, order)
    if w is not None:
        w = as_array(w) + 0.0
        if w.shape != x.shape:
            raise TypeError("expected a 1-d array for weights, of the same length as y")
        columns, y = columns * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt(np.sum(columns * columns, axis=0))
    columns = columns / scale
    c, residuals, rank, s = np.linalg.lstsq(columns, y, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    warn_if(rank != order, "Polyfit may be poorly conditioned", np.exceptions.RankWarning)
    return (c, covariance(columns, scale, residuals, y.ndim, cov)) if cov else c


def covariance(columns: Array, scale: Array, residuals: Array, ndim: int, cov: Any) -> Array:
    """Of the coefficients, for each column of the data that are fitted."""
    base = np.linalg.inv(columns.T @ columns) / (scale[:, None] * scale)
    freedom = columns.shape[0] - columns.shape[1]
    if cov != "unscaled" and freedom <= 0:
        raise ValueError("the number of data points must exceed order to scale the covariance matrix")
    factor: Any = 1 if isinstance(cov, str) and cov == "unscaled" else residuals / freedom
    return base * factor if ndim == 1 else base[:, :, None] * factor


RULES = (
    # -- Values, derivatives, integrals
    Composite(np.polyval, polyval_body),
    Composite(np.polyder, polyder_body),
    Composite(np.polyint, polyint_body),
    # -- Arithmetic
    Composite(np.polyadd, polyadd_body),
    Composite(np.polysub, polysub_body),
    Composite(np.polymul, polymul_body),
    Composite(np.polydiv, polydiv_body),
    # -- Roots
    Composite(np.poly, poly_body),
    Composite(np.roots, lambda p: simple_roots(as_vector(p))),
    # -- Fitting
    Composite(np.polyfit, polyfit_body),
)
