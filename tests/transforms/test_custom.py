"""``custom_vjp``, ``custom_jvp``, ``custom_batching``, ``numeric``: rules of the user's own, in every composition."""

import functools
import gc
import pickle
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.graph import Call, Node
from funcgrad.core.level import Traced
from funcgrad.core.space import space_of
from funcgrad.extend import CustomVJPPrimal, SymbolicZero
from funcgrad.testing import DeviceArray, check_grads, host_copies
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.custom_jvp import JvpBody
from funcgrad.transforms.custom_run import Pack
from funcgrad.transforms.custom_vjp import VjpBody

X = np.array([0.3, 1.2, -0.7])
Y = np.array([2.0, -1.0, 0.5])


class Pair(NamedTuple):
    a: Any
    b: Any


# Rules that differ from the true derivative by a factor (3 in x, 5 in y), so that a test sees which one was used.


def value(np: Any, x: Any, y: Any) -> Any:
    return np.sin(x) * y


@fg.custom_vjp
def backward(x: Any, y: Any) -> Any:
    return value(np, x, y)


def backward_fwd(x: Any, y: Any) -> Any:
    return backward(x, y), {"x": x, "rest": (y, "a string")}


def backward_bwd(residuals: Any, g: Any) -> Any:
    x, (y, _) = residuals["x"], residuals["rest"]
    return 3 * np.cos(x) * y * g, 5 * np.sin(x) * g


backward.defvjp(backward_fwd, backward_bwd)


@fg.custom_jvp
def forward(x: Any, y: Any) -> Any:
    return value(np, x, y)


@forward.defjvp
def forward_rule(primals: Any, tangents: Any) -> Any:
    (x, y), (dx, dy) = primals, tangents
    return forward(x, y), 3 * np.cos(x) * y * dx + 5 * np.sin(x) * dy


def jax_twins() -> Any:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def f(x: Any, y: Any) -> Any:
        return value(jnp, x, y)

    back, forth = jax.custom_vjp(f), jax.custom_jvp(f)
    back.defvjp(
        lambda x, y: (back(x, y), (x, y)),
        lambda r, g: (3 * jnp.cos(r[0]) * r[1] * g, 5 * jnp.sin(r[0]) * g),
    )
    forth.defjvp(
        lambda p, t: (forth(*p), 3 * jnp.cos(p[0]) * p[1] * t[0] + 5 * jnp.sin(p[0]) * t[1]),
    )
    return jax, {"backward": back, "forward": forth}


def total(f: Any) -> Any:
    return lambda x, y: (f(x, y) ** 2).sum()


COMPOSITIONS: dict[str, Callable[[Any, Any], Any]] = {
    "value": lambda t, f: f(X, Y),
    "grad": lambda t, f: t.grad(total(f), (0, 1))(X, Y),
    "value_and_grad": lambda t, f: t.value_and_grad(total(f))(X, Y),
    "grad of one of two": lambda t, f: t.grad(total(f), 1)(X, Y),
    "jacrev": lambda t, f: t.jacrev(f, (0, 1))(X, Y),
    "grad grad": lambda t, f: t.grad(lambda x: t.grad(total(f))(x, Y).sum())(X),
    "grad grad grad": lambda t, f: t.grad(lambda x: t.grad(lambda x: t.grad(f)(x, 2.0))(x))(0.3),
    "jacrev jacrev": lambda t, f: t.jacrev(t.jacrev(total(f), (0, 1)), (0, 1))(X, Y),
    "vmap": lambda t, f: t.vmap(f, (0, None))(X, 2.0),
    "vmap grad": lambda t, f: t.vmap(t.grad(f, (0, 1)), (0, None))(X, 2.0),
    "grad vmap": lambda t, f: t.grad(lambda x, y: t.vmap(f, (0, None))(x, y).sum(), (0, 1))(X, 2.0),
    "grad vmap vmap": lambda t, f: t.grad(
        lambda x, y: (t.vmap(t.vmap(f, (0, None)), (None, 0))(x, y) ** 2).sum(), (0, 1)
    )(X, Y),
    "vmap grad vmap": lambda t, f: t.vmap(t.grad(lambda x, y: (t.vmap(f, (None, 0))(x, y) ** 2).sum()), (0, None))(
        X, Y
    ),
    "grad vmap grad": lambda t, f: t.grad(lambda x: t.vmap(t.grad(f), (0, 0))(x, Y).sum())(X),
    "grad grad vmap": lambda t, f: t.grad(
        lambda x: t.grad(lambda x: (t.vmap(f, (0, None))(x, 2.0) ** 2).sum())(x).sum()
    )(X),
    "vmap grad grad": lambda t, f: t.vmap(t.grad(t.grad(f)), (0, None))(X, 2.0),
    "vjp": lambda t, f: t.vjp(f, X, Y)[1](Y),
    "vmap of pullback": lambda t, f: t.vmap(t.vjp(f, X, Y)[1])(np.eye(3)),
}

FORWARD: dict[str, Callable[[Any, Any], Any]] = {
    "jvp": lambda t, f: t.jvp(f, (X, Y), (Y, X)),
    "jacfwd": lambda t, f: t.jacfwd(f, (0, 1))(X, Y),
    "hessian": lambda t, f: t.hessian(total(f), (0, 1))(X, Y),
    "jacrev jacfwd": lambda t, f: t.jacrev(t.jacfwd(total(f)))(X, Y),
    "jacfwd jacfwd": lambda t, f: t.jacfwd(t.jacfwd(total(f)))(X, Y),
    "linearize": lambda t, f: t.linearize(f, X, Y)[1](Y, X),
    "linearize vmap": lambda t, f: t.linearize(lambda x: t.vmap(f, (0, None))(x, 2.0), X)[1](Y),
    "vmap linearize": lambda t, f: t.vmap(lambda x: t.linearize(f, x, 2.0)[1](1.0, 3.0))(X),
    "jvp vmap": lambda t, f: t.jvp(lambda x: t.vmap(f, (0, None))(x, 2.0), (X,), (Y,)),
    "jvp linearize": lambda t, f: t.jvp(lambda x: t.linearize(f, x, Y)[1](X, X), (X,), (Y,)),
    "grad jvp": lambda t, f: t.grad(lambda x: t.jvp(f, (x, Y), (Y, X))[1].sum())(X),
    "grad jvp vmap": lambda t, f: t.grad(lambda x: t.jvp(lambda x: t.vmap(f, (0, None))(x, 2.0), (x,), (Y,))[1].sum())(
        X
    ),
}


