"""funcgrad.scipy.optimize: least_squares, curve_fit, root, root_scalar beside SciPy's own."""

import collections
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from scipy import sparse
from scipy.linalg import toeplitz
from scipy.optimize import Bounds

import funcgrad as fg
from funcgrad.scipy import optimize
from funcgrad.scipy.optimize import derivatives

T = np.linspace(0, 4, 30)
TRUTH = np.array([2.5, 1.3, 0.5])
Y = TRUTH[0] * np.exp(-TRUTH[1] * T) + TRUTH[2] + 0.05 * np.cos(17 * T)


def model(t: Any, height: Any, rate: Any, offset: Any) -> Any:
    return height * np.exp(-rate * t) + offset


def model_jac(t: Any, height: Any, rate: Any, offset: Any) -> Any:
    return np.stack([np.exp(-rate * t), -height * t * np.exp(-rate * t), np.ones_like(t)], axis=1)


def residuals(x: Any) -> Any:
    return model(T, *x) - Y


def of_tree(p: Any) -> Any:
    return {
        "even": residuals([p["decay"][0, 0], p["decay"][0, 1], p["offset"]])[::2],
        "odd": (residuals(vector(p))[1::2],),
    }


def vector(p: Any) -> Any:
    return np.concatenate([np.ravel(p["decay"]), np.reshape(p["offset"], 1)])


NEAR = [2.0, 1.0, 0.3]
START = {"decay": np.array([[2.0, 1.0]]), "offset": 0.3}

# -- least_squares -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
@pytest.mark.parametrize("loss", ["linear", "soft_l1", "cauchy"])
def test_as_with_the_jacobian_by_hand(method: str, loss: str) -> None:
    if method == "lm" and loss != "linear":
        pytest.skip("SciPy does not have it")
    options = {"method": method, "loss": loss, "xtol": 1e-12, "gtol": 1e-12, "f_scale": 0.1}
    expected = scipy.optimize.least_squares(residuals, NEAR, jac=lambda x: model_jac(T, *x), **options)
    found = optimize.least_squares(residuals, NEAR, **options)
    np.testing.assert_allclose(found.x, expected.x, rtol=1e-9)
    np.testing.assert_allclose(found.jac, expected.jac, rtol=1e-7, atol=1e-12)
    tree = optimize.least_squares(of_tree, START, **options)
    np.testing.assert_allclose(vector(tree.x), expected.x, rtol=1e-8)
    assert tree.x["decay"].shape == tree.grad["decay"].shape == tree.active_mask["decay"].shape == (1, 2)
    assert tree.jac.shape == (30, 3)


def test_fewer_calls_than_differences() -> None:
    count = 0

    def counted(x: Any) -> Any:
        nonlocal count
        count += 1
        return residuals(x)

    scipy.optimize.least_squares(counted, [1.0, 2.0, 1.0])
    theirs, count = count, 0
    optimize.least_squares(counted, [1.0, 2.0, 1.0])
    assert count < theirs * 0.6


def test_mode_follows_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str] = []
    for mode in ("jacfwd", "jacrev"):
        original = getattr(derivatives, mode)
        monkeypatch.setattr(derivatives, mode, lambda f, m=mode, o=original: used.append(m) or o(f))
    optimize.least_squares(residuals, [1.0, 2.0, 1.0])
    assert set(used) == {"jacfwd"}
    used.clear()
    wide = optimize.least_squares(lambda x: np.sum(x) - 1, np.zeros(5))
    assert set(used) == {"jacrev"}
    np.testing.assert_allclose(wide.x, 0.2)


