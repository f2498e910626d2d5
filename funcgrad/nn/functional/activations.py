"""Activations that work on each element alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import functional, uniform
from funcgrad.nn.functional.elementwise import (
    CLIP,
    ELU,
    HARDSHRINK,
    HARDSWISH,
    LEAKY,
    LOGSIGMOID,
    NORMAL,
    SILU,
    SOFTPLUS,
    SOFTSHRINK,
    THRESHOLD,
)
from funcgrad.tensor.operators import relu as positive_part
from funcgrad.tensor.operators import sigmoid as logistic
from funcgrad.tensor.overwriting import update
from funcgrad.tensor.shell import Base

__all__ = [
    *("celu", "celu_", "elu", "elu_", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_"),
    *("leaky_relu", "leaky_relu_", "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_", "rrelu", "rrelu_"),
    *("selu", "selu_", "sigmoid", "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink"),
    *("threshold", "threshold_"),
]

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

# -- In place ------------------------------------------------------------------------------------------------------


def apply(function: Callable[..., Any], x: Any, inplace: bool, *options: Any) -> Any:
    """Return what a function makes of `x`, or `x` after it has become that."""
    if not inplace:
        return function(x, *options)
    if isinstance(x, Base):
        update(x, lambda private: function(private, *options), f"{function.__name__}_")
    else:
        x[...] = function(x, *options)
    return x


# -- Rectifiers ----------------------------------------------------------------------------------------------------


@functional("relu")
def rectified(x: Array) -> Array:
    return positive_part(x)


def relu(input: Array, inplace: bool = False) -> Any:
    """Return the positive part.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.relu(fg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return apply(rectified, input, inplace)


def relu_(input: Array) -> Any:
    """Take the positive part in place."""
    return relu(input, inplace=True)


@functional("hardtanh")
def clip(x: Array, low: float, high: float) -> Array:
    return CLIP(x, low=low, high=high)


def relu6(input: Array, inplace: bool = False) -> Any:
    """Limit the elements to the interval from 0 to 6."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """Limit the elements to an interval."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return apply(clip, input, inplace, min_val, max_val)


def hardtanh_(input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """Limit the elements to an interval, in place."""
    return hardtanh(input, min_val, max_val, inplace=True)


@functional("leaky_relu")
def leaky(x: Array, slope: float) -> Array:
    return LEAKY(x, slope=slope)


def leaky_relu(input: Array, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """Multiply negative elements by a slope."""
    return apply(leaky, input, inplace, negative_slope)


def leaky_relu_(input: Array, negative_slope: float = 0.01) -> Any:
    """Multiply negative elements by a slope, in place."""
    return leaky_relu(input, negative_slope, inplace=True)


@functional("prelu_kernel", alike=("input", "weight"))
def prelu(input: Array, weight: Array) -> Array:
    """Multiply negative elements by a learned slope, one for all or one per channel (dimension 1)."""
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: expected weight to be a scalar or 1D, but got {weight.ndim}D")
    size = weight.size
    if size != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if input.ndim == 0 or channels != size:
            raise RuntimeError(
                f"prelu: the number of weights must be 1 or that of the channels, but got {size} and {channels}"
            )
    shape = (1,) * min(input.ndim, 1) + (size,) * (input.ndim > 1) + (1,) * (input.ndim - 2)
    slope = np.reshape(weight, shape if size != 1 else ())
    return np.where(input > 0, input, slope * input)


@functional("rrelu_with_noise")
def random_slopes(x: Array, lower: float, upper: float) -> Array:
    return np.where(x >= 0, x, x * uniform(x.shape, x, lower, upper))


def rrelu(
    input: Array, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Any:
    """Multiply negative elements by random slopes in training, by the mean slope otherwise."""
    if lower > upper:
        raise RuntimeError(f"rrelu: the lower bound {lower} is above the upper one {upper}")
    if training:
        return apply(random_slopes, input, inplace, lower, upper)
    return apply(leaky, input, inplace, (lower + upper) / 2)


def rrelu_(input: Array, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Any:
    """Multiply negative elements by random slopes, in place."""
    return rrelu(input, lower, upper, training, inplace=True)


@functional("elu", floats="x")
def exponential_below(x: Array, alpha: float, scale: float = 1.0, rate: float = 1.0) -> Array:
    return ELU(x, alpha=alpha, scale=scale, rate=rate)


def elu(input: Array, alpha: float = 1.0, inplace: bool = False) -> Any:
    """Return ``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere."""
    return apply(exponential_below, input, inplace, alpha)


def elu_(input: Array, alpha: float = 1.0) -> Any:
    """Apply :func:`elu` in place."""
    return elu(input, alpha, inplace=True)


def selu(input: Array, inplace: bool = False) -> Any:
    """Apply the scaled :func:`elu` that keeps means and variances."""
    return apply(exponential_below, input, inplace, SELU_ALPHA, SELU_SCALE)


def selu_(input: Array) -> Any:
    """Apply :func:`selu` in place."""
    return selu(input, inplace=True)


def celu(input: Array, alpha: float = 1.0, inplace: bool = False) -> Any:
    """Return ``x`` where positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere."""
    if alpha == 0:
        raise RuntimeError("celu: alpha must not be zero")
    return apply(exponential_below, input, inplace, alpha, 1.0, 1 / alpha)


def celu_(input: Array, alpha: float = 1.0) -> Any:
    """Apply :func:`celu` in place."""
    return celu(input, alpha, inplace=True)


@functional("threshold")
def replaced_below(x: Array, bound: float, value: float) -> Array:
    return THRESHOLD(x, bound=bound, value=value)


def threshold(input: Array, threshold: float, value: float, inplace: bool = False) -> Any:
    """Replace elements that are not above a threshold by a value."""
    return apply(replaced_below, input, inplace, threshold, value)


def threshold_(input: Array, threshold: float, value: float) -> Any:
    """Replace elements that are not above a threshold, in place."""
    return apply(replaced_below, input, True, threshold, value)


# -- Smooth ones ---------------------------------------------------------------------------------------------------


@functional("gelu", floats="input")
def gelu(input: Array, approximate: str = "none") -> Array:
    """Multiply by the normal distribution function, or by its approximation through tanh (``"tanh"``).

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.gelu(fg.tensor([-1.0, 1.0]))
    tensor([-0.1587,  0.8413])
    """
    if approximate == "none":
        return input * NORMAL(input)  # the factor is kept: it costs more than all the rest
    if approximate != "tanh":
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    inner = math.sqrt(2 / math.pi) * (input + 0.044715 * (input * input * input))
    return 0.5 * input * (1 + np.tanh(inner))


@functional("silu", floats="x")
def swished(x: Array) -> Array:
    return SILU(x)


def silu(input: Array, inplace: bool = False) -> Any:
    """Return ``x * sigmoid(x)``."""
    return apply(swished, input, inplace)


@functional("mish", floats="x")
def mished(x: Array) -> Array:
    return x * np.tanh(SOFTPLUS(x))


def mish(input: Array, inplace: bool = False) -> Any:
    """Return ``x * tanh(softplus(x))``."""
    return apply(mished, input, inplace)


@functional("softplus", floats="input")
def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """Return ``log(1 + exp(beta * x)) / beta``, and ``x`` itself where ``beta * x`` is above the threshold.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.softplus(fg.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """
    return SOFTPLUS(input, beta=beta, threshold=threshold)


@functional("sigmoid", reals="input")
def sigmoid(input: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``."""
    return logistic(input)


@functional("log_sigmoid", floats="input")
def logsigmoid(input: Array) -> Array:
    """Return the logarithm of the sigmoid function."""
    return LOGSIGMOID(input)


@functional("tanh", reals="input")
def tanh(input: Array) -> Array:
    """Return the hyperbolic tangent."""
    return np.tanh(input)


@functional("sub", reals="input")
def tanhshrink(input: Array) -> Array:
    """Return ``x - tanh(x)``."""
    return input - np.tanh(input)


@functional("div", reals="input")
def softsign(input: Array) -> Array:
    """Return ``x / (1 + |x|)``."""
    return input / (1 + np.abs(input))


@functional("softshrink", floats="input")
def softshrink(input: Array, lambd: float = 0.5) -> Array:
    """Move the elements towards zero by `lambd`, but not beyond."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return SOFTSHRINK(input, lambd=lambd)


@functional("hardshrink", floats="input")
def hardshrink(input: Array, lambd: float = 0.5) -> Array:
    """Set to zero what is not further from it than `lambd`."""
    return HARDSHRINK(input, lambd=lambd)


@functional("hardsigmoid", floats="x")
def straight_sigmoid(x: Array) -> Array:
    return CLIP(x, low=-3.0, high=3.0) / 6 + 0.5


def hardsigmoid(input: Array, inplace: bool = False) -> Any:
    """Return ``x / 6 + 1 / 2``, limited to the interval from 0 to 1."""
    return apply(straight_sigmoid, input, inplace)


@functional("hardswish", floats="x")
def straight_swish(x: Array) -> Array:
    return HARDSWISH(x)


def hardswish(input: Array, inplace: bool = False) -> Any:
    """Return ``x`` times :func:`hardsigmoid` of it."""
    return apply(straight_swish, input, inplace)
