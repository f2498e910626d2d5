"""The short paths of forward mode, ``vmap`` and ``linearize``: they must agree with the general way, and be taken."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad import debug
from funcgrad.core.primitive import CALLS
from funcgrad.errors import EscapedTracerError
from funcgrad.extend import Elementwise, register
from funcgrad.testing import check_grads
from funcgrad.transforms import batch, forward
from funcgrad.transforms.batch import BatchLevel
from funcgrad.transforms.forward import ForwardLevel
from funcgrad.transforms.linearize import LinearizeLevel

C = np.linspace(0.6, 1.4, 5)
COLUMN = C[:4, None]

#: Every way through the short paths: operators and their reflections, constants of all kinds, shapes that broadcast.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "number": lambda x: 1.5 * x + 2 - x * 0.5,
    "reflected": lambda x: (1.0 - x) * (2.0 / x) + 2.0**x,
    "power": lambda x: x**2 + x**3.0 + x**-1.0 + x**x,
    "unary": lambda x: -np.sin(x) + np.sqrt(x) * np.log(x) + np.tanh(x) + abs(x),
    "array": lambda x: x * C + C / x - C**x,
    "array without axes": lambda x: x * np.array(2.0) + np.float64(3.0) * x,
    "larger array": lambda x: COLUMN * x + x,
    "sum of both": lambda x: np.arctan2(x, x * x) + np.maximum(x, 1.0) + np.hypot(x, C),
    "own broadcast": lambda x: x[:, None] * x - x[:3, None, None] / x[0],
    "constant of the level": lambda x: np.ones_like(x) * x + np.zeros_like(x) - np.exp(np.ones_like(x)),
    "integers": lambda x: x * np.arange(5) + np.arange(5) ** x,
    "conditions": lambda x: np.where((x > 1) | (x <= 0.7), x * x, 3 * x),
}


def difference(f: Callable[[Any], Any], x: Any, dx: Any) -> Any:
    return (f(x + 1e-6 * dx) - f(x - 1e-6 * dx)) / 2e-6


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_all_modes_agree(f: Callable[[Any], Any]) -> None:
    x, dx = np.linspace(0.5, 1.6, 5), np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    y, dy = fg.jvp(f, (x,), (dx,))
    np.testing.assert_array_equal(y, f(x))
    np.testing.assert_allclose(dy, difference(f, x, dx), rtol=1e-6, atol=1e-8)
    value, push = fg.linearize(f, x)
    np.testing.assert_array_equal(value, y)
    np.testing.assert_array_equal(push(dx), dy)
    np.testing.assert_array_equal(push(dx), dy)  # running the program does not use it up
    rows = np.stack([x, x + 0.1, x - 0.1])
    np.testing.assert_allclose(fg.vmap(f)(rows), np.stack([f(row) for row in rows]), rtol=1e-14)
    np.testing.assert_allclose(fg.jacfwd(f)(x), fg.jacrev(f)(x), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(fg.vmap(push)(rows), np.stack([push(row) for row in rows]), rtol=1e-13)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_second_derivatives_agree(f: Callable[[Any], Any]) -> None:
    x = np.linspace(0.5, 1.6, 5)

    def total(x: Any) -> Any:
        return np.sum(f(x))

    expected = fg.jacrev(fg.jacrev(total))(x)
    np.testing.assert_allclose(fg.hessian(total)(x), expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(fg.jacfwd(fg.jacfwd(total))(x), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_dtypes_are_numpys(f: Callable[[Any], Any], dtype: Any) -> None:
    x = np.linspace(0.5, 1.6, 5).astype(dtype)
    try:
        expected = f(x)
    except TypeError:
        pytest.skip("NumPy has no such function of complex numbers")
    y, dy = fg.jvp(f, (x,), (np.ones_like(x),))
    assert y.dtype == dy.dtype == expected.dtype
    assert dy.shape == expected.shape
    out = fg.linearize(f, x)[1](np.ones_like(x))
    assert out.dtype == expected.dtype
    assert out.shape == expected.shape
    assert fg.vmap(f)(x[None]).dtype == expected.dtype


def test_integers_and_conditions_of_examples() -> None:
    n = np.arange(6).reshape(2, 3)
    for f in (np.sin, lambda n: n / 2, lambda n: n * 2, lambda n: n > 1, lambda n: n + n[0], lambda n: 2**n):
        y = fg.vmap(f)(n)
        expected = np.stack([f(row) for row in n])
        np.testing.assert_array_equal(y, expected)
        assert y.dtype == expected.dtype


def test_examples_of_different_numbers_of_axes() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(24.0).reshape(2, 4, 3)
    for f in (lambda a, b: a * b, lambda a, b: b - a, np.arctan2, lambda a, b: a[0] + b, lambda a, b: a > b):
        np.testing.assert_array_equal(fg.vmap(f)(a, b), np.stack([f(*z) for z in zip(a, b, strict=True)]))
    w = np.arange(24.0).reshape(2, 4, 3)
    np.testing.assert_array_equal(fg.vmap(lambda a: w * a)(a), np.stack([w * z for z in a]))
    np.testing.assert_array_equal(fg.vmap(lambda a: a / (1 + w))(a), np.stack([z / (1 + w) for z in a]))


def test_infinite_partials_times_zero_are_zero_and_quiet() -> None:
    x, dx = np.array([0.0, 1.0, 4.0]), np.array([0.0, 1.0, 1.0])
    for run in (lambda f: fg.jvp(f, (x,), (dx,))[1], lambda f: fg.linearize(f, x)[1](dx)):
        np.testing.assert_allclose(run(np.sqrt), [0.0, 0.5, 0.25])
        np.testing.assert_allclose(run(lambda x: x**0.5), [0.0, 0.5, 0.25])
        np.testing.assert_allclose(run(lambda x: x**0), [0.0, 0.0, 0.0])
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(run(np.log), [0.0, 1.0, 0.25])
            np.testing.assert_allclose(run(lambda x: 1 / x), [0.0, -1.0, -1 / 16])
            np.testing.assert_allclose(run(np.reciprocal), [0.0, -1.0, -1 / 16])
    with np.errstate(divide="warn"), pytest.warns(RuntimeWarning, match="divide by zero"):
        fg.jvp(np.log, (x,), (dx,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(fg.jvp(np.sqrt, (0.0,), (1.0,))[1])


@pytest.mark.parametrize("kind", [forward.ForwardTracer, batch.BatchTracer])
def test_operators_and_ufuncs_take_them(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def general(*args: Any) -> Any:
        raise AssertionError("the general way was taken")

    x = np.linspace(0.5, 1.6, 5)
    for level in (ForwardLevel, LinearizeLevel, BatchLevel):
        monkeypatch.setattr(level, "process", general)
    fs = [FUNCTIONS[name] for name in ("number", "reflected", "power", "array", "array without axes", "larger array")]
    for f in fs:
        if kind is forward.ForwardTracer:
            fg.jvp(f, (x,), (x,))
            fg.linearize(f, x)
        else:
            fg.vmap(f)(x[None])


def test_level_that_has_ended() -> None:
    held: list[Any] = []

    def f(x: Any) -> Any:
        held.append(x)
        return x

    fg.jvp(f, (1.0,), (1.0,))
    fg.vmap(f)(C)
    fg.linearize(f, 1.0)
    for x in held:
        for g in (np.sin, lambda x: x * 2, lambda x: 2 * x, lambda x: x + x, lambda x: C + x):
            with pytest.raises(EscapedTracerError):
                g(x)


@pytest.mark.parametrize("run", [lambda f, x: fg.jvp(f, (x,), (x,)), lambda f, x: fg.vmap(f)(x), fg.linearize])
def test_watched_levels_are_left_alone(run: Any) -> None:
    x = np.array([1.0, -1.0])
    with debug.nans(), np.errstate(invalid="ignore"), pytest.raises(FloatingPointError, match="sqrt"):
        run(lambda x: np.sqrt(x) * 2, x)


def test_linearize_keeps_what_the_program_changes_later() -> None:
    w = np.array([2.0, 3.0])

    def f(x: Any) -> Any:
        y = x * w
        w[...] = 0
        return y * w[0] + y

    _, push = fg.linearize(f, np.ones(2))
    w[...] = 7.0
    np.testing.assert_array_equal(push(np.ones(2)), [2.0, 3.0])


def test_linearize_lets_registers_go() -> None:
    _, push = fg.linearize(lambda x: (np.sin(np.sin(x)) * x, x), np.ones(3))
    dy, dx = push(np.ones(3))
    np.testing.assert_array_equal(dx, np.ones(3))  # an input that is an output stays
    np.testing.assert_allclose(dy, fg.jvp(lambda x: np.sin(np.sin(x)) * x, (np.ones(3),), (np.ones(3),))[1])
    level = LinearizeLevel()
    x = level.tracer(np.ones(3), level.register())
    y: Any = x
    for _ in range(5):
        y = y * 2.0
    level.finish([y.tangent])
    level.close()
    assert [i for i, r in enumerate(level.run({0: np.ones(3)})) if r is not None] == [y.tangent]


def test_rules_that_are_replaced() -> None:
    old = CALLS[np.cbrt]
    try:
        register(Elementwise(np.cbrt, lambda g: 100 * g), replace=True)
        assert fg.jvp(np.cbrt, (1.0,), (1.0,))[1] == 100
        assert fg.linearize(np.cbrt, 1.0)[1](1.0) == 100
    finally:
        register(getattr(old, "primitive", old), replace=True)
    assert fg.jvp(np.cbrt, (1.0,), (1.0,))[1] == pytest.approx(1 / 3)


def test_rules_from_elsewhere_keep_single_precision() -> None:
    """What they widen is cast, also when rules are registered after theirs, which gives them short paths."""
    widening = Elementwise(np.cbrt, lambda g, x: g * np.float64(3) * x)
    x, old = np.linspace(1, 2, 3, dtype=np.float32), CALLS[np.cbrt]
    try:
        register(widening, replace=True)
        for f in (np.cbrt, scipy.special.digamma, scipy.special.erf, scipy.special.gammaln):
            assert fg.vjp(f, x)[1](x)[0].dtype == np.float32
            large = np.full(200_000, 1.5, np.float32)
            np.testing.assert_allclose(fg.vjp(f, large)[1](large)[0], fg.vjp(f, 1.5)[1](1.5)[0], 1e-5)
            assert fg.vjp(f, large)[1](large)[0].dtype == np.float32
            assert fg.jvp(f, (x,), (x,))[1].dtype == np.float32
            assert fg.vmap(fg.grad(f))(x).dtype == np.float32
    finally:
        register(getattr(old, "primitive", old), replace=True)


MASK = np.array([True, False, True, False, True])

CHOICES: dict[str, Callable[[Any, Any], Any]] = {
    "traced": lambda m, x: np.where(m, x, x * x),
    "numbers": lambda m, x: np.where(m, x, 0) + np.where(m, 2.5, x),
    "arrays": lambda m, x: np.where(m, C, x) + np.where(m, x, C.astype(np.float32)),
    "shapes that broadcast": lambda m, x: np.where(m[:, None], x, x[:3, None, None]),
    "no axes": lambda m, x: np.where(m[0:1].reshape(()), x, 1.0) + x * np.where(np.array(False), x[0], x[1]),
    "integers": lambda m, x: np.where(m, x, np.arange(5)),
}


@pytest.mark.parametrize("f", CHOICES.values(), ids=CHOICES)
def test_choices_by_a_mask(f: Callable[[Any, Any], Any]) -> None:
    x, dx = np.linspace(0.5, 1.6, 5), np.array([1.0, -2.0, 0.5, 0.0, 3.0])

    def written_to(x: Any) -> Any:
        mask = MASK.copy()
        y = f(mask, x)
        mask[...] = False  # the graph has its own
        return y

    y, pullback = fg.vjp(written_to, x)
    np.testing.assert_array_equal(y, f(MASK, x))
    slope = difference(lambda x: f(MASK, x), x, dx)
    (gx,) = pullback(np.ones_like(y))
    np.testing.assert_allclose(gx @ dx, np.sum(slope), rtol=1e-6)
    gradient = fg.grad(lambda x: np.sum(written_to(x) ** 3))
    second = difference(fg.grad(lambda x: np.sum(f(MASK, x) ** 3)), x, dx)
    np.testing.assert_allclose(fg.jvp(gradient, (x,), (dx,))[1], second, rtol=1e-6, atol=1e-8)
    narrow = fg.grad(lambda x: np.sum(f(MASK, x)))(x.astype(np.float32))
    assert narrow.dtype == np.float32


def test_a_rule_of_choices_that_is_replaced_reads_what_it_names() -> None:
    old = CALLS[np.where]
    house: Any = old.primitive
    mine = Elementwise(np.where, None, lambda g, a, b: g * b, lambda g, a: 0 * g, split=house.split)
    try:
        register(mine, replace=True)
        x = np.linspace(0.5, 1.6, 5)
        np.testing.assert_array_equal(fg.grad(lambda x: np.sum(np.where(MASK, x, 0.0)))(x), x)
    finally:
        register(house, replace=True)


def test_the_order_of_imports_does_not_matter() -> None:
    """Rules of SciPy's functions may be loaded before the transforms are."""
    program = """
import numpy as np, scipy.special
from funcgrad.core.primitive import call_of
call_of(scipy.special.digamma)
import funcgrad as fg
x = np.ones(3, np.float32)
assert fg.grad(lambda x: np.sum(scipy.special.digamma(x)))(x).dtype == np.float32
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# -- Functions of one operand ------------------------------------------------------------------------------

REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "by keyword": lambda x: np.sum(a=x),
    "by position": lambda x: np.sum(x, 0),
    "keywords": lambda x: np.sum(x, axis=1, keepdims=True),
    "no value": lambda x: np.sum(x, axis=1, keepdims=np._NoValue),
    "initial": lambda x: np.sum(x, axis=0, initial=x[0, 0]),
    "method": lambda x: x.mean(1),
    "traced initial": lambda x: np.max(x, axis=1, initial=x[0, 1]),
    "axes": lambda x: np.transpose(x, (1, 0)) * 2.0,
    "method with axes": lambda x: x.swapaxes(0, 1) * 2.0,
    "shape": lambda x: np.reshape(x, (3, 2)) ** 2,
    "order": lambda x: x.reshape(-1, order="F") ** 2,
    "copy": lambda x: np.copy(x) ** 2,
}


@pytest.mark.parametrize("f", REDUCTIONS.values(), ids=REDUCTIONS)
def test_arguments_arrive_in_every_way(f: Callable[[Any], Any]) -> None:
    x = np.array([[0.5, 2.0, -1.0], [3.0, 0.25, 1.5]])
    np.testing.assert_array_equal(fg.vjp(f, x)[0], f(x))
    check_grads(f, (x,), order=2)


def test_views_of_views_by_short_paths_are_written_through() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        np.swapaxes(y, 0, 1)[0] *= 3.0
        y.reshape(6)[5] = 0.0
        return np.sum(y * y)

    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(fg.grad(f)(x), [[0.0, 2.0, 4.0], [54.0, 8.0, 0.0]])


def test_wrong_keywords_are_refused() -> None:
    with pytest.raises(TypeError, match="axes"):
        fg.grad(lambda x: np.sum(np.sum(x, axes=0)))(np.ones(3))  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        fg.grad(lambda x: np.sum())(np.ones(3))  # type: ignore[call-overload]