def assert_trees_match(actual: Any, expected: Any) -> None:
    if isinstance(expected, tuple | list):
        assert len(actual) == len(expected)
        for a, b in zip(actual, expected, strict=True):
            assert_trees_match(a, b)
    else:
        assert np.shape(actual) == np.shape(expected)
        np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("composition", COMPOSITIONS)
@pytest.mark.parametrize("f", [backward, forward], ids=["backward", "forward"])
def test_compositions_agree_with_jax(f: Any, composition: str) -> None:
    jax, twins = jax_twins()
    run = COMPOSITIONS[composition]
    assert_trees_match(run(fg, f), run(jax, twins[f.__name__]))


@pytest.mark.parametrize("composition", FORWARD)
def test_forward_compositions_agree_with_jax(composition: str) -> None:
    jax, twins = jax_twins()
    run = FORWARD[composition]
    assert_trees_match(run(fg, forward), run(jax, twins["forward"]))


@pytest.mark.parametrize("transform", [fg.jvp, fg.linearize, fg.jacfwd, fg.hessian])
def test_forward_mode_of_a_backward_rule_is_refused(transform: Any) -> None:
    runs = {
        fg.jvp: lambda: fg.jvp(backward, (X, Y), (X, Y)),
        fg.linearize: lambda: fg.linearize(backward, X, Y),
    }
    with pytest.raises(TypeError, match=r"backward has a custom_vjp rule.*Use custom_jvp"):
        runs.get(transform, lambda: transform(total(backward))(X, Y))()


def test_forward_over_reverse_works_if_the_rule_is_written_out() -> None:
    f = fg.custom_vjp(np.sin)
    f.defvjp(lambda x: (np.sin(x), np.cos(x)), lambda c, g: (3 * c * g,))
    np.testing.assert_allclose(fg.hessian(lambda x: f(x).sum())(X), np.diag(-3 * np.sin(X)))


def test_a_rule_with_true_derivatives_passes_the_checker() -> None:
    @fg.custom_jvp
    def f(tree: Any, *, dummy: int = 0) -> Any:
        return {"out": tree["a"] * np.exp(tree["b"][0])}

    f.defjvp(lambda p, t: None)
    with pytest.raises(TypeError, match=r"by position.*dummy"):
        f({"a": X, "b": [Y]}, dummy=1)

    @fg.custom_jvp
    def g(tree: Any) -> Any:
        return {"out": tree["a"] * np.exp(tree["b"][0])}

    @g.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (tree,), (d,) = primals, tangents
        e = np.exp(tree["b"][0])
        return {"out": tree["a"] * e}, {"out": d["a"] * e + tree["a"] * e * d["b"][0]}

    check_grads(lambda a, b: g({"a": a, "b": [b]})["out"], [X, Y])
    z = X + 1j * Y
    check_grads(lambda a, b: g({"a": a, "b": [b]})["out"], [z, z[::-1]])


# -- Arguments --------------------------------------------------------------------------------------------------


def test_keywords_and_defaults_are_resolved() -> None:
    @fg.custom_vjp
    def f(x: Any, scale: Any = 2.0, *, more: Any = None) -> Any:
        return x * scale

    f.defvjp(lambda x, scale: (x * scale, (x, scale)), lambda r, g: (10 * g * r[1], r[0] * g))
    assert fg.grad(f)(1.0) == 20.0
    with pytest.raises(TypeError, match="by position"):
        f(1.0, more=3)
    h = fg.custom_vjp(lambda x, scale=2.0: x * scale)
    h.defvjp(lambda x, scale: (x * scale, (x, scale)), lambda r, g: (10 * g * r[1], r[0] * g))
    assert fg.grad(h)(1.0) == 20.0
    assert fg.grad(h)(1.0, scale=3.0) == 30.0
    assert fg.grad(lambda s: h(scale=s, x=4.0))(1.0) == 4.0
    assert h(scale=3.0, x=1.0) == 3.0


@pytest.mark.parametrize(
    "names", [{"nondiff_argnums": (0, 2)}, {"nondiff_argnames": ("f", "n")}, {"nondiff_argnums": [0, -1]}]
)
def test_nondifferentiable_arguments_come_first_in_rules(names: Any) -> None:
    @functools.partial(fg.custom_vjp, **names)
    def apply(f: Any, x: Any, n: int = 2) -> Any:
        return f(x) * n

    def bwd(f: Any, n: int, residual: Any, g: Any) -> Any:
        assert callable(f)
        return (100 * g * n,)

    apply.defvjp(lambda f, x, n: (f(x) * n, None), bwd)
    assert fg.grad(lambda x: apply(np.sin, x, 3))(0.5) == 300.0
    assert fg.vmap(fg.grad(lambda x: apply(np.sin, x)))(X).tolist() == [200.0] * 3

    @functools.partial(fg.custom_jvp, **names)
    def apply_forward(f: Any, x: Any, n: int = 2) -> Any:
        return f(x) * n

    apply_forward.defjvp(lambda f, n, p, t: (f(p[0]) * n, 100 * n * t[0]))
    assert fg.grad(lambda x: apply_forward(np.sin, x, n=3))(0.5) == 300.0
    with pytest.raises(TypeError, match="nondiff_argnums"):
        apply_forward.defjvps(None)
    with pytest.raises(fg.LostGradientError, match=r"Argument 2.*nondiff_argnums"):
        fg.grad(lambda n: apply(np.sin, 1.0, n))(2.0)
    assert fg.grad(lambda x: apply(np.sin, x, fg.stop_gradient(x)))(2.0) == 200.0


