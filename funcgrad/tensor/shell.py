"""The shell itself: a payload, its place in the graph, and how to put the shell on and take it off.

A payload is an array, or a tracer where gradients are recorded. The chapters of the facade (operators, shape,
reductions, writing) are subclasses of :class:`Base` without slots; :class:`funcgrad.Tensor` joins them.

A tensor that is a view knows the tensor whose memory it shows, as in PyTorch: :func:`wrap` finds it in what was
unwrapped last, if the arrays share memory. So whatever makes views, a method or a NumPy function, need not say so.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import ref

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import is_on_device
from funcgrad.core.level import Shell, Traced, rebuilt
from funcgrad.core.space import space_of
from funcgrad.tensor.dtypes import DType, dtype_of
from funcgrad.tensor.inference import mark
from funcgrad.tensor.modes import GRAD_ENABLED, INFERENCE, LIMIT
from funcgrad.tensor.root import ROOT, AccumulateGrad
from funcgrad.tensor.unrecorded import unrecorded
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Base", "Link", "Views", "link_of", "owner", "peek", "tensors_in", "unwrap", "unwrap_all", "views_of"]
__all__ += ["wrap", "wrap_all"]

ndarray = np.ndarray


class Base(Shell):
    """What every tensor is: a payload and what ``backward`` left."""

    __slots__ = ("__weakref__", "_family", "_grad", "payload")

    payload: Any
    _grad: Tensor | None
    _family: Link | Views  # of a view its base, of a base its views; unset for others, which are cheaper to make

    concrete: ClassVar[type[Tensor]]  # the class that joins all chapters: what `wrap` makes

    @property
    def node(self) -> Any:
        """The Function node of the payload at the root level, or None."""
        payload = self.payload
        return payload.node if isinstance(payload, ReverseTracer) and payload.level is ROOT else None

    @property
    def grad(self) -> Tensor | None:
        """What ``backward`` has accumulated. A tensor of the same shape, dtype and device may be assigned, or None."""
        found = self._grad
        if found is None and type(self.payload) is not ndarray:
            self._warn_of_inner_gradient()
        return found

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Base):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            mine, given = space_of(self.payload), space_of(value.payload)
            if given is not mine and (given.shape != mine.shape or given.dtype != mine.dtype):
                raise RuntimeError(f"assigned grad is {given}, but the tensor is {mine}")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _warn_of_inner_gradient(self) -> None:
        """Say that the gradient of a tensor that is no leaf is not kept, unless that was asked for."""
        node = self.node
        if node is None or type(node) is AccumulateGrad:
            return
        extra = getattr(node, "extra", None)
        if extra is None or extra.retain is None:
            warnings.warn(
                "The .grad of a Tensor that is not a leaf is being read, which backward() does not set. Call "
                "retain_grad() on it before if you want the gradient of an inner tensor, or read that of a leaf.",
                UserWarning,
                stacklevel=3,
            )

    def _bare(self) -> Any:
        return unwrap(self)

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return isinstance(self.payload, Traced)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Change, in place, whether operations on this tensor are recorded."""
        raise NotImplementedError

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was made by the user, or does not require gradients."""
        return not self.requires_grad or type(self.node) is AccumulateGrad

    def values(self) -> Any:
        """Return the payload without its place in the root level's graph."""
        payload = self.payload
        return payload.value if self.node is not None else payload

    def memory(self) -> Any:
        """Return the array that holds the values, which other tensors may share.

        What a reduction returns is a NumPy scalar, which cannot be shared or written to; it becomes an array here.
        """
        value = self.values()
        if isinstance(value, np.generic):
            value = np.asarray(value)
            if self.node is None:
                self.payload = value
            else:
                self.payload.value = value
        return value

    @property
    def dtype(self) -> DType:
        """The dtype of the elements; NumPy takes it for its own."""
        return dtype_of(space_of(self.payload).dtype)


def wrap(payload: Any) -> Tensor:
    """Return the tensor around an array or tracer."""
    tensor = object.__new__(Base.concrete)
    tensor.payload = payload
    tensor._grad = None
    kind = type(payload)
    if kind is ndarray:
        if payload.base is not None:
            link(tensor)
        if INFERENCE.get() and type(getattr(tensor, "_family", None)) is not Link:
            mark(payload)
    elif kind is ReverseTracer:
        if payload.value.base is not None:
            link(tensor)
    elif INFERENCE.get():
        tensor.payload = mark(payload)
    return tensor


def unwrap(x: Any) -> Any:
    """Return the payload of a tensor, without its place in the graph where recording is off; anything else passes."""
    if not isinstance(x, Base):
        return x
    LAST.tensor = ref(x)
    return peek(x)


