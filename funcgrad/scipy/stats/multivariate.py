"""Distributions of vectors. Names and parameters are SciPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.stats
from scipy import special

from funcgrad._typing import Array
from funcgrad.core.arrays import diagonal, on_diagonal
from funcgrad.core.kinds import Constant
from funcgrad.errors import NoDerivativeError
from funcgrad.scipy.drop_in import as_array, as_float, drop_in, on_host, swap
from funcgrad.scipy.linalg.parts import solve_with_triangle

__all__ = ["dirichlet", "multinomial", "multivariate_normal", "multivariate_t"]

LOG_2PI = math.log(2 * math.pi)


class Multivariate:
    """A distribution of vectors whose density has derivatives in the vector and in every parameter.

    Called as SciPy's; what is not stated here (``rvs``, ``cdf``, ...) is SciPy's own.

    Parameters
    ----------
    name : str
        SciPy's name of the distribution.
    density : str
        ``'pdf'`` or ``'pmf'``.
    log_density : callable
        The logarithm of the density.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import multivariate_normal
    >>> fg.grad(lambda x: multivariate_normal.logpdf(x, np.zeros(2), np.diag([1.0, 2.0])))(np.array([1.0, 1.0]))
    array([-1. , -0.5])
    """

    def __init__(self, name: str, density: str, log_density: Any) -> None:
        self.name = name
        self.original = getattr(scipy.stats, name)

        def plain_density(*args: Any, **kwds: Any) -> Array:
            return np.exp(log_density(*args, **kwds))

        setattr(self, f"log{density}", drop_in(getattr(self.original, f"log{density}"))(log_density))
        setattr(self, density, drop_in(getattr(self.original, density))(plain_density))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copies and pickles ask an object that is not made yet
            raise AttributeError(name)
        return getattr(self.original, name)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *dir(self.original)})

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        return self.original(*args, **kwds)

    def __repr__(self) -> str:
        return f"<differentiable distribution {self.name}>"


# -- Normal and Student's ------------------------------------------------------------------------------------


def centered(x: Any, mean: Any, cov: Any, name: str) -> tuple[Array, Array, int]:
    """Return deviations in rows, the covariance matrix and the dimension, as SciPy reads its arguments."""
    if isinstance(cov, scipy.stats.Covariance):
        raise NoDerivativeError(f"{name} of traced values takes the covariance as a matrix, not as a Covariance object")
    x, cov = as_float(x).astype(np.float64), as_float(cov).astype(np.float64)
    if mean is None:
        dim = cov.shape[0] if cov.ndim else 1
    else:
        mean = as_float(mean).astype(np.float64)
        dim = mean.size if mean.ndim or not cov.ndim else cov.shape[0]
    if cov.ndim < 2:  # a number, or the diagonal
        cov = on_diagonal(np.broadcast_to(cov, (dim,)))
    if cov.shape != (dim, dim):
        raise ValueError(f"Array 'cov' must be square, and of the dimension of 'mean'; its shape is {cov.shape}")
    if x.ndim == 1:
        x = x[:, None] if dim == 1 else x[None, :]
    return (x if mean is None else x - mean), cov, dim


def distance(deviation: Array, cov: Array) -> tuple[Array, Array]:
    """Return squared distances in units of the covariance, and the logarithm of its determinant."""
    factor = np.linalg.cholesky(cov)
    rows = np.reshape(deviation, (math.prod(deviation.shape[:-1]), deviation.shape[-1]))
    scaled = solve_with_triangle(factor, swap(rows), lower=True)
    squares = np.reshape(np.sum(scaled * scaled, axis=-2), deviation.shape[:-1])
    return squares, 2 * np.sum(np.log(diagonal(factor)), axis=-1)


def squeezed(y: Array) -> Array:
    y = np.squeeze(y)
    return y if y.ndim else y[()]


def normal_logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Array:
    if allow_singular:
        raise NoDerivativeError("multivariate_normal with allow_singular=True has no derivative rule")
    deviation, cov, dim = centered(x, mean, cov, "multivariate_normal")
    squares, log_det = distance(deviation, cov)
    return squeezed(-(dim * LOG_2PI + log_det + squares) / 2)


def student_logpdf(x: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Array:
    deviation, shape, dim = centered(x, loc, shape, "multivariate_t")
    squares, log_det = distance(deviation, shape)
    if isinstance(df, int | float) and df == np.inf:
        return squeezed(-(dim * LOG_2PI + log_det + squares) / 2)
    half = (df + dim) / 2
    scale = special.gammaln(half) - special.gammaln(df / 2) - dim / 2 * np.log(df * math.pi) - log_det / 2
    return squeezed(scale - half * np.log1p(squares / df))


multivariate_normal = Multivariate("multivariate_normal", "pdf", normal_logpdf)
multivariate_t = Multivariate("multivariate_t", "pdf", student_logpdf)

# -- Shares and counts ---------------------------------------------------------------------------------------

#: SciPy's own checks of the arguments, on plain values.
check_dirichlet = Constant(lambda x, alpha: scipy.stats.dirichlet.logpdf(x, alpha) is None, own=True)


def dirichlet_logpdf(x: Any, alpha: Any) -> Array:
    x, alpha = as_float(x), as_float(alpha)
    if on_host(x):
        check_dirichlet(x, alpha)
    if x.shape[0] != alpha.shape[0]:
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)], axis=0)
    weights = np.reshape(alpha - 1, (-1, *(1,) * (x.ndim - 1)))
    scale = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    return squeezed(scale + np.sum(special.xlogy(weights, x), axis=0))


def multinomial_logpmf(x: Any, n: Any, p: Any) -> Array:
    x, n, p = as_array(x), as_array(n), as_float(p).astype(np.float64)
    wrong = np.any(x < 0, axis=-1) | np.any(x != np.floor(x), axis=-1) | (np.sum(x, axis=-1) != n)
    allowed = np.all((p >= 0) & (p <= 1), axis=-1) & (n >= 0)
    y = special.gammaln(n + 1) + np.sum(special.xlogy(x, p) - special.gammaln(x + 1), axis=-1)
    return np.where(allowed, np.where(wrong, -np.inf, y), np.nan)[()]


dirichlet = Multivariate("dirichlet", "pdf", dirichlet_logpdf)
multinomial = Multivariate("multinomial", "pmf", multinomial_logpmf)
