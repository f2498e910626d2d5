"""The table of cases: one row for each NumPy function and way to call it.

Every law in ``test_laws.py`` runs over every row, so a new derivative rule is tested by adding one row to its chapter:

    Case("sum/axis=1,keepdims", lambda x: np.sum(x, axis=1, keepdims=True), [real(3, 4)], complex_ok=True)

The name starts with the function; what follows the slash tells the variant. The call is plain NumPy, a function of
arrays. The inputs say from which domain the arrays are drawn: a domain keeps a safe distance from kinks, poles and
branch cuts, so that differences of the function are smooth. `given` states an array that is passed as it is and held
fixed (an index, a mask). An oracle runs the same call with another library in the place of ``np``.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


# What a row is


@dataclass(frozen=True)
class Input:
    """One array to draw: its domain, and the domain to use instead when the row is run with complex numbers."""

    shape: tuple[int, ...]
    draw: Draw
    draw_complex: Draw | None = None

    @property
    def fixed(self) -> bool:
        """Whether the array is held fixed: no derivative is taken with respect to it."""
        return self.draw_complex is None


@dataclass(frozen=True)
class Case:
    """One row: a call of a NumPy function on arrays from stated domains.

    ``complex_ok`` runs the row with complex numbers too; ``order`` is how many derivatives exist (0 for a function
    without one); ``vmap`` is False where the shape of the result depends on values; ``device`` is False where even
    the plain call needs the host.
    """

    name: str
    call: Callable[..., Any]
    inputs: Sequence[Input]
    complex_ok: bool = False
    order: int = 2
    vmap: bool = True
    device: bool = True
    chapter: str = ""

    @property
    def function(self) -> str:
        """Name of the NumPy function."""
        return self.name.split("/")[0]

    def __str__(self) -> str:
        return f"{self.chapter}:{self.name}"

    def draw(self, complex_: bool = False, sample: int = 0) -> list[Array]:
        """Draw the inputs, read-only; the same ones each time, and others for another sample."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), sample])
        drawn = []
        for i in self.inputs:
            draw = i.draw_complex if complex_ and i.draw_complex else i.draw
            drawn.append(np.asarray(draw(rng, i.shape)))
            drawn[-1].flags.writeable = False
        return drawn


@dataclass(frozen=True)
class Kink:
    """A point where the derivative is a matter of policy, or where a careless rule gives nan."""

    name: str
    call: Callable[..., Any]
    at: Any
    gradient: Any
    forward: bool = True  # whether forward mode says the same (it cannot know that an infinite tangent is not used)

    def __str__(self) -> str:
        return self.name


# Domains


def real(*shape: int) -> Input:
    """Any numbers."""
    return Input(shape, _normal, _complex)


def complex_(*shape: int) -> Input:
    """Complex numbers, always."""
    return always_complex(real(*shape))


def always_complex(domain: Input) -> Input:
    """Complex numbers of this domain, always."""
    assert domain.draw_complex
    return replace(domain, draw=domain.draw_complex)


def positive(*shape: int) -> Input:
    """Numbers from 0.5 to 2; complex ones with a positive real part."""
    return Input(shape, lambda rng, s: rng.uniform(0.5, 2, s), lambda rng, s: _box(rng, s, 0.5, 2, 1))


def unit(*shape: int) -> Input:
    """Numbers inside (-0.9, 0.9)."""
    return Input(shape, lambda rng, s: rng.uniform(-0.9, 0.9, s), lambda rng, s: _box(rng, s, -0.6, 0.6, 0.6))


def above_one(*shape: int) -> Input:
    """Numbers from 1.2 to 3."""
    return Input(shape, lambda rng, s: rng.uniform(1.2, 3, s), lambda rng, s: _box(rng, s, 1.2, 3, 1))


def away_from_zero(*shape: int) -> Input:
    """Numbers of either sign, at least 0.4 from zero."""
    return Input(
        shape,
        lambda rng, s: rng.uniform(0.4, 2, s) * rng.choice([-1, 1], s),
        lambda rng, s: rng.uniform(0.4, 2, s) * np.exp(1j * rng.uniform(0.2, 2.8, s) * rng.choice([-1, 1], s)),
    )


def distinct(*shape: int) -> Input:
    """Numbers without ties: any two of them, and any of them and 0, differ by 0.05 or more."""
    return Input(shape, _distinct, lambda rng, s: _distinct(rng, s) + 1j * _distinct(rng, s))


def between(*shape: int) -> Input:
    """Distinct numbers that have no ties with `distinct` ones either."""
    return Input(shape, lambda rng, s: _distinct(rng, s) + 0.075, _complex)


def large(*shape: int) -> Input:
    """Numbers in the hundreds."""
    return Input(shape, lambda rng, s: 500 * _normal(rng, s), lambda rng, s: 500 * _complex(rng, s))


def with_nan(*shape: int) -> Input:
    """Distinct numbers, some replaced by nan (never all along an axis)."""
    return Input(shape, _with_nan, lambda rng, s: _with_nan(rng, s) + 1j * rng.normal(size=s))


def invertible(*shape: int) -> Input:
    """Well-conditioned square matrices."""
    return Input(
        shape, lambda rng, s: _normal(rng, s) + 3 * np.eye(s[-1]), lambda rng, s: _complex(rng, s) + 3 * np.eye(s[-1])
    )


def spd(*shape: int) -> Input:
    """Positive definite matrices, symmetric or Hermitian."""
    return Input(shape, lambda rng, s: _gram(_normal(rng, s)), lambda rng, s: _gram(_complex(rng, s)))


def given(values: Any) -> Input:
    """These values, held fixed."""
    return Input(np.shape(values), lambda rng, s: np.array(values))


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.normal(size=shape))


def _complex(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape))


def _box(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float, height: float) -> Array:
    """Numbers with the real part in (low, high) and the imaginary part in (-height, height)."""
    return np.asarray(rng.uniform(low, high, shape) + 1j * rng.uniform(-height, height, shape))


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    size = int(np.prod(shape))
    ladder = (np.arange(size) - size // 2 + 0.5) * 0.15 + rng.uniform(-0.02, 0.02, size)
    return rng.permutation(ladder).reshape(shape)


def _with_nan(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    x = _distinct(rng, shape)
    x.flat[1 :: shape[-1] + 2] = np.nan
    return x


def _gram(a: Array) -> Array:
    return a @ np.swapaxes(np.conj(a), -1, -2) + 2 * np.eye(a.shape[-1])


KEEP = given([True, False, True])
MASK = given([[True, False, True], [False, True, False]])


# Helpers that write rows


def unary(name: str, domain: Callable[..., Input], complex_ok: bool = False) -> list[Case]:
    """Rows of a function of one array: a matrix, and a 0-d array."""

    def call(x: Any) -> Any:
        return getattr(np, name)(x)

    return [
        Case(name, call, [domain(2, 3)], complex_ok),
        Case(f"{name}/0-d", call, [domain()], complex_ok),
    ]


def binary(name: str, x: Callable[..., Input], y: Callable[..., Input], complex_ok: bool = False) -> list[Case]:
    """Rows of a function of two arrays: equal shapes, broadcasting both ways, 0-d, Python scalars, the same twice."""

    def call(x: Any, y: Any) -> Any:
        return getattr(np, name)(x, y)

    return [
        Case(name, call, [x(2, 3), y(2, 3)], complex_ok),
        Case(f"{name}/broadcast rows", call, [x(2, 3), y(3)], complex_ok),
        Case(f"{name}/broadcast outer", call, [x(3, 1), y(1, 4)], complex_ok),
        Case(f"{name}/0-d and array", call, [x(), y(2, 2)], complex_ok),
        Case(f"{name}/scalar right", lambda x: getattr(np, name)(x, 1.3), [x(2, 3)], complex_ok),
        Case(f"{name}/scalar left", lambda y: getattr(np, name)(1.3, y), [y(2, 3)], complex_ok),
    ]


def put(x: Any, index: Any, value: Any) -> Any:
    """Return a copy of ``x`` in which ``x[index] = value`` was done."""
    x = x.copy()
    x[index] = value
    return x


def in_place(x: Any, step: Callable[[Any], Any]) -> Any:
    """Return what a step does to a copy of ``x``."""
    return step(x.copy())


def sorted_in_place(x: Any) -> Any:
    """Do ``x.sort()``."""
    x.sort()
    return x


def iadd(x: Any, y: Any) -> Any:
    """Do ``x += y``."""
    x += y
    return x


def imul(x: Any, y: Any) -> Any:
    """Do ``x *= y``."""
    x *= y
    return x


# Arithmetic

ARITHMETIC = [
    *binary("add", real, real, complex_ok=True),
    *binary("subtract", real, real, complex_ok=True),
    *binary("multiply", real, real, complex_ok=True),
    *binary("divide", real, away_from_zero, complex_ok=True),
    *binary("true_divide", real, away_from_zero)[:1],
    *binary("power", positive, real, complex_ok=True),
    *binary("pow", positive, real)[:1],
    *binary("float_power", positive, real),
    *binary("maximum", distinct, between),
    *binary("minimum", distinct, between),
    *binary("fmax", distinct, between),
    *binary("fmin", distinct, between),
    *binary("hypot", away_from_zero, away_from_zero),
    *binary("copysign", away_from_zero, away_from_zero),
    *binary("mod", away_from_zero, positive),
    *binary("remainder", away_from_zero, away_from_zero)[:2],
    *binary("fmod", away_from_zero, away_from_zero),
    *unary("negative", real, complex_ok=True),
    *unary("positive", real, complex_ok=True),
    *unary("absolute", away_from_zero, complex_ok=True),
    *unary("abs", away_from_zero)[:1],
    *unary("fabs", away_from_zero),
    *unary("square", real, complex_ok=True),
    *unary("sqrt", positive, complex_ok=True),
    *unary("cbrt", away_from_zero),
    *unary("reciprocal", away_from_zero, complex_ok=True),
    Case("power/integer exponent", lambda x: np.power(x, 3), [real(2, 3)], complex_ok=True),
    Case("power/exponent 2", lambda x: np.power(x, 2), [real(2, 3)], complex_ok=True),
    Case("power/exponent 1", lambda x: np.power(x, 1), [real(2, 3)], complex_ok=True),
    Case("power/exponent 0", lambda x: np.power(x, 0), [real(2, 3)], complex_ok=True),
    Case("power/exponent 0.5", lambda x: np.power(x, 0.5), [positive(2, 3)], complex_ok=True),
    Case("power/exponent -1", lambda x: np.power(x, -1.0), [away_from_zero(2, 3)], complex_ok=True),
    Case("power/exponents of integers", lambda x, n: np.power(x, n), [away_from_zero(2, 3), given([-1, 0, 2])]),
    Case("power/complex and real", lambda x, y: np.power(x, y), [always_complex(positive(3)), real(3)]),
    Case("multiply/complex and real", lambda x, y: np.multiply(x, y), [complex_(2, 3), real(3)]),
    Case("multiply/real and complex scalar", lambda x: np.multiply(x, 1 + 2j), [real(2, 3)]),
    Case("add/complex and real", lambda x, y: np.add(x, y), [complex_(2, 1), real(2, 3)]),
    Case("divide/real and complex", lambda x, y: np.divide(x, y), [real(2, 3), always_complex(away_from_zero(2, 3))]),
    Case("multiply/with itself", lambda x: np.multiply(x, x), [real(2, 3)], complex_ok=True),
    Case("multiply/zero size", lambda x, y: np.multiply(x, y), [real(0, 3), real(3)], complex_ok=True),
    Case("add/zero size", lambda x, y: np.add(x, y), [real(2, 0), real(1, 1)]),
    Case("multiply/four axes", lambda x, y: np.multiply(x, y), [real(2, 1, 3, 1), real(2, 1, 2)]),
    Case("multiply/0-d both", lambda x, y: np.multiply(x, y), [real(), real()], complex_ok=True),
    Case("multiply/integer array", lambda x, n: np.multiply(x, n), [real(2, 3), given([1, 2, 3])]),
    Case("multiply/boolean array", lambda x, m: np.multiply(x, m), [real(2, 3), KEEP]),
    Case("clip", lambda x: np.clip(x, -0.5, 0.4), [distinct(3, 4)]),
    Case("clip/lower", lambda x: np.clip(x, 0.1, None), [distinct(3, 4)]),
    Case("clip/upper", lambda x: np.clip(x, None, 0.1), [distinct(3, 4)]),
    Case("clip/arrays", lambda x, low, high: np.clip(x, low, high), [distinct(2, 3), given([-0.4, -0.2, 0]), given(1)]),
    Case("clip/traced bounds", lambda x, low: np.clip(x, low - 1, low + 1), [distinct(3, 4), unit(4)]),
    Case("nan_to_num", lambda x: np.nan_to_num(x), [with_nan(3, 4)]),
    Case("divmod/remainder", lambda x, y: np.divmod(x, y)[1], [away_from_zero(2, 3), positive(3)]),
    Case("modf/fraction", lambda x: np.modf(x)[0], [away_from_zero(2, 3)]),
    Case("ldexp", lambda x, n: np.ldexp(x, n), [real(2, 3), given([1, -2, 3])]),
    Case("heaviside", lambda x, h: np.heaviside(x, h), [given([1.0, 0.0, -1.0]), real(3)]),
    Case("nextafter", lambda x, y: np.nextafter(x, y), [real(2, 3), real(3)]),
    Case("heaviside/times x", lambda x: np.heaviside(x, 0.5) * x, [away_from_zero(2, 3)]),
]


# Exponentials and logarithms

EXPLOG = [
    *unary("exp", real, complex_ok=True),
    *unary("exp2", real, complex_ok=True),
    *unary("expm1", real, complex_ok=True),
    *unary("log", positive, complex_ok=True),
    *unary("log2", positive, complex_ok=True),
    *unary("log10", positive, complex_ok=True),
    *unary("log1p", positive, complex_ok=True),
    *binary("logaddexp", real, real),
    *binary("logaddexp2", real, real),
    Case("exp/zero size", lambda x: np.exp(x), [real(0)]),
    Case("logaddexp/far apart", lambda x: np.logaddexp(x, x - 800.0), [real(3)]),
    Case("log/softmax", lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True)), [real(2, 5)]),
]


