"""Many small operations: what recording one and going back through it costs."""

from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, backward, gradients, value
from benchmarks.peers import BY_HAND, OURS, TORCH, fg, torch
from benchmarks.suite import Run, Workload

OPERATIONS = 100


# ---- tanh and * in turn


def operators(xp: Any) -> Any:
    """The multiplication is an operator."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(OPERATIONS // 2):
            y = xp.tanh(y) * x
        return xp.sum(y)

    return total


def ufuncs(xp: Any) -> Any:
    """The multiplication is a function of the library."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(OPERATIONS // 2):
            y = xp.multiply(xp.tanh(y), x)
        return xp.sum(y)

    return total


def methods(xp: Any) -> Any:
    """As one writes it with tensors."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(OPERATIONS // 2):
            y = xp.tanh(y) * x
        return y.sum()

    return total


def by_hand(inputs: Inputs) -> Run:
    """Operation by operation, as one writes it: keep what is needed, walk back, reuse one's own arrays."""
    x = inputs.params

    def run() -> Any:
        y, kept = x, []
        for _ in range(OPERATIONS // 2):
            t = np.tanh(y)
            y = t * x
            kept.append(t)
        gx, gy = np.zeros_like(x), np.ones_like(y)
        for t in reversed(kept):
            gx += gy * t
            gy *= x
            gy -= gy * t * t  # a Python number would cost more: gy *= 1 - t * t
        return gx + gy

    return run


def numbers(size: int) -> Inputs:
    return Inputs(np.linspace(0.5, 1.5, size))


# ---- numbers without axes


def scalar_chain(xp: Any) -> Any:
    def last(x: Any) -> Any:
        y = x
        for _ in range(OPERATIONS // 2):
            y = xp.sin(y) * x
        return y

    return last


def scalar_chain_by_hand(inputs: Inputs) -> Run:
    x = inputs.params

    def run() -> Any:
        y, kept = x, []
        for _ in range(OPERATIONS // 2):
            s = np.sin(y)
            kept.append((s, np.cos(y)))
            y = s * x
        gx, gy = 0.0, 1.0
        for s, c in reversed(kept):
            gx += gy * s
            gy *= x * c
        return gx + gy

    return run


def horner(xp: Any) -> Any:
    """A polynomial of degree 50 whose coefficients are differentiated too."""

    def polynomial(params: Any) -> Any:
        x, coefficients = params["x"], params["coefficients"]
        y = coefficients[0]
        for c in coefficients[1:]:
            y = y * x + c
        return y

    return polynomial


def horner_by_hand(inputs: Inputs) -> Run:
    x, coefficients = inputs.params["x"], inputs.params["coefficients"]

    def run() -> Any:
        y, kept = coefficients[0], []
        for c in coefficients[1:]:
            kept.append(y)
            y = y * x + c
        gx, gy, gc = 0.0, 1.0, []
        for y in reversed(kept):
            gc.append(gy)
            gx += gy * y
            gy *= x
        return {"x": gx, "coefficients": [gy, *reversed(gc)]}

    return run


def polynomial_inputs(size: Any) -> Inputs:
    rng = np.random.default_rng(0)
    return Inputs({"x": 0.9, "coefficients": [float(c) for c in rng.normal(size=51)]})


# ---- sqrt, / and log in turn: what it costs that a zero cotangent never meets an infinite partial


def singular(xp: Any) -> Any:
    def total(x: Any) -> Any:
        y = x
        for _ in range(OPERATIONS // 3):
            y = xp.log(x / xp.sqrt(y))
        return xp.sum(y)

    return total


def singular_by_hand(inputs: Inputs) -> Run:
    """Without any care for singular points."""
    x = inputs.params

    def run() -> Any:
        y, kept = x, []
        for _ in range(OPERATIONS // 3):
            root = np.sqrt(y)
            ratio = x / root
            y = np.log(ratio)
            kept.append((root, ratio))
        gx, gy = np.zeros_like(x), np.ones_like(y)
        for root, ratio in reversed(kept):
            gy /= ratio
            gy /= root
            gx += gy
            gy *= -ratio
            gy *= 0.5 / root
        return gx + gy

    return run


CHAIN = "chain of 100, operators"
UFUNCS = "chain of 100, np. functions"
TENSOR_CHAIN = "chain of 100, Tensor.backward()"

WORKLOADS = (
    Workload(
        CHAIN,
        "small operations",
        numbers,
        gradients(operators) | {BY_HAND: by_hand},
        value(operators),
        sizes=(8,),
        quick=(8,),
        operations=lambda _: OPERATIONS,
    ),
    Workload(
        UFUNCS,
        "small operations",
        numbers,
        gradients(ufuncs) | {BY_HAND: by_hand},
        value(ufuncs),
        sizes=(8, 1000),
        quick=(8,),
        operations=lambda _: OPERATIONS,
    ),
    Workload(
        TENSOR_CHAIN,
        "small operations",
        numbers,
        {OURS: backward(methods, fg), TORCH: backward(methods, torch), BY_HAND: by_hand},
        value(methods),
        sizes=(8, 1000),
        quick=(8,),
        operations=lambda _: OPERATIONS,
    ),
    Workload(
        "scalar chain of 100",
        "small operations",
        lambda _: Inputs(0.9),
        gradients(scalar_chain) | {BY_HAND: scalar_chain_by_hand},
        value(scalar_chain),
        operations=lambda _: OPERATIONS,
    ),
    Workload(
        "polynomial of degree 50",
        "small operations",
        polynomial_inputs,
        gradients(horner) | {BY_HAND: horner_by_hand},
        value(horner),
        operations=lambda _: OPERATIONS,
    ),
    Workload(
        "singular chain of 99",
        "small operations",
        lambda size: Inputs(np.linspace(20.0, 30.0, size)),
        gradients(singular) | {BY_HAND: singular_by_hand},
        value(singular),
        sizes=(8, 100_000),
        quick=(8,),
        operations=lambda _: OPERATIONS // 3 * 3,
    ),
)
