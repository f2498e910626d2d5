"""Interpolation of data on a grid in several variables."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy.interpolate

from funcgrad._typing import Array
from funcgrad.core.batching import aligned
from funcgrad.core.kinds import Constant
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_float, guest, on_host
from funcgrad.scipy.interpolate.piecewise import DropIn, columns, double, rows_at

__all__ = ["RegularGridInterpolator", "interpn"]


def check_inside(x: Array, low: Array, high: Array, axis: int) -> Array:
    if not np.logical_and(np.all(low <= x), np.all(x <= high)):
        raise ValueError(f"One of the requested xi is out of bounds in dimension {axis}")
    return x


inside_or_raise = Constant(check_inside, own=True, batch=aligned)


class RegularGridInterpolator(DropIn):
    """Interpolate data on a grid, by the nearest point or linearly in each variable.

    The result has derivatives in the grid, the data and the points of evaluation.

    Parameters
    ----------
    points : tuple of array_like
        The places of the grid along each axis, in ascending order; on the host a descending one is turned.
    values : array_like
        The data; further axes at the end are interpolated alike.
    method : {'linear', 'nearest'}
        How to interpolate; traced values know these.
    bounds_error : bool
        Whether points outside raise.
    fill_value : float or None
        What counts outside; None to extrapolate.
    solver, solver_args
        For other methods.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.interpolate import RegularGridInterpolator
    >>> f = RegularGridInterpolator((np.arange(2.0), np.arange(2.0)), np.array([[0.0, 1.0], [2.0, 5.0]]))
    >>> fg.grad(lambda x: f(x)[0])(np.array([[0.5, 0.5]]))
    array([[3., 2.]])
    """

    scipy_class = scipy.interpolate.RegularGridInterpolator

    def prepare(
        self,
        points: Any,
        values: Any,
        method: str = "linear",
        bounds_error: bool = True,
        fill_value: Any = np.nan,
        *,
        solver: Any = None,
        solver_args: Any = None,
    ) -> None:
        self.how, self.strict, self.outside = method, bounds_error, fill_value
        values = as_float(values)
        grid = []
        for axis, p in enumerate(points):
            p = double(p)
            if p.ndim != 1 or p.shape[0] != values.shape[axis]:
                raise ValueError(f"There are {p.shape[0]} points and {values.shape[axis]} values on dimension {axis}")
            if p.shape[0] > 1 and on_host(p) and bool(p[-1] < p[0]):
                p, values = p[::-1], np.flip(values, axis)
            grid.append(p)
        self.nodes, self.data = grid, values

    def evaluate(self, xi: Any, method: str | None = None, *, nu: Any = None) -> Array:
        method = self.how if method is None else method
        if method not in ("linear", "nearest") or nu is not None:
            raise NoDerivativeError(
                f"RegularGridInterpolator with method={method!r} has no derivative rule; 'linear' and 'nearest' have"
            )
        x = as_points(xi)
        if x.shape[-1] != len(self.nodes):
            raise ValueError(
                f"The requested sample points xi have dimension {x.shape[-1]} but this RegularGridInterpolator has "
                f"dimension {len(self.nodes)}"
            )
        outside: Any = False
        choices = []
        for axis, p in enumerate(self.nodes):
            c = x[..., axis]
            if self.strict and on_host(c):
                inside_or_raise(c, p[0], p[-1], axis=axis)
            outside = outside | (c < p[0]) | (c > p[-1])
            choices.append(self.corners(c, p, method))
        value = self.weighted(choices)
        if not self.strict and self.outside is not None:
            value = np.where(columns(outside, self.rest), self.outside, value)
        missing = np.any(np.isnan(x), axis=-1)
        return np.where(columns(missing, self.rest), np.nan, value)

    @property
    def rest(self) -> Array:
        """A view of the data whose first axis stands for the grid."""
        return self.data[(0,) * (len(self.nodes) - 1)]

    def corners(self, c: Array, p: Array, method: str) -> list[tuple[Array, Any]]:
        """The indices along an axis that count, and their weights."""
        n = p.shape[0]
        if n == 1:
            return [(np.zeros_like(np.searchsorted(p, c)), 1.0)]
        low = np.clip(np.searchsorted(p, c) - 1, 0, n - 2)
        first, last = rows_at(p, low), rows_at(p, low + 1)
        part = (c - first) / (last - first)
        if method == "nearest":
            return [(np.where(part <= 0.5, low, low + 1), 1.0)]
        return [(low, 1 - part), (low + 1, part)]

    def weighted(self, choices: list[list[tuple[Array, Any]]]) -> Array:
        d = len(choices)
        flat = np.reshape(self.data, (-1, *self.data.shape[d:]))
        total: Any = None
        for corner in itertools.product(*choices):
            place: Any = 0
            weight: Any = 1.0
            for (index, w), n in zip(corner, self.data.shape, strict=False):
                place, weight = place * n + index, weight * w
            value = rows_at(flat, place)
            term = value if isinstance(weight, float) else value * columns(weight, flat)
            total = term if total is None else total + term
        return total


def as_points(xi: Any) -> Array:
    """Make points of an array, or of a tuple of coordinates that broadcast."""
    if isinstance(xi, tuple):
        parts = np.broadcast_arrays(*[double(c) for c in xi])
        return np.stack(parts, axis=-1)
    x = double(xi)
    return x[None] if x.ndim == 1 else x


def interpn(
    points: Any, values: Any, xi: Any, method: str = "linear", bounds_error: bool = True, fill_value: Any = np.nan
) -> Array:
    """Interpolate data on a grid at points.

    Parameters
    ----------
    points, values, method, bounds_error, fill_value
        As for :class:`RegularGridInterpolator`.
    xi : array_like
        The points; their coordinates lie along the last axis.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.interpolate import interpn
    >>> fg.grad(lambda v: interpn((np.arange(3.0),), v, np.array([0.25]))[0])(np.array([0.0, 1.0, 4.0]))
    array([0.75, 0.25, 0.  ])
    """
    if guest((points, values, xi)) is None:
        return scipy.interpolate.interpn(points, values, xi, method, bounds_error, fill_value)
    return RegularGridInterpolator(points, values, method, bounds_error, fill_value)(xi)