# Trigonometric and hyperbolic functions

TRIGONOMETRIC = [
    *unary("sin", real, complex_ok=True),
    *unary("cos", real, complex_ok=True),
    *unary("tan", unit, complex_ok=True),
    *unary("arcsin", unit, complex_ok=True),
    *unary("arccos", unit, complex_ok=True),
    *unary("arctan", real),
    Case("arctan/complex", lambda x: np.arctan(x), [always_complex(unit(2, 3))]),
    *unary("asin", unit)[:1],
    *unary("acos", unit)[:1],
    *unary("atan", unit)[:1],
    *unary("sinh", real, complex_ok=True),
    *unary("cosh", real, complex_ok=True),
    *unary("tanh", unit, complex_ok=True),
    *unary("arcsinh", unit, complex_ok=True),
    *unary("arccosh", above_one, complex_ok=True),
    *unary("arctanh", unit, complex_ok=True),
    *unary("asinh", unit)[:1],
    *unary("acosh", above_one)[:1],
    *unary("atanh", unit)[:1],
    *binary("arctan2", away_from_zero, away_from_zero),
    *binary("atan2", away_from_zero, away_from_zero)[:1],
    *unary("deg2rad", real),
    *unary("rad2deg", real),
    *unary("degrees", real),
    *unary("radians", real),
    *unary("sinc", away_from_zero),
    Case("sinc/complex", lambda x: np.sinc(x), [always_complex(away_from_zero(3))]),
    Case("tanh/large", lambda x: np.tanh(x), [large(2, 2)]),
    Case("unwrap", lambda x: np.unwrap(np.cumsum(x + 3)), [unit(6)]),
]


# Complex numbers

COMPLEX_PARTS = [
    *unary("real", real, complex_ok=True),
    *unary("imag", real, complex_ok=True),
    *unary("conj", real, complex_ok=True),
    *unary("conjugate", real, complex_ok=True),
    *unary("angle", away_from_zero, complex_ok=True),
    Case("angle/deg", lambda x: np.angle(x, deg=True), [complex_(2, 3)]),
    Case("real_if_close", lambda x: np.real_if_close(x), [real(2, 3)], True, vmap=False, device=False),
    Case("real_if_close/close", lambda x: np.real_if_close(x + 0j), [real(2, 3)], vmap=False, device=False),
    Case("absolute/squared", lambda x: np.abs(x) ** 2, [away_from_zero(2, 3)], complex_ok=True),
    Case("real/attribute", lambda x: x.real, [real(2, 3)], complex_ok=True),
    Case("imag/attribute", lambda x: x.imag, [real(2, 3)], complex_ok=True),
    Case("conj/method", lambda x: x.conj() * x, [real(2, 3)], complex_ok=True),
    Case("real/of a product", lambda x, y: np.real(x * np.conj(y)), [complex_(2, 3), complex_(3)]),
    Case("real/makes complex", lambda x, y: np.exp(x + 1j * y), [real(2, 3), real(2, 3)]),
]


# Shapes

