"""All of NumPy, with what does not reach its protocols made to: the one-line change ``import funcgrad.numpy as np``.

The functions are NumPy's own objects, except those that create arrays (:mod:`funcgrad.numpy.creation`), those that
loop in Python (:mod:`funcgrad.numpy.building`) and ``np.polynomial``. It is also the namespace that the array API
standard (2024.12) asks of arrays: ``x.__array_namespace__()`` of a traced value.

Examples
--------
>>> import funcgrad as fg
>>> import funcgrad.numpy as np
>>> def powers(x):
...     out = np.zeros(3)
...     for i in range(3):
...         out[i] = x**i
...     return np.sum(out)
>>> fg.grad(powers)(2.0)
np.float64(5.0)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.numpy import polynomial as polynomial
from funcgrad.numpy.building import c_ as c_
from funcgrad.numpy.building import kaiser as kaiser
from funcgrad.numpy.building import r_ as r_
from funcgrad.numpy.building import vectorize as vectorize
from funcgrad.numpy.creation import arange as arange
from funcgrad.numpy.creation import array as array
from funcgrad.numpy.creation import asanyarray as asanyarray
from funcgrad.numpy.creation import asarray as asarray
from funcgrad.numpy.creation import asarray_chkfinite as asarray_chkfinite
from funcgrad.numpy.creation import ascontiguousarray as ascontiguousarray
from funcgrad.numpy.creation import asfortranarray as asfortranarray
from funcgrad.numpy.creation import empty as empty
from funcgrad.numpy.creation import empty_like as empty_like
from funcgrad.numpy.creation import eye as eye
from funcgrad.numpy.creation import frombuffer as frombuffer
from funcgrad.numpy.creation import fromfunction as fromfunction
from funcgrad.numpy.creation import fromiter as fromiter
from funcgrad.numpy.creation import fromstring as fromstring
from funcgrad.numpy.creation import full as full
from funcgrad.numpy.creation import full_like as full_like
from funcgrad.numpy.creation import geomspace as geomspace
from funcgrad.numpy.creation import identity as identity
from funcgrad.numpy.creation import isscalar as isscalar
from funcgrad.numpy.creation import linspace as linspace
from funcgrad.numpy.creation import logspace as logspace
from funcgrad.numpy.creation import ones as ones
from funcgrad.numpy.creation import ones_like as ones_like
from funcgrad.numpy.creation import require as require
from funcgrad.numpy.creation import tri as tri
from funcgrad.numpy.creation import zeros as zeros
from funcgrad.numpy.creation import zeros_like as zeros_like


def __getattr__(name: str) -> Any:
    value = getattr(np, name)
    globals()[name] = value  # so that the next look finds it at once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(np)})
