"""Images between their elements: splines of any order, in the image and, from order 1 on, in the coordinates."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import scipy.ndimage

from funcgrad._typing import Array
from funcgrad.core.batching import axes_named, spread
from funcgrad.core.kinds import Linear, Multilinear
from funcgrad.scipy.drop_in import as_array, as_float, beside, drop_in
from funcgrad.scipy.ndimage.weights import cast, double, extended, listed

__all__ = ["affine_transform", "map_coordinates", "shift", "spline_filter", "spline_filter1d"]

# -- Coefficients of splines ---------------------------------------------------------------------------------


def coefficients(x: Array, order: int, axis: int, mode: str) -> Array:
    return scipy.ndimage.spline_filter1d(x, order, axis, np.result_type(x, np.float64), mode)


def coefficients_adjoint(g: Array, order: int, axis: int, mode: str) -> Array:
    """The matrix of the filter, transposed."""
    n = g.shape[axis]
    matrix = beside(scipy.ndimage.spline_filter1d(np.eye(n), order, 0, np.float64, mode), g)
    return np.moveaxis(np.moveaxis(g, axis, -1) @ matrix, -1, axis)


spline: Any = Linear(coefficients, coefficients_adjoint, own=True, name="spline_filter1d", batch=axes_named("axis"))


@drop_in(scipy.ndimage.spline_filter1d)
def spline_filter1d(
    input: Any, order: int = 3, axis: int = -1, output: Any = np.float64, mode: str = "mirror"
) -> Array:
    """Return the coefficients of splines along an axis.

    Parameters
    ----------
    input : array_like
        The image.
    order : int
        The order of the splines, up to 5.
    axis : int
        Along which axis.
    output : dtype
        The dtype of the result.
    mode : str
        How the image goes on beyond its edges.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import spline_filter1d
    >>> fg.grad(lambda x: spline_filter1d(x, 2).sum())(np.ones(3)).round(6)
    array([1.25, 0.5 , 1.25])
    """
    check_order(order)
    x = as_float(input)
    y = spline(double(x), order=order, axis=axis % x.ndim, mode=mode) if order > 1 else double(x)
    return cast(y, x, np.result_type(output, y) if y.dtype.kind == "c" else output, "spline_filter1d")


@drop_in(scipy.ndimage.spline_filter)
def spline_filter(input: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror") -> Array:
    """Return the coefficients of splines along all axes.

    Parameters
    ----------
    input, order, output, mode
        As for :func:`spline_filter1d`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import spline_filter
    >>> fg.grad(lambda x: spline_filter(x, 2).sum())(np.ones(3)).round(6)
    array([1.25, 0.5 , 1.25])
    """
    if order < 2 or order > 5:
        raise RuntimeError("spline order not supported")
    x = as_float(input)
    y = double(x)
    for axis in range(x.ndim):
        y = spline(y, order=order, axis=axis, mode=mode)
    return cast(y, x, np.result_type(output, y) if y.dtype.kind == "c" else output, "spline_filter")


def check_order(order: int) -> None:
    if order < 0 or order > 5:
        raise RuntimeError("spline order not supported")


# -- Taps ----------------------------------------------------------------------------------------------------


def gather_value(x: Array, places: Array) -> Array:
    return x[places]


def scatter_value(g: Array, places: Array, size: int) -> Array:
    x = np.zeros_like(g, shape=(size,))
    np.add.at(x, places, g)
    return x


def in_rows(places: Array, batched: bool, n: int, size: int) -> Array:
    """Places in the images of all examples, one after the other."""
    places = spread(places, batched, size)
    starts = beside(np.arange(size) * n, places)
    return places + np.reshape(starts, (size, *(1,) * (places.ndim - 1)))


def gather_batch(primitive: Any, xs: Any, batched: Any, params: Any, size: int) -> Array:
    x, places = xs
    if not batched[0]:
        return primitive.run(x, places)
    return primitive.run(np.reshape(x, (x.size,)), in_rows(places, batched[1], x.shape[1], size))


def scatter_batch(primitive: Any, xs: Any, batched: Any, params: Any, size: int) -> Array:
    places = in_rows(xs[1], batched[1], params["size"], size)
    flat = primitive.run(spread(xs[0], batched[0], size), places, size=size * params["size"])
    return np.reshape(flat, (size, params["size"]))


#: Reads a flat image at places, and its adjoint; the places are an operand, for under vmap they may differ.
gather: Any = Multilinear(
    gather_value,
    lambda g, A, b: scatter(g, b, size=A.shape[0]),
    None,
    own=True,
    name="getitem",
    batch=gather_batch,
)
scatter: Any = Multilinear(
    scatter_value, lambda g, b: gather(g, b), None, own=True, ignore="size", name="scatter", batch=scatter_batch
)


def mapped(c: Array, n: int, mode: str) -> tuple[Array, Array | None]:
    """Bring coordinates into the image, and say where they stay outside: SciPy's rules for each mode."""
    if mode == "constant":
        outside = (c < 0) | (c > n - 1) | np.isnan(c)
        return np.where(outside, 0, c), outside
    if mode in ("grid-constant", "nearest"):  # the taps are brought into the image
        return c, None
    if n == 1:
        return c * 0, None
    if mode == "mirror":
        period = 2 * n - 2
        folded = np.abs(c) - period * np.floor(np.abs(c) / period)
        return np.where(folded > n - 1, period - folded, folded), None
    if mode in ("reflect", "grid-mirror"):
        period = 2 * n
        folded = c - period * np.floor((c + 0.5) / period)
        return np.where(folded > n - 0.5, period - 1 - folded, folded), None
    if mode == "wrap":
        period = n - 1
        low = c + period * (np.trunc(-c / period) + 1)
        return np.where(c < 0, low, np.where(c > n - 1, c - period * np.trunc(c / period), c)), None
    if mode == "grid-wrap":
        low = c + n * (np.trunc((-1 - c) / n) + 1)
        return np.where(c < 0, low, np.where(c > n - 1, c - n * np.trunc(c / n), c)), None
    raise RuntimeError(f"boundary mode '{mode}' not supported")


