"""``vmap``: axes, trees, nesting, and what it refuses."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg

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


def test_no_examples() -> None:
    assert fg.vmap(lambda x: np.cumsum(x) @ np.ones((3, 2)))(np.zeros((0, 3))).shape == (0, 2)
    assert fg.vmap(np.sin)(np.zeros(0)).shape == (0,)


def test_what_is_refused() -> None:
    with pytest.raises(fg.LostGradientError, match=r"np\.where"):
        fg.vmap(lambda x: x if x.sum() > 3 else -x)(X)
    with pytest.raises(fg.LostGradientError, match="item"):
        fg.vmap(lambda x: x[0].item())(X)
    with pytest.raises(ValueError, match="examples"):
        fg.vmap(np.add)(X, np.ones(3))
    with pytest.raises(ValueError, match="no examples"):
        fg.vmap(np.sin, in_axes=None)(X)
    with pytest.raises(ValueError, match="out_axes=None"):
        fg.vmap(np.sin, out_axes=None)(X)
