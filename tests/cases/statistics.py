"""Quantiles, histograms, sets, and statistics without the nans."""

import numpy as np

from cases.table import (
    KEEP,
    Array,
    Case,
    Input,
    always_complex,
    away_from_zero,
    complex_,
    distinct,
    given,
    positive,
    real,
    with_nan,
)


def share(*shape: int) -> Input:
    """Numbers inside (0.1, 0.9), where no quantile of up to 7 elements jumps."""
    return Input(shape, draw_share, draw_share)


def draw_share(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.choice([0.13, 0.31, 0.45, 0.56, 0.68, 0.88], shape) + rng.uniform(-0.005, 0.005, shape))


METHODS = (
    *("linear", "weibull", "hazen", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf"),
    *("lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation"),
)

QUANTILES = [
    *(
        Case(f"quantile/{m}", lambda x, q, m=m: np.quantile(x, q, axis=0, method=m), [distinct(5, 2), share(2)])
        for m in METHODS
    ),
    *(
        Case(f"nanquantile/{m}", lambda x, m=m: np.nanquantile(x, [0.3, 0.9], axis=1, method=m), [with_nan(3, 4)])
        for m in METHODS
    ),
    Case("quantile/0-d q", lambda x, q: np.quantile(x, q), [distinct(5), share()]),
    Case("quantile/matrix of q", lambda x, q: np.quantile(x, q, axis=-1), [distinct(2, 5), share(2, 2)]),
    Case("quantile/axes", lambda x: np.quantile(x, [0.2, 0.7], axis=(0, 2), keepdims=True), [distinct(2, 3, 2)]),
    Case("quantile/keepdims", lambda x: np.quantile(x, 0.4, keepdims=True), [distinct(2, 3)]),
    Case("quantile/ends", lambda x: np.quantile(x, [0.0, 1.0]), [distinct(4)]),
    Case("quantile/integer q", lambda x: np.quantile(x, 1), [distinct(4)]),
    Case("quantile/negative axis", lambda x: np.quantile(x, 0.35, axis=-2), [distinct(4, 2)]),
    Case(
        "quantile/weights",
        lambda x, w: np.quantile(x, [0.2, 0.61], axis=1, weights=w, method="inverted_cdf"),
        [distinct(2, 4), positive(4)],
        device=False,  # the weights are checked
    ),
    Case(
        "quantile/weights of all",
        lambda x, w: np.quantile(x, 0.37, weights=w, method="inverted_cdf"),
        [distinct(2, 3), positive(2, 3)],
        device=False,
    ),
    Case("percentile/q", lambda x, q: np.percentile(x, 100 * q, axis=1), [distinct(2, 5), share(3)]),
    Case("percentile/integer q", lambda x: np.percentile(x, 30), [distinct(5)]),
    Case("nanpercentile", lambda x: np.nanpercentile(x, 30.0), [with_nan(3, 4)]),
    Case("nanpercentile/axis", lambda x, q: np.nanpercentile(x, 100 * q, axis=0), [with_nan(4, 3), share(2)]),
    Case("nanquantile/q", lambda x, q: np.nanquantile(x, q, axis=1, keepdims=True), [with_nan(3, 4), share()]),
    Case("nanquantile/axes", lambda x: np.nanquantile(x, 0.6, axis=(0, 1)), [with_nan(3, 4)]),
    Case(
        "nanquantile/weights",
        lambda x, w: np.nanquantile(x, 0.37, axis=1, weights=w, method="inverted_cdf"),
        [with_nan(3, 4), positive(3, 4)],
        device=False,
    ),
    Case("median/axis", lambda x: np.median(x, axis=-2), [distinct(4, 3)]),
    Case("median/complex", lambda x: np.median(x), [always_complex(distinct(4))]),
    Case("median/0-d", lambda x: np.median(x), [real()]),
    Case("median/keepdims", lambda x: np.median(x, keepdims=True), [distinct(2, 3)]),
    Case("nanmedian/all", lambda x: np.nanmedian(x), [with_nan(3, 4)]),
    Case("nanmedian/axes,keepdims", lambda x: np.nanmedian(x, axis=(0, 1), keepdims=True), [with_nan(3, 4)]),
    Case("nanmedian/axis=0", lambda x: np.nanmedian(x, axis=0), [with_nan(4, 4)]),
]


def spaced(*values: float) -> Input:
    """Numbers near these: those in between do not change their bin when the ends move."""
    return Input((len(values),), lambda rng, s: values + rng.uniform(-0.02, 0.02, s), draw_share)


#: Edges that elements of `distinct` arrays with an even number of elements do not meet.
EDGES = given([-0.75, -0.3, 0.0, 0.6])

HISTOGRAMS = [
    Case("histogram", lambda x, w: np.histogram(x, 4, weights=w), [given([0.1, 0.25, 0.33, 0.9, 1]), real(5)], True),
    Case(
        "histogram/range",
        lambda x, w: np.histogram(x, 3, (0.0, 1.0), weights=w),
        [given([0.1, 0.4, 0.41, 0.9, 1.0, 2.0]), real(6)],
        complex_ok=True,
    ),
    Case("histogram/edges", lambda x, e, w: np.histogram(x, e, weights=w)[0], [distinct(3, 4), EDGES, real(3, 4)]),
    Case(
        "histogram/density",
        lambda x, e, w: np.histogram(x, e, density=True, weights=w)[0],
        [distinct(8), EDGES, positive(8)],
    ),
    Case("histogram/counts", lambda x: np.histogram(x, 3)[1], [spaced(0.0, 0.2, 0.9, 1.7, 2.2, 3.0)]),
    Case("histogram/moving edges", lambda x: np.histogram(x, 3, density=True), [spaced(0.0, 0.2, 0.9, 1.7, 2.2, 3.0)]),
    Case(
        "histogram/moving edges, weights",
        lambda x, w: np.histogram(x, 3, weights=w, density=True),
        [spaced(0.0, 0.2, 0.9, 1.7, 2.2, 3.0), positive(6)],
    ),
    Case("histogram_bin_edges", lambda x: np.histogram_bin_edges(x, 4), [distinct(6)]),
    Case("histogram_bin_edges/auto", lambda x: np.histogram_bin_edges(x, "sturges"), [distinct(6)]),
    Case("histogram2d", lambda x, y: np.histogram2d(x, y, 2, density=True), [spaced(0, 1, 3), spaced(4, 6, 9)]),
    Case(
        "histogram2d/weights",
        lambda x, y, w: np.histogram2d(x, y, (2, 3), [(0, 1), (0, 2)], weights=w)[0],
        [given([0.2, 0.4, 0.9, 0.1]), given([0.5, 1.5, 0.4, 2.5]), real(4)],
    ),
    Case(
        "histogram2d/density",
        lambda x, y, w: np.histogram2d(x, y, (2, 3), weights=w, density=True),
        [spaced(0, 1.3, 3, 4), spaced(4, 6, 9, 10), positive(4)],
    ),
    Case(
        "histogramdd",
        lambda x, w: np.histogramdd(x, (2, 2, 1), weights=w)[0],
        [given([[0.0, 1.0, 2.0], [1.0, 0.1, 2.0], [0.3, 0.0, 4.0], [0.1, 0.9, 3.0]]), real(4)],
    ),
    Case("histogramdd/edges", lambda x: np.histogramdd(x, 3)[1], [distinct(4, 2)]),
    Case("bincount", lambda x, w: np.bincount(x, w), [given([0, 3, 1, 3]), real(4)]),
    Case("bincount/minlength", lambda x, w: np.bincount(x, weights=w, minlength=6), [given([0, 3, 1, 3]), real(4)]),
]

# Sets: how many elements there are depends on values, which a batch cannot do.

SETS = [
    Case("unique", lambda x: np.unique(np.concatenate([x, x])), [distinct(4)], vmap=False),
    Case("unique/complex", lambda x: np.unique(x), [complex_(4)], vmap=False),
    Case("unique/all", lambda x: np.unique(x[[0, 1, 1, 2]], True, True, True)[0], [distinct(3)], vmap=False),
    Case("unique/axis", lambda x: np.unique(x[[0, 1, 1]], axis=0), [distinct(2, 3)], vmap=False),
    Case("unique/axis=1", lambda x: np.unique(x, axis=-1, return_counts=True)[0], [distinct(2, 3)], vmap=False),
    Case("unique/nan", lambda x: np.unique(x, equal_nan=False)[:8], [with_nan(3, 4)], vmap=False),
    Case("unique_values", lambda x: np.sort(np.unique_values(x[[0, 1, 1, 2]])), [distinct(3)], vmap=False),
    Case("unique_all", lambda x: np.unique_all(x[[0, 1, 1, 2]]).values, [distinct(3)], vmap=False),
    Case("unique_counts", lambda x: np.unique_counts(x[[0, 1, 1, 2]]).values, [distinct(3)], vmap=False),
    Case("unique_inverse", lambda x: np.unique_inverse(x[[0, 1, 1, 2]]).values, [distinct(3)], vmap=False),
    Case("union1d", lambda x, y: np.union1d(x, y), [distinct(3), real(2, 2)], vmap=False),
    Case("intersect1d", lambda x: np.intersect1d(x, x[1:].copy()), [distinct(4)], vmap=False),
    Case(
        "intersect1d/indices",
        lambda x: np.intersect1d(x, x[[2, 0]], assume_unique=True, return_indices=True)[0],
        [distinct(4)],
        vmap=False,
    ),
    Case("setdiff1d", lambda x: np.setdiff1d(x, x[1:3]), [distinct(5)], vmap=False),
    Case("setdiff1d/assume_unique", lambda x, y: np.setdiff1d(x, y, True), [distinct(2, 3), real(2)], vmap=False),
    Case("setxor1d", lambda x, y: np.setxor1d(x, np.append(y, x[1])), [distinct(3), real(2)], vmap=False),
    Case("setxor1d/assume_unique", lambda x, y: np.setxor1d(x, y, True), [distinct(3), real(2)], vmap=False),
    Case(
        "trim_zeros",
        lambda x, m: np.trim_zeros(x * m),
        [away_from_zero(6), given([0.0, 1, 0, 1, 0, 0])],
        vmap=False,
        device=False,  # slices need numbers
    ),
    Case(
        "trim_zeros/front",
        lambda x, m: np.trim_zeros(x * m, "f"),
        [away_from_zero(6), given([0.0, 1, 0, 1, 0, 0])],
        vmap=False,
        device=False,
    ),
]

NANS = [
    Case("nansum/complex", lambda x: np.nansum(x, axis=1), [always_complex(with_nan(3, 4))]),
    Case("nanmean/complex", lambda x: np.nanmean(x, axis=0), [always_complex(with_nan(4, 4))]),
    Case("nanvar/complex", lambda x: np.nanvar(x), [always_complex(with_nan(3, 4))]),
    Case("nanvar/ddof", lambda x: np.nanvar(x, axis=1, ddof=1, keepdims=True), [with_nan(3, 4)]),
    Case("nanvar/correction", lambda x: np.nanvar(x, axis=1, correction=0.5), [with_nan(3, 4)]),
    Case("nanvar/mean", lambda x: np.nanvar(x, 1, mean=np.nanmean(x, 1, keepdims=True)), [with_nan(3, 4)]),
    Case("nanstd/ddof", lambda x: np.nanstd(x, ddof=1), [with_nan(3, 4)]),
    Case("nansum/where,initial", lambda x: np.nansum(x, 1, where=x != 9, initial=2.0), [with_nan(3, 4)]),
    Case("nanprod/initial", lambda x: np.nanprod(x, axis=0, initial=2.0), [with_nan(4, 4)]),
    Case("nanmax/initial", lambda x: np.nanmax(x, axis=0, initial=-0.3), [with_nan(4, 4)]),
    Case("nanmin/where", lambda x, m: np.nanmin(x, axis=0, initial=9.0, where=m), [with_nan(4, 3), KEEP]),
    Case(
        "nanmean/where",
        lambda x, m: np.nanmean(x, axis=0, where=m),
        [with_nan(4, 3), given([[True], [True], [False], [True]])],
    ),
    Case("nancumsum/all", lambda x: np.nancumsum(x), [with_nan(3, 4)]),
    Case("nancumprod/axis=0", lambda x: np.nancumprod(x, axis=0), [with_nan(3, 4)]),
]

MOMENTS = [
    Case("average/axes", lambda x, w: np.average(x, axis=(0, 2), weights=w), [real(2, 3, 2), positive(2, 2)]),
    Case("average/all", lambda x, w: np.average(x, weights=w), [real(2, 3), positive(2, 3)], complex_ok=True),
    Case("average/keepdims", lambda x: np.average(x, axis=0, keepdims=True), [real(2, 3)]),
    Case("average/returned", lambda x, w: np.average(x, 1, w, returned=True), [real(2, 3), positive(3)]),
    Case("cov/complex", lambda x: np.cov(x), [complex_(2, 5)]),
    Case("cov/y", lambda x, y: np.cov(x, y), [real(5), real(2, 5)]),
    Case("cov/rowvar", lambda x: np.cov(x, rowvar=False, bias=True), [real(5, 2)]),
    Case("cov/ddof", lambda x: np.cov(x, ddof=2), [real(2, 5)]),
    Case("cov/aweights", lambda x, w: np.cov(x, aweights=w), [real(2, 4), positive(4)]),
    Case("cov/fweights", lambda x, n: np.cov(x, fweights=n, ddof=0), [real(2, 4), given([1, 3, 2, 1])]),
    Case(
        "cov/both weights",
        lambda x, n, w: np.cov(x, fweights=n, aweights=w),
        [real(2, 4), given([1, 3, 2, 1]), positive(4)],
    ),
    Case("cov/one variable", lambda x: np.cov(x), [real(6)]),
    Case("corrcoef", lambda x: np.corrcoef(x), [real(3, 5)], complex_ok=True),
    Case("corrcoef/y", lambda x, y: np.corrcoef(x, y, rowvar=False), [real(5, 2), real(5, 1)]),
    Case("diff/prepend", lambda x, y: np.diff(x, axis=0, prepend=y, append=y * y), [real(3, 2), real()], True),
    Case("diff/n=0", lambda x: np.diff(x, n=0), [real(3)]),
    Case("ediff1d", lambda x: np.ediff1d(x), [real(2, 3)], complex_ok=True),
    Case("ediff1d/ends", lambda x, a: np.ediff1d(x, to_end=a, to_begin=[1.0, 2.0]), [real(4), real(2)], device=False),
    Case("trapezoid/axis", lambda y, x: np.trapezoid(y, x, axis=0), [real(4, 2), real(4)]),
    Case("trapezoid/x of all", lambda y, x: np.trapezoid(y, x, axis=1), [real(2, 4), real(2, 4)]),
    Case("trapezoid/dx", lambda y, h: np.trapezoid(y, dx=h), [real(2, 4), positive()], complex_ok=True),
]

STATISTICS: list[Case] = [*QUANTILES, *HISTOGRAMS, *SETS, *NANS, *MOMENTS]
