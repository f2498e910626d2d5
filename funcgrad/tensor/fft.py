"""``funcgrad.fft``: discrete Fourier transforms, in single precision for single precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.calling import operation
from funcgrad.tensor.promotion import DEFAULT_DTYPE, as_real
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift"),
    *("ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn"),
]


def along_one(function: Any, summary: str) -> Callable[..., Tensor]:
    def transform(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
        return wrap(function(as_real(unwrap(input)), n=n, axis=dim, norm=norm))

    return described(transform, function.__name__, summary)


def along_several(function: Any, summary: str, dims: Any) -> Callable[..., Tensor]:
    def transform(input: Tensor, s: Any = None, dim: Any = dims, norm: str | None = None) -> Tensor:
        x = as_real(unwrap(input))
        if s is not None:
            s = tuple(s)
            dim = tuple(range(-len(s), 0)) if dim is None else dim
            s = tuple([x.shape[d] if n == -1 else n for n, d in zip(s, dim, strict=True)])
        return wrap(function(x, s=s, axes=None if dim is None else tuple(dim), norm=norm))

    return described(transform, function.__name__, summary)


def described(transform: Callable[..., Tensor], name: str, summary: str) -> Callable[..., Tensor]:
    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = f"Return the {summary}; `n` or `s` is the length or shape, `dim` where."
    return operation(transform)


fft = along_one(np.fft.fft, "discrete Fourier transform")
ifft = along_one(np.fft.ifft, "inverse of ``fft``")
rfft = along_one(np.fft.rfft, "first half of the transform of real numbers")
irfft = along_one(np.fft.irfft, "inverse of ``rfft``, of `n` numbers")
hfft = along_one(np.fft.hfft, "transform of numbers with Hermitian symmetry")
ihfft = along_one(np.fft.ihfft, "inverse of ``hfft``")
fft2 = along_several(np.fft.fft2, "transform along two dimensions", (-2, -1))
ifft2 = along_several(np.fft.ifft2, "inverse of ``fft2``", (-2, -1))
rfft2 = along_several(np.fft.rfft2, "first half of the transform of real numbers along two dimensions", (-2, -1))
irfft2 = along_several(np.fft.irfft2, "inverse of ``rfft2``", (-2, -1))
fftn = along_several(np.fft.fftn, "transform along several dimensions", None)
ifftn = along_several(np.fft.ifftn, "inverse of ``fftn``", None)
rfftn = along_several(np.fft.rfftn, "first half of the transform of real numbers along several dimensions", None)
irfftn = along_several(np.fft.irfftn, "inverse of ``rfftn``", None)


INVERSE: dict[Any, Any] = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


def of_hermitian(x: Any, *, s: Any, axes: Any, norm: Any) -> Any:
    return np.fft.irfftn(np.conjugate(x), s=s, axes=axes, norm=INVERSE[norm])


def to_hermitian(x: Any, *, s: Any, axes: Any, norm: Any) -> Any:
    return np.conjugate(np.fft.rfftn(x, s=s, axes=axes, norm=INVERSE[norm]))


def hermitian(name: str, function: Any, summary: str, dims: Any) -> Callable[..., Tensor]:
    def transform(x: Any, *, s: Any, axes: Any, norm: Any) -> Any:
        return function(x, s=s, axes=axes, norm=norm)

    transform.__name__ = name
    return along_several(transform, summary, dims)


hfft2 = hermitian("hfft2", of_hermitian, "transform of numbers with Hermitian symmetry in two dimensions", (-2, -1))
ihfft2 = hermitian("ihfft2", to_hermitian, "inverse of ``hfft2``", (-2, -1))
hfftn = hermitian("hfftn", of_hermitian, "transform of numbers with Hermitian symmetry in several dimensions", None)
ihfftn = hermitian("ihfftn", to_hermitian, "inverse of ``hfftn``", None)


@operation
def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Move the frequency zero to the middle."""
    return wrap(np.fft.fftshift(unwrap(input), axes=dim))


@operation
def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Undo :func:`fftshift`."""
    return wrap(np.fft.ifftshift(unwrap(input), axes=dim))


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the frequencies of a transform of `n` numbers that are `d` apart.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return wrap(np.fft.fftfreq(n, d).astype(np.dtype(dtype or DEFAULT_DTYPE))).requires_grad_(requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the frequencies of ``rfft`` of `n` numbers that are `d` apart."""
    return wrap(np.fft.rfftfreq(n, d).astype(np.dtype(dtype or DEFAULT_DTYPE))).requires_grad_(requires_grad)
