"""Arguments of transforms: which ones are differentiated, their leaves, and what comes back to the user."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.arrays import lent
from funcgrad.core.kernels import note_cupy
from funcgrad.core.level import RUNNING, Level, Shell, Traced
from funcgrad.core.memory import is_scalar
from funcgrad.core.space import Space, space_of
from funcgrad.core.tracer import Tracer
from funcgrad.errors import LostGradientError
from funcgrad.tree import flatten, map

__all__ = [
    *("Chosen", "Transformed", "as_array", "bare", "call_traced", "choose", "is_array", "is_shell", "lend", "match"),
    *("opened", "present", "refuse_foreign", "taken", "tangent_space"),
]

SCALARS = (bool, int, float, complex)
PLAIN = (np.ndarray, np.generic)
NUMERIC = (Traced, *SCALARS)


def is_array(leaf: Any) -> bool:
    """Whether a leaf is something that can be traced: an array, a number, a tracer; not a string."""
    if isinstance(leaf, PLAIN):
        return leaf.dtype.kind in "fcbiu"
    return isinstance(leaf, NUMERIC) or (hasattr(leaf, "__array_function__") and hasattr(leaf, "dtype"))


def refuse_foreign(leaf: Any) -> None:
    """Raise if a leaf without derivative is an array after all, of a library that does not speak NumPy's protocols."""
    if hasattr(leaf, "__array__") and hasattr(leaf, "shape") and not isinstance(leaf, PLAIN):
        raise TypeError(
            f"{type(leaf).__module__}.{type(leaf).__qualname__} cannot be traced. Pass the array in it (x.to_numpy(), "
            "np.asarray(x), np.from_dlpack(x)); around the result, put what you want to keep, such as labels."
        )


def as_array(leaf: Any) -> Array:
    """Return a number as a NumPy scalar; arrays pass."""
    if type(leaf) is float:  # the common case, at a quarter of the time
        return np.float64(leaf)
    return np.asarray(leaf)[()] if isinstance(leaf, SCALARS) and not isinstance(leaf, np.generic) else leaf


def taken(leaf: Any, keep: bool = False) -> Any:
    """Return what a transform takes for an argument: a traced array as it is now, a plain one too if it is kept."""
    if isinstance(leaf, Tracer):
        return leaf.snapshot()
    return leaf.copy() if keep and type(leaf) is np.ndarray else as_array(leaf)


def present(tree: PyTree) -> PyTree:
    """Show what is handed to the user: a tracer of an outer level is shown as that level wants."""
    if isinstance(tree, PLAIN):
        return tree
    if isinstance(tree, Traced):
        return tree.level.present(tree)
    return map(lambda leaf: leaf.level.present(leaf) if isinstance(leaf, Traced) else leaf, tree)


def tangent_space(leaf: Any) -> Space | None:
    """Return the space of the tangents at a leaf of the arguments; None if it has none."""
    if not is_array(leaf):
        refuse_foreign(leaf)
        return None
    space = space_of(leaf)
    return space if space.is_inexact else None


def is_shell(x: Any) -> bool:
    """Whether an object is a tensor, that is, a tree of one array."""
    return isinstance(x, Shell)


def bare(tree: PyTree) -> PyTree:
    """Replace tensors by the arrays in them: what :func:`present` has shown, as the rules of a derivative want it."""
    return map(lambda leaf: leaf._bare() if isinstance(leaf, Shell) else leaf, tree, is_leaf=is_shell)


def opened(tree: PyTree) -> tuple[list[Any], Any]:
    """Return the arrays in `tree`, and the structure of a tree that has arrays where `tree` may have tensors."""
    leaves, structure = flatten(tree, is_shell)
    return [leaf._bare() if isinstance(leaf, Shell) else leaf for leaf in leaves], structure


