"""funcgrad.scipy.linalg."""

from cases.table import Case

SCIPY_LINALG: list[Case] = []
