"""Polynomials, convolutions, and functions with automatic domain (np.emath)."""

from cases.table import Case

POLYNOMIALS: list[Case] = []
