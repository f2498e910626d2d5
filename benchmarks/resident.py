"""How much memory each library takes: ``python -m benchmarks.resident NAME`` runs one of them alone.

Bytes are the growth of the resident memory of the process, so they are counted for every library alike. Each has a
process of its own, in which the allocator takes every large array from the system and gives it back when it is freed.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, arrays, gradients
from benchmarks.machine import kept_bytes, peak_bytes
from benchmarks.peers import (
    ALONE,
    AUTOGRAD,
    BY_HAND,
    JAX,
    MODULES,
    MYGRAD,
    OURS,
    ROOTS,
    TORCH,
    anp,
    autograd,
    fg,
    jax,
    jnp,
    mygrad,
    torch,
)
from benchmarks.suite import Run, own

SIZE = 2_000_000
ROUNDS = 5
OPERATIONS = 4 * ROUNDS

PEAK, KEPT, KEPT_TENSOR = "peak of 20 operations", "kept by 5 of tanh and *", "kept by 5 of tanh and *, Tensor"
KEPT_LINEAR, KEPT_NETWORK = "kept by 15 linear operations", "kept by two layers, of 40000 x 50"


# ---- twenty cheap operations on one array


def root(xp: Any) -> Any:
    """Each operation reads and writes more than it computes."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(ROUNDS):
            y = xp.sqrt((y * x + x) * 0.5)
        return xp.sum(y)

    return total


def by_hand(inputs: Inputs) -> Run:
    x = inputs.params

    def run() -> Any:
        y, kept = x, []
        for _ in range(ROUNDS):
            z = y * x
            z += x
            z *= 0.5
            np.sqrt(z, out=z)
            kept.append((y, z))
            y = z
        gx, gy = np.zeros_like(x), np.ones_like(x)
        for y, z in reversed(kept):
            gy /= z
            gy *= 0.25  # the root's 1/2, and the half inside it
            gx += gy
            gx += gy * y
            gy *= x
        return gx + gy

    return run


def field(size: int) -> Inputs:
    return Inputs(np.linspace(0.5, 1.5, size))


BUILDERS = gradients(root) | {BY_HAND: by_hand}
NAME = "20 operations on a large array"


# ---- what the forward pass keeps for the backward pass

TENSORS = {OURS: fg, TORCH: torch}


def tanh_product(xp: Any) -> Any:
    """Nonlinear operations, which need their results or operands."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(ROUNDS):
            y = xp.tanh(y) * x
        return xp.sum(y)

    return total


def linear(xp: Any) -> Any:
    """Operations whose backward pass needs nothing of them."""

    def total(x: Any) -> Any:
        y = x
        for _ in range(ROUNDS):
            y = (y + x) * 0.5 - x
        return xp.sum(y)

    return total


def network(xp: Any) -> Any:
    """Two wide layers on a large batch; the weights are the parameters."""

    def total(w: Any, x: Any) -> Any:
        for _ in range(2):
            x = xp.tanh(x @ w + 1.0)
        return xp.sum(x)

    return total


def tensor_recordings(text: Any, inputs: Inputs) -> dict[str, Callable[[], Any]]:
    """The same of our tensors and PyTorch's, which both refer to the argument: its owner has it anyway."""
    made = {name: library.tensor(inputs.params, requires_grad=True) for name, library in TENSORS.items() if library}
    return {name: partial(own(text)(TENSORS[name]), leaf) for name, leaf in made.items()}


def recordings(text: Any, inputs: Inputs) -> dict[str, Callable[[], Any]]:
    """In each library, the forward pass; what it returns keeps alive all that the backward pass needs."""
    params, data = inputs.params, inputs.data
    runs: dict[str, Callable[[], Any]] = {}
    if fg:
        runs[OURS] = lambda: fg.vjp(lambda p: own(text)(np)(p, *data), params)
    if autograd:
        make = autograd.core.make_vjp
        runs[AUTOGRAD] = lambda: make(lambda p: own(text)(anp)(p, *data), params)
    if torch:
        leaf, given = torch.tensor(params, requires_grad=True), arrays(torch.tensor, data)
        runs[TORCH] = lambda: own(text)(torch)(leaf, *given)
    if mygrad:
        tensor = mygrad.tensor(params)
        runs[MYGRAD] = lambda: own(text)(mygrad)(tensor, *data)
    if jax:
        there, constants = jnp.asarray(params), arrays(jnp.asarray, data)
        runs[JAX] = lambda: jax.block_until_ready(jax.vjp(lambda p: own(text)(jnp)(p, *constants), there))
    return runs


# ---- one library alone


def measured(name: str) -> dict[str, float]:
    """In arrays of the size of the input."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(SIZE // 50, 50))
    programs = {
        KEPT: recordings(tanh_product, field(SIZE)),
        KEPT_TENSOR: tensor_recordings(tanh_product, field(SIZE)),
        KEPT_LINEAR: recordings(linear, field(SIZE)),
        KEPT_NETWORK: recordings(network, Inputs(rng.normal(size=(50, 50)) / 10, (rows,))),
    }
    found: dict[str, int | None] = {}
    for title, runs in programs.items():
        run = runs.get(name)
        if run:
            found[title] = settled(kept_bytes, run)
    if name in BUILDERS:
        run = BUILDERS[name](field(SIZE))
        if run:
            found[PEAK] = settled(peak_bytes, run)
    return {title: amount / (8 * SIZE) for title, amount in found.items() if amount is not None}


def settled(measure: Callable[[Run], int | None], run: Run) -> int | None:
    """What a call takes after a first one, which compiles and fills pools."""
    run()
    gc.collect()
    return measure(run)


@cache
def alone(name: str) -> dict[str, float]:
    """What a process of its own finds for one library."""
    wanted = {ALONE: ROOTS.get(name, "none"), "MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
    command = [sys.executable, "-m", "benchmarks.resident", name]
    done = subprocess.run(command, env={**os.environ, **wanted}, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    asked = sys.argv[1]
    if asked not in MODULES:
        raise SystemExit(f"no such contestant: {asked}; they are {', '.join(MODULES)}")
    print(json.dumps(measured(asked)))
