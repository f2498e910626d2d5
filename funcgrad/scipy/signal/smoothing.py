"""Smoothing by polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from funcgrad._typing import Array
from funcgrad.scipy.drop_in import as_float, beside, drop_in
from funcgrad.scipy.ndimage.weights import with_weights

__all__ = ["savgol_filter"]


@drop_in(scipy.signal.savgol_filter)
def savgol_filter(
    x: Any,
    window_length: int,
    polyorder: int,
    deriv: int = 0,
    delta: float = 1.0,
    axis: int = -1,
    mode: str = "interp",
    cval: float = 0.0,
) -> Array:
    """Smooth a signal by fits of polynomials, or take a derivative of them (Savitzky and Golay, 1964).

    Parameters
    ----------
    x : array_like
        The signal.
    window_length, polyorder : int
        How many samples are fitted, and by polynomials of which order.
    deriv : int
        Which derivative.
    delta : float
        The distance of samples.
    axis : int
        Along which axis.
    mode : {'interp', 'mirror', 'constant', 'nearest', 'wrap'}
        How the signal goes on beyond its ends; 'interp' evaluates the outermost fits.
    cval : float
        What it is filled with where the mode is 'constant'.

    Returns
    -------
    array
        Like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import savgol_filter
    >>> fg.grad(lambda x: savgol_filter(x, 3, 1)[2])(np.ones(5)).round(6)
    array([0.      , 0.333333, 0.333333, 0.333333, 0.      ])
    """
    if mode not in ("mirror", "constant", "nearest", "interp", "wrap"):
        raise ValueError("mode must be 'mirror', 'constant', 'nearest' 'wrap' or 'interp'.")
    x = as_float(x)
    weights = scipy.signal.savgol_coeffs(window_length, polyorder, deriv=deriv, delta=delta, use="dot")
    x = np.moveaxis(x, axis, -1)
    inner = "constant" if mode == "interp" else mode
    y = with_weights("savgol_filter", x, beside(weights, x), None, inner, cval, centre(window_length), -1, flip=False)
    if mode == "interp":
        if window_length > x.shape[-1]:
            raise ValueError("If mode is 'interp', window_length must be less than or equal to the size of x.")
        half = window_length // 2
        fit = scipy.signal.savgol_filter(np.eye(window_length), window_length, polyorder, deriv, delta, axis=0)
        fit = fit.astype(x.dtype)
        first = x[..., :window_length] @ beside(fit[:half].T, x)
        last = x[..., x.shape[-1] - window_length :] @ beside(fit[window_length - half :].T, x)
        y = np.concatenate([first, y[..., half : y.shape[-1] - half], last], axis=-1)
    return np.moveaxis(y, -1, axis)


def centre(window_length: int) -> int:
    """Where SciPy puts the middle of a window of even length."""
    return -1 if window_length % 2 == 0 else 0
