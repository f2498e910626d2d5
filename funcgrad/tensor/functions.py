"""Function nodes as users see them: a tensor's ``grad_fn``."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

from funcgrad.core.graph import Node, Output
from funcgrad.core.hooks import Extra, extra_of, places_of_constants, watch
from funcgrad.tensor.hooks import RemovableHandle, handle, node_hook, node_prehook
from funcgrad.tensor.root import AccumulateGrad, grad_fn_name

__all__ = ["GradFn", "Hookable", "grad_fn", "next_functions_of"]


class Hookable:
    """What every ``grad_fn`` offers: hooks, and room for notes."""

    __slots__ = ()

    def attached(self, hooked: bool) -> Extra:
        """Return what is attached to the node."""
        raise NotImplementedError

    @property
    def metadata(self) -> dict[Any, Any]:
        """Room for notes about the node."""
        return self.attached(hooked=False).metadata

    def register_prehook(self, fn: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``fn(grad_outputs)`` before each step of this node; it may return what replaces them.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.ones(2, requires_grad=True)
        >>> y = x * 2
        >>> handle = y.grad_fn.register_prehook(lambda grads: (grads[0] * 10,))
        >>> y.sum().backward()
        >>> x.grad
        tensor([20., 20.])
        """
        return handle(self.attached(hooked=True).before, node_prehook(fn))

    def register_hook(self, fn: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call ``fn(grad_inputs, grad_outputs)`` after each step of this node; it may return new ``grad_inputs``.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.ones(2, requires_grad=True)
        >>> y = x.exp()
        >>> handle = y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 0,))
        >>> y.sum().backward()
        >>> x.grad
        tensor([0., 0.])
        """
        return handle(self.attached(hooked=True).after, node_hook(fn))


class GradFn(Hookable):
    """A tensor's ``grad_fn``: a Function node as PyTorch shows it."""

    __slots__ = ("__weakref__", "node")

    node: Node

    def attached(self, hooked: bool) -> Extra:
        return watch(self.node) if hooked else extra_of(self.node)

    def name(self) -> str:
        """Return PyTorch's name of the Function."""
        name = grad_fn_name(self.node)
        return f"torch::autograd::{name}" if name in ("AccumulateGrad", "CopyBackwards", "CopySlices") else name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes of the inputs, each with the number of its output; None for an input without gradient."""
        return next_functions_of(self.node)

    @property
    def variable(self) -> Any:
        """The leaf tensor to whose ``.grad`` this node adds."""
        if not isinstance(self.node, AccumulateGrad):
            raise AttributeError(f"{type(self).__name__} has no variable: only the nodes of leaf tensors have one")
        return self.node.tensor()

    @property
    def requires_grad(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and other.node is self.node

    def __hash__(self) -> int:
        return hash(id(self.node))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self.node):#x}>"


def next_functions_of(node: Any) -> tuple[tuple[Any, int], ...]:
    before, after = places_of_constants(node)
    parents = [
        (None, 0) if parent is None else (grad_fn(parent), parent.index if isinstance(parent, Output) else 0)
        for parent in node.parents
    ]
    return (*[(x, 0) for x in before], *parents, *[(x, 0) for x in after])


@functools.cache
def class_of(name: str) -> type[GradFn]:
    return type(name, (GradFn,), {"__slots__": ()})


def grad_fn(node: Any) -> Any:
    """Return the ``grad_fn`` for a node: the same as long as somebody holds it."""
    if isinstance(node, Output):
        node = node.call
    own = getattr(node, "context", None)  # of a Function that the user has written
    if own is not None:
        return own
    extra = extra_of(node)
    fn = extra.shown() if extra.shown is not None else None
    if fn is None:
        fn = class_of(grad_fn_name(node))()
        fn.node = node
        extra.shown = weakref.ref(fn)
    return fn
