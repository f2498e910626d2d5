"""Tensors around memory that others own: of NumPy arrays, of tensors, and of whatever speaks DLPack."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from funcgrad.tensor.devices import as_device, cupy, place
from funcgrad.tensor.dtypes import as_dtype, check_dtype
from funcgrad.tensor.factory import tensor
from funcgrad.tensor.shell import wrap
from funcgrad.tensor.tensor import Tensor

__all__ = ["as_tensor", "asarray", "from_dlpack", "from_numpy", "frombuffer"]


def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor that shares the memory of a NumPy array.

    Parameters
    ----------
    ndarray : numpy.ndarray

    Raises
    ------
    TypeError
        If it is no NumPy array, or has a dtype that tensors have not.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> a = np.zeros(2)
    >>> t = fg.from_numpy(a)
    >>> a[0] = 1
    >>> t
    tensor([1., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    check_dtype(ndarray)
    if not ndarray.flags.writeable:
        warnings.warn(
            "from_numpy: the NumPy array is not writable, so writing into the tensor will raise an error. Copy the "
            "array, or make it writable, if that is not meant.",
            UserWarning,
            stacklevel=2,
        )
    return wrap(ndarray.view(np.ndarray))


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return a tensor of the data, which shares memory where dtype and device allow it.

    A tensor stays in the graph, and is returned itself if nothing has to change.

    Parameters
    ----------
    data : array_like
        A tensor, NumPy array, number or nested lists of these.
    dtype : dtype, optional
    device : device, optional

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> a = np.zeros(2)
    >>> fg.as_tensor(a).add_(1)
    tensor([1., 1.], dtype=torch.float64)
    >>> a
    array([1., 1.])
    """
    if isinstance(data, Tensor):
        result: Tensor = data.to(device=device, dtype=dtype)
        return result
    if isinstance(data, np.ndarray):
        check_dtype(data)
        array = data.view(np.ndarray)
        return wrap(place(array if dtype is None else array.astype(as_dtype(dtype), copy=False), device))
    if hasattr(data, "__dlpack__") and not isinstance(data, np.generic):
        return as_tensor(from_dlpack(data), dtype, device)
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """Return a tensor of an object, which shares memory unless `copy` says otherwise.

    Parameters
    ----------
    obj : array_like
        A tensor, NumPy array, anything with DLPack, bytes-like object, number or nested lists.
    dtype : dtype, optional
    device : device, optional
    copy : bool, optional
        True copies always, False never, None if necessary.
    requires_grad : bool, optional
        By default that of `obj`, if it is a tensor.

    Raises
    ------
    ValueError
        If `copy` is False and a copy is needed.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.asarray([1.0, 2.0], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
    if isinstance(obj, Tensor):
        kept = obj
    elif isinstance(obj, np.ndarray | np.generic) or hasattr(obj, "__dlpack__"):
        kept = as_tensor(obj)
    elif isinstance(obj, bytes | bytearray | memoryview):
        kept = frombuffer(obj, dtype=dtype)
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        kept = tensor(obj, dtype=dtype, device=device)
        return kept.requires_grad_(bool(requires_grad))
    result: Tensor = kept.to(device=device, dtype=dtype)
    if result is not kept and copy is False:
        raise ValueError(f"can't alias a tensor with dtype {kept.dtype} on {kept.device} without a copy")
    if result is kept and copy:
        result = kept.clone()
    if requires_grad is None or result.requires_grad == requires_grad:
        return result
    if not requires_grad:
        return result.detach()
    return (result.detach() if result is obj else result).requires_grad_()


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Return a tensor that shares the memory of another library's array.

    Parameters
    ----------
    ext_tensor : object
        With ``__dlpack__`` and ``__dlpack_device__``: an array or tensor of another library.
    device : device, optional
        By default that of the array.
    copy : bool, optional
        True copies always, False never, None if necessary.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(
            f"from_dlpack() takes an object with __dlpack__ and __dlpack_device__, got {type(ext_tensor).__name__}"
        )
    kind, index = ext_tensor.__dlpack_device__()
    if int(kind) == 1:
        array = np.from_dlpack(ext_tensor)
    else:
        library = cupy()
        with library.cuda.Device(index):
            array = library.from_dlpack(ext_tensor)
    check_dtype(array)
    if copy:
        array = array.copy()
    moved = place(array, device) if device is not None else array
    if moved is not array and copy is False:
        raise ValueError(f"can't move an array to {as_device(device)} without a copy")
    return wrap(moved)


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """Return a tensor of one dimension that shares the memory of a bytes-like object.

    Parameters
    ----------
    buffer : object
        With the buffer protocol: ``bytearray``, ``array.array``, ...
    dtype : dtype
    count : int
        How many elements to take; -1 for all.
    offset : int
        How many bytes to leave out at the beginning.
    requires_grad : bool

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.frombuffer(bytearray(b"abc"), dtype=fg.uint8)
    tensor([97, 98, 99], dtype=torch.uint8)
    """
    if memoryview(buffer).readonly:
        warnings.warn(
            "frombuffer: the buffer is not writable, so writing into the tensor will raise an error",
            UserWarning,
            stacklevel=2,
        )
    array = np.frombuffer(buffer, as_dtype(dtype).dtype, count, offset)
    return wrap(array).requires_grad_(requires_grad)
