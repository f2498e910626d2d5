"""Convolutions and filters, with SciPy's signatures. What is not redefined is SciPy's own."""

from __future__ import annotations

import scipy.signal

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.signal.convolution import convolve as convolve
from funcgrad.scipy.signal.convolution import convolve2d as convolve2d
from funcgrad.scipy.signal.convolution import correlate as correlate
from funcgrad.scipy.signal.convolution import correlate2d as correlate2d
from funcgrad.scipy.signal.convolution import fftconvolve as fftconvolve
from funcgrad.scipy.signal.convolution import oaconvolve as oaconvolve
from funcgrad.scipy.signal.filters import detrend as detrend
from funcgrad.scipy.signal.filters import filtfilt as filtfilt
from funcgrad.scipy.signal.filters import hilbert as hilbert
from funcgrad.scipy.signal.filters import lfilter as lfilter
from funcgrad.scipy.signal.filters import lfilter_zi as lfilter_zi
from funcgrad.scipy.signal.filters import sosfilt as sosfilt
from funcgrad.scipy.signal.smoothing import savgol_filter as savgol_filter

__getattr__ = rest_of(scipy.signal)
__dir__ = names_of(scipy.signal, tuple(globals()))
