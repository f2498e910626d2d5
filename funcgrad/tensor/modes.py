"""Grad modes: whether operations on tensors are recorded. Context-local, restored on exit."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

__all__ = ["enable_grad", "is_grad_enabled", "no_grad"]

GRAD_ENABLED: ContextVar[bool] = ContextVar("grad_enabled", default=True)


def is_grad_enabled() -> bool:
    """Return whether operations on tensors are being recorded."""
    return GRAD_ENABLED.get()


class Mode:
    """A grad mode as a context manager and as a decorator, with and without parentheses."""

    enabled: bool

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        self.function = function
        self.tokens: list[Token[bool]] = []  # a mode object may be entered again while it is active
        if function is not None:
            check_decorated(type(self).__name__, function)
            functools.update_wrapper(self, function, updated=())

    def __enter__(self) -> None:
        self.tokens.append(GRAD_ENABLED.set(self.enabled))

    def __exit__(self, *error: object) -> None:
        GRAD_ENABLED.reset(self.tokens.pop())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Decorate a function; or, where the mode already did (``@no_grad``), call it."""
        if self.function is None:
            return type(self)(*args)
        with type(self)():
            return self.function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


def check_decorated(name: str, function: Any) -> None:
    """Refuse what would run its body after the mode has ended."""
    if not callable(function):
        raise TypeError(f"{name} takes the function that it decorates, got {function!r}")
    lazy = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    if any(is_lazy(function) for is_lazy in lazy):
        raise TypeError(f"{name} cannot decorate a generator or coroutine: use `with {name}():` inside of it")


class no_grad(Mode):
    """Switch recording off.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with fg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    enabled = False


class enable_grad(Mode):
    """Switch recording on again, inside :class:`no_grad`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with fg.no_grad(), fg.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    enabled = True
