"""Other shapes and orders of the same elements, most of them views, and diagonals and triangles."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.calling import axis_of, operation, size_of, sizes_of
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("adjoint", "broadcast_to", "clone", "detach", "expand", "expand_as", "flatten", "is_conj", "is_neg"),
    *("moveaxis", "movedim", "narrow", "numel", "permute", "ravel", "reshape", "reshape_as", "resolve_conj"),
    *("resolve_neg", "select", "squeeze", "sum_to_size", "swapaxes", "swapdims", "t", "transpose", "unflatten"),
    *("unfold", "unsqueeze", "view_as"),
]

ALL = slice(None)

# -- Shapes ----------------------------------------------------------------------------------------------------------


def complete(sizes: Sequence[int], count: int) -> tuple[int, ...]:
    """Return a shape of so many elements, with the one length that is -1 found from the others."""
    known = math.prod([n for n in sizes if n != -1])
    unknown = sum([n == -1 for n in sizes])
    if unknown > 1:
        raise RuntimeError("only one dimension can be inferred")
    if any(n < -1 for n in sizes):
        raise RuntimeError(f"invalid shape dimension {next(n for n in sizes if n < -1)}")
    if (not unknown and known != count) or (unknown and (not known or count % known)):
        if unknown and not known and not count:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the unspecified dimension size "
                "-1 can be any value and is ambiguous"
            )
        raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {count}")
    return tuple([count // known if n == -1 else n for n in sizes])


@operation
def reshape(input: Tensor, shape: Any) -> Tensor:
    """Return the same elements in another shape, of which one length may be -1.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.reshape(fg.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    x = unwrap(input)
    return wrap(np.reshape(x, complete(sizes_of((shape,)), size_of(x.shape))))


@operation
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """Return the same elements in the shape of another tensor."""
    return reshape(input, tuple(other.shape))


@operation
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """Return a view in the shape of another tensor."""
    return input.view(tuple(other.shape))


@operation
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the dimensions from `start_dim` to `end_dim`."""
    shape = unwrap(input).shape
    start, end = axis_of(start_dim, len(shape)), axis_of(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@operation
def ravel(input: Tensor) -> Tensor:
    """Return the elements as a vector."""
    return reshape(input, (-1,)) if input.numel() else reshape(input, (0,))


@operation
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split a dimension into several, of which one length may be -1."""
    shape = unwrap(input).shape
    axis = axis_of(dim, len(shape))
    return reshape(input, (*shape[:axis], *complete(tuple(sizes), shape[axis]), *shape[axis + 1 :]))


@operation
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Drop dimensions of length one: all of them, or the given ones."""
    x = unwrap(input)
    given = range(len(x.shape)) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    axes = tuple([axis_of(d, len(x.shape)) for d in given])
    return wrap(np.squeeze(x, tuple([d for d in axes if x.shape and x.shape[d] == 1])))


@operation
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Insert a dimension of length one."""
    x = unwrap(input)
    return wrap(np.expand_dims(x, axis_of(dim, len(x.shape) + 1)))


@operation
def expand(input: Tensor, *sizes: Any) -> Tensor:
    """Broadcast to a shape, in which -1 keeps a dimension: a view of which elements share memory."""
    if not sizes:
        raise TypeError("expand() takes a shape, got nothing")
    x, wanted = unwrap(input), sizes_of(sizes)
    new = len(wanted) - len(x.shape)
    if new < 0:
        raise RuntimeError(
            f"expand({list(x.shape)}, size={list(wanted)}): the number of sizes provided ({len(wanted)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(x.shape)})"
        )
    own = (1,) * new + tuple(x.shape)
    for d, (n, m) in enumerate(zip(wanted, own, strict=True)):
        if n < -1 or (n == -1 and d < new):
            raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed in dimension {d}.")
        if n not in (-1, m) and m != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({m}) at non-singleton dimension "
                f"{d}. Target sizes: {list(wanted)}. Tensor sizes: {list(x.shape)}"
            )
    return wrap(np.broadcast_to(x, [m if n == -1 else n for n, m in zip(wanted, own, strict=True)]))


@operation
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """Broadcast to a shape."""
    return expand(input, size)


@operation
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Broadcast to the shape of another tensor."""
    return expand(input, tuple(other.shape))


@operation
def numel(input: Tensor) -> int:
    """Return the number of elements."""
    return size_of(unwrap(input).shape)


# -- Orders ----------------------------------------------------------------------------------------------------------


@operation
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two dimensions."""
    x = unwrap(input)
    first, second = axis_of(dim0, len(x.shape)), axis_of(dim1, len(x.shape))
    return wrap(np.swapaxes(x, first, second) if x.shape else x[...])


