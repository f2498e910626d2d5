"""Histograms, quantiles, sets and statistics, beyond the rows of the table of cases."""

import warnings
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

METHODS = (
    *("linear", "weibull", "hazen", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf"),
    *("lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation"),
)


def traced(f: Any, *xs: Any) -> Any:
    """Return the value of a call on traced arrays."""
    return fg.vjp(f, *xs)[0]


def same(got: Any, want: Any) -> None:
    assert type(got) is type(want)
    if isinstance(want, list | tuple):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            same(g, w)
        return
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    single = want.dtype.char in "fF"
    np.testing.assert_allclose(got, want, 1e-6 if single else 1e-12, 1e-7 if single else 1e-14)


# Quantiles


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [{}, {"axis": 0}, {"axis": -1, "keepdims": True}])
@pytest.mark.parametrize(
    "q", [0, 1, 0.5, 0.4, [0.2, 0.4, 0.6, 0.8], [[0.0, 0.25], [0.75, 1.0]], np.float64(0.3), [0, 1]], ids=str
)
def test_quantile_is_numpys(method: Any, options: Any, q: Any, rng: np.random.Generator) -> None:
    def quantile(x: Any) -> Any:
        return np.quantile(x, q, method=method, **options)

    def nanquantile(x: Any) -> Any:
        return np.nanquantile(x, q, method=method, **options)

    for x in (rng.normal(size=5), rng.normal(size=(4, 3)), rng.normal(size=(2, 5)).astype(np.float32)):
        same(traced(quantile, x), quantile(x))
        holes = np.where(rng.random(x.shape) < 0.3, np.nan, x)
        holes.flat[0] = 1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            same(traced(nanquantile, holes), nanquantile(holes))


def test_quantile_follows_q() -> None:
    x = np.array([3.0, 1.0, 7.0])
    np.testing.assert_allclose(fg.grad(lambda q: np.quantile(x, q))(0.7), 2 * (7 - 3))
    np.testing.assert_allclose(fg.grad(lambda q: np.percentile(x, q))(20.0), 2 * (3 - 1) / 100)
    assert fg.grad(lambda q: np.quantile(x, q, method="lower"))(0.7) == 0


def test_weights_of_a_quantile_are_steps() -> None:
    x, w = np.array([3.0, 1.0, 7.0]), np.array([1.0, 2.0, 3.0])
    gx, gw = fg.grad(lambda x, w: np.quantile(x, 0.4, weights=w, method="inverted_cdf"), (0, 1))(x, w)
    np.testing.assert_array_equal(gx, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(gw, 0.0)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: np.quantile(x, 1.2), "range"),
        (lambda x: np.percentile(x, -3), "range"),
        (lambda x: np.quantile(x, 0.2, method="nonsense"), "valid method"),
        (lambda x: np.quantile(x, 0.2, weights=[1.0, 2.0, 3.0]), "inverted_cdf"),
        (lambda x: np.quantile(x, 0.2, weights=[1.0, -2.0, 3.0], method="inverted_cdf"), "non-negative"),
        (lambda x: np.histogram(x, 0), "positive"),
        (lambda x: np.histogram(x, [1, 0]), "increase"),
        (lambda x: np.diff(x, n=-1), "non-negative"),
        (lambda x: np.average(x, weights=[1.0, 2.0]), "Axis must be specified"),
    ],
)
def test_bad_arguments_are_refused(call: Any, error: str) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        traced(call, np.array([3.0, 1.0, 2.0]))


# Warnings


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nanmean", "Mean of empty slice"),
        ("nanmedian", "All-NaN slice"),
        ("nanmax", "All-NaN slice"),
        ("nanmin", "All-NaN slice"),
        ("nanvar", "Degrees of freedom"),
        ("nanstd", "Degrees of freedom"),
    ],
)
def test_rows_of_nans_warn(name: str, message: str) -> None:
    x = np.array([[np.nan, np.nan], [1.0, 2.0]])
    with pytest.warns(RuntimeWarning, match=message):
        got = traced(lambda x: getattr(np, name)(x, axis=1), x)
    with pytest.warns(RuntimeWarning, match=message):
        same(got, getattr(np, name)(x, axis=1))


def test_nanmax_with_initial_has_no_empty_rows() -> None:
    x = np.array([[np.nan, np.nan], [1.0, 2.0]])
    same(traced(lambda x: np.nanmax(x, axis=1, initial=-1.0), x), np.nanmax(x, axis=1, initial=-1.0))


def test_average_with_no_weight() -> None:
    with pytest.raises(ZeroDivisionError):
        traced(lambda x: np.average(x, weights=[0.0, 0.0]), np.array([1.0, 2.0]))


