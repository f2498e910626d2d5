"""What all operations share: PyTorch's kinds of error, ``out=``, and how dimensions, shapes and dtypes are given."""

from __future__ import annotations

import functools
import inspect
import math
import operator
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import numpy as np

from funcgrad.core.level import Traced, rebuilt
from funcgrad.core.silence import SILENT, restore, state, switch
from funcgrad.core.space import space_of
from funcgrad.tensor.beside import no_number
from funcgrad.tensor.cupys import cupys_call, from_cupy
from funcgrad.tensor.naming import christen, name_of
from funcgrad.tensor.promotion import promote_all, type_name
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.silence import HARMLESS
from funcgrad.tensor.writing import check_cast, overwrite
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *(
        "LinAlgError",
        "axes_of",
        "axis_of",
        "check_floating",
        "check_ordered",
        "needs_tensor",
        "numbers_as_payloads",
        "operands",
    ),
    *("operation", "payloads", "size_of", "sizes_of", "translated", "values_of", "wrap_parts"),
]

T = TypeVar("T")


class LinAlgError(RuntimeError):
    """A matrix that a function of linear algebra cannot work with, as a singular one for ``inv``."""


# -- Errors and out= -------------------------------------------------------------------------------------------


def translated(error: Exception) -> NoReturn:
    """Raise NumPy's error as PyTorch's kind: a wrong dimension is an IndexError, a wrong shape a RuntimeError."""
    if isinstance(error, RuntimeError):  # one that is a ValueError, too
        raise error
    if isinstance(error, np.exceptions.AxisError):
        axis, ndim = error.axis, max(error.ndim or 0, 1)
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {axis})"
        ) from error
    raise (LinAlgError if isinstance(error, np.linalg.LinAlgError) else RuntimeError)(str(error)) from error


#: Names of arguments that PyTorch takes for NumPy's sake, and its own.
ALIASES = (("axis", "dim"), ("keepdims", "keepdim"), ("x1", "input"), ("x2", "other"), ("x", "input"))


#: Chapters whose operations only move elements: NumPy has nothing to warn of.
MOVING = {"arranging", "diagonals", "splitting", "viewing"}
COMPUTING = {"sum_to_size", "view_as_complex"}  # but these


def operation(function: Callable[..., T]) -> Callable[..., T]:
    """Return an operation as users call it: as a function of a tensor, as a method, and with ``out=``."""
    name = function.__name__
    parameters = inspect.signature(function).parameters
    node_name = name_of(name)
    harmless = name in HARMLESS
    computes = name in COMPUTING or function.__module__.rpartition(".")[2] not in MOVING

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> T:
        if kwargs:
            for numpys, own in ALIASES:
                if numpys in kwargs and numpys not in parameters:
                    kwargs[own] = kwargs.pop(numpys)
        if not (args and isinstance(args[0], Base)):
            check_first(name, args, kwargs)
        start = 0 if node_name is None else ROOT.stamp()
        token = None
        if computes and not (harmless and is_real(args)) and state(None) is not SILENT:
            token = switch(SILENT)
        try:
            result = function(*args, **kwargs)
        except (ValueError, np.linalg.LinAlgError) as error:
            translated(error)
        except TypeError as error:
            if "not supported" in str(error) and "ufunc" in str(error):
                raise NotImplementedError(f'"{name}" not implemented for these dtypes: {error}') from error
            if from_cupy(1):
                return cast("T", cupys_call(name, args, {**kwargs, "out": out}))
            raise
        finally:
            if token is not None:
                restore(token)
        if node_name is not None:
            christen(result, node_name if isinstance(node_name, str) else node_name(args, kwargs), start)
        return result if out is None else deliver(name, result, out)

    return call


def is_real(args: tuple[Any, ...]) -> bool:
    x = args[0].payload if args and isinstance(args[0], Base) else None
    return x is not None and not (x.space if type(x) is ReverseTracer else space_of(x)).is_complex


def needs_tensor(name: str, x: Any) -> Any:
    if not isinstance(x, Base):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(x).__name__}")
    return x


