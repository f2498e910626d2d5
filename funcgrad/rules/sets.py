"""Sets: their elements are elements of the arrays, of equal ones the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.kinds import Composite, Constant

__all__ = ["RULES"]

plain_unique = Constant(np.unique, own=True)
plain_intersection = Constant(np.intersect1d, own=True)


# -- Unique elements -----------------------------------------------------------------------------------------


def unique_body(
    ar: Array,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    **options: Any,
) -> Any:
    ar = as_array(ar)
    found = plain_unique(ar, True, return_inverse, return_counts, axis, equal_nan=equal_nan, **options)
    values = np.take(ar, found[1], axis=axis)
    rest = found[1:] if return_index else found[2:]
    return (values, *rest) if rest else values


def named(function: Any) -> Callable[[Array], Any]:
    """Return the body of a function that returns the values with other things in a named tuple."""
    constant = Constant(function, own=True)

    def body(x: Array, /) -> Any:
        return constant(x)._replace(values=np.unique(x, equal_nan=False))

    return body


def unique_values_body(x: Array, /) -> Array:
    """In the order in which NumPy returns them, which need not be sorted."""
    order = np.argsort(plain_values(x), kind="stable")
    return np.unique(x, equal_nan=False)[np.argsort(order)]


plain_values = Constant(np.unique_values, own=True)

# -- Two sets ----------------------------------------------------------------------------------------------


def union1d_body(ar1: Array, ar2: Array) -> Array:
    return np.unique(np.concatenate((as_array(ar1), as_array(ar2)), axis=None))


def intersect1d_body(ar1: Array, ar2: Array, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The common elements are taken from the first array."""
    ar1, ar2 = as_array(ar1), as_array(ar2)
    _, first, second = plain_intersection(ar1, ar2, assume_unique=assume_unique, return_indices=True)
    values = np.ravel(ar1)[first].astype(np.result_type(ar1, ar2))
    return (values, first, second) if return_indices else values


def setdiff1d_body(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    ar1 = np.ravel(as_array(ar1)) if assume_unique else np.unique(ar1)
    return ar1[np.flatnonzero(~np.isin(ar1, ar2))]


def setxor1d_body(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    if not assume_unique:
        ar1, ar2 = np.unique(ar1), np.unique(ar2)
    x = np.sort(np.concatenate((as_array(ar1), as_array(ar2)), axis=None))
    if not x.size:
        return x
    new = np.concatenate([x[:1] == x[:1], x[1:] != x[:-1]])
    alone = new & np.concatenate([new[1:], x[:1] == x[:1]])
    return x[np.flatnonzero(alone)]


def trim_zeros_body(filt: Array, trim: str = "fb", axis: Any = None) -> Array:
    filt = as_array(filt)
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = range(filt.ndim) if axis is None else normalize_axis_tuple(axis, filt.ndim)
    places = np.nonzero(filt)
    cut = [slice(None)] * filt.ndim
    for d in axes:
        if not places[d].size:
            cut[d] = slice(0, 0)
            continue
        first, last = np.min(places[d]).item(), np.max(places[d]).item()
        cut[d] = slice(first if "f" in trim else None, last + 1 if "b" in trim else None)
    return filt[tuple(cut)]


RULES = (
    # -- Unique elements
    Composite(np.unique, unique_body),
    Composite(np.unique_values, unique_values_body),
    *(Composite(f, named(f)) for f in (np.unique_all, np.unique_counts, np.unique_inverse)),
    # -- Two sets
    Composite(np.union1d, union1d_body),
    Composite(np.intersect1d, intersect1d_body),
    Composite(np.setdiff1d, setdiff1d_body),
    Composite(np.setxor1d, setxor1d_body),
    # -- Without the zeros at the ends
    Composite(np.trim_zeros, trim_zeros_body),
)
