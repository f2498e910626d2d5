"""Beyond the gradient: products with the Jacobian, Hessians, batches, gradients of gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, numpy_call, torch_call, with_jax
from benchmarks.peers import AUTOGRAD, BY_HAND, OURS, TORCH, TORCH_FUNC, anp, autograd, fg, jax, jnp, torch
from benchmarks.suite import Run, Workload, own

# ---- the functions


def rosenbrock(xp: Any) -> Any:
    def f(x: Any) -> Any:
        return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return f


def layer(xp: Any, w: Any) -> Any:
    def f(x: Any) -> Any:
        return xp.tanh(w @ x)

    return f


def row_loss(xp: Any, w: Any) -> Any:
    def f(x: Any) -> Any:
        return xp.sum(xp.tanh(w @ x) ** 2)

    return f


def wave(xp: Any) -> Any:
    def f(x: Any) -> Any:
        return xp.sin(x) * xp.exp(0.3 * x) * x**3

    return f


def made(text: Any, *args: Any) -> Any:
    """The text for a library, with bytecode of its own."""
    return own(text)(*args)


def nested(grad: Callable[[Any], Any], f: Any, times: int = 4) -> Any:
    for _ in range(times):
        f = grad(f)
    return f


# ---- the same by hand


def hessian_by_hand(inputs: Inputs) -> Run:
    (x,) = inputs.params

    def run() -> Any:
        n = len(x)
        h = np.zeros((n, n))
        i = np.arange(n - 1)
        h[i, i] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        h[i + 1, i + 1] += 200.0
        h[i, i + 1] = h[i + 1, i] = -400.0 * x[:-1]
        return h

    return run


def product_by_hand(inputs: Inputs) -> Run:
    x, v = inputs.params

    def run() -> Any:
        y = np.zeros_like(x)
        y[:-1] = (1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0) * v[:-1] - 400.0 * x[:-1] * v[1:]
        y[1:] += 200.0 * v[1:] - 400.0 * x[:-1] * v[:-1]
        return y

    return run


def jvp_by_hand(inputs: Inputs) -> Run:
    (w,), (x, v) = inputs.data, inputs.params

    def run() -> Any:
        y = np.tanh(w @ x)
        return (1 - y * y) * (w @ v)

    return run


def jacobian_by_hand(inputs: Inputs) -> Run:
    (w,), (x,) = inputs.data, inputs.params

    def run() -> Any:
        y = np.tanh(w @ x)
        return (1 - y * y)[:, None] * w

    return run


def batch_by_hand(inputs: Inputs) -> Run:
    (w,), (x,) = inputs.data, inputs.params

    def run() -> Any:
        y = np.tanh(x @ w.T)
        return (2 * y * (1 - y * y)) @ w

    return run


def rows_one_by_one(gradient: Any) -> Any:
    return lambda x: np.stack([gradient(row) for row in x])


# ---- the gradient of the squared norm of a gradient


def penalty(grad: Any, xp: Any) -> Any:
    def f(x: Any) -> Any:
        return xp.sum(grad(made(energy, xp))(x) ** 2)

    return grad(f)


def energy(xp: Any) -> Any:
    def f(x: Any) -> Any:
        return xp.sum(xp.sin(x) * xp.exp(x))

    return f


def penalty_by_hand(inputs: Inputs) -> Run:
    (x,) = inputs.params

    def run() -> Any:
        e, s, c = np.exp(x), np.sin(x), np.cos(x)
        return 4 * e * e * (s + c) * c

    return run


def torch_penalty(inputs: Inputs) -> Run:
    x = torch.tensor(inputs.params[0], requires_grad=True)
    f = made(energy, torch)

    def run() -> Any:
        (g,) = torch.autograd.grad(f(x), x, create_graph=True)
        return torch.autograd.grad((g * g).sum(), x)[0]

    return run


# ---- inputs


def point(n: int) -> Inputs:
    return Inputs((np.random.default_rng(0).normal(size=n),))


def point_and_direction(n: int) -> Inputs:
    return Inputs(tuple(np.random.default_rng(0).normal(size=(2, n))))


def small_layer(n: int) -> Inputs:
    rng = np.random.default_rng(0)
    return Inputs((rng.normal(size=n),), (rng.normal(size=(n, n)) / np.sqrt(n),))


def layer_and_direction(n: int) -> Inputs:
    rng = np.random.default_rng(0)
    return Inputs(tuple(rng.normal(size=(2, n))), (rng.normal(size=(n, n)) / np.sqrt(n),))


def batch_of_rows(n: int) -> Inputs:
    rng = np.random.default_rng(0)
    return Inputs((rng.normal(size=(n, 20)),), (rng.normal(size=(30, 20)) / 5,))


def jax_product(x: Any, v: Any) -> Any:
    return jax.jvp(jax.grad(rosenbrock(jnp)), (x,), (v,))[1]


def torch_product(x: Any, v: Any) -> Any:
    return torch.func.jvp(torch.func.grad(rosenbrock(torch)), (x,), (v,))[1]


WORKLOADS = (
    Workload(
        "gradient of a gradient",
        "transforms",
        lambda n: Inputs((np.linspace(0.5, 1.5, n),)),
        {
            OURS: numpy_call(lambda: penalty(fg.grad, np)),
            BY_HAND: penalty_by_hand,
            AUTOGRAD: numpy_call(lambda: penalty(autograd.grad, anp)),
            TORCH: torch_penalty,
            TORCH_FUNC: torch_call(lambda: penalty(torch.func.grad, torch)),
        }
        | with_jax(lambda: penalty(jax.grad, jnp)),
        sizes=(20,),
        quick=(20,),
    ),
    Workload(
        "four nested gradients",
        "transforms",
        lambda _: Inputs((0.7,)),
        {
            OURS: numpy_call(lambda: nested(fg.grad, made(wave, np))),
            AUTOGRAD: numpy_call(lambda: nested(autograd.grad, made(wave, anp))),
            TORCH_FUNC: torch_call(lambda: nested(torch.func.grad, made(wave, torch))),
        }
        | with_jax(lambda: nested(jax.grad, made(wave, jnp))),
    ),
    Workload(
        "jvp of a layer",
        "transforms",
        layer_and_direction,
        {
            OURS: numpy_call(lambda w: lambda x, v: fg.jvp(made(layer, np, w), (x,), (v,))[1]),
            BY_HAND: jvp_by_hand,
            TORCH_FUNC: torch_call(lambda w: lambda x, v: torch.func.jvp(made(layer, torch, w), (x,), (v,))[1]),
        }
        | with_jax(lambda w: lambda x, v: jax.jvp(layer(jnp, w), (x,), (v,))[1]),
        sizes=(100,),
        quick=(20,),
    ),
    Workload(
        "vmap of grad",
        "transforms",
        batch_of_rows,
        {
            OURS: numpy_call(lambda w: fg.vmap(fg.grad(made(row_loss, np, w)))),
            BY_HAND: batch_by_hand,
            AUTOGRAD: numpy_call(lambda w: rows_one_by_one(autograd.grad(made(row_loss, anp, w)))),
            TORCH_FUNC: torch_call(lambda w: torch.func.vmap(torch.func.grad(made(row_loss, torch, w)))),
        }
        | with_jax(lambda w: jax.vmap(jax.grad(made(row_loss, jnp, w)))),
        sizes=(100, 1000),
        quick=(100,),
    ),
    Workload(
        "Hessian",
        "transforms",
        point,
        {
            OURS: numpy_call(lambda: fg.hessian(made(rosenbrock, np))),
            BY_HAND: hessian_by_hand,
            AUTOGRAD: numpy_call(lambda: autograd.hessian(made(rosenbrock, anp))),
            TORCH_FUNC: torch_call(lambda: torch.func.hessian(made(rosenbrock, torch))),
        }
        | with_jax(lambda: jax.hessian(made(rosenbrock, jnp))),
        sizes=(20, 200),
        quick=(20,),
    ),
    Workload(
        "Hessian times vector",
        "transforms",
        point_and_direction,
        {
            OURS: numpy_call(lambda: lambda x, v: fg.hvp(rosenbrock(np), x, v)),
            BY_HAND: product_by_hand,
            AUTOGRAD: numpy_call(lambda: autograd.hessian_vector_product(made(rosenbrock, anp))),
            TORCH_FUNC: torch_call(lambda: torch_product),
        }
        | with_jax(lambda: jax_product),
        sizes=(20, 100_000),
        quick=(20,),
    ),
    Workload(
        "Jacobian of a layer",
        "transforms",
        small_layer,
        {
            OURS: numpy_call(lambda w: fg.jacobian(made(layer, np, w))),
            BY_HAND: jacobian_by_hand,
            AUTOGRAD: numpy_call(lambda w: autograd.jacobian(made(layer, anp, w))),
            TORCH_FUNC: torch_call(lambda w: torch.func.jacrev(made(layer, torch, w))),
        }
        | with_jax(lambda w: jax.jacrev(made(layer, jnp, w))),
        sizes=(10, 100),
        quick=(10,),
    ),
    Workload(
        "Jacobian of a layer, forward mode",
        "transforms",
        small_layer,
        {
            OURS: numpy_call(lambda w: fg.jacfwd(made(layer, np, w))),
            BY_HAND: jacobian_by_hand,
            TORCH_FUNC: torch_call(lambda w: torch.func.jacfwd(made(layer, torch, w))),
        }
        | with_jax(lambda w: jax.jacfwd(made(layer, jnp, w))),
        sizes=(100,),
        quick=(10,),
    ),
)
