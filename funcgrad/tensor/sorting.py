"""Sorting, ranks and medians: elements and where they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.kinds import Constant
from funcgrad.tensor.beside import here, on_host
from funcgrad.tensor.calling import axis_of, check_floating, check_ordered, operation, size_of, values_of
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.returns import Kthvalue, Median, Mode, Nanmedian, Sort, Topk
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "nanquantile", "quantile", "sort", "topk"),
]


def order_of(x: Any, axis: int, descending: bool) -> Any:
    """Return the places of the elements in order; those of ties stay in theirs, and nan counts as largest."""
    values = stop_gradient(x) if x.dtype.kind in "fc" else x
    if not descending:
        return np.argsort(values, axis=axis, kind="stable")
    n = x.shape[axis]
    return (n - 1) - np.flip(np.argsort(np.flip(values, axis), axis=axis, kind="stable"), axis)


def picked(x: Any, indices: Any, axis: int) -> tuple[Tensor, Tensor]:
    return wrap(np.take_along_axis(x, indices, axis=axis)), wrap(indices)


def single(x: Any) -> tuple[Tensor, Tensor]:
    """Return the result for a tensor without dimensions."""
    return wrap(np.copy(x)), wrap(here(np.zeros((), np.int64), x))


def dimension(dim: Any) -> Any:
    return -1 if dim is None else dim


@operation
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Sort:
    """Sort along a dimension, always stably.

    Returns
    -------
    namedtuple
        The sorted ``values`` and the ``indices`` where they were.

    Examples
    --------
    >>> import funcgrad as fg
    >>> values, indices = fg.sort(fg.tensor([3.0, 1.0, 2.0]))
    >>> values, indices
    (tensor([1., 2., 3.]), tensor([1, 2, 0]))
    """
    x = unwrap(input)
    check_ordered("sort", x)
    axis = axis_of(dim, len(x.shape))
    return Sort(*(picked(x, order_of(x, axis, descending), axis) if x.shape else single(x)))


@operation
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Tensor:
    """Return the indices that sort along a dimension."""
    return sort(input, dim, descending).indices


@operation
def msort(input: Tensor) -> Tensor:
    """Sort along the first dimension."""
    return sort(input, 0).values


@operation
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Topk:
    """Return the `k` largest elements along a dimension, or the smallest, in order.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.topk(fg.tensor([3.0, 1.0, 2.0]), 2).values
    tensor([3., 2.])
    """
    x = unwrap(input)
    check_ordered("topk", x, bools=False)
    axis = axis_of(dim, len(x.shape))
    if not 0 <= k <= (x.shape[axis] if x.shape else 1):
        raise RuntimeError("selected index k out of range")
    if not x.shape:
        return Topk(*single(x))
    chosen = order_of(x, axis, largest)[(slice(None),) * axis + (slice(k),)]
    return Topk(*picked(x, chosen, axis))


def element(x: Any, places: Any, axis: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """Return the elements at places along an axis, which is dropped unless `keepdim` says not to."""
    values = np.take_along_axis(x, places, axis=axis)
    return (wrap(values), wrap(places)) if keepdim else (wrap(np.squeeze(values, axis)), wrap(np.squeeze(places, axis)))


@operation
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Kthvalue:
    """Return the `k`-th smallest element along a dimension, counted from one."""
    x = unwrap(input)
    check_ordered("kthvalue", x, bools=False)
    axis = axis_of(dim, len(x.shape))
    if not 1 <= k <= (x.shape[axis] if x.shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    if not x.shape:
        return Kthvalue(*single(x))
    return Kthvalue(*element(x, order_of(x, axis, False)[(slice(None),) * axis + (slice(k - 1, k),)], axis, keepdim))


# -- Medians ------------------------------------------------------------------------------------------------------


def middle(x: Any, axis: int, ignore_nan: bool) -> Any:
    """Return the place of the lower median; of the first nan, if there is one that is not ignored."""
    order = order_of(x, axis, False)
    n = x.shape[axis]
    if x.dtype.kind != "f":
        return order[(slice(None),) * axis + (slice((n - 1) // 2, (n - 1) // 2 + 1),)]
    nans = np.sum(np.isnan(x), axis=axis, keepdims=True)
    lower = (np.maximum(n - nans, 1) - 1) // 2
    return np.take_along_axis(order, lower if ignore_nan else np.where(nans > 0, n - nans, lower), axis=axis)


def median_along(kind: Any, input: Tensor, dim: int | None, keepdim: bool, ignore_nan: bool) -> Any:
    x = unwrap(input)
    check_ordered("median", x, bools=False)
    if dim is None:
        if not size_of(x.shape):
            return wrap(here(np.asarray(np.nan, x.dtype), x))
        flat = np.reshape(x, -1)
        value = np.take_along_axis(flat, middle(flat, 0, ignore_nan), axis=0)
        ties = (flat == value) | np.isnan(flat) if x.dtype.kind == "f" and np.isnan(value).all() else flat == value
        if x.dtype.kind != "f":
            return wrap(value[0, ...])
        weights = np.where(ties, 1, 0).astype(x.dtype)  # equal elements share the gradient
        shared = np.sum(np.where(ties, flat, 0) * weights) / np.sum(weights)
        return wrap(np.where(np.isfinite(stop_gradient(shared)), shared, value[0]).astype(x.dtype)[...])
    axis = axis_of(dim, len(x.shape))
    return kind(*(element(x, middle(x, axis, ignore_nan), axis, keepdim) if x.shape else single(x)))


@operation
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median, the lower one of an even number; along a dimension, values and indices.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.median(fg.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    return median_along(Median, input, dim, keepdim, False)


@operation
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median of what is not nan."""
    return median_along(Nanmedian, input, dim, keepdim, True)


