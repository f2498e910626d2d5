"""scipy.special: Bessel, Airy, Struve and Kelvin functions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from cases.table import Array, Case, Input, Kink, away_from_zero, complex_, given, positive, real


def orders(*shape: int) -> Input:
    """Real orders of either sign, also where the argument is complex."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> Array:
        return rng.uniform(-2.4, 4, s)

    return Input(shape, draw, draw)


def parameters(*shape: int) -> Input:
    """Positive parameters, also where the argument is complex."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> Array:
        return rng.uniform(0.3, 2, s)

    return Input(shape, draw, draw)


def cut_plane(*shape: int) -> Input:
    """Positive numbers; complex ones away from the negative real axis and from both axes."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> Array:
        angle = rng.choice([0.3, 0.9, 1.9, 2.6], s) * rng.choice([-1, 1], s) + rng.uniform(-0.2, 0.2, s)
        return np.asarray(rng.uniform(0.5, 3, s) * np.exp(1j * angle))

    return Input(shape, lambda rng, s: rng.uniform(0.5, 3, s), draw)


def near_zero(*shape: int) -> Input:
    """Where SciPy computes the integrals of Airy functions to more than seven digits."""
    return Input(shape, lambda rng, s: rng.uniform(0.05, 0.3, s) * rng.choice([-1, 1], s), positive().draw_complex)


def of(name: str) -> Callable[..., Any]:
    """Return the call of a function of `special`, looked up when it is made."""

    def call(*xs: Any) -> Any:
        return getattr(special, name)(*xs)

    return call


def one(name: str, domain: Callable[..., Input], complex_ok: bool = False) -> list[Case]:
    """Rows of a function of one array: a matrix, 0-d, no elements."""
    rows = [("", (2, 3)), ("/0-d", ()), ("/empty", (0, 2))]
    return [Case(f"special.{name}{variant}", of(name), [domain(*shape)], complex_ok) for variant, shape in rows]


def with_order(name: str, domain: Callable[..., Input], orders: Callable[..., Input], complex_ok: bool) -> list[Case]:
    """Rows of a function of a real order and an argument: broadcast, 0-d, either of them a number or fixed."""
    f, name = of(name), f"special.{name}"
    return [
        Case(name, f, [orders(2, 3), domain(2, 3)], complex_ok),
        Case(f"{name}/broadcast rows", f, [orders(2, 3), domain(3)], complex_ok),
        Case(f"{name}/broadcast outer", f, [orders(3, 1), domain(1, 2)], complex_ok),
        Case(f"{name}/0-d and array", f, [orders(), domain(2, 2)], complex_ok),
        Case(f"{name}/0-d", f, [orders(), domain()], complex_ok),
        Case(f"{name}/empty", f, [orders(0), domain(0)], complex_ok),
        Case(f"{name}/order a number", lambda z: f(1, z), [domain(2, 3)], complex_ok),
        Case(f"{name}/order zero", lambda z: f(0, z), [domain(3)], complex_ok),
        Case(f"{name}/integer orders", f, [given(np.array([0, 1, 3])), domain(2, 3)], complex_ok),
        Case(f"{name}/argument a number", lambda v: f(v, 1.3), [orders(3)]),
    ]


def with_integer(name: str, domain: Callable[..., Input], complex_ok: bool = False, start: int = -2) -> list[Case]:
    """Rows of a function of an integer order."""
    f, name = of(name), f"special.{name}"
    return [
        Case(name, f, [given(np.array([max(start, 0), 1, 4])), domain(2, 3)], complex_ok),
        Case(f"{name}/unsigned", f, [given(np.array([[0], [1], [2]], np.uint8)), domain(3)], complex_ok),
        Case(f"{name}/lowest", lambda x: f(start, x), [domain(3)], complex_ok),
        Case(f"{name}/0-d", lambda x: f(2, x), [domain()], complex_ok),
    ]


def rows(names: str, make: Callable[..., Sequence[Case]], *args: Any) -> list[Case]:
    """Return the rows of several functions."""
    return [row for name in names.split() for row in make(name, *args)]


def spherical(kind: str) -> Callable[..., Any]:
    """Return the call of one of the ufuncs behind the spherical Bessel functions."""

    def call(n: Any, z: Any) -> Any:
        return getattr(special._ufuncs, f"_spherical_{kind}")(n, z)

    return call


SPHERICAL = [
    Case(f"special._ufuncs._spherical_{kind}", spherical(kind), [given(np.array([0, 1, 4])), cut_plane(2, 3)], True)
    for kind in ("jn", "jn_d", "yn", "yn_d", "in", "in_d", "kn", "kn_d")
]