@pytest.mark.parametrize(
    "bounds",
    [
        (np.array([0, 0, 0]), np.array([3.0, 1.0, 0.4])),
        Bounds([0, 0, 0], [3.0, 1.0, 0.4]),
        (0, {"decay": np.array([3.0, 1.0]), "offset": 0.4}),
        Bounds({"decay": 0, "offset": None}, {"decay": np.array([[3.0, 1.0]]), "offset": 0.4}),
    ],
)
def test_bounds_of_least_squares(bounds: Any) -> None:
    start = {"decay": np.array([[1.0, 0.5]]), "offset": 0.1}
    expected = scipy.optimize.least_squares(residuals, [1.0, 0.5, 0.1], bounds=([0, 0, -5], [3.0, 1.0, 0.4]))
    found = optimize.least_squares(of_tree, start, bounds=bounds, x_scale={"decay": 1.0, "offset": 0.5})
    np.testing.assert_allclose(vector(found.x), expected.x, rtol=1e-4)
    assert found.active_mask["offset"] == 0 or found.active_mask["offset"] == 1


def tridiagonal(x: Any) -> Any:
    y = (3 - x) * x + 1
    return y - np.concatenate([[0.0], x[:-1]]) - 2 * np.concatenate([x[1:], [0.0]])


def test_sparsity() -> None:
    n = 60
    pattern = toeplitz([1, 1] + [0] * (n - 2))
    calls = []

    def counted(x: Any) -> Any:
        calls.append(np.shape(x))
        return tridiagonal(x)

    found = optimize.least_squares(counted, -np.ones(n), jac_sparsity=sparse.csr_array(pattern))
    assert sparse.issparse(found.jac)
    np.testing.assert_allclose(found.jac.toarray(), fg.jacfwd(tridiagonal)(found.x), atol=1e-12)
    np.testing.assert_allclose(tridiagonal(found.x), 0, atol=1e-6)
    assert len(calls) < 40
    expected = scipy.optimize.least_squares(tridiagonal, -np.ones(n), jac_sparsity=pattern)
    np.testing.assert_allclose(found.x, expected.x, atol=1e-5)
    with pytest.raises(ValueError, match="sparsity leaves out"):
        optimize.least_squares(tridiagonal, -np.ones(n), jac_sparsity=np.eye(n))
    with pytest.raises(ValueError, match="does not support"):
        optimize.least_squares(tridiagonal, -np.ones(n), jac_sparsity=pattern, method="lm")


def test_own_jacobian_and_arguments() -> None:
    seen = []

    def jac(x: Any, y: Any, scale: float) -> Any:
        seen.append(scale)
        return scale * model_jac(T, *x)

    def scaled(x: Any, y: Any, scale: float = 1.0) -> Any:
        return scale * np.asarray(model(T, *x) - y)  # asarray: not differentiable

    found = optimize.least_squares(scaled, [1, 2, 1], jac, args=(Y,), kwargs={"scale": 2.0})
    np.testing.assert_allclose(found.x, scipy.optimize.least_squares(residuals, [1, 2, 1]).x, rtol=1e-4)
    assert set(seen) == {2.0}
    np.testing.assert_allclose(optimize.least_squares(scaled, [1, 2, 1], "3-point", args=(Y,)).x, found.x, rtol=1e-4)
    with pytest.raises(TypeError) as error:
        optimize.least_squares(scaled, [1, 2, 1], args=(Y,))
    assert "least_squares: test_own_jacobian_and_arguments.<locals>.scaled was" in error.value.__notes__[-1]


def test_callback_of_least_squares() -> None:
    seen = []

    def callback(intermediate_result: Any) -> None:
        seen.append(intermediate_result.x)
        if len(seen) == 2:
            raise StopIteration

    found = optimize.least_squares(of_tree, START, callback=callback)
    assert [p["decay"].shape for p in seen] == [(1, 2)] * 2
    assert found.status == -2


def test_complex_and_wrong_least_squares() -> None:
    with pytest.raises(ValueError, match="x0 must be real"):
        optimize.least_squares(lambda z: z, [1j])
    with pytest.raises(ValueError, match="returned complex numbers; return their real and imaginary parts"):
        optimize.least_squares(lambda x: x * 1j, [1.0])
    with pytest.raises(ValueError, match="bounds must be a pair"):
        optimize.least_squares(of_tree, START, bounds=3)
    with pytest.raises(ValueError, match="bounds must be a tree like x0"):
        optimize.least_squares(of_tree, START, bounds=({"decay": 0}, 1))


