"""Functions with a backward rule of the user's, as PyTorch has them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

# -- The Functions, under either library -----------------------------------------------------------------------


def cube(t: Any, log: list[Any]) -> Any:
    class Cube(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, k: float, name: str = "a") -> Any:
            log.append((ctx.needs_input_grad, t.is_grad_enabled(), name))
            ctx.k = k
            ctx.save_for_backward(x, None)
            return x**3 * k

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, nothing = ctx.saved_tensors
            log.append((t.is_grad_enabled(), x.requires_grad, nothing))
            return g * 3 * x**2 * ctx.k, None, None

    return Cube


def exp(t: Any, log: list[Any]) -> Any:
    class Exp(t.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x.exp(), x.detach() > 1, 7

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(output[0])
            ctx.mark_non_differentiable(output[1])

        @staticmethod
        def backward(ctx: Any, g: Any, mask: Any, number: Any) -> Any:
            log.append((mask is None, number))
            (y,) = ctx.saved_tensors
            return g * y

    return Exp


def square(t: Any) -> Any:
    class Square(t.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Any, k: float) -> Any:
            return x * x * k

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(inputs[0])
            ctx.save_for_forward(inputs[0])
            ctx.k = inputs[1]

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g * ctx.k, None

        @staticmethod
        def jvp(ctx: Any, dx: Any, _: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * dx * ctx.k

    return Square


def one(t: Any, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """Return a Function of these two."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Own", (t.autograd.Function,), members)


def error_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "none"


def values(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return [values(item) for item in x]
    return x.detach().tolist() if hasattr(x, "detach") else x


def same(program: Callable[[Any], Any]) -> None:
    assert values(program(fg)) == values(program(torch))


# -- Tests -----------------------------------------------------------------------------------------------------


def test_forward_with_ctx() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []
        function = cube(t, log)
        x = t.tensor([2.0, 3.0], requires_grad=True)
        y = function.apply(x, 2.0, "b")
        fn = y.grad_fn
        facts = [type(fn).__name__, fn.name(), fn is y.grad_fn, len(fn.next_functions), repr(y), y.is_leaf]
        saved = fn.saved_tensors[0]
        y.sum().backward()
        errors = [error_of(lambda: y.sum().backward()), error_of(lambda: fn.saved_tensors)]
        return log, facts, saved, x.grad, errors, function.apply(t.ones(2), 1.0).requires_grad

    same(program)


def test_higher_derivatives() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []
        x = t.tensor([2.0, 3.0], requires_grad=True)
        found = [cube(t, log).apply(x, 2.0)]
        for _ in range(3):
            found += t.autograd.grad(found[-1].sum(), x, create_graph=True)
        y, mask, number = exp(t, log).apply(x)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        (h,) = t.autograd.grad(g.sum(), x)
        return found, log, mask, number, (g - y).abs().max() < 1e-5, (h - y).abs().max() < 1e-5

    same(program)


def test_several_outputs_and_none() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []

        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.set_materialize_grads(False)
            return a * b, a + b

        def backward(ctx: Any, g: Any, h: Any) -> Any:
            log.append((g is None, h is None))
            return (h if g is None else g), None

        a, b = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True)
        p, q = one(t, forward, backward).apply(a, b)
        found = [t.autograd.grad(z.sum(), [a, b], allow_unused=True, retain_graph=True) for z in (p, q, p + q)]
        return found, log, p.grad_fn is q.grad_fn, q.sum().grad_fn.next_functions[0][1]

    same(program)


RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "too few": lambda t, g: g,
    "one for a number": lambda t, g: (g, g),
    "more, but None": lambda t, g: (g, None, None),
    "too many": lambda t, g: (g, None, g),
    "another shape": lambda t, g: (t.ones(3), None),
    "a number": lambda t, g: (3, None),
    "a larger shape": lambda t, g: (t.ones(4, 2), None),
    "a smaller shape": lambda t, g: (g[0], None),
    "another dtype": lambda t, g: (g.double(), None),
    "nothing": lambda t, g: (None, None),
}


@pytest.mark.parametrize("name", RESULTS)
def test_what_backward_returns(name: str) -> None:
    def program(t: Any) -> Any:
        function = one(t, lambda ctx, x, k: x * 2, lambda ctx, g: RESULTS[name](t, g))
        x = t.ones(2, requires_grad=True)
        y = function.apply(x, 3)
        return error_of(lambda: y.sum().backward()), x.grad

    same(program)


