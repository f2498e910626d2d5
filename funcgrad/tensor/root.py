"""The root level: where operations on tensors that require gradients are recorded.

It is an ordinary reverse-mode level, below all others and never closed. Its leaves pass what arrives on to
the ``.grad`` of their tensor.
"""

from __future__ import annotations

import weakref
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.gather import Write
from funcgrad.core.graph import Leaf, Node, Pending
from funcgrad.core.hooks import arrive, depart, watch
from funcgrad.core.kinds import all_finite
from funcgrad.core.level import LASTING, Traced
from funcgrad.core.memory import Place, Steps, add_at
from funcgrad.core.space import space_of
from funcgrad.tensor.inference import check_kept
from funcgrad.transforms.reverse import NonfiniteTracer, ReverseLevel, ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["ROOT", "AccumulateGrad", "carry_retained", "grad_fn_name", "leaf_tracer", "retain", "strip_root"]


class RootLevel(ReverseLevel):
    """The level of tensors."""

    __slots__ = ("wrap",)

    small = -1
    composes = False
    ends = False

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.wrap: Any = None  # set by the facade: how a tracer of this level is shown

    def lock(self, x: Any) -> None:
        """Leave arrays writable, for this level never closes: the log of writes tells what has changed."""

    def kept(self, x: Array) -> Array:
        check_kept(x)
        return x

    def keep(self, index: Any) -> Any:
        for part in index if type(index) is tuple else (index,):
            if isinstance(part, np.ndarray):
                check_kept(part)
        return index

    def constant(self, value: Array) -> ReverseTracer:
        return self.tracer(value, Leaf(self.stamp()), space_of(value))

    def again(self, value: Array, node: Node) -> ReverseTracer:
        """Trace once more a value that a node has kept."""
        out = self.tracer(value, node, space_of(value))
        if not all_finite(value):
            out.__class__ = NonfiniteTracer
        return out

    def write(self, primitive: Any, base: Any, value: Any, place: Place, add: bool) -> None:
        """Write into the memory itself, which other tensors share, whoever else holds it."""
        memory, target = place.target(base.value)
        finite = not isinstance(base, NonfiniteTracer)
        written, source, space = value, None, None
        if isinstance(value, ReverseTracer) and value.level is self:
            finite = finite and not isinstance(value, NonfiniteTracer)
            written, source, space = value.value, value.node, value.space
        elif space_of(value).is_inexact:
            finite = finite and all_finite(np.asarray(value))
        if add:
            add_at(target, place.index, written)
        else:
            target[place.index] = written
        base.become(self.tracer(memory, Write(self.stamp(), base.node, source, space, place, add), base.space))
        if not finite:
            base.__class__ = NonfiniteTracer

    def reread(self, view: Any, base: Any, steps: Steps) -> None:
        super().reread(view, base, steps)
        carry_retained(view)

    def present(self, tracer: Traced) -> Any:
        return self.wrap(tracer)


ROOT = RootLevel()
LASTING.append(ROOT)


class AccumulateGrad(Node):
    """The node of a leaf tensor: adds what arrives to the tensor's ``.grad``."""

    __slots__ = ("finished", "tensor")

    name = "AccumulateGrad"
    parents = ()
    asks_hooks = True

    def __init__(self, tensor: Tensor) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.extra: Any = None
        self.finished: dict[int, Any] | None = None  # what to call once the gradient is there
        self.tensor = weakref.ref(tensor)  # the tensor holds its node

    def pull(self, g: Array, pending: Pending) -> None:
        if self.extra is None:
            self.step(g, pending)
        else:
            depart(self, arrive(self, g), pending)

    def step(self, g: Array, pending: Pending) -> None:
        tensor = self.tensor()
        if tensor is None:
            return
        tensor._accumulate(g if (self.owned and g.base is None) or not isinstance(g, np.ndarray) else g.copy())
        if self.finished:
            for hook in list(self.finished.values()):
                hook(tensor)


