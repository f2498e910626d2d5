"""Legendre functions and spherical harmonics of whole degree and order, differentiable in the argument.

SciPy (1.15 and newer) has them as objects that take plain arrays only. Their results have a first axis, along which
derivatives lie; ``sph_harm_y`` has not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import scipy.special as original

from funcgrad._typing import Array
from funcgrad.core.kinds import Elementwise
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, drop_in

__all__ = ["HARMONICS"]

HIGHEST = 2  # the highest derivative that SciPy has

# -- Legendre functions: SciPy knows their derivatives -----------------------------------------------------


def legendre_order(d: int) -> Elementwise:
    """Return the derivative of order `d` of the Legendre polynomials, as a function of degree and argument."""

    def value(n: Array, z: Array) -> Array:
        return original.legendre_p(n, z, diff_n=d)[d]

    def slope(g: Array, a: Array, b: Array) -> Array:
        return g * legendre[d + 1](a, b) if d < HIGHEST else refuse("legendre_p")

    return Elementwise(value, None, slope, own=True, name="legendre_p")


def associated_order(d: int, branch_cut: int, norm: bool) -> Elementwise:
    """Return the derivative of order `d` of the associated Legendre functions."""

    def value(n: Array, m: Array, z: Array) -> Array:
        return original.assoc_legendre_p(n, m, z, diff_n=d, branch_cut=branch_cut, norm=norm)[d]

    def slope(g: Array, a: Array, b: Array, c: Array) -> Array:
        return g * associated[d + 1, branch_cut, norm](a, b, c) if d < HIGHEST else refuse("assoc_legendre_p")

    return Elementwise(value, None, None, slope, own=True, name="assoc_legendre_p")


def refuse(name: str) -> NoReturn:
    raise NoDerivativeError(
        f"scipy.special.{name}: derivatives beyond the second are not known; eval_legendre and lpmv have them"
    )


ORDERS = range(HIGHEST + 1)
legendre = [legendre_order(d) for d in ORDERS]
associated = {(d, c, n): associated_order(d, c, n) for d in ORDERS for c in (2, 3) for n in (False, True)}


def legendre_p(n: Any, z: Any, *, diff_n: int = 0) -> Array:
    return np.stack([legendre[d](n, as_array(z)) for d in range(diff_n + 1)])


def assoc_legendre_p(n: Any, m: Any, z: Any, *, branch_cut: Any = 2, norm: Any = False, diff_n: int = 0) -> Array:
    z = as_array(z)
    return np.stack([associated[d, int(branch_cut), bool(norm)](n, m, z) for d in range(diff_n + 1)])


# -- Spherical harmonics: without a pole on the axis ----------------------------------------------------------


def polar_slope(g: Array, a: Array, b: Array, c: Array) -> Array:
    """The difference of the neighbouring orders (Edmonds, "Angular Momentum in Quantum Mechanics", section 2.5)."""
    n, m = np.asarray(a, float), np.abs(np.asarray(b))
    down, up = np.sqrt(np.maximum((n + m) * (n - m + 1), 0)), np.sqrt(np.maximum((n - m) * (n + m + 1), 0))
    sign = np.where((np.asarray(b) < 0) & (m % 2 == 1), -0.5, 0.5)
    return g * (sign * up * polar(a, m + 1, c) - sign * down * polar(a, m - 1, c))


polar = Elementwise(
    lambda n, m, theta: original.sph_legendre_p(n, m, theta)[0],
    None,
    None,
    polar_slope,
    own=True,
    name="sph_legendre_p",
)


def sph_legendre_p(n: Any, m: Any, theta: Any, *, diff_n: int = 0) -> Array:
    without_derivatives("sph_legendre_p", diff_n)
    return polar(n, m, as_array(theta))[None]


def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any, *, diff_n: int = 0) -> Array:
    without_derivatives("sph_harm_y", diff_n)
    return polar(n, m, as_array(theta)) * np.exp(1j * (np.asarray(m) * as_array(phi)))


def without_derivatives(name: str, diff_n: int) -> None:
    if diff_n:
        raise NoDerivativeError(f"scipy.special.{name} of traced values takes no diff_n: differentiate it instead")


# -- All degrees and orders at once -----------------------------------------------------------------------------


def all_degrees(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return the form of a function that has the degrees 0 to `n` along its second axis."""

    def call(n: int, z: Any, *, diff_n: int = 0) -> Array:
        return np.stack([function(k, z, diff_n=diff_n) for k in range(n + 1)], axis=1)

    return call


