"""Reading and writing elements at indices and masks; what is written to here is a copy."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.backend import add_at
from funcgrad.core.primitive import CALLS
from funcgrad.core.ufunc import updated_at
from funcgrad.tensor.beside import here
from funcgrad.tensor.calling import axis_of, needs_tensor, operation, size_of, values_of
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("diagonal_scatter", "gather", "index_add", "index_copy", "index_fill", "index_put", "index_select"),
    *("put", "scatter", "scatter_add", "scatter_reduce", "select_scatter", "slice_scatter", "take"),
    *("take_along_dim", "written"),
]

ALL = slice(None)

# -- Helpers --------------------------------------------------------------------------------------------------------


def written(x: Any, value: Any, index: Any, add: bool = False) -> Any:
    """Return `x` with other elements at `index`, or with a value added there."""
    return CALLS[operator.setitem](x, value, index=index, **({"add": True} if add else {}))


def integers(name: str, index: Any) -> Any:
    i = values_of(needs_tensor(name, index))
    if i.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index, got {type_name(i.dtype)}")
    return i


def within(index: Any, size: int, axis: int, error: type[Exception] = RuntimeError) -> Any:
    """Refuse indices out of bounds; those that count from the end are, too."""
    wrong = (index < 0) | (index >= size)
    if isinstance(wrong, np.ndarray | np.generic) and wrong.any():
        first = np.asarray(index)[np.asarray(wrong)].flat[0]
        raise error(f"index {first} is out of bounds for dimension {axis} with size {size}")
    return index


def along(index: Any, axis: int) -> tuple[Any, ...]:
    """Return the full index for one along a dimension, which may be shorter than the tensor in the others."""
    n = len(index.shape)
    grids = [np.reshape(np.arange(m), [-1 if d == e else 1 for e in range(n)]) for d, m in enumerate(index.shape)]
    return tuple([index if d == axis else grid for d, grid in enumerate(grids)])


def vector(index: Any) -> Any:
    if len(index.shape) > 1:
        raise IndexError("index is supposed to be a vector")
    return np.reshape(index, -1)


def same_dtype(name: str, x: Any, source: Any) -> Any:
    if x.dtype != source.dtype:
        raise RuntimeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype, got {type_name(x.dtype)} and "
            f"{type_name(source.dtype)}"
        )
    return source


def fill_value(x: Any, value: Any) -> Any:
    """Return a number, or a tensor without dimensions, in the dtype of `x`."""
    v = unwrap(value)
    if isinstance(v, bool | int | float | complex):
        kind = np.asarray(v).dtype.kind
        if "biufc".index(kind) > "biufc".index(x.dtype.kind) and kind in "fc" and x.dtype.kind in "biuf":
            raise RuntimeError(f"value cannot be converted to type {type_name(x.dtype)} without overflow")
        return np.asarray(v).astype(x.dtype)[()]
    if v.shape:
        raise RuntimeError(
            f"only supports a 0-dimensional value tensor, but got tensor with {len(v.shape)} dimension(s)."
        )
    return v.astype(x.dtype)


def fits(name: str, index: Any, x: Any, axis: int) -> None:
    """Refuse an index that is larger than the tensor beside the dimension that it chooses from."""
    fitting = all(n <= m for d, (n, m) in enumerate(zip(index.shape, x.shape, strict=False)) if d != axis)
    if len(index.shape) != len(x.shape) or not fitting:
        if len(index.shape) != len(x.shape):
            raise RuntimeError(f"Index tensor must have the same number of dimensions as input tensor in {name}()")
        raise RuntimeError(
            f"Size does not match at dimension: expected index {list(index.shape)} to be no larger than self "
            f"{list(x.shape)} apart from dimension {axis}"
        )


# -- Along a dimension ----------------------------------------------------------------------------------------------


@operation
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Choose elements along a dimension, for each place by its own index.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.gather(fg.tensor([[1, 2], [3, 4]]), 1, fg.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    if sparse_grad:
        raise NotImplementedError("gather(sparse_grad=True): there are no sparse tensors")
    x, i = unwrap(input), integers("gather", index)
    axis = axis_of(dim, len(x.shape))
    if not x.shape or not i.shape:
        within(i, size_of(x.shape), axis)
        return wrap(np.reshape(np.reshape(x, -1)[np.reshape(i, -1)], i.shape))
    if not size_of(i.shape):
        return wrap(np.zeros(i.shape, x.dtype))
    fits("gather", i, x, axis)
    within(i, x.shape[axis], axis)
    part = tuple([ALL if d == axis else slice(n) for d, n in enumerate(i.shape)])
    return wrap(np.take_along_axis(x if x.shape == i.shape else x[part], i, axis=axis))


@operation
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Choose elements along a dimension; the other dimensions broadcast."""
    x, i = unwrap(input), integers("take_along_dim", indices)
    if dim is None:
        return wrap(np.reshape(x, -1)[np.reshape(i, -1)])
    axis = axis_of(dim, len(x.shape))
    if len(i.shape) != len(x.shape):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(x.shape)} dimensions for input, and {len(i.shape)} dimensions for indices"
        )
    shape = list(np.broadcast_shapes(*[[1 if d == axis else n for d, n in enumerate(a.shape)] for a in (x, i)]))
    x_shape, i_shape = list(shape), list(shape)
    x_shape[axis], i_shape[axis] = x.shape[axis], i.shape[axis]
    return wrap(np.take_along_axis(np.broadcast_to(x, x_shape), np.broadcast_to(i, i_shape), axis=axis))


