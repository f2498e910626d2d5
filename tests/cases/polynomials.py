"""Polynomials, convolutions, and functions with automatic domain (np.emath)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import funcgrad.numpy.polynomial as series
from cases.table import (
    Case,
    Input,
    Kink,
    above_one,
    always_complex,
    away_from_zero,
    complex_,
    given,
    positive,
    real,
    unit,
)

# Domains


def below_zero(*shape: int) -> Input:
    """Negative numbers, away from zero."""
    return Input(shape, lambda rng, s: rng.uniform(-2, -0.5, s), lambda rng, s: _left(rng, s))


def both_signs(*shape: int) -> Input:
    """Numbers away from zero, of which the first is negative."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> NDArray[Any]:
        x = rng.uniform(0.4, 2, s) * rng.choice([-1, 1], s)
        x.flat[0] = -0.7
        return x

    return Input(shape, draw, lambda rng, s: _left(rng, s))


def beyond_one(*shape: int) -> Input:
    """Numbers of either sign, some with an absolute value below one and the first above."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> NDArray[Any]:
        x = rng.uniform(0.2, 0.8, s) * rng.choice([-1, 1], s)
        x.flat[::2] *= 4
        return x

    return Input(shape, draw, lambda rng, s: _left(rng, s))


def with_roots_apart(*shape: int) -> Input:
    """Coefficients of a polynomial whose roots are real and 0.5 apart or more, or complex and as far apart."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> NDArray[Any]:
        size = s[0] - 1
        return np.poly(np.arange(size) - size / 2.3 + rng.uniform(-0.2, 0.2, size)) * rng.uniform(0.5, 2)

    def draw_complex(rng: np.random.Generator, s: tuple[int, ...]) -> NDArray[Any]:
        size = s[0] - 1
        roots = np.exp(2j * np.pi * (np.arange(size) + rng.uniform(0.1, 0.4, size)) / size)
        return np.asarray(np.poly(roots * rng.uniform(0.8, 1.2, size)) * (0.5 + 1j))

    return Input(shape, draw, draw_complex)


def with_complex_roots(*shape: int) -> Input:
    """Coefficients near those of (x**2 + 1) (x**2 - 2 x + 5)."""
    return Input(shape, _near, lambda rng, s: _near(rng, s) + 1j * rng.uniform(-0.1, 0.1, s))


def spread_out(*shape: int) -> Input:
    """Numbers about 1 apart, around zero."""
    return Input(shape, lambda rng, s: np.arange(s[0]) - s[0] / 2 + rng.uniform(-0.3, 0.3, s), complex_().draw)


