"""gradcheck, autograd.functional, func, anomaly detection, hooks on saved values, forward_ad: as PyTorch has them."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.autograd.gradcheck import GradcheckError

torch = pytest.importorskip("torch")


def plain(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return [plain(item) for item in x]
    if isinstance(x, dict):
        return {key: plain(item) for key, item in x.items()}
    return x.detach().tolist() if hasattr(x, "detach") else x


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return plain(call())
    except Exception as error:
        return type(error).__name__


def same(program: Callable[[Any], Any]) -> None:
    with warnings.catch_warnings(action="ignore"):
        np.testing.assert_equal(outcome(lambda: program(fg)), outcome(lambda: program(torch)))


def f2(x: Any, y: Any) -> Any:
    return x * y * x, (x + y).sum()


def cubes(x: Any) -> Any:
    return (x**3).sum()


def mixed(x: Any, y: Any) -> Any:
    return (x * x * y).sum()


# -- autograd.functional ---------------------------------------------------------------------------------------

FUNCTIONAL: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "jacobian": lambda t, af, v, w: af.jacobian(lambda x: x**2, v),
    "jacobian of several": lambda t, af, v, w: af.jacobian(f2, (v, w)),
    "jacobian at once": lambda t, af, v, w: af.jacobian(f2, (v, w), vectorize=True),
    "jacobian by columns": lambda t, af, v, w: af.jacobian(f2, (v, w), vectorize=True, strategy="forward-mode"),
    "jacobian of a constant": lambda t, af, v, w: af.jacobian(lambda x: (x, w), v),
    "columns one by one": lambda t, af, v, w: af.jacobian(f2, (v, w), strategy="forward-mode"),
    "no such strategy": lambda t, af, v, w: af.jacobian(f2, (v, w), strategy="sideways"),
    "hessian": lambda t, af, v, w: af.hessian(cubes, v),
    "hessian of several": lambda t, af, v, w: af.hessian(mixed, (v, w)),
    "hessian at once": lambda t, af, v, w: af.hessian(mixed, (v, w), vectorize=True),
    "hessian by columns": lambda t, af, v, w: af.hessian(
        mixed, (v, w), vectorize=True, outer_jacobian_strategy="forward-mode"
    ),
    "hessian of a vector": lambda t, af, v, w: af.hessian(lambda x: x, v),
    "vjp": lambda t, af, v, w: af.vjp(f2, (v, w), (v, t.tensor(1.0))),
    "vjp of a scalar": lambda t, af, v, w: af.vjp(cubes, v),
    "vjp without v": lambda t, af, v, w: af.vjp(lambda x: x * 2, v),
    "vjp with another shape": lambda t, af, v, w: af.vjp(lambda x: x * 2, v, t.ones(3)),
    "vjp of a constant": lambda t, af, v, w: af.vjp(lambda x: w, v, v),
    "strict": lambda t, af, v, w: af.vjp(lambda x: w, v, v, strict=True),
    "strict with an unused input": lambda t, af, v, w: af.vjp(lambda x, y: x * 2, (v, w), v, strict=True),
    "no tensor": lambda t, af, v, w: af.vjp(lambda x: 3, v, v),
    "a list": lambda t, af, v, w: af.vjp(cubes, [v]),
    "jvp": lambda t, af, v, w: af.jvp(f2, (v, w), (v, w)),
    "jvp of a constant": lambda t, af, v, w: af.jvp(lambda x: w, v, v),
    "jvp without v": lambda t, af, v, w: af.jvp(cubes, v),
    "hvp": lambda t, af, v, w: af.hvp(mixed, (v, w), (v, w)),
    "vhp": lambda t, af, v, w: af.vhp(mixed, (v, w), (v, w)),
    "hvp of a linear function": lambda t, af, v, w: af.hvp(lambda x: x.sum(), v, w),
    "hvp of a vector": lambda t, af, v, w: af.hvp(lambda x: x, v, w),
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional(name: str) -> None:
    def program(t: Any) -> Any:
        v, w = t.tensor([1.0, 2.0]), t.tensor([3.0, 4.0])
        return forms(FUNCTIONAL[name](t, t.autograd.functional, v, w))

    same(program)


def forms(x: Any) -> Any:
    return [forms(item) for item in x] if isinstance(x, list | tuple) else x


@pytest.mark.parametrize("vectorize", [False, True])
def test_functional_with_a_graph(vectorize: bool) -> None:
    def program(t: Any) -> Any:
        af, w = t.autograd.functional, t.tensor([3.0, 4.0])
        x = t.tensor([1.0, 2.0], requires_grad=True)
        results = [
            af.jacobian(lambda a: a**3, x, create_graph=True, vectorize=vectorize),
            af.hessian(lambda a: (a**4).sum(), x, create_graph=True, vectorize=vectorize),
            af.vhp(lambda a: (a**4).sum(), x, w, create_graph=True)[1],
            af.hvp(lambda a: (a**4).sum(), x, w, create_graph=True)[1],
            af.jvp(lambda a: (a**4).sum(), x, w, create_graph=True)[1],
        ]
        return [t.autograd.grad(result.sum(), x) for result in results]

    same(program)


# -- func ------------------------------------------------------------------------------------------------------

FUNC: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "grad": lambda t, fn, v, a: fn.grad(cubes)(v),
    "grad with aux": lambda t, fn, v, a: fn.grad(lambda x: (cubes(x), x * 2), has_aux=True)(v),
    "grad of a vector": lambda t, fn, v, a: fn.grad(lambda x: x)(v),
    "grad of one in brackets": lambda t, fn, v, a: fn.grad(lambda x: x.sum().reshape(1))(v),
    "grad of integers": lambda t, fn, v, a: fn.grad(cubes)(t.tensor([1, 2])),
    "grad of a number": lambda t, fn, v, a: fn.grad(lambda x: 3.0)(v),
    "grad at a number": lambda t, fn, v, a: fn.grad(cubes)(3.0),
    "grad of several": lambda t, fn, v, a: fn.grad(mixed, argnums=(0, 1))(v, v),
    "grad of a dict": lambda t, fn, v, a: fn.grad(lambda d: (d["a"] * d["b"]).sum())({"a": v, "b": v + 1}),
    "no such argument": lambda t, fn, v, a: fn.grad(cubes, argnums=2)(v),
    "grad_and_value": lambda t, fn, v, a: fn.grad_and_value(lambda x: (cubes(x), x * 2), has_aux=True)(v),
    "vjp": lambda t, fn, v, a: fn.vjp(lambda x: x * x, v)[1](v),
    "vjp of several": lambda t, fn, v, a: fn.vjp(lambda x, y: (x * y, x + y), v, v)[1]((v, v)),
    "vjp with another tree": lambda t, fn, v, a: fn.vjp(lambda x, y: (x * y, x + y), v, v)[1](v),
    "jvp": lambda t, fn, v, a: fn.jvp(lambda x, y: (x * y, x), (v, v), (v, v)),
    "jvp with aux": lambda t, fn, v, a: fn.jvp(lambda x: (x * 2, x * 3), (v,), (v,), has_aux=True),
    "jvp with another shape": lambda t, fn, v, a: fn.jvp(cubes, (v,), (a,)),
    "jvp without a tuple": lambda t, fn, v, a: fn.jvp(cubes, v, v),
    "jvp of a constant": lambda t, fn, v, a: fn.jvp(lambda x: v, (v,), (v,)),
    "strict": lambda t, fn, v, a: fn.jvp(lambda x: v, (v,), (v,), strict=True),
    "vmap": lambda t, fn, v, a: fn.vmap(lambda x, y: x @ y, in_dims=(0, None))(a, v),
    "vmap along others": lambda t, fn, v, a: fn.vmap(lambda x: x * 2, in_dims=1, out_dims=1)(a),
    "vmap of several": lambda t, fn, v, a: fn.vmap(lambda x: (x, x.sum()), out_dims=(1, 0))(a),
    "vmap in chunks": lambda t, fn, v, a: fn.vmap(lambda x: x.sum(), chunk_size=1)(a),
    "vmap of sizes": lambda t, fn, v, a: fn.vmap(lambda x, y: x + y)(a, v),
    "vmap of nothing": lambda t, fn, v, a: fn.vmap(lambda x: x, in_dims=None)(v),
    "vmap of a number": lambda t, fn, v, a: fn.vmap(lambda x: 3.0)(v),
    "vmap with random numbers": lambda t, fn, v, a: fn.vmap(lambda x: x + t.randn(1))(v),
    "vmap of grad": lambda t, fn, v, a: fn.vmap(fn.grad(cubes))(a),
    "jacrev": lambda t, fn, v, a: fn.jacrev(lambda x, y: (x * y, x), argnums=(0, 1))(v, v),
    "jacfwd": lambda t, fn, v, a: fn.jacfwd(lambda x, y: {"a": x * y}, argnums=(0, 1))(v, v),
    "jacrev with aux": lambda t, fn, v, a: fn.jacrev(lambda x: (x * 2, x), has_aux=True)(v),
    "jacfwd with aux": lambda t, fn, v, a: fn.jacfwd(lambda x: (x * 2, x), has_aux=True)(v),
    "jacrev in chunks": lambda t, fn, v, a: fn.jacrev(lambda x: x * 2, chunk_size=2)(v),
    "hessian": lambda t, fn, v, a: fn.hessian(mixed, argnums=(0, 1))(v, v),
    "linearize": lambda t, fn, v, a: fn.linearize(lambda x, y: (x * y, y), v, v)[1](v, v),
    "complex grad": lambda t, fn, v, a: fn.grad(lambda z: (z * z.conj()).real.sum())(t.tensor([1 + 2j])),
    "complex vjp": lambda t, fn, v, a: fn.vjp(lambda z: z * z, t.tensor([1 + 2j]))[1](t.tensor([1j])),
}


@pytest.mark.parametrize("name", FUNC)
def test_func(name: str) -> None:
    same(lambda t: FUNC[name](t, t.func, t.tensor([1.0, 2.0, 3.0]), t.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])))


def test_functional_call_and_stacked_modules() -> None:
    def program(t: Any) -> Any:
        layer, x = t.nn.Linear(2, 1), t.ones(2)
        given = {"weight": t.tensor([[2.0, 3.0]]), "bias": t.zeros(1)}
        value = t.func.functional_call(layer, given, x)
        slope = t.func.grad(lambda p: t.func.functional_call(layer, p, (x,)).sum())(given)
        errors = [
            outcome(lambda: t.func.functional_call(layer, {"w": x, **given}, x)),
            hasattr(layer, "w"),
            outcome(lambda: t.func.functional_call(layer, {"weight": given["weight"]}, x, strict=True)),
            outcome(lambda: t.func.functional_call(layer, [given, given], x)),
        ]
        params, buffers = t.func.stack_module_state([t.nn.Linear(2, 1) for _ in range(3)])
        shapes = {name: tuple(p.shape) for name, p in params.items()}
        ensemble = t.func.vmap(lambda p: t.func.functional_call(layer, p, (x,)))(params)
        return value, slope, errors, shapes, buffers, params["weight"].is_leaf, tuple(ensemble.shape)

    same(program)


# -- gradcheck -------------------------------------------------------------------------------------------------


def wrong(t: Any, factor: float, cut: bool = False) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * (x.detach() if cut else x) * factor

    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Wrong", (t.autograd.Function,), members).apply


CHECKS: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "product": lambda t, x, y, z: t.autograd.gradcheck(lambda a, b: a * b, (x, y)),
    "several outputs": lambda t, x, y, z: t.autograd.gradcheck(lambda a: (a * a, a.sum()), x),
    "wrong": lambda t, x, y, z: t.autograd.gradcheck(wrong(t, 3), (x,)),
    "wrong, told": lambda t, x, y, z: t.autograd.gradcheck(wrong(t, 3), (x,), raise_exception=False),
    "wrong, fast": lambda t, x, y, z: t.autograd.gradcheck(wrong(t, 3), (x,), fast_mode=True),
    "fast": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a * a, (x,), fast_mode=True),
    "no gradients": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a * 2, (t.ones(2),)),
    "cut": lambda t, x, y, z: t.autograd.gradcheck(lambda a, b: a * b.detach(), (x, y)),
    "all cut": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a.detach(), (x,)),
    "numbers": lambda t, x, y, z: t.autograd.gradcheck(lambda a, b, c: a * b * c, (x, y, 2.0)),
    "no tensor": lambda t, x, y, z: t.autograd.gradcheck(lambda a: 3, (x,)),
    "batched": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a * a.sum(), (x,), check_batched_grad=True),
    "forward": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a * a, x, check_forward_ad=True),
    "complex": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a * a * a.conj(), (z,)),
    "complex to real": lambda t, x, y, z: t.autograd.gradcheck(lambda a: a.abs() * a.real, (z,)),
    "second": lambda t, x, y, z: t.autograd.gradgradcheck(lambda a, b: a * b * a, (x, y)),
    "second, wrong": lambda t, x, y, z: t.autograd.gradgradcheck(wrong(t, 2, cut=True), (x,)),
    "second, told": lambda t, x, y, z: t.autograd.gradgradcheck(wrong(t, 2, cut=True), (x,), raise_exception=False),
    "second, complex": lambda t, x, y, z: t.autograd.gradgradcheck(lambda a: a * a * a, (z,)),
    "second, weighted": lambda t, x, y, z: t.autograd.gradgradcheck(lambda a: a * a, (x,), t.ones_like(x)),
}


@pytest.mark.parametrize("name", CHECKS)
def test_gradcheck(name: str) -> None:
    def program(t: Any) -> Any:
        x, y = (t.tensor(v, dtype=t.float64, requires_grad=True) for v in ([1.0, 2.0], [3.0, 4.0]))
        z = t.tensor([1 + 2j, 2 - 1j], dtype=t.complex128, requires_grad=True)
        return CHECKS[name](t, x, y, z)

    same(program)


def test_gradcheck_restores_its_inputs_and_names_the_mismatch() -> None:
    x = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="output 0 with respect to input 0"):
        fg.autograd.gradcheck(wrong(fg, 3), x)
    assert x.tolist() == [1.0, 2.0]
    assert fg.autograd.gradgradcheck(lambda x: x**3, x, check_fwd_over_rev=True)
    numbers = iter(range(100))
    with pytest.raises(GradcheckError):
        fg.autograd.gradcheck(lambda a: a * next(numbers), x)


# -- Anomalies -------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_anomaly_detection_names_the_operation_and_its_line() -> None:
    x = fg.zeros(2, requires_grad=True)
    with fg.autograd.detect_anomaly():
        y = (x / x).sum()
        with pytest.raises(RuntimeError, match="'DivBackward0' returned nan") as error:
            y.backward()
    assert "test_autograd_tools.py" in error.value.__notes__[0]
    assert not fg.is_anomaly_enabled()
    (x / x).sum().backward()


@pytest.mark.filterwarnings("ignore")
def test_anomaly_detection_names_an_operation_that_fails() -> None:
    def backward(ctx: Any, g: Any) -> Any:
        raise KeyError("as it should")

    members = {"forward": staticmethod(lambda ctx, x: x * 1), "backward": staticmethod(backward)}
    own = type("Own", (fg.autograd.Function,), members)
    x = fg.zeros(2, requires_grad=True)
    with fg.autograd.set_detect_anomaly(True, check_nan=False):
        assert (fg.is_anomaly_enabled(), fg.is_anomaly_check_nan_enabled()) == (True, False)
        y = own.apply(x)
        with pytest.raises(KeyError) as error, pytest.warns(UserWarning, match="OwnBackward"):
            y.sum().backward()
    assert "recorded at" in error.value.__notes__[0]
    fg.autograd.set_detect_anomaly(True)
    fg.autograd.set_detect_anomaly(False)
    assert not fg.is_anomaly_enabled()


# -- Saved values ----------------------------------------------------------------------------------------------


def test_hooks_on_saved_values() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []

        def pack(x: Any) -> Any:
            log.append(("pack", x.detach().tolist()))
            return x.detach().clone()

        def unpack(x: Any) -> Any:
            log.append(("unpack", x.tolist()))
            return x

        a = t.tensor([1.0, 2.0], requires_grad=True)
        with t.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = a * a
            z = (y * t.ones(2)).sqrt().sum()
        found = t.autograd.grad(z, a)
        (a * a).sum().backward()
        return found, sorted(map(str, log)), a.grad

    same(program)


def test_hooks_on_saved_values_nest_and_can_be_forbidden() -> None:
    log: list[str] = []
    x = fg.ones(2, requires_grad=True)
    hooks = fg.autograd.graph.saved_tensors_hooks

    def named(name: str) -> Any:
        return hooks(lambda t: log.append(name) or t, lambda t: t)

    with named("outer"):
        x.exp()
        with named("inner"):
            x.exp()
    x.exp()
    assert log == ["outer", "inner"]
    forbidden = fg.autograd.graph.disable_saved_tensors_hooks("not now")
    with forbidden, pytest.raises(RuntimeError, match="not now"):
        named("never").__enter__()
    with fg.autograd.graph.save_on_cpu():
        (g,) = fg.autograd.grad((x**3).sum(), x, create_graph=True)
    assert fg.autograd.grad(g.sum(), x)[0].tolist() == [6.0, 6.0]


# -- The rest --------------------------------------------------------------------------------------------------


def test_forward_ad() -> None:
    x, v = fg.tensor([1.0, 2.0]), fg.tensor([1.0, 10.0])
    w = fg.tensor(3.0, requires_grad=True)
    ad = fg.autograd.forward_ad
    with ad.dual_level():
        dual = ad.make_dual(x, v)
        primal, tangent = ad.unpack_dual(dual * dual * w)
        assert (primal.tolist(), tangent.tolist()) == ([3.0, 12.0], [6.0, 120.0])
        assert ad.unpack_dual(x).tangent is None
        with pytest.raises(RuntimeError, match="Nested"):
            ad.enter_dual_level()
        with pytest.raises(ValueError, match="one shape"):
            ad.make_dual(x, fg.ones(3))
    tangent.sum().backward()
    assert w.grad is not None
    assert w.grad.item() == 42.0
    with pytest.raises(RuntimeError, match="level"):
        ad.make_dual(x, v)


def test_variable() -> None:
    x = fg.autograd.Variable(fg.ones(2), requires_grad=True)
    assert x.requires_grad
    assert isinstance(x, fg.autograd.Variable)
    assert not isinstance(3, fg.autograd.Variable)
