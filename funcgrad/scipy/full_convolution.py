"""The full convolution, from which all convolutions and correlations of signals and images are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from funcgrad._typing import Array
from funcgrad.core.kinds import Multilinear
from funcgrad.core.space import Space
from funcgrad.scipy.drop_in import on_host

__all__ = ["full"]


def full_value(a: Array, b: Array, axes: tuple[int, ...], method: str = "auto") -> Array:
    if not (on_host(a) and on_host(b)):
        return by_fft(a, b, axes)
    if len(axes) == a.ndim and method != "fft":
        return scipy.signal.convolve(a, b, "full", method)
    return scipy.signal.fftconvolve(a, b, "full", axes)


def by_fft(a: Array, b: Array, axes: tuple[int, ...]) -> Array:
    """What SciPy does, as NumPy text for arrays on a device."""
    lengths = [a.shape[axis] + b.shape[axis] - 1 for axis in axes]
    if "c" in (a.dtype.kind, b.dtype.kind):
        y: Array = np.fft.ifftn(np.fft.fftn(a, lengths, axes) * np.fft.fftn(b, lengths, axes), lengths, axes)
    else:
        y = np.fft.irfftn(np.fft.rfftn(a, lengths, axes) * np.fft.rfftn(b, lengths, axes), lengths, axes)
    return y.astype(np.result_type(a.dtype, b.dtype))


def full_adjoint(g: Array, other: Array, space: Space, axes: tuple[int, ...], method: str) -> Array:
    """Correlate with the other operand, and keep what meets this one."""
    moved = full(g, np.flip(other, axes), axes=axes, method=method)
    window: list[Any] = [slice(None)] * g.ndim
    for axis in axes:
        start = other.shape[axis] - 1
        window[axis] = slice(start, start + space.shape[axis])
    return moved[tuple(window)]


def full_batch(primitive: Any, xs: Any, batched: Any, params: Any, size: int) -> Array:
    """The axis of the examples is one more axis of both; where one operand is shared, to convolve along it copies."""
    a, b = (x if own else x[None] for x, own in zip(xs, batched, strict=True))
    axes = tuple(axis + 1 for axis in params["axes"])
    whole = not all(batched) and len(axes) == a.ndim - 1
    return primitive.run(a, b, **params | {"axes": (0, *axes) if whole else axes})


#: Along `axes`; along the others the operands broadcast.
full: Any = Multilinear(
    full_value,
    lambda g, A, b, axes, method: full_adjoint(g, b, A, axes, method),
    lambda g, a, B, axes, method: full_adjoint(g, a, B, axes, method),
    own=True,
    name="convolve",
    batch=full_batch,
)
