"""Quantiles, histograms and statistics without the nans."""

from cases.table import Case

STATISTICS: list[Case] = []