def most_frequent(x: Any, axis: int) -> Any:
    """Return the place of the most frequent element, the smallest of several, in its last occurrence."""
    rows = np.moveaxis(on_host(x), axis, -1)
    places = np.zeros(rows.shape[:-1], np.int64)
    for at in np.ndindex(*rows.shape[:-1]):
        row = rows[at]
        values, counts = np.unique(row, return_counts=True)
        places[at] = np.flatnonzero(row == values[np.argmax(counts)])[-1]
    return here(np.expand_dims(places, axis), x)


place_of_mode = Constant(most_frequent, own=True, name="mode")


@operation
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Mode:
    """Return the most frequent element along a dimension: the smallest of several."""
    x = unwrap(input)
    check_ordered("mode", x)
    axis = axis_of(dim, len(x.shape))
    return Mode(*(element(x, place_of_mode(x, axis), axis, keepdim) if x.shape else single(x)))


# -- Quantiles ------------------------------------------------------------------------------------------------------


def quantiles(function: Any, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    x = unwrap(input)
    check_floating("quantile", x)
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    where = values_of(q)
    if hasattr(where, "dtype") and where.dtype != x.dtype:
        raise RuntimeError(f"quantile() q tensor must be same dtype as the input tensor, not {type_name(where.dtype)}")
    if np.ndim(where) > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    where = where if hasattr(where, "dtype") else np.asarray(where)
    if np.any((where < 0) | (where > 1)):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    axis = None if dim is None else axis_of(dim, len(x.shape))
    y = function(x, here(where.astype(np.float64), x), axis=axis, keepdims=keepdim, method=interpolation)
    return wrap(y.astype(x.dtype))


@operation
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """Return the quantiles of all elements, or along a dimension; those of several `q` come first.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.quantile(fg.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
    tensor(2.5000)
    """
    return quantiles(np.quantile, input, q, dim, keepdim, interpolation)


@operation
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """Return the quantiles of what is not nan."""
    return quantiles(np.nanquantile, input, q, dim, keepdim, interpolation)
