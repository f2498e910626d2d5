"""Casting tensors to other dtypes and moving them to other devices."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Linear
from funcgrad.tensor import dtypes
from funcgrad.tensor.devices import as_device, device, device_of, exact, place
from funcgrad.tensor.dtypes import DType, as_dtype
from funcgrad.tensor.layouts import layout, strided
from funcgrad.tensor.legacy import TensorType
from funcgrad.tensor.promotion import TYPE_NAMES
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.silence import silenced

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Converted"]


def move(x: Array, *, source: device, target: device) -> Array:
    return place(x, target)


#: A copy on another device, whose cotangent goes back.
moved: Any = Linear(move, lambda g, source, target: moved(g, source=target, target=source), name="astype", own=True)


def cast(x: Array, dtype: np.dtype[Any]) -> Array:
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=4)
        x = np.real(x)
    return x.astype(dtype)


def is_dtype(x: Any) -> bool:
    return isinstance(x, DType | np.dtype | TensorType) or x in (float, int, bool, complex) or is_scalar_class(x)


def is_scalar_class(x: Any) -> bool:
    return isinstance(x, type) and issubclass(x, np.generic)


def is_place(x: Any) -> bool:
    return x is None or isinstance(x, device | str) or (isinstance(x, int) and not isinstance(x, bool))


def dtype_named(name: str) -> DType:
    """Return the dtype that PyTorch's name of a class of tensors stands for, such as ``torch.DoubleTensor``."""
    for short, label in TYPE_NAMES.items():
        if name == f"torch.{label}Tensor":
            return as_dtype(short)
    raise ValueError(f"invalid type: {name!r}")


class Converted(Base):
    """Casting and moving."""

    __slots__ = ()

    # -- Devices -------------------------------------------------------------------------------------------------

    @property
    def device(self) -> device:
        """Where the elements live."""
        return device_of(self.payload)

    @property
    def layout(self) -> layout:
        """How the elements lie in memory: with strides."""
        return strided

    @property
    def is_cpu(self) -> bool:
        """Whether the elements live on the host."""
        return device_of(self.payload).type == "cpu"

    @property
    def is_cuda(self) -> bool:
        """Whether the elements live on a GPU."""
        return device_of(self.payload).type == "cuda"

    def get_device(self) -> int:
        """Return the index of the GPU where the elements live; -1 for the host."""
        index = device_of(self.payload).index
        return -1 if index is None else index

    def cpu(self) -> Tensor:
        """Return the tensor on the host: itself if it is there.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.ones(2).cpu()
        tensor([1., 1.])
        """
        return self.to("cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Tensor:
        """Return the tensor on a GPU: itself if it is there.

        Raises
        ------
        AssertionError
            If CuPy is not installed.
        RuntimeError
            If there is no such GPU.
        """
        return self.to("cuda" if device is None else device)

    # -- Casts ----------------------------------------------------------------------------------------------------

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        other: Any = None,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: None = None,
    ) -> Tensor:
        """Cast to a dtype, move to a device, or both.

        Called as ``to(dtype)``, ``to(device, dtype)`` or ``to(other)``, which takes dtype and device from a tensor;
        `non_blocking` and `copy` may follow.

        Parameters
        ----------
        device : device or str, optional
        dtype : dtype, optional
        other : Tensor, optional
        non_blocking : bool
            A hint, which changes no result.
        copy : bool
            Whether to copy even if dtype and device are those of this tensor, which is returned itself otherwise.
        memory_format : None
            Other layouts are not offered.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.tensor([1, 2]).to(fg.float64)
        tensor([1., 2.], dtype=torch.float64)
        """
        if memory_format is not None:
            raise NotImplementedError("to(memory_format=...): tensors have NumPy's layout only")
        rest = list(args)
        first = rest[0] if rest else None
        if isinstance(first, Base):
            other = rest.pop(0)
        elif rest and is_dtype(first):
            dtype = rest.pop(0)
        elif rest and is_place(first):
            device = rest.pop(0)
            dtype = rest.pop(0) if rest else dtype
        copy = rest[1] if len(rest) > 1 else copy  # after non_blocking
        if len(rest) > 2 or (args and len(rest) == len(args)) or any(not isinstance(value, bool) for value in rest):
            raise TypeError(f"to() takes a dtype, a device (and a dtype) or a tensor, got {args!r}")
        if isinstance(other, Base):
            device, dtype = device_of(other.payload), other.dtype
        if dtype is not None and not is_dtype(dtype):
            raise TypeError(f"to(): dtype must be a dtype, got {dtype!r}")
        if isinstance(dtype, TensorType):
            dtype = dtype.dtype
        return converted(self, None if dtype is None else as_dtype(dtype), device, copy)

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """Return PyTorch's name of the kind of tensor; or, given a dtype or such a name, cast to that.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.ones(2).type()
        'torch.FloatTensor'
        >>> fg.ones(2).type(fg.int32)
        tensor([1, 1], dtype=torch.int32)
        """
        if dtype is None:
            prefix = "torch.cuda" if self.is_cuda else "torch"
            return f"{prefix}.{TYPE_NAMES.get(self.dtype.name, self.dtype.name.replace('uint', 'UInt'))}Tensor"
        return self.to(dtype_named(dtype) if isinstance(dtype, str) else dtype)

    def type_as(self, other: Base) -> Tensor:
        """Cast to the dtype of another tensor, and move to its device."""
        return self.to(other)

    def half(self) -> Tensor:
        """Cast to float16."""
        return self.to(dtypes.float16)

    def float(self) -> Tensor:
        """Cast to float32."""
        return self.to(dtypes.float32)

    def double(self) -> Tensor:
        """Cast to float64."""
        return self.to(dtypes.float64)

    def bfloat16(self) -> Tensor:
        """Raise, for NumPy has no such numbers."""
        return self.to(dtypes.bfloat16)

    def cfloat(self) -> Tensor:
        """Cast to complex64."""
        return self.to(dtypes.complex64)

    def cdouble(self) -> Tensor:
        """Cast to complex128."""
        return self.to(dtypes.complex128)

    def char(self) -> Tensor:
        """Cast to int8."""
        return self.to(dtypes.int8)

    def short(self) -> Tensor:
        """Cast to int16."""
        return self.to(dtypes.int16)

    def int(self) -> Tensor:
        """Cast to int32."""
        return self.to(dtypes.int32)

    def long(self) -> Tensor:
        """Cast to int64."""
        return self.to(dtypes.int64)

    def byte(self) -> Tensor:
        """Cast to uint8."""
        return self.to(dtypes.uint8)

    def bool(self) -> Tensor:
        """Cast to bool: whether elements are not zero."""
        return self.to(dtypes.truth)


@silenced
def converted(tensor: Any, dtype: DType | None, where: Any, copy: bool) -> Tensor:
    source = device_of(tensor.payload)
    target = source if where is None else exact(as_device(where))
    here = target == source
    x = unwrap(tensor)
    if dtype is not None and dtype is not tensor.dtype:
        x = cast(x, dtype.dtype)
    elif copy and here:
        x = np.array(x) if isinstance(x, np.generic) else x.astype(x.dtype)
    elif here:
        same: Tensor = tensor
        return same
    return wrap(x if here else moved(x, source=source, target=target))
