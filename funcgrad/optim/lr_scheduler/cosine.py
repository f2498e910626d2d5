"""Learning rates that fall along half a cosine, once or again and again."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.optim.lr_scheduler.base import LRScheduler, set_value
from funcgrad.optim.optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    """The rates fall along half a cosine, and rise again along the other half.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        Steps of half a period.
    eta_min : float
        The lowest rate.
    last_epoch : int

    Examples
    --------
    >>> import funcgrad as fg
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=0.5)
    >>> scheduler = fg.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> round(scheduler.get_last_lr()[0], 6)
    0.25
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def height(self, step: int) -> float:
        """Twice the height of the curve, which goes from one to zero."""
        return 1 + math.cos(math.pi * step / self.T_max)

    def get_lr(self) -> list[Any]:
        self.check_within_step()
        step, low = self.last_epoch, self.eta_min
        if self._is_initial:
            return self.rates
        if self._step_count == 1 and step > 0:
            return [low + (base - low) * self.height(step) / 2 for base in self.base_lrs]
        if (step - 1 - self.T_max) % (2 * self.T_max) == 0:  # from the lowest point up: nothing to go on from
            up = (1 - math.cos(math.pi / self.T_max)) / 2
            return [rate + (base - low) * up for base, rate in zip(self.base_lrs, self.rates, strict=True)]
        ratio = self.height(step) / self.height(step - 1)
        return [ratio * (rate - low) + low for rate in self.rates]

    def _get_closed_form_lr(self) -> list[Any]:
        return [self.eta_min + (base - self.eta_min) * self.height(self.last_epoch) / 2 for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rates fall along half a cosine, then start again from the top.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Steps until the first restart.
    T_mult : int
        What the number of steps is multiplied by at each restart.
    eta_min : float
        The lowest rate.
    last_epoch : int

    Examples
    --------
    >>> import funcgrad as fg
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=0.5)
    >>> scheduler = fg.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 6) for rate in rates]
    [0.5, 0.25, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"T_0 is to be a positive integer, got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"T_mult is to be an integer of at least 1, got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(f"eta_min is to be a number, got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self.check_within_step()
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Set the learning rates of the next step.

        Parameters
        ----------
        epoch : float, optional
            The number of the step, if it is not the next; may have a fraction.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self.locate(epoch)
        self.last_epoch = math.floor(epoch)
        self._get_lr_called_within_step = True
        try:
            rates = self.get_lr()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_value(group, "lr", rate)
        self.note_rates()

    def locate(self, epoch: float) -> None:
        """Find the period in which a step lies."""
        if epoch < 0:
            raise ValueError(f"the number of a step cannot be negative, got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_i, self.T_cur = self.T_0, epoch % self.T_0
        else:
            restarts = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**restarts - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**restarts

    def set_rates(self, epoch: int | None) -> None:
        self.step(epoch)
