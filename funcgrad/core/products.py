"""Matrix products as BLAS does them fastest: all matrices of a stack at once, or one of many rows a part at a time.

OpenBLAS rearranges its operands before it multiplies them. Many rows times few columns take up to three times as long
for it. For processors with AVX-512 it has kernels that take the operands as they lie, if there are not more than a
million multiplications. So such a product is done in parts of as many.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = ["product", "product_of_transposed"]

ndarray = np.ndarray

#: Rows of the matrices in a stack, up to which one product of all is quicker, and elements from which on.
ROWS, FEW = 64, 256
#: Multiplications of a product whose operands OpenBLAS takes as they lie.
SMALL = 1_000_000
#: Multiplications in all, from which on rearranging the second factor costs less than it saves.
MANY = 60_000
#: Elements of the small matrix, up to which parts are quicker: of the second factor, and of the result where the rows
#: are summed. With more, few rows make a part.
FACTOR, RESULT = 1 << 15, 1 << 13
#: Rows from which on a second factor that is not in order is worth a copy, so that parts are quicker.
TALL = 256


def has_kernels() -> bool:
    """Whether NumPy's BLAS has kernels for small matrices here, and one thread, for which there is nothing to share."""
    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    features = getattr(getattr(getattr(np, "_core", None), "_multiarray_umath", None), "__cpu_features__", {})
    return "openblas" in blas and bool(features.get("AVX512_SKX")) and threads() == 1


def threads() -> int:
    """Return how many threads OpenBLAS runs, as the environment says; it reads that when NumPy is imported."""
    for library in ("OPENBLAS", "GOTO", "OMP"):
        told = os.environ.get(f"{library}_NUM_THREADS", "")
        if told.isdigit() and int(told):
            return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


PARTS = has_kernels()


def product(a: Array, b: Array) -> Array:
    """Return ``a @ b``."""
    if type(a) is not ndarray or type(b) is not ndarray or a.ndim < 2 or b.ndim < 2:
        return a @ b
    columns = b.shape[-1]
    many = a.size * columns >= MANY
    if not many and a.ndim == b.ndim:
        return a @ b
    rows, inner = a.shape[-2:]
    work = rows * inner * columns
    in_order = a.flags.c_contiguous
    in_parts = PARTS and work > SMALL and in_order and is_narrow(inner * columns, FACTOR, a, b)
    if a.ndim > 2 == b.ndim and in_order and (in_parts or (rows < ROWS and a.size >= FEW)):
        return product(a.reshape(-1, inner), b).reshape(*a.shape[:-1], columns)
    in_parts = in_parts and a.shape[:-2] == b.shape[:-2]
    if b.strides[-1] != b.itemsize and a.ndim >= b.ndim:  # small products with such a factor take up to twice as long
        in_parts = in_parts and rows >= TALL
        b = b.copy() if in_parts or (rows >= ROWS and work <= SMALL and many) else b
    return by_rows(a, b) if in_parts else a @ b


def product_of_transposed(a: Array, b: Array) -> Array:
    """Return the product of `a`, transposed, and `b`: matrices of as many rows, or stacks of them."""
    size = a.shape[-1] * b.shape[-1]
    if (
        PARTS
        and a.shape[-2] * size > 2 * SMALL
        and is_narrow(size, RESULT, a, b)
        and a.shape[:-1] == b.shape[:-1]
        and a.strides[-1] == b.strides[-1] == a.itemsize
    ):
        return summed_over_rows(a, b)
    return a.swapaxes(-1, -2) @ b


def is_narrow(size: int, most: int, a: Any, b: Any) -> bool:
    """Whether the small matrix, of `size` elements, is as small as the kernels want it, and the arrays are theirs."""
    return size <= most and type(a) is type(b) is ndarray and a.dtype is b.dtype and a.dtype.char in "fd"


def parts_of(x: Array, size: int) -> tuple[Array, Array]:
    """Return views of equal parts of a matrix's rows, as a stack, and of the rows that are left."""
    rows, columns = x.shape[-2:]
    count = -(-rows * size // SMALL)
    whole = rows - rows % count
    return x[..., :whole, :].reshape(*x.shape[:-2], count, whole // count, columns), x[..., whole:, :]


def by_rows(a: Array, b: Array) -> Array:
    out: Array = np.empty((*a.shape[:-1], b.shape[-1]), a.dtype)
    size = b.shape[-2] * b.shape[-1]
    parts, rest = parts_of(a, size)
    goal, goal_of_rest = parts_of(out, size)
    np.matmul(parts, b[..., None, :, :], out=goal)
    if rest.shape[-2]:
        np.matmul(rest, b, out=goal_of_rest)
    return out


def summed_over_rows(a: Array, b: Array) -> Array:
    size = a.shape[-1] * b.shape[-1]
    parts, rest = parts_of(a, size)
    others, rest_of_others = parts_of(b, size)
    total: Array = np.add.reduce(parts.swapaxes(-1, -2) @ others, -3)
    if rest.shape[-2]:
        total += rest.swapaxes(-1, -2) @ rest_of_others
    return total
