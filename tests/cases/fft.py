"""Fourier transforms."""

from cases.table import Case

FFT: list[Case] = []
