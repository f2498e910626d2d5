"""The array interface of tracers: everything that an ndarray answers to, a tracer answers to.

Operators and methods look the function up in the table of calls, as NumPy's protocols do.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.gather import is_view
from funcgrad.core.level import Traced, plain
from funcgrad.core.primitive import CALLS
from funcgrad.core.protocol import apply_function, apply_ufunc, create, store
from funcgrad.errors import LostGradientError

__all__ = ["HOT_OPERATORS", "Tracer"]

ABSENT: Any = object()  # an operand that is not given; None is one that is


def binary(function: Any) -> Any:
    def method(self: Tracer, other: Any) -> Any:
        return CALLS[function](self, other)

    return method


def reflected(function: Any) -> Any:
    def method(self: Tracer, other: Any) -> Any:
        return CALLS[function](other, self)

    return method


def in_place(function: Any) -> Any:
    def method(self: Tracer, other: Any) -> Any:
        result = CALLS[function](self, other)
        if result is NotImplemented or isinstance(plain(self), np.generic):  # scalars are immutable
            return result
        return store(self, result, function.__name__)

    return method


def unary(function: Any) -> Any:
    def method(self: Tracer) -> Any:
        return CALLS[function](self)

    return method


def method(function: Any) -> Any:
    def method(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            return apply_function(function, (), (self, *args), kwargs)
        result = CALLS[function](self, *args, **kwargs)
        return function(self, *args, **kwargs) if result is NotImplemented else result

    return method


def refuse(what: str) -> Callable[[Tracer], NoReturn]:
    def method(self: Tracer) -> NoReturn:
        raise LostGradientError(
            f"{what} of a traced value of shape {self.space.shape} and dtype {self.space.dtype} would lose its "
            "gradient. For the plain number use x.item(); for mathematics use the np. function instead of math. "
            "If this is an assignment into a plain array, out[i] = x, make `out` with np.zeros_like of a traced "
            "array, or collect the values in a list and join them with np.stack."
        )

    return method


RIGID = object()  # no index: a view that writes to its base cannot be carried over to


class Aliases:
    """What shares memory with a tracer: the array that it is a view of, or the views that are alive."""

    __slots__ = ("base", "index", "views")

    def __init__(self, base: Tracer | None, index: Any) -> None:
        self.base = base
        self.index = index  # of a slice of its base; RIGID for views of other kinds
        self.views: Any = weakref.WeakValueDictionary()  # by identity: arrays do not hash


class Tracer(Traced):
    """A traced array. Values are concrete: branches and loops on them work."""

    __slots__ = ("__weakref__", "aliases")

    aliases: Aliases  # unset until a view is taken

    __array_priority__ = 1000
    __hash__: Any = None

    # -- NumPy's protocols ----------------------------------------------------------------------

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, x: Any, other: Any = ABSENT, /, *more: Any, **kwargs: Any
    ) -> Any:
        # The operands by name, since a tuple of them would have to be packed and unpacked at each call.
        if not kwargs and not more and method == "__call__" and ufunc in CALLS:
            return CALLS[ufunc](x) if other is ABSENT else CALLS[ufunc](x, other)
        return apply_ufunc(ufunc, method, (x,) if other is ABSENT else (x, other, *more), kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in CREATORS:
            return create(function, self, args, kwargs)
        return apply_function(function, types, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise LostGradientError(
            f"A traced value of shape {self.space.shape} and dtype {self.space.dtype} was about to become a plain "
            "NumPy array, which would lose its gradient. If this is an assignment into a plain array, or "
            "np.array([...]) of traced values, build the result with np.stack, np.concatenate or np.where, or "
            "assign into np.zeros_like of a traced array. If it is a call that takes plain arrays only, use the "
            "np. function of the same name. If no gradient is wanted, pass funcgrad.stop_gradient(x)."
        )

    # -- Conversions ----------------------------------------------------------------------------

    __float__ = refuse("float()")
    __int__ = refuse("int()")
    __complex__ = refuse("complex()")
    __index__ = refuse("Use as an index")
    tobytes = refuse("tobytes()")
    dump = refuse("dump()")
    dumps = refuse("dumps()")
    __reduce__: Any = refuse("pickle")

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
        return self.value.flags

    @property
    def strides(self) -> Any:
        return self.value.strides

    @property
    def T(self) -> Any:
        return CALLS[np.transpose](self)

    @property
    def mT(self) -> Any:
        return CALLS[np.swapaxes](self, -1, -2)

    @property
    def real(self) -> Any:
        return CALLS[np.real](self)

    @property
    def imag(self) -> Any:
        return CALLS[np.imag](self)

    @property
    def flat(self) -> Iterator[Any]:
        return iter(CALLS[np.ravel](self))

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
        out = CALLS[operator.getitem](self, index)
        return self.view(out, index) if getattr(out, "shape", ()) and is_view(index) else out

    def __setitem__(self, index: Any, value: Any) -> None:
        written = getattr(value, "aliases", None) if isinstance(value, Tracer) else None
        if written is not None and written.base is self and is_view(index) and written.index == index:
            return  # the last step of ``x[index] += ...``: the view has been written through already
        self.rebind(CALLS[operator.setitem](self, value, index), "setitem")

    # -- Writing --------------------------------------------------------------------------------

    def rebind(self, new: Any, name: str) -> None:
        """Become `new`: what a write into this array means. Arrays that share its memory see the write."""
        if not (isinstance(new, Traced) and new.level is self.level):
            if isinstance(new, Traced) and new.level.depth > self.level.depth:
                raise LostGradientError(
                    f"{name} would write a value of an inner transform into an array of an outer one. "
                    "Return the value from the inner function instead."
                )
            new = self.level.constant(new)
        aliases = getattr(self, "aliases", None)
        if aliases is None:
            self.become(new)
            return
        root: Any = self if aliases.base is None else aliases.base
        views = list(root.aliases.views.values())
        if any(view.aliases.index is RIGID for view in (*views, self) if view is not root):
            raise LostGradientError(
                f"{name} would write into a traced array of shape {self.space.shape} that shares memory with a view "
                "other than a slice of it. Take a copy first (x = x.copy()), or write before taking the view."
            )
        root.become(new if self is root else CALLS[operator.setitem](root, new, aliases.index))
        for view in views:
            view.become(CALLS[operator.getitem](root, view.aliases.index))

    def become(self, new: Any) -> None:
        """Take over every slot of `new`, a tracer of the same level."""
        raise NotImplementedError

    def view(self, view: Any, index: Any = RIGID) -> Any:
        """Remember that `view` shares memory with this array, and if it is a slice of it, which."""
        if not (isinstance(view, Tracer) and view.level is self.level):
            view = self.level.constant(view)  # what is read from a constant can be written to as well
        base = self.aliases.base if hasattr(self, "aliases") else None
        root = self if base is None else base
        if not hasattr(root, "aliases"):
            root.aliases = Aliases(None, RIGID)
        root.aliases.views[id(view)] = view
        view.aliases = Aliases(root, index if base is None else RIGID)
        return view

    def fill(self, value: Any) -> None:
        self.rebind(CALLS[np.broadcast_to](value, self.shape) + CALLS[np.zeros_like](self), "fill")

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        self.rebind(CALLS[np.sort](self, axis=axis, kind=kind), "sort")

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect") -> None:
        self.rebind(CALLS[np.partition](self, kth=kth, axis=axis, kind=kind), "partition")

    # -- Methods --------------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
        return CALLS[np.reshape](self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return CALLS[np.transpose](self, (axes[0] if len(axes) == 1 else axes) or None)

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        return CALLS[np.ndarray.astype](self, dtype=np.dtype(dtype), casting=casting, copy=copy)

    def copy(self, order: Any = "C") -> Any:
        return CALLS[np.copy](self)

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def flatten(self, order: Any = "C") -> Any:
        return CALLS[np.copy](CALLS[np.ravel](self, order=order))

    def conj(self) -> Any:
        return CALLS[np.conjugate](self)

    conjugate = conj

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Array:
        return CALLS[np.searchsorted](self, v, side=side, sorter=sorter)

    all = method(np.all)
    any = method(np.any)
    argmax = method(np.argmax)
    argmin = method(np.argmin)
    argpartition = method(np.argpartition)
    argsort = method(np.argsort)
    choose = method(np.choose)
    clip = method(np.clip)
    cumprod = method(np.cumprod)
    cumsum = method(np.cumsum)
    diagonal = method(np.diagonal)
    dot = method(np.dot)
    max = method(np.max)
    mean = method(np.mean)
    min = method(np.min)
    nonzero = method(np.nonzero)
    prod = method(np.prod)
    ravel = method(np.ravel)
    repeat = method(np.repeat)
    round = method(np.round)
    squeeze = method(np.squeeze)
    std = method(np.std)
    sum = method(np.sum)
    swapaxes = method(np.swapaxes)
    take = method(np.take)
    trace = method(np.trace)
    var = method(np.var)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        return apply_function(np.compress, (), (condition, self), {"axis": axis, "out": out})

    # -- Operators ------------------------------------------------------------------------------

    __add__, __radd__, __iadd__ = binary(np.add), reflected(np.add), in_place(np.add)
    __sub__, __rsub__, __isub__ = binary(np.subtract), reflected(np.subtract), in_place(np.subtract)
    __mul__, __rmul__, __imul__ = binary(np.multiply), reflected(np.multiply), in_place(np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = binary(np.divide), reflected(np.divide), in_place(np.divide)
    __pow__, __rpow__, __ipow__ = binary(np.power), reflected(np.power), in_place(np.power)
    __mod__, __rmod__, __imod__ = binary(np.remainder), reflected(np.remainder), in_place(np.remainder)
    __floordiv__, __rfloordiv__ = binary(np.floor_divide), reflected(np.floor_divide)
    __ifloordiv__ = in_place(np.floor_divide)
    __matmul__, __rmatmul__, __imatmul__ = binary(np.matmul), reflected(np.matmul), in_place(np.matmul)
    __divmod__, __rdivmod__ = binary(np.divmod), reflected(np.divmod)
    __neg__, __pos__, __abs__ = unary(np.negative), unary(np.positive), unary(np.absolute)
    __lt__, __le__, __gt__, __ge__ = (
        binary(np.less),
        binary(np.less_equal),
        binary(np.greater),
        binary(np.greater_equal),
    )
    __and__, __rand__ = binary(np.bitwise_and), reflected(np.bitwise_and)
    __or__, __ror__ = binary(np.bitwise_or), reflected(np.bitwise_or)
    __xor__, __rxor__ = binary(np.bitwise_xor), reflected(np.bitwise_xor)
    __lshift__, __rlshift__ = binary(np.left_shift), reflected(np.left_shift)
    __rshift__, __rrshift__ = binary(np.right_shift), reflected(np.right_shift)
    __invert__ = unary(np.invert)
    __eq__, __ne__ = binary(np.equal), binary(np.not_equal)

    def __round__(self, ndigits: int | None = None) -> Any:
        return CALLS[np.round](self, ndigits or 0)


#: Functions that make an array like a tracer given as ``like=``.
CREATORS: set[Any] = {
    *(np.zeros, np.ones, np.empty, np.full, np.eye, np.identity, np.tri, np.arange),
    *(np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.fromfunction, np.frombuffer),
}

#: The operators of the hot path: a level may replace them by shorter ones.
HOT_OPERATORS: dict[Any, tuple[str, ...]] = {
    np.add: ("__add__",),
    np.subtract: ("__sub__",),
    np.multiply: ("__mul__",),
    np.divide: ("__truediv__",),
    np.power: ("__pow__",),
    np.negative: ("__neg__",),
}
