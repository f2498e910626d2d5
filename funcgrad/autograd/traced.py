"""A Function that a transform (``grad``, ``vmap``, ``jvp``, ...) goes through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.autograd.context import FunctionCtx, checked_gradients, gradients_of
from funcgrad.core.level import deepest
from funcgrad.core.space import project, space_of
from funcgrad.tensor.generators import DRAWING
from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["VmapInfo", "apply_traced"]


class VmapInfo(NamedTuple):
    """What the ``vmap`` rule of a Function is told."""

    batch_size: int
    randomness: str


def apply_traced(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Apply a Function to tensors of which a transform traces some."""
    body = FunctionBody(cls, args, kwargs)
    outs = list(CustomCall(body).bind(tuple([unwrap(args[i]) for i in body.places]), {}))
    for i in body.constants:
        outs[i] = stop_gradient(outs[i])
    return body.built(outs)


def array_of(y: Base) -> Any:
    return np.asarray(y.payload) if isinstance(y.payload, np.generic) else y.payload


class FunctionBody(Body):
    """One call of a Function."""

    def __init__(self, cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.cls = cls
        self.name = cls.__name__
        self.args = args
        self.kwargs = kwargs
        self.places = [i for i, x in enumerate(args) if isinstance(x, Base)]
        self.has_vjp = cls.states("backward") or cls.states("vjp")
        self.has_jvp = cls.states("jvp")
        self.template: list[Any] = []  # the outputs, without tensors
        self.is_tuple = False
        self.constants: list[int] = []  # of the outputs that are tensors, those without a derivative

    # -- Arguments and outputs

    def arguments(self, xs: Sequence[Any]) -> tuple[Any, ...]:
        args = list(self.args)
        for i, x in zip(self.places, xs, strict=True):
            args[i] = wrap(x)
        return tuple(args)

    def taken(self, output: Any) -> list[Any]:
        """Take the arrays out of what ``forward`` returned, and remember the rest."""
        self.is_tuple = isinstance(output, tuple)
        outputs = output if isinstance(output, tuple) else (output,)
        self.template = [None if isinstance(y, Base) else (y,) for y in outputs]
        return [array_of(y) for y in outputs if isinstance(y, Base)]

    def built(self, outs: Sequence[Any]) -> Any:
        given = iter(outs)
        outputs = [wrap(next(given)) if place is None else place[0] for place in self.template]
        return tuple(outputs) if self.is_tuple else outputs[0]

    def context(self, needs: Sequence[bool]) -> FunctionCtx:
        ctx: FunctionCtx = self.cls._context_class()
        wanted = dict(zip(self.places, needs, strict=True))
        ctx.needs_input_grad = tuple([wanted.get(i, False) for i in range(len(self.args))])
        return ctx

    def evaluated(self, ctx: FunctionCtx, xs: Sequence[Any]) -> list[Any]:
        """Run the Function on values one level down, where it keeps its rules, and fill in `ctx`."""
        args = self.arguments(xs)
        if self.cls.states("setup_context"):
            output = self.cls.apply(*args, **self.kwargs)
            self.cls.setup_context(ctx, args, output)
        elif deepest(xs) is None or deepest(xs) is ROOT:
            output = self.cls.forward(ctx, *args, **self.kwargs)
        else:
            output = self.cls.run(ctx, args, self.kwargs)
        if ctx.dirty_tensors:
            raise RuntimeError(f"{self.name}: mark_dirty is not supported under a transform")
        outs = self.taken(output)
        tensors = [y for y in (output if self.is_tuple else (output,)) if isinstance(y, Base)]
        self.constants = [i for i, y in enumerate(tensors) if any(y is z for z in ctx.non_differentiable)]
        return outs

    # -- What a Body does

    def value(self, xs: Sequence[Any]) -> list[Any]:
        ctx = self.context([False] * len(xs))
        if deepest(xs) is None:
            with no_grad():
                return self.taken(self.cls.run(ctx, self.arguments(xs), self.kwargs))
        return self.taken(self.cls.run(ctx, self.arguments(xs), self.kwargs))

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        ctx = self.context(perturbed)
        outs = self.evaluated(ctx, xs)
        saved, ctx.to_save = ctx.to_save, ()
        residuals = [unwrap(x) for x in saved if x is not None]
        spaces = [None] * len(self.args)
        for i, x in zip(self.places, xs, strict=True):
            spaces[i] = space_of(x)  # type: ignore[call-overload]
        memo = (ctx, [x is None for x in saved], spaces, [space_of(y) for y in outs])
        return outs, residuals, memo

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        ctx, absent, spaces, out_spaces = memo
        kept = iter(residuals)
        ctx._saved = [None if missing else wrap(next(kept)) for missing in absent]
        given = iter(gradients_of(ctx, gs, out_spaces))
        grads = [next(given) if place is None else None for place in self.template]
        found = checked_gradients(ctx, grads, spaces)
        return [
            None if found[i] is None or not spaces[i].is_inexact else project(found[i], spaces[i]) for i in self.places
        ]

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        ctx = self.context([dx is not None for dx in dxs])
        outs = self.evaluated(ctx, xs)
        ctx._saved = list(ctx.to_save if ctx.saved_for_forward is None else ctx.saved_for_forward)
        tangents: list[Any] = [None] * len(self.args)
        for i, x, dx in zip(self.places, xs, dxs, strict=True):
            if dx is None and ctx.materialize_grads:
                dx = np.zeros(space_of(x).shape, space_of(x).dtype)
            tangents[i] = None if dx is None else wrap(dx)
        given = self.cls.jvp(ctx, *tangents)
        moved = list(given) if isinstance(given, tuple) else [given]
        if len(moved) != len(self.template):
            raise RuntimeError(
                f"{self.name}.jvp returned {len(moved)} tangents, where one for each of {len(self.template)} outputs "
                "belongs"
            )
        places = [dy for dy, place in zip(moved, self.template, strict=True) if place is None]
        return outs, [None if dy is None else unwrap(dy) for dy in places]

    def undefined(self, mode: str) -> Exception:
        rule = "jvp" if mode == "forward" else "backward"
        return NotImplementedError(f"{self.name} must override the {rule} staticmethod to be used with {mode} mode")

    def batched(self, level: Any, xs: Sequence[Any], flags: Sequence[bool]) -> Any:
        own = self.cls.states("vmap")
        if own and self.cls.generate_vmap_rule:
            raise RuntimeError(
                f"{self.name} states both vmap and generate_vmap_rule=True, which rule each other out: remove one"
            )
        if self.cls.generate_vmap_rule:
            return super().batched(level, xs, flags)
        if not own:
            raise RuntimeError(
                f"You tried to vmap over {self.name}, but it does not have vmap support. Override the vmap "
                "staticmethod or set generate_vmap_rule=True."
            )
        dims: list[Any] = [None] * len(self.args)
        for i, flag in zip(self.places, flags, strict=True):
            dims[i] = 0 if flag else None
        found = self.cls.vmap(VmapInfo(level.size, randomness_at(level)), tuple(dims), *self.arguments(xs))
        if not isinstance(found, tuple) or len(found) != 2:
            raise RuntimeError(f"{self.name}.vmap must return a pair (output, out_dims), got {type(found).__name__}")
        output, out_dims = found
        outs = self.taken(output)
        if not isinstance(out_dims, tuple):
            out_dims = (out_dims,) * len(self.template)
        along = [dim for dim, place in zip(out_dims, self.template, strict=True) if place is None]
        return tuple([in_front(y, dim, level.size) for y, dim in zip(outs, along, strict=True)])


def randomness_at(level: Any) -> str:
    """Return what the ``vmap`` that a level belongs to allows of random numbers."""
    draws: Any = DRAWING.get()
    while draws is not None:
        if draws.level is level:
            return str(draws.randomness)
        draws = draws.outer
    return "error"


def in_front(y: Any, dim: int | None, size: int) -> Any:
    return np.broadcast_to(y, (size, *y.shape)) if dim is None else np.moveaxis(y, dim, 0)
