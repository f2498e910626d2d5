"""Adam, which estimates the gradient's first two moments, and AdamW."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.elementwise import Elementwise, Settings, State, check_betas, check_range, into
from funcgrad.optim.memory import scalar
from funcgrad.optim.optimizer import ParamsT

__all__ = ["Adam", "AdamW", "average", "average_square", "check", "count", "decayed"]


def check(lr: Any, betas: Any, eps: float, weight_decay: float) -> None:
    check_range("learning rate", lr)
    check_range("epsilon", eps)
    check_betas(betas)
    check_range("weight_decay", weight_decay)


def count(state: State) -> float:
    """Add to the count of steps, and return it."""
    state["step"] += 1
    return float(state["step"])


def average(m: Any, x: Any, beta: float) -> None:
    """Move a running average towards `x`, in place."""
    m += (x - m) * (1 - beta)


def average_square(v: Any, x: Any, beta: float) -> None:
    """Move a running average towards the square of `x`, in place."""
    v *= beta
    v += (1 - beta) * x * x


def decayed(x: Any, g: Any, settings: Settings) -> Any:
    """Let the parameters decay, in place (decoupled) or through the gradient, which is returned."""
    decay = settings["weight_decay"]
    if decay == 0:
        return g
    if settings.get("decoupled_weight_decay", False):
        x *= 1 - settings["lr"] * decay
        return g
    return g + decay * x


class Adam(Elementwise):
    """Adam: steps by the running mean of the gradient over the root of that of its square.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        Learning rate.
    betas : tuple of float
        How slowly the two running means forget.
    eps : float
        Added to the root, so that the quotient stays finite.
    weight_decay : float
        Weight of the penalty ``sum(p**2) / 2``.
    amsgrad : bool
        Whether to divide by the largest mean square so far.
    foreach, fused : bool, optional
        Hints that PyTorch's programs give, without effect.
    maximize : bool
        Whether to climb.
    capturable : bool
        A hint that PyTorch's programs give, without effect.
    differentiable : bool
        Whether steps are recorded, so that their derivative can be asked for.
    decoupled_weight_decay : bool
        Whether the parameters decay by themselves, as in :class:`AdamW`, not through the gradient.

    Raises
    ------
    ValueError
        For hyperparameters out of range.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check(lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        state = {"step": scalar(0.0), "exp_avg": np.zeros_like(x), "exp_avg_sq": np.zeros_like(x)}
        if settings["amsgrad"]:
            state["max_exp_avg_sq"] = np.zeros_like(x)
        return state

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        t = count(state)
        beta1, beta2 = settings["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        g = decayed(x, g, settings)
        average(m, g, beta1)
        average_square(v, g, beta2)
        if settings["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            into(largest, np.maximum(largest, v))
            v = largest
        root = np.sqrt(v) / (1 - beta2**t) ** 0.5 + settings["eps"]
        x -= settings["lr"] / (1 - beta1**t) * m / root


class AdamW(Adam):
    """Adam whose parameters decay by themselves, not through the gradient.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr, betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused
        As in :class:`Adam`.
    weight_decay : float
        A step multiplies the parameters by ``1 - lr * weight_decay``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8500, 1.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
