"""Hermite series, the physicists': ``numpy.polynomial.hermite`` for traced points and coefficients."""

from __future__ import annotations

from typing import Any

import numpy.polynomial.hermite as original

from funcgrad.numpy.polynomial.basis import family, recurrence

# H[n+1] = 2 x H[n] - 2 n H[n-1]
globals().update(family(original, "herm", *recurrence(lambda n, x: 2 * x, lambda n: 2 * n)))


def __getattr__(name: str) -> Any:
    return getattr(original, name)
