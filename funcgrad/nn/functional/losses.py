"""Losses of numbers against numbers: squared and absolute errors, likelihoods, divergences."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.nn.functional.adapter import functional, in_dtype_of, reduce_loss
from funcgrad.nn.functional.elementwise import LOGSIGMOID
from funcgrad.transforms.gradient import stop_gradient

__all__ = [
    *("binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss", "huber_loss", "kl_div"),
    *("l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss"),
]

# -- Errors ----------------------------------------------------------------------------------------------------------


def broadcast(name: str, input: Array, target: Array) -> None:
    """Warn of shapes that differ, and refuse those that do not broadcast."""
    if input.shape == target.shape:
        return
    try:
        np.broadcast_shapes(input.shape, target.shape)
    except ValueError:
        raise RuntimeError(
            f"{name}: input of size {list(input.shape)} and target of size {list(target.shape)} do not broadcast"
        ) from None
    warnings.warn(
        f"Using a target size ({list(target.shape)}) that is different to the input size ({list(input.shape)}). This "
        "will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
        UserWarning,
        stacklevel=4,
    )


def weighted(loss: Array, weight: Array | None, reduction: str, size_average: Any = None, reduce: Any = None) -> Array:
    """Reduce a loss whose elements may have weights: a mean divides by their sum."""
    if weight is None:
        return reduce_loss(loss, reduction, size_average, reduce)
    if weight.shape != loss.shape:
        raise ValueError(f"weight of size {list(weight.shape)} must have the size of the loss, {list(loss.shape)}")
    if reduction == "mean":
        return np.sum(loss * weight) / np.sum(weight)
    return reduce_loss(loss * weight, reduction)


@functional("mse_loss", floats="input")
def mse_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array | None = None,
) -> Array:
    """Return the mean of the squared differences.

    Parameters
    ----------
    input, target : Tensor or array
    size_average, reduce : bool, optional
        Older forms of `reduction`.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    weight : Tensor or array, optional
        Of each element.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.mse_loss(fg.tensor([1.0, 2.0]), fg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    broadcast("mse_loss", input, target)
    difference = input - in_dtype_of(target, input)
    return weighted(difference * difference, weight, reduction, size_average, reduce)


@functional("mean")
def l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array | None = None,
) -> Array:
    """Return the mean of the absolute differences."""
    broadcast("l1_loss", input, target)
    return weighted(np.abs(input - in_dtype_of(target, input)), weight, reduction, size_average, reduce)


@functional("smooth_l1_loss", floats="input")
def smooth_l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Array:
    """Return the mean of the absolute differences, rounded to squares where they are below `beta`."""
    broadcast("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    size = np.abs(input - in_dtype_of(target, input))
    loss = size if beta == 0 else np.where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta)
    return reduce_loss(loss, reduction, size_average, reduce)


@functional("huber_loss", floats="input")
def huber_loss(
    input: Array, target: Array, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> Array:
    """Return the mean of half the squared differences, which grow linearly above `delta`."""
    broadcast("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    size = np.abs(input - in_dtype_of(target, input))
    loss = np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))
    return weighted(loss, weight, reduction)


# -- Likelihoods -----------------------------------------------------------------------------------------------------

HOST: Any = np.ndarray | np.generic  # what values are looked at in: a device, or a transform, is not asked
FLOOR = -100.0  # where logarithms of probabilities end: a probability of zero has a finite loss, as in PyTorch


def bernoulli(x: Array, t: Array) -> Array:
    with np.errstate(divide="ignore"):
        return (t - 1) * np.maximum(np.log1p(-x), FLOOR) - t * np.maximum(np.log(x), FLOOR)


BERNOULLI = Elementwise(
    bernoulli,
    lambda g, a, b: g * (a - b) / np.maximum((1 - a) * a, 1e-12),
    lambda g, a: g * (np.log1p(-a) - np.log(a)),
    name="binary_cross_entropy",
    own=True,
)


