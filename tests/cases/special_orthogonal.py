"""scipy.special: elliptic integrals, orthogonal polynomials, hypergeometric functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from cases.table import Case, Input, Kink, above_one, always_complex, given, positive, real, unit

Domain = Callable[..., Input]


# Domains


def between(low: float, high: float) -> Domain:
    """Numbers from `low` to `high`; complex ones with an imaginary part of up to half that distance."""

    def domain(*shape: int) -> Input:
        height = (high - low) / 2
        return Input(
            shape,
            lambda rng, s: rng.uniform(low, high, s),
            lambda rng, s: np.asarray(rng.uniform(low, high, s) + 1j * rng.uniform(-height, height, s)),
        )

    return domain


def complex_between(low: float, high: float) -> Domain:
    return lambda *shape: always_complex(between(low, high)(*shape))


# Helpers that write rows


def rows(name: str, *domains: Domain, before: tuple[Any, ...] = (), label: str = "", **options: Any) -> list[Case]:
    """Rows of a function of one or more arrays: equal shapes, broadcasting, 0-d."""

    def call(*xs: Any) -> Any:
        return getattr(special, name)(*before, *xs)

    written = [
        Case(f"special.{name}/{label}", call, [d(2, 3) for d in domains], **options),
        Case(f"special.{name}/{label} 0-d", call, [d() for d in domains], **options),
    ]
    if len(domains) > 1:
        shapes = [(2, 1), (1, 3), (3,), ()]
        inputs = [d(*shape) for d, shape in zip(domains, shapes, strict=False)]
        written.append(Case(f"special.{name}/{label} broadcast", call, inputs, **options))
    return written


def one(name: str, label: str, inputs: list[Input], *before: Any, **options: Any) -> Case:
    """One row: the arguments that are numbers come first."""
    return Case(f"special.{name}/{label}", lambda *xs: getattr(special, name)(*before, *xs), inputs, **options)


# Elliptic integrals and functions

PARAMETER = between(-1.5, 0.8)  # m
ANGLE = between(-7, 7)

ELLIPTIC = [
    *rows("ellipk", PARAMETER),
    *rows("ellipe", PARAMETER),
    *rows("ellipkm1", between(0.3, 2)),
    *rows("ellipkinc", ANGLE, PARAMETER),
    *rows("ellipeinc", ANGLE, PARAMETER),
    *rows("ellipj", ANGLE, between(0.1, 0.9)),
    Case("special.ellipk/at m = 0", lambda x: special.ellipk(x - x), [positive(3)]),
    Case("special.ellipkinc/scalar angle", lambda m: special.ellipkinc(0.7, m), [PARAMETER(3)]),
    Case("special.ellipkinc/scalar parameter", lambda u: special.ellipkinc(u, 0.4), [ANGLE(3)]),
    Case("special.ellipeinc/scalar parameter", lambda u: special.ellipeinc(u, 0.4), [ANGLE(3)]),
    Case("special.ellipj/scalar parameter", lambda u: special.ellipj(u, 0.4), [ANGLE(2, 2)]),
    Case("special.ellipj/scalar argument", lambda m: special.ellipj(1.3, m), [between(0.1, 0.9)(3)]),
    Case("special.ellipj/one output", lambda u: special.ellipj(u, 0.6)[1], [ANGLE(3)]),
    Case("special.ellipk/zero size", lambda m: special.ellipk(m), [PARAMETER(0)]),
]

CARLSON = [
    *rows("elliprc", positive, positive, complex_ok=True),
    *rows("elliprd", positive, positive, positive, complex_ok=True),
    *rows("elliprf", positive, positive, positive, complex_ok=True),
    *rows("elliprg", positive, positive, positive, complex_ok=True),
    *rows("elliprj", positive, positive, positive, positive, complex_ok=True),
    *rows("elliprc", positive, between(-2, -0.5), label="principal value"),
    *rows("elliprj", positive, positive, positive, between(-2, -0.5), label="principal value"),
    Case("special.elliprc/equal arguments", lambda x: special.elliprc(x, x), [positive(3)]),
    Case("special.elliprd/equal arguments", lambda x: special.elliprd(x, x, x), [positive(3)], complex_ok=True),
    Case("special.elliprf/equal arguments", lambda x: special.elliprf(x, x, x), [positive(3)]),
    Case("special.elliprg/equal arguments", lambda x: special.elliprg(x, x, x), [positive(3)]),
    Case("special.elliprj/equal arguments", lambda x: special.elliprj(x, x, x, x), [positive(3)], complex_ok=True),
    Case("special.elliprf/zero", lambda x, y: special.elliprf(0.0, x, y), [positive(3), positive(3)]),
    Case("special.elliprd/zero", lambda x, y: special.elliprd(x, 0.0, y), [positive(3), positive(3)]),
    Case("special.elliprg/zero", lambda x, y: special.elliprg(x, y, 0.0), [positive(3), positive(3)]),
    Case("special.elliprj/zero", lambda x, p: special.elliprj(0.0, x, 1.5, p), [positive(3), positive(3)]),
]


# Orthogonal polynomials


def of_degree(name: str, domain: Domain, real: bool = True) -> list[Case]:
    """Rows of a classical polynomial: an integer degree, degrees in an array, real ones, complex arguments."""
    written = [
        *rows(f"eval_{name}", domain, before=(3,), label="degree 3"),
        one(f"eval_{name}", "degrees", [given([[0], [1], [2], [7]]), domain(3)]),
        one(f"eval_{name}", "degree 0", [domain(3)], 0),
        one(f"eval_{name}", "integer array", [given([1, 2, 4]), domain(2, 3)]),
    ]
    if real:
        written += [
            one(f"eval_{name}", "complex", [always_complex(domain(2, 3))], 4),
            one(f"eval_{name}", "real degree", [domain(3)], 2.5),
            one(f"eval_{name}", "real degrees", [given([[0.3], [4.0], [0.0]]), domain(3)]),
        ]
    return written


POLYNOMIALS = [
    *of_degree("chebyt", unit),
    *of_degree("chebyu", unit),
    *of_degree("chebyc", unit),
    *of_degree("chebys", unit),
    *of_degree("sh_chebyt", between(0.1, 0.9)),
    *of_degree("sh_chebyu", between(0.1, 0.9)),
    *of_degree("legendre", unit),
    *of_degree("sh_legendre", between(0.1, 0.9)),
    *of_degree("laguerre", positive),
    *of_degree("hermite", unit, real=False),
    *of_degree("hermitenorm", unit, real=False),
    *(
        one(f"eval_{name}", "negative degrees", [given([[-1], [-2], [-3], [-6]]), unit(3)])
        for name in ("chebyt", "chebyu", "chebyc", "chebys", "legendre")
    ),
]


def with_parameters(name: str, *domains: Domain) -> list[Case]:
    """Rows of a polynomial with parameters, of integer degree: all arguments are free."""
    *parameters, last = domains
    fixed = [0.7, 0.4][: len(parameters)]
    return [
        *rows(f"eval_{name}", *domains, before=(3,), label="degree 3"),
        *rows(f"eval_{name}", *domains, before=(0,), label="degree 0")[:1],
        # With degrees in an array the number of terms of the derivative in a parameter is read from it.
        one(f"eval_{name}", "degrees", [given([[0], [1], [4]]), *(d(3) for d in domains)], device=False),
        Case(
            f"special.eval_{name}/degrees, argument",
            lambda n, x: getattr(special, f"eval_{name}")(n, *fixed, x),
            [given([[0], [1], [4]]), last(3)],
        ),
        one(f"eval_{name}", "real degree", [last(2, 2)], 2.5, *fixed),
        one(f"eval_{name}", "complex", [*(d(3) for d in parameters), always_complex(last(2, 3))], 3),
    ]


PARAMETRIC = [
    *with_parameters("genlaguerre", between(-0.5, 2), positive),
    *with_parameters("gegenbauer", between(0.3, 2), unit),
    *with_parameters("jacobi", between(-0.5, 2), between(-0.5, 2), unit),
    *with_parameters("sh_jacobi", between(2, 3), between(0.5, 2), between(0.1, 0.9)),
]

LEGENDRE = [
    *(
        one("lpmv", f"order {m}", [given([[abs(m)], [4]]), unit(3)], m)  # degrees
        for m in (0, 1, 2, 3, -1, -2)
    ),
    one("lpmv", "0-d", [unit()], 1, 2),
    one("lpmv", "real degrees", [given([[0.5], [2.3], [-0.4]]), unit(3)], 1),
    one("lpmv", "orders", [given([[0], [1], [2]]), given(3), unit(3)]),
]


# Hypergeometric functions

HYPERGEOMETRIC = [
    *rows("hyp0f1", positive, between(-3, 3)),
    *rows("hyp1f1", positive, positive, between(-3, 3)),
    *rows("hyp2f1", positive, positive, positive, between(0.1, 0.6)),
    *rows("hyperu", positive, between(1.2, 2.8), positive),
    one("hyp0f1", "complex", [positive(2, 1), complex_between(-1, 1)(3)]),
    one("hyp1f1", "complex", [positive(2, 1), positive(3), complex_between(-1, 1)(3)]),
    one("hyp2f1", "complex", [positive(2, 1), positive(3), positive(3), complex_between(-0.8, 0.4)(3)]),
    one("hyp1f1", "scalar parameters", [between(-3, 3)(2, 3)], 0.5, 1.5),
    # Below -1 JAX's value is wrong by many orders of magnitude.
    one("hyp2f1", "negative", [positive(2, 1), positive(3), positive(3), between(-0.9, -0.2)(3)]),
    one("hyp2f1", "scalar parameters", [between(-3, 0.8)(2, 3)], 0.5, 1.5, 2),
    one("hyp2f1", "polynomial", [between(-0.8, 0.8)(2, 3)], -3, 1.5, 2),
    one("hyperu", "negative parameter", [between(-2.6, -1.2)(3), between(0.3, 2)(3), positive(3)]),
    Case("special.hyp1f1/negative parameters", lambda a, x: special.hyp1f1(a, -1.5, x), [between(-3, 0)(3), unit(3)]),
    Case("special.hyp1f1/zero size", lambda x: special.hyp1f1(0.5, 1.5, x), [unit(0)]),
]


# Parabolic cylinder, Mathieu and spheroidal wave functions


def wave(name: str, label: str, inputs: list[Input], *before: Any, **options: Any) -> Case:
    """One row, computed in double precision: in single precision SciPy's functions return nan, or never return."""

    def call(*xs: Any) -> Any:
        return getattr(special, name)(*before, *(x * np.float64(1) for x in xs))

    return Case(f"special.{name}/{label}", call, inputs, **options)


