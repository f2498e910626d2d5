"""Composites: a call that completes a longer computation is recorded as one node, where that saves passes.

Only where nobody looks at the nodes between: tensors show theirs. The values are those that were computed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.backend import FUSING
from funcgrad.core.graph import Call, Node, Pending, Pointwise, freed, send
from funcgrad.core.primitive import primitive_of
from funcgrad.core.space import Space
from funcgrad.core.summing import reduced

__all__ = ["COMPOSITES"]


class Softmax(Node):
    """``exp(x) / sum(exp(x))`` along axes, also with something subtracted from `x` that is constant along them.

    Its cotangent takes four passes; those of quotient, sum, exponential, difference and maximum take ten or more. What
    is subtracted changes nothing, so its own cotangent is zero.
    """

    __slots__ = ("axes", "parent", "y")

    name = "softmax"

    def __init__(self, axes: tuple[int, ...], parent: Node, y: Array) -> None:
        self.axes = axes
        self.parent = parent
        self.y: Any = y
        self.cotangent = None

    def pull(self, g: Any, pending: Pending) -> None:
        y, axes = self.y, self.axes
        if y is None:
            freed()
        shares = g * y
        if type(shares) is np.ndarray:
            total = reduced(np.add, shares, axes, True)
        else:
            total = np.sum(shares, axis=axes, keepdims=True)
        send(self.parent, (g - total) * y, True, pending)

    def release(self) -> None:
        self.y = None

    def relinked(self, level: Any) -> Node:
        if self.y is None:
            return self
        new = Softmax(self.axes, self.parent, level.again(self.y, self))
        new.key = self.key
        return new

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


# -- What completes them -------------------------------------------------------------------------------------


def softmax(y: Array, dividend: Any, divisor: Any, space: Space) -> Softmax | None:
    """Return the node of a quotient `y`, if it is that of exponentials and their sums."""
    axes = axes_of_sum(divisor, dividend, space)
    if axes is None or FUSING[type(y)] or not is_exponential(dividend):
        return None
    source = dividend.parents[0]
    if type(source) is Call and source.primitive.function is np.subtract and source.links[0] is not None:
        whole, shift = source.spaces
        missing = space.ndim - shift.ndim
        if whole is space and all(d < missing or shift.shape[d - missing] == 1 for d in axes):
            source = source.links[0]
    return Softmax(axes, source, y)


def axes_of_sum(node: Any, operand: Node, space: Space) -> tuple[int, ...] | None:
    """Return the axes along which a node sums the operand, if each sum meets the elements that it is made of."""
    if type(node) is not Call or node.primitive.function is not np.sum or node.links[0] is not operand:
        return None
    if not {"axis", "keepdims"}.issuperset(node.params):
        return None
    axis = node.params.get("axis")
    axes = tuple(range(space.ndim)) if axis is None else normalize_axis_tuple(axis, space.ndim)
    left = tuple([1 if d in axes else n for d, n in enumerate(space.shape)])
    shape = node.output_space.shape
    return axes if shape == left[len(left) - len(shape) :] else None


def is_exponential(node: Any) -> bool:
    if type(node) is Pointwise:
        return node.shorts[0] is exponential()
    return type(node) is Call and node.primitive.function is np.exp


@functools.cache
def exponential() -> Any:
    """Return the rule of ``np.exp``, in short."""
    return primitive_of(np.exp).short[0]


#: By the function that completes it: what gives the node, from the value, the operands' nodes and the space. On a
#: device, chains of nodes are one launch as they are.
COMPOSITES: dict[Any, Callable[[Array, Any, Any, Space], Node | None]] = {np.divide: softmax}
