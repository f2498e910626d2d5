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
    noncentral,
    orthogonal,
    struve,
    waves,
    wright,
)

__all__ = ["RULES"]

CHAPTERS = (
    *(gamma, incomplete, error, logistic, distributions, noncentral),
    *(bessel, struve, elliptic, orthogonal, hypergeometric, waves, wright),
)
RULES = tuple(rule for chapter in CHAPTERS for rule in chapter.RULES)
