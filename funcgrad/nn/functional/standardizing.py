"""Normalizing as one primitive each: with the weight and bias of the last axis, or of channels.

The statistics are computed again in the backward pass: that costs two passes over the data, and keeping the normalized
data would cost its memory. Sums are products with ones, which BLAS does faster than NumPy's reductions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Opaque
from funcgrad.core.primitive import Frame

__all__ = ["CHANNELS", "ROWS"]

Parts = tuple[Any, ...]

BLOCK = 2**17  # elements


def ones(n: int, like: Array) -> Array:
    return np.ones_like(like, shape=(n,))


def in_blocks(f: Callable[..., Parts], *xs: Array, **params: Any) -> Parts:
    """Apply `f` to parts of arrays on the host along their first axis, whose temporaries stay in the cache.

    The first result is put together again, the others are summed.
    """
    step = max(1, BLOCK // max(1, xs[0][:1].size))
    if xs[0].shape[0] < 2 * step or not all(type(x) is np.ndarray for x in xs):
        return f(*xs, **params)
    whole = np.empty_like(xs[0])
    rest: list[Any] = []
    for start in range(0, whole.shape[0], step):
        first, *others = f(*[x[start : start + step] for x in xs], **params)
        if first is None:
            whole = None
        elif whole is not None:
            whole[start : start + step] = first
        rest = others if start == 0 else [s + x for s, x in zip(rest, others, strict=True)]
    return whole, *rest


def dots(a: Array, b: Array) -> Array:
    """Return the inner products along the last axis; matmul is twice as fast as einsum."""
    return (a[..., None, :] @ b[..., None])[..., 0, 0]


# -- Rows: (..., *D), with weight and bias D -------------------------------------------------------------------------


def row_parts(x: Array, eps: float) -> tuple[Array, Array]:
    """Return rows without their means, and what would normalize them."""
    n = x.shape[1]
    c = x - ((x @ ones(n, x)) / n)[:, None]
    return c, 1 / np.sqrt(dots(c, c) / n + eps)


def rows_values(x: Array, w: Array, b: Array, eps: float = 1e-5) -> Array:
    w, b = np.reshape(w, -1), np.reshape(b, -1)
    (y,) = in_blocks(normalized_rows, np.reshape(x, (-1, w.size)), w=w, b=b, eps=eps)
    return np.reshape(y, x.shape)


def normalized_rows(x: Array, w: Array, b: Array, eps: float) -> Parts:
    c, scale = row_parts(x, eps)
    c *= scale[:, None]
    c *= w
    c += b
    return (c,)


def rows_jvp(dxs: tuple[Array, ...], a: Array, b: Array, eps: float) -> Array:
    c, scale = row_parts(np.reshape(a, (-1, b.size)), eps)
    dx, dw, db = np.reshape(dxs[0], c.shape), np.reshape(dxs[1], -1), np.reshape(dxs[2], -1)
    n = b.size
    first, second = (dx @ ones(n, dx)) / n, dots(dx, c) * scale**2 / n
    dy = dx - first[:, None] - c * second[:, None]
    return np.reshape((dy * np.reshape(b, -1) + c * dw) * scale[:, None] + db, a.shape)


def rows_vjp(g: Array, call: Frame) -> Parts:
    x, w, _ = call.xs
    rows = (-1, w.size)
    params = {"w": np.reshape(w, -1), "eps": call.params["eps"], "wanted": call.links[0] is not None}
    gx, gw, gb = in_blocks(rows_cotangents, np.reshape(x, rows), np.reshape(g, rows), **params)
    return None if gx is None else np.reshape(gx, x.shape), np.reshape(gw, w.shape), np.reshape(gb, w.shape)


def rows_cotangents(x: Array, g: Array, w: Array, eps: float, wanted: bool) -> Parts:
    n = w.size
    c, scale = row_parts(x, eps)
    both = g * c
    gx = None
    if wanted:
        first, second = (g @ w) / n, (both @ w) * scale**2 / n
        gx = (g * w - (c * second[:, None] + first[:, None])) * scale[:, None]
    return gx, scale @ both, ones(g.shape[0], g) @ g


def batch_rows(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    x, w, b = xs
    if not batched[1] and not batched[2]:
        return primitive.run(x, w, b, **params)
    shape = w.shape[batched[1] :]
    one = np.ones_like(w, shape=shape)
    y = primitive.run(x, one, 0 * one, **params)
    y = y if batched[0] else y[None]
    lead = (1,) * (y.ndim - 1 - len(shape))
    w, b = (np.reshape(p, (size, *lead, *shape)) if flag else p for p, flag in ((w, batched[1]), (b, batched[2])))
    return y * w + b


ROWS = Opaque(
    rows_values, rows_jvp, rows_vjp, arity=3, name="native_layer_norm", own=True, batch=batch_rows, ignore="eps"
)

# -- Channels: (N, C, ...), with weight and bias (C,) ------------------------------------------------------------------


def place_sums(x: Array) -> Array:
    """Sum over places, (N, C)."""
    n, channels, places = x.shape
    return np.reshape(np.reshape(x, (-1, places)) @ ones(places, x), (n, channels)) if places > 1 else x[:, :, 0]


def averaged(q: Array, groups: int, places: int) -> Array:
    """Return the mean over the channels of a group, or over the examples if there are no groups, where they belong."""
    n, channels = q.shape
    if not groups:
        return ((ones(n, q) @ q) / (n * places))[None]
    if groups == channels:
        return q / places
    each = channels // groups
    return np.repeat(np.sum(np.reshape(q, (n, groups, each)), axis=2) / (each * places), each, axis=1)


def channel_parts(x: Array, groups: int, eps: float) -> tuple[Array, Array]:
    """Return data without their means, and what would normalize them."""
    places = x.shape[2]
    c = x - averaged(place_sums(x), groups, places)[..., None]
    return c, 1 / np.sqrt(averaged(dots(c, c), groups, places) + eps)


def flat_places(x: Array) -> Array:
    return x if x.ndim == 3 else np.reshape(x, (*x.shape[:2], math.prod(x.shape[2:])))


def channels_values(x: Array, w: Array, b: Array, groups: int = 0, eps: float = 1e-5) -> Array:
    params = {"w": w, "b": b, "groups": groups, "eps": eps}
    (y,) = (
        in_blocks(normalized_channels, flat_places(x), **params)
        if groups
        else normalized_channels(flat_places(x), **params)
    )
    return np.reshape(y, x.shape)


def normalized_channels(x: Array, w: Array, b: Array, groups: int, eps: float) -> Parts:
    c, scale = channel_parts(x, groups, eps)
    c *= (scale * w)[..., None]
    c += b[:, None]
    return (c,)


def channels_jvp(dxs: tuple[Array, ...], a: Array, b: Array, groups: int, eps: float) -> Array:
    c, scale = channel_parts(flat_places(a), groups, eps)
    places, dx = c.shape[2], flat_places(dxs[0])
    first = averaged(place_sums(dx), groups, places)
    second = averaged(dots(dx, c), groups, places)
    dy = (dx - first[..., None]) * scale[..., None] - c * (scale**3 * second)[..., None]
    return np.reshape(dy * b[:, None] + c * scale[..., None] * dxs[1][:, None] + dxs[2][:, None], a.shape)


def channels_vjp(g: Array, call: Frame) -> Parts:
    x, w, _ = call.xs
    params = {"w": w, **call.params, "wanted": call.links[0] is not None}
    parts = flat_places(x), flat_places(g)
    blocks = (
        in_blocks(channel_cotangents, *parts, **params) if params["groups"] else channel_cotangents(*parts, **params)
    )
    gx, gw, gb = blocks
    return None if gx is None else np.reshape(gx, x.shape), gw, gb


def channel_cotangents(x: Array, g: Array, w: Array, groups: int, eps: float, wanted: bool) -> Parts:
    c, scale = channel_parts(x, groups, eps)
    places = c.shape[2]
    both, alone = dots(g, c) * scale, place_sums(g)
    gx = None
    if wanted:
        first, second = averaged(alone * w, groups, places), averaged(both * w, groups, places)
        gx = g * (scale * w)[..., None] - (c * (scale**2 * second)[..., None] + (scale * first)[..., None])
    return gx, np.sum(both, axis=0), np.sum(alone, axis=0)


def batch_channels(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Array:
    """Take the channels of all examples of the map as so many channels."""
    x, w, b = [x if flag else np.broadcast_to(x, (size, *x.shape)) for x, flag in zip(xs, batched, strict=True)]
    _, n, channels, *places = x.shape
    many = np.reshape(np.moveaxis(x, 0, 1), (n, size * channels, *places))
    y = primitive.run(many, np.reshape(w, -1), np.reshape(b, -1), **params | {"groups": params.get("groups", 0) * size})
    return np.moveaxis(np.reshape(y, (n, size, channels, *places)), 1, 0)


CHANNELS = Opaque(
    channels_values,
    channels_jvp,
    channels_vjp,
    arity=3,
    name="native_group_norm",
    own=True,
    batch=batch_channels,
    ignore="groups eps",
)
