"""funcgrad.scipy.special: Legendre functions and spherical harmonics."""

import numpy as np

import funcgrad.scipy.special as special
from cases.table import Array, Case, Input, positive, real, unit


def angle(*shape: int) -> Input:
    """Numbers from 0.3 to 2.8."""
    return Input(shape, lambda rng, s: rng.uniform(0.3, 2.8, s), lambda rng, s: rng.uniform(0.3, 2.8, s) + 0j)


DEGREES: Array = np.array([0, 1, 2, 5])
ORDERS: Array = np.array([0, 1, -2, 3])

# SciPy computes all degrees in double precision, whatever it is given. Degrees are host arrays: not for devices.
SCIPY_HARMONICS = [
    Case("scipy.special.legendre_p", lambda x: special.legendre_p(3, x), [unit(2, 3)], order=1, device=False),
    Case("scipy.special.legendre_p/0-d", lambda x: special.legendre_p(4, x), [unit()], order=1, device=False),
    Case(
        "scipy.special.legendre_p/degrees", lambda x: special.legendre_p(DEGREES, x), [unit(4)], order=1, device=False
    ),
    Case(
        "scipy.special.legendre_p/diff_n",
        lambda x: special.legendre_p(3, x, diff_n=1),
        [unit(3)],
        order=1,
        device=False,
    ),
    Case(
        "scipy.special.legendre_p_all",
        lambda x: special.legendre_p_all(3, x.astype(float)),
        [unit(3)],
        order=1,
        device=False,
    ),
    Case(
        "scipy.special.assoc_legendre_p", lambda x: special.assoc_legendre_p(3, 2, x), [unit(3)], order=1, device=False
    ),
    Case(
        "scipy.special.assoc_legendre_p/norm",
        lambda x: special.assoc_legendre_p(DEGREES, ORDERS, x, norm=True),
        [unit(4)],
        order=1,
        device=False,
    ),
    Case(
        "scipy.special.assoc_legendre_p_all",
        lambda x: special.assoc_legendre_p_all(2, 1, x),
        [unit(3)],
        order=1,
        device=False,
    ),
    Case("scipy.special.sph_legendre_p", lambda x: special.sph_legendre_p(3, 1, x), [angle(2, 3)], device=False),
    Case(
        "scipy.special.sph_legendre_p/degrees",
        lambda x: special.sph_legendre_p(DEGREES, ORDERS, x),
        [angle(4)],
        device=False,
    ),
    Case(
        "scipy.special.sph_legendre_p_all",
        lambda x: special.sph_legendre_p_all(2, 2, x.astype(float)),
        [angle(3)],
        device=False,
    ),
    Case(
        "scipy.special.sph_harm_y", lambda x, y: special.sph_harm_y(3, -2, x, y), [angle(2, 3), real(3)], device=False
    ),
    Case(
        "scipy.special.sph_harm_y/degrees",
        lambda x, y: special.sph_harm_y(DEGREES, ORDERS, x, y),
        [angle(4), positive(4)],
        device=False,
    ),
    Case(
        "scipy.special.sph_harm_y_all",
        lambda x, y: special.sph_harm_y_all(2, 1, x.astype(float), y.astype(float)),
        [angle(3), real(3)],
        device=False,
    ),
]
