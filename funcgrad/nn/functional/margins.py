"""Losses of scores that shall keep a margin between classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional, in_dtype_of, reduce_loss
from funcgrad.nn.functional.classification import check_classes, older, picked, with_batch
from funcgrad.nn.functional.elementwise import LOGSIGMOID

__all__ = ["multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss"]


@functional("multi_margin_loss", floats="input")
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return how far other classes' scores come within a margin of the target's, averaged over classes."""
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and (weight.ndim != 1 or weight.shape[0] != input.shape[-1]):
        raise ValueError(f"inconsistent weight size, expected {input.shape[-1]} but got {list(weight.shape)}")
    scores, classes = with_batch("multi_margin_loss", input, target, None)
    check_classes("multi_margin_loss", classes, scores.shape[1])
    z = margin - picked(scores, classes)[:, None] + scores
    own = constant(np.arange(scores.shape[1]), scores) == classes[:, None]
    z = np.where((z > 0) & ~own, z, 0)
    z = z if p == 1 else z * z
    if weight is not None:
        z = z * weight[classes][:, None]
    loss = np.sum(z, axis=1) / scores.shape[1]
    loss = reduce_loss(loss, older(reduction, size_average, reduce))
    return loss[0] if input.ndim == 1 and loss.ndim and not target.ndim else loss


@functional("multilabel_margin_loss", floats="input")
def multilabel_margin_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return how far other classes' scores come within 1 of those of the target classes, a list that -1 ends."""
    if input.shape != target.shape or input.ndim not in (1, 2):
        raise RuntimeError(
            f"multilabel_margin_loss: inconsistent target size {list(target.shape)} for input of {list(input.shape)}"
        )
    scores, lists = (input[None], target[None]) if input.ndim == 1 else (input, target)
    count = scores.shape[1]
    listed = np.cumsum(lists < 0, axis=1) == 0
    safe = np.where(listed, lists, 0)
    check_classes("multilabel_margin_loss", safe, count)
    numbers = constant(np.arange(count), scores)
    is_target = np.any((safe[:, :, None] == numbers) & listed[:, :, None], axis=1)
    z = 1 - np.take_along_axis(scores, safe, axis=1)[:, :, None] + scores[:, None, :]
    z = np.where((z > 0) & listed[:, :, None] & ~is_target[:, None, :], z, 0)
    loss = np.sum(z, axis=(1, 2)) / count
    loss = reduce_loss(loss, older(reduction, size_average, reduce))
    return loss[0] if input.ndim == 1 and loss.ndim else loss


@functional("mean", floats="input")
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return the cross entropy of a sigmoid per class, averaged over classes."""
    target = in_dtype_of(target, input)
    loss: Any = -(target * LOGSIGMOID(input) + (1 - target) * LOGSIGMOID(-input))
    if weight is not None:
        loss = loss * weight
    return reduce_loss(np.sum(loss, axis=-1) / input.shape[-1], older(reduction, size_average, reduce))
