"""``linear_transpose``, ``custom_linear_solve``, ``cg`` and ``gmres``: against JAX, differences and closed forms."""

import gc
import threading
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg

import funcgrad as fg
from funcgrad.testing import DeviceArray, check_grads, host_copies
from funcgrad.transforms.capture import closed

MATRIX = np.array([[2.0, 1.0, 0.0], [0.5, 3.0, 1.0], [0.0, -1.0, 4.0]])


def positive(a: Any) -> Any:
    """Return a positive definite matrix that depends on the vector `a`."""
    return np.outer(a, a) + np.eye(3) * (1 + np.exp(a[0]))


def dense(matvec: Callable[[Any], Any], b: Any) -> Any:
    """Solve by building the matrix."""
    return np.linalg.solve(np.stack([matvec(row) for row in np.eye(len(b))], axis=1), b)


# -- The transpose ---------------------------------------------------------------------------------------


LINEAR: dict[str, Callable[[Any], Any]] = {
    "matmul": lambda x: MATRIX @ x,
    "scaled": lambda x: (2 * x - x / 4) * np.array([1.0, 2.0, 3.0]),
    "reduced": lambda x: {"sum": np.sum(x), "parts": [x[::-1], x[1:]]},
    "written": lambda x: write(np.zeros_like(x), x),
    "constant in it": lambda x: np.ones_like(x) * x + np.sin(np.zeros_like(x)),
    "shifted twice": lambda x: (x + 1) * 2 - 2,
    "chosen": lambda x: np.where([True, False, True], x, 3 * x),
    "solved": lambda x: np.linalg.solve(MATRIX, x),
    "filtered": lambda x: np.convolve(x, [1.0, 2.0]),
    "joined": lambda x: np.concatenate([np.cumsum(x), np.fft.irfft(np.fft.rfft(x), n=3)]),
    "constant": lambda x: np.zeros(2),
}


def write(buffer: Any, x: Any) -> Any:
    buffer[1:] = 5 * x[:2]
    return buffer


@pytest.mark.parametrize("name", LINEAR)
def test_the_transpose_is_that_of_the_matrix(name: str, rng: np.random.Generator) -> None:
    f = LINEAR[name]
    transposed = fg.linear_transpose(f, np.zeros(3))
    cotangent = fg.tree.map(lambda y: rng.normal(size=np.shape(y)), f(np.ones(3)))
    (got,) = transposed(cotangent)
    columns = [fg.ravel_pytree(f(row))[0] for row in np.eye(3)]
    np.testing.assert_allclose(got, [fg.ravel_pytree(cotangent)[0] @ column for column in columns], atol=1e-12)


def test_the_transpose_against_jax(rng: np.random.Generator) -> None:
    jax = pytest.importorskip("jax")
    a, z = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)) * 1j + 2

    def f(np: Any) -> Callable[..., Any]:
        return lambda x, y: {"u": a @ x["v"] + y, "w": np.conj(z[0]) @ (x["v"] * 1j) - np.real(z[1]) @ np.imag(x["v"])}

    args = ({"v": np.zeros(3, complex)}, np.zeros(2))
    cotangent = {"u": np.array([1 + 1j, 2.0]), "w": np.array(0.5 - 2j)}
    got = fg.linear_transpose(f(np), *args)(cotangent)
    _, pullback = jax.vjp(f(jax.numpy), *args)
    expected = pullback({"u": jax.numpy.asarray(cotangent["u"]), "w": jax.numpy.asarray(cotangent["w"], complex)})
    for g, e in zip(fg.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(g, e)
    real = jax.linear_transpose(lambda x: a @ x, jax.ShapeDtypeStruct((3,), float))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(fg.linear_transpose(lambda x: a @ x, np.zeros(3))(np.array([1.0, 2.0]))[0], real[0])


def test_the_transpose_takes_descriptions_and_keeps_dtypes() -> None:
    class Description:
        shape, dtype = (3,), np.dtype(np.float32)

    (got,) = fg.linear_transpose(lambda x: x[:2] * np.float32(2), Description())(np.ones(2, np.float32))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, [2, 2, 0])
    assert fg.linear_transpose(lambda x: 3 * x, 1.0)(2.0) == (6.0,)


