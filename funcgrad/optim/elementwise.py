"""Optimizers that treat every element of a parameter alike: a subclass states what one step does to it.

The statement, ``update``, is NumPy text that changes arrays in place. It runs on the memory of parameters, where no
graph is made; with ``differentiable=True`` the same text runs on the tensors themselves, and is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.memory import number, numbers, parts, scalar, write
from funcgrad.optim.optimizer import Closure, Optimizer, ParamsT
from funcgrad.tensor.modes import enable_grad
from funcgrad.tensor.shell import wrap
from funcgrad.tensor.tensor import Tensor

__all__ = ["Elementwise", "check_betas", "check_options", "check_range", "into"]

Settings: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]


BLOCK = 2**16  # elements


class Elementwise(Optimizer):
    """An optimizer whose step treats all elements alike, and the parts of complex numbers as two elements."""

    by_elements = True  # False where the update looks at a parameter as a whole
    splits_complex = True  # False where the update is the same for complex numbers as a whole, and shorter

    def __init__(self, params: ParamsT, defaults: Settings) -> None:
        check_options(defaults)
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        """Return what is remembered of a parameter of the shape and dtype of `x` before its first step."""
        return {}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        """Change a parameter `x`, and what is remembered of it, in place by its gradient `g`."""
        raise NotImplementedError

    def step(self, closure: Closure | None = None) -> Any:
        """Change the parameters by their gradients, once.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients again, and returns the loss.

        Returns
        -------
        Tensor or None
            What `closure` has returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with np.errstate(all="ignore"):  # as in PyTorch, infinite gradients make infinite parameters
            for group in self.param_groups:
                recorded = group["differentiable"]
                settings = group if recorded else numbers(group)
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    self.begin(p, settings)
                    if recorded:
                        with enable_grad():
                            self.record(p, settings)
                    else:
                        self.advance(p, settings)
        return loss

    def begin(self, p: Tensor, settings: Settings) -> None:
        """Make what is remembered of a parameter, if there is nothing yet."""
        if not self.state.get(p):
            made = self.fresh(p.memory(), numbers(settings) if settings["differentiable"] else settings)
            if made:
                self.state[p] = {name: wrap(array) for name, array in made.items()}

    def advance(self, p: Tensor, settings: Settings) -> None:
        """Update a parameter's memory."""
        assert p.grad is not None
        g, kept = p.grad.values(), self.state.get(p, {})
        for name, value in kept.items():
            if isinstance(value, int | float):  # what older programs have saved
                kept[name] = wrap(scalar(value))
        arrays = {name: value.memory() for name, value in kept.items() if value is not None}
        if settings["maximize"]:
            g = -g
        if self.splits_complex and g.dtype.kind == "c":
            g = parts(g)
            arrays = {name: parts(array) for name, array in arrays.items()}
            write(p, lambda x: self.update(parts(x), g, arrays, settings))
        elif (
            self.by_elements
            and g.size > 16 * BLOCK
            and isinstance(g, np.ndarray)
            and (arrays or not settings.get("momentum"))
        ):
            write(p, lambda x: self.update_in_blocks(x, g, arrays, settings))
        else:
            write(p, lambda x: self.update(x, g, arrays, settings))
        for name in arrays:
            if kept.get(name) is None:
                self.state[p][name] = wrap(arrays[name])

    def takes_blocks(self, g: Array) -> bool:
        return self.by_elements and g.size > 16 * BLOCK and isinstance(g, np.ndarray)

    def update_in_blocks(self, x: Array, g: Array, state: State, settings: Settings) -> None:
        """Update a large array on the host in parts, whose temporaries stay in the cache: three times as fast."""
        if not all(array.flags.c_contiguous for array in (x, g, *state.values())):
            self.update(x, g, state, settings)
            return
        shape, (x, g) = x.shape, (x.reshape(-1), g.reshape(-1))
        large = {name: array.reshape(-1) for name, array in state.items() if array.shape == shape}
        counts = {name: array for name, array in state.items() if array.shape != shape}
        for begin in range(0, x.size, BLOCK):
            part = slice(begin, begin + BLOCK)
            last = begin + BLOCK >= x.size
            once = {name: array if last else array.copy() for name, array in counts.items()}
            self.update(x[part], g[part], once | {name: array[part] for name, array in large.items()}, settings)

    def record(self, p: Tensor, settings: Settings) -> None:
        """Update a parameter by operations on tensors, whose derivatives are wanted."""
        assert p.grad is not None
        if p.is_complex():
            raise NotImplementedError(f"{type(self).__name__}(differentiable=True) takes real parameters only")
        kept = self.state.get(p, {})
        state = {name: value.clone() for name, value in kept.items()}  # the graph may hold the old ones
        self.update(p, -p.grad if settings["maximize"] else p.grad, state, settings)
        if state:
            self.state[p] = state


def into(target: Any, value: Any) -> None:
    """Write a value into an array or tensor."""
    target[...] = value


# -- Hyperparameters ------------------------------------------------------------------------------------------------


def check_range(name: str, value: Any, fits: Callable[[Any], bool] = lambda x: x >= 0) -> None:
    """Raise ValueError for a hyperparameter that does not fit (by default, a negative one); ``nan`` never does."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"{name}: a tensor must hold a single number, got shape {list(value.shape)}")
    if not fits(number(value)):
        raise ValueError(f"Invalid {name} value: {value}")


def check_betas(betas: Any) -> None:
    """Raise ValueError unless both decay rates are in [0, 1)."""
    for i, beta in enumerate(betas):
        check_range(f"beta parameter at index {i}", beta, lambda b: 0 <= b < 1)


def check_options(defaults: Settings) -> None:
    """Refuse options that contradict each other."""
    if defaults.get("fused") and defaults.get("differentiable"):
        raise RuntimeError("fused=True and differentiable=True contradict each other: a fused step is not recorded")
    if defaults.get("fused") and defaults.get("foreach"):
        raise RuntimeError("fused=True and foreach=True ask for different implementations: give one of them")
    if defaults.get("foreach") and isinstance(defaults.get("lr"), Tensor):
        raise ValueError(
            "a learning rate that is a tensor does not go with foreach=True: give a number, or leave foreach out"
        )
