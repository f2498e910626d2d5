"""Tensors and the rest of Python: NumPy arrays, numbers, DLPack, copies and pickles."""

from __future__ import annotations

import operator
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import Traced
from funcgrad.tensor.devices import device_of
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.versions import alias

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Exchanged", "host", "no_grad_lost"]

CPU = 1, 0  # what DLPack calls the host


def host(array: Any) -> Any:
    """Return the values of an array as a NumPy array: copied from the device if it lives on one."""
    return np.asarray(array.get() if device_of(array).type == "cuda" else array)


def no_grad_lost(tensor: Base, what: str) -> None:
    """Refuse what would take values out of a transform."""
    if isinstance(tensor.payload, Traced) and tensor.node is None:
        raise RuntimeError(
            f"{what} of a tensor that a transform (funcgrad.grad, vjp, ...) is tracing: use funcgrad.stop_gradient "
            "for a constant, or call it outside of the transformed function."
        )


class Exchanged(Base):
    """What other libraries and Python itself ask of a tensor."""

    __slots__ = ()

    # -- Arrays --------------------------------------------------------------------------------------------------

    def numpy(self, *, force: bool = False) -> Array:
        """Return the data as a NumPy array that shares memory.

        Parameters
        ----------
        force : bool
            Whether to take the tensor out of the graph, and copy it from a device, if that is needed.

        Raises
        ------
        RuntimeError
            If the tensor requires gradients, which the array would lose.
        TypeError
            If it lives on a GPU.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.ones(2, requires_grad=True).numpy(force=True)
        array([1., 1.], dtype=float32)
        """
        no_grad_lost(self, "numpy()")
        if self.requires_grad and not force and GRAD_ENABLED.get():
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        memory = self.memory()
        where = device_of(memory)
        if where.type != "cpu" and not force:
            raise TypeError(f"can't convert a tensor on '{where}' to NumPy: use tensor.cpu() to copy it to the host")
        return host(memory)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        no_grad_lost(self, "DLPack export")
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        memory = self.memory()
        if stream == -1 and isinstance(memory, np.ndarray):  # PyTorch's way to say that nobody has to wait
            stream = None
        return memory.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[Any, int]:
        found = getattr(self.values(), "__dlpack_device__", None)
        return CPU if found is None else found()

    # -- Numbers -------------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """Return the only element as a Python number."""
        if self.values().size != 1:
            raise RuntimeError(f"a Tensor with {self.values().size} elements cannot be converted to Scalar")
        return self.values().item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.values().tolist()

    def _as_number(self) -> Any:
        """Return the only element for ``float()`` and the like, with a warning where that loses a gradient."""
        if self.values().size != 1:
            raise ValueError(
                f"only one element tensors can be converted to Python scalars, not {self.values().size} elements: use "
                "tolist()"
            )
        if self.requires_grad:
            no_grad_lost(self, "float() or int()")
            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
                "Consider using tensor.detach() first.",
                UserWarning,
                stacklevel=3,
            )
        return self.item()

    def __float__(self) -> float:
        return float(self._as_real_number())

    def __int__(self) -> int:
        return int(self._as_real_number())

    def __complex__(self) -> complex:
        return complex(self._as_number())

    def _as_real_number(self) -> Any:
        number = self._as_number()
        if isinstance(number, complex):
            if number.imag:
                raise RuntimeError(f"{number} is not a real number")
            return number.real
        return number

    def __index__(self) -> int:
        if self.dtype.kind not in "biu" or self.values().size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return operator.index(self.item())

    def __bool__(self) -> bool:
        size = self.values().size
        if size != 1:
            count = "more than one value" if size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {count} is ambiguous")
        return bool(self.item())

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, Base | bool | int | float | complex | np.generic):
            raise RuntimeError(f"only numbers and tensors are looked for in a tensor, got {type(element).__name__}")
        equal: Any = self == element
        return bool(np.any(equal.values()))

    # -- Properties of the elements ---------------------------------------------------------------------------------

    def is_floating_point(self) -> bool:
        """Return whether elements are real floating-point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Return whether elements are complex numbers."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Return whether elements may be negative."""
        return self.dtype.is_signed

    def element_size(self) -> int:
        """Return the bytes of an element."""
        return self.dtype.itemsize

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return int(self.values().size) * self.dtype.itemsize

    # -- Copies and pickles ------------------------------------------------------------------------------------------

    def __copy__(self) -> Any:
        """Return a leaf that shares the memory."""
        no_grad_lost(self, "copy()")
        return rebuild(type(self), alias(self.memory()), self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        no_grad_lost(self, "deepcopy()")
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol: a computed "
                "one has a place in the graph, which cannot be copied. Use tensor.detach().clone()."
            )
        new = rebuild(type(self), self.memory().copy(), self.requires_grad)
        if self.grad is not None:
            new.grad = self.grad.__deepcopy__(memo)
        memo[id(self)] = new
        return new

    def __reduce_ex__(self, protocol: Any) -> Any:
        no_grad_lost(self, "pickling")
        return rebuild, (type(self), self.memory(), self.requires_grad)


def rebuild(cls: type[Any], memory: Array, requires_grad: bool) -> Tensor:
    """Return a leaf of a class of tensors around an array."""
    if cls is Base.concrete:
        tensor = wrap(memory)
    else:
        tensor = object.__new__(cls)
        tensor.payload = memory
        tensor.grad = None
    return tensor.requires_grad_(requires_grad)
