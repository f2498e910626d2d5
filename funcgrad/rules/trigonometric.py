"""Trigonometric and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.kinds import Composite, Elementwise, singular

__all__ = ["RULES"]

RADIAN = math.pi / 180  # one degree


def over_square(x: Array, r: Array) -> Array:
    """Return ``x / r**2`` without the square, which could overflow."""
    return x / r / r


def sinc_body(x: Array) -> Array:
    """``sin(pi x) / (pi x)``, by its Taylor series near zero so that all derivatives are right there."""
    x = math.pi * x
    small = np.abs(x) < 0.1
    t = np.where(small, x, 0)
    t = t * t
    series = 1 - t / 6 * (1 - t / 20 * (1 - t / 42 * (1 - t / 72 * (1 - t / 110))))
    safe = np.where(small, 1, x)
    return np.where(small, series, np.sin(safe) / safe)[()]


def cathetus(x: Array) -> Array:
    """``sqrt(1 - x**2)``; for complex `x` on the side of the branch cuts where NumPy's ``arcsin`` is."""
    return np.sqrt(-(x - 1)) * np.sqrt(x + 1) if x.dtype.kind == "c" else np.sqrt(1 - x * x)


RULES = (
    # -- Circular
    Elementwise(np.sin, lambda g, x: g * np.cos(x)),
    Elementwise(np.cos, lambda g, x: -g * np.sin(x)),
    Elementwise(np.tan, lambda g, y: g + g * (y * y)),
    Elementwise(np.arcsin, singular(lambda g, x: g / cathetus(x))),
    Elementwise(np.arccos, singular(lambda g, x: -g / cathetus(x))),
    Elementwise(np.arctan, lambda g, x: g / (x * x + 1)),
    Elementwise(
        np.arctan2,
        singular(lambda g, a, b: g * over_square(b, np.hypot(a, b))),
        singular(lambda g, a, b: -g * over_square(a, np.hypot(a, b))),
    ),
    Composite(np.sinc, sinc_body),
    # -- Hyperbolic
    Elementwise(np.sinh, lambda g, x: g * np.cosh(x), pole=True),
    Elementwise(np.cosh, lambda g, x: g * np.sinh(x), pole=True),
    Elementwise(np.tanh, lambda g, y: g - g * (y * y)),
    Elementwise(np.arcsinh, lambda g, x: g / np.sqrt(x * x + 1)),
    Elementwise(np.arccosh, singular(lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))),
    Elementwise(np.arctanh, lambda g, x: g / (1 - x * x), pole=True),
    # -- Degrees and radians
    Elementwise(np.deg2rad, lambda g: g * RADIAN),
    Elementwise(np.radians, lambda g: g * RADIAN),
    Elementwise(np.rad2deg, lambda g: g / RADIAN),
    Elementwise(np.degrees, lambda g: g / RADIAN),
)
