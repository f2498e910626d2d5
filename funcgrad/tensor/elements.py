"""Further operations on elements: parts of floating-point numbers, Python functions, reductions at indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad.core.primitive import CALLS
from funcgrad.tensor import norms
from funcgrad.tensor.beside import no_number
from funcgrad.tensor.calling import axis_of, check_floating, needs_tensor, operation, values_of
from funcgrad.tensor.choosing import integers, same_dtype, scatter_reduce, vector
from funcgrad.tensor.devices import device_of
from funcgrad.tensor.generators import Generator, numbers_from
from funcgrad.tensor.returns import described
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.tensor.silence import silently
from funcgrad.tensor.viewing import clone

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("Frexp", "apply_", "binomial", "fill", "frexp", "frobenius_norm", "histogramdd", "index_reduce", "map2_", "map_"),
    *("nonzero_static", "norm_except_dim", "nuclear_norm"),
]


class Frexp(NamedTuple):
    """What ``frexp`` returns."""

    mantissa: Tensor
    exponent: Tensor

    def __repr__(self) -> str:
        return described(self, "frexp")


@operation
def frexp(input: Tensor) -> Frexp:
    """Return mantissas in [0.5, 1) and exponents: ``input == mantissa * 2 ** exponent``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.frexp(fg.tensor([3.0])).mantissa
    tensor([0.7500])
    """
    x = unwrap(input)
    if x.dtype.kind != "f":
        raise RuntimeError(f"frexp only supports floating-point dtypes, but got {x.dtype.name}")
    mantissa, exponent = CALLS[np.frexp](x)
    return Frexp(wrap(mantissa), wrap(exponent))


@operation
def fill(input: Tensor, value: Any) -> Tensor:
    """Return a tensor of the same shape and dtype whose elements are all `value`, a number or a tensor of one.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.fill(fg.zeros(2), 3)
    tensor([3., 3.])
    """
    filled: Tensor = clone(input).fill_(value)
    return filled


# -- Python functions -------------------------------------------------------------------------------------------------


def applied(name: str, input: Tensor, function: Callable[..., Any], others: Sequence[Tensor]) -> Tensor:
    if input.requires_grad or any(other.requires_grad for other in others):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    x = input.values()
    operands = np.broadcast_arrays(x, *[other.values() for other in others])
    if operands[0].shape != x.shape:
        raise RuntimeError(f"{name}(): the shapes of the tensors do not fit {list(x.shape)}")
    values = [function(*row) for row in zip(*[a.ravel().tolist() for a in operands], strict=True)]
    input.copy_(wrap(silently(np.array, values, x.dtype).reshape(x.shape)))
    return input


def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by what a Python function makes of it: slow, and without gradient.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tensor([1.0, 2.0]).apply_(lambda v: v * 10)
    tensor([10., 20.])
    """
    return applied("apply_", input, callable, ())


def map_(input: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function makes of it and of another tensor's."""
    return applied("map_", input, callable, (tensor,))


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function makes of it and of two other tensors'."""
    return applied("map2_", input, callable, (x, y))


# -- At indices -------------------------------------------------------------------------------------------------------


@operation
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce slices along a dimension at indices: "prod", "mean", "amax" or "amin".

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.ones(2).index_reduce(0, fg.tensor([0, 0]), fg.tensor([2.0, 3.0]), "prod")
    tensor([6., 1.])
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    x, v = unwrap(input), unwrap(needs_tensor("index_reduce", source))
    same_dtype("index_reduce", x, v)
    i, axis = vector(integers("index_reduce", index)), axis_of(dim, len(x.shape))
    if v.shape and v.shape[axis] != i.shape[0]:
        raise RuntimeError(f"index_reduce(): {i.shape[0]} indices, but {v.shape[axis]} slices")
    places = np.reshape(i, [-1 if d == axis else 1 for d in range(len(v.shape))])
    return scatter_reduce(input, dim, wrap(np.broadcast_to(places, v.shape)), source, reduce, include_self=include_self)


@operation
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """Return the places of so many elements that are not zero; rows that are missing are filled."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    x = values_of(input)
    found = np.argwhere(x)[:size]
    rest = np.full((size - len(found), len(x.shape)), fill_value)
    return wrap(np.concatenate([found, rest]).astype(np.int64))


# -- Counting and drawing ---------------------------------------------------------------------------------------------


class Histogramdd(NamedTuple):
    """What ``histogramdd`` returns."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]


@operation
def histogramdd(
    input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> Histogramdd:
    """Count points, the rows of the last dimension, in boxes: so many along each dimension, or with given edges."""
    x = values_of(input)
    check_floating("histogramdd", x)
    n = x.shape[-1]
    edges = [values_of(b) for b in bins] if isinstance(bins, tuple | list) else bins
    limits = None if range is None else list(zip(range[::2], range[1::2], strict=True))
    w = None if weight is None else np.reshape(values_of(weight), -1)
    counts, found = np.histogramdd(np.reshape(x, (-1, n)), edges, range=limits, density=density, weights=w)
    return Histogramdd(wrap(counts.astype(x.dtype)), tuple([wrap(e.astype(x.dtype)) for e in found]))


@operation
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Draw how many of `count` trials succeed, each with probability `prob`."""
    n, p = values_of(count), values_of(needs_tensor("binomial", prob))
    check_floating("binomial", n)
    if np.any(n < 0) or np.any((p < 0) | (p > 1)):
        raise RuntimeError("binomial: expected counts that are not negative and probabilities in [0, 1]")
    return wrap(no_number(numbers_from(generator, device_of(n)).binomial(n.astype(np.int64), p)).astype(n.dtype))


# -- Norms by older names ---------------------------------------------------------------------------------------------


@operation
def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """Return the norm of all elements, or along dimensions."""
    axes = None if isinstance(dim, tuple | list) and not dim else dim
    return norms.vector_norm(input, 2, axes, keepdim)


@operation
def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Return the sum of the singular values."""
    if isinstance(dim, bool):
        dim, keepdim = None, dim
    return norms.norm(input, "nuc", dim, keepdim)


@operation
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """Return the norms over all dimensions but one, which are kept with length one; -1 means over all."""
    if dim == -1:
        return norms.norm(v, pow)
    axis = axis_of(dim, v.ndim)
    return norms.norm(v, pow, tuple([d for d in range(v.ndim) if d != axis]), keepdim=True)
