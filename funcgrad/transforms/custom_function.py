"""Functions decorated with rules: how their arguments are resolved, and what is checked of the rules' results."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import optree

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.level import Shell, Traced, deepest, zeros
from funcgrad.core.space import Space, space_of
from funcgrad.errors import LostGradientError
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.batch import BatchTracer
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.custom_run import Pack, bare, name_of
from funcgrad.transforms.gradient import float0
from funcgrad.tree import NAMESPACE, flatten, flatten_with_paths

__all__ = [
    *("CustomFunction", "SymbolicZero", "checked", "cotangents_of", "fill", "is_traced", "merged", "skeleton_of"),
    *("tangents_of", "with_leaves"),
]

# -- Arguments -----------------------------------------------------------------------------------------------


class CustomFunction:
    """A function that a rule can be attached to: keeps name, docstring and signature, and works as a method."""

    kind = "custom"

    def __init__(
        self, fun: AnyFunction, nondiff_argnums: Sequence[int] = (), nondiff_argnames: Sequence[str] = ()
    ) -> None:
        if not callable(fun):
            raise TypeError(f"{self.kind} takes a function, got {fun!r}")
        functools.update_wrapper(self, fun, updated=())
        self.fun = fun
        self.name = name_of(fun)
        self.signature, self.count = signature_of(fun)
        names = [nondiff_argnames] if isinstance(nondiff_argnames, str) else list(nondiff_argnames)
        numbers = [nondiff_argnums] if isinstance(nondiff_argnums, int) else list(nondiff_argnums)
        self.nondiff = tuple(sorted({*map(self.number, numbers), *map(self.number_of, names)}))

    def number(self, n: int) -> int:
        if n < 0 <= self.count:
            n += self.count
        if n < 0:
            raise ValueError(f"{self.kind} of {self.name}: nondiff_argnums has {n}, which names no argument")
        return n

    def number_of(self, name: str) -> int:
        names = list(self.signature.parameters) if self.signature is not None else []
        if name not in names:
            raise ValueError(f"{self.kind} of {self.name}: nondiff_argnames has {name!r}, which names no argument")
        return names.index(name)

    def positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return all arguments by position, with defaults filled in: what rules are called with."""
        if not kwargs and (len(args) == self.count or self.signature is None):
            return args
        if self.signature is None:
            raise TypeError(f"{self.name} states no signature, so that its arguments have to be given by position")
        bound = self.signature.bind(*args, **kwargs)
        if bound.kwargs:
            raise TypeError(
                f"The arguments of the {self.kind} function {self.name} have to be given by position to its rule, "
                f"which {', '.join(bound.kwargs)} cannot. Remove the * or ** from its signature."
            )
        bound.apply_defaults()
        return bound.args

    def split(self, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[int, Any]]:
        """Return the differentiable arguments, and the others by their number."""
        if not self.nondiff:
            return args, {}
        others = {n: args[n] for n in self.nondiff if n < len(args)}
        for n, x in others.items():
            self.refuse_traced(n, x)
        return tuple([x for n, x in enumerate(args) if n not in others]), others

    def refuse_traced(self, n: int, x: Any) -> None:
        for leaf in flatten(x)[0]:
            while isinstance(leaf, Traced):
                if not isinstance(leaf, BatchTracer):
                    raise LostGradientError(
                        f"Argument {n} of the {self.kind} function {self.name} is one of nondiff_argnums, but got a "
                        "traced value, whose gradient would be lost. Make it an ordinary argument of the function and "
                        "its rule, or pass funcgrad.stop_gradient of it."
                    )
                leaf = leaf.value

    def call(self, body: Body, arrays: list[Any]) -> PyTree:
        outs = CustomCall(body).bind(tuple(arrays), {})
        return body.outputs.build(outs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def __reduce__(self) -> Any:
        named: Any = sys.modules.get(self.__module__)
        for part in getattr(self, "__qualname__", "").split("."):
            named = getattr(named, part, None)
        return self.__qualname__ if named is self else super().__reduce__()

    def __repr__(self) -> str:
        return f"<{self.kind} function {self.name}>"


def signature_of(fun: Any) -> tuple[inspect.Signature | None, int]:
    """Return a function's signature, and the number of its arguments if all can be given by position; else -1."""
    if isinstance(fun, np.ufunc):  # `out` is not for rules
        return None, -1
    try:
        signature = inspect.signature(fun)
    except (ValueError, TypeError):
        return None, -1
    kinds = {p.kind for p in signature.parameters.values()}
    plain = kinds <= {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return signature, len(signature.parameters) if plain else -1


def merged(args: Sequence[Any], others: dict[int, Any]) -> list[Any]:
    """Undo :meth:`CustomFunction.split`."""
    given = iter(args)
    return [others[n] if n in others else next(given) for n in range(len(args) + len(others))]


def is_traced(arrays: Sequence[Any]) -> bool:
    return deepest(arrays) is not None


# -- Zeros ---------------------------------------------------------------------------------------------------


class SymbolicZero:
    """A tangent or cotangent that is known to be zero, without memory for it.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Examples
    --------
    >>> import funcgrad as fg
    >>> f = fg.custom_jvp(lambda x, y: x * y)
    >>> def rule(primals, tangents):
    ...     print(type(tangents[1]).__name__, tangents[1].shape)
    ...     return f(*primals), tangents[0] * primals[1]
    >>> _ = f.defjvp(rule, symbolic_zeros=True)
    >>> fg.grad(f)(2.0, 3.0)
    SymbolicZero ()
    np.float64(3.0)
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, space: Space) -> None:
        self.shape = space.shape
        self.dtype = space.dtype if space.is_inexact else float0

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def instantiate(self) -> Array:
        """Return the zeros."""
        return np.zeros(self.shape, self.dtype)

    def __repr__(self) -> str:
        return f"SymbolicZero({self.dtype}{list(self.shape)})"


def fill(g: Any, space: Space, like: Array) -> Any:
    """Return what stands for a cotangent: zeros for None, of dtype float0 for an integer."""
    if not space.is_inexact:
        return np.zeros(space.shape, float0)
    return zeros(space, like) if g is None else g


def with_leaves(tree: PyTree, pack: Pack, leaf_of: Callable[[int, Any], Any]) -> PyTree:
    """Replace the arrays of a tree, numbered, by something else; a tensor is one."""
    leaves, structure = optree.tree_flatten(tree, is_leaf=is_single_not_none, namespace=NAMESPACE)
    for k, place in enumerate(pack.places):
        leaves[place] = leaf_of(k, leaves[place])
    return structure.unflatten(leaves)


# -- What rules return -----------------------------------------------------------------------------------------


def is_single(x: Any) -> bool:
    return x is None or isinstance(x, Shell | SymbolicZero)


def skeleton_of(pack: Pack) -> Any:
    """Return a tree with the numbers of its leaves, without the shells around them."""
    numbers = pack.structure.unflatten(range(len(pack.others)))
    return optree.tree_map(bare, numbers, is_leaf=is_single, none_is_leaf=True, namespace=NAMESPACE)


def cotangents_of(rule: str, given: Any, pack: Pack, spaces: Sequence[Space]) -> list[Any]:
    """Check what a backward rule returned, a tuple like the arguments. None is zero, of a whole argument too."""
    skeleton = skeleton_of(pack)
    if isinstance(given, list) and len(given) == len(skeleton):
        given = tuple(given)
    flatten(given)  # which makes dataclasses known
    leaves, structure = optree.tree_flatten(given, is_leaf=is_single, none_is_leaf=True, namespace=NAMESPACE)
    try:
        parts = structure.flatten_up_to(skeleton)
    except ValueError:
        wrong_tree(rule, given, skeleton)
    found: dict[int, Any] = {}
    for leaf, part in zip(leaves, parts, strict=True):
        if leaf is not None and type(part) is not int:
            wrong_tree(rule, given, skeleton)
        if leaf is not None:
            found[part] = leaf
    operands = zip(pack.places, spaces, strict=True)
    return [checked(rule, "argument", skeleton, found.get(i), i, s, ValueError) for i, s in operands]


def wrong_tree(rule: str, given: Any, skeleton: Any) -> NoReturn:
    raise TypeError(
        f"{rule} must return a tuple with one cotangent for each argument, {len(skeleton)} in all, each a tree like "
        f"the argument, or None for zeros. The arguments' tree is {flatten(skeleton)[1]}, the result's "
        f"{flatten(given)[1]}."
    )


def tangents_of(rule: str, given: Any, outputs: PyTree) -> list[Any]:
    """Check the tangents that a forward rule returned; known zeros are None."""
    flatten((given, outputs))
    primals, structure = optree.tree_flatten(outputs, is_leaf=is_single_not_none, namespace=NAMESPACE)
    tangents, found = optree.tree_flatten(given, is_leaf=is_single_not_none, namespace=NAMESPACE)
    if structure != found:
        raise TypeError(f"{rule} must return a tangent with the tree of the output, {structure}, but got {found}")
    primals = [bare(y) for y in primals]
    skeleton = structure.unflatten(range(len(primals)))
    return [
        checked(rule, "output", skeleton, dy, i, space_of(as_array(y)), TypeError)
        for i, (y, dy) in enumerate(zip(primals, tangents, strict=True))
        if is_array(y)
    ]


def is_single_not_none(x: Any) -> bool:
    return isinstance(x, Shell | SymbolicZero)


def checked(rule: str, what: str, tree: PyTree, dx: Any, i: int, space: Space, wrong_shape: type[Exception]) -> Any:
    """Return a tangent or cotangent of the right shape and dtype, or None for a known zero."""
    if dx is None:
        return None
    dx = dx if isinstance(dx, SymbolicZero) else bare(dx)
    place = f"{what} {flatten_with_paths(tree)[i][0] or 'itself'}" if needs_place(dx, space) else ""
    if not isinstance(dx, SymbolicZero) and not is_array(dx) and getattr(dx, "dtype", None) != float0:
        raise TypeError(f"{rule} returned {dx!r:.80} for {place}, where an array of {space} belongs")
    if type(dx) in (int, float) or (type(dx) is complex and space.is_complex):
        dx = space.dtype.type(dx) if space.is_inexact else as_array(dx)
    if tuple(dx.shape) != space.shape:
        raise wrong_shape(f"{rule} returned an array of shape {tuple(dx.shape)} for {place}, where {space} belongs")
    if space.is_inexact and dx.dtype != space.dtype:
        raise TypeError(f"{rule} returned an array of {dx.dtype} for {place}, where {space} belongs: use astype")
    if not space.is_inexact and dx.dtype not in (space.dtype, float0):
        raise TypeError(
            f"{rule} returned an array of {dx.dtype} for {place}, which has {space} and no derivative: return None, or "
            "zeros of dtype float0"
        )
    return None if isinstance(dx, SymbolicZero) or not space.is_inexact else dx


def needs_place(dx: Any, space: Space) -> bool:
    """Whether a message may be needed: its words cost more than the check."""
    return getattr(dx, "dtype", None) != space.dtype or getattr(dx, "shape", None) != space.shape
