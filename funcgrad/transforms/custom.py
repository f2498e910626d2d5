"""Functions with a rule of their own: what ``custom_vjp``, ``custom_jvp``, ``numeric`` and foreign functions share.

1. A call is a primitive made for this one call, :class:`CustomCall`. Its :class:`Body` knows the user's functions.
2. The deepest level among the arguments runs the rule on values one level down, and keeps what the backward pass
   needs. So the function's own operations are not recorded for that level, but the rule's are for outer ones.
3. Batching makes another body, :class:`BatchedBody`, which runs function and rule on all examples. It keeps its
   rule for the levels below.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Call, Pending
from funcgrad.core.kinds import all_finite
from funcgrad.core.level import Level, Traced, deepest, plain, zeros
from funcgrad.core.primitive import Frame, Primitive
from funcgrad.core.space import project, space_of
from funcgrad.errors import NoDerivativeError
from funcgrad.transforms.batch import BatchLevel, BatchTracer, collect, vmap
from funcgrad.transforms.custom_run import Pack, bare, refuse_leaks
from funcgrad.transforms.forward import ForwardLevel, ForwardTracer
from funcgrad.transforms.gradient import vjp
from funcgrad.transforms.linearize import LinearizeLevel, linearize
from funcgrad.transforms.reverse import NonfiniteTracer, ReverseLevel, ReverseTracer

__all__ = ["Body", "CustomCall", "is_batched"]

# -- Bodies ------------------------------------------------------------------------------------------------------


class Body:
    """A function and its rules, on lists of arrays. None stands for a known zero."""

    name: str
    has_vjp = False
    has_jvp = False
    outputs: Pack  # what surrounds the arrays of the last result
    loops = False  # whether examples are run one after the other
    is_linear_text = True  # whether the rule for tangents is NumPy text, which can be linearized and transposed
    symbolic = False  # whether the backward rule wants to know which cotangents are zero

    def value(self, xs: Sequence[Any]) -> list[Any]:
        """Evaluate the function."""
        raise NotImplementedError

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        """Return outputs, arrays to keep for the backward pass, and what else it needs."""
        raise NotImplementedError

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        """Return the operands' cotangents."""
        raise NotImplementedError

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return outputs and their tangents."""
        raise NotImplementedError

    def undefined(self, mode: str) -> Exception:
        """Return the error of asking for a derivative in a mode that has no rule."""
        return NoDerivativeError(f"{self.name} has no rule for {mode} mode")

    def batched(self, level: BatchLevel, xs: Sequence[Any], flags: Sequence[bool]) -> Any:
        """Apply to all examples of a ``vmap``."""
        if self.loops:
            traced = tuple([level.tracer(x) if flag else x for x, flag in zip(xs, flags, strict=True)])
            return tuple([value_at(y, level) for y in level.loop(CustomCall(self).dispatch, traced, {})])
        call = CustomCall(BatchedBody(self, level, flags))
        call.level = level
        return call.bind(tuple(xs), {})

    def again(self, call: CustomCall, xs: Sequence[Any]) -> Any:
        """Evaluate the function in a rule: with its rules for the levels below."""
        inner = CustomCall(self)
        inner.level = call.level
        return inner.bind(tuple(xs), {})


class BatchedBody(Body):
    """A function and its rules, applied to all examples of a running ``vmap``."""

    def __init__(self, inner: Body, level: BatchLevel, flags: Sequence[bool]) -> None:
        self.inner = inner
        self.level = level
        self.flags = list(flags)
        self.name = inner.name
        self.has_vjp, self.has_jvp = inner.has_vjp, inner.has_jvp
        self.symbolic, self.is_linear_text = inner.symbolic, inner.is_linear_text

    def value(self, xs: Sequence[Any]) -> list[Any]:
        return [self.examples(y) for y in self.inner.value(self.traced(xs))]

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        outs, residuals, memo = self.inner.forward(call, self.traced(xs), perturbed)
        flags = [self.level.owns(r) for r in residuals]
        values = [value_at(r, self.level) for r in residuals]
        return [self.examples(y) for y in outs], values, (memo, [0 if flag else None for flag in flags])

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        inner_memo, axes = memo
        one = functools.partial(self.inner.backward, inner_memo)
        rule = vmap(one, (axes, 0), axis_size=self.level.size)
        cotangents = [bare(c) for c in rule(list(residuals), gs)]
        shared = [
            None if c is None or flag else np.sum(c, axis=0) for c, flag in zip(cotangents, self.flags, strict=True)
        ]
        return [c if s is None else s for c, s in zip(cotangents, shared, strict=True)]

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        level = deepest([dx for dx in dxs if dx is not None])
        if level is not None and level.depth > self.level.depth:
            return self.tangent_above(call, xs, dxs)
        directions = [None if dx is None else self.traced_one(dx, f) for dx, f in zip(dxs, self.flags, strict=True)]
        outs, douts = self.inner.tangent(call, self.traced(xs), directions)
        return [self.examples(y) for y in outs], [None if dy is None else self.examples(dy) for dy in douts]

    def tangent_above(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        """Apply the rule to tangents traced by a deeper level, which cannot be inside of this one: in a new vmap."""
        axes = [0 if flag else None for flag in self.flags]
        rule = vmap(functools.partial(self.inner.tangent, call), (axes, axes), axis_size=self.level.size)
        outs, douts = ([bare(y) for y in part] for part in rule(list(xs), dxs))
        for y in (*outs, *douts):
            while isinstance(y, Traced):
                if y.level is self.level:
                    refuse_leaks(self.name, [y], self.level)
                y = y.value
        return outs, douts

    def undefined(self, mode: str) -> Exception:
        return self.inner.undefined(mode)

    def traced(self, xs: Sequence[Any]) -> list[Any]:
        """Return the operands as the level's own, so that the function may close over others of it."""
        return [self.traced_one(x, flag) for x, flag in zip(xs, self.flags, strict=True)]

    def traced_one(self, x: Any, flag: bool) -> Any:
        return self.level.tracer(x) if flag else x

    def examples(self, y: Any) -> Any:
        """Return an output with the examples along the first axis."""
        return collect(y, 0, self.level)


