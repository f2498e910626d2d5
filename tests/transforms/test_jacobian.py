"""Jacobians, Hessians and their products with vectors, judged by JAX."""

from collections.abc import Callable
from typing import Any

import numpy as np
import optree
import pytest

import funcgrad as fg

RNG = np.random.default_rng(0)
P = {"w": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4), "s": np.float64(0.7)}
V = {"w": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4), "s": np.float64(-0.2)}
X = RNG.normal(size=(5, 3))
Z = RNG.normal(size=3) + 1j * RNG.normal(size=3)


def model(xp: Any) -> Callable[[Any, Any], Any]:
    def f(p: Any, x: Any) -> Any:
        h = xp.tanh(x @ p["w"] + p["b"])
        return {"out": xp.sum(h**2, axis=-1) * p["s"], "h": h[0]}

    return f


def loss(xp: Any) -> Callable[[Any, Any], Any]:
    def f(p: Any, x: Any) -> Any:
        y = model(xp)(p, x)
        return xp.sum(y["out"]) + xp.sum(y["h"] ** 3)

    return f


def product(xp: Any) -> Callable[[Any], Any]:
    return lambda x: xp.prod(xp.sin(x))


CASES: dict[str, Callable[[Any, Any], Any]] = {
    "jacfwd": lambda fg, np: fg.jacfwd(model(np))(P, X),
    "jacrev": lambda fg, np: fg.jacrev(model(np))(P, X),
    "jacfwd, argnums": lambda fg, np: fg.jacfwd(model(np), argnums=(0, 1))(P, X),
    "jacrev, argnums": lambda fg, np: fg.jacrev(model(np), argnums=(1, 0))(P, X),
    "jacfwd, aux": lambda fg, np: fg.jacfwd(lambda p: (model(np)(p, X), p["b"]), has_aux=True)(P),
    "jacrev, aux": lambda fg, np: fg.jacrev(lambda p: (model(np)(p, X), p["b"]), has_aux=True)(P),
    "jacfwd, complex output": lambda fg, np: fg.jacfwd(lambda x: np.exp(1j * x))(X[0]),
    "jacrev, complex input": lambda fg, np: fg.jacrev(np.abs)(Z),
    "jacfwd, holomorphic": lambda fg, np: fg.jacfwd(lambda z: z**2 * z[0], holomorphic=True)(Z),
    "jacrev, holomorphic": lambda fg, np: fg.jacrev(lambda z: z**2 * z[0], holomorphic=True)(Z),
    "jacfwd, single": lambda fg, np: fg.jacfwd(np.sin)(np.float32(0.5)),
    "hessian": lambda fg, np: fg.hessian(loss(np))(P, X),
    "hessian, argnums": lambda fg, np: fg.hessian(loss(np), argnums=(0, 1))(P, X),
    "hessian of several outputs": lambda fg, np: fg.hessian(lambda x: np.sin(x) * x[0])(X[0]),
    "hessian, holomorphic": lambda fg, np: fg.hessian(lambda z: np.sum(z**3) * z[0], holomorphic=True)(Z),
    "vmap of jacfwd": lambda fg, np: fg.vmap(fg.jacfwd(lambda x: np.sin(x) * x[0]))(X),
    "jacfwd of vmap": lambda fg, np: fg.jacfwd(fg.vmap(lambda x: np.sin(x) * x[0]))(X),
    "jacrev of vmap": lambda fg, np: fg.jacrev(fg.vmap(lambda x: np.sin(x) * x[0]))(X),
    "vmap of hessian": lambda fg, np: fg.vmap(fg.hessian(product(np)))(X),
    "grad of hessian": lambda fg, np: fg.grad(lambda x: np.sum(fg.hessian(product(np))(x) ** 2))(X[0]),
    "jacfwd of jacfwd": lambda fg, np: fg.jacfwd(fg.jacfwd(product(np)))(X[0]),
    "jacrev of jacrev": lambda fg, np: fg.jacrev(fg.jacrev(product(np)))(X[0]),
    "jacrev of jacfwd of jacrev": lambda fg, np: fg.jacrev(fg.jacfwd(fg.jacrev(product(np))))(X[0]),
    "linearize": lambda fg, np: fg.linearize(lambda p: model(np)(p, X), P)[1](V),
    "vmap of a pushforward": lambda fg, np: fg.vmap(fg.linearize(np.sin, X[0])[1])(X),
    "grad through a pushforward": lambda fg, np: fg.grad(
        lambda x: np.sum(fg.linearize(lambda y: np.sin(y) * y[0], x)[1](X[1]) ** 2)
    )(X[0]),
}


