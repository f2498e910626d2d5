"""Convolutions and their transposes in one, two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Linear
from funcgrad.nn.functional.adapter import functional
from funcgrad.rules.convolution import convolution, convolution_transpose

__all__ = [
    *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    "spread",
]

Lengths: TypeAlias = int | Sequence[int]

OPERANDS = ("input", "weight", "bias")


def spread(x: Any, count: int, name: str) -> tuple[int, ...]:
    """Return one length per dimension of what may be given as one for all."""
    if isinstance(x, int | np.integer):
        return (int(x),) * count
    lengths = tuple(int(n) for n in x)
    if len(lengths) == 1:
        return lengths * count
    if len(lengths) != count:
        raise RuntimeError(f"expected {name} to be a single integer or a list of {count}, but got {list(x)}")
    return lengths


def checked(name: str, x: Array, w: Array, m: int) -> None:
    if w.ndim != m + 2:
        raise RuntimeError(f"{name}: expected a weight with {m + 2} dimensions, but got one of size {list(w.shape)}")
    if x.ndim not in (m + 1, m + 2):
        raise RuntimeError(
            f"{name}: expected {m + 1}D (unbatched) or {m + 2}D (batched) input, but got input of size {list(x.shape)}"
        )


def check_steps(name: str, **steps: tuple[int, ...]) -> None:
    for word, lengths in steps.items():
        least = 0 if word == "padding" else 1
        if min(lengths) < least:
            raise RuntimeError(f"{name}: {word} must be at least {least}, but got {list(lengths)}")


def pad_places(x: Array, widths: Sequence[tuple[int, int]]) -> Array:
    """Put zeros around the last dimensions."""
    if not any(map(any, widths)):
        return x
    return np.pad(x, [(0, 0)] * (x.ndim - len(widths)) + [tuple(width) for width in widths])


def add_bias(y: Array, bias: Array | None, name: str) -> Array:
    if bias is None:
        return y
    if bias.ndim != 1 or bias.shape[0] != y.shape[1]:
        raise RuntimeError(
            f"{name}: expected bias to be 1-dimensional with {y.shape[1]} elements, but got size {list(bias.shape)}"
        )
    return SHIFTED(y, bias)


def shifted(y: Array, bias: Array) -> Array:
    """Add a number per channel."""
    return y + np.reshape(bias, (-1,) + (1,) * (y.ndim - 2))


def channel_sums(g: Array, i: int) -> Array:
    if i == 0:
        return g
    n, channels = g.shape[:2]
    sums = np.ones_like(g, shape=(n,)) @ np.reshape(g, (n, math.prod(g.shape[1:])))
    return np.sum(np.reshape(sums, (channels, math.prod(g.shape[2:]))), axis=1)


def batch_shifted(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    y, bias = xs
    if batched[1]:
        shape = y.shape[batched[0] :]
        return (y if batched[0] else y[None]) + np.reshape(bias, (size, 1, shape[1]) + (1,) * (len(shape) - 2))
    many: Array = primitive.run(np.reshape(y, (size * y.shape[1], *y.shape[2:])), bias)
    return np.reshape(many, y.shape)


#: One node where a reshaped bias would be two, whose gradient is a product with ones.
SHIFTED = Linear(shifted, channel_sums, variadic=True, name="convolution", own=True, batch=batch_shifted)


def convolve(
    x: Array, w: Array, bias: Array | None, stride: Any, padding: Any, dilation: Any, groups: int, m: int
) -> Array:
    name = f"conv{m}d"
    checked(name, x, w, m)
    steps, gaps = spread(stride, m, "stride"), spread(dilation, m, "dilation")
    check_steps(name, stride=steps, dilation=gaps)
    widths = paddings(name, padding, w.shape[2:], steps, gaps)
    if not x.ndim - m - 1:
        return convolve(x[None], w, bias, stride, padding, dilation, groups, m)[0]
    if groups < 1 or w.shape[0] % groups:
        raise RuntimeError(f"{name}: the number of output channels, {w.shape[0]}, must be divisible by groups={groups}")
    if x.shape[1] != w.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(w.shape)}, expected input{list(x.shape)} to have "
            f"{w.shape[1] * groups} channels, but got {x.shape[1]} channels instead"
        )
    x = pad_places(x, widths)
    reach = [d * (k - 1) + 1 for k, d in zip(w.shape[2:], gaps, strict=True)]
    if any(n < r for n, r in zip(x.shape[2:], reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size: {list(x.shape[2:])}. Kernel size: {reach}. Kernel size can't be greater "
            "than actual input size"
        )
    return add_bias(convolution(x, w, stride=steps, dilation=gaps, groups=groups), bias, name)


def paddings(
    name: str, padding: Any, kernel: Sequence[int], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> list[tuple[int, int]]:
    """Return the width of zeros before and behind each dimension."""
    if padding == "valid":
        return [(0, 0)] * len(stride)
    if padding == "same":
        if max(stride) > 1:
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if isinstance(padding, str):
        raise RuntimeError(f"{name}: padding must be 'valid', 'same' or a length, but got {padding!r}")
    widths = spread(padding, len(stride), "padding")
    check_steps(name, padding=widths)
    return [(width, width) for width in widths]


@functional("convolution", alike=OPERANDS)
def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Lengths = 1,
    padding: str | Lengths = 0,
    dilation: Lengths = 1,
    groups: int = 1,
) -> Array:
    """Convolve sequences; the arguments are those of :func:`conv2d`."""
    return convolve(input, weight, bias, stride, padding, dilation, groups, 1)


@functional("convolution", alike=OPERANDS)
def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Lengths = 1,
    padding: str | Lengths = 0,
    dilation: Lengths = 1,
    groups: int = 1,
) -> Array:
    """Convolve images (without turning the kernel round, as neural networks do).

    Parameters
    ----------
    input : Tensor or array, (N, C, H, W) or (C, H, W)
    weight : Tensor or array, (features, C / groups, kernel height, kernel width)
    bias : Tensor or array, (features,), optional
    stride : int or pair
        By how much the kernel moves.
    padding : int, pair, ``"valid"`` or ``"same"``
        The width of zeros around the image; ``"same"`` keeps its size.
    dilation : int or pair
        The distance between the kernel's elements.
    groups : int
        Into how many groups the channels are divided, each with features of its own.

    Returns
    -------
    Tensor or array
        The features, (N, features, height, width).

    Raises
    ------
    RuntimeError
        If shapes, or dtypes of tensors, do not fit.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.conv2d(fg.ones(1, 1, 3, 3), fg.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return convolve(input, weight, bias, stride, padding, dilation, groups, 2)


@functional("convolution", alike=OPERANDS)
def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Lengths = 1,
    padding: str | Lengths = 0,
    dilation: Lengths = 1,
    groups: int = 1,
) -> Array:
    """Convolve volumes; the arguments are those of :func:`conv2d`."""
    return convolve(input, weight, bias, stride, padding, dilation, groups, 3)


