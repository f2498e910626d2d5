"""Hooks that users register on tensors and nodes: they see tensors, and what they return is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.hooks import register
from funcgrad.tensor.shell import Base, peek, wrap

__all__ = ["RemovableHandle", "handle", "node_hook", "node_prehook", "outward", "tensor_hook"]


class RemovableHandle:
    """What registering a hook returns: removes it again.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with x.register_hook(lambda g: 10 * g):
    ...     x.sum().backward()
    >>> x.sum().backward()
    >>> x.grad
    tensor([11., 11.])
    """

    __slots__ = ("__weakref__", "hooks", "id")

    def __init__(self, hooks: dict[int, Any], number: int) -> None:
        self.hooks = hooks
        self.id = number

    def remove(self) -> None:
        """Remove the hook; a second time does nothing."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def handle(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
    """Add a hook, and return what removes it."""
    return RemovableHandle(hooks, register(hooks, hook))


def outward(g: Any) -> Any:
    """Return a cotangent as users see gradients, or the other way round: for complex numbers, the conjugate."""
    return np.conj(g) if g.dtype.kind == "c" else g


def shown(g: Any) -> Any:
    return None if g is None else wrap(np.asarray(outward(g)) if isinstance(g, np.generic) else outward(g))


def name_of(hook: Any) -> str:
    return str(getattr(hook, "__name__", hook))


def taken(hook: Any, new: Any, old: Any) -> Any:
    """Check what a hook returned for a cotangent, and return it as one."""
    if not isinstance(new, Base):
        raise TypeError(f"expected a Tensor, but hook returned {type(new).__name__!r}")
    g = peek(new)
    if old is not None and g.shape != old.shape:
        raise RuntimeError(
            f"hook {name_of(hook)!r} has changed the size of value: from {list(old.shape)} to {list(g.shape)}"
        )
    if old is not None and g.dtype != old.dtype:
        raise RuntimeError(f"hook {name_of(hook)!r} has changed the type of value: from {old.dtype} to {g.dtype}")
    return outward(g)


def tensor_hook(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a hook of a tensor as the graph calls it."""

    def call(g: Any) -> Any:
        new = hook(shown(g))
        return None if new is None else taken(hook, new, g)

    return call


def replaced(hook: Any, new: Any, old: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(new, tuple):
        raise TypeError(f"expected a tuple, but hook returned {type(new).__name__!r}")
    if len(new) != len(old):
        raise RuntimeError(
            f"hook {name_of(hook)!r} has returned an incorrect number of values (got {len(new)}, expected {len(old)})"
        )
    return tuple([None if g is None else taken(hook, g, before) for g, before in zip(new, old, strict=True)])


def node_prehook(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a hook before a node's step as the graph calls it."""

    def call(gs: tuple[Any, ...]) -> Any:
        new = hook(tuple([shown(g) for g in gs]))
        return None if new is None else replaced(hook, new, gs)

    return call


def node_hook(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a hook after a node's step as the graph calls it."""

    def call(inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> Any:
        new = hook(tuple([shown(g) for g in inputs]), tuple([shown(g) for g in outputs]))
        return None if new is None else replaced(hook, new, inputs)

    return call
