"""Reductions of tensors: ``dim`` for NumPy's ``axis``, and PyTorch's dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.shell import Base, unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Maxima", "Minima", "Reduced"]

Dim: TypeAlias = int | tuple[int, ...] | list[int] | None

INTEGERS = "biu"


class Maxima(NamedTuple):
    """What ``max(dim)`` returns."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return f"torch.return_types.max(\nvalues={self.values!r},\nindices={self.indices!r})"


class Minima(NamedTuple):
    """What ``min(dim)`` returns."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return f"torch.return_types.min(\nvalues={self.values!r},\nindices={self.indices!r})"


class Reduced(Base):
    """Reductions."""

    __slots__ = ()

    def reduce(self, function: Any, dim: Dim, keepdim: bool, **options: Any) -> Tensor:
        if (dim is not None and not isinstance(dim, int | tuple | list)) or isinstance(dim, bool):
            raise TypeError(f"{function.__name__}: dim must be an int or a tuple of ints, got {dim!r}")
        x = unwrap(self)
        if isinstance(dim, tuple | list):
            dim = tuple(dim) or tuple(range(len(x.shape)))
        return wrap(function(x, axis=dim, keepdims=keepdim, **options))

    def counted(self, function: Any, dim: Dim, keepdim: bool) -> Tensor:
        """Reduce to int64 where the elements are integers."""
        options = {"dtype": np.dtype(np.int64)} if self.dtype.kind in INTEGERS else {}
        return self.reduce(function, dim, keepdim, **options)

    def averaged(self, function: Any, dim: Dim, keepdim: bool, **options: Any) -> Tensor:
        """Reduce what must not be integers."""
        if self.dtype.kind in INTEGERS:
            raise RuntimeError(
                f"{function.__name__}(): could not infer output dtype. Input dtype must be either a floating point or "
                f"complex dtype. Got: {type_name(self.dtype)}"
            )
        return self.reduce(function, dim, keepdim, **options)

    def sum(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Sum over all dimensions, or the given ones."""
        return self.counted(np.sum, dim, keepdim)

    def prod(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Multiply over all dimensions, or the given one."""
        return self.counted(np.prod, dim, keepdim)

    def mean(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Average over all dimensions, or the given ones."""
        return self.averaged(np.mean, dim, keepdim)

    def var(self, dim: Dim = None, keepdim: bool = False, *, correction: int = 1) -> Tensor:
        """Return the variance, unbiased unless `correction` is 0."""
        return self.averaged(np.var, dim, keepdim, ddof=correction)

    def std(self, dim: Dim = None, keepdim: bool = False, *, correction: int = 1) -> Tensor:
        """Return the standard deviation, from the unbiased variance unless `correction` is 0."""
        return self.averaged(np.std, dim, keepdim, ddof=correction)

    def amax(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Return the maximum over all dimensions, or the given ones; ties share the gradient."""
        return self.reduce(np.amax, dim, keepdim)

    def amin(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Return the minimum over all dimensions, or the given ones; ties share the gradient."""
        return self.reduce(np.amin, dim, keepdim)

    def max(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the maximum; along a dimension, values and indices, of which the first of ties gets the gradient."""
        return self.amax() if dim is None else Maxima(*self.extreme(np.argmax, dim, keepdim))

    def min(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the minimum; along a dimension, values and indices, of which the first of ties gets the gradient."""
        return self.amin() if dim is None else Minima(*self.extreme(np.argmin, dim, keepdim))

    def extreme(self, place: Any, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise TypeError(f"dim must be an int, got {dim!r}; for two tensors there are maximum and minimum")
        x = unwrap(self)
        indices = place(self.values(), axis=dim, keepdims=True)
        values = np.take_along_axis(x, indices, axis=dim)
        if not keepdim:
            values, indices = np.squeeze(values, dim), np.squeeze(indices, dim)
        return wrap(values), wrap(indices)

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the place of the maximum."""
        return wrap(np.argmax(self.values(), axis=dim, keepdims=keepdim))

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the place of the minimum."""
        return wrap(np.argmin(self.values(), axis=dim, keepdims=keepdim))

    def all(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Return whether all elements are true."""
        return self.reduce(np.all, dim, keepdim)

    def any(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Return whether any element is true."""
        return self.reduce(np.any, dim, keepdim)
