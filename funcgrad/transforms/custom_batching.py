"""``custom_batching``: a function whose form for many examples the user states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import optree

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.transforms.batch import BatchLevel
from funcgrad.transforms.custom import Body, CustomCall, is_batched
from funcgrad.transforms.custom_function import CustomFunction, skeleton_of
from funcgrad.transforms.custom_run import Pack, bare, refuse_leaks, run
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import vjp
from funcgrad.tree import NAMESPACE, flatten

__all__ = ["custom_batching"]


class custom_batching(CustomFunction):
    """A function whose form for many examples, under ``vmap``, the user states. Use it as a decorator.

    What ``jax.custom_batching.custom_vmap`` is in JAX.

    Parameters
    ----------
    fun : callable
        A function of one example.

    Notes
    -----
    Derivatives are those of the text that runs: of `fun` without ``vmap``, else of the rule, whether the gradient is
    inside or outside of the ``vmap``. A gradient inside of it evaluates the rule a second time in its backward pass.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> @fg.custom_batching
    ... def dot(a, b):
    ...     return np.sum(a * b)
    >>> @dot.def_vmap
    ... def rule(axis_size, in_batched, a, b):
    ...     return np.einsum("...i,...i", a, b), True
    >>> fg.vmap(dot, in_axes=(0, None))(np.eye(3), np.array([1.0, 2.0, 3.0]))
    array([1., 2., 3.])
    """

    kind = "custom_batching"

    def __init__(self, fun: AnyFunction) -> None:
        super().__init__(fun)
        self.rule: AnyFunction | None = None

    def def_vmap(self, rule: AnyFunction) -> AnyFunction:
        """State the rule; can be used as a decorator.

        Parameters
        ----------
        rule : callable
            ``rule(axis_size, in_batched, *args)`` gets arguments with the examples along the first axis;
            `in_batched` is a tuple that says for each array whether it has one. Returns ``(output, out_batched)``.

        Returns
        -------
        callable
            `rule` itself.
        """
        self.rule = rule
        return rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.rule is None:
            raise AttributeError(f"No batching rule defined for custom_batching function {self.name} using def_vmap.")
        args = self.positional(args, kwargs)
        arrays, pack = Pack.unpack(args)
        if not any(map(is_batched, arrays)):
            return self.fun(*args)
        texts = Texts(self, pack)
        body = BatchingBody(self.name, texts.value, texts.rule)
        outs = CustomCall(body).bind(tuple(arrays), {})
        return texts.outputs.build(outs)


class Texts:
    """The user's function and rule for one call, on lists of arrays."""

    outputs: Pack

    def __init__(self, custom: custom_batching, pack: Pack) -> None:
        self.custom = custom
        self.pack = pack

    def value(self, xs: Sequence[Any]) -> list[Any]:
        outs, self.outputs = run(self.custom.name, lambda xs: self.custom.fun(*self.pack.build(xs)), xs)
        return outs

    def rule(self, size: int, xs: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
        batched: list[bool] = []

        def function(xs: list[Any]) -> PyTree:
            assert self.custom.rule is not None
            pair = self.custom.rule(size, self.tree_of(flags), *self.pack.build(xs))
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(
                    f"The batching rule of {self.custom.name} must return a pair (output, out_batched), "
                    f"got {pair!r:.80}"
                )
            batched.extend(self.flags_of(*pair))
            return pair[0]

        outs, self.outputs = run(self.custom.name, function, xs)
        flags = [batched[i] for i in self.outputs.places]
        for y, flag in zip(outs, flags, strict=True):
            if flag and np.shape(y)[:1] != (size,):
                raise ValueError(
                    f"The batching rule of {self.custom.name} returned an output of shape {np.shape(y)}, which should "
                    f"have the {size} examples along its first axis"
                )
        return spread(outs, flags, size)

    def tree_of(self, flags: Sequence[bool]) -> Any:
        """Return ``in_batched``: for what is no array, False."""
        by_leaf = dict(zip(self.pack.places, flags, strict=True))
        return optree.tree_map(lambda i: by_leaf.get(i, False), skeleton_of(self.pack), namespace=NAMESPACE)

    def flags_of(self, output: PyTree, batched: Any) -> list[bool]:
        flatten(output)
        try:
            flags = optree.broadcast_prefix(batched, output, namespace=NAMESPACE)
        except ValueError as error:
            raise TypeError(
                f"The batching rule of {self.custom.name}: out_batched does not match the output"
            ) from error
        return list(map(bool, flags))


def spread(xs: Sequence[Any], flags: Sequence[bool], size: int) -> list[Any]:
    """Give all arrays an axis of examples."""
    return [x if flag else np.broadcast_to(x, (size, *np.shape(x))) for x, flag in zip(xs, flags, strict=True)]


# -- Derivatives ---------------------------------------------------------------------------------------------------

Flat: TypeAlias = Callable[[Sequence[Any]], list[Any]]
FlatRule: TypeAlias = Callable[[int, Sequence[Any], Sequence[bool]], list[Any]]


class BatchingBody(Body):
    """A function and its form for many examples. Its derivatives are such functions too."""

    has_jvp = has_vjp = True
    is_linear_text = False

    def __init__(self, name: str, function: Flat, rule: FlatRule) -> None:
        self.name = name
        self.function = function
        self.rule = rule

    def value(self, xs: Sequence[Any]) -> list[Any]:
        return self.function(xs)

    def batched(self, level: BatchLevel, xs: Sequence[Any], flags: Sequence[bool]) -> Any:
        outs = self.rule(level.size, xs, flags)
        refuse_leaks(self.name, outs, level)
        return tuple(outs)

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        wanted = [dx is not None for dx in dxs]
        pushed = self.derived(lambda f, xs, dxs: push(f, xs, dxs, wanted), len(xs))
        return list(self.again(call, xs)), list(pushed.again(call, [*xs, *[dx for dx in dxs if dx is not None]]))

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        return list(self.again(call, xs)), list(xs), (call, perturbed)

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        call, wanted = memo
        pulled = self.derived(lambda f, xs, gs: pull(f, xs, gs, wanted), len(residuals))
        cotangents = iter(pulled.again(call, [*residuals, *gs]))
        return [next(cotangents) if yes else None for yes in wanted]

    def derived(self, derivative: Callable[[Flat, Sequence[Any], Sequence[Any]], list[Any]], n: int) -> BatchingBody:
        """Return a derivative, a function of `n` operands and as many tangents or cotangents as there are."""

        def function(zs: Sequence[Any]) -> list[Any]:
            return derivative(self.function, zs[:n], zs[n:])

        def rule(size: int, zs: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
            zs = spread(zs, flags, size)
            return derivative(lambda xs: self.rule(size, xs, [True] * n), zs[:n], zs[n:])

        return BatchingBody(self.name, function, rule)


def part(f: Flat, xs: Sequence[Any], wanted: list[bool]) -> Callable[..., list[Any]]:
    """Return `f` as a function of the wanted operands."""

    def of_wanted(*given: Any) -> list[Any]:
        varied = iter(given)
        return f([next(varied) if yes else x for x, yes in zip(xs, wanted, strict=True)])

    return of_wanted


def push(f: Flat, xs: Sequence[Any], dxs: Sequence[Any], wanted: list[bool]) -> list[Array]:
    points = tuple([x for x, yes in zip(xs, wanted, strict=True) if yes])
    _, tangents = jvp(part(f, xs, wanted), points, tuple(dxs))
    return [bare(dy) for dy in tangents]


def pull(f: Flat, xs: Sequence[Any], gs: Sequence[Any], wanted: list[bool]) -> list[Array]:
    points = [x for x, yes in zip(xs, wanted, strict=True) if yes]
    _, pullback = vjp(part(f, xs, wanted), *points)
    return [bare(c) for c in pullback(list(gs))]