SHAPE = [
    Case("reshape", lambda x: np.reshape(x, (4, 3)), [real(3, 4)], complex_ok=True),
    Case("reshape/-1", lambda x: np.reshape(x, -1), [real(3, 4)]),
    Case("reshape/order F", lambda x: np.reshape(x, (4, 3), order="F"), [real(3, 4)]),
    Case("reshape/0-d to 3-d", lambda x: np.reshape(x, (1, 1, 1)), [real()]),
    Case("reshape/zero size", lambda x: np.reshape(x, (3, 0, 2)), [real(0, 6)]),
    Case("ravel", lambda x: np.ravel(x), [real(2, 3)], complex_ok=True),
    Case("ravel/order F", lambda x: np.ravel(x, order="F"), [real(2, 3)]),
    Case("transpose", lambda x: np.transpose(x), [real(2, 3, 4)], complex_ok=True),
    Case("transpose/axes", lambda x: np.transpose(x, (1, 2, 0)), [real(2, 3, 4)]),
    Case("transpose/negative axes", lambda x: np.transpose(x, (-1, 0, -2)), [real(2, 3, 4)]),
    Case("permute_dims", lambda x: np.permute_dims(x, (1, 2, 0)), [real(2, 3, 4)]),
    Case("matrix_transpose", lambda x: np.matrix_transpose(x), [real(2, 3, 4)]),
    Case("moveaxis", lambda x: np.moveaxis(x, 0, -1), [real(2, 3, 4)], complex_ok=True),
    Case("moveaxis/two", lambda x: np.moveaxis(x, (0, 1), (-1, 0)), [real(2, 3, 4)]),
    Case("rollaxis", lambda x: np.rollaxis(x, 2), [real(2, 3, 4)]),
    Case("rollaxis/start", lambda x: np.rollaxis(x, 0, 3), [real(2, 3, 4)]),
    Case("swapaxes", lambda x: np.swapaxes(x, 0, -1), [real(2, 3, 4)], complex_ok=True),
    Case("expand_dims", lambda x: np.expand_dims(x, 1), [real(2, 3)], complex_ok=True),
    Case("expand_dims/tuple", lambda x: np.expand_dims(x, (0, -1)), [real(2, 3)]),
    Case("squeeze", lambda x: np.squeeze(x), [real(1, 3, 1)], complex_ok=True),
    Case("squeeze/axis", lambda x: np.squeeze(x, axis=-1), [real(1, 3, 1)]),
    Case("squeeze/axes", lambda x: np.squeeze(x, axis=(0, 2)), [real(1, 3, 1)]),
    Case("squeeze/to 0-d", lambda x: np.squeeze(x), [real(1, 1)]),
    Case("broadcast_to", lambda x: np.broadcast_to(x, (2, 4, 3)), [real(4, 1)], complex_ok=True),
    Case("broadcast_to/0-d", lambda x: np.broadcast_to(x, (2, 3)), [real()]),
    Case("broadcast_to/same", lambda x: np.broadcast_to(x, (2, 3)), [real(2, 3)]),
    Case("broadcast_arrays", lambda x, y: np.broadcast_arrays(x, y), [real(2, 1), real(3)]),
    Case("flip", lambda x: np.flip(x), [real(2, 3)], complex_ok=True),
    Case("flip/axis", lambda x: np.flip(x, axis=-1), [real(2, 3)]),
    Case("flip/axes", lambda x: np.flip(x, axis=(0, 2)), [real(2, 3, 2)]),
    Case("fliplr", lambda x: np.fliplr(x), [real(2, 3)]),
    Case("flipud", lambda x: np.flipud(x), [real(2, 3)]),
    Case("roll", lambda x: np.roll(x, 2), [real(2, 3)], complex_ok=True),
    Case("roll/axis", lambda x: np.roll(x, -1, axis=1), [real(2, 3)]),
    Case("roll/axes", lambda x: np.roll(x, (1, 2), axis=(0, 1)), [real(2, 3)]),
    Case("rot90", lambda x: np.rot90(x), [real(2, 3)], complex_ok=True),
    Case("rot90/twice", lambda x: np.rot90(x, 2), [real(2, 3)]),
    Case("rot90/axes", lambda x: np.rot90(x, -1, axes=(1, 2)), [real(2, 3, 4)]),
    Case("tile", lambda x: np.tile(x, 3), [real(2, 3)], complex_ok=True),
    Case("tile/more axes", lambda x: np.tile(x, (2, 1, 3)), [real(2, 3)]),
    Case("tile/fewer axes", lambda x: np.tile(x, (2,)), [real(2, 1, 3)]),
    Case("tile/0-d", lambda x: np.tile(x, 4), [real()]),
    Case("repeat", lambda x: np.repeat(x, 3), [real(2, 3)], complex_ok=True),
    Case("repeat/axis", lambda x: np.repeat(x, 2, axis=1), [real(2, 3)]),
    Case("repeat/counts", lambda x: np.repeat(x, [2, 0, 1], axis=-1), [real(2, 3)]),
    Case("repeat/0-d", lambda x: np.repeat(x, 4), [real()]),
    Case("pad", lambda x: np.pad(x, 2), [real(2, 3)], complex_ok=True),
    Case("pad/widths", lambda x: np.pad(x, ((1, 0), (0, 2))), [real(2, 3)]),
    Case("pad/value", lambda x: np.pad(x, (1, 2), constant_values=7.0), [real(2, 3)]),
    Case("pad/edge", lambda x: np.pad(x, (1, 2), mode="edge"), [real(3, 4)]),
    Case("pad/reflect", lambda x: np.pad(x, (1, 2), mode="reflect"), [real(3, 4)]),
    Case("pad/symmetric", lambda x: np.pad(x, (1, 2), mode="symmetric"), [real(3, 4)]),
    Case("pad/wrap", lambda x: np.pad(x, ((1, 0), (0, 2)), mode="wrap"), [real(3, 4)]),
    Case("atleast_1d", lambda x: np.atleast_1d(x), [real()], complex_ok=True),
    Case("atleast_2d", lambda x: np.atleast_2d(x), [real(3)]),
    Case("atleast_3d", lambda x: np.atleast_3d(x), [real(2, 3)]),
    Case("atleast_1d/two", lambda x, y: np.atleast_1d(x, y), [real(), real(2)]),
    Case("copy", lambda x: np.copy(x), [real(2, 3)], complex_ok=True),
    Case("astype", lambda x: np.astype(x, np.float32), [real(2, 3)], order=0),
    Case("astype/to complex", lambda x: np.astype(x, np.complex128), [real(2, 3)], complex_ok=True),
    Case("diag", lambda x: np.diag(x), [real(3)], complex_ok=True),
    Case("diag/of a matrix", lambda x: np.diag(x), [real(3, 4)], complex_ok=True),
    Case("diag/above", lambda x: np.diag(x, 1), [real(3)]),
    Case("diag/of a matrix, below", lambda x: np.diag(x, -1), [real(4, 3)]),
    Case("diagflat", lambda x: np.diagflat(x, 1), [real(2, 2)]),
    Case("diagonal", lambda x: np.diagonal(x), [real(3, 4)], complex_ok=True),
    Case("diagonal/offset", lambda x: np.diagonal(x, offset=-1), [real(3, 4)]),
    Case("diagonal/axes", lambda x: np.diagonal(x, offset=1, axis1=2, axis2=0), [real(3, 2, 4)]),
    Case("tril", lambda x: np.tril(x), [real(3, 4)], complex_ok=True),
    Case("tril/k", lambda x: np.tril(x, -1), [real(2, 3, 3)]),
    Case("triu", lambda x: np.triu(x), [real(4, 3)], complex_ok=True),
    Case("triu/k", lambda x: np.triu(x, k=1), [real(2, 3, 3)]),
    Case("trace", lambda x: np.trace(x), [real(3, 4)], complex_ok=True),
    Case("trace/offset", lambda x: np.trace(x, 1), [real(3, 4)]),
    Case("trace/axes", lambda x: np.trace(x, -1, 0, 2), [real(3, 2, 4)]),
    Case("zeros_like", lambda x: np.zeros_like(x), [real(2, 3)], complex_ok=True),
    Case("ones_like", lambda x: x + np.ones_like(x), [real(2, 3)], complex_ok=True),
    Case("full_like/number", lambda x: x * np.full_like(x, 2.0), [real(2, 3)]),
    Case("full_like", lambda x, y: np.full_like(x, y), [real(2, 3), real()]),
    Case("vander", lambda x: np.vander(x, 4), [real(3)]),
    Case("resize", lambda x: np.resize(x, (2, 5)), [real(2, 3)]),
]


# Joining and splitting

JOIN = [
    Case("concatenate", lambda x, y: np.concatenate([x, y]), [real(2, 3), real(1, 3)], complex_ok=True),
    Case("concatenate/axis", lambda x, y: np.concatenate((x, y), axis=-1), [real(2, 3), real(2, 1)]),
    Case("concatenate/axis None", lambda x, y: np.concatenate([x, y], axis=None), [real(2, 3), real(2)]),
    Case("concatenate/the same twice", lambda x: np.concatenate([x, x, x]), [real(2, 3)]),
    Case("concatenate/zero size", lambda x, y: np.concatenate([x, y]), [real(0, 3), real(2, 3)]),
    Case("concatenate/with a constant", lambda x, c: np.concatenate([x, c]), [real(2), given([1.0, 2.0])]),
    Case("concatenate/real and complex", lambda x, y: np.concatenate([x, y]), [real(2), complex_(3)]),
    Case("concat", lambda x, y: np.concat([x, y], axis=1), [real(2, 3), real(2, 1)]),
    Case("stack", lambda x, y: np.stack([x, y]), [real(2, 3), real(2, 3)], complex_ok=True),
    Case("stack/axis", lambda x, y: np.stack([x, y], axis=-1), [real(2, 3), real(2, 3)]),
    Case("stack/0-d", lambda x, y: np.stack([x, y, x * y]), [real(), real()]),
    Case("vstack", lambda x, y: np.vstack([x, y]), [real(3), real(2, 3)], complex_ok=True),
    Case("hstack", lambda x, y: np.hstack([x, y]), [real(2, 3), real(2, 1)], complex_ok=True),
    Case("hstack/1-d", lambda x, y: np.hstack([x, y]), [real(2), real(3)]),
    Case("hstack/0-d", lambda x, y: np.hstack([x, y]), [real(), real()]),
    Case("dstack", lambda x, y: np.dstack([x, y]), [real(2, 3), real(2, 3)], complex_ok=True),
    Case("column_stack", lambda x, y: np.column_stack([x, y]), [real(3), real(3, 2)], complex_ok=True),
    Case("block", lambda x, y: np.block([[x, y], [y.T, x]]), [real(2, 2), real(2, 2)], complex_ok=True),
    Case("block/vector", lambda x, y: np.block([x, y, 1.0]), [real(2), real(3)], device=False),
    Case("append", lambda x, y: np.append(x, y), [real(2, 2), real(3)], complex_ok=True),
    Case("append/axis", lambda x, y: np.append(x, y, axis=0), [real(2, 3), real(1, 3)]),
    Case("split", lambda x: np.split(x, 3), [real(6, 2)], complex_ok=True),
    Case("split/places", lambda x: np.split(x, [1, 4], axis=1), [real(2, 6)]),
    Case("array_split", lambda x: np.array_split(x, 3), [real(7)], complex_ok=True),
    Case("array_split/axis", lambda x: np.array_split(x, 2, axis=-1), [real(2, 5)]),
    Case("hsplit", lambda x: np.hsplit(x, 2), [real(3, 4)]),
    Case("hsplit/1-d", lambda x: np.hsplit(x, 2), [real(4)]),
    Case("vsplit", lambda x: np.vsplit(x, [1]), [real(3, 4)]),
    Case("dsplit", lambda x: np.dsplit(x, 2), [real(2, 3, 4)]),
    Case("unstack", lambda x: np.unstack(x, axis=1), [real(3, 2)]),
    Case("split/one part used", lambda x: np.split(x, 3)[1] ** 2, [real(6)]),
    Case("insert", lambda x: np.insert(x, 1, 5.0, axis=1), [real(2, 3)]),
    Case("delete", lambda x: np.delete(x, 1, axis=1), [real(2, 3)]),
]


# Indexing

