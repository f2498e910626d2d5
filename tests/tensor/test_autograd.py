"""Backward passes that are recorded, hooks, and what ``backward`` and ``grad`` are asked for: as PyTorch has them."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Using backward")

X, Y, W = np.random.default_rng(0).normal(size=(3, 2, 2))


def plain(x: Any) -> Any:
    """Return results as they can be compared: arrays for tensors."""
    if x is None or isinstance(x, bool | int | float | str):
        return x
    if isinstance(x, list | tuple):
        return [plain(item) for item in x]
    return np.asarray(x.detach().resolve_conj().numpy() if hasattr(x, "resolve_conj") else x.detach().numpy())


def same(program: Callable[[Any], Any]) -> None:
    """Run a program under both libraries, and compare."""
    np.testing.assert_equal(sizes(plain(program(fg))), sizes(plain(program(torch))))
    compare(plain(program(fg)), plain(program(torch)))


def sizes(x: Any) -> Any:
    return [sizes(item) for item in x] if isinstance(x, list) else (x.shape if isinstance(x, np.ndarray) else x)


def compare(a: Any, b: Any) -> None:
    if isinstance(b, list):
        for p, q in zip(a, b, strict=True):
            compare(p, q)
    elif isinstance(b, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


def error_of(t: Any, call: Callable[[], Any]) -> str:
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "none"


# -- Recorded passes -------------------------------------------------------------------------------------------

PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "product": lambda t, x, y: x * y * x,
    "quotient": lambda t, x, y: x / (y * y + 1),
    "power": lambda t, x, y: (x * x + 1) ** y,
    "cube": lambda t, x, y: x**3 * y,
    "exp": lambda t, x, y: (x * y).exp(),
    "log": lambda t, x, y: (x * x + 1).log() * y,
    "sqrt": lambda t, x, y: (x * x + 1).sqrt() * y,
    "tanh": lambda t, x, y: (x * y).tanh(),
    "sigmoid": lambda t, x, y: (x * y).sigmoid(),
    "relu": lambda t, x, y: (x * y).relu() * x,
    "matmul": lambda t, x, y: x @ y.T @ x,
    "sums": lambda t, x, y: x.sum(0) * y.sum(1),
    "mean": lambda t, x, y: (x.mean() * y) ** 2,
    "elements": lambda t, x, y: x[0] * x[1] * y[:, 1],
    "slices": lambda t, x, y: (x[:, 1:] * y[1:, :1]) ** 2,
    "gather": lambda t, x, y: x[[0, 0, 1]] ** 2 * y[[1, 1, 0]],
    "reshape": lambda t, x, y: (x.reshape(-1) * y.T.reshape(-1)) ** 2,
    "cat": lambda t, x, y: t.cat([x, y * x]) ** 2,
    "where": lambda t, x, y: t.where(x > 0, x * x * y, y * y * x),
    "broadcast": lambda t, x, y: (x[0] * y) ** 2,
    "softmax": lambda t, x, y: (x * y).exp() / (x * y).exp().sum(1, keepdim=True),
    "prod": lambda t, x, y: (x * y).prod(),
    "writes": lambda t, x, y: written(x, y),
}


def written(x: Any, y: Any) -> Any:
    a = x * 1
    a[0] = y[1] * x[1]
    b = a[:, 0]
    b *= y[0]
    return a * a * x


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_up_to_the_third(name: str) -> None:
    def program(t: Any) -> Any:
        x, y = (t.tensor(v.copy(), requires_grad=True) for v in (X, Y))
        total, found = PROGRAMS[name](t, x, y).sum(), []
        for _ in range(3):
            gradients = t.autograd.grad(total, [x, y], create_graph=True, allow_unused=True)
            found.append(gradients)
            total = sum((t.tensor(W) * g * g).sum() for g in gradients if g is not None)
            if not total.requires_grad:
                break
        return found

    same(program)


@pytest.mark.parametrize("name", ["product", "matmul", "gather", "tanh", "writes"])
def test_a_gradient_penalty(name: str) -> None:
    def program(t: Any) -> Any:
        x, y = (t.tensor(v.copy(), requires_grad=True) for v in (X, Y))
        z = PROGRAMS[name](t, x, y)
        (g,) = t.autograd.grad(z.sum(), x, create_graph=True)
        ((((g * g).sum() + 1e-3).sqrt() - 1) ** 2 + z.mean()).backward()
        return x.grad, y.grad

    same(program)


def test_backward_with_create_graph_leaves_gradients_with_history() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        (x**3).sum().backward(create_graph=True)
        first = x.grad
        (x**2).sum().backward(create_graph=True)
        assert x.grad is not first
        total, x.grad = x.grad, None
        (total * total).sum().backward()
        return first, total, total.requires_grad, first.requires_grad, x.grad

    same(program)


def test_the_gradient_of_a_gradient_output() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        v = t.tensor([3.0, 4.0], requires_grad=True)
        (g,) = t.autograd.grad(x * x, x, v, create_graph=True)
        return g, t.autograd.grad(g.sum(), [x, v])

    same(program)


def test_complex_numbers() -> None:
    def program(t: Any) -> Any:
        z = t.tensor([1 + 2j, 2 - 1j], dtype=t.complex128, requires_grad=True)
        seen: list[Any] = []
        y = z * z
        y.register_hook(lambda g: seen.append(g) or g * 1j)
        (g,) = t.autograd.grad((y * y.conj()).real.sum(), z, create_graph=True)
        return g, seen, t.autograd.grad((g * g.conj()).real.sum(), z)

    same(program)


def numpy_functions() -> dict[str, Callable[[Any], Any]]:
    @fg.custom_vjp
    def with_vjp(x: Any) -> Any:
        return np.sin(x) * x

    with_vjp.defvjp(lambda x: (np.sin(x) * x, x), lambda x, g: (g * (np.cos(x) * x + np.sin(x)),))

    @fg.custom_jvp
    def with_jvp(x: Any) -> Any:
        return np.sin(x) * x

    @with_jvp.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (x,), (dx,) = primals, tangents
        return with_jvp(x), dx * (np.cos(x) * x + np.sin(x))

    return {
        "custom_vjp": lambda x: with_vjp(x[0]),
        "custom_jvp": lambda x: with_jvp(x[0]),
        "checkpoint": fg.checkpoint(lambda x: np.exp(np.sin(x)) * x),
        "slogdet": lambda x: np.linalg.slogdet(x)[1],
        "svd": lambda x: np.linalg.svd(x)[1],
        "qr": lambda x: np.linalg.qr(x)[1] ** 2,
        "solve": lambda x: np.linalg.solve(x, x[0]),
        "fft": lambda x: np.abs(np.fft.fft(x)),
        "sort": lambda x: np.sort(x) ** 2,
        "cumprod": np.cumprod,
        "vmap": lambda x: fg.vmap(lambda row: row * row * np.sum(x))(x),
        "inner grad": lambda x: fg.grad(lambda v: np.sum(v**3 * x))(x),
    }


@pytest.mark.parametrize("name", numpy_functions())
def test_all_kinds_of_nodes_can_be_recorded_again(name: str) -> None:
    x = fg.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=fg.float64, requires_grad=True)
    assert fg.autograd.gradgradcheck(numpy_functions()[name], x)


# -- autograd.grad and backward ----------------------------------------------------------------------------------


def test_inputs_in_the_middle_of_the_graph() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        y = x * x
        z = (y * y).sum()
        found = [t.autograd.grad(z, inputs, retain_graph=True) for inputs in (x, y, z, [x, y], [z, x])]
        return found, x.grad

    same(program)


def test_unused_inputs() -> None:
    def program(t: Any) -> Any:
        x, unused = t.ones(2, requires_grad=True), t.ones(3, requires_grad=True)
        y = (x * 2).sum()
        found = [
            t.autograd.grad(y, [x, unused], allow_unused=True, retain_graph=True),
            t.autograd.grad(y, [x, unused], materialize_grads=True, retain_graph=True),
        ]
        errors = [
            error_of(t, lambda: t.autograd.grad(y, unused)),
            error_of(t, lambda: t.autograd.grad(y, unused, materialize_grads=True, allow_unused=False)),
        ]
        return found, errors

    same(program)


def test_batched_gradients() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        y = x**3
        batch = t.eye(2)
        (g,) = t.autograd.grad(y, x, batch, is_grads_batched=True, create_graph=True)
        errors = [error_of(t, lambda: t.autograd.grad(y, x, t.ones(2), is_grads_batched=True))]
        return g, t.autograd.grad(g.sum(), x, retain_graph=True), errors

    same(program)


def test_a_graph_is_freed_unless_it_is_retained() -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        y = (x * x).sum()
        t.autograd.grad(y, x, retain_graph=True)
        t.autograd.grad(y, x)
        z = (x * x).sum()
        t.autograd.grad(z, x, create_graph=True)
        t.autograd.grad(z, x)
        return error_of(t, lambda: t.autograd.grad(y, x)), error_of(t, y.backward), error_of(t, z.backward)

    same(program)


def test_backward_for_some_inputs() -> None:
    def program(t: Any) -> Any:
        x, w = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True)
        y = x * w
        (y * y * x).sum().backward(inputs=[x], retain_graph=True)
        found = [x.grad, w.grad]
        (y * y * x).sum().backward(inputs=y)
        return [*found, w.grad, y.grad, y.retains_grad]

    same(program)


def test_backward_from_several_tensors() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        t.autograd.backward([x * x, (x * 3).sum()], [t.tensor([1.0, 10.0]), None])
        return x.grad

    same(program)


ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "an input without gradient": lambda t, x: t.autograd.grad((x * 2).sum(), t.ones(2)),
    "an output without gradient": lambda t, x: t.autograd.grad(t.ones(1).sum(), x),
    "no inputs to grad": lambda t, x: t.autograd.grad(x.sum(), []),
    "no inputs to backward": lambda t, x: x.sum().backward(inputs=[]),
    "an input of backward without gradient": lambda t, x: x.sum().backward(inputs=[t.ones(2)]),
    "several elements": lambda t, x: (x * 2).backward(),
    "another shape": lambda t, x: (x * 2).backward(t.ones(3)),
    "too few gradients": lambda t, x: t.autograd.backward([x * 2, x * 3], [t.ones(2)]),
    "a number for a gradient": lambda t, x: (x * 2).backward(3.0),
    "hook on a constant": lambda t, x: x.detach().register_hook(print),
    "retain_grad of a constant": lambda t, x: x.detach().retain_grad(),
    "a late hook on a computed tensor": lambda t, x: (x * 2).register_post_accumulate_grad_hook(print),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    kinds = [error_of(t, lambda t=t: ERRORS[name](t, t.ones(2, requires_grad=True))) for t in (fg, torch)]
    assert kinds[0] == kinds[1] != "none"


# -- Hooks ---------------------------------------------------------------------------------------------------------


def test_the_order_of_hooks() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []
        x = t.ones(2, requires_grad=True)
        y = x * 2
        y.retain_grad()
        y.register_hook(lambda g: log.append(("tensor", g)) or g * 10)
        y.grad_fn.register_prehook(lambda gs: log.append(("before", gs)) or (gs[0] + 1,))
        y.grad_fn.register_hook(lambda gi, go: log.append(("after", gi, go)) or (gi[0] * 3, None))
        y.register_hook(lambda g: log.append(("second", g)))
        x.register_hook(lambda g: log.append(("leaf", g)))
        x.register_post_accumulate_grad_hook(lambda x: log.append(("accumulated", x.grad)))
        z = (y * 3).sum()
        log.append(t.autograd.grad(z, [x, y], retain_graph=True))
        log.append(t.autograd.grad(z, [y], retain_graph=True))
        z.backward()
        return log, x.grad, y.grad

    same(program)


def test_hooks_are_removed_by_their_handles() -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        handle = x.register_hook(lambda g: g * 2)
        x.sum().backward()
        handle.remove()
        handle.remove()
        x.sum().backward()
        return x.grad

    same(program)


BAD_HOOKS: dict[str, Callable[[Any], Any]] = {
    "size": lambda t: lambda g: t.ones(3),
    "type": lambda t: lambda g: 3,
    "dtype": lambda t: lambda g: g.double(),
}


@pytest.mark.parametrize("name", BAD_HOOKS)
def test_what_hooks_may_not_return(name: str) -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        y = x * 2
        y.register_hook(BAD_HOOKS[name](t))
        return error_of(t, y.sum().backward)

    same(program)


@pytest.mark.parametrize("result", [lambda gs: gs[0], lambda gs: 3, lambda gs: (gs[0], gs[0], gs[0])])
def test_what_hooks_of_nodes_may_not_return(result: Callable[[Any], Any]) -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        y = x.exp()
        y.grad_fn.register_hook(lambda gi, go: result(gi))
        return error_of(t, y.sum().backward)

    same(program)


def test_a_hook_may_run_a_backward_pass_of_its_own() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        found: list[Any] = []
        y = x * x
        y.register_hook(t.enable_grad()(lambda g: found.append(t.autograd.grad((x**3).sum(), x))))
        (y.sum() + (x * 5).sum()).backward()
        return found, x.grad

    same(program)


def test_hooks_are_recorded_where_the_pass_is() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        modes: list[bool] = []
        y = x * x
        y.register_hook(lambda g: modes.append(t.is_grad_enabled()) or g * x)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        return g, t.autograd.grad(g.sum(), x), modes

    same(program)


def test_grad_fn_is_one_object_and_walks_back() -> None:
    def program(t: Any) -> Any:
        x, b = t.ones(2, requires_grad=True), t.ones(2)
        y = x * b + 1
        fn = y.grad_fn
        assert fn is y.grad_fn
        fn.metadata["note"] = 3
        names = [fn.name(), fn.next_functions[0][0].name(), fn.next_functions[1][0]]
        leaf = fn.next_functions[0][0].next_functions[0][0]
        return names, y.grad_fn.metadata["note"], leaf.variable is x, leaf.name(), leaf.next_functions

    same(program)


def test_hooks_leave_no_memory_behind() -> None:
    x = fg.ones(3, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            y = x * x
            y.register_hook(lambda g: g * 2)
            y.retain_grad()
            _ = y.grad_fn.name()
            y.sum().backward(create_graph=True)
            del y
            x.grad = None
        assert len(gc.get_objects()) - before < 25
    finally:
        gc.enable()


def test_setting_data_keeps_hooks_and_graphs() -> None:
    def program(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        x.register_hook(lambda g: g * 2)
        y = x * 3
        x.data = t.tensor([5.0, 6.0])
        y.sum().backward()
        return x, x.grad

    same(program)


def test_threads_may_differentiate_at_once() -> None:
    x = fg.tensor(np.ones(5), requires_grad=True)
    found: list[Any] = []

    def work() -> None:
        for _ in range(20):
            (g,) = fg.autograd.grad((x**3).sum(), x, create_graph=True)
            found.append(fg.autograd.grad(g.sum(), x)[0].tolist())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[6.0] * 5] * 60
