"""Python's numbers in arrays: what PyTorch refuses of them, because it would not be the same number."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from funcgrad._typing import Array

__all__ = ["cast_numbers", "refuse_values"]


def refuse_values(array: Array, data: Any) -> NoReturn:
    """Raise PyTorch's kind of error for an array that does not hold numbers."""
    if array.dtype.kind in "US":
        first = data
        while isinstance(first, list | tuple):
            first = first[0]
        error = ValueError if isinstance(data, list | tuple) and isinstance(first, str) else TypeError
        raise error("tensor() takes numbers, got a text")
    others = [x for x in array.flat if not isinstance(x, int)]
    if not others:  # NumPy has unsigned or arbitrary integers for what does not fit
        raise ValueError("tensor() takes integers of 64 bits, got a larger one")
    raise RuntimeError(f"Could not infer dtype of {type(others[0]).__name__}")


def cast_numbers(array: Array, dtype: Any) -> Array:
    """Cast an array of Python's numbers, which must be representable if they become integers.

    Raises
    ------
    RuntimeError
        If a number is out of the range of the integers.
    TypeError
        If complex numbers would become real.
    """
    target = np.dtype(dtype)
    if array.dtype.kind == "c" and target.kind not in "cb":
        raise TypeError(f"complex numbers cannot become {target.name}")
    if target.kind in "iu" and array.size and array.dtype.kind in "iuf" and not fits(array, target):
        raise RuntimeError(f"a value cannot be converted to type {target.name} without overflow")
    with np.errstate(over="ignore"):  # large numbers become infinite
        return array.astype(target)


def fits(array: Array, target: np.dtype[Any]) -> bool:
    """Whether numbers, cut to integers, are in the range of a dtype. Of unsigned ones negative integers count back."""
    info = np.iinfo(target)
    if array.dtype.kind == "f":
        whole = array if target.kind == "u" else np.trunc(array)
        return bool(np.all((whole >= float(info.min)) & (whole < float(info.max) + 1)))
    low = -info.max if target.kind == "u" else info.min
    return low <= int(array.min()) and int(array.max()) <= info.max