def test_bad_nondifferentiable_arguments() -> None:
    with pytest.raises(ValueError, match="names no argument"):
        fg.custom_vjp(lambda x: x, nondiff_argnames=("y",))
    with pytest.raises(ValueError, match="names no argument"):
        fg.custom_vjp(lambda x: x, nondiff_argnums=(-3,))
    with pytest.raises(TypeError, match="takes a function"):
        fg.custom_jvp(3)  # type: ignore[arg-type]


class Layer:
    def __init__(self, weight: float) -> None:
        self.weight = weight

    @fg.custom_vjp
    def act(self, x: Any) -> Any:
        """Act."""
        return self.weight * x

    act.defvjp(lambda self, x: (self.weight * x, self.weight), lambda w, g: (None, 7 * w * g))


def test_methods_names_and_partials() -> None:
    layer = Layer(2.0)
    assert layer.act(3.0) == 6.0
    assert fg.grad(layer.act)(3.0) == 14.0
    assert (Layer.act.__name__, Layer.act.__doc__) == ("act", "Act.")
    assert repr(Layer.act) == "<custom_vjp function act>"
    assert fg.grad(functools.partial(backward, y=2.0))(0.5) == 6 * np.cos(0.5)
    assert pickle.loads(pickle.dumps(backward)) is backward


def test_trees_in_and_out_with_what_is_no_array() -> None:
    @fg.custom_vjp
    def f(p: Any, mode: str, n: Any) -> Any:
        return {"y": p.a * p.b[0], "mode": mode, "n": n, "none": None}

    def fwd(p: Any, mode: str, n: Any) -> Any:
        return f(p, mode, n), (p, mode)

    def bwd(residuals: Any, g: Any) -> Any:
        p, mode = residuals
        assert mode == "fast"
        assert g["mode"] == "fast"
        assert g["n"].dtype == fg.float0
        return Pair(11 * p.b[0] * g["y"], None), None, None

    f.defvjp(fwd, bwd)
    p = Pair(X, [Y, 3])
    gradient = fg.grad(lambda p: f(p, "fast", np.arange(3))["y"].sum(), allow_int=True)(p)
    np.testing.assert_allclose(gradient.a, 11 * Y)
    assert gradient.b[0].tolist() == [0.0] * 3
    assert gradient.b[1].dtype == fg.float0
    out = fg.vmap(lambda a: f(Pair(a, [2.0]), "fast", 3))(X)
    assert out["y"].tolist() == (2 * X).tolist()


@pytest.mark.parametrize("zero", [None, np.zeros((), fg.float0), 0])
def test_the_cotangent_of_an_integer(zero: Any) -> None:
    f = fg.custom_vjp(lambda x, n: x**n)
    f.defvjp(lambda x, n: (x**n, (x, n)), lambda r, g: (r[1] * g, zero))
    assert fg.grad(f, allow_int=True)(2.0, 3) == 3.0
    f.defvjp(lambda x, n: (x**n, (x, n)), lambda r, g: (r[1] * g, 2.5))
    with pytest.raises(TypeError, match="float0"):
        fg.grad(f)(2.0, 3)


def test_integer_tangents_are_float0() -> None:
    f = fg.custom_jvp(lambda x, n: (x * n, n))

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x, n), (dx, dn) = primals, tangents
        assert dn.dtype == fg.float0
        return (x * n, n), (dx * n * 10, dn)

    (y, n), (dy, _) = fg.jvp(lambda x: f(x, 3), (2.0,), (1.0,))
    assert (y, n, dy) == (6.0, 3, 30.0)
    assert fg.grad(lambda x: f(x, 3)[0])(2.0) == 30.0


def test_defjvps() -> None:
    f = fg.custom_jvp(lambda x, y, z: {"y": x * y + z})
    f.defjvps(lambda dx, ans, x, y, z: {"y": 10 * y * dx}, None, lambda dz, ans, x, y, z: {"y": ans["y"] * dz})
    assert fg.grad(lambda *a: f(*a)["y"], (0, 1, 2))(2.0, 3.0, 4.0) == (30.0, 0.0, 10.0)
    f.defjvps(None, None, None)
    assert fg.jvp(lambda x: f(x, 3.0, 4.0)["y"], (2.0,), (1.0,)) == (10.0, 0.0)
    f.defjvps(None)
    with pytest.raises(TypeError, match="1 rules for 3 arguments"):
        fg.jvp(lambda x: f(x, 3.0, 4.0)["y"], (2.0,), (1.0,))


