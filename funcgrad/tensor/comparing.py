"""Comparisons, logic and bits, and questions about elements: results without gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.calling import operands, operation
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.shell import Base, unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift"),
    *("bitwise_xor", "eq", "equal", "ge", "greater", "greater_equal", "gt", "isclose", "isfinite", "isin", "isinf"),
    *("isnan", "isneginf", "isposinf", "isreal", "is_nonzero", "is_same_size", "le", "less", "less_equal"),
    *("logical_and", "logical_not", "logical_or", "logical_xor", "lt", "ne", "not_equal", "signbit"),
]


def comparison(name: str, function: Callable[[Any, Any], Any], sign: str, *, ordered: bool = True) -> Any:
    def compare(input: Tensor, other: Any) -> Tensor:
        a, b = operands(input, other)
        if ordered and (isinstance(b, complex) or "c" in (a.dtype.kind, getattr(b, "dtype", a.dtype).kind)):
            raise NotImplementedError(f'"{name}" not implemented for {type_name(a.dtype)!r}: it has no order')
        return wrap(function(a, b))

    compare.__name__ = compare.__qualname__ = name
    compare.__doc__ = f"Return where ``input {sign} other``."
    return operation(compare)


eq = comparison("eq", np.equal, "==", ordered=False)
ne = not_equal = comparison("ne", np.not_equal, "!=", ordered=False)
lt = less = comparison("lt", np.less, "<")
le = less_equal = comparison("le", np.less_equal, "<=")
gt = greater = comparison("gt", np.greater, ">")
ge = greater_equal = comparison("ge", np.greater_equal, ">=")


def logical(name: str, function: Callable[..., Any]) -> Any:
    def combine(input: Tensor, other: Tensor) -> Tensor:
        if not isinstance(other, Base):
            raise TypeError(f"{name}(): argument 'other' must be Tensor, not {type(other).__name__}")
        return wrap(function(unwrap(input), unwrap(other)))

    combine.__name__ = combine.__qualname__ = name
    combine.__doc__ = f"Return NumPy's ``{name}`` of each pair of elements, where what is not zero is true."
    return operation(combine)


logical_and = logical("logical_and", np.logical_and)
logical_or = logical("logical_or", np.logical_or)
logical_xor = logical("logical_xor", np.logical_xor)


def bitwise(name: str, function: Callable[..., Any]) -> Any:
    def combine(input: Any, other: Any) -> Tensor:
        a, b = operands(input, other)
        for x in (a, b):
            if isinstance(x, float | complex) or getattr(x, "dtype", np.dtype(int)).kind not in "biu":
                kind = type_name(x.dtype) if hasattr(x, "dtype") else type(x).__name__
                raise NotImplementedError(f'"{name}_cpu" not implemented for {kind!r}')
        return wrap(function(a, b))

    combine.__name__ = combine.__qualname__ = name
    combine.__doc__ = f"Return NumPy's ``{name}`` of each pair of integers or booleans."
    return operation(combine)


bitwise_and = bitwise("bitwise_and", np.bitwise_and)
bitwise_or = bitwise("bitwise_or", np.bitwise_or)
bitwise_xor = bitwise("bitwise_xor", np.bitwise_xor)
bitwise_left_shift = bitwise("bitwise_left_shift", np.left_shift)
bitwise_right_shift = bitwise("bitwise_right_shift", np.right_shift)


def question(name: str, function: Callable[..., Any], summary: str) -> Any:
    def ask(input: Tensor) -> Tensor:
        return wrap(function(unwrap(input)))

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = f"Return which elements {summary}."
    return operation(ask)


def infinite(sign: int) -> Callable[[Any], Any]:
    def test(x: Any) -> Any:
        if x.dtype.kind == "c":
            raise RuntimeError("does not support complex inputs.")
        return x == sign * np.inf if x.dtype.kind == "f" else np.zeros(x.shape, bool)

    return test


logical_not = question("logical_not", np.logical_not, "are zero or false")
isnan = question("isnan", np.isnan, "are nan")
isinf = question("isinf", np.isinf, "are inf or -inf")
isfinite = question("isfinite", np.isfinite, "are neither nan, inf nor -inf")
isposinf = question("isposinf", infinite(1), "are inf")
isneginf = question("isneginf", infinite(-1), "are -inf")
isreal = question("isreal", np.isreal, "have no imaginary part")
signbit = question(
    "signbit", lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0, "have their sign set, as -0. has"
)


@operation
def bitwise_not(input: Tensor) -> Tensor:
    """Invert the bits of integers, or booleans."""
    x = unwrap(input)
    if x.dtype.kind not in "biu":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return wrap(np.invert(x))


@operation
def equal(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape and elements."""
    return input.shape == other.shape and bool(np.all(input.values() == other.values()))


@operation
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return where ``|input - other| <= atol + rtol * |other|``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.isclose(fg.tensor([1.0, 2.0]), fg.tensor([1.0 + 1e-7, 2.1]))
    tensor([ True, False])
    """
    a, b = unwrap(input), unwrap(other)
    if a.dtype != b.dtype:
        raise RuntimeError(f"{type_name(a.dtype)} did not match {type_name(b.dtype)}")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"rtol and atol must be greater than or equal to zero, but got {rtol} and {atol}")
    if a.dtype.kind == "b":
        return wrap(np.equal(a, b))
    return wrap(np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


@operation
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether all elements are close, see :func:`isclose`."""
    return bool(np.all(isclose(input, other, rtol, atol, equal_nan).values()))


@operation
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return which elements are among the test elements."""
    return wrap(np.isin(unwrap(elements), unwrap(test_elements), assume_unique=assume_unique, invert=invert))


@operation
def is_nonzero(input: Tensor) -> bool:
    """Return whether the only element is not zero."""
    return bool(input)


@operation
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape."""
    return input.shape == other.shape