def test_writing_into_an_input() -> None:
    def program(t: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        function = one(t, forward, lambda ctx, g: g * 2)
        x = t.ones(2, requires_grad=True)
        z = x * 1
        y = function.apply(z)
        return y is z, y, t.autograd.grad(z.sum(), x), z.grad_fn.name(), error_of(lambda: function.apply(x))

    same(program)


def test_an_input_as_output() -> None:
    def program(t: Any) -> Any:
        function = one(t, lambda ctx, x: x, lambda ctx, g: g * 5)
        x = t.ones(2, requires_grad=True)
        y = function.apply(x)
        with t.no_grad():
            untracked = function.apply(x).requires_grad
        return y is x, y, t.autograd.grad(y.sum(), x), untracked, x.is_leaf

    same(program)


def test_once_differentiable() -> None:
    def program(t: Any, once: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @once
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g

        function = one(t, forward, backward)
        x, v = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True)
        (g,) = t.autograd.grad(function.apply(x).sum(), x, create_graph=True)
        (h,) = t.autograd.grad(function.apply(x), x, v, create_graph=True)
        return g.requires_grad, h.requires_grad, h, error_of(lambda: h.sum().backward())

    mine = program(fg, fg.autograd.function.once_differentiable)
    assert values(mine) == values(program(torch, torch.autograd.function.once_differentiable))


def test_a_saved_value_that_was_changed() -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        z = x * 1
        y = cube(t, []).apply(z, 1.0)
        z.add_(1)
        return error_of(lambda: y.sum().backward())

    same(program)


def test_hooks() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []
        x = t.ones(2, requires_grad=True)
        y = cube(t, []).apply(x, 1.0)
        y.register_hook(lambda g: log.append(g))
        y.grad_fn.register_prehook(lambda gs: log.append(gs))
        y.grad_fn.register_hook(lambda gi, go: log.append((gi, go)) or (gi[0] * 2,))
        y.sum().backward()
        return log, x.grad

    same(program)


def test_misuse() -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        without = type("Without", (t.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})
        return error_of(lambda: without()(x)), error_of(lambda: without.apply(x).sum().backward()), error_of(
            lambda: t.autograd.Function.apply(x)
        )  # fmt: skip

    same(program)


TRANSFORMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "grad": lambda t, f, v: t.func.grad(lambda x: f(x).sum())(v),
    "grad of grad": lambda t, f, v: t.func.grad(lambda x: t.func.grad(lambda x: f(x).sum())(x).sum())(v),
    "jvp": lambda t, f, v: t.func.jvp(f, (v,), (v,)),
    "vmap": lambda t, f, v: t.func.vmap(f)(v),
    "vmap of grad": lambda t, f, v: t.func.vmap(t.func.grad(f))(v),
    "grad of vmap": lambda t, f, v: t.func.grad(lambda x: t.func.vmap(f)(x).sum())(v),
    "hessian": lambda t, f, v: t.func.hessian(lambda x: f(x).sum())(v),
    "jacrev of jacfwd": lambda t, f, v: t.func.jacrev(t.func.jacfwd(f))(v),
    "backward of grad": lambda t, f, v: t.autograd.grad(t.func.grad(lambda x: f(x).sum())(v.requires_grad_()).sum(), v),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_under_transforms(name: str) -> None:
    def program(t: Any) -> Any:
        function = square(t)
        return TRANSFORMS[name](t, lambda x: function.apply(x, 3.0), t.tensor([2.0, 3.0]))

    same(program)


def test_vmap_with_a_rule_of_its_own() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []

        class Own(t.autograd.Function):
            @staticmethod
            def forward(x: Any) -> Any:
                return x * x

            @staticmethod
            def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
                ctx.save_for_backward(inputs[0])

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return 2 * ctx.saved_tensors[0] * g

            @staticmethod
            def vmap(info: Any, in_dims: Any, x: Any) -> Any:
                log.append((info.batch_size, in_dims))
                return Own.apply(x), in_dims[0]

        v = t.tensor([2.0, 3.0])
        return t.func.vmap(Own.apply)(v), t.func.vmap(t.func.grad(Own.apply))(v), log

    same(program)


def test_transforms_without_rules() -> None:
    def program(t: Any) -> Any:
        v = t.ones(2)

        class Bare(t.autograd.Function):
            @staticmethod
            def forward(x: Any) -> Any:
                return x * x

            @staticmethod
            def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
                pass

        return [error_of(lambda: t.func.vmap(Bare.apply)(v)), error_of(lambda: t.func.jvp(Bare.apply, (v,), (v,)))]

    same(program)


def test_numpy_in_a_function() -> None:
    function = one(
        fg, lambda ctx, x: fg.tensor(np.sin(x.numpy())), lambda ctx, g: g * 0.5
    )  # fmt: skip
    x = fg.zeros(2, requires_grad=True)
    function.apply(x).sum().backward()
    assert values(x.grad) == [0.5, 0.5]
