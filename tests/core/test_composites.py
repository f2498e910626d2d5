"""Composites: recognized where they are what they seem, right wherever they are nearly so, unseen by those who look."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.composites import Softmax
from funcgrad.extend import Elementwise
from funcgrad.testing import DeviceArray, check_grads

RNG = np.random.default_rng(0)
X, G = RNG.normal(size=(2, 4, 5, 6))


@pytest.fixture
def made(constructed: Any) -> list[Any]:
    """The composites, as they are recorded."""
    return constructed(Softmax)  # type: ignore[no-any-return]


def pulled(y: Any, g: Any, axis: Any) -> Any:
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


def softmax(x: Any, axis: Any = -1, shift: Any = 0.0) -> Any:
    e = np.exp(x - shift)
    return e / np.sum(e, axis=axis, keepdims=True)


SHIFTS = {
    "none": lambda x, axis: 0.0,
    "largest": lambda x, axis: np.max(x, axis=axis, keepdims=True),
    "largest of all": lambda x, axis: np.max(x),
    "mean": lambda x, axis: np.mean(x, axis=axis, keepdims=True),
    "constant": lambda x, axis: 3.0,
    "row": lambda x, axis: np.sum(x[0, 0] ** 2),
}


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), None], ids=str)
@pytest.mark.parametrize("shift", SHIFTS)
def test_softmax(shift: str, axis: Any, made: list[Any]) -> None:
    def f(x: Any) -> Any:
        return softmax(x, axis, SHIFTS[shift](x, axis))

    y, pullback = fg.vjp(f, X)
    assert len(made) == 1
    for _ in range(2):
        np.testing.assert_allclose(pullback(G)[0], pulled(y, G, axis), rtol=1e-10, atol=1e-14)
    check_grads(f, (X[:2, :2, :3],), order=2)
    single, pullback = fg.vjp(f, X.astype(np.float32))
    (g,) = pullback(G.astype(np.float32))
    assert (single.dtype, g.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(g, pulled(y, G, axis), atol=1e-6)


def test_the_sum_may_lack_leading_axes(made: list[Any]) -> None:
    for f, axes in (
        (lambda e: e / np.sum(e, axis=0), 0),
        (lambda e: e / e.sum(axis=(0, 1)), (0, 1)),
        (lambda e: e / np.sum(e), None),
    ):
        y, pullback = fg.vjp(lambda x, f=f: f(np.exp(x)), X)
        np.testing.assert_allclose(pullback(G)[0], pulled(y, G, axes), rtol=1e-10, atol=1e-14)
    assert len(made) == 3


SQUARE = RNG.normal(size=(4, 4))
OTHERS = {
    "sums of rows, for columns": lambda x: (lambda e: e / np.sum(e, axis=1))(np.exp(x)),
    "chosen": lambda x: (lambda e: e / np.sum(e, axis=1, keepdims=True, where=SQUARE > 0))(np.exp(x)),
    "one more": lambda x: (lambda e: e / np.sum(e, axis=1, keepdims=True, initial=1.0))(np.exp(x)),
    "the sum of something else": lambda x: np.exp(x) / np.sum(np.exp(2 * x), axis=1, keepdims=True),
    "the same twice": lambda x: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True),
    "powers of two": lambda x: (lambda e: e / np.sum(e, axis=1, keepdims=True))(np.exp2(x)),
    "the other way": lambda x: (lambda e: np.sum(e, axis=1, keepdims=True) / e)(np.exp(x)),
    "written to": lambda x: written(np.exp(x)),
    "the mean": lambda x: (lambda e: e / np.mean(e, axis=1, keepdims=True))(np.exp(x)),
}


def written(e: Any) -> Any:
    s = np.sum(e, axis=1, keepdims=True)
    e[0] = 1.0
    return e / s


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_nearly_a_softmax(name: str, made: list[Any]) -> None:
    check_grads(OTHERS[name], (SQUARE,), order=2)
    assert not made


def test_a_shift_that_is_not_constant_counts(made: list[Any]) -> None:
    row = RNG.normal(size=6)
    check_grads(lambda x, row: softmax(x, -1, row), (X[:1, :2], row), order=2)
    check_grads(lambda x, c: softmax(c, -1, x), (X[:1, :2], X[0, 0]), order=2)
    assert made


def test_other_uses_of_the_parts(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        top = np.max(x, axis=-1, keepdims=True)
        e = np.exp(x - top)
        s = np.sum(e, axis=-1, keepdims=True)
        return np.sum((e / s) ** 2) + np.sum(np.sin(e)) + np.sum(np.log(s) + top) + np.sum(e * s)

    check_grads(f, (X[:2, :2],), order=2)
    assert made


def test_transforms_of_transforms(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        return np.sum(softmax(x, -1, np.max(x)) ** 2)

    x, dx = X[0], G[0]
    y = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    want = pulled(y, 2 * y, -1)
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(x), want, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(fg.vmap(f)(x)))(x), want, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(fg.grad(fg.checkpoint(f))(x), fg.grad(f)(x))
    hessian = fg.hessian(f)(x[0])
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-14)
    _, tangent = fg.jvp(fg.grad(f), (x[0],), (dx[0],))
    np.testing.assert_allclose(tangent, hessian @ dx[0], atol=1e-14)
    np.testing.assert_allclose(fg.jacrev(fg.grad(f))(x[0]), hessian, atol=1e-14)
    jacobian = fg.jacrev(lambda x: softmax(x))(x[0])
    np.testing.assert_allclose(jacobian, np.diag(y[0]) - np.outer(y[0], y[0]), atol=1e-14)
    assert made


def test_masked_elements_have_no_gradient() -> None:
    mask = np.array([True, False, True, True, False, True])

    def f(x: Any) -> Any:
        x = np.where(mask, x, -np.inf)
        return softmax(x, -1, np.max(x, axis=-1, keepdims=True))

    y, pullback = fg.vjp(f, X)
    (g,) = pullback(G)
    assert np.isfinite(g).all()
    np.testing.assert_array_equal(g[..., ~mask], 0)
    np.testing.assert_allclose(g, pulled(y, G, -1), rtol=1e-10, atol=1e-14)


def test_a_namesake_is_not_taken_for_it(made: list[Any]) -> None:
    exp = Elementwise(lambda x: x * x, lambda g, x: g * 2 * x, name="exp", own=True)
    check_grads(lambda x: (lambda e: e / np.sum(e, axis=-1, keepdims=True))(exp(x)), (X[0, 0] ** 2 + 1,), order=2)
    assert not made


def test_on_a_device_the_kernels_are_as_they_were(made: list[Any]) -> None:
    y, pullback = fg.vjp(lambda x: softmax(x, -1, np.max(x)), DeviceArray(X))
    np.testing.assert_allclose(pullback(DeviceArray(G))[0].get(), pulled(y.get(), G, -1), rtol=1e-10, atol=1e-14)
    assert not made


def test_tensors_show_every_step(made: list[Any]) -> None:
    x = fg.tensor(X, requires_grad=True)
    seen = []
    e = (x - x.amax(-1, keepdim=True)).exp()
    e.register_hook(lambda g: seen.append(g.numpy().copy()))
    y = e / e.sum(-1, keepdim=True)
    assert y.grad_fn.name() == "DivBackward0"
    y.backward(fg.tensor(G))
    np.testing.assert_allclose(x.grad.numpy(), pulled(y.detach().numpy(), G, -1), rtol=1e-10, atol=1e-14)
    assert len(seen) == 1
    assert not made
