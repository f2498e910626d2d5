"""Images: other sizes, rearranged pixels, patches."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional
from funcgrad.nn.functional.adaptive import adaptive_avg
from funcgrad.nn.functional.convolution import pad_places, spread
from funcgrad.rules.windows import window_index

__all__ = [
    *("channel_shuffle", "fold", "interpolate", "pixel_shuffle", "pixel_unshuffle", "unfold", "upsample"),
    *("upsample_bilinear", "upsample_nearest"),
]

Lengths: TypeAlias = int | Sequence[int]

# -- Sizes -----------------------------------------------------------------------------------------------------------

#: How many of the last dimensions a mode works on.
DIMENSIONS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
NEAREST = ("nearest", "nearest-exact")


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Resize sequences (N, C, L), images (N, C, H, W) or volumes (N, C, D, H, W).

    Parameters
    ----------
    input : Tensor or array
    size : int or sequence of int, optional
        The new size; this or `scale_factor` is needed.
    scale_factor : float or sequence of float, optional
        By how much to enlarge.
    mode : str
        ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"bilinear"``, ``"bicubic"``, ``"trilinear"`` or ``"area"``.
    align_corners : bool, optional
        Whether the centres, not the outlines, of the corner pixels coincide; for the linear and cubic modes.
    recompute_scale_factor : bool, optional
        Whether the new size, rather than `scale_factor`, says where to read.
    antialias : bool
        Whether to average where the image shrinks; for ``"bilinear"`` and ``"bicubic"``.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.interpolate(fg.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    name = "adaptive_avg_pool" if mode == "area" else f"upsample_{mode.replace('-', '_')}"
    resize = resizing(f"{name}{len(input.shape) - 2}d" + "_aa" * antialias)
    return resize(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)


@functools.cache
def resizing(name: str) -> Any:
    """Return :func:`resized` with the name that the mode has in the graph."""
    return functional(name)(resized)


def resized(
    input: Array,
    size: Any,
    scale_factor: Any,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
    antialias: bool,
) -> Array:
    m = input.ndim - 2
    if align_corners is not None and mode not in DIMENSIONS:
        raise ValueError("align_corners option can only be set with the interpolating modes: " + " | ".join(DIMENSIONS))
    if mode not in DIMENSIONS and mode not in (*NEAREST, "area"):
        raise NotImplementedError(f"interpolate: {mode!r} is no mode that is known")
    if not 1 <= m <= 3 or DIMENSIONS.get(mode, m) != m:
        raise NotImplementedError(f"Input Error: mode {mode!r} does not work on {input.ndim}D input")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    sizes, factors = wanted_sizes(input.shape[2:], size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return adaptive_avg("interpolate", input, sizes, m)
    for axis, (count, factor) in enumerate(zip(sizes, factors, strict=True), 2):
        n = input.shape[axis]
        step = n / count if factor is None else 1 / factor
        if mode in NEAREST:
            offset = np.float32(0.5 if mode == "nearest-exact" else 0)
            places = np.floor((np.arange(count, dtype=np.float32) + offset) * np.float32(step)).astype(int)
            input = np.take(input, np.minimum(places, n - 1), axis=axis)
        elif antialias or count != n or factor not in (None, 1):
            matrix = constant(weights(mode, n, count, step, bool(align_corners), antialias).astype(input.dtype), input)
            input = np.moveaxis(np.moveaxis(input, axis, -1) @ matrix, -1, axis)
    return input


def wanted_sizes(
    old: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[list[int], list[float | None]]:
    m = len(old)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        sizes = [int(size)] * m if isinstance(size, int | np.integer) else [int(n) for n in size]
        if len(sizes) != m:
            raise ValueError(
                f"Input and output must have the same number of spatial dimensions, but got {old} and {size}"
            )
        if min(sizes) < 1:
            raise RuntimeError(f"Input and output sizes should be greater than 0, but got {list(old)} and {sizes}")
        return sizes, [None] * m
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    factors = [float(scale_factor)] * m if isinstance(scale_factor, int | float) else [float(f) for f in scale_factor]
    if len(factors) != m:
        raise ValueError(f"Input and scale_factor must have the same number of spatial dimensions, but got {old}")
    sizes = [math.floor(n * f) for n, f in zip(old, factors, strict=True)]
    if min(sizes) < 1:
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got {list(old)} and {sizes}")
    return sizes, [None] * m if recompute else list(factors)


def weights(mode: str, n: int, count: int, step: float, align_corners: bool, antialias: bool) -> Array:
    """Return the matrix (n, count) that resizes one dimension."""
    if align_corners:
        step = (n - 1) / (count - 1) if count > 1 else 0.0
        centres = np.arange(count) * step
    else:
        centres = (np.arange(count) + 0.5) * step - 0.5
    if antialias:
        return averaging(mode, n, centres, step)
    matrix = np.zeros((n, count))
    if mode == "bicubic":
        first = np.floor(centres).astype(int)
        for k in range(-1, 3):
            near = cubic(np.abs(centres - first - k), -0.75)
            np.add.at(matrix, (np.clip(first + k, 0, n - 1), np.arange(count)), near)
        return matrix
    centres = np.maximum(centres, 0)
    first = np.minimum(np.floor(centres).astype(int), n - 1)
    part = centres - first
    np.add.at(matrix, (first, np.arange(count)), 1 - part)
    np.add.at(matrix, (np.minimum(first + 1, n - 1), np.arange(count)), part)
    return matrix


def cubic(t: Array, a: float) -> Array:
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t < 1, near, np.where(t < 2, far, 0))


def averaging(mode: str, n: int, centres: Array, step: float) -> Array:
    """Return weights from a filter that grows where the image shrinks."""
    scale = max(step, 1.0)
    support = (2 if mode == "bicubic" else 1) * scale
    starts = np.maximum((centres + 0.5 - support + 0.5).astype(int), 0)
    ends = np.minimum((centres + 0.5 + support + 0.5).astype(int), n)
    places = np.arange(n)[:, None]
    t = np.abs(places - centres) / scale
    near = cubic(t, -0.5) if mode == "bicubic" else np.maximum(1 - t, 0)
    near = np.where((places >= starts) & (places < ends), near, 0)
    return near / np.sum(near, axis=0)


def deprecated(name: str) -> None:
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Any:
    """Do what :func:`interpolate` does, and warn of the older name."""
    deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Do what :func:`interpolate` does in mode ``"nearest"``, and warn of the older name."""
    deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Do what :func:`interpolate` does in mode ``"bilinear"`` with aligned corners, and warn of the older name."""
    deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


# -- Pixels ----------------------------------------------------------------------------------------------------------


@functional("pixel_shuffle")
def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """Lay channels out as pixels: (..., C r r, H, W) becomes (..., C, H r, W r)."""
    r = upscale_factor
    if input.ndim < 3:
        raise RuntimeError(f"pixel_shuffle expects input to have at least 3 dimensions, but got {input.ndim}")
    if r < 1 or input.shape[-3] % (r * r):
        raise RuntimeError(
            f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={input.shape[-3]} is not divisible by {r * r}"
        )
    lead, (channels, h, w) = input.shape[:-3], input.shape[-3:]
    x = np.reshape(input, (*lead, channels // (r * r), r, r, h, w))
    n = len(lead)
    x = np.transpose(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return np.reshape(x, (*lead, channels // (r * r), h * r, w * r))


@functional("pixel_unshuffle")
def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """Lay pixels out as channels: the inverse of :func:`pixel_shuffle`."""
    r = downscale_factor
    if input.ndim < 3:
        raise RuntimeError(f"pixel_unshuffle expects input to have at least 3 dimensions, but got {input.ndim}")
    if r < 1 or input.shape[-2] % r or input.shape[-1] % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but {list(input.shape)} "
            f"and {r} do not fit"
        )
    lead, (channels, h, w) = input.shape[:-3], input.shape[-3:]
    x = np.reshape(input, (*lead, channels, h // r, r, w // r, r))
    n = len(lead)
    x = np.transpose(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return np.reshape(x, (*lead, channels * r * r, h // r, w // r))


@functional("channel_shuffle")
def channel_shuffle(input: Array, groups: int) -> Array:
    """Mix channels of different groups, as if they were dealt out."""
    if input.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups < 1 or input.shape[1] % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups, but got {input.shape[1]} and {groups}")
    x = np.reshape(input, (input.shape[0], groups, input.shape[1] // groups, *input.shape[2:]))
    return np.reshape(np.swapaxes(x, 1, 2), input.shape)


# -- Patches ---------------------------------------------------------------------------------------------------------


def patch_counts(name: str, size: Sequence[int], k: Any, d: Any, p: Any, s: Any) -> tuple[int, ...]:
    counts = tuple([(n + 2 * b - c * (a - 1) - 1) // e + 1 for n, a, c, b, e in zip(size, k, d, p, s, strict=True)])
    if min(counts) < 1:
        raise RuntimeError(
            f"{name}: given an input of spatial size {list(size)}, there would be {list(counts)} patches"
        )
    return counts


@functional("im2_col")
def unfold(
    input: Array, kernel_size: Lengths, dilation: Lengths = 1, padding: Lengths = 0, stride: Lengths = 1
) -> Array:
    """Return the patches of images as columns: (N, C kernel places, patches)."""
    if input.ndim not in (3, 4):
        raise RuntimeError(f"unfold: expected 3D or 4D input, but got input of size {list(input.shape)}")
    if input.ndim == 3:
        return patches(input[None], kernel_size, dilation, padding, stride)[0]
    return patches(input, kernel_size, dilation, padding, stride)


def patches(x: Array, kernel_size: Lengths, dilation: Lengths, padding: Lengths, stride: Lengths) -> Array:
    k, d = spread(kernel_size, 2, "kernel_size"), spread(dilation, 2, "dilation")
    p, s = spread(padding, 2, "padding"), spread(stride, 2, "stride")
    counts = patch_counts("unfold", x.shape[2:], k, d, p, s)
    x = pad_places(x, [(n, n) for n in p])
    parts = np.stack([x[window_index(place, s, counts, d)] for place in np.ndindex(*k)], axis=2)
    return np.reshape(parts, (x.shape[0], x.shape[1] * math.prod(k), math.prod(counts)))


@functional("col2_im")
def fold(
    input: Array,
    output_size: Lengths,
    kernel_size: Lengths,
    dilation: Lengths = 1,
    padding: Lengths = 0,
    stride: Lengths = 1,
) -> Array:
    """Add patches up to images: the adjoint of :func:`unfold`."""
    if input.ndim not in (2, 3):
        raise RuntimeError(f"fold: expected 2D or 3D input, but got input of size {list(input.shape)}")
    if input.ndim == 2:
        return added_up(input[None], output_size, kernel_size, dilation, padding, stride)[0]
    return added_up(input, output_size, kernel_size, dilation, padding, stride)


def added_up(
    x: Array, output_size: Lengths, kernel_size: Lengths, dilation: Lengths, padding: Lengths, stride: Lengths
) -> Array:
    size, k = spread(output_size, 2, "output_size"), spread(kernel_size, 2, "kernel_size")
    d, p, s = spread(dilation, 2, "dilation"), spread(padding, 2, "padding"), spread(stride, 2, "stride")
    counts = patch_counts("fold", size, k, d, p, s)
    places = math.prod(k)
    if x.shape[1] % places or x.shape[2] != math.prod(counts):
        raise RuntimeError(
            f"fold: expected input of {places} kernel places times channels and {math.prod(counts)} patches, but got "
            f"{list(x.shape)}"
        )
    parts = np.reshape(x, (x.shape[0], x.shape[1] // places, places, *counts))
    y: Any = np.zeros_like(x, shape=(*parts.shape[:2], *[n + 2 * width for n, width in zip(size, p, strict=True)]))
    for i, place in enumerate(np.ndindex(*k)):
        y[window_index(place, s, counts, d)] += parts[:, :, i]
    return y[(..., *[slice(width, width + n) for n, width in zip(size, p, strict=True)])]