# -- Transposes ------------------------------------------------------------------------------------------------------


def convolve_back(
    x: Array,
    w: Array,
    bias: Array | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
    m: int,
) -> Array:
    name = f"conv_transpose{m}d"
    checked(name, x, w, m)
    if not x.ndim - m - 1:
        return convolve_back(x[None], w, bias, stride, padding, output_padding, groups, dilation, m)[0]
    steps, gaps = spread(stride, m, "stride"), spread(dilation, m, "dilation")
    cuts, more = spread(padding, m, "padding"), spread(output_padding, m, "output_padding")
    check_steps(name, stride=steps, dilation=gaps, padding=cuts)
    if groups < 1 or w.shape[0] % groups:
        raise RuntimeError(f"{name}: the number of input channels, {w.shape[0]}, must be divisible by groups={groups}")
    if x.shape[1] != w.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(w.shape)}, expected input{list(x.shape)} to have {w.shape[0]} "
            f"channels, but got {x.shape[1]} channels instead"
        )
    if any(n < 0 or n >= max(s, d) for n, s, d in zip(more, steps, gaps, strict=True)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding={list(more)}, "
            f"stride={list(steps)}, dilation={list(gaps)}"
        )
    lengths = zip(x.shape[2:], w.shape[2:], steps, gaps, more, strict=True)
    size = tuple([(n - 1) * s + d * (k - 1) + 1 + extra for n, k, s, d, extra in lengths])
    if any(n <= 2 * cut for n, cut in zip(size, cuts, strict=True)):
        raise RuntimeError(
            f"{name}: the output would be empty: its size of {list(size)} without padding={list(cuts)} at both ends"
        )
    beyond = [max(extra - s + 1, 0) for extra, s in zip(more, steps, strict=True)]  # where the kernel would fit again
    reached = tuple([n - zeros for n, zeros in zip(size, beyond, strict=True)])
    y = convolution_transpose(x, w, stride=steps, dilation=gaps, groups=groups, size=reached)
    y = pad_places(y, [(0, zeros) for zeros in beyond])
    if any(cuts):
        y = y[(slice(None), slice(None), *[slice(cut, n - cut) for n, cut in zip(size, cuts, strict=True)])]
    return add_bias(y, bias, name)


@functional("convolution", alike=OPERANDS)
def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Lengths = 1,
    padding: Lengths = 0,
    output_padding: Lengths = 0,
    groups: int = 1,
    dilation: Lengths = 1,
) -> Array:
    """Apply the transpose of :func:`conv1d`; the arguments are those of :func:`conv_transpose2d`."""
    return convolve_back(input, weight, bias, stride, padding, output_padding, groups, dilation, 1)


@functional("convolution", alike=OPERANDS)
def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Lengths = 1,
    padding: Lengths = 0,
    output_padding: Lengths = 0,
    groups: int = 1,
    dilation: Lengths = 1,
) -> Array:
    """Apply the transpose of :func:`conv2d`: what its derivative with respect to the input does.

    Parameters
    ----------
    input : Tensor or array, (N, C, H, W) or (C, H, W)
    weight : Tensor or array, (C, features / groups, kernel height, kernel width)
    bias : Tensor or array, (features,), optional
    stride, padding, dilation : int or pair
        Those of the convolution whose transpose this is.
    output_padding : int or pair
        By how much the output is larger than the smallest that fits.
    groups : int
        Into how many groups the channels are divided.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.conv_transpose2d(fg.ones(1, 1, 1, 1), fg.ones(1, 1, 2, 2))
    tensor([[[[1., 1.],
              [1., 1.]]]])
    """
    return convolve_back(input, weight, bias, stride, padding, output_padding, groups, dilation, 2)


@functional("convolution", alike=OPERANDS)
def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Lengths = 1,
    padding: Lengths = 0,
    output_padding: Lengths = 0,
    groups: int = 1,
    dilation: Lengths = 1,
) -> Array:
    """Apply the transpose of :func:`conv3d`; the arguments are those of :func:`conv_transpose2d`."""
    return convolve_back(input, weight, bias, stride, padding, output_padding, groups, dilation, 3)
