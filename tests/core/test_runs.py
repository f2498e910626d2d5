"""Chains of nodes in one pass over memory give what the steps by themselves give."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import blocks, engine, runs


@pytest.fixture
def always(monkeypatch):
    """Runs at any size, in blocks that do not divide it; the numbers of nodes in those that are made."""
    lengths = []
    pull = engine.pull_run

    def counted(links, *rest):
        lengths.append(len(links))
        return pull(links, *rest)

    monkeypatch.setattr(engine, "LARGE", 1)
    monkeypatch.setattr(engine, "pull_run", counted)
    monkeypatch.setattr(blocks, "BLOCK", 5)
    monkeypatch.setattr(runs, "FROM", 1)
    monkeypatch.setattr(runs, "BLOCK", 7)
    return lengths


def single(x):
    """A chain without branches, with numbers and with a constant."""
    return np.sum(np.tanh(np.exp(-x) * 2.0 + 1.0) / 3.0 * WEIGHTS.astype(x.dtype))


def roots(x):
    y = x
    for _ in range(5):
        y = np.sqrt((y * x + x) * 0.5)
    return np.sum(y)


def gelu(x):
    return np.sum(0.5 * x * (1 + np.tanh(0.8 * x * (1 + 0.04 * x**2))))


def sums_alone(x):
    y = x + 1.0
    return np.sum(((y + x) + y) + (x + y))


def squares(x):
    y = x * x
    return np.sum((y * y) * (y - x) + y)


def crossing(x):
    a = np.sin(x)
    b = np.cos(a) * a
    c = b / a + x
    return np.sum(c * b - np.log(c) * a)


def poles(x):
    return np.sum(np.sqrt(np.abs(x) - np.abs(x)) * x * 2.0 + np.log(x) * x)


def partly_broadcast(x):
    y = np.exp(x) * x
    return np.sum(np.sum(np.tanh(y) * 2.0, axis=1) * np.arange(float(len(x))).astype(x.dtype)) + np.sum(y * y[0])


def of_columns(x):
    return np.sum(np.sin(x.T * 2.0) * np.cos(x).T * 3.0)


def powers(x):
    return np.sum((x**3 * 2.0) ** 0.5 * x**2)


def kinks(x):
    return np.sum(np.maximum(x - 1.0, 0.0) * x + np.abs(x - 1.0) * 2.0)


WEIGHTS = np.random.default_rng(1).normal(size=(30, 20))
FUNCTIONS = [*(single, roots, gelu, sums_alone, squares, crossing, poles, partly_broadcast, of_columns, powers, kinks)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_gradients_of_two_orders_are_those_of_single_steps(f, dtype, request):
    x, v = np.random.default_rng(0).uniform(0.5, 1.5, (2, 30, 20)).astype(dtype)

    def second(x):
        return fg.grad(lambda x: np.sum(fg.grad(f)(x) * v))(x)

    with np.errstate(all="ignore"):
        expected, expected_second = fg.grad(f)(x), second(x)
        lengths = request.getfixturevalue("always")
        got, got_second = fg.grad(f)(x), second(x)
    assert any(n > 1 for n in lengths)
    assert got.dtype == dtype
    near = {"rtol": 1e-4, "atol": 1e-4} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(got, expected, **near)
    np.testing.assert_allclose(got_second, expected_second, **near)


def test_twenty_operations_are_one_run(always):
    fg.grad(roots)(np.linspace(0.5, 1.5, 600))
    assert always == [20]


def test_long_chains_are_several_runs(always):
    def f(x):
        y = x
        for _ in range(100):
            y = np.sin(y)
        return np.sum(y)

    x = np.linspace(0.5, 1.5, 50)
    g = fg.grad(f)(x)
    assert max(always) <= runs.LONGEST
    slope, y = 1.0, x
    for _ in range(100):
        slope, y = slope * np.cos(y), np.sin(y)
    np.testing.assert_allclose(g, slope, rtol=1e-12)


def test_nothing_that_can_be_seen_is_written_to(always):
    x = np.random.default_rng(0).uniform(0.5, 1.5, (30, 20))
    seen = []

    def f(x):
        y = np.exp(x)
        seen.append(fg.stop_gradient(y))
        z = (np.tanh(y) * y + x) * 0.5
        return (z, z[2:]), (fg.stop_gradient(z), x * 1.0)

    outputs, pullback, aux = fg.vjp(f, x, has_aux=True)
    watched = [x, *outputs, *aux, *seen]
    before = [w.copy() for w in watched]
    gy = np.ones_like(x), np.ones((28, 20))
    (first,) = pullback(gy)
    (again,) = pullback(gy)
    assert max(always) > 1
    assert first is not again
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(gy[0], np.ones_like(x))
    for w, b in zip(watched, before, strict=True):
        np.testing.assert_array_equal(w, b)


def test_what_is_returned_is_nobody_elses(always):
    a, b = np.random.default_rng(0).uniform(0.5, 1.5, (2, 40))
    _, pullback = fg.vjp(lambda a, b: (a + b) + (a + b) * 1.0, a, b)
    gy = np.ones(40)
    ga, gb = pullback(gy)
    assert max(always) > 1
    assert not np.shares_memory(ga, gb)
    assert not np.shares_memory(ga, gy)
    ga[:] = 5
    np.testing.assert_array_equal(gb, np.full(40, 2.0))
    np.testing.assert_array_equal(gy, np.ones(40))


def test_gradients_of_tensors_add_up_and_graphs_are_freed(always):
    x = fg.tensor(np.linspace(0.5, 1.5, 40), requires_grad=True)
    y = ((x.exp() * x + x) * 0.5).sum()
    y.backward(retain_graph=True)
    once = x.grad.clone()
    kept = x.grad
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * once.numpy(), rtol=1e-15)
    assert kept is x.grad
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_an_error_in_a_run_leaves_the_graph_usable(always):
    x = np.linspace(0.0, 1.0, 40)
    _, pullback = fg.vjp(lambda x: np.exp(x * 3.0) * x + x, x)
    expected = pullback(np.ones(40))[0]
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        pullback(np.full(40, 1e308))
    np.testing.assert_array_equal(pullback(np.ones(40))[0], expected)


def test_arrays_without_axes(always):
    g = fg.grad(lambda x: np.exp(x * 2.0) * x + x)(np.array(0.3))
    np.testing.assert_allclose(g, np.exp(0.6) * 1.6 + 1, rtol=1e-14)
    (g,) = fg.vjp(lambda x: np.exp(x * 2.0) * x + x, np.array(0.3))[1](np.array(2.0))
    np.testing.assert_allclose(g, 2 * (np.exp(0.6) * 1.6 + 1), rtol=1e-14)
