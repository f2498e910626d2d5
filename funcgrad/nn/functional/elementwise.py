"""Primitives of activations: one node with PyTorch's name each, and one pass over the data.

The second derivative is that of the rule's text. At a kink the derivative is PyTorch's choice.
"""

from __future__ import annotations

import math

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.core.selecting import choose
from funcgrad.nn.functional.erf import erf
from funcgrad.tensor.operators import sigmoid as logistic

__all__ = [
    *("CLIP", "ELU", "HARDSHRINK", "HARDSWISH", "LEAKY", "LOGSIGMOID", "NORMAL", "SILU", "SOFTPLUS", "SOFTSHRINK"),
    "THRESHOLD",
]


def slopes(x: Array, slope: float = 0.01) -> Array:
    return choose(x > 0, x, x * slope)


def exponential(x: Array, alpha: float = 1.0, scale: float = 1.0, rate: float = 1.0) -> Array:
    """Linear above zero, exponential below."""
    return choose(x > 0, x * scale, np.expm1(np.minimum(x, 0) * rate) * (alpha * scale))


def exponential_partial(g: Array, x: Array, alpha: float, scale: float, rate: float) -> Array:
    below = g * (np.exp(np.minimum(x, 0) * rate) * (alpha * scale * rate))
    return choose(x > 0, g * scale, below)


def soft_maximum(x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    scaled = x * beta
    return choose(scaled > threshold, x, np.log1p(np.exp(np.minimum(scaled, threshold))) / beta)


def soft_maximum_partial(g: Array, x: Array, beta: float, threshold: float) -> Array:
    return choose(x * beta > threshold, g, g * logistic(x * beta))


def clipped(x: Array, low: float = -1.0, high: float = 1.0) -> Array:
    return np.clip(x, low, high)


def above(x: Array, bound: float, value: float) -> Array:
    return np.where(x <= bound, value, x)


def shrunk(x: Array, lambd: float = 0.5) -> Array:
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, x * 0))


def cut(x: Array, lambd: float = 0.5) -> Array:
    return choose((x < -lambd) | (x > lambd) | (x != x), x, 0)


def swish(x: Array) -> Array:
    return x * logistic(x)


def swish_partial(g: Array, x: Array) -> Array:
    s = logistic(x)
    return g * (s * (1 + x * (1 - s)))


def log_logistic(x: Array) -> Array:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def normal_distribution(x: Array) -> Array:
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


def normal_density(g: Array, x: Array) -> Array:
    return g * (np.exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi)))


def straight_swish(x: Array) -> Array:
    return x * (np.clip(x + 3, 0, 6) / 6)


def straight_swish_partial(g: Array, x: Array) -> Array:
    return choose(x >= 3, g, choose(x > -3, g * (x / 3 + 0.5), 0))


def inside(g: Array, x: Array, low: float, high: float) -> Array:
    return choose(~((x <= low) | (x >= high)), g, 0)


LEAKY = Elementwise(slopes, lambda g, x, slope: choose(x > 0, g, g * slope), name="leaky_relu", own=True)
ELU = Elementwise(exponential, exponential_partial, name="elu", own=True)
SOFTPLUS = Elementwise(soft_maximum, soft_maximum_partial, name="softplus", own=True)
CLIP = Elementwise(clipped, inside, name="hardtanh", own=True)
THRESHOLD = Elementwise(
    above, lambda g, x, bound: choose(~(x <= bound), g, 0), name="threshold", own=True, ignore="value"
)
SOFTSHRINK = Elementwise(
    shrunk, lambda g, x, lambd: choose(~((x >= -lambd) & (x <= lambd)), g, 0), name="softshrink", own=True
)
HARDSHRINK = Elementwise(
    cut, lambda g, x, lambd: choose(~((x >= -lambd) & (x <= lambd)), g, 0), name="hardshrink", own=True
)
SILU = Elementwise(swish, swish_partial, name="silu", own=True)
LOGSIGMOID = Elementwise(log_logistic, lambda g, x: g * logistic(-x), name="log_sigmoid", own=True)
NORMAL = Elementwise(normal_distribution, normal_density, name="gelu", own=True)
HARDSWISH = Elementwise(straight_swish, straight_swish_partial, name="hardswish", own=True)
