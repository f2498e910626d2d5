"""Reductions of tensors: ``dim`` for NumPy's ``axis``, and PyTorch's dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from typing import cast as known_as

import numpy as np

from funcgrad.core.graph import Call
from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS, primitive_of
from funcgrad.core.space import space_of
from funcgrad.tensor.beside import no_number
from funcgrad.tensor.calling import axes_of, axis_of, operation, values_of
from funcgrad.tensor.cupys import cupys_call, from_cupy
from funcgrad.tensor.promotion import as_real, type_name
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.silence import silently
from funcgrad.transforms.gradient import stop_gradient
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("all", "any", "averaged", "count_nonzero", "logsumexp", "mean", "nanmean", "nansum", "prod", "reduced"),
    *("std", "std_mean", "sum", "var", "var_mean"),
]

Dim: TypeAlias = int | tuple[int, ...] | list[int] | None

INTEGERS = "biu"
INT64 = np.dtype(np.int64)


def reduced(function: Any, x: Any, dim: Dim, keepdim: bool, **options: Any) -> Any:
    """Apply a NumPy reduction to a payload."""
    axis: Any = dim
    if dim is not None and (type(dim) is not int or not x.shape):
        if not isinstance(dim, tuple | list) and (isinstance(dim, bool) or not hasattr(dim, "__index__")):
            raise TypeError(f"{function.__name__}: dim must be an int or a tuple of ints, got {dim!r}")
        axis = axes_of(dim, len(x.shape))
    call = CALLS[function] if isinstance(x, Traced) else function  # what NumPy's protocol would lead to
    return call(x, axis=axis, keepdims=keepdim, **options)


def averaged(name: str, x: Any) -> Any:
    """Refuse integers, of which the mean is none."""
    if x.dtype.kind in INTEGERS:
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {type_name(x.dtype)}"
        )
    return x


def cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else x.astype(np.dtype(dtype))


# -- Sums and products -----------------------------------------------------------------------------------------


@operation
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum over all dimensions, or the given ones.

    Parameters
    ----------
    input : Tensor
    dim : int or tuple of int, optional
    keepdim : bool
        Whether these dimensions stay, with length one.
    dtype : dtype, optional
        What the elements are cast to first; integers and booleans are summed as int64.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.sum(fg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    x = cast(unwrap(input), dtype)
    if dtype is None and x.dtype.kind in INTEGERS:
        return wrap(reduced(np.sum, x, dim, keepdim, dtype=INT64))
    if x.dtype.kind in INTEGERS:  # NumPy would widen
        return wrap(reduced(np.sum, x, dim, keepdim, dtype=x.dtype))
    return wrap(reduced(np.sum, x, dim, keepdim))


@operation
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum what is not nan."""
    x = unwrap(input)
    x = np.where(np.isnan(x), x.dtype.type(0), x) if x.dtype.kind in "fc" else x
    return sum(wrap(x), dim, keepdim, dtype=dtype)


@operation
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Multiply over all dimensions, or the given one."""
    x = cast(unwrap(input), dtype)
    options = {"dtype": INT64} if dtype is None and x.dtype.kind in INTEGERS else {}
    if dim is not None:
        dim = axis_of(dim, len(x.shape))
    return wrap(reduced(np.prod, x, dim, keepdim, **options))


@operation
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Average over all dimensions, or the given ones."""
    x = cast(unwrap(input), dtype)
    return wrap(reduced(np.mean, averaged("mean", x), dim, keepdim))


