"""Starting values of parameters: each function fills a tensor in place, unrecorded, and returns it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.tensor.generators import Generator, numbers_from
from funcgrad.tensor.overwriting import overwrite
from funcgrad.tensor.shell import Base

__all__ = [
    *("calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_"),
    *("orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_"),
]

# -- What all do -----------------------------------------------------------------------------------------------------


def fill(tensor: Any, values: Array) -> Any:
    """Write into a tensor, or an array, in its own dtype."""
    if isinstance(tensor, Base):
        overwrite(tensor, np.asarray(values).astype(tensor.values().dtype))
    else:
        tensor[...] = values
    return tensor


def shape_of(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.shape)


def fans(tensor: Any) -> tuple[int, int]:
    """Return how many inputs each output has, and how many outputs each input."""
    shape = shape_of(tensor)
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    places = math.prod(shape[2:])
    return shape[1] * places, shape[0] * places


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much a nonlinearity asks for larger starting values.

    Parameters
    ----------
    nonlinearity : str
        ``"linear"``, ``"conv2d"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"leaky_relu"``, ``"selu"``, ...
    param : float, optional
        The slope of ``"leaky_relu"``, 0.01 by default.

    Returns
    -------
    float

    Examples
    --------
    >>> from funcgrad.nn import init
    >>> round(init.calculate_gain("relu"), 4)
    1.4142
    """
    linear = {"linear", "sigmoid"} | {f"conv{back}{m}d" for back in ("", "_transpose") for m in (1, 2, 3)}
    if nonlinearity in linear:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "selu":
        return 3.0 / 4
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    if isinstance(param, bool) or not (param is None or isinstance(param, int | float)):
        raise ValueError(f"negative_slope {param} not a valid number")
    slope = 0.01 if param is None else param
    return math.sqrt(2.0 / (1 + slope**2))


# -- Distributions ---------------------------------------------------------------------------------------------------


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Any:
    """Fill with uniform numbers from an interval.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn import init
    >>> w = init.uniform_(fg.zeros(100), 2, 3)
    >>> bool((w >= 2).all() & (w <= 3).all())
    True
    """
    if a > b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    return fill(tensor, numbers_from(generator).uniform(a, b, shape_of(tensor)))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Any:
    """Fill with normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    return fill(tensor, numbers_from(generator).normal(mean, std, shape_of(tensor)))


def trunc_normal_(
    tensor: Any,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Any:
    """Fill with normal numbers of which those outside of an interval are drawn again.

    Parameters
    ----------
    tensor : Tensor
    mean, std : float
        Of the normal numbers before.
    a, b : float
        The interval.
    generator : Generator, optional
        Where random numbers come from.

    Returns
    -------
    Tensor
        The same.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )
    source, count = numbers_from(generator), math.prod(shape_of(tensor))
    low, high = (NormalDist().cdf((bound - mean) / std) for bound in (a, b))
    if high - low > 0.1:
        values = accepted(lambda n: source.normal(mean, std, n), a, b, count)
    else:  # few would be accepted
        inverse = np.vectorize(NormalDist().inv_cdf, otypes=[float])
        tiny = np.finfo(float).tiny
        chances = np.clip(source.uniform(low, high, count), tiny, 1 - 1e-16)
        values = np.clip(mean + std * inverse(chances), a, b) if count else np.zeros(0)
    return fill(tensor, np.reshape(values, shape_of(tensor)))


def accepted(draw: Callable[[int], Array], a: float, b: float, count: int) -> Array:
    values = draw(count)
    while True:
        (outside,) = np.nonzero((values < a) | (values > b))
        if not outside.size:
            return values
        values[outside] = draw(outside.size)


# -- Given values ----------------------------------------------------------------------------------------------------


def constant_(tensor: Any, val: float) -> Any:
    """Fill with a number."""
    return fill(tensor, np.full(shape_of(tensor), val))


def ones_(tensor: Any) -> Any:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Any) -> Any:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Any) -> Any:
    """Fill a matrix with the identity.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn import init
    >>> init.eye_(fg.zeros(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if len(shape_of(tensor)) != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = shape_of(tensor)
    return fill(tensor, np.eye(rows, columns))


def dirac_(tensor: Any, groups: int = 1) -> Any:
    """Fill the kernels of a convolution such that it keeps its input: as many channels as there are features."""
    shape = shape_of(tensor)
    if len(shape) not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    values = np.zeros(shape)
    features = shape[0] // groups
    middle = tuple([k // 2 for k in shape[2:]])
    for group in range(groups):
        for d in range(min(features, shape[1])):
            values[(group * features + d, d, *middle)] = 1
    return fill(tensor, values)


# -- By the number of inputs and outputs -----------------------------------------------------------------------------


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Generator | None = None) -> Any:
    """Fill with uniform numbers whose variance is ``2 gain^2 / (inputs + outputs)``.

    Parameters
    ----------
    tensor : Tensor
        A weight, (outputs, inputs, ...).
    gain : float
        See :func:`calculate_gain`.
    generator : Generator, optional
        Where random numbers come from.

    Returns
    -------
    Tensor
        The same.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn import init
    >>> w = init.xavier_uniform_(fg.zeros(3, 5))
    >>> float(abs(w).max()) <= (6 / 8) ** 0.5
    True
    """
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Generator | None = None) -> Any:
    """Fill with normal numbers whose variance is ``2 gain^2 / (inputs + outputs)``."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def deviation(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    """Return the standard deviation that keeps variances on the way forward, or back."""
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def is_empty(tensor: Any) -> bool:
    if 0 not in shape_of(tensor):
        return False
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return True


def kaiming_uniform_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Any:
    """Fill with uniform numbers whose variance is ``gain^2 / inputs``.

    Parameters
    ----------
    tensor : Tensor
        A weight, (outputs, inputs, ...).
    a : float
        The slope of ``"leaky_relu"``.
    mode : str
        ``"fan_in"``, or ``"fan_out"`` to divide by the number of outputs.
    nonlinearity : str
        See :func:`calculate_gain`.
    generator : Generator, optional
        Where random numbers come from.

    Returns
    -------
    Tensor
        The same.
    """
    if is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Any:
    """Fill with normal numbers whose variance is ``gain^2 / inputs``; the arguments are :func:`kaiming_uniform_`'s."""
    if is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, deviation(tensor, a, mode, nonlinearity), generator)


# -- Matrices --------------------------------------------------------------------------------------------------------


def orthogonal_(tensor: Any, gain: float = 1, generator: Generator | None = None) -> Any:
    """Fill with a random orthogonal matrix: its rows, or its columns if these are fewer, are orthonormal.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn import init
    >>> w = init.orthogonal_(fg.zeros(2, 3))
    >>> bool(abs(w @ w.T - fg.eye(2)).max() < 1e-6)
    True
    """
    shape = shape_of(tensor)
    if len(shape) < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if 0 in shape:
        return tensor
    rows, columns = shape[0], math.prod(shape[1:])
    values = numbers_from(generator).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(values)
    q = q * np.sign(np.diagonal(r))  # else it would not be uniform
    return fill(tensor, gain * np.reshape(q.T if rows < columns else q, shape))


def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Any:
    """Fill a matrix with normal numbers, and a fraction of every column with zeros."""
    if len(shape_of(tensor)) != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = shape_of(tensor)
    source = numbers_from(generator)
    values = source.normal(0, std, (rows, columns))
    zeros = math.ceil(sparsity * rows)
    for column in range(columns):
        values[source.permutation(rows)[:zeros], column] = 0
    return fill(tensor, values)
