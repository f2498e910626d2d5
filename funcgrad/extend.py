"""Bring functions of other libraries: state their derivatives once, and every transform knows them.

Three doors. A function that knows plain arrays only (a C extension, a solver) is wrapped by :class:`primitive`, with
rules for the wrapped function. A function that already reaches NumPy's protocols (a ufunc of another library, a
function with ``__array_function__``) keeps its name: :func:`register` enters a rule for it into the table, and user
code calls it as before. A compiled kernel of CuPy's (``ElementwiseKernel``, ``ReductionKernel``) gets its rule by
:func:`kernel`.

**The kinds.** A derivative is stated by the kind that needs least:

===============================  ==========================================================================
``Elementwise(f, d1, d2, ...)``  broadcasting function; each rule is tangent times partial: ``lambda g, b: g * b``
``Linear(f, adjoint)``           jointly linear in its operands; the adjoint maps ``g`` to the operand's cotangent
``Multilinear(f, adj1, ...)``    linear in each operand by itself; an adjoint for each
``Selection(f, indices)``        permutes along an axis; says where each output came from
``Composite(f, body)``           written out in NumPy text, with the signature of `f`
``Constant(f)``                  no derivative: values only
``Opaque(f, jvp, vjp)``          both maps by hand
===============================  ==========================================================================

**The language of rules.** A rule says by the *names* of its parameters what it reads, and only that is kept for the
backward pass. The first parameter is the tangent or cotangent, ``g``. Then, in any order:

=============  ===========================================================================
``y``          the output (``Y``: only its space, with ``shape`` and ``dtype``, which costs nothing)
``x``          the operand of a function of one; ``a``, ``b``, ``c``, ... those of several
``X`` ``A``    only the operand's space
``xs`` ``XS``  all operands, or spaces, of a function of any number of operands
``i``          which of them the rule is asked for
other          a keyword of the function: ``axis``, ``keepdims``; its default when not given
=============  ===========================================================================

A rule is NumPy text, so that it is differentiable itself and runs on any device. It returns something that broadcasts
against the right space: it need not sum over broadcast axes, cast, or take real parts. Cotangents are transposed, not
conjugated.

Examples
--------
>>> import math
>>> import funcgrad as fg
>>> from funcgrad.extend import defvjp, primitive
>>> @primitive
... def cube(x):
...     return math.pow(x, 3)  # takes plain numbers only
>>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
>>> fg.grad(fg.grad(cube))(2.0)
np.float64(12.0)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.batching import align
from funcgrad.core.kernel_rules import kernel as kernel
from funcgrad.core.kinds import Composite as Composite
from funcgrad.core.kinds import Constant as Constant
from funcgrad.core.kinds import Elementwise as Elementwise
from funcgrad.core.kinds import Linear as Linear
from funcgrad.core.kinds import Multilinear as Multilinear
from funcgrad.core.kinds import Opaque as Opaque
from funcgrad.core.kinds import Selection as Selection
from funcgrad.core.level import tracers_in, zeros
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS, Primitive, call_of, install
from funcgrad.core.space import space_of
from funcgrad.errors import NoDerivativeError
from funcgrad.transforms.arguments import is_array
from funcgrad.transforms.batch import BatchLevel
from funcgrad.transforms.batch_paths import install_batch_paths
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.custom_function import CustomFunction, checked, is_traced, tangents_of
from funcgrad.transforms.custom_function import SymbolicZero as SymbolicZero
from funcgrad.transforms.custom_run import Pack, run
from funcgrad.transforms.custom_vjp import CustomVJPPrimal as CustomVJPPrimal
from funcgrad.transforms.forward_paths import install_forward_paths
from funcgrad.transforms.reverse_paths import install_short_paths
from funcgrad.tree import flatten

__all__ = [
    *("Composite", "Constant", "Elementwise", "Linear", "Multilinear", "Opaque", "Selection"),
    *("CustomVJPPrimal", "SymbolicZero", "defjvp", "defvjp", "kernel", "primitive", "register"),
]

# -- Functions that reach NumPy's protocols ------------------------------------------------------------------------


def register(*primitives: Primitive, replace: bool = False) -> None:
    """Enter rules for functions that reach NumPy's protocols into the table.

    Parameters
    ----------
    *primitives : Primitive
        Instances of the seven kinds.
    replace : bool
        Whether a function that has rules already gets these instead. Meant for import time: transforms that are
        running see the table change.

    Raises
    ------
    TypeError
        If an argument is not an instance of a kind.
    ValueError
        If a function has rules already, unless `replace`; nothing is entered then. If it is one of NumPy's own
        arithmetic functions, which Python's operators share.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.extend import Elementwise, register
    >>> twice = np.frompyfunc(lambda x: 2 * x, 1, 1)
    >>> rule = Elementwise(twice, lambda g: 2 * g, name="twice")
    >>> register(rule)
    >>> fg.grad(lambda x: twice(x))(3.0)
    np.float64(2.0)
    >>> register(rule)
    Traceback (most recent call last):
    ValueError: twice has rules already; pass replace=True to state others
    """
    functions = [check_entry(entry, replace) for entry in primitives]
    if len(set(map(id, functions))) < len(functions):
        raise ValueError("register: a function is stated twice")
    for function in functions:
        CALLS.pop(function, None)
    install([primitives])
    install_short_paths(foreign=True)
    install_forward_paths()
    install_batch_paths()


def check_entry(entry: Any, replace: bool) -> Any:
    if not isinstance(entry, Primitive):
        raise TypeError(f"register takes instances of the kinds, such as Elementwise(f, rule), got {entry!r}")
    function = entry.function
    if function in HOT_OPERATORS:
        raise ValueError(f"{entry.name} is NumPy's own arithmetic: its rules cannot be replaced")
    if call_of(function) is not None and not replace:
        raise ValueError(f"{entry.name} has rules already; pass replace=True to state others")
    return function


# -- Functions of plain arrays ---------------------------------------------------------------------------------------


class primitive(CustomFunction):
    """A foreign function, which gets plain arrays only, however transforms are nested. Use it as a decorator.

    Parameters
    ----------
    fun : callable
        Takes arrays as positional arguments; other arguments and keywords are handed through. Returns an array or a
        pytree of arrays.
    vjp : callable, optional
        ``vjp(g, y, *args, **kwargs)`` returns a tuple with a cotangent for each positional argument, None for zeros.
    jvp : callable, optional
        ``jvp(tangents, y, *args, **kwargs)`` returns the output's tangent; `tangents` has an entry for each positional
        argument, zeros filled in, None for what is no array. If only `jvp` is given, reverse mode transposes it.
    vectorized : bool
        Whether `fun` and its rules act elementwise, so that arrays may have more axes than those of an example:
        ``vmap`` then is one call for all examples. Else it is one call for each.

    Notes
    -----
    The rules are NumPy text: a second derivative differentiates them, and in them the function can be called again.
    autograd's way to state them is :func:`defvjp` and :func:`defjvp`.

    Examples
    --------
    >>> import math
    >>> import funcgrad as fg
    >>> from funcgrad.extend import primitive
    >>> erf = primitive(lambda x: math.erf(x), vjp=lambda g, y, x: (g * 2 / math.pi**0.5 * fg.numpy.exp(-(x**2)),))
    >>> fg.grad(erf)(0.0)
    np.float64(1.1283791670955126)
    """

    kind = "primitive"

    def __init__(
        self,
        fun: AnyFunction,
        vjp: Callable[..., Any] | None = None,
        jvp: Callable[..., Any] | None = None,
        vectorized: bool = False,
    ) -> None:
        super().__init__(fun)
        self.vjp, self.jvp, self.vectorized = vjp, jvp, vectorized
        self.vjps: dict[int, Any] = {}  # as autograd states them, by number of the argument
        self.jvps: dict[int, Any] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        places = [i for i, x in enumerate(args) if is_single_array(x)]
        arrays = [flatten(args[i])[0][0] for i in places]
        if not is_traced(arrays) and not tracers_in((args, kwargs)):
            return self.fun(*args, **kwargs)
        rest = [x for i, x in enumerate(args) if i not in places]
        if tracers_in((flatten(rest)[0], flatten(kwargs)[0])):
            raise NoDerivativeError(
                f"{self.name} got a traced value as a keyword or inside of a container. A primitive differentiates "
                "arrays that are positional arguments; pass funcgrad.stop_gradient of others."
            )
        return self.call(ForeignBody(self, args, places, kwargs), arrays)


def is_single_array(x: Any) -> bool:
    return is_array(x) or (
        not isinstance(x, list | tuple | dict) and len(flatten(x)[0]) == 1 and is_array(flatten(x)[0][0])
    )


def defvjp(fun: AnyFunction, *makers: Callable[..., Any] | None, argnums: Sequence[int] | None = None) -> None:
    """State reverse-mode rules as autograd does.

    Parameters
    ----------
    fun : primitive
        What :class:`primitive` returned.
    *makers : callable or None
        One for each argument: ``maker(ans, *args, **kwargs)`` returns the map from the output's cotangent to that
        of the argument. None where the derivative is zero.
    argnums : sequence of int, optional
        Which arguments the makers are for; the first ones by default.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.extend import defvjp, primitive
    >>> @primitive
    ... def logsumexp(x):
    ...     return np.log(np.sum(np.exp(x)))
    >>> defvjp(logsumexp, lambda ans, x: lambda g: g * np.exp(x - ans))
    >>> fg.grad(logsumexp)(np.zeros(2))
    array([0.5, 0.5])
    """
    rules_of(fun).vjps.update(by_number(fun, makers, argnums, "defvjp"))


def defjvp(fun: AnyFunction, *makers: Any, argnums: Sequence[int] | None = None) -> None:
    """State forward-mode rules as autograd does.

    Parameters
    ----------
    fun : primitive
        What :class:`primitive` returned.
    *makers : callable, "same" or None
        One for each argument: ``rule(g, ans, *args, **kwargs)`` returns the output's tangent for the argument's
        tangent `g`. ``"same"`` for an argument in which the function is linear, None where the derivative is zero.
    argnums : sequence of int, optional
        Which arguments the rules are for; the first ones by default.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.extend import defjvp, primitive
    >>> @primitive
    ... def product(a, b):
    ...     return a * b
    >>> defjvp(product, "same", lambda g, ans, a, b: a * g)
    >>> fg.jvp(product, (2.0, 3.0), (1.0, 10.0))
    (np.float64(6.0), np.float64(23.0))
    """
    rules_of(fun).jvps.update(by_number(fun, makers, argnums, "defjvp"))


def rules_of(fun: Any) -> primitive:
    if not isinstance(fun, primitive):
        raise TypeError(
            f"{getattr(fun, '__name__', fun)} is not a primitive: wrap it first, f = funcgrad.extend.primitive(f). For "
            "a function that reaches NumPy's protocols use funcgrad.extend.register."
        )
    return fun


def by_number(fun: Any, makers: Sequence[Any], argnums: Sequence[int] | None, what: str) -> dict[int, Any]:
    for maker in makers:
        if not (maker is None or callable(maker) or (maker == "same" and what == "defjvp")):
            raise TypeError(f"{what}: a rule of {fun.name} is {maker!r}, which is no function")
    numbers = range(len(makers)) if argnums is None else argnums
    return dict(zip(numbers, makers, strict=True))


class ForeignBody(Body):
    """One call of a foreign function."""

    def __init__(self, custom: primitive, args: tuple[Any, ...], places: list[int], kwargs: dict[str, Any]) -> None:
        self.custom = custom
        self.name = custom.name
        self.args = args
        self.packs = [Pack.unpack(args[i])[1] for i in places]  # the shell of a tensor
        self.places = places
        self.kwargs = kwargs
        self.has_vjp = custom.vjp is not None or bool(custom.vjps)
        self.has_jvp = custom.jvp is not None or bool(custom.jvps)
        self.is_linear_text = "same" not in custom.jvps.values()  # calls the function itself on tangents
        self.loops = not custom.vectorized

    def place(self, xs: Sequence[Any], others: Sequence[Any] | None = None) -> list[Any]:
        """Return the positional arguments with `xs` in place of the arrays."""
        args = list(self.args if others is None else others)
        for i, pack, x in zip(self.places, self.packs, xs, strict=True):
            args[i] = pack.build([x])
        return args

    def value(self, xs: Sequence[Any]) -> list[Any]:
        outs, self.outputs = run(self.name, lambda xs: self.custom.fun(*self.place(xs), **self.kwargs), xs)
        return outs

    def batched(self, level: BatchLevel, xs: Sequence[Any], flags: Sequence[bool]) -> Any:
        if not self.custom.vectorized:
            return super().batched(level, xs, flags)
        call = CustomCall(self)
        call.level = level
        every = [
            x if flag else np.broadcast_to(x, (level.size, *np.shape(x))) for x, flag in zip(xs, flags, strict=True)
        ]
        return call.bind(tuple(align(every, [True] * len(every))), {})

    # -- Reverse mode

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        outs = list(self.again(call, xs))
        if self.custom.vjp is not None:
            return outs, [*xs, *outs], (None, self.outputs, len(xs))
        ans, args = self.outputs.build(outs), self.place(xs)
        pulls = [
            self.maker(i, self.custom.vjps, "vjp")(ans, *args, **self.kwargs) if wanted else None
            for i, wanted in zip(self.places, perturbed, strict=True)
        ]
        return outs, [*xs, *outs], (pulls, self.outputs, len(xs))

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        pulls, outputs, n = memo
        xs, g = residuals[:n], outputs.build(gs)
        if pulls is not None:
            found = [None if pull is None else pull(g) for pull in pulls]
        else:
            assert self.custom.vjp is not None
            given = self.custom.vjp(g, outputs.build(residuals[n:]), *self.place(xs), **self.kwargs)
            if not isinstance(given, tuple | list) or len(given) != len(self.args):
                raise TypeError(
                    f"The vjp rule of {self.name} must return a tuple with {len(self.args)} cotangents, one for each "
                    f"positional argument, got {given!r:.80}"
                )
            found = [given[i] for i in self.places]
        rule, every = f"The vjp rule of {self.name}", tuple(range(len(self.args)))
        spaces = map(space_of, xs)
        return [
            checked(rule, "argument", every, c, i, space, ValueError)
            for i, c, space in zip(self.places, found, spaces, strict=True)
        ]

    # -- Forward mode

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        outs = list(self.again(call, xs))
        ans, args = self.outputs.build(outs), self.place(xs)
        rule = f"The jvp rule of {self.name}"
        if self.custom.jvp is not None:
            like = next(dx for dx in dxs if dx is not None)
            full = [zeros(space_of(x), like) if dx is None else dx for x, dx in zip(xs, dxs, strict=True)]
            tangents = self.place(full, [None] * len(self.args))
            return outs, tangents_of(rule, self.custom.jvp(tuple(tangents), ans, *args, **self.kwargs), ans)
        total: list[Any] = [None] * len(outs)
        for i, dx in zip(self.places, dxs, strict=True):
            if dx is None:
                continue
            term = self.term(i, dx, ans, args)
            douts = [None] * len(outs) if term is None else tangents_of(rule, term, ans)
            total = [a if b is None else b if a is None else a + b for a, b in zip(total, douts, strict=True)]
        return outs, total

    def term(self, i: int, dx: Array, ans: PyTree, args: list[Any]) -> PyTree:
        """Return the part of the tangent that argument `i` gives."""
        jvp = self.maker(i, self.custom.jvps, "jvp")
        if jvp == "same":
            return self.custom(*args[:i], dx, *args[i + 1 :], **self.kwargs)
        return jvp(dx, ans, *args, **self.kwargs)

    def maker(self, i: int, rules: dict[int, Any], what: str) -> Any:
        if i not in rules:
            raise NoDerivativeError(f"{what.upper()} of {self.name} with respect to argument {i} is not defined")
        return rules[i] if rules[i] is not None else lambda *args, **kwargs: (lambda g: None) if what == "vjp" else None

    def undefined(self, mode: str) -> Exception:
        if mode == "reverse" and not self.is_linear_text:
            return NoDerivativeError(
                f"{self.name} has no rule for reverse mode, and its rule for tangents, which is the function itself, "
                "cannot be transposed. State one: defvjp(f, lambda ans, x: lambda g: ...)."
            )
        way = "defvjp or vjp=" if mode == "reverse" else "defjvp or jvp="
        return NoDerivativeError(f"{self.name} has no rule for {mode} mode. State one with {way}.")
