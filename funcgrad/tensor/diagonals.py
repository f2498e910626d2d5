"""Diagonals, triangles, and complex numbers as pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.level import Traced, zeros
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import Space
from funcgrad.tensor.calling import axis_of, needs_tensor, operation
from funcgrad.tensor.choosing import written
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("diag", "diag_embed", "diagflat", "diagonal", "tril", "triu", "view_as_complex", "view_as_real"),
]

# -- Diagonals and triangles -----------------------------------------------------------------------------------------


@operation
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return the view of a diagonal, as the last dimension."""
    x = unwrap(input)
    first, second = axis_of(dim1, len(x.shape)), axis_of(dim2, len(x.shape))
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return wrap(np.diagonal(x, offset, first, second))


@operation
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """Return the diagonal of a matrix, or the matrix with a vector on its diagonal."""
    x = unwrap(input)
    if len(x.shape) not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {len(x.shape)}D")
    return wrap(np.copy(np.diagonal(x, diagonal))) if len(x.shape) == 2 else diag_embed(input, diagonal)


@operation
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """Return the matrix with all elements on its diagonal."""
    return diag_embed(wrap(np.reshape(unwrap(input), -1)), offset)


@operation
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Put the last dimension on the diagonals of new matrices."""
    x = unwrap(input)
    n, size = x.shape[-1], x.shape[-1] + abs(offset)
    first, second = axis_of(dim1, len(x.shape) + 1), axis_of(dim2, len(x.shape) + 1)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    empty = zeros(Space((*x.shape[:-1], size, size), x.dtype), x)
    rows, columns = np.arange(n) + max(-offset, 0), np.arange(n) + max(offset, 0)
    return wrap(np.moveaxis(written(empty, x, (..., rows, columns)), (-2, -1), (first, second)))


def triangle(function: Any, input: Tensor, k: int) -> Tensor:
    x = unwrap(needs_tensor(function.__name__, input))
    if len(x.shape) < 2:
        raise RuntimeError(f"{function.__name__}: input tensor must have at least 2 dimensions")
    return wrap(function(x, k))


@operation
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Set what is above a diagonal to zero."""
    return triangle(np.tril, input, diagonal)


@operation
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Set what is below a diagonal to zero."""
    return triangle(np.triu, input, diagonal)


# -- Complex numbers as pairs ----------------------------------------------------------------------------------------


def reread(x: Any, dtype: np.dtype[Any]) -> Any:
    """Return the view of the same memory with another dtype."""
    return CALLS[np.ndarray.view](x, dtype=dtype) if isinstance(x, Traced) else x.view(dtype)


@operation
def view_as_real(input: Tensor) -> Tensor:
    """Return complex numbers as pairs of real ones, in a new last dimension."""
    x = unwrap(input)
    if x.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return wrap(reread(x[..., None], np.dtype(f"f{x.dtype.itemsize // 2}")))


@operation
def view_as_complex(input: Tensor) -> Tensor:
    """Return pairs of real numbers, the last dimension, as complex ones."""
    x = unwrap(input)
    if x.dtype.kind != "f":
        raise RuntimeError(f"view_as_complex is only supported for floating-point tensors, but got {x.dtype.name}")
    if not x.shape or x.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    dtype = np.promote_types(x.dtype, np.complex64)
    if x.dtype.itemsize == 2:  # NumPy has no complex numbers so small
        return wrap((x[..., 0] + 1j * x[..., 1]).astype(dtype))
    if input.stride(-1) != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1: take contiguous() of it")
    return wrap(reread(x, dtype)[..., 0])
