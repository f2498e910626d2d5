"""Values that all examples of a ``vmap`` share: they have no axis of examples until something is written into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.core.primitive import CALLS
from funcgrad.errors import BatchFallbackWarning
from funcgrad.transforms.batch_tracers import BatchTracer, SharedTracer

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 3))
W = RNG.standard_normal((3, 3))


def looped(f: Callable[..., Any], w: Any, xs: Any) -> Any:
    return np.stack([f(w, x) for x in xs])


def write_element(w: Any, x: Any) -> Any:
    w = w.copy()
    w[0] = x
    return w * x


def write_argument(w: Any, x: Any) -> Any:
    w[0] = x
    return w @ x


def write_through_a_view(w: Any, x: Any) -> Any:
    v = w[1:]
    u = w.T
    v[0] = x * 2
    return u @ x + v[0]


def write_at_indices(w: Any, x: Any) -> Any:
    w[np.array([0, 2])] = x
    w[np.array([1, 1])] += x
    return np.sum(w * x, axis=0)


def add_in_place(w: Any, x: Any) -> Any:
    w += x
    w *= 2
    return w[0]


def write_what_is_shared(w: Any, x: Any) -> Any:
    w[0] = w[1] * 2
    w[1, 1] = 5.0
    return w @ x


def write_at_an_index_of_its_own(w: Any, x: Any) -> Any:
    i = np.argmax(x)
    w[i] = 7.0
    return w @ x + w[i, i]


def write_into_what_was_made(w: Any, x: Any) -> Any:
    z = np.zeros_like(w)
    z[1] = w[0]
    y = z[1]
    z[1, 0] = x[0]
    return z @ x + y


def several_outputs(w: Any, x: Any) -> Any:
    values, vectors = np.linalg.eigh(w + w.T)
    return values * x + np.sum(np.abs(vectors) * x)


WRITES = [
    *(write_element, write_argument, write_through_a_view, write_at_indices, add_in_place, write_what_is_shared),
    *(write_at_an_index_of_its_own, write_into_what_was_made, several_outputs),
]


@pytest.mark.parametrize("f", WRITES)
def test_writing_is_that_of_each_example(f: Callable[..., Any]) -> None:
    expected = looped(lambda w, x: f(w.copy(), x), W, X)
    r = RNG.standard_normal(expected.shape)

    def shared(w: Any) -> Any:
        return np.sum(fg.vmap(f, in_axes=(None, 0))(w, X) * r)

    def apart(w: Any) -> Any:
        return sum(np.sum(f(w.copy(), x) * row) for x, row in zip(X, r, strict=True))

    before = W.copy()
    value, g = fg.value_and_grad(shared)(W)
    np.testing.assert_allclose(value, np.sum(expected * r), rtol=1e-13)
    np.testing.assert_allclose(g, fg.grad(apart)(W), rtol=1e-12, atol=1e-13)
    dw = RNG.standard_normal(W.shape)
    np.testing.assert_allclose(fg.jvp(shared, (W,), (dw,))[1], np.sum(g * dw), rtol=1e-11)
    np.testing.assert_array_equal(W, before)
    twice = fg.vmap(lambda w: fg.vmap(f, in_axes=(None, 0))(w, X))(np.stack([W, W + 1]))
    other = looped(lambda w, x: f(w.copy(), x), W + 1, X)
    np.testing.assert_allclose(twice, np.stack([expected, other]), rtol=1e-12)


def test_it_stays_without_examples() -> None:
    kinds: list[Any] = []

    def f(w: Any, x: Any) -> Any:
        y = np.tanh(w) * 2 + np.sum(w)
        kinds.append(type(y))
        z = fnp.zeros(3)
        kinds.append(type(z))
        v = z[1:]
        z[0] = y[0, 0]
        kinds.append(type(z))
        z[1] = x[0]
        kinds.append(type(z))
        np.testing.assert_array_equal(v.shape, (2,))
        _ = v + 0  # reads itself again
        kinds.append(type(v))
        return z + y[0]

    def shared(w: Any) -> Any:
        return np.sum(fg.vmap(f, in_axes=(None, 0))(w, X))

    fg.grad(shared)(W)
    assert kinds == [SharedTracer, SharedTracer, SharedTracer, BatchTracer, BatchTracer]


def test_concrete_answers() -> None:
    def f(w: Any, x: Any) -> Any:
        z = fnp.zeros(3)
        assert float(z[0]) == 0.0
        if np.sum(w) > -100:  # the same for all examples: no loop, no warning
            z[1] = 1.0
        assert np.asarray(z).tolist() == [0.0, 1.0, 0.0]
        return x * z[1]

    got = fg.jvp(lambda w: fg.vmap(f, in_axes=(None, 0))(w, X), (W,), (W,))[0]
    np.testing.assert_array_equal(got, X)


def test_a_view_that_has_become_different_is_asked_again() -> None:
    def f(x: Any) -> Any:
        z = fnp.zeros(2)
        v = z[0, ...]
        z[0] = x
        return x * 2 if v > 0 else x

    with pytest.warns(BatchFallbackWarning, match="a branch on a value"):
        np.testing.assert_array_equal(fg.vmap(f)(np.array([1.0, -1.0])), [2.0, -1.0])


def test_out_axes_none() -> None:
    def f(w: Any, x: Any) -> Any:
        return np.sum(w), x

    def shared(w: Any) -> Any:
        total, x = fg.vmap(f, in_axes=(None, 0), out_axes=(None, 0))(w, X)
        assert np.shape(total) == ()
        return total * np.sum(x)

    np.testing.assert_allclose(fg.grad(shared)(W), np.full((3, 3), np.sum(X)))


def test_index_of_the_outer_level() -> None:
    def shared(k: Any) -> Any:
        return fg.vmap(lambda i, x: x[i], in_axes=(None, 0))(k, X)

    np.testing.assert_array_equal(fg.vmap(shared)(np.array([2, 0])), X.T[[2, 0]])


def test_a_rule_of_the_users_that_keeps_it() -> None:
    @fg.custom_vjp
    def times(w: Any, x: Any) -> Any:
        return w * x

    times.defvjp(lambda w, x: (w * x, (w, x)), lambda kept, g: (g * kept[1], g * kept[0]))

    def shared(w: Any) -> Any:
        return np.sum(fg.vmap(lambda w, x: times(np.sin(w), x), in_axes=(None, 0))(w, X))

    w = W[0]
    np.testing.assert_allclose(fg.grad(shared)(w), np.cos(w) * np.sum(X, axis=0), rtol=1e-12)


def test_conditions_are_those_of_one_example() -> None:
    def f(w: Any, x: Any) -> Any:
        return fg.cond(np.sum(w) > 0, lambda x: x * 2, lambda x: x / 0, x)

    got = fg.jvp(lambda w: fg.vmap(f, in_axes=(None, 0))(w, X), (np.ones(2),), (np.ones(2),))[0]
    np.testing.assert_array_equal(got, 2 * X)


SHAPES = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4))]
SHAPES += [((2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2))]


@pytest.mark.parametrize("axes", [(0, 0), (None, 0), (0, None)])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_matrix_products(shapes: Any, axes: Any) -> None:
    a, b = (RNG.standard_normal(s if d is None else (6, *s)) for s, d in zip(shapes, axes, strict=True))

    def at(i: int) -> Any:
        return (a if axes[0] is None else a[i]), (b if axes[1] is None else b[i])

    product = fg.vmap(lambda a, b: a @ b, in_axes=axes)
    expected = np.stack([x @ y for x, y in map(at, range(6))])
    np.testing.assert_allclose(product(a, b), expected, rtol=1e-12, atol=1e-14)
    r = RNG.standard_normal(expected.shape)
    grads = fg.grad(lambda a, b: np.sum(product(a, b) * r), argnums=(0, 1))(a, b)
    apart = fg.grad(
        lambda a, b: sum(
            np.sum(((a if axes[0] is None else a[i]) @ (b if axes[1] is None else b[i])) * r[i]) for i in range(6)
        ),
        argnums=(0, 1),
    )(a, b)
    for g, h in zip(grads, apart, strict=True):
        np.testing.assert_allclose(g, h, rtol=1e-11, atol=1e-13)


def test_one_product_for_all_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[Any] = []
    entry: Any = CALLS[np.matmul]
    matmul = getattr(entry, "primitive", entry)
    run = matmul.run
    monkeypatch.setattr(matmul, "run", lambda a, b: (shapes.append((a.shape, b.shape)), run(a, b))[1])
    fg.vmap(lambda w, x: w @ x, in_axes=(None, 0))(W, X)
    fg.vmap(lambda w, x: x @ w, in_axes=(None, 0))(W, X[:, None, :])
    assert shapes == [((4, 3), (3, 3)), ((4, 3), (3, 3))]


def test_products_with_numbers_are_refused() -> None:
    for f, args in ((lambda w, x: w @ x, (W, X[:, 0])), (lambda w, x: x @ w, (W, X[:, 0]))):
        with pytest.raises(ValueError, match="matmul"):
            fg.vmap(f, in_axes=(None, 0))(*args)


@pytest.mark.parametrize("index", [np.array([2, 0, -1]), np.array([[1], [0]]), np.array(1), np.zeros(0, int)], ids=str)
def test_reading_with_one_array(index: Any) -> None:
    x = RNG.standard_normal((2, 3, 4))
    for f in (lambda v: v[index], lambda v: v[:, index], lambda v: v[..., index], lambda v: v[index, :]):
        got = fg.vmap(f)(x)
        np.testing.assert_array_equal(got, np.stack([f(v) for v in x]))
        assert got.flags.c_contiguous
        g = fg.grad(lambda x, f=f: np.sum(fg.vmap(f)(x) ** 2))(x)
        np.testing.assert_allclose(g, np.stack([fg.grad(lambda v, f=f: np.sum(f(v) ** 2))(v) for v in x]))
    for f in (lambda v: v[np.array([3])], lambda v: v[:, np.array([-5])]):
        with pytest.raises(IndexError, match="out of bounds"):
            fg.vmap(f)(x)
