"""scipy.special: gamma, beta and zeta functions, and their incomplete forms."""

from cases.table import Case

GAMMA: list[Case] = []
