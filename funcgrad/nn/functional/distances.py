"""Distances and similarities of vectors, and the losses made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import functional, in_dtype_of, reduce_loss
from funcgrad.nn.functional.classification import older
from funcgrad.nn.functional.distributions import vector_norm

__all__ = [
    *("cosine_embedding_loss", "cosine_similarity", "hinge_embedding_loss", "margin_ranking_loss"),
    *("pairwise_distance", "pdist", "triplet_margin_loss", "triplet_margin_with_distance_loss"),
]


def positive(x: Array) -> Array:
    """Return the positive part; where it begins, the derivative is 1 (as a limit's, not a rectifier's)."""
    return np.where(x < 0, 0, x)


# -- Distances -------------------------------------------------------------------------------------------------------


@functional("sum")
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    """Return the cosines of the angles between vectors along a dimension.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.cosine_similarity(fg.tensor([3.0, 4.0]), fg.tensor([3.0, 0.0]), dim=0)
    tensor(0.6000)
    """
    x1, x2 = np.broadcast_arrays(x1, x2)
    lengths = [np.maximum(vector_norm(x, 2, dim, keepdims=True), eps) for x in (x1, x2)]
    return np.sum((x1 / lengths[0]) * (x2 / lengths[1]), axis=dim)


@functional("norm")
def pairwise_distance(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    """Return the distances between vectors along the last dimension."""
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


@functional("pdist")
def pdist(input: Array, p: float = 2.0) -> Array:
    """Return the distances between all pairs of rows."""
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = np.triu_indices(input.shape[0], 1)
    return vector_norm(input[first] - input[second], p, -1)


# -- Losses ----------------------------------------------------------------------------------------------------------


@functional("mean")
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return distances where the target is 1, and how far they are within a margin where it is -1."""
    loss = np.where(target != 1, positive(margin - input), 0) + np.where(target != -1, input, 0)
    return reduce_loss(loss, older(reduction, size_average, reduce))


@functional("mean")
def cosine_embedding_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return ``1 - cos`` of vectors where the target is 1, and what of ``cos`` exceeds a margin where it is -1."""
    if target.ndim not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.shape != input2.shape or input1.ndim != target.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: sizes {list(input1.shape)}, {list(input2.shape)} and {list(target.shape)} do not "
            "fit: expected (N, D), (N, D) and (N), or (D), (D) and ()"
        )
    tiny = 1e-12
    squares = [np.sum(x * x, axis=-1) + tiny for x in (input1, input2)]
    cosine = np.sum(input1 * input2, axis=-1) / np.sqrt(squares[0] * squares[1])
    loss = np.where(target == 1, 1 - cosine, 0) + np.where(target == -1, positive(cosine - margin), 0)
    return reduce_loss(loss, older(reduction, size_average, reduce))


@functional("mean")
def margin_ranking_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return how far the first input is from exceeding the second by a margin (target 1), or the other way (-1)."""
    if input1.ndim != input2.ndim or input1.ndim != target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
            f"{list(input1.shape)}, input2: {list(input2.shape)}, target: {list(target.shape)} "
        )
    sign = -in_dtype_of(target, input1)
    return reduce_loss(positive(sign * (input1 - input2) + margin), older(reduction, size_average, reduce))


@functional("mean")
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Return how far the anchor is from being nearer to the positive than to the negative by a margin."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return triplet_loss(
        anchor,
        positive,
        negative,
        lambda a, b: vector_norm(a - b + eps, p, -1),
        margin,
        swap,
        older(reduction, size_average, reduce),
    )


def triplet_loss(
    anchor: Array,
    near: Array,
    far: Array,
    distance: Callable[[Any, Any], Any],
    margin: float,
    swap: bool,
    reduction: str,
) -> Array:
    if not anchor.ndim == near.ndim == far.ndim:
        raise RuntimeError(
            f"The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {near.ndim}D, and negative {far.ndim}D inputs"
        )
    apart = distance(anchor, far)
    if swap:
        apart = np.minimum(apart, distance(near, far))
    return reduce_loss(positive(margin + distance(anchor, near) - apart), reduction)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """Return :func:`triplet_margin_loss` for a distance of one's own."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = distance_function or pairwise_distance
    other = distance(positive, negative) if swap else None
    return triplet_of_distances(distance(anchor, positive), distance(anchor, negative), other, margin, reduction)


@functional("mean")
def triplet_of_distances(
    near: Array, far: Array, other: Array | None = None, margin: float = 1.0, reduction: str = "mean"
) -> Array:
    far = far if other is None else np.minimum(far, other)
    return reduce_loss(positive(margin + near - far), reduction)
