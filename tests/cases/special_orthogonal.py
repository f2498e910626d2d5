"""scipy.special: elliptic integrals, orthogonal polynomials, hypergeometric functions."""

from cases.table import Case

ORTHOGONAL: list[Case] = []
