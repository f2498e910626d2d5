"""Rows of a table by number: embeddings, their sums, and one-hot vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Linear
from funcgrad.core.level import Traced
from funcgrad.nn.functional.adapter import constant, functional, write_back
from funcgrad.tensor.shell import unwrap
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["embedding", "embedding_bag", "one_hot"]


def checked_padding(name: str, padding_idx: int | None, rows: int) -> int | None:
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise AssertionError(f"{name}: padding_idx {padding_idx} must be within num_embeddings {rows}")
    return padding_idx % rows


def check_numbers(name: str, numbers: Array, rows: int) -> None:
    if numbers.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: expected integers as indices, but got {numbers.dtype.name}")
    if isinstance(numbers, np.ndarray) and numbers.size and (numbers.min() < 0 or numbers.max() >= rows):
        raise IndexError(f"{name}: index out of range: the table has {rows} rows")


def renormalize(weight: Any, numbers: Array, max_norm: float, norm_type: float) -> None:
    """Scale down, in place, the rows that are used and longer than `max_norm`."""
    if isinstance(numbers, Traced):
        raise RuntimeError("max_norm changes the table in place, which needs indices that are not traced")
    table = stop_gradient(unwrap(weight))
    if isinstance(table, Traced):
        raise RuntimeError("max_norm changes the table in place, which a transform does not allow")
    used = np.unique(numbers)
    norms = np.linalg.norm(table[used], norm_type, axis=1, keepdims=True)
    scale = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1).astype(table.dtype)
    new = table.copy()
    new[used] *= scale
    if np.any(scale != 1):
        write_back(weight, new)


@functional("embedding", raw="weight")
def embedding(
    input: Array,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Array:
    """Return rows of a table.

    Parameters
    ----------
    input : Tensor or array of integers
        Which rows.
    weight : Tensor or array, (rows, features)
    padding_idx : int, optional
        A row that gets no gradient.
    max_norm : float, optional
        What longer rows are scaled down to, in place.
    norm_type : float
        Of that norm.
    scale_grad_by_freq : bool
        Whether to divide a row's gradient by how often it is used.
    sparse : bool
        Must be False: gradients are dense.

    Returns
    -------
    Tensor or array, (..., features)

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.embedding(fg.tensor([1, 0]), fg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    if sparse:
        raise NotImplementedError("embedding: gradients are dense; leave out sparse=True")
    check_numbers("embedding", input, weight.shape[0])
    padding = checked_padding("embedding", padding_idx, weight.shape[0])
    if max_norm is not None:
        renormalize(weight, input, max_norm, norm_type)
    return rows_of(unwrap(weight), input, padding, scale_grad_by_freq)


# -- The primitive ---------------------------------------------------------------------------------------------------

WIDE = 256  # elements from which on a row is worth a step of a loop


def take_rows(x: Array, numbers: Array) -> Array:
    return np.take(x, numbers, axis=0)


def add_rows(g: Array, numbers: Array, rows: int) -> Array:
    """Return a table in which each row is the sum of what belongs to its number."""
    width = math.prod(g.shape[numbers.ndim :])
    flat, parts = np.reshape(numbers, -1), np.reshape(g, (numbers.size, width))
    total = np.zeros_like(g, shape=(rows, width))
    if type(g) is not np.ndarray:
        np.add.at(total, flat, parts)
    elif width >= WIDE:
        for number, part in zip(flat.tolist(), parts, strict=True):
            row = total[number]
            row += part
    elif flat.size:  # NumPy's scattered sums take several times as long
        order = np.argsort(flat, kind="stable")
        sorted_numbers = flat[order]
        starts = np.flatnonzero(np.concatenate([[True], sorted_numbers[1:] != sorted_numbers[:-1]]))
        total[sorted_numbers[starts]] = np.add.reduceat(parts[order], starts, axis=0)
    return np.reshape(total, (rows, *g.shape[numbers.ndim :]))


def batch_rows(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    """Take the examples as more of what a row holds."""
    ahead = params["numbers"].ndim if primitive is ADD_ROWS else 1
    y = primitive.run(np.moveaxis(xs[0], 0, ahead), **params)
    return np.moveaxis(y, 1 if primitive is ADD_ROWS else params["numbers"].ndim, 0)


TAKE_ROWS: Linear = Linear(
    take_rows,
    lambda g, X, numbers: ADD_ROWS(g, numbers=numbers, rows=X.shape[0]),
    name="embedding",
    own=True,
    batch=batch_rows,
)
ADD_ROWS: Linear = Linear(
    add_rows,
    lambda g, numbers: TAKE_ROWS(g, numbers=numbers),
    name="embedding",
    own=True,
    batch=batch_rows,
    ignore="rows",
)


def rows_of(table: Array, numbers: Array, padding: int | None, by_frequency: bool) -> Array:
    rows = table[numbers] if isinstance(numbers, Traced) else TAKE_ROWS(table, numbers=numbers)
    if padding is not None:
        rows = np.where((numbers == padding)[..., None], stop_gradient(rows), rows)
    if by_frequency:
        counts = np.bincount(np.ravel(numbers), minlength=table.shape[0])[numbers]
        scale = (1 / counts)[..., None].astype(table.dtype)
        fixed = stop_gradient(rows)
        rows = fixed + (rows - fixed) * scale
    return rows


@functional("embedding_bag", raw="weight")
def embedding_bag(
    input: Array,
    weight: Any,
    offsets: Array | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Array:
    """Return sums, means or maxima of rows of a table, without the empty bags' nan.

    Parameters
    ----------
    input : Tensor or array of integers
        Which rows: (bags, rows per bag), or one list of all.
    weight : Tensor or array, (rows, features)
    offsets : Tensor or array of integers, optional
        Where the bags begin in a list.
    max_norm, norm_type, scale_grad_by_freq, sparse
        As in :func:`embedding`.
    mode : str
        ``"mean"``, ``"sum"`` or ``"max"``.
    per_sample_weights : Tensor or array, optional
        What the rows are multiplied by; for sums only.
    include_last_offset : bool
        Whether the offsets also say where the last bag ends.
    padding_idx : int, optional
        A row that does not count.

    Returns
    -------
    Tensor or array, (bags, features)
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(f"embedding_bag: per_sample_weights was not None, but mode is {mode!r}, not 'sum'")
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: per_sample_weights of size {list(per_sample_weights.shape)} must have the size of the "
            f"input, {list(input.shape)}"
        )
    if sparse:
        raise NotImplementedError("embedding_bag: gradients are dense; leave out sparse=True")
    if scale_grad_by_freq and mode == "max":
        raise RuntimeError("max mode does not support scaling the gradient by the frequency")
    check_numbers("embedding_bag", input, weight.shape[0])
    padding = checked_padding("embedding_bag", padding_idx, weight.shape[0])
    numbers, starts = bags_of(input, offsets, include_last_offset)
    if max_norm is not None:
        renormalize(weight, numbers, max_norm, norm_type)
    rows = rows_of(unwrap(weight), numbers, None, scale_grad_by_freq)
    bag = np.searchsorted(constant(starts, rows), constant(np.arange(numbers.size), rows), side="right") - 1
    member = constant(np.arange(len(starts))[:, None], rows) == bag
    if padding is not None:
        member = member & (numbers != padding)
    return bagged(rows, member, mode, per_sample_weights)


def bags_of(input: Array, offsets: Array | None, include_last: bool) -> tuple[Array, Array]:
    """Return one list of all rows, and where each bag begins."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError("if input is 2D, then offsets has to be None, as input is treated as a mini-batch")
        return np.reshape(input, -1), np.arange(0, input.size, max(input.shape[1], 1))
    if input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None or offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor for a 1D input")
    if isinstance(offsets, np.ndarray) and offsets.size and offsets[0] != 0:  # a device is not asked
        raise ValueError(f"offsets[0] has to be 0, but got {offsets[0]}")
    return input, offsets[:-1] if include_last else offsets


def bagged(rows: Array, member: Array, mode: str, weights: Array | None) -> Array:
    if weights is not None:
        rows = rows * np.reshape(weights, (-1, 1))
    if mode != "max":
        parts = member.astype(rows.dtype)
        if mode == "mean":
            parts = parts / np.maximum(np.sum(parts, axis=1, keepdims=True), 1)
        return parts @ rows
    if not rows.shape[0]:
        return member.astype(rows.dtype) @ rows
    fixed = np.where(member[..., None], stop_gradient(rows), -np.inf)
    places = np.argmax(fixed, axis=1)
    empty = ~np.any(member, axis=1)
    return np.where(empty[:, None], 0, np.take_along_axis(rows, places, axis=0))


@functional()
def one_hot(tensor: Array, num_classes: int = -1) -> Array:
    """Return vectors with a one where the class is.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> F.one_hot(fg.tensor([1, 0]), num_classes=3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    if tensor.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to int64 indices, but got {tensor.dtype.name}")
    if not tensor.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if isinstance(tensor, np.ndarray | np.generic) and tensor.size and tensor.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(np.max(tensor)) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif isinstance(tensor, np.ndarray | np.generic) and tensor.size and tensor.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return (tensor[..., None] == constant(np.arange(num_classes), tensor)).astype(np.int64)
