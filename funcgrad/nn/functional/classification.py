"""Losses of scores against classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Linear
from funcgrad.core.level import Traced
from funcgrad.nn.functional.adapter import functional, reduce_loss
from funcgrad.nn.functional.distributions import LOG_SOFTMAX

__all__ = ["check_classes", "cross_entropy", "nll_loss", "older", "picked", "with_batch"]


def older(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """Return the reduction that the older arguments stand for."""
    if size_average is None and reduce is None:
        return reduction
    return "none" if reduce is False else "sum" if size_average is False else "mean"


def picked(scores: Array, target: Array) -> Array:
    """Return the scores (N, C, ...) of the target classes (N, ...)."""
    return np.take_along_axis(scores, target[:, None], axis=1)[:, 0]


def at_targets(target: Array) -> tuple[Array, ...]:
    """Return the index of the target classes (N, ...) in scores (N, C, ...)."""
    if target.ndim == 1:
        return np.arange(target.shape[0]), target
    first, *rest = np.ix_(*[np.arange(n) for n in target.shape])
    return first, target, *rest


def pick(x: Array, target: Array, weights: Any, ignored: Array | None, summed: bool) -> Array:
    """Return the weighted scores of the target classes, or their sum."""
    rows = x[at_targets(target)]
    if summed:
        return np.sum(rows) * weights
    return (
        rows * weights if ignored is None else np.where(ignored, 0, rows * weights)
    )  # also where the score is infinite


def place(g: Array, target: Array, weights: Any, ignored: Array | None, summed: bool, classes: int) -> Array:
    """Return scores that are zero but where the targets are."""
    x = np.zeros_like(g, shape=(target.shape[0], classes, *target.shape[1:]))
    x[at_targets(target)] = g * weights if ignored is None else np.where(ignored, 0, g * weights)
    return x


def batch_pick(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    """Take the examples of the map as so many examples; their sums come last, or first."""
    (x,) = xs
    lead = params["target"].shape
    if primitive is PLACE and params["summed"]:
        x = np.broadcast_to(np.reshape(x, (size, *(1,) * len(lead))), (size, *lead))
    tiled = {
        word: np.reshape(np.broadcast_to(value, (size, *value.shape)), (-1, *value.shape[1:]))
        for word, value in params.items()
        if isinstance(value, np.ndarray) or hasattr(value, "dtype")
    }
    y = primitive.run(np.reshape(x, (-1, *x.shape[2:])), **params | tiled | {"summed": False})
    y = np.reshape(y, (size, -1, *y.shape[1:]))
    return np.sum(y, axis=tuple(range(1, y.ndim))) if primitive is PICK and params["summed"] else y


PICK: Linear = Linear(
    pick,
    lambda g, X, target, weights, ignored, summed: PLACE.bind(
        (g,), {"target": target, "weights": weights, "ignored": ignored, "summed": summed, "classes": X.shape[1]}
    ),
    name="nll_loss",
    own=True,
    batch=batch_pick,
)
PLACE: Linear = Linear(
    place,
    lambda g, target, weights, ignored, summed: PICK(g, target=target, weights=weights, ignored=ignored, summed=summed),
    name="nll_loss_backward",
    own=True,
    batch=batch_pick,
    ignore="classes",
)


def check_classes(name: str, target: Array, classes: int, ignored: Array | None = None) -> None:
    if isinstance(target, Traced) or target.dtype.kind not in "iu":
        if not isinstance(target, Traced):
            raise RuntimeError(f"{name}: expected integer classes as target, but got {target.dtype.name}")
        return
    if not isinstance(target, np.ndarray):
        return
    outside = (target < 0) | (target >= classes)
    if ignored is not None:
        outside = outside & ~ignored
    if outside.any():
        raise IndexError(f"Target {target[outside].flat[0]} is out of bounds.")


def all_count(target: Array, classes: int) -> bool:
    """Whether targets are there, all of them classes: one pass, after which no other test is needed."""
    if type(target) is not np.ndarray or target.dtype.kind not in "iu" or not target.size:
        return False
    return bool(np.maximum.reduce(target.view(UNSIGNED[target.dtype.itemsize]), axis=None) < classes)


#: The integers by their size: what is negative is large among them.
UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


def likelihood(
    logs: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, smoothing: float = 0.0
) -> Array:
    """Return the negative log likelihood of classes (N, ...), given logarithms (N, C, ...)."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    classes = logs.shape[1]
    if weight is None and not smoothing and ignore_index < 0 and all_count(target, classes):
        scale = -1 / target.size if reduction == "mean" else -1.0
        params = {"target": target.copy(), "weights": scale, "ignored": None, "summed": reduction != "none"}
        return PICK.bind((logs,), params)  # that are known, and constants
    ignored = target == ignore_index
    check_classes("nll_loss", target, classes, ignored)
    safe = np.where(ignored, 0, target)
    weights = (~ignored).astype(logs.dtype)
    if weight is not None:
        weights = weights * weight[safe]
    if isinstance(safe, Traced) or isinstance(weights, Traced):
        loss = np.where(ignored, 0, -picked(logs, safe) * weights)
    else:
        loss = PICK(logs, target=safe, weights=np.where(ignored, 0, -weights), ignored=ignored, summed=False)
    total = np.sum(weights) if reduction == "mean" else None
    result = reduced(loss, reduction, total)
    if not smoothing:
        return result
    scale = logs if weight is None else logs * np.reshape(weight, (-1,) + (1,) * (logs.ndim - 2))
    smooth = reduced(np.where(ignored, 0, -np.sum(scale, axis=1)), reduction, total)
    return (1 - smoothing) * result + (smoothing / classes) * smooth