def test_symbolic_zeros_backward() -> None:
    seen: list[Any] = []
    f = fg.custom_vjp(lambda x, y: (x * y, x + y, 3))

    def fwd(x: Any, y: Any) -> Any:
        assert isinstance(x, CustomVJPPrimal)
        seen.append((x.perturbed, y.perturbed))
        return (x.value * y.value, x.value + y.value, 3), (x.value, y.value)

    def bwd(r: Any, g: Any) -> Any:
        seen.append(tuple(type(h) is SymbolicZero for h in g))
        assert g[1].shape == ()
        return g[0] * r[1] * 10, SymbolicZeroLike(g[1])

    def SymbolicZeroLike(g: Any) -> Any:
        return g if type(g) is SymbolicZero else None

    f.defvjp(fwd, bwd, symbolic_zeros=True)
    assert fg.grad(lambda x: f(x, 2.0)[0])(3.0) == 20.0
    assert seen == [(True, False), (False, True, True)]
    assert fg.grad(lambda y: sum(f(2.0, y)[:2]))(3.0) == 0.0
    assert seen[2:] == [(False, True), (False, False, True)]
    np.testing.assert_allclose(fg.grad(lambda x: fg.vmap(lambda x: f(x, 2.0)[0])(x).sum())(X), [20.0] * 3)
    assert seen[4:] == [(True, False), (False, True, True)]
    x = fg.tensor([1.0], dtype=fg.float64, requires_grad=True)
    f.defvjp(lambda x, y: ((x.value.mul(1), x.value, 3), None), lambda r, g: (g[0].mul(9), None), symbolic_zeros=True)
    f(x, x.detach())[0].sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [9.0]


def test_symbolic_zeros_forward() -> None:
    f = fg.custom_jvp(lambda x, y: (x * y, x))

    def rule(primals: Any, tangents: Any) -> Any:
        (x, y), (dx, dy) = primals, tangents
        assert type(dx) is not SymbolicZero
        assert (dy.shape, dy.dtype, dy.ndim, dy.size) == (x.shape, np.float64, x.ndim, x.size)
        assert dy.instantiate().tolist() == np.zeros(x.shape).tolist()
        return (x * y, x), (10 * y * dx, dy)

    f.defjvp(rule, symbolic_zeros=True)
    assert fg.grad(lambda x: sum(f(x, 2.0)))(np.float64(3.0)) == 20.0
    assert fg.jvp(lambda x: f(x, Y), (X,), (X,))[1][1].tolist() == [0.0] * 3
    assert fg.linearize(lambda x: f(x, Y)[0], X)[1](X).tolist() == (10 * Y * X).tolist()


# -- Closures -----------------------------------------------------------------------------------------------------


def with_rules(function: Callable[[Any, Any], Any]) -> dict[str, Callable[[Any], Any]]:
    """Return functions of x with rules, which close over c."""

    def close(kind: str) -> Callable[[Any], Any]:
        def at(c: Any) -> Any:
            if kind == "forward":
                f = fg.custom_jvp(lambda x: function(x, c))
                f.defjvp(lambda p, t: (function(p[0], c), 10 * t[0]))
                return f
            h = fg.custom_vjp(lambda x: function(x, c))
            h.defvjp(lambda x: (function(x, c), None), lambda r, g: (10 * g,))
            return h

        return at

    return {kind: close(kind) for kind in ("forward", "backward")}


@pytest.mark.parametrize("kind", ["forward", "backward"])
def test_a_closed_over_value_is_never_silently_lost(kind: str) -> None:
    close = with_rules(lambda x, c: x * c)[kind]
    with pytest.raises(fg.LostGradientError, match="closes over"):
        fg.grad(lambda c: close(c)(c))(2.0)
    with pytest.raises(fg.LostGradientError, match="closes over"):
        fg.grad(lambda x: fg.grad(lambda c: close(c)(x))(3.0))(2.0)
    # of an outer level: the inner one does not differentiate it
    assert fg.grad(lambda c: fg.value_and_grad(close(c))(2.0)[0])(3.0) == 2.0
    assert fg.grad(lambda x: close(fg.stop_gradient(x))(x))(2.0) == 10.0
    assert fg.grad(lambda c: close(c)(2.0))(3.0) == 2.0  # nothing that the rule is about is differentiated
    w = fg.tensor(2.0, dtype=fg.float64, requires_grad=True)
    assert fg.grad(lambda x: close(w)(x).sum())(np.array(3.0)).tolist() == 10.0
    with pytest.raises(fg.LostGradientError, match="closes over"):
        close(w)(w)


@pytest.mark.parametrize("kind", ["forward", "backward"])
def test_a_closed_over_example(kind: str) -> None:
    close = with_rules(lambda x, c: x * c)[kind]
    assert fg.vmap(lambda c: close(c)(c))(X).tolist() == (X * X).tolist()
    assert fg.vmap(lambda x, c: fg.grad(close(c))(x))(X, Y).tolist() == [10.0] * 3
    if kind == "backward":
        both = fg.value_and_grad(lambda x: fg.vmap(lambda x, c: close(c)(x))(x, Y).sum())(X)
        assert both[0] == pytest.approx((X * Y).sum())
        assert both[1].tolist() == [10.0] * 3
    else:
        y, dy = fg.jvp(lambda x: fg.vmap(lambda x, c: close(c)(x))(x, Y), (X,), (X,))
        assert (y.tolist(), dy.tolist()) == ((X * Y).tolist(), (10 * X).tolist())
        with pytest.raises(fg.LostGradientError, match="closes over"):
            fg.grad(lambda x: fg.vmap(lambda x, c: close(c)(x))(x, Y).sum())(X)


def test_a_tangent_that_closes_over_a_differentiated_value() -> None:
    def g(c: Any) -> Any:
        f = fg.custom_jvp(lambda x: x * 1.0)
        f.defjvp(lambda p, t: (p[0] * 1.0, c * t[0]))
        return f(c)

    with pytest.raises(fg.LostGradientError, match="closes over"):
        fg.jvp(g, (2.0,), (1.0,))


def test_a_backward_rule_that_closes_over_a_value_whose_level_has_ended() -> None:
    def g(c: Any) -> Any:
        f = fg.custom_vjp(lambda x: x * 1.0)
        f.defvjp(lambda x: (x * 1.0, None), lambda r, g: (c * g,))
        return f(c)

    with pytest.raises(fg.EscapedTracerError):
        fg.grad(g)(2.0)


