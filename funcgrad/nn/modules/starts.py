"""New parameters, and the random numbers that they begin with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad.nn.parameter import Parameter
from funcgrad.tensor.devices import device_of, place
from funcgrad.tensor.factory import zeros
from funcgrad.tensor.generators import normal, uniform
from funcgrad.tensor.writing import overwrite

__all__ = ["fans", "fill", "new_parameter", "start_linear", "start_normal", "start_uniform", "start_xavier"]


def new_parameter(*shape: int, device: Any = None, dtype: Any = None) -> Parameter:
    """Return a parameter of zeros."""
    return Parameter(zeros(*shape, device=device, dtype=dtype))


def fill(tensor: Any, value: float) -> None:
    """Fill with a number."""
    memory = tensor.memory()
    overwrite(tensor, np.full_like(memory, value))


def start_uniform(tensor: Any, bound: float) -> None:
    """Draw from the numbers between -bound and bound."""
    memory = tensor.memory()
    overwrite(tensor, (uniform(memory.shape, memory.dtype, None, device_of(memory)) * 2 - 1) * bound)


def start_normal(tensor: Any) -> None:
    """Draw standard normal numbers."""
    memory = tensor.memory()
    overwrite(tensor, place(normal(memory.shape, memory.dtype), device_of(memory)))


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs an output has, and how many outputs an input."""
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def start_linear(weight: Any, bias: Any) -> None:
    """Draw weights and bias as layers that multiply begin: uniform, up to one by the root of the number of inputs."""
    shape = tuple(weight.shape)
    bound = 1 / math.sqrt(fans(shape)[0]) if fans(shape)[0] else 0.0
    start_uniform(weight, bound)
    if bias is not None:
        start_uniform(bias, bound)


def start_xavier(weight: Any) -> None:
    """Draw weights whose variance is right for both directions: Glorot's."""
    start_uniform(weight, math.sqrt(6 / sum(fans(tuple(weight.shape)))))
