"""funcgrad.scipy.special."""

from cases.table import Case

SCIPY_SPECIAL: list[Case] = []
