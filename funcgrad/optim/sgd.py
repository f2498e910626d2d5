"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.optim.elementwise import Elementwise, Settings, State, check_range
from funcgrad.optim.optimizer import ParamsT

__all__ = ["SGD"]


class SGD(Elementwise):
    """Stochastic gradient descent, with momentum if wanted.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        Learning rate.
    momentum : float
        How much of the last step's direction stays in the next.
    dampening : float
        How much of the gradient does not go into the momentum.
    weight_decay : float
        Weight of the penalty ``sum(p**2) / 2``.
    nesterov : bool
        Whether to step as if the gradient came from one step ahead.
    maximize : bool
        Whether to climb.
    foreach, fused : bool, optional
        Hints that PyTorch's programs give, without effect.
    differentiable : bool
        Whether steps are recorded, so that their derivative can be asked for.

    Raises
    ------
    ValueError
        For negative hyperparameters, and for `nesterov` without momentum or with dampening.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.SGD([w], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).sum().backward()
    ...     optimizer.step()
    >>> w
    tensor([0.6400, 1.2800], requires_grad=True)
    """

    splits_complex = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_range("learning rate", lr)
        check_range("momentum", momentum)
        check_range("weight_decay", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"nesterov needs a momentum above zero and no dampening, got momentum={momentum}, dampening={dampening}"
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        momentum, decay = settings["momentum"], settings["weight_decay"]
        if decay != 0:
            g = g + decay * x
        if momentum != 0:
            v = state.get("momentum_buffer")
            if v is None:
                v = state["momentum_buffer"] = np.zeros_like(x)
                v += g
            else:
                v *= momentum
                v += (1 - settings["dampening"]) * g
            g = g + momentum * v if settings["nesterov"] else v
        x -= settings["lr"] * g
