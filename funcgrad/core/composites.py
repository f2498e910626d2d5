"""Composites: a call that completes a longer computation is recorded as one node, where that saves passes.

Only where nobody looks at the nodes between: tensors show theirs. The values are those that were computed.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.backend import FUSING
from funcgrad.core.blocks import LARGE
from funcgrad.core.graph import Call, Node, Pending, Pointwise, send
from funcgrad.core.primitive import primitive_of
from funcgrad.core.space import project
from funcgrad.core.summing import reduced

__all__ = ["LogSumExp", "log_sum_exp", "logistic", "softmax", "unshifted"]


class Combined(Node):
    """A node that stands for several, on levels whose passes are never recorded: nobody asks for those between."""

    __slots__ = ()

    def relinked(self, level: Any) -> Node:
        raise RuntimeError(f"the node of {self.name} stands for several, and cannot be walked on traced values")


class Softmax(Combined):
    """``exp(x) / sum(exp(x))`` along axes, also with something subtracted from `x` that is constant along them.

    Its cotangent takes four passes; those of quotient, sum, exponential, difference and maximum take ten or more. What
    is subtracted changes nothing, so its own cotangent is zero.
    """

    __slots__ = ("axes", "parent", "y")

    name = "softmax"

    def __init__(self, axes: tuple[int, ...], parent: Node, y: Array) -> None:
        self.axes = axes
        self.parent = parent
        self.y = y
        self.cotangent = None

    def pull(self, g: Any, pending: Pending) -> None:
        y, axes = self.y, self.axes
        shares = g * y
        if type(shares) is np.ndarray:
            total = reduced(np.add, shares, axes, True)
        else:
            total = np.sum(shares, axis=axes, keepdims=True)
        send(self.parent, (g - total) * y, True, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


class LogSumExp(Combined):
    """``log(sum(exp(x - c)))`` along axes, where `c` is constant along them: a row of largest elements, say.

    The cotangent of `x` takes one pass, that of `c` none: the shares of a sum add up to one.
    """

    __slots__ = ("e", "left", "links", "s", "shift_space")

    name = "logsumexp"

    def __init__(
        self, e: Any, s: Any, left: tuple[int, ...] | None, links: tuple[Node, Node | None], shift_space: Any
    ) -> None:
        self.e = e
        self.s = s
        self.left = left  # the shape in which the sums meet what they are made of; None if they do as they are
        self.links = links  # of `x` and `c`
        self.shift_space = shift_space
        self.cotangent = None

    def pull(self, g: Any, pending: Pending) -> None:
        link, shift = self.links
        share = g / self.s
        send(link, self.e * (share if self.left is None else share.reshape(self.left)), True, pending)
        if shift is not None:
            g = -g
            send(shift, project(g if self.left is None else g.reshape(self.left), self.shift_space), True, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links


class Logistic(Combined):
    """``1 / (c + exp(-x))``, or ``1 / (c + exp(x))``: the value times its share of exponentials, for four rules."""

    __slots__ = ("e", "falls", "parent", "y")

    name = "logistic"

    def __init__(self, parent: Node, y: Any, e: Any, falls: bool) -> None:
        self.parent = parent
        self.y = y
        self.e = e
        self.falls = falls  # whether it falls where `x` grows
        self.cotangent = None

    def pull(self, g: Any, pending: Pending) -> None:
        y = self.y
        c = y * self.e  # first, for it is about one where `y` is next to nothing
        if type(c) is type(g) is np.ndarray:
            c *= y
            c *= g
        else:
            c = c * y * g
        send(self.parent, -c if self.falls else c, True, pending)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


# -- What completes them. On a device, chains of nodes are one launch as they are ----------------------------


def softmax(y: Array, dividend: Any, divisor: Any) -> Softmax | None:
    """Return the node of a quotient `y`, if it is that of exponentials and their sums."""
    found = sum_of(divisor)
    if found is None or divisor.links[0] is not dividend or FUSING[type(y)] or exponentials(dividend) is None:
        return None
    axes, left = found
    return Softmax(axes, shifted(dividend, axes)[0], y) if left is None else None


def log_sum_exp(s: Any, node: Any) -> LogSumExp | None:
    """Return the node of the logarithm of `s`, the value of `node`, if that is a sum of exponentials."""
    found = sum_of(node)
    if found is None or FUSING[type(s)]:
        return None
    axes, left = found
    e = exponentials(node.links[0])
    if e is None:
        return None
    link, shift, space = shifted(node.links[0], axes)
    return LogSumExp(e, s, left, (link, shift), space)


def unshifted(a: Node, b: Node) -> LogSumExp | None:
    """Return the node of a sum, if one of the terms is what has been subtracted under the other, a logarithm."""
    log, shift = (b, a) if type(b) is LogSumExp else (a, b)
    if type(log) is not LogSumExp or log.links[1] is not shift:
        return None
    return LogSumExp(log.e, log.s, log.left, (log.links[0], None), None)


def logistic(y: Any, node: Pointwise) -> Logistic | None:
    """Return the node of ``1 / x``, the value of `node` being `x`, if that is an exponential and something constant."""
    short, second = node.shorts
    exponential: Any = node.parent
    if second is not None or type(exponential) is not Pointwise or exponential.shorts[0] is not short_of(np.exp):
        return None
    if short not in shorts_of(np.add) or FUSING[type(y)] or y.size >= LARGE:
        return None
    source: Any = exponential.parent
    falls = not (type(source) is Pointwise and source.shorts[0] is short_of(np.negative))
    return Logistic(source if falls else source.parent, y, exponential.kept, falls)


@functools.cache
def shorts_of(function: Any) -> Any:
    """Return the rules of a function, in short."""
    return primitive_of(function).short


@functools.cache
def short_of(function: Any) -> Any:
    """Return the rule of a function of one operand, in short."""
    return shorts_of(function)[0]


def sum_of(node: Any) -> tuple[tuple[int, ...], tuple[int, ...] | None] | None:
    """Return the axes along which a node sums, and the shape in which the sums meet what they are made of.

    The shape is None if they do as they are. All is None if the node does not sum, or not simply.
    """
    if type(node) is not Call or node.primitive.function is not np.sum or not SIMPLE.issuperset(node.params):
        return None
    try:
        return axes_and_shape(node.params.get("axis"), node.spaces[0].shape, node.output_space.shape)
    except TypeError:  # axes in an array, which cannot be remembered
        return None


#: What a sum may say.
SIMPLE = frozenset(("axis", "keepdims"))


@functools.lru_cache(maxsize=1000)
def axes_and_shape(
    axis: Any, large: tuple[int, ...], small: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    axes = tuple(range(len(large))) if axis is None else normalize_axis_tuple(axis, len(large))
    left = tuple([1 if d in axes else n for d, n in enumerate(large)])
    return axes, None if small == left[len(left) - len(small) :] else left


def exponentials(node: Any) -> Any:
    """Return the value of a node, if that is ``np.exp`` of something; None if not."""
    if type(node) is Pointwise:
        return node.kept if node.shorts[0] is short_of(np.exp) else None
    return node.y if type(node) is Call and node.primitive.function is np.exp else None


def shifted(node: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return from which node the exponentials of `node` are, and which one is subtracted before, with its space.

    That is, if it is constant along the axes; otherwise the difference is the first, and there is no second.
    """
    source = node.parents[0]
    if type(source) is Call and source.primitive.function is np.subtract and source.links[0] is not None:
        whole, shift = source.spaces
        if whole is source.output_space and is_constant_along(axes, whole.ndim, shift.shape):
            return source.links[0], source.links[1], shift
    return source, None, None


@functools.lru_cache(maxsize=1000)
def is_constant_along(axes: tuple[int, ...], ndim: int, shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape, broadcast to `ndim` dimensions, is constant along the axes."""
    missing = ndim - len(shape)
    return all(d < missing or shape[d - missing] == 1 for d in axes)
