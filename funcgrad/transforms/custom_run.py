"""Calling a function of the user's on values of another level: trees, lent arrays, and values that leak."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import PyTree
from funcgrad.core.arrays import lent
from funcgrad.core.level import RUNNING, Level, Traced, deepest
from funcgrad.errors import LostGradientError
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.tree import flatten

__all__ = ["Pack", "bare", "name_of", "refuse_leaks", "run"]

# -- Trees --------------------------------------------------------------------------------------------------


class Pack:
    """A tree without its arrays: strings, functions and the like stay where they are."""

    __slots__ = ("others", "places", "structure")

    def __init__(self, others: list[Any], places: list[int], structure: Any) -> None:
        self.others = others
        self.places = places
        self.structure = structure

    @staticmethod
    def unpack(tree: PyTree) -> tuple[list[Any], Pack]:
        """Take the arrays and numbers out of a tree."""
        leaves, structure = flatten(tree)
        places = [i for i, leaf in enumerate(leaves) if is_array(leaf)]
        arrays = [leaves[i] for i in places]
        for i in places:
            leaves[i] = None
        return arrays, Pack(leaves, places, structure)

    def build(self, arrays: Sequence[Any]) -> PyTree:
        """Return the tree with these arrays, shown as their levels want it."""
        leaves = list(self.others)
        for i, x in zip(self.places, arrays, strict=True):
            leaves[i] = x.level.present(x) if isinstance(x, Traced) else x
        return self.structure.unflatten(leaves)


def bare(x: Any) -> Any:
    """Take off the shell in which a transform shows a result."""
    return x if x is None or type(x) is np.ndarray else flatten(x)[0][0]


def name_of(function: Any) -> str:
    return str(getattr(function, "__name__", None) or repr(function))


# -- Running a user's function ---------------------------------------------------------------------------------


def run(name: str, function: Callable[[list[Any]], PyTree], xs: Sequence[Any]) -> tuple[list[Any], Pack]:
    """Call a function of `xs` at their own level, and return the arrays of its result, and the rest.

    It may not write into `xs`: the caller's arrays are lent to it.
    """
    borrowed = [lent(x) for x in xs]
    values = [x.value if isinstance(x, Traced) else None for x in xs]
    outer = RUNNING.set(deepest(xs))
    try:
        output = function(borrowed)
    except ValueError as error:
        if "read-only" in str(error):
            error.add_note(
                f"funcgrad: {name} has a rule of its own, so it may not write into its arguments. Copy them."
            )
        raise
    finally:
        RUNNING.reset(outer)
    if any(isinstance(x, Traced) and x.value is not value for x, value in zip(xs, values, strict=True)):
        raise TypeError(f"{name} has a rule of its own, so it may not write into its arguments. Copy them first.")
    arrays, pack = Pack.unpack(output)
    for leaf in pack.others:
        if isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind == "O":
            raise TypeError(f"{name} returned an array of Python objects, which has no derivative: use astype(float)")
    own = {id(view): x for view, x in zip(borrowed, xs, strict=True)}
    return [as_array(own.get(id(y), y)) for y in arrays], pack


def refuse_leaks(name: str, leaves: Iterable[Any], level: Level | None) -> None:
    """Refuse traced values of `level` or deeper ones in what a user's function made of values below `level`."""
    if level is None:
        return
    for leaf in leaves:
        if isinstance(leaf, Traced) and leaf.level.depth >= level.depth:
            raise LostGradientError(
                f"{name} has a rule of its own, but its result depends on a traced value of shape {leaf.space.shape} "
                "that the function or the rule closes over. The rule cannot give the derivative with respect to it: "
                "pass it as an argument, or pass funcgrad.stop_gradient of it if no gradient is needed."
            )