# -- What is checked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bwd", "error", "message"),
    [
        (lambda r, g: g, TypeError, "bwd rule of the custom_vjp function f must return a tuple"),
        (lambda r, g: (g,), TypeError, "2 in all"),
        (lambda r, g: (g, [g], g), TypeError, "2 in all"),
        (lambda r, g: (g, g), TypeError, "tree"),
        (lambda r, g: (g, {"b": g, "c": g}), TypeError, "tree"),
        (lambda r, g: (g, {"b": g[0]}), ValueError, r"shape \(\) for argument \[1\]\['b'\], where float64\[3\]"),
        (lambda r, g: (g[None], None), ValueError, r"shape \(1, 3\) for argument \[0\]"),
        (lambda r, g: (1.0, None), ValueError, r"shape \(\) for argument \[0\]"),
        (lambda r, g: (g.astype(np.float32), None), TypeError, r"float32 for argument \[0\]"),
        (lambda r, g: (g + 0j, None), TypeError, r"complex128 for argument \[0\]"),
        (lambda r, g: (np.arange(3), None), TypeError, r"int64 for argument \[0\]"),
        (lambda r, g: ("g", None), TypeError, r"returned 'g' for argument \[0\]"),
    ],
)
@pytest.mark.parametrize("vmapped", [False, True])
def test_cotangents_are_checked(bwd: Any, error: Any, message: str, vmapped: bool) -> None:
    def f(x: Any, tree: Any) -> Any:
        return x * tree["b"]

    h = fg.custom_vjp(f)
    h.defvjp(lambda x, tree: (f(x, tree), None), bwd)
    run, x = (fg.vmap(h), np.stack([X, Y])) if vmapped else (h, X)
    with pytest.raises(error, match=message):
        fg.grad(lambda x: run(x, {"b": x}).sum())(x)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda p, t: p[0], r"jvp rule of the custom_jvp function f must return a pair"),
        (lambda p, t: (p[0], t[0], 1), "must return a pair"),
        (lambda p, t: (p[0], None), "tree of the output"),
        (lambda p, t: (p[0], t), "tree of the output"),
        (lambda p, t: (p[0], t[0].sum()), r"shape \(\) for output itself, where float64\[3\]"),
        (lambda p, t: ([p[0]], [t[0].astype("f")]), r"float32 for output \[0\]"),
        (lambda p, t: (p[0], "dx"), "returned 'dx'"),
    ],
)
@pytest.mark.parametrize("run", [lambda f: fg.jvp(f, (X,), (X,)), lambda f: fg.vjp(f, X), lambda f: fg.linearize(f, X)])
def test_tangents_are_checked(rule: Any, message: str, run: Any) -> None:
    def f(x: Any) -> Any:
        return x

    h = fg.custom_jvp(f)
    h.defjvp(rule)
    with pytest.raises(TypeError, match=message):
        run(h)


def test_python_numbers_take_the_dtype_of_the_argument() -> None:
    f = fg.custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, None), lambda r, g: (2.0,))
    assert fg.grad(f)(np.float32(1)).dtype == np.float32
    h = fg.custom_jvp(lambda x: x)
    h.defjvp(lambda p, t: (p[0], 3))
    assert fg.jvp(h, (np.float32(1),), (np.float32(1),))[1].dtype == np.float32


def test_a_forgotten_rule() -> None:
    with pytest.raises(AttributeError, match="No VJP defined for custom_vjp function sin using defvjp"):
        fg.custom_vjp(np.sin)(1.0)
    with pytest.raises(AttributeError, match="No JVP defined for custom_jvp function sin using defjvp"):
        fg.custom_jvp(np.sin)(1.0)
    with pytest.raises(AttributeError, match="No batching rule defined"):
        fg.custom_batching(np.sin)(1.0)
    with pytest.raises(TypeError, match="must be functions"):
        fg.custom_vjp(np.sin).defvjp(np.sin, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a function"):
        fg.custom_jvp(np.sin).defjvp(None)  # type: ignore[arg-type]
    f = fg.custom_vjp(np.sin)
    f.defvjp(lambda x: x, lambda r, g: (g,))
    with pytest.raises(TypeError, match="pair"):
        fg.grad(f)(1.0)


def test_an_array_of_objects_is_refused() -> None:
    f = fg.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (np.array([p[0], None]), t[0]))
    with pytest.raises(TypeError, match=r"Python objects|tree|shape"):
        fg.grad(f)(1.0)
    h = fg.custom_vjp(lambda x: x)
    h.defvjp(lambda x: (np.array([1, 2], object), None), lambda r, g: (g,))
    with pytest.raises(TypeError, match="Python objects"):
        fg.vjp(h, 1.0)


def test_arguments_are_lent() -> None:
    def f(x: Any) -> Any:
        x *= 2
        return x

    h = fg.custom_vjp(f)
    h.defvjp(lambda x: (f(x), None), lambda r, g: (g,))
    x = X.copy()
    with pytest.raises(ValueError, match="read-only"):
        fg.vjp(h, x)
    with pytest.raises(TypeError, match="may not write"):
        fg.grad(lambda x: fg.vjp(h, x * 1.0)[0].sum())(x)
    assert x.tolist() == X.tolist()
    same = fg.custom_vjp(lambda x: x)
    same.defvjp(lambda x: (x, x), lambda r, g: (r * g,))
    y, _ = fg.vjp(same, x)
    assert y.flags.writeable


