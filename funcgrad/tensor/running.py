"""Running totals and differences along a dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.calling import axis_of, check_ordered, operation
from funcgrad.tensor.promotion import as_real
from funcgrad.tensor.reduction import INTEGERS, cast
from funcgrad.tensor.returns import Cummax, Cummin
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid", "trapz"),
]

INT64 = np.dtype(np.int64)


def running(function: Any, input: Tensor, dim: int, dtype: Any) -> Tensor:
    x = cast(unwrap(input), dtype)
    if dtype is None and x.dtype.kind in INTEGERS:
        x = x.astype(INT64)
    axis = axis_of(dim, len(x.shape))
    return wrap(function(x, axis=axis) if x.shape else np.copy(x))


@operation
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Return the sums of all elements up to each one.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tensor([1, 2, 3]).cumsum(0)
    tensor([1, 3, 6])
    """
    return running(np.cumsum, input, dim, dtype)


@operation
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Return the products of all elements up to each one."""
    return running(np.cumprod, input, dim, dtype)


@operation
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Return the logarithms of the sums of the exponentials up to each element."""
    x = as_real(unwrap(input))
    axis = axis_of(dim, len(x.shape))
    if not x.shape or not x.shape[axis]:
        return wrap(np.copy(x))
    parts = [x[(slice(None),) * axis + (slice(i, i + 1),)] for i in range(x.shape[axis])]
    for i in range(1, len(parts)):
        parts[i] = np.logaddexp(parts[i - 1], parts[i])
    return wrap(np.concatenate(parts, axis=axis))


def running_extreme(function: np.ufunc, input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Return the extremes so far, and their places: the last of ties."""
    x = unwrap(input)
    check_ordered(function.__name__, x)
    axis = axis_of(dim, len(x.shape))
    if not x.shape:
        return wrap(np.copy(x)), wrap(np.zeros((), INT64))
    values = stop_gradient(x) if x.dtype.kind in "fc" else x
    found = values == function.accumulate(values, axis=axis)
    if x.dtype.kind == "f":
        found = found | np.isnan(values)
    numbers = np.reshape(np.arange(x.shape[axis]), [-1 if d == axis else 1 for d in range(len(x.shape))])
    indices = np.maximum.accumulate(np.where(found, numbers, 0), axis=axis)
    return wrap(np.take_along_axis(x, indices, axis=axis)), wrap(indices)


@operation
def cummax(input: Tensor, dim: int) -> Cummax:
    """Return the largest elements so far, and their indices."""
    return Cummax(*running_extreme(np.maximum, input, dim))


@operation
def cummin(input: Tensor, dim: int) -> Cummin:
    """Return the smallest elements so far, and their indices."""
    return Cummin(*running_extreme(np.minimum, input, dim))


@operation
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Return the differences of neighbours, `n` times.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.diff(fg.tensor([1.0, 3.0, 6.0]))
    tensor([2., 3.])
    """
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    parts = [unwrap(part) for part in (prepend, input, append) if part is not None]
    x = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=dim)
    if not x.shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    axis = axis_of(dim, len(x.shape))
    before = (slice(None),) * axis
    for _ in range(n):
        high, low = x[(*before, slice(1, None))], x[(*before, slice(None, -1))]
        x = high ^ low if x.dtype.kind == "b" else high - low
    return wrap(np.copy(x) if n == 0 else x)


def strips(y: Tensor, x: Any, dx: Any, dim: int) -> tuple[Any, int]:
    """Return the areas between neighbours, and the dimension."""
    heights = unwrap(y)
    axis = axis_of(dim, len(heights.shape))
    before = (slice(None),) * axis
    high, low = heights[(*before, slice(1, None))], heights[(*before, slice(None, -1))]
    width = 1 if dx is None else dx
    if x is not None:
        places = unwrap(x)
        if len(places.shape) == 1:
            places = np.reshape(places, [-1 if d == axis else 1 for d in range(len(heights.shape))])
        width = places[(*before, slice(1, None))] - places[(*before, slice(None, -1))]
    return as_real((high + low) * width) / 2, axis


@operation
def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """Integrate by the trapezoidal rule, at places `x` or with the step `dx`."""
    areas, axis = strips(y, x, dx, dim)
    return wrap(np.sum(areas, axis=axis))


@operation
def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """Return the integrals up to each element by the trapezoidal rule."""
    areas, axis = strips(y, x, dx, dim)
    return wrap(np.cumsum(areas, axis=axis))


trapz = trapezoid
