"""Short-time Fourier transforms: spectra of windows that move along a signal, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.beside import here
from funcgrad.tensor.calling import operation
from funcgrad.tensor.choosing import written
from funcgrad.tensor.promotion import as_real
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["istft", "stft"]


def check(name: str, condition: bool, message: str) -> None:
    if not condition:
        raise RuntimeError(f"{name}: {message}")


def window_of(name: str, window: Any, win_length: int, n_fft: int, dtype: Any, like: Any) -> Any:
    """Return the window, with zeros around it up to the length of the transform."""
    check(name, 0 < win_length <= n_fft, f"expected 0 < win_length <= n_fft, but got win_length={win_length}")
    w = here(np.ones(win_length, dtype), like) if window is None else unwrap(window)
    check(name, w.shape == (win_length,), f"expected a 1D window tensor of size equal to win_length={win_length}")
    left = (n_fft - win_length) // 2
    return np.pad(w, (left, n_fft - win_length - left)) if win_length < n_fft else w


@operation
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """Return the spectra of windows that move along a signal: frequencies x windows.

    Parameters
    ----------
    input : Tensor, (L,) or (examples, L)
    n_fft : int
        The length of a transform.
    hop_length : int
        How far a window is from the one before: ``n_fft // 4`` by default.
    win_length : int
        The length of a window: ``n_fft`` by default.
    window : Tensor, (win_length,)
        Weights; ones by default.
    center : bool
        Whether the windows are centred, and the signal is padded by half a transform for that.
    pad_mode : {"reflect", "constant", "replicate", "circular"}
    normalized : bool
        Whether to divide by ``sqrt(n_fft)``.
    onesided : bool
        Whether to return the first half of the spectra of a real signal; the default for one.
    return_complex : bool
        To be given as True for a real signal; False returns real and imaginary parts in a last dimension.
    align_to_window : bool
        Without `center`: whether the first window, rather than the first transform, begins with the signal.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.stft(fg.ones(8), 4, 2, center=False, return_complex=True).abs()
    tensor([[4., 4., 4.],
            [0., 0., 0.],
            [0., 0., 0.]])
    """
    x = as_real(unwrap(input))
    hop, length = hop_length or n_fft // 4, win_length or n_fft
    complex_input = x.dtype.kind == "c" or (window is not None and window.is_complex())
    check("stft", len(x.shape) in (1, 2), f"expected a 1D or 2D tensor, but got {len(x.shape)}D")
    check("stft", hop > 0, f"expected hop_length > 0, but got hop_length={hop}")
    if return_complex is None and not complex_input:
        raise RuntimeError("stft requires the return_complex parameter be given for real inputs")
    check(
        "stft", not (center and align_to_window is not None), "align_to_window should only be set when center = false"
    )
    half = not complex_input if onesided is None else onesided
    check("stft", not (half and complex_input), "cannot have onesided output if window or input is complex")
    w = window_of("stft", window, length, n_fft, x.dtype, x)
    if center:
        modes: dict[str, Any] = {"replicate": "edge", "circular": "wrap"}
        around = [(0, 0)] * (len(x.shape) - 1) + [(n_fft // 2, n_fft // 2)]
        x = np.pad(x, around, mode=modes.get(pad_mode, pad_mode))
    elif align_to_window:
        left = (n_fft - length) // 2
        x = np.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(left, n_fft - length - left)])
    size = x.shape[-1]
    check("stft", 0 < n_fft <= size, f"expected 0 < n_fft <= {size}, but got n_fft={n_fft}")
    places = np.arange(0, size - n_fft + 1, hop)[:, None] + np.arange(n_fft)
    frames = x[..., places] * w
    norm: Any = "ortho" if normalized else "backward"
    y = np.fft.rfft(frames, norm=norm) if half else np.fft.fft(frames, norm=norm)
    y = np.swapaxes(y, -1, -2)
    if return_complex is False:
        return wrap(np.stack([np.real(y), np.imag(y)], axis=-1))
    return wrap(y)


@operation
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """Return the signal of which :func:`stft` gave the spectra, where the windows cover it.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.arange(8.0)
    >>> fg.istft(fg.stft(x, 4, return_complex=True), 4, length=8).round()
    tensor([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    y = unwrap(input)
    check("istft", y.dtype.kind == "c", "expected a complex tensor: use view_as_complex for pairs of real numbers")
    hop, win = hop_length or n_fft // 4, win_length or n_fft
    half = y.shape[-2] == n_fft // 2 + 1 if onesided is None else onesided
    bins = n_fft // 2 + 1 if half else n_fft
    check("istft", y.shape[-2] == bins, f"expected {bins} frequencies for n_fft={n_fft}, but got {y.shape[-2]}")
    check("istft", 0 < hop <= win, f"expected 0 < hop_length <= win_length, but got hop_length={hop}")
    check("istft", not (half and return_complex), "cannot have onesided=True with return_complex=True")
    w = window_of("istft", window, win, n_fft, np.real(np.zeros(0, y.dtype)).dtype, y)
    norm: Any = "ortho" if normalized else "backward"
    spectra = np.swapaxes(y, -1, -2)
    frames = np.fft.irfft(spectra, n_fft, norm=norm) if half else np.fft.ifft(spectra, norm=norm)
    frames = frames if return_complex or half else np.real(frames)
    count = frames.shape[-2]
    size = n_fft + hop * (count - 1)
    places = hop * np.arange(count)[:, None] + np.arange(n_fft)
    weighted = frames * w
    signal = written(here(np.zeros((*y.shape[:-2], size), weighted.dtype), y), weighted, (..., places), add=True)
    weights = written(here(np.zeros(size, w.dtype), y), np.broadcast_to(w * w, (count, n_fft)), (places,), add=True)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else size - n_fft // 2 if center else size
    cut = slice(start, min(end, size))
    check(
        "istft", bool(np.all(np.abs(unwrap(wrap(weights)))[cut] > 1e-11)), "the windows leave gaps (overlap add min: 0)"
    )
    out = signal[..., cut] / weights[cut]
    missing = 0 if length is None else length - out.shape[-1]
    if missing > 0:
        out = np.pad(out, [(0, 0)] * (len(out.shape) - 1) + [(0, missing)])
    return wrap(out)
