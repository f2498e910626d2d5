"""Pooling to a given size: the windows are as large as they need to be."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional
from funcgrad.nn.functional.convolution import Lengths
from funcgrad.nn.functional.pooling import Ints, check_ndim, first_places, largest, take_flat
from funcgrad.rules.windows import window_sum
from funcgrad.transforms.gradient import stop_gradient

__all__ = [
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
    *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
]


def sizes(name: str, x: Array, output_size: Any, m: int) -> Ints:
    """Return the size of the output, where None keeps the input's."""
    check_ndim(name, x, m)
    wanted = (output_size,) * m if output_size is None or isinstance(output_size, int) else tuple(output_size)
    if len(wanted) != m:
        raise RuntimeError(f"{name}: output_size must be an int or have {m} elements, but got {list(wanted)}")
    return tuple([n if k is None else int(k) for n, k in zip(x.shape[-m:], wanted, strict=True)])


def ranges(n: int, count: int) -> list[tuple[int, int]]:
    """Divide `n` places into `count` ranges, which may overlap by one."""
    return [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


def adaptive_avg(name: str, x: Array, output_size: Any, m: int) -> Array:
    wanted = sizes(name, x, output_size, m)
    if all(k == 1 for k in wanted) and math.prod(x.shape[-m:]):
        return np.mean(x, axis=tuple(range(-m, 0)), keepdims=True)
    if all(k and n % k == 0 for n, k in zip(x.shape[-m:], wanted, strict=True)):
        window = tuple([n // k for n, k in zip(x.shape[-m:], wanted, strict=True)])
        return window_sum(x, window=window, stride=window) / math.prod(window)
    for axis, count in enumerate(wanted, x.ndim - m):
        means = np.zeros((x.shape[axis], count), x.dtype)
        for i, (start, end) in enumerate(ranges(x.shape[axis], count)):
            means[start:end, i] = 1 / (end - start)
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ constant(means, x), -1, axis)
    return x


def adaptive_max(name: str, x: Array, output_size: Any, both: bool, m: int) -> Any:
    wanted = sizes(name, x, output_size, m)
    reads = []  # per dimension: the places that each output sees; a last one is repeated
    for n, count in zip(x.shape[-m:], wanted, strict=True):
        bounds = ranges(n, count)
        longest = max([end - start for start, end in bounds], default=0)
        reads.append([np.array([min(start + k, end - 1) for start, end in bounds], int) for k in range(longest)])
    fixed = stop_gradient(x)
    numbers = np.arange(math.prod(x.shape[-m:])).reshape(x.shape[-m:])
    grids = [np.ix_(*places) for places in itertools.product(*reads)]
    parts = ((fixed[(..., *grid)], numbers[grid]) for grid in grids)
    first = first_places([places[0] for places in reads], x.shape[-m:])
    index = largest(parts, first, x)
    values = take_flat(x, index, m)
    return (values, index) if both else values


@functional("squeeze")
def adaptive_avg_pool1d(input: Array, output_size: Lengths) -> Array:
    """Average sequences to a given length."""
    return adaptive_avg("adaptive_avg_pool1d", input, output_size, 1)


@functional("adaptive_avg_pool2d")
def adaptive_avg_pool2d(input: Array, output_size: Any) -> Array:
    """Average images to a given size, in which None keeps the input's.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.adaptive_avg_pool2d(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]), (None, 1))
    tensor([[[1.5000],
             [3.5000]]])
    """
    return adaptive_avg("adaptive_avg_pool2d", input, output_size, 2)


@functional("adaptive_avg_pool3d")
def adaptive_avg_pool3d(input: Array, output_size: Any) -> Array:
    """Average volumes to a given size."""
    return adaptive_avg("adaptive_avg_pool3d", input, output_size, 3)


@functional("squeeze")
def adaptive_max_pool1d(input: Array, output_size: Lengths, return_indices: bool = False) -> Any:
    """Return maxima of sequences, as many as given."""
    return adaptive_max("adaptive_max_pool1d", input, output_size, return_indices, 1)


@functional("adaptive_max_pool2d")
def adaptive_max_pool2d(input: Array, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima of images in a given size."""
    return adaptive_max("adaptive_max_pool2d", input, output_size, return_indices, 2)


@functional("adaptive_max_pool3d")
def adaptive_max_pool3d(input: Array, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima of volumes in a given size."""
    return adaptive_max("adaptive_max_pool3d", input, output_size, return_indices, 3)
