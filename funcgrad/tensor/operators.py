"""Operators, comparisons and elementwise functions of tensors, with PyTorch's type promotion."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.promotion import as_real, promote, type_name
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Arithmetic", "operand"]

OPERANDS = (Traced, np.ndarray, bool, int, float, complex, np.generic)
new = object.__new__
recording = GRAD_ENABLED.get

# -- Functions that NumPy has not ------------------------------------------------------------------------------


def sigmoid_values(x: Array) -> Array:
    small = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def relu_values(x: Array) -> Array:
    return np.where(x <= 0, x.dtype.type(0), x)  # nan stays nan


sigmoid = Elementwise(sigmoid_values, lambda g, y: g * (y * (1 - y)), name="sigmoid", own=True)
relu = Elementwise(relu_values, lambda g, y: np.where(y == 0, 0, g), name="relu", own=True)

# -- Makers of methods ------------------------------------------------------------------------------------------


def operand(x: Any) -> Any:
    """Return what an operator takes in place of `x`: a payload, or a Python number for a NumPy one."""
    if isinstance(x, Base):
        return unwrap(x)
    return x.item() if isinstance(x, np.generic) else x


def binary(function: Callable[[Any, Any], Any], *, real: bool = False, strict: bool = False) -> Any:
    """Return a method ``self op other``.

    `real` computes integers in the default dtype; `strict` refuses tensors of different dtypes.
    """

    def method(self: Base, other: Any) -> Any:
        a = self.payload
        b = other.payload if isinstance(other, Base) else other
        if type(a) is not ReverseTracer or not same_dtype(a, b) or not recording():  # the common case is short
            if b is other and not isinstance(b, OPERANDS):
                return NotImplemented
            a, b = unwrap(self), operand(other)
            if strict:
                check_dtypes(a, b)
            a, b = promote(a, b)
            if real:
                a, b = as_real(a), as_real(b)
        tensor = new(Base.concrete)
        try:
            tensor.payload = function(a, b)
        except ValueError as error:  # shapes that do not match
            raise RuntimeError(str(error)) from error
        except TypeError as error:
            raise refusal(error) from error
        tensor._grad = None
        return tensor

    return method


def check_dtypes(a: Any, b: Any) -> None:
    if hasattr(b, "dtype") and a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {type_name(a.dtype)} != {type_name(b.dtype)}"
        )


def refusal(error: TypeError) -> Exception:
    """Return PyTorch's kind of error for dtypes that NumPy refuses."""
    text = str(error)
    if "numpy boolean" in text:
        return RuntimeError(f"{text} PyTorch's rule is the same: use ^ or logical_xor(), ~ or logical_not()")
    return NotImplementedError(f"not implemented for these dtypes: {text}") if "not supported" in text else error


def same_dtype(a: ReverseTracer, b: Any) -> bool:
    """Whether `b` needs no promotion beside the floating-point tracer `a`, as far as a glance tells."""
    kind = type(b)
    return (kind is ReverseTracer and a.space is b.space) or (kind is float and a.space.dtype.kind == "f")


def reflected(function: Callable[[Any, Any], Any], *, real: bool = False) -> Any:
    """Return a method ``other op self``."""
    return binary(lambda a, b: function(b, a), real=real)


def unary(function: Any, *, real: bool = False) -> Any:
    """Return a method ``self.f()``; `real` computes integers in the default dtype."""

    def method(self: Base) -> Tensor:
        x = self.payload
        if type(x) is ReverseTracer and recording():  # has no integers
            y = CALLS[function](x)
        else:
            x = unwrap(self)
            try:
                y = function(as_real(x) if real else x)
            except TypeError as error:
                raise refusal(error) from error
        tensor = new(Base.concrete)
        tensor.payload = y
        tensor._grad = None
        return tensor

    return method


def quotient(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a division that refuses zero as the divisor of integers."""

    def divide(a: Any, b: Any) -> Any:
        if is_whole(a) and is_whole(b):
            check_divisor(b)
        return function(a, b)

    return divide


def is_whole(x: Any) -> bool:
    return x.dtype.kind in "biu" if hasattr(x, "dtype") else isinstance(x, int)


def check_divisor(b: Any) -> None:
    if np.any(np.equal(b, 0)):
        raise RuntimeError("ZeroDivisionError")


def ordering(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a comparison that refuses complex numbers, which have no order."""

    def compare(a: Any, b: Any) -> Any:
        if isinstance(b, complex) or a.dtype.kind == "c":
            raise NotImplementedError(f'"{function.__name__}" not implemented for complex numbers: they have no order')
        return function(a, b)

    return compare


class Arithmetic(Base):
    """Operators, comparisons and elementwise functions."""

    __slots__ = ()

    __array_priority__ = 2000

    __add__ = __radd__ = binary(operator.add)
    __sub__ = binary(operator.sub)
    __rsub__ = reflected(operator.sub)
    __mul__ = __rmul__ = binary(operator.mul)
    __truediv__ = binary(operator.truediv, real=True)
    __rtruediv__ = reflected(operator.truediv, real=True)
    __pow__ = binary(operator.pow)
    __rpow__ = reflected(operator.pow)
    __mod__ = binary(quotient(operator.mod))
    __rmod__ = reflected(quotient(operator.mod))
    __floordiv__ = binary(quotient(operator.floordiv))
    __rfloordiv__ = reflected(quotient(operator.floordiv))
    __matmul__ = binary(operator.matmul, strict=True)
    __rmatmul__ = reflected(operator.matmul)
    __and__ = __rand__ = binary(operator.and_)
    __or__ = __ror__ = binary(operator.or_)
    __xor__ = __rxor__ = binary(operator.xor)
    __lshift__ = binary(operator.lshift)
    __rlshift__ = reflected(operator.lshift)
    __rshift__ = binary(operator.rshift)
    __rrshift__ = reflected(operator.rshift)
    __lt__ = binary(ordering(operator.lt))
    __le__ = binary(ordering(operator.le))
    __gt__ = binary(ordering(operator.gt))
    __ge__ = binary(ordering(operator.ge))
    __eq__ = binary(operator.eq)
    __ne__ = binary(operator.ne)
    __hash__ = object.__hash__

    __neg__ = neg = unary(np.negative)
    __abs__ = abs = unary(np.absolute)
    exp = unary(np.exp, real=True)
    log = unary(np.log, real=True)
    log1p = unary(np.log1p, real=True)
    sqrt = unary(np.sqrt, real=True)
    square = unary(np.square)
    reciprocal = unary(np.reciprocal, real=True)
    sin = unary(np.sin, real=True)
    cos = unary(np.cos, real=True)
    tan = unary(np.tan, real=True)
    sinh = unary(np.sinh, real=True)
    cosh = unary(np.cosh, real=True)
    tanh = unary(np.tanh, real=True)
    asin = unary(np.arcsin, real=True)
    acos = unary(np.arccos, real=True)
    atan = unary(np.arctan, real=True)

    def __invert__(self) -> Tensor:
        x = unwrap(self)
        if x.dtype.kind not in "biu":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return wrap(~x)

    def __pos__(self) -> Any:
        return self

    def sigmoid(self) -> Tensor:
        """Return ``1 / (1 + exp(-x))``."""
        return wrap(sigmoid(as_real(unwrap(self))))

    def relu(self) -> Tensor:
        """Return the positive part; its derivative at zero is zero."""
        return wrap(relu(unwrap(self)))
