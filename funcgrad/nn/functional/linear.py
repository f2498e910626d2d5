"""Linear and bilinear maps, and dropout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Opaque
from funcgrad.core.primitive import Frame
from funcgrad.nn.functional.activations import apply
from funcgrad.nn.functional.adapter import draw, functional

__all__ = [
    *("alpha_dropout", "bilinear", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"),
    "linear",
]

# -- Maps ------------------------------------------------------------------------------------------------------------


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Multiply the last dimension by a matrix, and add.

    Parameters
    ----------
    input : Tensor or array, (..., in)
    weight : Tensor or array, (out, in) or (in,)
    bias : Tensor or array, (out,), optional

    Returns
    -------
    Tensor or array
        ``input @ weight.T + bias``, (..., out).

    Raises
    ------
    RuntimeError
        If shapes, or dtypes of tensors, do not fit.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.linear(fg.tensor([1.0, 2.0]), fg.tensor([[1.0, 0.0], [1.0, 1.0]]), fg.tensor([0.5, 0.5]))
    tensor([1.5000, 3.5000])
    """
    ndim = len(input.shape)
    if bias is not None:
        return affine_matrix(input, weight, bias) if ndim <= 2 else affine(input, weight, bias)
    return product_matrix(input, weight) if ndim == 2 else product(input, weight)


def affine_values(x: Array, w: Array, b: Array) -> Array:
    return x @ w.T + b


def affine_jvp(dxs: tuple[Array, ...], a: Array, b: Array) -> Array:
    return dxs[0] @ b.T + a @ dxs[1].T + dxs[2]


def affine_vjp(g: Array, call: Frame) -> tuple[Array | None, ...]:
    """Return the cotangents that are asked for: the first layer's input mostly has none."""
    x, w, _ = call.xs
    rows = np.reshape(g, (-1, w.shape[0]))
    return (
        None if call.links[0] is None else g @ w,
        None if call.links[1] is None else rows.T @ np.reshape(x, (-1, w.shape[1])),
        None if call.links[2] is None else np.sum(rows, axis=0),
    )


def batch_affine(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    x, w, b = xs
    if not batched[1] and not batched[2]:
        return primitive.run(x, w, b)
    lead = x.shape[batched[0] : -1]
    rows = np.reshape(x, (*x.shape[: batched[0]], math.prod(lead), x.shape[-1]))
    y = rows @ np.swapaxes(w, -1, -2) + (b[:, None] if batched[2] else b)
    return np.reshape(y, (size, *lead, y.shape[-1]))


#: One node where product, transpose and sum would be three: recording is what a small layer costs.
AFFINE = Opaque(affine_values, affine_jvp, affine_vjp, arity=3, name="addmm", own=True, batch=batch_affine)


def multiplied(input: Array, weight: Array, bias: Array | None = None) -> Array:
    if weight.ndim not in (1, 2):
        raise RuntimeError(f"linear: expected a weight with 1 or 2 dimensions, but got size {list(weight.shape)}")
    if not input.ndim or input.shape[-1] != weight.shape[-1]:
        raise RuntimeError(
            f"linear: input of size {list(input.shape)} and weight of size {list(weight.shape)} cannot be multiplied: "
            "their last dimensions differ"
        )
    if bias is not None and bias.ndim == 1 and weight.ndim == 2 and bias.shape[0] == weight.shape[0]:
        return AFFINE(input, weight, bias)
    y = input @ (weight.T if weight.ndim == 2 else weight)
    if bias is None:
        return y
    try:
        z = y + bias
    except ValueError as error:
        raise RuntimeError(f"linear: bias of size {list(bias.shape)} does not fit output of {list(y.shape)}") from error
    if z.shape != y.shape:
        raise RuntimeError(f"linear: bias of size {list(bias.shape)} does not fit output of size {list(y.shape)}")
    return z


affine_matrix = functional("addmm", alike=("input", "weight", "bias"))(multiplied)
affine = functional("view", alike=("input", "weight", "bias"))(multiplied)
product_matrix = functional("mm", alike=("input", "weight"))(multiplied)
product = functional("unsafe_view", alike=("input", "weight"))(multiplied)


@functional("add", alike=("input1", "input2", "weight", "bias"))
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    """Apply a bilinear form per output feature to the last dimensions of two inputs."""
    if input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: got {list(input1.shape)} and {list(input2.shape)}"
        )
    if weight.ndim != 3 or weight.shape[1:] != (input1.shape[-1], input2.shape[-1]):
        raise RuntimeError(
            f"bilinear(): weight of size {list(weight.shape)} does not fit inputs of size {list(input1.shape)} and "
            f"{list(input2.shape)}"
        )
    y = np.einsum("...i,oij,...j->...o", input1, weight, input2, optimize=True)
    return y if bias is None else y + bias


