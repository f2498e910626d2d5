"""Elementwise functions of several tensors: arithmetic with options, extremes, mixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.backend import is_on_device
from funcgrad.core.kinds import Elementwise
from funcgrad.core.primitive import CALLS
from funcgrad.tensor import integers
from funcgrad.tensor.beside import here
from funcgrad.tensor.calling import check_floating, needs_tensor, numbers_as_payloads, operands, operation
from funcgrad.tensor.integers import is_integral, power, refuse_bools
from funcgrad.tensor.pointwise import STEPS
from funcgrad.tensor.promotion import DEFAULT_DTYPE, as_real, type_name
from funcgrad.tensor.shell import Base, unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *(
        "gcd",
        "lcm",
    ),
    *("add", "addcdiv", "addcmul", "arctan2", "atan2", "clamp", "clamp_max", "clamp_min", "clip", "copysign", "div"),
    *("divide", "float_power", "floor_divide", "fmax", "fmin", "fmod", "heaviside", "hypot", "ldexp", "lerp"),
    *("logaddexp", "logaddexp2", "maximum", "minimum", "mul", "multiply", "nextafter", "pow", "remainder", "rsub"),
    *("sub", "subtract", "true_divide", "xlogy"),
]

# -- Arithmetic -------------------------------------------------------------------------------------------------


def scaled(other: Any, alpha: Any) -> Any:
    """Return ``alpha * other``, of which the dtype must not have to change for it."""
    if isinstance(alpha, Base):
        alpha = alpha.values().item()
    if type(alpha) is int and alpha == 1:
        return other
    x = unwrap(other)
    if isinstance(alpha, float) and getattr(getattr(x, "dtype", DEFAULT_DTYPE), "kind", "f") in "biu":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    return other * alpha


@operation
def add(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Add ``alpha * other``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.add(fg.tensor([1.0, 2.0]), fg.tensor([10.0, 20.0]), alpha=2)
    tensor([21., 42.])
    """
    a, b = operands(input, scaled(other, alpha))
    return wrap(CALLS[np.add](a, b))


@operation
def sub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract ``alpha * other``."""
    refuse_bools(unwrap(input), unwrap(other))
    a, b = operands(input, scaled(other, alpha))
    return wrap(CALLS[np.subtract](a, b))


@operation
def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract ``alpha * input`` from `other`."""
    refuse_bools(unwrap(input), unwrap(other))
    a, b = operands(scaled(input, alpha), other)
    return wrap(CALLS[np.subtract](b, a))


@operation
def mul(input: Tensor, other: Any) -> Tensor:
    """Multiply."""
    a, b = operands(input, other)
    return wrap(CALLS[np.multiply](a, b))


def refuse_zero(a: Any, b: Any) -> None:
    if is_integral(a, b) and not is_on_device(b) and np.any(np.asarray(b) == 0):  # a device is not asked
        raise RuntimeError("ZeroDivisionError")


def truncated(a: Any, b: Any) -> Any:
    """Divide integers, rounding towards zero."""
    whole = np.floor_divide(a, b)
    return whole + ((np.remainder(a, b) != 0) & ((a < 0) != (b < 0)))


