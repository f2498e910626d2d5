"""Rprop, which goes by the gradient's signs, and ASGD, which averages its way."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.elementwise import Elementwise, Settings, State, check_range, into
from funcgrad.optim.memory import number, scalar
from funcgrad.optim.optimizer import ParamsT

__all__ = ["ASGD", "Rprop"]


class Rprop(Elementwise):
    """Steps by the sign of the gradient: longer ones where it stays, shorter ones where it changes.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        Length of the first steps.
    etas : tuple of float
        What the length is multiplied by where the sign has changed, and where it has not.
    step_sizes : tuple of float
        The shortest and the longest step.
    capturable : bool
        A hint that PyTorch's programs give, without effect.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.
    maximize : bool
        Whether to climb.
    differentiable : bool
        Whether steps are recorded, so that their derivative can be asked for.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_range("learning rate", lr)
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        lr = settings["lr"]
        size = np.full_like(x, complex(lr, lr) if x.dtype.kind == "c" else lr)
        return {"step": scalar(0.0), "prev": np.zeros_like(x), "step_size": size}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        state["step"] += 1
        last, size = state["prev"], state["step_size"]
        shrink, grow = settings["etas"]
        shortest, longest = settings["step_sizes"]
        agreement = sign(g * last)
        factor = 1 + np.maximum(agreement, 0) * (grow - 1) + np.minimum(agreement, 0) * (1 - shrink)
        into(size, np.clip(size * factor, shortest, longest))
        g = np.where(agreement < 0, np.zeros_like(g), g)  # where the sign has changed there is no step this time
        x -= sign(g) * size
        into(last, g)


class ASGD(Elementwise):
    """Stochastic gradient descent that keeps the mean of where it has been, as ``state[p]["ax"]``.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        Learning rate.
    lambd : float
        How fast the parameters decay and steps become shorter.
    alpha : float
        Power by which steps become shorter.
    t0 : float
        The step at which averaging begins.
    weight_decay : float
        Weight of the penalty ``sum(p**2) / 2``.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.
    maximize : bool
        Whether to climb.
    differentiable : bool
        Whether steps are recorded, so that their derivative can be asked for.
    capturable : bool
        A hint that PyTorch's programs give, without effect.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_range("learning rate", lr)
        check_range("weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        counts = {"step": scalar(0.0), "eta": scalar(number(settings["lr"])), "mu": scalar(1.0)}
        return counts | {"ax": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        state["step"] += 1
        t, eta, mu = float(state["step"]), float(state["eta"]), float(state["mu"])
        lr, lambd, mean = settings["lr"], settings["lambd"], state["ax"]
        if settings["weight_decay"] != 0:
            g = g + settings["weight_decay"] * x
        x *= 1 - lambd * eta
        x -= eta * g
        if mu != 1:
            mean += (x - mean) * mu
        else:
            into(mean, x)
        into(state["eta"], rounded(lr / (1 + lambd * lr * t) ** settings["alpha"]))
        into(state["mu"], rounded(1 / max(1, t - settings["t0"])))


def sign(x: Any) -> Any:
    """Return the sign of elements; of what is no number, zero."""
    return np.nan_to_num(np.sign(x))


def rounded(value: Any) -> float:
    """Return a number in the precision of counts, also where a loaded state has another."""
    return float(scalar(number(value)))
