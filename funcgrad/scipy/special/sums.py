"""Sums of exponentials."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.scipy.drop_in import as_array, as_float, drop_in, peak

__all__ = ["log_softmax", "logsumexp", "softmax"]


def difference(a: Array, shift: Array) -> Array:
    """``a - shift``, and zero where they are equal: infinities too."""
    with np.errstate(invalid="ignore"):
        return np.where(a == shift, 0, a - shift)


#: The shift cancels in what it is used for, so that it counts as a constant.
shifted = Elementwise(difference, lambda g: g, None, own=True, name="subtract")


@drop_in(scipy.special.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """Return the logarithm of a sum of exponentials, ``log(sum(b * exp(a)))``, without overflow.

    Parameters
    ----------
    a : array_like
        The exponents, real or complex.
    axis : None, int or tuple of int
        Which axes to sum over; all by default.
    b : array_like, optional
        Weights that broadcast with `a`; they may be negative or zero.
    keepdims : bool
        Whether to keep the summed axes with length one.
    return_sign : bool
        Whether to return the sign (for complex sums the phase) too, which allows negative sums.

    Returns
    -------
    array, or a tuple of two with `return_sign`
        A negative sum gives nan without `return_sign`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import logsumexp
    >>> fg.grad(logsumexp)(np.array([0.0, 0.0, -np.inf]))
    array([0.5, 0.5, 0. ])
    """
    a = as_float(a)
    if b is not None:
        b = b if isinstance(b, int | float | complex) else as_array(b)
        a = np.where(b == 0, -np.inf, a)
    a = np.atleast_1d(a)
    axes = tuple(range(a.ndim)) if axis is None else axis
    if not a.size:
        log, sign = (np.sum(a, axis=axes, keepdims=True) + part for part in (-np.inf, -1))
    else:
        log, sign = log_of_sum(a, b, axes, return_sign)
    log, sign = (part if keepdims else np.squeeze(part, axis=axes) for part in (log, sign))
    log, sign = (part if part.ndim else part[()] for part in (log, sign))
    return (log, sign) if return_sign else log


def log_of_sum(a: Array, b: Any, axes: Any, return_sign: bool) -> tuple[Array, Array]:
    """The largest terms are kept apart, for small sums of the others are not to be lost beside them."""
    size = np.real(a)
    top = peak(size, axis=axes)
    shift = np.where(top == -np.inf, 0, top)
    terms = np.exp(shifted(a, shift)) * (1 if b is None else b)
    largest = np.sum(np.where(size == top, terms, 0), axis=axes, keepdims=True)
    others = np.sum(np.where(size == top, 0, terms), axis=axes, keepdims=True)
    total = largest + others
    nothing = np.all(terms == 0, axis=axes, keepdims=True)
    apart = largest != 0  # else the largest cancel
    base = np.where(nothing, 1, np.where(apart, largest, others))
    ratio = np.where(apart, others / np.where(apart, largest, 1), 0)
    with np.errstate(divide="ignore"):
        if a.dtype.kind != "c" and getattr(b, "dtype", a.dtype).kind != "c":
            log = np.log1p(np.where(ratio < -1, -2 - ratio, ratio)) + np.log(np.abs(base)) + shift
            sign = np.sign(total)
            if not return_sign:
                log = np.where(sign < 0, np.nan, log)
        elif return_sign:
            sign = total / np.where(nothing, 1, np.abs(total))
            log = np.log(np.where(nothing, 1, np.abs(total))) + shift
        else:
            sign, log = total, np.log(np.where(nothing, 1, total)) + shift
    return np.where(nothing, -np.inf, log), sign


@drop_in(scipy.special.softmax)
def softmax(x: Any, axis: Any = None) -> Array:
    """Return exponentials that are scaled to sum to one.

    Parameters
    ----------
    x : array_like
        The exponents.
    axis : None, int or tuple of int
        Along which axes the sum is one; all by default.

    Returns
    -------
    array
        Like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import softmax
    >>> fg.grad(lambda x: softmax(x)[0])(np.array([0.0, 0.0]))
    array([ 0.25, -0.25])
    """
    x = as_float(x)
    e = np.exp(x - peak(x, axis=axis))
    return e / np.sum(e, axis=axis, keepdims=True)


@drop_in(scipy.special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Array:
    """Return the logarithm of :func:`softmax`, without underflow.

    Parameters
    ----------
    x : array_like
        The exponents.
    axis : None, int or tuple of int
        Along which axes the exponentials sum to one; all by default.

    Returns
    -------
    array
        Like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import log_softmax
    >>> fg.grad(lambda x: log_softmax(x)[0])(np.array([0.0, 0.0]))
    array([ 0.5, -0.5])
    """
    x = as_float(x)
    top = peak(x, axis=axis)
    x = x - np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))
