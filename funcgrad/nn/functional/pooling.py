"""Pooling: maxima of windows, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional
from funcgrad.nn.functional.convolution import Lengths, spread
from funcgrad.rules.maxima import lowest, window_maximum
from funcgrad.rules.windows import window_index
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d"]

Ints: TypeAlias = tuple[int, ...]


def check_ndim(name: str, x: Array, m: int) -> None:
    if x.ndim not in (m + 1, m + 2):
        raise RuntimeError(f"{name}: expected {m + 1}D or {m + 2}D input, but got input of size {list(x.shape)}")


class Windows:
    """Where the windows of a pooling lie."""

    def __init__(
        self, name: str, size: Ints, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
    ) -> None:
        m = len(size)
        self.size = size
        self.kernel = spread(kernel, m, "kernel_size")
        given = stride is not None and (isinstance(stride, int) or len(stride) > 0)
        self.stride = spread(stride, m, "stride") if given else self.kernel
        self.padding = spread(padding, m, "padding")
        self.dilation = spread(dilation, m, "dilation")
        if min(self.kernel) < 1 or min(self.stride) < 1 or min(self.dilation) < 1:
            raise RuntimeError(f"{name}: kernel_size, stride and dilation must be greater than zero")
        reach = [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        if any(p < 0 or p > r // 2 for p, r in zip(self.padding, reach, strict=True)):
            raise RuntimeError(
                f"{name}: padding should be at most half of the kernel size, but got padding={list(self.padding)} and "
                f"kernel_size={list(self.kernel)}"
            )
        counts = []
        for n, r, s, p in zip(size, reach, self.stride, self.padding, strict=True):
            count = (n + 2 * p - r + (s - 1 if ceil_mode else 0)) // s + 1
            counts.append(count - (ceil_mode and (count - 1) * s >= n + p))
        self.counts = tuple(counts)
        if min(counts) < 1:
            raise RuntimeError(f"{name}: input of size {list(size)} is too small: the output would be {counts}")
        ends = zip(counts, self.stride, reach, size, self.padding, strict=True)
        self.widths = [(p, max((c - 1) * s + r - n - p, 0)) for c, s, r, n, p in ends]

    def padded(self, x: Array, value: Any) -> Array:
        if not any(map(any, self.widths)):
            return x
        return np.pad(x, [(0, 0)] * (x.ndim - len(self.size)) + self.widths, constant_values=value)

    def read(self, x: Array, place: Ints) -> Array:
        """Return what all windows have at one place."""
        return x[window_index(place, self.stride, self.counts, self.dilation)]

    def starts(self) -> list[Array]:
        """Return the first place of every window that lies in the data, along each dimension."""
        starts = [np.arange(c) * s - p for c, s, p in zip(self.counts, self.stride, self.padding, strict=True)]
        return [s + np.where(s < 0, -(s // d) * d, 0) for s, d in zip(starts, self.dilation, strict=True)]


# -- Maxima ----------------------------------------------------------------------------------------------------------


def first_places(starts: Sequence[Array], size: Ints) -> Array:
    return np.ravel_multi_index(np.meshgrid(*starts, indexing="ij"), size)


def largest(parts: Any, first: Array, like: Array) -> Array:
    """Return the flat place of the first largest element, or of the last nan, of windows given place by place."""
    best: Any = None
    index: Any = None
    for values, numbers in parts:
        if best is None:
            best = np.full_like(values, lowest(values.dtype))
            index = np.broadcast_to(constant(first, like), values.shape)
        better = (values > best) | (values != values)
        best, index = np.where(better, values, best), np.where(better, constant(numbers, like), index)
    return index


def take_flat(x: Array, index: Array, m: int) -> Array:
    """Read elements of the last dimensions at flat places."""
    lead = x.shape[: x.ndim - m]
    rows = np.reshape(x, (*lead, math.prod(x.shape[x.ndim - m :])))
    flat = np.take_along_axis(rows, np.reshape(index, (*lead, math.prod(index.shape[x.ndim - m :]))), axis=-1)
    return np.reshape(flat, index.shape)


def max_pool(
    name: str, x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, both: bool, m: int
) -> Any:
    check_ndim(name, x, m)
    windows = Windows(name, x.shape[-m:], kernel, stride, padding, dilation, ceil_mode)
    if not both and x.dtype.kind == "f":
        lengths = {"counts": windows.counts, "window": windows.kernel, "step": windows.stride}
        return window_maximum(x, **lengths, gap=windows.dilation, start=windows.padding)
    fixed = windows.padded(stop_gradient(x), lowest(x.dtype))
    numbers = windows.padded(np.arange(math.prod(windows.size)).reshape(windows.size), 0)
    parts = ((windows.read(fixed, place), windows.read(numbers, place)) for place in np.ndindex(*windows.kernel))
    index = largest(parts, first_places(windows.starts(), windows.size), x)
    values = take_flat(x, index, m)
    return (values, index) if both else values


@functional("max_pool1d")
def max_pool1d(
    input: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    dilation: Lengths = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the maxima of windows of sequences; the arguments are those of :func:`max_pool2d`."""
    return max_pool("max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 1)


@functional("max_pool2d_with_indices")
def max_pool2d(
    input: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    dilation: Lengths = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the maxima of windows of images; the first of ties gets the gradient.

    Parameters
    ----------
    input : Tensor or array, (N, C, H, W) or (C, H, W)
    kernel_size : int or pair
        The size of the windows.
    stride : int or pair, optional
        By how much windows move; their size by default.
    padding : int or pair
        The width of what is added around, and never the maximum.
    dilation : int or pair
        The distance between a window's elements.
    ceil_mode : bool
        Whether windows may reach beyond the end.
    return_indices : bool
        Whether to return the flat places of the maxima, too.

    Returns
    -------
    Tensor or array, or a pair of them

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.max_pool2d(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2)
    tensor([[[4.]]])
    """
    return max_pool("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 2)


@functional("max_pool3d_with_indices")
def max_pool3d(
    input: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    dilation: Lengths = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the maxima of windows of volumes; the arguments are those of :func:`max_pool2d`."""
    return max_pool("max_pool3d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3)


def unpool(
    name: str, x: Array, indices: Array, kernel: Any, stride: Any, padding: Any, output_size: Any, m: int
) -> Array:
    check_ndim(name, x, m)
    if x.shape != indices.shape:
        raise RuntimeError(f"{name}: input of size {list(x.shape)} and indices of {list(indices.shape)} must agree")
    kernels, cuts = spread(kernel, m, "kernel_size"), spread(padding, m, "padding")
    steps = kernels if stride is None or stride == [] else spread(stride, m, "stride")
    least = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(x.shape[-m:], steps, cuts, kernels, strict=True)]
    size = tuple(least) if output_size is None else tuple(output_size)[-m:]
    lead = x.shape[:-m]
    flat = np.reshape(indices, (*lead, -1))
    if isinstance(flat, np.ndarray) and flat.size and (flat.min() < 0 or flat.max() >= math.prod(size)):
        raise RuntimeError(f"{name}: found an invalid max index, for an output of size {list(size)}")
    y = np.zeros_like(x, shape=(*lead, math.prod(size)))
    grid = np.ix_(*[np.arange(n) for n in lead], np.zeros(1, int))[:-1]
    y[(*grid, flat)] = np.reshape(x, flat.shape)
    return np.reshape(y, (*lead, *size))


@functional("max_unpool2d")
def max_unpool1d(
    input: Array,
    indices: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    output_size: Any = None,
) -> Array:
    """Put maxima back to where :func:`max_pool1d` found them, among zeros."""
    return unpool("max_unpool1d", input, indices, kernel_size, stride, padding, output_size, 1)


@functional("max_unpool2d")
def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    output_size: Any = None,
) -> Array:
    """Put maxima back to where :func:`max_pool2d` found them, among zeros."""
    return unpool("max_unpool2d", input, indices, kernel_size, stride, padding, output_size, 2)


@functional("max_unpool3d")
def max_unpool3d(
    input: Array,
    indices: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    output_size: Any = None,
) -> Array:
    """Put maxima back to where :func:`max_pool3d` found them, among zeros."""
    return unpool("max_unpool3d", input, indices, kernel_size, stride, padding, output_size, 3)
