"""Implicit differentiation: ``implicit_diff``, ``root``, ``fixed_point``, ``argmin``."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.optimize

import funcgrad as fg
from funcgrad.testing import check_grads


class State(NamedTuple):
    u: Any
    v: Any


def residual(x: Any, a: Any, b: Any) -> Any:
    """A system with one solution: the Jacobian is diagonally dominant."""
    return 4 * x + np.sin(a) * np.roll(np.tanh(x), 1) - np.sum(b["scale"] * a) * b["shift"]


def scipy_root(init: Any, a: Any, b: Any) -> Any:
    assert type(a) is np.ndarray
    assert type(b["scale"]) in (np.ndarray, np.float64)
    return scipy.optimize.fsolve(lambda x: residual(x, a, b), init, xtol=1e-13)


def arguments(rng: np.random.Generator) -> tuple[Any, Any]:
    return rng.normal(size=3), {
        "scale": np.array(rng.normal()),
        "shift": rng.normal(size=3),
        "name": "text",
        "none": None,
    }


# -- Any solver ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solve", [None, fg.gmres], ids=["dense", "gmres"])
def test_derivatives_of_what_scipy_finds(solve: Any, rng: np.random.Generator) -> None:
    f = fg.implicit_diff(scipy_root, residual, solve=solve)
    a, b = arguments(rng)
    np.testing.assert_array_equal(f(np.zeros(3), a, b), scipy_root(np.zeros(3), a, b))
    assert f.__name__ == "scipy_root"
    check_grads(lambda a, b: f(np.zeros(3), a, b), (a, b), rtol=1e-5)


def test_against_the_custom_root_of_jax(rng: np.random.Generator) -> None:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    a, b = arguments(rng)
    shift, scale = b["shift"], b["scale"]

    def of(library: Any) -> Callable[..., Any]:
        return lambda x, a, s: 4 * x + library.sin(a) * library.roll(library.tanh(x), 1) - library.sum(scale * a) * s

    def newton(f: Any, x: Any) -> Any:
        for _ in range(10):
            x = x - jnp.linalg.solve(jax.jacfwd(f)(x), f(x))
        return x

    def theirs(a: Any, s: Any) -> Any:
        def tangent_solve(g: Any, y: Any) -> Any:
            return jnp.linalg.solve(jax.jacfwd(g)(y), y)

        return jax.lax.custom_root(lambda x: of(jnp)(x, a, s), jnp.zeros(3), newton, tangent_solve)

    def ours(a: Any, s: Any) -> Any:
        return fg.root(lambda x: of(np)(x, a, s), np.zeros(3))

    def explicit(a: Any, s: Any) -> Any:
        return fg.root(of(np), np.zeros(3), a, s)

    for f in (ours, explicit):
        np.testing.assert_allclose(f(a, shift), theirs(a, shift))
        for got, expected in (
            (fg.jacrev(f, (0, 1)), jax.jacrev(theirs, (0, 1))),
            (fg.jacfwd(f, (0, 1)), jax.jacfwd(theirs, (0, 1))),
            (fg.jacfwd(fg.jacrev(f)), jax.jacfwd(jax.jacrev(theirs))),
            (fg.jacrev(fg.jacrev(f)), jax.jacfwd(jax.jacfwd(theirs))),
        ):
            for x, y in zip(fg.tree.leaves(got(a, shift)), jax.tree.leaves(jax.jit(expected)(a, shift)), strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-12)


def test_the_initial_guess_has_no_derivative(rng: np.random.Generator) -> None:
    f = fg.implicit_diff(scipy_root, residual)
    a, b = arguments(rng)
    np.testing.assert_array_equal(fg.jacrev(f)(np.ones(3), a, b), 0)
    np.testing.assert_array_equal(fg.jacfwd(f)(np.ones(3), a, b), 0)
    moved = fg.jacrev(lambda a: f(a, a, b))(a)
    np.testing.assert_allclose(moved, fg.jacrev(f, 1)(np.zeros(3), a, b), rtol=1e-6, atol=1e-12)


def test_keywords_aux_and_numbers() -> None:
    def solver(init: Any, *, a: float, power: int) -> Any:
        return a ** (1 / power), {"steps": 3, "message": "done", "trace": np.array([a, 1.0])}

    f = fg.implicit_diff(solver, lambda x, *, a, power: x**power - a, has_aux=True)
    x, aux = f(None, a=8.0, power=3)
    assert (x, aux["message"], aux["steps"]) == (2.0, "done", 3)
    gradient, aux = fg.grad(f, argnames="a", has_aux=True)(None, a=8.0, power=3)
    assert gradient == pytest.approx(1 / 12)
    assert aux["message"] == "done"
    np.testing.assert_array_equal(aux["trace"], [8, 1])
    assert fg.jvp(lambda a: f(None, a=a, power=3)[1]["trace"], (8.0,), (1.0,))[1].tolist() == [0, 0]
    roots, aux = fg.vmap(lambda a: f(None, a=a, power=3))(np.array([8.0, 27.0]))
    np.testing.assert_allclose(roots, [2, 3])
    assert aux["trace"].shape == (2, 2)


def test_under_vmap(rng: np.random.Generator) -> None:
    f = fg.implicit_diff(scipy_root, residual)
    a, b = arguments(rng)
    many = rng.normal(size=(4, 3))

    def of_a(a: Any) -> Any:
        return f(np.zeros(3), a, b)

    for g in (of_a, fg.jacrev(of_a), fg.jacfwd(of_a), fg.hessian(lambda a: np.sum(of_a(a) ** 2))):
        np.testing.assert_allclose(fg.vmap(g)(many), np.stack([g(a) for a in many]), rtol=1e-7, atol=1e-10)
    gradient = fg.grad(lambda many: np.sum(fg.vmap(of_a)(many) ** 2))(many)
    np.testing.assert_allclose(gradient, [fg.grad(lambda a: np.sum(of_a(a) ** 2))(a) for a in many], rtol=1e-7)
    _, pushforward = fg.linearize(of_a, a)
    np.testing.assert_allclose(pushforward(many[0]), fg.jacfwd(of_a)(a) @ many[0])


def test_a_tensor_as_parameter() -> None:
    f = fg.implicit_diff(lambda init, a: np.sqrt(np.asarray(a)), lambda x, a: x**2 - a)
    a = fg.tensor([4.0, 9.0], dtype=fg.float64, requires_grad=True)
    for x in (f(None, a), fg.root(lambda x: x**2 - a, np.ones(2)), fg.root(lambda x, a: x**2 - a, np.ones(2), a)):
        a.grad = None
        np.sum(x).backward()
        assert a.grad is not None
        np.testing.assert_allclose(a.grad.numpy(), [1 / 4, 1 / 6])


def test_what_implicit_diff_refuses() -> None:
    half = fg.implicit_diff(lambda init, a: a / 2, lambda x, a: 2 * x - a)
    assert fg.grad(half, 1)(None, 3.0) == 0.5
    with pytest.raises(TypeError, match="the residual was called"):
        fg.grad(lambda a: fg.implicit_diff(lambda init: 1.0, lambda x: x - a)(None))(1.0)
    with pytest.raises(TypeError, match="the solver"):
        fg.grad(lambda a: fg.implicit_diff(lambda init: a * 1.0, lambda x: x - 1.0)(None))(1.0)
    with pytest.raises(ValueError, match="as many equations"):
        fg.implicit_diff(lambda init: np.ones(2), lambda x: np.sum(x))(None)
    with pytest.raises(ValueError, match="as many equations"):
        fg.implicit_diff(lambda init: np.ones(2) * 1j, lambda x: x.real)(None)
    with pytest.raises(TypeError, match=r"\['x'\]"):
        fg.implicit_diff(lambda init: {"x": 1}, lambda x: x)(None)
    with pytest.raises(TypeError, match="pair"):
        fg.implicit_diff(lambda init: 1.0, lambda x: x, has_aux=True)(None)
    with pytest.raises(TypeError, match="function"):
        fg.implicit_diff(lambda init: 1.0, None)  # type: ignore[arg-type]
    flat = fg.implicit_diff(lambda init, a: 0.0 * a, lambda x, a: x**2 * a)
    for mode in (fg.grad(flat, 1), fg.jacfwd(flat, 1)):
        with pytest.raises(np.linalg.LinAlgError) as caught:
            mode(None, 3.0)
        assert "no derivative" in caught.value.__notes__[0]


def test_an_exception_in_the_solver_passes() -> None:
    def fails(init: Any, a: Any) -> Any:
        raise KeyError("solver")

    with pytest.raises(KeyError, match="solver"):
        fg.grad(fg.implicit_diff(fails, lambda x, a: x - a), 1)(None, 1.0)


# -- Roots -------------------------------------------------------------------------------------------------


def test_trees_and_closures(rng: np.random.Generator) -> None:
    def f(theta: Any, power: Any) -> Any:
        def equations(x: State, weights: Any) -> Any:
            return [x.u**power - theta["a"] - x.v / 10, np.sum(weights * x.u) + 2 * x.v - theta["b"]]

        return fg.root(equations, State(np.ones(2), 1.0), np.array([0.5, 0.25]))

    theta = {"a": rng.uniform(1, 2, 2), "b": np.array(1.5)}
    x = f(theta, 3)
    assert isinstance(x, State)
    check_grads(lambda theta: f(theta, 3), (theta,), rtol=1e-5)
    check_grads(lambda power: f(theta, power), (2.5,), rtol=1e-5)
    np.testing.assert_allclose(
        fg.vmap(lambda b: f(theta | {"b": b}, 3).v)(np.array([1.0, 1.5])),
        [f(theta | {"b": b}, 3).v for b in (1.0, 1.5)],
    )


def test_a_residual_that_branches() -> None:
    def branching(x: Any, a: Any) -> Any:
        return x**3 - a if x > 0 else x - 1

    assert fg.grad(lambda a: fg.root(branching, 1.0, a))(8.0) == pytest.approx(1 / 12)
    with pytest.raises(TypeError, match="closes over"):
        fg.grad(lambda a: fg.root(lambda x: branching(x, a), 1.0))(8.0)
    for f in (lambda a: fg.root(branching, 1.0, a), lambda a: fg.root(lambda x: branching(x, a), 1.0)):
        np.testing.assert_allclose(fg.vmap(f)(np.array([8.0, 27.0])), [2, 3])


def test_residuals_with_rules_of_their_own() -> None:
    @fg.custom_vjp
    def square(x: Any) -> Any:
        return x**2

    square.defvjp(lambda x: (x**2, x), lambda x, g: (2 * x * g,))
    assert fg.grad(lambda a: fg.root(lambda x: square(x) - a, 1.0))(4.0) == pytest.approx(0.25)
    assert fg.grad(lambda a: fg.argmin(lambda x: square(x - a), 1.0))(4.0) == pytest.approx(1)


def test_roots_in_roots() -> None:
    def f(a: Any) -> Any:
        def outer(x: Any) -> Any:
            return fg.root(lambda y: y**3 + y - x * a, 0.5) + x - a

        return fg.root(outer, 0.5)

    check_grads(f, (1.7,), rtol=1e-5)
    check_grads(fg.vmap(f), (np.array([1.7, 0.4]),), rtol=1e-5)


def test_a_residual_that_writes_into_arrays() -> None:
    def f(a: Any) -> Any:
        def equations(x: Any) -> Any:
            y = x * 1.0
            part = y[:2]
            part *= a
            return y - np.array([1.0, 2.0, 3.0])

        return fg.root(equations, np.ones(3))

    np.testing.assert_allclose(f(2.0), [0.5, 1, 3])
    np.testing.assert_allclose(fg.jacfwd(f)(2.0), [-0.25, -0.5, 0])
    np.testing.assert_allclose(fg.jacrev(f)(2.0), [-0.25, -0.5, 0])


def test_complex_roots() -> None:
    def f(a: Any) -> Any:
        return fg.root(lambda z: z**2 - a, 1 + 1j)

    assert f(2j) == pytest.approx(1 + 1j)
    assert fg.grad(f, holomorphic=True)(2j) == pytest.approx(1 / (2 * (1 + 1j)))
    check_grads(f, (2j,), rtol=1e-5)

    def mixed(a: Any) -> Any:  # not holomorphic
        return fg.root(lambda z: z * np.abs(z) + 0.3 * np.conj(z) - a, np.array([1 + 1j, 1.0]))

    check_grads(mixed, (np.array([2 + 1j, 3 - 1j]),), rtol=1e-5)


def test_precision_and_integers() -> None:
    x = fg.root(lambda x, a: x**2 - a, np.float32(1), np.float32(2))
    assert x.dtype == np.float32
    assert x == pytest.approx(2**0.5, rel=1e-6)
    assert fg.grad(lambda a: fg.root(lambda x: x**2 - a, np.float32(1)))(np.float32(4)).dtype == np.float32
    assert fg.root(lambda x: x**2 - 4, 1) == pytest.approx(2)


def test_an_iteration_that_does_not_converge_raises() -> None:
    with pytest.raises(RuntimeError, match=r"root has not converged: the norm of the residual is 1[ ,]"):
        fg.root(lambda x: x**2 + 1, 0.0)
    with pytest.raises(RuntimeError, match="not converged"):
        fg.root(lambda x: np.arctan(x) - 1.5, 0.0, maxiter=2)
    with pytest.raises(RuntimeError, match="not converged"):
        fg.fixed_point(lambda x: 2 * x + 1, 1.0, maxiter=20)
    with pytest.raises(RuntimeError, match="not converged"):
        fg.argmin(lambda x: x[0] ** 4 - x[1], np.ones(2), maxiter=10)
    with pytest.raises(RuntimeError, match="nan"), np.errstate(all="ignore"):
        fg.root(lambda x: np.log(x), -1.0)
    assert fg.root(np.arctan, 3.0, tol=1e-6) == pytest.approx(0)  # without a line search Newton's method diverges


# -- Fixed points ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("anderson", [0, 3])
@pytest.mark.parametrize("solve", [None, fg.gmres], ids=["dense", "gmres"])
def test_fixed_points(anderson: int, solve: Any, rng: np.random.Generator) -> None:
    w = rng.normal(size=(3, 3)) / 4

    def f(w: Any, b: Any) -> Any:
        return fg.fixed_point(
            lambda x: {"x": np.tanh(w @ x["x"] + b)}, {"x": np.zeros(3)}, anderson=anderson, solve=solve, tol=1e-13
        )

    b = rng.normal(size=3)
    x = f(w, b)["x"]
    np.testing.assert_allclose(np.tanh(w @ x + b), x, atol=1e-12)
    check_grads(f, (w, b), rtol=1e-5)


def test_anderson_acceleration_is_faster_and_goes_further() -> None:
    calls = []

    def slow(x: Any) -> Any:
        calls.append(x)
        return np.cos(x) * np.array([0.5, 1.0, 1.2])

    counts = []
    for memory in (0, 4):
        calls.clear()
        fg.fixed_point(slow, np.zeros(3), anderson=memory)
        counts.append(len(calls))
    assert counts[1] < counts[0] / 2
    assert fg.fixed_point(lambda x: 2 * x + 1, np.zeros(2), anderson=1).tolist() == pytest.approx([-1, -1])


# -- Minimizers ----------------------------------------------------------------------------------------------


def test_the_hyperparameter_of_ridge_regression(rng: np.random.Generator) -> None:
    train, valid = rng.normal(size=(20, 4)), rng.normal(size=(10, 4))
    y, z = rng.normal(size=20), rng.normal(size=10)

    def ridge(w: Any, weight: Any) -> Any:
        return np.sum((train @ w - y) ** 2) + np.exp(weight) * np.sum(w**2)

    def closed_form(weight: Any) -> Any:
        return np.linalg.solve(train.T @ train + np.exp(weight) * np.eye(4), train.T @ y)

    def by_scipy(objective: Any, init: Any) -> Any:
        return scipy.optimize.minimize(objective, init, jac=fg.grad(objective), tol=1e-12).x

    def validation(solution: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda weight: np.sum((valid @ solution(weight) - z) ** 2)

    expected = validation(closed_form)
    for options in ({}, {"solve": fg.cg}, {"minimizer": by_scipy}):
        got = validation(lambda weight, options=options: fg.argmin(ridge, np.zeros(4), weight, **options))
        rtol = 1e-5 if "minimizer" in options else 1e-8
        for derivative in (fg.grad, fg.jacfwd, lambda f: fg.grad(fg.grad(f)), lambda f: fg.jacfwd(fg.grad(f))):
            np.testing.assert_allclose(derivative(got)(0.5), derivative(expected)(0.5), rtol=rtol)


def test_two_levels_of_optimization(rng: np.random.Generator) -> None:
    """The weight that makes the inner minimizer best for another objective, and its derivative."""
    data = rng.normal(size=5) + 1

    def inner(weight: Any, data: Any) -> Any:
        return fg.argmin(lambda m: np.sum((data - m) ** 2) + np.exp(weight) * m**2, 0.0)

    def outer(data: Any, target: Any) -> Any:
        return fg.argmin(lambda weight: (inner(weight, data) - target) ** 2, 0.0, tol=1e-9)

    target = 0.4 * np.mean(data)
    best = outer(data, target)
    np.testing.assert_allclose(np.exp(best), 5 * (np.mean(data) / target - 1), rtol=1e-6)
    slope = fg.grad(outer, 1)(data, target)
    np.testing.assert_allclose(slope, -np.mean(data) / (target**2 * (np.mean(data) / target - 1)), rtol=1e-5)
    gradient = fg.grad(outer)(data, target)
    np.testing.assert_allclose(gradient, np.full(5, 1 / 5 / (np.mean(data) - target)), rtol=1e-5)


def test_minima_from_far_away(rng: np.random.Generator) -> None:
    def rosenbrock(x: Any, a: Any) -> Any:
        return (a - x["u"]) ** 2 + 100 * (x["v"] - x["u"] ** 2) ** 2

    def f(a: Any) -> Any:
        return fg.argmin(rosenbrock, {"u": -1.2, "v": 1.0}, a)

    np.testing.assert_allclose(fg.tree.leaves(f(1.5)), [1.5, 2.25])
    np.testing.assert_allclose(fg.tree.leaves(fg.jacrev(f)(1.5)), [1, 3])
    np.testing.assert_allclose(fg.tree.leaves(fg.jacfwd(fg.jacrev(f))(1.5)), [0, 2], atol=1e-6)
    double_well = fg.argmin(lambda x, a: x**4 - 2 * x**2 + a * x, 0.1, 0.0)  # begins where the curvature is negative
    assert abs(double_well) == pytest.approx(1)


def test_the_steps_of_newton_are_not_recorded(rng: np.random.Generator) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no fallback either
        kinds = []

        def watched(x: Any, a: Any) -> Any:
            kinds.append(type(a))
            return x**2 - a

        fg.grad(lambda a: fg.root(watched, 1.0, a))(2.0)
    assert kinds.count(np.float64) > 5
