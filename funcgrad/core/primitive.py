"""Primitives: first-class records of a function and its rules, and the table that holds them.

A rule says by the *names* of its parameters what it reads, and only that is kept for the backward pass:

=============  ==========================================================================
first          the cotangent ``g`` or tangent that the rule is applied to
``y``          the value of the output (``Y``: only its shape and dtype, which costs nothing)
``x``          the value of a single operand; ``a``, ``b``, ``c`` those of several
``X`` ``A`` …  only the operand's :class:`~funcgrad.core.space.Space`
``xs`` ``XS``  all operands or spaces of a function of any number of operands
``i``          which of them the rule is asked for
``used``       of a function of several outputs: which of them have a cotangent (the others' are zeros)
``link``       of a cotangent: the node that it is for
other          a keyword of the function: ``axis``, ``keepdims``, … (its default when not given)
=============  ==========================================================================
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import supplied
from funcgrad.core.batching import Batch
from funcgrad.core.level import Shell, Traced, deepest
from funcgrad.core.space import Space
from funcgrad.errors import NoDerivativeError

__all__ = [
    *("CALLS", "Frame", "Primitive", "Rule", "Split", "call_of", "defaults_of", "install", "install_late"),
    "primitive_of",
]

Params: TypeAlias = dict[str, Any]
Operands: TypeAlias = tuple[Array, ...]
#: Splits a call's arguments into array operands and static parameters.
Split: TypeAlias = Callable[..., tuple[Operands, Params]]

LETTERS = "abcdefgh"

#: Where a rule finds what is not named after an operand.
EXPRESSIONS = {
    "y": "call.y",
    "Y": "call.output_space",
    "i": "i",
    "used": "call.used",
    "call": "call",
    "xs": "call.xs",
    "XS": "call.spaces",
    "link": "call.links[i]",
}
FAMILIAR = (np.ndarray, Traced, np.generic, bool, int, float, complex)

#: How a NumPy function is called on tracers: the one table that dispatch reads.
CALLS: dict[Any, Callable[..., Any]] = {}

#: Chapters of rules that wait, and the library that each is about: they are installed once that is imported and used.
LATE = {"funcgrad.rules": "numpy"}
LATE_LOCK = threading.RLock()


class Frame(Protocol):
    """What a rule may read: one call, in the backward pass or in forward mode."""

    xs: tuple[Array, ...]
    y: Any
    params: Params
    spaces: tuple[Space, ...]
    output_space: Any
    links: tuple[Any, ...]
    guarded: bool
    used: tuple[bool, ...]


class Rule:
    """A user-stated rule, and what it reads, known from the names of its parameters."""

    __slots__ = ("apply", "defaults", "function", "keeps", "keeps_output", "keywords", "names", "reads")

    apply: Callable[[Array, Frame, int], Any]  # the rule as a function of (g, call, i)

    def __init__(self, rule: Callable[..., Any], arity: int | None, defaults: Params) -> None:
        parameters = inspect.signature(rule).parameters
        own = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
        letters = "x" if arity == 1 else LETTERS[: arity or 0]
        self.function = rule
        self.names = tuple(parameters)[1:]
        self.keeps: set[int] | None = set()  # operands whose values are read; None: all of them
        self.keeps_output = False
        self.keywords: list[str] = []
        self.defaults = defaults | own
        self.reads = [self.plan(name, letters) for name in self.names]
        self.apply = self.compiled

    def plan(self, name: str, letters: str) -> str:
        """Note what `name` reads, and return the expression that fetches it from a call."""
        if name in ("call", "xs"):  # a rule that reads the call is of the kinds, which build rules from rules
            self.keeps = None
        elif name == "y":
            self.keeps_output = True
        elif name in letters and self.keeps is not None:
            self.keeps.add(letters.index(name))
        if name in EXPRESSIONS:
            return EXPRESSIONS[name]
        if name in letters:
            return f"call.xs[{letters.index(name)}]"
        if name.lower() in letters:
            return f"call.spaces[{letters.index(name.lower())}]"
        self.keywords.append(name)
        return f"call.params.get({name!r}, default_{name})"

    def compiled(self, g: Array, call: Frame, i: int) -> Any:
        """Apply the rule for the first time: from now on as one expression, several times as fast as a loop."""
        text = f"lambda g, call, i: function({', '.join(['g', *self.reads])})"
        defaults = {f"default_{name}": self.defaults.get(name) for name in self.keywords}
        self.apply = eval(text, {"function": self.function} | defaults)
        return self.apply(g, call, i)

    def __call__(self, g: Array, call: Frame, i: int = 0) -> Any:
        return self.apply(g, call, i)


class Primitive:
    """A function with derivative rules. The kinds in :mod:`funcgrad.core.kinds` are its subclasses.

    Parameters
    ----------
    function : callable
        The NumPy function that dispatch arrives with: the key in the table.
    rules : iterable of callable or None
        One per operand; None where the function is not differentiable in that operand.
    name : str, optional
        How messages and graphs call it; the function's own name by default.
    run : callable, optional
        What computes the value of operands of any level, when that is not `function` itself.
    own : bool
        Whether `function` is our own and knows plain arrays only: then the table does the dispatch for it.
    view : bool
        Whether the output shares memory with the first operand.
    split : callable, optional
        Splits a call's arguments into operands and parameters, where the signature cannot tell.
    ignore : str
        Keywords, separated by spaces, that change the value but not the rule (``dtype``, ...).
    batch : callable, optional
        How to apply it to many examples at once (:mod:`funcgrad.core.batching`); one by one if not stated.
    """

    arity: int | None  # None: any number of operands
    is_constant = False
    is_singular = False  # whether a partial can be infinite
    is_variadic = False  # whether it takes any number of operands, which all have the same rule
    each: tuple[Rule | None, ...] | None = None  # the rules of the operands, where each gives a cotangent by itself

    def __init__(
        self,
        function: Any,
        rules: Iterable[Callable[..., Any] | None],
        *,
        name: str | None = None,
        run: Callable[..., Any] | None = None,
        own: bool = False,
        view: bool = False,
        split: Split | None = None,
        ignore: str = "",
        batch: Batch | None = None,
    ) -> None:
        self.function = function
        self.batch = batch
        self.defaults = defaults_of(function)
        self.rules = tuple(None if rule is None else Rule(rule, self.arity, self.defaults) for rule in rules)
        self.name: str = name or getattr(function, "__name__", None) or function.name  # a kernel of CuPy's
        self.compute: Callable[..., Any] = run or supplied(function)
        self.run: Callable[..., Any] = self.dispatch if own else self.compute
        self.is_own = own
        self.is_view = view
        self.split = split or self.split_by_signature
        self.takes_one = self.arity == 1 and split is None
        known = {keyword for rule in self.rules if rule is not None for keyword in rule.keywords}
        if split is None and self.defaults and not known <= set(self.signature):
            raise ValueError(
                f"The rules of {self.name} read {known - set(self.signature)}, which are no keywords of it"
            )
        self.known = known | set(ignore.split())
        self.patterns: dict[tuple[bool, ...], tuple[set[int] | None, bool]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.takes_one and len(args) == 1 and isinstance(args[0], Traced):  # the common case of what follows
            source: Any = args[0]
            params = self.check(kwargs) if kwargs else kwargs
            out = source.level.process(self, args, params)
            return source.viewed(out, self, params) if self.is_view else out
        operands, params = self.split(*args, **kwargs)
        for x in operands:
            if not isinstance(x, FAMILIAR):
                if isinstance(x, Shell) and self.is_own:  # called directly: the facade unwraps itself
                    shell: Any = x
                    return shell.__array_function__(self, (type(x),), args, kwargs)
                if isinstance(x, Shell) or not is_array_like(x) or self.leaves_to(x):
                    return NotImplemented
                operands = tuple(np.asarray(x) if isinstance(x, list | tuple) else x for x in operands)
        return self.bind(operands, self.check(params) if params else params)

    def leaves_to(self, x: Any) -> bool:
        """Whether to leave the call to an operand that answers ufuncs in its own way, as xarray's arrays do."""
        if isinstance(x, list | tuple) or hasattr(x, "__array_function__"):
            return False
        if isinstance(self.function, np.ufunc) and type(x).__module__.partition(".")[0] != "pandas":
            return True
        raise TypeError(
            f"{self.name}: a traced value met a {type(x).__name__}, whose labels and methods it does not know. "
            "Pass the array in it: x.to_numpy() of pandas, x.data of xarray."
        )

    def bind(self, operands: Operands, params: Params) -> Any:
        """Apply to operands of any level: the deepest among them interprets the call."""
        level = deepest(operands)
        if level is None:
            return self.compute(*operands, **params)
        out = level.process(self, operands, params)
        if self.is_view:
            source: Any = operands[0]
            out = source.viewed(out, self, params)
        return out

    def dispatch(self, *operands: Any, **params: Any) -> Any:
        return self.bind(operands, params)

    # -- What the kinds derive ------------------------------------------------------------------

    def jvp(self, call: Frame, tangents: list[Array | None]) -> Any:
        """Return the output's tangent; None stands for a known zero."""
        raise NotImplementedError

    def vjp(self, call: Frame, g: Any) -> Iterable[tuple[int, Array]]:
        """Yield (operand number, its cotangent) for the operands that have a parent."""
        raise NotImplementedError

    def differentiable(self, i: int) -> bool:
        """Whether operand `i` has a derivative; a rule of None means that it has not."""
        return self.rules[i] is not None

    def retained(self, links: tuple[Any, ...]) -> tuple[set[int] | None, bool]:
        """Return which operands (None: all) and whether the output must be kept, when these have a parent."""
        wanted = tuple([link is not None for link in links])
        found = self.patterns.get(wanted)
        if found is None:
            found = self.patterns[wanted] = self.reads([i for i, yes in enumerate(wanted) if yes])
        return found

    @functools.cached_property
    def retained_by_one(self) -> tuple[bool, bool] | None:
        """Whether the only operand, and whether the output, must be kept; None if there is no derivative."""
        keeps, keeps_output = self.reads([0])
        return (keeps is None or 0 in keeps, keeps_output) if self.differentiable(0) else None

    def reads(self, wanted: list[int]) -> tuple[set[int] | None, bool]:
        """Work out :meth:`retained` for the operand numbers `wanted`."""
        keeps: set[int] = set()
        output = False
        for i in wanted:
            rule = self.rules[i]
            if rule is None:
                continue
            output |= rule.keeps_output
            if rule.keeps is None:
                return None, output or any(r.keeps_output for r in self.rules if r is not None)
            keeps |= rule.keeps
        return keeps, output

    # -- Arguments ------------------------------------------------------------------------------

    @functools.cached_property
    def signature(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)

    def split_by_signature(self, *args: Any, **kwargs: Any) -> tuple[Operands, Params]:
        arity = len(args) if self.arity is None else self.arity
        if len(args) == arity:
            return args, kwargs
        if len(args) > arity:
            return args[:arity], dict(zip(self.signature[arity:], args[arity:], strict=False)) | kwargs
        missing = [kwargs.pop(name) for name in self.signature[len(args) : arity] if name in kwargs]
        if len(args) + len(missing) != arity:
            raise TypeError(f"{self.name} takes {arity} array argument(s), got {len(args) + len(missing)}")
        return (*args, *missing), kwargs

    def check(self, params: Params) -> Params:
        """Drop keywords at their default; refuse those that no rule knows, rather than ignore them."""
        kept = {}
        for keyword, value in params.items():
            if isinstance(value, Traced) and value.space.is_inexact:
                raise NoDerivativeError(
                    f"{self.name}: the derivative with respect to {keyword}= is not known. "
                    f"Pass funcgrad.stop_gradient of it if no gradient is needed."
                )
            if value is np._NoValue:
                continue
            if keyword in self.known:
                kept[keyword] = value
            elif keyword not in self.signature:
                raise TypeError(f"{self.name}() got an unexpected keyword argument {keyword!r}")
            elif not (value is None or value is self.defaults.get(keyword)):
                raise NoDerivativeError(
                    f"{self.name}: the derivative with {keyword}={value!r} is not known. Leave {keyword} out, "
                    f"or pass funcgrad.stop_gradient of the array if no gradient is needed through this call."
                )
        return kept

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} primitive {self.name}>"


