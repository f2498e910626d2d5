"""funcgrad.scipy.signal, ndimage and interpolate."""

from cases.table import Case

SCIPY_SIGNAL: list[Case] = []
