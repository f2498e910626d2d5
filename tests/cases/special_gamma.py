"""scipy.special: gamma, beta and zeta functions, and their incomplete forms."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from cases.table import Array, Case, Input, Kink, always_complex, away_from_zero, given, positive

# Domains


def ranging(low: float, high: float) -> Callable[..., Input]:
    """A domain of numbers between two bounds; complex ones have a real part there."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> Array:
        return np.asarray(rng.uniform(low, high, s))

    def draw_complex(rng: np.random.Generator, s: tuple[int, ...]) -> Array:
        return np.asarray(rng.uniform(low, high, s) + 1j * rng.uniform(0.3, 1.5, s) * rng.choice([-1, 1], s))

    return lambda *shape: Input(shape, draw, draw_complex)


def below_zero(*shape: int) -> Input:
    """Negative numbers, at least 0.2 from the integers."""

    def draw(rng: np.random.Generator, s: tuple[int, ...]) -> Array:
        return np.asarray(rng.uniform(-0.8, -0.2, s) - rng.integers(0, 4, s))

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 1j * rng.uniform(-1, 1, s))


probability = ranging(0.1, 0.9)
above = ranging(1.5, 6)
ORDERS = given([0, 1, 4])
EULER = np.euler_gamma


# Helpers that write rows


def one(name: str, domain: Callable[..., Input] = positive, complex_ok: bool = False) -> list[Case]:
    """Rows of a function of one array."""

    def call(x: Any) -> Any:
        return getattr(special, name)(x)

    return [
        Case(f"special.{name}", call, [domain(2, 3)], complex_ok),
        Case(f"special.{name}/0-d", call, [domain()], complex_ok),
        Case(f"special.{name}/zero size", call, [domain(0, 2)], complex_ok),
    ]


def two(name: str, a: Callable[..., Input] = positive, b: Callable[..., Input] = positive) -> list[Case]:
    """Rows of a function of two arrays: broadcasting both ways, numbers and integers as the other operand."""

    def call(a: Any, b: Any) -> Any:
        return getattr(special, name)(a, b)

    return [
        Case(f"special.{name}", call, [a(2, 3), b(2, 3)]),
        Case(f"special.{name}/broadcast rows", call, [a(2, 3), b(3)]),
        Case(f"special.{name}/broadcast outer", call, [a(3, 1), b(1, 2)]),
        Case(f"special.{name}/0-d both", call, [a(), b()]),
        Case(f"special.{name}/0-d and array", call, [a(), b(2, 2)]),
        Case(f"special.{name}/zero size", call, [a(0, 2), b(2)]),
    ]


def left_number(name: str, value: float, b: Callable[..., Input] = positive) -> list[Case]:
    """Rows with a number, and an array of integers, on the left."""
    integers = given([1, 2, 3])
    return [
        Case(f"special.{name}/number left", lambda b: getattr(special, name)(value, b), [b(2, 3)]),
        Case(f"special.{name}/integers left", lambda n, b: getattr(special, name)(n, b), [integers, b(2, 3)]),
    ]


def right_number(name: str, value: float, a: Callable[..., Input] = positive) -> list[Case]:
    """Rows with a number on the right."""
    return [Case(f"special.{name}/number right", lambda a: getattr(special, name)(a, value), [a(2, 3)])]


def three(name: str, *domains: Callable[..., Input]) -> list[Case]:
    """Rows of a function of two parameters and a variable."""
    a, b, c = domains

    def call(a: Any, b: Any, c: Any) -> Any:
        return getattr(special, name)(a, b, c)

    return [
        Case(f"special.{name}", call, [a(2, 3), b(2, 3), c(2, 3)]),
        Case(f"special.{name}/broadcast", call, [a(2, 1), b(3), c()]),
        Case(f"special.{name}/0-d", call, [a(), b(), c()]),
        Case(f"special.{name}/zero size", call, [a(0, 2), b(2), c(1, 2)]),
        Case(f"special.{name}/last two fixed", lambda a: getattr(special, name)(a, 0.4, 0.3), [a(2, 3)]),
        Case(f"special.{name}/first and last fixed", lambda b: getattr(special, name)(0.6, b, 0.7), [b(2, 3)]),
        Case(f"special.{name}/first two fixed", lambda c: getattr(special, name)(0.5, 0.8, c), [c(2, 3)]),
    ]


