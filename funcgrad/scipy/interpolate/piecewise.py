"""Functions of one variable in pieces: interpolation by steps, lines and cubic splines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.interpolate

from funcgrad._typing import Array
from funcgrad.core.batching import aligned
from funcgrad.core.kinds import Constant
from funcgrad.core.level import Shell
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, as_float, beside, guest, on_host
from funcgrad.scipy.linalg.structure import banded
from funcgrad.scipy.ndimage.interpolation import gather

__all__ = ["CubicSpline", "PchipInterpolator", "interp1d"]

# -- Parts -----------------------------------------------------------------------------------------------------


def rows_at(y: Array, index: Array) -> Array:
    """Read ``y[index]`` along the first axis, where any of both may be traced."""
    rest = math.prod(y.shape[1:])
    steps = beside(np.arange(rest), index)
    value = gather(np.reshape(y, (y.size,)), index[..., None] * rest + steps)
    return np.reshape(value, (*index.shape, *y.shape[1:]))


def columns(x: Array, like: Array) -> Array:
    """Give an array axes at the end, so that it meets rows of `like`."""
    return np.reshape(x, (*x.shape, *(1,) * (like.ndim - 1)))


def placed(y: Array, points: int, axis: int) -> Array:
    """Put the axes of the points, which come first, where the axis of the data was."""
    y = np.moveaxis(y, list(range(points)), list(range(axis, axis + points))) if points else y
    return y if y.ndim else np.copy(y)  # an array, even for a single number, as SciPy's


def check_inside(x: Array, low: Array, high: Array) -> Array:
    if np.any(x < low):
        raise ValueError(f"A value ({np.min(x)}) in x_new is below the interpolation range's minimum value ({low}).")
    if np.any(x > high):
        raise ValueError(f"A value ({np.max(x)}) in x_new is above the interpolation range's maximum value ({high}).")
    return x


inside_or_raise = Constant(check_inside, own=True, batch=aligned)


class DropIn:
    """A class of SciPy that takes traced values too: plain ones go to SciPy's own object of the same arguments."""

    scipy_class: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        foreign = guest((*args, *kwargs.values()))
        if isinstance(foreign, Shell):
            raise TypeError(
                f"{type(self).__name__} takes arrays and traced values, not tensors; pass tensor.numpy(), or write the "
                "computation as a function and differentiate it with funcgrad.grad"
            )
        self.is_plain = foreign is None
        self.original: Any = self.scipy_class(*args, **kwargs) if self.is_plain else None
        self.prepare(*args, **kwargs)

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Keep what `evaluate` needs."""
        raise NotImplementedError

    def evaluate(self, *args: Any, **kwargs: Any) -> Array:
        """Do what SciPy's object does when called."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Array:
        """Evaluate, as SciPy's object does."""
        if self.is_plain and guest((*args, *kwargs.values())) is None:
            return self.original(*args, **kwargs)
        return self.evaluate(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        original = self.__dict__.get("original")
        if original is None:
            raise AttributeError(
                f"{type(self).__name__} of traced values has no attribute {name!r}: it can be called, with nu= for "
                "derivatives where SciPy's can"
            )
        return getattr(original, name)


# -- Steps and lines -------------------------------------------------------------------------------------------


class interp1d(DropIn):
    """Interpolate in one variable by steps, lines or a cubic spline.

    Parameters
    ----------
    x : array_like, shape (n,)
        The places of the data.
    y : array_like
        The data.
    kind : {'linear', 'slinear', 'nearest', 'nearest-up', 'previous', 'next', 'cubic'} or 1 or 3
        How to interpolate; traced values know these.
    axis : int
        The axis of `y` that goes along `x`.
    copy, assume_sorted : bool
        As in SciPy.
    bounds_error : bool, optional
        Whether points outside raise.
    fill_value : array_like, pair of these or 'extrapolate'
        What counts outside, below and above.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.interpolate import interp1d
    >>> fg.grad(interp1d(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0])))(1.5)
    np.float64(3.0)
    """

    scipy_class = scipy.interpolate.interp1d

    def prepare(
        self,
        x: Any,
        y: Any,
        kind: Any = "linear",
        axis: int = -1,
        copy: bool = True,
        bounds_error: bool | None = None,
        fill_value: Any = np.nan,
        assume_sorted: bool = False,
    ) -> None:
        x, y = as_array(x), as_float(y)
        if x.ndim != 1 or y.shape[axis] != x.shape[0]:
            raise ValueError("x must be one-dimensional, and as long as y along the axis")
        self.position = axis % y.ndim
        self.kind = {"slinear": "linear", 1: "linear", 3: "cubic"}.get(kind, kind)
        y = np.moveaxis(y, self.position, 0)
        if not assume_sorted:
            order = np.argsort(x)
            x, y = rows_at(x, order), rows_at(y, order)
        self.nodes, self.data = x, y
        self.extrapolated = isinstance(fill_value, str) and fill_value == "extrapolate"
        self.outside = fill_value if isinstance(fill_value, tuple) else (fill_value, fill_value)
        default = fill_value if not isinstance(fill_value, tuple | str) else 0.0
        given = not (isinstance(default, float) and np.isnan(default))
        self.strict = not self.extrapolated and (bounds_error if bounds_error is not None else not given)
        if self.kind == "cubic":
            if x.shape[0] < 4:
                raise ValueError("The number of derivatives at boundaries does not match: expected 2, got 0+0")
            self.spline = CubicSpline(x, y)
        elif not self.is_plain and self.kind not in ("linear", "nearest", "nearest-up", "previous", "next"):
            self.refuse()

    def refuse(self) -> None:
        raise NoDerivativeError(f"interp1d with kind={self.kind!r} has no derivative rule; 'linear' and 'cubic' have")

    def evaluate(self, x: Any) -> Array:
        points = as_float(x)
        nodes, y = self.nodes, self.data
        if self.strict and on_host(points):
            inside_or_raise(points, nodes[0], nodes[-1])
        value = self.interpolated(points)
        if not self.extrapolated:
            below, above = columns(points < nodes[0], y), columns(points > nodes[-1], y)
            value = np.where(below, self.outside[0], np.where(above, self.outside[1], value))
        return placed(value, points.ndim, self.position)

    def interpolated(self, points: Array) -> Array:
        nodes, y = self.nodes, self.data
        n = nodes.shape[0]
        if self.kind == "cubic":
            return self.spline.evaluate(points, extrapolate=True)
        if self.kind == "linear":
            high = np.clip(np.searchsorted(nodes, points), 1, n - 1)
            first, last = rows_at(nodes, high - 1), rows_at(nodes, high)
            bottom, top = rows_at(y, high - 1), rows_at(y, high)
            return (top - bottom) / columns(last - first, y) * columns(points - first, y) + bottom
        if self.kind in ("nearest", "nearest-up"):
            middles = nodes[:-1] + (nodes[1:] - nodes[:-1]) / 2.0
            index = np.searchsorted(middles, points, side="left" if self.kind == "nearest" else "right")
        elif self.kind == "previous":
            index = np.searchsorted(nodes, points, side="right") - 1
        elif self.kind == "next":
            index = np.searchsorted(nodes, points, side="left")
        else:
            self.refuse()
        return rows_at(y, np.clip(index, 0, n - 1))


# -- Cubic pieces ----------------------------------------------------------------------------------------------


def double(x: Any) -> Array:
    x = as_float(x)
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


class CubicPieces(DropIn):
    """Cubic polynomials between places, given by values and slopes there."""

    def prepare(self, x: Any, y: Any, axis: int = 0, *args: Any, **kwargs: Any) -> None:
        x, y = double(x), double(y)
        if x.ndim != 1 or x.shape[0] < 2:
            raise ValueError("`x` must be 1-dimensional, with at least 2 elements.")
        if y.shape[axis] != x.shape[0]:
            raise ValueError(f"The length of `y` along `axis`={axis} doesn't match the length of `x`")
        self.position = axis % y.ndim
        self.nodes, y = x, np.moveaxis(y, self.position, 0)
        step = columns(x[1:] - x[:-1], y)
        chord = (y[1:] - y[:-1]) / step
        slopes = self.slopes(x, y, step, chord, *args, **kwargs)
        excess = (slopes[:-1] + slopes[1:] - 2 * chord) / step
        self.pieces = [excess / step, (chord - slopes[:-1]) / step - excess, slopes[:-1], y[:-1]]

    slopes: Any  # from places, values, steps and chords to the slopes at the places

    def evaluate(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Array:
        points, nodes = double(x), self.nodes
        how = self.beyond if extrapolate is None else extrapolate
        if how == "periodic":
            period = nodes[-1] - nodes[0]
            points = nodes[0] + np.remainder(points - nodes[0], period)
        index = np.clip(np.searchsorted(nodes, points, side="right") - 1, 0, nodes.shape[0] - 2)
        t = columns(points - rows_at(nodes, index), self.pieces[0])
        value: Any = 0.0 * t
        for power, c in zip((3, 2, 1, 0), self.pieces, strict=True):
            if power >= nu:
                value = value + math.perm(power, nu) * rows_at(c, index) * t ** (power - nu)
        if not how:
            outside = columns((points < nodes[0]) | (points > nodes[-1]), self.pieces[0])
            value = np.where(outside, np.nan, value)
        return placed(value, points.ndim, self.position)


class CubicSpline(CubicPieces):
    """Interpolate by cubic polynomials with two continuous derivatives.

    The result has derivatives in the places, the data, the conditions at the ends and the points of evaluation.

    Parameters
    ----------
    x : array_like, shape (n,)
        The places of the data, in ascending order.
    y : array_like
        The data.
    axis : int
        The axis of `y` that goes along `x`.
    bc_type : str or pair
        What holds at the ends: 'not-a-knot', 'periodic', 'clamped', 'natural', or for each end one of these or
        ``(order, value)`` of a derivative.
    extrapolate : bool or 'periodic', optional
        Whether the outer pieces go on beyond the ends.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.interpolate import CubicSpline
    >>> x = np.arange(5.0)
    >>> round(fg.grad(CubicSpline(x, x**3))(1.5), 6)
    np.float64(6.75)
    """

    scipy_class = scipy.interpolate.CubicSpline

    def slopes(
        self, x: Array, y: Array, step: Array, chord: Array, bc_type: Any = "not-a-knot", extrapolate: Any = None
    ) -> Array:
        n = x.shape[0]
        periodic = isinstance(bc_type, str) and bc_type == "periodic"
        self.beyond = ("periodic" if periodic else True) if extrapolate is None else extrapolate
        if periodic:
            return periodic_slopes(x, step, chord)
        ends = [bc_type, bc_type] if isinstance(bc_type, str) else list(bc_type)
        if len(ends) != 2:
            raise ValueError("`bc_type` must contain 2 elements to specify start and end conditions.")
        ends = [self.condition(end, y) for end in ends]
        if n == 2:
            ends = [(1, chord[0]) if end is None else end for end in ends]
        if n == 3 and ends == [None, None]:
            return parabola_slopes(step, chord)
        return end_slopes(x, y, step, chord, ends)

    def condition(self, end: Any, y: Array) -> tuple[int, Any] | None:
        """Return the order and the value of the derivative at an end; None for 'not-a-knot'."""
        if isinstance(end, str):
            zero = y[0] * 0
            known: dict[str, tuple[int, Any] | None] = {"not-a-knot": None, "clamped": (1, zero), "natural": (2, zero)}
            if end not in known:
                raise ValueError(f"bc_type={end} is not allowed.")
            return known[end]
        order, value = end
        if order not in (1, 2):
            raise ValueError("The specified derivative order must be 1 or 2.")
        value = double(value)
        if value.shape != y.shape[1:]:
            raise ValueError(f"`deriv_value` shape {value.shape} is not the expected one {y.shape[1:]}.")
        return order, value


def end_slopes(x: Array, y: Array, step: Array, chord: Array, ends: list[Any]) -> Array:
    """Solve for the slopes: de Boor, "A Practical Guide to Splines", chapter IV."""
    d = x[1:] - x[:-1]
    first = end_row(x[:3], y[:2], step[:2], chord[:2], ends[0], 1)
    last = end_row(-x[:-4:-1], y[:-3:-1], step[:-3:-1], chord[:-3:-1], ends[1], -1)
    middle = np.concatenate([first[0], 2 * (d[:-1] + d[1:]), last[0]])
    zero = np.zeros_like(first[0])
    above = np.concatenate([zero, first[1], d[:-1]])
    below = np.concatenate([d[1:], last[1], zero])
    right = np.concatenate([first[2][None], 3 * (step[1:] * chord[:-1] + step[:-1] * chord[1:]), last[2][None]])
    flat = np.reshape(right, (right.shape[0], math.prod(right.shape[1:])))
    return np.reshape(banded(np.stack([above, middle, below]), flat, l_and_u=(1, 1)), right.shape)


def end_row(x: Array, y: Array, step: Array, chord: Array, end: Any, sign: int) -> tuple[Array, Array, Array]:
    """The equation at an end, seen from there: the coefficients of the first two slopes, and the right-hand side."""
    if end is None:
        reach = x[2:3] - x[0:1]
        wide = reach[0]
        right = ((step[0] + 2 * wide) * step[1] * chord[0] + step[0] ** 2 * chord[1]) / wide
        return x[2:3] - x[1:2], reach, right
    order, value = end
    one = np.ones_like(x[:1])
    if order == 1:
        return one, one * 0, value + y[0] * 0
    h = x[1:2] - x[0:1]
    return 2 * h, h, -0.5 * sign * value * step[0] ** 2 + 3 * sign * (y[1] - y[0])


def parabola_slopes(step: Array, chord: Array) -> Array:
    """Of the parabola through three points."""
    middle = (step[0] * chord[1] + step[1] * chord[0]) / (step[0] + step[1])
    return np.stack([2 * chord[0] - middle, middle, 2 * chord[1] - middle])


def periodic_slopes(x: Array, step: Array, chord: Array) -> Array:
    """The equations go around; the last slope is the first."""
    d = x[1:] - x[:-1]
    if d.shape[0] == 1:
        return np.concatenate([chord, chord]) * 0
    before = np.roll(d, 1)
    matrix = np.diag(2 * (before + d)) + np.roll(np.diag(d), -1, axis=1) + np.roll(np.diag(before), 1, axis=1)
    right = 3 * (step * np.roll(chord, 1, axis=0) + np.roll(step, 1, axis=0) * chord)
    s = np.linalg.solve(matrix, np.reshape(right, (right.shape[0], math.prod(right.shape[1:]))))
    s = np.reshape(s, right.shape)
    return np.concatenate([s, s[:1]])


class PchipInterpolator(CubicPieces):
    """Interpolate by cubic polynomials that do not overshoot (Fritsch and Butland, 1984).

    Parameters
    ----------
    x : array_like, shape (n,)
        The places of the data, in ascending order.
    y : array_like
        The data.
    axis : int
        The axis of `y` that goes along `x`.
    extrapolate : bool, optional
        Whether the outer pieces go on beyond the ends.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.interpolate import PchipInterpolator
    >>> fg.grad(PchipInterpolator(np.arange(3.0), np.array([0.0, 1.0, 1.0])))(0.5)
    np.float64(1.125)
    """

    scipy_class = scipy.interpolate.PchipInterpolator

    def slopes(self, x: Array, y: Array, step: Array, chord: Array, extrapolate: Any = None) -> Array:
        self.beyond = True if extrapolate is None else extrapolate
        if x.shape[0] == 2:
            return np.concatenate([chord, chord])
        w1, w2 = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
        flat = (np.sign(chord[1:]) != np.sign(chord[:-1])) | (chord[1:] == 0) | (chord[:-1] == 0)
        harmonic = (w1 + w2) / (w1 / np.where(flat, 1, chord[:-1]) + w2 / np.where(flat, 1, chord[1:]))
        inner = np.where(flat, 0, harmonic)
        first = pchip_end(step[0], step[1], chord[0], chord[1])
        last = pchip_end(step[-1], step[-2], chord[-1], chord[-2])
        return np.concatenate([first[None], inner, last[None]])


def pchip_end(h0: Array, h1: Array, m0: Array, m1: Array) -> Array:
    """The slope of a parabola at an end, unless it would overshoot."""
    d = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    steep = (np.sign(m0) != np.sign(m1)) & (np.abs(d) > 3 * np.abs(m0))
    return np.where(np.sign(d) != np.sign(m0), 0, np.where(steep, 3 * m0, d))
