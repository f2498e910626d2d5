"""Grad modes: whether operations on tensors are recorded. Context-local, restored on exit."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar
from typing import Any, Self, TypeVar, overload

from funcgrad.core.level import DEPTHS

__all__ = [
    *("GRAD_ENABLED", "INFERENCE", "LIMIT", "enable_grad", "inference_mode", "is_grad_enabled"),
    *("is_inference_mode_enabled", "no_grad", "set_grad_enabled"),
]

F = TypeVar("F", bound=Callable[..., Any])

#: Grad mode is on, but inference mode, around it, records nothing: false for whoever asks whether to record.
INERT = 0

#: Whether operations are recorded.
GRAD_ENABLED: ContextVar[bool | int] = ContextVar("grad_enabled", default=True)
INFERENCE: ContextVar[bool] = ContextVar("inference", default=False)

#: How deep the levels are, at most, at which nothing is recorded: those of the transforms whose function had begun when
#: recording was switched off. Those that begin later record.
LIMIT: ContextVar[int] = ContextVar("limit", default=0)

#: What the modes that are active have replaced, the innermost first. Not kept in the mode object: several threads may
#: enter the same one, and one thread may enter it twice.
REPLACED: ContextVar[Any] = ContextVar("replaced", default=None)


def is_grad_enabled() -> bool:
    """Return whether grad mode is on.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.no_grad():
    ...     fg.is_grad_enabled()
    False
    """
    return GRAD_ENABLED.get() is not False


def is_inference_mode_enabled() -> bool:
    """Return whether :class:`inference_mode` is on."""
    return INFERENCE.get()


def set_grad_mode(enabled: bool) -> None:
    GRAD_ENABLED.set(INERT if enabled and INFERENCE.get() else enabled)
    if not enabled:
        LIMIT.set(next(DEPTHS))


class Mode:
    """A mode as a context manager and as a decorator of functions, generators and coroutines."""

    def again(self) -> Mode:
        """Return another object for the same mode: a decorated function enters one at each call."""
        return type(self)()

    def switch(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> None:
        REPLACED.set((GRAD_ENABLED.get(), INFERENCE.get(), LIMIT.get(), REPLACED.get()))
        self.switch()

    def __exit__(self, *error: object) -> None:
        replaced = REPLACED.get()
        if replaced is not None:
            grad, inference, limit, outer = replaced
            GRAD_ENABLED.set(grad)
            INFERENCE.set(inference)
            LIMIT.set(limit)
            REPLACED.set(outer)

    def __call__(self, function: F) -> F:
        """Decorate a function: it always runs in this mode."""
        found: F = decorated(self, function)
        return found


def decorated(mode: Mode, function: Any) -> Any:
    """Return `function` as one that runs in a mode."""
    if not callable(function):
        raise TypeError(f"{type(mode).__name__} takes the function that it decorates, got {function!r}")
    if inspect.isclass(function):
        warnings.warn(
            f"Decorating a class with {type(mode).__name__} affects its __init__ only: decorate that instead.",
            FutureWarning,
            stacklevel=4,
        )
    if inspect.isgeneratorfunction(function):
        return generator_in(mode, function)
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wait(*args: Any, **kwargs: Any) -> Any:  # each task has a context of its own
            with mode.again():
                return await function(*args, **kwargs)

        return wait
    if inspect.isasyncgenfunction(function):
        return async_generator_in(mode, function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with mode.again():
            return function(*args, **kwargs)

    return call


def generator_in(mode: Mode, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a generator function that is in the mode while it runs, and not while it waits at a ``yield``."""

    @functools.wraps(function)
    def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with mode.again():
            inner = function(*args, **kwargs)
        step, sent = inner.send, None
        while True:
            try:
                with mode.again():
                    item = step(sent)
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield item
                step = inner.send
            except GeneratorExit:
                with mode.again():
                    inner.close()
                raise
            except BaseException as error:
                step, sent = inner.throw, error

    return generate


def async_generator_in(mode: Mode, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an asynchronous generator function that is in the mode while it runs."""

    @functools.wraps(function)
    async def generate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        step, sent = inner.asend, None
        while True:
            try:
                with mode.again():
                    item = await step(sent)
            except StopAsyncIteration:
                return
            try:
                sent = yield item
                step = inner.asend
            except GeneratorExit:
                with mode.again():
                    await inner.aclose()
                raise
            except BaseException as error:
                step, sent = inner.athrow, error

    return generate


class Bare(Mode):
    """A mode without arguments: also decorates without parentheses."""

    @overload
    def __new__(cls, orig_func: None = None) -> Self: ...

    @overload
    def __new__(cls, orig_func: F) -> F: ...  # type: ignore[misc]

    def __new__(cls, orig_func: Any = None) -> Any:
        mode = super().__new__(cls)
        return mode if orig_func is None else decorated(mode, orig_func)


class no_grad(Bare):
    """Switch recording off.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with fg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @fg.no_grad()
    ... def evaluate(x):
    ...     return x * 2
    >>> evaluate(x).requires_grad
    False
    """

    def switch(self) -> None:
        set_grad_mode(False)


class enable_grad(Bare):
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

    def switch(self) -> None:
        set_grad_mode(True)


class set_grad_enabled(Mode):
    """Switch recording on or off: at once, as a function, or for a ``with`` block or a decorated function.

    Parameters
    ----------
    mode : bool

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with fg.set_grad_enabled(False):
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'mode' must be bool, not {type(mode).__name__}")
        self.mode = mode
        self.before = GRAD_ENABLED.get()
        self.switch()

    def again(self) -> Mode:
        return set_grad_enabled(self.mode)

    def switch(self) -> None:
        set_grad_mode(self.mode)

    def __enter__(self) -> None:
        REPLACED.set((self.before, INFERENCE.get(), LIMIT.get(), REPLACED.get()))
        self.switch()

    def __call__(self, function: F) -> F:
        GRAD_ENABLED.set(self.before)  # to decorate changes nothing
        found: F = decorated(self, function)
        return found

    def __repr__(self) -> str:
        return f"set_grad_enabled(mode={self.mode})"


class inference_mode(Mode):
    """Switch recording off, for code whose results take no part in gradients.

    Parameters
    ----------
    mode : bool
        False switches an outer inference mode off, and recording on.

    Notes
    -----
    What is made in this mode are inference tensors (:meth:`Tensor.is_inference`). Outside of it they cannot be written
    to, require gradients, or be saved for a backward pass: use a ``clone()``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with fg.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    @overload
    def __new__(cls, mode: bool = True) -> Self: ...

    @overload
    def __new__(cls, mode: F) -> F: ...  # type: ignore[misc]

    def __new__(cls, mode: Any = True) -> Any:
        new = super().__new__(cls)
        if isinstance(mode, bool):
            return new
        new.__init__(True)  # type: ignore[misc]
        return decorated(new, mode)

    def __init__(self, mode: Any = True) -> None:
        self.mode: bool = mode

    def again(self) -> Mode:
        return type(self)(self.mode)

    def switch(self) -> None:
        INFERENCE.set(False)
        set_grad_mode(not self.mode)
        INFERENCE.set(self.mode)
