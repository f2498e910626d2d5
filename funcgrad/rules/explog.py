"""Exponentials and logarithms."""

from __future__ import annotations

import math

import numpy as np

from funcgrad.core.kinds import Elementwise, singular

__all__ = ["RULES"]

LOG2 = math.log(2)
LOG10 = math.log(10)

RULES = (
    Elementwise(np.exp, lambda g, y: g * y),
    Elementwise(np.exp2, lambda g, y: g * (y * LOG2)),
    Elementwise(np.expm1, lambda g, y: g * (y + 1)),
    Elementwise(np.log, singular(lambda g, x: g / x)),
    Elementwise(np.log2, singular(lambda g, x: g / (x * LOG2))),
    Elementwise(np.log10, singular(lambda g, x: g / (x * LOG10))),
    Elementwise(np.log1p, singular(lambda g, x: g / (x + 1))),
    Elementwise(np.logaddexp, singular(lambda g, y, a: g * np.exp(a - y)), singular(lambda g, y, b: g * np.exp(b - y))),
    Elementwise(
        np.logaddexp2, singular(lambda g, y, a: g * np.exp2(a - y)), singular(lambda g, y, b: g * np.exp2(b - y))
    ),
)
