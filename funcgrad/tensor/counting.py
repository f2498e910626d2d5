"""Distinct elements, and how often they occur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.backend import is_on_device
from funcgrad.tensor.beside import here, no_number
from funcgrad.tensor.calling import axis_of, check_floating, operation, values_of
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["bincount", "bucketize", "histc", "searchsorted", "unique", "unique_consecutive"]


def several(parts: list[Any]) -> Any:
    """Return one tensor, or a tuple of several."""
    tensors = tuple([wrap(part if is_on_device(part) else np.asarray(part)) for part in parts])
    return tensors if len(tensors) > 1 else tensors[0]


@operation
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the distinct elements, or slices along a dimension, sorted.

    Parameters
    ----------
    input : Tensor
    sorted : bool
        Without effect: the result is always sorted.
    return_inverse : bool
        Whether also to return where in the result each element is.
    return_counts : bool
        Whether also to return how often each occurs.
    dim : int, optional
        Of the flattened tensor if not given.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.unique(fg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    x = values_of(input)
    axis = None if dim is None else axis_of(dim, len(x.shape))
    found, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    inverse = np.reshape(inverse, x.shape if axis is None else -1)
    return several([found, *([inverse] if return_inverse else []), *([counts] if return_counts else [])])


@operation
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Return the elements, or slices, that differ from the one before."""
    x = values_of(input)
    rows = np.reshape(x, -1) if dim is None else np.moveaxis(x, axis_of(dim, len(x.shape)), 0)
    changed = here(np.ones(len(rows), bool), x)
    if len(rows) > 1:
        changed[1:] = np.any(np.reshape(rows[1:] != rows[:-1], (len(rows) - 1, -1)), axis=1)
    found = rows[changed]
    inverse = np.cumsum(changed) - 1
    counts = np.diff(np.append(np.flatnonzero(changed), here(np.asarray([len(rows)]), x)))
    if dim is None:
        inverse = np.reshape(inverse, x.shape)
    else:
        found = np.moveaxis(found, 0, axis_of(dim, len(x.shape)))
    return several([found, *([inverse] if return_inverse else []), *([counts] if return_counts else [])])


@operation
def bincount(input: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
    """Count each number from 0 on, or sum the weights at it."""
    x = values_of(input)
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f'"bincount" not implemented for {type_name(x.dtype)!r}')
    if len(x.shape) != 1 or np.any(x < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    counted = np.bincount(x, None if weights is None else values_of(weights), minlength)
    keeps = weights is not None and weights.dtype == np.float32
    return wrap(counted.astype(np.float32) if keeps else counted)


@operation
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """Count the elements in equal bins between `min` and `max`; if these are equal, between the extremes."""
    x = values_of(input)
    check_floating("histc", x)
    low, high = (float(np.min(x)), float(np.max(x))) if min == max and x.size else (min, max)
    if low == high:
        low, high = low - 1, high + 1
    if low > high:
        raise RuntimeError("max must be larger than min")
    counted, _ = np.histogram(x, bins=bins, range=(low, high))
    return wrap(counted.astype(x.dtype))


def place(sorted_sequence: Any, values: Any, right: bool) -> Any:
    """Search in one sequence, or in each row its own values."""
    side: Any = "right" if right else "left"
    if len(sorted_sequence.shape) == 1:
        return np.searchsorted(sorted_sequence, values, side=side)
    if sorted_sequence.shape[:-1] != np.shape(values)[:-1]:
        raise RuntimeError(
            "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got boundaries tensor {list(sorted_sequence.shape)} and input "
            f"value tensor {list(np.shape(values))}"
        )
    out = here(np.zeros(np.shape(values), np.int64), sorted_sequence)
    for at in np.ndindex(*sorted_sequence.shape[:-1]):
        out[at] = np.searchsorted(sorted_sequence[at], values[at], side=side)
    return out


@operation
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Tensor:
    """Return where elements are to be inserted into a sorted sequence so that it stays sorted.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.searchsorted(fg.tensor([1.0, 2.0, 3.0]), fg.tensor([2.0, 2.5]))
    tensor([1, 2])
    """
    if side is not None and (side not in ("left", "right") or (side == "left" and right)):
        raise RuntimeError(f"searchsorted(): side must be 'left' or 'right' and agree with right, got {side!r}")
    sequence = values_of(sorted_sequence)
    if sorter is not None:
        sequence = np.take_along_axis(sequence, values_of(sorter), axis=-1)
    found = no_number(place(sequence, values_of(input), right or side == "right"))
    return wrap(found.astype(np.int32 if out_int32 else np.int64))


@operation
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Return the number of the bucket between boundaries that each element falls into."""
    if len(unwrap(boundaries).shape) != 1:
        raise RuntimeError("boundaries tensor must be 1 dimension")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