def match(what: str, given: PyTree, structure: Any, spaces: Sequence[Space | None]) -> list[Any]:
    """Flatten tangents or cotangents, and check that tree, shapes and dtypes are those of the primals.

    A tensor may stand where the primal is an array, and the other way round.
    """
    leaves, found = flatten(given)
    if found != structure and opened(given)[1] != opened(structure.unflatten([0.0] * structure.num_leaves))[1]:
        raise ValueError(f"{what}: expected the tree structure {structure}, got {found}")
    return [leaf if space is None else fit(what, leaf, space) for leaf, space in zip(leaves, spaces, strict=True)]


def fit(what: str, leaf: Any, space: Space) -> Array:
    if leaf is None or not is_array(leaf):
        raise TypeError(f"{what}: expected an array of {space}, got {leaf!r}")
    leaf = as_array(leaf)
    if leaf.shape != space.shape:
        raise ValueError(f"{what}: expected shape {space.shape}, got {leaf.shape}")
    if not np.can_cast(leaf.dtype, space.dtype, "same_kind"):
        raise TypeError(f"{what}: expected dtype {space.dtype}, got {leaf.dtype}")
    return leaf if leaf.dtype == space.dtype else leaf.astype(space.dtype)


def call_traced(level: Level, f: AnyFunction, args: Any, kwargs: dict[str, Any]) -> Any:
    """Call `f` on tracers of `level`. NumPy hides our error about a lost gradient behind one of its own: show ours."""
    outer = RUNNING.set(level)
    try:
        return f(*args, **kwargs)
    except ValueError as error:
        if isinstance(error.__cause__, LostGradientError):
            raise error.__cause__.with_traceback(error.__traceback__) from None
        if "read-only" in str(error):
            error.add_note(
                "funcgrad: while a transform runs, arrays cannot be written to that are its arguments without being "
                "differentiated, or that an earlier operation on a traced value has read: the caller's would change, "
                "or the gradient be wrong. Wrap the function in funcgrad.adopt, copy the array (x = x.copy()), or "
                "write x = x * 2 instead of x *= 2."
            )
        note_cupy(error)
        raise
    except Exception as error:
        note_cupy(error)
        raise
    finally:
        RUNNING.reset(outer)


def lend(level: Level, x: Any) -> Any:
    """Return an argument that is not differentiated as the function gets it: the caller's array does not change.

    A plain array is lent as a view that cannot be written to; a traced one becomes a constant of `level`.
    """
    return level.constant(x.snapshot()) if isinstance(x, Tracer) and not is_scalar(x) else lent(x)


class Chosen:
    """The differentiated part of a call's arguments, and how to call with that part replaced."""

    __slots__ = ("args", "kwargs", "names", "numbers")

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: Any, names: Any) -> None:
        self.args = args
        self.kwargs = kwargs
        self.numbers = numbers  # int, tuple of ints, or None
        self.names = names  # str, tuple of strs, or None

    def tree(self) -> PyTree:
        """Return what is differentiated: one argument, a tuple, a dict by name, or (tuple, dict)."""
        if self.names is None and self.numbers == 0:
            return self.args[0]
        parts = []
        if self.numbers is not None:
            single = isinstance(self.numbers, int)
            parts.append(self.args[self.numbers] if single else tuple(self.args[n] for n in self.numbers))
        if self.names is not None:
            single = isinstance(self.names, str)
            parts.append(self.kwargs[self.names] if single else {name: self.kwargs[name] for name in self.names})
        return parts[0] if len(parts) == 1 else tuple(parts)

    def call(self, level: Level, f: AnyFunction, tree: PyTree) -> Any:
        """Call `f` on tracers of `level`, with `tree` in the place of what :meth:`tree` returned."""
        if len(self.args) == 1 and not self.kwargs and self.names is None and self.numbers == 0:
            return call_traced(level, f, (tree,), self.kwargs)
        args, kwargs = self.place(tree)
        if len(args) > 1 or kwargs:
            args = [lend(level, x) if x is given else x for x, given in zip(args, self.args, strict=True)]
        if kwargs:
            kwargs = {name: lend(level, x) if x is self.kwargs[name] else x for name, x in kwargs.items()}
        return call_traced(level, f, args, kwargs)

    def function(self, f: AnyFunction) -> AnyFunction:
        """Return `f` as a function of the differentiated part alone."""

        def of_tree(tree: PyTree) -> Any:
            args, kwargs = self.place(tree)
            return f(*args, **kwargs)

        return of_tree

    def place(self, tree: PyTree) -> tuple[Sequence[Any], dict[str, Any]]:
        """Return the arguments, with `tree` in the place of what :meth:`tree` returned."""
        if self.names is None and self.numbers == 0:
            return (tree, *self.args[1:]), self.kwargs
        parts = [tree] if self.numbers is None or self.names is None else list(tree)
        args = list(self.args)
        kwargs = self.kwargs
        if self.numbers is not None:
            part = parts.pop(0)
            for n, x in (
                [(self.numbers, part)] if isinstance(self.numbers, int) else zip(self.numbers, part, strict=True)
            ):
                args[n] = x
        if self.names is not None:
            part = parts.pop(0)
            kwargs = kwargs | ({self.names: part} if isinstance(self.names, str) else part)
        return args, kwargs


