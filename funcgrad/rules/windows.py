"""Sums over windows that move across the last dimensions, and the adjoint, which spreads what belongs to a window.

Each is a loop over the places of a window, with whole arrays added at each: NumPy's sums over the axes of a window view
go through memory with short strides, and are several times slower. Like the convolutions these are called by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Linear

__all__ = ["window_index", "window_spread", "window_sum"]

Lengths = tuple[int, ...]


def window_index(place: Lengths, stride: Lengths, counts: Lengths, dilation: Lengths | None = None) -> Any:
    """Return the index that reads one place of all windows, `counts` of them along each of the last dimensions."""
    gaps = dilation or (1,) * len(place)
    steps = zip(place, stride, counts, gaps, strict=True)
    return (..., *[slice(k * d, k * d + s * (n - 1) + 1, s) for k, s, n, d in steps])


def counted(size: Lengths, window: Lengths, stride: Lengths) -> Lengths:
    return tuple([(n - k) // s + 1 for n, k, s in zip(size, window, stride, strict=True)])


def sum_windows(x: Array, window: Lengths, stride: Lengths) -> Array:
    m = len(window)
    counts = counted(x.shape[-m:], window, stride)
    total = np.zeros_like(x, shape=(*x.shape[:-m], *counts))
    for place in np.ndindex(*window):
        total += x[window_index(place, stride, counts)]
    return total


def spread_windows(g: Array, window: Lengths, stride: Lengths, size: Lengths) -> Array:
    m = len(window)
    total = np.zeros_like(g, shape=(*g.shape[:-m], *size))
    for place in np.ndindex(*window):
        total[window_index(place, stride, g.shape[-m:])] += g
    return total


window_sum: Linear = Linear(
    sum_windows,
    lambda g, X, window, stride: window_spread(g, window=window, stride=stride, size=X.shape[-len(window) :]),
    name="window_sum",
    own=True,
    batch=stacked,
)
window_spread: Linear = Linear(
    spread_windows,
    lambda g, window, stride: window_sum(g, window=window, stride=stride),
    name="window_spread",
    own=True,
    batch=stacked,
    ignore="size",
)
