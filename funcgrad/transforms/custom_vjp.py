"""``custom_vjp``: a function whose backward pass the user states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad._typing import AnyFunction, PyTree
from funcgrad.core.space import space_of
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.custom_function import (
    CustomFunction,
    SymbolicZero,
    cotangents_of,
    fill,
    is_traced,
    merged,
    with_leaves,
)
from funcgrad.transforms.custom_run import Pack, run

__all__ = ["CustomVJPPrimal", "custom_vjp"]


class CustomVJPPrimal:
    """What a forward rule gets for each leaf of its arguments with ``symbolic_zeros=True``.

    Attributes
    ----------
    value : array
    perturbed : bool
        Whether a derivative with respect to it is wanted.

    Examples
    --------
    >>> import funcgrad as fg
    >>> f = fg.custom_vjp(lambda x, y: x * y)
    >>> def fwd(x, y):
    ...     print(x.perturbed, y.perturbed)
    ...     return x.value * y.value, (x.value, y.value)
    >>> f.defvjp(fwd, lambda kept, g: (g * kept[1], g * kept[0]), symbolic_zeros=True)
    >>> fg.grad(f)(2.0, 3.0)
    True False
    np.float64(3.0)
    """

    __slots__ = ("perturbed", "value")

    def __init__(self, value: Any, perturbed: bool) -> None:
        self.value = value
        self.perturbed = perturbed

    def __repr__(self) -> str:
        return f"CustomVJPPrimal(value={self.value!r}, perturbed={self.perturbed})"


class custom_vjp(CustomFunction):
    """A function whose backward pass the user states. Use it as a decorator.

    Parameters
    ----------
    fun : callable
        A function of arrays or pytrees.
    nondiff_argnums : sequence of int
        Arguments that are handed to the rules as they are, such as functions and shapes. `bwd` gets them first.
    nondiff_argnames : sequence of str
        The same, by name.

    Notes
    -----
    ``fwd`` and ``bwd`` are NumPy text themselves: a second derivative differentiates them. Under ``vmap`` all three
    functions are batched together, and outer transforms still use the rule. Cotangents are transposed, not conjugated.
    Values that `fun` or a rule closes over are constants: one whose derivative is wanted raises.

    Forward mode (``jvp``, ``jacfwd``, ``linearize``) is not defined for such a function and raises TypeError; use
    ``custom_jvp``, which serves both modes.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> @fg.custom_vjp
    ... def clip_gradient(x, limit):
    ...     return x
    >>> def fwd(x, limit):
    ...     return x, limit
    >>> def bwd(limit, g):
    ...     return np.clip(g, -limit, limit), None
    >>> clip_gradient.defvjp(fwd, bwd)
    >>> fg.grad(lambda x: 10 * clip_gradient(x, 2.0) ** 2)(1.0)
    np.float64(2.0)
    """

    kind = "custom_vjp"

    def __init__(
        self, fun: AnyFunction, nondiff_argnums: Sequence[int] = (), nondiff_argnames: Sequence[str] = ()
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.fwd: AnyFunction | None = None
        self.bwd: AnyFunction | None = None
        self.symbolic_zeros = False

    def defvjp(self, fwd: AnyFunction, bwd: AnyFunction, *, symbolic_zeros: bool = False) -> None:
        """State the rule.

        Parameters
        ----------
        fwd : callable
            Takes the arguments of the function; returns ``(output, residuals)``, residuals of any tree.
        bwd : callable
            Takes the nondifferentiable arguments, the residuals and the output's cotangent; returns a tuple with a
            cotangent for each of the other arguments, of its tree, shapes and dtypes. None stands for zeros.
        symbolic_zeros : bool
            Whether `fwd` gets a ``CustomVJPPrimal`` for each array, which says whether it is differentiated, and
            `bwd` a ``SymbolicZero`` for each cotangent known to be zero.
        """
        for rule in (fwd, bwd):
            if not callable(rule):
                raise TypeError(f"custom_vjp of {self.name}: fwd and bwd must be functions, got {rule!r}")
        self.fwd, self.bwd, self.symbolic_zeros = fwd, bwd, symbolic_zeros

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fwd is None:
            raise AttributeError(f"No VJP defined for custom_vjp function {self.name} using defvjp.")
        args = self.positional(args, kwargs)
        differentiable, others = self.split(args)
        arrays, pack = Pack.unpack(differentiable)
        if not is_traced(arrays):
            return self.fun(*args)
        return self.call(VjpBody(self, pack, others), arrays)


class VjpBody(Body):
    """One call of a ``custom_vjp`` function."""

    has_vjp = True

    def __init__(self, custom: custom_vjp, pack: Pack, others: dict[int, Any]) -> None:
        self.custom = custom
        self.name = custom.name
        self.pack = pack
        self.others = others
        self.symbolic = custom.symbolic_zeros

    def value(self, xs: Sequence[Any]) -> list[Any]:
        def function(xs: list[Any]) -> PyTree:
            return self.custom.fun(*merged(self.pack.build(xs), self.others))

        outs, self.outputs = run(self.name, function, xs)
        return outs

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        def function(xs: list[Any]) -> PyTree:
            assert self.custom.fwd is not None
            args = self.pack.build(xs)
            if self.symbolic:
                args = with_leaves(args, self.pack, lambda k, leaf: CustomVJPPrimal(leaf, perturbed[k]))
            pair = self.custom.fwd(*merged(args, self.others))
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(
                    f"The fwd rule of the custom_vjp function {self.name} must return a pair (output, residuals), "
                    f"got {pair!r:.80}"
                )
            return list(pair)

        arrays, pack = run(self.name, function, xs)
        outs, residuals, self.outputs, rest = halves(arrays, pack)
        memo = (rest, self.outputs, [space_of(x) for x in xs], [space_of(y) for y in outs])
        return outs, residuals, memo

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        assert self.custom.bwd is not None
        rest, outputs, in_spaces, out_spaces = memo
        like = next((g for g in gs if g is not None), 0.0)
        cotangent = outputs.build([fill(g, space, like) for g, space in zip(gs, out_spaces, strict=True)])
        if self.symbolic:
            unknown = [g is not None and space.is_inexact for g, space in zip(gs, out_spaces, strict=True)]
            cotangent = with_leaves(
                cotangent, outputs, lambda k, leaf: leaf if unknown[k] else SymbolicZero(out_spaces[k])
            )
        others = [self.others[n] for n in sorted(self.others)]
        given = self.custom.bwd(*others, rest.build(residuals), cotangent)
        return cotangents_of(f"The bwd rule of the custom_vjp function {self.name}", given, self.pack, in_spaces)

    def undefined(self, mode: str) -> Exception:
        return TypeError(
            f"The function {self.name} has a custom_vjp rule, for which forward mode (jvp, jacfwd, linearize) is not "
            "defined. Use custom_jvp, which serves forward and reverse mode."
        )


def halves(arrays: list[Any], pack: Pack) -> tuple[list[Any], list[Any], Pack, Pack]:
    """Split what was taken out of a list of two trees."""
    first, second = pack.structure.children()
    n = first.num_leaves
    count = sum(place < n for place in pack.places)
    return (
        arrays[:count],
        arrays[count:],
        Pack(pack.others[:n], pack.places[:count], first),
        Pack(pack.others[n:], [place - n for place in pack.places[count:]], second),
    )
