"""scipy.special: error functions, logistic functions, entropies, distribution functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from cases.table import (
    Case,
    Input,
    Kink,
    above_one,
    away_from_zero,
    complex_,
    given,
    large,
    positive,
    real,
    unit,
)

Domain = Callable[..., Input]


def one(name: str, domain: Domain, complex_ok: bool = False, **options: Any) -> list[Case]:
    """Rows of a function of one array: a matrix, a 0-d array, an empty one."""

    def call(x: Any) -> Any:
        return getattr(special, name)(x)

    return [
        Case(f"special.{name}", call, [domain(2, 3)], complex_ok, **options),
        Case(f"special.{name}/0-d", call, [domain()], complex_ok, **options),
        Case(f"special.{name}/zero size", call, [domain(0, 3)], **options),
    ]


def many(
    name: str,
    *domains: Domain,
    numbers: tuple[float, ...] = (),
    scalars: bool = True,
    few: bool = False,
    **options: Any,
) -> list[Case]:
    """Rows of a function of several arrays: equal shapes, broadcasting, 0-d, and numbers for all but one.

    `few` is for functions that take long, and whose rules are those of another that has all rows.
    """

    def call(*xs: Any) -> Any:
        return getattr(special, name)(*xs)

    def rows(label: str, *shapes: tuple[int, ...]) -> Case:
        return Case(f"special.{name}{label}", call, [d(*s) for d, s in zip(domains, shapes, strict=True)], **options)

    n = len(domains)
    if few:
        return [rows("", *[(2,)] * n), rows("/broadcast", (2, 1), *[(3,)] * (n - 1))]
    cases = [
        rows("", *[(2, 3)] * n),
        rows("/broadcast", (3, 1), *[(2,)] * (n - 1)),
        rows("/broadcast back", *[(3,)] * (n - 1), (2, 1)),
        rows("/zero size", (0, 2), *[(2,)] * (n - 1)),
    ]
    if scalars:
        cases.append(rows("/0-d", *[()] * n))
    for i in range(n) if numbers else ():

        def alone(x: Any, i: int = i) -> Any:
            return getattr(special, name)(*numbers[:i], x, *numbers[i + 1 :])

        if not domains[i](2).fixed:
            cases.append(Case(f"special.{name}/only {i}", alone, [domains[i](2, 3)], **options))
    return cases


# Domains


def inside(low: float, high: float) -> Domain:
    """Numbers from an interval."""
    return lambda *shape: Input(
        shape, lambda rng, s: rng.uniform(low, high, s), lambda rng, s: rng.uniform(low, high, s) + 0j
    )


def integers(low: int, high: int) -> Domain:
    """Whole numbers, held fixed."""
    return lambda *shape: Input(shape, lambda rng, s: rng.integers(low, high, s))


def whole(low: int, high: int) -> Domain:
    """Whole numbers as floating ones, held fixed."""
    return lambda *shape: Input(shape, lambda rng, s: rng.integers(low, high, s).astype(float))


# Error functions

ERROR_FUNCTIONS = [
    *one("erf", real, complex_ok=True),
    *one("erfc", real, complex_ok=True),
    *one("erfcx", real, complex_ok=True),
    Case("special.erfcx/far", lambda x: special.erfcx(x), [inside(13, 30)(4)]),
    Case("special.erfcx/complex and far", lambda x: special.erfcx(x + 14), [complex_(4)]),
    *one("erfi", unit, complex_ok=True),
    *one("erfinv", unit),
    *one("erfcinv", inside(0.1, 1.9)),
    *one("dawsn", real, complex_ok=True),
    Case("special.dawsn/far", lambda x: special.dawsn(x), [inside(-30, -13)(4)]),
    Case("special.dawsn/complex and far", lambda x: special.dawsn(x * (12 + 3j)), [inside(1.1, 2)(4)]),
    *one("wofz", real, complex_ok=True),
    Case("special.wofz/far", lambda x: special.wofz(x + 14), [complex_(4)]),
    Case("special.wofz/below", lambda x: special.wofz(x + 14 - 4j), [complex_(4)]),
    *many("voigt_profile", real, positive, positive, numbers=(0.3, 1.2, 0.7)),
    Case(
        "special.voigt_profile/far",
        lambda x, s, g: special.voigt_profile(x, s, g),
        [large(3), positive(3), positive(3)],
    ),
    *many("owens_t", real, real, numbers=(0.3, -1.2)),
    *one("fresnel", real, complex_ok=True),
    *one("modfresnelp", positive),
    *one("modfresnelm", positive),
    Case("special.modfresnelp/one value", lambda x: special.modfresnelp(x)[1] * x, [positive(4)]),
    *one("sici", positive, complex_ok=True),
    *one("shichi", positive, complex_ok=True),
    Case("special.sici/near 0", lambda x: special.sici(x)[0], [inside(-0.2, 0.2)(6)]),
    Case("special.shichi/near 0", lambda x: special.shichi(x)[0], [inside(-0.2, 0.2)(6)]),
    *one("spence", positive, complex_ok=True),
    Case("special.spence/near 1", lambda x: special.spence(1 + 0.05 * x), [real(8)], complex_ok=True),
    Case("special.softplus", lambda x: special.softplus(x), [real(2, 3)]),
]


# Logistic functions, entropies, losses

LOGISTIC = [
    *one("expit", real),
    *one("logit", inside(0.1, 0.9)),
    *one("log_expit", real),
    Case("special.expit/large", lambda x: special.expit(x), [large(2, 2)]),
    Case("special.log_expit/large", lambda x: special.log_expit(x), [large(2, 2)]),
    *one("entr", positive),
    *many("rel_entr", positive, positive, numbers=(0.7, 1.2)),
    *many("kl_div", positive, positive, numbers=(0.7, 1.2)),
    *many("xlogy", real, positive, numbers=(0.7, 1.2), complex_ok=True),
    *many("xlog1py", real, positive, numbers=(0.7, 1.2), complex_ok=True),
    *many("huber", inside(1.6, 3), unit, numbers=(1.7, 0.2)),
    Case("special.huber/linear", lambda d, r: special.huber(d, 3 * r), [inside(0.1, 1)(2, 3), away_from_zero(3)]),
    *many("pseudo_huber", positive, real, numbers=(0.7, 1.2)),
    *one("exprel", real),
    Case("special.exprel/near 0", lambda x: special.exprel(x), [inside(-0.6, 0.6)(8)]),
    *many("boxcox", positive, real, numbers=(0.7, 1.2)),
    *many("boxcox1p", positive, real, numbers=(0.7, 1.2)),
    Case("special.boxcox/power near 0", lambda x, p: special.boxcox(x, 0.1 * p), [positive(4), real(4)]),
    Case("special.boxcox/power 0", lambda x, p: special.boxcox(x, 0 * p), [positive(4), real(4)]),
    *many("inv_boxcox", inside(-0.5, 0.9), unit, numbers=(0.7, 1.2)),
    *many("inv_boxcox1p", inside(-0.5, 0.9), unit, numbers=(0.7, 1.2)),
    Case("special.inv_boxcox/power near 0", lambda x, p: special.inv_boxcox(x, 0.1 * p), [unit(4), unit(4)]),
    *many("powm1", positive, real, numbers=(0.7, 1.2)),
    *one("log1p", positive, complex_ok=True),
    *one("expm1", real, complex_ok=True),
    *one("exp2", real),
    *one("exp10", unit),
    *one("cbrt", away_from_zero),
    *one("cosm1", real),
    *one("sindg", large),
    *one("cosdg", large),
    *one("tandg", inside(-50, 50)),
    *one("cotdg", inside(30, 150)),
    *many("radian", real, real, real, numbers=(1.0, 2.0, 3.0)),
    *many("agm", positive, positive, numbers=(0.7, 1.2)),
    Case("special.agm/equal", lambda x: special.agm(x, x), [positive(3)]),
    Case("special.agm/negative", lambda x, y: special.agm(-x, -y), [positive(3), positive(3)]),
    *one("sinc", away_from_zero),
]

# Distribution functions

probability = inside(0.15, 0.85)
count = whole(0, 4)
trials = integers(5, 8)
shape = inside(1, 4)

# SciPy refuses, with a warning, a number of trials that is a float.
DISTRIBUTIONS = [
    *one("ndtr", real, complex_ok=True),
    *one("log_ndtr", real, complex_ok=True),
    Case("special.log_ndtr/left tail", lambda x: special.log_ndtr(x), [inside(-60, -30)(5)]),
    *one("ndtri", probability),
    *one("ndtri_exp", inside(-3, -0.2)),
    *many("nrdtrimn", probability, positive, real, numbers=(0.3, 1.2, 0.7)),
    *many("nrdtrisd", real, inside(0.7, 0.9), above_one, numbers=(0.5, 0.8, 1.9)),
    *many("gdtr", shape, shape, positive, numbers=(1.2, 2.3, 1.7)),
    *many("gdtrc", shape, shape, positive, numbers=(1.2, 2.3, 1.7)),
    *many("gdtria", probability, shape, positive, numbers=(0.4, 2.3, 1.7)),
    *many("gdtrib", shape, probability, positive, numbers=(1.2, 0.4, 1.7)),
    *many("gdtrix", shape, shape, probability, numbers=(1.2, 2.3, 0.4)),
    *many("chdtr", shape, shape, numbers=(2.3, 1.7)),
    *many("chdtrc", shape, shape, numbers=(2.3, 1.7)),
    *many("chdtri", shape, probability, numbers=(2.3, 0.4)),
    *many("chdtriv", probability, shape, numbers=(0.4, 1.7)),
    *many("pdtr", count, positive, numbers=(2.0, 1.7)),
    *many("pdtrc", count, positive, numbers=(2.0, 1.7)),
    *many("pdtri", integers(0, 4), probability, numbers=(2, 0.4)),
    *many("pdtrik", inside(0.5, 0.85), positive, numbers=(0.4, 1.7)),
    *many("fdtr", shape, shape, positive, numbers=(2.3, 3.4, 1.7)),
    *many("fdtrc", shape, shape, positive, few=True),
    *many("fdtri", shape, shape, probability, few=True),
    *many("bdtr", count, trials, probability, scalars=False),
    *many("bdtrc", count, trials, probability, scalars=False),
    *many("bdtri", count, trials, probability, scalars=False),
    *many("bdtrik", inside(0.6, 0.85), inside(5, 8), inside(0.3, 0.6), few=True),
    *many("bdtrin", inside(1, 3), inside(0.3, 0.6), inside(0.3, 0.6), few=True),
    *many("nbdtr", integers(0, 4), trials, probability, numbers=(2, 5, 0.3)),
    *many("nbdtrc", integers(0, 4), trials, probability, numbers=(2, 5, 0.3)),
    *many("nbdtri", integers(0, 4), trials, probability, numbers=(2, 5, 0.3)),
    *many("nbdtrik", inside(0.6, 0.85), inside(5, 8), inside(0.3, 0.6), few=True),
    *many("nbdtrin", inside(1, 3), inside(0.3, 0.6), inside(0.3, 0.6), few=True),
    Case(
        "special.bdtr/all or none", lambda k, n, p: special.bdtr(k, n, p), [given([5.0, 0]), given(5), probability(2)]
    ),
    Case("special.bdtr/rounded down", lambda n, p: special.bdtr(2.7, n, p), [given(5), probability(3)]),
    *one("kolmogorov", inside(0.3, 1.5)),
    *one("kolmogi", probability),
    *many("tklmbda", unit, unit, numbers=(0.6, 0.3)),
    Case("special.tklmbda/0", lambda x, p: special.tklmbda(x, 0 * p), [unit(3), unit(3)]),
]

#: How many terms are summed is decided on the host.
ON_HOST = [
    *many("smirnov", integers(1, 9), inside(0.13, 0.19), numbers=(5, 0.33), device=False),
    *many("smirnovi", integers(1, 9), inside(0.35, 0.45), numbers=(5, 0.33), device=False),
    *many("stdtr", shape, real, numbers=(2.3, 1.7), device=False),
    *many("stdtrit", shape, probability, device=False, few=True),
    *many("chndtr", shape, shape, shape, numbers=(2.3, 3.4, 1.7), device=False),
    *many("chndtrix", probability, shape, shape, device=False, few=True),
    *many("chndtridf", inside(4, 6), inside(0.3, 0.6), shape, device=False, few=True),
    *many("chndtrinc", inside(4, 6), shape, inside(0.1, 0.3), device=False, few=True),
    *many("ncfdtr", shape, shape, shape, positive, device=False, few=True),
    *many("ncfdtri", shape, shape, shape, probability, device=False, few=True),
    *many("nctdtr", shape, unit, real, device=False, few=True),
    *many("nctdtrit", shape, unit, probability, device=False, few=True),
]

#: Differences say nothing: SciPy's solution is right to five digits (tested against the function that is inverted).
ROUGH = [
    *many("stdtridf", inside(0.7, 0.72), inside(0.7, 0.8), device=False, order=0, few=True),
    *many("fdtridfd", shape, inside(0.35, 0.4), inside(1.1, 1.2), order=0, few=True),
    *many("nctdtridf", inside(0.36, 0.37), inside(0.7, 0.701), inside(0.4, 0.401), device=False, order=0, few=True),
    *many("nctdtrinc", shape, probability, real, device=False, order=0, few=True),
    *many(
        "ncfdtridfn",
        inside(0.46, 0.48),
        inside(3, 3.2),
        inside(1.7, 1.8),
        inside(1.3, 1.32),
        device=False,
        order=0,
        few=True,
    ),
    *many(
        "ncfdtridfd",
        inside(2.3, 2.4),
        inside(0.39, 0.4),
        inside(1.7, 1.8),
        inside(1.3, 1.32),
        device=False,
        order=0,
        few=True,
    ),
    *many(
        "ncfdtrinc", inside(2, 2.5), inside(3, 3.5), inside(0.3, 0.4), inside(1.3, 1.5), device=False, order=0, few=True
    ),
]

ERROR: list[Case] = [*ERROR_FUNCTIONS, *LOGISTIC, *DISTRIBUTIONS, *ON_HOST, *ROUGH]


# Points of policy

KINKS = [
    Kink("special.huber at delta", lambda r: special.huber(2.0, r), [2.0, -2.0, 3.0, 0.0], [2.0, -2.0, 2.0, 0.0]),
    Kink("special.pseudo_huber at 0, 0", lambda r: special.pseudo_huber(0.0, r), [0.0], [0.0]),
    Kink("special.entr at 0", lambda x: special.entr(x), [0.0, 1.0], [np.inf, -1.0]),
    Kink("special.xlogy at 0, 0, by x", lambda x: special.xlogy(x, 0.0), [0.0], [-np.inf]),
    Kink("special.xlogy at 0, 0, by y", lambda y: special.xlogy(0.0, y), [0.0, 2.0], [0.0, 0.0]),
    Kink("special.xlog1py at 0, -1, by y", lambda y: special.xlog1py(0.0, y), [-1.0, 2.0], [0.0, 0.0]),
    Kink("special.rel_entr at 0", lambda x: special.rel_entr(x, 1.0), [0.0, 1.0], [-np.inf, 1.0]),
    Kink("special.rel_entr at 0, by y", lambda y: special.rel_entr(0.0, y), [2.0], [0.0]),
    Kink("special.kl_div at 0, by y", lambda y: special.kl_div(0.0, y), [2.0], [1.0]),
    Kink("special.expit far out", lambda x: special.expit(x), [-800.0, 800.0], [0.0, 0.0]),
    Kink("special.log_expit far out", lambda x: special.log_expit(x), [-800.0, 800.0], [1.0, 0.0]),
    Kink("special.boxcox at 0, by the power", lambda p: special.boxcox(0.0, p), [2.0], [0.25]),
    Kink("special.powm1 at 0, by the exponent", lambda y: special.powm1(0.0, y), [2.0], [0.0]),
    Kink("special.spence at 1", lambda x: special.spence(x), [1.0], [-1.0]),
    Kink("special.voigt_profile of a Cauchy density", lambda s: special.voigt_profile(1.0, s, 2.0), [0.0], [0.0]),
    Kink("special.kolmogorov at 0", lambda x: special.kolmogorov(x), [0.0, -1.0], [0.0, 0.0]),
    Kink("special.tklmbda outside its support", lambda x: special.tklmbda(x, 0.5), [3.0], [0.0]),
    Kink("special.pdtr of no event", lambda m: special.pdtr(0.0, m), [0.0], [-1.0]),
    Kink("special.chndtr without noncentrality", lambda nc: special.chndtr(2.0, 2.0, nc), [0.0], [-np.exp(-1) / 2]),
    Kink("where guards logit", lambda x: np.where(x > 0, special.logit(x), 0.0), [0.0, 0.5], [0.0, 4.0]),
    Kink("where guards entr", lambda x: np.where(x > 0, special.entr(x), 0.0), [0.0, 1.0], [0.0, -1.0]),
    Kink("where guards xlogy", lambda y: np.where(y > 0, special.xlogy(1.0, y), 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards ndtri", lambda p: np.where(p > 0, special.ndtri(p), 0.0), [0.0], [0.0]),
    Kink("where guards boxcox", lambda x: np.where(x > 0, special.boxcox(x, -1.0), 0.0), [0.0, 2.0], [0.0, 0.25]),
    Kink("where guards spence", lambda x: np.where(x > 0, special.spence(x), 0.0), [0.0, 1.0], [0.0, -1.0]),
]
