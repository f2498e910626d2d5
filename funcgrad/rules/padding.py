"""Padding, one axis after the other: what is added along an axis is made from the array padded so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite

__all__ = ["RULES"]


def pad_body(array: Array, pad_width: Any, mode: Any = "constant", **options: Any) -> Array:
    widths = width_pairs(pad_width, array.ndim)
    if callable(mode):
        return pad_by_function(array, widths, mode, options)
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is not supported")
    pad, option, default = MODES[mode]
    if not set(options) <= {option}:
        raise ValueError(f"unsupported keyword arguments for mode {mode!r}: {set(options) - {option}}")
    settings = pairs(options.get(option, default), array.ndim)
    singles = [n == 1 for n in array.shape]
    empty = [axis for axis, n in enumerate(array.shape) if n == 0 and any(widths[axis])]
    if empty and mode not in ("constant", "empty"):
        raise ValueError(f"can't extend empty axis {empty[0]} using modes other than 'constant' or 'empty'")
    for axis, (width, setting) in enumerate(zip(widths, settings, strict=True)):
        if not any(width):
            continue
        rule = pad_edge if singles[axis] and mode in ("reflect", "symmetric") else pad
        array = np.moveaxis(rule(np.moveaxis(array, axis, 0), width, setting), 0, axis)
    return array


def width_pairs(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """Return (before, after) for each axis, from any form that np.pad takes."""
    if isinstance(pad_width, dict):
        full: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            full[axis] = width
        return [pairs(width, 1)[0] for width in full]
    if np.asarray(pad_width).dtype.kind != "i":
        raise TypeError("`pad_width` must be of integral type.")
    widths = [(int(before), int(after)) for before, after in pairs(np.asarray(pad_width), ndim)]
    if any(min(width) < 0 for width in widths):
        raise ValueError("index can't contain negative values")
    return widths


def pairs(x: Any, ndim: int) -> list[tuple[Any, Any]]:
    """Spread a number, a pair, or a pair per axis (arrays or nested sequences, perhaps of traced numbers)."""
    if np.ndim(x) == 0 if hasattr(x, "dtype") else not isinstance(x, list | tuple):
        return [(x, x)] * ndim
    items = list(x)
    if all(len_of(item) is None for item in items):
        items = [items]
    rows = [list(row) * 2 if len(row) == 1 else list(row) for row in items]
    if len(rows) not in (1, ndim) or any(len(row) != 2 for row in rows):
        raise ValueError(f"unable to make a pair for each of {ndim} axes of {x!r}")
    return [(row[0], row[1]) for row in (rows * ndim if len(rows) == 1 else rows)]


def len_of(x: Any) -> int | None:
    return len(x) if isinstance(x, list | tuple) or np.ndim(x) > 0 else None


# -- One axis, the first ---------------------------------------------------------------------------------

Pair = tuple[Any, Any]


def between(before: Array, x: Array, after: Array) -> Array:
    return np.concatenate([part for part in (before, x, after) if part.shape[0]], axis=0)


def repeated(x: Array, n: int, dtype: Any) -> Array:
    """Repeat a slice of length one."""
    return np.broadcast_to(x, (n, *x.shape[1:])).astype(dtype)


def pad_constant(x: Array, width: Pair, values: Pair) -> Array:
    lengths = ((n, *x.shape[1:]) for n in width)
    before, after = (np.full_like(np.empty(s, x.dtype, like=x), v) for s, v in zip(lengths, values, strict=True))
    return np.concatenate([before, x, after], axis=0)


def pad_empty(x: Array, width: Pair, setting: Pair) -> Array:
    """What is at the border is not said: zeros."""
    return pad_constant(x, width, (0, 0))


def pad_edge(x: Array, width: Pair, setting: Pair) -> Array:
    return between(repeated(x[:1], width[0], x.dtype), x, repeated(x[-1:], width[1], x.dtype))


def pad_ramp(x: Array, width: Pair, ends: Pair) -> Array:
    before = np.linspace(ends[0], x[0], width[0], endpoint=False, dtype=x.dtype)
    after = np.linspace(ends[1], x[-1], width[1], endpoint=False, dtype=x.dtype)
    return between(before, x, np.flip(after, 0))


def pad_statistic(statistic: Callable[..., Array]) -> Callable[[Array, Pair, Pair], Array]:
    """Return the rule of a mode that repeats a statistic of so many elements next to the border."""

    def pad(x: Array, width: Pair, lengths: Pair) -> Array:
        before, after = (len(x) if n is None else min(int(n), len(x)) for n in lengths)
        if 0 in (before, after) and statistic in (np.max, np.min):
            raise ValueError("stat_length of 0 yields no value for padding")
        low = statistic(x[:before], axis=0, keepdims=True)
        high = statistic(x[len(x) - after :], axis=0, keepdims=True)
        if x.dtype.kind in "iu":
            low, high = np.round(low), np.round(high)
        return between(repeated(low, width[0], x.dtype), x, repeated(high, width[1], x.dtype))

    return pad


def pad_mirror(skip: int) -> Callable[[Array, Pair, Pair], Array]:
    """Return the rule of a mode that mirrors the array, again and again; `skip` the edge or repeat it.

    What is mirrored is a whole number of periods long, but the last piece, so the edges stay centres of symmetry.
    """

    def pad(x: Array, width: Pair, kind: Pair) -> Array:
        if kind[0] not in ("even", "odd"):
            raise ValueError(f"reflect_type must be 'even' or 'odd', got {kind[0]!r}")
        before, after = width
        while after > 0:
            n = min(after, len(x) - skip)
            chunk = np.flip(x[len(x) - skip - n : len(x) - skip], 0)
            x = np.concatenate([x, chunk if kind[0] == "even" else 2 * x[-1:] - chunk], axis=0)
            after -= n
        period = len(x) - width[1]
        while before > 0:
            n = min(before, period - skip)
            chunk = np.flip(x[skip : skip + n], 0)
            x = np.concatenate([chunk if kind[0] == "even" else 2 * x[:1] - chunk, x], axis=0)
            before, period = before - n, period + n
        return x

    return pad


def pad_wrap(x: Array, width: Pair, setting: Pair) -> Array:
    return np.take(x, np.pad(np.arange(len(x)), width, mode="wrap"), axis=0)


#: The rule of each mode, its option, and what that is by default.
MODES: dict[str, tuple[Callable[[Array, Pair, Pair], Array], str, Any]] = {
    "constant": (pad_constant, "constant_values", 0),
    "empty": (pad_empty, "", None),
    "edge": (pad_edge, "", None),
    "linear_ramp": (pad_ramp, "end_values", 0),
    "maximum": (pad_statistic(np.max), "stat_length", None),
    "minimum": (pad_statistic(np.min), "stat_length", None),
    "mean": (pad_statistic(np.mean), "stat_length", None),
    "median": (pad_statistic(np.median), "stat_length", None),
    "reflect": (pad_mirror(1), "reflect_type", "even"),
    "symmetric": (pad_mirror(0), "reflect_type", "even"),
    "wrap": (pad_wrap, "", None),
}


def pad_by_function(array: Array, widths: list[tuple[int, int]], function: Any, options: dict[str, Any]) -> Array:
    """Pad with zeros, then let the user's function write into every line along every axis."""
    array = np.pad(array, widths)
    for axis, width in enumerate(widths):
        lines = np.moveaxis(array, axis, -1)
        flat = np.reshape(lines, (-1, lines.shape[-1]))
        written = [flat[i].copy() for i in range(len(flat))]
        for line in written:
            function(line, width, axis, options)
        array = np.moveaxis(np.reshape(np.stack(written), lines.shape), -1, axis) if written else array
    return array


RULES = (Composite(np.pad, pad_body, copies=True),)
