"""funcgrad.scipy.optimize.minimize beside SciPy's own with derivatives written by hand, and on trees."""

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import rosen_der, rosen_hess

import funcgrad as fg
from funcgrad.scipy import optimize

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
NEAR = np.array([1.05, 1.1, 1.2, 1.4, 1.95])

GRADIENT = (
    "CG",
    "BFGS",
    "Newton-CG",
    "L-BFGS-B",
    "TNC",
    "SLSQP",
    "trust-constr",
    "dogleg",
    "trust-ncg",
    "trust-krylov",
)
WITHOUT = ("Nelder-Mead", "Powell", "COBYLA", "COBYQA")
PRODUCTS = ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr")
MATRIX = ("dogleg", "trust-exact")


def rosen(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def of_tree(p: Any) -> Any:
    return rosen(np.concatenate([np.ravel(p["a"]), [p["b"]] if isinstance(p["b"], float) else np.reshape(p["b"], 1)]))


@pytest.mark.parametrize("method", [*GRADIENT, "trust-exact"])
def test_as_with_derivatives_by_hand(method: str) -> None:
    second = {"hess": rosen_hess} if method in MATRIX else {}
    if method in PRODUCTS:
        second = {"hessp": scipy.optimize.rosen_hess_prod}
    start = NEAR if method == "dogleg" else START  # which wants a positive definite Hessian everywhere
    expected = scipy.optimize.minimize(rosen, start, method=method, jac=rosen_der, **second)
    found = optimize.minimize(rosen, start, method=method)
    assert expected.success
    assert found.success
    np.testing.assert_allclose(found.x, expected.x, atol=1e-5)
    assert (found.nit, found.nfev) == (expected.nit, expected.nfev)
    tree = optimize.minimize(of_tree, {"a": start[:4].reshape(2, 2), "b": start[4]}, method=method)
    np.testing.assert_allclose(tree.x["a"], found.x[:4].reshape(2, 2), atol=1e-5)
    assert np.shape(tree.x["b"]) == ()
    assert tree.nfev == found.nfev


@pytest.mark.parametrize("method", ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "trust-constr"])
def test_fewer_evaluations_than_finite_differences(method: str) -> None:
    count = 0

    def counted(x: Any) -> Any:
        nonlocal count
        count += 1
        return rosen(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scipy.optimize.minimize(counted, START, method=method)
    theirs, count = count, 0
    found = optimize.minimize(counted, START, method=method)
    np.testing.assert_allclose(found.x, 1, atol=1e-3)
    assert count < theirs / 2


@pytest.mark.parametrize("method", WITHOUT)
def test_methods_without_derivatives(method: str) -> None:
    calls = []

    def smooth(x: Any) -> Any:
        calls.append(type(x))
        return float(np.sum((x - 0.5) ** 2))  # would not be differentiable

    expected = scipy.optimize.minimize(smooth, [0.0, 1.0], method=method)
    found = optimize.minimize(smooth, [0.0, 1.0], method=method)
    np.testing.assert_array_equal(found.x, expected.x)
    assert found.nfev == expected.nfev
    assert set(calls) == {np.ndarray}
    tree = optimize.minimize(lambda p: smooth(np.stack([p.x, p.y])), Point(np.float64(0), 1.0), method=method)
    np.testing.assert_array_equal([tree.x.x, tree.x.y], expected.x)


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


# -- The form of x ---------------------------------------------------------------------------------------


def test_array_likes_are_arrays_as_in_scipy() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append((np.shape(x), x.dtype))
        return np.sum((x - 2) ** 2)

    for start in ([0.0, 1.0], (0, 1), np.array([0, 1]), [np.float64(0), 1], [True, False]):
        found = optimize.minimize(f, start)
        assert type(found.x) is np.ndarray
        assert found.jac.shape == (2,)
        np.testing.assert_allclose(found.x, 2)
    assert set(seen) == {((2,), np.dtype(float))}
    assert optimize.minimize(f, 0.0).x.shape == (1,)


@pytest.mark.parametrize(
    "start",
    [
        {"w": np.zeros((2, 2)), "b": 1.0},
        [np.zeros(3), np.ones((1, 2)), 2],
        (np.zeros(3), {"b": [np.float32(1.0), None]}),
        Point(np.arange(3), Point(1.0, np.zeros((2, 1)))),
        np.zeros((2, 3)),
    ],
    ids=["dict", "list", "nested", "dataclass", "matrix"],
)
def test_trees(start: Any) -> None:
    seen: list[Any] = []

    def distance(p: Any) -> Any:
        assert fg.tree.structure(p) == fg.tree.structure(start)
        return sum(np.sum((x - 3) ** 2) for x in fg.tree.leaves(p))

    found = optimize.minimize(distance, start, callback=seen.append, options={"return_all": True})
    for tree in (found.x, found.jac, *seen, *found.allvecs):
        assert fg.tree.structure(tree) == fg.tree.structure(start)
    for x, x0 in zip(fg.tree.leaves(found.x), fg.tree.leaves(start), strict=True):
        x0 = np.asarray(x0)
        assert x.dtype == (x0.dtype if x0.dtype.kind == "f" else float)
        assert x.shape == x0.shape
        np.testing.assert_allclose(x, 3, atol=1e-5)
    assert seen


def test_float32() -> None:
    dtypes = set()

    def f(x: Any) -> Any:
        dtypes.add(x.dtype)
        y = np.sum((x - 2) ** 4)
        assert y.dtype == np.float32
        return y

    for method in ("BFGS", "L-BFGS-B", "SLSQP", "trust-ncg", "trust-exact", "trust-constr"):
        found = optimize.minimize(f, np.zeros((2, 1), np.float32), method=method, tol=1e-3)
        gradient = found.grad if method == "trust-constr" else found.jac
        assert found.x.dtype == gradient.dtype == np.float32
        assert found.x.shape == gradient.shape == (2, 1)
        np.testing.assert_allclose(found.x, 2, atol=0.2)
    assert dtypes == {np.dtype(np.float32)}


def test_the_start_is_not_changed() -> None:
    start = {"x": np.array([3.0, 4.0])}

    def writes(p: Any) -> Any:
        p["x"] *= 2
        return np.sum(p["x"] ** 2)

    np.testing.assert_allclose(optimize.minimize(writes, start).x["x"], 0, atol=1e-6)
    np.testing.assert_array_equal(start["x"], [3, 4])


def test_tensors() -> None:
    start = fg.tensor([3.0, 4.0], requires_grad=True)
    found = optimize.minimize(lambda p: (p["x"] - fg.tensor([1.0, 2.0])).pow(2).sum(), {"x": start})
    assert isinstance(found.x["x"], fg.Tensor)
    np.testing.assert_allclose(found.x["x"].numpy(), [1, 2], atol=1e-5)


def test_labelled_starts() -> None:
    xr, pd = pytest.importorskip("xarray"), pytest.importorskip("pandas")
    start = xr.DataArray([[1.0, 2.0], [3.0, 5.0]], dims=("year", "place"), coords={"year": [2001, 2002]})
    found = optimize.minimize(lambda x: ((x.sel(year=2002) - 1) ** 2).sum() + (x.sel(year=2001) ** 2).sum(), start)
    assert isinstance(found.x, xr.DataArray)
    assert isinstance(found.jac, xr.DataArray)
    np.testing.assert_allclose(found.x.sel(year=2002), 1, atol=1e-5)
    plain = optimize.minimize(lambda x: np.sum((x - 1) ** 2), pd.Series([1.0, 2.0], index=["a", "b"]))
    assert type(plain.x) is np.ndarray  # as in SciPy
