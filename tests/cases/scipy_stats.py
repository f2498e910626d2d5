"""funcgrad.scipy.stats."""

from cases.table import Case

SCIPY_STATS: list[Case] = []