def _near(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.asarray(np.array([1.0, -2, 6, -2, 5]) + rng.uniform(-0.1, 0.1, shape))


def _left(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.asarray(rng.uniform(-2, -0.5, shape) + 1j * rng.uniform(0.3, 1, shape) * rng.choice([-1, 1], shape))


# Polynomials. The shape of a product or quotient, and whether a root is complex, depend on values: a device must ask.


def divided(u: Any, v: Any) -> Any:
    """Return quotient and remainder, the latter without what may be left in front of it by rounding."""
    q, r = np.polydiv(u, v)
    return q, r[-max(1, np.size(v) - 1) :]


POINTS = given([-1.0, -0.6, 0.1, 0.5, 0.9, 1.3, 2.0])

POLYNOMIAL = [
    Case("polyval", lambda p, x: np.polyval(p, x), [real(4), real(2, 3)], complex_ok=True),
    Case("polyval/0-d", lambda p, x: np.polyval(p, x), [real(3), real()]),
    Case("polyval/numbers", lambda x: np.polyval([2.0, -1.0, 0.5], x), [real(3)], complex_ok=True),
    Case("polyval/integers", lambda x: np.polyval([2, 0, 1], x), [real(3)]),
    Case("polyval/at a number", lambda p: np.polyval(p, 0.7), [real(4)], complex_ok=True),
    Case("polyval/constant", lambda p, x: np.polyval(p, x), [real(1), real(3)]),
    Case("polyval/no coefficients", lambda x: np.polyval([], x) + x, [real(3)]),
    Case("polyval/rows", lambda p, x: np.polyval(p, x), [real(3, 2), real(4, 2)]),
    Case("polyval/real and complex", lambda p, x: np.polyval(p, x), [real(3), complex_(2)]),
    Case("polyder", lambda p: np.polyder(p), [real(5)], complex_ok=True),
    Case("polyder/m=2", lambda p: np.polyder(p, 2), [real(5)]),
    Case("polyder/m=0", lambda p: np.polyder(p, 0) * 1, [real(3)]),
    Case("polyder/to nothing", lambda p: np.polyder(p, m=4), [real(3)]),
    Case("polyint", lambda p: np.polyint(p), [real(4)], complex_ok=True),
    Case("polyint/m=3", lambda p: np.polyint(p, 3), [real(2)]),
    Case("polyint/constant", lambda p: np.polyint(p, 2, k=1.5), [real(3)]),
    Case("polyint/constants", lambda p: np.polyint(p, 2, [1.5, -2.0]), [real(3)]),
    # NumPy asks only the type of p: under vmap, it has to be batched
    Case("polyint/traced constants", lambda p, k: np.polyint(p, 2, k), [real(3), real(2)], True, vmap=False),
    Case("polyadd", lambda p, q: np.polyadd(p, q), [real(3), real(3)], complex_ok=True),
    Case("polyadd/longer", lambda p, q: np.polyadd(p, q), [real(4), real(2)]),
    Case("polysub", lambda p, q: np.polysub(p, q), [real(3), real(5)], complex_ok=True),
    Case("polymul", lambda p, q: np.polymul(p, q), [real(4), real(2)], True, vmap=False, device=False),
    Case("polymul/0-d", lambda p, q: np.polymul(p, q), [real(), real(3)], vmap=False, device=False),
    Case("polymul/with itself", lambda p: np.polymul(p, p), [real(3)], vmap=False, device=False),
    Case("polymul/leading zeros", lambda p: np.polymul([0, 0.0, 2, 1], p), [real(3)], vmap=False, device=False),
    Case("polydiv", lambda u, v: divided(u, v), [real(5), away_from_zero(3)], True, vmap=False, device=False),
    Case("polydiv/by a constant", lambda u, v: divided(u, v), [real(3), away_from_zero(1)], vmap=False, device=False),
    Case("polydiv/same length", lambda u, v: divided(u, v), [real(3), away_from_zero(3)], vmap=False, device=False),
    Case("polydiv/shorter", lambda u, v: np.polydiv(u, v), [away_from_zero(2), real(3)], vmap=False, device=False),
    Case("polydiv/number", lambda u: divided(u, 2.0), [real(3)], vmap=False, device=False),
    Case("poly", lambda r: np.poly(r), [real(4)]),
    Case("poly/complex", lambda r: np.poly(r), [complex_(3)], device=False, vmap=False),
    Case("poly/one root", lambda r: np.poly(r), [real(1)]),
    Case("poly/list", lambda r, q: np.poly([r, 2.0, q]), [real(), real()], device=False),  # a list lives on the host
    Case("poly/matrix", lambda a: np.poly(a), [real(3, 3)]),
    Case("poly/complex matrix", lambda a: np.poly(a), [complex_(3, 3)]),
    Case("poly/1 by 1", lambda a: np.poly(a), [real(1, 1)], complex_ok=True),
    Case("poly/of roots", lambda p: np.poly(np.roots(p)), [with_roots_apart(4)], device=False, vmap=False),
    Case("roots", lambda p: np.roots(p), [with_roots_apart(5)], complex_ok=True),
    Case("roots/linear", lambda p: np.roots(p), [with_roots_apart(2)], complex_ok=True),
    Case("roots/complex pairs", lambda p: np.roots(p), [with_complex_roots(5)], complex_ok=True),
    Case("roots/at zero", lambda p: np.roots(np.concatenate([p, p[:1] * 0])), [with_roots_apart(4)]),
    Case("roots/list", lambda b, c: np.roots([1.0, b, c - 9.0]), [unit(), unit()], device=False),
    Case("poly1d", lambda p, x: np.poly1d(p)(x), [real(4), real(2)], vmap=False, device=False),
    Case("poly1d/derivative", lambda p, x: np.poly1d(p).deriv()(x), [real(4), real(2)], vmap=False, device=False),
    Case("poly1d/product", lambda p, q: (np.poly1d(p) * np.poly1d(q)).c, [real(3), real(2)], vmap=False, device=False),
    Case("polyfit", lambda x, y: np.polyfit(x, y, 2), [spread_out(6), real(6)]),
    Case("polyfit/data", lambda y, x: np.polyfit(x, y, 3), [real(7), POINTS]),
    Case("polyfit/complex data", lambda y, x: np.polyfit(x, y, 2), [complex_(7), POINTS]),
    Case("polyfit/complex", lambda x, y: np.polyfit(x, y, 2), [complex_(6), complex_(6)]),
    Case("polyfit/two data sets", lambda x, y: np.polyfit(x, y, 1), [spread_out(5), real(5, 2)]),
    Case("polyfit/weights", lambda x, y, w: np.polyfit(x, y, 2, w=w), [spread_out(6), real(6), positive(6)]),
    Case("polyfit/weights,two", lambda x, y, w: np.polyfit(x, y, 1, w=w), [spread_out(5), real(5, 2), positive(5)]),
    Case("polyfit/degree 0", lambda x, y: np.polyfit(x, y, 0), [spread_out(4), real(4)]),
    Case("polyfit/interpolation", lambda x, y: np.polyfit(x, y, 3), [spread_out(4), real(4)]),
    Case("polyfit/full", lambda x, y: np.polyfit(x, y, 2, full=True)[:2], [spread_out(6), real(6)]),
    Case("polyfit/full,singular values", lambda x, y: np.polyfit(x, y, 2, full=True)[3], [spread_out(6), real(6)]),
    Case("polyfit/rcond", lambda x, y: np.polyfit(x, y, 2, rcond=1e-9), [spread_out(6), real(6)]),
    Case("polyfit/cov", lambda x, y: np.polyfit(x, y, 2, cov=True), [spread_out(6), real(6)]),
    Case("polyfit/cov,weights", lambda x, w: np.polyfit(x, x**2, 1, w=w, cov=True), [spread_out(6), positive(6)]),
    Case("polyfit/cov,two data sets", lambda x, y: np.polyfit(x, y, 1, cov=True), [spread_out(5), real(5, 2)]),
    Case("polyfit/cov unscaled", lambda x, y: np.polyfit(x, y, 1, cov="unscaled"), [spread_out(5), real(5)]),
]

# Series in other bases: unmodified calls with traced points, and the drop-in functions for traced coefficients


def basis(name: str, prefix: str) -> list[Case]:
    """Rows of the functions that every basis has; the shape of a sum depends on values."""
    theirs, ours = getattr(np.polynomial, name), getattr(series, name)

    def call(function: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(ours, prefix + function)(*args, **kwargs)

    start = f"polynomial.{name}.{prefix}"
    grid = given([[1.0, 0.5, -1], [2, 0, 3]])
    return [
        Case(f"{start}val/unmodified", lambda x: getattr(theirs, f"{prefix}val")(x, [1.0, -2, 0.5, 3]), [unit(2, 3)]),
        *(
            Case(f"{start}val/{n} coefficients", lambda x, c: call("val", x, c), [unit(2, 3), real(n)], complex_ok=True)
            for n in (1, 2, 3, 5)
        ),
        Case(f"{start}val/columns", lambda x, c: call("val", x, c), [unit(3), real(4, 3)]),
        Case(f"{start}val/matching columns", lambda x, c: call("val", x, c, tensor=False), [unit(3), real(4, 3)]),
        Case(f"{start}val/0-d", lambda x, c: call("val", x, c), [unit(), real(3)]),
        Case(f"{start}val/at a number", lambda c: call("val", 0.3, c), [real(3)]),
        Case(f"{start}val2d", lambda x, y, c: call("val2d", x, y, c), [unit(2), unit(2), real(2, 3)]),
        Case(f"{start}val3d", lambda x, y, c: call("val3d", x, y, x, c), [unit(2), unit(2), real(2, 3, 2)]),
        Case(f"{start}grid2d", lambda x, y, c: call("grid2d", x, y, c), [unit(2), unit(3), real(2, 3)]),
        Case(f"{start}grid2d/fixed coefficients", lambda x, c: call("grid2d", x, x, c), [unit(2), grid]),
        Case(f"{start}grid3d", lambda x, c: call("grid3d", x, x, x, c), [unit(2), real(2, 1, 2)]),
        Case(f"{start}vander", lambda x: call("vander", x, 3), [unit(3)], complex_ok=True),
        Case(f"{start}vander2d", lambda x, y: call("vander2d", x, y, [1, 2]), [unit(3), unit(3)]),
        Case(f"{start}vander3d", lambda x, y: call("vander3d", x, y, x, [1, 0, 1]), [unit(3), unit(3)]),
        Case(f"{start}fit", lambda x, y: call("fit", x, y, 2), [spread_out(6), real(6)]),
        Case(f"{start}fit/degrees", lambda x, y: call("fit", x, y, [3, 1]), [spread_out(6), real(6, 2)]),
        Case(f"{start}fit/weights", lambda x, y, w: call("fit", x, y, 1, w=w), [spread_out(5), real(5), positive(5)]),
        Case(f"{start}fit/full", lambda x, y: call("fit", x, y, 2, full=True)[1][0], [spread_out(6), real(6)]),
        Case(f"{start}der", lambda c: call("der", c), [real(4)], complex_ok=True),
        Case(f"{start}der/axis", lambda c: call("der", c, 2, scl=1.5, axis=1), [real(2, 5)]),
        Case(f"{start}der/to nothing", lambda c: call("der", c, 3), [real(2)]),
        Case(f"{start}int", lambda c: call("int", c), [real(3)], complex_ok=True),
        Case(f"{start}int/axis", lambda c: call("int", c, 2, [1.0], lbnd=-1, scl=0.5, axis=1), [real(2, 3)]),
        Case(f"{start}int/constants", lambda c, k: call("int", c, 2, [k, 0.5], lbnd=0.5), [real(3), real()]),
        Case(f"{start}add", lambda p, q: call("add", p, q), [real(3), real(2)], vmap=False, device=False),
        Case(f"{start}sub", lambda p, q: call("sub", p, q), [real(2), real(4)], vmap=False, device=False),
    ]


power = series.polynomial

SERIES = [
    *basis("polynomial", "poly"),
    *basis("chebyshev", "cheb"),
    *basis("legendre", "leg"),
    *basis("hermite", "herm"),
    *basis("hermite_e", "herme"),
    *basis("laguerre", "lag"),
    *(
        Case(f"polynomial.polynomial.{name}", call, inputs, complex_ok=True, vmap=False, device=False)
        for name, call, inputs in (
            ("polymul", lambda p, q: power.polymul(p, q), [real(4), real(2)]),
            ("polymulx", lambda p: power.polymulx(p), [real(3)]),
            ("polydiv", lambda u, v: power.polydiv(u, v), [real(5), away_from_zero(3)]),
            ("polydiv/by a constant", lambda u, v: power.polydiv(u, v), [real(3), away_from_zero(1)]),
            ("polydiv/shorter", lambda u, v: power.polydiv(u, v), [real(2), away_from_zero(3)]),
            ("polypow", lambda p: power.polypow(p, 3), [real(3)]),
            ("polypow/0", lambda p: power.polypow(p, 0), [real(3)]),
            ("polypow/1", lambda p: power.polypow(p, 1) * 1, [real(3)]),
            ("polycompanion", lambda p: power.polycompanion(p), [away_from_zero(4)]),
            ("polycompanion/degree 1", lambda p: power.polycompanion(p), [away_from_zero(2)]),
        )
    ),
    Case("polynomial.polynomial.polyroots", lambda p: power.polyroots(p[::-1]), [with_roots_apart(5)], device=False),
    Case("polynomial.polynomial.polyroots/degree 1", lambda p: power.polyroots(p), [away_from_zero(2)], device=False),
    Case("polynomial.polynomial.polyfromroots", lambda r: power.polyfromroots(r), [real(5)], complex_ok=True),
    Case(
        "polynomial.polynomial.polyfromroots/list", lambda r: power.polyfromroots([r, 1.0, 2]), [real()], device=False
    ),
    Case("polynomial.polynomial.polyvalfromroots", lambda x, r: power.polyvalfromroots(x, r), [real(2), real(3)], True),
    Case(
        "polynomial.polynomial.polyvalfromroots/columns",
        lambda x, r: power.polyvalfromroots(x, r, False),
        [real(2), real(3, 2)],
    ),
    *(
        [
            Case(
                "polynomial.polynomial.polyval2d/unmodified",
                lambda x, y, c: np.polynomial.polynomial.polyval2d(x, y, c),
                [unit(2), unit(2), real(2, 3)],
            ),
            Case(
                "polynomial.polynomial.polygrid2d/unmodified",
                lambda x, y, c: np.polynomial.polynomial.polygrid2d(x, y, c),
                [unit(2), unit(3), real(2, 3)],
            ),
        ]
        if hasattr(np.polynomial.polynomial.polyval2d, "__wrapped__")  # where NumPy lets it be overridden
        else []
    ),
]

# Convolutions: the second array shorter, longer, as long; of even and odd length


def convolution(name: str) -> list[Case]:
    """Rows of convolve or correlate."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(np, name)(*args, **kwargs)

    return [
        Case(name, lambda a, v: call(a, v), [real(5), real(3)], complex_ok=True),
        *(
            Case(f"{name}/{mode},{n} and {m}", lambda a, v, mode=mode: call(a, v, mode), [real(n), real(m)], True)
            for mode in ("full", "same", "valid")
            for n, m in ((6, 3), (6, 2), (5, 4), (2, 6), (3, 6), (4, 5), (4, 4), (3, 3), (1, 3), (3, 1), (1, 1))
        ),
        Case(f"{name}/integers", lambda a, n: call(a, n, "full"), [real(5), given([1, -2, 3])]),
        Case(f"{name}/of integers", lambda v, n: call(n, v, "same"), [real(2), given([1, -2, 3])]),
        Case(f"{name}/real and complex", lambda a, v: call(a, v, "full"), [real(4), complex_(2)]),
        Case(f"{name}/complex and real", lambda a, v: call(a, v, "full"), [complex_(2), real(4)]),
        Case(f"{name}/with itself", lambda a: call(a, a, "same"), [real(4)], complex_ok=True),
    ]


CONVOLUTION = [
    *convolution("convolve"),
    *convolution("correlate"),
    Case("convolve/0-d", lambda a, v: np.convolve(a, v), [real(), real(3)], complex_ok=True),
    Case("convolve/list", lambda a: np.convolve(a, [1.0, 2.0]), [real(4)], device=False),  # a list lives on the host
    Case("convolve/mode as a number", lambda a, v: np.convolve(a, v, 1), [real(4), real(2)]),
]

# Functions with automatic domain: whether a result is complex depends on values, so a device must ask


def automatic(name: str, *domains: Any) -> list[Case]:
    """Rows of a function of one array, inside and outside its real domain."""

    def call(x: Any) -> Any:
        return getattr(np.emath, name)(x)

    return [
        *(Case(f"emath.{name}/{d.__name__}", call, [d(2, 3)], device=False) for d in domains),
        Case(f"emath.{name}/complex", call, [always_complex(domains[0](2, 3))], device=False),
        Case(f"emath.{name}/0-d", call, [domains[1]()], device=False),
    ]


EMATH = [
    *automatic("sqrt", positive, below_zero, both_signs),
    *automatic("log", positive, below_zero, both_signs),
    *automatic("log2", positive, below_zero, both_signs),
    *automatic("log10", positive, below_zero, both_signs),
    *automatic("arccos", unit, beyond_one, above_one),
    *automatic("arcsin", unit, beyond_one, above_one),
    *automatic("arctanh", unit, beyond_one, above_one),
    Case("emath.logn", lambda n, x: np.emath.logn(n, x), [above_one(3), positive(2, 3)], device=False),
    Case("emath.logn/negative", lambda n, x: np.emath.logn(n, x), [above_one(3), both_signs(2, 3)], device=False),
    Case("emath.logn/base 2", lambda x: np.emath.logn(2, x), [both_signs(3)], device=False),
    Case("emath.logn/negative base", lambda x: np.emath.logn(-2.0, x), [positive(3)], device=False),
    Case("emath.logn/of a number", lambda n: np.emath.logn(n, 3.0), [above_one(3)], device=False),
    Case("emath.power", lambda x, p: np.emath.power(x, p), [positive(2, 3), real(3)], device=False),
    Case("emath.power/negative", lambda x, p: np.emath.power(x, p), [both_signs(2, 3), real(3)], device=False),
    Case("emath.power/squared", lambda x: np.emath.power(x, 2), [both_signs(3)], device=False),
    Case("emath.power/reciprocal", lambda x: np.emath.power(x, -1), [both_signs(3)], device=False),
    Case("emath.power/integers", lambda x, p: np.emath.power(x, p), [both_signs(3), given([2, -1, 0])], device=False),
    Case("emath.power/of a number", lambda p: np.emath.power(-2.0, p), [real(3)], device=False),
]

POLYNOMIALS = [*POLYNOMIAL, *SERIES, *CONVOLUTION, *EMATH]

KINKS = [
    Kink("polyval at 0", lambda x: np.polyval([3.0, 2.0, 1.0], x), [0.0], [2.0]),
    Kink("polymul with a leading zero", lambda p: np.polymul(p, [1.0, 2.0]), [0.0, 1.0], [2.0, 3.0]),
    Kink("poly of a matrix with equal eigenvalues", lambda a: np.poly(a), [[2.0, 0.0], [0.0, 2.0]], [[1.0, 0], [0, 1]]),
    Kink("emath.sqrt of -4", lambda x: np.real(np.emath.sqrt(x) * 1j), [-4.0], [0.25]),
]
