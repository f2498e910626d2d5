"""Images: correlation, filters and interpolation, with SciPy's signatures. What is not redefined is SciPy's own."""

from __future__ import annotations

import scipy.ndimage

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.ndimage.filters import gaussian_filter as gaussian_filter
from funcgrad.scipy.ndimage.filters import gaussian_filter1d as gaussian_filter1d
from funcgrad.scipy.ndimage.filters import gaussian_laplace as gaussian_laplace
from funcgrad.scipy.ndimage.filters import laplace as laplace
from funcgrad.scipy.ndimage.filters import prewitt as prewitt
from funcgrad.scipy.ndimage.filters import sobel as sobel
from funcgrad.scipy.ndimage.filters import uniform_filter as uniform_filter
from funcgrad.scipy.ndimage.filters import uniform_filter1d as uniform_filter1d
from funcgrad.scipy.ndimage.interpolation import affine_transform as affine_transform
from funcgrad.scipy.ndimage.interpolation import map_coordinates as map_coordinates
from funcgrad.scipy.ndimage.interpolation import shift as shift
from funcgrad.scipy.ndimage.interpolation import spline_filter as spline_filter
from funcgrad.scipy.ndimage.interpolation import spline_filter1d as spline_filter1d
from funcgrad.scipy.ndimage.weights import convolve as convolve
from funcgrad.scipy.ndimage.weights import convolve1d as convolve1d
from funcgrad.scipy.ndimage.weights import correlate as correlate
from funcgrad.scipy.ndimage.weights import correlate1d as correlate1d

__getattr__ = rest_of(scipy.ndimage)
__dir__ = names_of(scipy.ndimage, tuple(globals()))
