"""The root level: where operations on tensors that require gradients are recorded.

It is an ordinary reverse-mode level, below all others and never closed. Its leaves pass what arrives on to
the ``.grad`` of their tensor.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node, Pending
from funcgrad.core.level import Traced
from funcgrad.core.space import space_of
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["ROOT", "AccumulateGrad", "GradFn", "grad_fn_name", "leaf_tracer", "strip_root"]


class RootLevel(ReverseLevel):
    """The level of tensors."""

    __slots__ = ("wrap",)

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.wrap: Any = None  # set by the facade: how a tracer of this level is shown

    def present(self, tracer: Traced) -> Any:
        return self.wrap(tracer)


ROOT = RootLevel()


class AccumulateGrad(Node):
    """The node of a leaf tensor: adds what arrives to the tensor's ``.grad``."""

    __slots__ = ("tensor",)

    name = "AccumulateGrad"
    parents = ()

    def __init__(self, tensor: Tensor) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.tensor = weakref.ref(tensor)  # the tensor holds its node

    def pull(self, g: Array, pending: Pending) -> None:
        tensor = self.tensor()
        if tensor is not None:
            tensor.accumulate(g if self.owned or not isinstance(g, np.ndarray) else g.copy())


def leaf_tracer(tensor: Tensor, value: Array) -> ReverseTracer:
    """Return the tracer of a leaf tensor that requires gradients."""
    return ROOT.tracer(value, AccumulateGrad(tensor), space_of(value))


def strip_root(x: Any) -> Any:
    """Return the value of a tracer of the root level; anything else passes."""
    return x.value if isinstance(x, ReverseTracer) and x.level is ROOT else x


# -- grad_fn ------------------------------------------------------------------------------------------

#: PyTorch's names for the Function nodes, where they are not the NumPy name in capitals.
NAMES = {
    "multiply": "Mul",
    "subtract": "Sub",
    "divide": "Div",
    "power": "Pow",
    "negative": "Neg",
    "absolute": "Abs",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "matmul": "Mm",
    "transpose": "Permute",
    "swapaxes": "Transpose",
    "reshape": "View",
    "ravel": "View",
    "broadcast_to": "Expand",
    "concatenate": "Cat",
    "amax": "Amax",
    "amin": "Amin",
    "getitem": "Index",
    "where": "Where",
    "copy": "Clone",
    "astype": "ToCopy",
}


def grad_fn_name(node: Node) -> str:
    """Return PyTorch's name for a node."""
    if isinstance(node, AccumulateGrad):
        return node.name
    return NAMES.get(node.name, node.name.title().replace("_", "")) + "Backward0"


class GradFn:
    """A tensor's ``grad_fn``: a Function node as PyTorch shows it."""

    __slots__ = ("node",)

    node: Node

    def name(self) -> str:
        return grad_fn_name(self.node)

    @property
    def next_functions(self) -> tuple[tuple[GradFn | None, int], ...]:
        """The nodes of the inputs, each with the number of its output; None for an input without gradient."""
        return tuple((None if parent is None else grad_fn(parent), 0) for parent in self.node.parents)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and other.node is self.node

    def __hash__(self) -> int:
        return hash(id(self.node))

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self.node):#x}>"


def grad_fn(node: Node) -> GradFn:
    """Return the ``grad_fn`` for a node: an instance of a class of the node's name."""
    fn: GradFn = type(grad_fn_name(node), (GradFn,), {"__slots__": ()})()
    fn.node = node
    return fn
