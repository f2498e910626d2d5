"""Parts of complex numbers. Each rule need only be right after the real part is taken where the primal is real."""

from __future__ import annotations

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite, Constant, Elementwise, singular

__all__ = ["RULES"]

DEGREE = 180 / np.pi  # one radian
real_sign = Constant(np.sign)


def angle(g: Array, x: Array, deg: bool) -> Array:
    return g * (-1j * DEGREE if deg else -1j) / x


def sign_body(x: Array) -> Array:
    """The phase ``x / |x|`` of complex `x`; of real `x` a constant."""
    if not np.iscomplexobj(x):
        return real_sign(x)
    size = np.abs(x)
    return x / np.where(size == 0, 1, size)


def real_if_close_body(a: Array, tol: float = 100) -> Array:
    limit = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    return np.real(a) if np.all(np.abs(np.imag(a)) < limit) else a


RULES = (
    Elementwise(np.real, lambda g: g, view=True),
    Elementwise(np.imag, lambda g: g * -1j, view=True),
    Elementwise(np.conjugate, lambda g: np.conjugate(g)),
    Elementwise(np.angle, singular(angle)),
    Composite(np.sign, sign_body),
    Composite(np.real_if_close, real_if_close_body),
)
