"""``Variable``: what tensors that require gradients were before tensors could."""

from __future__ import annotations

from typing import Any

from funcgrad.tensor.shell import Base

__all__ = ["Variable"]


class VariableKind(type):
    """The class of `Variable`, of which every tensor is an instance."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Base)


class Variable(metaclass=VariableKind):
    """An old name: ``Variable(tensor, requires_grad)`` is a tensor that shares the data.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.Variable(fg.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        if not isinstance(data, Base):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        if volatile is not None:
            raise TypeError("Variable(volatile=...) is gone: use `with no_grad():`")
        tensor: Any = data
        return tensor.detach().requires_grad_(requires_grad)