def test_float32_least_squares() -> None:
    def f(p: Any) -> Any:
        r = p["x"] ** 2 - np.array([4, 9], np.float32)
        assert r.dtype == np.float32
        return r

    found = optimize.least_squares(f, {"x": np.ones(2, np.float32)})
    assert found.x["x"].dtype == np.float32
    np.testing.assert_allclose(found.x["x"], [2, 3], rtol=1e-4)


# -- curve_fit -----------------------------------------------------------------------------------------------

SIGMA = 0.1 + 0.02 * T


@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
@pytest.mark.parametrize("sigma", [None, 0.3, SIGMA, np.diag(SIGMA**2) + 0.001], ids=["none", "one", "each", "matrix"])
@pytest.mark.parametrize("absolute", [False, True])
def test_fits(method: str, sigma: Any, absolute: bool) -> None:
    options = {"sigma": sigma, "absolute_sigma": absolute, "method": method}
    expected, expected_cov = scipy.optimize.curve_fit(model, T, Y, **options)
    popt, pcov = optimize.curve_fit(model, T, Y, **options)
    np.testing.assert_allclose(popt, expected, rtol=1e-4)
    np.testing.assert_allclose(pcov, expected_cov, rtol=1e-3)


def test_fits_with_bounds_and_starts() -> None:
    bounds = (0, [3.0, 1.0, 0.5])
    expected, cov = scipy.optimize.curve_fit(model, T, Y, bounds=bounds)
    for p0 in (None, [1, 0.5, 0.2], np.array([1, 0.5, 0.2])):
        popt, pcov = optimize.curve_fit(model, T, Y, p0, bounds=bounds)
        np.testing.assert_allclose(popt, expected, rtol=1e-4)
        np.testing.assert_allclose(pcov, cov, rtol=2e-2)
    popt, pcov, info, message, status = optimize.curve_fit(model, list(T), list(Y), full_output=True)
    assert info["nfev"] < 20
    assert status in (1, 2, 3, 4)
    assert isinstance(message, str)
    assert pcov.shape == (3, 3)


Line = collections.namedtuple("Line", "slope offset")


def test_fits_of_trees() -> None:
    def poly(t: Any, weights: Any, offset: Any) -> Any:
        return t[:, None] ** np.arange(1, 4) @ weights + offset

    y = poly(T, np.array([1.0, -0.5, 0.1]), 2.0)
    (weights, offset), pcov = optimize.curve_fit(poly, T, y, p0=(np.zeros(3), 0.0))
    np.testing.assert_allclose(weights, [1, -0.5, 0.1], atol=1e-8)
    np.testing.assert_allclose(offset, 2)
    assert pcov.shape == (4, 4)
    named, _ = optimize.curve_fit(
        poly, T, y, p0={"weights": np.zeros(3), "offset": 0.0}, bounds=(-5, {"weights": 1, "offset": 5})
    )
    np.testing.assert_allclose(named["weights"], [1, -0.5, 0.1], atol=1e-4)
    line, _ = optimize.curve_fit(lambda t, slope, offset: slope * t + offset, T, 2 * T + 1, p0=Line(0.0, 0.0))
    np.testing.assert_allclose([line.slope, line.offset], [2, 1])

    def jac(t: Any, weights: Any, offset: Any) -> Any:
        return np.concatenate([t[:, None] ** np.arange(1, 4), np.ones((30, 1))], axis=1)

    plain, _ = optimize.curve_fit(lambda t, *p: np.asarray(poly(t, *p)), T, y, p0=(np.zeros(3), 0.0), jac=jac)
    np.testing.assert_allclose(plain[0], [1, -0.5, 0.1], atol=1e-8)
    with pytest.raises(TypeError, match="p0 must be an array, list, tuple or dict, got Box"):
        optimize.curve_fit(poly, T, y, p0=fg.tree.register(Box)(np.zeros(3)))