def primitive_of(function: Any) -> Any:
    """Return the primitive of a function that has one, which the table may hold in a shorter way."""
    call = CALLS[function]
    return getattr(call, "primitive", call)


def is_array_like(x: Any) -> bool:
    """Whether an operand of an unfamiliar type can take part; one with ``__array_ufunc__ = None`` will not."""
    return isinstance(x, list | tuple) or getattr(x, "__array_ufunc__", None) is not None


def defaults_of(function: Any) -> Params:
    """Return the defaults in a function's signature; NumPy's "no value" counts as None."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):  # a function in C that states no signature
        return {}
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {name: None if value is np._NoValue else value for name, value in defaults.items()}


def install(families: Iterable[Iterable[Primitive]]) -> None:
    """Enter the primitives of rule families into the table; a function stated twice is refused."""
    found: dict[Any, Primitive] = {}
    for primitive in itertools.chain.from_iterable(families):
        if primitive.function in CALLS or primitive.function in found:
            raise ValueError(f"{primitive.name} has rules already")
        found[primitive.function] = primitive
    CALLS.update(found)


def install_late() -> None:
    """Import and install the chapters of :data:`LATE` that are about libraries which the user has imported."""
    with LATE_LOCK:
        for chapter in [chapter for chapter, library in LATE.items() if library in sys.modules]:
            module = importlib.import_module(chapter)
            install([module.RULES])
            LATE.update(getattr(module, "LATE", {}))
            del LATE[chapter]  # last, so that another thread waits until the rules are there


def call_of(function: Any) -> Callable[..., Any] | None:
    """Return how `function` is called on tracers, or None if it has no rules."""
    call = CALLS.get(function)
    while call is None and any(library in sys.modules for library in list(LATE.values())):
        install_late()
        call = CALLS.get(function)
    return call
