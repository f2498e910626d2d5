"""Maxima of windows that move across the last dimensions: the first largest element of each, or its last nan, wins.

Each function is a loop over the places of a window, with whole arrays compared at each. Where an element won is found
again by comparison, which costs less than keeping and following an index. Called by name, as the convolutions are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Multilinear, Opaque, all_finite
from funcgrad.core.selecting import choose

__all__ = ["lowest", "window_maximum"]

Lengths = tuple[int, ...]
Spot = tuple[Any, Any]


def lowest(dtype: np.dtype[Any]) -> Any:
    """Return what is below all numbers."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


@functools.lru_cache(maxsize=256)
def spots(size: Lengths, counts: Lengths, window: Lengths, step: Lengths, gap: Lengths, start: Lengths) -> list[Spot]:
    """Return, for each place of a window, which windows have it within the data (None: all), and where it is there."""
    found = []
    for place in np.ndindex(*window):
        inner, outer = [], []
        for k, n, count, s, d, p in zip(place, size, counts, step, gap, start, strict=True):
            first = k * d - p  # where the first window has it
            low = max(-(first // s), 0) if first < 0 else 0
            high = min((n - 1 - first) // s, count - 1)
            inner.append(slice(low, high + 1))
            outer.append(slice(first + low * s, first + high * s + 1, s))
        if all(part.stop > part.start for part in inner):
            whole = all(part == slice(0, c) for part, c in zip(inner, counts, strict=True))
            found.append((None if whole else (..., *inner), (..., *outer)))
    return found


def max_windows(x: Array, counts: Lengths, window: Lengths, step: Lengths, gap: Lengths, start: Lengths) -> Array:
    m = len(window)
    y: Any = None
    for inside, place in spots(x.shape[-m:], counts, window, step, gap, start):
        if y is None and inside is None:
            y = x[place].copy()
            continue
        if y is None:
            y = np.full_like(x, lowest(x.dtype), shape=(*x.shape[:-m], *counts))
        part = y if inside is None else y[inside]
        np.maximum(part, x[place], out=part)
    return y


def wins(
    x: Array, y: Array, counts: Lengths, window: Lengths, step: Lengths, gap: Lengths, start: Lengths
) -> Iterator[tuple[Any, Any, Array]]:
    """Yield, for each place of a window, which windows have it, where it is, and whether it has won there."""
    size = x.shape[-len(window) :]
    missing = ~(y != y)
    exact = all_finite(y)
    for inside, place in spots(size, counts, window, step, gap, start):
        won = x[place] == (y if inside is None else y[inside])
        open_ = missing if inside is None else missing[inside]
        won &= open_
        open_ ^= won
        yield inside, place, won
    if exact:
        return
    missing = y != y
    for inside, place in reversed(spots(size, counts, window, step, gap, start)):
        part = x[place]
        open_ = missing if inside is None else missing[inside]
        won = (part != part) & open_
        open_ ^= won
        yield inside, place, won


def read_wins(
    dx: Array, x: Array, y: Array, counts: Lengths, window: Lengths, step: Lengths, gap: Lengths, start: Lengths
) -> Array:
    """Return what `dx` has where `x` has its maxima `y`."""
    dy = np.zeros_like(dx, shape=y.shape)
    for inside, place, won in wins(x, y, counts, window, step, gap, start):
        part = dy if inside is None else dy[inside]
        part += choose(won, dx[place], 0)
    return dy


def spread_wins(
    g: Array, x: Array, y: Array, counts: Lengths, window: Lengths, step: Lengths, gap: Lengths, start: Lengths
) -> Array:
    """Put `g` to where `x` has its maxima `y`, among zeros."""
    gx = np.zeros_like(g, shape=x.shape)
    apart = all(s > d * (k - 1) for s, d, k in zip(step, gap, window, strict=True)) and all_finite(y)
    for inside, place, won in wins(x, y, counts, window, step, gap, start):
        shares = choose(won, g if inside is None else g[inside], 0)
        if apart:  # each place is in one window at most, and comes once
            gx[place] = shares
        else:
            part = gx[place]
            part += shares
    return gx


def batch_all(primitive: Any, xs: Any, batched: Sequence[bool], params: dict[str, Any], size: int) -> Array:
    """Give every operand an axis of examples."""
    spread = [x if b else np.broadcast_to(x, (size, *x.shape)) for x, b in zip(xs, batched, strict=True)]
    result: Array = primitive.run(*spread, **params)
    return result


def geometry(counts: Lengths, window: Lengths, step: Lengths, gap: Lengths, start: Lengths) -> dict[str, Any]:
    return {"counts": counts, "window": window, "step": step, "gap": gap, "start": start}


window_maximum: Opaque = Opaque(
    max_windows,
    lambda dx, x, y, counts, window, step, gap, start: won_read(dx, x, y, **geometry(counts, window, step, gap, start)),
    lambda g, x, y, counts, window, step, gap, start: won_spread(g, x, y, **geometry(counts, window, step, gap, start)),
    name="max_pool",
    own=True,
    batch=batch_all,
)
won_read: Multilinear = Multilinear(
    read_wins,
    lambda g, b, c, counts, window, step, gap, start: won_spread(g, b, c, **geometry(counts, window, step, gap, start)),
    None,
    None,
    name="max_pool",
    own=True,
    batch=batch_all,
)
won_spread: Multilinear = Multilinear(
    spread_wins,
    lambda g, b, c, counts, window, step, gap, start: won_read(g, b, c, **geometry(counts, window, step, gap, start)),
    None,
    None,
    name="max_pool",
    own=True,
    batch=batch_all,
)
