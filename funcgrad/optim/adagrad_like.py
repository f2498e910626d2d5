"""Optimizers that divide by the root of a sum or mean of squared gradients: Adagrad, RMSprop, Adadelta."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.elementwise import Elementwise, Settings, State, check_range
from funcgrad.optim.memory import numbers, scalar
from funcgrad.optim.optimizer import ParamsT

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


class RMSprop(Elementwise):
    """Divides by the root of a running mean of the squared gradient.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        Learning rate.
    alpha : float
        How slowly the running mean forgets.
    eps : float
        Added to the root, so that the quotient stays finite.
    weight_decay : float
        Weight of the penalty ``sum(p**2) / 2``.
    momentum : float
        How much of the last step's direction stays in the next.
    centered : bool
        Whether to divide by the running standard deviation instead.
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
    >>> optimizer = fg.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_range("learning rate", lr)
        check_range("epsilon", eps)
        check_range("momentum", momentum)
        check_range("weight_decay", weight_decay)
        check_range("alpha", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        state = {"step": scalar(0.0), "square_avg": np.zeros_like(x)}
        if settings["momentum"] > 0:
            state["momentum_buffer"] = np.zeros_like(x)
        if settings["centered"]:
            state["grad_avg"] = np.zeros_like(x)
        return state

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        state["step"] += 1
        lr, alpha, eps = settings["lr"], settings["alpha"], settings["eps"]
        if settings["weight_decay"] != 0:
            g = g + settings["weight_decay"] * x
        v = state["square_avg"]
        v *= alpha
        v += (1 - alpha) * g * g
        if settings["centered"]:
            m = state["grad_avg"]
            m += (g - m) * (1 - alpha)
            root = np.sqrt(v - m * m) + eps
        else:
            root = np.sqrt(v) + eps
        if settings["momentum"] > 0:
            direction = state["momentum_buffer"]
            direction *= settings["momentum"]
            direction += g / root
            x -= lr * direction
        else:
            x -= lr * g / root


class Adagrad(Elementwise):
    """Divides by the root of the sum of all squared gradients.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        Learning rate.
    lr_decay : float
        Step `t` is divided by ``1 + (t - 1) * lr_decay``.
    weight_decay : float
        Weight of the penalty ``sum(p**2) / 2``.
    initial_accumulator_value : float
        What the sum begins with.
    eps : float
        Added to the root, so that the quotient stays finite.
    foreach, fused : bool, optional
        Hints that PyTorch's programs give, without effect.
    maximize : bool
        Whether to climb.
    differentiable : bool
        Whether steps are recorded, so that their derivative can be asked for.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_range("learning rate", lr)
        check_range("lr_decay", lr_decay)
        check_range("weight_decay", weight_decay)
        check_range("initial_accumulator_value", initial_accumulator_value)
        check_range("epsilon", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with hyperparameters of its own; its sums begin at once."""
        super().add_param_group(param_group)
        for p in param_group["params"]:
            self.begin(p, numbers(param_group))

    def fresh(self, x: Array, settings: Settings) -> State:
        begin = settings["initial_accumulator_value"]
        return {
            "step": scalar(0.0),
            "sum": np.full_like(x, complex(begin, begin) if x.dtype.kind == "c" else begin),
        }

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        state["step"] += 1
        lr = settings["lr"] / (1 + (float(state["step"]) - 1) * settings["lr_decay"])
        if settings["weight_decay"] != 0:
            g = g + settings["weight_decay"] * x
        total = state["sum"]
        total += g * g
        x -= lr * g / (np.sqrt(total) + settings["eps"])


class Adadelta(Elementwise):
    """Steps as long as the root of the mean square of the steps before, relative to that of the gradient.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        What steps are multiplied by.
    rho : float
        How slowly the running means forget.
    eps : float
        Added to the mean squares, which begin with zero.
    weight_decay : float
        Weight of the penalty ``sum(p**2) / 2``.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.
    capturable : bool
        A hint that PyTorch's programs give, without effect.
    maximize : bool
        Whether to climb.
    differentiable : bool
        Whether steps are recorded, so that their derivative can be asked for.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = fg.optim.Adadelta([w], lr=10)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9684, 1.9684], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_range("learning rate", lr)
        check_range("rho", rho, lambda rho: 0 <= rho <= 1)
        check_range("epsilon", eps)
        check_range("weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        return {"step": scalar(0.0), "square_avg": np.zeros_like(x), "acc_delta": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        state["step"] += 1
        rho, eps = settings["rho"], settings["eps"]
        v, lengths = state["square_avg"], state["acc_delta"]
        if settings["weight_decay"] != 0:
            g = g + settings["weight_decay"] * x
        v *= rho
        v += (1 - rho) * g * g
        delta = np.sqrt(lengths + eps) / np.sqrt(v + eps) * g
        lengths *= rho
        lengths += (1 - rho) * delta * delta
        x -= settings["lr"] * delta
