"""Checkpoints under PyTorch's names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.tensor.generators import get_rng_state, set_rng_state
from funcgrad.transforms.checkpoint import checkpoint as remade
from funcgrad.transforms.repetition import frozen

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    determinism_check: str = "default",
    **kwargs: Any,
) -> Any:
    """Call a function whose derivative computes it again, instead of keeping intermediate values.

    Parameters
    ----------
    function : callable
        Called twice: now, and when the backward pass arrives.
    *args, **kwargs
        Its arguments.
    use_reentrant : bool, optional
        Without effect: there is one way here, which does what PyTorch's newer one does.
    preserve_rng_state : bool
        Whether random numbers are the same the second time (dropout); they are drawn from the default generator.
    determinism_check : str
        ``"default"`` or ``"none"``. The outputs are compared in either case.

    Raises
    ------
    RuntimeError
        From the backward pass, if the function returns something else when it runs again.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> fg.utils.checkpoint.checkpoint(lambda x: (x * x).sum(), x, use_reentrant=False).backward()
    >>> x.grad
    tensor([2., 2.])
    """
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check must be 'default' or 'none', got {determinism_check!r}")
    return remade(Repeatable(function) if preserve_rng_state else function)(*args, **kwargs)


class Repeatable:
    """A function that draws the same random numbers each time."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.again = frozen(function)
        self.state: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.state is None:
            self.state = get_rng_state()
            return self.function(*args, **kwargs)
        now = get_rng_state()
        set_rng_state(self.state)
        try:
            return self.again(*args, **kwargs)
        finally:
            set_rng_state(now)


def checkpoint_sequential(functions: Sequence[Callable[..., Any]], segments: int, input: Any, **options: Any) -> Any:
    """Call functions one after the other, in `segments` checkpoints of about equal length; the last part is kept.

    Parameters
    ----------
    functions : sequence of callable
        Such as an ``nn.Sequential``.
    segments : int
        How many parts.
    input : Tensor
        The argument of the first.
    **options
        Those of :func:`checkpoint`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.utils.checkpoint.checkpoint_sequential([fg.sin, fg.cos, fg.exp], 2, fg.zeros(1))
    tensor([2.7183])
    """
    steps = list(functions)
    size = max(1, len(steps) // segments)
    for start in range(0, size * (segments - 1), size):
        input = checkpoint(functools.partial(in_turn, steps[start : start + size]), input, **options)
    return in_turn(steps[size * (segments - 1) :], input)


def in_turn(functions: Sequence[Callable[..., Any]], x: Any) -> Any:
    for function in functions:
        x = function(x)
    return x
