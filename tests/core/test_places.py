"""Cotangents of zeros but for some places: added in place where an array of its own waits, and nowhere else."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.deferred import Places
from funcgrad.core.kinds import Opaque
from funcgrad.testing import check_grads

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 6))


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is added in place, as it comes."""
    found: list[Any] = []
    usual = Places.__radd__
    monkeypatch.setattr(Places, "__radd__", lambda self, held: found.append(self) or usual(self, held))
    return found


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("f", [np.max, np.min])
@pytest.mark.parametrize("keepdims", [False, True])
def test_the_gradient(f: Any, axis: int, keepdims: bool, added: list[Any]) -> None:
    w = RNG.normal(size=np.sum(X, axis=axis, keepdims=keepdims).shape)

    def loss(x: Any) -> Any:
        return np.sum(np.exp(x)) + np.sum(f(x, axis=axis, keepdims=keepdims) * w)

    winners = f(X, axis=axis, keepdims=True) == X
    np.testing.assert_allclose(
        fg.grad(loss)(X), np.exp(X) + winners * w.reshape(winners.any(axis, keepdims=True).shape)
    )
    check_grads(loss, (X,), order=2)


def test_what_is_shifted_by_its_maximum(added: list[Any]) -> None:
    g = RNG.normal(size=X.shape)
    e, pullback = fg.vjp(lambda x: np.exp(x - np.max(x, axis=-1, keepdims=True)), X)
    expected = g * e - (e == 1) * np.sum(g * e, axis=-1, keepdims=True)
    np.testing.assert_allclose(pullback(g)[0], expected, rtol=1e-12, atol=1e-14)
    assert len(added) == 1
    np.testing.assert_array_equal(pullback(g)[0], pullback(g)[0])


def test_what_somebody_else_holds_is_left_alone() -> None:
    kept = []

    def rule(g: Any) -> Any:
        c = g * 2
        kept.append((c, c.copy()))
        return c

    doubled = Opaque(lambda x: x * 2, lambda dx: dx * 2, rule, name="doubled", own=True)
    g = fg.grad(lambda x: np.sum(doubled(x)) + np.sum(np.max(x, axis=1)))(X)
    np.testing.assert_array_equal(g, 2 + (X.max(1, keepdims=True) == X))
    np.testing.assert_array_equal(*kept[0])


def test_the_cotangent_of_the_caller_is_left_alone() -> None:
    g, h = np.ones(X.shape), np.ones(5)
    _, pullback = fg.vjp(lambda x: (x + 0.0, np.max(x, axis=1)), X)
    (c,) = pullback((g, h))
    np.testing.assert_array_equal(c, 1 + (X.max(1, keepdims=True) == X))
    np.testing.assert_array_equal(g, 1)


def test_a_cotangent_that_goes_two_ways(added: list[Any]) -> None:
    row = RNG.normal(size=(1, 6))

    def loss(x: Any, row: Any) -> Any:  # the difference hands its cotangent on to both, as it is or as a sum
        y = x * 2.0
        z = np.exp(y - row) + (y - np.max(y, axis=-1, keepdims=True)) * x
        return np.sum(z * z)

    check_grads(loss, (X, row), order=2)
    check_grads(loss, (X, row[:, :1]), order=2)
    check_grads(lambda x: loss(x[0], x), (X[:1],), order=2)


def test_tensors_with_hooks_and_graphs_that_are_kept() -> None:
    x = fg.tensor(X, requires_grad=True)
    seen = []
    y = x * 1.0
    y.register_hook(lambda g: seen.append(g.clone()))
    y.retain_grad()
    loss = (y - y.amax(1, keepdim=True)).exp().sum()
    loss.backward(retain_graph=True)
    first = x.grad.numpy().copy()
    loss.backward()
    e = np.exp(X - X.max(1, keepdims=True))
    expected = e - (X.max(1, keepdims=True) == X) * e.sum(1, keepdims=True)
    np.testing.assert_allclose(first, expected, atol=1e-14)
    np.testing.assert_allclose(x.grad.numpy(), 2 * expected, atol=1e-14)
    for g in seen:
        np.testing.assert_allclose(g.numpy(), expected, atol=1e-14)
