"""NumPy's creation functions, which have no argument that could tell them of a transform.

While the function of a transform runs, they make traced constants of floating and complex dtype, so that
``out = np.zeros(n); out[i] = traced`` works. Anywhere else they are NumPy's own. Integers and booleans stay plain:
they index and choose, and have no derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from funcgrad.core.level import RUNNING, Traced, plain, tracers_in
from funcgrad.core.protocol import gathered
from funcgrad.core.space import space_of

__all__ = [
    *("arange", "array", "asanyarray", "asarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray"),
    *("empty", "empty_like", "eye", "frombuffer", "fromfunction", "fromiter", "fromstring", "full", "full_like"),
    *("geomspace", "identity", "isscalar", "linspace", "logspace", "ones", "ones_like", "require", "tri", "zeros"),
    "zeros_like",
]


def constant(value: Any) -> Any:
    """Return an array that takes traced values, if a transform is running."""
    level = RUNNING.get()
    if level is None or not isinstance(value, np.ndarray | Traced) or space_of(value).dtype.kind not in "fc":
        return value
    if isinstance(value, Traced) and value.level.depth >= level.depth:
        return value
    return level.constant(value)


def creating(function: Any) -> Any:
    """Return a creation function that makes constants of the running transform."""

    @functools.wraps(function)
    def create(*args: Any, **kwargs: Any) -> Any:
        return constant(function(*args, **kwargs))

    return create


zeros, ones, empty, eye = creating(np.zeros), creating(np.ones), creating(np.empty), creating(np.eye)
identity, tri, frombuffer = creating(np.identity), creating(np.tri), creating(np.frombuffer)
fromstring, linspace = creating(np.fromstring), creating(np.linspace)
logspace, geomspace = creating(np.logspace), creating(np.geomspace)
zeros_like, ones_like = creating(np.zeros_like), creating(np.ones_like)
empty_like, full_like = creating(np.empty_like), creating(np.full_like)


# -- From values -----------------------------------------------------------------------------------------


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> Any:
    """Return ``np.array(object)``; elements may be traced."""
    if not tracers_in(object):
        options = {} if like is None else {"like": like}
        made = np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin, **options)
        return made if copy is not True and made is object else constant(made)
    x: Any = object
    if not isinstance(object, Traced):
        x = gathered(object)
    elif copy:
        x = x.copy(order)
    if order in ("C", "F") and not x.flags[f"{order}_CONTIGUOUS"]:
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        x = x.copy(order)
    if dtype is not None and np.dtype(dtype) != x.dtype:
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        x = x.astype(dtype)
    if x is not object:
        x = constant(x)
    return x if x.ndim >= ndmin else np.reshape(x, (1,) * (ndmin - x.ndim) + x.shape)


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, like: Any = None
) -> Any:
    """Return ``np.asarray(a)``; an array on a device stays there, elements may be traced."""
    if device is not None and device != "cpu" and not hasattr(a, "__array_ufunc__"):
        raise ValueError(f'Device not understood. Only "cpu" is allowed, but received: {device}')
    if is_device_array(a):
        return a if dtype is None or np.dtype(dtype) == a.dtype else a.astype(dtype)
    return array(a, dtype, copy=copy, order=order or "K", like=like)


def is_device_array(x: Any) -> bool:
    return not isinstance(x, np.ndarray | np.generic | Traced) and hasattr(x, "__array_function__")


def asanyarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, like: Any = None
) -> Any:
    """Return ``np.asanyarray(a)``."""
    return asarray(a, dtype, order, device=device, copy=copy, like=like)


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Return ``np.ascontiguousarray(a)``: at least one axis."""
    return array(a, dtype, copy=None, order="C", ndmin=1, like=like)


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Return ``np.asfortranarray(a)``: at least one axis."""
    return array(a, dtype, copy=None, order="F", ndmin=1, like=like)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """Return ``np.asarray(a)``, and refuse nans and infinities."""
    x = asarray(a, dtype, order)
    if x.dtype.kind in "fc" and not np.isfinite(plain(x)).all():
        raise ValueError("array must not contain infs or NaNs")
    return x


def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Any:
    """Return ``np.require(a)``."""
    if not tracers_in(a):
        return np.require(a, dtype, requirements)
    wanted = {str(r)[0].upper() for r in ([requirements] if isinstance(requirements, str) else requirements or ())}
    return asarray(a, dtype, order="F" if "F" in wanted else "C" if "C" in wanted else None)


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
) -> Any:
    """Return ``np.full``; the value may be traced."""
    if not tracers_in(fill_value):
        options = {} if like is None else {"like": like}
        return constant(np.full(shape, fill_value, dtype, order, device=device, **options))
    return np.copy(np.broadcast_to(array(fill_value, dtype), shape))


def arange(*args: Any, dtype: Any = None, device: Any = None, like: Any = None) -> Any:
    """Return ``np.arange``; start, stop and step may be traced."""
    if not tracers_in(args):
        return constant(np.arange(*args, dtype=dtype, **({} if like is None else {"like": like})))
    start, stop, step = {1: (0, *args, 1), 2: (*args, 1)}.get(len(args), args)
    counts = set(np.ravel(np.ceil((plain(stop) - plain(start)) / plain(step))).tolist())
    if len(counts) > 1:
        raise ValueError(f"arange under vmap: the examples have different lengths, {sorted(counts)}")
    x = start + step * np.arange(max(0, int(counts.pop())))
    return x if dtype is None else x.astype(dtype)


def fromiter(iter: Iterable[Any], dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    """Return ``np.fromiter``; the elements may be traced."""
    elements = [x for n, x in zip(range(count), iter, strict=False)] if count >= 0 else list(iter)
    return array(elements, dtype)


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, like: Any = None, **kwargs: Any
) -> Any:
    """Return ``np.fromfunction``: call a function on the indices of each element."""
    return constant(np.fromfunction(function, shape, dtype=dtype, **kwargs))


def isscalar(element: Any) -> bool:
    """Whether `element` is a number; what a reduction of a traced array gives, too."""
    return bool(np.isscalar(plain(element)))
