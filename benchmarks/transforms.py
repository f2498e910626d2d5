"""What the transforms cost beside their peers: Hessians, products with them, Jacobians, batches, nested gradients.

    python benchmarks/transforms.py [--quick] [--json FILE]

Each workload is written once for each library in its own idiom, its results are checked against funcgrad's, and the
contestants take turns within each round. Wall-clock minima, one thread. A library that is not installed, or cannot do
the workload, is a dash; JAX runs eagerly and compiled.
"""

import argparse
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

Run = Callable[[], Any]


def optional(name: str) -> Any:
    """The module, or None where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


fg = import_module("funcgrad")
jax, torch, autograd = optional("jax"), optional("torch"), optional("autograd")
anp = optional("autograd.numpy")
RNG = np.random.default_rng(0)


def rosenbrock(xp: Any) -> Callable[[Any], Any]:
    return lambda x: xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def layer(xp: Any, w: Any) -> Callable[[Any], Any]:
    return lambda x: xp.tanh(w @ x)


def row_loss(xp: Any, w: Any) -> Callable[[Any], Any]:
    return lambda x: xp.sum(xp.tanh(w @ x) ** 2)


def wave(xp: Any) -> Callable[[Any], Any]:
    return lambda x: xp.sin(x) * xp.exp(0.3 * x) * x**3


def nested(grad: Callable[[Any], Any], f: Any) -> Any:
    for _ in range(4):
        f = grad(f)
    return f


# Each workload returns its contestants, the first of them funcgrad


def hessian() -> dict[str, Run]:
    x = RNG.normal(size=200)
    runs: dict[str, Run] = {"funcgrad": lambda: fg.hessian(rosenbrock(np))(x)}
    if autograd:
        runs["autograd"] = lambda: autograd.hessian(rosenbrock(anp))(x)
    if torch:
        t = torch.tensor(x)
        runs["torch.func"] = lambda: torch.func.hessian(rosenbrock(torch))(t).numpy()
    return runs | with_jax(lambda: jax.hessian(rosenbrock(jax.numpy)), x)


def hvp() -> dict[str, Run]:
    x, v = RNG.normal(size=(2, 100_000))
    runs: dict[str, Run] = {"funcgrad": lambda: fg.hvp(rosenbrock(np), x, v)}
    if autograd:
        runs["autograd"] = lambda: autograd.hessian_vector_product(rosenbrock(anp))(x, v)
    if torch:
        t, s = torch.tensor(x), torch.tensor(v)
        gradient = torch.func.grad(rosenbrock(torch))
        runs["torch.func"] = lambda: torch.func.jvp(gradient, (t,), (s,))[1].numpy()
    return runs | with_jax(lambda: lambda x, v: jax.jvp(jax.grad(rosenbrock(jax.numpy)), (x,), (v,))[1], x, v)


def jacobian() -> dict[str, Run]:
    w, x = RNG.normal(size=(100, 100)) / 10, RNG.normal(size=100)
    runs: dict[str, Run] = {"funcgrad": lambda: fg.jacobian(layer(np, w))(x)}
    if autograd:
        runs["autograd"] = lambda: autograd.jacobian(layer(anp, w))(x)
    if torch:
        m, t = torch.tensor(w), torch.tensor(x)
        runs["torch.func"] = lambda: torch.func.jacrev(layer(torch, m))(t).numpy()
    return runs | with_jax(lambda: jax.jacrev(layer(jax.numpy, jax.numpy.asarray(w))), x)


def batch() -> dict[str, Run]:
    w, x = RNG.normal(size=(30, 20)) / 5, RNG.normal(size=(1000, 20))
    each = fg.grad(row_loss(np, w))
    runs: dict[str, Run] = {
        "funcgrad": lambda: fg.vmap(each)(x),
        "a loop": lambda: np.stack([each(row) for row in x]),
    }
    if autograd:
        theirs = autograd.grad(row_loss(anp, w))
        runs["autograd"] = lambda: np.stack([theirs(row) for row in x])
    if torch:
        m, t = torch.tensor(w), torch.tensor(x)
        runs["torch.func"] = lambda: torch.func.vmap(torch.func.grad(row_loss(torch, m)))(t).numpy()
    return runs | with_jax(lambda: jax.vmap(jax.grad(row_loss(jax.numpy, jax.numpy.asarray(w)))), x)


def four_gradients() -> dict[str, Run]:
    runs: dict[str, Run] = {"funcgrad": lambda: nested(fg.grad, wave(np))(0.7)}
    if autograd:
        runs["autograd"] = lambda: nested(autograd.grad, wave(anp))(0.7)
    if torch:
        t = torch.tensor(0.7, dtype=torch.float64)
        runs["torch.func"] = lambda: nested(torch.func.grad, wave(torch))(t).numpy()
    return runs | with_jax(lambda: nested(jax.grad, wave(jax.numpy)), 0.7)


def with_jax(make: Callable[[], Any], *args: Any) -> dict[str, Run]:
    """JAX, eager and compiled."""
    if not jax:
        return {}
    jax.config.update("jax_enable_x64", True)
    on_device = [jax.numpy.asarray(x) for x in args]
    f = make()
    compiled = jax.jit(f)
    return {
        "JAX eager": lambda: np.asarray(f(*on_device)),
        "jax.jit": lambda: np.asarray(compiled(*on_device)),
    }


WORKLOADS = {
    "Hessian, 200 variables": hessian,
    "Hessian times vector, 1e5": hvp,
    "Jacobian, 100 to 100": jacobian,
    "vmap of grad, 1000 rows": batch,
    "four nested gradients": four_gradients,
}
COLUMNS = ("funcgrad", "a loop", "autograd", "torch.func", "JAX eager", "jax.jit")


def race(contestants: dict[str, Run], rounds: int) -> dict[str, float]:
    """Check that all agree with the first, then return the shortest time of each, in milliseconds."""
    want = np.asarray(contestants["funcgrad"]())
    best = dict.fromkeys(contestants, float("inf"))
    for name, run in contestants.items():
        np.testing.assert_allclose(np.asarray(run()), want, 1e-7, 1e-9, err_msg=name)
    for _ in range(rounds):
        for name, run in contestants.items():
            start = perf_counter()
            run()
            best[name] = min(best[name], 1e3 * (perf_counter() - start))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that it runs")
    parser.add_argument("--json", type=Path, help="write the times to this file")
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
    print("Milliseconds, and how many times funcgrad's\n" + " " * 28 + "".join(f"{name:>18}" for name in COLUMNS))
    results = {}
    for title, workload in WORKLOADS.items():
        times = results[title] = race(workload(), 2 if options.quick else 10)
        cells = (
            f"{times[name]:9.3g} ({times[name] / times['funcgrad']:5.2g}x)" if name in times else "-"
            for name in COLUMNS
        )
        print(f"{title:28}" + "".join(f"{cell:>18}" for cell in cells))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
