"""``scipy.special``, a chapter each. Installed when the user has imported SciPy: funcgrad never does."""

from funcgrad.rules.special import (
    bessel,
    distributions,
    elliptic,
    error,
    gamma,
    hypergeometric,
    incomplete,
    logistic,
    orthogonal,
    struve,
)

__all__ = ["FAMILIES"]

CHAPTERS = (
    *(gamma, incomplete, error, logistic, distributions),
    *(bessel, struve, elliptic, orthogonal, hypergeometric),
)
FAMILIES = tuple(chapter.RULES for chapter in CHAPTERS)
