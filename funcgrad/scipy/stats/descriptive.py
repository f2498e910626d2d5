"""Statistics of samples, with SciPy's signatures. Traced values know ``nan_policy='propagate'``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.stats

from funcgrad._typing import Array
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, as_float, drop_in

__all__ = ["gmean", "hmean", "kurtosis", "sem", "skew", "zscore"]


def check_policy(nan_policy: str, name: str) -> None:
    if nan_policy != "propagate":
        raise NoDerivativeError(
            f"{name} with nan_policy={nan_policy!r} has no derivative rule; leave it out, and take the nans out before"
        )


def moment(a: Array, order: int, axis: Any) -> Array:
    """The central moment."""
    return np.mean((a - np.mean(a, axis=axis, keepdims=True)) ** order, axis=axis, keepdims=True)


def length(a: Array, axis: Any) -> int:
    return int(a.size if axis is None else a.shape[axis])


def reduced(y: Array, axis: Any, keepdims: bool) -> Array:
    y = y if keepdims else np.squeeze(y, axis=axis)
    return y if y.ndim else y[()]


def standardized_moment(a: Array, order: int, axis: Any) -> tuple[Array, Array]:
    """A moment in units of the standard deviation, and whether that is zero up to rounding."""
    second = moment(a, 2, axis)
    eps = float(np.finfo(a.dtype).eps)
    zero = second <= (eps * np.mean(a, axis=axis, keepdims=True)) ** 2
    return moment(a, order, axis) / np.where(zero, 1, second) ** (order / 2), zero


@drop_in(scipy.stats.skew)
def skew(a: Any, axis: Any = 0, bias: bool = True, nan_policy: str = "propagate", *, keepdims: bool = False) -> Array:
    """Return the skewness of a sample.

    Parameters
    ----------
    a : array_like
        The sample.
    axis : int or None
        Along which axis; None for all elements.
    bias : bool
        Whether to leave out the correction for the size of the sample.
    nan_policy : {'propagate'}
        What to do with nan.
    keepdims : bool
        Whether to keep the axis with length one.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import skew
    >>> fg.grad(skew)(np.array([-1.0, 0.0, 1.0])).round(6)
    array([ 0.612372, -1.224745,  0.612372])
    """
    check_policy(nan_policy, "skew")
    a = as_float(a)
    n = length(a, axis)
    y, zero = standardized_moment(a, 3, axis)
    if not bias and n > 2:
        y = y * (((n - 1.0) * n) ** 0.5 / (n - 2.0))
    return reduced(np.where(zero, np.nan, y), axis, keepdims)


@drop_in(scipy.stats.kurtosis)
def kurtosis(
    a: Any,
    axis: Any = 0,
    fisher: bool = True,
    bias: bool = True,
    nan_policy: str = "propagate",
    *,
    keepdims: bool = False,
) -> Array:
    """Return the kurtosis of a sample.

    Parameters
    ----------
    a : array_like
        The sample.
    axis : int or None
        Along which axis; None for all elements.
    fisher : bool
        Whether a normal distribution counts as 0 rather than 3.
    bias : bool
        Whether to leave out the correction for the size of the sample.
    nan_policy : {'propagate'}
        What to do with nan.
    keepdims : bool
        Whether to keep the axis with length one.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import kurtosis
    >>> fg.grad(kurtosis)(np.array([0.0, 0.0, 0.0, 1.0])).round(6) + 0.0
    array([0., 0., 0., 0.])
    """
    check_policy(nan_policy, "kurtosis")
    a = as_float(a)
    n = length(a, axis)
    y, zero = standardized_moment(a, 4, axis)
    if not bias and n > 3:
        y = 1.0 / (n - 2) / (n - 3) * ((n**2 - 1.0) * y - 3 * (n - 1) ** 2.0) + 3.0
    y = np.where(zero, np.nan, y)
    return reduced(y - 3 if fisher else y, axis, keepdims)


def mean_with(a: Array, axis: Any, weights: Any, keepdims: bool) -> Array:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    weights = as_array(weights)
    if np.ndim(weights) == 1 and a.ndim > 1 and axis is not None:
        weights = np.reshape(weights, [-1 if d == axis % a.ndim else 1 for d in range(a.ndim)])
    weights = np.broadcast_to(weights, a.shape)
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / np.sum(weights, axis=axis, keepdims=keepdims)


@drop_in(scipy.stats.gmean)
def gmean(
    a: Any,
    axis: Any = 0,
    dtype: Any = None,
    weights: Any = None,
    *,
    nan_policy: str = "propagate",
    keepdims: bool = False,
) -> Array:
    """Return the geometric mean.

    Parameters
    ----------
    a : array_like
        Positive numbers.
    axis : int or None
        Along which axis; None for all elements.
    dtype : dtype, optional
        In which to compute.
    weights : array_like, optional
        The weights of the numbers.
    nan_policy : {'propagate'}
        What to do with nan.
    keepdims : bool
        Whether to keep the axis with length one.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import gmean
    >>> fg.grad(gmean)(np.array([1.0, 4.0]))
    array([1.  , 0.25])
    """
    check_policy(nan_policy, "gmean")
    a = as_float(a) if dtype is None else as_float(a).astype(dtype)
    return np.exp(mean_with(np.log(a), axis, weights, keepdims))


@drop_in(scipy.stats.hmean)
def hmean(
    a: Any,
    axis: Any = 0,
    dtype: Any = None,
    *,
    weights: Any = None,
    nan_policy: str = "propagate",
    keepdims: bool = False,
) -> Array:
    """Return the harmonic mean.

    Parameters
    ----------
    a : array_like
        Positive numbers.
    axis : int or None
        Along which axis; None for all elements.
    dtype : dtype, optional
        In which to compute.
    weights : array_like, optional
        The weights of the numbers.
    nan_policy : {'propagate'}
        What to do with nan.
    keepdims : bool
        Whether to keep the axis with length one.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import hmean
    >>> fg.grad(hmean)(np.array([1.0, 1.0]))
    array([0.5, 0.5])
    """
    check_policy(nan_policy, "hmean")
    a = as_float(a) if dtype is None else as_float(a).astype(dtype)
    a = np.where(a < 0, np.nan, a)
    return 1.0 / mean_with(1.0 / a, axis, weights, keepdims)


@drop_in(scipy.stats.zscore)
def zscore(a: Any, axis: Any = 0, ddof: int = 0, nan_policy: str = "propagate") -> Array:
    """Return deviations from the mean in units of the standard deviation.

    Parameters
    ----------
    a : array_like
        The sample.
    axis : int or None
        Along which axis; None for all elements.
    ddof : int
        Subtracted from the size of the sample in the standard deviation.
    nan_policy : {'propagate'}
        What to do with nan.

    Returns
    -------
    array
        Like `a`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import zscore
    >>> fg.grad(lambda a: zscore(a)[0])(np.array([0.0, 1.0, 2.0])).round(6)
    array([ 0.204124, -0.408248,  0.204124])
    """
    check_policy(nan_policy, "zscore")
    a = as_float(a)
    mean = np.mean(a, axis=axis, keepdims=True)
    deviation = np.std(a, axis=axis, ddof=ddof, keepdims=True)
    zero = deviation <= float(np.finfo(a.dtype).eps) * np.abs(mean)
    return np.where(zero, np.nan, (a - mean) / np.where(zero, 1, deviation))


@drop_in(scipy.stats.sem)
def sem(a: Any, axis: Any = 0, ddof: int = 1, nan_policy: str = "propagate", *, keepdims: bool = False) -> Array:
    """Return the standard error of the mean.

    Parameters
    ----------
    a : array_like
        The sample.
    axis : int or None
        Along which axis; None for all elements.
    ddof : int
        Subtracted from the size of the sample in the standard deviation.
    nan_policy : {'propagate'}
        What to do with nan.
    keepdims : bool
        Whether to keep the axis with length one.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import sem
    >>> fg.grad(sem)(np.array([0.0, 2.0]))
    array([-0.5,  0.5])
    """
    check_policy(nan_policy, "sem")
    a = np.atleast_1d(as_float(a))
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / length(a, axis) ** 0.5
