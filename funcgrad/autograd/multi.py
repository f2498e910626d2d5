"""Hooks on several tensors together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.tensor.hooks import RemovableHandle
from funcgrad.tensor.passes import TASKS, WATCHERS, Task
from funcgrad.tensor.shell import Base

__all__ = ["MultiHandle", "register_multi_grad_hook"]


class MultiHandle(RemovableHandle):
    """What removes a hook on several tensors."""

    __slots__ = ("handles", "watcher")

    def __init__(self, handles: Sequence[RemovableHandle], watcher: Any) -> None:
        super().__init__({}, 0)
        self.handles = tuple(handles)
        self.watcher = watcher
        WATCHERS.append(watcher)

    def remove(self) -> None:
        """Remove the hook; a second time does nothing."""
        for handle in self.handles:
            handle.remove()
        WATCHERS[:] = [other for other in WATCHERS if other is not self.watcher]


def register_multi_grad_hook(
    tensors: Sequence[Any], fn: Callable[[Any], None], *, mode: str = "all"
) -> RemovableHandle:
    """Call a function once in each backward pass, when the gradients of several tensors have been computed.

    Parameters
    ----------
    tensors : sequence of Tensor
        That require gradients; with ``mode="any"`` others are left out.
    fn : callable
        ``fn(gradients)`` gets a list, with None for a tensor that the pass does not reach. With ``mode="any"``,
        ``fn(gradient)`` gets the first gradient that is computed. What it returns does not matter.
    mode : {"all", "any"}

    Returns
    -------
    RemovableHandle

    Notes
    -----
    As long as the hook is not removed, backward passes note where they begin, which costs a little.

    Examples
    --------
    >>> import funcgrad as fg
    >>> a, b = fg.ones(2, requires_grad=True), fg.ones(2, requires_grad=True)
    >>> c = a * b
    >>> handle = fg.autograd.graph.register_multi_grad_hook([a, b, c], lambda grads: print(len(grads)))
    >>> c.sum().backward()
    3
    >>> handle.remove()
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = list(tensors)
    for tensor in tensors:
        if not isinstance(tensor, Base):
            raise TypeError(f"register_multi_grad_hook(): expected tensors, got {type(tensor).__name__}")
    if mode == "any":
        first = First(fn)
        return MultiHandle([tensor.register_hook(first) for tensor in tensors if tensor.requires_grad], first)
    if not all(tensor.requires_grad for tensor in tensors):
        raise AssertionError("register_multi_grad_hook(mode='all'): all tensors must require gradients")
    together = Together(tensors, fn)
    return MultiHandle([tensor.register_hook(together.hook(i)) for i, tensor in enumerate(tensors)], together)


class First:
    """Calls a function with the first gradient of each pass."""

    def __init__(self, fn: Callable[[Any], None]) -> None:
        self.fn = fn
        self.done: list[Task] = []  # passes in which it was called, of those that run

    def __call__(self, gradient: Any) -> None:
        self.done = [task for task in self.done if task in TASKS]
        if TASKS[-1] not in self.done:
            self.done.append(TASKS[-1])
            self.fn(gradient)


class Together:
    """Calls a function with the gradients of all tensors that a pass visits."""

    def __init__(self, tensors: Sequence[Any], fn: Callable[[Any], None]) -> None:
        self.nodes = [tensor.node for tensor in tensors]
        self.fn = fn
        self.found: list[tuple[Task, list[Any], set[int]]] = []  # of the passes that run

    def hook(self, number: int) -> Callable[[Any], None]:
        def call(gradient: Any) -> None:
            task = TASKS[-1]
            self.found = [entry for entry in self.found if entry[0] in TASKS]
            if not any(entry[0] is task for entry in self.found):
                expected = {i for i, node in enumerate(self.nodes) if task.visits(node)}
                self.found.append((task, [None] * len(self.nodes), expected))
            _, gradients, missing = next(entry for entry in self.found if entry[0] is task)
            gradients[number] = gradient
            missing.discard(number)
            if not missing:
                self.fn(gradients)

        return call
