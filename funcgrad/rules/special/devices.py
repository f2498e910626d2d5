"""Functions of SciPy that CuPy lacks, or has by another name, where derivatives of those that it has need them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.backend import beside, is_on_device, library_of, supplied, supply

__all__ = ["elliprd", "hurwitz", "zeta"]

DUPLICATIONS = 24  # each brings the arguments closer together, in the end by a factor of four


@supply(special.elliprd)
def carlson_rd(x: Any, y: Any, z: Any) -> Array:
    """Carlson's symmetric integral ``R_D``, by the duplication theorem (DLMF 19.26.18) and its series (19.36.2)."""
    like = next(a for a in (x, y, z) if is_on_device(a))
    x, y, z = (beside(a, like) for a in (x, y, z))
    mean = (x + y + 3 * z) / 5
    first, second = mean - x, mean - y
    total, scale = mean * 0, 1.0
    for _ in range(DUPLICATIONS):
        roots = np.sqrt(x), np.sqrt(y), np.sqrt(z)
        shift = roots[0] * roots[1] + roots[1] * roots[2] + roots[2] * roots[0]
        total = total + scale / (roots[2] * (z + shift))
        x, y, z, mean = (x + shift) / 4, (y + shift) / 4, (z + shift) / 4, (mean + shift) / 4
        scale = scale / 4
    a, b = first * scale / mean, second * scale / mean
    c = -(a + b) / 3
    e2, e3 = a * b - 6 * c * c, (3 * a * b - 8 * c * c) * c
    e4, e5 = 3 * (a * b - c * c) * c * c, a * b * c**3
    series = 1 - 3 * e2 / 14 + e3 / 6 + 9 * e2 * e2 / 88 - 3 * e4 / 22 - 9 * e2 * e3 / 52 + 3 * e5 / 26
    return 3 * total + scale * series / (mean * np.sqrt(mean))


def hurwitz_ufunc() -> Any:
    """``special.zeta`` is a Python function; with two arguments it calls this, whose name CuPy does not know."""
    return getattr(special._ufuncs, "_zeta", special.zeta)


def zeta_on_device(x: Any, q: Any) -> Array:
    like = x if is_on_device(x) else q
    found: Array = library_of(like).special("zeta")(beside(x, like), beside(q, like))
    return found


supply(hurwitz_ufunc())(zeta_on_device)

#: As SciPy's, on plain values of any kind.
elliprd: Any = supplied(special.elliprd)
hurwitz: Any = supplied(hurwitz_ufunc())


def zeta(x: Any, q: Any) -> Array:
    """The Hurwitz zeta function, as ``special.zeta`` with two arguments."""
    found: Array = hurwitz(x, q)
    return found
