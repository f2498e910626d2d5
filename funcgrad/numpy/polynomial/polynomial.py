"""Power series: ``numpy.polynomial.polynomial`` for traced points and coefficients."""

from __future__ import annotations

from typing import Any

import numpy.polynomial.polynomial as original

from funcgrad.numpy.polynomial.basis import drop_ins, family
from funcgrad.rules.power_series import BODIES

globals().update(family(original, "poly", BODIES["polyval"], BODIES["polyvander"]))
globals().update(drop_ins(original, BODIES))


def __getattr__(name: str) -> Any:
    return getattr(original, name)
