"""Legendre series: ``numpy.polynomial.legendre`` for traced points and coefficients."""

from __future__ import annotations

from typing import Any

import numpy.polynomial.legendre as original

from funcgrad.numpy.polynomial.basis import family, recurrence

# (n+1) P[n+1] = (2 n + 1) x P[n] - n P[n-1]
globals().update(family(original, "leg", *recurrence(lambda n, x: (2 * n + 1) / (n + 1) * x, lambda n: n / (n + 1))))


def __getattr__(name: str) -> Any:
    return getattr(original, name)
