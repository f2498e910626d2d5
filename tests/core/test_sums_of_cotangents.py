"""Cotangents of what is broadcast: sums as products with ones."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.space import Space, project
from funcgrad.core.summing import summed


def test_infinities_and_nans_stay_where_they_are():
    g = np.ones((4, 900, 5))
    g[1, 3, 2], g[2, 5, 0], g[3, 0, 1], g[3, 1, 1] = np.inf, np.nan, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(summed(g, (1,)), np.sum(g, axis=1))


def test_of_broadcast_memory_and_of_nothing():
    g = np.broadcast_to(np.float64(2.0), (3, 2000))
    np.testing.assert_array_equal(project(g, Space((3, 1), np.dtype(float))), np.full((3, 1), 4000.0))
    assert project(np.zeros((0, 3000)), Space((1, 3000), np.dtype(float))).tolist() == [[0.0] * 3000]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_long_sum_is_as_exact_as_numpys(dtype):
    x = np.full((2, 1 << 20), 0.1, dtype)
    g = fg.grad(lambda s: np.sum(x * s))(np.ones((2, 1), dtype))
    np.testing.assert_array_equal(g, np.sum(x, axis=1, keepdims=True))


def test_a_sum_next_to_what_is_infinite_is_that_of_its_own_rows():
    """A call that reads infinities is guarded; what it does not read need not be."""
    a, b = np.ones((2, 1)), np.array([0.0, 1.0, 2.0])
    with np.errstate(divide="ignore"):
        _, pullback = fg.vjp(lambda a, b: np.log(b) - a, a, b)
    g = np.array([[0.0, 1.0, 2.0], [3.0, np.inf, 1.0]])
    with np.errstate(divide="ignore", invalid="ignore"):
        ga, gb = pullback(g)
    np.testing.assert_array_equal(ga, [[-3.0], [-np.inf]])
    np.testing.assert_array_equal(gb, [np.inf, np.inf, 1.5])
