"""``1 / (c + exp(-x))`` as one node."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.blocks import LARGE
from funcgrad.core.composites import Logistic
from funcgrad.testing import DeviceArray, check_grads

X = np.random.default_rng(0).normal(size=(3, 4))
C = np.arange(1.0, 13.0).reshape(3, 4)


@pytest.fixture
def made(constructed: Any) -> list[Any]:
    """The composites, as they are recorded."""
    return constructed(Logistic)  # type: ignore[no-any-return]


FORMS = {
    "rises": lambda x: 1 / (1 + np.exp(-x)),
    "floats": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "falls": lambda x: 1 / (np.exp(x) + 1),
    "another number": lambda x: 1 / (np.exp(-x) + 2.5),
    "constants": lambda x: 1 / (C[tuple(map(slice, x.shape))] + np.exp(-x)),
    "scaled": lambda x: 1 / (1 + np.exp(-2 * x)),
    "twice negative": lambda x: 1 / (1 + np.exp(np.negative(-x))),
    "nothing": lambda x: 1 / (0 + np.exp(-x)),
    "less": lambda x: 1 / (-0.25 + np.exp(-x)),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, made: list[Any]) -> None:
    f = FORMS[name]
    _, pullback = fg.vjp(f, X)
    assert len(made) == 1
    slopes = np.imag(f(X + 1e-30j)) / 1e-30
    for _ in range(2):
        np.testing.assert_allclose(pullback(C)[0], C * slopes, rtol=1e-12)
    check_grads(f, (X,), order=2)
    single, pullback = fg.vjp(f, X.astype(np.float32))
    (g,) = pullback(C.astype(np.float32))
    if name != "constants":
        assert (single.dtype, g.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(g, C * slopes, rtol=1e-4)


OTHERS = {
    "two": lambda x: 2 / (1 + np.exp(-x)),
    "an array": lambda x: np.ones((3, 4)) / (1 + np.exp(-x)),
    "two terms": lambda x: 1 / (x**2 + np.exp(-x)),
    "less": lambda x: 1 / (np.exp(-x) - 0.1),
    "other powers": lambda x: 1 / (1 + np.exp2(-x)),
    "a product": lambda x: 1 / (2 * np.exp(-x)),
    "the exponential itself": lambda x: 1 / np.exp(-x),
    "written to": lambda x: 1 / (1 + written(np.exp(-x))),
}


def written(e: Any) -> Any:
    e[0] = 1.0
    return e


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_nearly_one(name: str, made: list[Any]) -> None:
    check_grads(OTHERS[name], (X,), order=2)
    assert not made


def test_far_from_zero(made: list[Any]) -> None:
    x = np.array([-1000.0, -700.0, -400.0, -30.0, 30.0, 700.0, 1000.0])
    with np.errstate(over="ignore"):
        y, pullback = fg.vjp(lambda x: 1 / (1 + np.exp(-x)), x[1:])
        np.testing.assert_allclose(pullback(np.ones(6))[0], y * (1 / (1 + np.exp(x[1:]))), rtol=1e-12)
        assert made
        g = fg.grad(lambda x: np.sum(1 / (1 + np.exp(-x))))(x)  # an infinite exponential: all by single rules
    np.testing.assert_array_equal(np.isfinite(g), True)
    assert g[0] == 0
    np.testing.assert_allclose(g[1:], pullback(np.ones(6))[0], rtol=1e-12, atol=1e-150)  # where these squares vanish


def test_other_uses_of_the_parts(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        e = np.exp(-x)
        s = 1 + e
        y = 1 / s
        return np.sum(y**2) + np.sum(np.sin(e)) + np.sum(s * y) + np.sum(1 / s)

    check_grads(f, (X,), order=2)
    assert made


def test_transforms_of_transforms(made: list[Any]) -> None:
    def f(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    y = f(0.3)
    slope = y * (1 - y)
    np.testing.assert_allclose(fg.grad(f)(0.3), slope)
    np.testing.assert_allclose(fg.grad(fg.grad(f))(0.3), slope * (1 - 2 * y))
    np.testing.assert_allclose(fg.grad(fg.grad(fg.grad(f)))(0.3), slope * (1 - 6 * slope))
    np.testing.assert_allclose(fg.jvp(fg.grad(f), (0.3,), (2.0,))[1], 2 * slope * (1 - 2 * y))
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(X[0]), f(X[0]) * (1 - f(X[0])))
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(fg.vmap(f)(x)))(X[0]), f(X[0]) * (1 - f(X[0])))
    second = np.diag(f(X[0]) * (1 - f(X[0])) * (1 - 2 * f(X[0])))
    np.testing.assert_allclose(fg.hessian(lambda x: np.sum(f(x)))(X[0]), second)
    np.testing.assert_allclose(fg.grad(fg.checkpoint(f))(0.3), slope)
    assert made


def test_large_arrays_go_by_blocks(made: list[Any]) -> None:
    x = np.linspace(-3, 3, LARGE)
    y = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(1 / (1 + np.exp(-x))))(x), y * (1 - y), rtol=1e-12)
    assert not made


def test_on_a_device_the_kernels_are_as_they_were(made: list[Any]) -> None:
    y, pullback = fg.vjp(lambda x: 1 / (1 + np.exp(-x)), DeviceArray(X))
    np.testing.assert_allclose(pullback(DeviceArray(C))[0].get(), C * y.get() * (1 - y.get()), rtol=1e-12)
    assert not made


def test_tensors_show_every_step(made: list[Any]) -> None:
    x = fg.tensor(X, requires_grad=True)
    y = 1 / (1 + (-x).exp())
    y.sum().backward()
    want = y.detach().numpy() * (1 - y.detach().numpy())
    np.testing.assert_allclose(x.grad.numpy(), want, rtol=1e-12)
    assert not made
