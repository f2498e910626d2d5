"""Reading, writing and choosing elements."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.batching import batch_along, batch_getitem, batch_scatter, batch_setitem
from funcgrad.core.gather import scatter
from funcgrad.core.indices import is_basic
from funcgrad.core.kinds import Composite, Elementwise, Linear, Multilinear
from funcgrad.core.level import Traced, deepest, plain
from funcgrad.core.primitive import CALLS
from funcgrad.core.space import Space
from funcgrad.errors import LostGradientError

__all__ = ["RULES"]

Split = tuple[tuple[Array, ...], dict[str, Any]]

# -- Reading and writing -------------------------------------------------------------------------------


def split_getitem(x: Array, index: Any) -> Split:
    return (x,), {"index": index}


def run_getitem(x: Array, index: Any) -> Array:
    return x[index]


def setitem(x: Array, value: Array, index: Any) -> Array:
    """Return a copy of `x` with ``x[index] = value``."""
    x = np.asarray(x).copy() if isinstance(x, np.generic) else x.copy()
    x[index] = value
    return x


def split_setitem(x: Array, value: Array, index: Any) -> Split:
    return (x, value), {"index": index}


def setitem_adjoint(g: Array, i: int, XS: Sequence[Space], index: Any) -> Array:
    """What was overwritten gets nothing; what was written gets the cotangent of the places that kept it."""
    if i == 0:
        return CALLS[operator.setitem](g, 0, index)
    part = g[index]
    if is_basic(index):
        return part
    like = plain(g)
    numbers = np.reshape(np.arange(1, part.size + 1, like=like), part.shape)
    last = np.zeros(XS[0].shape, dtype=numbers.dtype, like=like)
    last[index] = numbers  # of values written to one place, NumPy keeps the last
    return np.where(last[index] == numbers, part, 0)


def scatter_adjoint(g: Array, i: int, indices: Any) -> Array:
    return g[indices[i]]


# -- Taking ----------------------------------------------------------------------------------------------


def take_body(a: Array, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Array:
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    if axis is not None:
        axis = normalize_axis_index(axis, max(a.ndim, 1))
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), 0
    indices = as_indices(indices)
    size = a.shape[axis]
    if size == 0 and np.size(indices):
        raise IndexError("cannot do a non-empty take from an empty axes.")
    if mode != "raise":
        indices = indices % max(size, 1) if mode == "wrap" else np.clip(indices, 0, max(size - 1, 0))
    return a[(slice(None),) * axis + (indices,)]


def as_indices(x: Any) -> Any:
    """Make integers of what indices may be given as: a list (an empty one has none), numbers, booleans."""
    if isinstance(x, int) and not isinstance(x, bool):
        return x
    if not hasattr(x, "dtype"):
        x = np.asarray(x) if np.size(x) else np.zeros(np.shape(x), np.intp)
    return x if x.dtype.kind in "iu" else x.astype(np.intp, casting="safe")


def take_along_axis_body(arr: Array, indices: Array, axis: int | None = -1) -> Array:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    if np.ndim(indices) != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    axis = normalize_axis_index(axis, arr.ndim)
    deeper = deepest((arr, indices)) is not deepest((arr,))
    return read_along(arr, indices, axis=axis) if deeper else run_along(arr, indices, axis)


def run_along(arr: Array, indices: Array, axis: int) -> Array:
    return arr[index_along(indices, arr.shape, axis)]


def along_adjoint(g: Array, A: Space, b: Array, axis: int) -> Array:
    return CALLS[scatter](g, space=A, indices=(index_along(b, A.shape, axis),))


#: Reading at indices of a deeper level than the array's: under vmap, every example may have its own.
read_along = Multilinear(run_along, along_adjoint, None, own=True, name="take_along_axis", batch=batch_along)


def index_along(indices: Array, shape: tuple[int, ...], axis: int) -> tuple[Array, ...]:
    """Return the full index that `indices` along `axis` stand for."""
    ndim = len(shape)
    return tuple(
        indices if d == axis % ndim else np.reshape(np.arange(n), [-1 if e == d else 1 for e in range(ndim)])
        for d, n in enumerate(shape)
    )


def compress_body(condition: Any, a: Array, axis: int | None = None, out: None = None) -> Array:
    return np.take(a, np.flatnonzero(condition), axis=axis)


def extract_body(condition: Any, arr: Array) -> Array:
    return np.ravel(arr)[np.flatnonzero(condition)]


def sliding_window_view_body(
    x: Array, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Array:
    """One axis after the other: the places of all windows along it, whose axis goes to the end."""
    lengths = (window_shape,) if isinstance(window_shape, int | np.integer) else tuple(window_shape)
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim, allow_duplicate=True)
    if len(lengths) != len(axes):
        raise ValueError(f"Since axis is {axis}, window_shape must have {len(axes)} elements, got {window_shape}")
    for d, n in zip(axes, lengths, strict=True):
        count = x.shape[d] - n + 1
        if n < 0 or count < 1:
            raise ValueError("window shape cannot be larger than input array shape, or negative")
        places = np.arange(count)[:, None] + np.arange(n)
        x = np.moveaxis(np.take(x, places, axis=d), d + 1, -1)
    return x


# -- Choosing --------------------------------------------------------------------------------------------


class Where(Elementwise):
    """``np.where``; with a condition alone it is ``np.nonzero``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs) if len(args) + len(kwargs) == 3 else np.nonzero(*args)


