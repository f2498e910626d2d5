"""``rearrange``: axes by name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["rearrange"]

#: One side of a pattern: groups of names, which are multiplied together.
Side = list[list[str]]

#: "..." outside of brackets: all other axes, each for itself.
OTHERS = "*"

TOKEN = re.compile(r"\.\.\.|[()]|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\S")


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Permute, split and join the axes of a tensor, as a pattern of names says.

    Parameters
    ----------
    tensor : Tensor or sequence of Tensor
        Several are stacked along a new first axis.
    pattern : str
        Names of the axes before and after ``->``. In brackets are names of axes that lie in one; ``...`` stands for
        any number of axes, and ``1`` for one of length one.
    **axes_lengths : int
        Lengths of axes that cannot be told from the shape.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the pattern is wrong, or does not fit the shape.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.rearrange(fg.arange(6), "(h w) -> w h", h=2)
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    x = np.stack(tensor) if isinstance(tensor, list | tuple) else tensor
    left, right = sides(pattern)
    shape = tuple(x.shape)
    left = filled(left, len(shape), pattern)
    extra = [name for group in left for name in group if name.startswith(".")]
    right = [
        [new for name in group for new in (extra if name == "..." else [name])] for group in right_of(right, extra)
    ]
    if sorted(names_in(left)) != sorted(names_in(right)):
        odd = sorted(set(names_in(left)) ^ set(names_in(right)))
        raise ValueError(f"rearrange: {pattern!r} must have the same axes on both sides, but {odd} are on one only")
    for name in axes_lengths:
        if name not in names_in(left):
            raise ValueError(f"rearrange: {pattern!r} has no axis {name!r}, whose length was given")
    lengths = lengths_of(left, shape, axes_lengths, pattern)
    order = [names_in(left).index(name) for name in names_in(right)]
    parts = np.reshape(x, [lengths[name] for name in names_in(left)])
    return np.reshape(np.transpose(parts, order), [math.prod([lengths[n] for n in group]) for group in right])


def sides(pattern: str) -> tuple[Side, Side]:
    found = pattern.split("->")
    if len(found) != 2:
        raise ValueError(f"rearrange: a pattern is two lists of axes with one '->' between them, got {pattern!r}")
    left, right = parsed(found[0], pattern), parsed(found[1], pattern)
    for side in (left, right):
        names = names_in(side)
        if len(set(names)) != len(names):
            raise ValueError(f"rearrange: {pattern!r} names an axis twice on one side")
    return left, right


def parsed(text: str, pattern: str) -> Side:
    groups: Side = []
    inside = False
    for token in TOKEN.findall(text):
        if token == "(" and not inside:
            groups.append([])
            inside = True
        elif token == ")" and inside:
            inside = False
        elif token == "..." or token.isidentifier() or token == "1":
            names = [] if token == "1" else [token]
            if inside:
                groups[-1] += names
            else:
                groups.append([OTHERS] if token == "..." else names)
        else:
            raise ValueError(f"rearrange: {token!r} has no meaning in the pattern {pattern!r}")
    if inside:
        raise ValueError(f"rearrange: a bracket is not closed in the pattern {pattern!r}")
    return groups


def names_in(side: Side) -> list[str]:
    return [name for group in side for name in group]


def filled(left: Side, ndim: int, pattern: str) -> Side:
    """Replace ``...`` by as many axes as are left for it."""
    if [OTHERS] not in left:
        if "..." in names_in(left):
            raise ValueError(f"rearrange: '...' in brackets is not possible before '->', in {pattern!r}")
        if len(left) != ndim:
            raise ValueError(f"rearrange: {pattern!r} is for {len(left)} axes, but the tensor has {ndim}")
        return left
    count = ndim - len(left) + 1
    if count < 0:
        raise ValueError(f"rearrange: {pattern!r} is for at least {len(left) - 1} axes, but the tensor has {ndim}")
    place = left.index([OTHERS])
    return [*left[:place], *[[f".{i}"] for i in range(count)], *left[place + 1 :]]


def right_of(right: Side, extra: Sequence[str]) -> Side:
    """Let ``...`` that is not in brackets stand for axes of their own."""
    return [part for group in right for part in ([[name] for name in extra] if group == [OTHERS] else [group])]


def spelled_out(group: list[str], extra: Sequence[str]) -> list[str]:
    return [new for name in group for new in (extra if name == "..." else [name])]


def lengths_of(left: Side, shape: tuple[int, ...], given: dict[str, int], pattern: str) -> dict[str, int]:
    """Return the length of each axis; of those in one bracket, one may be unknown."""
    lengths: dict[str, int] = dict(given)
    for group, size in zip(left, shape, strict=True):
        unknown = [name for name in group if name not in lengths]
        if len(unknown) > 1:
            raise ValueError(f"rearrange: the lengths of {unknown} cannot all be told in {pattern!r}: give one")
        known = math.prod([lengths[name] for name in group if name in lengths])
        if unknown:
            lengths[unknown[0]] = size // known if known else 0
            known *= lengths[unknown[0]]
        if known != size:
            raise ValueError(
                f"rearrange: an axis of length {size} is not made of {group} in {pattern!r}, given {given}"
            )
    return lengths
