"""Calling a module: ``forward`` and the hooks around it."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, ParamSpec, Protocol, TypeVar

from funcgrad.nn.gates import BackwardHooks
from funcgrad.tensor.hooks import RemovableHandle, handle

__all__ = ["Called", "Everywhere"]


P = ParamSpec("P")
T = TypeVar("T", covariant=True)


class Forwarding(Protocol[P, T]):
    """For type checkers: what has a ``forward``."""

    @property
    def forward(self) -> Callable[P, T]: ...


class Everywhere:
    """Hooks that are called around every module: :mod:`funcgrad.nn.modules.module` registers them."""

    forward_hooks: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    forward_pre_hooks: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    backward_hooks: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    backward_pre_hooks: ClassVar[OrderedDict[int, Any]] = OrderedDict()


#: Whether there are any: what each call asks.
GLOBAL = (
    *(Everywhere.forward_hooks, Everywhere.forward_pre_hooks),
    *(Everywhere.backward_hooks, Everywhere.backward_pre_hooks),
)


class Called:
    """What happens when a module is called."""

    _forward_hooks: dict[int, Any]
    _forward_pre_hooks: dict[int, Any]
    _backward_hooks: dict[int, Any]
    _backward_pre_hooks: dict[int, Any]

    def _missing(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    forward: Callable[..., Any] = _missing

    if TYPE_CHECKING:  # a call takes and returns what `forward` does

        def __call__(self: Forwarding[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    else:

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            members = self.__dict__
            if not (
                members["_forward_hooks"]
                or members["_forward_pre_hooks"]
                or members["_backward_hooks"]
                or members["_backward_pre_hooks"]
                or any(GLOBAL)
            ):
                return self.forward(*args, **kwargs)
            return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        done: set[int] = set()
        try:
            return self._called(args, kwargs, done)
        except Exception:
            for number, (hook, with_kwargs, always) in self._all_forward_hooks():
                if always and number not in done:
                    try:
                        hook(self, args, kwargs, None) if with_kwargs else hook(self, args, None)
                    except Exception as error:
                        warnings.warn(
                            f"module forward hook with ``always_call=True`` raised an exception: {error}", stacklevel=3
                        )
            raise

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any], done: set[int]) -> Any:
        for hook, with_kwargs in [*Everywhere.forward_pre_hooks.values(), *self._forward_pre_hooks.values()]:
            if with_kwargs:
                new = hook(self, args, kwargs)
                if new is not None:
                    if not (isinstance(new, tuple) and len(new) == 2):
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {new}."
                        )
                    args, kwargs = new
            else:
                new = hook(self, args)
                if new is not None:
                    args = new if isinstance(new, tuple) else (new,)
        hooks = None
        before = [*Everywhere.backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
        behind = [*Everywhere.backward_hooks.values(), *self._backward_hooks.values()]
        if before or behind:
            hooks = BackwardHooks(self, behind, before)
            args = hooks.around_inputs(args)
        result = self.forward(*args, **kwargs)
        for number, (hook, with_kwargs, _) in self._all_forward_hooks():
            done.add(number)
            new = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            if new is not None:
                result = new
        return result if hooks is None else hooks.around_outputs(result)

    def _all_forward_hooks(self) -> list[tuple[int, Any]]:
        return [*Everywhere.forward_hooks.items(), *self._forward_hooks.items()]

    # -- Registration ----------------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; what it returns, if not None, replaces the arguments.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether it comes before the hooks that are there.
        with_kwargs : bool
            Whether it is called as ``hook(module, args, kwargs)`` and may return ``(args, kwargs)``.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` removes the hook.

        Examples
        --------
        >>> import funcgrad as fg
        >>> m = fg.nn.Identity()
        >>> with m.register_forward_pre_hook(lambda module, args: (args[0] + 1,)):
        ...     m(fg.zeros(2))
        tensor([1., 1.])
        """
        return added(self._forward_pre_hooks, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns, if not None, replaces the output.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether it comes before the hooks that are there.
        with_kwargs : bool
            Whether it is called as ``hook(module, args, kwargs, output)``.
        always_call : bool
            Whether it is called, with None for the output, if the call raises.

        Returns
        -------
        RemovableHandle

        Examples
        --------
        >>> import funcgrad as fg
        >>> m = fg.nn.Identity()
        >>> with m.register_forward_hook(lambda module, args, output: output * 2):
        ...     m(fg.ones(2))
        tensor([2., 2.])
        """
        return added(self._forward_hooks, (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are there; it may return others."""
        return added(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are there.

        The gradients are tuples, with None for what has none. What the hook returns, if not None, replaces those of the
        inputs; they are not to be changed in place.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.ones(2, requires_grad=True)
        >>> m = fg.nn.Identity()
        >>> with m.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10,)):
        ...     m(x).sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        return added(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> NoReturn:
        """Raise: PyTorch's older hook sees gradients of the last operation, not of the module."""
        raise NotImplementedError("register_backward_hook is not offered: use register_full_backward_hook")


def added(hooks: dict[int, Any], entry: Any, prepend: bool) -> RemovableHandle:
    new = handle(hooks, entry)
    if prepend:
        hooks.move_to_end(new.id, last=False)  # type: ignore[attr-defined]
    return new