@operation
def div(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide; integers as floating-point numbers, unless the result is rounded.

    Parameters
    ----------
    input : Tensor
    other : Tensor or number
    rounding_mode : {None, "trunc", "floor"}
        How the result is rounded; None does not.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.div(fg.tensor([-7, 7]), 2)
    tensor([-3.5000,  3.5000])
    >>> fg.div(fg.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    a, b = operands(input, other)
    if rounding_mode is None:
        return wrap(CALLS[np.divide](as_real(a), as_real(b)))
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    if is_integral(a, b):
        refuse_zero(a, b)
        return wrap(np.floor_divide(a, b) if rounding_mode == "floor" else truncated(a, b))
    if rounding_mode == "floor":
        return wrap(floor_quotient(a, b))
    return wrap(STEPS[np.trunc](CALLS[np.divide](a, b)))


floor_quotient = Elementwise(
    lambda a, b: np.floor_divide(a, b),
    lambda g: np.zeros_like(g),
    lambda g: np.zeros_like(g),
    name="floor_divide",
    own=True,
)


@operation
def floor_divide(input: Tensor, other: Any) -> Tensor:
    """Divide and round down."""
    a, b = operands(input, other)
    refuse_zero(a, b)
    return wrap(np.floor_divide(a, b))


@operation
def remainder(input: Any, other: Any) -> Tensor:
    """Return the remainder of a division that rounds down: it has the sign of the divisor."""
    a, b = operands(input, other)
    refuse_zero(a, b)
    return wrap(integers.remainder(a, b))


@operation
def fmod(input: Tensor, other: Any) -> Tensor:
    """Return the remainder of a division that rounds towards zero: it has the sign of the dividend."""
    a, b = operands(input, other)
    refuse_zero(a, b)
    return wrap(CALLS[np.fmod](a, b))


@operation
def pow(input: Any, exponent: Any) -> Tensor:
    """Raise to a power; one of the two may be a number."""
    return wrap(power(*operands(input, exponent)))


@operation
def float_power(input: Any, exponent: Any) -> Tensor:
    """Raise to a power in double precision."""
    wide = [
        x if not hasattr(x, "dtype") else x.astype("D" if x.dtype.kind == "c" else "d") for x in pair(input, exponent)
    ]
    return wrap(CALLS[np.power](*wide))


def pair(a: Any, b: Any) -> list[Any]:
    return [unwrap(a), unwrap(b)]


# -- Functions of two operands that NumPy has -----------------------------------------------------------------------


def named(
    name: str, function: Callable[[Any, Any], Any], summary: str, *, real: bool = True, tensors: bool = True
) -> Callable[..., Tensor]:
    """Return an operation of two operands; `tensors` says that numbers are refused."""

    def apply(input: Tensor, other: Any) -> Tensor:
        if tensors and not isinstance(other, Base):
            raise TypeError(f"{name}(): argument 'other' must be Tensor, not {type(other).__name__}")
        a, b = operands(input, other)
        return wrap(function(as_real(a), as_real(b)) if real else function(a, b))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"Return {summary}, for each pair of elements."
    return operation(apply)


def xlogy_values(x: Any, y: Any) -> Any:
    x = x if hasattr(x, "dtype") else here(np.asarray(x, y.dtype), y)
    y = y if hasattr(y, "dtype") else here(np.asarray(y, x.dtype), x)
    return x * np.log(np.where((x == 0) & ~(y > 0) & ~np.isnan(y), 1, y).astype(y.dtype))


def heaviside_values(a: Any, b: Any) -> Any:
    if a.dtype != b.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return np.where(a == 0, b, (a > 0).astype(a.dtype))


maximum = named("maximum", lambda a, b: CALLS[np.maximum](a, b), "the larger", real=False)
minimum = named("minimum", lambda a, b: CALLS[np.minimum](a, b), "the smaller", real=False)
fmax = named("fmax", lambda a, b: CALLS[np.fmax](a, b), "the larger, of a nan and a number the number", real=False)
fmin = named("fmin", lambda a, b: CALLS[np.fmin](a, b), "the smaller, of a nan and a number the number", real=False)
atan2 = named("atan2", lambda a, b: CALLS[np.arctan2](a, b), "the angle of the point (other, input)")


def hypotenuse(a: Any, b: Any) -> Any:
    check_floating("hypot", a)
    return CALLS[np.hypot](a, b)


hypot = named("hypot", hypotenuse, "``sqrt(input**2 + other**2)``", real=False)
logaddexp = named("logaddexp", lambda a, b: CALLS[np.logaddexp](a, b), "``log(exp(input) + exp(other))``")
logaddexp2 = named("logaddexp2", lambda a, b: CALLS[np.logaddexp2](a, b), "``log2(2**input + 2**other)``")
copysign = named(
    "copysign", lambda a, b: CALLS[np.copysign](a, b), "the first with the sign of the second", tensors=False
)
nextafter = named("nextafter", lambda a, b: CALLS[np.nextafter](a, b), "the next number towards the second", real=False)
heaviside = named("heaviside", heaviside_values, "0 or 1 by the sign, `other` where it is zero", real=False)
ldexp = named("ldexp", lambda a, b: a * CALLS[np.exp2](b), "``input * 2**other``")
xlogy = named("xlogy", xlogy_values, "``input * log(other)``, which is zero where `input` is", tensors=False)

# -- Limits and mixtures -----------------------------------------------------------------------------------------------


@operation
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Limit the elements to an interval; where `min` is larger than `max`, that is the result.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tensor([-1.0, 0.5, 3.0]).clamp(0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    x, *limits = operands(input, *[limit for limit in (min, max) if limit is not None])
    if min is not None:
        x = np.where(x < limits[0], limits[0], x)  # nan stays nan
    if max is not None:
        x = np.where(x > limits[-1], limits[-1], x)
    return wrap(x)


@operation
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Raise what is smaller than `min` to it."""
    return clamp(input, min)


@operation
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Lower what is larger than `max` to it."""
    return clamp(input, None, max)


@operation
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Return the point between `input` and `end` at `weight`: 0 is `input`, 1 is `end`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.lerp(fg.zeros(2), fg.tensor([4.0, 8.0]), 0.25)
    tensor([1., 2.])
    """
    a, b = unwrap(input), unwrap(needs_tensor("lerp", end))
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected dtype {type_name(a.dtype)} for `end` but got dtype {type_name(b.dtype)}")
    w = weight if isinstance(weight, int | float) else unwrap(weight)
    if isinstance(w, int | float):
        return wrap(a + w * (b - a) if w < 0.5 else b - (b - a) * (1 - w))
    near = a + w * (b - a)
    far = b - (b - a) * (1 - w)
    return wrap(np.where(np.broadcast_to(w < 0.5, near.shape), near, far))


def integral_value(name: str, value: Any, x: Any) -> None:
    if isinstance(value, float) and x.dtype.kind in "biu":
        raise RuntimeError(f"{name}: for integral tensors, argument value must not be a floating point number.")


@operation
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """Add ``value * tensor1 * tensor2``."""
    a, b, c = numbers_as_payloads(input, tensor1, tensor2)
    integral_value("addcmul", value, a)
    return wrap(a + (b * c if type(value) is int and value == 1 else value * b * c))


@operation
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """Add ``value * tensor1 / tensor2``."""
    a, b, c = numbers_as_payloads(input, tensor1, tensor2)
    if is_integral(unwrap(tensor1), unwrap(tensor2)):
        raise RuntimeError(
            "addcdiv does not divide integers: use input + value * torch.trunc(tensor1 / tensor2), or floating-point "
            "tensors."
        )
    return wrap(a + (b / c if type(value) is int and value == 1 else value * (b / c)))


subtract, multiply, divide, true_divide, arctan2, clip = sub, mul, div, div, atan2, clamp


def whole(name: str, function: Callable[[Any, Any], Any]) -> Callable[..., Tensor]:
    def combine(input: Tensor, other: Tensor) -> Tensor:
        a, b = operands(input, needs_tensor(name, other))
        if not is_integral(a, b):
            raise NotImplementedError(f'"{name}" not implemented for {type_name(a.dtype)!r}')
        return wrap(function(a, b))

    combine.__name__ = combine.__qualname__ = name
    combine.__doc__ = f"Return NumPy's ``{name}`` of each pair of integers."
    return operation(combine)


gcd, lcm = whole("gcd", np.gcd), whole("lcm", np.lcm)
