"""Attributes and methods of traced arrays that write, look at memory, or leave NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.primitive import CALLS
from funcgrad.core.tracer import CREATORS
from funcgrad.testing import check_grads

X = np.linspace(0.5, 1.6, 12).reshape(3, 4)
Z = X + 1j * X[::-1]


def wrote(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that does `step` to a copy and returns it."""

    def f(x: Any) -> Any:
        x = x * 2
        step(x)
        return x

    return f


def set_real(x: Any) -> None:
    x.real = x[0].imag * 1


def set_imag(x: Any) -> None:
    x.imag = 3.0


def set_flat(x: Any) -> None:
    x.flat = x[0, :3]


def set_flat_part(x: Any) -> None:
    x.flat[2:5] = x[0, :2]
    x.flat[-1] = 3.0


WRITES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "real": (set_real, Z),
    "imag": (set_imag, Z),
    "flat": (set_flat, X),
    "flat[]": (set_flat_part, X),
    "resize": (lambda x: x.resize(5, 3, refcheck=False), X),
    "resize to fewer": (lambda x: x.resize((2, 2), refcheck=False), X),
    "put": (lambda x: x.put([1, 2, 30], x[1] * 1, mode="wrap"), X),
    "fill": (lambda x: x.fill(x[1, 1]), X),
    "sort": (lambda x: x.sort(axis=0, stable=True), X),
}


@pytest.mark.parametrize("name", WRITES)
def test_writes(name: str) -> None:
    step, x = WRITES[name]
    f = wrote(step)
    want = f(x)
    got, _ = fg.vjp(f, x)
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_allclose(got, want, 1e-15)
    check_grads(f, (x,), order=2)


def test_flat_reads() -> None:
    def f(x: Any) -> Any:
        assert len(x.flat) == 12
        return x.flat[3] * x.flat[2:9:2].sum() + sum(x.flat)

    check_grads(f, (X,), order=2)
    np.testing.assert_allclose(fg.vjp(f, X)[0], f(X))


@pytest.mark.parametrize(("x", "dtype"), [(Z, float), (X, complex), (X, float), (X, None)])
def test_view(x: Any, dtype: Any) -> None:
    def f(x: Any) -> Any:
        return (x.view() if dtype is None else x.view(dtype)) * 2

    np.testing.assert_array_equal(fg.vjp(f, x)[0], f(x))
    check_grads(f, (x,), order=2)


def test_view_of_bits_is_refused() -> None:
    for dtype in (np.int64, np.float32):
        with pytest.raises(fg.LostGradientError, match="bits"):
            fg.vjp(lambda x, dtype=dtype: x.view(dtype), X)


@pytest.mark.parametrize(
    "leave", ["tobytes", "tofile", "byteswap", "getfield", "setfield", "setflags", "__dlpack__", "__dlpack_device__"]
)
def test_what_loses_the_gradient_is_refused(leave: str) -> None:
    with pytest.raises(fg.LostGradientError, match=leave):
        fg.vjp(lambda x: getattr(x, leave)(), X)


def test_base() -> None:
    def f(x: Any) -> Any:
        part = x[0]
        assert part.base is x
        assert (x * 2).base is None
        return part

    fg.vjp(f, X)


def test_resize_of_shared_memory_is_refused() -> None:
    def f(x: Any) -> Any:
        x = x * 2
        part = x[0]
        x.resize(3)
        return part

    with pytest.raises(ValueError, match="shares memory"):
        fg.vjp(f, X)


def test_scipys_and_numpys_python_functions_name_their_substitute() -> None:
    with pytest.raises(fg.LostGradientError, match=r"funcgrad\.numpy\.polynomial\.polynomial\.polyval"):
        fg.vjp(lambda x: np.polynomial.polynomial.polyval(2.0, x), X)


def test_functions_that_make_arrays_have_no_rules() -> None:
    """``like=`` reaches a tracer as a call of one argument, which must not be taken for a function with rules."""
    assert not CREATORS & CALLS.keys()
    made = fg.value_and_grad(lambda x: np.sum(np.array([2.0, 3.0], like=x) * x) + np.sum(np.asarray(x, like=x)))
    value, slope = made(np.array([1.0, 4.0]))
    assert value == 19.0
    np.testing.assert_array_equal(slope, [3.0, 4.0])
