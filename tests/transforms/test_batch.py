"""``vmap``: axes, trees, nesting, and what it refuses."""

import math
import operator
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optree
import pytest

import funcgrad as fg
from funcgrad import testing
from funcgrad.core.primitive import CALLS

X = np.arange(6.0).reshape(2, 3)


def test_axes() -> None:
    np.testing.assert_array_equal(fg.vmap(np.sum)(X), X.sum(1))
    np.testing.assert_array_equal(fg.vmap(np.sum, in_axes=1)(X), X.sum(0))
    np.testing.assert_array_equal(fg.vmap(np.sum, in_axes=-1)(X), X.sum(0))
    np.testing.assert_array_equal(fg.vmap(lambda x: x * 2, out_axes=1)(X), X.T * 2)
    np.testing.assert_array_equal(fg.vmap(lambda x, c: x * c, in_axes=(0, None))(X, np.ones(3)), X)
    np.testing.assert_array_equal(fg.vmap(lambda x: 1.0, axis_size=4, in_axes=None)(X), np.ones(4))


def test_trees() -> None:
    out = fg.vmap(lambda p, s: {"y": p["x"] * s, "n": None}, in_axes=({"x": 0, "name": None}, 0))(
        {"x": X, "name": "text"}, np.array([1.0, 10.0])
    )
    np.testing.assert_array_equal(out["y"], X * [[1], [10]])
    assert out["n"] is None


def test_nesting() -> None:
    np.testing.assert_array_equal(fg.vmap(fg.vmap(lambda x: x * x))(X), X * X)
    outer = fg.vmap(lambda x: fg.vmap(lambda y: x * y)(X[0]))(X[1])
    np.testing.assert_array_equal(outer, np.multiply.outer(X[1], X[0]))


def test_per_sample_gradients() -> None:
    w = np.array([0.5, -1.0, 2.0])

    def loss(w: Any, x: Any) -> Any:
        return np.tanh(x @ w) ** 2

    each = fg.vmap(fg.grad(loss), in_axes=(None, 0))(w, X)
    np.testing.assert_allclose(each, np.stack([fg.grad(loss)(w, x) for x in X]))
    np.testing.assert_allclose(fg.grad(lambda w: fg.vmap(loss, in_axes=(None, 0))(w, X).sum())(w), each.sum(0))


@pytest.mark.parametrize("size", [0, 1, 3, 40])
@pytest.mark.parametrize("dtypes", [("d", "d"), ("f", "f"), ("f", "d"), ("d", "i"), ("D", "d"), ("?", "d")])
@pytest.mark.parametrize("order", ["C", "F"])
def test_products_with_a_matrix_that_is_shared(size: int, dtypes: tuple[str, str], order: Any) -> None:
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(size, 3)).astype(dtypes[0])
    m = (3 * rng.normal(size=(3, 3))).astype(dtypes[1], order)
    for f in (lambda x: x @ m, lambda x: m @ x, lambda x: np.matmul(m[:2], x), lambda x: np.matmul(x, m[:, :1])):
        got, one_by_one = fg.vmap(f)(xs), np.array([f(x) for x in xs])
        if size:
            assert got.dtype == one_by_one.dtype
            near = 1e-5 if "f" in dtypes else 1e-13
            np.testing.assert_allclose(got, one_by_one, rtol=near, atol=10 * near)
    with pytest.raises(ValueError, match="matmul"):
        fg.vmap(lambda x: x @ m[:2])(xs)


def test_products_with_shared_matrices_nest() -> None:
    w, m = np.random.default_rng(0).normal(size=(2, 3, 3))
    for f in (lambda x: w @ x, lambda x: x @ w):
        np.testing.assert_allclose(fg.vmap(fg.vmap(f))(np.stack([w, m])), np.stack([[f(x) for x in y] for y in (w, m)]))
        np.testing.assert_allclose(fg.vmap(lambda x, f=f: fg.jacobian(f)(x))(m), [fg.jacobian(f)(x) for x in m])


def test_no_examples() -> None:
    assert fg.vmap(lambda x: np.cumsum(x) @ np.ones((3, 2)))(np.zeros((0, 3))).shape == (0, 2)
    assert fg.vmap(np.sin)(np.zeros(0)).shape == (0,)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="examples"):
        fg.vmap(np.add)(X, np.ones(3))
    with pytest.raises(ValueError, match="no examples"):
        fg.vmap(np.sin, in_axes=None)(X)
    with pytest.raises(ValueError, match="out_axes=None"):
        fg.vmap(np.sin, out_axes=None)(X)
    with pytest.raises(ValueError, match="chunk_size"):
        fg.vmap(np.sin, chunk_size=0)(X)
    with pytest.raises(ValueError, match="no example to run"):
        fg.vmap(lambda x: x if x > 0 else -x)(np.zeros(0))


# What only a single example can answer

ROWS = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0], [0.5, 0.25, 4.0], [2.0, 2.0, -9.0]])

