"""Splitting into views, and repeating."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from funcgrad.tensor.calling import axis_of, operation, size_of, sizes_of, values_of, wrap_parts
from funcgrad.tensor.cupys import cupys_call, from_cupy
from funcgrad.tensor.shell import unwrap, views_of, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("chunk", "dsplit", "hsplit", "repeat", "repeat_interleave", "split", "split_with_sizes", "tensor_split"),
    *("tile", "unbind", "vsplit"),
]

# -- Splitting into views --------------------------------------------------------------------------------------------


def pieces(x: Any, sizes: Sequence[int], axis: int) -> tuple[Tensor, ...]:
    ends = list(itertools.accumulate(sizes))
    before = (slice(None),) * axis
    return wrap_parts(x[(*before, slice(end - n, end))] for n, end in zip(sizes, ends, strict=True))


@operation
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Split into views of a length, of which the last may be shorter, or of given lengths.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.split(fg.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    x = unwrap(tensor)
    if not x.shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = axis_of(dim, len(x.shape))
    n = x.shape[axis]
    if not isinstance(split_size_or_sections, int):
        sizes = list(split_size_or_sections)
        if sum(sizes) != n or any(size < 0 for size in sizes):
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
                f"{axis}), but got split_sizes={sizes}"
            )
        return views_of("split", pieces(x, sizes, axis))
    size = split_size_or_sections
    if size < 0 or (size == 0 and n):
        raise RuntimeError(f"split expects split_size be positive, but got split_size={size}")
    full, rest = divmod(n, size) if size else (0, 0)
    return views_of("split", pieces(x, [size] * full + ([rest] if rest or not full else []), axis))


@operation
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Split into views of given lengths."""
    return split(input, list(split_sizes), dim)


@operation
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Split into at most so many views of equal length, of which the last may be shorter."""
    if chunks < 1:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = unwrap(input).shape[axis_of(dim, input.ndim)] if input.ndim else 1
    if n == 0:
        return split(input, [0] * chunks, dim)
    return split(input, max(-(-n // chunks), 1), dim)


@operation
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Split into so many views of nearly equal length, or at indices."""
    x = unwrap(input)
    if not x.shape:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    axis = axis_of(dim, len(x.shape))
    n = x.shape[axis]
    given = values_of(indices_or_sections)
    given = given.tolist() if hasattr(given, "tolist") else given
    before = (slice(None),) * axis
    if isinstance(given, int):
        if given < 1:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        return pieces(x, [n // given + (i < n % given) for i in range(given)], axis)
    bounds = [None, *given, None]
    return wrap_parts(x[(*before, slice(a, b))] for a, b in itertools.pairwise(bounds))


def split_along(name: str, least: int, axis: int) -> Any:
    def split_there(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        if input.ndim < least:
            raise RuntimeError(f"torch.{name} requires a tensor with at least {least} dimension, but got {input.ndim}")
        dim = 0 if axis == 1 and input.ndim == 1 else axis
        sections = indices_or_sections
        if isinstance(sections, int) and input.shape[dim] % sections:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
                f"{input.shape[dim]} is not divisible by the split_size {sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    split_there.__name__ = split_there.__qualname__ = name
    split_there.__doc__ = f"Split along a dimension, as NumPy's ``{name}``."
    return operation(split_there)


hsplit = split_along("hsplit", 1, 1)
vsplit = split_along("vsplit", 2, 0)
dsplit = split_along("dsplit", 3, 2)


@operation
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of all slices along a dimension."""
    x = unwrap(input)
    if not x.shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    before = (slice(None),) * axis_of(dim, len(x.shape))
    return views_of("unbind", wrap_parts(x[(*before, i, ...)] for i in range(x.shape[len(before)])))


# -- Repeating -------------------------------------------------------------------------------------------------------


@operation
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Repeat the whole tensor along each dimension, new ones first."""
    if from_cupy(2):  # which means `repeat_interleave`
        return cast("Tensor", cupys_call("repeat", (input, *repeats), {}))
    counts = sizes_of(repeats)
    if len(counts) < input.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    y: Tensor = wrap(np.tile(unwrap(input), counts)).contiguous()
    return y


@operation
def tile(input: Tensor, *dims: Any) -> Tensor:
    """Repeat the whole tensor along the last dimensions."""
    return wrap(np.tile(unwrap(input), sizes_of(dims)))


@operation
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Repeat each element, of the flattened tensor unless a dimension is given; numbers alone count the repeats.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.repeat_interleave(fg.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        counts = values_of(input)
        return wrap(np.repeat(np.arange(len(counts)), counts))
    x, counts = unwrap(input), values_of(repeats)
    axis = None if dim is None else axis_of(dim, len(x.shape))
    if hasattr(counts, "shape") and size_of(counts.shape) == 1:
        counts = int(counts.reshape(-1)[0])
    n = size_of(x.shape) if axis is None else x.shape[axis]
    if not isinstance(counts, int) and len(counts) != n:
        raise RuntimeError("repeats must have the same size as input along dim")
    if np.any(np.asarray(counts) < 0):
        raise RuntimeError("repeats can not be negative")
    return wrap(np.repeat(x, counts, axis=axis))
