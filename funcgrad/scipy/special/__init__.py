"""Special functions that are no ufuncs, with SciPy's signatures.

The ufuncs of ``scipy.special`` dispatch by themselves and are found here too, so that
``import funcgrad.scipy.special as special`` changes nothing but the import.
"""

from __future__ import annotations

import scipy.special

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.special.bessel import h1vp as h1vp
from funcgrad.scipy.special.bessel import h2vp as h2vp
from funcgrad.scipy.special.bessel import ivp as ivp
from funcgrad.scipy.special.bessel import jvp as jvp
from funcgrad.scipy.special.bessel import kvp as kvp
from funcgrad.scipy.special.bessel import spherical_in as spherical_in
from funcgrad.scipy.special.bessel import spherical_jn as spherical_jn
from funcgrad.scipy.special.bessel import spherical_kn as spherical_kn
from funcgrad.scipy.special.bessel import spherical_yn as spherical_yn
from funcgrad.scipy.special.bessel import yvp as yvp
from funcgrad.scipy.special.counts import comb as comb
from funcgrad.scipy.special.counts import diric as diric
from funcgrad.scipy.special.counts import factorial as factorial
from funcgrad.scipy.special.counts import multigammaln as multigammaln
from funcgrad.scipy.special.counts import perm as perm
from funcgrad.scipy.special.counts import polygamma as polygamma
from funcgrad.scipy.special.harmonics import HARMONICS
from funcgrad.scipy.special.sums import log_softmax as log_softmax
from funcgrad.scipy.special.sums import logsumexp as logsumexp
from funcgrad.scipy.special.sums import softmax as softmax

globals().update(HARMONICS)

__getattr__ = rest_of(scipy.special)
__dir__ = names_of(scipy.special, tuple(globals()))
