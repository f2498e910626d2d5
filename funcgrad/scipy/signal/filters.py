"""Recursive filters, and transforms along an axis."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy.signal

from funcgrad._typing import Array
from funcgrad.core.kinds import Multilinear, Opaque
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, as_float, drop_in, on_host
from funcgrad.scipy.linalg.structure import companion

__all__ = ["detrend", "filtfilt", "hilbert", "lfilter", "lfilter_zi", "sosfilt"]


def shared_coefficients(primitive: Any, xs: Any, batched: Any, params: Any, size: int) -> Any:
    """Of a filter with the same coefficients for all examples."""
    return NotImplemented if batched[0] else primitive.run(*xs)


# -- The two halves of a filter, along the last axis ---------------------------------------------------------


def delayed_products(g: Array, x: Array, count: int) -> Array:
    """``sum(g[n] * x[n - k])`` for each delay `k`: the cotangent of coefficients."""
    n = x.shape[-1]
    return np.stack([np.sum(g[..., min(k, n) :] * x[..., : max(n - k, 0)]) for k in range(count)])


def fir_value(b: Array, x: Array) -> Array:
    if on_host(x) and on_host(b):
        return scipy.signal.lfilter(b, np.ones(1, b.dtype), x)
    n = x.shape[-1]
    parts = [b[k] * x[..., : n - k] for k in range(min(b.shape[0], n))]
    return sum(
        np.concatenate([np.zeros_like(y, shape=(*y.shape[:-1], k)), y], axis=-1) if k else y
        for k, y in enumerate(parts)
    )


#: The filter without recursion; it is linear in the coefficients and in the signal.
fir: Any = Multilinear(
    fir_value,
    lambda g, A, b: delayed_products(g, b, A.shape[0]),
    lambda g, a: fir(a, g[..., ::-1])[..., ::-1],
    own=True,
    name="lfilter",
    batch=shared_coefficients,
)


def poles_value(a: Array, x: Array) -> Array:
    return scipy.signal.lfilter(np.ones(1, a.dtype), a, x)


def poles_jvp(dxs: tuple[Array, Array], y: Array, a: Array) -> Array:
    """``fir(a, y) = x``, differentiated."""
    da, dx = dxs
    return poles(a, dx - fir(da, y))


def poles_vjp(g: Array, y: Array, a: Array, A: Any) -> tuple[Array, Array]:
    """The adjoint of a filter is the filter of the reversed signal, reversed."""
    gx = poles(a, g[..., ::-1])[..., ::-1]
    return -delayed_products(gx, y, A.shape[0]), gx


#: The recursion alone, for coefficients of which the first is one.
poles: Any = Opaque(poles_value, poles_jvp, poles_vjp, arity=2, own=True, name="lfilter", batch=shared_coefficients)


@drop_in(scipy.signal.lfilter)
def lfilter(b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """Filter a signal with a digital filter.

    Parameters
    ----------
    b, a : array_like
        Coefficients of the numerator and of the denominator.
    x : array_like
        The signal.
    axis : int
        Along which axis.
    zi : array_like, optional
        The initial state.

    Returns
    -------
    array, or tuple of two
        The output; with `zi` the final state too.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import lfilter
    >>> fg.grad(lambda x: lfilter(np.array([1.0]), np.array([1.0, -0.5]), x).sum())(np.ones(3))
    array([1.75, 1.5 , 1.  ])
    """
    b, a = np.atleast_1d(as_float(b)), np.atleast_1d(as_float(a))
    if b.ndim != 1 or a.ndim != 1:
        raise ValueError("b and a must be one-dimensional")
    x = as_array(x)
    dtype = np.result_type(*[y.dtype for y in (b, a, x, *([] if zi is None else [as_array(zi)]))], np.float32)
    b, a, x = ((y / (a[0] if i < 2 else 1)).astype(dtype) for i, y in enumerate((b, a, x)))
    x = np.moveaxis(x, axis, -1)
    order = max(a.shape[0], b.shape[0]) - 1
    v = fir(b, x)
    if zi is not None:
        state = np.moveaxis(as_array(zi).astype(dtype), axis, -1)
        if state.shape[-1] != order or state.ndim != x.ndim:
            raise ValueError(f"Unexpected shape for zi: expected {order} along the axis, found {np.shape(zi)}.")
        v = v + fitted(state, x.shape[-1])
    y = v if a.shape[0] == 1 else poles(a, v)
    if zi is None:
        return np.moveaxis(y, -1, axis)
    end = final_state(b, x, order) - final_state(a, y, order) + left_over(state, x.shape[-1])
    return np.moveaxis(y, -1, axis), np.moveaxis(end, -1, axis)


def fitted(state: Array, n: int) -> Array:
    """The state enters at the first samples."""
    if state.shape[-1] >= n:
        return state[..., :n]
    return np.concatenate([state, np.zeros_like(state, shape=(*state.shape[:-1], n - state.shape[-1]))], axis=-1)


def left_over(state: Array, n: int) -> Array:
    """What of the initial state has not entered yet."""
    rest = state[..., n:]
    return np.concatenate([rest, np.zeros_like(state[..., : min(n, state.shape[-1])])], axis=-1)


def final_state(b: Array, x: Array, order: int) -> Array:
    """``sum(b[i + 1 + m] * x[-1 - m])`` for each place `i` of the state."""
    n, room = x.shape[-1], np.zeros_like(x[..., 0])
    places = []
    for i in range(order):
        terms = [b[i + 1 + m] * x[..., n - 1 - m] for m in range(min(n, b.shape[0] - 1 - i))]
        places.append(sum(terms, start=room))
    return np.stack(places, axis=-1) if places else x[..., :0]


@drop_in(scipy.signal.lfilter_zi)
def lfilter_zi(b: Any, a: Any) -> Array:
    """Return the state of a filter after a long constant signal of ones.

    Parameters
    ----------
    b, a : array_like
        Coefficients of the numerator and of the denominator.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import lfilter_zi
    >>> fg.grad(lambda b: lfilter_zi(b, np.array([1.0, -0.5])).sum())(np.array([1.0, 0.0]))
    array([1., 2.])
    """
    b, a = np.atleast_1d(as_float(b)), np.atleast_1d(as_float(a))
    if b.ndim != 1 or a.ndim != 1:
        raise ValueError("Numerator b and denominator a must be 1-D.")
    b, a = b / a[0], a / a[0]
    n = max(a.shape[0], b.shape[0])
    b, a = (y if y.shape[0] == n else np.concatenate([y, np.zeros_like(y, shape=(n - y.shape[0],))]) for y in (b, a))
    c = companion.body(a)
    one = np.tril(np.triu(np.ones_like(c)))
    return np.linalg.solve(one - c.T, b[1:] - a[1:] * b[0])


@drop_in(scipy.signal.sosfilt)
def sosfilt(sos: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """Filter a signal with sections of second order, one after the other.

    Parameters
    ----------
    sos : array_like, shape (n, 6)
        The coefficients of each section.
    x : array_like
        The signal.
    axis : int
        Along which axis.
    zi : array_like, optional
        The initial states, of which the first axis goes along the sections.

    Returns
    -------
    array, or tuple of two
        The output; with `zi` the final states too.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import sosfilt
    >>> sos = np.array([[1.0, 0.0, 0.0, 1.0, -0.5, 0.0]])
    >>> fg.grad(lambda x: sosfilt(sos, x).sum())(np.ones(3))
    array([1.75, 1.5 , 1.  ])
    """
    sos, y = np.atleast_2d(as_float(sos)), as_array(x)
    if sos.ndim != 2 or sos.shape[1] != 6:
        raise ValueError("sos array must be shape (n_sections, 6)")
    states = []
    for i in range(sos.shape[0]):
        if zi is None:
            y = lfilter.body(sos[i, :3], sos[i, 3:], y, axis)
        else:
            y, state = lfilter.body(sos[i, :3], sos[i, 3:], y, axis, as_array(zi)[i])
            states.append(state)
    return y if zi is None else (y, np.stack(states))


def odd_extension(x: Array, n: int) -> Array:
    return np.concatenate([2 * x[..., :1] - x[..., n:0:-1], x, 2 * x[..., -1:] - x[..., -2 : -n - 2 : -1]], axis=-1)


def even_extension(x: Array, n: int) -> Array:
    return np.concatenate([x[..., n:0:-1], x, x[..., -2 : -n - 2 : -1]], axis=-1)


def constant_extension(x: Array, n: int) -> Array:
    first, last = (np.broadcast_to(edge, (*x.shape[:-1], n)) for edge in (x[..., :1], x[..., -1:]))
    return np.concatenate([first, x, last], axis=-1)


EXTENSIONS = {"odd": odd_extension, "even": even_extension, "constant": constant_extension}


@drop_in(scipy.signal.filtfilt)
def filtfilt(
    b: Any,
    a: Any,
    x: Any,
    axis: int = -1,
    padtype: str | None = "odd",
    padlen: int | None = None,
    method: str = "pad",
    irlen: int | None = None,
) -> Array:
    """Filter a signal forward and backward, which does not shift it.

    Parameters
    ----------
    b, a : array_like
        Coefficients of the numerator and of the denominator.
    x : array_like
        The signal.
    axis : int
        Along which axis.
    padtype : {'odd', 'even', 'constant', None}
        How the signal is extended.
    padlen : int, optional
        By how many samples.
    method : {'pad'}
        Traced values know this one only.
    irlen : int, optional
        For the other method.

    Returns
    -------
    array
        Like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import filtfilt
    >>> fg.grad(lambda x: filtfilt(np.array([0.5, 0.5]), np.array([1.0]), x)[4])(np.ones(10))
    array([0.  , 0.  , 0.  , 0.25, 0.5 , 0.25, 0.  , 0.  , 0.  , 0.  ])
    """
    if method != "pad":
        raise NoDerivativeError(f"filtfilt with method={method!r} has no derivative rule; method='pad' has")
    if padtype not in (*EXTENSIONS, None):
        raise ValueError(
            f"Unknown value '{padtype}' given to padtype. padtype must be 'even', 'odd', 'constant', or None."
        )
    b, a = np.atleast_1d(as_float(b)), np.atleast_1d(as_float(a))
    x = np.moveaxis(as_float(x), axis, -1)
    edge = 0 if padtype is None else max(a.shape[0], b.shape[0]) * 3 if padlen is None else padlen
    if x.shape[-1] <= edge:
        raise ValueError(f"The length of the input vector x must be greater than padlen, which is {edge}.")
    wide = EXTENSIONS[padtype](x, edge) if padtype is not None and edge > 0 else x
    if max(a.shape[0], b.shape[0]) == 1:
        return np.moveaxis(x * (b[0] / a[0]) ** 2, -1, axis)
    zi = lfilter_zi.body(b, a)
    y, _ = lfilter.body(b, a, wide, -1, zi * wide[..., :1])
    y, _ = lfilter.body(b, a, y[..., ::-1], -1, zi * y[..., -1:])
    y = y[..., ::-1]
    return np.moveaxis(y[..., edge : y.shape[-1] - edge], -1, axis)


# -- Along an axis -------------------------------------------------------------------------------------------


@drop_in(scipy.signal.detrend)
def detrend(data: Any, axis: int = -1, type: str = "linear", bp: Any = 0, overwrite_data: bool = False) -> Array:
    """Subtract a linear or constant trend.

    Parameters
    ----------
    data : array_like
        The signal.
    axis : int
        Along which axis.
    type : {'linear', 'constant'}
        The trend: a line in each part, or the mean of all.
    bp : int or sequence of int
        Where the parts of a linear trend begin.
    overwrite_data : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    array
        Like `data`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import detrend
    >>> fg.grad(lambda x: detrend(x, type="constant")[0])(np.ones(4))
    array([ 0.75, -0.25, -0.25, -0.25])
    """
    if type not in ("linear", "l", "constant", "c"):
        raise ValueError("Trend type must be 'linear' or 'constant'.")
    x = as_float(data)
    if type in ("constant", "c"):
        return x - np.mean(x, axis=axis, keepdims=True)
    x = np.moveaxis(x, axis, -1)
    n = x.shape[-1]
    breaks = sorted({0, *(int(i) for i in np.atleast_1d(bp)), n})
    if breaks[-1] > n:
        raise ValueError("Breakpoints must be less than length of data along given axis.")
    pieces = [without_line(x[..., i:j]) for i, j in itertools.pairwise(breaks)]
    return np.moveaxis(np.concatenate(pieces, axis=-1), -1, axis)


def without_line(x: Array) -> Array:
    """The residual of a linear regression on the position."""
    n = x.shape[-1]
    rest = x - np.mean(x, axis=-1, keepdims=True)
    if n == 1:
        return rest
    place = np.cumsum(np.ones_like(x), axis=-1) - (n + 1) / 2
    slope = np.sum(place * rest, axis=-1, keepdims=True) / (n * (n * n - 1) / 12)
    return rest - slope * place


@drop_in(scipy.signal.hilbert)
def hilbert(x: Any, N: int | None = None, axis: int = -1) -> Array:
    """Return the analytic signal: the signal, and its Hilbert transform as the imaginary part.

    Parameters
    ----------
    x : array_like
        A real signal.
    N : int, optional
        To which length it is cut or filled with zeros.
    axis : int
        Along which axis.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.signal import hilbert
    >>> fg.grad(lambda x: np.imag(hilbert(x))[0])(np.ones(4)).round(6) + 0.0
    array([ 0. , -0.5,  0. ,  0.5])
    """
    x = as_float(x)
    if x.dtype.kind == "c":
        raise ValueError("x must be real.")
    n = x.shape[axis] if N is None else N
    if n <= 0:
        raise ValueError("N must be positive.")
    spectrum = np.moveaxis(np.fft.fft(x, n, axis=axis), axis, -1)
    middle = (n + 1) // 2
    half = [
        spectrum[..., :1],
        2 * spectrum[..., 1:middle],
        *([spectrum[..., middle : middle + 1]] if n % 2 == 0 else []),
    ]
    kept = middle + (n % 2 == 0)
    rest = np.zeros_like(spectrum[..., kept:])
    return np.moveaxis(np.fft.ifft(np.concatenate([*half, rest], axis=-1), axis=-1), -1, axis)
