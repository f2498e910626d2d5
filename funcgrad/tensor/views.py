"""Views of tensors: what they share, how they lie in memory, and how they become part of the graph together.

Outside the graph a view is a NumPy view, whatever made it. When a value that requires gradients is written into it, its
base and all its other views become part of the graph: the base a tracer of the root level, each view one that is read
from it. The step from base to view is then told by where the view lies in memory (:func:`window`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import is_on_device
from funcgrad.core.gather import scatter
from funcgrad.core.kinds import Linear
from funcgrad.core.level import Traced
from funcgrad.core.memory import Memory, View, base_of, geometry, stale_class
from funcgrad.core.primitive import primitive_of
from funcgrad.core.space import Space, space_of
from funcgrad.tensor.inference import is_marked
from funcgrad.tensor.root import ROOT, AccumulateGrad, strip_root
from funcgrad.tensor.shell import Base, Views, link_of, owner, unwrap, wrap
from funcgrad.tensor.versions import ground, version_of
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Storage", "Stored", "join_graph", "writable"]

# -- Steps from a base to a view ----------------------------------------------------------------------------------


def window(x: Array, offset: int, strides: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Return the view of a contiguous vector that has these strides, counted in elements."""
    size = x.itemsize
    return np.ndarray(shape, x.dtype, x, offset * size, [stride * size for stride in strides])


def writable_diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return writable(np.diagonal(x, offset, axis1, axis2))


