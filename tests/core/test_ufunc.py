"""Methods of ufuncs that have no function of their own, and axes of generalized ufuncs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import check_grads

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0.5, 1.5, (2, 3, 4))
MASK = RNG.random((3, 4)) > 0.4
STACK, MORE = RNG.normal(size=(3, 4, 2)), RNG.normal(size=(2, 4, 5))


def check(f: Callable[..., Any], *xs: Any) -> None:
    """Assert that the traced value is NumPy's, and its derivatives are the difference quotients."""
    want = f(*xs)
    got, _ = fg.vjp(f, *xs)
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_allclose(got, want, 1e-13)
    check_grads(f, xs, order=2)


REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "hypot": lambda x: np.hypot.reduce(x),
    "several axes": lambda x: np.hypot.reduce(x, axis=(0, 1)),
    "all axes, keepdims": lambda x: np.hypot.reduce(x, axis=None, keepdims=True),
    "logaddexp": lambda x: np.logaddexp.reduce(x, axis=1),
    "initial": lambda x: np.logaddexp.reduce(x, axis=1, initial=0.3),
    "where": lambda x: np.logaddexp.reduce(x, axis=1, where=MASK),
    "order matters": lambda x: np.subtract.reduce(x, axis=-1),
    "of a known function, where and initial": lambda x: np.maximum.reduce(x, axis=-1, where=MASK, initial=0.1),
    "accumulate": lambda x: np.divide.accumulate(x, axis=-1),
    "reduceat": lambda x: np.add.reduceat(x, [0, 2, 1], axis=-1),
    "reduceat of products": lambda x: np.multiply.reduceat(x, [0, 2], axis=0),
    "outer": lambda x: np.hypot.outer(x, x[0]),
}


@pytest.mark.parametrize("f", [pytest.param(f, id=name) for name, f in REDUCTIONS.items()])
def test_reductions(f: Callable[[Any], Any]) -> None:
    check(f, X)


def test_reductions_of_nothing() -> None:
    np.testing.assert_array_equal(fg.vjp(np.logaddexp.reduce, np.zeros((0, 3)))[0], [-np.inf] * 3)
    with pytest.raises(ValueError, match="identity"):
        fg.vjp(np.subtract.reduce, np.zeros((0, 3)))
    with pytest.raises(ValueError, match="not reorderable"):
        fg.vjp(lambda x: np.subtract.reduce(x, axis=(0, 1)), X)


@pytest.mark.parametrize("ufunc", [np.multiply, np.divide, np.add, np.subtract, np.maximum, np.power])
def test_at_counts_repeated_indices_in_turn(ufunc: np.ufunc) -> None:
    def f(x: Any, b: Any) -> Any:
        x = x * 1
        ufunc.at(x, ([0, 1, 1, 0], [1, 2, 2, 3]), b)
        return x

    check(f, X, Y[0])


@pytest.mark.parametrize("ufunc", [np.negative, np.exp])
def test_at_of_one_operand(ufunc: np.ufunc) -> None:
    def f(x: Any) -> Any:
        x = x * 1
        ufunc.at(x, [0, 2])
        return x

    check(f, X)


AXES: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "matmul": (lambda a, b: np.matmul(a, b, axes=[(0, 1), (1, 2), (0, 1)]), STACK, MORE),
    "vecdot": (lambda a, b: np.vecdot(a, b, axis=0), X, Y),
    "vecdot, keepdims": (lambda a, b: np.vecdot(a, b, axis=0, keepdims=True), X, Y),
    "vecdot, axes": (lambda a, b: np.vecdot(a, b, axes=[0, 1]), X, RNG.normal(size=(4, 3))),
    "matvec": (lambda a, b: np.matvec(a, b, axes=[(0, 1), (0,), (0,)]), STACK, RNG.normal(size=(4, 2))),
}


@pytest.mark.parametrize("name", AXES)
def test_axes(name: str) -> None:
    if not hasattr(np, name.split(",")[0]):
        pytest.skip("not in this NumPy")
    check(*AXES[name])
