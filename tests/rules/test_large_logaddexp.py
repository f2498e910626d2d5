"""``np.logaddexp`` on large arrays, where it is computed in parts."""

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.core.blocks import LARGE

SIZE = LARGE + 5
inf, nan = np.inf, np.nan


def drawn(dtype, scale=20.0):
    return (np.random.default_rng(0).normal(size=(2, SIZE)) * scale).astype(dtype)


def in_pieces(f, *operands):
    """What `f` gives for arrays that are not large."""
    pieces = [np.array_split(x, 40) for x in operands]
    return np.concatenate([f(*piece) for piece in zip(*pieces, strict=True)])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
def test_value_is_two_units_in_the_last_place_off_at_most(dtype, scale):
    a, b = drawn(dtype, scale)
    y, _ = fg.vjp(np.logaddexp, a, b)
    expected = np.logaddexp(a, b)
    assert y.dtype == dtype
    assert np.all(np.abs(y - expected) <= 2 * np.spacing(np.maximum(np.abs(a), np.abs(b)) + dtype(1)))
    with_number, _ = fg.vjp(lambda a: np.logaddexp(0.0, a), a)
    info = np.finfo(dtype)
    np.testing.assert_allclose(with_number, np.logaddexp(dtype(0), a), rtol=4 * info.eps, atol=info.tiny)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 9, 3000, SIZE])
def test_shares_are_exact_far_from_zero(dtype, size):
    far = {np.float16: 12, np.float32: 80, np.float64: 700}[dtype]
    x = np.linspace(-far, far, size).astype(dtype)
    expected = scipy.special.expit(x.astype(np.float64))
    near = {"rtol": 16 * np.finfo(dtype).eps, "atol": 4 * np.finfo(dtype).smallest_subnormal}
    with np.errstate(all="raise", under="ignore"):
        for f in (lambda x: np.logaddexp(0, x), lambda x: np.logaddexp(x, 0.0), lambda x: np.logaddexp(0 * x, x)):
            y, pullback = fg.vjp(f, x)
            np.testing.assert_allclose(y, np.logaddexp(dtype(0), x), **near)
            (g,) = pullback(np.ones(size, dtype))
            assert (y.dtype, g.dtype) == (dtype, dtype)
            np.testing.assert_allclose(g, expected, **near)


EXTREME = [(inf, inf), (-inf, -inf), (inf, -inf), (inf, 1.0), (-inf, 1.0), (1.0, 1.0), (1e308, -1e308), (0.0, -0.0)]


@pytest.mark.parametrize("pair", EXTREME)
def test_infinities_and_ties_are_as_in_small_arrays(pair):
    a, b = drawn(np.float64)
    a[7], b[7] = pair
    with np.errstate(over="ignore"):
        y, pullback = fg.vjp(np.logaddexp, a, b)
        assert y[7] == np.logaddexp(*pair)
        got = [g[7] for g in pullback(np.ones(SIZE))]
        expected = fg.grad(lambda ab: np.logaddexp(ab[0], ab[1]))(np.array(pair))
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_nan_is_nan_and_says_so_as_numpy_does():
    a, b = drawn(np.float64)
    a[3] = nan
    with pytest.warns(RuntimeWarning, match="invalid value encountered in logaddexp"):
        np.logaddexp(a, b)
    with pytest.warns(RuntimeWarning, match="invalid value encountered in logaddexp"):
        y, pullback = fg.vjp(np.logaddexp, a, b)
    assert np.isnan(y[3])
    assert np.isfinite(y[4:]).all()
    assert np.isnan(pullback(np.ones(SIZE))[0][3])
    with np.errstate(invalid="raise"):  # equal infinities are nothing invalid
        a[3] = b[3] = inf
        assert fg.vjp(np.logaddexp, a, b)[0][3] == inf


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_derivatives_of_three_orders_are_those_of_small_arrays(dtype):
    a, b = map(np.copy, drawn(dtype, 5.0))
    a[:10] = b[:10]  # where absolute values have no derivative

    def first(a, b):
        return fg.grad(lambda a, b: np.sum(np.logaddexp(a, b)), (0, 1))(a, b)[0]

    def second(a, b):
        return fg.grad(lambda a: np.sum(first(a, b)))(a)

    def third(a, b):
        return fg.grad(lambda a: np.sum(second(a, b)))(a)

    p = 1 / (1 + np.exp((b - a).astype(np.float64)))
    exact = [p, p * (1 - p), p * (1 - p) * (1 - 2 * p)]
    for derivative, expected in zip((first, second, third), exact, strict=True):
        got = derivative(a, b)
        assert got.dtype == dtype
        near = {"rtol": 2e-5, "atol": 1e-7} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-14}
        np.testing.assert_allclose(got, in_pieces(derivative, a, b), **near)
        np.testing.assert_allclose(got, expected, **near)


def test_other_layouts_and_broadcasting_go_through_numpy():
    a, b = drawn(np.float64)
    for x, y in ((a[:, None], b[:3]), (a[::2], b[::2]), (np.arange(SIZE), b)):
        if x.ndim == 2:
            x = x[: LARGE // 2]
        value, _ = fg.vjp(lambda y, x=x: np.logaddexp(x, y), y)
        np.testing.assert_array_equal(value, np.logaddexp(x, y))


@pytest.mark.parametrize("number", [0, 0.0, np.float32(0), np.float64(0), np.longdouble(0)])
@pytest.mark.parametrize("size", [3, SIZE])
def test_a_number_widens_as_numpy_says(number, size):
    x = np.ones(size, np.float32)
    y, pullback = fg.vjp(lambda x: np.logaddexp(number, x), x)
    assert y.dtype == np.logaddexp(number, x).dtype
    (g,) = pullback(np.ones_like(y))
    assert g.dtype == np.float32
