"""What shares memory, what is copied, and what a caller may write into afterwards."""

import gc
import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.core.level import plain
from funcgrad.testing import DeviceArray, host_copies

X = np.array([1.0, 2.0, 3.0])
TRANSFORMS: dict[str, Callable[..., Any]] = {
    "grad": lambda f: fg.grad(f)(X),
    "jvp": lambda f: fg.jvp(f, (X,), (X,)),
    "vmap": lambda f: fg.vmap(f)(X[None]),
    "linearize": lambda f: fg.linearize(f, X)[0],
}


@pytest.mark.parametrize("name", ["grad", "jvp", "vmap"])
def test_writes_are_in_place_where_nobody_holds_the_value(name: str) -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[0] = 2.0
        memory = id(plain(y))
        for i in range(1, 3):
            y[i] = y[i - 1] * x[i]
            y[1:] += 0.5
            y.reshape(1, 3)[0, 0] = 1.0
        assert id(plain(y)) == memory
        return np.sum(y)

    TRANSFORMS[name](f)


def test_what_the_graph_has_saved_is_copied_once() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[0] = 2.0
        square = y * y
        before = id(plain(y))
        y[1] = 3.0
        after = id(plain(y))
        y[2] = 4.0
        assert before != after == id(plain(y))
        return np.sum(square) + np.sum(y)

    np.testing.assert_allclose(fg.grad(f)(X), [0, 4, 6])


def peak(f: Callable[[], Any]) -> int:
    gc.collect()
    tracemalloc.start()
    f()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory_of_a_loop_is_linear() -> None:
    def fill(x: Any) -> Any:
        y = fnp.zeros(len(x))
        for i in range(len(x)):
            row = y[: i + 1]
            row[-1] = x[i] * y[i - 1]
        return np.sum(y)

    small, large = (peak(lambda n=n: fg.grad(fill)(np.ones(n))) for n in (500, 4000))
    assert large < 12 * small


def test_the_caller_may_write_before_the_pullback_is_called() -> None:
    x = X.copy()
    y, pullback = fg.vjp(lambda x: np.exp(x) * x, x)
    x[:], y[:] = 0.0, 7.0
    np.testing.assert_allclose(pullback(np.ones(3))[0], np.exp(X) * (1 + X))
    x = X.copy()
    y, pushforward = fg.linearize(np.exp, x)
    x[:], y[:] = 0.0, 7.0
    np.testing.assert_allclose(pushforward(np.ones(3)), np.exp(X))


def test_an_outer_array_may_change_before_the_pullback_is_called() -> None:
    def f(x: Any) -> Any:
        t, u = x * 1.0, x * 1.0
        y, pullback = fg.vjp(lambda s: np.exp(s) * u, t)
        t[0] = 5.0
        u[:] = 0.0
        y *= 3.0
        return np.sum(pullback(np.ones(3))[0])

    want = np.exp(X) * (1 + X)  # of the sum of exp(x) * x
    np.testing.assert_allclose(fg.grad(f)(X), want)
    np.testing.assert_allclose(fg.jvp(f, (X,), (np.ones(3),))[1], want.sum())
    np.testing.assert_allclose(fg.linearize(f, X)[1](np.ones(3)), want.sum())


def test_an_inner_function_writes_into_its_argument() -> None:
    def doubled(s: Any) -> Any:
        s *= 2.0
        return np.sum(s * s)

    def f(x: Any) -> Any:
        y = x * 1.0
        inner = fg.grad(doubled)(y)
        return np.sum(inner * y)

    np.testing.assert_allclose(fg.grad(f)(X), 16 * X)


def test_a_checkpoint_that_writes_into_what_it_closes_over() -> None:
    def f(x: Any) -> Any:
        memory = x * 1.0

        def inner(s: Any) -> Any:
            memory[0] = memory[0] * 2
            return np.sin(s) * memory

        return np.sum(fg.checkpoint(inner)(x)) + np.sum(memory**2)

    want = np.sin(X) * [2, 1, 1] + np.cos(X) * X * [2, 1, 1] + 2 * X * [4, 1, 1]
    value, pullback = fg.vjp(f, X)
    assert value.shape == ()
    for _ in range(2):
        np.testing.assert_allclose(pullback(1.0)[0], want)


