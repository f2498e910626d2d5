"""Optimizers that see a parameter as a matrix: Adafactor and Muon."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.elementwise import Elementwise, Settings, State, check_range
from funcgrad.optim.memory import scalar
from funcgrad.optim.optimizer import ParamsT

__all__ = ["Adafactor", "Muon"]


def towards(old: Any, new: Any, part: float) -> None:
    """Move an array a part of the way to another, in place."""
    old += part * (new - old)


def root_mean_square(x: Array) -> float:
    return math.sqrt(float(np.mean(np.abs(x) ** 2))) if x.size else 0.0


class Adafactor(Elementwise):
    """Adam's scaling from the row and column means of squared gradients alone, which take little memory.

    Parameters
    ----------
    params : iterable of Tensor or dict
    lr : float or Tensor
        The largest step, relative to the size of the parameter.
    beta2_decay : float
        The power of the step count with which the means forget less and less.
    eps : pair of float
        The least root mean square of a gradient (None for that of the dtype), and of a parameter.
    d : float
        The largest root mean square of an update.
    weight_decay : float
        By what part of `lr` the parameter shrinks in each step.
    foreach : bool, optional
        A hint without effect.
    maximize : bool
        Whether to climb.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.ones(2, 2, requires_grad=True)
    >>> optimizer = fg.optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([[0.9000, 0.9000],
            [0.9000, 0.9000]], requires_grad=True)
    """

    splits_complex = False
    by_elements = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_range("learning rate", lr)
        check_range("beta2_decay", beta2_decay, lambda x: x <= 0)
        if eps[0] is not None:
            check_range("epsilon1", eps[0])
        check_range("epsilon2", eps[1])
        check_range("clipping threshold d", d, lambda x: x >= 1)
        check_range("weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": False,
        }
        super().__init__(params, defaults)

    def fresh(self, x: Array, settings: Settings) -> State:
        if x.dtype.kind == "c":
            raise RuntimeError("Adafactor does not support complex parameters")
        state = {"step": scalar(0.0)}
        if x.ndim > 1:
            rows = np.zeros_like(x, shape=(*x.shape[:-1], 1))
            return state | {"row_var": rows, "col_var": np.zeros_like(x, shape=(*x.shape[:-2], 1, x.shape[-1]))}
        return state | {"variance": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        state["step"] += 1
        t, lr = float(state["step"]), settings["lr"]
        least, least_size = settings["eps"]
        least = float(np.finfo(x.dtype).eps) if least is None else least
        part = t ** settings["beta2_decay"]
        length = max(least_size, root_mean_square(x)) * min(lr, 1 / math.sqrt(t))
        if settings["weight_decay"] != 0:
            x *= 1 - lr * settings["weight_decay"]
        squares = g * g
        if g.ndim > 1:
            rows, columns = state["row_var"], state["col_var"]
            towards(rows, np.mean(squares, axis=-1, keepdims=True), part)
            towards(columns, np.mean(squares, axis=-2, keepdims=True), part)
            estimate = rows @ columns / np.maximum(np.mean(rows, axis=-2, keepdims=True), least)
        else:
            towards(state["variance"], squares, part)
            estimate = state["variance"]
        step = g / np.sqrt(np.maximum(estimate, least * least))
        x -= length / max(1.0, root_mean_square(step) / settings["d"]) * step


class Muon(Elementwise):
    """Momentum whose matrices are made orthogonal, approximately, before each step.

    Parameters
    ----------
    params : iterable of Tensor or dict
        Matrices.
    lr : float or Tensor
    weight_decay : float
        By what part of `lr` the parameter shrinks in each step.
    momentum : float
        How much of the mean of gradients stays in the next.
    nesterov : bool
        Whether to step as if the gradient came from one step ahead.
    ns_coefficients : three floats
        Of the polynomial that brings singular values close to one.
    eps : float
        The least norm that matrices are divided by.
    ns_steps : int
        How often the polynomial is applied.
    adjust_lr_fn : str, optional
        ``"original"`` (the default) makes steps of tall matrices larger, ``"match_rms_adamw"`` as large as AdamW's.

    Notes
    -----
    PyTorch rounds to bfloat16 on the way; here the parameter's own dtype is kept.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.eye(2, requires_grad=True)
    >>> optimizer = fg.optim.Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> bool((w.detach().diagonal() < 0.95).all())
    True
    """

    by_elements = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_range("learning rate", lr)
        check_range("momentum", momentum)
        check_range("weight decay", weight_decay)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"adjust_lr_fn is to be 'original' or 'match_rms_adamw', got {adjust_lr_fn!r}")
        if ns_steps >= 100:
            raise ValueError(f"ns_steps must be less than 100, got {ns_steps}")
        if len(ns_coefficients) != 3:
            raise ValueError(f"ns_coefficients must be three numbers, got {len(ns_coefficients)}")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
            "maximize": False,
            "differentiable": False,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.dim() != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def fresh(self, x: Array, settings: Settings) -> State:
        if x.dtype.kind == "c":
            raise RuntimeError("Muon does not support complex parameters")
        return {"momentum_buffer": np.zeros_like(x)}

    def update(self, x: Any, g: Any, state: State, settings: Settings) -> None:
        mean, momentum, lr = state["momentum_buffer"], settings["momentum"], settings["lr"]
        towards(mean, g, 1 - momentum)
        step = g + momentum * (mean - g) if settings["nesterov"] else mean
        step = orthogonalized(step, settings["ns_coefficients"], settings["ns_steps"], settings["eps"])
        rows, columns = x.shape
        by_size = 0.2 * math.sqrt(max(rows, columns)), math.sqrt(max(1, rows / columns))
        x *= 1 - lr * settings["weight_decay"]
        x -= lr * by_size[settings["adjust_lr_fn"] != "match_rms_adamw"] * step


def orthogonalized(x: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """Bring the singular values close to one, by a polynomial."""
    a, b, c = coefficients
    tall = x.shape[0] > x.shape[1]
    y = x.T if tall else x
    y = y / np.maximum(np.sqrt(np.sum(y * y)), eps)
    for _ in range(steps):
        gram = y @ y.T
        y = a * y + (b * gram + c * (gram @ gram)) @ y
    return y.T if tall else y
