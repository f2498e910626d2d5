"""Linear algebra, for stacks of matrices: solutions, determinants, factorizations, spectra, norms."""

from __future__ import annotations

import numpy as np

from funcgrad.core.arrays import transpose
from funcgrad.core.kinds import Composite
from funcgrad.rules.linalg import determinant, factor, norms, singular, solve, spectral

__all__ = ["RULES"]

VIEWS = (
    Composite(np.linalg.matrix_transpose, transpose),
    Composite(np.linalg.diagonal, lambda x, *, offset=0: np.diagonal(x, offset, -2, -1)),
    Composite(np.linalg.trace, lambda x, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype)),
)
RULES = (*solve.RULES, *determinant.RULES, *factor.RULES, *singular.RULES, *spectral.RULES, *norms.RULES, *VIEWS)
