"""The Wright omega function."""

from __future__ import annotations

from scipy import special

from funcgrad.core.kinds import Elementwise, singular

__all__ = ["RULES"]

#: It solves ``y + log(y) = x`` (Corless and Jeffrey, "The Wright omega function", 2002).
RULES = (Elementwise(special.wrightomega, singular(lambda g, y: g * (y / (1 + y)))),)
