"""Filters of images: smoothing, derivatives and edges. All are linear in the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from funcgrad._typing import Array
from funcgrad.core.level import plain
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, beside, drop_in
from funcgrad.scipy.ndimage.weights import cast, chosen, listed, with_weights

__all__ = [
    *("gaussian_filter", "gaussian_filter1d", "gaussian_laplace", "laplace", "prewitt", "sobel", "uniform_filter"),
    "uniform_filter1d",
]


def along_axes(x: Array, steps: Sequence[tuple[int, Any, str, int]], cval: Any, output: Any, name: str) -> Array:
    """Correlate along one axis after the other; between them SciPy rounds to the dtype of the result."""
    y = x
    for axis, weights, mode, origin in steps:
        w = beside(weights, y) if isinstance(weights, list) else weights
        y = with_weights(name, y, w, output, mode, cval, origin, axis, flip=False)
    return y if steps else cast(y, x, output, name)


def gaussian_weights(sigma: Any, order: int, radius: int) -> Any:
    """Samples of a derivative of the normal density, as ``q(x) exp(-x^2 / (2 sigma^2))`` with a polynomial ``q``."""
    places = range(-radius, radius + 1)
    precision = 1.0 / (sigma * sigma)
    bell = [np.exp(-0.5 * precision * x**2) for x in places]
    total = sum(bell)
    q: list[Any] = [1.0]
    for _ in range(order):
        slope = [k * q[k] for k in range(1, len(q))] + [0.0, 0.0]
        q = [s - precision * (q[k - 1] if k else 0.0) for k, s in enumerate(slope)]
    values = [sum(c * x**k for k, c in enumerate(q)) * b / total for x, b in zip(places, bell, strict=True)]
    return as_array(values[::-1]) if plain(sigma) is not sigma else [float(v) for v in values[::-1]]


def gaussian_step(sigma: Any, order: int, truncate: float, radius: Any) -> Any:
    """The weights for one axis. A traced `sigma` has a derivative; the radius is that of its value."""
    if order < 0:
        raise ValueError("order must be non-negative")
    value = plain(sigma)
    if np.ndim(value) != np.ndim(sigma):
        raise NoDerivativeError("gaussian_filter under vmap with a sigma for every example has no one radius")
    width = int(truncate * float(value) + 0.5) if radius is None else radius
    if not isinstance(width, int | np.integer) or width < 0:
        raise ValueError("Radius must be a nonnegative integer.")
    return gaussian_weights(sigma if plain(sigma) is not sigma else float(sigma), int(order), int(width))


@drop_in(scipy.ndimage.gaussian_filter1d)
def gaussian_filter1d(
    input: Any,
    sigma: Any,
    axis: int = -1,
    order: int = 0,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Array:
    """Smooth an image along an axis, or take a derivative of the smoothed image.

    Parameters
    ----------
    input : array_like
        The image.
    sigma : float
        The standard deviation; it may be traced.
    axis : int
        Along which axis.
    order : int
        Which derivative.
    output, mode, cval
        As for :func:`correlate`.
    truncate : float
        At how many standard deviations the filter ends.
    radius : int, optional
        Where it ends, in place of `truncate`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import gaussian_filter1d
    >>> fg.grad(lambda x: gaussian_filter1d(x, 1.0, radius=1)[2])(np.ones(5)).round(6)
    array([0.      , 0.274069, 0.451863, 0.274069, 0.      ])
    """
    weights = gaussian_step(sigma, order, truncate, radius)
    return along_axes(as_array(input), [(axis, weights, mode, 0)], cval, output, "gaussian_filter1d")


@drop_in(scipy.ndimage.gaussian_filter)
def gaussian_filter(
    input: Any,
    sigma: Any,
    order: Any = 0,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    truncate: float = 4.0,
    *,
    radius: Any = None,
    axes: Any = None,
) -> Array:
    """Smooth an image, or take a derivative of the smoothed image.

    Parameters
    ----------
    input : array_like
        The image.
    sigma, order, mode, radius
        As for :func:`gaussian_filter1d`, for all axes or a sequence with one for each.
    output, cval, truncate
        As for :func:`gaussian_filter1d`.
    axes : tuple of int, optional
        Along which axes; all by default.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import gaussian_filter
    >>> fg.grad(lambda x: gaussian_filter(x, 1.0).sum())(np.ones((2, 2))).round(6)
    array([[1., 1.],
           [1., 1.]])
    """
    x = as_array(input)
    places = chosen(axes, x.ndim)
    n = len(places)
    rows = zip(places, listed(sigma, n), listed(order, n), listed(mode, n), listed(radius, n), strict=True)
    steps = [(axis, gaussian_step(s, o, truncate, r), m, 0) for axis, s, o, m, r in rows if plain(s) > 1e-15]
    return along_axes(x, steps, cval, output, "gaussian_filter")


@drop_in(scipy.ndimage.uniform_filter1d)
def uniform_filter1d(
    input: Any, size: int, axis: int = -1, output: Any = None, mode: str = "reflect", cval: Any = 0.0, origin: int = 0
) -> Array:
    """Average an image along an axis.

    Parameters
    ----------
    input : array_like
        The image.
    size : int
        Over how many elements.
    axis, output, mode, cval, origin
        As for :func:`correlate1d`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import uniform_filter1d
    >>> fg.grad(lambda x: uniform_filter1d(x, 2)[1])(np.ones(3))
    array([0.5, 0.5, 0. ])
    """
    if size < 1:
        raise RuntimeError("incorrect filter size")
    return along_axes(as_array(input), [(axis, [1 / size] * size, mode, origin)], cval, output, "uniform_filter1d")


@drop_in(scipy.ndimage.uniform_filter)
def uniform_filter(
    input: Any,
    size: Any = 3,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Average an image over boxes.

    Parameters
    ----------
    input : array_like
        The image.
    size, mode, origin
        As for :func:`uniform_filter1d`, for all axes or a sequence with one for each.
    output, cval
        As for :func:`correlate`.
    axes : tuple of int, optional
        Along which axes; all by default.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import uniform_filter
    >>> fg.grad(lambda x: uniform_filter(x, 2)[1, 1])(np.ones((2, 2)))
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    x = as_array(input)
    places = chosen(axes, x.ndim)
    n = len(places)
    rows = zip(places, listed(size, n), listed(mode, n), listed(origin, n), strict=True)
    steps = [(axis, [1 / int(s)] * int(s), m, int(o)) for axis, s, m, o in rows if s > 1]
    return along_axes(x, steps, cval, output, "uniform_filter")


def edges(name: str, smooth: list[float]) -> Any:
    """Make a filter that differentiates along one axis and smooths along the others."""

    def function(input: Any, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: Any = 0.0) -> Array:
        x = as_array(input)
        along = chosen(axis, x.ndim)[0]
        modes = listed(mode, x.ndim)
        steps = [(along, [-1.0, 0.0, 1.0], modes[along], 0)]
        steps += [(other, smooth, modes[other], 0) for other in range(x.ndim) if other != along]
        return along_axes(x, steps, cval, output, name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Find edges across an axis with the filter of {name.capitalize()}.

    Parameters
    ----------
    input : array_like
        The image.
    axis : int
        Along which axis to differentiate.
    output, mode, cval
        As for :func:`correlate`; `mode` may be a sequence with one for each axis.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import {name}
    >>> fg.grad(lambda x: {name}(x)[1])(np.ones(3))
    array([-1.,  0.,  1.])
    """
    return drop_in(getattr(scipy.ndimage, name))(function)


