"""Pooling by maxima that returns their places, too."""

from __future__ import annotations

from typing import Any

from funcgrad.nn.functional.adaptive import adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
from funcgrad.nn.functional.fractional import fractional_max_pool2d, fractional_max_pool3d
from funcgrad.nn.functional.pooling import max_pool1d, max_pool2d, max_pool3d

__all__ = [
    *("adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices"),
    *("fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices"),
    *("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices"),
]


def max_pool1d_with_indices(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:
    """Return the maxima of :func:`max_pool1d` and their flat places."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:
    """Return the maxima of :func:`max_pool2d` and their flat places."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:
    """Return the maxima of :func:`max_pool3d` and their flat places."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def adaptive_max_pool1d_with_indices(
    input: Any,
    output_size: Any,
    return_indices: bool = True,
) -> Any:
    """Return the maxima of :func:`adaptive_max_pool1d` and their flat places."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(
    input: Any,
    output_size: Any,
    return_indices: bool = True,
) -> Any:
    """Return the maxima of :func:`adaptive_max_pool2d` and their flat places."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(
    input: Any,
    output_size: Any,
    return_indices: bool = True,
) -> Any:
    """Return the maxima of :func:`adaptive_max_pool3d` and their flat places."""
    return adaptive_max_pool3d(input, output_size, True)


def fractional_max_pool2d_with_indices(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = True,
    _random_samples: Any = None,
) -> Any:
    """Return the maxima of :func:`fractional_max_pool2d` and their flat places."""
    return fractional_max_pool2d(input, kernel_size, output_size, output_ratio, True, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = True,
    _random_samples: Any = None,
) -> Any:
    """Return the maxima of :func:`fractional_max_pool3d` and their flat places."""
    return fractional_max_pool3d(input, kernel_size, output_size, output_ratio, True, _random_samples)
