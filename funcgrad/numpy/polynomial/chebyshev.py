"""Chebyshev series: ``numpy.polynomial.chebyshev`` for traced points and coefficients."""

from __future__ import annotations

from typing import Any

import numpy.polynomial.chebyshev as original

from funcgrad.numpy.polynomial.basis import family, recurrence

# T[n+1] = 2 x T[n] - T[n-1], except that T[1] = x
globals().update(family(original, "cheb", *recurrence(lambda n, x: 2 * x if n else x, lambda n: 1)))


def __getattr__(name: str) -> Any:
    return getattr(original, name)