@pytest.mark.parametrize(
    ("f", "culprit"),
    [
        (np.sin, "sin"),
        (lambda x: x * x, "multiply"),
        (lambda x: 1 / x, "divide"),
        (lambda x: x % 2, "remainder"),
        (lambda x: x + 1, "at zero it is not zero"),
        (lambda x: x if x[0] >= 0 else -x, "greater_equal"),
        (lambda x: x * x[0].item(), "item"),
        (lambda x: x if x.any() else -x, "any"),
        (lambda x: x @ x, "matmul"),
        (np.sort, "sort"),
        (np.max, "max"),
        (lambda x: x.astype(int) * 1.0, "astype"),
        (lambda x: np.linalg.solve(MATRIX + x, x), "solve"),
        (fg.stop_gradient, "stop_gradient"),
        (lambda x: np.where(x > 0, x, 0), "greater"),
        (lambda x: "text", "no array"),
    ],
)
def test_what_is_not_linear_is_named(f: Any, culprit: str) -> None:
    with pytest.raises(TypeError, match=culprit):
        fg.linear_transpose(f, np.ones(3))


def test_wrong_arguments_of_the_transpose() -> None:
    with pytest.raises(TypeError, match="real or complex"):
        fg.linear_transpose(lambda x: x, np.arange(3))
    with pytest.raises(TypeError, match="real or complex"):
        fg.linear_transpose(lambda x: x, "text")
    transposed = fg.linear_transpose(lambda x: 2 * x, np.zeros(3))
    with pytest.raises(ValueError, match="shape"):
        transposed(np.ones(2))
    with pytest.raises(ValueError, match="structure"):
        transposed([np.ones(3)])


def test_the_transpose_inside_other_transforms(rng: np.random.Generator) -> None:
    a, g = rng.normal(size=(3, 2)), rng.normal(size=3)

    def f(a: Any, g: Any) -> Any:
        return fg.linear_transpose(lambda x: np.sin(a) @ x, np.zeros(2))(g)[0]

    check_grads(f, (a, g))
    many = rng.normal(size=(4, 3))
    np.testing.assert_allclose(fg.vmap(f, (None, 0))(a, many), many @ np.sin(a))
    np.testing.assert_allclose(fg.vmap(f, (0, None))(np.stack([a, 2 * a]), g), [g @ np.sin(a), g @ np.sin(2 * a)])
    twice = fg.linear_transpose(lambda g: f(a, g), np.zeros(3))
    np.testing.assert_allclose(twice(np.ones(2))[0], np.sin(a) @ np.ones(2))
    tangents = fg.linear_transpose(lambda v: fg.jvp(np.sin, (g,), (v,))[1], np.zeros(3))
    np.testing.assert_allclose(tangents(np.ones(3))[0], np.cos(g))


def test_a_tensor_passes_through_the_transpose() -> None:
    w = fg.tensor([2.0, 3.0], dtype=fg.float64, requires_grad=True)
    (got,) = fg.linear_transpose(lambda x: w * x, np.zeros(2))(fg.tensor([1.0, 10.0], dtype=fg.float64))
    np.sum(got).backward()
    assert w.grad is not None
    assert w.grad.tolist() == [1.0, 10.0]


# -- Linear systems ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("symmetric", [True, False])
def test_derivatives_of_the_solution(symmetric: bool, rng: np.random.Generator) -> None:
    def f(a: Any, b: Any) -> Any:
        matrix = positive(a) + (0 if symmetric else a[:, None])
        return fg.custom_linear_solve(lambda x: matrix @ x, b, dense, None if symmetric else dense, symmetric)

    a, b = rng.normal(size=3), rng.normal(size=3)
    check_grads(f, (a, b))
    matrix = positive(a) + (0 if symmetric else a[:, None])
    np.testing.assert_allclose(f(a, b), np.linalg.solve(matrix, b))