SINGLE: dict[str, Callable[[Any], Any]] = {
    "branch": lambda x: x * x if x.sum() > 0 else -x,
    "item": lambda x: x * x[0].item(),
    "float": lambda x: np.array([math.sin(t) for t in x.tolist()]) * float(1.0 if x[0] > 0 else 2.0),
    "mask": lambda x: x[x > 0].sum(),
    "index of a plain array": lambda x: ROWS[np.argmax(x)] * x,
    "index": lambda x: x[int(abs(x[0])) % 3],
    "shapes that agree": lambda x: np.concatenate([x[x > 0], x[x <= 0]]),
    "several outputs": lambda x: (x if x[0] > 0 else 2 * x, {"max": x.max(), "flag": bool(x[0] > 0)}),
    "asarray": lambda x: np.linalg.norm(np.asarray(x)),
}


@pytest.mark.parametrize("name", SINGLE)
def test_examples_one_by_one(name: str) -> None:
    f = SINGLE[name]
    with pytest.warns(fg.BatchFallbackWarning, match="one example after the other"):
        got = fg.vmap(f)(ROWS)
    want = [f(x) for x in ROWS]
    leaves = [optree.tree_leaves(w) for w in want]
    for i, leaf in enumerate(optree.tree_leaves(got)):
        np.testing.assert_allclose(leaf, [w[i] for w in leaves])


def test_shapes_that_differ_are_an_error() -> None:
    with pytest.warns(fg.BatchFallbackWarning), pytest.raises(ValueError, match="same shape"):
        fg.vmap(lambda x: x[x > 0])(ROWS)


@pytest.mark.filterwarnings("ignore::funcgrad.BatchFallbackWarning")
def test_branches_compose() -> None:
    def f(x: Any) -> Any:
        return np.sum(x**3) if x[0] > 0 else np.sum(np.sin(x))

    want = np.where(ROWS[:, :1] > 0, 3 * ROWS**2, np.cos(ROWS))
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(ROWS), want)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(fg.vmap(f)(x)))(ROWS), want)
    _, tangent = fg.jvp(fg.vmap(f), (ROWS,), (ROWS,))
    np.testing.assert_allclose(tangent, np.sum(want * ROWS, axis=1))
    nested = fg.vmap(fg.vmap(f))(np.stack([ROWS, -ROWS]))
    np.testing.assert_allclose(nested, [[f(x) for x in ROWS], [f(-x) for x in ROWS]])
    mixed = fg.vmap(lambda x: fg.vmap(lambda y: x * y if x > 0 else y)(ROWS[0]))(ROWS[:, 0])
    np.testing.assert_allclose(mixed, [x * ROWS[0] if x > 0 else ROWS[0] for x in ROWS[:, 0]])


def test_the_warning_names_the_line_once_and_can_be_an_error() -> None:
    def f(x: Any) -> Any:
        return x if x > 0 else -x

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            fg.vmap(f)(ROWS[:, 0])
    assert [Path(w.filename).name for w in caught] == ["test_batch.py"]
    assert "branch" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error", fg.BatchFallbackWarning)
        with pytest.raises(fg.BatchFallbackWarning):
            fg.vmap(f)(ROWS[:, 0])


def test_nothing_is_caught_by_the_user() -> None:
    def f(x: Any) -> Any:
        try:
            return x if x > 0 else -x
        except Exception:
            return x * 100

    with pytest.warns(fg.BatchFallbackWarning):
        np.testing.assert_array_equal(fg.vmap(f)(ROWS[:, 0]), np.abs(ROWS[:, 0]))


# Indices of which every example has its own

INDICES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "first": lambda x, i, j: x[i],
    "last": lambda x, i, j: x[..., i],
    "middle": lambda x, i, j: x[:, i],
    "two": lambda x, i, j: x[i, j],
    "two apart": lambda x, i, j: x[i, :, j],
    "vectors": lambda x, i, j: x[:, np.stack([i, j])],
    "vectors apart": lambda x, i, j: x[np.stack([i, j]), :, np.stack([j, i])],
    "with a shared one": lambda x, i, j: x[np.stack([i, j]), np.array([1, 0])],
    "with a slice and newaxis": lambda x, i, j: x[None, i, 1:, None, j],
    "with an int": lambda x, i, j: x[1, :, i],
    "with a mask": lambda x, i, j: x[np.array([True, False, True]), i],
    "broadcast": lambda x, i, j: x[np.stack([i, j])[:, None], np.stack([j, i, j])[None]],
    "take_along_axis": lambda x, i, j: np.take_along_axis(x, np.argsort(x, axis=1), axis=1),
}