WAVES = [
    wave("pbdv", "order 1.3", [between(-2, 3)(2, 3)], 1.3),
    wave("pbdv", "0-d", [unit()], 0.5),
    wave("pbdv", "orders", [given([[0.0], [-1.2], [2.0]]), between(-2, 3)(3)]),
    wave("pbvv", "orders", [given([[0.0], [-1.2], [2.0]]), between(-2, 3)(3)]),
    wave("pbwa", "parameters", [given([[0.0], [-1.2], [2.0]]), between(-2, 3)(3)]),
    # The second derivative of a characteristic value would need the first one of a function in its parameter.
    *(
        case
        for name in ("mathieu_a", "mathieu_b")
        for case in (
            wave(name, "orders", [given([[1.0], [2.0], [5.0]]), between(-3, 5)(3)], order=1),
            one(name, "0-d", [between(1, 5)()], 3, order=1),
        )
    ),
    *(
        wave(f"mathieu_{name}", "orders", [given([[1.0], [2.0], [5.0]]), given(2.5), between(10, 170)(3)])
        for name in ("cem", "sem")
    ),
    *(
        wave(f"mathieu_mod{name}", "orders", [given([[1.0], [2.0]]), given(2.5), between(0.2, 1)(3)])
        for name in ("cem1", "cem2", "sem1", "sem2")
    ),
    *(
        case
        for name in ("pro_cv", "obl_cv")
        for case in (
            wave(name, "degrees", [given(1), given([[1], [2], [5]]), between(0.3, 4)(3)], order=1),
            wave(name, "0-d", [between(1, 4)()], 0, 2, order=1),
        )
    ),
]


