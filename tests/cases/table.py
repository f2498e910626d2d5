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
