"""Pooling with windows whose places are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional, on_host, uniform
from funcgrad.nn.functional.convolution import spread
from funcgrad.nn.functional.pooling import take_flat
from funcgrad.rules.maxima import lowest
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]


def starts(n: int, kernel: int, count: int, draws: Array) -> Array:
    """Return where windows begin along a dimension of `n` places, for each draw: the last one ends it."""
    places = np.full((*draws.shape, count), n - kernel)
    if count > 1:
        step = (n - kernel) / (count - 1)
        shift = draws[..., None].astype(np.float64)
        places[..., :-1] = ((np.arange(count - 1) + shift) * step).astype(int) - (shift * step).astype(int)
    return places


def pooled(
    name: str, x: Array, kernel: Any, output_size: Any, output_ratio: Any, both: bool, samples: Any, m: int
) -> Any:
    if x.ndim not in (m + 1, m + 2):
        raise RuntimeError(f"{name}: expected {m + 1}D or {m + 2}D input, but got input of size {list(x.shape)}")
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if output_size is None:
        ratios = (output_ratio,) * m if isinstance(output_ratio, int | float) else tuple(output_ratio)
        output_size = [int(n * ratio) for n, ratio in zip(x.shape[-m:], ratios, strict=True)]
    if x.ndim == m + 1:
        result = pooled(name, x[None], kernel, output_size, None, both, samples, m)
        return tuple([part[0] for part in result]) if both else result[0]
    window, counts = spread(kernel, m, "kernel_size"), spread(output_size, m, "output_size")
    sizes = x.shape[2:]
    spare = int(m == 3)  # PyTorch leaves a place of volumes free
    if any(c < 1 or c + k - 1 > n - spare for c, k, n in zip(counts, window, sizes, strict=True)):
        free = " with a place to spare" if spare else ""
        raise RuntimeError(f"{name}: {list(counts)} windows of size {list(window)} do not fit into {list(sizes)}{free}")
    draws = on_host(samples) if samples is not None else on_host(uniform((*x.shape[:2], m), x))
    order = range(m) if m == 3 else reversed(range(m))  # which draw belongs to which dimension, as in PyTorch
    begin = [starts(sizes[d], window[d], counts[d], draws[..., i]) for d, i in enumerate(order)]
    index = largest_in(stop_gradient(x), begin, window)
    values = take_flat(x, index, m)
    return (values, index) if both else values


def largest_in(x: Array, begin: Sequence[Array], window: tuple[int, ...]) -> Array:
    """Return the flat place of the largest element of every window."""
    m, sizes = len(window), x.shape[2:]
    rows = np.reshape(x, (*x.shape[:2], math.prod(sizes)))
    best: Any = None
    index: Any = None
    for place in np.ndindex(*window):
        flat: Any = 0
        for d in range(m):
            shape = [-1 if e == d else 1 for e in range(m)]
            flat = flat * sizes[d] + np.reshape(begin[d] + place[d], (*x.shape[:2], *shape))
        numbers = constant(flat, x)
        values = np.reshape(np.take_along_axis(rows, np.reshape(numbers, (*x.shape[:2], -1)), axis=2), flat.shape)
        if best is None:
            best, index = np.full_like(values, lowest(values.dtype)), numbers
        better = (values > best) | (values != values)
        best, index = np.where(better, values, best), np.where(better, numbers, index)
    return index


@functional("fractional_max_pool2d")
def fractional_max_pool2d(
    input: Array,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """Return the maxima of windows of images, at places drawn such that there are as many as asked for.

    Parameters
    ----------
    input : Tensor or array, (N, C, H, W) or (C, H, W)
    kernel_size : int or pair
        The size of the windows.
    output_size : int or pair, optional
        How many windows; this or `output_ratio` is needed.
    output_ratio : float or pair, optional
        How many windows, as a part of the input's size.
    return_indices : bool
        Whether to return the flat places of the maxima, too.

    Returns
    -------
    Tensor or array, or a pair of them
    """
    args = (kernel_size, output_size, output_ratio, return_indices, _random_samples)
    return pooled("fractional_max_pool2d", input, *args, 2)


@functional("fractional_max_pool3d")
def fractional_max_pool3d(
    input: Array,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """Return the maxima of windows of volumes; the arguments are those of :func:`fractional_max_pool2d`.

    As in PyTorch, the windows leave a place of each dimension free.
    """
    args = (kernel_size, output_size, output_ratio, return_indices, _random_samples)
    return pooled("fractional_max_pool3d", input, *args, 3)
