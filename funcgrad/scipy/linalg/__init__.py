"""Linear algebra, with SciPy's signatures. What is not redefined is SciPy's own."""

from __future__ import annotations

import scipy.linalg

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.linalg.equations import cho_solve as cho_solve
from funcgrad.scipy.linalg.equations import det as det
from funcgrad.scipy.linalg.equations import inv as inv
from funcgrad.scipy.linalg.equations import lstsq as lstsq
from funcgrad.scipy.linalg.equations import norm as norm
from funcgrad.scipy.linalg.equations import pinv as pinv
from funcgrad.scipy.linalg.equations import solve as solve
from funcgrad.scipy.linalg.equations import solve_triangular as solve_triangular
from funcgrad.scipy.linalg.factor import cho_factor as cho_factor
from funcgrad.scipy.linalg.factor import cholesky as cholesky
from funcgrad.scipy.linalg.factor import lu as lu
from funcgrad.scipy.linalg.factor import lu_factor as lu_factor
from funcgrad.scipy.linalg.factor import lu_solve as lu_solve
from funcgrad.scipy.linalg.factor import qr as qr
from funcgrad.scipy.linalg.functions import coshm as coshm
from funcgrad.scipy.linalg.functions import cosm as cosm
from funcgrad.scipy.linalg.functions import expm as expm
from funcgrad.scipy.linalg.functions import expm_frechet as expm_frechet
from funcgrad.scipy.linalg.functions import fractional_matrix_power as fractional_matrix_power
from funcgrad.scipy.linalg.functions import logm as logm
from funcgrad.scipy.linalg.functions import sinhm as sinhm
from funcgrad.scipy.linalg.functions import sinm as sinm
from funcgrad.scipy.linalg.functions import sqrtm as sqrtm
from funcgrad.scipy.linalg.functions import tanhm as tanhm
from funcgrad.scipy.linalg.functions import tanm as tanm
from funcgrad.scipy.linalg.spectral import eigh as eigh
from funcgrad.scipy.linalg.spectral import eigvals as eigvals
from funcgrad.scipy.linalg.spectral import eigvalsh as eigvalsh
from funcgrad.scipy.linalg.spectral import polar as polar
from funcgrad.scipy.linalg.spectral import svd as svd
from funcgrad.scipy.linalg.spectral import svdvals as svdvals
from funcgrad.scipy.linalg.structure import block_diag as block_diag
from funcgrad.scipy.linalg.structure import circulant as circulant
from funcgrad.scipy.linalg.structure import companion as companion
from funcgrad.scipy.linalg.structure import hankel as hankel
from funcgrad.scipy.linalg.structure import khatri_rao as khatri_rao
from funcgrad.scipy.linalg.structure import solve_banded as solve_banded
from funcgrad.scipy.linalg.structure import solve_toeplitz as solve_toeplitz
from funcgrad.scipy.linalg.structure import solveh_banded as solveh_banded
from funcgrad.scipy.linalg.structure import toeplitz as toeplitz
from funcgrad.scipy.linalg.sylvester import solve_continuous_lyapunov as solve_continuous_lyapunov
from funcgrad.scipy.linalg.sylvester import solve_discrete_lyapunov as solve_discrete_lyapunov
from funcgrad.scipy.linalg.sylvester import solve_lyapunov as solve_lyapunov
from funcgrad.scipy.linalg.sylvester import solve_sylvester as solve_sylvester

__getattr__ = rest_of(scipy.linalg)
__dir__ = names_of(scipy.linalg, tuple(globals()))
