"""Writing at indices and under masks: ``index_add_``, ``scatter_``, ``masked_fill_`` and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import plain
from funcgrad.core.space import space_of
from funcgrad.tensor.overwriting import assign, update
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.shape import translate
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.views import Stored

__all__ = ["Filled"]


def axis_of(dim: int, ndim: int) -> int:
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-size}, {size - 1}], but got {dim})")
    return dim % size


def integers(index: Any, name: str) -> Array:
    """Return the values of an index tensor."""
    if not isinstance(index, Base):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    values: Array = np.asarray(plain(index.payload))
    if values.dtype.kind not in "iu":
        raise (RuntimeError if name == "index_copy_" else IndexError)(
            f"{name}(): the index must be a tensor of integers, got {type_name(values.dtype)}"
        )
    return values


def cut(src: Any, shape: tuple[int, ...]) -> Any:
    return src[tuple([slice(0, n) for n in shape])]


def check_range(index: Array, size: int, name: str, low: int = 0) -> None:
    if index.size and not (low <= index.min() and index.max() < size):
        raise IndexError(f"{name}(): an index is out of bounds for a dimension of size {size}")


def check_dtype(tensor: Base, source: Any, name: str) -> None:
    """Refuse a tensor of another dtype, as PyTorch does where it writes at indices."""
    if isinstance(source, Base) and space_of(source.payload).dtype != space_of(tensor.payload).dtype:
        raise RuntimeError(
            f"{name}(): self and source expected to have the same dtype, but got (self) "
            f"{type_name(space_of(tensor.payload).dtype)} and (source) {type_name(space_of(source.payload).dtype)}"
        )


def mask_of(mask: Any, shape: tuple[int, ...], name: str) -> Array:
    if not isinstance(mask, Base):
        raise TypeError(f"{name}(): argument 'mask' must be Tensor, not {type(mask).__name__}")
    values = np.asarray(plain(mask.payload))
    if values.dtype.kind != "b":
        raise RuntimeError(f"{name} only supports boolean masks, but got mask with dtype {type_name(values.dtype)}")
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise RuntimeError(
            f"{name}: a mask of shape {list(values.shape)} does not broadcast to {list(shape)}"
        ) from None


class Filled(Stored):
    """In-place operations that take indices or masks."""

    __slots__ = ()

    def _along(self, dim: int, index: Any, name: str) -> tuple[Any, int]:
        """Return NumPy's index for entries along a dimension, and how many they are."""
        shape = self.payload.shape
        dim = axis_of(dim, len(shape))
        values = integers(index, name)
        if values.ndim > 1:
            raise IndexError(f"{name}(): index is supposed to be a vector, but got {values.ndim} dimensions")
        values = values.reshape(-1)
        try:
            check_range(values, shape[dim] if shape else 1, name)
        except IndexError as error:
            if name == "index_add_":
                raise RuntimeError(str(error)) from None
            raise
        if not shape:
            return ..., values.size
        return (*[slice(None)] * dim, values), values.size

    def index_add_(self, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
        """Add `alpha` times the entries of `source` to the entries along `dim` at `index`; repeated indices add up.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.zeros(3).index_add_(0, fg.tensor([0, 2, 0]), fg.ones(3))
        tensor([2., 0., 1.])
        """
        place, count = self._along(dim, index, "index_add_")
        check_dtype(self, source, "index_add_")
        self._check_source(dim, source, count, "index_add_")
        assign(self, [place], source if alpha == 1 else source * alpha, "index_add_", add=True)
        return self

    def index_copy_(self, dim: int, index: Any, source: Any) -> Any:
        """Write the entries of `source` to the entries along `dim` at `index`."""
        place, count = self._along(dim, index, "index_copy_")
        check_dtype(self, source, "index_copy_")
        self._check_source(dim, source, count, "index_copy_")
        assign(self, [place], source, "index_copy_")
        return self

    def index_fill_(self, dim: int, index: Any, value: Any) -> Any:
        """Fill the entries along `dim` at `index` with a number."""
        place, _ = self._along(dim, index, "index_fill_")
        self._check_number(value, "index_fill_")
        assign(self, [place], value, "index_fill_")
        return self

    def _check_source(self, dim: int, source: Any, count: int, name: str) -> None:
        if not isinstance(source, Base):
            raise TypeError(f"{name}(): argument 'source' must be Tensor, not {type(source).__name__}")
        shape = list(self.payload.shape)
        if shape:
            shape[axis_of(dim, len(shape))] = count
        if list(source.payload.shape) != shape and (shape or source.payload.size != 1):
            raise (IndexError if name == "index_copy_" else RuntimeError)(
                f"{name}(): a source of shape {shape} belongs to this index, but got {list(source.payload.shape)}"
            )

    def _check_number(self, value: Any, name: str) -> None:
        if isinstance(value, Base) and value.payload.ndim:
            raise RuntimeError(
                f"{name} only supports a 0-dimensional value tensor, but got {value.payload.ndim} dimensions"
            )

    def index_put_(self, indices: Any, values: Any, accumulate: bool = False) -> Any:
        """Write `values` at indices, one tensor for each dimension; with `accumulate` add them."""
        if not isinstance(values, Base):
            raise TypeError(f"index_put_(): argument 'values' must be Tensor, not {type(values).__name__}")
        if space_of(values.payload).dtype != space_of(self.payload).dtype:
            raise RuntimeError(
                "Index put requires the source and destination dtypes match, got "
                f"{type_name(space_of(self.payload).dtype)} for the destination and "
                f"{type_name(space_of(values.payload).dtype)} for the source."
            )
        steps = translate(tuple([slice(None) if part is None else part for part in indices]))
        assign(self, steps, values, "index_put_", add=accumulate)
        return self

    def put_(self, index: Any, source: Any, accumulate: bool = False) -> Any:
        """Write the elements of `source` at indices into the flattened tensor; with `accumulate` add them."""
        places = integers(index, "put_")
        size = self.payload.size
        check_range(places, size, "put_", -size)
        check_dtype(self, source, "put_")
        if source.payload.size != places.size:
            raise RuntimeError(f"put_(): {places.size} indices, but a source of {source.payload.size} elements")
        where = np.unravel_index(places % max(size, 1), self.payload.shape) if self.payload.shape else ...
        assign(self, [where], source.reshape(places.shape), "put_", add=accumulate)
        return self

    # -- Scatter -------------------------------------------------------------------------------------------------

    def _grid(self, dim: int, index: Any, src: Any, name: str) -> tuple[Any, Any]:
        """Return NumPy's index for elements with a place each along `dim`, and the part of `src` that goes there."""
        shape = self.payload.shape
        dim = axis_of(dim, len(shape))
        values = integers(index, name)
        if not shape:
            values = values.reshape(())
        elif values.ndim != len(shape):
            raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
        within = src.payload.shape if isinstance(src, Base) else values.shape
        for axis, n in enumerate(values.shape):
            if (axis != dim and n > shape[axis]) or n > within[axis]:
                raise RuntimeError(
                    f"Expected index {list(values.shape)} to be no larger than self {list(shape)} apart from dimension "
                    f"{dim} and to be no larger than src {list(within)}"
                )
        if shape:
            try:
                check_range(values, shape[dim], name)
            except IndexError as error:
                raise RuntimeError(str(error)) from None
        places: list[Any] = list(np.indices(values.shape, sparse=True))
        if shape:
            places[dim] = values
        part = cut(src, values.shape) if isinstance(src, Base) and shape else src
        return tuple(places) if shape else ..., part

    def scatter_(self, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
        """Write each element of `src`, or a number, where `index` says along `dim`; `reduce` adds or multiplies.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.zeros(2, 2).scatter_(1, fg.tensor([[1], [0]]), 5.0)
        tensor([[0., 5.],
                [5., 0.]])
        """
        if src is None and value is None:
            raise TypeError("scatter_() takes a src tensor or a value")
        src = value if src is None else src
        check_dtype(self, src, "scatter_")
        places, part = self._grid(dim, index, src, "scatter_")
        if reduce not in (None, "add", "multiply"):
            raise RuntimeError(f"reduce argument must be either add or multiply, got {reduce!r}")
        if reduce == "multiply":
            if self.requires_grad or (isinstance(src, Base) and src.requires_grad):
                raise NotImplementedError("scatter_ with reduce='multiply' has no derivative: use scatter_ of products")
            factors = np.ones(self.payload.shape, space_of(self.payload).dtype)
            np.multiply.at(factors, places, unwrap(part))
            return update(self, lambda x: x * wrap(factors), "scatter_")
        assign(self, [places], part, "scatter_", add=reduce == "add")
        return self

    def scatter_add_(self, dim: int, index: Any, src: Any) -> Any:
        """Add each element of `src` where `index` says along `dim`."""
        check_dtype(self, src, "scatter_add_")
        places, part = self._grid(dim, index, src, "scatter_add_")
        assign(self, [places], part, "scatter_add_", add=True)
        return self

    # -- Masks and diagonals ---------------------------------------------------------------------------------------

    def masked_fill_(self, mask: Any, value: Any) -> Any:
        """Write a number where the mask is true.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.arange(3.0)
        >>> x.masked_fill_(x > 0.5, -1)
        tensor([ 0., -1., -1.])
        """
        self._check_number(value, "masked_fill_")
        assign(self, [mask_of(mask, self.payload.shape, "masked_fill_")], value, "masked_fill_")
        return self

    def masked_scatter_(self, mask: Any, source: Any) -> Any:
        """Write the elements of `source`, one after the other, where the mask is true."""
        places = mask_of(mask, self.payload.shape, "masked_scatter_")
        check_dtype(self, source, "masked_scatter_")
        count = int(np.count_nonzero(places))
        if source.payload.size < count:
            raise RuntimeError(
                f"masked_scatter_: the mask has {count} true elements, the source only {source.payload.size}"
            )
        assign(self, [places], source.reshape(-1)[:count], "masked_scatter_")
        return self

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Any:
        """Fill the main diagonal with a number; with `wrap`, that of a tall matrix goes on after each block."""
        shape = self.payload.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len(set(shape)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        if len(shape) == 2 and wrap:
            count = shape[0] * shape[1]
            places: Any = np.unravel_index(np.arange(0, count, shape[1] + 1), shape)
        else:
            places = (np.arange(min(shape)),) * len(shape)
        assign(self, [places], fill_value, "fill_diagonal_")
        return self
