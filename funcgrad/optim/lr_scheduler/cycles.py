"""Learning rates that rise and fall, and momenta that do the opposite."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

from funcgrad.optim.lr_scheduler.base import LRScheduler, check_optimizer, each, set_value
from funcgrad.optim.optimizer import Optimizer

__all__ = ["CyclicLR", "OneCycleLR"]

Group = dict[str, Any]


def check_momentum(optimizer: Optimizer) -> bool:
    """Return whether what cycles is the first beta; refuse optimizers without momentum."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError("cycle_momentum=True needs an optimizer with momentum or betas; else set it to False")
    return "betas" in optimizer.defaults


def set_momentum(group: Group, value: float, use_beta1: bool) -> None:
    if use_beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class CyclicLR(LRScheduler):
    """The rates go up and down between two values; if wanted the momenta go down and up.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float or list of float
        Between which values.
    step_size_up : int
    step_size_down : int, optional
        By default as many steps as up.
    mode : {"triangular", "triangular2", "exp_range"}
        Whether cycles are of the same height, each half as high as the one before, or ``gamma ** step`` as high.
    gamma : float
    scale_fn : callable, optional
        The height, of the number of the cycle or of the step; `mode` does not count then.
    scale_mode : {"cycle", "iterations"}
        What `scale_fn` is a function of.
    cycle_momentum : bool
    base_momentum, max_momentum : float or list of float
        Between which values; the momentum is highest where the rate is lowest.
    last_epoch : int

    Examples
    --------
    >>> import funcgrad as fg
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=0.5, momentum=0.9)
    >>> scheduler = fg.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.25, max_lr=0.5, step_size_up=2)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.25, 0.375, 0.5, 0.375]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        first = each("base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for rate, group in zip(first, optimizer.param_groups, strict=True):
                set_value(group, "lr", rate)
        self.max_lrs = each("max_lr", max_lr, optimizer)
        down = float(step_size_up) if step_size_down is None else float(step_size_down)
        self.total_size = float(step_size_up) + down
        self.step_ratio = float(step_size_up) / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"mode {mode!r} is none of triangular, triangular2, exp_range, and there is no scale_fn")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = check_momentum(optimizer)
            self.base_momentums = each("base_momentum", base_momentum, optimizer)
            self.max_momentums = each("max_momentum", max_momentum, optimizer)
            if last_epoch == -1:
                pairs = zip(self.base_momentums, self.max_momentums, optimizer.param_groups, strict=True)
                for low, high, group in pairs:
                    set_momentum(group, high, self.use_beta1)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = first

    def scale_fn(self, x: float) -> float:
        """Return how high a cycle is."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return float(1 / 2.0 ** (x - 1) if self.mode == "triangular2" else self.gamma**x)

    def get_lr(self) -> list[Any]:
        self.check_within_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        up = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            triples = zip(self.base_momentums, self.max_momentums, self.optimizer.param_groups, strict=True)
            for low, high, group in triples:
                set_momentum(group, high - (high - low) * up * scale, self.use_beta1)
        return [base + (high - base) * up * scale for base, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Return what a program needs to go on later; of a callable `scale_fn` that is no function, the attributes."""
        state = super().state_dict()
        function = state.pop("_scale_fn_custom")
        plain = function is None or isinstance(function, types.FunctionType | functools.partial)
        return state | {"_scale_fn_custom": None if plain else dict(vars(function))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` has returned; `scale_fn` stays."""
        rest = dict(state_dict)
        saved = rest.pop("_scale_fn_custom", None)
        super().load_state_dict(rest)
        if saved is not None and self._scale_fn_custom is not None:
            vars(self._scale_fn_custom).update(saved)


class OneCycleLR(LRScheduler):
    """The rates rise to a maximum, then fall far below the first ones; the momenta do the opposite.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float or list of float
    total_steps : int, optional
        Or else `epochs` and `steps_per_epoch`, whose product it is.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        Which part of the steps the rise takes, between 0 and 1.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool
    base_momentum, max_momentum : float or list of float
        Between which values; the momentum is highest where the rate is lowest.
    div_factor : float
        The first rate is the largest, divided by this.
    final_div_factor : float
        The last rate is the first, divided by this.
    three_phase : bool
        Whether the rates fall as they rose first, and to the lowest value then.
    last_epoch : int

    Examples
    --------
    >>> import funcgrad as fg
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=0.5, momentum=0.9)
    >>> scheduler = fg.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> round(scheduler.get_last_lr()[0], 6)
    0.04
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1 or not isinstance(pct_start, float):
            raise ValueError(f"pct_start is to be a float between 0 and 1, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy is to be 'cos' or 'linear', got {anneal_strategy!r}")
        self._schedule_phases = phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        highest = each("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for high, group in zip(highest, optimizer.param_groups, strict=True):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = check_momentum(optimizer)
            lows, highs = each("base_momentum", base_momentum, optimizer), each("max_momentum", max_momentum, optimizer)
            if last_epoch == -1:
                for low, high, group in zip(lows, highs, optimizer.param_groups, strict=True):
                    set_momentum(group, high, self.use_beta1)
                    group["max_momentum"], group["base_momentum"] = high, low
        first = [group["initial_lr"] for group in optimizer.param_groups] if last_epoch == -1 else []
        for rate, group in zip(first, optimizer.param_groups, strict=False):
            set_value(group, "lr", rate)
        super().__init__(optimizer, last_epoch)

    def between(self, start: float, end: float, part: float) -> float:
        """Return a value on the way from one to another."""
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)

    def get_lr(self) -> list[Any]:
        self.check_within_step()
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"step {self.last_epoch} lies behind the end: the total number of steps is {self.total_steps}"
            )
        begin, phase = 0.0, self._schedule_phases[0]
        for following in self._schedule_phases[1:]:
            if self.last_epoch <= phase["end_step"]:
                break
            begin, phase = phase["end_step"], following
        part = (self.last_epoch - begin) / (phase["end_step"] - begin)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self.between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                momentum = self.between(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                set_momentum(group, momentum, self.use_beta1)
        return rates


def steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """Return how many steps there are, given in one of two ways."""
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("the number of steps is missing: give total_steps, or both epochs and steps_per_epoch")
    given = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    product = 1
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"{name} is to be a positive integer, got {value}")
        product *= value
    return product


def phases(total: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Return when each phase ends, and between which entries of a group it goes."""

    def phase(end: float, lr: tuple[str, str], momentum: tuple[str, str]) -> dict[str, Any]:
        return {
            "end_step": end,
            "start_lr": f"{lr[0]}_lr",
            "end_lr": f"{lr[1]}_lr",
            "start_momentum": f"{momentum[0]}_momentum",
            "end_momentum": f"{momentum[1]}_momentum",
        }

    rise = phase(float(pct_start * total) - 1, ("initial", "max"), ("max", "base"))
    if not three_phase:
        return [rise, phase(total - 1, ("max", "min"), ("base", "max"))]
    fall = phase(float(2 * pct_start * total) - 2, ("max", "initial"), ("base", "max"))
    return [rise, fall, phase(total - 1, ("initial", "min"), ("max", "max"))]