sobel = edges("sobel", [1.0, 2.0, 1.0])
prewitt = edges("prewitt", [1.0, 1.0, 1.0])


@drop_in(scipy.ndimage.laplace)
def laplace(input: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, *, axes: Any = None) -> Array:
    """Return the sum of second differences.

    Parameters
    ----------
    input : array_like
        The image.
    output, mode, cval
        As for :func:`correlate`; `mode` may be a sequence with one for each axis.
    axes : tuple of int, optional
        Along which axes; all by default.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import laplace
    >>> fg.grad(lambda x: laplace(x)[1])(np.ones(3))
    array([ 1., -2.,  1.])
    """
    x = as_array(input)
    places = chosen(axes, x.ndim)
    parts = [
        along_axes(x, [(axis, [1.0, -2.0, 1.0], m, 0)], cval, output, "laplace")
        for axis, m in zip(places, listed(mode, len(places)), strict=True)
    ]
    return sum(parts[1:], start=parts[0]) if parts else cast(x, x, output, "laplace")


@drop_in(scipy.ndimage.gaussian_laplace)
def gaussian_laplace(
    input: Any,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    *,
    axes: Any = None,
    **kwargs: Any,
) -> Array:
    """Return the sum of second derivatives of the smoothed image.

    Parameters
    ----------
    input : array_like
        The image.
    sigma, output, mode, cval, axes
        As for :func:`gaussian_filter`.
    **kwargs
        ``truncate`` and ``radius`` for :func:`gaussian_filter`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import gaussian_laplace
    >>> fg.grad(lambda x: gaussian_laplace(x, 1.0, radius=1)[2])(np.ones(5)).round(6)
    array([ 0.      ,  0.      , -0.451863,  0.      ,  0.      ])
    """
    x = as_array(input)
    places = chosen(axes, x.ndim)
    sigmas, modes = listed(sigma, len(places)), listed(mode, len(places))
    parts = [
        gaussian_filter.body(
            x,
            sigmas,
            [2 if other == axis else 0 for other in places],
            output,
            modes,
            cval,
            axes=tuple(places),
            **kwargs,
        )
        for axis in places
    ]
    return sum(parts[1:], start=parts[0])
