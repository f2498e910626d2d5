"""Derivatives of Bessel functions, and spherical Bessel functions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.scipy.drop_in import as_array, drop_in
from funcgrad.scipy.special.counts import order

__all__ = ["h1vp", "h2vp", "ivp", "jvp", "kvp", "spherical_in", "spherical_jn", "spherical_kn", "spherical_yn", "yvp"]

# -- Derivatives of Bessel functions -------------------------------------------------------------------------


def bessel_derivative(name: str, f: Callable[[Any, Any], Any], phase: int, rotate: bool = False) -> Any:
    """Make the function that returns derivatives of a Bessel function with respect to its argument."""

    def derivative(v: Any, z: Any, n: int = 1) -> Any:
        try:
            n = operator.index(n)
        except TypeError:
            raise TypeError("'n' must be an integer") from None
        if n < 0:
            raise ValueError("'n' must be non-negative")
        if n == 0:
            return f(v, z)
        v, z = as_array(v), as_array(z)
        terms = [phase**i * math.comb(n, i) * f(v - n + 2 * i, z) for i in range(n + 1)]
        return sum(terms[1:], start=terms[0]) * ((-1.0) ** n if rotate else 1.0) / 2.0**n

    derivative.__name__ = derivative.__qualname__ = name
    derivative.__doc__ = f"""Return the n-th derivative of the Bessel function `{f.__name__}` with respect to `z`.

    Written with functions of other orders (DLMF 10.6.7, 10.29.5).

    Parameters
    ----------
    v : array_like
        The order.
    z : array_like
        Where to evaluate.
    n : int
        Which derivative.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import {name}
    >>> np.allclose(fg.jvp(lambda z: {name}(1, z), (2.0,), (1.0,))[1], {name}(1, 2.0, 2))
    True
    """
    return drop_in(getattr(scipy.special, name))(derivative)


jvp = bessel_derivative("jvp", scipy.special.jv, -1)
yvp = bessel_derivative("yvp", scipy.special.yv, -1)
ivp = bessel_derivative("ivp", scipy.special.iv, 1)
kvp = bessel_derivative("kvp", scipy.special.kv, 1, rotate=True)
h1vp = bessel_derivative("h1vp", scipy.special.hankel1, -1)
h2vp = bessel_derivative("h2vp", scipy.special.hankel2, -1)


# -- Spherical Bessel functions ------------------------------------------------------------------------------


def spherical(kind: str, below: int, above: int) -> Any:
    """Make a spherical Bessel function from its derivative in terms of its neighbours (DLMF 10.51.2, 10.51.5).

    ``(2 n + 1) f_n' = below n f_{n-1} + above (n + 1) f_{n+1}``, which has no singularity at zero.
    """
    original = getattr(scipy.special, f"spherical_{kind}n")

    def slope(g: Array, f: Any, n: Any, z: Array) -> Array:
        lower, upper = f(np.maximum(n - 1, 0), z), f(n + 1, z)
        return g * ((below * n * lower + above * (n + 1) * upper) / (2 * n + 1))

    name = f"spherical_{kind}n"
    value = Elementwise(lambda n, z: original(n, z), None, lambda g, a, b: slope(g, value, a, b), own=True, name=name)
    first = Elementwise(
        lambda n, z: original(n, z, derivative=True),
        None,
        lambda g, a, b: slope(g, first, a, b),
        own=True,
        name=name + "_derivative",
    )

    def function(n: Any, z: Any, derivative: bool = False) -> Any:
        n = order(n, name, "n")
        return first(n, as_array(z)) if derivative else value(n, as_array(z))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Return a spherical Bessel function, or its derivative.

    Parameters
    ----------
    n : array_like of int
        The order.
    z : array_like
        Where to evaluate.
    derivative : bool
        Whether to return the derivative with respect to `z`.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.special import {name}
    >>> np.allclose(fg.grad(lambda z: {name}(2, z))(1.5), {name}(2, 1.5, derivative=True))
    True
    """
    return drop_in(original)(function)


spherical_jn = spherical("j", 1, -1)
spherical_yn = spherical("y", 1, -1)
spherical_in = spherical("i", 1, 1)
spherical_kn = spherical("k", -1, -1)
