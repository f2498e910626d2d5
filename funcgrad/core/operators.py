"""The operators and methods of arrays: each looks its NumPy function up in the table of calls."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import Traced
from funcgrad.core.memory import is_scalar
from funcgrad.core.primitive import CALLS
from funcgrad.core.protocol import apply_function, place_of_out, store
from funcgrad.errors import LostGradientError

__all__ = ["HOT_OPERATORS", "Operators"]


def binary(function: Any) -> Any:
    def method(self: Operators, other: Any) -> Any:
        return CALLS[function](self, other)

    return method


def reflected(function: Any) -> Any:
    def method(self: Operators, other: Any) -> Any:
        return CALLS[function](other, self)

    return method


def in_place(function: Any) -> Any:
    def method(self: Operators, other: Any) -> Any:
        result = CALLS[function](self, other)
        if result is NotImplemented or is_scalar(self):
            return result
        return store(self, result, function.__name__)

    return method


def unary(function: Any) -> Any:
    def method(self: Operators) -> Any:
        return CALLS[function](self)

    return method


def method(function: Any) -> Any:
    place = place_of_out(function) or sys.maxsize

    def method(self: Operators, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None or len(args) >= place:
            return apply_function(function, (), (self, *args), kwargs)
        result = CALLS[function](self, *args, **kwargs)
        return function(self, *args, **kwargs) if result is NotImplemented else result

    return method


class Operators(Traced):
    """What an ndarray answers to and leaves no trace: operators, and methods that have a function of the same name."""

    __slots__ = ()

    # -- Methods --------------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
        return CALLS[np.reshape](self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return CALLS[np.transpose](self, (axes[0] if len(axes) == 1 else axes) or None)

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        if not copy and np.dtype(dtype) == self.space.dtype:
            return self
        return CALLS[np.ndarray.astype](self, dtype=np.dtype(dtype), order=order, casting=casting, copy=copy)

    def copy(self, order: Any = "C") -> Any:
        return CALLS[np.copy](self, order=order)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def flatten(self, order: Any = "C") -> Any:
        return self.ravel(order).copy()

    def conj(self) -> Any:
        return CALLS[np.conjugate](self) if self.space.is_complex else self

    conjugate = conj

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def view(self, dtype: Any = None, type: Any = None) -> Any:
        """Return the same memory as another array; complex numbers can be seen as pairs of floats and back."""
        new = self.space.dtype if dtype is None else np.dtype(dtype)
        if new == self.space.dtype:
            return self[...]
        if (
            not self.space.shape
            or np.result_type(new, 1j) != np.result_type(self.space.dtype, 1j)
            or new.kind not in "fc"
        ):
            raise LostGradientError(
                f"view({new}) of a traced array of shape {self.space.shape} and dtype {self.space.dtype} would read "
                "its bits, which has no derivative. To convert the values use x.astype."
            )
        return CALLS[np.ndarray.view](self, new)

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


#: The operators of the hot path: a level may replace them by shorter ones. Sums and products do not ask for the order.
HOT_OPERATORS: dict[Any, tuple[str, ...]] = {
    np.add: ("__add__", "__radd__"),
    np.subtract: ("__sub__",),
    np.multiply: ("__mul__", "__rmul__"),
    np.divide: ("__truediv__",),
    np.power: ("__pow__",),
    np.matmul: ("__matmul__",),
    np.negative: ("__neg__",),
}
