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
from funcgrad.tensor.promotion import as_real, promote
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


def binary(function: Callable[[Any, Any], Any], *, real: bool = False) -> Any:
    """Return a method ``self op other``; `real` computes integers in the default dtype."""

    def method(self: Base, other: Any) -> Any:
        a = self.payload
        b = other.payload if isinstance(other, Base) else other
        if type(a) is not ReverseTracer or not same_dtype(a, b) or not recording():  # the common case is short
            if b is other and not isinstance(b, OPERANDS):
                return NotImplemented
            a, b = promote(unwrap(self), operand(other))
            if real:
                a, b = as_real(a), as_real(b)
        tensor = new(Base.concrete)
        try:
            tensor.payload = function(a, b)
        except ValueError as error:  # shapes that do not match
            raise RuntimeError(str(error)) from error
        tensor.grad = None
        return tensor

    return method


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
            y = function(as_real(x) if real else x)
        tensor = new(Base.concrete)
        tensor.payload = y
        tensor.grad = None
        return tensor

    return method


def vector_dot(a: Array, b: Array) -> Array:
    if len(a.shape) != 1 or a.shape != b.shape:
        raise RuntimeError(f"dot: 1D tensors of one size expected, but got shapes {list(a.shape)} and {list(b.shape)}")
    return np.dot(a, b)


class Arithmetic(Base):
    """Operators, comparisons and elementwise functions."""

    __slots__ = ()

    __array_priority__ = 2000

    __add__ = __radd__ = add = binary(operator.add)
    __sub__ = sub = binary(operator.sub)
    __rsub__ = reflected(operator.sub)
    __mul__ = __rmul__ = mul = binary(operator.mul)
    __truediv__ = div = binary(operator.truediv, real=True)
    __rtruediv__ = reflected(operator.truediv, real=True)
    __pow__ = pow = binary(operator.pow)
    __rpow__ = reflected(operator.pow)
    __mod__ = remainder = binary(operator.mod)
    __rmod__ = reflected(operator.mod)
    __floordiv__ = floor_divide = binary(operator.floordiv)
    __rfloordiv__ = reflected(operator.floordiv)
    __matmul__ = matmul = mm = mv = binary(operator.matmul)
    __rmatmul__ = reflected(operator.matmul)
    dot = binary(vector_dot)
    __and__ = __rand__ = binary(operator.and_)
    __or__ = __ror__ = binary(operator.or_)
    __xor__ = __rxor__ = binary(operator.xor)
    __lt__ = lt = binary(operator.lt)
    __le__ = le = binary(operator.le)
    __gt__ = gt = binary(operator.gt)
    __ge__ = ge = binary(operator.ge)
    __eq__ = eq = binary(operator.eq)
    __ne__ = ne = binary(operator.ne)
    __hash__ = object.__hash__
    maximum = binary(np.maximum)
    minimum = binary(np.minimum)

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
        return wrap(~unwrap(self))

    def __pos__(self) -> Any:
        return self

    def sigmoid(self) -> Tensor:
        """Return ``1 / (1 + exp(-x))``."""
        return wrap(sigmoid(as_real(unwrap(self))))

    def relu(self) -> Tensor:
        """Return the positive part; its derivative at zero is zero."""
        return wrap(relu(unwrap(self)))

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Limit the elements to an interval."""
        x = unwrap(self)
        if min is not None:
            x, low = promote(x, operand(min))
            x = np.where(x < low, low, x)  # nan stays nan
        if max is not None:
            x, high = promote(x, operand(max))
            x = np.where(x > high, high, x)
        return wrap(x)
