"""Reading, writing and choosing elements."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array
from funcgrad.core.batching import batch_along
from funcgrad.core.batching_indices import batch_getitem, batch_scatter, batch_setitem
from funcgrad.core.gather import last_written, scatter
from funcgrad.core.indices import is_basic
from funcgrad.core.kinds import Composite, Elementwise, Linear, Multilinear
from funcgrad.core.level import Traced, deepest, plain, tracers_in
from funcgrad.core.memory import Place, Steps, add_at, follow
from funcgrad.core.primitive import CALLS
from funcgrad.core.protocol import gathered
from funcgrad.core.space import Space
from funcgrad.errors import LostGradientError

__all__ = ["RULES"]

Split = tuple[tuple[Array, ...], dict[str, Any]]

# -- Reading and writing -------------------------------------------------------------------------------


def split_getitem(x: Array, index: Any) -> Split:
    return (x,), {"index": index}


def run_getitem(x: Array, index: Any) -> Array:
    return x[index]


def setitem(
    x: Array, value: Array, index: Any, steps: Steps = (), layout: tuple[int, ...] | None = None, add: bool = False
) -> Array:
    """Return a copy of `x` with ``x[index] = value``, or of a view of `x` the same; or with the value added there."""
    x = np.array(x) if isinstance(x, np.generic) else np.copy(x)
    x, target = Place(steps, index, layout).target(x)
    if add:
        add_at(target, index, value)
    else:
        target[index] = value
    return x


def split_setitem(x: Array, value: Array, index: Any, **place: Any) -> Split:
    return (x, value), {"index": index} | place


def setitem_adjoint(
    g: Array,
    i: int,
    XS: Sequence[Space],
    index: Any,
    steps: Steps = (),
    layout: tuple[int, ...] | None = None,
    add: bool = False,
) -> Array:
    """What was overwritten gets nothing; what was written gets the cotangent of the places that kept it."""
    if i == 0:
        return g if add else CALLS[operator.setitem](g, 0, **Place(steps, index, layout).keywords(add))
    target = follow(g, steps)
    part = target[index]
    part = part if add or is_basic(index) else last_written(part, index, target)
    return Place(steps, index, layout).turned(part, g, target)


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
    y = a[(slice(None),) * axis + (indices,)]
    return y if axis == 0 or plain(y).flags.c_contiguous else np.copy(y, order="C")  # which indexing does not care for


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


def windowed(x: Space, window_shape: Any, axis: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes along which windows slide, and the windows' lengths."""
    lengths = (window_shape,) if isinstance(window_shape, int | np.integer) else tuple(window_shape)
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim, allow_duplicate=True)
    return tuple(axes), lengths


def sliding_window_adjoint(g: Array, X: Space, window_shape: Any, axis: Any) -> Array:
    """Add what belongs to each place of the window to the elements that were seen there."""
    axes, lengths = windowed(X, window_shape, axis)
    total = np.zeros_like(g, shape=X.shape)
    for places in np.ndindex(*lengths):
        index: list[Any] = [slice(n) for n in g.shape[: X.ndim]]
        for d, place in zip(axes, places, strict=True):
            index[d] = slice(index[d].start + place if index[d].start else place, index[d].stop + place)
        total[tuple(index)] += g[(..., *places)]
    return total


def batch_windows(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Any:
    x = xs[0]
    axes, lengths = windowed(Space(x.shape[1:], x.dtype), params["window_shape"], params.get("axis"))
    return primitive.run(x, **params | {"window_shape": lengths, "axis": tuple([d + 1 for d in axes])})


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


def writable(name: str, target: Any) -> None:
    """Refuse to write traced values into an array that is not traced."""
    if not isinstance(target, Traced):
        raise LostGradientError(
            f"np.{name} would write a traced value into a plain ndarray and lose its gradient. Make the array with "
            "funcgrad.numpy or np.zeros_like of a traced one, wrap the function in funcgrad.adopt, or build the result "
            "with np.where or np.concatenate."
        )


def as_values(x: Any) -> Any:
    """Make an array of numbers or lists, which may be traced."""
    return gathered(x) if isinstance(x, list | tuple) and tracers_in(x) else as_array(x)


def write_flat(a: Any, places: Array, values: Any) -> None:
    """Write at places in the C order of `a`; too few values are repeated."""
    values = np.ravel(as_values(values))
    if values.size not in (1, places.size):
        values = values[np.arange(places.size) % values.size]
    a[np.unravel_index(places, a.shape)] = values


def copyto_body(dst: Any, src: Array, casting: Any = "same_kind", where: Any = True) -> None:
    writable("copyto", dst)
    src = as_values(src)
    dtype = src.dtype
    if not np.can_cast(dtype, dst.dtype, casting):
        raise TypeError(f"Cannot cast array data from {dtype!r} to {dst.dtype!r} according to the rule {casting!r}")
    dst[...] = src if where is True else np.where(where, src[()] if isinstance(src, np.ndarray) else src, dst)


def put_body(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    writable("put", a)
    places = np.ravel(as_indices(ind))
    if not places.size:
        return
    if mode == "raise":
        if isinstance(places, np.ndarray) and np.any((places < -a.size) | (places >= a.size)):  # a device is not asked
            raise IndexError(f"index out of bounds for an array of size {a.size}")
        places = places % a.size
    else:
        places = places % a.size if mode == "wrap" else np.clip(places, 0, a.size - 1)
    write_flat(a, places, v)


def putmask_body(a: Any, mask: Any, values: Any) -> None:
    writable("putmask", a)
    if np.size(mask) != np.size(a):
        raise ValueError("putmask: mask and data must be the same size")
    places = np.flatnonzero(mask)
    values = np.ravel(as_values(values))
    write_flat(a, places, values[places % values.size])


def place_body(arr: Any, mask: Any, vals: Any) -> None:
    writable("place", arr)
    places = np.flatnonzero(mask)
    if not places.size:
        return
    values = as_values(vals)
    if not values.size:
        raise ValueError("Cannot insert from an empty array!")
    write_flat(arr, places, values)


def put_along_axis_body(arr: Any, indices: Array, values: Array, axis: int | None) -> None:
    writable("put_along_axis", arr)
    if axis is None:
        arr[np.unravel_index(indices, arr.shape)] = values
    else:
        arr[index_along(indices, arr.shape, axis)] = values


def fill_diagonal_body(a: Any, val: Any, wrap: bool = False) -> None:
    writable("fill_diagonal", a)
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = a.shape[1] + 1 if a.ndim == 2 else 1 + int(np.sum(np.cumprod(a.shape[:-1])))
    end = a.shape[1] * a.shape[1] if a.ndim == 2 and not wrap else a.size
    write_flat(a, np.arange(0, min(end, a.size), step), val)


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
    Composite(np.take, take_body, copies=True),
    Composite(np.take_along_axis, take_along_axis_body),
    Composite(np.compress, compress_body),
    Composite(np.extract, extract_body),
    Linear(
        np.lib.stride_tricks.sliding_window_view,
        sliding_window_adjoint,
        ignore="subok writeable",
        view=True,
        batch=batch_windows,
    ),
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
