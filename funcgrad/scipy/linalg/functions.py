"""Functions of matrices: exponential, logarithm, roots and trigonometric functions.

The derivative of a matrix function in the direction ``e`` is the upper right block of the function of
``[[a, e], [0, a]]`` (Higham, "Functions of Matrices", theorem 3.6). It is its own transpose, up to one of `a`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from funcgrad._typing import Array
from funcgrad.core.batching import aligned, stacked
from funcgrad.core.kinds import Opaque
from funcgrad.core.level import Traced
from funcgrad.scipy.drop_in import as_float, drop_in, over_stack, swap
from funcgrad.scipy.linalg.equations import check_square, common
from funcgrad.scipy.linalg.sylvester import sylvester

__all__ = [
    *("coshm", "cosm", "expm", "expm_frechet", "fractional_matrix_power", "logm", "sinhm", "sinm", "sqrtm"),
    *("tanhm", "tanm"),
]


def block_triangular(a: Array, e: Array) -> Array:
    """``[[a, e], [0, a]]``."""
    a, e = np.broadcast_arrays(a, e)
    top = np.concatenate([a, e], axis=-1)
    return np.concatenate([top, np.concatenate([np.zeros_like(a), a], axis=-1)], axis=-2)


def frechet(function: Callable[[Array], Array], a: Array, e: Array) -> Array:
    """The derivative of a matrix function at `a` in the direction `e`."""
    n = a.shape[-1]
    return function(block_triangular(a, e))[..., :n, n:]


# -- The exponential -----------------------------------------------------------------------------------------


def expm_frechet_value(a: Array, e: Array) -> Array:
    a, e = common(a, e)
    if a.dtype.kind == "c" or a.dtype.char == "f":
        return frechet(scipy.linalg.expm, a, e)

    def one(a: Array, e: Array) -> Array:
        return scipy.linalg.expm_frechet(a, e, compute_expm=False, check_finite=False)

    return over_stack(one, a, e, cores=(2, 2))


def expm_frechet_jvp(dxs: tuple[Array, Array], a: Array, b: Array) -> Array:
    """The same derivative of the exponential of a block matrix, whose upper right block it is."""
    n = a.shape[-1]
    return exponential_slope(block_triangular(a, b), block_triangular(*dxs))[..., :n, n:]


def expm_frechet_vjp(g: Array, a: Array, b: Array) -> tuple[Array, Array]:
    n = a.shape[-1]
    room = np.zeros_like(g)
    wide = block_triangular(room, g)
    moved = exponential_slope(swap(block_triangular(a, b)), wide)
    return moved[..., :n, :n] + moved[..., n:, n:], moved[..., :n, n:]


#: Al-Mohy and Higham (2009): cheaper than the block matrix.
exponential_slope: Any = Opaque(
    expm_frechet_value, expm_frechet_jvp, expm_frechet_vjp, arity=2, own=True, name="expm_frechet", batch=aligned
)
exponential: Any = Opaque(
    lambda x: over_stack(scipy.linalg.expm, x, cores=(2,)),
    lambda dx, x: exponential_slope(x, dx),
    lambda g, x: exponential_slope(swap(x), g),
    own=True,
    name="expm",
    batch=stacked,
)


@drop_in(scipy.linalg.expm)
def expm(A: Any) -> Array:
    """Return the exponential of a matrix.

    Parameters
    ----------
    A : array_like, shape (..., n, n)
        The matrix.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import expm
    >>> fg.grad(lambda a: expm(a)[0, 1])(np.zeros((2, 2)))
    array([[0., 1.],
           [0., 0.]])
    """
    return exponential(square(A))


def square(a: Any) -> Array:
    a = as_float(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("The last two dimensions of the array must be square")
    return a


@drop_in(scipy.linalg.expm_frechet)
def expm_frechet(
    A: Any, E: Any, method: str | None = None, compute_expm: bool = True, check_finite: bool = True
) -> Any:
    """Return the exponential of a matrix, and its derivative in a direction.

    Parameters
    ----------
    A, E : array_like, shape (n, n)
        The matrix and the direction.
    method : {'SPS', 'blockEnlarge'}, optional
        As in SciPy; without effect on traced values.
    compute_expm : bool
        Whether to return the exponential too.
    check_finite : bool
        As in SciPy; without effect on traced values.

    Returns
    -------
    tuple of array, or array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import expm_frechet
    >>> fg.grad(lambda e: expm_frechet(np.zeros((2, 2)), e, compute_expm=False).sum())(np.eye(2))
    array([[1., 1.],
           [1., 1.]])
    """
    if method not in (None, "SPS", "blockEnlarge"):
        raise ValueError(f"Unknown implementation {method}")
    a, e = common(A, E)
    check_square(a)
    if a.shape != e.shape:
        raise ValueError("expected A and E to be the same shape")
    if method != "blockEnlarge":  # in double precision, as SciPy's value is
        a, e = (x.astype(np.result_type(x, np.float64)) for x in (a, e))
    slope = exponential_slope(a, e)
    return (exponential(a), slope) if compute_expm else slope


# -- Logarithm and powers ------------------------------------------------------------------------------------

logarithm: Any = Opaque(
    lambda x: over_stack(scipy.linalg.logm, x, cores=(2,)),
    lambda dx, x: frechet(logarithm, x, dx),
    lambda g, x: frechet(logarithm, swap(x), g),
    own=True,
    name="logm",
    batch=stacked,
)


@drop_in(scipy.linalg.logm)
def logm(A: Any, disp: Any = True) -> Any:
    """Return the principal logarithm of a matrix.

    Parameters
    ----------
    A : array_like, shape (n, n)
        The matrix.
    disp : bool
        As in SciPy, where it is deprecated; traced values know True only.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import logm
    >>> fg.grad(lambda a: logm(a)[0, 0])(2 * np.eye(2))
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    refuse_estimate(disp, "logm")
    return logarithm(square(A))


