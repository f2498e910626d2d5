"""Batching rules: how to apply a function to many examples by one call.

A rule gets the primitive, its operands with the examples along the first axis (or without one, where all examples
share the operand), which of them have it, and the keywords. It returns the outputs with the examples first. So most
rules are a change of keywords: an axis of an example is the next one of the batch.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from funcgrad._typing import Array

__all__ = [
    *("FEW", "Batch", "Flags", "Operands", "Params", "Primitive"),
    *("align", "aligned", "along", "along_one", "axes_named", "batch_along", "batch_broadcast_to"),
    *("batch_concatenate", "batch_cross", "batch_einsum", "batch_expand_dims", "batch_matmul"),
    *("batch_outer", "batch_reshape", "batch_roll", "batch_squeeze", "batch_stack"),
    *("batch_tensordot", "batch_transpose", "batch_view", "lies_side_by_side", "stacked"),
]

Operands: TypeAlias = Sequence[Array]
Flags: TypeAlias = Sequence[bool]
Params: TypeAlias = dict[str, Any]


class Primitive(Protocol):
    """What a batching rule uses of a primitive: how to run it, one level down."""

    @property
    def run(self) -> Callable[..., Any]: ...


#: Examples of so few elements are laid side by side, if they are many.
FEW = 16

Batch: TypeAlias = Callable[[Primitive, Operands, Flags, Params, int], Any]

# -- Operands --------------------------------------------------------------------------------------------


def example_ndim(x: Array, batched: bool) -> int:
    ndim: int = x.ndim if hasattr(x, "ndim") else np.ndim(x)
    return ndim - batched


def align(xs: Operands, batched: Flags) -> list[Array]:
    """Give all batched operands the same number of axes behind the examples', so that they broadcast."""
    ndim = max(example_ndim(x, b) for x, b in zip(xs, batched, strict=True))
    return [
        np.reshape(x, (x.shape[0], *(1,) * (ndim + 1 - x.ndim), *x.shape[1:])) if b and x.ndim <= ndim else x
        for x, b in zip(xs, batched, strict=True)
    ]


def lies_side_by_side(x: Array) -> bool:
    """Whether the examples, not the elements of each, are neighbours in memory."""
    return type(x) is np.ndarray and x.ndim > 1 and x.strides[0] == x.itemsize and x.shape[-1] > 1


def spread(x: Array, batched: bool, size: int) -> Array:
    """Give an operand that all examples share an axis of examples."""
    return x if batched else np.broadcast_to(x, (size, *np.shape(x)))


def shifted(axis: Any, ndim: int) -> Any:
    """Turn an axis of an example with `ndim` axes, or several, into that of the batch."""
    if isinstance(axis, Sequence):
        return tuple(shifted(a, ndim) for a in axis)
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim + 1


# -- Rules of most functions -------------------------------------------------------------------------------