def spheroidal(name: str, domain: Domain) -> list[Case]:
    """Rows of a spheroidal function, and of the one that is given the characteristic value."""
    value = getattr(special, f"{name[:3]}_cv")(1, 2, 1.5)
    return [
        wave(name, "degrees", [given([[1], [3]]), given(1.5), domain(3)], 1),
        wave(name, "0-d", [domain()], 0, 1, 2.0),
        wave(f"{name}_cv", "argument", [domain(3)], 1, 2, 1.5, value),
    ]


SPHEROIDAL = [
    *spheroidal("pro_ang1", unit),
    *spheroidal("pro_rad1", above_one),
    *spheroidal("pro_rad2", between(2.5, 4)),
    *spheroidal("obl_ang1", unit),
    *spheroidal("obl_rad1", positive),
    *spheroidal("obl_rad2", between(4, 6)),
]

# The Wright omega function

WRIGHT = rows("wrightomega", between(-2, 3), complex_ok=True)

ORTHOGONAL = [
    *(*ELLIPTIC, *CARLSON, *POLYNOMIALS, *PARAMETRIC, *LEGENDRE),
    *(*HYPERGEOMETRIC, *WAVES, *SPHEROIDAL, *WRIGHT),
    Case("special.assoc_laguerre", lambda x: special.assoc_laguerre(x, 3, 1.5), [real(2, 3)]),
]