def choose(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    argnums: int | Sequence[int] | None,
    argnames: str | Sequence[str] | None,
) -> Chosen:
    """Resolve `argnums` (negative ones too) and `argnames` (given by keyword or by position) for one call."""
    numbers: int | tuple[int, ...] | None = None
    names: str | tuple[str, ...] | None = None
    if argnums is None and argnames is None:
        if args:
            return Chosen(args, kwargs, 0, None)
        argnums = 0
    if argnums is not None:
        single = not isinstance(argnums, Sequence)
        resolved = [resolve(n, len(args), f) for n in (argnums if isinstance(argnums, Sequence) else [argnums])]
        if len(set(resolved)) != len(resolved):
            raise ValueError(f"argnums={argnums} names an argument twice")
        numbers = resolved[0] if single else tuple(resolved)
    if argnames is not None:
        names = argnames if isinstance(argnames, str) else tuple(argnames)
        wanted = (names,) if isinstance(names, str) else names
        if not all(name in kwargs for name in wanted):
            args, kwargs = by_name(f, args, kwargs, wanted)
    return Chosen(args, kwargs, numbers, names)


def resolve(n: Any, count: int, f: AnyFunction) -> int:
    try:
        n = n.__index__()
    except AttributeError:
        raise TypeError(f"argnums must be an int or a sequence of ints, got {n!r}") from None
    if not -count <= n < count:
        raise ValueError(
            f"argnums={n} needs at least {n + 1 if n >= 0 else -n} positional arguments, but "
            f"{getattr(f, '__name__', f)} was called with {count}"
        )
    return int(n) % count


def by_name(
    f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any], wanted: Sequence[str]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Move every argument from the first wanted one on from position to keyword."""
    positional = list(inspect.signature(f).parameters)[: len(args)]
    for name in wanted:
        if name not in kwargs and name not in positional:
            raise ValueError(f"argnames={name!r}: {getattr(f, '__name__', f)} was called without it")
    first = min(positional.index(name) for name in wanted if name in positional)
    return args[:first], dict(zip(positional[first:], args[first:], strict=True)) | kwargs


class Transformed:
    """A transformed function: keeps name, docstring and signature, works as a method, pickles if the function does."""

    def __init__(self, apply: Callable[..., Any], f: AnyFunction, options: dict[str, Any]) -> None:
        if not callable(f):
            raise TypeError(f"Expected a function to transform, got {f!r}")
        functools.update_wrapper(self, f, updated=())
        self.apply = apply
        self.f = f
        self.options = options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.apply(self.f, args, kwargs, **self.options)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        named: Any = sys.modules.get(self.__module__)
        for part in getattr(self, "__qualname__", "").split("."):
            named = getattr(named, part, None)
        return self.__qualname__ if named is self else (Transformed, (self.apply, self.f, self.options))

    def __repr__(self) -> str:
        return f"<{self.apply.__name__} of {self.f!r}>"
