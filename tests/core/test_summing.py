"""Reductions by other ways than NumPy's: the same numbers, for every shape, layout and dtype."""

import itertools
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import summing
from funcgrad.core.space import project, space_of
from funcgrad.core.summing import FEW, reduced, summed

SHAPES = (
    *((1000, 2), (1000, 7), (1000, 8), (130, 300), (2, 130), (300, 300), (5,), (600,), (0, 3), (3, 0)),
    *((1000, 5, 2), (5, 1000, 2), (64, 1, 3), (300, 9, 2), (200, 3, 4, 5), (20, 20, 3, 2), (2, 100, 4, 30)),
)


def arrays(shape: tuple[int, ...], dtype: Any) -> list[Any]:
    """In C order, in Fortran's, and backwards."""
    rng = np.random.default_rng(0)
    x = (4 * rng.normal(size=shape)).astype(dtype)
    x = x + (1j * rng.normal(size=shape)).astype(dtype) if np.dtype(dtype).kind == "c" else x
    return [x, x.T, x[::-1]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64])
@pytest.mark.parametrize("ufunc", [np.add, np.maximum, np.minimum])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reductions_are_numpys(shape: tuple[int, ...], ufunc: np.ufunc, dtype: Any) -> None:
    for x in arrays(shape, dtype):
        for axis, keepdims in itertools.product((None, (0,), (-1,), *range(-x.ndim, x.ndim)), (False, True)):
            if not x.size and ufunc is not np.add:
                continue
            expected = ufunc.reduce(x, axis, keepdims=keepdims)
            found = reduced(ufunc, x, axis, keepdims)
            assert type(found) is type(expected)
            assert found.dtype == expected.dtype
            if ufunc is np.add and x.dtype.char in "df" and axis in (x.ndim - 1, -1, (-1,)) and x.shape[-1] >= FEW:
                np.testing.assert_allclose(
                    found, expected, rtol=0, atol=4 * np.finfo(dtype).eps * np.abs(x).sum(-1).max()
                )
            else:
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_of_rows_are_as_exact_as_numpys(dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(3000, 200)).astype(dtype)
    exact = np.sum(x.astype(np.longdouble), axis=1)
    ours, numpys = (np.max(np.abs(y - exact)) for y in (reduced(np.add, x, 1), np.add.reduce(x, 1)))
    assert ours < 2 * numpys


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64, np.int64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_over_any_axes(shape: tuple[int, ...], dtype: Any) -> None:
    for x in arrays(shape, dtype):
        for count in range(1, x.ndim + 1):
            for axes in itertools.combinations(range(x.ndim), count):
                expected = np.sum(x.astype(np.complex128), axes)
                found = summed(x, axes)
                assert found.dtype == np.add.reduce(x, axes).dtype
                assert found.shape == expected.shape
                precise = np.finfo(dtype).eps if np.dtype(dtype).kind in "fc" else 0
                np.testing.assert_allclose(found, expected, rtol=100 * precise, atol=100 * precise * np.abs(x).sum())


def test_short_axes_do_not_go_through_numpys_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    usual = summing.slices_combined
    monkeypatch.setattr(summing, "slices_combined", lambda *given: taken.append(given[2]) or usual(*given))
    x = np.ones((500, 3, 2))
    reduced(np.add, x, -1)
    reduced(np.maximum, x, (1,))
    summed(x, (2,))
    assert taken == [2, 1, 1]


@pytest.mark.parametrize("n", [3, 30])
def test_nans_and_infinities_go_the_same_way(n: int) -> None:
    x = np.ones((200, n))
    x[0, 1], x[1, 2], x[2, :3] = np.nan, np.inf, (np.inf, -np.inf, 0)
    with np.errstate(invalid="ignore"):
        for ufunc in (np.add, np.maximum, np.minimum):
            np.testing.assert_array_equal(reduced(ufunc, x, 1), ufunc.reduce(x, 1))
        np.testing.assert_array_equal(summed(x, (1,)), np.sum(x, 1))


@pytest.mark.parametrize("small", [(3,), (1, 3), (4, 1), (1, 1), (200, 1, 3), (1, 4, 1), (2, 200, 4, 3), ()], ids=str)
@pytest.mark.parametrize("large", [(200, 4, 3), (2, 200, 4, 3), (1, 1, 3), (4, 3), (1,), ()], ids=str)
def test_a_cotangent_of_another_shape_comes_into_its_space(small: tuple[int, ...], large: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=small), rng.normal(size=large)
    found = project(g, space_of(x))
    assert found.shape == small
    shape = np.broadcast_shapes(small, large)
    spread = np.broadcast_to(g, shape)  # of a missing axis, the same for all; of a broadcast one, the sum
    extra, own = len(shape) - len(small), len(shape) - len(large)
    summed_over = tuple(d for d in range(own, len(shape)) if d < extra or small[d - extra] == 1 != shape[d])
    whole = np.sum(spread, axis=summed_over, keepdims=True)
    np.testing.assert_allclose(found, np.broadcast_to(whole.reshape(whole.shape[extra:]), small))


@pytest.mark.parametrize("tie", [False, True])
def test_a_nan_does_not_hide_a_tie(tie: bool) -> None:
    """As many winners as results, but one row has none and another has two."""
    x = np.array([[1.0, 3.0, 2.0], [np.nan, 1.0, 0.0], [5.0, 5.0 if tie else 4.0, 1.0]])
    g = fg.grad(lambda x: np.max(x, axis=1)[2])(x)
    np.testing.assert_array_equal(g[2], [0.5, 0.5, 0] if tie else [1, 0, 0])
