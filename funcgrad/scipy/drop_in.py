"""Drop-in functions: SciPy's own on plain arrays, NumPy text on everything that takes part in NumPy's protocols.

SciPy's Python functions and wrappers of compiled code call ``np.asarray``, so a traced value or a device array does
not get through them. A drop-in hands plain arguments to SciPy unchanged, with all that SciPy does with them, and runs
a text of its own only where one of the arguments is traced or lives on a device.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.batching import along
from funcgrad.core.kinds import Constant
from funcgrad.core.level import Shell, plain

__all__ = [
    "as_array",
    "as_float",
    "beside",
    "drop_in",
    "guest",
    "names_of",
    "on_host",
    "over_stack",
    "peak",
    "rest_of",
    "swap",
]

F = TypeVar("F", bound=Callable[..., Any])


def guest(arguments: Any) -> Any:
    """Return what is no plain array among nested arguments, a tensor first; None if all are plain."""
    found = None
    if isinstance(arguments, dict):
        arguments = arguments.values()
    for x in arguments:
        inner = guest(x) if isinstance(x, list | tuple) else x if is_guest(x) else None
        if isinstance(inner, Shell):
            return inner
        found = inner if found is None else found
    return found


def is_guest(x: Any) -> bool:
    """Whether `x` is a traced value, a tensor or a device array."""
    return hasattr(x, "__array_function__") and not isinstance(x, np.ndarray | np.generic | type)


def drop_in(original: Any) -> Callable[[F], Any]:
    """Make a function that is `original` on plain arguments and the decorated text on others."""

    def decorate(body: F) -> Any:
        @functools.wraps(body)
        def call(*args: Any, **kwargs: Any) -> Any:
            other = guest((*args, *kwargs.values()))
            if other is None:
                return original(*args, **kwargs)
            if isinstance(other, Shell):  # a facade unwraps itself, as it does for NumPy's functions
                shell: Any = other
                return shell.__array_function__(call, (type(shell),), args, kwargs)
            return body(*args, **kwargs)

        named: Any = call
        named.original, named.body = original, body
        return named

    return decorate


def rest_of(module: ModuleType) -> Callable[[str], Any]:
    """Return a module's ``__getattr__`` that finds in SciPy what is not redefined."""

    def find(name: str) -> Any:
        return getattr(module, name)

    return find


def names_of(module: ModuleType, own: Iterable[str]) -> Callable[[], list[str]]:
    """Return a module's ``__dir__``: its own names and SciPy's."""
    return lambda: sorted({*own, *dir(module)})


# -- Arrays ----------------------------------------------------------------------------------------------


def as_array(x: Any) -> Array:
    """Make an array of a number or of nested sequences, of traced values too; arrays of any kind pass."""
    if hasattr(x, "dtype"):
        return x
    if isinstance(x, list | tuple) and guest(x) is not None:
        return np.stack([as_array(item) for item in x])
    return np.asarray(x)


def as_float(x: Any) -> Array:
    """Make a floating or complex array, as NumPy's arithmetic would."""
    x = as_array(x)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def beside(values: Any, like: Any) -> Array:
    """Make an array of plain values, on the device where `like` lives."""
    return np.asarray(values) if isinstance(like, np.ndarray | np.generic) else np.asarray(values, like=like)


def on_host(x: Any) -> bool:
    """Whether the values of `x` are NumPy's, under all tracers."""
    return isinstance(plain(x), np.ndarray | np.generic | int | float | complex)


def swap(x: Array) -> Array:
    """Transpose the matrices of a stack."""
    return np.swapaxes(x, -1, -2)


def over_stack(function: Callable[..., Any], *stacks: Array, cores: tuple[int, ...]) -> Any:
    """Apply a function of arrays with `cores` axes to each item of stacks that broadcast."""
    shapes = [x.shape[: x.ndim - n] for x, n in zip(stacks, cores, strict=True)]
    shape = np.broadcast_shapes(*shapes)
    if not shape:
        return function(*stacks)
    wide = [np.broadcast_to(x, shape + x.shape[x.ndim - n :]) for x, n in zip(stacks, cores, strict=True)]
    results = [function(*(x[index] for x in wide)) for index in np.ndindex(*shape)]
    if isinstance(results[0], tuple):
        return tuple(restack(parts, shape) for parts in zip(*results, strict=True))
    return restack(results, shape)


def restack(parts: Any, shape: tuple[int, ...]) -> Array:
    y = np.stack(parts)
    return np.reshape(y, shape + y.shape[1:])


# -- Values without a gradient ------------------------------------------------------------------------------


def peak_of(x: Array, axis: Any = None) -> Array:
    """The largest element along axes, which are kept with length one."""
    return np.max(x, axis=axis, keepdims=True)


#: A shift that cancels, so that it needs no gradient.
peak = Constant(peak_of, own=True, name="max", batch=along())
