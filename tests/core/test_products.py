"""Matrix products in parts: the same numbers whatever the parts are, and in parts only where that is quicker."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import products
from funcgrad.core.products import product, product_of_transposed
from funcgrad.testing import check_grads

RNG = np.random.default_rng(0)
SMALL = 60


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let products be in parts from a few rows on, on any processor; return what is, as it comes."""
    found: list[Any] = []
    for name, value in {"PARTS": True, "SMALL": SMALL, "MANY": 6, "TALL": 4}.items():
        monkeypatch.setattr(products, name, value)
    usual = products.parts_of
    monkeypatch.setattr(products, "parts_of", lambda x, size: found.append(x) or usual(x, size))
    return found


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [11, 12, 20, 61, 200])  # 10 of them are a part; some are left over
@pytest.mark.parametrize(
    ("stack", "other"), [((), ()), ((4,), (4,)), ((2, 3), (2, 3)), ((4,), ()), ((0,), (0,))], ids=str
)
@pytest.mark.parametrize("transposed", [False, True])
def test_rows_in_parts(
    stack: Any, other: Any, rows: int, transposed: bool, dtype: type[Any], in_parts: list[Any]
) -> None:
    a, b = RNG.normal(size=(*stack, rows, 3)).astype(dtype), RNG.normal(size=(*other, 3, 2)).astype(dtype)
    if transposed:
        b = np.swapaxes(np.swapaxes(b, -1, -2).copy(), -1, -2)
    y = product(a, b)
    assert (y.dtype, y.shape, y.flags.c_contiguous) == (dtype, (*stack, rows, 2), True)
    np.testing.assert_allclose(y, a @ b, rtol=2e-5 if dtype is np.float32 else 1e-13, atol=1e-6)
    assert bool(in_parts) == (0 not in stack)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [19, 23, 41, 200])
@pytest.mark.parametrize("stack", [(), (4,), (2, 3), (0,)], ids=str)
def test_sums_over_rows_in_parts(stack: Any, rows: int, dtype: type[Any], in_parts: list[Any]) -> None:
    a, b = RNG.normal(size=(*stack, rows, 3)).astype(dtype), RNG.normal(size=(*stack, rows, 2)).astype(dtype)
    y = product_of_transposed(a, b)
    assert (y.dtype, y.shape) == (dtype, (*stack, 3, 2))
    np.testing.assert_allclose(y, np.swapaxes(a, -1, -2) @ b, rtol=1e-4 if dtype is np.float32 else 1e-12, atol=1e-5)
    assert bool(in_parts) == (rows > 20 and 0 not in stack)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (RNG.integers(9, size=(50, 3)), RNG.integers(9, size=(3, 2))),
        (RNG.normal(size=(50, 3)) * 1j, RNG.normal(size=(3, 2)) * 1j),
        (RNG.normal(size=(50, 3)), RNG.normal(size=(3, 2)).astype(np.float32)),
        (RNG.normal(size=(50, 6))[:, ::2], RNG.normal(size=(3, 2))),
        (RNG.normal(size=(3, 50)).T, RNG.normal(size=(3, 2))),
        (RNG.normal(size=(50, 3)), RNG.normal(size=(5, 3, 2))),
        (RNG.normal(size=(1, 50, 3)), RNG.normal(size=(5, 3, 2))),
        (RNG.normal(size=(3, 50)), RNG.normal(size=50)),
        (RNG.normal(size=50), RNG.normal(size=(50, 3))),
        (np.ones((0, 3)), np.ones((3, 2))),
        (np.ones((50, 0)), np.ones((0, 2))),
    ],
)
def test_others_are_multiplied_whole(a: Any, b: Any, in_parts: list[Any]) -> None:
    np.testing.assert_array_equal(product(a, b), a @ b)
    assert not in_parts


def test_the_small_matrix_must_be_small(in_parts: list[Any]) -> None:
    a, b = RNG.normal(size=(300, 200)), RNG.normal(size=(200, 300))
    np.testing.assert_array_equal(product(a, b), a @ b)
    np.testing.assert_array_equal(product_of_transposed(a, a), a.T @ a)
    assert not in_parts


@pytest.mark.parametrize("shape", [(40, 3), (2, 40, 3)], ids=str)
def test_derivatives(shape: Any, in_parts: list[Any]) -> None:
    x, w = RNG.normal(size=shape), RNG.normal(size=(3, 2))
    check_grads(lambda x, w: np.tanh(x @ w), (x, w), order=2)
    assert in_parts
    g = RNG.normal(size=(*shape[:-1], 2))
    gx, gw = fg.vjp(np.matmul, x, w)[1](g)
    np.testing.assert_allclose(gx, g @ w.T, rtol=1e-12)
    np.testing.assert_allclose(gw, np.tensordot(x, g, (range(x.ndim - 1),) * 2), rtol=1e-12)


def test_not_in_parts_on_other_processors(in_parts: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "PARTS", False)
    a, b = RNG.normal(size=(200, 3)), RNG.normal(size=(3, 2))
    np.testing.assert_array_equal(product(a, b), a @ b)
    np.testing.assert_array_equal(product_of_transposed(a, a), a.T @ a)
    assert not in_parts


def test_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("OPENBLAS", "GOTO", "OMP"):
        monkeypatch.delenv(f"{library}_NUM_THREADS", raising=False)
    assert products.threads() >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert products.threads() == 3
    assert not products.has_kernels()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2,1")  # a list is for OpenMP alone
    assert products.threads() == 3
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert products.threads() == 1