def split_where(condition: Any, x: Array, y: Array) -> Split:
    return (condition, x, y), {}


def choose_body(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Array:
    a = as_indices(a)
    count = len(choices)
    if mode != "raise":
        a = a % count if mode == "wrap" else np.clip(a, 0, count - 1)
    elif np.any((a < 0) | (a >= count)):
        raise ValueError("invalid entry in choice array")
    result = choices[0]
    for i in range(1, count):
        result = np.where(a == i, choices[i], result)
    return np.broadcast_to(result, np.broadcast_shapes(np.shape(a), np.shape(result)))


def is_boolean(x: Any) -> bool:
    return bool((x if hasattr(x, "dtype") else np.asarray(x)).dtype == np.bool_)


def select_body(condlist: Sequence[Any], choicelist: Sequence[Array], default: Array = 0) -> Array:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    for i, condition in enumerate(condlist):
        if not is_boolean(condition):
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = np.where(condition, choice, result)
    return result


# -- Writing into the first argument: a traced one becomes the new array, a plain one cannot hold traced values ----


def write(name: str, target: Any, new: Any) -> None:
    """Let the traced `target` become `new`."""
    if not isinstance(target, Traced):
        raise LostGradientError(
            f"np.{name} would write a traced value into a plain ndarray and lose its gradient. Write into a traced "
            "array (start from np.zeros_like of one), or build the result with np.where or np.concatenate."
        )
    writable: Any = target
    new = new if new.dtype == target.space.dtype else new.astype(target.space.dtype)
    writable.rebind(new, name)


def with_elements(x: Array, index: Any, values: Array) -> Array:
    """Return `x` with other elements at `index`."""
    return CALLS[operator.setitem](x, values, index)


def with_flat(x: Array, places: Array, values: Array) -> Array:
    """Return `x` with other elements at places in its flattened order."""
    return np.reshape(with_elements(np.ravel(x), places, values), np.shape(x))


def copyto_body(dst: Array, src: Array, casting: str = "same_kind", where: Any = True) -> None:
    write("copyto", dst, np.where(where, src, dst))


def put_body(a: Array, ind: Any, v: Any, mode: str = "raise") -> None:
    places = np.ravel(as_indices(ind))
    if not places.size:
        return
    if mode != "raise":
        places = places % a.size if mode == "wrap" else np.clip(places, 0, a.size - 1)
    values = np.ravel(v)
    write("put", a, with_flat(a, places, values[np.arange(places.size) % values.size]))


def putmask_body(a: Array, mask: Any, values: Any) -> None:
    if np.size(mask) != np.size(a):
        raise ValueError("putmask: mask and data must be the same size")
    places = np.flatnonzero(mask)
    values = np.ravel(values)
    write("putmask", a, with_flat(a, places, values[places % values.size]))


def place_body(arr: Array, mask: Any, vals: Any) -> None:
    places = np.flatnonzero(mask)
    values = np.ravel(vals)
    if not places.size:
        return
    if not values.size:
        raise ValueError("Cannot insert from an empty array!")
    write("place", arr, with_flat(arr, places, values[np.arange(places.size) % values.size]))


def put_along_axis_body(arr: Array, indices: Array, values: Array, axis: int | None) -> None:
    if axis is None:
        write("put_along_axis", arr, with_flat(arr, indices, values))
        return
    write("put_along_axis", arr, with_elements(arr, index_along(indices, arr.shape, axis), values))


def fill_diagonal_body(a: Array, val: Any, wrap: bool = False) -> None:
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = a.shape[1] + 1 if a.ndim == 2 else 1 + int(np.sum(np.cumprod(a.shape[:-1])))
    end = a.shape[1] * a.shape[1] if a.ndim == 2 and not wrap else a.size
    places = np.arange(0, min(end, a.size), step)
    values = np.ravel(val)
    write("fill_diagonal", a, with_flat(a, places, values[np.arange(places.size) % values.size]))


RULES = (
    # -- Reading and writing: each is the other's adjoint
    Linear(
        operator.getitem,
        lambda g, X, index: CALLS[scatter](g, space=X, indices=(index,)),
        split=split_getitem,
        run=run_getitem,
        batch=batch_getitem,
    ),
    Linear(scatter, scatter_adjoint, variadic=True, own=True, ignore="space", batch=batch_scatter),
    Linear(
        operator.setitem,
        setitem_adjoint,
        variadic=True,
        split=split_setitem,
        run=setitem,
        own=True,
        batch=batch_setitem,
    ),
    # -- Taking
    Composite(np.take, take_body),
    Composite(np.take_along_axis, take_along_axis_body),
    Composite(np.compress, compress_body),
    Composite(np.extract, extract_body),
    Composite(np.lib.stride_tricks.sliding_window_view, sliding_window_view_body),
    # -- Choosing
    Where(np.where, None, lambda g, a: np.where(a, g, 0), lambda g, a: np.where(a, 0, g), split=split_where),
    Composite(np.choose, choose_body),
    Composite(np.select, select_body),
    # -- Writing into the first argument
    Composite(np.copyto, copyto_body),
    Composite(np.put, put_body),
    Composite(np.putmask, putmask_body),
    Composite(np.place, place_body),
    Composite(np.put_along_axis, put_along_axis_body),
    Composite(np.fill_diagonal, fill_diagonal_body),
)
