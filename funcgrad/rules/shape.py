"""Shape and structure: the same elements in another arrangement. Every function here is linear."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.lib.array_utils import normalize_axis_index

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.batching import (
    along,
    axes_named,
    batch_broadcast_to,
    batch_expand_dims,
    batch_reshape,
    batch_roll,
    batch_squeeze,
    batch_transpose,
    batch_view,
    stacked,
)
from funcgrad.core.gather import scatter
from funcgrad.core.kinds import Composite, Linear
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import Space

__all__ = ["RULES"]


def inverse(axes: Sequence[int] | None, ndim: int) -> tuple[int, ...] | None:
    if axes is None:
        return None
    places = [axis % ndim for axis in axes]
    return tuple(sorted(range(ndim), key=places.__getitem__))


def negated(shift: Any) -> Any:
    return tuple(-s for s in shift) if isinstance(shift, Sequence) else -shift


def memory_order(x: Array, order: str | None) -> str:
    """Resolve the orders that depend on memory layout, so that the adjoint undoes the same one."""
    if order == "C":
        return "C"
    if order in ("A", "K"):
        flags = x.flags
        return "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    return order or "C"


def split_reshape(
    a: Array, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: bool | None = None
) -> tuple[tuple[Array], dict[str, Any]]:
    return (a,), {"shape": newshape if shape is None else shape, "order": memory_order(a, order)}


def split_ravel(a: Array, order: str = "C") -> tuple[tuple[Array], dict[str, Any]]:
    return (a,), {"shape": -1, "order": memory_order(a, order)}


def run_reshape(a: Array, shape: Any, order: Any) -> Array:
    if type(a) is np.ndarray and shape is not None:
        return a.reshape(shape, order=order)  # np.reshape is Python
    return np.reshape(a, shape, order=order)


def reshape_adjoint(g: Array, X: Space, order: Any) -> Array:
    return g.reshape(X.shape) if order == "C" else np.reshape(g, X.shape, order=order)


def run_transpose(a: Array, axes: Sequence[int] | None = None) -> Array:
    return a.transpose(axes) if type(a) is np.ndarray else np.transpose(a, axes)


def run_swapaxes(a: Array, axis1: int, axis2: int) -> Array:
    return a.swapaxes(axis1, axis2) if type(a) is np.ndarray else np.swapaxes(a, axis1, axis2)


def split_astype(a: Array, dtype: Any, **layout: Any) -> tuple[tuple[Array], dict[str, Any]]:
    return (a,), {"dtype": dtype} | layout


#: What need not be said, and CuPy does not take.
ASTYPE = {"order": "K", "casting": "unsafe", "subok": True, "copy": True}


def run_astype(a: Array, dtype: Any, **layout: Any) -> Array:
    return a.astype(dtype, **{key: x for key, x in layout.items() if x != ASTYPE[key]})


def run_ravel(a: Array, shape: Any, order: str) -> Array:
    """Copy what is not contiguous, also where a reshape would not have to."""
    if shape == -1:
        return np.ravel(a, order)  # type: ignore[call-overload]
    y: Array = np.reshape(a, shape, order=order)  # type: ignore[call-overload]
    example = (a[0] if order == "C" else a[..., 0]) if np.size(a) else a  # under vmap
    return y if example.flags[f"{order}_CONTIGUOUS"] else np.copy(y)


def split_view(a: Array, dtype: Any) -> tuple[tuple[Array], dict[str, Any]]:
    return (a,), {"dtype": dtype}


def run_view(a: Array, dtype: Any) -> Array:
    return a.view(dtype)


def view_adjoint(g: Array, X: Space) -> Array:
    """Of complex numbers seen as pairs of floats, and the other way round."""
    if X.is_complex:
        pairs = np.reshape(g, (*X.shape, 2))
        return pairs[..., 0] - 1j * pairs[..., 1]
    return np.reshape(np.stack([np.real(g), -np.imag(g)], axis=-1), X.shape)


class Ravel(Linear):
    """``np.ravel``; an array may lie in memory in an order that is neither C's nor Fortran's."""

    def __call__(self, a: Array, order: str = "C") -> Any:
        strides = a.strides if order == "K" and hasattr(a, "strides") else ()
        if len(strides) > 1:
            a, order = np.transpose(a, np.argsort([-abs(step) for step in strides], kind="stable").tolist()), "C"
        return super().__call__(a, order)


def rollaxis_body(a: Array, axis: int, start: int = 0) -> Array:
    axis = normalize_axis_index(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    if not 0 <= start <= a.ndim:
        raise AxisError(f"'start' must be between {-a.ndim} and {a.ndim}, got {start}")
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


def broadcast_arrays_body(*args: Array, subok: bool = False) -> tuple[Array, ...]:
    shape = np.broadcast_shapes(*[np.shape(x) for x in args])
    return tuple(x if np.shape(x) == shape else np.broadcast_to(x, shape) for x in args)


def flipud_body(m: Array) -> Array:
    if m.ndim < 1:
        raise ValueError("Input must be >= 1-d.")
    return m[::-1]


def fliplr_body(m: Array) -> Array:
    if m.ndim < 2:
        raise ValueError("Input must be >= 2-d.")
    return m[:, ::-1]


def tile_body(A: Array, reps: Any) -> Array:
    reps = (reps,) if isinstance(reps, int | np.integer) else tuple(reps)
    reps = (1,) * (np.ndim(A) - len(reps)) + reps
    x = np.reshape(A, (1,) * (len(reps) - np.ndim(A)) + np.shape(A))
    pairs = [n for rep, size in zip(reps, x.shape, strict=True) for n in (rep, size)]
    spread = np.broadcast_to(np.reshape(x, [n for size in x.shape for n in (1, size)]), pairs)
    return np.reshape(spread, [rep * size for rep, size in zip(reps, x.shape, strict=True)])


def repeat_body(a: Array, repeats: Any, axis: int | None = None) -> Array:
    if axis is not None:
        axis = normalize_axis_index(axis, max(a.ndim, 1))
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), 0
    return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis=axis)


def atleast(ndim: int, place: Any) -> Any:
    def body(*arys: Any) -> Any:
        arrays = [as_array(x) for x in arys]
        results = tuple(x if np.ndim(x) >= ndim else np.reshape(x, place(np.shape(x))) for x in arrays)
        return results[0] if len(results) == 1 else results

    return body


def diagonal_adjoint(g: Array, X: Space, offset: int, axis1: int, axis2: int) -> Array:
    """Put the elements of the last axis on diagonals of zeros."""
    rest = [n for d, n in enumerate(X.shape) if d not in (axis1 % X.ndim, axis2 % X.ndim)]
    rows, columns = diagonal_indices(X.shape[axis1], X.shape[axis2], offset)
    whole = Space((*rest, X.shape[axis1], X.shape[axis2]), X.dtype)
    return np.moveaxis(CALLS[scatter](g, space=whole, indices=((..., rows, columns),)), (-2, -1), (axis1, axis2))


def diagonal_indices(rows: int, columns: int, offset: int) -> tuple[Array, Array]:
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    i = np.arange(length)
    return i + max(-offset, 0), i + max(offset, 0)


def batch_copy(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Any:
    """The order is that of an example; the examples' axis stays the outermost."""
    (x,) = xs
    order = params.get("order", "K")
    if order == "K" and isinstance(x, np.ndarray) and x.ndim and x.strides[0] != max(x.strides):
        order = "C"
    if order != "F":
        return primitive.run(x, **params | {"order": order})
    return np.transpose(
        primitive.run(np.transpose(x, [0, *range(x.ndim - 1, 0, -1)]), order="C"), [0, *range(x.ndim - 1, 0, -1)]
    )