def fixed_integers(name: str) -> list[Case]:
    """A row with integer parameters, of which one is an array."""
    n = given([1, 2, 5])
    return [Case(f"special.{name}/integers", lambda n, c: getattr(special, name)(n, 3, c), [n, probability(2, 3)])]


GAMMA = [
    # Gamma
    *one("gamma", complex_ok=True),
    *one("gammaln"),
    *one("loggamma", complex_ok=True),
    *one("digamma", complex_ok=True),
    *one("psi", complex_ok=True)[:1],
    *one("rgamma", complex_ok=True),
    Case("special.gamma/negative", lambda x: special.gamma(x), [below_zero(2, 3)], complex_ok=True),
    Case("special.gammaln/negative", lambda x: special.gammaln(x), [below_zero(2, 3)]),
    Case("special.loggamma/left", lambda x: special.loggamma(x), [always_complex(ranging(-3, 0)(2, 3))]),
    Case("special.psi/negative", lambda x: special.psi(x), [below_zero(2, 3)], complex_ok=True),
    Case("special.rgamma/negative", lambda x: special.rgamma(x), [below_zero(2, 3)], complex_ok=True),
    Case("special.rgamma/near its zeros", lambda x: special.rgamma(x), [ranging(-2.01, -1.99)(3)]),
    *two("poch", ranging(0.5, 4), ranging(0.5, 3)),
    *left_number("poch", 1.5, ranging(0.5, 3)),
    *right_number("poch", 3),
    Case("special.poch/negative step", lambda a, b: special.poch(a, b), [ranging(3, 4)(3), ranging(-2, -0.5)(3)]),
    Case("special.poch/negative start", lambda a: special.poch(a, 2), [below_zero(2, 3)]),
    Case("special.poch/across 0", lambda a, b: special.poch(a, b), [ranging(-0.8, -0.2)(3), ranging(1.2, 2)(3)]),
    Case("special.poch/both negative", lambda a, b: special.poch(a, b), [ranging(-3.6, -3.4)(3), ranging(1.1, 1.3)(3)]),
    # Beta
    *two("beta"),
    *left_number("beta", 1.5),
    *right_number("beta", 3),
    *two("betaln"),
    *left_number("betaln", 1.5),
    *right_number("betaln", 3),
    *two("binom", ranging(3, 6), ranging(0.5, 2.5)),
    *left_number("binom", 4.5, ranging(0.5, 2.5)),
    *right_number("binom", 2, ranging(3, 6)),
    Case("special.binom/beyond", lambda n, k: special.binom(n, k), [ranging(0.2, 1.5)(3), ranging(2.6, 3.9)(3)]),
    Case("special.binom/below", lambda n, k: special.binom(n, k), [ranging(0.2, 1.5)(3), ranging(-2.8, -1.2)(3)]),
    Case("special.binom/negative", lambda n: special.binom(n, 3), [ranging(-2.8, -2.2)(3)]),
    Case("special.binom/negative both", lambda n, k: special.binom(n, k), [ranging(-2.8, -2.2)(3), positive(3)]),
    # Zeta
    *one("zeta", above),
    Case("special.zeta/left of 1", lambda x: special.zeta(x), [ranging(0.1, 0.8)(4)]),
    Case("special.zeta/negative", lambda x: special.zeta(x), [ranging(-6, 0)(6)]),
    *(
        Case(f"special.zeta/Hurwitz{case.name[12:].replace('/', ', ')}", case.call, case.inputs)
        for case in two("zeta", above, positive)
    ),
    Case("special.zeta/Hurwitz, number left", lambda q: special.zeta(2.5, q), [positive(2, 3)]),
    Case("special.zeta/Hurwitz, integer left", lambda q: special.zeta(2, q), [positive(2, 3)]),
    Case("special.zeta/Hurwitz, number right", lambda s: special.zeta(s, 3), [above(2, 3)]),
    *one("zetac", above),
    # Exponential integrals
    *one("exp1", complex_ok=True),
    *one("expi", complex_ok=True),
    Case("special.expi/negative", lambda x: special.expi(x), [away_from_zero(2, 3)]),
    *(Case(f"special.expn/order {n}", lambda x, n=n: special.expn(n, x), [positive(2, 3)]) for n in (1, 2, 3)),
    Case("special.expn/0-d", lambda x: special.expn(2, x), [positive()]),
    Case("special.expn/orders", lambda x, n: special.expn(n, x), [positive(2, 3), ORDERS]),
    Case("special.expn/outer", lambda x, n: special.expn(n[:, None], x), [positive(2), ORDERS]),
    # Incomplete gamma
    *two("gammainc"),
    *left_number("gammainc", 1.5),
    *right_number("gammainc", 3),
    Case("special.gammainc/large", lambda a, x: special.gammainc(a, x), [ranging(40, 60)(5), ranging(40, 60)(5)]),
    Case("special.gammainc/small a", lambda a, x: special.gammainc(a, x), [ranging(0.01, 0.1)(4), positive(4)]),
    *two("gammaincc"),
    *left_number("gammaincc", 1.5),
    *right_number("gammaincc", 3),
    *two("gammaincinv", positive, probability),
    *left_number("gammaincinv", 1.5, probability),
    *right_number("gammaincinv", 0.4),
    *two("gammainccinv", positive, probability),
    *left_number("gammainccinv", 1.5, probability),
    *right_number("gammainccinv", 0.4),
    # Incomplete beta
    *three("betainc", positive, positive, probability),
    *fixed_integers("betainc"),
    Case(
        "special.betainc/large",
        lambda a, b, x: special.betainc(a, b, x),
        [ranging(30, 40)(4), ranging(15, 20)(4), ranging(0.5, 0.8)(4)],
    ),
    *three("betaincc", positive, positive, probability),
    *fixed_integers("betaincc"),
    *three("betaincinv", positive, positive, probability),
    *fixed_integers("betaincinv"),
    *three("betainccinv", positive, positive, probability),
    *fixed_integers("betainccinv"),
    Case("special.btdtria", lambda p, b, x: special.btdtria(p, b, x), [probability(3), positive(3), probability(3)]),
    Case("special.btdtrib", lambda a, p, x: special.btdtrib(a, p, x), [positive(3), probability(3), probability(3)]),
]