def test_arguments_that_are_not_differentiated_are_lent() -> None:
    buffer = np.zeros(3)

    def f(x: Any, out: Any) -> Any:
        out[:] = 2.0
        return np.sum(x * out)

    with pytest.raises(ValueError, match="read-only") as caught:
        fg.grad(f)(X, buffer)
    assert "adopt" in caught.value.__notes__[0]
    np.testing.assert_array_equal(fg.grad(f, argnums=(0, 1))(X, buffer)[0], [2, 2, 2])
    np.testing.assert_array_equal(fg.grad(lambda x: np.sum(fg.grad(f)(x, x * x)))(X), 0)
    np.testing.assert_array_equal(buffer, 0)


@pytest.mark.parametrize("name", ["grad", "jvp"])
def test_constants_become_plain(name: str) -> None:
    def f(x: Any) -> Any:
        y = fnp.zeros(3)
        y[1:] = [1.0, 2.0]
        assert [x[int(y[2])].shape, float(y.sum()), math.sqrt(y[1]), y.tolist()] == [(), 3.0, 1.0, [0.0, 1.0, 2.0]]
        held = np.asarray(y)
        assert not held.flags.writeable
        y[0] = x[0]
        assert held[0] == 0.0
        with pytest.raises(fg.LostGradientError):
            float(y[0])
        with pytest.raises(fg.LostGradientError):
            np.asarray(y)
        return np.sum(y)

    TRANSFORMS[name](f)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_memory_is_told_truly(name: str) -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        row, copy = y.reshape(1, 3), y.copy()
        assert row.base is y
        assert row.T[1:].base is y
        assert y.base is None
        assert x.base is None
        assert np.shares_memory(row, y)
        assert not np.shares_memory(y[:1], y[1:])
        assert np.may_share_memory(y, y[::2])
        assert not np.shares_memory(y, copy)
        assert not np.shares_memory(y, np.ones(3))
        with pytest.raises(ValueError, match="read-only"):
            np.broadcast_to(y, (2, 3))[0] = 1.0
        with pytest.raises(ValueError, match="share"):
            y.resize(2)
        return np.sum(y)

    TRANSFORMS[name](f)


def test_devices_are_written_to_in_place() -> None:
    def f(x: Any) -> Any:
        y = np.zeros_like(x)
        y[0] = x[0]
        for i in range(1, 3):
            y[i] = y[i - 1] * x[i]
        y.reshape(3, 1).T[0, 1] *= 3
        v = y[1:]
        v += y[:-1]
        return np.sum(y * y)

    with host_copies() as copies:
        gradient = fg.grad(f)(DeviceArray(X))
        fg.jvp(f, (DeviceArray(X),), (DeviceArray(X),))
    assert not copies
    np.testing.assert_allclose(gradient.get(), fg.grad(f)(X))


@pytest.mark.parametrize("name", ["grad", "jvp", "vmap"])
def test_an_assignment_of_another_view_at_the_same_index(name: str) -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[::-1] = y[::-1][::-1]  # not the last step of an augmented assignment
        assert plain(y).reshape(-1).tolist() == [3.0, 2.0, 1.0]
        y[1:] += y[:-1]
        return np.sum(y * y)

    TRANSFORMS[name](f)


def test_numbers_of_second_order() -> None:
    def f(x: Any) -> Any:
        first = x[0] * 1.0
        y = x * first.reshape(1)[0] + np.reshape(first, ())[...]
        return np.sum(y * y)

    np.testing.assert_allclose(fg.hvp(f, X, X), fg.hessian(f)(X) @ X)


@pytest.mark.parametrize("convert", [float, np.asarray], ids=["float", "asarray"])
def test_a_view_of_a_constant_is_no_number_once_something_traced_was_written(convert):
    def f(x):
        z = fnp.zeros(2)
        v = z[0, ...]
        z[0] = x
        return z[0] * convert(v)

    with pytest.raises(fg.LostGradientError):
        fg.grad(f)(2.0)
