"""Interpolation, with SciPy's signatures. What is not redefined is SciPy's own."""

from __future__ import annotations

import scipy.interpolate

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.interpolate.grid import RegularGridInterpolator as RegularGridInterpolator
from funcgrad.scipy.interpolate.grid import interpn as interpn
from funcgrad.scipy.interpolate.piecewise import CubicSpline as CubicSpline
from funcgrad.scipy.interpolate.piecewise import PchipInterpolator as PchipInterpolator
from funcgrad.scipy.interpolate.piecewise import interp1d as interp1d

__getattr__ = rest_of(scipy.interpolate)
__dir__ = names_of(scipy.interpolate, tuple(globals()))
