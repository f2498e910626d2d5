"""Shape, indexing and rearranging: mostly views, which share memory with the tensor as in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS
from funcgrad.tensor.cupys import cupys_call, from_cupy
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.size import Size

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Shaped", "Size", "translate"]


def by_name(shape: Any) -> tuple[Any]:
    """Take the arguments of :meth:`Shaped.reshape` by name."""
    return (shape,)


# -- Indices -----------------------------------------------------------------------------------------------


def translate(index: Any) -> list[Any]:
    """Return NumPy's indices, to be applied in turn, for one of PyTorch's.

    A single integer is always a view. Integers beside arrays are applied first: NumPy would broadcast them with the
    arrays, and may then put the result's dimensions into another order.
    """
    if type(index) is int:  # the commonest
        return [(index, Ellipsis)]
    parts = [number(unwrap(part)) for part in index] if isinstance(index, tuple) else [number(unwrap(index))]
    if all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts):
        return [as_view(parts)]
    if any(isinstance(part, str | bytes) for part in parts):
        raise TypeError("tensors are indexed by integers, slices, None, ... and tensors or lists of integers or bools")
    parts = [np.asarray(part) if isinstance(part, list) else part for part in parts]
    if not any(type(part) is int for part in parts):
        return [tuple(parts) if isinstance(index, tuple) else parts[0]]
    first: list[Any] = []
    second: list[Any] = []
    for part in parts:
        if type(part) is int:
            first.append(part)
        elif isinstance(part, slice) or part is None or part is Ellipsis:
            first.append(part)
            second.append(Ellipsis if part is Ellipsis else slice(None))
        else:
            first += [slice(None)] * (part.ndim if part.dtype == np.bool_ else 1)
            second.append(part)
    return [as_view(first), tuple(second)]


def as_view(parts: list[Any]) -> Any:
    """Return a basic index that gives an array even if integers fill it: with an Ellipsis."""
    if any(part is Ellipsis for part in parts):
        return tuple(parts)
    return (*parts, Ellipsis) if all(isinstance(part, int) for part in parts) else tuple(parts)


def number(part: Any) -> Any:
    """Return a 0-d integer array as an integer; anything else passes."""
    if isinstance(part, np.integer) or (isinstance(part, np.ndarray) and part.ndim == 0 and part.dtype.kind in "iu"):
        return int(part)
    return [number(unwrap(item)) for item in part] if isinstance(part, list) else part


def applied(function: Any, x: Any, *args: Any) -> Any:
    """Call a NumPy function of a payload: for a tracer what the protocol would lead to, without the detour."""
    return (CALLS[function] if isinstance(x, Traced) else function)(x, *args)


class Shaped(Base):
    """Shape, indexing and rearranging."""

    __slots__ = ()

    @property
    def shape(self) -> Size:
        """The length of every dimension."""
        return tuple.__new__(Size, self.payload.shape)  # no check

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.payload.shape)

    def dim(self) -> int:
        """Return the number of dimensions."""
        return len(self.payload.shape)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the length of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """Return the number of elements."""
        return self.shape.numel()

    def __len__(self) -> int:
        if not self.payload.shape:
            raise TypeError("len() of a 0-d tensor")
        return int(self.payload.shape[0])

    def __contains__(self, element: Any) -> bool:
        return bool(np.any(unwrap(self == element)))

    def __getitem__(self, index: Any) -> Tensor:
        steps = translate(index)
        x = unwrap(self)
        for step in steps:
            x = x[step]
        return wrap(x)

    def reshape(self, *shape: Any, **named: Any) -> Tensor:
        """Return the same elements in another shape."""
        if named:
            if from_cupy(1):
                return cast("Tensor", cupys_call("reshape", (self, *shape), named))
            return self.reshape(*by_name(*shape, **named))
        try:
            return wrap(applied(np.reshape, unwrap(self), shape[0] if len(shape) == 1 else shape))
        except ValueError as error:
            raise RuntimeError(str(error)) from error

    def view(self, *shape: Any) -> Tensor:
        """Return a view of another shape, or one that reads the bytes as another dtype.

        It shares memory, so the elements must lie in order.
        """
        if len(shape) == 1 and hasattr(shape[0], "itemsize"):
            if self.requires_grad:
                raise RuntimeError("view(dtype) of a tensor that requires gradients: the bytes have no derivative")
            try:
                return wrap(self.memory().view(np.dtype(shape[0])))
            except ValueError as error:
                raise RuntimeError(f"view(dtype): the bytes do not fit elements of another length: {error}") from error
        if not shape:
            raise TypeError("view() takes a shape or a dtype, got nothing")
        new = self.reshape(*shape)
        old, seen = self.values(), new.values()
        if isinstance(old, np.ndarray) and old.size and not np.may_share_memory(old, seen):
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                "two contiguous subspaces). Use .reshape(...) instead."
            )
        return new

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Join the dimensions from `start_dim` to `end_dim`."""
        start, end = start_dim % max(self.ndim, 1), end_dim % max(self.ndim, 1)
        shape = self.payload.shape
        return self.reshape((*shape[:start], -1, *shape[end + 1 :]))

    def t(self) -> Tensor:
        """Return the transpose of a matrix."""
        if self.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
        return wrap(applied(np.transpose, unwrap(self)))

    @property
    def T(self) -> Tensor:
        """The tensor with its dimensions in reverse order."""
        return wrap(applied(np.transpose, unwrap(self)))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Exchange two dimensions."""
        return wrap(applied(np.swapaxes, unwrap(self), dim0, dim1))

    def permute(self, *dims: Any) -> Tensor:
        """Put the dimensions into another order."""
        return wrap(applied(np.transpose, unwrap(self), dims[0] if len(dims) == 1 else dims))

    def unsqueeze(self, dim: int) -> Tensor:
        """Insert a dimension of length one."""
        return wrap(applied(np.expand_dims, unwrap(self), dim))

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Drop dimensions of length one."""
        if dim is not None and self.payload.shape[dim] != 1:
            return self.reshape(self.payload.shape)
        return wrap(applied(np.squeeze, unwrap(self), dim))

    def expand(self, *sizes: Any) -> Tensor:
        """Broadcast to a shape, in which -1 keeps a dimension."""
        wanted = tuple(sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes)
        own = (1,) * (len(wanted) - self.ndim) + tuple(self.payload.shape)
        shape = [m if n == -1 else n for n, m in zip(wanted, own, strict=True)]
        return wrap(applied(np.broadcast_to, unwrap(self), shape))

    def clone(self) -> Tensor:
        """Return a copy through which gradients flow."""
        return wrap(applied(np.copy, unwrap(self)))
