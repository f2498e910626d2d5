"""The libraries that take part. One that is not installed is None, and its column shows dashes.

Workloads import the modules from here. A builder is only called when its library is there, so it need not ask.
"""

import os
from importlib import import_module
from typing import Any

#: Set for processes in which one library runs alone; the others are then as if they were not installed.
ALONE = "BENCHMARKS_ALONE"


def optional(name: str) -> Any:
    """The module, or None where it is not installed."""
    if os.environ.get(ALONE, name.split(".")[0]) != name.split(".")[0]:
        return None
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


fg = optional("funcgrad")
autograd = optional("autograd")
anp = optional("autograd.numpy")
torch = optional("torch")
mygrad = optional("mygrad")
jax = optional("jax")
jnp = optional("jax.numpy")

if jax:
    jax.config.update("jax_enable_x64", True)

OURS, COMPILED = "funcgrad", "compiled"
BY_HAND, AUTOGRAD, MYGRAD = "by hand", "autograd", "MyGrad"
TORCH, TORCH_FUNC = "PyTorch", "torch.func"
JAX, JIT = "JAX eager", "jax.jit"

#: Every contestant in the order of the table, and the module without which it cannot run.
MODULES: dict[str, Any] = {
    OURS: fg,
    COMPILED: fg,
    BY_HAND: True,
    AUTOGRAD: autograd,
    TORCH: torch,
    TORCH_FUNC: torch,
    MYGRAD: mygrad,
    JAX: jax,
    JIT: jax,
}

ROOTS = {OURS: "funcgrad", COMPILED: "funcgrad", AUTOGRAD: "autograd", TORCH: "torch", TORCH_FUNC: "torch"} | {
    MYGRAD: "mygrad",
    JAX: "jax",
    JIT: "jax",
}

#: The columns of this project; all others are peers.
OWN = (OURS, COMPILED)
PEERS = tuple(name for name in MODULES if name not in OWN)
