"""The dtypes of tensors: PyTorch's names, and what they print, around NumPy's dtypes.

A :class:`DType` has a ``dtype``, which is how NumPy knows what it stands for: ``np.zeros(3, dtype=fg.float32)`` and
``x.astype(fg.float64)`` work. It is equal to the NumPy dtype and has its hash. There is one object for each, so that
``t.dtype is fg.float32`` can be asked too.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

__all__ = [
    *("DType", "Defaults", "as_dtype", "bfloat16", "check_dtype", "complex32", "complex64", "complex128", "dtype_of"),
    *(
        "float16",
        "float32",
        "float64",
        "get_default_dtype",
        "int8",
        "int16",
        "int32",
        "int64",
        "set_default_dtype",
        "truth",
    ),
    *("uint8", "uint16", "uint32", "uint64"),
]


class DType:
    """The dtype of a tensor, such as ``fg.float32``; accepted wherever NumPy takes a dtype.

    Attributes
    ----------
    dtype : numpy.dtype
        What it stands for.
    is_floating_point, is_complex, is_signed : bool
    itemsize : int
        Bytes of an element.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.float32
    torch.float32
    >>> np.zeros(2, dtype=fg.float32).dtype == fg.float32
    True
    """

    __slots__ = ("numpy",)

    def __init__(self, numpy: np.dtype[Any]) -> None:
        self.numpy = numpy

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype."""
        return self.numpy

    __numpy_dtype__ = dtype  # how NumPy asks from version 2.4 on

    @property
    def name(self) -> str:
        """The name, without what it belongs to."""
        return self.numpy.name

    @property
    def kind(self) -> str:
        """NumPy's letter for the kind of number: one of ``biufc``."""
        return self.dtype.kind

    @property
    def char(self) -> str:
        """NumPy's letter for the dtype."""
        return self.dtype.char

    @property
    def type(self) -> type[np.generic]:
        """NumPy's class of a single element."""
        return self.dtype.type

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def is_floating_point(self) -> bool:
        """Whether elements are real floating-point numbers."""
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether elements are complex numbers."""
        return self.kind == "c"

    @property
    def is_signed(self) -> bool:
        """Whether elements may be negative."""
        return self.kind in "ifc"

    def to_real(self) -> DType:
        """Return the dtype of the real part."""
        return dtype_of(np.zeros(0, self.dtype).real.dtype)

    def to_complex(self) -> DType:
        """Return the complex dtype whose parts have this one."""
        if self.is_complex:
            return self
        if self is float16:
            return complex32
        if not self.is_floating_point:
            raise RuntimeError(f"there is no complex dtype with parts of {self!r}")
        return dtype_of(np.promote_types(self.dtype, np.complex64))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DType):
            return self is other
        is_dtype = isinstance(other, np.dtype) or (isinstance(other, type) and issubclass(other, np.generic))
        return is_dtype and self.dtype == other

    def __hash__(self) -> int:
        return hash(self.numpy)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> Any:
        return as_dtype, (self.name,)

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo: Any) -> DType:
        return self


class Missing(DType):
    """A dtype that NumPy has not: it has a name, and every use says so."""

    __slots__ = ("label",)

    def __init__(self, label: str) -> None:
        super().__init__(np.dtype(np.void))
        self.label = label

    @property
    def name(self) -> str:
        return self.label

    @property
    def dtype(self) -> NoReturn:
        raise TypeError(f"{self!r} is not available, because NumPy has no such dtype: use float16 or float32")

    __numpy_dtype__ = dtype

    def __hash__(self) -> int:
        return hash(self.label)

    def __reduce__(self) -> Any:
        return missing, (self.label,)


def missing(label: str) -> DType:
    return {"bfloat16": bfloat16, "complex32": complex32}[label]


float16 = DType(np.dtype(np.float16))
float32 = DType(np.dtype(np.float32))
float64 = DType(np.dtype(np.float64))
int8 = DType(np.dtype(np.int8))
int16 = DType(np.dtype(np.int16))
int32 = DType(np.dtype(np.int32))
int64 = DType(np.dtype(np.int64))
uint8 = DType(np.dtype(np.uint8))
uint16 = DType(np.dtype(np.uint16))
uint32 = DType(np.dtype(np.uint32))
uint64 = DType(np.dtype(np.uint64))
complex64 = DType(np.dtype(np.complex64))
complex128 = DType(np.dtype(np.complex128))
truth = DType(np.dtype(np.bool_))
bfloat16 = Missing("bfloat16")
complex32 = Missing("complex32")

FLOATS = (float16, float32, float64)
INTEGERS = (int8, int16, int32, int64, uint8, uint16, uint32, uint64)

#: By NumPy dtype. Further ones (``longdouble``) come when NumPy functions return them.
DTYPES: dict[np.dtype[Any], DType] = {d.numpy: d for d in (*FLOATS, *INTEGERS, complex64, complex128, truth)}
NAMES = tuple(d.name for d in DTYPES.values())


def dtype_of(dtype: np.dtype[Any]) -> DType:
    """Return the dtype around a NumPy dtype: always the same object."""
    return DTYPES.get(dtype) or DTYPES.setdefault(dtype, DType(dtype))


def as_dtype(dtype: Any) -> DType:
    """Return the dtype that a NumPy dtype, a Python type or a name stands for."""
    return dtype if isinstance(dtype, DType) else dtype_of(np.dtype(dtype))


def check_dtype(array: Any) -> None:
    """Raise PyTorch's kind of error for an array of a dtype that tensors have not."""
    if not array.dtype.isnative:
        raise ValueError(f"tensors have the byte order of the machine, the array has dtype {array.dtype.str}")
    if array.dtype.name not in NAMES:
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype.type.__name__}; tensors have {', '.join(NAMES)}"
        )


