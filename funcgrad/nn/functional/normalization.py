"""Normalization: means and variances taken out, along one set of axes or another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional, write_back
from funcgrad.nn.functional.standardizing import CHANNELS, ROWS
from funcgrad.tensor.shell import unwrap
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]

# -- Weights and biases ----------------------------------------------------------------------------------------------


def with_defaults(x: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return weight and bias, or what changes nothing."""
    w = constant(np.ones(shape, x.dtype), x) if weight is None else weight
    return w, constant(np.zeros(shape, x.dtype), x) if bias is None else bias


def by_channel(x: Array, weight: Array | None, bias: Array | None, groups: int, eps: float) -> Array:
    """Normalize channels (N, C, ...): of each group of an example, or without groups of all examples."""
    w, b = with_defaults(x, weight, bias, (x.shape[1],))
    return CHANNELS(x, w, b, groups=groups, eps=eps)


def scaled(y: Array, weight: Array | None, bias: Array | None) -> Array:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def per_channel(x: Array | None, ndim: int) -> Array | None:
    return None if x is None else np.reshape(x, (-1,) + (1,) * (ndim - 2))


def check_channels(name: str, channels: int, **given: Array | None) -> None:
    for word, x in given.items():
        if x is not None and math.prod(x.shape) != channels:
            raise RuntimeError(f"{name}: {word} should contain {channels} elements not {math.prod(x.shape)}")


# -- The functions ---------------------------------------------------------------------------------------------------


@functional("native_batch_norm", raw="running_mean running_var")
def batch_norm(
    input: Array,
    running_mean: Any,
    running_var: Any,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Normalize each channel over the examples and places.

    Parameters
    ----------
    input : Tensor or array, (N, C, ...)
    running_mean, running_var : Tensor or array, (C,), or None
        What is used outside of training; in training, updated in place.
    weight, bias : Tensor or array, (C,), optional
        What the result is multiplied by, and added to.
    training : bool
        Whether to use the mean and variance of this input.
    momentum : float
        The weight of this input in the running mean and variance.
    eps : float
        Added to the variance.

    Returns
    -------
    Tensor or array

    Raises
    ------
    ValueError
        If in training there is only one value per channel.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.batch_norm(fg.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if input.ndim < 2:
        raise RuntimeError(f"batch_norm: expected at least 2 dimensions, but got {input.ndim}")
    channels = input.shape[1]
    check_channels("batch_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    w, b = per_channel(weight, input.ndim), per_channel(bias, input.ndim)
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("batch_norm: outside of training, running_mean and running_var must be given")
        mean, var = (per_channel(unwrap(x), input.ndim) for x in (running_mean, running_var))
        assert var is not None
        return scaled((input - mean) / np.sqrt(var + eps), w, b)
    axes = (0, *range(2, input.ndim))
    count = math.prod([input.shape[d] for d in axes])
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    update_running(running_mean, running_var, input, axes, momentum, count)
    return by_channel(input, weight, bias, 0, eps)


def update_running(mean: Any, var: Any, x: Array, axes: tuple[int, ...], momentum: float, count: int) -> None:
    if mean is None and var is None:
        return
    fixed = stop_gradient(x)
    if mean is not None:
        write_back(mean, unwrap(mean) * (1 - momentum) + np.mean(fixed, axis=axes) * momentum)
    if var is not None:
        unbiased = np.var(fixed, axis=axes) * (count / (count - 1))
        write_back(var, unwrap(var) * (1 - momentum) + unbiased * momentum)


@functional("native_layer_norm", floats="input")
def layer_norm(
    input: Array,
    normalized_shape: Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """Normalize over the last dimensions.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.layer_norm(fg.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    shape = checked_shape("layer_norm", input, normalized_shape, weight, bias)
    w, b = with_defaults(input, weight, bias, shape)
    return ROWS(input, w, b, eps=eps)


def checked_shape(name: str, x: Array, normalized: Sequence[int], *parameters: Array | None) -> tuple[int, ...]:
    shape = tuple(normalized)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"{name}: given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}]"
            f", but got input of size {list(x.shape)}"
        )
    for parameter in parameters:
        if parameter is not None and tuple(parameter.shape) != shape:
            raise RuntimeError(
                f"{name}: expected weight and bias of the normalized shape {list(shape)}, but got "
                f"{list(parameter.shape)}"
            )
    return shape


@functional("fused_rms_norm", floats="input")
def rms_norm(
    input: Array, normalized_shape: Sequence[int], weight: Array | None = None, eps: float | None = None
) -> Array:
    """Divide by the root of the mean square over the last dimensions."""
    shape = checked_shape("rms_norm", input, normalized_shape, weight)
    axes = tuple(range(-len(shape), 0))
    small = float(np.finfo(input.dtype).eps) if eps is None else eps
    return scaled(input / np.sqrt(np.mean(input * input, axis=axes, keepdims=True) + small), weight, None)


@functional("native_group_norm", floats="input")
def group_norm(
    input: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    """Normalize each group of channels of each example."""
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    channels = input.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    check_channels("group_norm", channels, weight=weight, bias=bias)
    check_several(input, math.prod(input.shape[2:]) * input.shape[0] * channels // num_groups)
    return by_channel(input, weight, bias, num_groups, eps)


def check_several(x: Array, count: int) -> None:
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(x.shape)}")


@functional("native_batch_norm", raw="running_mean running_var")
def instance_norm(
    input: Array,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Normalize each channel of each example over its places."""
    w, b = per_channel(weight, input.ndim), per_channel(bias, input.ndim)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats=False")
        mean, var = (per_channel(unwrap(x), input.ndim) for x in (running_mean, running_var))
        assert var is not None
        return scaled((input - mean) / np.sqrt(var + eps), w, b)
    count = math.prod(input.shape[2:])
    if count == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {list(input.shape)}")
    axes = tuple(range(2, input.ndim))
    fixed = stop_gradient(input)
    if running_mean is not None:
        mean = np.mean(np.mean(fixed, axis=axes), axis=0)
        write_back(running_mean, unwrap(running_mean) * (1 - momentum) + mean * momentum)
    if running_var is not None:
        unbiased = np.mean(np.var(fixed, axis=axes), axis=0) * (count / (count - 1))
        write_back(running_var, unwrap(running_var) * (1 - momentum) + unbiased * momentum)
    return by_channel(input, weight, bias, input.shape[1], eps)


@functional("div")
def local_response_norm(input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """Divide by a power of the mean square over neighbouring channels."""
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    widths = [(0, 0)] * input.ndim
    widths[1] = (size // 2, (size - 1) // 2)
    squares = np.pad(input * input, widths)
    channels = input.shape[1]
    total = squares[:, :channels]
    for start in range(1, size):
        total = total + squares[:, start : start + channels]
    return input / (total / size * alpha + k) ** beta
