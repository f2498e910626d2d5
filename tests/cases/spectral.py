"""Eigenvalues, QR, least squares and singular vectors."""

from cases.table import Case

SPECTRAL: list[Case] = []
