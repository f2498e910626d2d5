"""Correlations of images with given weights: linear in the image and in the weights."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from funcgrad._typing import Array
from funcgrad.core.arrays import conjugate
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, as_float, drop_in
from funcgrad.scipy.full_convolution import full

__all__ = [
    *("cast", "chosen", "convolve", "convolve1d", "correlate", "correlate1d", "double", "extended", "listed"),
    "with_weights",
]

# -- Beyond the edges ----------------------------------------------------------------------------------------

MODES = {
    **dict.fromkeys(("reflect", "grid-mirror"), lambda i, n: np.minimum(i % (2 * n), (-1 - i) % (2 * n))),
    **dict.fromkeys(("wrap", "grid-wrap"), lambda i, n: i % n),
    "nearest": lambda i, n: np.clip(i, 0, n - 1),
    "mirror": lambda i, n: np.minimum(i % max(2 * n - 2, 1), -i % max(2 * n - 2, 1)) if n > 1 else i * 0,
}


def extended(x: Array, axis: int, before: int, after: int, mode: str, cval: Any) -> Array:
    """Extend an image along an axis."""
    if mode in ("constant", "grid-constant"):
        widths = [(before, after) if d == axis else (0, 0) for d in range(x.ndim)]
        return np.pad(x, widths, constant_values=cval)
    if mode not in MODES:
        raise RuntimeError(f"boundary mode '{mode}' not supported")
    n = x.shape[axis]
    return np.take(x, MODES[mode](np.arange(-before, n + after), n), axis=axis)


def correlated(x: Array, weights: Array, mode: str, cval: Any, origins: Sequence[int]) -> Array:
    """Correlate with weights that have an axis for every axis of the image; no conjugate is taken."""
    for axis, (size, origin) in enumerate(zip(weights.shape, origins, strict=True)):
        before = size // 2 + origin
        if not 0 <= before < size:
            raise ValueError("Invalid origin; origin must satisfy -(n // 2) <= origin <= (n - 1) // 2")
        if size > 1:
            x = extended(x, axis, before, size - 1 - before, mode, cval)
    axes = tuple(range(x.ndim))
    y = full(x, np.flip(weights), axes=axes, method="auto")
    return y[tuple(slice(size - 1, y.shape[axis] - size + 1) for axis, size in enumerate(weights.shape))]


def cast(y: Array, x: Array, output: Any, name: str) -> Array:
    """Give the result the dtype that SciPy's has."""
    if output is None:
        kind = np.result_type(x.dtype, np.complex64) if y.dtype.kind == "c" else x.dtype
        if kind.kind not in "fc":
            raise NoDerivativeError(f"{name} of an image of {x.dtype} rounds its result; convert the image to float")
        return y.astype(kind)
    if hasattr(output, "shape") and not isinstance(output, type):
        raise NoDerivativeError(f"{name} of traced values cannot write into output=; use the returned value")
    return y.astype(np.dtype(output))


def double(x: Any) -> Array:
    """In double precision, in which SciPy computes."""
    x = as_float(x)
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


def listed(value: Any, count: int) -> list[Any]:
    """One value for each axis."""
    if isinstance(value, str) or np.ndim(value) == 0:
        return [value] * count
    if len(value) != count:
        raise RuntimeError("sequence argument must have length equal to input rank")
    return list(value)


def chosen(axes: Any, ndim: int) -> list[int]:
    if axes is None:
        return list(range(ndim))
    axes = [operator.index(axis) for axis in (axes if np.ndim(axes) else [axes])]
    if any(not -ndim <= axis < ndim for axis in axes):
        raise ValueError(f"specified axis is out of range: {axes}")
    if len({axis % ndim for axis in axes}) != len(axes):
        raise ValueError("axes must be unique")
    return [axis % ndim for axis in axes]


def on_axes(weights: Array, axes: list[int], ndim: int) -> Array:
    """Give the weights an axis of length one for every other axis of the image."""
    order = np.argsort(axes)
    shape = [1] * ndim
    for place, axis in enumerate(axes):
        shape[axis] = weights.shape[place]
    return np.reshape(np.transpose(weights, order.tolist()), shape)


# -- With given weights --------------------------------------------------------------------------------------


def with_weights(
    name: str, input: Any, weights: Any, output: Any, mode: str, cval: Any, origin: Any, axes: Any, flip: bool
) -> Array:
    if not isinstance(mode, str):
        raise RuntimeError("A sequence of modes is not supported")
    x, w = as_array(input), double(weights)
    places = chosen(axes, x.ndim)
    if w.ndim != len(places):
        raise RuntimeError(f"weights.ndim ({w.ndim}) must match len(axes) ({len(places)})")
    origins = [0] * x.ndim
    for axis, one in zip(places, listed(origin, len(places)), strict=True):
        origins[axis] = int(one)
    w = on_axes(w, places, x.ndim)
    if flip:
        w = np.flip(w)
        origins = [
            -one - (size % 2 == 0) if axis in places else 0
            for axis, (one, size) in enumerate(zip(origins, w.shape, strict=True))
        ]
    else:
        w = conjugate(w)
    return cast(correlated(double(x), w, mode, cval, origins), x, output, name)


@drop_in(scipy.ndimage.correlate)
def correlate(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Correlate an image with weights.

    Parameters
    ----------
    input, weights : array_like
        The image and the weights.
    output : dtype, optional
        The dtype of the result.
    mode : str
        How the image goes on beyond its edges.
    cval : float
        What it is filled with where the mode is 'constant'.
    origin : int or sequence of int
        Where the middle of the weights lies.
    axes : int or tuple of int, optional
        Along which axes; all by default.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import correlate
    >>> fg.grad(lambda x: correlate(x, np.array([1.0, 2.0, 4.0]))[0])(np.ones(4))
    array([3., 4., 0., 0.])
    """
    return with_weights("correlate", input, weights, output, mode, cval, origin, axes, flip=False)


@drop_in(scipy.ndimage.convolve)
def convolve(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Convolve an image with weights.

    Parameters
    ----------
    input, weights, output, mode, cval, origin, axes
        As for :func:`correlate`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import convolve
    >>> fg.grad(lambda x: convolve(x, np.array([1.0, 2.0, 4.0]))[0])(np.ones(4))
    array([6., 1., 0., 0.])
    """
    return with_weights("convolve", input, weights, output, mode, cval, origin, axes, flip=True)


def checked_1d(weights: Any) -> Array:
    w = double(weights)
    if w.ndim != 1 or w.shape[0] < 1:
        raise RuntimeError("no filter weights given")
    return w


@drop_in(scipy.ndimage.correlate1d)
def correlate1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Correlate an image with weights along an axis.

    Parameters
    ----------
    input, weights : array_like
        The image, and a vector of weights.
    axis : int
        Along which axis.
    output, mode, cval, origin
        As for :func:`correlate`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import correlate1d
    >>> fg.grad(lambda w: correlate1d(np.arange(3.0), w)[1])(np.ones(3))
    array([0., 1., 2.])
    """
    w = checked_1d(weights)
    return with_weights("correlate1d", input, w, output, mode, cval, origin, axis, flip=False)


@drop_in(scipy.ndimage.convolve1d)
def convolve1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Convolve an image with weights along an axis.

    Parameters
    ----------
    input, weights, axis, output, mode, cval, origin
        As for :func:`correlate1d`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import convolve1d
    >>> fg.grad(lambda w: convolve1d(np.arange(3.0), w)[1])(np.ones(3))
    array([2., 1., 0.])
    """
    w = checked_1d(weights)
    return with_weights("convolve1d", input, w, output, mode, cval, origin, axis, flip=True)
