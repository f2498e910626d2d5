"""Pooling: means and norms of windows."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional
from funcgrad.nn.functional.convolution import Lengths, spread
from funcgrad.nn.functional.pooling import Windows, check_ndim
from funcgrad.rules.windows import window_sum

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d"]

# -- Means -----------------------------------------------------------------------------------------------------------


def avg_pool(
    name: str, x: Array, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, include: bool, divisor: Any, m: int
) -> Array:
    check_ndim(name, x, m)
    if divisor == 0:
        raise RuntimeError(f"{name}: divisor must be not zero")
    windows = Windows(name, x.shape[-m:], kernel, stride, padding, 1, ceil_mode)
    total = window_sum(windows.padded(x, 0), window=windows.kernel, stride=windows.stride)
    total = total[(..., *[slice(count) for count in windows.counts])]
    if divisor is not None:
        return total / divisor
    whole = math.prod(windows.kernel)
    counts = window_counts(windows, include)
    return total / whole if np.all(counts == whole) else total / constant(counts.astype(x.dtype), x)


def window_counts(windows: Windows, include: bool) -> Array:
    """Return how many elements each window has, with the padding or without."""
    along = []
    for n, k, s, p, c in zip(
        windows.size, windows.kernel, windows.stride, windows.padding, windows.counts, strict=True
    ):
        start = np.arange(c) * s - p
        end = np.minimum(start + k, n + p)
        along.append(end - start if include else np.minimum(end, n) - np.maximum(start, 0))
    return functools.reduce(np.multiply.outer, along)


@functional("avg_pool1d")
def avg_pool1d(
    input: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the means of windows of sequences."""
    return avg_pool("avg_pool1d", input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)


@functional("avg_pool2d")
def avg_pool2d(
    input: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the means of windows of images.

    Parameters
    ----------
    input : Tensor or array, (N, C, H, W) or (C, H, W)
    kernel_size, stride, padding, ceil_mode
        As in :func:`max_pool2d`; the padding is with zeros.
    count_include_pad : bool
        Whether the zeros count.
    divisor_override : int, optional
        What to divide by instead of the number of elements.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.avg_pool2d(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2)
    tensor([[[2.5000]]])
    """
    args = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pool("avg_pool2d", input, *args, 2)


@functional("avg_pool3d")
def avg_pool3d(
    input: Array,
    kernel_size: Lengths,
    stride: Any = None,
    padding: Lengths = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the means of windows of volumes."""
    args = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pool("avg_pool3d", input, *args, 3)


# -- Norms -----------------------------------------------------------------------------------------------------------


def lp_pool(name: str, x: Array, p: float, kernel: Any, stride: Any, ceil_mode: bool, m: int) -> Array:
    windows = math.prod(spread(kernel, m, "kernel_size"))
    total = avg_pool(name, x**p, kernel, stride, 0, ceil_mode, True, None, m) * windows
    positive = total > 0
    return np.where(positive, np.where(positive, total, 1) ** (1.0 / p), 0)


@functional("pow")
def lp_pool1d(input: Array, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Array:
    """Return the roots of the sums of powers over windows of sequences."""
    return lp_pool("lp_pool1d", input, norm_type, kernel_size, stride, ceil_mode, 1)


@functional("pow")
def lp_pool2d(
    input: Array, norm_type: float, kernel_size: Lengths, stride: Any = None, ceil_mode: bool = False
) -> Array:
    """Return the roots of the sums of powers over windows of images."""
    return lp_pool("lp_pool2d", input, norm_type, kernel_size, stride, ceil_mode, 2)


@functional("pow")
def lp_pool3d(
    input: Array, norm_type: float, kernel_size: Lengths, stride: Any = None, ceil_mode: bool = False
) -> Array:
    """Return the roots of the sums of powers over windows of volumes."""
    return lp_pool("lp_pool3d", input, norm_type, kernel_size, stride, ceil_mode, 3)