def test_too_few_observations_warn() -> None:
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"), np.errstate(all="ignore"):
        traced(lambda x: np.cov(x, ddof=5), np.array([[1.0, 2.0], [0.0, 3.0]]))


# Histograms


@pytest.mark.parametrize("bins", [4, "auto", "sturges", [-2.0, 0.0, 0.5, 3.0]])
@pytest.mark.parametrize("options", [{}, {"range": (-1.0, 1.5)}, {"density": True}])
def test_histogram_is_numpys(bins: Any, options: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(5, 4))
    same(traced(lambda x: np.histogram(x, bins, **options), x), np.histogram(x, bins, **options))
    if not isinstance(bins, str):
        w = rng.normal(size=(5, 4))
        want = np.histogram(x, bins, weights=w, **options)
        same(traced(lambda w: np.histogram(x, bins, weights=w, **options), w), want)
        same(traced(lambda x, w: np.histogram(x, bins, weights=w, **options), x, w), want)


def test_elements_on_edges_are_counted_as_numpy_does() -> None:
    x, w = np.array([0.0, 1.0, 2.0, 1.0, -1.0, 3.0]), np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    counts = traced(lambda w: np.histogram(x, [0.0, 1.0, 2.0], weights=w)[0], w)
    np.testing.assert_array_equal(counts, [1.0, 14.0])


def test_counts_have_no_gradient(rng: np.random.Generator) -> None:
    x = rng.normal(size=9)
    gradient = fg.grad(lambda x: np.sum(np.histogram(x, 3)[0]) + np.sum(x))(x)
    np.testing.assert_array_equal(gradient, 1.0)


def test_an_array_without_width_gets_bins() -> None:
    same(traced(lambda x: np.histogram(x, 2), np.full(3, 2.0)), np.histogram(np.full(3, 2.0), 2))


# Sets


@pytest.mark.parametrize("name", ["unique_all", "unique_counts", "unique_inverse"])
def test_named_results_of_unique(name: str, rng: np.random.Generator) -> None:
    x = rng.integers(0, 5, 12) * 0.5
    got, want = traced(lambda x: getattr(np, name)(x), x), getattr(np, name)(x)
    same(got, want)
    assert got._fields == want._fields


@pytest.mark.parametrize("options", [{}, {"return_index": True}, {"return_inverse": True, "return_counts": True}])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_unique_is_numpys(options: Any, axis: Any, rng: np.random.Generator) -> None:
    x = rng.integers(0, 2, (4, 3)) * 0.5
    same(traced(lambda x: np.unique(x, axis=axis, **options), x), np.unique(x, axis=axis, **options))


@pytest.mark.parametrize("name", ["union1d", "intersect1d", "setdiff1d", "setxor1d"])
def test_sets_are_numpys(name: str, rng: np.random.Generator) -> None:
    f = getattr(np, name)
    for sizes in ((6, 5), (0, 3), (3, 0)):
        x, y = (rng.integers(0, 5, n) * 0.5 for n in sizes)
        same(traced(lambda x, y: f(x, y), x, y), f(x, y))
        same(traced(lambda x: f(x, [1, 2]), x), f(x, [1, 2]))


@pytest.mark.parametrize("trim", ["fb", "f", "b"])
def test_trim_zeros_is_numpys(trim: Any) -> None:
    for x in (np.array([0.0, 0.0, 1.0, 0.0, 2.0, 0.0]), np.zeros(3), np.zeros(0)):
        same(traced(lambda x: np.trim_zeros(x, trim), x), np.trim_zeros(x, trim))


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "std", "nansum", "nanprod", "nanmax", "nanmean"])
@pytest.mark.parametrize("keyword", ["keepdims", "where"])
def test_numpys_word_for_no_value_is_none(name, keyword):
    x, function = np.array([[1.0, 2.0, 3.0], [4.0, 7.0, 5.0]]), getattr(np, name)
    value, pull = fg.vjp(lambda x: function(x, **{keyword: np._NoValue}), x)
    np.testing.assert_allclose(value, function(x))
    np.testing.assert_allclose(pull(1.0)[0], fg.grad(function)(x))
    np.testing.assert_allclose(
        fg.vmap(lambda x: function(x, **{keyword: np._NoValue}))(np.stack([x, 2 * x]))[0], function(x)
    )


@pytest.mark.parametrize("function", [np.argmax, np.argmin])
@pytest.mark.parametrize("options", [{}, {"axis": 1}])
def test_no_value_of_keepdims_under_vmap(function, options):
    x = np.array([[1.0, 2.0, 3.0], [4.0, 7.0, 5.0]])
    y = fg.vmap(lambda x: function(x, keepdims=np._NoValue, **options))(np.stack([x, -x]))
    np.testing.assert_array_equal(y, [function(x, **options), function(-x, **options)])
