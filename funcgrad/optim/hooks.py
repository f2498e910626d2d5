"""What may be called before and after an optimizer steps, saves and loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad.tensor.hooks import RemovableHandle, handle

__all__ = ["Hooked"]

Hook = Callable[..., Any]


class Hooked:
    """Registers hooks; :class:`funcgrad.optim.Optimizer` calls them."""

    def __init__(self) -> None:
        self.step_pre_hooks: dict[int, Hook] = {}
        self.step_post_hooks: dict[int, Hook] = {}
        self.state_dict_pre_hooks: dict[int, Hook] = {}
        self.state_dict_post_hooks: dict[int, Hook] = {}
        self.load_state_dict_pre_hooks: dict[int, Hook] = {}
        self.load_state_dict_post_hooks: dict[int, Hook] = {}

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return other arguments.

        Examples
        --------
        >>> import funcgrad as fg
        >>> optimizer = fg.optim.SGD([fg.ones(2, requires_grad=True)])
        >>> handle = optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: print("before"))
        >>> optimizer.step()
        before
        >>> handle.remove()
        """
        return handle(self.step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return handle(self.step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before the state is returned; `prepend` puts it before the other hooks."""
        return placed(self.state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` with the state that is returned; it may return another."""
        return placed(self.state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before a state is loaded; it may return another."""
        return placed(self.load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after a state was loaded."""
        return placed(self.load_state_dict_post_hooks, hook, prepend)


def placed(hooks: dict[int, Hook], hook: Hook, prepend: bool) -> RemovableHandle:
    """Add a hook behind the others, or before them."""
    others = dict(hooks)
    new = handle(hooks, hook)
    if prepend:
        for key in others:
            hooks[key] = hooks.pop(key)
    return new
