"""Operators, comparisons and elementwise functions of tensors, with PyTorch's type promotion."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS
from funcgrad.core.selecting import choose
from funcgrad.core.space import space_of
from funcgrad.tensor.inference import mark
from funcgrad.tensor.integers import is_integral, power, refuse_bools, remainder
from funcgrad.tensor.modes import GRAD_ENABLED, INFERENCE
from funcgrad.tensor.naming import christen
from funcgrad.tensor.promotion import as_real, promote, type_name
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.silence import HARMLESS, quiet, silently
from funcgrad.tensor.together import are_apart, brought_together
from funcgrad.transforms.reverse import ReverseTracer
from funcgrad.transforms.reverse_paths import unary_path

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Arithmetic", "operand"]

OPERANDS = (Traced, np.ndarray, bool, int, float, complex, np.generic)
ndarray = np.ndarray
new = object.__new__
recording = GRAD_ENABLED.get
inferring = INFERENCE.get

# -- Functions that NumPy has not ------------------------------------------------------------------------------


def sigmoid_values(x: Array) -> Array:
    if x.dtype.itemsize == 2:  # whose exponential overflows where the result does not vanish yet
        return sigmoid_values(x.astype(np.float32)).astype(x.dtype)
    with np.errstate(over="ignore"):  # one over infinity is the zero that is meant
        return 1 / (1 + np.exp(-x))


def relu_values(x: Array) -> Array:
    return np.maximum(x, x.dtype.type(0))  # nan stays nan


sigmoid = unary_path(Elementwise(sigmoid_values, lambda g, y: g * (y * (1 - y)), name="sigmoid", own=True))
relu = unary_path(Elementwise(relu_values, lambda g, y: choose(y != 0, g, 0), name="relu", own=True))

# -- Makers of methods ------------------------------------------------------------------------------------------


def operand(x: Any) -> Any:
    """Return what an operator takes in place of `x`: a payload, or a Python number for a NumPy one."""
    if isinstance(x, Base):
        return unwrap(x)
    return x.item() if isinstance(x, np.generic) else x


def binary(
    function: Callable[[Any, Any], Any],
    *,
    real: bool = False,
    strict: bool = False,
    check: Callable[[Any, Any], None] | None = None,
) -> Callable[..., Tensor]:
    """Return a method ``self op other``.

    `real` computes integers in the default dtype; `strict` refuses tensors of different dtypes; `check` refuses some
    operands that are not both floating-point.
    """

    def method(self: Base, other: Any) -> Any:
        a = self.payload
        b = other.payload if isinstance(other, Base) else other
        run: Any = quiet
        marked = False
        if not is_ready(a, b) or not recording():  # the common case is short
            if b is other and not isinstance(b, OPERANDS):
                return NotImplemented
            a, b = unwrap(self), operand(other)
            if strict:
                check_dtypes(a, b)
            if check is not None:
                check(a, b)
            a, b = promote(a, b)
            if real:
                a, b = as_real(a), as_real(b)
            if not (is_shallow(a) and is_shallow(b)):
                run = silently
            marked = inferring()
        tensor = new(Base.concrete)
        try:
            tensor.payload = run(function, a, b)
        except (RuntimeError, TypeError, ValueError) as error:
            tensor.payload = again(error, function, a, b)
        tensor._grad = None
        if marked:
            tensor.payload = mark(tensor.payload)
        return tensor

    return method


def is_shallow(x: Any) -> bool:
    """Whether no transform takes part in an operation on `x`, which then asks for no mode."""
    return type(x) is np.ndarray or not isinstance(x, Traced) or x.level is ROOT


def again(error: Exception, function: Callable[..., Any], *operands: Any) -> Any:
    """Call once more what :data:`quiet` has refused; raise any other error as PyTorch's kind."""
    if isinstance(error, RuntimeError):
        try:
            return silently(function, *operands)
        except (TypeError, ValueError) as found:
            error = found
    if are_apart(operands):
        return silently(function, *brought_together(operands))
    if isinstance(error, ValueError):  # shapes that do not match
        raise RuntimeError(str(error)) from error
    raise refusal(error) from error


def check_dtypes(a: Any, b: Any) -> None:
    if hasattr(b, "dtype") and a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {type_name(a.dtype)} != {type_name(b.dtype)}"
        )