class Box:
    def __init__(self, x: Any) -> None:
        self.x = x

    def tree_flatten(self) -> Any:
        return (self.x,), None

    @classmethod
    def tree_unflatten(cls, extra: Any, children: Any) -> Any:
        return cls(*children)


def test_fits_of_series() -> None:
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"t": T, "y": Y}, index=np.arange(30) % 7)
    popt, pcov = optimize.curve_fit(model, table["t"], table["y"])
    expected, cov = optimize.curve_fit(model, T, Y)
    np.testing.assert_array_equal(popt, expected)
    np.testing.assert_array_equal(pcov, cov)


def test_fits_of_special_data() -> None:
    mean, cov = optimize.curve_fit(lambda t, a: a, T, Y)  # one number for all data
    np.testing.assert_allclose(mean, [Y.mean()])
    np.testing.assert_allclose(cov, scipy.optimize.curve_fit(lambda t, a: a, T, Y)[1], rtol=1e-6)
    hole = Y.copy()
    hole[3] = np.nan
    expected = scipy.optimize.curve_fit(model, T, hole, nan_policy="omit")
    found = optimize.curve_fit(model, T, hole, nan_policy="omit")
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4)
    with pytest.raises(ValueError, match="must not contain infs or NaNs"):
        optimize.curve_fit(model, T, hole)
    with pytest.raises(ValueError, match="Unable to determine number of fit parameters"):
        optimize.curve_fit(lambda *p: p[0], T, Y)
    with pytest.raises(ValueError, match="x0 must be real"):
        optimize.curve_fit(model, T, Y, p0=[1j, 1, 1])
    with pytest.raises(TypeError) as error:
        optimize.curve_fit(lambda t, a: np.asarray(a) * t, T, Y)
    assert "curve_fit: test_fits_of_special_data.<locals>.<lambda> was" in error.value.__notes__[-1]
    popt, _ = optimize.curve_fit(lambda t, a: float(a) * t, T, 2 * T, jac="2-point", method="trf")
    np.testing.assert_allclose(popt, 2)


# -- root ----------------------------------------------------------------------------------------------------


def equations(x: Any) -> Any:
    return [x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]]


def equations_jac(x: Any) -> Any:
    d = 1.5 * (x[0] - x[1]) ** 2
    return np.array([[1 + d, -d], [-d, 1 + d]])


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov", "broyden1", "df-sane", "anderson"])
def test_roots(method: str) -> None:
    with_jac = {"jac": equations_jac} if method in ("hybr", "lm") else {}
    expected = scipy.optimize.root(lambda x: np.array(equations(x)), [0.5, 0.25], method=method, **with_jac)
    found = optimize.root(equations, [0.5, 0.25], method=method)
    np.testing.assert_allclose(found.x, expected.x, rtol=1e-9)
    assert found.nfev == expected.nfev
    assert found.success
    tree = optimize.root(lambda p: equations([p["x"], p["y"]]), {"x": 0.5, "y": np.float64(0.25)}, method=method)
    np.testing.assert_allclose([tree.x["x"], tree.x["y"]], expected.x, rtol=1e-9)


def test_roots_of_trees_of_residuals() -> None:
    def f(p: Any) -> Any:
        return {"a": p["m"] @ p["m"] - np.array([[4.0, 1.0], [0.0, 9.0]]), "b": p["c"] - 2}

    found = optimize.root(f, {"m": np.eye(2), "c": 0.0})
    assert found.x["m"].shape == (2, 2)
    np.testing.assert_allclose(found.x["m"] @ found.x["m"], [[4, 1], [0, 9]], atol=1e-10)
    assert found.fun.shape == (5,)