@pytest.mark.parametrize("name", CASES)
def test_jax_agrees(name: str) -> None:
    jax = pytest.importorskip("jax")
    assert_same(CASES[name](fg, np), jax.jit(lambda: CASES[name](jax, jax.numpy))())


def assert_same(got: Any, want: Any) -> None:
    assert optree.tree_structure(got) == optree.tree_structure(want)
    for g, w in zip(optree.tree_leaves(got), optree.tree_leaves(want), strict=True):
        assert (np.shape(g), g.dtype) == (np.shape(w), w.dtype)
        np.testing.assert_allclose(g, w, 1e-6 if g.dtype == np.float32 else 1e-10, 1e-12)


@pytest.mark.parametrize("chunk_size", [1, 4, 100])
def test_chunks(chunk_size: int) -> None:
    assert_same(fg.jacfwd(model(np), chunk_size=chunk_size)(P, X), fg.jacfwd(model(np))(P, X))
    assert_same(fg.jacrev(model(np), chunk_size=chunk_size)(P, X), fg.jacrev(model(np))(P, X))
    assert_same(fg.jacobian(model(np), chunk_size=chunk_size)(P, X), fg.jacrev(model(np))(P, X))


def test_jacobian_takes_the_cheaper_mode() -> None:
    calls = []

    def f(x: Any, wide: bool) -> Any:
        calls.append(type(x).__name__)
        return np.concatenate([x, x * x, np.sin(x)]) if wide else x[:1] * x[1]

    for wide in (True, False):
        assert_same(fg.jacobian(f)(X[0], wide), fg.jacfwd(f)(X[0], wide))
    assert calls == ["ReverseTracer", "ForwardTracer", "ForwardTracer", "ReverseTracer", "ForwardTracer"]
    assert_same(fg.jacobian(np.abs)(Z), fg.jacrev(np.abs)(Z))


def test_branches_on_values_need_no_loop() -> None:
    """Only tangents are batched: a warning (an error here) would come from a batched value."""

    def f(x: Any) -> Any:
        return np.sin(x) if x[0] > 0 else x**2

    for x in (X[0], -X[0]):
        np.testing.assert_allclose(fg.jacfwd(f)(x), np.diag(np.cos(x) if x[0] > 0 else 2 * x))
        np.testing.assert_allclose(fg.jacrev(f)(x), np.diag(np.cos(x) if x[0] > 0 else 2 * x))


def test_products() -> None:
    h = fg.hessian(lambda x: loss(np)(P, x))(X)
    v = RNG.normal(size=X.shape)
    want = np.einsum("ijkl,kl->ij", h, v)

    def f(x: Any) -> Any:
        return loss(np)(P, x)

    for multiply in (fg.hvp, fg.vhp):
        np.testing.assert_allclose(multiply(f, X, v), want)
        np.testing.assert_allclose(multiply(f, (X,), (v,))[0], want)
        np.testing.assert_allclose(multiply(f)(X, v), want)
        by_tree = multiply(lambda p: loss(np)(p, X), P, V)
        assert_same(by_tree, multiply(loss(np))(P, X, V))
        both = multiply(loss(np), (P, X), (V, v))
        assert_same(both[1], want + fg.jvp(lambda p: fg.grad(loss(np), 1)(p, X), (P,), (V,))[1])
        with pytest.raises(TypeError, match="2 vectors"):
            multiply(loss(np), (P, X), (V,))