# -- The primitive of one call ---------------------------------------------------------------------------------


class CustomCall(Primitive):
    """One call of a function with rules of its own. Its operands are the arrays among the arguments."""

    arity = None

    def __init__(self, body: Body) -> None:
        # Not what `Primitive` does to learn about rules from their names: there are none, and each call comes here.
        self.body = body
        self.name = body.name
        self.function = type(body)
        self.rules = ()
        self.defaults = {}
        self.is_view = False
        self.batch = batch_call
        self.level: Level | None = None  # the lowest that has interpreted the call so far

    def run(self, *operands: Any, **params: Any) -> Any:  # not an attribute, which would be a reference cycle
        return self.bind(operands, params)

    def bind(self, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        level = deepest(operands)
        if level is None:
            outs = self.body.value(operands)
            refuse_leaks(self.name, outs, self.level)
            return tuple(outs)
        self.level = level
        if level.closed:  # which raises
            return level.process(self, operands, {})
        if isinstance(level, ForwardLevel):
            tangents = [x.tangent if isinstance(x, ForwardTracer) and x.level is level else None for x in operands]
            if any(dx is not None for dx in tangents):
                return self.push(level, operands, tangents)
        elif isinstance(level, ReverseLevel):
            return self.record(level, operands)
        return level.process(self, operands, {})

    def refuse_leaks(self, leaves: Iterable[Any]) -> None:
        refuse_leaks(self.name, leaves, self.level)

    # -- Forward mode

    def push(self, level: ForwardLevel, operands: tuple[Array, ...], tangents: list[Any]) -> Any:
        if not self.body.has_jvp:
            raise self.body.undefined("forward")
        values = [value_at(x, level) for x in operands]
        if isinstance(level, LinearizeLevel) and not self.body.is_linear_text:
            return level.process(self, operands, {})
        if isinstance(level, LinearizeLevel):
            linearized = Linearized(self.body, [dx is not None for dx in tangents])
            outs = linearized.evaluate(self, values)
            return level.push(linearized, tuple(values), tangents, outs, {})
        parts, douts = self.body.tangent(self, values, tangents)
        self.refuse_leaks([*parts, *douts])
        return tuple(
            [
                level.tracer(y, None if dy is None else project(dy, space_of(y))) if space_of(y).is_inexact else y
                for y, dy in zip(parts, douts, strict=True)
            ]
        )

    def linear(
        self, transform: Callable[..., Any], values: Sequence[Any], wanted: list[bool]
    ) -> tuple[tuple[Any, ...], list[bool], Callable[..., Any]]:
        """Evaluate, and return the outputs, which of them have a tangent, and the rule transformed.

        `transform` is ``vjp`` or ``linearize``. A rule is linear in the tangents, so its derivative is the same
        everywhere. It is taken at ones: zeros would make a nan of an infinite partial derivative.
        """
        moves: list[bool] = []

        def along(*dxs: Any) -> tuple[list[Any], list[Any]]:
            given = iter(dxs)
            outs, douts = self.body.tangent(self, values, [next(given) if yes else None for yes in wanted])
            moves[:] = [dy is not None for dy in douts]
            return [dy for dy in douts if dy is not None], outs

        points = [ones_like(x) for x, yes in zip(values, wanted, strict=True) if yes]
        douts, mapping, outs = transform(along, *points, has_aux=True)
        values_out = tuple([bare(y) for y in outs])
        self.refuse_leaks([*values_out, *map(bare, douts)])
        return values_out, moves, mapping

    # -- Reverse mode

    def record(self, level: ReverseLevel, operands: tuple[Array, ...]) -> tuple[Any, ...]:
        own = [isinstance(x, ReverseTracer) and x.level is level for x in operands]
        values = [x.value if yes else x for x, yes in zip(operands, own, strict=True)]
        links = [x.node if yes else None for x, yes in zip(operands, own, strict=True)]
        recorded: Recorded
        outs: Sequence[Any]
        kept: list[Any]
        if self.body.has_vjp:
            outs, residuals, memo = self.body.forward(self, values, own)
            self.refuse_leaks([*outs, *residuals])
            recorded = Recorded(self.body, len(operands), memo)
            # Tensors: a backward pass that is recorded itself runs the rule once more, on the operands.
            kept = list(values) if level.depth == 0 else [None] * len(operands)
            for x, yes in zip(values, own, strict=True):
                if not yes:
                    level.lock(x)
        elif self.body.has_jvp and self.body.is_linear_text:
            outs, moves, pullback = self.linear(vjp, values, own)
            recorded, kept, residuals = Transposed(self.body, len(operands), (own, moves)), values, [pullback]
        else:
            recorded, kept, residuals = Recorded(self.body, len(operands), None), values, []
            outs = self.dispatch(*values)
        # What is saved are operands without a place in the graph: so the level locks it, and a pass may free it.
        spaces: Any = (*map(space_of, values), *[None] * len(residuals))
        result = level.record(
            recorded, [*kept, *residuals], spaces, (*links, *[None] * len(residuals)), tuple(outs), {}
        )
        return tuple([self.finish(y) for y in result])

    def finish(self, y: Any) -> Any:
        if (isinstance(y, ReverseTracer) and y.level is self.level) or isinstance(y, ReverseTracer):
            if not all_finite(plain(y)):
                y.__class__ = NonfiniteTracer
            if self.body.symbolic:
                node: Any = y.node
                node.call.__class__ = SymbolicCall
        return y

    # -- What a level of another kind needs

    def differentiable(self, i: int) -> bool:
        return True

    def retained(self, links: tuple[Any, ...]) -> tuple[set[int] | None, bool]:
        return None, False

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        if not self.body.has_jvp:
            raise self.body.undefined("forward")
        outs, douts = self.body.tangent(self, call.xs, list(tangents))
        return tuple([zeros(space_of(y), y) if dy is None else dy for y, dy in zip(outs, douts, strict=True)])

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        own = [link is not None for link in call.links]
        if self.body.has_vjp:
            _, residuals, memo = self.body.forward(self, call.xs, own)
            found = self.body.backward(memo, residuals, list(g))
        elif not (self.body.has_jvp and self.body.is_linear_text):
            raise self.body.undefined("reverse")
        else:
            _, moves, pullback = self.linear(vjp, call.xs, own)
            found = transposed(pullback, g, own, moves)
        return [(i, c) for i, c in enumerate(found) if c is not None]


def value_at(x: Any, level: Level) -> Any:
    return x.value if isinstance(x, Traced) and x.level is level else x


def ones_like(x: Any) -> Any:
    space = space_of(x)
    return zeros(space, x) + space.dtype.type(1)


def batch_call(primitive: Any, xs: Sequence[Array], flags: Sequence[bool], params: Any, size: int) -> Any:
    """Be the batching rule of every custom call."""
    return primitive.body.batched(primitive.level, xs, flags)


def is_batched(x: Any) -> bool:
    """Whether a ``vmap`` is among the levels of a value."""
    while isinstance(x, Traced):
        value = x.value
        if isinstance(x, BatchTracer) and not x.is_constant:
            return True
        x = value
    return False


# -- What is recorded ------------------------------------------------------------------------------------------


class Recorded(CustomCall):
    """A call in the graph of reverse mode: its residuals follow its operands."""

    def __init__(self, body: Body, count: int, memo: Any) -> None:
        super().__init__(body)
        self.count = count
        self.memo = memo

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        if not self.body.has_vjp:
            raise self.body.undefined("reverse")
        known = call.params.get("zero", [False] * len(g))
        gs = [None if zero else h for h, zero in zip(g, known, strict=True)]
        memo = self.memo
        residuals: Sequence[Any] = call.xs[self.count :]
        if any(isinstance(x, ReverseTracer) for x in call.xs[: self.count]):
            own = [link is not None for link in call.links[: self.count]]
            _, residuals, memo = self.body.forward(self, call.xs[: self.count], own)
        found = self.body.backward(memo, residuals, gs)
        return [(i, c) for i, c in enumerate(found) if c is not None]


class Transposed(Recorded):
    """A call whose rule for tangents has been recorded: the pullback is the last operand."""

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        if any(isinstance(x, ReverseTracer) and x.level.depth == 0 for x in call.xs[: self.count]):
            own = [link is not None for link in call.links[: self.count]]
            _, moves, pullback = self.linear(vjp, call.xs[: self.count], own)
            found = transposed(pullback, g, own, moves)
            return [(i, c) for i, c in enumerate(found) if c is not None]
        found = transposed(call.xs[-1], g, *self.memo)
        return [(i, c) for i, c in enumerate(found) if c is not None]


def transposed(pullback: Callable[..., Any], g: Sequence[Any], wanted: list[bool], moves: list[bool]) -> list[Any]:
    """Apply the pullback of a rule for tangents: to the cotangents of the outputs that have one."""
    cotangents = iter(pullback([h for h, yes in zip(g, moves, strict=True) if yes]))
    return [bare(next(cotangents)) if yes else None for yes in wanted]


class Linearized(CustomCall):
    """A call whose rule for tangents has been linearized."""

    def __init__(self, body: Body, wanted: list[bool]) -> None:
        super().__init__(body)
        self.wanted = wanted

    def evaluate(self, call: CustomCall, values: Sequence[Any]) -> tuple[Any, ...]:
        outs, self.moves, self.pushforward = call.linear(linearize, values, self.wanted)
        return outs

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        like = next(dx for dx in tangents if dx is not None)
        filled = [zeros(s, like) if dx is None else dx for dx, s in zip(tangents, call.spaces, strict=True)]
        moved = iter(self.pushforward(*[dx for dx, yes in zip(filled, self.wanted, strict=True) if yes]))
        return tuple([bare(next(moved)) if yes else None for yes in self.moves])


class SymbolicCall(Call):
    """A recorded call that says which cotangents are known to be zero."""

    __slots__ = ()

    def pull(self, g: Any, pending: Pending) -> None:
        self.params = {"zero": [h is None for h in g]}
        super().pull(g, pending)
