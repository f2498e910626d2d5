"""Convolution: one form of three operands, of which each function here is linear in two and returns the third.

The form is the sum of ``x[n, c, s o + d k] w[f, c, k] y[n, f, o]`` over examples `n`, channels `c`, features `f`,
output places `o` and kernel places `k`, with stride `s` and dilation `d`. So the three are each other's adjoints, to
all orders. Shapes: `x` (N, C, spatial), `w` (F, C / groups, kernel), `y` (N, F, places).

They know nothing of padding, which is an operation of its own. NumPy has no such functions, so the table does not hold
these: they are called by name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import windows
from funcgrad.core.kinds import Multilinear

__all__ = ["convolution", "convolution_transpose", "kernel_correlation"]

Lengths = tuple[int, ...]

# -- The three functions, on plain arrays ----------------------------------------------------------------------------


def extents(kernel: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """Return how far a dilated kernel reaches."""
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]


def columns(x: Array, kernel: Lengths, stride: Lengths, dilation: Lengths, groups: int) -> tuple[Array, Lengths]:
    """Return what each kernel place sees, (N, groups, C / groups, *kernel, *places) as a view, and the places."""
    m = len(kernel)
    axes = tuple(range(2, 2 + m))
    seen = windows(x, tuple(extents(kernel, dilation)), axis=axes)
    seen = seen[(slice(None),) * 2 + tuple(slice(None, None, s) for s in stride)]
    seen = seen[(..., *[slice(None, None, d) for d in dilation])]
    places = seen.shape[2 : 2 + m]
    seen = seen.transpose(0, 1, *range(2 + m, 2 + 2 * m), *axes)
    return seen.reshape(x.shape[0], groups, x.shape[1] // groups, *kernel, *places), places


def split(w: Array, groups: int) -> Array:
    """Return the kernels as matrices, (groups, F / groups, C / groups * kernel places)."""
    return np.reshape(w, (groups, w.shape[0] // groups, math.prod(w.shape[1:])))


def convolve(x: Array, w: Array, stride: Lengths, dilation: Lengths, groups: int) -> Array:
    run = run_of(x, w, x.shape[2:], w.shape[2:], stride, dilation, groups)
    if run is not None:
        return run.convolve(x, split(w, groups), groups)
    seen, places = columns(x, w.shape[2:], stride, dilation, groups)
    matrices = np.reshape(seen, (x.shape[0], groups, math.prod(w.shape[1:]), math.prod(places)))
    return np.reshape(split(w, groups) @ matrices, (x.shape[0], w.shape[0], *places))


def convolve_transpose(y: Array, w: Array, stride: Lengths, dilation: Lengths, groups: int, size: Lengths) -> Array:
    """Return what has the places of `x`, `size` of them."""
    run = run_of(y, w, size, w.shape[2:], stride, dilation, groups)
    if run is not None and run.places == y.shape[2:]:
        return run.convolve_transpose(y, split(w, groups), groups)
    kernel, places = w.shape[2:], y.shape[2:]
    matrices = np.reshape(y, (y.shape[0], groups, w.shape[0] // groups, math.prod(places)))
    parts = np.reshape(
        np.swapaxes(split(w, groups), 1, 2) @ matrices, (y.shape[0], groups * w.shape[1], *kernel, *places)
    )
    if not parts.size:
        return np.zeros_like(parts, shape=(*parts.shape[:2], *size))
    if math.prod(kernel) == 1 and size == places:
        return np.reshape(parts, (*parts.shape[:2], *size))
    total = np.zeros_like(parts, shape=(*parts.shape[:2], *size))
    for place in np.ndindex(*kernel):  # one addition of whole arrays per kernel place
        steps = zip(place, dilation, stride, places, strict=True)
        index = (slice(None),) * 2 + tuple(slice(k * d, k * d + s * (n - 1) + 1, s) for k, d, s, n in steps)
        total[index] += parts[(slice(None), slice(None), *place)]
    return total


def correlate(x: Array, y: Array, stride: Lengths, dilation: Lengths, groups: int, kernel: Lengths) -> Array:
    """Return what has the places of `w`, `kernel` of them."""
    run = run_of(x, y, x.shape[2:], kernel, stride, dilation, groups)
    if run is not None and run.places == y.shape[2:]:
        found = run.correlate(x, y, groups)
        return np.reshape(found, (y.shape[1], x.shape[1] // groups, *kernel))
    features = y.shape[1]
    seen, places = columns(x, kernel, stride, dilation, groups)
    seen = (
        np.reshape(np.moveaxis(seen, 0, 2 + len(kernel)), (groups, -1, x.shape[0] * math.prod(places)))
        if seen.size
        else np.zeros_like(x, shape=(groups, x.shape[1] // groups * math.prod(kernel), 0))
    )
    matrices = np.reshape(y, (y.shape[0], groups, features // groups, math.prod(places)))
    matrices = np.reshape(np.moveaxis(matrices, 0, 2), (groups, features // groups, seen.shape[2]))
    return np.reshape(matrices @ np.swapaxes(seen, 1, 2), (features, x.shape[1] // groups, *kernel))


# -- Steps of one: what a kernel place sees lies in one run -----------------------------------------------------------


class Run:
    """Places of a convolution with stride 1, counted in the memory of `x`, gaps between its rows included.

    Between the first and the last place of an example, a kernel place sees one run of memory. So copies and sums go
    along runs of whole images in place of rows, which NumPy does several times faster; what falls into the gaps is
    dropped, or zero. Some examples at a time stay in the cache.
    """

    __slots__ = ("kernel", "length", "offsets", "places", "size", "steps")

    def __init__(self, size: Lengths, kernel: Lengths, dilation: Lengths) -> None:
        self.size = size
        self.kernel = kernel
        self.steps = [math.prod(size[i + 1 :]) for i in range(len(size))]
        self.places = tuple([n - d * (k - 1) for n, k, d in zip(size, kernel, dilation, strict=True)])
        self.length = 1 + sum([(n - 1) * step for n, step in zip(self.places, self.steps, strict=True)])
        self.offsets = [d * step for d, step in zip(dilation, self.steps, strict=True)]

    def blocks(self, n: int, rows: int) -> list[slice]:
        """Return parts of `n` examples, of so many runs each."""
        step = max(1, BLOCK // (rows * self.length))
        return [slice(start, start + step) for start in range(0, n, step)]

    def seen(self, x: Array) -> Array:
        """Return what each kernel place sees, (C * kernel places, N * length)."""
        n, channels, item = x.shape[0], x.shape[1], x.itemsize
        shape = (channels, *self.kernel, n, self.length)
        strides = (x.strides[1], *[offset * item for offset in self.offsets], x.strides[0], item)
        return np.ndarray(shape, x.dtype, x, 0, strides).reshape(-1, n * self.length)

    def at_places(self, runs: Array, n: int) -> Array:
        """Return the view of runs (F, N * length) without the gaps, (N, F, *places)."""
        item = runs.itemsize
        strides = (self.length * item, n * self.length * item, *[step * item for step in self.steps])
        return np.ndarray((n, runs.shape[0], *self.places), runs.dtype, runs, 0, strides)

    def as_runs(self, y: Array) -> Array:
        """Return places (N, F, *places) as runs (F, N * length) with zeros in the gaps."""
        runs = np.zeros((y.shape[1], y.shape[0] * self.length), y.dtype)
        self.at_places(runs, y.shape[0])[...] = y
        return runs

    def convolve(self, x: Array, w: Array, groups: int) -> Array:
        x = np.ascontiguousarray(x)
        y = np.empty((x.shape[0], w.shape[0] * w.shape[1], *self.places), np.result_type(x, w))
        for part in self.blocks(x.shape[0], x.shape[1] * math.prod(self.kernel)):
            seen = self.seen(x[part])
            runs = w @ np.reshape(seen, (groups, w.shape[2], -1))
            y[part] = self.at_places(np.reshape(runs, (y.shape[1], -1)), len(x[part]))
        return y

    def convolve_transpose(self, y: Array, w: Array, groups: int) -> Array:
        channels = groups * w.shape[2] // math.prod(self.kernel)
        x = np.empty((y.shape[0], channels, math.prod(self.size)), np.result_type(y, w))
        turned = np.swapaxes(w, 1, 2)
        for part in self.blocks(y.shape[0], w.shape[2] * groups):
            n = len(y[part])
            runs = turned @ np.reshape(self.as_runs(y[part]), (groups, w.shape[1], -1))
            parts = np.reshape(runs, (channels, *self.kernel, n, self.length))
            total = np.zeros((channels, n, x.shape[2]), x.dtype)
            for place in np.ndindex(*self.kernel):
                start = sum([k * offset for k, offset in zip(place, self.offsets, strict=True)])
                total[:, :, start : start + self.length] += parts[(slice(None), *place)]
            x[part] = np.swapaxes(total, 0, 1)
        return np.reshape(x, (*x.shape[:2], *self.size))

    def correlate(self, x: Array, y: Array, groups: int) -> Array:
        x = np.ascontiguousarray(x)
        total: Any = 0
        for part in self.blocks(x.shape[0], x.shape[1] * math.prod(self.kernel)):
            seen = np.reshape(self.seen(x[part]), (groups, -1, len(x[part]) * self.length))
            runs = np.reshape(self.as_runs(y[part]), (groups, y.shape[1] // groups, -1))
            total = total + runs @ np.swapaxes(seen, 1, 2)
        return total


BLOCK = 2**17  # elements
SHORT = 24  # places of a row, up to which its copies cost more than a gap


def run_of(
    x: Array, y: Array, size: Lengths, kernel: Lengths, stride: Lengths, dilation: Lengths, groups: int
) -> Run | None:
    """Return the runs of a convolution of plain arrays where they are faster: rows are short, but gaps are shorter."""
    plain = type(x) is np.ndarray and type(y) is np.ndarray and x.size > 0 and y.size > 0
    if not plain or max(stride) > 1 or math.prod(kernel) == 1:
        return None
    run = Run(tuple(size), tuple(kernel), dilation)
    is_short = groups > 1 or run.places[-1] <= SHORT
    return run if min(run.places) > 0 and is_short and run.length <= 1.5 * math.prod(run.places) else None


# -- Many examples at once -------------------------------------------------------------------------------------------
# Where one operand alone has examples, they are more of what that operand has alone; where both have, more groups.


def merged(x: Array, axis: int, groups: int = 1) -> Array:
    """Put the examples in front of each group of an axis (the examples not counted) and join them with it."""
    shape = x.shape[1:]
    x = np.reshape(x, (x.shape[0], *shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :]))
    x = np.moveaxis(x, 0, axis + 1)
    return np.reshape(x, (*shape[:axis], -1, *shape[axis + 1 :]))


def parted(x: Array, axis: int, size: int, groups: int = 1) -> Array:
    """Undo :func:`merged`."""
    shape = x.shape
    x = np.reshape(x, (*shape[:axis], groups, size, shape[axis] // (size * groups), *shape[axis + 1 :]))
    x = np.moveaxis(x, axis + 1, 0)
    return np.reshape(x, (size, *shape[:axis], shape[axis] // size, *shape[axis + 1 :]))


def batch_convolve(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    (x, w), groups = xs, params["groups"]
    if not batched[1]:
        return parted(primitive.run(merged(x, 0), w, **params), 0, size)
    if not batched[0]:
        return parted(primitive.run(x, merged(w, 0, groups), **params), 1, size, groups)
    y = primitive.run(merged(x, 1), merged(w, 0), **params | {"groups": groups * size})
    return parted(y, 1, size)


def batch_convolve_transpose(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    (y, w), groups = xs, params["groups"]
    if not batched[1]:
        return parted(primitive.run(merged(y, 0), w, **params), 0, size)
    if not batched[0]:
        return parted(primitive.run(y, merged(w, 1), **params), 1, size, groups)
    x = primitive.run(merged(y, 1), merged(w, 0), **params | {"groups": groups * size})
    return parted(x, 1, size)


def batch_correlate(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    (x, y), groups = xs, params["groups"]
    if not batched[1]:
        return parted(primitive.run(merged(x, 1, groups), y, **params), 1, size)
    if not batched[0]:
        return parted(primitive.run(x, merged(y, 1, groups), **params), 0, size, groups)
    w = primitive.run(merged(x, 1), merged(y, 1), **params | {"groups": groups * size})
    return parted(w, 0, size)


# -- The primitives --------------------------------------------------------------------------------------------------


def geometry(stride: Lengths, dilation: Lengths, groups: int) -> dict[str, Any]:
    return {"stride": stride, "dilation": dilation, "groups": groups}


convolution: Multilinear = Multilinear(
    convolve,
    lambda g, A, b, stride, dilation, groups: convolution_transpose(
        g, b, size=A.shape[2:], **geometry(stride, dilation, groups)
    ),
    lambda g, B, a, stride, dilation, groups: kernel_correlation(
        a, g, kernel=B.shape[2:], **geometry(stride, dilation, groups)
    ),
    name="convolution",
    own=True,
    batch=batch_convolve,
)
convolution_transpose: Multilinear = Multilinear(
    convolve_transpose,
    lambda g, b, stride, dilation, groups: convolution(g, b, **geometry(stride, dilation, groups)),
    lambda g, B, a, stride, dilation, groups: kernel_correlation(
        g, a, kernel=B.shape[2:], **geometry(stride, dilation, groups)
    ),
    name="convolution",
    own=True,
    batch=batch_convolve_transpose,
    ignore="size",
)
kernel_correlation: Multilinear = Multilinear(
    correlate,
    lambda g, A, b, stride, dilation, groups: convolution_transpose(
        b, g, size=A.shape[2:], **geometry(stride, dilation, groups)
    ),
    lambda g, a, stride, dilation, groups: convolution(a, g, **geometry(stride, dilation, groups)),
    name="convolution",
    own=True,
    batch=batch_correlate,
    ignore="kernel",
)