@functional("binary_cross_entropy", floats="input", alike=("input", "target"))
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return the mean cross entropy of probabilities of two classes.

    Parameters
    ----------
    input : Tensor or array
        Probabilities of the class 1.
    target : Tensor or array, of the same shape
        The class, or its probability.
    weight : Tensor or array, optional
        Of each element; broadcast.
    size_average, reduce : bool, optional
        Older forms of `reduction`.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.binary_cross_entropy(fg.tensor([0.5]), fg.tensor([1.0]))
    tensor(0.6931)
    """
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({list(target.shape)}) that is different to the input size ({list(input.shape)}) is "
            "not allowed. Please ensure they have the same size."
        )
    fixed: Any = stop_gradient(input)
    if isinstance(fixed, HOST) and not np.all((fixed >= 0) & (fixed <= 1)):
        raise RuntimeError("binary_cross_entropy: all elements of input should be between 0 and 1")
    loss = BERNOULLI(input, target)
    return reduce_loss(loss if weight is None else loss * weight, reduction, size_average, reduce)


@functional("binary_cross_entropy_with_logits", floats="input")
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Array:
    """Return the mean cross entropy of sigmoids of the input, without overflow or loss of accuracy.

    Parameters
    ----------
    input : Tensor or array
        What the sigmoid function is applied to.
    target, weight, size_average, reduce, reduction
        As in :func:`binary_cross_entropy`.
    pos_weight : Tensor or array, optional
        The weight of the class 1 beside that of the class 0; broadcast.

    Returns
    -------
    Tensor or array
    """
    if input.shape != target.shape:
        raise ValueError(f"Target size ({list(target.shape)}) must be the same as input size ({list(input.shape)})")
    target = in_dtype_of(target, input)
    factor = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    loss = (1 - target) * input - factor * LOGSIGMOID(input)
    return reduce_loss(loss if weight is None else loss * weight, reduction, size_average, reduce)


@functional("mean")
def kl_div(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Array:
    """Return the divergence of distributions; the input has logarithms of probabilities.

    Parameters
    ----------
    input : Tensor or array
        Logarithms of probabilities.
    target : Tensor or array
        Probabilities.
    size_average, reduce : bool, optional
        Older forms of `reduction`.
    reduction : str
        ``"batchmean"`` for the divergence per example; ``"mean"``, ``"sum"`` or ``"none"``.
    log_target : bool
        Whether the target has logarithms, too.

    Returns
    -------
    Tensor or array
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            UserWarning,
            stacklevel=3,
        )
    if log_target:
        loss = np.exp(target) * (target - input)
    else:
        zero = target == 0
        loss = np.where(zero, 0, target * np.log(np.where(zero, 1, target))) - target * input
    if reduction == "batchmean":
        return np.sum(loss) / (input.shape[0] if input.ndim else 1)
    return reduce_loss(loss, reduction, size_average, reduce)


@functional("mean")
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return the mean negative log likelihood of counts, given (logarithms of) their expectations."""
    target = in_dtype_of(target, input)
    loss = np.exp(input) - target * input if log_input else input - target * np.log(input + eps)
    if full:
        many = np.where(target > 1, target, 1)
        stirling = many * np.log(many) - many + 0.5 * np.log(2 * math.pi * many)
        loss = loss + np.where(target > 1, stirling, 0)
    return reduce_loss(loss, reduction, size_average, reduce)


@functional("mean")
def gaussian_nll_loss(
    input: Array, target: Array, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Array:
    """Return the mean negative log likelihood of numbers, given their expectations and variances."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = np.full_like(stop_gradient(input), var)
    elif var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var[..., None]
        elif var.ndim != input.ndim or any(n not in (1, m) for n, m in zip(var.shape, input.shape, strict=True)):
            raise ValueError("var is of incorrect size")
    fixed: Any = stop_gradient(var)
    if isinstance(fixed, HOST) and np.any(fixed < 0):
        raise ValueError("var has negative entry/entries")
    var = var + np.maximum(eps - fixed, 0)  # what is too small is raised, and still passes its gradient on
    difference = input - in_dtype_of(target, input)
    loss = 0.5 * (np.log(var) + difference * difference / var)
    return reduce_loss(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


@functional("soft_margin_loss", floats="input")
def soft_margin_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return the mean of ``log(1 + exp(-target * input))`` for targets 1 and -1."""
    return reduce_loss(-LOGSIGMOID(input * in_dtype_of(target, input)), reduction, size_average, reduce)