@operation
def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Average what is not nan."""
    x = averaged("nanmean", cast(unwrap(input), dtype))
    found = ~np.isnan(x)
    total = reduced(np.sum, np.where(found, x, x.dtype.type(0)), dim, keepdim)
    return wrap(total / reduced(np.sum, found, dim, keepdim).astype(total.dtype))


@operation
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """Return ``log(sum(exp(x)))``, without overflow.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.logsumexp(fg.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    x = as_real(unwrap(input))
    axes = axes_of(dim, len(x.shape))
    if 0 in [x.shape[d] for d in axes]:
        return wrap(np.log(np.sum(np.exp(x), axis=axes, keepdims=keepdim)))
    largest = np.max(stop_gradient(x) if x.dtype.kind == "f" else np.real(stop_gradient(x)), axis=axes, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, largest.dtype.type(0))
    total = np.log(np.sum(np.exp(x - largest), axis=axes, keepdims=True)) + largest
    return wrap(total if keepdim else np.squeeze(total, axis=axes))


@operation
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """Count the elements that are not zero."""
    x = values_of(input)
    return wrap(no_number(reduced(np.sum, x != 0, axes_of(dim, len(x.shape)), False, dtype=INT64)))


# -- Variances ---------------------------------------------------------------------------------------------------


def spread(
    function: Any, input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any, mean: bool = False
) -> Any:
    """Apply ``np.var`` or ``np.std``. What comes first may be `unbiased`, as in the older signature."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{function.__name__}(): give `correction` or `unbiased`, not both")
    ddof = (1 if unbiased in (None, True) else 0) if correction is None else correction
    x = unwrap(input)
    if x.dtype.kind in INTEGERS:
        raise RuntimeError(
            f"{function.__name__} and {function.__name__}_mean only support floating point and complex dtypes"
        )
    y = wrap(reduced(function, x, dim if dim is None else axes_of(dim, len(x.shape)), keepdim, ddof=ddof))
    return (y, wrap(reduced(np.mean, x, dim, keepdim))) if mean else y


@operation
def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    """Return the variance: squares summed and divided by the number of elements less `correction`, which is 1.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([1.0, 2.0, 3.0])
    >>> fg.var(x), fg.var(x, correction=0)
    (tensor(1.), tensor(0.6667))
    """
    found: Tensor = spread(np.var, input, dim, unbiased, keepdim, correction)
    return found


@operation
def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    """Return the standard deviation: the square root of :func:`var`."""
    found: Tensor = spread(np.std, input, dim, unbiased, keepdim, correction)
    return found


@operation
def var_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """Return variance and mean."""
    found: tuple[Tensor, Tensor] = spread(np.var, input, dim, unbiased, keepdim, correction, mean=True)
    return found


@operation
def std_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """Return standard deviation and mean."""
    found: tuple[Tensor, Tensor] = spread(np.std, input, dim, unbiased, keepdim, correction, mean=True)
    return found


# -- Truth -------------------------------------------------------------------------------------------------------


def truth(function: Any, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    x = values_of(input)
    y = reduced(function, x, dim, keepdim)
    return wrap(y.astype(x.dtype) if x.dtype == np.uint8 else y)  # as PyTorch has it


@operation
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return whether all elements are true."""
    return truth(np.all, input, dim, keepdim)


@operation
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return whether any element is true."""
    return truth(np.any, input, dim, keepdim)


# -- Of all elements, as most are: without the questions that axes raise ---------------------------------------------


def is_tracer_of_root(x: Any) -> bool:
    return type(x) is ReverseTracer and x.level is ROOT and type(x.value) is np.ndarray


def recorded(function: Any, x: Any, value: Any) -> Any:
    """Return the tracer of the value of a linear reduction, whose rule reads nothing but the operand's space."""
    space = space_of(value)
    node = Call(primitive_of(function), (None,), None, {}, (x.space,), space, (x.node,))
    node.key = ROOT.stamp()
    return ROOT.tracer(value, node, space)


def shell(payload: Any) -> Tensor:
    """Return the tensor around what shares memory with nothing."""
    tensor = object.__new__(Base.concrete)
    tensor.payload = payload
    tensor._grad = None
    return tensor


# -- Methods -------------------------------------------------------------------------------------------------------


class Reduced(Base):
    """Reductions."""

    __slots__ = ()

    def sum(self, dim: Dim = None, keepdim: bool = False, *more: Any, dtype: Any = None, **named: Any) -> Tensor:
        """Sum over all dimensions, or the given ones; integers and booleans as int64 unless a dtype is given."""
        if dim is None and dtype is None and not keepdim and not named and not more:  # the common case is short
            x = unwrap(self)
            if is_tracer_of_root(x):
                return shell(recorded(np.sum, x, silently(np.add.reduce, x.value, None)))
            if x.dtype.kind == "f":
                return wrap(silently(np.sum, x))
        if more:
            return known_as("Tensor", positional("sum", (self, dim, keepdim, *more), named))
        return sum(self, **chosen(dim, keepdim), dtype=dtype, **named)

    def mean(self, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None, **named: Any) -> Tensor:
        """Average over all dimensions, or the given ones."""
        if dim is None and dtype is None and not keepdim and not named:
            x = unwrap(self)
            if is_tracer_of_root(x) and x.value.itemsize > 2 and x.value.size:
                return shell(recorded(np.mean, x, silently(np.add.reduce, x.value, None) / x.value.size))
            if x.dtype.kind == "f":
                return wrap(silently(np.mean, x))
        return mean(self, **chosen(dim, keepdim), dtype=dtype, **named)


def positional(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Do what CuPy's function asks of the method, which gives more arguments by position than PyTorch."""
    if from_cupy(2):
        return cupys_call(name, args, named)
    raise TypeError(f"{name}() takes at most dim and keepdim by position, but {len(args) - 1} were given")


def chosen(dim: Dim, keepdim: bool) -> dict[str, Any]:
    """Return what was given of these, which may have come by another name."""
    return ({} if dim is None else {"dim": dim}) | ({"keepdim": keepdim} if keepdim else {})
