"""Where an output's cotangent is exactly zero, so is the input's gradient, even if the partial there is inf or nan."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

#: A function with a singular partial, a point where it is singular, a point where it is not.
SINGULAR: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "sqrt": (np.sqrt, 0.0, 4.0),
    "sqrt outside": (np.sqrt, -1.0, 4.0),
    "cbrt": (np.cbrt, 0.0, 8.0),
    "log": (np.log, 0.0, 2.0),
    "log2": (np.log2, 0.0, 2.0),
    "log10": (np.log10, 0.0, 2.0),
    "log1p": (np.log1p, -1.0, 2.0),
    "reciprocal": (np.reciprocal, 0.0, 2.0),
    "divide": (lambda x: 1 / x, 0.0, 2.0),
    "divide both": (lambda x: (x + 1) / x, 0.0, 2.0),
    "zero by zero": (lambda x: x / x, 0.0, 2.0),
    "power": (lambda x: x**0.5, 0.0, 4.0),
    "power negative": (lambda x: x**-1.5, 0.0, 4.0),
    "power both": (lambda x: x**x, 0.0, 2.0),
    "arccos": (np.arccos, 1.0, 0.5),
    "arcsin": (np.arcsin, -1.0, 0.5),
    "arccosh": (np.arccosh, 1.0, 2.0),
    "arctanh": (np.arctanh, 1.0, 0.5),
    "arctan2": (lambda x: np.arctan2(x, x), 0.0, 0.5),
    "logaddexp": (lambda x: np.logaddexp(np.log(x), np.log(x)), 0.0, 0.5),
    "entropy": (lambda x: x * np.log(x), 0.0, 0.5),
    "zero times infinity": (lambda x: (x + 2) * np.log(x) * np.sqrt(1 / x), 0.0, 0.5),
    "overflow": (np.exp, 1e5, 0.5),
    "log of an overflow": (lambda x: np.log1p(np.exp(x)), 1e5, 0.5),
    "softplus of a difference": (lambda x: np.log(np.exp(x) - 1), 1e5, 0.5),
    "elements one by one": (lambda x: np.stack([np.log(x)[i] * x[i] for i in range(len(x))]), 0.0, 0.5),
    "written into a buffer": (lambda x: written(np.log(x) * x), 0.0, 0.5),
    "norm": (lambda x: np.linalg.norm(x[..., None], axis=-1), 0.0, 2.0),
}


def written(x: Any) -> Any:
    """Return `x` doubled, through writes into a buffer."""
    y = np.zeros_like(x)
    y[:] = x
    y *= 2.0
    return y


@pytest.fixture(autouse=True)
def forward_warnings_are_numpys() -> Any:
    """The functions themselves warn at singular points, as NumPy does."""
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("name", SINGULAR)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_masked_singularity(name: str, dtype: Any) -> None:
    f, bad, good = SINGULAR[name]
    x = np.array([bad, good], dtype)
    keep = np.array([False, True])

    def masked(x: Any) -> Any:
        return np.where(keep, f(x), 0).sum()

    expected = np.array([0, fg.grad(lambda t: f(t).sum())(x[1:])[0]], dtype)
    gradient = fg.grad(masked)(x)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)
    assert np.isfinite(expected).all()
    tangent = fg.jvp(masked, (x,), (np.array([0, 1], dtype),))[1]
    np.testing.assert_allclose(tangent, expected[1], rtol=1e-6)


@pytest.mark.parametrize("name", SINGULAR)
def test_second_derivative_of_a_masked_singularity(name: str) -> None:
    f, bad, good = SINGULAR[name]
    keep = np.array([False, True])

    def slope(x: Any) -> Any:
        return fg.grad(lambda x: np.where(keep, f(x), 0.0).sum())(x).sum()

    curvature = fg.grad(slope)(np.array([bad, good]))
    assert curvature[0] == 0
    h = 1e-5 * good
    quotient = (slope(np.array([bad, good + h])) - slope(np.array([bad, good - h]))) / (2 * h)
    np.testing.assert_allclose(curvature[1], quotient, rtol=1e-5, atol=1e-7)


def test_the_mask_is_not_a_branch_for_the_second_derivative() -> None:
    """A cotangent that is zero by chance, where the partial is finite, still has a derivative."""

    def f(x: Any) -> Any:
        return (x - 2.0) * np.sqrt(x)  # the cotangent of sqrt is x - 2, zero at 2

    exact = 3 / (4 * np.sqrt(2.0)) + 2 / (4 * 2.0**1.5)
    np.testing.assert_allclose(fg.grad(fg.grad(f))(2.0), exact)


def test_a_cotangent_that_is_not_zero_shows_the_infinity() -> None:
    assert np.isinf(fg.grad(np.sqrt)(0.0))
    assert np.isinf(fg.grad(np.log)(0.0))


def test_policy_without_division_by_zero() -> None:
    zero = np.zeros(3)
    for f in (np.linalg.norm, np.std, lambda x: np.hypot(x, x).sum(), lambda x: np.abs(x).sum()):
        np.testing.assert_array_equal(fg.grad(f)(zero), zero)
    np.testing.assert_array_equal(fg.grad(lambda x: (x**0).sum())(zero), zero)
