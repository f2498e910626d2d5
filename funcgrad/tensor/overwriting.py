"""In-place operations: tensors that share memory see a write, and no gradient is silently wrong because of one.

* A write whose result is not recorded goes into the memory, which ``detach()``, views and ``numpy()`` share.
* A recorded write makes a new place in the graph, and the memory follows. Through a view it is a write into the base.
  The other views of the base are read from it anew. A tensor outside the graph joins it, with its base and all views.
* What an operation in place saves for its own backward pass is copied if the operation overwrites it. What others have
  saved is not: the backward pass will raise (:mod:`funcgrad.tensor.versions`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.gather import Write
from funcgrad.core.graph import Node, Pending, send
from funcgrad.core.indices import is_basic, is_view
from funcgrad.core.level import Traced, deepest, plain, zeros
from funcgrad.core.memory import View, base_of, expire, write
from funcgrad.core.space import Space, space_of
from funcgrad.errors import LostGradientError
from funcgrad.tensor.conversion import moved
from funcgrad.tensor.devices import device_of, is_on_gpu
from funcgrad.tensor.inference import check_written
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.root import ROOT, AccumulateGrad, carry_retained
from funcgrad.tensor.shell import Base, link_of, unwrap, wrap
from funcgrad.tensor.silence import silenced
from funcgrad.tensor.unrecorded import in_place_of
from funcgrad.tensor.versions import count_write, is_shared, settle
from funcgrad.tensor.views import DIAGONAL, join_graph, writable
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    "assign",
    "check_cast",
    "check_dense",
    "check_recorded",
    "fitted",
    "overwrite",
    "shell",
    "shows_graph",
    "update",
]

Compute = Callable[["Tensor"], Any]


class Emptied(Node):
    """The node of a tensor that was overwritten by what has no gradient: zeros go on to what it was before."""

    __slots__ = ("label", "parent", "space")

    def __init__(self, name: str, parent: Node | None, space: Space) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.label = name
        self.parent = parent
        self.space = space

    def pull(self, g: Any, pending: Pending) -> None:
        if self.parent is not None:
            send(self.parent, zeros(self.space, g), True, pending)

    @property
    def name(self) -> str:
        return self.label

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


def kind_of_write(kind: str) -> type[Write]:
    """Return a class of nodes that write, of another name."""
    return type(f"Write{kind}", (Write,), {"__slots__": (), "name": kind})


#: By the method's name: the classes of writes that have a name of their own.
KINDS = {
    f"{kind}_": kind_of_write(kind)
    for kind in ("index_add", "index_copy", "index_fill", "index_put", "masked_fill", "masked_scatter", "scatter")
}
KINDS |= {"scatter_add_": kind_of_write("scatter_add"), "copy_": kind_of_write("CopyBackwards")}
KINDS |= {"fill_": kind_of_write("FillBackward3"), "fill_number_": kind_of_write("FillBackward2")}


# -- What may be written to -----------------------------------------------------------------------------------------


def check_recorded(tensor: Base) -> None:
    """Refuse a write that would be recorded, where PyTorch does: leaves, and views made in certain ways."""
    known = link_of(tensor)
    if known is not None and known.mode == "no_grad":
        raise RuntimeError(
            "A view was created in no_grad mode and is being modified inplace with grad mode enabled: it is unclear "
            "whether the write shall be recorded. Make the view and write to it both inside the no_grad block (not "
            "recorded), or both outside of it (recorded)."
        )
    if known is not None and known.mode is not None:
        raise RuntimeError(
            f"This is an output of {known.mode}, a function that returns several views, and is being modified inplace. "
            "Such views cannot be written to where gradients are recorded: use the operation that is not in place."
        )
    payload = tensor.payload
    if isinstance(payload, ReverseTracer) and type(payload.node) is AccumulateGrad:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    base = known.base.payload if known is not None else payload
    if isinstance(base, ReverseTracer) and type(base_of(base).node) is AccumulateGrad:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def shows_graph(tensor: Base) -> bool:
    """Whether a tensor outside the graph is a view of one inside it, and gradients are recorded."""
    x = tensor.payload
    if type(x) is not np.ndarray or x.base is None or not GRAD_ENABLED.get():
        return False
    known = link_of(tensor)
    return known is not None and isinstance(known.base.payload, Traced)


def check_dense(memory: Array) -> Array:
    """Return the array that is to be written to; refuse one that has elements several times."""
    if type(memory) is not np.ndarray:
        return memory
    if not memory.flags.writeable:
        memory = writable(memory)
    if 0 in memory.strides and any(s == 0 and n > 1 for s, n in zip(memory.strides, memory.shape, strict=True)):
        raise RuntimeError(
            "unsupported operation: several elements of the tensor that is written to share one place in memory (it "
            "was expanded). Write into a clone() of it."
        )
    if not memory.flags.writeable:
        raise RuntimeError("the memory of this tensor is a NumPy array that cannot be written to: clone() it first")
    return memory


def open_diagonals(payload: ReverseTracer) -> None:
    """Let views of diagonals be written to, which NumPy does not allow."""
    memory = getattr(payload, "memory", None)  # unset for an array too
    if type(memory) is not View or memory.writeable:
        return
    if not writable(np.asarray(payload.value)).flags.writeable:
        return
    part: View | None = memory
    while part is not None:
        if part.primitive is not None and part.primitive.function is np.diagonal:
            part.primitive = DIAGONAL
        part.writeable = True
        part = part.parent


def check_cast(source: np.dtype[Any], target: np.dtype[Any]) -> None:
    if not np.can_cast(source, target, "same_kind"):
        raise RuntimeError(
            f"result type {type_name(source)} can't be cast to the desired output type {type_name(target)}"
        )


def fitted(result: Any, target: Any) -> Any:
    """Return the payload of a result in the shape and dtype of what it is written into."""
    new = unwrap(result)
    wanted, space = space_of(target), space_of(new)
    if space.shape != wanted.shape:
        raise RuntimeError(
            f"output with shape {list(wanted.shape)} doesn't match the broadcast shape {list(space.shape)}"
        )
    if space.dtype == wanted.dtype:
        return new
    check_cast(space.dtype, wanted.dtype)
    return new.astype(wanted.dtype)


def leaks(name: str) -> LostGradientError:
    return LostGradientError(
        f"{name} would write a value of a transform into a tensor from outside of it. Make the tensor with "
        "zeros_like of a traced one, or return the value from the function."
    )


# -- Whole tensors ----------------------------------------------------------------------------------------------------


@silenced
def overwrite(tensor: Base, new: Array) -> None:
    """Write plain values into a tensor's memory, which keeps its shape and dtype."""
    check_written(tensor.memory())
    shared = is_shared(tensor)
    memory = tensor.memory()
    check_dense(memory)[...] = beside_memory(fitted(new, memory), memory)
    count_write(memory, shared, ROOT.stamp())


