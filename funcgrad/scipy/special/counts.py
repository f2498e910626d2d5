"""Gamma functions and counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special

from funcgrad._typing import Array
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Constant
from funcgrad.core.level import plain
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, as_float, drop_in, on_host

__all__ = ["comb", "diric", "factorial", "multigammaln", "order", "perm", "polygamma"]


def order(n: Any, name: str, argument: str) -> Any:
    """An order is a whole number, or an array of them: it has no derivative."""
    if hasattr(n, "dtype") and n.dtype.kind != "i" and plain(n) is not n:
        raise NoDerivativeError(
            f"{name}: {argument} is an order, which is a whole number, so there is no derivative with respect to it. "
            f"Pass funcgrad.stop_gradient({argument})."
        )
    return int(n) if np.ndim(n) == 0 and isinstance(n, int | float | np.generic | np.ndarray) else n


@drop_in(scipy.special.polygamma)
def polygamma(n: Any, x: Any) -> Array:
    """Return the n-th derivative of the digamma function.

    Parameters
    ----------
    n : array_like of int
        The order of the derivative.
    x : array_like of float
        Where to evaluate.

    Returns
    -------
    array

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import polygamma
    >>> float(fg.grad(lambda x: polygamma(0, x))(1.0) - polygamma(1, 1.0))
    0.0
    """
    n, x = order(n, "polygamma", "n"), as_float(x)
    if isinstance(n, int):
        if n:
            y = (-1.0) ** (n + 1) * math.gamma(n + 1) * scipy.special.zeta(n + 1, x.astype(np.float64))
        else:
            y = scipy.special.psi(x).astype(np.float64)
        return np.copy(y)  # an array, even for a single number, as SciPy's
    m = np.where(n == 0, 1, n)
    higher = (-1.0) ** (m + 1) * scipy.special.gamma(m + 1.0) * scipy.special.zeta(m + 1, x)
    return np.where(n == 0, scipy.special.psi(x), higher)


def check_multigamma(a: Array, d: int) -> Array:
    if np.any(a <= 0.5 * (d - 1)):
        raise ValueError(f"condition a ({a}) > 0.5 * (d-1) ({0.5 * (d - 1)}) not met")
    return a


check_domain = Constant(check_multigamma, own=True, batch=stacked)


@drop_in(scipy.special.multigammaln)
def multigammaln(a: Any, d: Any) -> Array:
    """Return the logarithm of the multivariate gamma function.

    Parameters
    ----------
    a : array_like
        Where to evaluate; larger than ``(d - 1) / 2``.
    d : int
        The dimension.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import multigammaln, psi
    >>> bool(np.isclose(fg.grad(multigammaln)(3.0, 2), psi(3.0) + psi(2.5)))
    True
    """
    dimension = order(d, "multigammaln", "d")
    if not isinstance(dimension, int) or dimension != d:
        raise ValueError("d should be a positive integer (dimension)")
    a = as_float(a)
    if on_host(a):
        check_domain(a, d=dimension)
    start = dimension * (dimension - 1) * 0.25 * np.log(np.pi)  # in double precision, as SciPy's
    return start + sum(scipy.special.gammaln(a - (j - 1) / 2) for j in range(1, dimension + 1))


@drop_in(scipy.special.factorial)
def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Return the factorial ``gamma(n + 1)``, which for negative numbers counts as zero.

    Parameters
    ----------
    n : array_like
        Numbers, which need not be whole.
    exact : bool
        Whether to compute with integers: not for traced values.
    extend : {'zero', 'complex'}
        Whether negative numbers give zero, or the gamma function.

    Returns
    -------
    array

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import factorial
    >>> round(float(fg.grad(factorial)(3.0)), 6)
    7.536706
    """
    n = as_array(n)
    if exact:
        raise NoDerivativeError("factorial with exact=True counts in whole numbers and has no derivative")
    if extend not in ("zero", "complex"):
        raise ValueError(f"argument `extend` must be either 'zero' or 'complex', received: {extend}")
    if extend == "complex":
        return scipy.special.gamma(n + 1)
    if n.dtype.kind == "c":
        raise ValueError("In order to use non-integer arguments, you must opt into this by passing `extend='complex'`.")
    return np.where(n < 0, 0, scipy.special.gamma(np.where(n < 0, 0, n) + 1)).astype(np.float64)


def checked_binom(N: Array, k: Array) -> Array:
    inside = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(inside, scipy.special.binom(np.where(inside, N, 1), np.where(inside, k, 0)), 0)[()]


@drop_in(scipy.special.comb)
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """Return the number of ways to choose `k` of `N` things, for numbers that need not be whole.

    Parameters
    ----------
    N, k : array_like
        How many things there are, and how many to choose.
    exact : bool
        Whether to compute with integers: not for traced values.
    repetition : bool
        Whether a thing may be chosen more than once.

    Returns
    -------
    array

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import comb
    >>> round(float(fg.grad(comb)(5.0, 2)), 6)
    4.5
    """
    if exact:
        raise NoDerivativeError("comb with exact=True counts in whole numbers and has no derivative")
    N, k = as_array(N), as_array(k)
    if not repetition:
        return checked_binom(N, k)
    none = (k == 0) & (N >= 0)
    return np.where(none, 1.0, scipy.special.binom(np.where(none, 1, N) + k - 1, k))[()]


@drop_in(scipy.special.perm)
def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """Return the number of ways to arrange `k` of `N` things, for numbers that need not be whole.

    Parameters
    ----------
    N, k : array_like
        How many things there are, and how many to arrange.
    exact : bool
        Whether to compute with integers: not for traced values.

    Returns
    -------
    array

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import perm
    >>> round(float(fg.grad(perm)(5.0, 2)), 6)
    9.0
    """
    if exact:
        raise NoDerivativeError("perm with exact=True counts in whole numbers and has no derivative")
    N, k = as_array(N), as_array(k)
    inside = (k <= N) & (N >= 0) & (k >= 0)
    N, k = np.where(inside, N, 1), np.where(inside, k, 0)
    return np.where(inside, scipy.special.poch(N - k + 1, k), 0)[()]


def cosines(x: Array, n: int) -> Array:
    """``sin(n x / 2) / sin(x / 2)`` as a sum, which has no gaps."""
    total = np.ones_like(x) if n % 2 else np.zeros_like(x)
    for k in range(n // 2):
        total = total + 2 * np.cos((k + (1 if n % 2 else 0.5)) * x)
    return total


@drop_in(scipy.special.diric)
def diric(x: Any, n: Any) -> Array:
    """Return the periodic sinc function, ``sin(n x / 2) / (n sin(x / 2))``.

    Parameters
    ----------
    x : array_like
        Where to evaluate.
    n : int
        The number of peaks in a double period.

    Returns
    -------
    array

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import diric
    >>> round(fg.grad(fg.grad(lambda x: diric(x, 3)))(0.0), 6)
    np.float64(-0.666667)
    """
    x, count = as_float(x).astype(np.float64), order(n, "diric", "n")
    if not isinstance(count, int) or count != n or count <= 0:
        raise NoDerivativeError(
            "diric of traced values takes one positive whole number n; write arrays of them as a loop"
        )
    return cosines(x, count) / count