BESSEL = [
    *rows("j0 j1 i0 i1 i0e i1e", one, away_from_zero),
    *rows("y0 y1 k0 k1 k0e k1e", one, positive),
    *rows("jv yv iv kv jve yve ive kve", with_order, cut_plane, orders, True),
    *rows("hankel1 hankel2 hankel1e hankel2e", with_order, cut_plane, orders, True),
    *rows("yn kn", with_integer, positive),
    Case("special.jn", of("jn"), [orders(3), positive(3)], True),
    Case("special.jv/negative argument", of("jv"), [given([0, 1, 2, 3]), away_from_zero(3, 4)]),
    Case("special.iv/negative argument", of("iv"), [given([0, 1, 2, 3]), away_from_zero(3, 4)]),
    Case("special.ive/negative argument", of("ive"), [given([0, 1, 2, 3]), away_from_zero(3, 4)]),
    Case("special.jv/complex order zero", lambda z: special.jv(0, z), [complex_(3)]),
    *SPHERICAL,
    *rows("airy", one, real, True),
    *rows("airye", one, cut_plane, True),
    Case("special.airye/negative", lambda x: special.airye(-x)[2:], [positive(3)]),
    *rows("itairy", one, near_zero),
    *rows("itj0y0 iti0k0 it2j0y0 it2i0k0", one, positive),
    *rows("itstruve0 itmodstruve0", one, away_from_zero),
    *rows("it2struve0", one, positive),
    *rows("struve modstruve", with_order, positive, orders, False),
    Case("special.struve/negative argument", of("struve"), [given([0, 1, 2, 3]), away_from_zero(3, 4)]),
    Case("special.modstruve/negative argument", of("modstruve"), [given([0, 1, 2, 3]), away_from_zero(3, 4)]),
    *rows("ber bei berp beip", one, away_from_zero),
    *rows("ker kei kerp keip kelvin", one, positive),
    Case("special.besselpoly", of("besselpoly"), [positive(2, 3), parameters(3), parameters(2, 1)]),
    Case("special.besselpoly/numbers", lambda a: special.besselpoly(a, 1, 0), [positive(3)]),
    Case("special.wright_bessel", of("wright_bessel"), [parameters(2, 3), parameters(3), positive(2, 1)]),
    Case("special.wright_bessel/numbers", lambda x: special.wright_bessel(1, 2, x), [positive()]),
    Case("special.log_wright_bessel", of("log_wright_bessel"), [parameters(2, 3), parameters(3), positive(2, 1)]),
    Case("special.lambertw", of("lambertw"), [positive(2, 3)], True),
    Case("special.lambertw/0-d", of("lambertw"), [positive()], True),
    Case("special.lambertw/branch", lambda z: special.lambertw(z, -1), [cut_plane(2, 3)], True),
    Case(
        "special.lambertw/branches", lambda z: special.lambertw(z, np.arange(-2, 3)), [cut_plane(5)], True, device=False
    ),
    Case("special.lambertw/tol", lambda z: special.lambertw(-z, 1, tol=1e-10), [positive(3)], True),
]

#: Policy at singular points: limits from the side where the function lives; nan where there is none.
KINKS = [
    Kink("j1 at 0", lambda x: special.j1(x), [0.0], [0.5]),
    Kink("jv of order 1/2 at 0", lambda x: special.jv(0.5, x), [0.0], [np.inf]),
    Kink("jv at 0, by its order", lambda v: special.jv(v, 0.0), [0.5, 2.0], [0.0, 0.0]),
    Kink("i0e at 0", lambda x: special.i0e(x), [0.0], [0.0]),
    Kink("ive of order 0 at 0", lambda x: special.ive(0, x), [0.0], [0.0]),
    Kink(
        "ive at an imaginary number",
        lambda z: np.real(special.ive(1, z) * (1 + 1j)),
        [2j],
        [(0.5 + 0.5j) * (special.j0(2.0) - special.jv(2, 2.0))],
    ),
    Kink("y1 at 0", lambda x: special.y1(x), [0.0], [np.inf]),
    Kink("k0 at 0", lambda x: special.k0(x), [0.0], [-np.inf]),
    Kink("kve at 0", lambda x: special.kve(1.5, x), [0.0], [-np.inf]),
    Kink("keip at 0", lambda x: special.keip(x), [0.0], [np.inf]),
    Kink("struve of order 0 at 0", lambda x: special.struve(0, x), [0.0], [2 / np.pi]),
    Kink("airye at 0", lambda x: special.airye(x)[0], [0.0], [float(special.airy(0.0)[1])]),
    Kink("lambertw at 0", lambda x: np.real(special.lambertw(x)), [0.0], [1.0]),
    Kink("where guards k0", lambda x: np.where(x > 0, special.k0(x), 0.0), [0.0, 2.0], [0.0, -special.k1(2.0)]),
    Kink("where guards airye", lambda x: np.where(x > 0, special.airye(x)[0], 0.0), [-1.0, 0.0], [0.0, 0.0]),
]