def reduced(loss: Array, reduction: str, total: Array | None) -> Array:
    if reduction == "none":
        return loss
    if total is None:
        return np.sum(loss)
    with np.errstate(invalid="ignore", divide="ignore"):  # the mean of nothing is nan
        return np.sum(loss) / total


def with_batch(name: str, scores: Array, target: Array, weight: Array | None) -> tuple[Array, Array]:
    """Check shapes, and give a single example an axis."""
    if not scores.ndim >= 1:
        raise ValueError(f"{name}: expected input with at least 1 dimension (got 0)")
    if scores.ndim == 1:
        if target.ndim > 1 or (target.ndim == 1 and target.shape[0] != 1):
            raise ValueError(
                f"Expected input batch_size (1) to match target batch_size ({target.shape[0] if target.ndim else 0})."
            )
        scores, target = scores[None], np.reshape(target, (1,))
    elif not target.ndim or scores.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({scores.shape[0]}) to match target batch_size "
            f"({target.shape[0] if target.ndim else 1})."
        )
    elif target.shape[1:] != scores.shape[2:]:
        raise RuntimeError(
            f"{name}: expected target of size {[scores.shape[0], *scores.shape[2:]]}, but got {list(target.shape)}"
        )
    if weight is not None and (weight.ndim != 1 or weight.shape[0] != scores.shape[1]):
        raise RuntimeError(
            f"{name}: weight tensor should be defined either for all {scores.shape[1]} classes or no classes but got "
            f"weight of size {list(weight.shape)}"
        )
    return scores, target


@functional("nll_loss", floats="input")
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return the mean negative log likelihood of classes, given logarithms of probabilities.

    Parameters
    ----------
    input : Tensor or array, (N, C, ...) or (C,)
        Logarithms of the probabilities of the classes.
    target : Tensor or array of integers, (N, ...) or ()
        The classes.
    weight : Tensor or array, (C,), optional
        Of each class; a mean divides by their sum.
    size_average, reduce : bool, optional
        Older forms of `reduction`.
    ignore_index : int
        A target that does not count.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.nll_loss(fg.tensor([[-0.5, -1.0]]), fg.tensor([1]))
    tensor(1.)
    """
    scores, classes = with_batch("nll_loss", input, target, weight)
    loss = likelihood(scores, classes, weight, ignore_index, older(reduction, size_average, reduce))
    return loss[0] if input.ndim == 1 and loss.ndim and not target.ndim else loss


@functional("nll_loss", floats="input")
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """Return the mean cross entropy of classes, given scores whose softmax are their probabilities.

    Parameters
    ----------
    input : Tensor or array, (N, C, ...) or (C,)
        The scores of the classes.
    target : Tensor or array
        The classes, integers (N, ...) or (), or their probabilities, in the input's shape.
    weight : Tensor or array, (C,), optional
        Of each class; a mean over classes divides by their sum.
    size_average, reduce : bool, optional
        Older forms of `reduction`.
    ignore_index : int
        A target that does not count.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    label_smoothing : float
        Which part of the target is spread evenly over the classes.

    Returns
    -------
    Tensor or array

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.cross_entropy(fg.zeros(1, 4), fg.tensor([2]))
    tensor(1.3863)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    reduction = older(reduction, size_average, reduce)
    if target.shape == input.shape and target.dtype.kind == "f":
        logs = LOG_SOFTMAX(input, axis=min(input.ndim - 1, 1))
        return soft_cross_entropy(logs, target, weight, reduction, label_smoothing)
    scores, classes = with_batch("cross_entropy", input, target, weight)
    loss = likelihood(LOG_SOFTMAX(scores, axis=1), classes, weight, ignore_index, reduction, label_smoothing)
    return loss[0] if input.ndim == 1 and loss.ndim and not target.ndim else loss


def soft_cross_entropy(logs: Array, target: Array, weight: Array | None, reduction: str, smoothing: float) -> Array:
    axis = min(logs.ndim - 1, 1)
    classes = logs.shape[axis]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        if weight.shape != (classes,):
            raise RuntimeError(f"cross_entropy: weight should have {classes} elements, but got {list(weight.shape)}")
        logs = logs * np.reshape(weight, (-1,) + (1,) * (logs.ndim - 1 - axis))
    loss = -np.sum(logs * target, axis=axis)
    if reduction == "mean":  # per example and place
        return np.sum(loss) / (logs.size / classes)
    return reduce_loss(loss, reduction)
