"""Weight averaging: a learning rate that settles, and the averages themselves."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.modules.batchnorm import BatchNorm
from funcgrad.optim.lr_scheduler.base import LRScheduler, each
from funcgrad.optim.memory import number
from funcgrad.optim.optimizer import Optimizer
from funcgrad.tensor.factory import tensor
from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn"),
    "update_bn",
]

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[list[Tensor], list[Tensor], Any], None]


class SWALR(LRScheduler):
    """The rates go from what they are to `swa_lr`, and stay there.

    Parameters
    ----------
    optimizer : Optimizer
    swa_lr : float or list of float
    anneal_epochs : int
        Number of steps on the way.
    anneal_strategy : {"cos", "linear"}
    last_epoch : int

    Examples
    --------
    >>> import funcgrad as fg
    >>> optimizer = fg.optim.SGD([fg.ones(1, requires_grad=True)], lr=0.5)
    >>> scheduler = fg.optim.swa_utils.SWALR(optimizer, 0.25, anneal_epochs=2, anneal_strategy="linear")
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.375]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for rate, group in zip(each("swa_lr", swa_lr, optimizer), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy is to be 'cos' or 'linear', got {anneal_strategy!r}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be an integer that is not negative, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def part(self, step: float) -> float:
        """Return how much of the way is done at a step."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[Any]:
        self.check_within_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self.part(step - 1), self.part(step)
        rates = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            first = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            rates.append(goal * now + first * (1 - now))
        return rates


# -- Averages ----------------------------------------------------------------------------------------------------


def check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"decay is to be between 0 and 1, got {decay}")


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return a function of an average, a value and a count that gives the next exponential moving average.

    Examples
    --------
    >>> import funcgrad as fg
    >>> average = fg.optim.swa_utils.get_ema_avg_fn(0.5)
    >>> average(fg.tensor(1.0), fg.tensor(2.0), 1)
    tensor(1.5000)
    """
    check_decay(decay)

    def average(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            moved: Tensor = decay * ema_param + (1 - decay) * current_param
        return moved

    return average


def get_swa_avg_fn() -> Average:
    """Return a function of an average, a value and the number of values so far that gives the next mean.

    Examples
    --------
    >>> import funcgrad as fg
    >>> average = fg.optim.swa_utils.get_swa_avg_fn()
    >>> average(fg.tensor(1.0), fg.tensor(4.0), 2)
    tensor(2.)
    """

    def average(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            moved: Tensor = averaged_param + (current_param - averaged_param) / (num_averaged + 1)
        return moved

    return average


def of_lists(average: Average) -> Averages:
    """Return the function that writes into lists of averages what a function of one gives."""

    def averages(averaged: list[Tensor], current: list[Tensor], num_averaged: Any) -> None:
        with no_grad():
            for a, x in zip(averaged, current, strict=True):
                a.copy_(average(a, x, number(num_averaged)))

    return averages


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """Return :func:`get_ema_avg_fn` for lists, of which the first is written to."""
    return of_lists(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Averages:
    """Return :func:`get_swa_avg_fn` for lists, of which the first is written to."""
    return of_lists(get_swa_avg_fn())


# -- Models ------------------------------------------------------------------------------------------------------


class AveragedModel(Module):
    """A copy of a module whose parameters are averages of those that the module has had.

    Parameters
    ----------
    model : Module
    device : device, optional
        Where to put the averages.
    avg_fn : callable, optional
        From an average, a value and the number of values so far to the next average; by default their mean.
    multi_avg_fn : callable, optional
        The same for lists, of which the first is written to.
    use_buffers : bool
        Whether buffers are averaged, too; otherwise they are copied.

    Examples
    --------
    >>> import funcgrad as fg
    >>> model = fg.nn.Linear(1, 1, bias=False)
    >>> averaged = fg.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 3.0):
    ...     _ = fg.nn.init.constant_(model.weight, value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.weight.item()
    2.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the averaged module."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the parameters of `model` into the averages."""
        pairs = list(zip(self.members(self.module), self.members(model), strict=True))
        with no_grad():
            if int(self.n_averaged) == 0:
                for mine, new in pairs:
                    mine.copy_(new)
            else:
                self.average(pairs)
            if not self.use_buffers:
                for mine, new in zip(self.module.buffers(), model.buffers(), strict=True):
                    mine.copy_(new)
            self.n_averaged.add_(1)

    def members(self, model: Module) -> list[Any]:
        return [*model.parameters(), *(model.buffers() if self.use_buffers else ())]

    def average(self, pairs: list[tuple[Any, Any]]) -> None:
        floats = [(mine, new.to(mine.device)) for mine, new in pairs if mine.is_floating_point() or mine.is_complex()]
        if self.multi_avg_fn is not None:
            self.multi_avg_fn([mine for mine, _ in floats], [new for _, new in floats], self.n_averaged)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            for mine, new in floats:
                mine.copy_(average(mine, new, self.n_averaged))
        for mine, new in pairs:  # counts are not averaged
            if not (mine.is_floating_point() or mine.is_complex()):
                mine.copy_(new)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running means and variances of a module's batch normalizations again, over all data once.

    Parameters
    ----------
    loader : iterable
        Of inputs, or of lists and tuples that begin with one.
    model : Module
    device : device, optional
        Where to put the inputs.

    Examples
    --------
    >>> import funcgrad as fg
    >>> model = fg.nn.BatchNorm1d(1)
    >>> fg.optim.swa_utils.update_bn([fg.tensor([[1.0], [3.0]])], model)
    >>> model.running_mean
    tensor([2.])
    """
    momenta = {}
    for module in model.modules():
        if isinstance(module, BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    try:
        for module in momenta:
            module.momentum = None  # the mean over all batches
        with no_grad():
            for batch in loader:
                input = batch[0] if isinstance(batch, list | tuple) else batch
                model(input if device is None else input.to(device))
    finally:
        for module, momentum in momenta.items():
            module.momentum = momentum
        model.train(was_training)
