"""``funcgrad.special``: special functions; those that NumPy has not are SciPy's, imported at the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor import norms, orthogonal, paired, pointwise, reduction
from funcgrad.tensor.calling import operands, operation
from funcgrad.tensor.pointwise import named, special, special_function
from funcgrad.tensor.promotion import as_real
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("airy_ai", "spherical_bessel_j0"),
    *("chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v"),
    *("chebyshev_polynomial_w", "hermite_polynomial_h", "hermite_polynomial_he"),
    *("laguerre_polynomial_l", "legendre_polynomial_p", "shifted_chebyshev_polynomial_t"),
    *("shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w"),
    *(
        "modified_bessel_i0",
        "modified_bessel_i1",
        "modified_bessel_k0",
        "modified_bessel_k1",
        "scaled_modified_bessel_k0",
        "scaled_modified_bessel_k1",
    ),
    *("bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2"),
    *("expit", "expm1", "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr"),
    *("log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc"),
    *("softmax", "xlog1py", "xlogy", "zeta"),
]

digamma = psi = pointwise.digamma
erf, erfc, erfinv = pointwise.erf, pointwise.erfc, pointwise.erfinv
exp2, expm1, log1p, sinc, round = pointwise.exp2, pointwise.expm1, pointwise.log1p, pointwise.sinc, pointwise.round
expit, logit, gammaln, i0 = pointwise.sigmoid, pointwise.logit, pointwise.lgamma, pointwise.i0

softmax, log_softmax, logsumexp, xlogy = norms.softmax, norms.log_softmax, reduction.logsumexp, paired.xlogy

erfcx = named("erfcx", special("erfcx"), "``exp(x**2) * erfc(x)``")
entr = named("entr", special("entr"), "``-x * log(x)``")
ndtr = named("ndtr", special("ndtr"), "the area under the normal distribution up to `x`")
ndtri = named("ndtri", special("ndtri"), "the inverse of ``ndtr``")
log_ndtr = named("log_ndtr", special("log_ndtr"), "the logarithm of ``ndtr``")
i0e = named("i0e", special("i0e"), "``exp(-|x|) * i0(x)``")
i1 = named("i1", special("i1"), "the modified Bessel function of order one")
i1e = named("i1e", special("i1e"), "``exp(-|x|) * i1(x)``")
bessel_j0 = named("bessel_j0", special("j0"), "the Bessel function of the first kind of order zero")
bessel_j1 = named("bessel_j1", special("j1"), "the Bessel function of the first kind of order one")
bessel_y0 = named("bessel_y0", special("y0"), "the Bessel function of the second kind of order zero")
bessel_y1 = named("bessel_y1", special("y1"), "the Bessel function of the second kind of order one")


def of_two(name: str, function: str, summary: str) -> Any:
    def apply(input: Any, other: Any) -> Tensor:
        a, b = operands(input, other)
        return wrap(special_function(function)(as_real(a), as_real(b)))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"Return {summary}, for each pair of elements."
    return operation(apply)


xlog1py = of_two("xlog1py", "xlog1py", "``input * log1p(other)``, which is zero where `input` is")
gammainc = of_two("gammainc", "gammainc", "the regularized lower incomplete gamma function")
gammaincc = of_two("gammaincc", "gammaincc", "the regularized upper incomplete gamma function")
zeta = of_two("zeta", "zeta", "the Hurwitz zeta function")


@operation
def polygamma(n: int, input: Tensor) -> Tensor:
    """Return the `n`-th derivative of :func:`digamma`."""
    x = as_real(unwrap(input))
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n, got {n}")
    if n == 0:
        return digamma(input)
    factor = (-1.0) ** (n + 1) * float(np.prod(np.arange(1.0, n + 1)))
    return wrap((factor * special_function("zeta")(x.dtype.type(n + 1), x)).astype(x.dtype))


@operation
def multigammaln(input: Tensor, p: int) -> Tensor:
    """Return the logarithm of the multivariate gamma function of dimension `p`."""
    x = as_real(unwrap(input))
    gammaln_of = special_function("gammaln")
    total = float(p * (p - 1) / 4 * np.log(np.pi))
    return wrap(sum([gammaln_of(x - j / 2) for j in range(p)], start=x * 0 + total))


modified_bessel_i0, modified_bessel_i1 = i0, i1
modified_bessel_k0 = named("modified_bessel_k0", special("k0"), "the modified Bessel function of the second kind")
modified_bessel_k1 = named("modified_bessel_k1", special("k1"), "the one of order one")
scaled_modified_bessel_k0 = named(
    "scaled_modified_bessel_k0", special("k0e"), "``exp(x)`` times ``modified_bessel_k0``"
)
scaled_modified_bessel_k1 = named(
    "scaled_modified_bessel_k1", special("k1e"), "``exp(x)`` times ``modified_bessel_k1``"
)

# -- Polynomials and others -------------------------------------------------------------------------------------------

airy_ai = named("airy_ai", lambda x: special_function("airy")(x)[0], "the Airy function Ai")
spherical_bessel_j0 = named("spherical_bessel_j0", lambda x: np.sinc(x / x.dtype.type(np.pi)), "``sin(x) / x``")
chebyshev_polynomial_t = orthogonal.chebyshev_polynomial_t
chebyshev_polynomial_u = orthogonal.chebyshev_polynomial_u
chebyshev_polynomial_v = orthogonal.chebyshev_polynomial_v
chebyshev_polynomial_w = orthogonal.chebyshev_polynomial_w
hermite_polynomial_h = orthogonal.hermite_polynomial_h
hermite_polynomial_he = orthogonal.hermite_polynomial_he
laguerre_polynomial_l = orthogonal.laguerre_polynomial_l
legendre_polynomial_p = orthogonal.legendre_polynomial_p
shifted_chebyshev_polynomial_t = orthogonal.shifted_chebyshev_polynomial_t
shifted_chebyshev_polynomial_u = orthogonal.shifted_chebyshev_polynomial_u
shifted_chebyshev_polynomial_v = orthogonal.shifted_chebyshev_polynomial_v
shifted_chebyshev_polynomial_w = orthogonal.shifted_chebyshev_polynomial_w
