"""Padding and cropping of the last dimensions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import functional

__all__ = ["pad"]


def reflected(n: int, before: int, after: int) -> Array:
    numbers = np.arange(-before, n + after)
    return n - 1 - np.abs(n - 1 - np.abs(numbers))


def repeated(n: int, before: int, after: int) -> Array:
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def wrapped_around(n: int, before: int, after: int) -> Array:
    return np.arange(-before, n + after) % n


#: Per mode: which element each place of the result is.
MODES: dict[str, Callable[[int, int, int], Array]] = {
    "reflect": reflected,
    "replicate": repeated,
    "circular": wrapped_around,
}

NAMES = {"reflect": "reflection_pad{}d", "replicate": "replication_pad{}d"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """Extend the last dimensions at both ends, or crop them where widths are negative.

    Parameters
    ----------
    input : Tensor or array
    pad : sequence of int
        Widths before and behind the last dimension, then those of the one before, and so on.
    mode : str
        ``"constant"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    value : float, optional
        The constant; 0 by default.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.pad(fg.tensor([1.0, 2.0]), (1, 2))
    tensor([0., 1., 2., 0., 0.])
    """
    name = NAMES.get(mode, "constant_pad_nd").format(len(pad) // 2)
    return padding(name)(input, pad, mode, value)


@functools.cache
def padding(name: str) -> Any:
    """Return :func:`padded` with the name that the mode has in the graph."""
    return functional(name)(padded)


def padded(input: Array, pad: Sequence[int], mode: str, value: float | None) -> Array:
    count = len(pad) // 2
    if len(pad) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, but got {list(pad)}")
    if count > input.ndim:
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimensions {input.ndim}"
        )
    widths = [(0, 0)] * (input.ndim - count) + [(pad[2 * i], pad[2 * i + 1]) for i in reversed(range(count))]
    if any(n + before + after < 0 for n, (before, after) in zip(input.shape, widths, strict=True)):
        raise RuntimeError(f"pad: the output of {list(input.shape)} padded by {list(pad)} would have a negative size")
    if mode == "constant":
        return filled(input, widths, 0 if value is None else value)
    if mode not in MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value not in (None, 0):
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if count > 3 or input.ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: of the last dimension of 2D "
            "or 3D input, the last two of 3D or 4D, or the last three of 4D or 5D"
        )
    return gathered(input, widths, mode)


def filled(x: Array, widths: Sequence[tuple[int, int]], value: float) -> Array:
    crops = tuple(
        slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, widths, strict=True)
    )
    if any(min(width) < 0 for width in widths):
        x = x[crops]
    if not any(max(width) > 0 for width in widths):
        return np.copy(x)
    return np.pad(x, [(max(before, 0), max(after, 0)) for before, after in widths], constant_values=value)


def gathered(x: Array, widths: Sequence[tuple[int, int]], mode: str) -> Array:
    for axis, (before, after) in enumerate(widths):
        n = x.shape[axis]
        if not before and not after:
            continue
        limit = n - 1 if mode == "reflect" else n if mode == "circular" else None
        if limit is not None and max(before, after) > limit:
            raise RuntimeError(
                f"Padding size of mode {mode!r} should be at most {limit} for dimension {axis} of input "
                f"{list(x.shape)}, but got {(before, after)}"
            )
        x = np.take(x, MODES[mode](n, before, after), axis=axis)
    return x