INDEX = [
    Case("getitem/int", lambda x: x[1], [real(3, 4)], complex_ok=True),
    Case("getitem/negative int", lambda x: x[-1], [real(3)]),
    Case("getitem/two ints", lambda x: x[1, 2], [real(3, 4)], complex_ok=True),
    Case("getitem/NumPy int", lambda x: x[np.int64(1)], [real(3, 4)]),
    Case("getitem/slice", lambda x: x[1:3], [real(4, 2)], complex_ok=True),
    Case("getitem/slice with step", lambda x: x[::2, 1::2], [real(5, 4)]),
    Case("getitem/negative step", lambda x: x[::-1], [real(4, 2)]),
    Case("getitem/negative step of 2", lambda x: x[-2:0:-2, ::-1], [real(6, 2)]),
    Case("getitem/empty slice", lambda x: x[2:2], [real(4, 2)]),
    Case("getitem/Ellipsis", lambda x: x[..., 0], [real(2, 3, 4)], complex_ok=True),
    Case("getitem/Ellipsis alone", lambda x: x[...], [real(2, 3)]),
    Case("getitem/Ellipsis in the middle", lambda x: x[0, ..., 1:], [real(2, 3, 4)]),
    Case("getitem/None", lambda x: x[None], [real(2, 3)], complex_ok=True),
    Case("getitem/None and slice", lambda x: x[:, None, 1:], [real(2, 3)]),
    Case("getitem/0-d by ()", lambda x: x[()], [real()]),
    Case("getitem/0-d by None", lambda x: x[None], [real()]),
    Case("getitem/0-d by Ellipsis", lambda x: x[...], [real()]),
    Case("getitem/list", lambda x: x[[0, 2, 1]], [real(3, 4)], complex_ok=True),
    Case("getitem/repeated", lambda x: x[[0, 2, 0, 0]], [real(3, 4)]),
    Case("getitem/negative integers", lambda x: x[[-1, 0, -1]], [real(3, 4)]),
    Case("getitem/integer array", lambda x, i: x[i], [real(3, 4), given([2, 0])], complex_ok=True),
    Case("getitem/2-d integer array", lambda x, i: x[i], [real(3, 4), given([[2, 0], [2, 1]])]),
    Case("getitem/0-d integer array", lambda x, i: x[i], [real(3, 4), given(1)]),
    Case("getitem/empty integer array", lambda x, i: x[i], [real(3, 4), given(np.zeros(0, int))]),
    Case("getitem/two integer arrays", lambda x, i, j: x[i, j], [real(3, 4), given([2, 0, 2]), given([1, 1, 1])]),
    Case("getitem/open mesh", lambda x, i, j: x[i, j], [real(3, 4), given([[2], [0]]), given([[3, 1, 1]])]),
    Case("getitem/labels", lambda x, i: x[np.arange(3), i], [real(3, 4), given([1, 0, 1])]),
    Case("getitem/array and slice", lambda x, i: x[i, 1:3], [real(3, 4), given([2, 0, 2])]),
    Case("getitem/slice and array", lambda x, i: x[:, i], [real(3, 4), given([[3, 0], [3, 3]])]),
    Case("getitem/array and int", lambda x, i: x[i, 2], [real(3, 4), given([2, 0, 2])]),
    Case("getitem/arrays apart", lambda x, i, j: x[i, :, j], [real(3, 2, 4), given([2, 0]), given([1, 1])]),
    Case("getitem/arrays apart, after a slice", lambda x, i: x[:, i, None, 0], [real(2, 3, 4), given([2, 0, 2])]),
    Case("getitem/arrays and Ellipsis", lambda x, i: x[..., i, :], [real(2, 3, 2), given([2, 2])]),
    Case("getitem/array, None, array", lambda x, i, j: x[i, None, j], [real(3, 4), given([2, 0]), given([1, 1])]),
    Case("getitem/mask", lambda x, m: x[m], [real(2, 3), MASK], complex_ok=True),
    Case("getitem/mask of rows", lambda x, m: x[m], [real(3, 2), KEEP]),
    Case("getitem/mask of columns", lambda x, m: x[:, m], [real(2, 3), KEEP]),
    Case("getitem/mask and int", lambda x, m: x[m, 1], [real(3, 2), KEEP]),
    Case("getitem/mask and array", lambda x, m, i: x[m, i], [real(3, 2), KEEP, given([1, 1])]),
    Case("getitem/empty mask", lambda x, m: x[m], [real(3), given([False, False, False])]),
    Case("getitem/mask of its own", lambda x: x[x > 0], [away_from_zero(3, 4)], vmap=False),
    Case("getitem/tuple of nonzero", lambda x, m: x[np.nonzero(m)], [real(3), KEEP]),
    Case("getitem/ix_", lambda x: x[np.ix_([0, 2], [1, 1, 3])], [real(3, 4)]),
    Case("getitem/argsort", lambda x: x[np.argsort(x)], [distinct(6)]),
    Case("getitem/twice", lambda x: x[1:][0] * x[0], [real(3, 2)]),
    Case("getitem/reads in a loop", lambda x: sum(x[i] * x[i + 1] for i in range(4)), [real(5)]),
    Case("getitem/unpacking", lambda x: (lambda a, b, c: a * b + c)(*x), [real(3, 2)]),
    Case("setitem/number", lambda x: put(x, (slice(None), 0), 2.0), [real(3, 4)], complex_ok=True),
    Case("setitem/array", lambda x, y: put(x, 1, y), [real(3, 4), real(4)], complex_ok=True),
    Case("setitem/broadcast", lambda x, y: put(x, slice(1, 3), y), [real(3, 4), real(4)]),
    Case("setitem/0-d", lambda x, y: put(x, (0, 1), y), [real(3, 4), real()]),
    Case("setitem/integer array", lambda x, y, i: put(x, i, y), [real(3, 4), real(2, 4), given([2, 0])]),
    Case("setitem/mask", lambda x, m: put(x, m, 0.0), [real(3), KEEP]),
    Case("setitem/mask of its own", lambda x: put(x, x < 0, 0.0), [away_from_zero(3, 4)]),
    Case("setitem/twice", lambda x, y: put(put(x, 0, y), 0, y * y), [real(3), real()]),
    Case("take", lambda x: np.take(x, [1, 5, 1]), [real(2, 3)], complex_ok=True),
    Case("take/axis", lambda x, i: np.take(x, i, axis=1), [real(2, 3), given([[2, 0], [2, 2]])]),
    Case("take/one", lambda x: np.take(x, 1, axis=-1), [real(2, 3)]),
    Case("take/wrap", lambda x: np.take(x, [4, -1], axis=1, mode="wrap"), [real(2, 3)]),
    Case("take/clip", lambda x: np.take(x, [4, 0], axis=1, mode="clip"), [real(2, 3)]),
    Case("take_along_axis", lambda x, i: np.take_along_axis(x, i, 1), [real(2, 3), given([[2, 0], [1, 1]])], True),
    Case("take_along_axis/axis 0", lambda x, i: np.take_along_axis(x, i, axis=0), [real(2, 3), given([[1, 0, 1]])]),
    Case("take_along_axis/None", lambda x, i: np.take_along_axis(x, i, axis=None), [real(2, 3), given([5, 5, 0])]),
    Case("take_along_axis/argsort", lambda x: np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1), [distinct(2, 4)]),
    Case("where", lambda x, y, m: np.where(m, x, y), [real(2, 3), real(2, 3), MASK], complex_ok=True),
    Case("where/broadcast", lambda x, y, m: np.where(m, x, y), [real(3), real(2, 1), given([[True], [False]])]),
    Case("where/condition of its own", lambda x: np.where(x > 0, x**2, 3 * x), [away_from_zero(2, 3)]),
    Case("where/scalars", lambda x: np.where(x > 0, 0.0, x), [away_from_zero(2, 3)]),
    Case("where/0-d", lambda x, y: np.where(x > y, x, y), [positive(), real()]),
    Case(
        "choose",
        lambda x, y, i: np.choose(i, [x, y]),
        [real(3), real(3), given([0, 1, 0])],
        complex_ok=True,
        device=False,  # checks the values of its indices
    ),
    Case(
        "choose/broadcast", lambda x, y, i: np.choose(i, [x, y]), [real(2, 3), real(), given([0, 1, 0])], device=False
    ),
    Case("select", lambda x, y: np.select([x > 0.5, x < -0.5], [x**2, y], default=1.0), [distinct(2, 6), real(2, 6)]),
    Case("select/default", lambda x, y: np.select([x > 0.5, x < -0.5], [x, 2 * x], y), [distinct(2, 6), real(6)]),
    Case("compress", lambda x: np.compress([True, False, True], x, axis=1), [real(2, 3)], complex_ok=True),
    Case("compress/flat", lambda x: np.compress([False, True, True, False, True], x), [real(2, 3)]),
    Case("extract", lambda x, m: np.extract(m, x), [real(2, 3), MASK], complex_ok=True),
    Case("tril_indices/getitem", lambda x: x[np.tril_indices(3)], [real(3, 3)]),
    Case("diag_indices/getitem", lambda x: x[np.diag_indices(3)], [real(3, 3)]),
    Case("unravel_index/getitem", lambda x: x[np.unravel_index(4, (2, 3))], [real(2, 3)]),
    Case("argmax/getitem", lambda x: x[np.argmax(x)], [distinct(5)]),
]


# Reductions


def axes(name: str, domain: Callable[..., Input], complex_ok: bool = False) -> list[Case]:
    """Rows of a reduction: every kind of axis, with and without keepdims, and as a method."""

    def call(x: Any, **options: Any) -> Any:
        return getattr(np, name)(x, **options)

    return [
        Case(name, call, [domain(3, 4)], complex_ok),
        Case(f"{name}/axis=0", lambda x: call(x, axis=0), [domain(3, 4)], complex_ok),
        Case(f"{name}/axis=-1", lambda x: call(x, axis=-1), [domain(2, 3, 2)]),
        Case(f"{name}/axis=1,keepdims", lambda x: call(x, axis=1, keepdims=True), [domain(3, 4)], complex_ok),
        Case(f"{name}/axis=(0,-1)", lambda x: call(x, axis=(0, -1)), [domain(2, 3, 2)]),
        Case(f"{name}/axis=(1,0),keepdims", lambda x: call(x, axis=(1, 0), keepdims=True), [domain(2, 3, 2)]),
        Case(f"{name}/keepdims", lambda x: call(x, keepdims=True), [domain(2, 3)]),
        Case(f"{name}/1-d", call, [domain(4)]),
    ]


