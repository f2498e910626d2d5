"""Wide graphs: one array with many children, and many leaves."""

from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, gradients, value
from benchmarks.peers import BY_HAND
from benchmarks.suite import Run, Workload

OPERATIONS = 100


def fan_in(xp: Any) -> Any:
    """One array is read a hundred times, and all that is read is joined."""

    def total(x: Any) -> Any:
        return xp.sum(xp.concatenate([x * (0.01 * i) for i in range(OPERATIONS)]) ** 2)

    return total


def torch_fan_in(xp: Any) -> Any:
    def total(x: Any) -> Any:
        return xp.sum(xp.cat([x * (0.01 * i) for i in range(OPERATIONS)]) ** 2)

    return total


def fan_in_by_hand(inputs: Inputs) -> Run:
    x = inputs.params

    def run() -> Any:
        y = np.concatenate([x * (0.01 * i) for i in range(OPERATIONS)])
        gy = (2 * y).reshape(OPERATIONS, -1)
        g = np.zeros_like(x)
        for i in range(OPERATIONS):
            g += gy[i] * (0.01 * i)
        return g

    return run


def tree(xp: Any) -> Any:
    """A hundred leaves in dicts, each used once."""

    def total(params: Any) -> Any:
        y = 0.0
        for layer in params.values():
            y = y + xp.sum(layer["scale"] * layer["shift"])
        return y

    return total


def tree_by_hand(inputs: Inputs) -> Run:
    params = inputs.params

    def run() -> Any:
        return {
            key: {"scale": np.ones(8) * layer["shift"], "shift": np.ones(8) * layer["scale"]}
            for key, layer in params.items()
        }

    return run


def tree_inputs(size: Any) -> Inputs:
    rng = np.random.default_rng(0)
    return Inputs({f"layer {i}": {"scale": rng.normal(size=8), "shift": rng.normal(size=8)} for i in range(50)})


WORKLOADS = (
    Workload(
        "fan-in of 100",
        "small operations",
        lambda size: Inputs(np.linspace(0.5, 1.5, size)),
        gradients(fan_in, torch_text=torch_fan_in) | {BY_HAND: fan_in_by_hand},
        value(fan_in),
        sizes=(8,),
        quick=(8,),
        operations=lambda _: OPERATIONS,
    ),
    Workload(
        "tree of 100 leaves",
        "small operations",
        tree_inputs,
        gradients(tree) | {BY_HAND: tree_by_hand},
        value(tree),
        operations=lambda _: OPERATIONS,
    ),
)
