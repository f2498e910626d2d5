"""Convolutions and correlations."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from funcgrad._typing import Array
from funcgrad.scipy.drop_in import as_array, drop_in
from funcgrad.scipy.full_convolution import full

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "fftconvolve", "oaconvolve"]

# -- Parts of the full convolution ---------------------------------------------------------------------------


def part(
    y: Array, first: tuple[int, ...], second: tuple[int, ...], mode: str, axes: tuple[int, ...], late: int = 0
) -> Array:
    """The middle of a full convolution of arrays with these shapes; the later one of two with `late`."""
    if mode == "full":
        return y
    if mode not in ("same", "valid"):
        raise ValueError("acceptable mode flags are 'valid', 'same', or 'full'")
    window: list[Any] = [slice(None)] * y.ndim
    for axis in axes if mode == "valid" else range(y.ndim):
        m, n = first[axis], second[axis]
        size = m if mode == "same" else abs(m - n) + 1
        start = (y.shape[axis] - size + late) // 2
        window[axis] = slice(start, start + size)
    return y[tuple(window)]


def check_nested(first: tuple[int, ...], second: tuple[int, ...], mode: str, axes: tuple[int, ...]) -> None:
    if mode == "valid":
        larger = all(first[axis] >= second[axis] for axis in axes)
        if not larger and not all(first[axis] <= second[axis] for axis in axes):
            raise ValueError(
                "For 'valid' mode, one must be at least as large as the other in every dimension; "
                f"the shapes are {first} and {second}"
            )


def convolved(a: Array, b: Array, mode: str, axes: tuple[int, ...], method: str) -> Array:
    if a.ndim != b.ndim:
        raise ValueError("in1 and in2 should have the same dimensionality")
    check_nested(a.shape, b.shape, mode, axes)
    if a.size == 0 or b.size == 0:
        return np.reshape(np.concatenate([np.ravel(a)[:0], np.ravel(b)[:0]]), (0,))
    return part(full(a, b, axes=axes, method=method), a.shape, b.shape, mode, axes)


@drop_in(scipy.signal.convolve)
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Array:
    """Convolve two arrays of the same number of axes.

    Parameters
    ----------
    in1, in2 : array_like
        The arrays.
    mode : {'full', 'same', 'valid'}
        Whether to return everything, the middle of the size of `in1`, or what does not reach over the edges.
    method : {'auto', 'direct', 'fft'}
        How to compute.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import convolve
    >>> fg.grad(lambda x: convolve(x, np.array([1.0, 2.0]), "valid").sum())(np.ones(3))
    array([2., 3., 1.])
    """
    a, b = as_array(in1), as_array(in2)
    if method not in ("auto", "direct", "fft"):
        raise ValueError("Acceptable method flags are 'auto', 'direct', or 'fft'.")
    if a.ndim == b.ndim == 0:
        return a * b
    return convolved(a, b, mode, tuple(range(a.ndim)), method)


def turned(x: Array) -> Array:
    """Reversed along every axis, and conjugated."""
    return np.conjugate(np.flip(x)) if x.dtype.kind == "c" else np.flip(x)


@drop_in(scipy.signal.correlate)
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Array:
    """Correlate two arrays of the same number of axes.

    Parameters
    ----------
    in1, in2 : array_like
        The arrays; the conjugate of the second is taken.
    mode : {'full', 'same', 'valid'}
        As for :func:`convolve`.
    method : {'auto', 'direct', 'fft'}
        How to compute.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import correlate
    >>> fg.grad(lambda x: correlate(x, np.array([1.0, 2.0]), "valid").sum())(np.ones(3))
    array([1., 3., 2.])
    """
    a, b = as_array(in1), as_array(in2)
    if method not in ("auto", "direct", "fft"):
        raise ValueError("Acceptable method flags are 'auto', 'direct', or 'fft'.")
    if a.ndim == b.ndim == 0:
        return a * turned(b)
    return convolved(a, turned(b), mode, tuple(range(a.ndim)), method)


def chosen_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(ndim))
    return tuple(sorted(int(axis) % ndim for axis in np.atleast_1d(axes)))


@drop_in(scipy.signal.fftconvolve)
def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Array:
    """Convolve two arrays along some axes; along the others they broadcast.

    Parameters
    ----------
    in1, in2 : array_like
        The arrays, of the same number of axes.
    mode : {'full', 'same', 'valid'}
        As for :func:`convolve`.
    axes : int or sequence of int, optional
        Along which axes; all by default.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import fftconvolve
    >>> fg.grad(lambda x: fftconvolve(x, np.array([1.0, 2.0]), "valid").sum())(np.ones(3)).round(6)
    array([2., 3., 1.])
    """
    a, b = as_array(in1), as_array(in2)
    if a.ndim == b.ndim == 0:
        return a * b
    return convolved(a, b, mode, chosen_axes(axes, a.ndim), "fft")


@drop_in(scipy.signal.oaconvolve)
def oaconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Array:
    """Convolve two arrays as :func:`fftconvolve` does; on plain arrays piece by piece.

    Parameters
    ----------
    in1, in2, mode, axes
        As for :func:`fftconvolve`.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import oaconvolve
    >>> fg.grad(lambda x: oaconvolve(x, np.array([1.0, 2.0]), "valid").sum())(np.ones(3)).round(6)
    array([2., 3., 1.])
    """
    return fftconvolve.body(in1, in2, mode, axes)


# -- With boundaries -----------------------------------------------------------------------------------------


def extended(x: Array, widths: tuple[int, int], boundary: str, fillvalue: Any) -> Array:
    """Extend an image over its edges."""
    if boundary in ("fill", "pad"):
        return np.pad(x, [(w, w) for w in widths], constant_values=fillvalue)
    for axis, w in enumerate(widths):
        n = x.shape[axis]
        place = np.arange(-w, n + w)
        place = place % n if boundary in ("wrap", "circular") else np.minimum(place % (2 * n), (-1 - place) % (2 * n))
        x = np.take(x, place, axis=axis)
    return x


def convolved_2d(a: Array, b: Array, mode: str, boundary: str, fillvalue: Any, late: int = 0) -> Array:
    """The kernel `b` is the one that is flipped; a boundary belongs to `a`."""
    if not a.ndim == b.ndim == 2:
        raise ValueError("convolve2d inputs must both be 2-D arrays")
    if boundary not in ("fill", "pad", "wrap", "circular", "symm", "symmetric"):
        raise ValueError(
            f"Acceptable boundary flags are 'fill', 'circular' (or 'wrap'), and 'symmetric' (or 'symm'), not {boundary}"
        )
    check_nested(a.shape, b.shape, mode, (0, 1))
    if mode == "valid" or (boundary in ("fill", "pad") and isinstance(fillvalue, int | float) and fillvalue == 0):
        return part(full(a, b, axes=(0, 1), method="auto"), a.shape, b.shape, mode, (0, 1), late)
    widths = (b.shape[0] - 1, b.shape[1] - 1)
    wide = full(extended(a, widths, boundary, fillvalue), b, axes=(0, 1), method="auto")
    h, w = widths
    y = wide[h : wide.shape[0] - h, w : wide.shape[1] - w]
    return part(y, a.shape, b.shape, mode, (0, 1), late)


@drop_in(scipy.signal.convolve2d)
def convolve2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Array:
    """Convolve two images.

    Parameters
    ----------
    in1, in2 : array_like
        The images.
    mode : {'full', 'same', 'valid'}
        As for :func:`convolve`.
    boundary : {'fill', 'wrap', 'symm'}
        How `in1` goes on beyond its edges.
    fillvalue : float
        What it is filled with.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import convolve2d
    >>> fg.grad(lambda x: convolve2d(x, np.ones((2, 2)), "valid").sum())(np.ones((2, 3)))
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    return convolved_2d(as_array(in1), as_array(in2), mode, boundary, fillvalue)


@drop_in(scipy.signal.correlate2d)
def correlate2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Array:
    """Correlate two images.

    Parameters
    ----------
    in1, in2, mode, boundary, fillvalue
        As for :func:`convolve2d`.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import correlate2d
    >>> fg.grad(lambda x: correlate2d(x, np.ones((2, 2)), "valid").sum())(np.ones((2, 3)))
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    return convolved_2d(as_array(in1), turned(as_array(in2)), mode, boundary, fillvalue, late=int(mode == "same"))
