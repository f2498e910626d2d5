"""What the user states to funcgrad.scipy.optimize.minimize: derivatives, bounds, constraints, callbacks; errors."""

from typing import Any

import numpy as np
import pytest
import scipy.optimize
from scipy.integrate import quad
from scipy.optimize import Bounds, LinearConstraint, rosen_der, rosen_hess, rosen_hess_prod

import funcgrad as fg
from funcgrad.scipy import optimize
from funcgrad.scipy.optimize import NonlinearConstraint
from funcgrad.scipy.optimize.derivatives import Residuals
from funcgrad.scipy.optimize.unknowns import Unknowns

START = np.array([1.3, 0.7, 0.8])


def rosen(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def compiled(x: Any) -> float:
    """A function that is not differentiable."""
    return float(scipy.optimize.rosen(np.asarray(x)))


def tree_of(x: Any) -> Any:
    return {"a": x[:2].reshape(1, 2), "b": x[2]}


def vector_of(p: Any) -> Any:
    return np.concatenate([np.ravel(p["a"]), np.reshape(p["b"], 1)])


# -- Derivatives that the user gives -------------------------------------------------------------------------


def test_own_gradient_wins() -> None:
    calls = 0

    def jac(x: Any, scale: float) -> Any:
        nonlocal calls
        calls += 1
        return scale * rosen_der(x)

    for method in ("BFGS", "Newton-CG", "trust-constr"):  # with what SciPy has in place of the Hessian
        calls = 0
        found = optimize.minimize(lambda x, scale: scale * compiled(x), START, (2.0,), method, jac)
        np.testing.assert_allclose(found.x, 1, atol=1e-3)
        assert calls > 5
    expected = scipy.optimize.minimize(compiled, START, jac=rosen_der)
    found = optimize.minimize(
        lambda p: compiled(vector_of(p)), tree_of(START), jac=lambda p: tree_of(rosen_der(vector_of(p)))
    )
    np.testing.assert_array_equal(vector_of(found.x), expected.x)
    found = optimize.minimize(lambda p: compiled(vector_of(p)), tree_of(START), jac=lambda p: rosen_der(vector_of(p)))
    np.testing.assert_array_equal(vector_of(found.x), expected.x)
    with pytest.raises(ValueError, match="gradient must be like x0; a leaf has shape"):
        optimize.minimize(lambda p: 0.0, tree_of(START), jac=lambda p: {"a": np.zeros(2), "b": 0.0})
    with pytest.raises(ValueError, match="gradient must be a tree like x0"):
        optimize.minimize(lambda p: 0.0, tree_of(START), jac=lambda p: {"a": np.zeros((1, 2))})


def test_value_and_gradient_in_one() -> None:
    found = optimize.minimize(lambda x: (rosen(x), rosen_der(x)), START, jac=True)
    expected = scipy.optimize.minimize(lambda x: (rosen(x), rosen_der(x)), START, jac=True)
    np.testing.assert_array_equal(found.x, expected.x)

    def pair(p: Any) -> Any:
        return fg.value_and_grad(lambda p: rosen(vector_of(p)))(p)

    for method in ("trust-exact", "trust-ncg", "BFGS"):
        tree = optimize.minimize(pair, tree_of(START), jac=True, method=method)
        np.testing.assert_allclose(vector_of(tree.x), 1, atol=1e-4)
    with pytest.raises(TypeError) as error:
        optimize.minimize(lambda x: (rosen(x), rosen_der(x)), START, jac=True, method="trust-exact")
    assert "in_one.<locals>.<lambda> was being differentiated, because hess was not given" in error.value.__notes__[-1]


@pytest.mark.parametrize("jac", ["2-point", "3-point", "cs", False])
def test_finite_differences_on_demand(jac: Any) -> None:
    def analytic(p: Any) -> Any:
        x = vector_of(p)
        assert type(x) is np.ndarray
        return rosen(x)

    expected = scipy.optimize.minimize(rosen, START, jac=jac)
    found = optimize.minimize(analytic, tree_of(START), jac=jac)
    np.testing.assert_array_equal(vector_of(found.x), expected.x)
    assert found.nfev == expected.nfev


def test_own_hessian_wins() -> None:
    calls: list[str] = []

    def hess(x: Any) -> Any:
        calls.append("hess")
        return rosen_hess(x)

    def hessp(x: Any, p: Any) -> Any:
        calls.append("hessp")
        return rosen_hess_prod(x, p)

    for method in ("Newton-CG", "trust-exact", "trust-constr"):
        calls.clear()
        np.testing.assert_allclose(optimize.minimize(rosen, START, method=method, hess=hess).x, 1, atol=1e-3)
        assert set(calls) == {"hess"}
    for method in ("Newton-CG", "trust-krylov", "trust-constr"):
        calls.clear()
        np.testing.assert_allclose(optimize.minimize(rosen, START, method=method, hessp=hessp).x, 1, atol=1e-3)
        assert set(calls) == {"hessp"}
    found = optimize.minimize(rosen, START, method="trust-constr", hess=scipy.optimize.SR1())
    assert found.nhev == 0


def test_hessians_of_trees() -> None:
    start = tree_of(START)

    def f(p: Any) -> Any:
        return rosen(vector_of(p))

    expected = optimize.minimize(f, start, method="trust-exact")
    for hess in (fg.hessian(f), lambda p: rosen_hess(vector_of(p))):
        found = optimize.minimize(f, start, method="trust-exact", hess=hess)
        np.testing.assert_allclose(vector_of(found.x), vector_of(expected.x), atol=1e-9)
        assert found.nfev == expected.nfev
    expected = optimize.minimize(f, start, method="trust-ncg")
    found = optimize.minimize(f, start, method="trust-ncg", hessp=lambda p, v: fg.hvp(f, p, v))
    np.testing.assert_allclose(vector_of(found.x), vector_of(expected.x), atol=1e-9)


def test_method_of_ones_own() -> None:
    def newton(fun: Any, x: Any, args: Any, jac: Any, hess: Any, hessp: Any, callback: Any, **rest: Any) -> Any:
        for _ in range(20):
            np.testing.assert_allclose(hess(x) @ x, hessp(x, x))
            x = x - np.linalg.solve(hess(x), jac(x))
            callback(x)
        return scipy.optimize.OptimizeResult(x=x, fun=fun(x), jac=jac(x))

    seen: list[Any] = []
    found = optimize.minimize(lambda p: rosen(vector_of(p)), tree_of(START), method=newton, callback=seen.append)
    np.testing.assert_allclose(vector_of(found.x), 1)
    assert len(seen) == 20
    assert seen[-1]["a"].shape == found.jac["a"].shape == (1, 2)


# -- Bounds --------------------------------------------------------------------------------------------------

LOW, HIGH = np.array([-2.0, -np.inf, 0.5]), np.array([0.5, 0.7, np.inf])
SPELLINGS = {
    "Bounds": Bounds(LOW, HIGH),
    "Bounds of trees": Bounds(tree_of(LOW), tree_of(HIGH)),
    "tree of pairs": {"a": (LOW[None, :2], HIGH[None, :2]), "b": (0.5, None)},
    "pairs": [(-2, 0.5), (None, 0.7), (0.5, None)],
}


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP", "trust-constr", "Nelder-Mead"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_bounds(method: str, spelling: str) -> None:
    start = np.array([0.1, 0.2, 0.9])
    expected = scipy.optimize.minimize(
        rosen, start, method="L-BFGS-B", jac=rosen_der, bounds=Bounds(LOW, HIGH), tol=1e-12
    )
    found = optimize.minimize(lambda p: rosen(vector_of(p)), tree_of(start), method=method, bounds=SPELLINGS[spelling])
    np.testing.assert_allclose(vector_of(found.x), expected.x, atol=2e-3)


def test_bounds_of_one_number_and_fixed_unknowns() -> None:
    def f(p: Any) -> Any:
        return np.sum((p["a"] - 3) ** 2) + (p["b"] - 3) ** 2

    start = {"a": np.zeros(2), "b": 0.0}
    found = optimize.minimize(f, start, bounds=Bounds(-1, 1))
    np.testing.assert_allclose(found.x["a"], 1)
    for method in ("L-BFGS-B", "TNC", "SLSQP", "trust-constr"):
        found = optimize.minimize(f, start, method=method, bounds={"a": (0, 1), "b": (0, 0)})
        np.testing.assert_allclose(found.x["a"], 1, atol=1e-4)
        np.testing.assert_allclose(found.x["b"], 0, atol=1e-6)
    for wrong in ({"a": (0, 1)}, {"a": 1, "b": (0, 1)}, [(0, 1)], 3.0):
        with pytest.raises(ValueError, match="bounds"):
            optimize.minimize(f, start, bounds=wrong)


# -- Constraints ---------------------------------------------------------------------------------------------

CONSTRAINTS: dict[str, Any] = {
    "dict": {"type": "ineq", "fun": lambda p: 2 - np.sum(p["a"] ** 2) - p["b"] ** 2},
    "dict with args": {"type": "ineq", "fun": lambda p, r: [r - np.sum(p["a"] ** 2) - p["b"] ** 2], "args": (2.0,)},
    "own": NonlinearConstraint(lambda p: {"r": np.sum(p["a"] ** 2) + p["b"] ** 2}, -np.inf, 2),
    "SciPy's": scipy.optimize.NonlinearConstraint(lambda p: np.sum(p["a"] ** 2) + p["b"] ** 2, -np.inf, 2),
    "own jac": NonlinearConstraint(
        lambda p: float(np.sum(p["a"] ** 2) + p["b"] ** 2), -np.inf, 2, jac=lambda p: 2 * vector_of(p)
    ),
    "dict with jac": {
        "type": "ineq",
        "fun": lambda p: float(2 - np.sum(p["a"] ** 2) - p["b"] ** 2),
        "jac": lambda p: -2 * vector_of(p),
    },
    "differences": NonlinearConstraint(lambda p: float(np.sum(p["a"] ** 2) + p["b"] ** 2), -np.inf, 2, jac="2-point"),
    "own hess": NonlinearConstraint(
        lambda p: np.sum(p["a"] ** 2) + p["b"] ** 2, -np.inf, 2, hess=lambda p, v: 2 * v[0] * np.eye(3)
    ),
    "sparsity": NonlinearConstraint(
        lambda p: np.sum(p["a"] ** 2) + p["b"] ** 2, -np.inf, 2, finite_diff_jac_sparsity=np.ones((1, 3))
    ),
}


@pytest.mark.filterwarnings("ignore:delta_grad")  # of SciPy's approximation, where that was asked for
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", "COBYLA", "COBYQA"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints(method: str, name: str) -> None:
    if method != "trust-constr" and name in ("own hess", "sparsity"):
        pytest.skip("used by trust-constr alone")

    def f(p: Any) -> Any:
        return np.sum((p["a"] - np.array([[1.0, 2.0]])) ** 2) + (p["b"] - 3) ** 2

    start = {"a": np.array([[0.1, 0.2]]), "b": 0.3}
    constraint = CONSTRAINTS[name]
    found = optimize.minimize(f, start, method=method, constraints=constraint)
    on_sphere = np.sqrt(2 / 14) * np.array([1, 2, 3])
    np.testing.assert_allclose(vector_of(found.x), on_sphere, atol=2e-3)
    if method == "trust-constr" and name != "sparsity":
        second = optimize.minimize(f, start, method=method, constraints=[constraint, CONSTRAINTS["dict"]])
        np.testing.assert_allclose(vector_of(second.x), on_sphere, atol=2e-3)
        if name in ("own", "dict", "SciPy's"):
            assert found.constr_nhev[0] > 0


def test_equations_and_matrices() -> None:
    start = {"a": np.zeros((1, 2)), "b": 0.0}
    plane = LinearConstraint(np.array([[1.0, 2.0, 3.0]]), 6, 6)

    def f(p: Any) -> Any:
        return np.sum(p["a"] ** 2) + p["b"] ** 2

    for constraint in (
        plane,
        {"type": "eq", "fun": lambda p: p["a"] @ np.array([1.0, 2.0]) + 3 * p["b"] - 6},
        NonlinearConstraint(lambda p: vector_of(p) @ np.arange(1.0, 4), 6, 6),
    ):
        for method in ("SLSQP", "trust-constr"):
            found = optimize.minimize(f, start, method=method, constraints=[constraint])
            np.testing.assert_allclose(vector_of(found.x), np.array([1, 2, 3]) * 6 / 14, atol=1e-5)


def test_second_derivatives_of_constraints() -> None:
    def c(x: Any) -> Any:
        return [np.sum(x**2) + np.sin(x[0]), x[0] * x[1] * x[2] ** 3 + 1]

    v, step = np.array([0.7, -1.3]), 1e-6
    found = Residuals("test", c, Unknowns("test", START)).curvature(START, v) @ np.eye(3)
    slope = fg.grad(lambda x: v[0] * c(x)[0] + v[1] * c(x)[1])
    expected = [(slope(START + step * e) - slope(START - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(found, expected, atol=1e-7)


# -- Callbacks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BFGS", "TNC", "SLSQP", "COBYLA", "trust-constr", "Nelder-Mead"])
def test_callbacks(method: str) -> None:
    seen = []

    def callback(p: Any, *state: Any) -> None:
        seen.append(p)
        for s in state:
            assert s.x["a"].shape == s.grad["a"].shape == (1, 2)

    start = tree_of(START)
    found = optimize.minimize(lambda p: rosen(vector_of(p)), start, method=method, callback=callback)
    assert all(p["a"].shape == (1, 2) for p in seen)
    np.testing.assert_allclose(vector_of(seen[-1]), vector_of(found.x), atol=0.1)
    if method in ("TNC", "COBYLA"):
        return

    def stop(intermediate_result: Any) -> None:
        assert intermediate_result.x["a"].shape == (1, 2)
        raise StopIteration

    stopped = optimize.minimize(lambda p: rosen(vector_of(p)), start, method=method, callback=stop)
    assert stopped.nit <= 2
    assert not stopped.success


# -- Errors --------------------------------------------------------------------------------------------------


def test_functions_that_are_not_differentiable() -> None:
    def integral(x: Any) -> Any:
        return quad(lambda t: (t - x[0]) ** 2, 0, 1)[0] + x[1] ** 2

    with pytest.raises(TypeError) as error:
        optimize.minimize(integral, [0.0, 1.0])
    assert (
        "minimize: test_functions_that_are_not_differentiable.<locals>.integral was being" in error.value.__notes__[-1]
    )
    assert "pass jac" in error.value.__notes__[-1]
    np.testing.assert_allclose(optimize.minimize(integral, [0.0, 1.0], jac="2-point").x, [0.5, 0], atol=1e-5)
    np.testing.assert_allclose(optimize.minimize(integral, [0.0, 1.0], method="Powell").x, [0.5, 0], atol=1e-5)


def test_what_is_differentiated_outside() -> None:
    def best(a: Any) -> Any:
        return optimize.minimize(lambda x: np.sum((x - a) ** 2), [0.0]).x[0]

    with pytest.raises(TypeError, match=r"depends on something that is being differentiated .* funcgrad\.argmin"):
        fg.grad(best)(3.0)
    weight = fg.tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"funcgrad\.argmin"):
        optimize.minimize(lambda x: weight * np.sum(x**2), [1.0])
    found = fg.grad(lambda a: a * best(fg.stop_gradient(a)))(3.0)
    np.testing.assert_allclose(found, 3, atol=1e-5)

    def shrunken(a: Any) -> Any:  # the way that the message names
        def minimizer(f: Any, init: Any) -> Any:
            return optimize.minimize(f, {"x": init["x"]}, tol=1e-10).x

        return fg.argmin(lambda p: (p["x"] - a) ** 2 + p["x"] ** 2, {"x": 0.0}, minimizer=minimizer)["x"]

    np.testing.assert_allclose(fg.grad(shrunken)(3.0), 0.5)


def test_wrong_starts_and_values() -> None:
    with pytest.raises(ValueError, match="x0 must be real, got complex128 at x0"):
        optimize.minimize(lambda z: np.sum(np.abs(z) ** 2), [1j, 2])
    with pytest.raises(ValueError, match=r"x0 must be real, got complex64 at \['z'\]"):
        optimize.minimize(lambda p: np.abs(p["z"]) ** 2, {"z": np.complex64(1j)})
    with pytest.raises(TypeError, match=r"x0 must hold numbers, got 'abc' at \['name'\]"):
        optimize.minimize(lambda p: p["x"] ** 2, {"x": 1.0, "name": "abc"})
    with pytest.raises(ValueError, match=r"must return a scalar value, got arrays of shape \(2,\)"):
        optimize.minimize(lambda x: x**2, [1.0, 2.0])
    with pytest.raises(TypeError, match="real output"):
        optimize.minimize(lambda x: np.sum(x) * 1j, [1.0, 2.0])
    for shape in ((1,), (1, 1)):
        found = optimize.minimize(lambda x, s=shape: np.sum((x - 1) ** 2).reshape(s), [0.0, 3.0])
        np.testing.assert_allclose(found.x, 1)
    found = optimize.minimize(lambda x: 3, [0.0, 3.0])
    np.testing.assert_array_equal(found.x, [0, 3])
    assert found.fun == 3