def all_orders(function: Callable[..., Array], axis: int) -> Callable[..., Array]:
    """Return the form with degrees along `axis` and orders 0, 1, ..., m, -m, ..., -1 along the next."""

    def call(n: int, m: int, *arguments: Any, **options: Any) -> Array:
        orders = [*range(m + 1), *range(-m, 0)]
        rows = [np.stack([function(k, i, *arguments, **options) for i in orders], axis=axis) for k in range(n + 1)]
        return np.stack(rows, axis=axis)

    return call


BODIES: dict[str, Callable[..., Array]] = {
    "legendre_p": legendre_p,
    "assoc_legendre_p": assoc_legendre_p,
    "sph_legendre_p": sph_legendre_p,
    "sph_harm_y": sph_harm_y,
    "legendre_p_all": all_degrees(legendre_p),
    "assoc_legendre_p_all": all_orders(assoc_legendre_p, 1),
    "sph_legendre_p_all": all_orders(sph_legendre_p, 1),
    "sph_harm_y_all": all_orders(sph_harm_y, 0),
}

DOC = """Return {what}: as :obj:`scipy.special.{name}`, differentiable in {arguments}.

    Parameters
    ----------
    n, m : array_like of int
        Degree and order{whole}; `m` only where the function has one.
    {arguments} : array_like
        Where to evaluate.
    diff_n : int
        How many derivatives to return besides the value; 0 for traced values of spherical functions.

    Returns
    -------
    array
        As SciPy's.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy import special
    >>> slope = fg.grad(lambda x: special.{name}{call})
    >>> f"{{slope({at}):.4f}}"
    '{slope}'
    """
KINDS = {
    "sph_harm_y": ("spherical harmonics", "theta, phi"),
    "sph_legendre_p": ("spherical Legendre functions", "theta"),
    "assoc_legendre_p": ("associated Legendre functions", "z"),
    "legendre_p": ("Legendre polynomials", "z"),
}
#: Of each function the rest of a call, where its derivative is taken, and what that is.
EXAMPLES = {
    "sph_harm_y": ("(2, 1, x, 0.5).real", 0.0, "-0.6780"),
    "sph_harm_y_all": ("(2, 1, x, 0.5)[2, 1].real", 0.5, "-0.3663"),
    "sph_legendre_p": ("(2, 1, x)[0]", 0.5, "-0.4174"),
    "sph_legendre_p_all": ("(2, 1, x)[0, 2, 1]", 0.5, "-0.4174"),
    "assoc_legendre_p": ("(2, 1, x)[0]", 0.0, "-3.0000"),
    "assoc_legendre_p_all": ("(2, 1, x)[0, 2, 1]", 0.0, "-3.0000"),
    "legendre_p": ("(2, x)[0]", 0.5, "1.5000"),
    "legendre_p_all": ("(2, x)[0, 2]", 0.5, "1.5000"),
}


def described(name: str) -> Any:
    """Return the drop-in of a name, with its docstring."""
    what, arguments = KINDS[name.removesuffix("_all")]
    whole = ", the highest ones: the result has all of them" if name.endswith("_all") else ""
    body: Any = BODIES[name]
    body.__name__ = name
    call, at, slope = EXAMPLES[name]
    body.__doc__ = DOC.format(what=what, name=name, arguments=arguments, whole=whole, call=call, at=at, slope=slope)
    return drop_in(getattr(original, name))(body)


#: What this SciPy has of them.
HARMONICS = {name: described(name) for name in BODIES if hasattr(original, name)}

#: Examples that doctest does not find by itself, for these functions are no names of this module.
__test__ = {name: function.__doc__ for name, function in HARMONICS.items() if name.endswith("_all")}
