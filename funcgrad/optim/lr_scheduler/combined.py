"""Schedulers one after the other, and several at once."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any

from funcgrad.optim.lr_scheduler.base import LRScheduler, check_optimizer, set_value
from funcgrad.optim.lr_scheduler.plateau import ReduceLROnPlateau
from funcgrad.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class Combined(LRScheduler):
    """Base class of schedulers that are made of others."""

    _schedulers: list[LRScheduler]

    def check(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> Optimizer:
        """Refuse schedulers that are none, that need a measured value, or that belong to several optimizers."""
        name = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{name} needs at least one scheduler")
        optimizer = optimizer or schedulers[0].optimizer
        check_optimizer(optimizer)
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name}: scheduler {i} has no optimizer, got {type(scheduler).__name__}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{name} cannot combine ReduceLROnPlateau, whose step needs a value (scheduler {i})")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{name} expects all schedulers to belong to one optimizer; scheduler {i} does not")
        return optimizer

    def state_dict(self) -> dict[str, Any]:
        """Return what a program needs to go on later, also of the schedulers."""
        left_out = ("optimizer", "_schedulers")
        state = {name: value for name, value in self.__dict__.items() if name not in left_out}
        return state | {"_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` has returned."""
        self.__dict__.update({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for scheduler, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(saved)


class SequentialLR(Combined):
    """Schedulers one after the other.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
    milestones : list of int
        The steps at which the second and further schedulers begin.
    last_epoch : int

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=1.0)
    >>> warm, decay = ConstantLR(optimizer, factor=0.5), ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = SequentialLR(optimizer, [warm, decay], milestones=[2])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self.optimizer = self.check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR expects one milestone fewer than schedulers, got {len(schedulers)} schedulers and "
                f"{len(milestones)} milestones"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:  # all schedulers have begun when they were made: only the first shall
            set_value(group, "lr", group["initial_lr"])
        for scheduler in schedulers:
            undo(scheduler)
        first = schedulers[bisect.bisect_right(milestones, 0)]
        first.begin()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Set the learning rates of the next step."""
        self.last_epoch += 1
        i = bisect.bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler.set_rates(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def undo(scheduler: LRScheduler) -> None:
    """Take a scheduler's first step back; as in PyTorch, of a combined one those of its parts, but not its own."""
    if isinstance(scheduler, Combined):
        for part in scheduler._schedulers:
            undo(part)
    elif hasattr(scheduler, "last_epoch"):
        scheduler.last_epoch -= 1


class ChainedScheduler(Combined):
    """Several schedulers at once, whose factors multiply.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
    optimizer : Optimizer, optional
        The one to which they belong.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=1.0)
    >>> parts = [ConstantLR(optimizer, factor=0.5), ExponentialLR(optimizer, gamma=0.5)]
    >>> scheduler = ChainedScheduler(parts)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.optimizer = self.check(schedulers, optimizer)
        self._schedulers = list(schedulers)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def step(self) -> None:  # type: ignore[override]
        """Set the learning rates of the next step."""
        for scheduler in self._schedulers:
            scheduler.step()
        self.note_rates()
