"""The array interface of tracers: everything that an ndarray answers to, a tracer answers to.

Operators and methods look the function up in the table of calls, as NumPy's protocols do.
"""

from __future__ import annotations

import importlib
import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from funcgrad.core.arrays import lent
from funcgrad.core.indices import parts_of
from funcgrad.core.kernels import apply_kernel, apply_reduction, placed, scatter
from funcgrad.core.level import Shell, Traced, plain, tracers_in, zeros
from funcgrad.core.memory import (
    DEPEND_ON_LAYOUT,
    Memory,
    View,
    base_of,
    expire,
    geometry,
    is_rearranged,
    is_scalar,
    is_view_by,
    is_view_of,
    register,
    write,
)
from funcgrad.core.operators import Operators
from funcgrad.core.primitive import CALLS, install_late
from funcgrad.core.protocol import apply_function, apply_ufunc, create, gathered, place_of_out
from funcgrad.core.space import Space
from funcgrad.errors import LostGradientError, library_call
from funcgrad.tree import LEAVES

__all__ = ["Tracer"]

ABSENT: Any = object()  # an operand that is not given; None is one that is


def refuse(what: str, name: str | None = None) -> Callable[..., Any]:
    """Return a method that would lose the gradient; a constant, which has none, does what its value does."""

    def method(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        if name is not None and self.is_constant:
            return getattr(self.value, name)(*args, **kwargs)
        raise LostGradientError(
            f"{what} of a traced value of shape {self.space.shape} and dtype {self.space.dtype} would lose its "
            "gradient. For the plain number use x.item(); for mathematics use the np. function instead of math. "
            "If this is an assignment into a plain array, out[i] = x, make `out` with funcgrad.numpy "
            "(import funcgrad.numpy as np), wrap the function in funcgrad.adopt, or collect the values in a list and "
            "join them with np.stack."
        )

    return method


class Flat:
    """``x.flat``: the elements in C order, to read, write and iterate over."""

    __slots__ = ("base",)

    def __init__(self, base: Tracer) -> None:
        self.base = base

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))  # one sees what is written meanwhile

    def places(self, index: Any) -> Any:
        """Return the index into the array itself."""
        if isinstance(index, int | np.integer):
            number: Any = range(self.base.size)[index]
        else:
            number = np.arange(self.base.size)[index]
        return np.unravel_index(number, self.base.shape)

    def __getitem__(self, index: Any) -> Any:
        return self.base[self.places(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write; too few values are repeated, as NumPy does."""
        places = self.places(index)
        if np.ndim(value) and places:
            values = CALLS[np.ravel](value if isinstance(value, Traced) else np.asarray(value))
            count = np.size(places[0])
            value = np.reshape(values[np.arange(count) % values.size], np.shape(places[0])) if count else values[:0]
        self.base[places] = value

    def copy(self) -> Any:
        return self.base.flatten()


#: Views that cannot be written to.
READ_ONLY = (np.broadcast_to, np.diagonal, np.lib.stride_tricks.sliding_window_view)


class Tracer(Operators):
    """A traced array. Values are concrete: branches and loops on them work."""

    __slots__ = ("__weakref__", "memory")

    memory: Memory | View  # unset until a view is taken, or something written
    parts: ClassVar[tuple[str, ...]] = ("value",)  # slots that hold its value and what belongs to that
    is_constant: Any = False  # whether it does not depend on what its level differentiates

    def __init_subclass__(cls) -> None:
        LEAVES.add(cls)

    __array_priority__ = 1000
    __pandas_priority__ = 10_000  # series * x is left to x, which says what to do
    __hash__: Any = None

    # -- NumPy's protocols ----------------------------------------------------------------------

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, x: Any, other: Any = ABSENT, /, *more: Any, **kwargs: Any
    ) -> Any:
        # The operands by name, since a tuple of them would have to be packed and unpacked at each call.
        if not kwargs and not more and method == "__call__":
            try:
                call = CALLS[ufunc]  # once, and without the call that `get` would be
            except KeyError:
                pass
            else:
                return call(x) if other is ABSENT else call(x, other)
        return apply_ufunc(ufunc, method, (x,) if other is ABSENT else (x, other, *more), kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in ATTRIBUTES and not kwargs and isinstance(args[0], Traced):
            return ATTRIBUTES[function](args[0].space)  # rules ask for them again and again
        if (len(types) == 1 or (len(types) == 2 and np.ndarray in types)) and "out" not in kwargs:
            call = CALLS.get(function)
            if call is not None and (len(args) == 1 or len(args) <= (place_of_out(function) or sys.maxsize)):
                return call(*args, **kwargs)
        if function in CREATORS:
            return create(function, self, args, kwargs)
        return apply_function(function, types, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.is_constant:
            value = np.asarray(self.value, dtype, copy=copy)
            return value if copy else lent(value)
        call = library_call()
        if call is not None:
            raise LostGradientError(
                f"{call} takes plain arrays only, and would lose the gradient of a traced value of shape "
                f"{self.space.shape} and dtype {self.space.dtype}. Its differentiable form, if there is one, is "
                f"funcgrad.{call}. If no gradient is wanted, pass funcgrad.stop_gradient(x)."
            )
        raise LostGradientError(
            f"A traced value of shape {self.space.shape} and dtype {self.space.dtype} was about to become a plain "
            "NumPy array, which would lose its gradient. If this is an assignment into a plain array, or "
            "np.array([...]) of traced values, write `import funcgrad.numpy as np`, whose arrays take traced values, "
            "or wrap the function in funcgrad.adopt. Or build the result with np.stack, np.concatenate or np.where. "
            "If it is a call that takes plain arrays only, use the np. function of the same name. If no gradient is "
            "wanted, pass funcgrad.stop_gradient(x)."
        )

    # -- CuPy's hooks -----------------------------------------------------------------------------

    def __cupy_override_elementwise_kernel__(self, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        return apply_kernel(kernel, args, kwargs)

    def __cupy_override_reduction_kernel__(self, kernel: Any, axis: Any, dtype: Any, out: Any, keepdims: Any) -> Any:
        return apply_reduction(kernel, self, axis, dtype, out, keepdims)

    def scatter_add(self, slices: Any, value: Any) -> None:
        """Add in place, repeated indices one after the other: what ``cupyx.scatter_add`` calls."""
        scatter(self, slices, value, "add")

    def scatter_max(self, slices: Any, value: Any) -> None:
        """Take the maximum in place: what ``cupyx.scatter_max`` calls."""
        scatter(self, slices, value, "max")

    def scatter_min(self, slices: Any, value: Any) -> None:
        """Take the minimum in place: what ``cupyx.scatter_min`` calls."""
        scatter(self, slices, value, "min")

    def _scatter_op(self, slices: Any, value: Any, op: str) -> None:
        scatter(self, slices, value, op)

    def argmax(self, axis: Any = None, out: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
        """Return the place of the largest element; ``cupy.argmax`` hands on a dtype."""
        return placed(np.argmax, self, axis, out, dtype, keepdims)

    def argmin(self, axis: Any = None, out: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
        """Return the place of the smallest element; ``cupy.argmin`` hands on a dtype."""
        return placed(np.argmin, self, axis, out, dtype, keepdims)

    # -- Conversions ----------------------------------------------------------------------------

    __float__ = refuse("float()", "__float__")
    __int__ = refuse("int()", "__int__")
    __complex__ = refuse("complex()", "__complex__")
    __index__ = refuse("Use as an index", "__index__")
    tobytes = refuse("tobytes()", "tobytes")
    dump = refuse("dump()", "dump")
    dumps = refuse("dumps()", "dumps")
    tofile = refuse("tofile()", "tofile")
    byteswap = refuse("byteswap()")
    getfield = refuse("getfield()")
    setfield = refuse("setfield()")
    setflags = refuse("setflags()")
    __dlpack__ = refuse("__dlpack__()", "__dlpack__")
    __dlpack_device__ = refuse("__dlpack_device__()", "__dlpack_device__")
    __reduce__: Any = refuse("pickle", "__reduce__")

    def __bool__(self) -> bool:
        return bool(self.value)

    def item(self, *index: Any) -> Any:
        """Return an element as a plain Python number, without gradient."""
        return self.value.item(*index)

    def tolist(self) -> Any:
        """Return plain Python numbers, without gradient."""
        return self.value.tolist()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    # -- Attributes -----------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self.space.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.space.dtype

    @property
    def ndim(self) -> int:
        return len(self.space.shape)

    @property
    def size(self) -> int:
        return self.space.size

    @property
    def itemsize(self) -> int:
        return self.space.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def device(self) -> Any:
        return self.value.device

    @property
    def flags(self) -> Any:
        return geometry(self).flags

    @property
    def strides(self) -> Any:
        return geometry(self).strides

    @property
    def T(self) -> Any:
        return CALLS[np.transpose](self)

    @property
    def mT(self) -> Any:
        return CALLS[np.swapaxes](self, -1, -2)

    @property
    def real(self) -> Any:
        return CALLS[np.real](self)

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        return CALLS[np.imag](self)

    @imag.setter
    def imag(self, value: Any) -> None:
        if not self.space.is_complex:
            raise TypeError("array does not have imaginary part to set")
        self.imag[...] = value

    @property
    def flat(self) -> Flat:
        return Flat(self)

    @flat.setter
    def flat(self, values: Any) -> None:
        Flat(self)[...] = values

    @property
    def base(self) -> Any:
        """Return the traced array that this one is a view of, or None."""
        base = base_of(self)
        return None if base is self else base

    # -- Devices and other libraries --------------------------------------------------------------

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        if device != self.device:
            raise ValueError(f"a traced value lives on {self.device!r} and cannot be moved to {device!r}")
        return self

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """Return :mod:`funcgrad.numpy`, as the array API standard asks (2024.12)."""
        if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
            raise ValueError(f"version {api_version!r} of the array API is not supported")
        return importlib.import_module("funcgrad.numpy")  # a room above this one

    # -- Sequence -------------------------------------------------------------------------------

    def __len__(self) -> int:
        if not self.space.shape:
            raise TypeError("len() of unsized object")
        return self.space.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.space.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.space.shape[0]))

    def __contains__(self, element: Any) -> bool:
        return bool(np.any(self == element))

    def __getitem__(self, index: Any) -> Any:
        return self.read(CALLS[operator.getitem](self, index), index)

    def read(self, out: Any, index: Any) -> Any:
        """Return what was read at an index; if it shares memory with this array, that is remembered."""
        if getattr(out, "shape", ()) == () and not any(part is Ellipsis for part in parts_of(index)):
            return out  # an element is no view
        return self.viewed(out, CALLS[operator.getitem], {"index": index})

    # -- Writing --------------------------------------------------------------------------------

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, Tracer):
            memory = getattr(value, "memory", None)
            if type(memory) is View and memory.made_by(self, index):
                return  # the last step of ``x[index] += ...``: the view has been written through already
            if value.level.depth > self.level.depth:
                raise LostGradientError(
                    f"A value of shape {value.space.shape} of an inner transform would be written into an array of an "
                    "outer one. Return the value from the inner function instead."
                )
        elif isinstance(value, Shell):
            value = value._bare()
        elif isinstance(value, list | tuple):
            value = gathered(value) if tracers_in(value) else np.asarray(value)
        write(self, value, index)

    def rebind(self, new: Any) -> None:
        """Become `new`, an array of the same space: what a write into all of this array means."""
        own = isinstance(new, Tracer) and new.level is self.level and base_of(self) is self
        if not own or plain(new).strides != plain(self).strides or is_scalar(new):
            self[...] = new
            return
        expire(self)
        self.become(new)  # no need to copy

    def become(self, new: Any) -> None:
        """Take over every slot of `new`, a tracer of the same level."""
        raise NotImplementedError

    def snapshot(self) -> Tracer:
        """Return another tracer of the same value: what is written into this one does not show in it."""
        _ = self.value  # a view that is out of date is read again, and becomes of another class
        new: Tracer = object.__new__(type(self))
        new.level = self.level
        new.become(self)
        return new

    def viewed(self, out: Any, primitive: Any, params: dict[str, Any]) -> Any:
        """Remember that `out` shares memory with this array, if it does."""
        if not isinstance(out, Tracer) or out.level is not self.level:
            return out
        if primitive.function is np.imag and not self.space.is_complex:  # these zeros cannot be written to
            out = out[...]
            if type(getattr(out, "memory", None)) is View:
                out.memory.writeable = False
            return out
        if primitive.function in DEPEND_ON_LAYOUT and is_rearranged(self):
            view = is_view_by(self, primitive, params)
        else:
            view = is_view_of(out.value, self.value)
        if view:
            if primitive.function is operator.getitem:
                register(self, out, None, params["index"])
            else:
                register(self, out, primitive, params, primitive.function not in READ_ONLY)
        return out

    def fill(self, value: Any) -> None:
        self[...] = value

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        CALLS[np.put](self, indices, values, mode=mode)

    def resize(self, *new_shape: Any, refcheck: bool = True) -> None:
        """Change shape and size in place; what is new is zero."""
        memory = getattr(self, "memory", None)
        if type(memory) is View or (memory is not None and memory.viewed):
            raise ValueError("cannot resize a traced array that shares memory with another one")
        shape = new_shape[0] if len(new_shape) == 1 and new_shape[0] is not None else new_shape
        size = int(np.prod(shape, dtype=int))
        order = "F" if self.flags.f_contiguous and not self.flags.c_contiguous else "C"  # it is the memory that changes
        flat = self.ravel(order)[:size]
        room = zeros(Space((size - flat.size,), self.dtype), self)
        self.become(CALLS[np.concatenate]([flat, room]).reshape(shape, order=order).copy("K"))

    def sort(self, axis: int = -1, kind: Any = None, order: None = None, *, stable: bool | None = None) -> None:
        given = {} if stable is None else {"stable": stable}  # CuPy does not know the word
        self.rebind(CALLS[np.sort](self, axis=axis, kind=kind, **given))

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect") -> None:
        self.rebind(CALLS[np.partition](self, kth=kth, axis=axis, kind=kind))


#: Functions of one argument that its space answers.
ATTRIBUTES: dict[Any, Callable[[Space], Any]] = {
    np.shape: operator.attrgetter("shape"),
    np.ndim: operator.attrgetter("ndim"),
}

#: Functions that make an array like a tracer given as ``like=``.
CREATORS: set[Any] = {
    *(np.zeros, np.ones, np.empty, np.full, np.eye, np.identity, np.tri, np.arange),
    *(np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.fromfunction, np.frombuffer),
}


# Operators and methods look their rules up without asking: the everyday chapters come before the first tracer.
install_late()
