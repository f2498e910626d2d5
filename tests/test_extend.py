"""``funcgrad.extend``: functions of other libraries, and rules for functions that reach NumPy's protocols."""

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.primitive import CALLS
from funcgrad.extend import Constant, Elementwise, Linear, Opaque, defjvp, defvjp, primitive, register
from funcgrad.testing import check_grads

X = np.array([0.3, 1.2, -0.7])
Y = np.array([2.0, -1.0, 0.5])


def plain_only(*xs: Any) -> None:
    assert all(type(x) in (np.ndarray, np.float64, np.float32, float, int) for x in xs), [type(x) for x in xs]


# -- primitive ------------------------------------------------------------------------------------------------


def make(kind: str, vectorized: bool = False) -> Any:
    """Return sin(a) * b with true derivatives, stated in one of the ways."""

    def f(a: Any, b: Any, power: int = 1) -> Any:
        """A foreign function."""
        plain_only(a, b)
        return np.sin(a) * b**power

    def jvp(tangents: Any, y: Any, a: Any, b: Any, power: int = 1) -> Any:
        da, db = tangents
        return np.cos(a) * b**power * da + np.sin(a) * power * b ** (power - 1) * db

    def vjp(g: Any, y: Any, a: Any, b: Any, power: int = 1) -> Any:
        return g * np.cos(a) * b**power, g * y / b * power

    if kind == "jvp":
        return primitive(f, jvp=jvp, vectorized=vectorized)
    if kind == "both":
        return primitive(f, vjp, jvp, vectorized)
    h = primitive(f, vectorized=vectorized)
    if kind in ("makers", "autograd"):
        defvjp(
            h,
            lambda ans, a, b, power=1: lambda g: g * np.cos(a) * b**power,
            lambda ans, a, b, power=1: lambda g: g * ans / b * power,
        )
    if kind == "makers":
        defjvp(
            h,
            lambda g, ans, a, b, power=1: g * np.cos(a) * b**power,
            lambda g, ans, a, b, power=1: g * ans / b * power,
        )
    return h


def exact(a: Any, b: Any, power: int = 1) -> Any:
    return np.sin(a) * b**power


