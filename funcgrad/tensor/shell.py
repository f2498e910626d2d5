"""The shell itself: a payload, its place in the graph, and how to put the shell on and take it off.

A payload is an array, or a tracer where gradients are recorded. The chapters of the facade (operators, shape,
reductions, writing) are subclasses of :class:`Base` without slots; :class:`funcgrad.Tensor` joins them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funcgrad.core.level import Shell, Traced
from funcgrad.core.space import space_of
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.root import ROOT, AccumulateGrad
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Base", "unwrap", "unwrap_all", "wrap", "wrap_all"]


class Base(Shell):
    """What every tensor is: a payload and what ``backward`` left."""

    __slots__ = ("__weakref__", "grad", "payload")

    payload: Any
    grad: Tensor | None

    concrete: ClassVar[type[Tensor]]  # the class that joins all chapters: what `wrap` makes

    @property
    def node(self) -> Any:
        """The Function node of the payload at the root level, or None."""
        payload = self.payload
        return payload.node if isinstance(payload, ReverseTracer) and payload.level is ROOT else None

    def bare(self) -> Any:
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
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the elements."""
        return space_of(self.payload).dtype


def wrap(payload: Any) -> Tensor:
    """Return the tensor around an array or tracer."""
    tensor = object.__new__(Base.concrete)
    tensor.payload = payload
    tensor.grad = None
    return tensor


def unwrap(x: Any) -> Any:
    """Return the payload of a tensor, without its place in the graph where recording is off; anything else passes."""
    if not isinstance(x, Base):
        return x
    payload = x.payload
    if isinstance(payload, ReverseTracer) and payload.level is ROOT and not GRAD_ENABLED.get():
        return payload.value
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


def wrap_all(result: Any) -> Any:
    """Wrap the arrays that a NumPy function returned."""
    if isinstance(result, np.ndarray | np.generic | Traced):
        return wrap(result)
    if isinstance(result, list | tuple):
        parts = [wrap_all(item) for item in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result


ROOT.wrap = wrap
