"""funcgrad.scipy.stats."""

import numpy as np

import funcgrad.scipy.stats as stats
from cases.table import Case, Input, Kink, given, positive, real, spd


def probability(*shape: int) -> Input:
    """Numbers from 0.1 to 0.9."""
    return Input(shape, lambda rng, s: rng.uniform(0.1, 0.9, s), lambda rng, s: rng.uniform(0.1, 0.9, s))


def within(low: float, high: float):
    """Numbers of an interval."""
    return lambda *shape: Input(
        shape, lambda rng, s: rng.uniform(low, high, s), lambda rng, s: rng.uniform(low, high, s)
    )


COUNTS = given([[0.0, 1, 3], [2, 1, 0]])
BITS = given([[0.0, 1, 1], [1, 0, 0]])
NUMBERS = given([4.0, 5, 3])
MEASURES = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf")

#: For each distribution: where the variable lies, where the shape parameters lie, and which functions have formulas.
CONTINUOUS = {
    "norm": (real, [], (*MEASURES, "ppf", "isf")),
    "expon": (positive, [], (*MEASURES, "ppf", "isf")),
    "gamma": (positive, [positive], (*MEASURES, "ppf", "isf")),
    "beta": (probability, [positive, positive], (*MEASURES, "ppf", "isf")),
    "t": (real, [positive], (*MEASURES, "ppf", "isf")),
    "chi2": (positive, [positive], (*MEASURES, "ppf", "isf")),
    "f": (positive, [positive, positive], (*MEASURES, "ppf")),
    "cauchy": (real, [], (*MEASURES, "ppf", "isf")),
    "laplace": (real, [], (*MEASURES, "ppf", "isf")),
    "logistic": (real, [], (*MEASURES, "ppf", "isf")),
    "lognorm": (positive, [positive], (*MEASURES, "ppf", "isf")),
    "uniform": (probability, [], (*MEASURES, "ppf", "isf")),
    "weibull_min": (positive, [positive], (*MEASURES, "ppf", "isf")),
    "gumbel_r": (real, [], (*MEASURES, "ppf", "isf")),
    "gumbel_l": (real, [], (*MEASURES, "ppf", "isf")),
    "pareto": (within(1.2, 3), [positive], (*MEASURES, "ppf", "isf")),
    "rayleigh": (positive, [], (*MEASURES, "ppf", "isf")),
    "halfnorm": (positive, [], (*MEASURES, "ppf", "isf")),
    "invgamma": (positive, [positive], (*MEASURES, "ppf", "isf")),
    "invgauss": (positive, [positive], MEASURES),
    "skewnorm": (real, [real], ("logpdf", "pdf")),
    "vonmises": (real, [positive], ("logpdf", "pdf")),
    "truncnorm": (within(-0.4, 0.4), [within(-2, -0.5), within(0.5, 2)], (*MEASURES, "ppf")),
}

DISCRETE = {
    "bernoulli": (BITS, [probability], ("logpmf", "pmf", "cdf", "sf")),
    "poisson": (COUNTS, [positive], ("logpmf", "pmf", "cdf", "sf", "logcdf", "logsf")),
    "geom": (given([[1.0, 2, 3], [2, 1, 5]]), [probability], ("logpmf", "pmf", "cdf", "sf", "logcdf", "logsf")),
    "nbinom": (COUNTS, [positive, probability], ("logpmf", "pmf", "cdf", "sf")),
    "binom": (COUNTS, [NUMBERS, probability], ("logpmf", "pmf", "cdf", "sf")),
    "betabinom": (COUNTS, [NUMBERS, positive, positive], ("logpmf", "pmf")),
}


def call(name: str, function: str):
    """The function of a distribution, with the parameters as SciPy takes them."""
    return lambda x, *parameters: getattr(getattr(stats, name), function)(x, *parameters)


def rows_of_distributions():
    """Every function of every distribution, in all parameters, with broadcasting; the densities in 0-d too."""
    for name, (domain, shapes, functions) in CONTINUOUS.items():
        for function in functions:
            x = probability(2, 3) if function in ("ppf", "isf") else domain(2, 3)
            parameters = [shape(3) if i else shape(2, 1) for i, shape in enumerate(shapes)]
            row = f"scipy.stats.{name}.{function}"
            on_host = name == "t" and function not in ("logpdf", "pdf")  # how many terms are summed is decided there
            yield Case(row, call(name, function), [x, *parameters], device=not on_host)
        if domain in (real, positive):
            for function in ("logpdf", functions[2] if len(functions) > 2 else "pdf"):
                yield Case(
                    f"scipy.stats.{name}.{function}/0-d, loc, scale",
                    call(name, function),
                    [within(1.1, 2)(), *(shape() for shape in shapes), within(-0.5, 0.5)(), positive()],
                    device=name != "t",
                )
    for name, (k, shapes, functions) in DISCRETE.items():
        for function in functions:
            parameters = [shape if isinstance(shape, Input) else shape(3) for shape in shapes]
            yield Case(f"scipy.stats.{name}.{function}", call(name, function), [k, *parameters])