KINKS = [
    Kink(
        "where guards gammaln", lambda x: np.where(x > 0, special.gammaln(x), 0.0), [0.0, 1.0], [0.0, -np.euler_gamma]
    ),
    Kink("where guards gamma", lambda x: np.where(x > 0, special.gamma(x), 0.0), [-1.0, 1.0], [0.0, -np.euler_gamma]),
    Kink("where guards exp1", lambda x: np.where(x > 0, special.exp1(x), 0.0), [0.0, 1.0], [0.0, -np.exp(-1.0)]),
    Kink("rgamma at its zeros", lambda x: special.rgamma(x), [0.0, -1.0, -2.0, -3.0], [1.0, -1.0, 2.0, -6.0]),
    Kink("poch at a zero", lambda x: special.poch(x, 3), [0.0, -1.0, -2.0], [2.0, -1.0, 2.0]),
    Kink("poch of a negative integer", lambda x: special.poch(x, 2), [-3.0], [-5.0]),
    Kink("binom at a zero", lambda x: special.binom(x, 2), [0.0, 1.0], [-0.5, 0.5]),
    Kink("gammainc at 0", lambda x: special.gammainc(x, 0.0), [0.5, 2.0], [0.0, 0.0]),
    Kink("gammainc at 0, by its variable", lambda x: special.gammainc([0.5, 1.0, 2.0], x), [0.0], [np.inf]),
    Kink("gammainc at infinity", lambda x: special.gammainc(x, np.inf), [0.5, 2.0], [0.0, 0.0]),
    Kink("betainc at 0", lambda x: special.betainc(x, x, 0.0), [0.5, 2.0], [0.0, 0.0]),
    Kink("betainc at 1", lambda x: special.betainc(x, x, 1.0), [0.5, 2.0], [0.0, 0.0]),
    Kink("betainc at 0 and 1, by its variable", lambda x: special.betainc(2.0, 1.0, x), [0.0, 1.0], [0.0, 2.0]),
    Kink("gammaincinv at 0", lambda x: special.gammaincinv(x, 0.0), [0.5, 2.0], [0.0, 0.0]),
    Kink("zeta at its trivial zeros", lambda x: special.zeta(x), [-2.0], [-1.2020569031595942 / (4 * np.pi**2)]),
]