REDUCE = [
    *axes("sum", real, complex_ok=True),
    *axes("prod", real, complex_ok=True),
    *axes("mean", real, complex_ok=True),
    *axes("var", real, complex_ok=True),
    *axes("std", real, complex_ok=True),
    *axes("max", distinct),
    *axes("min", distinct),
    *axes("ptp", distinct),
    *axes("amax", distinct)[:2],
    *axes("amin", distinct)[:2],
    *axes("nansum", with_nan),
    *axes("nanmean", with_nan),
    *axes("nanprod", with_nan)[:4],
    *axes("nanmax", with_nan)[:4],
    *axes("nanmin", with_nan)[:4],
    *axes("nanvar", with_nan)[:4],
    *axes("nanstd", with_nan)[:4],
    Case("sum/0-d", lambda x: np.sum(x), [real()], complex_ok=True),
    Case("sum/axis=()", lambda x: np.sum(x, axis=()), [real(2, 3)]),
    Case("sum/zero size", lambda x: np.sum(x), [real(0, 3)]),
    Case("sum/zero size, axis", lambda x: np.sum(x, axis=0), [real(0, 3)]),
    Case("sum/where", lambda x, m: np.sum(x, where=m), [real(2, 3), KEEP], complex_ok=True),
    Case("sum/where,axis", lambda x, m: np.sum(x, axis=0, where=m), [real(2, 3), given([[True], [False]])]),
    Case("sum/dtype", lambda x: np.sum(x, axis=0, dtype=np.complex128), [real(2, 3)]),
    Case("sum/initial", lambda x: np.sum(x, axis=0, initial=2.0), [real(2, 3)]),
    Case("prod/where", lambda x, m: np.prod(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("prod/zero size", lambda x: np.prod(x, axis=0), [real(0, 3)]),
    Case("prod/one zero", lambda x, m: np.prod(x * m, axis=1), [real(2, 3), given([[1, 0, 1], [1, 1, 1]])]),
    Case("prod/two zeros", lambda x, m: np.prod(x * m, axis=1), [real(2, 3), given([[1, 0, 0], [1, 1, 1]])]),
    Case("mean/where", lambda x, m: np.mean(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("mean/dtype", lambda x: np.mean(x, dtype=np.float64), [real(2, 3)]),
    Case("var/ddof", lambda x: np.var(x, axis=0, ddof=1), [real(3, 4)], complex_ok=True),
    Case("var/correction", lambda x: np.var(x, axis=0, correction=1), [real(3, 4)]),
    Case("var/where", lambda x, m: np.var(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("var/mean", lambda x: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)), [real(2, 3)]),
    Case("std/ddof", lambda x: np.std(x, axis=(0, 1), ddof=1), [real(3, 4)], complex_ok=True),
    Case("std/where", lambda x, m: np.std(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("max/where", lambda x, m: np.max(x, axis=1, where=m, initial=-9.0), [distinct(2, 3), KEEP]),
    Case("max/initial", lambda x: np.max(x, axis=0, initial=0.0), [distinct(2, 4)]),
    Case("min/initial", lambda x: np.min(x, axis=0, initial=0.0), [distinct(2, 4)]),
    Case("max/0-d", lambda x: np.max(x), [real()]),
    Case("cumsum", lambda x: np.cumsum(x), [real(2, 3)], complex_ok=True),
    Case("cumsum/axis=0", lambda x: np.cumsum(x, axis=0), [real(2, 3)], complex_ok=True),
    Case("cumsum/axis=-1", lambda x: np.cumsum(x, axis=-1), [real(2, 3, 2)]),
    Case("cumsum/dtype", lambda x: np.cumsum(x, axis=0, dtype=np.complex128), [real(2, 3)]),
    Case("cumsum/0-d", lambda x: np.cumsum(x), [real()]),
    Case("cumsum/zero size", lambda x: np.cumsum(x, axis=0), [real(0, 3)]),
    Case("cumprod", lambda x: np.cumprod(x), [real(2, 3)], complex_ok=True),
    Case("cumprod/axis=0", lambda x: np.cumprod(x, axis=0), [real(3, 2)], complex_ok=True),
    Case("cumprod/axis=-1", lambda x: np.cumprod(x, axis=-1), [real(2, 3, 2)]),
    Case("cumprod/one zero", lambda x, m: np.cumprod(x * m), [real(4), given([1.0, 1.0, 0.0, 1.0])]),
    Case("cumulative_sum", lambda x: np.cumulative_sum(x, axis=1), [real(2, 3)]),
    Case("cumulative_sum/include_initial", lambda x: np.cumulative_sum(x, axis=1, include_initial=True), [real(2, 3)]),
    Case("cumulative_prod", lambda x: np.cumulative_prod(x, axis=1), [real(2, 3)]),
    Case("nancumsum", lambda x: np.nancumsum(x, axis=1), [with_nan(3, 4)]),
    Case("nancumprod", lambda x: np.nancumprod(x, axis=1), [with_nan(3, 4)]),
    Case("diff", lambda x: np.diff(x), [real(2, 4)], complex_ok=True),
    Case("diff/n=2", lambda x: np.diff(x, n=2, axis=0), [real(4, 2)]),
    Case("diff/append", lambda x, y: np.diff(x, prepend=y, append=0.0), [real(4), real(1)]),
    Case("average", lambda x: np.average(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("average/weights", lambda x, w: np.average(x, axis=1, weights=w), [real(2, 3), positive(3)]),
    Case("trapezoid", lambda y, x: np.trapezoid(y, x), [real(2, 4), real(4)], complex_ok=True),
    Case("cov", lambda x: np.cov(x), [real(2, 5)]),
]


# Methods of ufuncs, and their keyword arguments

UFUNC = [
    Case("add.reduce", lambda x: np.add.reduce(x), [real(2, 3)], complex_ok=True),
    Case("add.reduce/axis", lambda x: np.add.reduce(x, axis=(0, 1), keepdims=True), [real(2, 3)]),
    Case("add.reduce/axis None", lambda x: np.add.reduce(x, axis=None), [real(2, 3)]),
    Case("multiply.reduce", lambda x: np.multiply.reduce(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("maximum.reduce", lambda x: np.maximum.reduce(x, axis=1), [distinct(2, 3)]),
    Case("minimum.reduce", lambda x: np.minimum.reduce(x), [distinct(2, 3)]),
    Case("logaddexp.reduce", lambda x: np.logaddexp.reduce(x, axis=1), [real(2, 3)]),
    Case("add.accumulate", lambda x: np.add.accumulate(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("multiply.accumulate", lambda x: np.multiply.accumulate(x, axis=1), [real(2, 3)]),
    Case("add.reduceat", lambda x: np.add.reduceat(x, [0, 2, 3], axis=1), [real(2, 5)], complex_ok=True),
    Case("multiply.outer", lambda x, y: np.multiply.outer(x, y), [real(2), real(2, 3)], complex_ok=True),
    Case("subtract.outer", lambda x, y: np.subtract.outer(x, y), [real(2), real(3)]),
    Case("sin/dtype", lambda x: np.sin(x, dtype=np.float64), [real(2, 3)]),
    Case("multiply/out", lambda x, y: np.multiply(x, y, out=x.copy()), [real(2, 3), real(3)], complex_ok=True),
    Case("exp/where,out", lambda x, m: np.exp(x, out=x.copy(), where=m), [real(2, 3), KEEP]),
    Case("log/where,out", lambda x: np.log(x, out=x * 2, where=x > 0), [away_from_zero(2, 3)]),
    Case("sum/out", lambda x: np.sum(x, axis=0, out=x[0].copy()), [real(2, 3)]),
]


# Sorting and order statistics

SORT = [
    Case("sort", lambda x: np.sort(x), [distinct(3, 4)]),
    Case("sort/axis=0", lambda x: np.sort(x, axis=0), [distinct(3, 4)]),
    Case("sort/axis None", lambda x: np.sort(x, axis=None), [distinct(3, 4)]),
    Case("sort/stable", lambda x: np.sort(x, kind="stable"), [distinct(5)]),
    Case("sort/descending", lambda x: np.sort(x)[::-1], [distinct(5)]),
    Case("partition", lambda x: np.partition(x, 2), [distinct(3, 5)]),
    Case("partition/axis=0", lambda x: np.partition(x, 1, axis=0), [distinct(4, 2)]),
    Case("partition/two", lambda x: np.partition(x, (1, 3)), [distinct(6)]),
    Case("median", lambda x: np.median(x), [distinct(5)]),
    Case("median/even", lambda x: np.median(x, axis=1), [distinct(3, 4)]),
    Case("median/axes,keepdims", lambda x: np.median(x, axis=(0, 2), keepdims=True), [distinct(2, 3, 3)]),
    Case("nanmedian", lambda x: np.nanmedian(x, axis=1), [with_nan(3, 4)]),
    Case("quantile", lambda x: np.quantile(x, 0.3), [distinct(7)]),
    Case("quantile/many", lambda x: np.quantile(x, [0.1, 0.5, 0.83], axis=1), [distinct(2, 5)]),
    Case("quantile/method", lambda x: np.quantile(x, 0.3, axis=0, method="lower"), [distinct(4, 2)]),
    Case("percentile", lambda x: np.percentile(x, 40.0, axis=0), [distinct(4, 2)]),
    Case("sort/method in place", lambda x: in_place(x, sorted_in_place), [distinct(5)]),
]


# Products

PRODUCT = [
    Case("dot/1-d 1-d", lambda x, y: np.dot(x, y), [real(3), real(3)], complex_ok=True),
    Case("dot/2-d 2-d", lambda x, y: np.dot(x, y), [real(2, 3), real(3, 4)], complex_ok=True),
    Case("dot/2-d 1-d", lambda x, y: np.dot(x, y), [real(2, 3), real(3)]),
    Case("dot/1-d 2-d", lambda x, y: np.dot(x, y), [real(3), real(3, 2)]),
    Case("dot/0-d", lambda x, y: np.dot(x, y), [real(), real(2, 3)]),
    Case("dot/3-d 3-d", lambda x, y: np.dot(x, y), [real(2, 1, 3), real(2, 3, 2)]),
    Case("dot/3-d 1-d", lambda x, y: np.dot(x, y), [real(2, 2, 3), real(3)]),
    Case("dot/scalar", lambda x: np.dot(x, 2.5), [real(2, 3)]),
    Case("matmul/1-d 1-d", lambda x, y: np.matmul(x, y), [real(3), real(3)], complex_ok=True),
    Case("matmul/2-d 2-d", lambda x, y: np.matmul(x, y), [real(2, 3), real(3, 4)], complex_ok=True),
    Case("matmul/2-d 1-d", lambda x, y: np.matmul(x, y), [real(2, 3), real(3)], complex_ok=True),
    Case("matmul/1-d 2-d", lambda x, y: np.matmul(x, y), [real(3), real(3, 2)], complex_ok=True),
    Case("matmul/batch both", lambda x, y: np.matmul(x, y), [real(2, 2, 3), real(2, 3, 2)], complex_ok=True),
    Case("matmul/batch left", lambda x, y: np.matmul(x, y), [real(2, 2, 3), real(3, 2)]),
    Case("matmul/batch right", lambda x, y: np.matmul(x, y), [real(2, 3), real(2, 3, 2)]),
    Case("matmul/batch broadcast", lambda x, y: np.matmul(x, y), [real(2, 1, 2, 3), real(3, 3, 2)]),
    Case("matmul/batch and 1-d", lambda x, y: np.matmul(x, y), [real(2, 2, 3), real(3)]),
    Case("matmul/1-d and batch", lambda x, y: np.matmul(x, y), [real(3), real(2, 3, 2)]),
    Case("matmul/zero size", lambda x, y: np.matmul(x, y), [real(2, 0), real(0, 3)]),
    Case("matmul/with itself", lambda x: np.matmul(x, x), [real(3, 3)], complex_ok=True),
    Case("matmul/real and complex", lambda x, y: np.matmul(x, y), [real(2, 3), complex_(3, 2)]),
    Case("inner/1-d", lambda x, y: np.inner(x, y), [real(3), real(3)], complex_ok=True),
    Case("inner/2-d", lambda x, y: np.inner(x, y), [real(2, 3), real(4, 3)], complex_ok=True),
    Case("inner/3-d 1-d", lambda x, y: np.inner(x, y), [real(2, 2, 3), real(3)]),
    Case("inner/0-d", lambda x, y: np.inner(x, y), [real(), real(3)]),
    Case("outer", lambda x, y: np.outer(x, y), [real(2), real(3)], complex_ok=True),
    Case("outer/flattens", lambda x, y: np.outer(x, y), [real(2, 2), real()]),
    Case("vdot", lambda x, y: np.vdot(x, y), [real(3), real(3)], complex_ok=True),
    Case("vdot/2-d", lambda x, y: np.vdot(x, y), [real(2, 3), real(2, 3)], complex_ok=True),
    Case("vecdot", lambda x, y: np.vecdot(x, y), [real(2, 3), real(3)], complex_ok=True),
    Case("vecdot/axis", lambda x, y: np.vecdot(x, y, axis=0), [real(3, 2), real(3, 1)]),
    Case("matvec", lambda x, y: np.matvec(x, y), [real(2, 3), real(4, 3)], complex_ok=True),
    Case("vecmat", lambda x, y: np.vecmat(x, y), [real(4, 2), real(2, 3)], complex_ok=True),
    Case("tensordot", lambda x, y: np.tensordot(x, y), [real(2, 3, 2), real(3, 2, 2)], complex_ok=True),
    Case("tensordot/1", lambda x, y: np.tensordot(x, y, axes=1), [real(2, 3), real(3, 2)]),
    Case("tensordot/0", lambda x, y: np.tensordot(x, y, axes=0), [real(2), real(3, 2)]),
    Case("tensordot/axes", lambda x, y: np.tensordot(x, y, axes=([0, 2], [1, 0])), [real(2, 3, 2), real(2, 2, 4)]),
    Case("tensordot/one axis each", lambda x, y: np.tensordot(x, y, axes=(0, -1)), [real(3, 2), real(2, 3)]),
    Case("tensordot/to 0-d", lambda x, y: np.tensordot(x, y, axes=2), [real(2, 3), real(2, 3)]),
    Case("kron", lambda x, y: np.kron(x, y), [real(2, 2), real(2, 3)], complex_ok=True),
    Case("kron/1-d", lambda x, y: np.kron(x, y), [real(2), real(3)]),
    Case("kron/1-d 2-d", lambda x, y: np.kron(x, y), [real(2), real(2, 3)]),
    Case("cross", lambda x, y: np.cross(x, y), [real(3), real(3)], complex_ok=True),
    Case("cross/many", lambda x, y: np.cross(x, y), [real(2, 3), real(3)]),
    Case("cross/axes", lambda x, y: np.cross(x, y, axisa=0, axisb=1, axisc=0), [real(3, 2), real(2, 3)]),
    Case("cross/axis", lambda x, y: np.cross(x, y, axis=0), [real(3, 2), real(3, 2)]),
    Case("einsum/matmul", lambda x, y: np.einsum("ij,jk->ik", x, y), [real(2, 3), real(3, 2)], complex_ok=True),
    Case("einsum/implicit", lambda x, y: np.einsum("ij,jk", x, y), [real(2, 3), real(3, 2)]),
    Case("einsum/implicit transposes", lambda x: np.einsum("ba", x), [real(2, 3)]),
    Case("einsum/trace", lambda x: np.einsum("ii", x), [real(3, 3)], complex_ok=True),
    Case("einsum/diagonal", lambda x: np.einsum("ii->i", x), [real(3, 3)]),
    Case("einsum/batched diagonal", lambda x: np.einsum("...ii->...i", x), [real(2, 3, 3)]),
    Case("einsum/diagonal and sum", lambda x, y: np.einsum("iij,j->i", x, y), [real(2, 2, 3), real(3)]),
    Case("einsum/sum", lambda x: np.einsum("ij->", x), [real(2, 3)]),
    Case("einsum/sum of one", lambda x: np.einsum("ij->j", x), [real(2, 3)]),
    Case("einsum/sum of a lone index", lambda x, y: np.einsum("ij,jk->i", x, y), [real(2, 3), real(3, 2)]),
    Case("einsum/outer", lambda x, y: np.einsum("i,j->ji", x, y), [real(2), real(3)]),
    Case("einsum/transpose", lambda x: np.einsum("ijk->kij", x), [real(2, 3, 2)]),
    Case("einsum/batch", lambda x, y: np.einsum("bij,bjk->bik", x, y), [real(2, 2, 3), real(2, 3, 2)]),
    Case("einsum/ellipsis", lambda x, y: np.einsum("...ij,...jk->...ik", x, y), [real(2, 2, 3), real(3, 2)]),
    Case("einsum/ellipsis broadcast", lambda x, y: np.einsum("...i,...i->...", x, y), [real(2, 1, 3), real(4, 3)]),
    Case("einsum/ellipsis implicit", lambda x, y: np.einsum("i...,i...", x, y), [real(3, 2), real(3, 2)]),
    Case("einsum/ellipsis summed", lambda x: np.einsum("i...->...", x), [real(3, 2)]),
    Case("einsum/length 1 broadcasts", lambda x, y: np.einsum("ij,ij->ij", x, y), [real(1, 3), real(2, 3)]),
    Case("einsum/three", lambda x, y, z: np.einsum("i,ij,j->", x, y, z), [real(2), real(2, 3), real(3)], True),
    Case("einsum/optimize", lambda x, y: np.einsum("i,ij,ij", x, y, y, optimize=True), [real(2), real(2, 3)]),
    Case("einsum/the same twice", lambda x: np.einsum("ij,kj->ik", x, x), [real(2, 3)]),
    Case("einsum/0-d", lambda x, y: np.einsum(",i->i", x, y), [real(), real(3)]),
    Case("einsum/spaces", lambda x, y: np.einsum("i j, j -> i", x, y), [real(2, 3), real(3)]),
    Case("einsum/lists", lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [2, 0]), [real(2, 3), real(3, 2)]),
    Case("einsum/lists implicit", lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), [real(2, 3), real(3, 2)]),
]


# Linear algebra

LINALG = [
    Case("linalg.inv", lambda x: np.linalg.inv(x), [invertible(3, 3)], complex_ok=True),
    Case("linalg.inv/batch", lambda x: np.linalg.inv(x), [invertible(2, 2, 2)]),
    Case("linalg.inv/1 by 1", lambda x: np.linalg.inv(x), [invertible(1, 1)]),
    Case("linalg.solve", lambda a, b: np.linalg.solve(a, b), [invertible(3, 3), real(3, 2)], complex_ok=True),
    Case("linalg.solve/vector", lambda a, b: np.linalg.solve(a, b), [invertible(3, 3), real(3)], complex_ok=True),
    Case("linalg.solve/batch", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2, 2), real(2, 2, 3)]),
    Case("linalg.solve/batch left", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2, 2), real(2, 3)]),
    Case("linalg.solve/batch right", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2), real(3, 2, 1)]),
    Case("linalg.solve/batch and vector", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2, 2), real(2)]),
    Case("linalg.solve/constant matrix", lambda b, a: np.linalg.solve(a, b), [real(2), given([[2.0, 1.0], [0, 3]])]),
    Case("linalg.det", lambda x: np.linalg.det(x), [invertible(3, 3)], complex_ok=True),
    Case("linalg.det/batch", lambda x: np.linalg.det(x), [invertible(2, 2, 2)]),
    Case("linalg.det/1 by 1", lambda x: np.linalg.det(x), [invertible(1, 1)]),
    Case("linalg.slogdet", lambda x: np.linalg.slogdet(x)[1], [invertible(3, 3)], complex_ok=True),
    Case("linalg.slogdet/both", lambda x: tuple(np.linalg.slogdet(x)), [invertible(3, 3)], complex_ok=True),
    Case("linalg.slogdet/batch", lambda x: np.linalg.slogdet(x).logabsdet, [invertible(2, 2, 2)]),
    Case("linalg.cholesky", lambda x: np.linalg.cholesky((x + x.mT.conj()) / 2), [spd(3, 3)], complex_ok=True),
    Case("linalg.cholesky/batch", lambda x: np.linalg.cholesky((x + x.mT) / 2), [spd(2, 2, 2)]),
    Case("linalg.cholesky/upper", lambda x: np.linalg.cholesky((x + x.mT) / 2, upper=True), [spd(3, 3)]),
    Case("linalg.norm/vector", lambda x: np.linalg.norm(x), [real(4)], complex_ok=True),
    Case("linalg.norm/matrix", lambda x: np.linalg.norm(x), [real(2, 3)], complex_ok=True),
    Case("linalg.norm/3-d", lambda x: np.linalg.norm(x), [real(2, 3, 2)]),
    Case("linalg.norm/axis", lambda x: np.linalg.norm(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("linalg.norm/axis,keepdims", lambda x: np.linalg.norm(x, axis=-1, keepdims=True), [real(2, 3)]),
    Case("linalg.norm/axes", lambda x: np.linalg.norm(x, axis=(0, 2)), [real(2, 3, 2)]),
    Case("linalg.norm/keepdims", lambda x: np.linalg.norm(x, keepdims=True), [real(2, 3)]),
    Case("linalg.norm/fro", lambda x: np.linalg.norm(x, "fro"), [real(2, 3)]),
    Case("linalg.norm/fro,axes", lambda x: np.linalg.norm(x, "fro", (-1, 0), keepdims=True), [real(2, 3, 2)]),
    Case("linalg.norm/vector 1", lambda x: np.linalg.norm(x, 1), [away_from_zero(4)], complex_ok=True),
    Case("linalg.norm/vector 2", lambda x: np.linalg.norm(x, 2), [away_from_zero(4)], complex_ok=True),
    Case("linalg.norm/vector 3", lambda x: np.linalg.norm(x, 3), [away_from_zero(4)], complex_ok=True),
    Case("linalg.norm/vector 2.5,axis", lambda x: np.linalg.norm(x, 2.5, axis=0), [away_from_zero(3, 2)]),
    Case("linalg.norm/vector -1", lambda x: np.linalg.norm(x, -1), [away_from_zero(4)]),
    Case("linalg.norm/vector 0", lambda x: np.linalg.norm(x, 0), [away_from_zero(4)], order=0),
    Case("linalg.norm/vector inf", lambda x: np.linalg.norm(x, np.inf), [distinct(4)], complex_ok=True),
    Case("linalg.norm/vector -inf", lambda x: np.linalg.norm(x, -np.inf, axis=1), [distinct(3, 4)]),
    Case("linalg.norm/matrix 1", lambda x: np.linalg.norm(x, 1), [distinct(2, 3)]),
    Case("linalg.norm/matrix -1", lambda x: np.linalg.norm(x, -1), [distinct(2, 3)]),
    Case("linalg.norm/matrix inf", lambda x: np.linalg.norm(x, np.inf), [distinct(2, 3)]),
    Case("linalg.norm/matrix -inf,axes", lambda x: np.linalg.norm(x, -np.inf, axis=(0, 2)), [distinct(2, 3, 2)]),
    Case("linalg.norm/matrix 2", lambda x: np.linalg.norm(x, 2), [real(2, 3)], complex_ok=True),
    Case("linalg.norm/matrix -2", lambda x: np.linalg.norm(x, -2), [invertible(3, 3)]),
    Case("linalg.norm/nuclear", lambda x: np.linalg.norm(x, "nuc"), [invertible(3, 3)]),
    Case("linalg.norm/matrix 2,axes", lambda x: np.linalg.norm(x, 2, axis=(0, 1)), [real(2, 3, 2)]),
    Case("linalg.vector_norm", lambda x: np.linalg.vector_norm(x), [real(2, 3)]),
    Case("linalg.vector_norm/ord,axis", lambda x: np.linalg.vector_norm(x, ord=3, axis=1), [away_from_zero(2, 3)]),
    Case("linalg.matrix_norm", lambda x: np.linalg.matrix_norm(x), [real(2, 2, 3)]),
    Case("linalg.matrix_power", lambda x: np.linalg.matrix_power(x, 3), [real(3, 3)], complex_ok=True),
    Case("linalg.matrix_power/inverse", lambda x: np.linalg.matrix_power(x, -2), [invertible(2, 2)]),
    Case("linalg.multi_dot", lambda x, y, z: np.linalg.multi_dot([x, y, z]), [real(2, 3), real(3, 2), real(2)]),
    Case("linalg.trace", lambda x: np.linalg.trace(x), [real(2, 3, 3)]),
    Case("linalg.diagonal", lambda x: np.linalg.diagonal(x, offset=1), [real(2, 3, 3)]),
    Case("linalg.outer", lambda x, y: np.linalg.outer(x, y), [real(2), real(3)]),
    Case("linalg.matmul", lambda x, y: np.linalg.matmul(x, y), [real(2, 3), real(3, 2)]),
    Case("linalg.vecdot", lambda x, y: np.linalg.vecdot(x, y), [real(2, 3), real(3)]),
    Case("linalg.cross", lambda x, y: np.linalg.cross(x, y), [real(2, 3), real(2, 3)]),
    Case("linalg.tensordot", lambda x, y: np.linalg.tensordot(x, y, axes=1), [real(2, 3), real(3, 2)]),
    Case("linalg.matrix_transpose", lambda x: np.linalg.matrix_transpose(x), [real(2, 3, 2)]),
    Case("linalg.svdvals", lambda x: np.linalg.svdvals(x), [real(2, 3)]),
]


# Operators and methods of arrays

METHODS = [
    Case("operator.add", lambda x, y: x + y, [real(2, 3), real(3)], complex_ok=True),
    Case("operator.add/scalars", lambda x: 2 + x + 0.5, [real(2, 3)], complex_ok=True),
    Case("operator.add/NumPy scalar", lambda x: np.float64(2) + x, [real(2, 3)]),
    Case("operator.sub", lambda x, y: x - y, [real(2, 3), real(2, 1)], complex_ok=True),
    Case("operator.sub/reflected", lambda x: 2 - x, [real(2, 3)]),
    Case("operator.mul", lambda x, y: x * y, [real(2, 3), real()], complex_ok=True),
    Case("operator.mul/reflected", lambda x: 3 * x * 2.0, [real(2, 3)]),
    Case("operator.mul/NumPy scalar", lambda x: np.float64(3) * x, [real(2, 3)]),
    Case("operator.mul/complex scalar", lambda x: x * 2j, [real(2, 3)]),
    Case("operator.truediv", lambda x, y: x / y, [real(2, 3), away_from_zero(3)], complex_ok=True),
    Case("operator.truediv/reflected", lambda x: 1 / x, [away_from_zero(2, 3)], complex_ok=True),
    Case("operator.mod", lambda x, y: x % y, [away_from_zero(2, 3), positive(3)]),
    Case("operator.mod/scalar", lambda x: x % 0.7, [away_from_zero(2, 3)]),
    Case("operator.mod/reflected", lambda x: 2.9 % x, [away_from_zero(2, 3)]),
    Case("operator.divmod", lambda x: divmod(x, 0.7)[1], [away_from_zero(2, 3)]),
    Case("operator.pow/2", lambda x: x**2, [real(2, 3)], complex_ok=True),
    Case("operator.pow/3", lambda x: x**3, [real(2, 3)], complex_ok=True),
    Case("operator.pow/-1", lambda x: x**-1, [away_from_zero(2, 3)], complex_ok=True),
    Case("operator.pow/0.5", lambda x: x**0.5, [positive(2, 3)]),
    Case("operator.pow/0", lambda x: x**0, [real(2, 3)]),
    Case("operator.pow/reflected", lambda x: 2.0**x, [real(2, 3)], complex_ok=True),
    Case("operator.pow", lambda x, y: x**y, [positive(2, 3), real(3)], complex_ok=True),
    Case("operator.matmul", lambda x, y: x @ y, [real(2, 3), real(3, 2)], complex_ok=True),
    Case("operator.matmul/vector", lambda x, y: x @ y, [real(2, 3), real(3)]),
    Case("operator.neg", lambda x: -x, [real(2, 3)], complex_ok=True),
    Case("operator.pos", lambda x: +x, [real(2, 3)]),
    Case("operator.abs", lambda x: abs(x), [away_from_zero(2, 3)], complex_ok=True),
    Case("operator.iadd", lambda x, y: in_place(x, lambda a: iadd(a, y)), [real(2, 3), real(3)]),
    Case("operator.imul/twice", lambda x, y: in_place(x, lambda a: imul(imul(a, y), a)), [real(2, 3), real(3)]),
    Case("operator.iadd/item", lambda x, y: in_place(x, lambda a: put(a, 0, a[0] + y)), [real(2, 3), real(3)]),
    Case("method.sum", lambda x: x.sum(), [real(2, 3)], complex_ok=True),
    Case("method.sum/0", lambda x: x.sum(0), [real(2, 3)]),
    Case("method.sum/keepdims", lambda x: x.sum(axis=1, keepdims=True), [real(2, 3)]),
    Case("method.mean", lambda x: x.mean(axis=-1), [real(2, 3)]),
    Case("method.prod", lambda x: x.prod(axis=0), [real(2, 3)]),
    Case("method.var", lambda x: x.var(ddof=1), [real(2, 3)]),
    Case("method.std", lambda x: x.std(axis=1), [real(2, 3)]),
    Case("method.max", lambda x: x.max(axis=1), [distinct(2, 3)]),
    Case("method.min", lambda x: x.min(), [distinct(2, 3)]),
    Case("method.cumsum", lambda x: x.cumsum(axis=1), [real(2, 3)]),
    Case("method.cumprod", lambda x: x.cumprod(axis=1), [real(2, 3)]),
    Case("method.clip", lambda x: x.clip(-0.2, 0.3), [distinct(2, 4)]),
    Case("method.clip/keywords", lambda x: x.clip(min=0.1), [distinct(2, 4)]),
    Case("method.dot", lambda x, y: x.dot(y), [real(2, 3), real(3)]),
    Case("method.T", lambda x: x.T, [real(2, 3, 4)], complex_ok=True),
    Case("method.mT", lambda x: x.mT, [real(2, 3, 4)]),
    Case("method.reshape", lambda x: x.reshape(3, 2), [real(2, 3)], complex_ok=True),
    Case("method.reshape/-1", lambda x: x.reshape(-1), [real(2, 3)]),
    Case("method.reshape/tuple", lambda x: x.reshape((3, -1)), [real(2, 3)]),
    Case("method.ravel", lambda x: x.ravel(), [real(2, 3)]),
    Case("method.flatten", lambda x: x.flatten(), [real(2, 3)]),
    Case("method.transpose", lambda x: x.transpose(), [real(2, 3)]),
    Case("method.transpose/axes", lambda x: x.transpose(2, 0, 1), [real(2, 3, 4)]),
    Case("method.transpose/tuple", lambda x: x.transpose((2, 0, 1)), [real(2, 3, 4)]),
    Case("method.swapaxes", lambda x: x.swapaxes(0, 1), [real(2, 3)]),
    Case("method.squeeze", lambda x: x.squeeze(axis=0), [real(1, 3)]),
    Case("method.repeat", lambda x: x.repeat(2, axis=0), [real(2, 3)]),
    Case("method.take", lambda x: x.take([0, 2, 0], axis=1), [real(2, 3)]),
    Case("method.compress", lambda x: x.compress([True, False, True], axis=1), [real(2, 3)]),
    Case("method.diagonal", lambda x: x.diagonal(1), [real(2, 3)]),
    Case("method.trace", lambda x: x.trace(), [real(2, 3)]),
    Case("method.copy", lambda x: x.copy(), [real(2, 3)]),
    Case("method.astype", lambda x: x.astype(np.float32), [real(2, 3)], order=0),
    Case("method.astype/complex", lambda x: x.astype(complex), [real(2, 3)]),
    Case("method.astype/same", lambda x: x.astype(x.dtype) * x, [real(2, 3)]),
    Case("method.conj", lambda x: x.conj(), [real(2, 3)], complex_ok=True),
    Case("method.conjugate", lambda x: x.conjugate(), [real(2, 3)], complex_ok=True),
    Case("method.iteration", lambda x: np.stack([row * row for row in x]), [real(3, 2)]),
    Case("method.iteration/sum", lambda x: sum(x), [real(3, 2)]),
    Case("method.zip", lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)), [real(3), real(3)]),
    Case("method.chain", lambda x: (x - x.mean(0)).T @ x.reshape(2, -1) / x.size, [real(2, 3)]),
]


def _chapters(**chapters: Sequence[Case]) -> list[Case]:
    rows = [replace(row, chapter=name) for name, chapter in chapters.items() for row in chapter]
    names = [row.name for row in rows]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two rows have the same name: {sorted(twice)}")
    return rows


CASES = _chapters(
    arithmetic=ARITHMETIC,
    explog=EXPLOG,
    trigonometric=TRIGONOMETRIC,
    complex_parts=COMPLEX_PARTS,
    shape=SHAPE,
    join=JOIN,
    index=INDEX,
    reduce=REDUCE,
    ufunc=UFUNC,
    sort=SORT,
    product=PRODUCT,
    linalg=LINALG,
    methods=METHODS,
)


# Functions without a derivative: the value is NumPy's, and plain

CONSTANTS = _chapters(
    constants=[
        *(
            Case(name, lambda x, name=name: getattr(np, name)(x), [distinct(3, 4)])
            for name in (
                *("floor", "ceil", "rint", "trunc", "sign", "signbit", "isnan", "isinf", "isfinite", "logical_not"),
                *("isposinf", "isneginf", "iscomplex", "isreal", "iscomplexobj", "isrealobj", "round", "around", "fix"),
                *("argmax", "argmin", "nanargmax", "nanargmin", "argsort", "all", "any", "count_nonzero", "nonzero"),
                *("argwhere", "flatnonzero", "shape", "ndim", "size", "spacing"),
            )
        ),
        *(
            Case(name, lambda x, y, name=name: getattr(np, name)(x, y), [distinct(3, 4), distinct(4)])
            for name in (
                *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "floor_divide"),
                *("logical_and", "logical_or", "logical_xor", "isclose", "allclose", "array_equal", "array_equiv"),
                *("isin", "result_type", "shares_memory", "may_share_memory"),
            )
        ),
        Case("round/decimals", lambda x: np.round(x, 1), [distinct(3, 4)]),
        Case("method.round", lambda x: x.round(1), [distinct(3, 4)]),
        Case("round/builtin", lambda x: x > round(0.26, 1), [distinct(3, 4)]),
        Case("argmax/axis,keepdims", lambda x: np.argmax(x, axis=1, keepdims=True), [distinct(3, 4)]),
        Case("method.argmax", lambda x: x.argmax(axis=0), [distinct(3, 4)]),
        Case("method.argmin", lambda x: x.argmin(), [distinct(3, 4)]),
        Case("method.argsort", lambda x: x.argsort(axis=0), [distinct(3, 4)]),
        Case("argsort/axis=0", lambda x: np.argsort(x, axis=0, kind="stable"), [distinct(3, 4)]),
        Case("argpartition", lambda x: np.argpartition(x, 1)[..., 1], [distinct(3, 4)]),
        Case("lexsort", lambda x, y: np.lexsort((x, y)), [distinct(4), distinct(4)]),
        Case("searchsorted", lambda x, y: np.searchsorted(np.sort(x), y), [distinct(6), distinct(3)]),
        Case("digitize", lambda x: np.digitize(x, [-0.5, 0.0, 0.5]), [distinct(6)]),
        Case("any/axis", lambda x: np.any(x > 0.3, axis=1), [distinct(3, 4)]),
        Case("all/axis", lambda x: np.all(x > -9.0, axis=0), [distinct(3, 4)]),
        Case("method.all", lambda x: (x > 0).all(), [distinct(3, 4)]),
        Case("method.any", lambda x: x.any(axis=1), [distinct(3, 4)]),
        Case("method.nonzero", lambda x: x.nonzero(), [distinct(3, 4)]),
        Case("linalg.matrix_rank", lambda x: np.linalg.matrix_rank(x), [invertible(3, 3)]),
        Case("operator.lt", lambda x, y: x < y, [distinct(3, 4), distinct(4)]),
        Case("operator.le", lambda x: x <= 0.3, [distinct(3, 4)]),
        Case("operator.gt", lambda x: x > 0, [distinct(3, 4)]),
        Case("operator.ge", lambda x: np.float64(0.3) >= x, [distinct(3, 4)]),
        Case("operator.eq", lambda x: x == x.copy(), [distinct(3, 4)]),
        Case("operator.ne", lambda x, y: x != y, [distinct(3, 4), distinct(4)]),
        Case("operator.floordiv", lambda x: x // 0.35, [distinct(3, 4)]),
        Case("operator.floordiv/reflected", lambda x: 2.1 // x, [distinct(3, 4)]),
        Case("operator.divmod/quotient", lambda x: divmod(x, 0.35)[0], [distinct(3, 4)]),
        Case("divmod/quotient", lambda x, y: np.divmod(x, y)[0], [distinct(3, 4), positive(4)]),
        Case("modf/integer part", lambda x: np.modf(x)[1], [distinct(3, 4)]),
        Case("method.astype/int", lambda x: x.astype(int), [distinct(3, 4)]),
        Case("method.astype/bool", lambda x: x.astype(bool), [distinct(3, 4)]),
        Case("attribute.shape", lambda x: x.shape, [distinct(3, 4)]),
        Case("attribute.ndim", lambda x: x.ndim, [distinct(3, 4)]),
        Case("attribute.size", lambda x: x.size, [distinct(3, 4)]),
        Case("attribute.dtype", lambda x: x.dtype, [distinct(3, 4)]),
        Case("attribute.itemsize", lambda x: x.itemsize, [distinct(3, 4)]),
        Case("attribute.nbytes", lambda x: x.nbytes, [distinct(3, 4)]),
        Case("len", lambda x: len(x), [distinct(3, 4)]),
    ]
)


# Policy at kinks, and where a careless rule gives nan: the gradient of the sum of the call

KINKS = [
    Kink("absolute at 0", lambda x: np.abs(x), [0.0, -1.0, 2.0], [0.0, -1.0, 1.0]),
    Kink("absolute at complex 0", lambda x: np.abs(x), [0j, 3 + 4j], [0j, 0.6 - 0.8j]),
    Kink("fabs at 0", lambda x: np.fabs(x), [0.0], [0.0]),
    Kink("maximum at a tie", lambda x: np.maximum(x, 2.0), [2.0], [0.5]),
    Kink("minimum at a tie", lambda x: np.minimum(x, 2.0), [2.0], [0.5]),
    Kink("max at a tie", lambda x: np.max(x), [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    Kink("min at a tie of all", lambda x: np.min(x), [1.0, 1.0, 1.0, 1.0], [0.25, 0.25, 0.25, 0.25]),
    Kink("sqrt at 0", lambda x: np.sqrt(x), [0.0, 4.0], [np.inf, 0.25]),
    Kink("norm at 0", lambda x: np.linalg.norm(x), [0.0, 0.0], [0.0, 0.0]),
    Kink("std at 0", lambda x: np.std(x), [2.0, 2.0], [0.0, 0.0]),
    Kink("hypot at 0", lambda x: np.hypot(x, x), [0.0], [0.0]),
    Kink("power 0 at 0", lambda x: x**0, [0.0, 1.0], [0.0, 0.0]),
    Kink("power 1 at 0", lambda x: x**1, [0.0], [1.0]),
    Kink("power 2 at 0", lambda x: x**2, [0.0], [0.0]),
    Kink("power of float 2 at a negative number", lambda x: x**2.0, [-3.0], [-6.0]),
    Kink("sinc at 0", lambda x: np.sinc(x), [0.0], [0.0]),
    Kink("where guards sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards log", lambda x: np.where(x > 0, np.log(x), 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards division", lambda x: np.where(x != 0, 1 / x, 0.0), [0.0, 2.0], [0.0, -0.25]),
    Kink("where guards power", lambda x: np.where(x > 0, x**0.5, 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards arccos", lambda x: np.where(x < 1, np.arccos(x), 0.0), [1.0, 0.0], [0.0, -1.0]),
    Kink("where guards norm", lambda x: np.where(x[0] > 0, np.linalg.norm(x), 0.0), [0.0, 0.0], [0.0, 0.0]),
    Kink("product with 0 guards sqrt", lambda x: 0.0 * np.sqrt(x), [0.0, 4.0], [0.0, 0.0], forward=False),
    Kink("index guards log", lambda x: np.log(x)[1:], [0.0, 4.0], [0.0, 0.25]),
    Kink("logaddexp with -inf", lambda x: np.logaddexp(x, -np.inf), [0.0], [1.0]),
    Kink("power of 0, by its exponent", lambda y: np.power(0.0, y), [2.0], [0.0]),
    Kink("prod with a zero", lambda x: np.prod(x), [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
]


#: Functions (or rows) that have no rule yet: a derivative is refused, and `test_laws.test_ledger_is_true` checks that.
NO_RULE_YET = frozenset(("unwrap", "vecdot/axis"))
