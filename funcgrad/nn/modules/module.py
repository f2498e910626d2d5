"""Hooks around every module that is called, for debugging and measuring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad.nn.calling import Everywhere
from funcgrad.nn.module import Module as Module
from funcgrad.tensor.hooks import RemovableHandle, handle

__all__ = [
    *("Module", "register_module_forward_hook", "register_module_forward_pre_hook"),
    *("register_module_full_backward_hook", "register_module_full_backward_pre_hook"),
]

Hook = Callable[..., Any]


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's ``forward``; it may return other arguments.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.nn.modules.module.register_module_forward_pre_hook(lambda module, args: print(module)):
    ...     _ = fg.nn.ReLU()(fg.ones(1))
    ReLU()
    """
    return handle(Everywhere.forward_pre_hooks, (hook, False))


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's ``forward``; it may return another output.

    Parameters
    ----------
    hook : callable
    with_kwargs : bool
        Whether it is called as ``hook(module, args, kwargs, output)``.
    always_call : bool
        Whether it is called, with None for the output, if the call raises.

    Examples
    --------
    >>> import funcgrad as fg
    >>> hook = lambda module, args, output: print(tuple(output.shape))
    >>> with fg.nn.modules.module.register_module_forward_hook(hook):
    ...     _ = fg.nn.Linear(2, 3)(fg.ones(4, 2))
    (4, 3)
    """
    return handle(Everywhere.forward_hooks, (hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` when the gradients of a module's outputs are there; it may return others."""
    return handle(Everywhere.backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` when the gradients of a module's inputs are there."""
    return handle(Everywhere.backward_hooks, hook)
