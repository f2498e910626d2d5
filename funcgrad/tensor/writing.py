"""In-place operations: tensors that share memory see a write, and no gradient is silently wrong because of one.

* A write whose result is not recorded goes into the memory, which ``detach()``, views and ``numpy()`` share.
* A recorded write makes a new place in the graph, and the memory follows. It is refused where a tensor that shares the
  memory would have to become part of the graph too and cannot: for a leaf, for a view other than an element or a
  slice, and for memory that an unrecorded tensor shares.
* What the graph saved for its backward pass may be in the memory that is written to. Writes are logged while anything
  else holds the memory, and a backward pass that would read a changed value raises, as in PyTorch. The log knows of
  writes through tensors; those through a NumPy array that shares the memory it cannot see.
"""

from __future__ import annotations

import functools
import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Call, Node
from funcgrad.core.level import Traced
from funcgrad.core.memory import base_of, expire, write
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import space_of
from funcgrad.errors import LostGradientError
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.root import ROOT, AccumulateGrad
from funcgrad.tensor.shape import translate
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Writing", "check_saved", "overwrite"]

Compute = Callable[["Tensor"], Any]

# -- The log of writes ------------------------------------------------------------------------------------------

#: By identity of the array that owns the memory: a reference to it, and when it was last written to.
WRITES: dict[int, tuple[weakref.ref[Any], int]] = {}


def owner(array: Any) -> Any:
    """Return the array that owns the memory of a view."""
    return array.base if isinstance(array.base, np.ndarray) else array


def references(holder: Any, name: str) -> int:
    """Count who holds an attribute's value."""
    return sys.getrefcount(getattr(holder, name))


ALONE = references(SimpleNamespace(array=np.empty(1)), "array")


def is_shared(tensor: Base) -> bool:
    """Whether the tensor's memory is held by anything else: another tensor, a view, a node of the graph."""
    holder, name = (tensor.payload, "value") if isinstance(tensor.payload, Traced) else (tensor, "payload")
    if references(holder, name) > ALONE:
        return True
    base = getattr(holder, name).base
    return base is not None and sys.getrefcount(base) > ALONE + 1  # the variable here is one more


def log_write(memory: Array, shared: bool) -> None:
    """Note that the memory of an array has changed, if anything else can notice."""
    root = owner(memory)
    if shared:
        WRITES[id(root)] = weakref.ref(root, functools.partial(forget, id(root))), ROOT.stamp()
    else:
        WRITES.pop(id(root), None)


def forget(key: int, reference: Any) -> None:
    """Drop the note of an array that is gone."""
    if WRITES.get(key, (None,))[0] is reference:
        del WRITES[key]


def check_saved(root: Node) -> None:
    """Raise if something that the graph saved for its backward pass was changed by a write since."""
    stamps = [stamp for _, stamp in list(WRITES.values())]
    if not stamps:
        return
    latest = min(stamps)  # stamps, like keys, decrease with time: what was recorded after all writes is safe
    seen = {root}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.key > latest:
            check_node(node)
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)


def check_node(node: Node) -> None:
    for array in held_arrays(node):
        written = WRITES.get(id(owner(array)))
        if written is not None and node.key > written[1]:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"a tensor of shape {list(array.shape)} that {node.name} saved. Modify a clone() of it instead, or "
                "call backward() before."
            )


def held_arrays(node: Node) -> Iterator[Array]:
    """Yield the arrays that a node holds, whatever its class calls them."""
    names = [name for cls in type(node).__mro__ for name in getattr(cls, "__slots__", ()) if name != "cotangent"]
    held: list[Any] = [getattr(node, name, None) for name in names]
    while held:
        x = held.pop()
        if isinstance(x, np.ndarray):
            yield x
        elif type(x) in (tuple, list):
            held += x
        elif type(x) is dict:
            held += x.values()
        elif type(x) is Call:  # several outputs share one call, which is not among their parents
            held += [x.xs, x.y]


# -- Writing ----------------------------------------------------------------------------------------------------


def overwrite(tensor: Base, new: Array) -> None:
    """Write plain values into a tensor's memory, which keeps its shape and dtype."""
    tensor.memory()
    shared = is_shared(tensor)
    store(tensor.memory(), ..., fitted(new, tensor.memory()), shared)


def store(memory: Array, index: Any, value: Any, shared: bool) -> None:
    memory[index] = value
    log_write(memory, shared)


def check_cast(source: np.dtype[Any], target: np.dtype[Any]) -> None:
    if not np.can_cast(source, target, "same_kind"):
        raise RuntimeError(
            f"result type {type_name(source)} can't be cast to the desired output type {type_name(target)}"
        )