def peek(x: Base) -> Any:
    """Return what :func:`unwrap` does, of a tensor whose memory the result will not share."""
    payload = x.payload
    if isinstance(payload, Traced) and not GRAD_ENABLED.get():
        return unrecorded(payload, LIMIT.get())
    return payload


def unwrap_all(arguments: Any) -> Any:
    """Unwrap tensors in nested lists, tuples and dicts."""
    if isinstance(arguments, Base):
        return unwrap(arguments)
    if isinstance(arguments, list):
        return [unwrap_all(item) for item in arguments]
    if isinstance(arguments, tuple):
        return tuple([unwrap_all(item) for item in arguments])
    if isinstance(arguments, dict):
        return {key: unwrap_all(item) for key, item in arguments.items()}
    return arguments


def wrap_all(result: Any, given: Sequence[Base] = ()) -> Any:
    """Wrap the arrays that a NumPy function returned: one that is a payload, or a view of it, of what it was given.

    Objects and strings are none of a tensor's: ``np.broadcast_arrays(tensor, None)`` is what matplotlib calls.
    """
    if isinstance(result, np.ndarray) and result.dtype.kind in "OSU":
        return result
    if isinstance(result, np.ndarray | np.generic | Traced) or is_on_device(result):
        for tensor in given:
            if tensor.payload is result:
                return tensor
            if len(given) > 1:
                LAST.tensor = ref(tensor)
                new = wrap(result)
                if link_of(new) is not None:
                    return new
        return wrap(result)
    if isinstance(result, list | tuple):
        parts = [wrap_all(item, given) for item in result]
        return rebuilt(result, parts)
    return result


def tensors_in(arguments: Any) -> list[Base]:
    """Return the tensors in nested lists, tuples and dicts."""
    if isinstance(arguments, Base):
        return [arguments]
    if isinstance(arguments, dict):
        arguments = list(arguments.values())
    return [x for item in arguments for x in tensors_in(item)] if isinstance(arguments, list | tuple) else []


# -- Views and their bases ----------------------------------------------------------------------------------


class Last(threading.local):
    """The tensor that this thread has unwrapped last: what it has wrapped now may be a view of that."""

    tensor: ref[Base] | None = None


LAST = Last()


class Link:
    """Of a view: the tensor that owns the memory, and why it may not be written to where gradients are recorded."""

    __slots__ = ("base", "mode", "number")

    def __init__(self, base: Base, mode: str | None, number: int = 0) -> None:
        self.base = base
        self.number = number  # which of the views that a function returned together
        self.mode = mode  # "no_grad", or the name of a function that returns several views; None if it may


class Views:
    """Of a tensor whose memory others show: those outside the graph, which follow when it becomes part of that."""

    __slots__ = ("limit", "references")

    def __init__(self) -> None:
        self.limit = 16
        self.references: list[ref[Base]] = []

    def add(self, view: Base) -> None:
        if len(self.references) >= self.limit:
            self.references = [reference for reference in self.references if reference() is not None]
            self.limit = 2 * len(self.references) + 16
        self.references.append(ref(view))


def owner(array: Array) -> Array:
    """Return the array whose memory a view shows. What lies between a tensor and its detached twin ends the search."""
    base = array.base
    while base is not None:
        if isinstance(base, memoryview):
            break
        if hasattr(base, "dtype"):
            array = base
        base = getattr(base, "base", None)  # NumPy's tricks with strides put objects in between
    return array


def link_of(tensor: Base) -> Link | None:
    """Return what a view knows of its base; None for a tensor that is no view."""
    family = getattr(tensor, "_family", None)
    return family if type(family) is Link else None


def link(tensor: Base) -> None:
    """Note whose memory a tensor shows, if it is that of the tensor that was unwrapped last."""
    parent = None if LAST.tensor is None else LAST.tensor()
    if parent is None or parent is tensor:
        return
    seen, array = parent.values(), tensor.values()
    if type(seen) is not ndarray or type(array) is not ndarray or owner(seen) is not owner(array):
        return
    known = link_of(parent)
    base = parent if known is None else known.base
    mode = None if known is None else known.mode
    if mode is None and not GRAD_ENABLED.get():
        mode = "no_grad"
    tensor._family = Link(base, mode)
    if type(tensor.payload) is ndarray and type(base.payload) is ndarray and array.dtype.kind in "fc":
        views = getattr(base, "_family", None)
        if type(views) is not Views:
            views = base._family = Views()
        views.add(tensor)


def views_of(name: str, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Mark the views that a function returns together: they may not be written to where gradients are recorded."""
    for number, tensor in enumerate(tensors):
        known = link_of(tensor)
        if known is not None and known.mode is None:
            tensor._family = Link(known.base, name, number)
    return tensors


ROOT.wrap = wrap
