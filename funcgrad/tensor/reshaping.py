"""Changing in place what a tensor is: its shape, its memory, its place in the graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.level import Traced
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.overwriting import check_recorded, shows_graph
from funcgrad.tensor.root import ROOT, AccumulateGrad, leaf_tracer
from funcgrad.tensor.shell import Base, link_of
from funcgrad.tensor.versions import count_write, ground, is_shared
from funcgrad.tensor.views import Stored
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["Reshaped"]


def turned(tensor: Base, view: Callable[[Any], Any]) -> Any:
    """Let a tensor become a view of itself."""
    node = tensor.node
    recorded = node is not None and GRAD_ENABLED.get()
    if recorded or shows_graph(tensor):
        check_recorded(tensor)
    tensor.memory()
    shared = is_shared(tensor)
    if type(node) is AccumulateGrad:  # recording is off
        known: Any = tensor
        tensor.payload = leaf_tracer(known, view(tensor.memory()))
    elif node is not None and not recorded:
        tensor.payload = ROOT.tracer(tensor.memory(), node, tensor.payload.space)
        with_graph = view(tensor.payload)
        tensor.payload = with_graph
    else:
        tensor.payload = view(tensor.payload)
    if isinstance(tensor.payload, np.ndarray) or tensor.node is not None:
        count_write(tensor.memory(), shared, ROOT.stamp())
    return tensor


class Reshaped(Stored):
    """In-place operations that leave the elements as they are."""

    __slots__ = ()

    def transpose_(self, dim0: int, dim1: int) -> Any:
        """Exchange two dimensions, in place.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.zeros(2, 3).transpose_(0, 1).shape
        torch.Size([3, 2])
        """
        return turned(
            self, lambda x: np.swapaxes(x, self._along_dim(dim0), self._along_dim(dim1)) if x.ndim else x[...]
        )

    swapaxes_ = swapdims_ = transpose_

    def _along_dim(self, dim: int, more: int = 0) -> int:
        size = max(self.payload.ndim + more, 1)
        if not -size <= dim < size:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-size}, {size - 1}], but got {dim})"
            )
        return int(dim % size)

    def t_(self) -> Any:
        """Transpose a matrix, in place."""
        if self.payload.ndim > 2:
            raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self.payload.ndim}D")
        return turned(self, np.transpose)

    def squeeze_(self, dim: int | tuple[int, ...] | None = None) -> Any:
        """Drop dimensions of length one, in place."""
        shape = self.payload.shape
        chosen = (
            range(len(shape))
            if dim is None
            else [self._along_dim(d) for d in (dim if isinstance(dim, tuple) else (dim,))]
        )
        axes = tuple([axis for axis in chosen if shape and shape[axis] == 1])
        return turned(self, lambda x: np.squeeze(x, axes))

    def unsqueeze_(self, dim: int) -> Any:
        """Insert a dimension of length one, in place."""
        axis = self._along_dim(dim, 1)
        return turned(self, lambda x: np.expand_dims(x, axis))

    def detach_(self) -> Any:
        """Take this tensor out of the graph, in place; it becomes a leaf.

        Examples
        --------
        >>> import funcgrad as fg
        >>> y = fg.ones(2, requires_grad=True) * 2
        >>> y.detach_().requires_grad
        False
        """
        if isinstance(self.payload, Traced) and self.node is None:
            self.payload = stop_gradient(self.payload)
            return self
        if self._is_view():
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self.payload = self.memory()
        return self

    # -- Memory ----------------------------------------------------------------------------------------------------

    def _check_resizable(self, what: str) -> None:
        if self.requires_grad:
            raise RuntimeError(f"{what} of a tensor that requires grad: take detach() or clone() of it")

    def resize_(self, *sizes: Any) -> Any:
        """Change the shape, in place; what a larger one adds is zero.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.arange(4).resize_(2, 3)
        tensor([[0, 1, 2],
                [3, 0, 0]])
        """
        self._check_resizable("resize_()")
        shape = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else tuple(sizes)
        memory = self.memory()
        if memory.shape == shape:
            return self
        flat = np.reshape(memory, -1) if memory.flags.c_contiguous else memory.ravel(order="K")
        count = math.prod(shape)
        root = ground(memory)
        if memory.flags.c_contiguous and root.flags.c_contiguous and root.dtype == memory.dtype:
            flat = np.reshape(root, -1)[self.storage_offset() :]
        if count > flat.size:
            flat = np.concatenate([flat, np.zeros(count - flat.size, flat.dtype)])
        self.payload = np.reshape(flat[:count], shape)
        return self

    def resize_as_(self, the_template: Base) -> Any:
        """Take the shape of another tensor, in place."""
        return self.resize_(tuple(the_template.payload.shape))

    def set_(self, source: Base | None = None) -> Any:
        """Show the memory of another tensor from now on; without one, none."""
        self._check_resizable("set_()")
        if source is None:
            self.payload = np.zeros(0, self.memory().dtype)
            return self
        if source.requires_grad:
            raise RuntimeError("set_() to a tensor that requires grad: take detach() of it")
        if source.memory().dtype != self.memory().dtype:
            raise RuntimeError("set_(): the tensors must have the same dtype")
        self.payload = source.memory()
        known = link_of(source)
        if known is not None:
            self._family = known
        return self