@silenced
def update(tensor: Base, compute: Compute, name: str) -> Any:
    """Let `tensor` become ``compute(tensor)``, which must not change its argument; return it."""
    level = getattr(tensor.payload, "level", None)  # the payload itself in a variable would count as sharing it
    if level is not None and level is not ROOT:
        with in_place_of(tensor.payload):
            tensor.payload[...] = fitted(compute(wrap(tensor.payload)), tensor.payload)
        return tensor
    recorded = level is ROOT and GRAD_ENABLED.get()
    if recorded or shows_graph(tensor):
        check_recorded(tensor)
        open_diagonals(tensor.payload)
    check_written(tensor.memory())
    shared = is_shared(tensor)
    memory = check_dense(tensor.memory())
    before = ROOT.stamp()
    seen = shell(tensor.payload if recorded else memory)
    new = beside_memory(fitted(compute(seen), memory), memory)
    if isinstance(new, Traced) and new.level is not ROOT:
        raise leaks(name)
    if recorded or isinstance(new, Traced):
        if not recorded:
            check_recorded(tensor)
        if not isinstance(new, Traced):
            new = ROOT.tracer(new, Emptied(name.rstrip("_"), tensor.node, space_of(new)), space_of(new))
        settle(new.node, before, memory, new.value)
        if not recorded:
            join_graph(tensor)
        rebind(tensor.payload, new)
        shared = True
    else:
        memory[...] = new
    count_write(memory, shared, before)
    return tensor