@operation
def t(input: Tensor) -> Tensor:
    """Return the transpose of a matrix; a vector as it is."""
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return wrap(np.transpose(unwrap(input)))


@operation
def permute(input: Tensor, dims: Any) -> Tensor:
    """Put the dimensions into another order."""
    x = unwrap(input)
    given = sizes_of((dims,))
    if len(given) != len(x.shape):
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {len(x.shape)} is not equal to len(dims) = {len(given)}"
        )
    axes = [axis_of(d, len(x.shape)) for d in given]
    if len(set(axes)) != len(axes):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return wrap(np.transpose(x, axes))


@operation
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Move dimensions to other places; the others keep their order."""
    x = unwrap(input)
    places = [d if isinstance(d, tuple | list) else (d,) for d in (source, destination)]
    if len(places[0]) != len(places[1]):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source and destination must have the same number of dims"
        )
    first, second = ([axis_of(d, len(x.shape)) for d in dims] for dims in places)
    if len(set(first)) != len(first) or len(set(second)) != len(second):
        raise RuntimeError("movedim: repeated dim in `source` or `destination`")
    return wrap(np.moveaxis(x, first, second) if x.shape else x[...])


@operation
def adjoint(input: Tensor) -> Tensor:
    """Return the conjugate transpose of matrices."""
    x = unwrap(input)
    if len(x.shape) < 2:
        raise RuntimeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {len(x.shape)}-D tensor."
        )
    y = np.swapaxes(x, -1, -2)
    return wrap(np.conjugate(y) if y.dtype.kind == "c" else y)


swapaxes = swapdims = transpose
moveaxis = movedim

# -- Parts -----------------------------------------------------------------------------------------------------------


@operation
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """Return the view of `length` slices from `start` on."""
    x = unwrap(input)
    if not x.shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    axis, first = axis_of(dim, len(x.shape)), operator.index(start)
    n = x.shape[axis]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -n <= first <= n:
        raise IndexError(f"start out of range (expected to be in range of [-{n}, {n}], but got {first})")
    first = first + n if first < 0 else first
    if first + length > n:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({n}).")
    return wrap(x[(*(ALL,) * axis, slice(first, first + length))])


@operation
def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """Return the view of one slice along a dimension, which is dropped."""
    x = unwrap(input)
    if not x.shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis, i = axis_of(dim, len(x.shape)), operator.index(index)
    n = x.shape[axis]
    if not -n <= i < n:
        raise IndexError(f"select(): index {i} out of range for tensor of size {list(x.shape)} at dimension {axis}")
    return wrap(x[(*(ALL,) * axis, i, ...)])


@operation
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Return the windows of a length along a dimension, `step` apart, as a new last dimension.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    x = unwrap(input)
    axis = axis_of(dimension, len(x.shape))
    if not x.shape:
        return wrap(np.reshape(x, 1)[:size])
    if not 0 < size <= x.shape[axis]:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {x.shape[axis]} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=axis)
    return wrap(windows[(*(ALL,) * axis, slice(None, None, step))])


# -- The same elements -----------------------------------------------------------------------------------------------


@operation
def clone(input: Tensor) -> Tensor:
    """Return a copy through which gradients flow."""
    return wrap(np.copy(unwrap(input)))


@operation
def detach(input: Tensor) -> Tensor:
    """Return a tensor that shares the data and is not part of the graph."""
    return input.detach()


@operation
def resolve_conj(input: Tensor) -> Tensor:
    """Return the tensor itself: conjugation is never put off here."""
    return input


@operation
def resolve_neg(input: Tensor) -> Tensor:
    """Return the tensor itself: negation is never put off here."""
    return input


@operation
def is_conj(input: Tensor) -> bool:
    """Return False: conjugation is never put off here."""
    return False


@operation
def is_neg(input: Tensor) -> bool:
    """Return False: negation is never put off here."""
    return False


@operation
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """Sum over dimensions so that the result has a shape which broadcasts to this tensor's."""
    x, shape = unwrap(input), sizes_of(size)
    new = len(x.shape) - len(shape)
    fitting = new >= 0 and all(n in (1, m) for n, m in zip(shape, x.shape[new:], strict=True))
    if not fitting:
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(x.shape)}}}.")
    axes = [d for d in range(len(x.shape)) if d < new or (shape[d - new] == 1 and x.shape[d] != 1)]
    return wrap(np.reshape(np.sum(x, axis=tuple(axes)) if axes else x, shape))