SCIPY_STATS = [
    *rows_of_distributions(),
    Case("scipy.stats.norm.logpdf/keywords", lambda x, s: stats.norm.logpdf(x, scale=s), [real(3), positive()]),
    Case(
        "scipy.stats.norm.ppf/loc, scale",
        lambda q, m, s: stats.norm.ppf(q, m, s),
        [probability(3), real(), positive(3)],
    ),
    Case(
        "scipy.stats.gamma.logpdf/frozen", lambda x, a: stats.gamma(a, scale=2.0).logpdf(x), [positive(3), positive()]
    ),
    Case("scipy.stats.truncnorm.logpdf/tail", lambda x: stats.truncnorm.logpdf(x, 5.0, 8.0), [within(5.2, 7)(3)]),
    Case(
        "scipy.stats.truncnorm.logpdf/left",
        lambda x, b: stats.truncnorm.logpdf(x, -9.0, b),
        [within(-7, -6)(3), within(-5, -4)()],
    ),
    Case(
        "scipy.stats.truncnorm.ppf/tail",
        lambda q, a: stats.truncnorm.ppf(q, a, np.inf),
        [probability(3), within(4, 5)(3)],
    ),
    # -- Vectors
    Case(
        "scipy.stats.multivariate_normal.logpdf",
        lambda x, m, c: stats.multivariate_normal.logpdf(x, m, even(c)),
        [real(4, 3), real(3), spd(3, 3)],
    ),
    Case(
        "scipy.stats.multivariate_normal.pdf/one vector",
        lambda x, c: stats.multivariate_normal.pdf(x, cov=even(c)),
        [real(3), spd(3, 3)],
    ),
    Case(
        "scipy.stats.multivariate_normal.logpdf/diagonal",
        lambda x, m, c: stats.multivariate_normal.logpdf(x, m, c),
        [real(2, 2, 3), real(3), positive(3)],
    ),
    Case(
        "scipy.stats.multivariate_normal.logpdf/number",
        lambda x, m, c: stats.multivariate_normal.logpdf(x, m, c),
        [real(4, 2), real(2), positive()],
    ),
    Case(
        "scipy.stats.multivariate_normal.logpdf/one dimension",
        lambda x, c: stats.multivariate_normal.logpdf(x, 0.5, c),
        [real(4), positive()],
    ),
    Case(
        "scipy.stats.multivariate_t.logpdf",
        lambda x, m, c: stats.multivariate_t.logpdf(x, m, even(c), 3.5),
        [real(4, 3), real(3), spd(3, 3)],
    ),
    Case(
        "scipy.stats.multivariate_t.pdf",
        lambda x, c: stats.multivariate_t.pdf(x, None, even(c), 2),
        [real(4, 3), spd(3, 3)],
    ),
    Case(
        "scipy.stats.dirichlet.logpdf", lambda x, a: stats.dirichlet.logpdf(x / x.sum(), a), [positive(3), positive(3)]
    ),
    Case(
        "scipy.stats.dirichlet.logpdf/one less",
        lambda x, a: stats.dirichlet.logpdf(0.3 * x, a),
        [probability(2), positive(3)],
    ),
    Case(
        "scipy.stats.dirichlet.pdf/several",
        lambda x, a: stats.dirichlet.pdf((w := x * np.float64(1)) / w.sum(axis=0), a),
        [positive(3, 4), positive(3)],
    ),
    Case(
        "scipy.stats.multinomial.logpmf",
        lambda p, x: stats.multinomial.logpmf(x, 4, p / p.sum()),
        [positive(3), given([[1, 2, 1], [0, 4, 0], [1, 1, 2]])],
    ),
    Case(
        "scipy.stats.multinomial.pmf",
        lambda p, x: stats.multinomial.pmf(x, 4, p / p.sum()),
        [positive(3), given([1, 2, 1])],
    ),
    # -- Samples
    *(
        Case(f"scipy.stats.{f}/{axis}", lambda x, f=f, axis=axis: getattr(stats, f)(x, axis=axis), [positive(4, 3)])
        for f in ("skew", "kurtosis", "gmean", "hmean", "zscore", "sem")
        for axis in (0, -1, None)
    ),
    Case("scipy.stats.skew/bias", lambda x: stats.skew(x, bias=False, keepdims=True), [real(5, 2)]),
    Case("scipy.stats.kurtosis/bias", lambda x: stats.kurtosis(x, bias=False, fisher=False), [real(5, 2)]),
    Case("scipy.stats.gmean/weights", lambda x, w: stats.gmean(x, weights=w), [positive(4, 3), positive(4, 3)]),
    Case(
        "scipy.stats.hmean/weights",
        lambda x, w: stats.hmean(x, axis=1, weights=w, keepdims=True),
        [positive(4, 3), positive(4, 3)],
    ),
    Case("scipy.stats.zscore/ddof", lambda x: stats.zscore(x, ddof=1), [real(5)]),
    Case("scipy.stats.sem/ddof", lambda x: stats.sem(x, ddof=0, keepdims=True), [real(5, 2)]),
]


def even(x):
    """The symmetric part."""
    return (x + x.mT) / 2


def inside_out(name, function, *parameters):
    """A density as a function of the variable."""
    return lambda x: getattr(getattr(stats, name), function)(x, *parameters)


KINKS = [
    Kink("expon.logpdf outside", inside_out("expon", "logpdf"), [-1.0, 0.5], [0.0, -1.0]),
    Kink("gamma.pdf outside", inside_out("gamma", "pdf", 2.0), [-1.0], [0.0]),
    Kink("beta.logpdf outside", inside_out("beta", "logpdf", 2.0, 3.0), [-1.0, 2.0], [0.0, 0.0]),
    Kink("lognorm.logpdf at 0", inside_out("lognorm", "logpdf", 1.0), [0.0, -1.0], [0.0, 0.0]),
    Kink("uniform.cdf outside", inside_out("uniform", "cdf"), [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0]),
    Kink("truncnorm with an infinite end", lambda a: stats.truncnorm.logpdf(0.5, a, np.inf), [-np.inf], [0.0]),
    Kink("laplace.cdf at 0", inside_out("laplace", "cdf"), [0.0], [0.5]),
    Kink("poisson.logpmf between", lambda mu: stats.poisson.logpmf(0.5, mu), [1.0], [0.0]),
]
