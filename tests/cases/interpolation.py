"""Interpolation, padding, histograms, and functions applied along axes."""

from cases.table import Case

INTERPOLATION: list[Case] = []
