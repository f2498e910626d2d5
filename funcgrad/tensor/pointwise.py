"""Elementwise functions of one tensor."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.core.primitive import CALLS
from funcgrad.tensor.calling import check_floating, operation
from funcgrad.tensor.operators import relu as relu_rule
from funcgrad.tensor.operators import sigmoid as sigmoid_rule
from funcgrad.tensor.promotion import as_real, type_name
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("abs", "absolute", "acos", "acosh", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh"),
    *("asin", "asinh", "atan", "atanh", "ceil", "conj", "conj_physical", "cos", "cosh", "deg2rad", "digamma", "erf"),
    *("erfc", "erfinv", "exp", "exp2", "expm1", "fix", "floor", "frac", "i0", "imag", "lgamma", "log", "log10"),
    *("log1p", "log2", "logit", "nan_to_num", "neg", "negative", "positive", "rad2deg", "real", "reciprocal", "relu"),
    *("round", "rsqrt", "sgn", "sigmoid", "sign", "sin", "sinc", "sinh", "special_function", "sqrt", "square", "tan"),
    *("tanh", "trunc"),
]

Function = Callable[[Any], Any]


def named(name: str, function: Function, summary: str, *, real: bool = True) -> Callable[..., Tensor]:
    """Return the operation that applies a function of payloads; `real` computes integers in the default dtype."""

    direct = isinstance(function, np.ufunc)

    def apply(input: Tensor) -> Tensor:
        x = unwrap(input)
        if direct and type(x) is ReverseTracer:  # the short path, which NumPy's protocol would lead to as well
            return wrap(CALLS[function](x))
        y = function(as_real(x) if real else x)
        return input if y is x else wrap(y)  # another tensor of the same memory would not be known as its view

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"Return {summary}, for each element."
    return operation(apply)


def special_function(name: str) -> Any:
    """Return a function of ``scipy.special``, which is imported when the first one is called."""
    try:
        return getattr(importlib.import_module("scipy.special"), name)
    except ModuleNotFoundError as error:
        raise NotImplementedError(
            f"{name} of a tensor is computed by SciPy, which is not installed: pip install funcgrad[scipy]"
        ) from error


def special(name: str) -> Function:
    return lambda x: special_function(name)(x)


# -- Steps: their derivative is zero, and the result requires gradients all the same -------------------------------

STEPS = {
    function: Elementwise(values, lambda g: np.zeros_like(g), name=function.__name__, own=True)
    for function, values in [
        (np.floor, lambda x: np.floor(x)),
        (np.ceil, lambda x: np.ceil(x)),
        (np.trunc, lambda x: np.trunc(x)),
        (np.rint, lambda x: np.rint(x)),
        (np.sign, lambda x: np.where(np.isnan(x), x.dtype.type(0), np.sign(x))),  # PyTorch's sign of nan
    ]
}


def step(function: Any) -> Function:
    """Return a rounding function; integers are whole already."""
    return lambda x: np.copy(x) if x.dtype.kind in "biu" else STEPS[function](x)


def sign_values(x: Any) -> Any:
    if x.dtype.kind == "c":
        raise NotImplementedError("sign is not defined for complex numbers: use sgn")
    return np.copy(x) if x.dtype.kind == "b" else np.sign(x) if x.dtype.kind in "iu" else STEPS[np.sign](x)


def sgn_values(x: Any) -> Any:
    if x.dtype.kind != "c":
        return sign_values(x)
    length = np.absolute(x)
    return np.where(length == 0, 0, x / np.where(length == 0, 1, length))


def frac_values(x: Any) -> Any:
    check_floating("frac", x)
    return x - STEPS[np.trunc](x)


# -- Numbers and their parts ------------------------------------------------------------------------------------


def negative_values(x: Any) -> Any:
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return np.negative(x)


def absolute_values(x: Any) -> Any:
    return CALLS[np.absolute](x) if x.dtype.kind != "b" else x


def imag_values(x: Any) -> Any:
    if x.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return np.imag(x)


def angle_values(x: Any) -> Any:
    if x.dtype.kind == "c":
        return np.angle(x)
    x = as_real(x)
    flat = np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(math.pi), x.dtype.type(0)))
    return x * 0 + flat if np.isfinite(flat).all() else flat


def sinc_values(x: Any) -> Any:
    return np.sinc(x).astype(x.dtype)


abs = absolute = named("abs", absolute_values, "the absolute value", real=False)
neg = negative = named("neg", negative_values, "the negative", real=False)
positive = named("positive", lambda x: x, "the tensor itself", real=False)
square = named(
    "square", lambda x: np.square(x if x.dtype.kind != "b" else x.astype(np.int64)), "the square", real=False
)
conj = conj_physical = named(
    "conj", lambda x: np.conjugate(x) if x.dtype.kind == "c" else x, "the complex conjugate", real=False
)
real = named("real", lambda x: np.real(x) if x.dtype.kind == "c" else x, "the real part", real=False)
imag = named("imag", imag_values, "the imaginary part", real=False)
angle = named("angle", angle_values, "the angle of a complex number")
sign = named("sign", sign_values, "the sign: -1, 0 or 1", real=False)
sgn = named("sgn", sgn_values, "the sign; for complex numbers the direction", real=False)
floor = named("floor", step(np.floor), "the largest integer that is not greater", real=False)
ceil = named("ceil", step(np.ceil), "the smallest integer that is not smaller", real=False)
trunc = fix = named("trunc", step(np.trunc), "the integer part", real=False)
frac = named("frac", frac_values, "the part after the point", real=False)

# -- Powers, exponentials and logarithms ---------------------------------------------------------------------------

reciprocal = named("reciprocal", lambda x: CALLS[np.reciprocal](x), "``1 / x``")
sqrt = named("sqrt", np.sqrt, "the square root")
rsqrt = named("rsqrt", lambda x: 1 / np.sqrt(x), "``1 / sqrt(x)``")
exp = named("exp", np.exp, "the exponential")
exp2 = named("exp2", np.exp2, "``2 ** x``")
expm1 = named("expm1", np.expm1, "``exp(x) - 1``, exact for small elements")
log = named("log", np.log, "the natural logarithm")
log2 = named("log2", np.log2, "the logarithm to the base 2")
log10 = named("log10", np.log10, "the logarithm to the base 10")
log1p = named("log1p", np.log1p, "``log(1 + x)``, exact for small elements")
sigmoid = named("sigmoid", sigmoid_rule, "``1 / (1 + exp(-x))``")
relu = named("relu", relu_rule, "the positive part; its derivative at zero is zero", real=False)

# -- Trigonometric and hyperbolic ------------------------------------------------------------------------------------

sin = named("sin", np.sin, "the sine")
cos = named("cos", np.cos, "the cosine")
tan = named("tan", np.tan, "the tangent")
asin = arcsin = named("asin", np.arcsin, "the arc sine")
acos = arccos = named("acos", np.arccos, "the arc cosine")
atan = arctan = named("atan", np.arctan, "the arc tangent")
sinh = named("sinh", np.sinh, "the hyperbolic sine")
cosh = named("cosh", np.cosh, "the hyperbolic cosine")
tanh = named("tanh", np.tanh, "the hyperbolic tangent")
asinh = arcsinh = named("asinh", np.arcsinh, "the inverse hyperbolic sine")
acosh = arccosh = named("acosh", np.arccosh, "the inverse hyperbolic cosine")
atanh = arctanh = named("atanh", np.arctanh, "the inverse hyperbolic tangent")
sinc = named("sinc", sinc_values, "``sin(pi x) / (pi x)``, which is 1 at zero")
deg2rad = named("deg2rad", np.deg2rad, "degrees in radians")
rad2deg = named("rad2deg", np.rad2deg, "radians in degrees")

# -- Special functions, by SciPy ---------------------------------------------------------------------------------------

erf = named("erf", special("erf"), "the error function")
erfc = named("erfc", special("erfc"), "``1 - erf(x)``")
erfinv = named("erfinv", special("erfinv"), "the inverse of the error function")
lgamma = named("lgamma", special("gammaln"), "the logarithm of the gamma function's absolute value")
digamma = named("digamma", special("psi"), "the derivative of ``lgamma``")
i0 = named("i0", special("i0"), "the modified Bessel function of order zero")

# -- With options ------------------------------------------------------------------------------------------------------


@operation
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Round to whole numbers, or to a number of decimals; halves go to the even neighbour.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.round(fg.tensor([0.5, 1.5, 2.345]))
    tensor([0., 2., 2.])
    >>> fg.tensor([2.345]).round(decimals=2)
    tensor([2.3400])
    """
    x = unwrap(input)
    if x.dtype.kind in "bc":
        raise NotImplementedError(f'"round" not implemented for {type_name(x.dtype)!r}')
    if x.dtype.kind in "iu":
        if decimals:
            raise RuntimeError(f'"round" with decimals is not implemented for {type_name(x.dtype)!r}')
        return wrap(np.copy(x))
    if not decimals:
        return wrap(STEPS[np.rint](x))
    ten = 10.0 ** builtin_abs(decimals)
    return wrap(STEPS[np.rint](x * ten) / ten if decimals > 0 else STEPS[np.rint](x / ten) * ten)


