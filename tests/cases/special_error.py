"""scipy.special: error functions, logistic functions, entropies, distribution functions."""

from cases.table import Case

ERROR: list[Case] = []
