"""``out=`` of every function that has it: the array that is given gets the result, and is what is returned."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp

A = np.random.default_rng(0).uniform(0.2, 0.9, (3, 3))
DIRECTION = np.random.default_rng(1).normal(size=A.shape)

ARGUMENTS: dict[str, Any] = {
    "take": lambda a: (a, [0, 1]),
    "choose": lambda a: (np.array([0, 1, 0]), list(a)),
    "compress": lambda a: ([True, False, True], a, 0),
    "clip": lambda a: (a, 0.3, 0.6),
    **{name: lambda a: (a, 30, 0) for name in ("percentile", "nanpercentile")},
    **{name: lambda a: (a, 0.3, 0) for name in ("quantile", "nanquantile")},
    **{name: lambda a: ([a, a],) for name in ("concatenate", "concat", "stack")},
    "einsum": lambda a: ("ij,jk->ik", a, a),
    "linalg.multi_dot": lambda a: ([a, a, a],),
    **{name: lambda a: (a, a) for name in ("dot", "outer")},
    **{name: lambda a: (a[0],) for name in ("cumulative_sum", "cumulative_prod")},
}
DATES = {"busday_count", "busday_offset", "is_busday"}
NOT_RETURNED = {"fft.hfft", "fft.irfft2", "fft.ifft2"}  # by NumPy itself


def functions() -> dict[str, Any]:
    """Return the functions of NumPy that have ``out``."""
    found = {}
    for prefix, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft)):
        for name in dir(module):
            function = getattr(module, name)
            if name.startswith("_") or not callable(function) or isinstance(function, type | np.ufunc):
                continue
            try:
                parameters = inspect.signature(function).parameters
            except (TypeError, ValueError):
                parameters = {}  # type: ignore[assignment]
            if name not in DATES and prefix + name not in NOT_RETURNED and ("out" in parameters or name == "einsum"):
                found[prefix + name] = function
    return found


def call(name: str, function: Any, a: Any, out: Any, by_position: bool) -> Any:
    args = ARGUMENTS.get(name, lambda a: (a,))(a)
    if not by_position:
        return function(*args, out=out)
    parameters = list(inspect.signature(function).parameters.values())
    before = parameters[len(args) : [p.name for p in parameters].index("out")]
    if any(p.kind is p.KEYWORD_ONLY for p in parameters if p.name == "out"):
        pytest.skip("out is given by keyword only")
    return function(*args, *[p.default for p in before], out)


@pytest.mark.parametrize("by_position", [False, True], ids=["keyword", "position"])
@pytest.mark.parametrize("name", functions())
def test_out(name: str, by_position: bool) -> None:
    function = functions()[name]
    if by_position and name == "einsum":
        pytest.skip("out is given by keyword only")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        like = np.asarray(function(*ARGUMENTS.get(name, lambda a: (a,))(A)))

    def f(a: Any, xp: Any = np) -> Any:
        a = a * 1.0
        out = xp.zeros_like(like)
        assert call(name, function, a, out, by_position) is out
        y = np.sum(out * np.cos(np.arange(like.size).reshape(like.shape)))
        return np.real(y) + np.imag(y) + np.sum(a)

    value, gradient = fg.value_and_grad(lambda a: f(a, fnp))(A)
    np.testing.assert_allclose(value, f(A), 1e-12)
    quotient = (f(A + 1e-6 * DIRECTION) - f(A - 1e-6 * DIRECTION)) / 2e-6
    np.testing.assert_allclose(np.sum(gradient * DIRECTION), quotient, 1e-6)


METHODS = ("sum", "mean", "prod", "std", "var", "max", "min", "cumsum", "cumprod", "trace", "round", "clip", "dot")


@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str) -> None:
    args = {"clip": (0.3, 0.6), "dot": (A,), "round": (1,)}.get(name, ())

    def f(a: Any, xp: Any = np) -> Any:
        a = a * 1.0
        like = getattr(A, name)(*args)
        out = xp.zeros(np.shape(like))
        assert getattr(a, name)(*args, out=out) is out
        return np.sum(out * out) + np.sum(a)

    np.testing.assert_allclose(fg.value_and_grad(lambda a: f(a, fnp))(A)[0], f(A), 1e-12)
    quotient = (f(A + 1e-6 * DIRECTION) - f(A - 1e-6 * DIRECTION)) / 2e-6
    if name != "round":
        np.testing.assert_allclose(np.sum(fg.grad(lambda a: f(a, fnp))(A) * DIRECTION), quotient, 1e-6)


def test_ufuncs() -> None:
    def f(a: Any, xp: Any = np) -> Any:
        a = a * 1.0
        y = xp.zeros((2, 3, 3))
        np.multiply(a, a, out=y[0])
        np.add(a[0], 1, out=y)  # broadcast into the larger array
        np.sin(a, out=y[1].T, where=A > 0.5)
        np.exp(y[0], y[0])
        np.add.reduce(y, axis=0, out=a)
        fraction, whole = xp.zeros((3, 3)), xp.zeros((3, 3))
        np.modf(3 * a, out=(fraction, whole))
        return np.sum(a * a) + np.sum(fraction**2) + np.sum(y)

    value, gradient = fg.value_and_grad(lambda a: f(a, fnp))(A)
    np.testing.assert_allclose(value, f(A), 1e-12)
    quotient = (f(A + 1e-6 * DIRECTION) - f(A - 1e-6 * DIRECTION)) / 2e-6
    np.testing.assert_allclose(np.sum(gradient * DIRECTION), quotient, 1e-6)


def test_wrong_buffers() -> None:
    def f(a: Any, make: Any) -> Any:
        return np.sum(np.add(a, 1, out=make()))

    for make, error, message in (
        (lambda: fnp.zeros(3), ValueError, "shape"),
        (lambda: np.zeros((3, 3)), fg.LostGradientError, r"np\.add.*out=plain_array"),
    ):
        with pytest.raises(error, match=message):
            fg.grad(f)(A, make)
    with pytest.raises(TypeError, match="cast"):
        fg.grad(lambda a: np.sum(np.add(a, 1j, out=a * 1.0)))(A)
    with pytest.raises(ValueError, match="read-only"):
        fg.grad(lambda a: np.sum(np.add(a, 1, out=np.broadcast_to(a, (3, 3)))))(A)
