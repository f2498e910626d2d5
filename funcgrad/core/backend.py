"""What arrays on a device need beside the text that they share with NumPy's.

Rules are NumPy text, which CuPy runs through NumPy's protocols. Here is what cannot be said in that text: adding at
repeated indices (CuPy's ``add.at`` takes no tuples when it is called through NumPy), one kernel in the place of several
passes over the memory, and functions of NumPy and SciPy that CuPy does not have. CuPy is found by the arrays that come
along, never imported.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from funcgrad._typing import AnyFunction, Array

__all__ = [
    *("FUSING", "Library", "add_at", "beside", "both_on_device", "cupy_of", "is_on_device", "library_of", "masked"),
    *("owns", "register", "supplied", "supply", "windows"),
]


class Library:
    """What a library of device arrays is asked for by name: CuPy's answers."""

    #: Whether the rules of elementwise functions become kernels in backward passes.
    fuses: ClassVar[bool] = True

    def add_at(self, target: Any, index: Any, value: Any) -> None:
        """Add to elements in place; indices may be repeated."""
        cupy: Any = sys.modules["cupy"]
        if target.dtype.kind == "c":  # there are no atomic additions of complex numbers
            cupy.add.at(target.real, index, np.real(value))
            cupy.add.at(target.imag, index, np.imag(value))
        else:
            cupy.add.at(target, index, value)

    def strided(self, x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
        """Return a view of this shape and these strides."""
        return importlib.import_module("cupy.lib.stride_tricks").as_strided(x, shape, strides)

    def special(self, name: str) -> Any:
        """Return the special function of this name."""
        return getattr(importlib.import_module("cupyx.scipy.special"), name)

    def kernel(self, operands: str, outputs: str, lines: str, preamble: str) -> Any:
        """Return an elementwise kernel, which is called with its operands and outputs."""
        cupy: Any = sys.modules["cupy"]
        # sums and products rounded each, as by the ufuncs: what waits for memory loses no time by it
        exact = ("-ffp-contract=off",) if cupy.cuda.runtime.is_hip else ("--fmad=false",)
        return cupy.ElementwiseKernel(
            operands, outputs, lines, "funcgrad_backward", preamble=preamble, options=exact, no_return=True
        )


CUPY = Library()

#: Kinds of device array that are not CuPy's, and what is asked for them.
REGISTERED: dict[type, Library] = {}


def register(kind: type, library: Library) -> None:
    """Let arrays of another kind count as arrays on a device."""
    REGISTERED[kind] = library
    FUSING.pop(kind, None)
    is_device_kind.cache_clear()


def library_of(x: Any) -> Library:
    """Return the library of a device array."""
    return REGISTERED.get(type(x), CUPY)


def is_on_device(x: Any) -> bool:
    """Whether a plain value is an array of a device: of CuPy, or of a kind that was registered."""
    kind: Any = type(x)
    return is_device_kind(kind)


@functools.cache
def is_device_kind(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "cupy" or kind in REGISTERED


def cupy_of(x: Any) -> Any:
    """Return CuPy if `x` is an array of it, else None."""
    module = sys.modules.get("cupy")
    return module if module is not None and isinstance(x, module.ndarray) else None


class Fusing(dict[type, bool]):
    """Whether kernels are made for values of a type. Asking costs no call, but for the first time."""

    def __missing__(self, kind: type) -> bool:
        name = (kind.__module__.partition(".")[0], kind.__name__)
        library = REGISTERED.get(kind, CUPY if name == ("cupy", "ndarray") else None)
        self[kind] = library is not None and library.fuses
        return self[kind]


FUSING = Fusing()


def owns(x: Any) -> bool:
    """Whether a device array is no view of another one."""
    return is_on_device(x) and getattr(x, "base", x) is None


def both_on_device(x: Any, y: Any) -> bool:
    """Whether two values are device arrays of one kind, so that one can be added to the other in place."""
    return type(x) is type(y) and is_on_device(x)


def beside(x: Any, like: Any) -> Any:
    """Return a number as an array without axes on the device of `like`; anything else passes.

    CuPy's functions take numbers as operands, but not for conditions, nor where their dtype is asked for.
    """
    if type(x) is tuple:  # all operands
        return tuple([beside(part, like) for part in x])
    if isinstance(x, bool | int | float | complex | np.generic) and is_on_device(like):
        return np.full_like(like, x, np.result_type(x), shape=())  # np.full with like= says device=, which CuPy refuses
    return x


# -- Adding at indices --------------------------------------------------------------------------------------


def add_at(target: Any, index: Any, value: Any) -> None:
    """Add to elements in place, as ``np.add.at`` does: indices may be repeated."""
    if type(target) is not np.ndarray and is_on_device(target):
        library_of(target).add_at(target, index, value)
    else:
        np.add.at(target, index, value)


# -- Fewer passes over the memory ---------------------------------------------------------------------------


def masked(c: Array, g: Array) -> Array:
    """Return `c`, with zero where it is not finite although `g` is zero: on CuPy in one kernel."""
    cupy = cupy_of(c)
    if cupy is None or cupy_of(g) is None:
        return np.where(~np.isfinite(c) & (g == 0), 0, c)[()]
    found: Array = finite_where_zero(cupy)(c, g)
    return found


#: What the kernel does, for a test without a device that compiles it.
FINITE_WHERE_ZERO = ("C c, G g", "C out", "out = g == G(0) && !isfinite(c) ? C(0) : c", "funcgrad_finite_where_zero")


@functools.cache
def finite_where_zero(cupy: Any) -> Any:
    return cupy.ElementwiseKernel(*FINITE_WHERE_ZERO)


# -- Functions that CuPy does not have ------------------------------------------------------------------------

#: By function of NumPy or SciPy: the same for device arrays, as NumPy text over what CuPy has.
SUPPLIED: dict[Any, AnyFunction] = {}


def supply(function: Any) -> Callable[[AnyFunction], AnyFunction]:
    """Let the decorated function stand for `function` where an operand is on a device."""

    def state(text: AnyFunction) -> AnyFunction:
        SUPPLIED[function] = text
        return text

    return state


def supplied(function: Any) -> AnyFunction:
    """Return a function as it is called on plain values of any kind; itself if CuPy has it."""
    text = SUPPLIED.get(function)
    if text is None:
        found: AnyFunction = function
        return found

    @functools.wraps(text)
    def call(*operands: Any, **params: Any) -> Any:
        return (text if any(map(is_on_device, operands)) else function)(*operands, **params)

    return call


@supply(np.lib.stride_tricks.sliding_window_view)
def windows_on_device(x: Any, window_shape: Any, axis: Any = None, **_: Any) -> Any:
    """The same view by its strides: CuPy's own copies the lengths to the device and asks for them back."""
    lengths = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else tuple(axis) if np.iterable(axis) else (axis,)
    cut = list(x.shape)
    for place, length in zip(axes, lengths, strict=True):
        cut[place] -= length - 1
    if min(cut, default=0) < 0:
        raise ValueError(f"windows of {lengths} are larger than an array of shape {x.shape}")
    strides = (*x.strides, *[x.strides[place] for place in axes])
    return library_of(x).strided(x, (*cut, *lengths), strides)


#: As NumPy's ``sliding_window_view``, on plain arrays of any kind.
windows: Any = supplied(np.lib.stride_tricks.sliding_window_view)