def test_own_jacobian_of_root() -> None:
    count = 0

    def plain(x: Any, scale: float = 1.0) -> Any:
        nonlocal count
        count += 1
        return scale * np.asarray(equations(x))

    expected = scipy.optimize.root(plain, [0, 0], jac=equations_jac).x
    both = optimize.root(lambda x: (plain(x), equations_jac(x)), [0, 0], jac=True)
    np.testing.assert_allclose(both.x, expected)
    np.testing.assert_allclose(optimize.root(plain, [0, 0], 2.0, jac=lambda x, s: s * equations_jac(x)).x, expected)
    np.testing.assert_allclose(optimize.root(plain, [0, 0], jac=False).x, expected)
    with pytest.raises(TypeError) as error:
        optimize.root(plain, [0, 0])
    assert "root: test_own_jacobian_of_root.<locals>.plain was being differentiated" in error.value.__notes__[-1]
    seen: list[Any] = []
    optimize.root(
        lambda p: equations(p["x"]), {"x": np.zeros(2)}, method="krylov", callback=lambda p, r: seen.append((p, r))
    )
    assert seen[0][0]["x"].shape == seen[0][1].shape == (2,)


def test_complex_roots() -> None:
    found = optimize.root(lambda z: z**2 + 1, np.array([1 + 1j, 2 + 0.5j]), method="krylov")
    np.testing.assert_allclose(found.x, 1j, atol=1e-6)
    with pytest.raises(ValueError, match="x0 must be real"):
        optimize.root(lambda z: z**2 + 1, [1 + 1j])


# -- root_scalar ---------------------------------------------------------------------------------------------


def cubic(x: Any, a: float) -> Any:
    return x**3 - a


def test_scalar_roots() -> None:
    options = {"args": (2.0,), "x0": 1.5}
    newton = scipy.optimize.root_scalar(cubic, fprime=lambda x, a: 3 * x**2, **options)
    halley = scipy.optimize.root_scalar(cubic, fprime=lambda x, a: 3 * x**2, fprime2=lambda x, a: 6 * x, **options)
    found = {
        "default": optimize.root_scalar(cubic, **options),
        "newton": optimize.root_scalar(cubic, method="newton", **options),
        "halley": optimize.root_scalar(cubic, method="halley", **options),
        "given": optimize.root_scalar(cubic, fprime=lambda x, a: 3 * x**2, method="halley", **options),
        "second": optimize.root_scalar(cubic, fprime2=lambda x, a: 6 * x, **options),
        "pair": optimize.root_scalar(lambda x, a: (cubic(x, a), 3 * x**2), fprime=True, **options),
    }
    for name, result in found.items():
        expected = halley if name in ("halley", "given", "second") else newton
        np.testing.assert_allclose(result.root, 2 ** (1 / 3), rtol=1e-12)
        assert result.iterations == expected.iterations
        assert result.method == expected.method
    assert halley.iterations < newton.iterations


def test_scalar_roots_without_derivatives() -> None:
    for options in ({"bracket": (0, 2)}, {"x0": 1.0, "x1": 2.0}, {"x0": 1.0, "method": "secant"}):
        expected = scipy.optimize.root_scalar(cubic, (2.0,), **options)
        found = optimize.root_scalar(lambda x, a: float(cubic(x, a)), (2.0,), **options)
        assert (found.root, found.function_calls) == (expected.root, expected.function_calls)
    with pytest.raises(TypeError) as error:
        optimize.root_scalar(lambda x: float(x) - 1, x0=2.0)
    assert "fprime was not given" in error.value.__notes__[-1]
    z = optimize.root_scalar(lambda z: z**2 + 1, x0=1 + 1j)
    np.testing.assert_allclose(z.root, 1j)


def test_the_rest_is_scipys() -> None:
    assert optimize.linprog is scipy.optimize.linprog
    assert optimize.Bounds is scipy.optimize.Bounds
    assert {"minimize", "brentq", "NonlinearConstraint"} <= set(dir(optimize))
    with pytest.raises(AttributeError):
        optimize.no_such_thing  # noqa: B018
