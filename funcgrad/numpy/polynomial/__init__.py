"""``np.polynomial``, whose functions do not reach NumPy's protocols: here they take traced points and coefficients.

Of each basis: values, Vandermonde matrices, fits, derivatives and integrals; of power series everything. What is
not written out is NumPy's own, and raises when a traced value reaches it; so do the classes (``Polynomial``, ...).

Examples
--------
>>> import funcgrad as fg
>>> import numpy as np
>>> from funcgrad.numpy.polynomial import chebyshev, polynomial
>>> fg.grad(lambda c: polynomial.polyval(2.0, c))(np.array([1.0, 0.0, 3.0]))
array([1., 2., 4.])
>>> fg.grad(lambda c: chebyshev.chebval(0.5, c))(np.array([1.0, 0.0, 3.0]))
array([ 1. ,  0.5, -0.5])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.numpy.polynomial import chebyshev as chebyshev
from funcgrad.numpy.polynomial import hermite as hermite
from funcgrad.numpy.polynomial import hermite_e as hermite_e
from funcgrad.numpy.polynomial import laguerre as laguerre
from funcgrad.numpy.polynomial import legendre as legendre
from funcgrad.numpy.polynomial import polynomial as polynomial


def __getattr__(name: str) -> Any:
    return getattr(np.polynomial, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(np.polynomial)})