def builtin_abs(n: int) -> int:
    return n if n >= 0 else -n


@operation
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Return ``log(x / (1 - x))``, of elements that are first limited to ``[eps, 1 - eps]`` if that is given."""
    x = as_real(unwrap(input))
    if eps is not None:
        x = np.where(x < eps, x.dtype.type(eps), np.where(x > 1 - eps, x.dtype.type(1 - eps), x))
    return wrap(np.log(x / (1 - x)))


@operation
def nan_to_num(
    input: Tensor, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replace nan, inf and -inf: by zero and the largest and smallest finite numbers, unless others are given.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nan_to_num(fg.tensor([float("nan"), float("inf"), 1.0]), posinf=5.0)
    tensor([0., 5., 1.])
    """
    x = unwrap(input)
    if x.dtype.kind not in "fc":
        return wrap(np.copy(x))
    limits = np.finfo(x.dtype)
    high: Any = limits.max if posinf is None else posinf
    low: Any = limits.min if neginf is None else neginf
    if x.dtype.kind == "c":
        parts = [replaced(part, nan or 0.0, high, low) for part in (np.real(x), np.imag(x))]
        return wrap((parts[0] + 1j * parts[1]).astype(x.dtype))
    return wrap(replaced(x, nan or 0.0, high, low))


def replaced(x: Array, nan: Any, high: Any, low: Any) -> Array:
    number = x.dtype.type
    x = np.where(np.isnan(x), number(nan), x)
    return np.where(x == np.inf, number(high), np.where(x == -np.inf, number(low), x))