def test_the_solution_against_jax(rng: np.random.Generator) -> None:
    jax = pytest.importorskip("jax")
    pytest.importorskip("jax.flatten_util")
    a, b = rng.normal(size=3), {"u": rng.normal(size=2), "v": rng.normal()}

    def f(library: Any, solver: Any, np: Any, ravel: Any) -> Callable[..., Any]:
        def solve(matvec: Any, b: Any) -> Any:
            v, unravel = ravel(b)
            columns = [ravel(matvec(unravel(row)))[0] for row in np.eye(3)]
            return unravel(np.linalg.solve(np.stack(columns, axis=1), v)), {"size": np.sum(v)}

        def matvec(a: Any, x: Any) -> Any:
            return {"u": np.exp(a[:2]) * x["u"] + x["v"], "v": np.sum(x["u"]) * a[2] - 4 * x["v"]}

        return lambda a, b: solver(lambda x: matvec(a, x), b, solve, solve, has_aux=True)

    def x_of(f: Any) -> Any:
        return lambda a, b: f(a, b)[0]

    ours = f(fg, fg.custom_linear_solve, np, fg.ravel_pytree)
    theirs = f(jax, jax.lax.custom_linear_solve, jax.numpy, jax.flatten_util.ravel_pytree)
    for g, e in [
        (ours(a, b), theirs(a, b)),
        (fg.jacrev(ours, (0, 1))(a, b), jax.jit(jax.jacrev(theirs, (0, 1)))(a, b)),
        (fg.jacfwd(x_of(ours), (0, 1))(a, b), jax.jit(jax.jacfwd(x_of(theirs), (0, 1)))(a, b)),
        (fg.jacfwd(fg.jacrev(x_of(ours)))(a, b), jax.jit(jax.jacfwd(jax.jacrev(x_of(theirs))))(a, b)),
    ]:
        assert len(fg.tree.leaves(g)) == len(jax.tree.leaves(e))
        for x, y in zip(fg.tree.leaves(g), jax.tree.leaves(e), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solve", [dense, fg.cg, fg.gmres], ids=["dense", "cg", "gmres"])
@pytest.mark.parametrize("axes", [(0, 0), (None, 0), (0, None)])
def test_many_systems_at_once(solve: Any, axes: Any, rng: np.random.Generator) -> None:
    def f(a: Any, b: Any) -> Any:
        matrix = positive(a)
        return fg.custom_linear_solve(lambda x: matrix @ x, b, solve, symmetric=True)

    a, b = (rng.normal(size=(3, 3) if axis == 0 else 3) for axis in axes)
    pairs = [(a[i] if axes[0] == 0 else a, b[i] if axes[1] == 0 else b) for i in range(3)]
    for g in (f, fg.jacfwd(f), fg.jacrev(f, 1), fg.hessian(lambda a, b: np.sum(f(a, b) ** 2))):
        expected = np.stack([g(*pair) for pair in pairs])
        np.testing.assert_allclose(fg.vmap(g, axes)(a, b), expected, rtol=1e-6, atol=1e-9)
    total = fg.grad(lambda a, b: np.sum(fg.vmap(f, axes)(a, b) ** 2), (0, 1))(a, b)
    terms = [fg.grad(lambda a, b: np.sum(f(a, b) ** 2), (0, 1))(*pair) for pair in pairs]
    for i in range(2):
        parts = np.stack([term[i] for term in terms])
        np.testing.assert_allclose(total[i], parts if axes[i] == 0 else parts.sum(0), rtol=1e-6, atol=1e-9)


def test_a_solver_that_cannot_be_batched_runs_for_each_example(rng: np.random.Generator) -> None:
    calls = []

    def solve(matvec: Any, b: Any) -> Any:
        calls.append(type(b))
        operator = scipy.sparse.linalg.LinearOperator((3, 3), matvec=matvec, dtype=float)
        return scipy.sparse.linalg.gmres(operator, b, rtol=1e-13)[0]

    def f(a: Any, b: Any) -> Any:
        matrix = positive(a)
        return fg.custom_linear_solve(lambda x: matrix @ x, b, solve, symmetric=True)

    a, b = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    with pytest.warns(fg.BatchFallbackWarning):
        got = fg.vmap(f)(a, b)
    np.testing.assert_allclose(got, np.stack([np.linalg.solve(positive(x), y) for x, y in zip(a, b, strict=True)]))
    assert np.ndarray in calls
    check_grads(f, (a[0], b[0]))


def test_a_solver_may_close_over_traced_values(rng: np.random.Generator) -> None:
    def f(a: Any, b: Any) -> Any:
        inverse = np.linalg.inv(positive(a))
        return fg.custom_linear_solve(lambda x: positive(a) @ x, b, lambda matvec, b: inverse @ b, symmetric=True)

    a, b = rng.normal(size=(2, 3)), rng.normal(size=3)
    check_grads(f, (a[0], b))
    np.testing.assert_allclose(fg.vmap(f, (0, None))(a, b), np.stack([f(x, b) for x in a]))
    expected = np.stack([fg.jacrev(f)(x, b) for x in a])
    np.testing.assert_allclose(fg.vmap(fg.jacrev(f), (0, None))(a, b), expected)


def test_a_solver_that_branches_may_close_over_constants_only() -> None:
    def f(d: Any, preconditioner: Callable[[Any], Any]) -> Any:
        return np.sum(fg.cg(lambda x: d * x, np.ones(3), M=lambda x: x / preconditioner(d)))

    d = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(fg.grad(f)(d, fg.stop_gradient), -1 / d**2)
    with pytest.raises(TypeError, match=r"solve closes over.*stop_gradient"):
        fg.grad(f)(d, lambda d: d)


def test_no_derivative_flows_through_what_else_is_returned() -> None:
    def f(a: Any) -> Any:
        return fg.custom_linear_solve(
            lambda x: a * x,
            np.ones(2),
            lambda mv, b: (b / mv(np.ones(2)), {"note": "done", "sum": mv(b)}),
            None,
            True,
            True,
        )

    x, aux = f(2.0)
    np.testing.assert_allclose(x, 0.5)
    assert aux["note"] == "done"
    gradient = fg.grad(lambda a: np.sum(f(a)[0]) + np.sum(f(a)[1]["sum"]))(2.0)
    assert gradient == pytest.approx(-0.5)
    assert fg.jvp(lambda a: np.sum(f(a)[0]) + np.sum(f(a)[1]["sum"]), (2.0,), (1.0,))[1] == pytest.approx(-0.5)
    batched = fg.vmap(f)(np.array([2.0, 4.0]))
    np.testing.assert_allclose(batched[0], [[0.5, 0.5], [0.25, 0.25]])
    np.testing.assert_allclose(batched[1]["sum"], [[2, 2], [4, 4]])


def test_complex_systems(rng: np.random.Generator) -> None:
    b = rng.normal(size=3) + 1j * rng.normal(size=3)

    def f(a: Any, b: Any) -> Any:
        matrix = MATRIX + 1j * np.outer(a, [1.0, 2.0, 3.0])
        return fg.gmres(lambda x: matrix @ x, b)

    check_grads(f, (rng.normal(size=3), b), order=1)

    def hermitian(a: Any) -> Any:
        lower = np.eye(3) * a + 1j * np.triu(np.ones((3, 3)), 1) * a[0]
        matrix = lower @ np.conj(lower.T) + np.eye(3)
        return fg.cg(lambda x: matrix @ x, b)

    check_grads(hermitian, (rng.normal(size=3),))


def test_what_systems_refuse() -> None:
    b = np.ones(3)
    with pytest.raises(TypeError, match="transpose_solve"):
        fg.grad(lambda b: np.sum(fg.custom_linear_solve(lambda x: 2 * x, b, dense)))(b)
    with pytest.raises(TypeError, match="not linear"):
        fg.custom_linear_solve(lambda x: x + 1, b, dense)
    with pytest.raises(ValueError, match="output of matvec"):
        fg.custom_linear_solve(lambda x: x[:2], b, dense)
    with pytest.raises(ValueError, match="solve returns"):
        fg.custom_linear_solve(lambda x: x, b, lambda mv, b: [b])
    with pytest.raises(TypeError, match="b must hold arrays"):
        fg.custom_linear_solve(lambda x: x, ["text"], dense)
    with pytest.raises(TypeError, match="depends on"):
        fg.grad(lambda a: np.sum(fg.custom_linear_solve(lambda x: a * x if x[0] > 0 else x, b, fg.cg, None, True)))(2.0)

    def fails(matvec: Any, b: Any) -> Any:
        raise KeyError("solver")

    with pytest.raises(KeyError, match="solver"):
        fg.grad(lambda a: np.sum(fg.custom_linear_solve(lambda x: a * x, b, fails)))(2.0)


def test_a_tensor_that_the_matrix_depends_on() -> None:
    w = fg.tensor([2.0, 4.0], dtype=fg.float64, requires_grad=True)
    x = fg.cg(lambda x: w * x, np.array([2.0, 8.0]))
    np.sum(x).backward()
    assert w.grad is not None
    np.testing.assert_allclose(w.grad.numpy(), [-0.5, -0.5])
    b = fg.tensor([2.0, 8.0], dtype=fg.float64, requires_grad=True)
    y = fg.custom_linear_solve(lambda x: 2.0 * x, b, fg.cg, symmetric=True)
    assert isinstance(y, fg.Tensor)
    y.sum().backward()
    assert b.grad is not None
    np.testing.assert_allclose(b.grad.numpy(), [0.5, 0.5])


# -- Iterative solvers ---------------------------------------------------------------------------------------


def test_iterative_solvers_find_the_solution(rng: np.random.Generator) -> None:
    b = {"u": rng.normal(size=20), "v": rng.normal(size=(2, 5))}
    diagonal = {"u": rng.uniform(1, 100, 20), "v": rng.uniform(1, 100, (2, 5))}

    def product(x: Any) -> Any:
        total = sum(np.sum(leaf) for leaf in fg.tree.leaves(x))
        return fg.tree.map(lambda x, d: x * d + total, x, diagonal)

    def precondition(x: Any) -> Any:
        return fg.tree.map(lambda x, d: x / d, x, diagonal)

    for solve in (fg.cg, fg.gmres):
        for options in ({}, {"M": precondition}, {"x0": b}, {"atol": 1e-9}):
            x = solve(product, b, **options)
            for got, expected in zip(fg.tree.leaves(product(x)), fg.tree.leaves(b), strict=True):
                np.testing.assert_allclose(got, expected, atol=1e-7)
    x = fg.gmres(lambda x: product(x), b, restart=3)
    np.testing.assert_allclose(product(x)["u"], b["u"], atol=1e-7)


def test_iterative_solvers_warn_when_they_have_not_converged(rng: np.random.Generator) -> None:
    b = rng.normal(size=20)
    for solve, options in ((fg.cg, {}), (fg.gmres, {"restart": 2})):
        with pytest.warns(RuntimeWarning, match="did not reach"):
            solve(lambda x: np.linspace(1, 1000, 20) * x, b, maxiter=2, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(solve(lambda x: x, np.zeros(3)), 0)


def test_on_a_device() -> None:
    matrix, b = DeviceArray([[2.0, 1.0], [1.0, 3.0]]), DeviceArray([1.0, 2.0])
    with host_copies() as copies:
        (transposed,) = fg.linear_transpose(lambda x: matrix @ x, b)(b)
        gradients = fg.grad(lambda m, b: np.sum(fg.cg(lambda x: m @ x, b)), (0, 1))(matrix, b)
        x = fg.gmres(lambda x: matrix @ x, b)
        root = fg.root(lambda x: matrix @ x - b, DeviceArray([0.0, 0.0]))
    assert all(type(y) is DeviceArray for y in (transposed, *gradients, x, root))
    assert set(copies) == {"bool()"}  # has it converged?
    np.testing.assert_allclose(x.array, [0.2, 0.6])
    np.testing.assert_allclose(root.array, [0.2, 0.6])
    np.testing.assert_allclose(gradients[1].array, [0.4, 0.2])
    np.testing.assert_allclose(gradients[0].array, -np.outer([0.4, 0.2], [0.2, 0.6]))


def test_single_precision() -> None:
    b = np.array([1.0, 2.0], np.float32)
    x = fg.cg(lambda x: np.array([2.0, 4.0], np.float32) * x, b)
    assert x.dtype == np.float32
    gradient = fg.grad(lambda b: np.sum(fg.gmres(lambda x: np.array([2.0, 4.0], np.float32) * x, b)))(b)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, [0.5, 0.25], rtol=1e-6)


# -- Capture -----------------------------------------------------------------------------------------------


def test_a_function_without_traced_closures_stays_itself() -> None:
    function, constants = closed("f", lambda x: x if x > 0 else -x, 2.0)
    assert constants == []
    assert function([], -3.0) == 3.0


def test_closed_over_values_become_arguments() -> None:
    def f(theta: Any) -> Any:
        def inner(x: Any) -> Any:
            y = np.zeros_like(x)
            y[0] = theta[1] * x[1]
            y[1:] += np.where(x > 0, x, theta)[1:] * np.stack([x, theta[:3]])[0, 1:]
            return {"y": y, "count": np.argmax(x), "name": "inner", "theta": theta}

        function, constants = closed("inner", inner, np.array([1.0, -1.0, 2.0]))
        assert len(constants) >= 1
        x = np.array([-3.0, 5.0, 1.0])
        got = function(constants, x)
        assert (got["count"], got["name"]) == (1, "inner")
        np.testing.assert_allclose(got["y"].value, [2 * 5, 5 * 5, 1 * 1])
        return np.sum(got["y"])

    theta = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(fg.grad(f)(theta), [0.0, 5.0, 0.0])
    with pytest.raises(TypeError, match="depends on"):
        fg.grad(lambda a: closed("f", lambda x: a * x if x > 0 else x, 2.0)[0]([a], 3.0))(1.0)


def test_a_value_that_escapes_from_capture_raises() -> None:
    kept: list[Any] = []
    closed("f", lambda x: kept.append(x) or x, np.ones(2))
    with pytest.raises(fg.EscapedTracerError):
        kept[0] * 2


def test_threads(rng: np.random.Generator) -> None:
    def f(a: Any, b: Any) -> Any:
        matrix = positive(a)
        return np.sum(fg.cg(lambda x: matrix @ x, b) ** 2)

    points = rng.normal(size=(8, 3))
    expected = [fg.grad(f)(a, np.ones(3)) for a in points]
    found: dict[int, Any] = {}

    def work(i: int) -> None:
        found[i] = fg.grad(f)(points[i], np.ones(3))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal([found[i] for i in range(8)], expected)


@pytest.mark.parametrize(
    "use",
    [
        lambda big: fg.grad(lambda a: np.sum(fg.cg(lambda x: positive(a) @ x + 0 * big @ x, np.ones(3))))(np.ones(3)),
        lambda big: fg.vmap(lambda a: fg.cg(lambda x: positive(a) @ x + 0 * big @ x, np.ones(3)))(np.ones((2, 3))),
        lambda big: fg.linear_transpose(lambda x: big @ x, np.ones(3))(np.ones(3)),
        lambda big: fg.jacrev(lambda a: fg.root(lambda x: 4 * x + 0 * big @ np.tanh(x) - a, np.ones(3)))(np.ones(3)),
    ],
)
def test_memory_returns_without_the_garbage_collector(use: Callable[[Any], Any]) -> None:
    class Big(np.ndarray):
        pass

    big = np.eye(3).view(Big)
    alive = weakref.ref(big)
    gc.collect()
    gc.disable()
    try:
        use(big)
        del big
        assert alive() is None
    finally:
        gc.enable()