def refusal(error: Exception) -> Exception:
    """Return PyTorch's kind of error for dtypes that NumPy refuses."""
    text = str(error)
    if "numpy boolean" in text:
        return RuntimeError(f"{text} PyTorch's rule is the same: use ^ or logical_xor(), ~ or logical_not()")
    return NotImplementedError(f"not implemented for these dtypes: {text}") if "not supported" in text else error


def is_ready(a: Any, b: Any) -> bool:
    """Whether two payloads, of which one is a tracer of the root level, need no promotion."""
    kind = type(b)
    if type(a) is ReverseTracer:
        if a.level is not ROOT:
            return False
        if kind is ReverseTracer:
            return b.level is ROOT and (a.space is b.space or a.space.dtype is b.space.dtype)
        return a.space.dtype.kind == "f" if kind is float else kind is ndarray and b.dtype is a.space.dtype
    return kind is ReverseTracer and type(a) is ndarray and a.dtype is b.space.dtype and b.level is ROOT


def raised(a: Any, b: Any) -> Any:
    """Raise to a power."""
    if type(a) is ReverseTracer or type(b) is ReverseTracer or not is_integral(a, b):
        return a**b
    return power(a, b)


def reflected(function: Callable[[Any, Any], Any], *, name: str = "", check: Any = None) -> Callable[..., Tensor]:
    """Return a method ``other op self``, and PyTorch's name of its node if that is not the operator's."""
    method = binary(lambda a, b: function(b, a), check=check)
    if not name:
        return method

    def renamed(self: Base, other: Any) -> Tensor:
        result = method(self, other)
        christen(result, name)
        return result

    return renamed


def unary(function: Any, *, real: bool = False) -> Callable[..., Tensor]:
    """Return a method ``self.f()``; `real` computes integers in the default dtype."""

    calm = function.__name__ in HARMLESS

    def method(self: Base) -> Tensor:
        x = self.payload
        run: Any = quiet
        marked = False
        if type(x) is ReverseTracer and x.level is ROOT and recording():  # has no integers
            call = CALLS[function]
        else:
            x = as_real(unwrap(self)) if real else unwrap(self)
            call = function
            if not is_shallow(x):
                run = silently
            marked = inferring()
        try:
            y = (
                call(x)
                if calm and not (x.space if type(x) is ReverseTracer else space_of(x)).is_complex
                else run(call, x)
            )
        except (RuntimeError, TypeError, ValueError) as error:
            y = again(error, call, x)
        tensor = new(Base.concrete)
        tensor.payload = mark(y) if marked else y
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


reciprocal = unary(np.reciprocal, real=True)
square_of = unary(np.square)


def squared(self: Any) -> Tensor:
    """Return the square; that of bools is an integer."""
    return square_of(self.long() if self.payload.dtype == np.bool_ else self)


def divided(self: Any, other: Any) -> Tensor:
    """Return ``other / self`` as PyTorch computes it, by two operations: so the last digits agree."""
    return NotImplemented if isinstance(other, str | list | tuple) else reciprocal(self) * other


class Arithmetic(Base):
    """Operators, comparisons and elementwise functions."""

    __slots__ = ()

    __array_priority__ = 2000

    __add__ = __radd__ = binary(operator.add)
    __sub__ = binary(operator.sub, check=refuse_bools)
    __rsub__ = reflected(operator.sub, name="RsubBackward1", check=refuse_bools)
    __mul__ = __rmul__ = binary(operator.mul)
    __truediv__ = binary(operator.truediv, real=True)
    __rtruediv__ = divided
    __pow__ = binary(raised)
    __rpow__ = reflected(raised, name="PowBackward2")
    __mod__ = binary(quotient(remainder))
    __rmod__ = reflected(quotient(remainder))
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
    __eq__: Callable[..., Tensor] = binary(operator.eq)  # type: ignore[assignment]
    __ne__: Callable[..., Tensor] = binary(operator.ne)  # type: ignore[assignment]
    __hash__ = object.__hash__

    __neg__ = neg = unary(np.negative)
    __abs__ = abs = unary(np.absolute)
    exp = unary(np.exp, real=True)
    log = unary(np.log, real=True)
    log1p = unary(np.log1p, real=True)
    sqrt = unary(np.sqrt, real=True)
    square = squared
    reciprocal = reciprocal
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

    def __pos__(self) -> Self:
        return self

    def sigmoid(self) -> Tensor:
        """Return ``1 / (1 + exp(-x))``."""
        return wrap(silently(sigmoid, as_real(unwrap(self))))

    def relu(self) -> Tensor:
        """Return the positive part; its derivative at zero is zero."""
        return wrap(relu(unwrap(self)))
