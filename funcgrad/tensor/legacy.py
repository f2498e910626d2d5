"""PyTorch's older way to make tensors: by calling a class, ``Tensor([1, 2])`` or ``LongTensor(2, 3)``.

One sequence is the data; integers, or a Size, are a shape whose elements are not set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from funcgrad.tensor import dtypes
from funcgrad.tensor.devices import as_device, device_of, place
from funcgrad.tensor.dtypes import DType
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.size import Size
from funcgrad.tensor.versions import alias

__all__ = [
    *("BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor"),
    *("LongTensor", "ShortTensor", "TensorType", "constructed"),
]


def constructed(given: tuple[Any, ...], dtype: DType, device: Any = None) -> Any:
    """Return the array for a class of tensors that is called."""
    if not given or isinstance(given[0], Size) or all(is_length(x) for x in given):
        shape = tuple(given[0]) if given and isinstance(given[0], Size) else given or (0,)
        if any(n < 0 for n in shape):
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
        return place(np.zeros([int(n) for n in shape], dtype.dtype), device)
    (data, *rest) = given
    if isinstance(data, Base) and not rest:
        return shared(data)
    if rest:
        raise TypeError("a class of tensors takes the lengths of all dimensions, or one sequence of data")
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    found = data if isinstance(data, np.ndarray) else np.array(values_in(data))
    if found.dtype.kind not in "biufc":
        raise TypeError(f"new(): invalid data type {found.dtype.name!r}")
    return place(found.astype(dtype.dtype), device)


def shared(tensor: Base) -> Any:
    """Return another array of a tensor's memory."""
    if tensor.requires_grad:
        raise RuntimeError("Tensor(t) of a tensor that requires gradients would lose them: use t, or t.detach()")
    return alias(tensor.memory())


def is_length(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def values_in(data: Any) -> Any:
    """Replace tensors in nested sequences by their values."""
    if isinstance(data, Base):
        return data.values()
    return data if isinstance(data, np.ndarray | np.generic | int | float) else [nested(item) for item in data]


def nested(x: Any) -> Any:
    return values_in(x) if isinstance(x, Base | Iterable) and not isinstance(x, str) else x


class TensorType(type):
    """The class of classes such as ``FloatTensor``: tensors of one dtype on the host are their instances."""

    dtype: DType

    def __call__(cls, *data: Any, device: Any = None) -> Any:
        if device is not None and as_device(device).type != "cpu":
            raise RuntimeError(f"{cls.__name__} makes tensors on the host, not on {device!r}")
        if len(data) == 1 and isinstance(data[0], Base):
            if data[0].dtype is not cls.dtype:
                raise TypeError(f"{cls.__name__} expected a tensor of dtype {cls.dtype}, got {data[0].dtype}")
            return wrap(shared(data[0]))
        return wrap(constructed(data, cls.dtype, "cpu"))

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Base) and x.dtype is cls.dtype and device_of(x.payload).type == "cpu"

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


class HalfTensor(metaclass=TensorType):
    """Tensors of dtype float16."""

    dtype = dtypes.float16


class FloatTensor(metaclass=TensorType):
    """Tensors of dtype float32.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.FloatTensor([1, 2])
    tensor([1., 2.])
    >>> isinstance(fg.ones(2), fg.FloatTensor)
    True
    """

    dtype = dtypes.float32


class DoubleTensor(metaclass=TensorType):
    """Tensors of dtype float64."""

    dtype = dtypes.float64


class CharTensor(metaclass=TensorType):
    """Tensors of dtype int8."""

    dtype = dtypes.int8


class ShortTensor(metaclass=TensorType):
    """Tensors of dtype int16."""

    dtype = dtypes.int16


class IntTensor(metaclass=TensorType):
    """Tensors of dtype int32."""

    dtype = dtypes.int32


class LongTensor(metaclass=TensorType):
    """Tensors of dtype int64.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.LongTensor([1, 2])
    tensor([1, 2])
    """

    dtype = dtypes.int64


class ByteTensor(metaclass=TensorType):
    """Tensors of dtype uint8."""

    dtype = dtypes.uint8


class BoolTensor(metaclass=TensorType):
    """Tensors of dtype bool."""

    dtype = dtypes.truth
