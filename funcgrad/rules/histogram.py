"""Histograms: linear in the weights. The counts are steps of the data, but edges that follow the data are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.backend import supply
from funcgrad.core.gather import scatter
from funcgrad.core.kinds import Composite, Constant, Multilinear
from funcgrad.core.level import tracers_in
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import Space

__all__ = ["RULES"]

plain_bincount = Constant(np.bincount, own=True)
plain_histogram = Constant(np.histogram, own=True)
plain_histogramdd = Constant(np.histogramdd, own=True)


@supply(np.histogram_bin_edges)
def edges_on_device(a: Array, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    return np.histogram(a, bins, range, weights=weights)[1]


plain_edges = Constant(np.histogram_bin_edges, own=True)


def run_totals(weights: Array, places: Array, n: int) -> Array:
    """Return the sum of the weights at each of the places 0, 1, ..., n - 1."""
    return CALLS[scatter](weights, space=Space((n,), weights.dtype), indices=(places,))


def read(g: Array, A: Any, b: Array) -> Array:
    return np.reshape(np.take_along_axis(g, np.ravel(b), axis=0), A.shape)


totals = Multilinear(run_totals, read, None, own=True, name="bincount", ignore="n")


def bincount_body(x: Any, /, weights: Any = None, minlength: int = 0) -> Array:
    if weights is None:
        return plain_bincount(x, minlength=minlength)
    counts = plain_bincount(x, minlength=minlength)
    weights = as_array(weights)
    if np.shape(weights) != np.shape(x):
        raise ValueError("The weights and list don't have the same length.")
    if not np.size(x):
        return counts
    return totals(weights.astype(np.float64, casting="safe"), as_array(x), n=counts.shape[0])


# -- One variable ------------------------------------------------------------------------------------------


def histogram_bin_edges_body(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    """Edges between the least and the largest element follow these; how many there are is a constant."""
    a = as_array(a)
    edges = plain_edges(a, bins, range, weights)
    if not isinstance(bins, str) and not is_number(bins):
        return as_array(bins)
    if range is not None and not tracers_in(range):
        return edges
    first, last = ends(a, range)
    kind = np.result_type(*(getattr(x, "dtype", x) for x in (first, last, a)), 0.0)
    return np.linspace(*widened(first, last, kind), np.shape(edges)[0], dtype=kind)


def ends(a: Array, range: Any) -> tuple[Any, Any]:
    """Return where the bins begin and end: at a given range, or at the least and the largest element."""
    if range is not None:
        first, last = range
        return first, last
    return (np.min(a), np.max(a)) if a.size else (0, 1)


def widened(first: Any, last: Any, kind: Any = np.float64) -> tuple[Any, Any]:
    """Make a range without width one wide."""
    half = np.where(first == last, 0.5, 0).astype(kind)[()]
    return first - half, last + half


def histogram_body(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Array, Array]:
    a = as_array(a)
    edges = np.histogram_bin_edges(a, bins, range, weights)
    if weights is None:
        counts = plain_histogram(a, bins, range)[0]
    else:
        weights = as_array(weights)
        if np.shape(weights) != np.shape(a):
            raise ValueError("weights should have the same shape as a.")
        places = bin_numbers(a, plain_edges(a, bins, range, weights))
        counts = totals(weights, places, n=np.shape(edges)[0] + 1)[1:-1]
    if density:
        return counts / np.diff(edges).astype(float) / np.sum(counts), edges
    return counts, edges


def bin_numbers(x: Any, edges: Array) -> Array:
    """Return the bin of each element, counted from 1; 0 is below all, the last above all. Bins hold their left edge.

    The last bin holds its right edge too.
    """
    return np.searchsorted(edges, x, side="right") - (x == edges[-1])


# -- Several variables -------------------------------------------------------------------------------------


def histogramdd_body(
    sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Array, list[Array]]:
    columns = columns_of(sample)
    ndim = len(columns)
    counts, fixed = plain_histogramdd(columns, bins, range, density=False)
    every = [bins] * ndim if is_number(bins) else list(bins)
    ranges = [None] * ndim if range is None else list(range)
    edges = [edges_of(*column) for column in zip(columns, every, ranges, fixed, strict=True)]
    if weights is not None:
        counts = weighted_counts(as_array(weights), columns, fixed)
    if density:
        total = np.sum(counts)
        for axis, e in enumerate(edges):
            counts = counts / np.reshape(np.diff(e), [-1 if d == axis else 1 for d, _ in enumerate(edges)])
        counts = counts / total
    return counts, edges


def weighted_counts(weights: Array, columns: Sequence[Array], edges: Sequence[Array]) -> Array:
    shape = [np.shape(e)[0] + 1 for e in edges]  # with what lies outside on either side
    places: Any = 0
    for x, e, n in zip(columns, edges, shape, strict=True):
        places = places * n + bin_numbers(x, e)
    if not np.can_cast(weights.dtype, float, "safe"):
        raise TypeError(f"histogramdd: the weights are real numbers, got the dtype {weights.dtype}")
    flat = totals(weights.astype(float), places, n=math.prod(shape))
    return np.reshape(flat, shape)[(slice(1, -1),) * len(shape)]


def columns_of(sample: Any) -> list[Array]:
    """Return the variables: the columns of a matrix, or the arrays of a sequence."""
    if not hasattr(sample, "dtype"):
        return [as_array(x) for x in sample]
    return [sample] if sample.ndim == 1 else list(np.transpose(sample))


def is_number(x: Any) -> bool:
    return not isinstance(x, list | tuple) and np.ndim(x) == 0


def edges_of(x: Array, bins: Any, range: Any, fixed: Array) -> Array:
    """Return the edges: as given, as fixed by a given range, or following the data."""
    if not is_number(bins):
        return as_array(bins)
    if range is not None and not tracers_in(range):
        return fixed
    return np.linspace(*widened(*ends(x, range), fixed.dtype), bins + 1)


def histogram2d_body(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Array, Array, Array]:
    if not is_number(bins) and len(bins) not in (1, 2):
        bins = [bins, bins]
    if np.shape(x) != np.shape(y):
        raise ValueError("x and y must have the same length.")
    counts, edges = np.histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]


RULES = (
    Composite(np.bincount, bincount_body),
    Composite(np.histogram, histogram_body),
    Composite(np.histogram_bin_edges, histogram_bin_edges_body),
    Composite(np.histogram2d, histogram2d_body),
    Composite(np.histogramdd, histogramdd_body),
)