def batch_triangle(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Any:
    """Of ``tril`` and ``triu``: NumPy takes a vector for every row of a matrix."""
    (x,) = xs
    n = x.shape[-1]
    return primitive.run(np.broadcast_to(x[:, None], (size, n, n)) if x.ndim == 2 else x, **params)


def diag_body(v: Array, k: int = 0) -> Array:
    if np.ndim(v) not in (1, 2):
        raise ValueError("Input must be 1- or 2-d.")
    if np.ndim(v) == 2:
        return np.diagonal(v, k)
    n = v.shape[0] + abs(k)
    return CALLS[scatter](v, space=Space((n, n), v.dtype), indices=(diagonal_indices(n, n, k),))


def diagflat_body(v: Array, k: int = 0) -> Array:
    return np.diag(np.ravel(v), k)


def trace_body(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Array:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def matrix_transpose_body(x: Array, /) -> Array:
    if np.ndim(x) < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {np.ndim(x)}")
    return np.swapaxes(x, -1, -2)


def resize_body(a: Array, new_shape: Any) -> Array:
    shape = (new_shape,) if isinstance(new_shape, int | np.integer) else tuple(new_shape)
    if any(n < 0 for n in shape):
        raise ValueError("all elements of `new_shape` must be non-negative")
    flat = np.ravel(a)
    if not flat.size:
        return np.zeros_like(flat, shape=shape)
    return np.reshape(flat[np.arange(math.prod(shape)) % flat.size], shape)


def vander_body(x: Array, N: int | None = None, increasing: bool = False) -> Array:
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    powers = range(len(x) if N is None else N)
    x = x.astype(np.promote_types(x.dtype, int))
    if not powers:
        return np.zeros_like(x, shape=(len(x), 0))
    return np.stack([x**n for n in (powers if increasing else reversed(powers))], axis=1)


RULES = (
    # -- One shape into another
    Linear(
        np.reshape,
        reshape_adjoint,
        split=split_reshape,
        run=run_reshape,
        ignore="shape",
        view=True,
        batch=batch_reshape,
    ),
    Ravel(
        np.ravel,
        reshape_adjoint,
        split=split_ravel,
        run=run_ravel,
        ignore="shape",
        view=True,
        batch=batch_reshape,
    ),
    Linear(np.expand_dims, lambda g, X: g.reshape(X.shape), ignore="axis", view=True, batch=batch_expand_dims),
    Linear(np.squeeze, lambda g, X: g.reshape(X.shape), ignore="axis", view=True, batch=batch_squeeze),
    Linear(np.broadcast_to, lambda g: g, ignore="shape subok", view=True, batch=batch_broadcast_to),
    Composite(np.broadcast_arrays, broadcast_arrays_body),
    Composite(np.atleast_1d, atleast(1, lambda shape: (1,))),
    Composite(np.atleast_2d, atleast(2, lambda shape: (1, *(shape or (1,))))),
    Composite(np.atleast_3d, atleast(3, lambda shape: (1, *(shape or (1,)), 1) if len(shape) < 2 else (*shape, 1))),
    # -- Axes
    Linear(
        np.transpose,
        lambda g, X, axes: run_transpose(g, inverse(axes, X.ndim)),
        run=run_transpose,
        view=True,
        batch=batch_transpose,
    ),
    Linear(
        np.swapaxes,
        lambda g, axis1, axis2: run_swapaxes(g, axis1, axis2),
        run=run_swapaxes,
        view=True,
        batch=axes_named("axis1", "axis2"),
    ),
    Linear(
        np.moveaxis,
        lambda g, source, destination: np.moveaxis(g, destination, source),
        view=True,
        batch=axes_named("source", "destination"),
    ),
    Composite(np.rollaxis, rollaxis_body),
    *([Composite(np.matrix_transpose, matrix_transpose_body)] if hasattr(np, "matrix_transpose") else []),
    # -- Elements in another order
    Linear(np.flip, lambda g, axis: np.flip(g, axis), view=True, batch=along()),
    Composite(np.flipud, flipud_body),
    Composite(np.fliplr, fliplr_body),
    Linear(np.roll, lambda g, shift, axis: np.roll(g, negated(shift), axis), batch=batch_roll),
    Linear(np.rot90, lambda g, k, axes: np.rot90(g, -k, axes), view=True, batch=axes_named("axes", axes=(0, 1))),
    # -- More of the same
    Composite(np.tile, tile_body, copies=True),
    Composite(np.repeat, repeat_body, copies=True),
    Composite(np.resize, resize_body, copies=True),
    Composite(np.vander, vander_body),
    # -- Copies and casts
    Linear(np.copy, lambda g: g, ignore="order subok", batch=batch_copy),
    Linear(
        np.ndarray.astype,
        lambda g: g,
        split=split_astype,
        run=run_astype,
        ignore="dtype casting copy order",
        batch=stacked,
    ),
    *([Composite(np.astype, lambda x, dtype, /, **layout: x.astype(dtype, **layout))] if hasattr(np, "astype") else []),
    Linear(np.ndarray.view, view_adjoint, split=split_view, run=run_view, ignore="dtype", view=True, batch=batch_view),
    # -- Diagonals and triangles
    Linear(
        np.diagonal,
        diagonal_adjoint,
        view=True,
        batch=axes_named("axis1", "axis2", axis1=0, axis2=1),
    ),
    Composite(np.diag, diag_body),
    Composite(np.diagflat, diagflat_body),
    Composite(np.trace, trace_body),
    Linear(np.tril, lambda g, k: np.tril(g, k), batch=batch_triangle),
    Linear(np.triu, lambda g, k: np.triu(g, k), batch=batch_triangle),
)
