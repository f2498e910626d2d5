"""Variations of Adam: Adamax, NAdam, RAdam."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.adam import average, average_square, check, count, decayed
from funcgrad.optim.elementwise import Elementwise, Settings, State, check_range, into
from funcgrad.optim.memory import scalar
from funcgrad.optim.optimizer import ParamsT

__all__ = ["Adamax", "NAdam", "RAdam"]


class Adamax(Elementwise):
    """Adam with the largest gradient, slowly forgotten, in the place of the root of the mean square.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr, betas, eps, weight_decay, foreach, maximize, differentiable, capturable
        As in :class:`Adam`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        return {"step": scalar(0.0), "exp_avg": np.zeros_like(x), "exp_inf": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        t = count(state)
        beta1, beta2 = settings["betas"]
        m, largest = state["exp_avg"], state["exp_inf"]
        g = decayed(x, g, settings)
        average(m, g, beta1)
        into(largest, np.maximum(beta2 * largest, abs(g) + settings["eps"]))
        x -= settings["lr"] / (1 - beta1**t) * m / largest


class NAdam(Elementwise):
    """Adam with Nesterov's momentum.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable
        As in :class:`Adam`.
    momentum_decay : float
        How fast the momentum grows to its final value.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944, 1.8944], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr, betas, eps, weight_decay)
        check_range("momentum_decay", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        counts = {"step": scalar(0.0), "mu_product": scalar(1.0)}
        return counts | {"exp_avg": np.zeros_like(x), "exp_avg_sq": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        t = count(state)
        lr, (beta1, beta2), decay = settings["lr"], settings["betas"], settings["momentum_decay"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        g = decayed(x, g, settings)
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * decay))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * decay))
        state["mu_product"] *= mu
        product = float(state["mu_product"])
        average(m, g, beta1)
        average_square(v, g, beta2)
        root = np.sqrt(v / (1 - beta2**t)) + settings["eps"]
        x -= lr * (1 - mu) / (1 - product) * g / root
        x -= lr * mu_next / (1 - product * mu_next) * m / root


class RAdam(Elementwise):
    """Adam that steps by the mean gradient alone until the estimate of its square can be trusted.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable
        As in :class:`Adam`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        return {"step": scalar(0.0), "exp_avg": np.zeros_like(x), "exp_avg_sq": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        t = count(state)
        beta1, beta2 = settings["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        g = decayed(x, g, settings)
        average(m, g, beta1)
        average_square(v, g, beta2)
        size = settings["lr"] / (1 - beta1**t)
        longest = 2 / (1 - beta2) - 1  # the length of the mean that is averaged over, in the end and now
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        if length > 5:
            trust = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            x -= size * (trust * (1 - beta2**t)) ** 0.5 * m / (np.sqrt(v) + settings["eps"])
        else:
            x -= size * m
