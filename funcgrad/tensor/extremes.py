"""Largest and smallest elements, and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.beside import no_number
from funcgrad.tensor.calling import axis_of, check_ordered, operation, size_of, values_of
from funcgrad.tensor.cupys import cupys_call, from_cupy
from funcgrad.tensor.paired import maximum, minimum
from funcgrad.tensor.returns import Aminmax, Max, Min
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

from funcgrad.tensor.reduction import INT64, Dim, reduced

__all__ = [
    *("amax", "amin", "aminmax", "argmax", "argmin", "max", "min"),
]

# -- Extremes ----------------------------------------------------------------------------------------------------


@operation
def amax(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the maximum over all dimensions, or the given ones; ties share the gradient."""
    return wrap(reduced(np.amax, unwrap(input), dim, keepdim))


@operation
def amin(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the minimum over all dimensions, or the given ones; ties share the gradient."""
    return wrap(reduced(np.amin, unwrap(input), dim, keepdim))


@operation
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Aminmax:
    """Return minimum and maximum."""
    return Aminmax(amin(input, dim, keepdim), amax(input, dim, keepdim))


@operation
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Return the maximum; along a dimension, values and indices, of which the first of ties gets the gradient.

    With another tensor in place of `dim`, return the larger of each pair of elements.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([[1.0, 5.0], [7.0, 2.0]])
    >>> fg.max(x)
    tensor(7.)
    >>> fg.max(x, dim=1)
    torch.return_types.max(
    values=tensor([5., 7.]),
    indices=tensor([1, 0]))
    """
    other = dim if isinstance(dim, Base) else other
    if other is not None:
        return maximum(input, other)
    if dim is not None and from_cupy(2):
        return cupys_call("max", (input,), {"axis": dim, "keepdims": keepdim})
    return full_extreme(np.amax, input) if dim is None else Max(*extreme(np.argmax, input, dim, keepdim))


@operation
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Return the minimum; along a dimension, values and indices, of which the first of ties gets the gradient.

    With another tensor in place of `dim`, return the smaller of each pair of elements.
    """
    other = dim if isinstance(dim, Base) else other
    if other is not None:
        return minimum(input, other)
    if dim is not None and from_cupy(2):
        return cupys_call("min", (input,), {"axis": dim, "keepdims": keepdim})
    return full_extreme(np.amin, input) if dim is None else Min(*extreme(np.argmin, input, dim, keepdim))


def full_extreme(function: Any, input: Tensor) -> Tensor:
    x = unwrap(input)
    check_ordered(function.__name__, x)
    if size_of(x.shape) == 0:
        raise RuntimeError(
            f"{function.__name__.removeprefix('a')}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )
    return wrap(function(x))


def extreme(place: Any, input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    x = unwrap(input)
    check_ordered("max(dim)", x)
    axis = axis_of(dim, len(x.shape))
    if not x.shape:
        return wrap(np.copy(x)), wrap(np.zeros((), INT64))
    check_not_empty(place, x, axis)
    indices = place(stop_gradient(x) if x.dtype.kind in "fc" else x, axis=axis, keepdims=True)
    values = np.take_along_axis(x, indices, axis=axis)
    if not keepdim:
        values, indices = np.squeeze(values, axis), np.squeeze(indices, axis)
    return wrap(values), wrap(indices)


def check_not_empty(function: Any, x: Any, axis: int) -> None:
    if x.shape[axis] == 0:
        raise IndexError(f"{function.__name__}(): Expected reduction dim {axis} to have non-zero size.")


def place(function: Any, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    x = values_of(input)
    if x.dtype.kind in "bc":
        raise RuntimeError(
            f"{function.__name__}(): does not support {'bool' if x.dtype.kind == 'b' else 'complex'} input"
        )
    if dim is not None:
        dim = axis_of(dim, len(x.shape))
        if x.shape:
            check_not_empty(function, x, dim)
    elif size_of(x.shape) == 0:
        raise IndexError(f"{function.__name__}(): Expected reduction dim to be specified for input.numel() == 0.")
    return wrap(no_number(function(x)) if not x.shape else function(x, axis=dim, keepdims=keepdim))


@operation
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the place of the maximum: the first of them, in the flattened tensor unless a dimension is given."""
    return place(np.argmax, input, dim, keepdim)


@operation
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the place of the minimum: the first of them, in the flattened tensor unless a dimension is given."""
    return place(np.argmin, input, dim, keepdim)
