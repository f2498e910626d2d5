"""What a node keeps, and nobody else holds, is written to by the last rule that reads it; all else stays as it was."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import engine
from funcgrad.core.blocks import LARGE

ROWS, WIDTH = LARGE // 8 + 3, 8
X = np.random.default_rng(0).normal(size=(ROWS, WIDTH))
U = np.random.default_rng(1).normal(size=(WIDTH, WIDTH))


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether there was something to write to, each time that it was asked."""
    found: list[bool] = []
    usual = engine.spare

    def spare(node: Any) -> Any:
        x = usual(node)
        found.append(x is not None)
        return x

    monkeypatch.setattr(engine, "spare", spare)
    return found


def squares(y: Any) -> Any:
    return np.sum(np.sum(y**2, axis=1) ** 1.5)


def slope(y: Any) -> Any:
    return 3 * np.sqrt(np.sum(y**2, axis=1, keepdims=True)) * y


def test_a_square_that_nobody_else_holds(used: list[bool]) -> None:
    np.testing.assert_allclose(fg.grad(lambda x: squares(x @ U))(X), slope(X @ U) @ U.T, rtol=1e-10)
    assert used == [True]


def test_what_the_caller_holds(used: list[bool]) -> None:
    before = X.copy()
    np.testing.assert_allclose(fg.grad(squares)(X), slope(X), rtol=1e-10)
    np.testing.assert_array_equal(X, before)
    assert True not in used


def test_what_the_function_returns_beside_its_value(used: list[bool]) -> None:
    for part in (lambda y: y, lambda y: y[1:], lambda y: y.T, fg.stop_gradient, lambda y: [y, {"y": y}]):

        def f(x: Any, part: Any = part) -> Any:
            y = x @ U
            return squares(y), part(y)

        g, aux = fg.grad(f, has_aux=True)(X)
        np.testing.assert_allclose(g, slope(X @ U) @ U.T, rtol=1e-10)
        y = X @ U
        for found, want in zip(fg.tree.leaves(aux), fg.tree.leaves(part(y)), strict=True):
            np.testing.assert_array_equal(found, want)
    assert True not in used


def test_what_a_closure_holds(used: list[bool]) -> None:
    constant = X.copy()
    held: list[Any] = []

    def f(x: Any) -> Any:
        y = x @ U
        held.append(fg.stop_gradient(y))
        return squares(y) + np.sum(np.sum(x * constant, axis=1) ** 2)

    fg.grad(f)(X)
    np.testing.assert_array_equal(held[0], X @ U)
    np.testing.assert_array_equal(constant, X)
    assert True not in used


def test_what_another_node_reads(used: list[bool]) -> None:
    def f(x: Any) -> Any:
        y = x @ U
        return squares(y) + np.sum(np.sum(y**3, axis=1)) + np.sum(y * y)

    y = X @ U
    np.testing.assert_allclose(fg.grad(f)(X), (slope(y) + 3 * y**2 + 2 * y) @ U.T, rtol=1e-10)


def test_the_value_that_is_its_own_factor() -> None:
    def f(x: Any) -> Any:
        y = x @ U
        return np.sum(np.sum(y * y, axis=1) ** 1.5)

    np.testing.assert_allclose(fg.grad(f)(X), slope(X @ U) @ U.T, rtol=1e-10)


def test_graphs_that_are_walked_again(used: list[bool]) -> None:
    _, pullback = fg.vjp(lambda x: squares(x @ U), X)
    first, second = pullback(1.0)[0], pullback(2.0)[0]
    np.testing.assert_allclose(first, slope(X @ U) @ U.T, rtol=1e-10)
    np.testing.assert_array_equal(2 * first, second)
    t = fg.tensor(X, requires_grad=True)
    loss = ((t @ fg.tensor(U)) ** 2).sum(1).pow(1.5).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(t.grad.numpy(), 2 * first, rtol=1e-10)
    assert True not in used


def test_outer_gradients() -> None:
    def f(s: Any) -> Any:
        return np.sum(fg.grad(lambda x: squares(x @ U))(X * s))

    assert np.isclose(fg.grad(f)(1.0), 2 * f(1.0))  # the gradient grows with the square
