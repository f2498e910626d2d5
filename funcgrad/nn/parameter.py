"""Parameters and buffers: tensors that a module finds by itself when they become its attributes."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

import funcgrad.tree as tree
from funcgrad._typing import Array
from funcgrad.tensor.factory import zeros
from funcgrad.tensor.interop import no_grad_lost
from funcgrad.tensor.promotion import DEFAULT_DTYPE
from funcgrad.tensor.shell import Base, unwrap
from funcgrad.tensor.tensor import Tensor, as_tensor

__all__ = [
    *("Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"),
]


class Member(Tensor):
    """A leaf tensor that may have attributes of its own, and keeps its class where it is copied."""

    def __copy__(self) -> Any:
        no_grad_lost(self, "copy()")
        return remade(type(self), self.memory(), self.requires_grad, dict(self.__dict__))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            no_grad_lost(self, "deepcopy()")
            memo[id(self)] = remade(type(self), self.memory().copy(), self.requires_grad, dict(self.__dict__))
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        no_grad_lost(self, "pickling")
        return remade, (type(self), self.memory(), self.requires_grad, dict(self.__dict__))


class Parameter(Member):
    """A leaf tensor that belongs to the parameters of the module whose attribute it is.

    Parameters
    ----------
    data : Tensor, optional
        The values, whose memory is shared; by default none.
    requires_grad : bool
        Whether operations on it are recorded.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.nn.Parameter(fg.ones(2))
    >>> w
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> w.grad
    tensor([3., 3.])
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        place(self, data, "Parameter")
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Member):
    """A tensor that belongs to the state of the module whose attribute it is, and is not learned.

    Parameters
    ----------
    data : Tensor, optional
        The values, whose memory is shared; by default none.
    persistent : bool
        Whether it is part of the module's ``state_dict``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.Module()
    >>> m.count = fg.nn.Buffer(fg.zeros(1))
    >>> list(m.state_dict())
    ['count']
    """

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        place(self, data, "Buffer")
        self.persistent = persistent
        if isinstance(data, Base):
            self.requires_grad_(data.requires_grad)


# -- Without shapes --------------------------------------------------------------------------------------------------


class Uninitialized:
    """What both have: a dtype and a device, but no values."""

    known: type[Any]

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary one, with zeros of a shape."""
        tensor: Any = self
        recorded = tensor.requires_grad
        values = zeros(tuple(shape), device=tensor.device if device is None else device, dtype=dtype or tensor.dtype)
        tensor.payload = values.memory()
        tensor.__class__ = self.known
        tensor.requires_grad_(recorded)

    @property
    def shape(self) -> NoReturn:
        """Raise: there is none."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(Uninitialized, Parameter):
    """A parameter whose shape becomes known when the module is first called.

    Parameters
    ----------
    requires_grad : bool
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> p = fg.nn.UninitializedParameter()
    >>> p.materialize((2, 3))
    >>> p.shape
    torch.Size([2, 3])
    """

    known = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(zeros(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(Uninitialized, Buffer):
    """A buffer whose shape becomes known when the module is first called."""

    known = Buffer

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        super().__init__(zeros(0, device=device, dtype=dtype), persistent=persistent)
        self.requires_grad_(requires_grad)


def is_lazy(param: Any) -> bool:
    """Whether a tensor is one whose shape is not known yet."""
    return isinstance(param, Uninitialized)


# -- Making them -----------------------------------------------------------------------------------------------------


def place(tensor: Tensor, data: Any, what: str) -> None:
    """Give a new leaf the memory of another tensor."""
    if data is None:
        memory: Array = np.empty(0, DEFAULT_DTYPE.dtype)
    elif isinstance(data, Base):
        tensor.payload = None
        data.concrete._check_outside(data, what)  # type: ignore[arg-type]
        memory = data.memory()
    else:
        raise TypeError(f"{what}() takes a tensor, got {type(data).__name__}: make one with funcgrad.tensor(data)")
    tensor.payload = memory
    tensor.grad = None


def remade(cls: type[Any], memory: Array, requires_grad: bool, attributes: dict[str, Any]) -> Any:
    """Return a leaf of a class of tensors around an array, without calling its `__init__`."""
    new = object.__new__(cls)
    new.payload = memory
    new.grad = None
    new.__dict__.update(attributes)
    return new.requires_grad_(requires_grad)


# Pytree nodes, as tensors are: what comes out of a transform is a tensor.
for cls in (Parameter, Buffer):
    tree.register(cls, lambda tensor: ([unwrap(tensor)], None), lambda _, children: as_tensor(children[0]))
