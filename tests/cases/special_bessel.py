"""scipy.special: Bessel, Airy, Struve and Kelvin functions."""

from cases.table import Case

BESSEL: list[Case] = []
