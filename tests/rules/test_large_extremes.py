"""Extremes on arrays so large that bits are chosen: ties, nans and infinities are those of the small ones."""

import numpy as np
import pytest

import funcgrad as fg

RNG = np.random.default_rng(0)


def reference(x, y, gy):
    """Ties share equally."""
    winners = x == y
    return np.where(winners, gy, 0) / np.maximum(winners.sum(axis=-1, keepdims=True), 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("special", ["none", "tied", "infinite", "nan and tied", "cotangent"])
@pytest.mark.parametrize("f", [np.max, np.min])
def test_extreme_along_an_axis(f, special, dtype):
    x = RNG.normal(size=(50, 100)).astype(dtype)
    gy = RNG.normal(size=(50, 1)).astype(dtype)
    sign = 1 if f is np.max else -1
    if special == "tied":
        x[3, 5] = x[3, 9] = x[3, 7] = 100 * sign
    elif special == "infinite":
        x[3, 5] = x[3, 9] = np.inf * sign
        x[4, 4] = np.inf * sign
    elif special == "nan and tied":  # as many winners as rows
        x[3, 5] = np.nan
        x[4, 4] = x[4, 7] = 100 * sign
    elif special == "cotangent":
        gy[3] = np.inf
    y, pullback = fg.vjp(lambda x: f(x, axis=-1, keepdims=True), x)
    (g,) = pullback(gy)
    assert g.dtype == dtype
    rows = np.arange(50) != 3 if special in ("nan and tied", "cotangent") else slice(None)
    np.testing.assert_allclose(g[rows], reference(x, y, gy)[rows], rtol=1e-6 if dtype == np.float32 else 1e-15)
    (without,) = fg.vjp(lambda x: f(x, axis=-1), x)[1](gy[:, 0])
    np.testing.assert_array_equal(without, g)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_the_larger_of_two(f, tied, dtype):
    a, b, gy = RNG.normal(size=(3, 5000)).astype(dtype)
    gy[0], a[0], b[0] = np.inf, 1, 2  # an infinite cotangent goes to the winner alone
    if tied:
        a[5:9] = b[5:9]
    _, pullback = fg.vjp(f, a, b)
    ga, gb = pullback(gy)
    share = np.where(a == b, 0.5, (f(a, b) == a).astype(float))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(ga, np.where(share > 0, gy * share, 0).astype(dtype))
        np.testing.assert_array_equal(gb, np.where(share < 1, gy * (1 - share), 0).astype(dtype))
    number = fg.grad(lambda a: np.sum(f(a, 0) * b))(a)
    np.testing.assert_array_equal(number, b * (f(a, 0) == a))
    column = fg.grad(lambda c: np.sum(f(c, b.reshape(50, 100))))(np.zeros((50, 1), dtype))
    np.testing.assert_allclose(column[:, 0], np.sum(f(b.reshape(50, 100), 0) == 0, axis=1))
