"""Fourier transforms: all of them are linear.

The matrix of a transform is symmetric, so ``fft`` is its own transpose, with the same norm; padding and cropping are
each other's. ``rfft`` keeps one half of a spectrum and ``irfft`` completes it, taking each frequency for itself and
its mirror image, except those that are their own. So they are each other's transpose up to that factor of two, a
conjugate, and the norm of the opposite direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import conjugate
from funcgrad.core.batching import along, axes_named
from funcgrad.core.kinds import Composite, Linear
from funcgrad.core.level import zeros
from funcgrad.core.space import Space

__all__ = ["RULES"]

Axes: TypeAlias = Sequence[int] | None
Norm: TypeAlias = Literal["backward", "ortho", "forward"] | None

# Many examples are transformed by one call.
AXIS = axes_named("axis", axis=-1)
AXES = along("axes")

#: The norm with which a transform in the other direction has the same factor.
OPPOSITE: dict[Norm, Norm] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


# -- Padding, cropping, and half spectra ---------------------------------------------------------------


def resized(x: Array, axis: int, n: int) -> Array:
    """Crop or pad with zeros at the end of an axis, as a transform of given length does with its operand."""
    size = x.shape[axis]
    if size == n:
        return x
    before = (slice(None),) * (axis % x.ndim)
    if size > n:
        return x[(*before, slice(n))]
    shape = list(x.shape)
    shape[axis] = n - size
    return np.concatenate([x, zeros(Space(tuple(shape), x.dtype), x)], axis=axis)


def fitted(x: Array, X: Space, axes: Sequence[int]) -> Array:
    for axis in axes:
        x = resized(x, axis, X.shape[axis])
    return x


def weighted(x: Array, axis: int, n: int, factor: float) -> Array:
    """Multiply a half spectrum of `n` points by `factor`, except the frequencies that are their own mirror images."""
    shape = [1] * x.ndim
    shape[axis] = n // 2 + 1
    weights = zeros(Space((n // 2 + 1,), np.finfo(x.dtype).dtype), x) + factor
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return x * np.reshape(weights, shape)


# -- Along one axis ----------------------------------------------------------------------------------------


def fft_adjoint(g: Array, X: Space, axis: int, norm: Norm) -> Array:
    return resized(np.fft.fft(g, axis=axis, norm=norm), axis, X.shape[axis])


def ifft_adjoint(g: Array, X: Space, axis: int, norm: Norm) -> Array:
    return resized(np.fft.ifft(g, axis=axis, norm=norm), axis, X.shape[axis])


def rfft_adjoint(g: Array, X: Space, n: int | None, axis: int, norm: Norm) -> Array:
    n = X.shape[axis] if n is None else int(n)
    x = np.fft.irfft(conjugate(weighted(g, axis, n, 0.5)), n, axis, OPPOSITE[norm])
    return resized(x, axis, X.shape[axis])


def irfft_adjoint(g: Array, X: Space, axis: int, norm: Norm) -> Array:
    x = weighted(np.fft.rfft(g, axis=axis, norm=OPPOSITE[norm]), axis, g.shape[axis], 2)
    return resized(conjugate(x), axis, X.shape[axis])


def hfft_body(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    return np.fft.irfft(conjugate(a), n, axis, OPPOSITE.get(norm, norm))


def ihfft_body(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    return conjugate(np.fft.rfft(a, n, axis, OPPOSITE.get(norm, norm)))


# -- Along several axes: one call each, or where an axis comes twice, a call per axis -----------------------


def counted(axes: Axes, s: Sequence[int] | None, ndim: int) -> list[int]:
    """Return the axes of a transform, counted from the front."""
    if axes is None:
        axes = range(ndim) if s is None else range(-len(s), 0)
    return [int(axis) % ndim for axis in axes]


def fftn_adjoint(g: Array, X: Space, s: Any, axes: Axes, norm: Norm) -> Array:
    axes = counted(axes, s, X.ndim)
    return fitted(np.fft.fftn(g, axes=axes, norm=norm), X, axes)


def ifftn_adjoint(g: Array, X: Space, s: Any, axes: Axes, norm: Norm) -> Array:
    axes = counted(axes, s, X.ndim)
    return fitted(np.fft.ifftn(g, axes=axes, norm=norm), X, axes)


def rfftn_adjoint(g: Array, X: Space, s: Any, axes: Axes, norm: Norm) -> Array:
    axes = counted(axes, s, X.ndim)
    n = X.shape[axes[-1]] if s is None or s[-1] in (None, -1) else int(s[-1])
    sizes = [*(g.shape[axis] for axis in axes[:-1]), n]
    h = conjugate(weighted(g, axes[-1], n, 0.5))
    return fitted(np.fft.irfftn(h, sizes, axes, OPPOSITE[norm]), X, axes)


def irfftn_adjoint(g: Array, X: Space, s: Any, axes: Axes, norm: Norm) -> Array:
    axes = counted(axes, s, X.ndim)
    h = weighted(np.fft.rfftn(g, axes=axes, norm=OPPOSITE[norm]), axes[-1], g.shape[axes[-1]], 2)
    return fitted(conjugate(h), X, axes)


def over_axes(
    linear: Linear, one: Callable[..., Array], last: Callable[..., Array] | None = None, inverse: bool = False
) -> Composite:
    """Take the transform over distinct axes as it is; otherwise transform axis by axis, as NumPy does.

    `one` transforms along an axis and `last`, if that differs, along the last: first of all, or in an inverse at the
    end.
    """

    def body(a: Array, s: Any = None, axes: Axes = None, norm: Norm = None) -> Array:
        places = counted(axes, s, a.ndim)
        if len(set(places)) == len(places):
            return linear(a, **given(s=s, axes=axes, norm=norm))
        sizes = [a.shape[axis] for axis in places] if s is None else s
        if s is None and last is not None and inverse:
            sizes[-1] = 2 * (sizes[-1] - 1)
        sizes = [a.shape[axis] if n == -1 else n for axis, n in zip(places, sizes, strict=True)]
        steps = list(zip([*[one] * (len(places) - 1), last or one], sizes, places, strict=True))
        for transform, n, axis in steps if last and inverse else reversed(steps):
            a = transform(a, n, axis, norm)
        return a

    return Composite(linear.function, body)


def given(**keywords: Any) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not None}


FFTN = over_axes(Linear(np.fft.fftn, fftn_adjoint, batch=AXES), np.fft.fft)
IFFTN = over_axes(Linear(np.fft.ifftn, ifftn_adjoint, batch=AXES), np.fft.ifft)
RFFTN = over_axes(Linear(np.fft.rfftn, rfftn_adjoint, batch=AXES), np.fft.fft, np.fft.rfft)
IRFFTN = over_axes(Linear(np.fft.irfftn, irfftn_adjoint, batch=AXES), np.fft.ifft, np.fft.irfft, inverse=True)


def over_two_axes(function: Any, over_any: Composite) -> Composite:
    def body(a: Array, s: Any = None, axes: Axes = (-2, -1), norm: Norm = None) -> Array:
        return over_any(a, s, axes, norm)

    return Composite(function, body)


RULES = (
    # -- Along one axis
    Linear(np.fft.fft, fft_adjoint, ignore="n", batch=AXIS),
    Linear(np.fft.ifft, ifft_adjoint, ignore="n", batch=AXIS),
    Linear(np.fft.rfft, rfft_adjoint, batch=AXIS),
    Linear(np.fft.irfft, irfft_adjoint, ignore="n", batch=AXIS),
    Composite(np.fft.hfft, hfft_body),
    Composite(np.fft.ihfft, ihfft_body),
    # -- Along several axes
    FFTN,
    IFFTN,
    RFFTN,
    IRFFTN,
    over_two_axes(np.fft.fft2, FFTN),
    over_two_axes(np.fft.ifft2, IFFTN),
    over_two_axes(np.fft.rfft2, RFFTN),
    over_two_axes(np.fft.irfft2, IRFFTN),
    # -- Order of the frequencies
    Linear(np.fft.fftshift, lambda g, axes: np.fft.ifftshift(g, axes), batch=AXES),
    Linear(np.fft.ifftshift, lambda g, axes: np.fft.fftshift(g, axes), batch=AXES),
)
