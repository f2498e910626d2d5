"""Backward hooks of modules: two nodes that change nothing, around the inputs and around the outputs.

The one around the outputs sees their gradients, the one around the inputs the gradients that come out of the module.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import funcgrad.tree as tree
from funcgrad.core.graph import Node, Output, Pending, send
from funcgrad.core.level import Traced, rebuilt, zeros
from funcgrad.core.space import space_of
from funcgrad.tensor.hooks import outward
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, Link, link_of, unwrap, wrap

__all__ = ["BackwardHooks"]

Gradients = tuple[Any, ...]

NAME = "BackwardHookFunctionBackward"


class Gate(Node):
    """The identity of several values, which shows their cotangents before it passes them on."""

    __slots__ = ("links", "output_space", "show")

    is_named = True
    name = NAME

    def __init__(self, links: Sequence[Node], spaces: Sequence[Any], show: Callable[[list[Any]], list[Any]]) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.links = tuple(links)
        self.output_space = tuple(spaces)
        self.show = show

    def pull(self, g: Any, pending: Pending) -> None:
        for link, c in zip(self.links, self.show(list(g)), strict=True):
            if c is not None:
                send(link, c, False, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links


class BackwardHooks:
    """One call of a module with hooks on its gradients."""

    def __init__(self, module: Any, after: Sequence[Any], before: Sequence[Any]) -> None:
        self.module = module
        self.after = after
        self.before = before
        self.arrived: Gradients | None = None  # the gradients of the outputs in the running pass
        self.places: list[int] | None = None  # of the inputs that have a gradient
        self.spaces: list[Any] = []  # of the inputs, None for what is no tensor

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the inputs behind a gate; those in lists, dicts and keywords pass beside it."""
        self.spaces = [space_of(x.payload) if isinstance(x, Base) else None for x in args]
        new, self.places = gated(args, self.leaving)
        return tuple(new)

    def around_outputs(self, result: Any) -> Any:
        """Return the outputs, in whatever container, behind a gate."""
        if isinstance(result, Base):
            parts: list[Any] = [result]
        elif isinstance(result, tuple | list):
            parts = list(result)
        else:
            if self.after or self.before:
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                    f"received {type(result)}",
                    stacklevel=4,
                )
            return result
        size = len(parts)
        spaces = [space_of(x.payload) for x in parts if isinstance(x, Base) and x.requires_grad]
        new, places = gated(parts, lambda gs: self.entering(gs, places, spaces, size))
        if isinstance(result, Base):
            return new[0]
        return rebuilt(result, new)

    # -- In the backward pass --------------------------------------------------------------------------------------

    def entering(self, gs: list[Any], places: list[int], spaces: Sequence[Any], size: int) -> list[Any]:
        """Show the gradients of the outputs; if no input has one, that is all there is to show."""
        shown = spread([seen(g) for g in gs], places, size)
        for hook in self.before:
            new = hook(self.module, shown)
            if new is not None:
                shown = checked(new, len(shown), "Backward pre hook", "grad_output")
        self.arrived = shown
        if not self.places and self.after:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                "inputs require gradients: there is no grad_input.",
                stacklevel=4,
            )
            nothing = (None,) * len(self.spaces)
            for hook in self.after:
                new = hook(self.module, nothing, shown)
                if new is not None and any(g is not None for g in tuple_of(new)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return None or None "
                        "for all gradients."
                    )
        like = next(g for g in gs if g is not None)
        sent = [taken(shown[place]) for place in places]
        return [zeros(space, like) if g is None else g for g, space in zip(sent, spaces, strict=True)]

    def leaving(self, gs: list[Any]) -> list[Any]:
        """Show the gradients of the inputs, which the hooks may replace."""
        if self.arrived is None:  # the inputs have a gradient that did not come from the outputs
            return gs
        places = self.places or []
        like = next(g for g in gs if g is not None)
        shown = tuple([None if space is None else seen(zeros(space, like)) for space in self.spaces])
        arrived = {place: seen(g) for place, g in zip(places, gs, strict=True) if g is not None}
        shown = tuple([arrived.get(place, g) for place, g in enumerate(shown)])
        for hook in self.after:
            new = hook(self.module, shown, self.arrived)
            if new is not None:
                shown = checked(new, len(shown), "Backward hook", "grad_input")
        self.arrived = None
        return [taken(shown[place]) for place in places]


def gated(values: Sequence[Any], show: Callable[[list[Any]], list[Any]]) -> tuple[list[Any], list[int]]:
    """Return values of which those that require gradients come through a new gate, and their places."""
    new = list(values)
    for value in tree.leaves(new):
        if isinstance(value, Traced) and getattr(value, "level", None) is not ROOT:
            raise NotImplementedError(
                "hooks on the gradients of a module see those of backward(), not of a transform (funcgrad.grad, ...): "
                "remove them, or use funcgrad.custom_vjp"
            )
    payloads = [unwrap(value) if isinstance(value, Base) else None for value in new]
    places = [i for i, payload in enumerate(payloads) if isinstance(payload, Traced)]
    traced: Any = [payloads[i] for i in places]
    if not traced:
        return new, places
    gate: Any = Gate([x.node for x in traced], [x.space for x in traced], show)
    for index, (place, x) in enumerate(zip(places, traced, strict=True)):
        unwrap(new[place])  # so that the view below knows its base
        view = x.value.view() if isinstance(x.value, np.ndarray) else x.value
        new[place] = wrap(ROOT.tracer(view, Output(ROOT.stamp(), gate, index), x.space))
        known = link_of(new[place])
        if known is not None:
            new[place]._family = Link(known.base, NAME)  # a write into it would not be one into the value itself
    return new, places


def seen(g: Any) -> Any:
    return None if g is None else wrap(np.asarray(outward(g)) if isinstance(g, np.generic) else outward(g))


def taken(g: Any) -> Any:
    return None if g is None else outward(unwrap(g))


def spread(items: list[Any], places: list[int], size: int) -> Gradients:
    out: list[Any] = [None] * size
    for place, item in zip(places, items, strict=True):
        out[place] = item
    return tuple(out)


def tuple_of(new: Any) -> Gradients:
    return new if isinstance(new, tuple) else (new,)


def checked(new: Any, size: int, kind: str, what: str) -> Gradients:
    gradients = tuple_of(new)
    if len(gradients) != size:
        raise RuntimeError(f"{kind} returned an invalid number of {what}, got {len(gradients)}, but expected {size}")
    return gradients