# Where a formula with 1 - x**2 in the denominator gives nan, and where a derivative is infinite

KINKS = [
    Kink("ellipk at 1", lambda m: special.ellipk(m), [1.0, 0.0], [np.inf, np.pi / 8]),
    Kink("ellipe at 1", lambda m: special.ellipe(m), [1.0, 0.0], [-np.inf, -np.pi / 8]),
    Kink("ellipkinc at parameter 0", lambda m: special.ellipkinc(0.5, m), [0.0], [(0.5 - np.sin(1) / 2) / 4]),
    Kink("elliprf at 0", lambda x: special.elliprf(x, 1.0, 2.0), [0.0], [-np.inf]),
    Kink("where guards ellipk", lambda m: np.where(m < 1, special.ellipk(m), 0.0), [1.0, 0.0], [0.0, np.pi / 8]),
    Kink("eval_legendre at the ends", lambda x: special.eval_legendre(3, x), [-1.0, 1.0], [6.0, 6.0]),
    Kink("eval_chebyt at the ends", lambda x: special.eval_chebyt(3, x), [-1.0, 1.0], [9.0, 9.0]),
    Kink("eval_chebyu at the ends", lambda x: special.eval_chebyu(2, x), [-1.0, 1.0], [-8.0, 8.0]),
    Kink("eval_jacobi at the ends", lambda x: special.eval_jacobi(2, 0, 0, x), [-1.0, 1.0], [-3.0, 3.0]),
    Kink("lpmv at the ends", lambda x: special.lpmv(2, 2, x), [-1.0, 0.0, 1.0], [6.0, 0.0, -6.0]),
    Kink("lpmv of order 0 at the ends", lambda x: special.lpmv(0, 3, x), [-1.0, 1.0], [6.0, 6.0]),
    Kink("lpmv of order 1 at an end", lambda x: special.lpmv(1, 1, x), [1.0], [np.inf]),
]
