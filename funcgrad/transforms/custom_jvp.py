"""``custom_jvp``: a function whose tangent the user states; reverse mode transposes the statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, PyTree
from funcgrad.core.space import space_of
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.custom_function import (
    CustomFunction,
    SymbolicZero,
    fill,
    is_traced,
    merged,
    tangents_of,
    with_leaves,
)
from funcgrad.transforms.custom_run import Pack, run
from funcgrad.tree import map

__all__ = ["custom_jvp"]


class custom_jvp(CustomFunction):
    """A function whose tangent the user states, for forward and reverse mode. Use it as a decorator.

    Parameters
    ----------
    fun : callable
        A function of arrays or pytrees.
    nondiff_argnums : sequence of int
        Arguments that are handed to the rule as they are, such as functions and shapes, before the others.
    nondiff_argnames : sequence of str
        The same, by name.

    Notes
    -----
    The rule is NumPy text that is linear in the tangents. Reverse mode records it as a function of the tangents and
    transposes it. A second derivative differentiates it. Under ``vmap`` function and rule are batched together, and
    outer transforms still use the rule. Values that `fun` or the rule closes over are constants: one whose derivative
    is wanted raises.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> @fg.custom_jvp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (dx,) = primals, tangents
    ...     return log1pexp(x), (1 - 1 / (1 + np.exp(x))) * dx
    >>> fg.grad(log1pexp)(0.0)
    np.float64(0.5)
    >>> fg.jvp(log1pexp, (0.0,), (2.0,))
    (np.float64(0.6931471805599453), np.float64(1.0))
    """

    kind = "custom_jvp"

    def __init__(
        self, fun: AnyFunction, nondiff_argnums: Sequence[int] = (), nondiff_argnames: Sequence[str] = ()
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.rule: AnyFunction | None = None
        self.symbolic_zeros = False

    def defjvp(self, jvp: AnyFunction, symbolic_zeros: bool = False) -> AnyFunction:
        """State the rule; can be used as a decorator.

        Parameters
        ----------
        jvp : callable
            Takes the nondifferentiable arguments, a tuple of the other arguments and a tuple of their tangents;
            returns ``(output, tangent)``, the tangent of the output's tree, shapes and dtypes.
        symbolic_zeros : bool
            Whether the rule gets a ``SymbolicZero`` for each tangent known to be zero. It may return such.

        Returns
        -------
        callable
            `jvp` itself.
        """
        if not callable(jvp):
            raise TypeError(f"custom_jvp of {self.name}: the rule must be a function, got {jvp!r}")
        self.rule, self.symbolic_zeros = jvp, symbolic_zeros
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """State one rule for each argument: the tangent of the output is the sum of what they return.

        Parameters
        ----------
        *jvps : callable or None
            ``jvp(tangent, output, *arguments)``; None where the output does not depend on the argument.
        """
        if self.nondiff:
            raise TypeError("Can't use ``defjvps`` with ``nondiff_argnums``.")

        def rule(primals: tuple[PyTree, ...], tangents: tuple[PyTree, ...]) -> tuple[PyTree, PyTree]:
            if len(primals) != len(jvps):
                raise TypeError(f"defjvps of {self.name} got {len(jvps)} rules for {len(primals)} arguments")
            y = self(*primals)
            terms = [jvp(dx, y, *primals) for jvp, dx in zip(jvps, tangents, strict=True) if jvp is not None]
            return y, total(y, terms)

        self.defjvp(rule)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.rule is None:
            raise AttributeError(f"No JVP defined for custom_jvp function {self.name} using defjvp.")
        args = self.positional(args, kwargs)
        differentiable, others = self.split(args)
        arrays, pack = Pack.unpack(differentiable)
        if not is_traced(arrays):
            return self.fun(*args)
        return self.call(JvpBody(self, pack, others), arrays)


def total(y: PyTree, terms: list[PyTree]) -> PyTree:
    """Sum tangents of `y`."""
    if not terms:
        return map(lambda leaf: np.zeros_like(as_array(leaf)) if is_array(leaf) else leaf, y)
    result = terms[0]
    for term in terms[1:]:
        result = map(lambda a, b: a + b if is_array(a) else a, result, term)
    return result


class JvpBody(Body):
    """One call of a ``custom_jvp`` function."""

    has_jvp = True

    def __init__(self, custom: custom_jvp, pack: Pack, others: dict[int, Any]) -> None:
        self.custom = custom
        self.name = custom.name
        self.pack = pack
        self.others = others

    def value(self, xs: Sequence[Any]) -> list[Any]:
        def function(xs: list[Any]) -> PyTree:
            return self.custom.fun(*merged(self.pack.build(xs), self.others))

        outs, self.outputs = run(self.name, function, xs)
        return outs

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        spaces = [space_of(x) for x in xs]
        like = next((dx for dx in dxs if dx is not None), 0.0)
        tangents = [fill(dx, space, like) for dx, space in zip(dxs, spaces, strict=True)]
        rule = f"The jvp rule of the custom_jvp function {self.name}"
        douts: list[Any] = []

        def function(arrays: list[Any]) -> PyTree:
            assert self.custom.rule is not None
            primals, directions = self.pack.build(arrays[: len(xs)]), self.pack.build(arrays[len(xs) :])
            if self.custom.symbolic_zeros:
                directions = with_leaves(
                    directions, self.pack, lambda k, leaf: SymbolicZero(spaces[k]) if dxs[k] is None else leaf
                )
            others = [self.others[n] for n in sorted(self.others)]
            pair = self.custom.rule(*others, primals, directions)
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(f"{rule} must return a pair (output, tangent), got {pair!r:.80}")
            own = {id(view): x for view, x in zip(arrays, [*xs, *tangents], strict=True)}
            douts.extend([own.get(id(dy), dy) for dy in tangents_of(rule, pair[1], pair[0])])
            return pair[0]

        outs, self.outputs = run(self.name, function, [*xs, *tangents])
        return outs, douts