def beside_memory(new: Any, memory: Any) -> Any:
    """Return what is written into a tensor on the device where that lives, as PyTorch's copies do."""
    if not (is_on_gpu(plain(new)) or is_on_gpu(plain(memory))):
        return new
    where, target = device_of(new), device_of(memory)
    return new if where == target else moved(new, source=where, target=target)


def shell(payload: Any) -> Tensor:
    """Return a tensor around a payload, without looking for what it may be a view of."""
    tensor = object.__new__(Base.concrete)
    tensor.payload = payload
    tensor.grad = None
    return tensor


def rebind(payload: ReverseTracer, new: Any) -> None:
    """Give a tracer of the root level, and its views, a new place in the graph; the memory follows."""
    if base_of(payload) is not payload:
        if new is not payload:
            write(payload, new, ...)
            carry_retained(base_of(payload))
        return
    memory = payload.value
    expire(payload)
    if new.value is not memory:
        memory[...] = new.value
    payload.become(new)
    payload.value = memory
    carry_retained(payload)


# -- Parts of tensors -------------------------------------------------------------------------------------------------


@silenced
def assign(tensor: Base, steps: list[Any], value: Any, name: str, add: bool = False) -> None:
    """Write a value, or add it, at an index, which takes one or two steps; the cost is that of what is written."""
    level = getattr(tensor.payload, "level", None)
    v = unwrap(value)
    if hasattr(v, "dtype"):
        v = beside_memory(v, tensor.payload)
    check_value(tensor, steps, value)
    deeper = deepest((v,))
    if level is not None and level is not ROOT:
        target = tensor.payload[steps[0]] if len(steps) > 1 else tensor.payload
        with in_place_of(target):
            write(target, v, steps[-1], add)
        return
    if deeper is not None and deeper is not ROOT:
        raise leaks(name)
    recording = GRAD_ENABLED.get() and (level is ROOT or deeper is ROOT)
    if recording or shows_graph(tensor):
        check_recorded(tensor)
    check_written(tensor.memory())
    shared = is_shared(tensor)
    memory = check_dense(tensor.memory())
    stamp = ROOT.stamp()
    try:
        if recording:
            record_write(tensor, steps, v, name, add)
        else:
            put(memory[steps[0]] if len(steps) > 1 else memory, steps[-1], v, add)
    except ValueError as error:
        raise RuntimeError(f"shape mismatch: {error}") from error
    count_write(memory, True if recording else shared, stamp)


def check_value(tensor: Base, steps: list[Any], value: Any) -> None:
    """Refuse what is no number and no tensor, and at indices given by tensors a tensor of another dtype."""
    if isinstance(value, Base):
        wanted, space = space_of(tensor.payload), space_of(value.payload)
        alike = space.dtype == wanted.dtype or (space.size == 1 and all(is_basic(step) for step in steps))
        if not alike and not all(is_view(step) for step in steps):
            raise RuntimeError(
                f"Index put requires the source and destination dtypes match, got {type_name(wanted.dtype)} for the "
                f"destination and {type_name(space.dtype)} for the source."
            )
    elif isinstance(value, complex) and space_of(tensor.payload).dtype.kind != "c":
        raise RuntimeError(f"a complex number cannot be written into a tensor of {type_name(tensor.payload.dtype)}")
    elif not isinstance(value, bool | int | float | complex | np.generic | Traced):
        raise TypeError(f"can't assign a {type(value).__name__} to a tensor: make a tensor of it")


def record_write(tensor: Base, steps: list[Any], v: Any, name: str, add: bool) -> None:
    before = join_graph(tensor) if type(tensor.payload) is not ReverseTracer and tensor.node is None else []
    try:
        open_diagonals(tensor.payload)
        target = tensor.payload[steps[0]] if len(steps) > 1 else tensor.payload
        write(target, v, steps[-1], add)
    except Exception:  # nothing was written, so nothing joins the graph
        for view, payload in before:
            view.payload = payload
        raise
    payload = tensor.payload
    if name in KINDS and base_of(payload) is payload and type(payload.node) is Write:
        payload.node.__class__ = KINDS[name]
    carry_retained(base_of(payload))


def put(target: Array, index: Any, value: Any, add: bool) -> None:
    if add:
        np.add.at(target, index, value)
    else:
        target[index] = value
