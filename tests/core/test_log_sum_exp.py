"""``log(sum(exp(x - c)))`` as one node: recognized where it is that, right wherever it nearly is."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.composites import LogSumExp
from funcgrad.testing import DeviceArray, check_grads

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4, 5))


@pytest.fixture
def made(constructed: Any) -> list[Any]:
    """The composites, as they are recorded."""
    return constructed(LogSumExp)  # type: ignore[no-any-return]


def softmax(x: Any, axis: Any) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def plain(x: Any, axis: Any, keepdims: Any) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def stable(x: Any, axis: Any, keepdims: Any) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    found = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return found if keepdims else np.squeeze(found, axis)


def other_way_round(x: Any, axis: Any, keepdims: Any) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(x - top), axis=axis, keepdims=keepdims)) + (top if keepdims else np.squeeze(top, axis))


def of_all(x: Any, axis: Any, keepdims: Any) -> Any:
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=keepdims))


def constant(x: Any, axis: Any, keepdims: Any) -> Any:
    top = fg.stop_gradient(np.max(x, axis=axis, keepdims=True))
    return np.log(np.sum(np.exp(x - top), axis=axis, keepdims=keepdims)) + np.sum(top) / top.size


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), None], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("f", [plain, stable, other_way_round, of_all, constant], ids=lambda f: f.__name__)
def test_cotangents(f: Any, keepdims: bool, axis: Any, made: list[Any]) -> None:
    y, pullback = fg.vjp(lambda x: f(x, axis, keepdims), X)
    assert made
    g = RNG.normal(size=np.shape(y))
    want = softmax(X, axis) * np.reshape(g, np.sum(X, axis=axis, keepdims=True).shape)
    for _ in range(2):
        np.testing.assert_allclose(pullback(g)[0], want, rtol=1e-10, atol=1e-14)
    if f is not constant:
        check_grads(lambda x: f(x, axis, keepdims), (X[:2, :2, :3],), order=2)
    single, pullback = fg.vjp(lambda x: f(x, axis, keepdims), X.astype(np.float32))
    (found,) = pullback(np.asarray(g, np.float32)[()])
    assert (single.dtype, found.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(found, want, atol=1e-5)


def test_what_is_subtracted_and_added_again_needs_no_cotangent(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        top = np.max(x, axis=0)
        return np.sum(top + np.log(np.sum(np.exp(x - top), axis=0)))

    np.testing.assert_allclose(fg.grad(f)(X), softmax(X, 0), rtol=1e-10)
    assert [node.links[1] is None for node in made] == [False, True]


def test_what_is_subtracted_and_not_added_counts(made: list[Any]) -> None:
    check_grads(lambda x: np.log(np.sum(np.exp(x - x[:1]), axis=0)), (X[0],), order=2)
    check_grads(lambda x, c: np.log(np.sum(np.exp(x - c), axis=0)) * c, (X[0], X[0, 0]), order=2)
    check_grads(lambda x, c: np.log(np.sum(np.exp(x - c), axis=0)) + c[0], (X[0], X[0, 0]), order=2)
    check_grads(lambda x, c: np.log(np.sum(np.exp(x - c), axis=1)), (X[0], X[0, 0]), order=2)  # not constant there
    check_grads(lambda x, c: np.log(np.sum(np.exp(c - x), axis=0)), (X[0], X[0, 0]), order=2)
    check_grads(lambda x: (lambda s: np.log(s) + s)(np.sum(np.exp(x), axis=0)), (X[0],), order=2)
    check_grads(lambda x: (lambda y: y + y)(np.log(np.sum(np.exp(x), axis=0))), (X[0],), order=2)
    assert made


MASK = X[0] > 0
OTHERS = {
    "chosen": lambda x: np.log(np.sum(np.exp(x), axis=0, where=MASK, initial=1.0)),
    "one more": lambda x: np.log(np.sum(np.exp(x), axis=0, initial=1.0)),
    "the mean": lambda x: np.log(np.mean(np.exp(x), axis=0)),
    "of powers of two": lambda x: np.log(np.sum(np.exp2(x), axis=0)),
    "to another base": lambda x: np.log2(np.sum(np.exp(x), axis=0)),
    "written to": lambda x: np.log(np.sum(written(np.exp(x)), axis=0)),
    "weighted": lambda x: np.log(np.sum(2 * np.exp(x), axis=0)),
}


def written(e: Any) -> Any:
    e[0] = 1.0
    return e


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_nearly_one(name: str, made: list[Any]) -> None:
    check_grads(OTHERS[name], (X[0],), order=2)
    assert not made


def test_the_exponentials_may_be_written_to_afterwards(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        e = np.exp(x)
        s = np.sum(e, axis=0)
        y = np.log(s)
        e[...] = 0.0
        s[...] = 1.0
        return y * s + np.sum(e)

    _, pullback = fg.vjp(f, X)
    np.testing.assert_allclose(pullback(np.ones((4, 5)))[0], softmax(X, 0), rtol=1e-10)
    assert made


def test_axes_in_an_array(made: list[Any]) -> None:
    axis = np.array(0)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(np.log(np.sum(np.exp(x), axis=axis))))(X), softmax(X, 0))


def test_transforms_of_transforms(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        return stable(x, -1, False) ** 2

    x, dx = RNG.normal(size=(2, 4, 3))
    p, y = softmax(x, -1), plain(x, -1, False)[:, None]
    want = 2 * y * p
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(x), want, rtol=1e-10)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(fg.vmap(f)(x)))(x), want, rtol=1e-10)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(fg.checkpoint(f)(x)))(x), want, rtol=1e-10)
    hessian = fg.hessian(f)(x[0])
    np.testing.assert_allclose(hessian, 2 * np.outer(p[0], p[0]) + 2 * y[0] * (np.diag(p[0]) - np.outer(p[0], p[0])))
    np.testing.assert_allclose(fg.jvp(fg.grad(f), (x[0],), (dx[0],))[1], hessian @ dx[0])
    np.testing.assert_allclose(fg.jacrev(fg.grad(f))(x[0]), hessian)
    np.testing.assert_allclose(fg.jacrev(lambda x: stable(x, -1, False))(x)[0, 0], p[0])
    assert made


def test_nothing_and_infinities() -> None:
    x = np.array([[-np.inf, 1.0, 2.0], [-np.inf, -np.inf, -np.inf], [0.0, 1.0, -np.inf]])

    def f(x: Any) -> Any:
        top = np.max(x, axis=1, keepdims=True)
        top = np.where(np.isfinite(top), top, 0.0)
        return np.sum(np.log(np.sum(np.exp(x - top), axis=1, keepdims=True) + 1e-300) + top)

    found = fg.grad(f)(x)
    np.testing.assert_allclose(found[0], [0, *softmax(x[0, 1:], 0)], atol=1e-12)
    np.testing.assert_allclose(found[2], [*softmax(x[2, :2], 0), 0], atol=1e-12)
    np.testing.assert_array_equal(found[1], 0)
    g = fg.grad(lambda x: np.sum(np.log(np.sum(np.exp(x), axis=1))))(np.array([[-np.inf, 0.0, 1.0]]))
    np.testing.assert_allclose(g, [[0, *softmax(np.array([0.0, 1.0]), 0)]])


def test_on_a_device_the_kernels_are_as_they_were(made: list[Any]) -> None:
    y, pullback = fg.vjp(lambda x: stable(x, -1, True), DeviceArray(X))
    np.testing.assert_allclose(pullback(DeviceArray(np.ones(y.shape)))[0].get(), softmax(X, -1), rtol=1e-10)
    assert not made


def test_tensors_show_every_step(made: list[Any]) -> None:
    x = fg.tensor(X, requires_grad=True)
    y = x.exp().sum(0).log()
    assert y.grad_fn.name() == "LogBackward0"
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), softmax(X, 0), rtol=1e-10)
    assert not made