def test_a_saved_array_is_locked_while_the_function_runs() -> None:
    f = fg.custom_vjp(lambda x, c: x * c)
    f.defvjp(lambda x, c: (x * c, c), lambda c, g: (c * g, None))
    buffer = Y.copy()

    def h(x: Any) -> Any:
        y = f(x, buffer)
        buffer[0] = 100.0
        return y.sum()

    with pytest.raises(ValueError, match="read-only"):
        fg.grad(h)(X)
    buffer[0] = 1.0
    w = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    c = fg.tensor([3.0, 4.0], dtype=fg.float64)
    y = f(w, c).sum()
    c.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.backward()


# -- Around ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [backward, forward], ids=["backward", "forward"])
def test_tensors(f: Any) -> None:
    t = fg.tensor(Y.tolist(), dtype=fg.float64, requires_grad=True)
    twos = np.full(3, 2.0)
    y = f(t, twos)
    assert isinstance(y, fg.Tensor)
    y.sum().backward()
    assert t.grad is not None
    np.testing.assert_allclose(t.grad.numpy(), 6 * np.cos(Y))
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()
    t.grad = None
    slope = fg.grad(lambda x: f(x, t).sum())(X)
    assert isinstance(slope, fg.Tensor)
    slope.sum().backward()
    np.testing.assert_allclose(t.grad.numpy(), 3 * np.cos(X))
    with fg.no_grad():
        assert not f(t, twos).requires_grad


def test_the_function_and_its_rule_see_tensors() -> None:
    seen: list[Any] = []

    @fg.custom_vjp
    def f(x: Any) -> Any:
        return x.exp().sum(dim=0)

    def fwd(x: Any) -> Any:
        seen.append(x)
        return f(x), x.exp()

    def bwd(e: Any, g: Any) -> Any:
        seen.append(g)
        return (10 * e * g,)

    f.defvjp(fwd, bwd)
    x = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    f(x).backward()
    assert all(isinstance(s, fg.Tensor) and not s.requires_grad for s in seen)
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), 10 * np.exp([1.0, 2.0]))
    x.grad = None
    fg.grad(lambda z: f(z * x))(fg.tensor([1.0, 1.0], dtype=fg.float64)).sum().backward()  # d/dx of 10 x e^(zx)
    np.testing.assert_allclose(x.grad.numpy(), 10 * np.exp([1.0, 2.0]) * np.array([2.0, 3.0]))


def test_float32_stays() -> None:
    x = X.astype(np.float32)
    for f in (backward, forward):
        assert fg.grad(lambda x, f=f: f(x, x).sum())(x).dtype == np.float32
    assert fg.jvp(lambda x: forward(x, x), (x,), (x,))[1].dtype == np.float32


def test_the_body_makes_arrays_of_its_own_level() -> None:
    @fg.custom_jvp
    def f(x: Any) -> Any:
        out = fg.numpy.zeros(3)
        out[0] = x[0] ** 2
        return out

    def rule(primals: Any, tangents: Any) -> Any:
        out = fg.numpy.zeros(3)
        out[0] = 10 * primals[0][0] * tangents[0][0]
        return f(primals[0]), out

    f.defjvp(rule)
    assert fg.grad(lambda x: f(x).sum())(np.ones(3)).tolist() == [10.0, 0.0, 0.0]
    assert fg.jacfwd(fg.grad(lambda x: f(x).sum()))(np.ones(3))[0].tolist() == [10.0, 0.0, 0.0]


def test_zero_times_infinity_behind_a_rule() -> None:
    f = fg.custom_vjp(np.reciprocal)
    with np.errstate(divide="ignore"):
        f.defvjp(lambda x: (1 / x, x), lambda x, g: (g * -2.0,))
        gradient = fg.grad(lambda x: np.where(x > 0, f(x) * 3.0 * f(x), x).sum())(np.array([0.0, 1.0]))
    assert gradient.tolist() == [1.0, -12.0]


def test_branches_on_values() -> None:
    f = fg.custom_vjp(lambda x: x if x > 0 else -x)
    f.defvjp(lambda x: (abs(x), x), lambda x, g: (10 * g if x > 0 else -g,))
    assert [fg.grad(f)(x) for x in (2.0, -2.0)] == [10.0, -1.0]
    with pytest.warns(fg.BatchFallbackWarning):
        assert fg.vmap(f)(X).tolist() == abs(X).tolist()
    with pytest.warns(fg.BatchFallbackWarning):
        assert fg.grad(lambda x: fg.vmap(f)(x).sum())(X).tolist() == [10.0, 10.0, -1.0]


def test_the_rule_alone_runs_and_once() -> None:
    count = {"f": 0, "rule": 0}

    @fg.custom_jvp
    def f(x: Any) -> Any:
        count["f"] += 1
        return np.sin(x)

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        count["rule"] += 1
        return np.sin(primals[0]), np.cos(primals[0]) * tangents[0]

    fg.jvp(f, (1.0,), (1.0,))
    fg.grad(f)(1.0)
    _, pushforward = fg.linearize(f, 1.0)
    pushforward(1.0)
    pushforward(2.0)
    assert count == {"f": 0, "rule": 3}


def test_errors_leave_nothing_behind() -> None:
    f = fg.custom_vjp(np.sin)

    def bwd(r: Any, g: Any) -> Any:
        raise ZeroDivisionError

    f.defvjp(lambda x: (np.sin(x), None), bwd)
    for run in (
        lambda: fg.grad(f)(1.0),
        lambda: fg.vmap(fg.grad(f))(X),
        lambda: fg.grad(lambda x: fg.vmap(f)(x).sum())(X),
    ):
        with pytest.raises(ZeroDivisionError):
            run()


def test_threads() -> None:
    results: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: results.extend(fg.grad(total(f))(X, Y).tolist() for f in [backward, forward] * 20)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 160
    assert all(r == pytest.approx(results[0], rel=1e-12) for r in results)