def leaf_tracer(tensor: Tensor, value: Array) -> ReverseTracer:
    """Return the tracer of a leaf tensor that requires gradients."""
    return ROOT.tracer(value, AccumulateGrad(tensor), space_of(value))


def strip_root(x: Any) -> Any:
    """Return the value of a tracer of the root level; anything else passes."""
    return x.value if isinstance(x, ReverseTracer) and x.level is ROOT else x


# -- Gradients of tensors that are no leaves --------------------------------------------------------------

#: By identity of its tracer: a tensor that retains its gradient, wherever in the graph writes take it.
RETAINED: dict[int, weakref.ref[Any]] = {}


def retain(tensor: Tensor) -> None:
    """Let backward passes leave the gradient in ``.grad`` of a tensor that is no leaf."""
    key = id(tensor.payload)

    def forget(reference: Any) -> None:
        if RETAINED.get(key) is reference:
            del RETAINED[key]

    RETAINED[key] = weakref.ref(tensor, forget)  # the tensor holds its node
    carry_retained(tensor.payload)


def carry_retained(tracer: Any) -> None:
    """Retain the gradient at the node where a tracer is now; what is left at older nodes does nothing any more."""
    if not RETAINED:
        return
    reference = RETAINED.get(id(tracer))
    tensor = None if reference is None else reference()
    if reference is None or tensor is None or tensor.payload is not tracer or tracer.node is None:
        return
    key = tracer.node.key

    def keep(g: Any) -> None:
        found = reference()
        if found is not None and found.node is not None and found.node.key == key:
            found._accumulate_copy(g)

    watch(tracer.node).retain = keep


# -- grad_fn ------------------------------------------------------------------------------------------

#: PyTorch's names for the Function nodes, where they are not the NumPy name in capitals.
NAMES = {
    "absolute": "Abs",
    "arccos": "Acos",
    "arcsin": "Asin",
    "arctan": "Atan",
    "astype": "ToCopy",
    "broadcast_to": "Expand",
    "concatenate": "Cat",
    "copy": "Clone",
    "divide": "Div",
    "expand_dims": "Unsqueeze",
    "leaf": "Zero",
    "log1p": "Log1P",
    "multiply": "Mul",
    "negative": "Neg",
    "power": "Pow",
    "ravel": "View",
    "reshape": "View",
    "setitem": "CopySlices",
    "square": "Pow",
    "subtract": "Sub",
    "swapaxes": "Transpose",
    "transpose": "Permute",
}


def grad_fn_name(node: Node) -> str:
    """Return PyTorch's name for a node."""
    node = getattr(node, "call", node)  # what several outputs have in common
    if isinstance(node, AccumulateGrad) or node.is_named or "Backward" in node.name:
        return node.name
    name = NAMES.get(node.name, node.name.title().replace("_", ""))
    if name == "CopySlices":
        return name
    if name == "Getitem":
        name = read_name(getattr(node, "index", ()))
    elif name == "Matmul":
        name = product_name(tuple([space.ndim for space in getattr(node, "spaces", ())]))
    along = name in ("Sum", "Mean", "Prod") and getattr(node, "params", {}).get("axis") is not None
    power = name == "Pow" and len(node.parents) == 2
    return f"{name}Backward{int(along or power)}"


def read_name(index: Any) -> str:
    """Return the name of a read by the last step that PyTorch takes."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(not isinstance(part, int | slice | None | EllipsisType) for part in parts):
        return "Index"
    steps = [part for part in parts if part is not Ellipsis and part != slice(None)]
    if not steps:
        return "Slice"
    return "Slice" if isinstance(steps[-1], slice) else "Unsqueeze" if steps[-1] is None else "Select"


def product_name(ndims: tuple[int, ...]) -> str:
    """Return the name of a matrix product by its operands' dimensions."""
    names: dict[tuple[int, ...], str] = {(1, 1): "Dot", (2, 1): "Mv", (2, 2): "Mm", (3, 3): "Bmm"}
    return names.get(ndims, "UnsafeView")