@pytest.mark.parametrize("vectorized", [False, True])
@pytest.mark.parametrize("kind", ["jvp", "both", "makers"])
def test_both_modes_to_second_order(kind: str, vectorized: bool) -> None:
    f = make(kind, vectorized)
    check_grads(lambda a, b: f(a, b, power=2), [X, Y])
    check_grads(lambda a: f(a, Y, power=1), [X])
    np.testing.assert_array_equal(f(X, Y), exact(X, Y))
    np.testing.assert_allclose(fg.linearize(f, X, Y)[1](Y, X), fg.jvp(exact, (X, Y), (Y, X))[1])
    for axes in ((0, 0), (0, None), (None, 0)):
        a, b = (X if axis == 0 else v for axis, v in zip(axes, (1.5, 2.5), strict=True))
        for run in (
            lambda f, a, b, axes=axes: fg.vmap(f, axes)(a, b),
            lambda f, a, b, axes=axes: fg.vmap(fg.grad(f, (0, 1)), axes)(a, b),
            lambda f, a, b, axes=axes: fg.grad(lambda a, b: fg.vmap(f, axes)(a, b).sum(), (0, 1))(a, b),
            lambda f, a, b, axes=axes: fg.vmap(fg.hessian(f), axes)(a, b),
            lambda f, a, b, axes=axes: fg.jvp(lambda a: fg.vmap(f, axes)(a, b), (a,), (a,)),
        ):
            for mine, theirs in zip(run(f, a, b), run(exact, a, b), strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_vectorized_is_one_call() -> None:
    calls: list[Any] = []
    f = primitive(lambda x: calls.append(x) or np.sin(x), vjp=lambda g, y, x: (g * np.cos(x),), vectorized=True)
    fg.vmap(fg.grad(f))(X)
    assert len(calls) == 1
    one = primitive(lambda x: calls.append(x) or np.sin(x), vjp=lambda g, y, x: (g * np.cos(x),))
    fg.vmap(fg.grad(one))(X)
    assert len(calls) == 4


def test_rules_ported_from_autograd() -> None:
    core = pytest.importorskip("autograd.extend")
    autograd = pytest.importorskip("autograd")

    def logsumexp(x: Any, axis: Any = None) -> Any:
        m = np.max(x)
        return np.log(np.sum(np.exp(x - m), axis=axis)) + m

    def maker(ans: Any, x: Any, axis: Any = None) -> Any:
        return lambda g: (
            np.expand_dims(g, axis) * np.exp(x - np.expand_dims(ans, axis))
            if axis is not None
            else (g * np.exp(x - ans))
        )

    mine, theirs = primitive(logsumexp), core.primitive(logsumexp)
    defvjp(mine, maker)
    core.defvjp(theirs, maker)
    m = np.stack([X, Y])
    np.testing.assert_allclose(fg.grad(mine)(m), autograd.grad(theirs)(m), rtol=1e-14)
    np.testing.assert_allclose(
        fg.vjp(lambda m: mine(m, axis=0), m)[1](X)[0], autograd.make_vjp(lambda m: theirs(m, axis=0))(m)[0](X)
    )
    with pytest.raises(fg.NoDerivativeError, match=r"no rule for forward mode.*defjvp"):
        fg.jvp(mine, (m,), (m,))


def test_argnums_none_and_same() -> None:
    f = primitive(lambda a, b, c: a * b + c)
    defvjp(f, lambda ans, a, b, c: lambda g: g * a, None, argnums=[1, 2])
    defjvp(f, lambda g, ans, a, b, c: a * g, None, argnums=(1, 2))
    assert fg.grad(f, (1, 2))(2.0, 3.0, 4.0) == (2.0, 0.0)
    assert fg.jvp(lambda b, c: f(2.0, b, c), (3.0, 4.0), (1.0, 10.0))[1] == 2.0
    assert fg.jvp(lambda c: f(2.0, 3.0, c), (4.0,), (10.0,))[1] == 0.0
    with pytest.raises(fg.NoDerivativeError, match=r"VJP of .* argument 0 is not defined"):
        fg.grad(f)(2.0, 3.0, 4.0)
    with pytest.raises(NotImplementedError, match=r"JVP of .* argument 0 is not defined"):
        fg.jvp(lambda a: f(a, 3.0, 4.0), (2.0,), (1.0,))
    product = primitive(lambda a, b: a * b)
    defjvp(product, "same", "same")
    assert fg.jvp(product, (2.0, 3.0), (1.0, 10.0))[1] == 23.0
    assert fg.linearize(product, 2.0, 3.0)[1](1.0, 10.0) == 23.0
    assert fg.jacfwd(fg.jacfwd(product, 1))(2.0, 3.0) == 1.0
    with pytest.raises(fg.NoDerivativeError, match="cannot be transposed"):
        fg.grad(product)(2.0, 3.0)


def test_what_primitive_refuses() -> None:
    f = primitive(lambda x, options=None: x * 1.0)
    with pytest.raises(fg.NoDerivativeError, match="no rule for reverse mode"):
        fg.grad(f)(1.0)
    with pytest.raises(fg.NoDerivativeError, match="no rule for forward mode"):
        fg.jvp(f, (1.0,), (1.0,))
    defvjp(f, lambda ans, x, options=None: lambda g: g)
    for call in (lambda x: f([x]), lambda x: f(1.0, options=x), lambda x: f(x, options={"k": x})):
        with pytest.raises(fg.NoDerivativeError, match="keyword or inside of a container"):
            fg.grad(call)(2.0)
    assert fg.grad(lambda x: f(x, options={"k": fg.stop_gradient(x)}))(2.0) == 1.0
    with pytest.raises(TypeError, match="not a primitive: wrap it first"):
        defvjp(np.sin, lambda ans, x: lambda g: g)
    with pytest.raises(TypeError, match="no function"):
        defvjp(f, "same")  # type: ignore[arg-type]
    for rule, error in ((lambda ans, x: lambda g: g[None], ValueError), (lambda ans, x: np.float32, TypeError)):
        defvjp(f, rule)
        with pytest.raises(error, match=r"vjp rule of <lambda>.* for argument \[0\]"):
            fg.grad(f)(1.0)
    h = primitive(lambda x: x, vjp=lambda g, y, x: g, jvp=lambda t, y, x: t)
    with pytest.raises(TypeError, match="1 cotangents"):
        fg.grad(h)(1.0)
    with pytest.raises(TypeError, match="tree of the output"):
        fg.jvp(h, (1.0,), (1.0,))


def test_a_function_that_returns_objects_is_refused() -> None:
    f = primitive(np.frompyfunc(math.erf, 1, 1), vjp=lambda g, y, x: (g,))
    with pytest.raises(TypeError, match="Python objects"):
        fg.vjp(f, X)


def test_several_outputs_integers_and_other_arguments() -> None:
    f = primitive(lambda x, mode, n: {"y": x * n, "k": np.arange(2), "mode": mode})
    defvjp(f, lambda ans, x, mode, n: lambda g: g["y"] * n * (10 if mode == "m" else 1))
    assert fg.grad(lambda x: f(x, "m", 3)["y"])(2.0) == 30.0
    assert fg.grad(lambda x: f(x, None, 3)["y"])(2.0) == 3.0
    out = fg.vmap(lambda x: f(x, "m", 3))(X)
    assert out["k"].shape == (3, 2)
    assert out["mode"] == "m"


def test_tensors() -> None:
    f = make("makers")
    t = fg.tensor(X.tolist(), dtype=fg.float64, requires_grad=True)
    y = primitive(lambda a, b: np.sin(np.asarray(a)) * b, vjp=lambda g, y, a, b: (g * np.cos(a) * b, None))(t, Y)
    y.sum().backward()
    assert t.grad is not None
    np.testing.assert_allclose(t.grad.numpy(), np.cos(X) * Y)
    slope = fg.grad(lambda a: f(a * 1.0, Y).sum())(X)
    np.testing.assert_allclose(slope, np.cos(X) * Y)


def test_float32_stays() -> None:
    x = X.astype(np.float32)
    f = make("makers")
    assert fg.grad(lambda x: f(x, x).sum())(x).dtype == np.float32
    assert fg.jvp(f, (x, x), (x, x))[1].dtype == np.float32


# -- register ---------------------------------------------------------------------------------------------------


@pytest.fixture
def table() -> Iterator[None]:
    """Restore the table of rules."""
    before = dict(CALLS)
    yield
    CALLS.clear()
    CALLS.update(before)


@pytest.mark.usefixtures("table")
def test_register_a_ufunc() -> None:
    special = pytest.importorskip("scipy.special")
    f = special.erf
    rule = Elementwise(f, lambda g, x: 10 * g * x)
    with pytest.raises(ValueError, match="erf has rules already; pass replace=True"):
        register(rule)
    before = fg.grad(f)(0.5)
    register(rule, replace=True)
    assert fg.grad(f)(0.5) == 5.0 != before
    assert fg.jvp(f, (0.5,), (2.0,))[1] == 10.0
    assert fg.vmap(fg.grad(fg.grad(f)))(X).tolist() == [10.0] * 3
    assert not isinstance(CALLS[f], Elementwise)  # it has a short path


@pytest.mark.usefixtures("table")
def test_register_a_function_with_the_array_function_protocol() -> None:
    overrides = pytest.importorskip("numpy._core.overrides")

    @overrides.array_function_dispatch(lambda x, shift=None: (x,))
    def mirrored(x: Any, shift: int = 0) -> Any:
        plain_only(x)
        return x[::-1] + shift

    with pytest.raises(fg.NoDerivativeError):
        fg.grad(lambda x: mirrored(x).sum())(X)
    register(Opaque(mirrored, lambda dx, shift: dx[::-1], lambda g, shift: 10 * g[::-1]))
    assert fg.grad(lambda x: (mirrored(x, shift=3) * Y).sum())(X).tolist() == (10 * Y[::-1]).tolist()
    assert fg.jvp(mirrored, (X,), (Y,))[1].tolist() == Y[::-1].tolist()


@pytest.mark.usefixtures("table")
def test_register_refuses() -> None:
    before = dict(CALLS)
    twice = np.frompyfunc(lambda x: 2 * x, 1, 1)
    new = Elementwise(twice, lambda g: 2 * g, name="twice")
    with pytest.raises(TypeError, match="instances of the kinds"):
        register(np.sin)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="arithmetic"):
        register(Elementwise(np.add, lambda g: g, lambda g: g), replace=True)
    with pytest.raises(ValueError, match="has rules already"):
        register(new, Constant(np.floor))
    with pytest.raises(ValueError, match="stated twice"):
        register(new, new)
    assert before == CALLS
    register(new, Linear(np.frompyfunc(lambda x: x, 1, 1), lambda g: g, name="same"))
    assert fg.grad(lambda x: twice(x))(3.0) == 2.0


def test_the_room_is_public() -> None:
    assert fg.extend is sys.modules["funcgrad.extend"]
    for name in fg.extend.__all__:
        assert getattr(fg.extend, name).__doc__