@operation
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Choose slices along a dimension."""
    x, i = unwrap(input), vector(integers("index_select", index))
    axis = axis_of(dim, len(x.shape))
    within(i, x.shape[axis] if x.shape else 1, axis, IndexError)
    return wrap(x[(ALL,) * axis + (i,)]).contiguous() if x.shape else wrap(np.copy(x))


def scattered(name: str, input: Tensor, dim: int, index: Tensor, src: Any) -> tuple[Any, Any, Any, int]:
    """Return the tensor, the full index, the elements that are written there, and the dimension."""
    x, i = unwrap(input), integers(name, index)
    axis = axis_of(dim, len(x.shape))
    fits(name, i, x, axis)
    within(i, x.shape[axis] if x.shape else 1, axis)
    if not isinstance(src, Base):
        return x, along(i, axis), fill_value(x, src), axis
    v = same_dtype(name, x, unwrap(src))
    if len(v.shape) != len(i.shape) or any(n > m for n, m in zip(i.shape, v.shape, strict=True)):
        raise RuntimeError(f"{name}(): Expected index {list(i.shape)} to be no larger than src {list(v.shape)}")
    return x, along(i, axis), v if v.shape == i.shape else v[tuple([slice(n) for n in i.shape])], axis


@operation
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """Write elements along a dimension, each at its own index.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.scatter(fg.zeros(2, 3), 1, fg.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    x, where, v, _ = scattered("scatter", input, dim, index, value if src is None else src)
    if reduce is None:
        return wrap(written(x, v, where))
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    return wrap(written(x, v, where, add=True) if reduce == "add" else updated_at(np.multiply, x, where, v))


@operation
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add elements along a dimension, each at its own index."""
    x, where, v, _ = scattered("scatter_add", input, dim, index, needs_tensor("scatter_add", src))
    return wrap(written(x, v, where, add=True))


@operation
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce what comes to each index, with the tensor's own element or without it.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
    src : Tensor
    reduce : {"sum", "prod", "mean", "amax", "amin"}
    include_self : bool

    Examples
    --------
    >>> import funcgrad as fg
    >>> x, index = fg.ones(2), fg.tensor([0, 0, 1])
    >>> x.scatter_reduce(0, index, fg.tensor([2.0, 3.0, 4.0]), "sum")
    tensor([6., 5.])
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    x, where, v, _ = scattered("scatter_reduce", input, dim, index, needs_tensor("scatter_reduce", src))
    if reduce in ("amax", "amin"):
        return wrap(scattered_extreme(x, where, v, reduce, include_self))
    if not include_self:
        x = written(x, x.dtype.type(1 if reduce == "prod" else 0), where)
    if reduce == "prod":
        return wrap(updated_at(np.multiply, x, where, v))
    total = written(x, v, where, add=True)
    if reduce == "sum":
        return wrap(total)
    counts = here(np.ones(x.shape, np.int64), x)
    if not include_self:
        counts[where] = 0
    add_at(counts, where, 1)
    return wrap(total // counts if total.dtype.kind in "iu" else total / counts.astype(total.dtype))


def scattered_extreme(x: Any, where: Any, v: Any, reduce: str, include_self: bool) -> Any:
    """Return extremes at indices. Those who reach it share the gradient."""
    constant = [stop_gradient(part) if part.dtype.kind == "f" else part for part in (x, v)]
    limits: Any = np.iinfo(x.dtype) if x.dtype.kind in "iu" else SimpleLimits
    start = constant[0]
    if not include_self:
        start = written(start, x.dtype.type(limits.min if reduce == "amax" else limits.max), where)
    found = updated_at(np.maximum if reduce == "amax" else np.minimum, start, where, constant[1])
    if x.dtype.kind != "f":
        return found
    own, others = start == found, constant[1] == found[where]
    shares = written(own.astype(x.dtype), others.astype(x.dtype), where, add=True)
    zero = x.dtype.type(0)
    sums = written(np.where(own, x, zero), np.where(others, v, zero), where, add=True)
    mean = sums / np.maximum(shares, 1)
    return np.where(np.isfinite(found), mean - stop_gradient(mean) + found, found)


class SimpleLimits:
    """Below and above all floating-point numbers."""

    min = -np.inf
    max = np.inf


def at_slices(name: str, input: Tensor, dim: int, index: Tensor) -> tuple[Any, tuple[Any, ...], int]:
    x, i = unwrap(input), vector(integers(name, index))
    axis = axis_of(dim, len(x.shape))
    within(i, x.shape[axis] if x.shape else 1, axis, IndexError)
    return x, (ALL,) * axis + (i,), axis


@operation
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """Add slices along a dimension at indices."""
    x, where, _ = at_slices("index_add", input, dim, index)
    v = same_dtype("index_add", x, unwrap(source))
    return wrap(written(x, v if type(alpha) is int and alpha == 1 else alpha * v, where, add=True))


@operation
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Write slices along a dimension at indices."""
    x, where, _ = at_slices("index_copy", input, dim, index)
    return wrap(written(x, same_dtype("index_copy", x, unwrap(source)), where))


@operation
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Fill slices along a dimension at indices with a number."""
    x, where, _ = at_slices("index_fill", input, dim, index)
    return wrap(written(x, fill_value(x, value), where))


# -- At any place ---------------------------------------------------------------------------------------------------


@operation
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write at a tuple of indices, one for each dimension, or add there."""
    x = unwrap(input)
    where = tuple([ALL if i is None else values_of(i) for i in indices])
    return wrap(written(x, same_dtype("index_put", x, unwrap(values)), where, add=accumulate))


def flat_index(x: Any, index: Any, name: str) -> Any:
    i, n = integers(name, index), size_of(x.shape)
    wrong = (i < -n) | (i >= n)
    if isinstance(wrong, np.ndarray | np.generic) and wrong.any():
        raise IndexError(f"{name}(): index out of range: the tensor has {n} elements")
    return i % max(n, 1)


@operation
def take(input: Tensor, index: Tensor) -> Tensor:
    """Choose elements of the flattened tensor."""
    x = unwrap(input)
    return wrap(np.reshape(x, -1)[flat_index(x, index, "take")])


@operation
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write at indices of the flattened tensor, or add there."""
    x = unwrap(input)
    v = np.reshape(same_dtype("put", x, unwrap(source)), -1)
    where = np.reshape(flat_index(x, index, "put"), -1)
    return wrap(np.reshape(written(np.reshape(x, -1), v, where, add=accumulate), x.shape))


@operation
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """Write a slice at an index of a dimension."""
    x = unwrap(input)
    return wrap(written(x, unwrap(src), (*(ALL,) * axis_of(dim, len(x.shape)), index)))


@operation
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Write into a slice of a dimension."""
    x = unwrap(input)
    return wrap(written(x, unwrap(src), (*(ALL,) * axis_of(dim, len(x.shape)), slice(start, end, step))))


@operation
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Write onto a diagonal."""
    x = unwrap(input)
    first, second = axis_of(dim1, len(x.shape)), axis_of(dim2, len(x.shape))
    n = unwrap(src).shape[-1]
    moved = np.moveaxis(x, (first, second), (-2, -1))
    rows, columns = np.arange(n) + max(-offset, 0), np.arange(n) + max(offset, 0)
    return wrap(np.moveaxis(written(moved, unwrap(src), (..., rows, columns)), (-2, -1), (first, second)))
