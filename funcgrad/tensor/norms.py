"""Norms, distances and softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.primitive import call_of
from funcgrad.tensor.calling import axes_of, axis_of, check_floating, operands, operation, size_of
from funcgrad.tensor.pointwise import STEPS
from funcgrad.tensor.reduction import Dim, cast
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["cdist", "dist", "log_softmax", "matrix_norm", "norm", "renorm", "softmax", "vector_norm"]


@operation
def vector_norm(x: Tensor, ord: Any = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the norm of all elements as one vector, or along dimensions.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.linalg.vector_norm(fg.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return wrap(length(cast(unwrap(x), dtype), ord, dim, keepdim))


def length(x: Any, ord: Any, dim: Dim, keepdim: bool) -> Any:
    check_floating("linalg.vector_norm", x)
    axes = axes_of(dim, len(x.shape))
    if not axes:
        return np.absolute(x)
    if ord == 0:
        counted = np.absolute(STEPS[np.sign](x)) if x.dtype.kind == "f" else (x != 0).astype(np.real(x).dtype)
        return np.sum(counted, axis=axes, keepdims=keepdim)
    norm: Any = call_of(np.linalg.vector_norm)  # which CuPy does not have
    return norm(x, ord=ord, axis=axes, keepdims=keepdim)


@operation
def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """Return norms of matrices: "fro", "nuc", inf, -inf, 1, -1, 2 or -2."""
    x = cast(unwrap(A), dtype)
    check_floating("linalg.matrix_norm", x)
    if len(x.shape) < 2:
        raise RuntimeError(
            f"linalg.matrix_norm: The input tensor A must have at least 2 dimensions, not {len(x.shape)}"
        )
    if ord not in ("fro", "nuc", np.inf, -np.inf, 1, -1, 2, -2):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    first, second = (axis_of(d, len(x.shape)) for d in dim)
    y = np.linalg.matrix_norm(np.moveaxis(x, (first, second), (-2, -1)), ord=ord)
    return wrap(np.expand_dims(y, (first, second)) if keepdim else y)


@operation
def norm(input: Tensor, p: Any = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """Return the norm of all elements as one vector, or along dimensions.

    Parameters
    ----------
    input : Tensor
    p : number or {"fro", "nuc"}
        The order; "fro" is 2, and "nuc", of matrices, sums the singular values.
    dim : int or tuple of int, optional
    keepdim : bool
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([[3.0, 4.0], [0.0, 0.0]])
    >>> x.norm(), x.norm(dim=1), x.norm(1)
    (tensor(5.), tensor([5., 0.]), tensor(7.))
    """
    if isinstance(p, str) and p == "nuc":
        x = unwrap(input)
        dims = tuple(range(len(x.shape))) if dim is None else dim
        return matrix_norm(input, "nuc", dims, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm(): p must be a number, 'fro' or 'nuc', got {p!r}")
    return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


@operation
def dist(input: Tensor, other: Tensor, p: Any = 2) -> Tensor:
    """Return the norm of the difference."""
    a, b = operands(input, other)
    return wrap(length(np.reshape(a - b, -1), p, None, False))


@operation
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """Return the distances of every row of `x1` to every row of `x2`; `compute_mode` has no effect."""
    a, b = unwrap(x1), unwrap(x2)
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise RuntimeError("cdist only supports at least 2D tensors")
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return wrap(length(a[..., :, None, :] - b[..., None, :, :], p, -1, False))


@operation
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale slices along a dimension whose norm is larger than `maxnorm` to it."""
    x = unwrap(input)
    axis = axis_of(dim, len(x.shape))
    lengths = length(x, p, tuple([d for d in range(len(x.shape)) if d != axis]), True)
    long = lengths > maxnorm
    return wrap(x * np.where(long, maxnorm / (np.where(long, lengths, x.dtype.type(1)) + 1e-7), x.dtype.type(1)))


# -- Softmax -----------------------------------------------------------------------------------------------------------


def shifted(x: Any, dim: int) -> tuple[Any, int]:
    """Subtract the largest element, so that exponentials stay finite."""
    check_floating("softmax", x)
    axis = axis_of(dim, len(x.shape))
    if not size_of(x.shape):
        return x, axis
    return (x - np.max(stop_gradient(x), axis=axis, keepdims=True), axis) if x.shape else (x - x, -1)


@operation
def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Return the exponentials along a dimension, divided by their sum.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.softmax(fg.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    x, axis = shifted(cast(unwrap(input), dtype), dim)
    if not x.shape:
        return wrap(np.exp(x))
    e = np.exp(x)
    return wrap(e / np.sum(e, axis=axis, keepdims=True))


@operation
def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Return the logarithm of :func:`softmax`, without overflow."""
    x, axis = shifted(cast(unwrap(input), dtype), dim)
    if not x.shape:
        return wrap(x)
    return wrap(x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True)))