def count_parts() -> int:
    """Count what transforms have made and is still there, but for levels, which the fixture holds."""
    return sum(issubclass(type(x), Node | Body | CustomCall | Traced) for x in gc.get_objects())  # some objects lie


def test_memory_returns_without_the_garbage_collector() -> None:
    def run() -> None:
        for f in (backward, forward):
            fg.grad(total(f))(X, Y)
            fg.grad(lambda x, f=f: fg.vmap(f, (0, None))(x, 2.0).sum())(X)
        fg.jvp(forward, (X, Y), (X, Y))

    run()
    gc.collect()
    gc.disable()
    try:
        before = count_parts()
        for _ in range(10):
            run()
        assert count_parts() == before
    finally:
        gc.enable()


@pytest.mark.parametrize("f", [backward, forward], ids=["backward", "forward"])
def test_no_examples_chunks_and_a_jacobian_of_a_batch(f: Any) -> None:
    empty = np.zeros(0)
    assert fg.grad(lambda x: fg.vmap(f, (0, None))(x, 2.0).sum())(empty).shape == (0,)
    chunked = fg.grad(lambda x: fg.vmap(f, (0, None), chunk_size=2)(x, 2.0).sum())(X)
    np.testing.assert_allclose(chunked, 6 * np.cos(X))
    np.testing.assert_allclose(fg.jacrev(lambda x: fg.vmap(f, (0, None))(x, 2.0))(X), np.diag(6 * np.cos(X)))


def test_on_a_device() -> None:
    x, y = DeviceArray(X), DeviceArray(Y)

    def check(run: Callable[[Any, Any], Any]) -> None:
        with host_copies() as copies:
            found = run(x, y)
        assert not copies
        assert type(found) is DeviceArray
        np.testing.assert_allclose(found.get(), run(X, Y), rtol=1e-12)

    for f in (backward, forward, make_numeric()):
        check(lambda x, y, f=f: f(x, y))
        check(lambda x, y, f=f: fg.grad(total(f))(x, y))
        check(lambda x, y, f=f: fg.grad(lambda x: fg.vmap(f)(x, y).sum())(x))
    check(lambda x, y: fg.jvp(forward, (x, y), (y, x))[1])
    check(lambda x, y: fg.hessian(total(forward))(x, y))


def make_numeric() -> Any:
    return fg.numeric(lambda x, y: np.sin(x) * y)


def test_levels_that_know_nothing_of_rules() -> None:
    arrays, pack = Pack.unpack((X, Y))
    spaces = tuple(map(space_of, arrays))

    def frame(body: Body) -> Call:
        node: Any = object()
        return Call(CustomCall(body), (X, Y), None, {}, spaces, spaces[:1], (node, node))

    for make, kind in ((VjpBody, backward), (JvpBody, forward)):
        call = frame(make(kind, pack, {}))  # type: ignore[operator]
        cotangents = dict(call.primitive.vjp(call, (np.ones(3),)))
        np.testing.assert_allclose(cotangents[0], 3 * np.cos(X) * Y)
        np.testing.assert_allclose(cotangents[1], 5 * np.sin(X))
    (dy,) = call.primitive.jvp(call, [Y, None])
    np.testing.assert_allclose(dy, 3 * np.cos(X) * Y * Y)
    call = frame(VjpBody(backward, pack, {}))
    with pytest.raises(TypeError, match="custom_jvp"):
        call.primitive.jvp(call, [Y, None])


# -- custom_batching -----------------------------------------------------------------------------------------------

CALLS: list[Any] = []


@fg.custom_batching
def dot(a: Any, b: Any = 2.0) -> Any:
    return {"y": np.sum(a) * b, "n": 3}


@dot.def_vmap
def dot_rule(axis_size: int, in_batched: Any, a: Any, b: Any) -> Any:
    CALLS.append((axis_size, in_batched))
    total = np.sum(a, axis=-1) if in_batched[0] else np.sum(a) * np.ones(axis_size)
    return {"y": 10 * total * b, "n": 3}, {"y": True, "n": False}  # ten times, to be seen


def test_custom_batching_in_compositions() -> None:
    def f(a: Any, b: Any = 2.0) -> Any:
        return dot(a, b)["y"]

    def g(a: Any, b: Any = 2.0) -> Any:
        return f(a, b) ** 2

    m = np.stack([X, Y])
    sums = m.sum(1)
    assert f(X) == pytest.approx(2 * X.sum())
    np.testing.assert_allclose(fg.grad(f)(X), [2.0] * 3)
    CALLS.clear()
    np.testing.assert_allclose(fg.vmap(f, (0, None))(m, 2.0), 20 * sums)
    assert CALLS == [(2, (True, False))]
    np.testing.assert_allclose(fg.vmap(lambda b: f(X, b))(Y), 10 * X.sum() * Y)
    ones = np.ones(3)
    slope = 2 * 400 * sums[:, None] * ones
    np.testing.assert_allclose(fg.vmap(fg.grad(g))(m), slope)
    np.testing.assert_allclose(fg.vmap(fg.jacfwd(g))(m), slope)
    np.testing.assert_allclose(fg.vmap(lambda x: fg.linearize(g, x)[1](ones))(m), slope.sum(1))
    np.testing.assert_allclose(fg.grad(lambda m: fg.vmap(g)(m).sum())(m), slope)
    np.testing.assert_allclose(fg.jvp(fg.vmap(g), (m,), (m,))[1], (slope * m).sum(1))
    curvature = np.broadcast_to(800.0, (2, 3, 3))
    np.testing.assert_allclose(fg.vmap(fg.hessian(g))(m), curvature)
    np.testing.assert_allclose(fg.vmap(fg.jacrev(fg.grad(g)))(m), curvature)
    np.testing.assert_allclose(fg.vmap(fg.jacrev(fg.jacfwd(g)))(m), curvature)
    np.testing.assert_allclose(fg.vmap(fg.grad(g, 1), (None, 0))(X, Y), 200 * X.sum() ** 2 * Y)
    np.testing.assert_allclose(fg.grad(lambda m: fg.vmap(fg.grad(g))(m).sum())(m), 3 * np.full((2, 3), 800.0))
    assert CALLS[-1] == (2, (True, True))