# -- Dropout ---------------------------------------------------------------------------------------------------------


def check_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


@functional("mul")
def dropped(x: Array, p: float, shape: tuple[int, ...]) -> Array:
    """Zero elements with probability `p`, one draw per element of `shape`, and scale the others up."""
    if p == 1:
        return x * 0
    scale = draw(shape, x, 1 - p).astype(x.dtype) / (1 - p)
    return x * scale


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set random elements to zero in training, and scale the others so that means stay.

    Parameters
    ----------
    input : Tensor or array
    p : float
        The probability of an element to become zero.
    training : bool
        Whether to do anything.
    inplace : bool
        Whether to change the input itself.

    Returns
    -------
    Tensor or array

    Notes
    -----
    :func:`funcgrad.manual_seed` seeds the draws, which are not PyTorch's. Under :func:`funcgrad.vmap` all examples
    share them.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.dropout(fg.ones(3), training=False)
    tensor([1., 1., 1.])
    """
    check_probability(p)
    if not training or p == 0:
        return input
    return apply(dropped, input, inplace, p, tuple(input.shape))


def drop_channels(name: str, x: Any, p: float, training: bool, inplace: bool, places: int) -> Any:
    check_probability(p)
    ndim = len(x.shape)
    if ndim not in (places + 1, places + 2):
        raise RuntimeError(f"{name}: expected {places + 1}D or {places + 2}D input, but got {ndim}D")
    if not training or p == 0:
        return x
    return apply(dropped, x, inplace, p, (*x.shape[: ndim - places], *(1,) * places))


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set random channels of sequences, (N, C, L) or (C, L), to zero in training."""
    return drop_channels("dropout1d", input, p, training, inplace, 1)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set random channels of images, (N, C, H, W) or (C, H, W), to zero in training."""
    return drop_channels("dropout2d", input, p, training, inplace, 2)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set random channels of volumes, (N, C, D, H, W) or (C, D, H, W), to zero in training."""
    return drop_channels("dropout3d", input, p, training, inplace, 3)


#: What :func:`alpha_dropout` sets elements to: the lower limit of selu.
LIMIT = -1.7580993408473766


@functional("add")
def dropped_to_limit(x: Array, p: float, shape: tuple[int, ...]) -> Array:
    if p == 1:
        return x * 0
    a = ((1 - p) * (1 + p * LIMIT**2)) ** -0.5
    kept = draw(shape, x, 1 - p)
    return np.where(kept, x * a, a * LIMIT) - a * LIMIT * p


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Set random elements to selu's lower limit in training, such that mean and variance stay."""
    check_probability(p)
    if not training or p == 0:
        return input
    return apply(dropped_to_limit, input, inplace, p, tuple(input.shape))


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Set random channels to selu's lower limit in training."""
    check_probability(p)
    if not training or p == 0:
        return input
    return apply(dropped_to_limit, input, inplace, p, channels("feature_alpha_dropout", input, p))


def channels(name: str, x: Any, p: float) -> tuple[int, ...]:
    """Return the shape of a draw for each channel of each example."""
    ndim = len(x.shape)
    if ndim < 2 and p < 1:  # which draws nothing
        raise RuntimeError(f"{name}: expected examples of channels, at least 2 dimensions, but got {ndim}")
    return (*x.shape[:2], *(1,) * (ndim - 2))