def aligned(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Of an elementwise function, and of one that works on stacks of matrices."""
    return primitive.run(*align(xs, batched), **params)


def stacked(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Of a function of one operand that works on its last axes, or on each element alone."""
    return primitive.run(*xs, **params)


def batch_view(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Of ``ndarray.view``: a number's parts have to be neighbours."""
    (x,) = xs
    return primitive.run(np.copy(x, order="C") if lies_side_by_side(x) else x, **params)


def along(keyword: str = "axis", default: Any = None) -> Batch:
    """Of a function along axes of an array, all of them if none is named."""

    def batch(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
        ndim = xs[0].ndim - 1
        axis = params.get(keyword, default)
        over = tuple(range(1, ndim + 1)) if axis is None else () if not ndim else shifted(axis, ndim)
        return primitive.run(xs[0], **params | {keyword: over})

    return batch


def along_one(keyword: str = "axis", default: Any = None) -> Batch:
    """Of a function along one axis, or of the flattened array if none is named."""

    def batch(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
        x = xs[0]
        axis = params.get(keyword, default)
        if axis is not None:
            return primitive.run(x, **params | {keyword: shifted(axis, x.ndim - 1)})
        y = primitive.run(np.reshape(x, (size, math.prod(x.shape[1:]))), **params | {keyword: 1})
        keep = params.get("keepdims", np._NoValue)
        return y if keep is np._NoValue or not keep else np.reshape(y, (size, *(1,) * (x.ndim - 1)))

    return batch


def axes_named(*keywords: str, **defaults: Any) -> Batch:
    """Of a function whose keywords name axes of the array."""

    def batch(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
        ndim = xs[0].ndim - 1
        return primitive.run(xs[0], **params | {k: shifted((defaults | params)[k], ndim) for k in keywords})

    return batch


def batch_along(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Of ``take_along_axis``: the indices have as many axes as the array."""
    ndim = max(example_ndim(x, b) for x, b in zip(xs, batched, strict=True))
    parts = [x if b else x[None] for x, b in zip(xs, batched, strict=True)]
    return primitive.run(*parts, **params | {"axis": shifted(params["axis"], ndim)})


# -- Shapes ------------------------------------------------------------------------------------------------


def batch_reshape(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Of ``reshape`` and ``ravel``; in Fortran's order the examples' axis has to be the last."""
    (x,) = xs
    shape = resolved(params["shape"], x.shape[1:])
    if params.get("order", "C") == "C":
        return primitive.run(x, **params | {"shape": (size, *shape)})
    return np.moveaxis(primitive.run(np.moveaxis(x, 0, -1), **params | {"shape": (*shape, size)}), -1, 0)


def resolved(shape: Any, old: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape with the length that -1 stands for."""
    new = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if -1 not in new:
        return new
    known, total = math.prod(n for n in new if n != -1), math.prod(old)
    if known == 0 or total % known:
        raise ValueError(f"cannot reshape array of shape {old} into shape {new}")
    return tuple(total // known if n == -1 else n for n in new)


def batch_transpose(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    ndim = xs[0].ndim - 1
    axes = params.get("axes")
    return primitive.run(xs[0], axes=(0, *shifted(tuple(range(ndim))[::-1] if axes is None else axes, ndim)))


def batch_expand_dims(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    axis = params["axis"]
    new = xs[0].ndim - 1 + (len(axis) if isinstance(axis, tuple | list) else 1)
    return primitive.run(xs[0], axis=shifted(axis, new))


def batch_squeeze(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    shape = xs[0].shape[1:]
    axis = params.get("axis")
    ones = tuple(d for d, n in enumerate(shape) if n == 1)
    return primitive.run(xs[0], axis=shifted(ones if axis is None else axis, len(shape)))


def batch_broadcast_to(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    shape = params["shape"]
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    missing = len(shape) + 1 - xs[0].ndim
    x = np.reshape(xs[0], (size, *(1,) * missing, *xs[0].shape[1:])) if missing > 0 else xs[0]
    return primitive.run(x, shape=(size, *shape))


def batch_roll(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Without an axis, the elements are rolled in one row."""
    x, axis = xs[0], params.get("axis")
    if axis is not None:
        return primitive.run(x, **params | {"axis": shifted(axis, x.ndim - 1)})
    rows = np.reshape(x, (size, math.prod(x.shape[1:])))
    return np.reshape(primitive.run(rows, shift=np.sum(params["shift"]), axis=1), x.shape)


def batch_concatenate(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    parts = [spread(x, b, size) for x, b in zip(xs, batched, strict=True)]
    return primitive.run(*parts, **params | {"axis": shifted(params["axis"], parts[0].ndim - 1)})


def batch_stack(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    parts = [spread(x, b, size) for x, b in zip(xs, batched, strict=True)]
    return primitive.run(*parts, **params | {"axis": shifted(params["axis"], parts[0].ndim)})


# -- Products ----------------------------------------------------------------------------------------------


def batch_matmul(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """Vectors become matrices with one row or column; the result loses these axes again."""
    (a, b), (of_a, of_b) = xs, batched
    ndim_a, ndim_b = example_ndim(a, of_a), example_ndim(b, of_b)
    if not ndim_a or not ndim_b:
        raise ValueError("matmul: an operand without axes has none to sum over; multiply with * instead")
    if not of_b and ndim_b <= 2:
        return one_product(primitive, a, b, params)
    if not of_a and ndim_b == 1 and ndim_a <= 2:
        return one_product(primitive, b, a if ndim_a == 1 else np.swapaxes(a, 0, 1), params)
    row, column = ndim_a == 1, ndim_b == 1
    if row:
        a = np.expand_dims(a, -2)
    if column:
        b = np.expand_dims(b, -1)
    a, b = align((a, b), batched)
    if of_a and of_b and lies_side_by_side(a) and lies_side_by_side(b) and a.dtype.kind in "fc" and not params:
        y = np.einsum("...ij,...jk->...ik", a, b)  # over all examples at once, where matmul takes them one by one
    else:
        y = primitive.run(a, b, **params)
    return np.squeeze(y, ((-2,) if row else ()) + ((-1,) if column else ())) if row or column else y


def one_product(primitive: Primitive, a: Array, b: Array, params: Params) -> Any:
    """Multiply all examples by one matrix or vector: one product, where NumPy's would be one for each example."""
    if a.ndim == 2 == b.ndim and lies_side_by_side(a) and b.shape[1] <= FEW:
        return np.transpose(primitive.run(np.transpose(b), np.transpose(a), **params))
    if a.ndim == 2:
        return primitive.run(a, b, **params)
    rows = np.reshape(a, (math.prod(a.shape[:-1]), a.shape[-1]))
    return np.reshape(primitive.run(rows, b, **params), (*a.shape[:-1], *b.shape[1:]))


def batch_einsum(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """The examples get an index of their own."""
    inputs, output = params["subscripts"].split("->")
    letter = next(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in params["subscripts"])
    terms = [letter + term if b else term for term, b in zip(inputs.split(","), batched, strict=True)]
    return primitive.run(*xs, **params | {"subscripts": f"{','.join(terms)}->{letter}{output}"})


def batch_outer(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    rows, columns = (np.reshape(x, (size, -1)) if b else np.ravel(x) for x, b in zip(xs, batched, strict=True))
    return rows[..., :, None] * columns[..., None, :]


def batch_tensordot(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """As an Einstein sum: the examples get an index of their own."""
    (a, b), axes = xs, params["axes"]
    ndims = [example_ndim(x, of_x) for x, of_x in zip(xs, batched, strict=True)]
    if isinstance(axes, int | np.integer):
        axes = (range(ndims[0] - int(axes), ndims[0]), range(int(axes)))
    pairs = [[int(d) % n for d in np.atleast_1d(list(np.atleast_1d(of)))] for of, n in zip(axes, ndims, strict=True)]
    left = list(range(1, ndims[0] + 1))
    right = list(range(ndims[0] + 1, sum(ndims) + 1))
    for d, e in zip(*pairs, strict=True):
        right[e] = left[d]
    output = [n for d, n in enumerate(left) if d not in pairs[0]]
    output += [n for e, n in enumerate(right) if e not in pairs[1]]
    terms = [[0, *term] if of_x else term for term, of_x in zip((left, right), batched, strict=True)]
    return np.einsum(a, terms[0], b, terms[1], [0, *output], optimize=True)


def batch_cross(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    """NumPy's result would have the components next to each other, where the operands have the examples."""
    a, b = align(xs, batched)
    if not any(map(lies_side_by_side, (a, b))):
        return primitive.run(a, b)
    a, b = (np.moveaxis(x, 0, -1) if of_x else x[..., None] for x, of_x in zip((a, b), batched, strict=True))
    (a0, a1, a2), (b0, b1, b2) = np.moveaxis(a, -2, 0), np.moveaxis(b, -2, 0)
    return np.moveaxis(np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-2), -1, 0)