# -- The default -----------------------------------------------------------------------------------------------


class Defaults:
    """The dtype of floating-point numbers that have none of their own. One for the process, as in PyTorch."""

    __slots__ = ("real",)

    def __init__(self) -> None:
        self.real = float32


DEFAULTS = Defaults()


class Default(DType):
    """A dtype that stands for the default one, also where it is kept as the default of a parameter."""

    __slots__ = ("is_complex_default",)

    def __init__(self, is_complex_default: bool) -> None:
        super().__init__(np.dtype(np.complex64 if is_complex_default else np.float32))
        self.is_complex_default = is_complex_default

    @property
    def dtype(self) -> np.dtype[Any]:
        real = DEFAULTS.real.numpy
        return np.promote_types(real, np.complex64) if self.is_complex_default else real

    __numpy_dtype__ = dtype

    @property
    def name(self) -> str:
        return self.dtype.name

    def __eq__(self, other: object) -> bool:
        return bool(dtype_of(self.dtype) == (dtype_of(other.dtype) if isinstance(other, DType) else other))

    def __hash__(self) -> int:
        return hash(self.dtype)


def get_default_dtype() -> DType:
    """Return the dtype that floating-point numbers get which have none of their own.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.get_default_dtype()
    torch.float32
    """
    return DEFAULTS.real


def set_default_dtype(d: DType) -> None:
    """Set the dtype that Python's floating-point numbers, and factories such as ``zeros``, give.

    It holds for the whole process, all threads included. Complex numbers follow: complex128 beside float64, else
    complex64.

    Parameters
    ----------
    d : dtype
        ``fg.float16``, ``fg.float32`` or ``fg.float64``.

    Raises
    ------
    TypeError
        If it is not a floating-point dtype.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.set_default_dtype(fg.float64)
    >>> fg.zeros(1).dtype
    torch.float64
    >>> fg.set_default_dtype(fg.float32)
    """
    chosen = dtype_of(d) if isinstance(d, np.dtype) else d
    if chosen not in FLOATS:
        raise TypeError(f"the default dtype must be one of float16, float32 and float64, got {d!r}")
    DEFAULTS.real = chosen