def refuse_estimate(disp: Any, name: str) -> None:
    if disp is not True and not repr(disp).startswith("<no value"):
        raise NotImplementedError(f"{name} of traced values does not estimate errors: leave out disp=False")


def sqrtm_jvp(dx: Array, y: Array) -> Array:
    """``y dy + dy y = dx``."""
    return sylvester(y, y, dx)


root: Any = Opaque(
    lambda x: over_stack(scipy.linalg.sqrtm, x, cores=(2,)),
    sqrtm_jvp,
    lambda g, y: sylvester(swap(y), swap(y), g),
    own=True,
    name="sqrtm",
    batch=stacked,
)


@drop_in(scipy.linalg.sqrtm)
def sqrtm(A: Any, disp: Any = True, blocksize: Any = None) -> Any:
    """Return the principal square root of a matrix.

    Parameters
    ----------
    A : array_like, shape (..., n, n)
        The matrix.
    disp, blocksize
        As in SciPy, where they are deprecated; traced values know ``disp=True`` only.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import sqrtm
    >>> fg.grad(lambda a: sqrtm(a)[0, 0])(4 * np.eye(2))
    array([[0.25, 0.  ],
           [0.  , 0.  ]])
    """
    refuse_estimate(disp, "sqrtm")
    return root(square(A))


def power_value(x: Array, t: float) -> Array:
    return over_stack(lambda x: scipy.linalg.fractional_matrix_power(x, t), x, cores=(2,))


power: Any = Opaque(
    power_value,
    lambda dx, x, t: frechet(functools.partial(power, t=t), x, dx),
    lambda g, x, t: frechet(functools.partial(power, t=t), swap(x), g),
    own=True,
    name="fractional_matrix_power",
    batch=stacked,
)


@drop_in(scipy.linalg.fractional_matrix_power)
def fractional_matrix_power(A: Any, t: Any) -> Array:
    """Return a power of a matrix.

    Parameters
    ----------
    A : array_like, shape (n, n)
        The matrix.
    t : float
        The exponent, which may be traced.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import fractional_matrix_power
    >>> fg.grad(lambda a: fractional_matrix_power(a, 1.5)[0, 0])(4 * np.eye(2))
    array([[3., 0.],
           [0., 0.]])
    """
    a = square(A)
    if isinstance(t, Traced):
        return exponential(t * logarithm(a))
    if t == int(t):
        return np.linalg.matrix_power(a, operator.index(int(t)))
    return power(a, t=t)


# -- Trigonometric and hyperbolic functions --------------------------------------------------------------------


def cosine(a: Array) -> Array:
    if a.dtype.kind == "c":
        return 0.5 * (exponential(1j * a) + exponential(-1j * a))
    return np.real(exponential(1j * a))


def sine(a: Array) -> Array:
    if a.dtype.kind == "c":
        return -0.5j * (exponential(1j * a) - exponential(-1j * a))
    return np.imag(exponential(1j * a))


def hyperbolic_cosine(a: Array) -> Array:
    return 0.5 * (exponential(a) + exponential(-a))


def hyperbolic_sine(a: Array) -> Array:
    return 0.5 * (exponential(a) - exponential(-a))


def combination(name: str, words: str, text: Callable[[Array], Array]) -> Any:
    """Make a function that is a combination of exponentials."""

    def function(A: Any) -> Array:
        return text(square(A))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Return the {words} of a matrix.

    Parameters
    ----------
    A : array_like, shape (..., n, n)
        The matrix.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.linalg import {name}
    >>> fg.grad(lambda a: {name}(a).sum())(np.zeros((2, 2))).round(6) + 0.0
    array([[{{0}}, {{0}}],
           [{{0}}, {{0}}]])
    """.format("0." if "cos" in name else "1.")
    return drop_in(getattr(scipy.linalg, name))(function)


cosm = combination("cosm", "cosine", cosine)
sinm = combination("sinm", "sine", sine)
tanm = combination("tanm", "tangent", lambda a: np.linalg.solve(cosine(a), sine(a)))
coshm = combination("coshm", "hyperbolic cosine", hyperbolic_cosine)
sinhm = combination("sinhm", "hyperbolic sine", hyperbolic_sine)
tanhm = combination("tanhm", "hyperbolic tangent", lambda a: np.linalg.solve(hyperbolic_cosine(a), hyperbolic_sine(a)))
