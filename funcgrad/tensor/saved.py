"""Tensors that are kept for a backward pass."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from funcgrad.core.graph import Output
from funcgrad.core.space import space_of
from funcgrad.tensor.inference import check_kept
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.versions import version_of

__all__ = ["SAVING", "Saved"]

#: What packs and unpacks that which is saved: the pairs of functions of the contexts around, the last one first.
SAVING: ContextVar[tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...]] = ContextVar("saving", default=())


class Saved:
    """A tensor that a Function keeps; of its own outputs only the values, for their place in the graph leads here."""

    __slots__ = ("number", "packed", "tensor", "unpack", "version", "writer")

    def __init__(self, tensor: Base, number: int | None, writer: Any) -> None:
        value = tensor.values()
        check_kept(value)
        self.number = number  # of the output
        self.writer = writer  # of an output: a weak reference to the Function's node
        self.tensor: Any = tensor if number is None else value
        self.unpack: Callable[[Any], Any] | None = None
        hooks = SAVING.get()
        if hooks:
            pack, self.unpack = hooks[0]
            self.packed = pack(tensor if number is None else wrap(value))
            if number is None:
                self.writer = tensor.node
            self.tensor = None
        self.version = version_of(value) if isinstance(value, np.ndarray) else 0

    def get(self) -> Any:
        """Return the tensor; raise if it was changed in place since."""
        if self.unpack is not None:
            return self.unpacked()
        value = self.tensor.values() if self.number is None else self.tensor
        now = version_of(value) if isinstance(value, np.ndarray) else 0
        if now != self.version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: a "
                f"tensor of shape {list(value.shape)} that save_for_backward kept is at version {now}; expected "
                f"version {self.version} instead. Modify a clone() of it."
            )
        return self.tensor if self.number is None else self.linked(value)

    def linked(self, value: Any) -> Any:
        """Return an output of the Function with its place in the graph."""
        node = self.writer()
        if node is None:
            return wrap(value)
        return wrap(ROOT.tracer(value, Output(ROOT.stamp(), node, self.number or 0), space_of(value)))

    def unpacked(self) -> Any:
        assert self.unpack is not None
        tensor = self.unpack(self.packed)
        if not isinstance(tensor, Base):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor")
        value = tensor.values()
        if self.number is not None:
            return self.linked(value)
        return wrap(value if self.writer is None else ROOT.tracer(value, self.writer, space_of(value)))
