"""What ``forward`` and ``backward`` of a Function share: ``ctx``, which is also the ``grad_fn`` of the results."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.graph import Node, Output, Pending, freed, send
from funcgrad.core.hooks import Extra, hooked_class
from funcgrad.core.space import Space, project, space_of
from funcgrad.tensor.functions import Hookable, grad_fn
from funcgrad.tensor.hooks import outward
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.saved import Saved
from funcgrad.tensor.shell import Base, peek, wrap

__all__ = ["FunctionCtx", "FunctionNode", "checked_gradients", "gradients_of"]


class FunctionCtx(Hookable):
    """The context of one call: what ``forward`` leaves for ``backward``. Any attribute may be set on it."""

    _function: Any  # the Function's class; set on the class that is made for each

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self.materialize_grads = True
        self.to_save: tuple[Any, ...] = ()
        self.saved_for_forward: tuple[Any, ...] | None = None
        self.dirty_tensors: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()
        self._saved: list[Any] | None = []
        self._links: tuple[Node | None, ...] = ()
        self._extra = Extra()
        self._node: Any = None  # a weak reference

    # -- For `forward` and `setup_context`

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors, or None, for ``saved_tensors``."""
        for number, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Base):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {number} is of type "
                    f"{type(tensor).__name__}: set what is no Tensor as an attribute of ctx"
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for ``saved_tensors`` in ``jvp``."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Base):
                raise TypeError("save_for_forward can only save tensors")
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """State which inputs ``forward`` has written into; they must be among its outputs."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """State which outputs have no derivative."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """State whether ``backward`` gets zeros, not None, where no gradient arrives."""
        self.materialize_grads = value

    # -- For `backward`

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was kept by ``save_for_backward``."""
        if self._saved is None:
            freed()
        return tuple([x.get() if isinstance(x, Saved) else x for x in self._saved])

    # -- As a grad_fn

    def attached(self, hooked: bool) -> Extra:
        node = self._node and self._node()
        if hooked and node is not None and not node.asks_hooks:
            cls: Any = type(node)
            node.__class__ = hooked_class(cls)
        return self._extra

    def name(self) -> str:
        """Return the name of the Function, as a ``grad_fn``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes of the inputs that are tensors, each with the number of its output."""
        return tuple(
            [
                (None, 0) if link is None else (grad_fn(link), link.index if isinstance(link, Output) else 0)
                for link in self._links
            ]
        )

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} object at {id(self):#x}>"


class FunctionNode(Node):
    """One call of a Function in the graph. Its outputs are :class:`Output` nodes."""

    __slots__ = ("__weakref__", "context", "inputs", "links", "output_space")

    is_named = True

    def __init__(self, context: FunctionCtx, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.extra = context._extra
        self.context = context
        self.links = tuple([x.node for x in inputs if isinstance(x, Base)])
        self.inputs = tuple([space_of(x.payload) if isinstance(x, Base) else None for x in inputs])
        self.output_space = tuple([space_of(y.payload) if isinstance(y, Base) else None for y in outputs])
        context._links = self.links
        context._node = weakref.ref(self)

    def pull(self, g: Any, pending: Pending) -> None:
        context = self.context
        given = gradients_of(context, g, self.output_space)
        found = checked_gradients(context, given, self.inputs)
        tensors = [(c, space) for c, space in zip(found, self.inputs, strict=True) if space is not None]
        for link, (c, space) in zip(self.links, tensors, strict=True):
            if link is not None and c is not None:
                send(link, project(c, space), False, pending)

    def release(self) -> None:
        if self.context._saved:
            self.context._saved = None

    @property
    def name(self) -> str:
        return self.context.name()

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links


def gradients_of(context: FunctionCtx, gs: Sequence[Any], spaces: Sequence[Space | None]) -> list[Any]:
    """Return the cotangents of the outputs as ``backward`` takes them."""
    given: list[Any] = []
    for g, space in zip(gs, spaces, strict=True):
        if g is None and space is not None and context.materialize_grads:
            g = np.zeros(space.shape, space.dtype)
        given.append(None if g is None else wrap(np.asarray(outward(g)) if isinstance(g, np.generic) else outward(g)))
    return given


def checked_gradients(context: FunctionCtx, given: Sequence[Any], spaces: Sequence[Space | None]) -> list[Any]:
    """Run ``backward``, check what it returns, and return the cotangents of the inputs."""
    name = context.name()
    found = context._function.backward_rule()(context, *given)
    results = list(found) if isinstance(found, tuple) else [found]
    if len(results) > len(spaces) and all(c is None for c in results[len(spaces) :]):
        results = results[: len(spaces)]
    if len(results) != len(spaces):
        raise RuntimeError(
            f"function {name} returned an incorrect number of gradients (expected {len(spaces)}, got {len(results)}): "
            "one for each argument of forward belongs there, None for those that are no tensors"
        )
    cotangents: list[Any] = []
    for number, (c, space) in enumerate(zip(results, spaces, strict=True)):
        if c is None:
            cotangents.append(None)
            continue
        if space is None:
            raise RuntimeError(
                f"function {name} returned a gradient different from None at position {number + 1}, but the "
                "corresponding forward input was not a Variable"
            )
        if not isinstance(c, Base):
            raise RuntimeError(f"function {name}: expected Variable or None (got {type(c).__name__})")
        g = peek(c)
        if g.dtype.kind == "c" and space.is_inexact and not space.is_complex:
            raise RuntimeError(
                f"Function {name} returned a complex gradient at index {number}, but the argument is real: "
                "take its real part"
            )
        try:
            fits = np.broadcast_shapes(g.shape, space.shape) == g.shape
        except ValueError:
            fits = False
        if not fits and space.is_inexact:
            raise RuntimeError(
                f"Function {name} returned an invalid gradient at index {number} - got {list(g.shape)} but expected "
                f"shape compatible with {list(space.shape)}"
            )
        cotangents.append(outward(g))
    return cotangents
