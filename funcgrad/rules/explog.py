"""Exponentials and logarithms."""

from __future__ import annotations

import math

import numpy as np

from funcgrad.core.kinds import Elementwise

__all__ = ["RULES"]

LOG2 = math.log(2)
LOG10 = math.log(10)

RULES = (
    Elementwise(np.exp, lambda g, y: g * y, pole=True),
    Elementwise(np.exp2, lambda g, y: g * (y * LOG2), pole=True),
    Elementwise(np.expm1, lambda g, y: g * (y + 1), pole=True),
    Elementwise(np.log, lambda g, x: g / x, pole=True),
    Elementwise(np.log2, lambda g, x: g / (x * LOG2), pole=True),
    Elementwise(np.log10, lambda g, x: g / (x * LOG10), pole=True),
    Elementwise(np.log1p, lambda g, x: g / (x + 1), pole=True),
    Elementwise(np.logaddexp, lambda g, y, a: g * np.exp(a - y), lambda g, y, b: g * np.exp(b - y), pole=True),
    Elementwise(np.logaddexp2, lambda g, y, a: g * np.exp2(a - y), lambda g, y, b: g * np.exp2(b - y), pole=True),
)
