"""Questions about dtypes: which one results, what casts to what, and the limits of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.tensor.dtypes import DEFAULTS, INTEGERS, DType, as_dtype, dtype_of
from funcgrad.tensor.promotion import CATEGORIES, DEFAULT_COMPLEX, DEFAULT_DTYPE, NUMBERS, of_two, promote, type_name
from funcgrad.tensor.shell import Base

__all__ = [
    *("can_cast", "finfo", "iinfo", "is_complex", "is_floating_point", "is_inference"),
    *("is_tensor", "promote_types", "result_type"),
]

WIDE_UNSIGNED = ("uint16", "uint32", "uint64")


def promote_types(type1: DType, type2: DType) -> DType:
    """Return the dtype in which elements of two dtypes are computed.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.promote_types(fg.int64, fg.float16)
    torch.float16
    """
    a, b = as_dtype(type1), as_dtype(type2)
    if a is b:
        return a
    if a.kind in "biu" and b.kind in "biu" and (a.name in WIDE_UNSIGNED or b.name in WIDE_UNSIGNED):
        raise RuntimeError(
            f"promote_types: {type_name(a)} and {type_name(b)} have no common dtype; cast to int64 first, for example"
        )
    return dtype_of(of_two(a.dtype, b.dtype))


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """Return the dtype of a result computed from two tensors or numbers.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.result_type(fg.tensor([1, 2]), 1.0)
    torch.float32
    """
    a, b = stand_in(tensor1), stand_in(tensor2)
    if isinstance(a, NUMBERS) and isinstance(b, NUMBERS):
        return dtype_of(max((dtype_of_number(a), dtype_of_number(b)), key=lambda dtype: CATEGORIES[dtype.kind]))
    if isinstance(a, NUMBERS) or isinstance(b, NUMBERS):
        array, number = (b, a) if isinstance(a, NUMBERS) else (a, b)
        if isinstance(number, complex) and array.dtype.kind == "f":
            return dtype_of(np.promote_types(array.dtype, np.complex64))
        return dtype_of(promote(array, number)[0].dtype)
    return dtype_of(promote(a, b)[0].dtype)


def stand_in(x: Any) -> Any:
    """Return an array of the dtype of a tensor, that has no dimensions if the tensor has none; a number as it is."""
    if isinstance(x, Base):
        return np.zeros((0,) if x.payload.shape else (), x.dtype)
    if isinstance(x, np.generic):
        x = x.item()
    if not isinstance(x, NUMBERS):
        raise TypeError(f"result_type() takes tensors and numbers, got {type(x).__name__}")
    return x


def dtype_of_number(number: Any) -> np.dtype[Any]:
    if isinstance(number, bool | int):
        return np.dtype(np.bool_ if isinstance(number, bool) else np.int64)
    return DEFAULT_COMPLEX.dtype if isinstance(number, complex) else DEFAULT_DTYPE.dtype


def can_cast(from_: DType, to: DType) -> bool:
    """Return whether a result of one dtype may be written into a tensor of another: to the same or a higher kind.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.can_cast(fg.float64, fg.float32), fg.can_cast(fg.float32, fg.int64)
    (True, False)
    """
    return CATEGORIES[as_dtype(from_).kind] <= CATEGORIES[as_dtype(to).kind]


# -- Limits ----------------------------------------------------------------------------------------------------


class finfo:
    """The limits of a floating-point dtype, of the parts for a complex one.

    Parameters
    ----------
    type : dtype, optional
        By default the default dtype.

    Attributes
    ----------
    bits : int
    eps, max, min, tiny, smallest_normal, resolution : float
    dtype : str

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.finfo(fg.float32).max
    3.4028234663852886e+38
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: DType | None = None) -> None:
        chosen = DEFAULTS.real if type is None else as_dtype(type)
        if chosen.kind not in "fc":
            raise TypeError(f"finfo() takes a floating-point dtype, got {chosen!r}: for integers there is iinfo()")
        info = np.finfo(chosen.dtype)
        self.bits = int(info.bits)
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(f"1e-{info.precision}")
        self.dtype = chosen.to_real().name

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(("finfo", self.dtype))


class iinfo:
    """The limits of an integer dtype.

    Attributes
    ----------
    bits, max, min : int
    dtype : str

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.iinfo(fg.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: DType) -> None:
        chosen = as_dtype(type)
        if chosen not in INTEGERS:
            raise TypeError(f"iinfo() takes an integer dtype, got {chosen!r}: for floats there is finfo()")
        info = np.iinfo(chosen.dtype)
        self.bits = int(info.bits)
        self.max = int(info.max)
        self.min = int(info.min)
        self.dtype = chosen.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(("iinfo", self.dtype))


# -- Tests -----------------------------------------------------------------------------------------------------


def is_inference(input: Any) -> bool:
    """Return whether the memory of a tensor was made in :class:`inference_mode`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.is_inference(fg.zeros(2))
    False
    """
    tensor: Any = checked(input, "is_inference")
    return bool(tensor.is_inference())


def is_tensor(obj: Any) -> bool:
    """Return whether an object is a tensor.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.is_tensor(fg.zeros(2)), fg.is_tensor(1.0)
    (True, False)
    """
    return isinstance(obj, Base)


def is_floating_point(input: Any) -> bool:
    """Return whether a tensor has a floating-point dtype.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.is_floating_point(fg.zeros(2))
    True
    """
    return checked(input, "is_floating_point").dtype.is_floating_point


def is_complex(input: Any) -> bool:
    """Return whether a tensor has a complex dtype.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.is_complex(fg.zeros(2))
    False
    """
    return checked(input, "is_complex").dtype.is_complex


def checked(input: Any, name: str) -> Base:
    if not isinstance(input, Base):
        raise TypeError(f"{name}() takes a tensor, got {type(input).__name__}")
    return input
