"""Optimization, with SciPy's signatures and exact derivatives. What is not redefined is SciPy's own."""

from __future__ import annotations

import scipy.optimize

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.optimize.constraints import NonlinearConstraint as NonlinearConstraint
from funcgrad.scipy.optimize.curves import curve_fit as curve_fit
from funcgrad.scipy.optimize.minimization import minimize as minimize
from funcgrad.scipy.optimize.roots import root as root
from funcgrad.scipy.optimize.roots import root_scalar as root_scalar
from funcgrad.scipy.optimize.squares import least_squares as least_squares

__getattr__ = rest_of(scipy.optimize)
__dir__ = names_of(scipy.optimize, tuple(globals()))
