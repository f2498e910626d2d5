"""Laguerre series: ``numpy.polynomial.laguerre`` for traced points and coefficients."""

from __future__ import annotations

from typing import Any

import numpy.polynomial.laguerre as original

from funcgrad.numpy.polynomial.basis import family, recurrence

# (n+1) L[n+1] = (2 n + 1 - x) L[n] - n L[n-1]
globals().update(family(original, "lag", *recurrence(lambda n, x: (2 * n + 1 - x) / (n + 1), lambda n: n / (n + 1))))


def __getattr__(name: str) -> Any:
    return getattr(original, name)