def test_gauss_newton() -> None:
    def f(x: Any) -> Any:
        return model(np)(P, x)["out"]

    v = RNG.normal(size=X.shape)
    j = fg.jacfwd(f)(X)
    np.testing.assert_allclose(fg.ggnvp(f, X, v), np.einsum("kij,k->ij", j, np.einsum("kij,ij->k", j, v)))
    h = fg.hessian(lambda y: np.sum(np.exp(y)))(f(X))
    want = np.einsum("kij,kl,lmn,mn->ij", j, h, j, v)
    np.testing.assert_allclose(fg.ggnvp(f, X, v, loss=lambda y: np.sum(np.exp(y))), want)
    np.testing.assert_allclose(fg.ggnvp(f, loss=lambda y: np.sum(np.exp(y)))(X, v), want)


def test_maps_of_scalars() -> None:
    np.testing.assert_allclose(fg.elementwise_grad(np.sin)(X), np.cos(X))
    np.testing.assert_allclose(fg.elementwise_grad(fg.elementwise_grad(np.sin))(X), -np.sin(X))
    np.testing.assert_allclose(fg.elementwise_grad(np.multiply, argnums=1)(X, 2 * X), X)
    np.testing.assert_allclose(fg.derivative(np.sin)(X), np.cos(X))
    np.testing.assert_allclose(fg.derivative(fg.derivative(lambda t: np.array([1.0, 2.0]) * t**3))(2.0), [12.0, 24.0])
    np.testing.assert_allclose(fg.derivative(lambda x, k: x**k, argnums=0)(3.0, 2), 6.0)


def test_a_pushforward_does_not_evaluate_the_function_again() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        x = x * 1
        x[0] = np.sin(x[1])  # writes are part of the program
        return x * x, 3, np.zeros(2)

    (y, three, zeros), push = fg.linearize(f, X[0])
    for _ in range(3):
        dy, _, dzeros = push(X[1])
    assert (len(calls), three) == (1, 3)
    np.testing.assert_allclose(y, f(X[0])[0])
    np.testing.assert_allclose(dy, fg.jvp(f, (X[0],), (X[1],))[1][0])
    np.testing.assert_array_equal(dzeros, zeros)


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match=r"jacfwd needs real inputs, got complex128\[3\]. Use jacrev"):
        fg.jacfwd(np.abs)(Z)
    with pytest.raises(TypeError, match=r"jacrev needs real outputs, got complex128\[3\]"):
        fg.jacrev(lambda x: x * 1j)(X[0])
    with pytest.raises(TypeError, match="real or complex inputs, got int64"):
        fg.jacrev(lambda x: x * 1.0)(np.arange(3))
    with pytest.raises(TypeError, match="holomorphic=True needs complex inputs"):
        fg.jacfwd(np.sin, holomorphic=True)(X)
    with pytest.raises(TypeError, match="needs arrays, got str"):
        fg.jacfwd(lambda p: p["x"])({"x": X, "name": "text"})
    with pytest.raises(ValueError, match="chunk_size"):
        fg.jacfwd(np.sin, chunk_size=0)(X)
    with pytest.raises(ValueError, match="shape"):
        fg.linearize(np.sin, X)[1](X[0])
    assert fg.jacrev(lambda n, x: n * x, argnums=(0, 1), allow_int=True)(2, 3.0)[0].dtype == fg.float0


def test_nothing_to_differentiate() -> None:
    assert fg.jacfwd(np.sum)(np.zeros(0)).shape == (0,)
    assert fg.jacrev(lambda x: x[:0])(np.zeros(3)).shape == (0, 3)
    assert fg.jacobian(lambda x: x * 2)(np.zeros((0, 2))).shape == (0, 2, 0, 2)
