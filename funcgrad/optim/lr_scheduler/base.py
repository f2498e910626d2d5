"""LRScheduler: what changes learning rates from step to step."""

from __future__ import annotations

import functools
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.optim.memory import number
from funcgrad.optim.optimizer import Optimizer
from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.tensor import Tensor

__all__ = ["Factors", "LRScheduler", "check_optimizer", "each", "set_value"]


def check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def set_value(group: dict[str, Any], name: str, value: Any) -> None:
    """Set a hyperparameter of a group; one that is a tensor keeps its identity."""
    if isinstance(group[name], Tensor):
        with no_grad():
            group[name].fill_(number(value))
    else:
        group[name] = value


def kept(value: Any) -> Any:
    """Return a hyperparameter to be remembered: of a tensor, which changes, a copy."""
    return value.detach().clone() if isinstance(value, Tensor) else value


def each(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Return a value for each group, from a list of as many or from one for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"expected {groups} values of {name}, one for each parameter group, got {len(value)}")
    return list(value)


class LRScheduler:
    """Base class of schedulers: subclasses define ``get_lr``.

    A scheduler is asked for the learning rates when it is made, and at each :meth:`step`, which is called after
    the optimizer's.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        Number of the last step, for a program that goes on; -1 begins.

    Attributes
    ----------
    base_lrs : list
        Learning rates of the groups at the beginning.
    last_epoch : int
        Number of steps so far.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Halving(fg.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [rate * 0.5**self.last_epoch for rate in self.base_lrs]
    >>> optimizer = fg.optim.SGD([fg.ones(2, requires_grad=True)], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        if last_epoch == -1:
            for group in optimizer.param_groups:
                group.setdefault("initial_lr", kept(group["lr"]))  # another scheduler may have begun before
        else:
            for i, group in enumerate(optimizer.param_groups):
                if "initial_lr" not in group:
                    raise KeyError(
                        f"to go on from last_epoch={last_epoch}, group {i} of the optimizer needs 'initial_lr'"
                    )
        self.optimizer = optimizer
        self.base_lrs: list[Any] = [kept(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self._is_initial = False
        self._get_lr_called_within_step = False
        self._last_lr: list[Any] = []
        if not optimizer.watched:
            optimizer.watched, optimizer.stepped = True, False
        self.begin()

    def begin(self) -> None:
        """Set the first learning rates."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """Return the learning rates for this step, one for each group of the optimizer."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def get_last_lr(self) -> list[Any]:
        """Return the learning rates that were set last."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Set the learning rates of the next step.

        Parameters
        ----------
        epoch : int, optional
            The number of the step, if it is not the next. PyTorch advises against it.
        """
        if self._step_count == 1:
            self.check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(
                "scheduler.step(epoch) is deprecated: call step() without the number of the step",
                UserWarning,
                stacklevel=2,
            )
        self.set_rates(epoch)

    def set_rates(self, epoch: int | None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                closed = getattr(self, "_get_closed_form_lr", None)
                rates = self.get_lr() if closed is None else closed()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_value(group, "lr", rate)
        self.note_rates()

    def note_rates(self) -> None:
        self._last_lr = [kept(group["lr"]) for group in self.optimizer.param_groups]

    def check_order(self) -> None:
        """Warn if the first step comes before the optimizer's."""
        if not self.optimizer.stepped:
            overridden = "step" in vars(self.optimizer)
            warnings.warn(
                "optimizer.step() was replaced after the scheduler was made: its calls cannot be seen"
                if overridden
                else "lr_scheduler.step() was called before optimizer.step(): the first learning rate is never used. "
                "Call them in the opposite order",
                UserWarning,
                stacklevel=3,
            )

    def check_within_step(self) -> None:
        """Warn if the rates are asked for outside of a step, where they are those of the step after the next."""
        if not self._get_lr_called_within_step:
            warnings.warn("the learning rates that were set last are those of get_last_lr()", UserWarning, stacklevel=3)

    @property
    def rates(self) -> list[Any]:
        """The learning rates that the optimizer has now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    # -- Saving --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return what a program needs to go on later: all attributes but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` has returned."""
        self.__dict__.update(state_dict)


Function = Callable[[int], float]


class Factors(LRScheduler):
    """Base class of schedulers that are given a function, or one for each group."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Function | Sequence[Function], last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.lr_lambdas: list[Any] = each("lr_lambda", lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return what a program needs to go on later; functions cannot be saved, of other callables the attributes."""
        state = super().state_dict() | {"lr_lambdas": [None] * len(self.lr_lambdas)}
        for i, function in enumerate(self.lr_lambdas):
            if not isinstance(function, types.FunctionType | functools.partial | types.BuiltinFunctionType):
                state["lr_lambdas"][i] = dict(vars(function))
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` has returned; the functions stay."""
        self.__dict__.update({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                function.__dict__.update(saved)