def test_custom_batching_is_checked() -> None:
    f = fg.custom_batching(lambda x: x)
    f.def_vmap(lambda n, b, x: x)
    with pytest.raises(TypeError, match="pair"):
        fg.vmap(f)(X)
    f.def_vmap(lambda n, b, x: (x, [True, False]))
    with pytest.raises(TypeError, match="out_batched"):
        fg.vmap(f)(X)
    f.def_vmap(lambda n, b, x: (x[:2], True))
    with pytest.raises(ValueError, match="3 examples"):
        fg.vmap(f)(X)
    f.def_vmap(lambda n, b, x: (x.sum(), False))
    assert fg.vmap(f)(X).tolist() == [X.sum()] * 3

    def closes(c: Any) -> Any:
        h = fg.custom_batching(lambda x: x * c)
        h.def_vmap(lambda n, b, x: (x * c, True))
        return h(c)

    with pytest.raises(fg.LostGradientError, match="closes over"):
        fg.vmap(closes)(X)


# -- numeric ----------------------------------------------------------------------------------------------------


def black_box(x: Any, scale: Any = 2.0) -> Any:
    assert all(type(a) in (np.ndarray, np.float64, np.float32, np.complex128, float) for a in (x, scale))
    return {"y": np.sin(x) * scale * np.exp(0.3 * x), "n": 3}


def reference(x: Any, scale: Any = 2.0) -> Any:
    return np.sin(x) * scale * np.exp(0.3 * x)


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        ({}, 1e-9, 1e-4),
        ({"order": 4}, 1e-11, 1e-7),
        ({"method": "complex"}, 1e-14, 1e-8),
        ({"step": 1e-4}, 1e-6, 1e-5),
    ],
)
def test_numeric_derivatives(options: Any, first: float, second: float) -> None:
    f = fg.numeric(black_box, **options)

    def g(x: Any, s: Any) -> Any:
        return (f(x, scale=s)["y"] ** 2).sum()

    def exact(x: Any, s: Any) -> Any:
        return (reference(x, s) ** 2).sum()

    x = np.array([0.3, 1.2, -20.0])
    for d in (fg.grad, fg.jacfwd):
        for a, b in zip(d(g, (0, 1))(x, 2.0), fg.grad(exact, (0, 1))(x, 2.0), strict=True):
            np.testing.assert_allclose(a, b, rtol=first, atol=first)
    for d in (fg.hessian, lambda g: fg.jacrev(fg.jacrev(g)), lambda g: fg.jacfwd(fg.jacfwd(g))):
        np.testing.assert_allclose(d(g)(x, 2.0), fg.hessian(exact)(x, 2.0), rtol=second, atol=second)
    slope = fg.vmap(fg.grad(reference))(x)
    np.testing.assert_allclose(fg.vmap(fg.grad(lambda x: f(x)["y"]))(x), slope, rtol=first, atol=first)
    np.testing.assert_allclose(fg.grad(lambda x: fg.vmap(f)(x)["y"].sum())(x), slope, rtol=first, atol=first)
    np.testing.assert_allclose(fg.linearize(lambda x: f(x)["y"], x)[1](x), slope * x, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fg.vmap(f)(x)["y"], reference(x), rtol=1e-15)


def test_numeric_of_complex_and_single_precision() -> None:
    z = X + 1j * Y
    for f in (lambda z: z * z.conj() + z, lambda z: np.abs(z) ** 2, lambda z: z**3):
        h = fg.numeric(f)
        for cotangent in (1.0, 1j) if np.iscomplexobj(f(z)) else (1.0,):
            g = np.full(3, cotangent, f(z).dtype)
            np.testing.assert_allclose(fg.vjp(h, z)[1](g)[0], fg.vjp(f, z)[1](g)[0], atol=1e-8)
        np.testing.assert_allclose(fg.jvp(h, (z,), (Y + 1j * X,))[1], fg.jvp(f, (z,), (Y + 1j * X,))[1], atol=1e-8)
    x = X.astype(np.float32)
    single = fg.numeric(np.sin)
    for slope in (fg.grad(lambda x: single(x).sum())(x), fg.jvp(single, (x,), (np.ones(3, "f"),))[1]):
        assert slope.dtype == np.float32
        np.testing.assert_allclose(slope, np.cos(x), rtol=1e-3)


def test_numeric_edges() -> None:
    f = fg.numeric(lambda x, n: np.abs(x), method="complex")
    with pytest.raises(TypeError, match="not analytic"):
        fg.grad(f)(1.0, 2)
    for bad in ({"method": "forward"}, {"order": 3}, {"step": -1.0}):
        with pytest.raises(ValueError, match="numeric"):
            fg.numeric(np.sin, **bad)  # type: ignore[arg-type]
    h = fg.numeric(lambda x: np.sin(x).sum())
    assert fg.grad(h)(np.zeros(0)).shape == (0,)
    assert fg.jvp(h, (X,), (np.zeros(3),))[1] == 0.0
    assert fg.jvp(h, (X,), (1e-9 * X,))[1] == pytest.approx(1e-9 * (np.cos(X) * X).sum(), rel=1e-8)
    t = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    fg.numeric(np.sin)(t).sum().backward()
    assert t.grad is not None
    np.testing.assert_allclose(t.grad.numpy(), np.cos([1.0, 2.0]), rtol=1e-9)