def taps(c: Array, order: int) -> tuple[Array, list[Array]]:
    """The first element that counts, and the weights of it and of those after it."""
    middle = np.floor(c) if order % 2 else np.floor(c + 0.5)
    t = c - middle
    if order == 0:
        return middle, [np.ones_like(t)]
    if order == 1:
        return middle, [1 - t, t]
    if order == 2:
        return middle - 1, [(0.5 - t) ** 2 / 2, 0.75 - t * t, (0.5 + t) ** 2 / 2]
    if order == 3:
        s = 1 - t
        inner = [(z * z * (z - 2) * 3 + 4) / 6 for z in (t, s)]
        return middle - 1, [s**3 / 6, *inner, t**3 / 6]
    return middle - order // 2, [cardinal(t + order // 2 - k, order) for k in range(order + 1)]


def cardinal(x: Array, order: int) -> Array:
    """The B-spline around zero, as a sum of truncated powers (de Boor, "A Practical Guide to Splines")."""
    x = (order + 1) / 2 - np.abs(x)
    terms = [(-1) ** k * math.comb(order + 1, k) * np.maximum(x - k, 0) ** order for k in range((order + 1) // 2 + 1)]
    return sum(terms[1:], start=terms[0]) / math.factorial(order)


FOLDS = {"constant": "mirror", "wrap": "mirror"}  # how the coefficients go on, for modes without splines of their own


def sampled(x: Array, coordinates: list[Array], order: int, mode: str, cval: Any, prefilter: bool) -> Array:
    """Evaluate splines at coordinates, one array of them for each axis."""
    shape, pad = x.shape, 0
    if prefilter and order > 1:
        if mode in ("nearest", "grid-constant"):  # SciPy has no splines for these, but extends the image
            pad = 12
            for axis in range(x.ndim):
                x = extended(x, axis, pad, pad, mode, cval)
        for axis in range(x.ndim):
            x = spline(x, order=order, axis=axis, mode=mode)
    outside: Any = False
    per_axis = []
    for axis, c in enumerate(coordinates):
        c, out = mapped(c + pad, x.shape[axis], mode) if mode != "constant" else mapped(c, shape[axis], mode)
        outside = outside if out is None else outside | out
        first, weights = taps(c, order)
        per_axis.append([tap_of(first + k, w, x.shape[axis], mode) for k, w in enumerate(weights)])
    flat = np.reshape(x, (x.size,))
    total: Any = 0.0
    for combination in itertools.product(*per_axis):
        place: Any = 0
        weight: Any = 1.0
        missing: Any = False
        for (index, w, out), n in zip(combination, x.shape, strict=True):
            place, weight, missing = place * n + index, weight * w, missing | out
        value = gather(flat, place)
        total = total + weight * (np.where(missing, cval, value) if mode == "grid-constant" else value)
    return np.where(outside, cval, total) if mode == "constant" else total


def tap_of(index: Array, weight: Array, n: int, mode: str) -> tuple[Array, Array, Any]:
    """Bring the place of a tap into the image."""
    out: Any = False
    if mode in ("grid-constant", "nearest"):
        out = (index < 0) | (index > n - 1)
        index = np.clip(index, 0, n - 1)
    else:
        index, _ = mapped(index, n, FOLDS.get(mode, mode))
    return index.astype(np.intp), weight, out


def resampled(
    name: str, input: Any, coordinates: list[Any], output: Any, order: int, mode: str, cval: Any, prefilter: bool
) -> Array:
    check_order(order)
    x = as_array(input)
    if x.dtype.kind == "c":
        parts = [
            sampled(double(part), coordinates, order, mode, c, prefilter)
            for part, c in ((np.real(x), np.real(cval)), (np.imag(x), np.imag(cval)))
        ]
        return cast(parts[0] + 1j * parts[1], x, output, name)
    return cast(sampled(double(x), coordinates, order, mode, cval, prefilter), x, output, name)


# -- Public functions ------------------------------------------------------------------------------------------


@drop_in(scipy.ndimage.map_coordinates)
def map_coordinates(
    input: Any,
    coordinates: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> Array:
    """Evaluate an image at coordinates.

    Parameters
    ----------
    input : array_like
        The image.
    coordinates : array_like
        The coordinates; the first axis goes along the axes of the image.
    output : dtype, optional
        The dtype of the result.
    order : int
        The order of the splines, from 0 to 5.
    mode : str
        How the image goes on beyond its edges.
    cval : float
        What it is filled with where the mode is 'constant'.
    prefilter : bool
        Whether `input` is an image rather than coefficients of splines.

    Returns
    -------
    array
        The shape is that of `coordinates` without its first axis.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import map_coordinates
    >>> image = np.arange(9.0).reshape(3, 3)
    >>> fg.grad(lambda c: map_coordinates(image, c, order=1).sum())(np.array([[0.5], [1.2]]))
    array([[3.],
           [1.]])
    """
    x, c = as_array(input), as_array(coordinates)
    if c.dtype.kind == "c":
        raise TypeError("Complex type not supported")
    if x.ndim < 1 or c.ndim < 2:
        raise RuntimeError("input and output rank must be > 0")
    if c.shape[0] != x.ndim:
        raise RuntimeError("invalid shape for coordinate array")
    c = double(c)
    return resampled("map_coordinates", x, [c[i] for i in range(x.ndim)], output, order, mode, cval, prefilter)


def positions(shape: tuple[int, ...], like: Array) -> list[Array]:
    """The place of every element along each axis, each array with one long axis."""
    return [
        np.reshape(beside(np.arange(float(n)), like), [-1 if d == axis else 1 for d in range(len(shape))])
        for axis, n in enumerate(shape)
    ]


@drop_in(scipy.ndimage.shift)
def shift(
    input: Any,
    shift: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> Array:
    """Shift an image.

    Parameters
    ----------
    input : array_like
        The image.
    shift : float or sequence of float
        By how much, along all axes or along each; it may be traced.
    output, order, mode, cval, prefilter
        As for :func:`map_coordinates`.

    Returns
    -------
    array
        Like `input`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import shift
    >>> float(fg.grad(lambda s: shift(np.arange(5.0) ** 2, s, order=1)[2])(0.5))
    -3.0
    """
    x = as_array(input)
    by = listed(shift, x.ndim)
    coordinates = [c - s for c, s in zip(positions(x.shape, x), by, strict=True)]
    return resampled("shift", x, coordinates, output, order, mode, cval, prefilter)


@drop_in(scipy.ndimage.affine_transform)
def affine_transform(
    input: Any,
    matrix: Any,
    offset: Any = 0.0,
    output_shape: Any = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> Array:
    """Evaluate an image at ``matrix @ place + offset`` for every place.

    Parameters
    ----------
    input : array_like
        The image.
    matrix : array_like
        A matrix, its diagonal, or a matrix of homogeneous coordinates; it may be traced.
    offset : float or sequence of float
        The coordinates of the first element of the result; it may be traced.
    output_shape : tuple of int, optional
        The shape of the result; that of `input` by default.
    output, order, mode, cval, prefilter
        As for :func:`map_coordinates`.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.ndimage import affine_transform
    >>> fg.grad(lambda m: affine_transform(np.arange(5.0) ** 2, m, order=1)[2])(np.array([[1.2]]))
    array([[10.]])
    """
    x, m = as_array(input), double(matrix)
    n = x.ndim
    shape = x.shape if output_shape is None else tuple(output_shape)
    if m.ndim not in (1, 2) or m.shape[0] < 1:
        raise RuntimeError("no proper affine matrix provided")
    if m.ndim == 2 and m.shape[1] == n + 1 and m.shape[0] in (n, n + 1):
        m, offset = m[:n, :n], m[:n, n]
    if m.shape[0] != n:
        raise RuntimeError("affine matrix has wrong number of rows")
    if m.ndim == 2 and m.shape[1] != len(shape):
        raise RuntimeError("affine matrix has wrong number of columns")
    start = listed(offset, n)
    places = positions(shape, x)
    if m.ndim == 1:
        coordinates = [(places[i] + start[i] / m[i]) * m[i] for i in range(n)]
    else:
        coordinates = [sum(m[i, j] * c for j, c in enumerate(places)) + start[i] for i in range(n)]
    return resampled("affine_transform", x, coordinates, output, order, mode, cval, prefilter)
