"""Hermite series, the probabilists': ``numpy.polynomial.hermite_e`` for traced points and coefficients."""

from __future__ import annotations

from typing import Any

import numpy.polynomial.hermite_e as original

from funcgrad.numpy.polynomial.basis import family, recurrence

# He[n+1] = x He[n] - n He[n-1]
globals().update(family(original, "herme", *recurrence(lambda n, x: x, lambda n: n)))


def __getattr__(name: str) -> Any:
    return getattr(original, name)