def check_first(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse a first argument, often called ``input``, that is no tensor and holds none."""
    first = args[0] if args else next(iter(kwargs.values()), None)
    several = first if isinstance(first, list | tuple) else [first]
    if isinstance(first, list | tuple) and not first:
        return  # the function says what it misses
    if not any(isinstance(x, Base) for x in (*several, *args[1:3], *kwargs.values())):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(first).__name__}")


def deliver(name: str, result: Any, out: Any) -> Any:
    """Write results into the tensors that were given for them, which take over the shape if theirs is another."""
    if isinstance(result, tuple | list):
        if not isinstance(out, tuple | list) or len(out) != len(result):
            raise TypeError(f"{name}(): out must be a tuple of {len(result)} tensors")
        parts = [deliver(name, part, target) for part, target in zip(result, out, strict=True)]
        return rebuilt(result, parts)
    needs_tensor(f"{name}(out=...)", out)
    if isinstance(unwrap(result), Traced) or out.requires_grad:
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    new = result.values()
    check_cast(new.dtype, out.dtype)
    if out.shape == result.shape:
        overwrite(out, new)
        return out
    if out.numel():
        warnings.warn(
            f"{name}(): an output of shape {list(out.shape)} was resized to {list(result.shape)}, because it did not "
            "fit. Give one of no elements, t.resize_(0), to say that this is meant.",
            UserWarning,
            stacklevel=4,
        )
    out.payload = no_number(new).astype(out.dtype)
    return out


# -- Arguments -------------------------------------------------------------------------------------------------


def operands(*xs: Any) -> list[Any]:
    """Return payloads of tensors and numbers, cast to the dtype in which PyTorch computes with them."""
    return promote_all(*[x.item() if isinstance(x, np.generic) else unwrap(x) for x in xs])


def payloads(name: str, tensors: Any) -> list[Any]:
    """Return the payloads of a sequence of tensors."""
    if isinstance(tensors, Base) or not isinstance(tensors, Iterable):
        raise TypeError(f"{name}(): argument 'tensors' must be tuple of Tensors, not {type(tensors).__name__}")
    found = list(tensors)
    for i, x in enumerate(found):
        if not isinstance(x, Base):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return [unwrap(x) for x in found]


def numbers_as_payloads(*xs: Any) -> list[Any]:
    """Return payloads of the same dtype, arrays even if numbers were given."""
    found = operands(*xs)
    dtype = next(x.dtype for x in found if hasattr(x, "dtype"))
    return [x if hasattr(x, "dtype") else dtype.type(x) for x in found]


def values_of(x: Any) -> Any:
    """Return a payload without its place in the graph: for what has no derivative."""
    return x.values() if isinstance(x, Base) else x


def wrap_parts(parts: Iterable[Any]) -> tuple[Tensor, ...]:
    return tuple([wrap(part) for part in parts])


def axis_of(dim: Any, ndim: int) -> int:
    """Return a dimension as one of ``range(ndim)``; a number has one dimension here."""
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"dim must be an int, not {type(dim).__name__}")
    axis, n = operator.index(dim), max(ndim, 1)
    if not -n <= axis < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {axis})")
    return axis % n


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """Return the dimensions that a reduction goes over: all of them for None and for an empty tuple."""
    if dim is None or (isinstance(dim, tuple | list) and not dim):
        return tuple(range(ndim))
    axes = tuple([axis_of(d, ndim) for d in (dim if isinstance(dim, tuple | list) else (dim,))])
    for axis in axes:
        if axes.count(axis) > 1:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
    return axes if ndim else ()


def sizes_of(sizes: Sequence[Any]) -> tuple[int, ...]:
    """Return a shape that was given as one sequence or as several numbers."""
    given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
    return tuple([operator.index(n) for n in given])


def check_floating(name: str, x: Any) -> None:
    if space_of(x).dtype.kind not in "fc":
        raise NotImplementedError(
            f'"{name}" not implemented for {type_name(x.dtype)!r}: expected a floating point dtype'
        )


def check_ordered(name: str, x: Any, *, bools: bool = True) -> None:
    """Refuse complex numbers, which have no order; and bools where PyTorch does."""
    if space_of(x).dtype.kind in ("c" if bools else "bc"):
        raise NotImplementedError(f'"{name}" not implemented for {type_name(x.dtype)!r}')


def size_of(shape: Sequence[int]) -> int:
    return math.prod(shape)