@pytest.mark.parametrize("name", INDICES)
def test_batched_indices(name: str) -> None:
    f = INDICES[name]
    rng = np.random.default_rng(0)
    x, i, j = rng.normal(size=(5, 3, 3, 3)), rng.integers(-3, 3, 5), rng.integers(0, 3, 5)
    want = np.stack([f(*each) for each in zip(x, i, j, strict=True)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(fg.vmap(f)(x, i, j), want)
        each = fg.vmap(fg.grad(lambda x, i, j: np.sum(f(x, i, j) ** 3)))(x, i, j)
        whole = fg.grad(lambda x: np.sum(fg.vmap(f)(x, i, j) ** 3))(x)
    expected = [fg.grad(lambda x, i=a, j=b: np.sum(f(x, i, j) ** 3))(y) for y, a, b in zip(x, i, j, strict=True)]
    np.testing.assert_allclose(each, np.stack(expected))
    np.testing.assert_allclose(whole, np.stack(expected))


@pytest.mark.parametrize("read", [lambda t, i: t[i], lambda t, i: t[:, i], lambda t, i: t[i, :, np.stack([i, i])]])
def test_batched_indices_into_a_shared_array(read: Callable[[Any, Any], Any]) -> None:
    table, i = np.sin(np.arange(36.0)).reshape(3, 3, 4), np.array([2, 0, 2, 1])

    def total(table: Any) -> Any:
        return np.sum(fg.vmap(lambda i: read(table, i))(i) ** 2)

    want = fg.grad(lambda table: sum(np.sum(read(table, n) ** 2) for n in i))(table)
    np.testing.assert_allclose(fg.grad(total)(table), want)


def test_writing_at_batched_indices() -> None:
    def f(x: Any, v: Any, i: Any) -> Any:
        x = x * 1
        x[i] = v
        x[:, i] += 1
        x[i, np.array([0, 1])] = v[:2] * 2
        return x

    rng = np.random.default_rng(0)
    x, v, i = rng.normal(size=(5, 3, 3)), rng.normal(size=(5, 3)), rng.integers(0, 3, 5)
    want = np.stack([f(*each) for each in zip(x, v, i, strict=True)])
    np.testing.assert_allclose(fg.vmap(f)(x, v, i), want)
    testing.check_grads(lambda x, v: fg.vmap(f)(x, v, i), (x, v), order=2)


# Arguments


def test_keywords_have_their_examples_first() -> None:
    got = fg.vmap(lambda x, *, scale, power: x * scale**power)(X, scale=np.array([1.0, 10.0]), power=2)
    np.testing.assert_array_equal(got, X * [[1], [100]])


@pytest.mark.parametrize("chunk_size", [1, 3, 4, 7])
def test_chunks(chunk_size: int) -> None:
    sizes = []

    def f(x: Any, c: Any) -> Any:
        sizes.append(x.value.shape[0])
        return {"y": x * c, "s": np.sum(x)}, c

    x = np.arange(21.0).reshape(7, 3)
    out, c = fg.vmap(f, in_axes=(0, None), out_axes=({"y": 1, "s": 0}, None), chunk_size=chunk_size)(x, np.ones(3))
    np.testing.assert_array_equal(out["y"], x.T)
    np.testing.assert_array_equal(out["s"], x.sum(1))
    np.testing.assert_array_equal(c, np.ones(3))
    assert max(sizes) == chunk_size
    assert sum(sizes) == 7


# -- Additions that a linearized function has written down ------------------------------------------------------

ADDITIONS: dict[str, Any] = {
    "slice": (lambda i: slice(1, 4), (3,)),
    "number": (lambda i: 2, ()),
    "repeated": (lambda i: [0, 0, 2], (3,)),
    "of each example": (lambda i: i, (2,)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("batched", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("name", ADDITIONS)
def test_additions_need_no_loop(name: str, batched: tuple[bool, bool]) -> None:
    index, shape = ADDITIONS[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 5) if batched[0] else 5)
    v = rng.normal(size=(3, *shape) if batched[1] else shape)
    i = np.array([[0, 0], [4, 1], [2, 3]])

    def added(x: Any, v: Any, i: Any) -> Any:
        return CALLS[operator.setitem](x, v, index=index(i), add=True)

    axes = (*[0 if b else None for b in batched], 0)
    got = fg.vmap(added, in_axes=axes)(x, v, i)
    for n in range(3):
        expected = np.array(x[n] if batched[0] else x)
        np.add.at(expected, index(i[n]), v[n] if batched[1] else v)
        np.testing.assert_allclose(got[n], expected, rtol=1e-15)


@pytest.mark.filterwarnings("error")
def test_linearized_gradients_of_reads_need_no_loop() -> None:
    def f(x: Any) -> Any:
        return np.sum((x[1:] - x[:-1] ** 2) ** 2) + np.sum(x[[0, 0, 2]] ** 3) + x[1] ** 2 * x[-1]

    x = np.linspace(-1.0, 1.0, 6)
    product = fg.linearize(fg.grad(f), x)[1]
    np.testing.assert_allclose(fg.vmap(product)(np.eye(6)), fg.hessian(f)(x), atol=1e-13)
