"""Joining, splitting, repeating and turning."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.beside import here
from funcgrad.tensor.calling import axes_of, axis_of, operation, payloads, sizes_of, values_of, wrap_parts
from funcgrad.tensor.promotion import common
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.size import Size

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors"),
    *("cartesian_prod", "cat", "column_stack", "combinations", "concat", "concatenate", "dstack", "flip"),
    *("fliplr", "flipud", "hstack", "meshgrid", "roll", "rot90", "row_stack", "stack", "unravel_index"),
    *("vstack",),
]


class EmptyListError(ValueError, RuntimeError):
    """There is nothing to join."""


# -- Joining ---------------------------------------------------------------------------------------------------------


@operation
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along a dimension.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.cat([fg.ones(1, 2), fg.zeros(1, 2)])
    tensor([[1., 1.],
            [0., 0.]])
    """
    if isinstance(tensors, tuple | list) and not tensors:
        raise EmptyListError("torch.cat(): expected a non-empty list of Tensors")
    parts = common(payloads("cat", tensors))
    for i, part in enumerate(parts):
        if not part.shape:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    kept = [part for part in parts if part.shape != (0,)] or parts[:1]  # an empty vector goes with everything
    return wrap(np.concatenate(kept, axis=axis_of(dim, len(kept[0].shape))))


def some(name: str, parts: list[Any]) -> list[Any]:
    if not parts:
        raise RuntimeError(f"{name}(): expected a non-empty list of Tensors")
    return parts


@operation
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along a new dimension."""
    parts = some("stack", payloads("stack", tensors))
    for i, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(parts[0].shape)} at entry 0 and "
                f"{list(part.shape)} at entry {i}"
            )
    return wrap(np.stack(common(parts), axis=axis_of(dim, len(parts[0].shape) + 1)))


@operation
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors side by side: vectors one after the other, others along the second dimension."""
    return wrap(np.hstack(common(some("hstack", payloads("hstack", tensors)))))


@operation
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors as rows."""
    return wrap(np.vstack(common(some("vstack", payloads("vstack", tensors)))))


@operation
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the third dimension."""
    return wrap(np.dstack(common(some("dstack", payloads("dstack", tensors)))))


@operation
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors as columns."""
    parts = common(some("column_stack", payloads("column_stack", tensors)))
    return wrap(np.concatenate([p if len(p.shape) > 1 else np.reshape(p, (-1, 1)) for p in parts], axis=1))


@operation
def block_diag(*tensors: Tensor) -> Tensor:
    """Put matrices on the diagonal of a larger one."""
    parts = common([np.atleast_2d(x) for x in payloads("block_diag", tensors)])
    if any(len(part.shape) > 2 for part in parts):
        raise RuntimeError("block_diag: all input tensors must have 2 dimensions or less")
    width = sum([part.shape[1] for part in parts])
    rows, before = [], 0
    for part in parts:
        zeros = [here(np.zeros((part.shape[0], n), part.dtype), part) for n in (before, width - before - part.shape[1])]
        rows.append(np.concatenate([zeros[0], part, zeros[1]], axis=1))
        before += part.shape[1]
    return wrap(np.concatenate(rows))


# -- Turning ---------------------------------------------------------------------------------------------------------


@operation
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Shift elements along dimensions; what leaves at the end comes in at the start."""
    x = unwrap(input)
    shifts = tuple(shifts) if isinstance(shifts, list | tuple) else (shifts,)
    if dims is None or (isinstance(dims, tuple | list) and not dims):
        if len(shifts) != 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:0")
        return wrap(np.roll(x, shifts[0]))
    axes = [axis_of(d, len(x.shape)) for d in (dims if isinstance(dims, tuple | list) else (dims,))]
    if len(axes) != len(shifts):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(axes)}")
    return wrap(np.roll(x, shifts, axes))


@operation
def flip(input: Tensor, *dims: Any) -> Tensor:
    """Return a copy with the order of elements reversed along dimensions."""
    given = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims
    x = unwrap(input)
    return wrap(np.copy(np.flip(x, axes_of(tuple(given), len(x.shape)))) if given else np.copy(x))


@operation
def fliplr(input: Tensor) -> Tensor:
    """Return a copy with the order of columns reversed."""
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@operation
def flipud(input: Tensor) -> Tensor:
    """Return a copy with the order of rows reversed."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@operation
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turn by quarters in the plane of two dimensions."""
    if len(dims) != 2 or dims[0] == dims[1]:
        raise RuntimeError(f"expected two different rotation dims, but got {list(dims)}")
    return wrap(np.copy(np.rot90(unwrap(input), k, (dims[0], dims[1]))))


# -- Grids -----------------------------------------------------------------------------------------------------------


def several(tensors: tuple[Any, ...]) -> list[Any]:
    return list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else list(tensors)


def atleast(name: str, function: Any) -> Any:
    def widen(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Base):
            return wrap(function(unwrap(tensors[0])))
        return wrap_parts(function(x) for x in payloads(name, several(tensors)))

    widen.__name__ = widen.__qualname__ = name
    widen.__doc__ = f"Insert dimensions of length one, as NumPy's ``{name}``; of several tensors, return a tuple."
    return operation(widen)


atleast_1d = atleast("atleast_1d", np.atleast_1d)
atleast_2d = atleast("atleast_2d", np.atleast_2d)
atleast_3d = atleast("atleast_3d", np.atleast_3d)


@operation
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return for each vector the grid of all places that it is one coordinate of."""
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    parts = [np.reshape(x, -1) for x in payloads("meshgrid", several(tensors))]
    if any(part.dtype != parts[0].dtype for part in parts):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    shape = tuple([part.shape[0] for part in parts])
    grids = [
        np.broadcast_to(np.reshape(part, [-1 if d == i else 1 for d in range(len(parts))]), shape)
        for i, part in enumerate(parts)
    ]
    return wrap_parts(np.swapaxes(g, 0, 1) if indexing == "xy" and len(parts) > 1 else g for g in grids)


@operation
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Broadcast tensors to one shape."""
    parts = payloads("broadcast_tensors", several(tensors))
    shape = np.broadcast_shapes(*[part.shape for part in parts])
    return wrap_parts(np.broadcast_to(part, shape) for part in parts)


@operation
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Return all tuples of elements, one of each vector."""
    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid(*tensors)
    return wrap(np.stack(common([np.reshape(unwrap(g), -1) for g in grids]), axis=1))


@operation
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return all combinations of `r` elements of a vector."""
    x = unwrap(input)
    if len(x.shape) != 1:
        raise RuntimeError("Expect a 1D vector, but got shape " + str(list(x.shape)))
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(choose(range(x.shape[0]), r))
    return wrap(x[np.array(places, np.int64).reshape(len(places), r)] if r else np.zeros(0, x.dtype))


concat = concatenate = cat


def broadcast_shapes(*shapes: Any) -> Any:
    """Return the shape to which shapes, or lengths of vectors, broadcast.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    try:
        return Size(np.broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes]))
    except ValueError as error:
        raise RuntimeError(f"Shape mismatch: objects cannot be broadcast to a single shape: {error}") from error


@operation
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Return the index in each dimension of a shape for indices into the flattened tensor."""
    sizes = sizes_of((shape,)) if isinstance(shape, tuple | list) else (shape,)
    return wrap_parts(np.unravel_index(values_of(indices), sizes))


row_stack = vstack
