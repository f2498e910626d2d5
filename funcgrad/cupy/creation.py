"""CuPy's creation functions: inside a transform they make constants of it, which take traced values.

What they make is CuPy's own array on the current device; :mod:`funcgrad.numpy` does the same with NumPy's.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import cupy
import numpy as np

import funcgrad.numpy as fnp
from funcgrad.core.level import RUNNING, Shell, Traced, plain, tracers_in
from funcgrad.core.space import space_of
from funcgrad.cupy.dispatch import is_met

__all__ = ["CREATION", "array", "asarray", "constant", "creating", "fuse", "get_array_module", "isscalar"]


def constant(value: Any) -> Any:
    """Return an array that takes traced values, if a transform is running."""
    level = RUNNING.get()
    if level is None or not hasattr(value, "__array_ufunc__") or isinstance(value, np.generic | Shell):
        return value
    if space_of(value).dtype.kind not in "fc":
        return value
    if isinstance(value, Traced) and value.level.depth >= level.depth:
        return value
    return level.constant(value)


def creating(theirs: Any, ours: Any) -> Any:
    """Return a creation function: CuPy's, or ours of :mod:`funcgrad.numpy` where an argument is traced."""

    @functools.wraps(theirs)
    def create(*args: Any, **kwargs: Any) -> Any:
        if is_met(args) or is_met(kwargs):
            return ours(*args, **kwargs)
        return constant(theirs(*args, **kwargs))

    return create


def on_device(tree: Any, like: Any) -> Any:
    """Move what is plain in nested lists to the device of `like`, so that it can be joined with traced elements."""
    if isinstance(tree, list | tuple):
        return [on_device(item, like) for item in tree]
    return tree if isinstance(tree, Traced) or isinstance(like, np.ndarray) else np.asarray(tree, like=like)


def array(
    obj: Any,
    dtype: Any = None,
    copy: bool = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    *,
    blocking: bool = False,
) -> Any:
    """Return ``cupy.array(obj)``; elements may be traced.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import pytest
    >>> cp = pytest.importorskip("funcgrad.cupy")
    >>> fg.grad(lambda x: cp.sum(cp.array([x, x * x])))(3.0)
    np.float64(7.0)
    """
    if not is_met(obj):
        return constant(cupy.array(obj, dtype, copy, order, subok, ndmin, blocking=blocking))
    if isinstance(obj, Shell):
        return obj if dtype is None else fnp.asarray(obj, dtype)
    tracers = tracers_in(obj)
    if tracers and not isinstance(obj, Traced):
        obj = on_device(obj, plain(tracers[0]))
    return fnp.array(obj, dtype, copy=copy or None, order=order or "K", ndmin=ndmin)


def asarray(a: Any, dtype: Any = None, order: Any = None, *, blocking: bool = False) -> Any:
    """Return ``cupy.asarray(a)``; elements may be traced."""
    return array(a, dtype, False, order or "K", blocking=blocking)


def isscalar(element: Any) -> bool:
    """Whether `element` is a number; what a reduction of a traced array gives, too."""
    return bool(cupy.isscalar(plain(element)))


def get_array_module(*args: Any) -> Any:
    """Return :mod:`funcgrad.cupy` if one of the arguments is on a GPU, also under tracers, else :mod:`funcgrad.numpy`.

    Outside of transforms it is CuPy's answer, in the namespaces of this package: the modules themselves for functions
    that dispatch, so that ``xp = cp.get_array_module(x)`` and ``xp.zeros(n)`` make what takes traced values.
    """
    values = [plain(x._bare() if isinstance(x, Shell) else x) for x in args]
    theirs = cupy.get_array_module(*values)
    return sys.modules["funcgrad.cupy" if theirs is cupy else "funcgrad.numpy"]


def fuse(*args: Any, **kwargs: Any) -> Any:
    """Fuse a function as ``cupy.fuse`` does; on traced values it runs unfused, so that it has a derivative.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import pytest
    >>> cp = pytest.importorskip("funcgrad.cupy")
    >>> fg.grad(cp.fuse(lambda x: cp.sin(x) * x))(0.0)
    np.float64(0.0)
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        fused = cupy.fuse(*([] if args and callable(args[0]) else args), **kwargs)(function)

        @functools.wraps(function)
        def call(*operands: Any, **options: Any) -> Any:
            return (function if is_met(operands) or is_met(options) else fused)(*operands, **options)

        return call

    return decorate(args[0]) if len(args) == 1 and callable(args[0]) else decorate


#: The functions that make arrays and are the same for a traced argument as in :mod:`funcgrad.numpy`.
CREATION = (
    *("arange", "asanyarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "empty", "empty_like"),
    *("eye", "frombuffer", "fromfunction", "fromiter", "fromstring", "full", "full_like", "identity", "linspace"),
    *("logspace", "ones", "ones_like", "require", "tri", "zeros", "zeros_like"),
)
