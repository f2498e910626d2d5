"""Loops of Python: integrators, reads of single elements, chains of a million operations."""

from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, gradients, jit_grad, up_to, value
from benchmarks.peers import AUTOGRAD, BY_HAND, JAX, JIT, MYGRAD, TORCH_FUNC, jax, jnp
from benchmarks.suite import Run, Workload

# ---- Runge and Kutta's method: the Lotka-Volterra equations, their four parameters differentiated

START = (10.0, 5.0)


def rk4(xp: Any) -> Any:
    def field(y: Any, p: Any) -> Any:
        prey, hunters = y[0], y[1]
        return xp.stack([p[0] * prey - p[1] * prey * hunters, p[2] * prey * hunters - p[3] * hunters])

    def last(p: Any, y: Any, steps: int) -> Any:
        h = 1.0 / steps
        for _ in range(steps):
            a = field(y, p)
            b = field(y + 0.5 * h * a, p)
            c = field(y + 0.5 * h * b, p)
            d = field(y + h * c, p)
            y = y + h / 6 * (a + 2 * b + 2 * c + d)
        return xp.sum(y**2)

    return last


def rk4_scan(xp: Any) -> Any:
    """The loop as JAX wants it."""

    def field(y: Any, p: Any) -> Any:
        prey, hunters = y[0], y[1]
        return xp.stack([p[0] * prey - p[1] * prey * hunters, p[2] * prey * hunters - p[3] * hunters])

    def last(p: Any, y: Any, steps: int) -> Any:
        h = 1.0 / steps

        def step(y: Any, _: None) -> Any:
            a = field(y, p)
            b = field(y + 0.5 * h * a, p)
            c = field(y + 0.5 * h * b, p)
            d = field(y + h * c, p)
            return y + h / 6 * (a + 2 * b + 2 * c + d), None

        return xp.sum(jax.lax.scan(step, y, None, length=steps)[0] ** 2)

    return last


def rk4_by_hand(inputs: Inputs) -> Run:
    """The adjoint of each step, from the last to the first."""
    p, (y0, steps) = inputs.params, inputs.data
    h = 1.0 / steps

    def field(y: Any) -> Any:
        prey, hunters = y
        return np.array([p[0] * prey - p[1] * prey * hunters, p[2] * prey * hunters - p[3] * hunters])

    def adjoint(y: Any, g: Any, gp: Any) -> Any:
        """Send `g` back through the field; adds to `gp`."""
        prey, hunters = y
        both = prey * hunters
        gp += np.array([g[0] * prey, -g[0] * both, g[1] * both, -g[1] * hunters])
        return np.array(
            [g[0] * (p[0] - p[1] * hunters) + g[1] * p[2] * hunters, -g[0] * p[1] * prey + g[1] * (p[2] * prey - p[3])]
        )

    def run() -> Any:
        y, kept = y0, []
        for _ in range(steps):
            a = field(y)
            yb = y + 0.5 * h * a
            b = field(yb)
            yc = y + 0.5 * h * b
            c = field(yc)
            yd = y + h * c
            kept.append((y, yb, yc, yd))
            y = y + h / 6 * (a + 2 * b + 2 * c + field(yd))
        gp, gy = np.zeros(4), 2 * y
        for y, yb, yc, yd in reversed(kept):
            g = h / 6 * gy
            back = adjoint(yd, g, gp)
            total, gc = gy + back, 2 * g + h * back
            back = adjoint(yc, gc, gp)
            total, gb = total + back, 2 * g + 0.5 * h * back
            back = adjoint(yb, gb, gp)
            total, ga = total + back, g + 0.5 * h * back
            gy = total + adjoint(y, ga, gp)
        return gp

    return run


def rk4_inputs(steps: int) -> Inputs:
    return Inputs(np.array([1.1, 0.4, 0.1, 0.4]), (np.array(START), steps))


RK4 = gradients(rk4, jit_text=rk4_scan) | {BY_HAND: rk4_by_hand}
RK4 |= {JAX: up_to(20, RK4[JAX])}  # a call takes seconds at 200 steps


# ---- neighbours: 2 n reads of one element


def neighbours(xp: Any) -> Any:
    def total(x: Any) -> Any:
        y = 0.0
        for i in range(len(x) - 1):
            y = y + x[i] * x[i + 1]
        return y

    return total


def neighbours_loop(xp: Any) -> Any:
    def total(x: Any) -> Any:
        return jax.lax.fori_loop(0, len(x) - 1, lambda i, y: y + x[i] * x[i + 1], 0.0)

    return total


def neighbours_by_hand(inputs: Inputs) -> Run:
    x = inputs.params

    def run() -> Any:
        y = 0.0
        for i in range(len(x) - 1):
            y = y + x[i] * x[i + 1]
        g = np.zeros_like(x)
        for i in reversed(range(len(x) - 1)):
            g[i] += x[i + 1]
            g[i + 1] += x[i]
        return g

    return run


NEIGHBOURS = gradients(neighbours, jit_text=neighbours_loop) | {BY_HAND: neighbours_by_hand}
NEIGHBOURS |= {  # all of these take quadratic time, or seconds for a thousand steps
    AUTOGRAD: up_to(1000, NEIGHBOURS[AUTOGRAD]),
    TORCH_FUNC: up_to(1000, NEIGHBOURS[TORCH_FUNC]),
    MYGRAD: up_to(1000, NEIGHBOURS[MYGRAD]),
    JAX: up_to(100, NEIGHBOURS[JAX]),
}


# ---- a million operations in a row


def deep(xp: Any) -> Any:
    def total(x: Any, operations: int) -> Any:
        y = x
        for _ in range(operations // 2):
            y = xp.tanh(y) * x
        return xp.sum(y)

    return total


def deep_loop(xp: Any) -> Any:
    def total(x: Any, operations: int) -> Any:
        return xp.sum(jax.lax.scan(lambda y, _: (jnp.tanh(y) * x, None), x, None, length=operations // 2)[0])

    return total


def deep_by_hand(inputs: Inputs) -> Run:
    x, (operations,) = inputs.params, inputs.data

    def run() -> Any:
        y, kept = x, []
        for _ in range(operations // 2):
            t = np.tanh(y)
            y = t * x
            kept.append(t)
        gx, gy = np.zeros_like(x), np.ones_like(y)
        for t in reversed(kept):
            gx += gy * t
            gy *= x
            gy -= gy * t * t
        return gx + gy

    return run


DEEP = gradients(deep, without=(JAX, JIT)) | {BY_HAND: deep_by_hand}
DEEP |= {JIT: jit_grad(deep_loop)}
DEEP |= {name: up_to(100_000, DEEP[name]) for name in (AUTOGRAD, TORCH_FUNC)}
DEEP |= {MYGRAD: up_to(1000, DEEP[MYGRAD])}  # its backward pass is recursive

WORKLOADS = (
    Workload("RK4 integrator", "loops", rk4_inputs, RK4, value(rk4), sizes=(20, 200), quick=(20,), growth=True),
    Workload(
        "sum of x[i] * x[i + 1]",
        "loops",
        lambda n: Inputs(np.linspace(0.0, 1.0, n)),
        NEIGHBOURS,
        value(neighbours),
        sizes=(100, 1000, 10_000),
        quick=(100, 300),
        growth=True,
        operations=lambda n: n,
    ),
    Workload(
        "deep chain",
        "loops",
        lambda n: Inputs(np.linspace(1.1, 1.5, 8), (n,)),
        DEEP,
        value(deep),
        sizes=(10_000, 100_000, 1_000_000),
        quick=(1000, 10_000),
        growth=True,
        operations=lambda n: n,
    ),
)
