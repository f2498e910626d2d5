"""Choosing elements by masks and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.calling import needs_tensor, numbers_as_payloads, operation, values_of
from funcgrad.tensor.promotion import DEFAULT_DTYPE, type_name
from funcgrad.tensor.shell import Base, unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

from funcgrad.tensor.choosing import fill_value, same_dtype, written

__all__ = [
    *("argwhere", "masked_fill", "masked_scatter", "masked_select", "nonzero", "where"),
]

# -- By masks ------------------------------------------------------------------------------------------------------


def truths(name: str, mask: Any) -> Any:
    m = values_of(needs_tensor(name, mask))
    if m.dtype.kind != "b":
        raise RuntimeError(f"{name}: expected BoolTensor for mask, got {type_name(m.dtype)}")
    return m


@operation
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where a mask is true, as a vector."""
    x, m = unwrap(input), truths("masked_select", mask)
    shape = np.broadcast_shapes(x.shape, m.shape)
    return wrap(np.reshape(np.broadcast_to(x, shape), -1)[np.flatnonzero(np.broadcast_to(m, shape))])


@operation
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Fill with a number where a mask is true.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([1.0, 2.0, 3.0])
    >>> x.masked_fill(x > 1.5, 0.0)
    tensor([1., 0., 0.])
    """
    x = unwrap(input)
    return wrap(np.where(truths("masked_fill", mask), fill_value(x, value), x))


@operation
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Write the elements of `source`, one after the other, where a mask is true."""
    x, m = unwrap(input), truths("masked_scatter", mask)
    v = np.reshape(same_dtype("masked_scatter", x, unwrap(source)), -1)
    shape = np.broadcast_shapes(x.shape, m.shape)
    places = np.flatnonzero(np.broadcast_to(m, shape))
    if len(places) > v.shape[0]:
        raise RuntimeError(f"masked_scatter: {len(places)} elements are asked for, source has {v.shape[0]}")
    flat = np.reshape(np.broadcast_to(x, shape), -1)
    return wrap(np.reshape(written(flat, v[: len(places)], (places,)), shape))


@operation
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Choose elements by a condition; without others, return where it is true, as :func:`nonzero` does.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([-1.0, 2.0])
    >>> fg.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    test = values_of(condition)
    if test.dtype.kind not in "b":
        if test.dtype != np.uint8:
            raise RuntimeError(f"where expected condition to be a boolean tensor, but got a {type_name(test.dtype)}")
        test = test != 0
    if isinstance(input, Base) or isinstance(other, Base):
        return wrap(np.where(test, *numbers_as_payloads(input, other)))
    chosen = np.where(test, input, other)
    return wrap(chosen.astype(DEFAULT_DTYPE) if chosen.dtype == np.float64 else chosen)


@operation
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Return the indices of what is not zero: a row for each, or a tuple of indices to read it with."""
    found = (
        np.nonzero(np.atleast_1d(values_of(input)) if as_tuple else values_of(input)) if input.ndim or as_tuple else ()
    )
    if as_tuple:
        return tuple([wrap(part) for part in found])
    return wrap(np.argwhere(values_of(input)))


@operation
def argwhere(input: Tensor) -> Tensor:
    """Return the indices of what is not zero, a row for each."""
    return wrap(np.argwhere(values_of(input)))