def window_adjoint(g: Array, X: Space, offset: int, strides: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    return scattered(g, window(np.arange(X.size), offset, strides, shape), X)


def diagonal_adjoint(g: Array, X: Space, offset: int, axis1: int, axis2: int) -> Array:
    return scattered(g, np.diagonal(np.reshape(np.arange(X.size), X.shape), offset, axis1, axis2), X)


def scattered(g: Array, places: Array, X: Space) -> Array:
    """Return zeros with `g` added at places in the flattened array."""
    return np.reshape(scatter(g, space=Space((X.size,), X.dtype), indices=(places,)), X.shape)


WINDOW = Linear(window, window_adjoint, name="as_strided")
DIAGONAL = Linear(writable_diagonal, diagonal_adjoint, name="diagonal")


def address(array: Array) -> int:
    """Return where the first element is."""
    return int(array.__array_interface__["data"][0] if type(array) is np.ndarray else array.data.ptr)


def writable(array: Array) -> Array:
    """Return a view that can be written to, if only NumPy's caution forbids that, as for diagonals."""
    if array.flags.writeable or not array.size:
        return array
    if any(stride == 0 and n > 1 for stride, n in zip(array.strides, array.shape, strict=True)):
        return array
    root = owner(array)
    if not root.flags.writeable or root.dtype != array.dtype or not root.flags.forc:
        return array
    flat = np.reshape(root, -1, order="A")
    size = array.itemsize
    offset = (address(array) - address(root)) // size
    return window(flat, offset, tuple([stride // size for stride in array.strides]), array.shape)


def steps_between(tracer: ReverseTracer, base: Array, view: Array) -> View:
    """Return how `view` is made of the value of `tracer`, from where both lie in memory."""
    order = np.argsort([-abs(stride) for stride in base.strides], kind="stable").tolist()
    dense = np.transpose(base, order)
    size = view.itemsize
    paired = base.dtype.kind == "c" and view.dtype.kind == "f"  # real or imaginary parts
    if not dense.flags.c_contiguous or (base.dtype != view.dtype and not paired):
        raise RuntimeError(
            "a value that requires gradients is written into memory that has gaps (a strided part of a NumPy array), "
            "of which there are views. Write into a clone() of the tensor."
        )
    chain = View(tracer, None, primitive_of(np.transpose), {"axes": tuple(order)}, True)
    chain = View(tracer, chain, primitive_of(np.reshape), {"shape": (-1,), "order": "C"}, True)
    if paired:
        chain = View(tracer, chain, primitive_of(np.ndarray.view), {"dtype": view.dtype}, True)
    where: dict[str, Any] = {"offset": (address(view) - address(base)) // size, "shape": view.shape}
    where["strides"] = tuple([stride // size for stride in view.strides])
    return View(tracer, chain, WINDOW, where, True)


def view_tracer(base: ReverseTracer, array: Array) -> ReverseTracer:
    """Return the tracer of a view that is read from `base` when it is used next."""
    tracer = ROOT.tracer(array, None, space_of(array))  # type: ignore[arg-type]
    tracer.memory = steps_between(base, base.value, array)
    tracer.value = None
    tracer.__class__ = stale_class(ReverseTracer)
    return tracer


def join_graph(tensor: Base) -> list[tuple[Base, Any]]:
    """Let a tensor, its base and all views of that become part of the graph; what they hold is a constant so far.

    Returns
    -------
    list
        These tensors, each with what its payload was.
    """
    known = link_of(tensor)
    base = tensor if known is None else known.base
    array = base.memory()
    tracer = ROOT.tracer(array, None, space_of(array))  # type: ignore[arg-type]
    views = getattr(base, "_family", None)
    found = [reference() for reference in views.references] if type(views) is Views else []
    shown = [view for view in found if view is not None and type(view.payload) is np.ndarray]
    if known is not None and not any(view is tensor for view in shown):
        shown.append(tensor)
    joined = [(view, view_tracer(tracer, view.payload)) for view in shown if open_to_writes(view)]
    if joined:
        tracer.memory = Memory()
    before = [(view, view.payload) for view in (base, *shown)]
    base.payload = tracer
    for view, payload in joined:
        view.payload = payload
    return before


def open_to_writes(view: Base) -> bool:
    known = link_of(view)
    return known is not None and known.mode != "no_grad"


# -- Where a tensor lies in memory ---------------------------------------------------------------------------------


class Storage:
    """The memory under a tensor, as ``untyped_storage()`` shows it."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def data_ptr(self) -> int:
        """Return the address of the first byte."""
        return address(self.array)

    def nbytes(self) -> int:
        """Return the number of bytes."""
        return int(self.array.nbytes)

    size = __len__ = nbytes


class Stored(Base):
    """Memory: addresses, strides, views and versions."""

    __slots__ = ()

    def _laid_out(self) -> Array:
        """Return an array that lies in memory as this tensor does."""
        if isinstance(self.payload, Traced) and self.node is None:
            return geometry(self.payload)
        memory = self.memory()
        return memory if is_on_device(memory) else np.asarray(memory)

    @property
    def _version(self) -> int:
        if self.is_inference():
            raise RuntimeError("Inference tensors do not track version counter: nobody counts what is written to them.")
        return version_of(self._laid_out())

    def is_inference(self) -> bool:
        """Return whether the memory of this tensor was made in :class:`inference_mode`.

        Such a tensor cannot be written to, require gradients or be saved for a backward pass outside of that mode; a
        ``clone()`` of it can.

        Examples
        --------
        >>> import funcgrad as fg
        >>> with fg.inference_mode():
        ...     x = fg.ones(2)
        >>> x.is_inference(), x[0].is_inference(), x.clone().is_inference()
        (True, True, False)
        """
        return is_marked(strip_root(self.payload))

    @property
    def _base(self) -> Tensor | None:
        known = link_of(self)
        if known is not None:
            base: Tensor = known.base  # type: ignore[assignment]
            return base
        payload = self.payload
        if not isinstance(payload, ReverseTracer) or base_of(payload) is payload:
            return None
        tracer = base_of(payload)
        leaf = tracer.node.tensor() if type(tracer.node) is AccumulateGrad else None
        base_tensor: Tensor = wrap(tracer) if leaf is None else leaf
        return base_tensor

    def _is_view(self) -> bool:
        return self._base is not None

    def data_ptr(self) -> int:
        """Return the address of the first element.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.zeros(4)
        >>> x[1:].data_ptr() - x.data_ptr()
        4
        """
        return address(self._laid_out())

    def untyped_storage(self) -> Storage:
        """Return the memory under this tensor, which views and detached tensors share."""
        return Storage(ground(self._laid_out()))

    def storage_offset(self) -> int:
        """Return the place of the first element in the memory, counted in elements."""
        array = self._laid_out()
        return (address(array) - address(ground(array))) // int(array.itemsize)

    def stride(self, dim: int | None = None) -> Any:
        """Return by how many elements each dimension steps through memory, or one of them."""
        array = self._laid_out()
        strides = tuple([step // array.itemsize for step in array.strides])
        if dim is None:
            return strides
        if not -len(strides) <= dim < max(len(strides), 1):
            raise IndexError(f"stride(): dimension {dim} is out of range for a tensor of {len(strides)} dimensions")
        step: int = strides[dim]
        return step

    def is_contiguous(self) -> bool:
        """Return whether the elements lie in memory one after the other, the last dimension fastest."""
        return bool(self._laid_out().flags.c_contiguous)

    def contiguous(self) -> Any:
        """Return this tensor if it is contiguous, else a contiguous copy."""
        return self if self.is_contiguous() else wrap(np.copy(unwrap(self), order="C"))

    def is_set_to(self, tensor: Any) -> bool:
        """Return whether another tensor shows the same elements of the same memory in the same way."""
        a, b = self._laid_out(), tensor._laid_out()
        same = ground(a) is ground(b) and address(a) == address(b)
        return same and a.shape == b.shape and a.strides == b.strides
