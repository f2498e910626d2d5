"""PyTorch's type promotion: by kind of number; 0-d tensors and Python numbers do not widen within a kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.tensor.dtypes import Default, DType

__all__ = ["DEFAULT_COMPLEX", "DEFAULT_DTYPE", "as_real", "common", "promote", "promote_all", "type_name"]

#: What follows `set_default_dtype`, also where it is the default of a parameter.
DEFAULT_DTYPE = Default(is_complex_default=False)
DEFAULT_COMPLEX = Default(is_complex_default=True)
CATEGORIES = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
NUMBERS = (bool, int, float, complex)
TYPE_NAMES = {"float16": "Half", "float32": "Float", "float64": "Double", "int8": "Char", "uint8": "Byte"} | {
    "int16": "Short",
    "int32": "Int",
    "int64": "Long",
    "bool": "Bool",
    "complex64": "ComplexFloat",
    "complex128": "ComplexDouble",
}


def promote(a: Any, b: Any) -> tuple[Any, Any]:
    """Cast two operands, arrays or Python numbers, to the dtype in which PyTorch computes."""
    if isinstance(b, NUMBERS):
        return (a, b) if isinstance(a, NUMBERS) else (for_number(a, b), b)
    if isinstance(a, NUMBERS):
        return a, for_number(b, a)
    if a.dtype == b.dtype:
        return a, b
    if (a.ndim == 0) == (b.ndim == 0):
        dtype = of_two(a.dtype, b.dtype)
    else:
        dtype = of_scalar(a.dtype, b.dtype) if a.ndim == 0 else of_scalar(b.dtype, a.dtype)
    return (a if a.dtype == dtype else a.astype(dtype)), (b if b.dtype == dtype else b.astype(dtype))


def of_two(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of two arrays: of the higher kind, which only a float beside a complex number can widen."""
    rank_a, rank_b = CATEGORIES[a.kind], CATEGORIES[b.kind]
    if rank_a == rank_b or min(rank_a, rank_b) == 2:
        return np.promote_types(a, b)
    return a if rank_a > rank_b else b


def of_scalar(scalar: np.dtype[Any], array: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of a 0-d tensor and an array, which the first can only raise to its kind."""
    if CATEGORIES[scalar.kind] <= CATEGORIES[array.kind]:
        return array
    if scalar.kind == "c" and array.kind == "f":
        return np.promote_types(array, DEFAULT_COMPLEX)
    return scalar


def for_number(x: Any, number: Any) -> Any:
    """Cast a tensor that meets a Python number of a higher kind to the default dtype of that kind."""
    if isinstance(number, complex) and x.dtype.kind in "biu":
        return x.astype(DEFAULT_COMPLEX)
    if isinstance(number, float) and x.dtype.kind in "biu":
        return x.astype(DEFAULT_DTYPE)
    return x.astype(np.int64) if type(number) is int and x.dtype.kind == "b" else x


def common(arrays: Sequence[Any]) -> list[Any]:
    """Cast arrays that are to be joined to one dtype."""
    dtype = common_dtype([x.dtype for x in arrays])
    return [x if x.dtype == dtype else x.astype(dtype) for x in arrays]


def promote_all(*operands: Any) -> list[Any]:
    """Cast any number of operands, arrays or Python numbers, as :func:`promote` does two."""
    if len(operands) == 2:
        return list(promote(*operands))
    arrays = [x for x in operands if not isinstance(x, NUMBERS)]
    if not arrays:
        return list(operands)
    dims, points = [x.dtype for x in arrays if x.ndim], [x.dtype for x in arrays if not x.ndim]
    dtype = common_dtype(dims or points)
    if dims and points:  # dimensions count more than none
        dtype = of_scalar(common_dtype(points), dtype)
    sample: Any = np.empty((), dtype)
    for number in operands:
        if isinstance(number, NUMBERS):
            sample = for_number(sample, number)
            if isinstance(number, complex) and sample.dtype.kind == "f":
                sample = sample.astype(np.promote_types(sample.dtype, np.complex64))
    return [x if isinstance(x, NUMBERS) or x.dtype == sample.dtype else x.astype(sample.dtype) for x in operands]


def common_dtype(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """Return the dtype of arrays that have as many dimensions."""
    dtype = dtypes[0]
    for other in dtypes[1:]:
        dtype = of_two(dtype, other)
    return dtype


def as_real(x: Any) -> Any:
    """Cast integers to the default dtype: what division and ``sqrt`` of integers are computed in."""
    return x.astype(DEFAULT_DTYPE) if getattr(x, "dtype", DEFAULT_DTYPE).kind in "biu" else x


def type_name(dtype: np.dtype[Any] | DType) -> str:
    """Return what PyTorch's messages call a dtype."""
    return TYPE_NAMES.get(dtype.name, dtype.name)
