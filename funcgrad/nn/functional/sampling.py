"""Reading images between their pixels: grids and what is found at them."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional
from funcgrad.nn.functional.vision import cubic
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["affine_grid", "grid_sample"]


def warn_of_default(name: str) -> None:
    warnings.warn(
        f"Default {name} behavior is align_corners=False. Please specify it to be sure of it.",
        UserWarning,
        stacklevel=4,
    )


@functional("affine_grid_generator", floats="theta")
def affine_grid(theta: Array, size: Sequence[int], align_corners: bool | None = None) -> Array:
    """Return where an affine map takes the pixels of an image of a given size.

    Parameters
    ----------
    theta : Tensor or array, (N, 2, 3) or (N, 3, 4)
    size : sequence of int
        (N, C, H, W) or (N, C, D, H, W).
    align_corners : bool, optional
        Whether -1 and 1 are the centres of the corner pixels, rather than their outlines.

    Returns
    -------
    Tensor or array, (N, H, W, 2) or (N, D, H, W, 3)
    """
    if align_corners is None:
        warn_of_default("affine_grid")
    places = tuple(size)[2:]
    m = len(places)
    if m not in (2, 3) or tuple(theta.shape[1:]) != (m, m + 1):
        raise ValueError(f"affine_grid: theta of size {list(theta.shape)} does not fit a grid of size {list(size)}")
    axes = []
    for n in places:
        ends = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        axes.append(ends if align_corners else ends * (n - 1) / n)
    base = np.stack([*reversed(np.meshgrid(*axes, indexing="ij")), np.ones(places)], axis=-1)
    rows = constant(np.reshape(base, (-1, m + 1)).astype(theta.dtype), theta)
    return np.reshape(rows @ np.swapaxes(theta, 1, 2), (theta.shape[0], *places, m))


@functional("grid_sampler", alike=("input", "grid"))
def grid_sample(
    input: Array,
    grid: Array,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Array:
    """Read images at the places of a grid.

    Parameters
    ----------
    input : Tensor or array, (N, C, H, W) or (N, C, D, H, W)
    grid : Tensor or array, (N, H', W', 2) or (N, D', H', W', 3)
        Places between -1 and 1, the horizontal coordinate first.
    mode : str
        ``"bilinear"``, ``"nearest"`` or ``"bicubic"`` (images only).
    padding_mode : str
        What is outside: ``"zeros"``, the ``"border"``, or a ``"reflection"``.
    align_corners : bool, optional
        Whether -1 and 1 are the centres of the corner pixels, rather than their outlines.

    Returns
    -------
    Tensor or array, (N, C, H', W') or (N, C, D', H', W')
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be bilinear, nearest or bicubic, but got: {mode!r}"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected padding_mode to be zeros, border or reflection, but got: "
            f"{padding_mode!r}"
        )
    if align_corners is None:
        warn_of_default("grid_sample")
    m = input.ndim - 2
    if m not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != m or grid.shape[0] != input.shape[0]:
        raise RuntimeError(
            f"grid_sample: input of size {list(input.shape)} and grid of size {list(grid.shape)} do not fit"
        )
    if mode == "bicubic" and m == 3:
        raise RuntimeError("grid_sample: bicubic interpolation only supports 4D input")
    sizes = input.shape[2:]
    places = []
    for d, n in enumerate(sizes):
        x = grid[..., m - 1 - d]
        x = (x + 1) * ((n - 1) / 2) if align_corners else ((x + 1) * n - 1) / 2
        places.append(x if mode == "bicubic" else inside(x, n, padding_mode, bool(align_corners)))
    total: Any = 0
    for corner in itertools.product(*[candidates(x, mode) for x in places]):
        indices, valid, weight = [], True, 1.0
        for (index, part), n in zip(corner, sizes, strict=True):
            if mode == "bicubic":
                index = np.floor(inside(index, n, padding_mode, bool(align_corners)) + 0.5)
            valid = valid & (index >= 0) & (index <= n - 1)
            indices.append(np.clip(np.nan_to_num(index), 0, n - 1).astype(np.int64))
            weight = weight * part
        values = read(input, indices)
        total = total + np.where(np.expand_dims(valid, 1), values, 0) * np.expand_dims(weight, 1)
    return total


def candidates(x: Array, mode: str) -> list[tuple[Array, Any]]:
    """Return the pixels that take part along one dimension, as numbers that need not be integers' type, and weights."""
    fixed = stop_gradient(x)
    if mode == "nearest":
        return [(np.rint(fixed), 1 + 0 * (x - fixed))]  # a gradient of zeros, as PyTorch's
    first = np.floor(fixed)
    part = x - first
    if mode == "bilinear":
        return [(first, 1 - part), (first + 1, part)]
    return [(first + k, cubic(np.abs(part - k), -0.75)) for k in range(-1, 3)]


def inside(x: Array, n: int, padding_mode: str, align_corners: bool) -> Array:
    """Bring places outside of an image back, unless there are zeros."""
    if padding_mode == "zeros":
        return x
    if padding_mode == "reflection":
        low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
        length = high - low
        if length <= 0:
            return x * 0
        x = np.abs(x - low)
        turns = np.floor(stop_gradient(x) / length)
        rest = x - turns * length
        x = np.where(turns % 2 == 0, rest + low, high - rest)
    return np.where(x <= 0, 0, np.where(x >= n - 1, n - 1, x)).astype(x.dtype)


def read(x: Array, indices: Sequence[Array]) -> Array:
    """Read (N, C, spatial) at places (N, ...), the same for all channels."""
    sizes = x.shape[2:]
    flat = indices[0]
    for index, n in zip(indices[1:], sizes[1:], strict=True):
        flat = flat * n + index
    rows = np.reshape(x, (*x.shape[:2], math.prod(sizes)))
    count = math.prod(flat.shape[1:])
    places = np.broadcast_to(np.reshape(flat, (flat.shape[0], 1, count)), (*x.shape[:2], count))
    return np.reshape(np.take_along_axis(rows, places, axis=2), (*x.shape[:2], *flat.shape[1:]))
