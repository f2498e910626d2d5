"""Many small examples of ``vmap`` lie side by side in memory: what one gets and sees is as ever."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.core.batching import lies_side_by_side
from funcgrad.transforms.batch import MANY

RNG = np.random.default_rng(0)
X = RNG.normal(size=(MANY, 3))
W = RNG.normal(size=(3, 3))


def turned(v: Any, x: Any) -> Any:
    """Rodrigues' formula."""
    angle = np.sqrt(np.sum(v**2, axis=-1))[..., None]
    k = v / angle
    along = np.sum(k * x, axis=-1)[..., None] * k
    return x * np.cos(angle) + np.cross(k, x) * np.sin(angle) + along * (1 - np.cos(angle))


def written(x: Any) -> Any:
    y = fnp.zeros((2, 3))
    y[0] = x
    y.reshape(6)[4] += x[0] * x[1]
    return y


def parts(x: Any) -> Any:
    z = fnp.zeros(3, complex)
    z.real[...] = x
    pairs = z.view(float)
    pairs[1] = x[2]
    return np.real(z * z)


def product(x: Any) -> Any:
    a = np.outer(x, x) + W
    return (a @ a) @ x + a.T @ W @ x


FUNCTIONS: list[Callable[[Any], Any]] = [
    lambda x: turned(x, W[0]) * x[0],
    lambda x: np.cross(W, x) + np.cross(x, W),
    lambda x: x[np.array([2, 0])] * x[:, None],
    lambda x: np.stack([x, x * x], axis=-1) @ np.ones((2, 20)),
    lambda x: np.concatenate([np.sort(x), np.cumsum(x)]),
    lambda x: (x[:, None] + np.ones((4, 3, 1)) * x) / np.max(x),
    lambda x: W @ x + x @ W,
    product,
    written,
    parts,
]


@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_derivatives_are_those_of_a_loop(f: Callable[[Any], Any], dtype: Any) -> None:
    xs = X.astype(dtype)
    some = np.array([0, 1, MANY // 2, MANY - 1])
    for g in (f, fg.jacrev(f), fg.jacfwd(f), fg.jacfwd(fg.jacrev(f))):
        got, want = fg.vmap(g)(xs), [g(x) for x in xs[some]]
        assert got.dtype == want[0].dtype
        tolerance = 1e-9 if dtype == np.float64 else 1e-3
        np.testing.assert_allclose(got[some], want, rtol=tolerance, atol=tolerance * np.max(np.abs(want)))


def test_all_that_is_made_lies_there() -> None:
    seen = []

    def f(x: Any, s: Any) -> Any:
        matrix = x[:, None] * x
        made = [x, matrix, matrix @ matrix, W @ x, np.cross(x, x * x), s[None] * W[0], W * x[:1], x[[2, 1]]]
        seen.extend([y.value for y in made])
        return sum(np.sum(y) for y in made)

    fg.vmap(f)(X, X[:, 0])
    assert [lies_side_by_side(y) for y in seen] == [True] * len(seen)


def test_results_are_in_the_order_of_c() -> None:
    assert fg.vmap(lambda x: x * 2)(X).flags.c_contiguous
    assert fg.vmap(fg.jacrev(lambda x: turned(x, W[0])))(X).flags.c_contiguous
    assert not np.shares_memory(fg.vmap(lambda x: x)(X), X)


def test_an_example_has_its_own_strides() -> None:
    def f(x: Any) -> Any:
        y = x[:, None] * x
        assert x.strides == (8,)
        assert y.strides == (24, 8)
        assert y.flags.c_contiguous
        assert y.T.strides == (8, 24)
        return y

    fg.vmap(f)(X)


def test_large_examples_stay_rows() -> None:
    def f(x: Any) -> Any:
        assert not lies_side_by_side(x.value)
        return x

    fg.vmap(f)(RNG.normal(size=(MANY, 17)))
    fg.vmap(f)(X[:-1])
    fg.vmap(lambda x, y: f(x) + y[:3])(X, RNG.normal(size=(MANY, 17)))


def test_arguments_do_not_change() -> None:
    def f(x: Any) -> Any:
        x[0] = x[1] * 2
        return x

    before = X.copy()
    np.testing.assert_array_equal(fg.vmap(f)(X), np.column_stack([2 * X[:, 1], X[:, 1:]]))
    np.testing.assert_array_equal(X, before)