def update(tensor: Base, compute: Compute, name: str) -> None:
    """Let `tensor` become ``compute(tensor)``, which must not change its argument."""
    level = getattr(tensor.payload, "level", None)  # the payload itself in a variable would count as sharing it
    if level is not None and level is not ROOT:
        tensor.payload[...] = fitted(compute(wrap(tensor.payload)), tensor.payload)
    elif level is ROOT and GRAD_ENABLED.get():
        payload: ReverseTracer = tensor.payload
        check_not_leaf(payload)
        tensor.memory()
        private = ROOT.tracer(payload.value.copy(), payload.node, payload.space)  # the new node may save it
        private.__class__ = type(payload)
        rebind(payload, fitted(compute(wrap(private)), payload))
    else:
        tensor.memory()
        shared = is_shared(tensor)
        values = tensor.memory()
        new = fitted(compute(wrap(values)), values)
        if not isinstance(new, Traced):
            store(values, ..., new, shared)
            return
        if new.level is not ROOT:
            raise LostGradientError(
                f"{name} would write a value of a transform into a tensor from outside of it. Make the tensor with "
                "zeros_like of a traced one, or return the value from the function."
            )
        if shared:
            raise RuntimeError(
                f"{name} would write a value that requires gradients into a tensor that does not, and whose memory a "
                "view, a detached tensor or the graph shares: these would miss the gradient. Write into a clone()."
            )
        tensor.payload = new


def fitted(result: Any, target: Any) -> Any:
    """Return the payload of a result in the shape and dtype of what it is written into."""
    new = unwrap(result)
    wanted, space = space_of(target), space_of(new)
    if space.shape != wanted.shape:
        raise RuntimeError(
            f"output with shape {list(wanted.shape)} doesn't match the broadcast shape {list(space.shape)}"
        )
    check_cast(space.dtype, wanted.dtype)
    return new if space.dtype == wanted.dtype else new.astype(wanted.dtype)


def check_not_leaf(payload: ReverseTracer) -> None:
    if type(payload.node) is AccumulateGrad:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if type(base_of(payload).node) is AccumulateGrad:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def rebind(payload: ReverseTracer, new: Any) -> None:
    """Give a tracer of the root level, and its views, a new place in the graph; the memory follows."""
    base = base_of(payload)
    if base is not payload:
        write(payload, new, ...)
    else:
        memory = base.value
        expire(base)
        memory[...] = new.value
        base.become(new)
        base.value = memory
    log_write(base.value, shared=True)


# -- Methods ----------------------------------------------------------------------------------------------------


def in_place(function: Callable[[Any, Any], Any]) -> Any:
    """Return a method that writes ``self op other`` into the tensor's own memory."""
    name = f"{function.__name__}_"

    def method(self: Base, other: Any) -> Any:
        update(self, lambda private: function(private, private if other is self else other), name)
        return self

    return method


class Writing(Base):
    """In-place operations. Their names end in an underscore."""

    __slots__ = ()

    __iadd__ = add_ = in_place(operator.add)
    __isub__ = sub_ = in_place(operator.sub)
    __imul__ = mul_ = in_place(operator.mul)
    __itruediv__ = div_ = in_place(operator.truediv)
    __ifloordiv__ = floor_divide_ = in_place(operator.floordiv)
    __imod__ = remainder_ = in_place(operator.mod)
    __ipow__ = pow_ = in_place(operator.pow)
    __iand__ = in_place(operator.and_)
    __ior__ = in_place(operator.or_)
    __ixor__ = in_place(operator.xor)

    def copy_(self, src: Any) -> Any:
        """Take over the values of another tensor, cast and broadcast."""
        self[...] = src
        return self

    def fill_(self, value: Any) -> Any:
        """Fill with a number, in place."""
        self[...] = value
        return self

    def zero_(self) -> Any:
        """Fill with zeros, in place."""
        return self.fill_(0)

    def __setitem__(self, index: Any, value: Any) -> None:
        first, *rest = translate(index) if index is not ... else [...]
        if rest:
            raise NotImplementedError(
                "assignment to an index that mixes integers and arrays: assign to a view, x[i][j] = value"
            )
        v = unwrap(value)
        recorded = isinstance(self.payload, Traced) and (self.node is None or GRAD_ENABLED.get())
        if recorded or isinstance(v, Traced):
            update(self, lambda private: replaced(private.payload, v, first), "setitem")
        else:
            self.memory()
            shared = is_shared(self)
            store(self.memory(), first, v, shared)


def replaced(x: Any, value: Any, index: Any) -> Any:
    """Return `x` with other elements at `index`."""
    if hasattr(value, "dtype") and value.dtype != x.dtype:
        value = value.astype(x.dtype)
    return wrap(CALLS[operator.setitem](x, value, index))
