"""Batching rules of reading and writing: indices of which every example may have its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import is_on_device
from funcgrad.core.batching import Flags, Operands, Params, Primitive, align, lies_side_by_side, spread
from funcgrad.core.indices import is_view, parts_of
from funcgrad.core.space import Space

__all__ = ["READS_KEYWORDS", "Batched", "batch_getitem", "batch_scatter", "batch_setitem"]


@dataclass(frozen=True)
class Batched:
    """An array among the keywords, such as an index, of which every example has its own: along the first axis."""

    value: Array


class Places:
    """An index into arrays with the examples along their last axis, where they are in nobody's way.

    Reading there gives the examples' axis at `place`, behind the `depth` axes that the index arrays have in common,
    which begin at `start` while an example of its own would have them at `own`.
    """

    index: tuple[Any, ...]

    def __init__(self, index: Any, shape: tuple[int, ...], size: int, batched: bool) -> None:
        self.own, self.start, self.depth, self.place = 0, 0, 0, -1
        if not any(isinstance(part, Batched) for part in parts_of(index)):
            ellipsis = any(part is Ellipsis for part in parts_of(index))
            self.index = (*parts_of(index), slice(None)) if ellipsis else parts_of(index)
            return
        parts = explicit(index, shape)
        arrays = [part.value[0] if isinstance(part, Batched) else part for part in parts if is_advanced(part)]
        self.depth = max((np.ndim(part) for part in arrays), default=0)
        self.own = start_of_advanced(parts)
        whole = [self.behind(part) if is_advanced(part) else part for part in parts]
        if batched:
            whole.append(np.arange(size))
        self.index = tuple(whole)
        self.start = start_of_advanced(self.index)
        self.place = self.start + self.depth

    def behind(self, part: Any) -> Any:
        """Give an index array the examples' axis as its last."""
        if isinstance(part, Batched):
            part = np.moveaxis(part.value, 0, -1)
            return np.reshape(part, (1,) * (self.depth + 1 - part.ndim) + part.shape)
        return part if isinstance(part, int | np.integer) else np.expand_dims(part, -1)

    def first(self, y: Array) -> Array:
        """Bring what was read there into the shape of examples along the first axis."""
        y = np.moveaxis(y, self.place, 0)
        return np.moveaxis(y, self.axes(self.start), self.axes(self.own))

    def back(self, y: Array) -> Array:
        """Undo :meth:`first`, for what is to be written there."""
        return np.moveaxis(np.moveaxis(y, self.axes(self.own), self.axes(self.start)), 0, self.place)

    def axes(self, start: int) -> list[int]:
        return list(range(start + 1, start + 1 + self.depth))

    def shape(self, shape: tuple[int, ...]) -> Any:
        """Return the shape of what is read from arrays of `shape`, examples first."""
        device = next((part for part in self.index if is_on_device(part)), None)
        zero = np.zeros(()) if device is None else np.zeros((), like=device)  # where the index lives
        return self.first(np.broadcast_to(zero, shape)[self.index]).shape


def explicit(index: Any, shape: tuple[int, ...]) -> list[Any]:
    """Write an index out: no Ellipsis, no lists, masks as the places where they are true, slices up to the end."""
    parts: list[Any] = []
    for part in parts_of(index):
        part = np.asarray(part) if isinstance(part, list) else part
        if getattr(part, "dtype", None) == np.bool_ and not isinstance(part, Batched):
            parts.extend(np.nonzero(part))
        else:
            parts.append(part)
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    fill = [slice(None)] * (len(shape) - taken)
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), None)
    return parts + fill if at is None else parts[:at] + fill + parts[at + 1 :]


def is_advanced(part: Any) -> bool:
    return not (part is None or isinstance(part, slice))


def start_of_advanced(parts: Sequence[Any]) -> int:
    """Return where NumPy puts the axes of index arrays: in their place if they are neighbours, else in front."""
    places = [i for i, part in enumerate(parts) if is_advanced(part)]
    return places[0] if places and places == list(range(places[0], places[-1] + 1)) else 0


def has_masks(index: Any) -> bool:
    return any(isinstance(part, Batched) and part.value.dtype == np.bool_ for part in parts_of(index))


def taken_axis(x: Array, index: Any) -> int | None:
    """Return along which axis ``np.take`` reads an array of examples there, if it does: several times as fast."""
    if type(x) is not np.ndarray:
        return None
    parts = parts_of(index)
    arrays = [d for d, part in enumerate(parts) if isinstance(part, np.ndarray)]
    if len(arrays) != 1 or parts[arrays[0]].dtype.kind != "i" or len(parts) >= x.ndim:
        return None
    whole = [isinstance(part, slice) and part == WHOLE for d, part in enumerate(parts) if d != arrays[0]]
    return arrays[0] + 1 if all(whole) else None


WHOLE = slice(None)


def batch_getitem(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    (x,), index = xs, params["index"]
    if batched[0] and is_view(index):
        return primitive.run(x, index=(slice(None), *parts_of(index)))
    if has_masks(index):
        return NotImplemented
    axis = taken_axis(x, index) if batched[0] and not lies_side_by_side(x) else None
    if axis is not None:
        return np.take(x, parts_of(index)[axis - 1], axis=axis)
    places = Places(index, x.shape[1:] if batched[0] else x.shape, size, batched[0])
    y = places.first(primitive.run(np.moveaxis(x, 0, -1) if batched[0] else x, index=places.index))
    if type(y) is np.ndarray and np.moveaxis(y, 0, -1).flags.c_contiguous:
        return y
    return np.copy(y, order="C")  # as an example's would be


def batch_setitem(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    x, value = spread(xs[0], batched[0], size), xs[1]
    if has_masks(params["index"]) or not params.keys() <= {"index", "add"}:
        return NotImplemented
    places = Places(params["index"], x.shape[1:], size, True)
    where = params | {"index": places.index}
    x = np.moveaxis(x, 0, -1)
    if not np.ndim(value):  # a number fits everywhere, on every device
        return np.moveaxis(primitive.run(x, value, **where), -1, 0)
    value = np.broadcast_to(
        align((value, np.empty(places.shape(x.shape)[1:])), (batched[1], False))[0], places.shape(x.shape)
    )
    return np.moveaxis(primitive.run(x, places.back(value), **where), -1, 0)


def batch_scatter(primitive: Primitive, xs: Operands, batched: Flags, params: Params, size: int) -> Any:
    space = params["space"]
    if any(map(has_masks, params["indices"])):
        return NotImplemented
    places = [Places(index, space.shape, size, True) for index in params["indices"]]
    parts = [p.back(spread(x, b, size)) for p, x, b in zip(places, xs, batched, strict=True)]
    whole = Space((*space.shape, size), space.dtype)
    return np.moveaxis(primitive.run(*parts, space=whole, indices=tuple(p.index for p in places)), -1, 0)


#: Rules that understand arrays of the examples among the keywords.
READS_KEYWORDS = (batch_getitem, batch_setitem, batch_scatter)
