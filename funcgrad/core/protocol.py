"""NumPy's two protocols: from a call that reached a tracer to the primitive that interprets it.

The plain call of a ufunc without keywords is the hot path and stays in ``Tracer.__array_ufunc__``;
here are the rest: ``out=``, ``where=``, ``dtype=``, the ufunc methods, and functions without rules.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from funcgrad.core.level import Shell, Traced, deepest, tracers_in
from funcgrad.core.memory import write
from funcgrad.core.primitive import CALLS, call_of
from funcgrad.core.ufunc import METHODS, updated_at, with_axes
from funcgrad.errors import LostGradientError, NoDerivativeError

__all__ = ["apply_function", "apply_ufunc", "create", "gathered", "place_of_out", "store"]


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer ``__array_ufunc__`` for one tracer among `inputs` or ``out``."""
    out = kwargs.pop("out", None)
    if any(isinstance(x, Shell) for x in (*inputs, *(out or ()))):
        return NotImplemented
    if method == "at":
        return apply_at(ufunc, *inputs)
    if method != "__call__":
        result = METHODS[method](ufunc, *inputs, **kwargs)
    else:
        result = apply_call(ufunc, inputs, out, **kwargs)
    if out is None or result is NotImplemented:
        return result
    if method == "__call__" and ufunc.signature is None:  # `out` takes part in broadcasting
        result = spread_over(out, result)
    return store_all(out, result, ufunc.__name__)


def spread_over(out: tuple[Any, ...], result: Any) -> Any:
    """Broadcast results to the arrays that they are to be written into, where these are larger."""
    if isinstance(result, tuple):
        return tuple([spread_over((o,), r) for o, r in zip(out, result, strict=True)])
    (target,) = out
    larger = target is not None and target.ndim >= result.ndim and target.shape != result.shape
    return np.broadcast_to(result, target.shape) if larger else result


def apply_call(
    ufunc: np.ufunc,
    inputs: tuple[Any, ...],
    out: tuple[Any, ...] | None,
    *,
    where: Any = True,
    dtype: Any = None,
    **layout: Any,
) -> Any:
    axes: dict[str, Any] = {
        keyword: layout.pop(keyword) for keyword in ("axes", "axis", "keepdims") if keyword in layout
    }
    for keyword in layout:
        if keyword not in ("casting", "order", "subok"):
            raise NoDerivativeError(f"{ufunc.__name__}: the derivative with {keyword}= is not known")
    if dtype is not None:
        inputs = tuple(x.astype(dtype) if hasattr(x, "astype") else np.asarray(x, dtype) for x in inputs)
    call = call_of(ufunc)
    if call is None:
        return unruled(ufunc, inputs, axes)
    if axes:
        return with_axes(ufunc, inputs, **axes)
    if where is True:
        return call(*inputs)
    with np.errstate(all="ignore"):  # elements outside the mask are computed too, then dropped
        result = call(*inputs)
    results = result if isinstance(result, tuple) else (result,)
    untouched = out or (None,) * len(results)
    masked = tuple(np.where(where, r, 0 if old is None else old) for r, old in zip(results, untouched, strict=True))
    return masked if isinstance(result, tuple) else masked[0]


def apply_at(ufunc: np.ufunc, target: Any, indices: Any, *operands: Any) -> None:
    """Answer ``ufunc.at(target, indices, values)``: only a traced target can take traced values."""
    if not isinstance(target, Traced):
        raise LostGradientError(
            f"np.{ufunc.__name__}.at would write a traced value into a plain ndarray and lose its gradient. "
            "Accumulate into an array made with funcgrad.numpy (import funcgrad.numpy as np) instead."
        )
    operands = tuple([x if hasattr(x, "dtype") else gathered(x) if tracers_in(x) else np.asarray(x) for x in operands])
    if ufunc in (np.add, np.subtract):
        value = operands[0]
        write(target, value if ufunc is np.add else -value, indices, add=True)
    else:
        store(target, updated_at(ufunc, target, indices, *operands), f"{ufunc.__name__}.at")


# -- Functions ---------------------------------------------------------------------------------------


def apply_function(function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer ``__array_function__``."""
    for kind in types:
        if issubclass(kind, Shell):
            return NotImplemented
    call = CALLS.get(function) or call_of(function)
    out = None
    if kwargs.get("out") is not None:
        kwargs = dict(kwargs)
        out = kwargs.pop("out")
    elif len(args) > 1:
        place = place_of_out(function)
        if place is not None and len(args) > place:
            out, args = (
                args[place],
                (*args[:place], None, *args[place + 1 :]) if len(args) > place + 1 else args[:place],
            )
    result = unruled(function, args, kwargs) if call is None else call(*args, **kwargs)
    return result if out is None else store_all((out,), result, function.__name__)


@functools.cache
def place_of_out(function: Any) -> int | None:
    """Return how many arguments come before ``out`` if it may be given by position."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    positional = [name for name, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return positional.index("out") if "out" in positional else None


def create(function: Any, like: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer ``np.zeros(..., like=tracer)`` and its kin: a traced constant; of traced elements, an array."""
    if tracers_in(args):
        return gathered(args[0])
    return like.level.constant(function(*args, **kwargs, like=like.value))


def gathered(elements: Any) -> Any:
    """Return the array of nested sequences of traced and plain values."""
    return np.stack([gathered(x) for x in elements]) if isinstance(elements, list | tuple) else elements


def unruled(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    level = deepest(tracers_in((args, kwargs)))
    if level is None:
        raise NoDerivativeError(f"{function.__name__} reached a traced value where funcgrad cannot find it")
    return level.unruled(function, args, kwargs)


# -- Results that are written somewhere -----------------------------------------------------------------


def store_all(out: tuple[Any, ...], result: Any, name: str) -> Any:
    if len(out) == 1:
        return store(out[0], result, name)
    return tuple(r if o is None else store(o, r, name) for o, r in zip(out, result, strict=True))


def store(target: Any, result: Any, name: str) -> Any:
    """Write `result` into the array `target`, as ``out=`` asks; only a tracer can take a traced result."""
    if not isinstance(target, Traced):
        if not isinstance(result, Traced):  # a comparison, the place of the largest element
            np.copyto(target, result, casting="same_kind")
            return target
        raise LostGradientError(
            f"np.{name}(..., out=plain_array) would lose the gradient of a traced value of shape "
            f"{result.space.shape}. Use the returned value, or give a buffer made with funcgrad.numpy."
        )
    if result.shape != target.space.shape:
        raise ValueError(f"np.{name}: output of shape {target.space.shape} does not match shape {result.shape}")
    dtype = target.space.dtype
    writable: Any = target
    if result.dtype == dtype:
        writable.rebind(result)
    elif np.can_cast(result.dtype, dtype, "same_kind"):
        writable.rebind(result.astype(dtype))
    else:
        raise TypeError(f"np.{name}: cannot cast {result.dtype} to {dtype} with casting rule 'same_kind'")
    return target
