"""Properties of single rules that the laws do not see."""

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
from cases import scipy_linalg, scipy_special, scipy_stats
from cases.table import Kink

import funcgrad as fg
from funcgrad.scipy import linalg, ndimage, signal, special, stats


@pytest.mark.parametrize("kink", [*scipy_special.KINKS, *scipy_stats.KINKS, *scipy_linalg.KINKS], ids=str)
def test_policy_at_kinks(kink: Kink) -> None:
    at = np.asarray(kink.at)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(kink.call(x)))(at), kink.gradient, 1e-12)


# Linear algebra


def test_equal_eigenvalues_do_no_harm_where_their_vectors_do_not_matter() -> None:
    gradient = fg.grad(lambda a: np.sum(linalg.eigh(a)[0] ** 2))(2 * np.eye(3))
    np.testing.assert_allclose(gradient, 4 * np.eye(3))


def test_logarithm_undoes_the_exponential(rng: np.random.Generator) -> None:
    a, e = 0.3 * rng.normal(size=(2, 3, 3))
    _, tangent = fg.jvp(lambda a: linalg.logm(linalg.expm(a)), (a,), (e,))
    np.testing.assert_allclose(tangent, e, 1e-9)


def test_a_defective_matrix_has_an_exponential() -> None:
    a, e = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    _, tangent = fg.jvp(linalg.expm, (a,), (e,))
    h = 1e-5
    np.testing.assert_allclose(tangent, (linalg.expm(a + h * e) - linalg.expm(a - h * e)) / (2 * h), 1e-8)


def test_third_derivative_of_the_exponential() -> None:
    third = fg.grad(fg.grad(fg.grad(lambda t: linalg.expm(t * np.array([[0.0, 1.0], [-1.0, 0.0]]))[0, 1])))
    np.testing.assert_allclose(third(0.3), -np.cos(0.3))


def test_singular_matrices_raise_as_in_scipy() -> None:
    for call in (
        lambda a: linalg.solve(a, np.ones(2)),
        linalg.cholesky,
        lambda a: linalg.solve_triangular(a, [1.0, 1]),
    ):
        with pytest.raises(np.linalg.LinAlgError):
            fg.grad(lambda a, call=call: np.sum(call(a)))(np.zeros((2, 2)))


def test_lstsq_gives_the_rank() -> None:
    def f(a: Any) -> Any:
        x, residues, rank, s = linalg.lstsq(a, np.ones(3))
        assert (rank, residues.shape, s.shape) == (2, (), (2,))
        return np.sum(x)

    fg.grad(f)(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]))


# Special functions


def test_logsumexp_keeps_small_sums() -> None:
    def f(x: Any) -> Any:
        return special.logsumexp(np.stack([0.0 * x, x]))

    value, gradient = fg.value_and_grad(f)(-40.0)
    np.testing.assert_allclose([value, gradient], np.exp(-40.0), 1e-14)


def test_logsumexp_of_a_negative_sum() -> None:
    value = fg.vjp(lambda b: special.logsumexp(np.zeros(2), b=b), np.array([1.0, -2.0]))[0]
    assert np.isnan(value)
    log, sign = fg.vjp(lambda b: special.logsumexp(np.zeros(2), b=b, return_sign=True), np.array([1.0, -2.0]))[0]
    assert (log, sign) == (0.0, -1.0)


def test_multigammaln_checks_its_domain() -> None:
    with pytest.raises(ValueError, match="not met"):
        fg.grad(lambda a: special.multigammaln(a, 3))(0.5)


# Statistics


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_wrong_scale_gives_nan(scale: float) -> None:
    value, _ = fg.vjp(lambda s: stats.norm.logpdf(0.0, 0.0, s), scale)
    assert np.isnan(value)


@pytest.mark.parametrize("q", [-0.1, 0.0, 1.0, 1.1])
@pytest.mark.parametrize("name", ["norm", "expon", "uniform"])
def test_quantiles_at_the_ends(name: str, q: float) -> None:
    value, _ = fg.vjp(lambda q: getattr(stats, name).ppf(q, 1.0, 2.0), q)
    np.testing.assert_array_equal(value, getattr(scipy.stats, name).ppf(q, 1.0, 2.0))


def test_wrong_parameters_are_refused() -> None:
    for call in (
        lambda x: stats.gamma.logpdf(x),
        lambda x: stats.norm.logpdf(x, 0.0, 1.0, 2.0),
        lambda x: stats.norm.logpdf(x, shape=1.0),
    ):
        with pytest.raises(TypeError, match="take"):
            fg.grad(call)(1.0)


def test_frozen_distributions_of_traced_parameters() -> None:
    def f(m: Any) -> Any:
        frozen = stats.norm(m, scale=2.0)
        assert "traced" in repr(frozen)
        return frozen.logpdf(1.0)

    np.testing.assert_allclose(fg.grad(f)(0.0), 0.25)


def test_densities_integrate_to_distribution_functions() -> None:
    for name, shapes in {
        "gamma": (2.5,),
        "beta": (2.0, 3.0),
        "t": (4.0,),
        "invgauss": (1.2,),
        "lognorm": (0.7,),
    }.items():
        distribution = getattr(stats, name)
        slope = fg.grad(lambda x, d=distribution, s=shapes: d.cdf(x, *s, 0.1, 1.5))(0.8)
        np.testing.assert_allclose(slope, distribution.pdf(0.8, *shapes, 0.1, 1.5), 1e-10)


# Signals and images


def test_large_convolutions_go_through_fft(rng: np.random.Generator) -> None:
    x, k = rng.normal(size=5000), rng.normal(size=700)
    gradient = fg.grad(lambda x: np.sum(signal.convolve(x, k, "same") ** 2))(x)
    e = rng.normal(size=5000)
    want = 2 * np.sum(signal.convolve(x, k, "same") * signal.convolve(e, k, "same"))
    np.testing.assert_allclose(np.sum(gradient * e), want, 1e-9)


def test_a_filter_and_its_adjoint(rng: np.random.Generator) -> None:
    b, a = np.array([0.1, 0.2]), np.array([2.0, -1.1, 0.3])
    x, g = rng.normal(size=(2, 50))
    y, pullback = fg.vjp(lambda x: signal.lfilter(b, a, x), x)
    np.testing.assert_allclose(g @ y, pullback(g)[0] @ x, 1e-12)


EDGES = ("reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap")


@pytest.mark.parametrize("mode", EDGES)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_images_beyond_their_edges(mode: str, n: int, rng: np.random.Generator) -> None:
    x, c = rng.normal(size=(n, 5)), rng.uniform(-2 * n, 3 * n, (2, 40))
    edge = {"mode": mode, "cval": 0.3}
    for order in range(6):
        want = scipy.ndimage.map_coordinates(x, c, order=order, **edge)
        got, _ = fg.vjp(lambda x, k=order: ndimage.map_coordinates(x, c, order=k, **edge), x)
        np.testing.assert_allclose(got, want, 1e-10, 1e-12)
    for size, origin in itertools.product((2, 3, 9), (0, -1)):
        w = rng.normal(size=size)
        want = scipy.ndimage.convolve1d(x, w, 0, origin=origin, **edge)
        got, _ = fg.vjp(lambda x, w=w, o=origin: ndimage.convolve1d(x, w, 0, origin=o, **edge), x)
        np.testing.assert_allclose(got, want, 1e-12, 1e-13)
