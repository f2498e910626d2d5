"""Gamma, beta and zeta functions: derivatives with respect to parameters, over their whole domain.

The numbers were computed in 60 digits from the power series (DLMF 8.7.1 and 8.17.8), and for zeta and polygamma by
Euler-Maclaurin summation.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases.special_gamma import KINKS
from cases.table import Kink
from scipy import special

import funcgrad as fg
from funcgrad.testing import check_grads

#: (a, x, the derivative of gammainc in a)
GAMMAINC = [
    (0.001, 1e-06, -13.065809708321315),
    (0.001, 2.0, -0.049053345839364881),
    (0.03, 0.5, -0.57652194569194287),
    (0.5, 1e-06, -0.015630304114240564),
    (0.5, 1.0, -0.38983726432851058),
    (0.5, 30.0, -5.118991143389857e-14),
    (1.7, 1.0, -0.33727711090140949),
    (5.0, 0.5, -0.00041546317505120415),
    (5.0, 4.6, -0.18591063862885158),
    (5.0, 40.0, -1.109352325918427e-12),
    (100.0, 30.0, -8.9021771111313858e-24),
    (100.0, 99.4, -0.039975451107987084),
    (100.0, 150.0, -2.538946697261135e-6),
    (1000.0, 500.0, -2.2911095748452633e-86),
    (1000.0, 1000.0, -0.012616713994069625),
    (1000.0, 1200.0, -2.4160386113954382e-10),
]

#: (a, b, x, the derivatives of betainc in a and b)
BETAINC = [
    (0.001, 0.001, 0.3, -250.21153453977456, 249.78910661399015),
    (0.001, 0.001, 0.9, -249.45241767547648, 250.5471980615787),
    (0.001, 50.0, 0.0001, -4.7152545642863892, 2.0006478382120315e-5),
    (0.001, 50.0, 0.1, -0.00089604771059875802, 1.0991248568816304e-7),
    (0.5, 0.5, 1e-06, -0.0091859257201946295, 0.00088254233549435453),
    (0.5, 3.0, 0.9, -0.00097111337248604453, 0.00079691109916439817),
    (1.0, 0.001, 0.5, -0.0010612933734705356, 0.69266689401988725),
    (2.0, 0.03, 0.999, -0.016023204013530723, 4.9710931869422376),
    (2.0, 5.0, 0.2, -0.26479934880795502, 0.080703357789280509),
    (7.0, 1.01, 0.9, -0.050502574014485238, 0.45232540648619889),
    (50.0, 2.0, 0.5, -1.5562508343832507e-14, 6.5704558560827392e-14),
    (50.0, 1000.0, 0.03, -0.00058371231278729251, 2.3086600851232723e-5),
    (50.0, 1000.0, 0.1, -1.298494659682687e-10, 9.869215523877232e-12),
    (1000.0, 50.0, 0.9, -9.8692155238773993e-12, 1.2984946596827092e-10),
    (1000.0, 1000.0, 0.4, -1.8589548375507974e-20, 1.518902420317229e-20),
    (1000.0, 1000.0, 0.5, -0.0089224793360001417, 0.0089224793360001417),
]

#: (s, q, the derivative of zeta in s)
HURWITZ = [
    (1.01, 1.0, -9999.927281160435),
    (2.0, 0.001, 6907754.3406305727),
    (2.5, 3.0, -0.26480968239264157),
    (30.0, 1.5, -2.1145401350568621e-6),
    (4.0, 1000.0, -2.417152300995359e-9),
]

#: (s, the derivative of zeta)
RIEMANN = [
    (-7.3, 0.0023055775627049534),
    (-2.0, -0.030448457058393271),
    (-0.5, -0.36085433959994761),
    (0.0, -0.91893853320467274),
    (0.5, -3.9226461392091517),
    (3.0, -0.19812624288563685),
    (40.0, -6.3041377863301422e-13),
]

#: (x, the first and the second derivative of digamma)
DIGAMMA = [
    (-7.3, 14.951383181433921, 68.821174063590335),
    (-0.5, 8.9348022005446793, -0.82879664423432),
    (1e-06, 1000000000001.645, -2.0000000000000003e18),
    (2.5, 0.49035775610023486, -0.2362040516417274),
    (100000.0, 1.0000050000166667e-5, -1.00001000005e-10),
    ((-7.3 + 0.5j), (0.5110923362597535 + 1.5226041295491501j), (-9.028878051314082 + 4.6602446316115405j)),
    ((-2 - 30j), (-0.002759375167742955 + 0.03310640937889896j), (0.0010885161927812349 + 0.00018273918536472995j)),
    ((0.1 + 0.1j), (1.4110202975558261 - 50.18357534894052j), (498.2150447238117 + 500.439930780819j)),
    ((40 + 1j), (0.02529889352579061 - 0.0006404099716786049j), (-0.0006395898966618501 + 3.239987514379815e-05j)),
]


def columns(table: list[Any]) -> list[Any]:
    """Return the columns of a table as arrays."""
    return [np.array(column) for column in zip(*table, strict=True)]


def total(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: np.sum(f(*args))


# First derivatives


@pytest.mark.parametrize(("f", "sign"), [(special.gammainc, 1), (special.gammaincc, -1)])
def test_incomplete_gamma_by_its_parameter(f: Any, sign: int) -> None:
    a, x, want = columns(GAMMAINC)
    np.testing.assert_allclose(fg.grad(total(f))(a, x), sign * want, 2e-12)


def test_incomplete_gamma_in_single_precision() -> None:
    a, x, want = columns(GAMMAINC)
    got = fg.grad(total(special.gammainc))(a.astype(np.float32), x)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, 1e-3, 1e-30)


def test_parameter_at_the_border() -> None:
    """For a parameter that goes to zero: minus the exponential integral, the derivative from the right."""
    np.testing.assert_allclose(fg.grad(special.gammainc)(0.0, 2.0), -special.exp1(2.0), 1e-11)
    np.testing.assert_allclose(fg.grad(special.betainc)(0.0, 2.0, 0.3), -0.5039728043259361, 1e-11)


def test_gradient_does_not_underflow_in_the_inverse() -> None:
    """Far in a tail the function and its density are zero, but a quantile still changes with the parameters."""
    x = special.gammainccinv(3.0, 1e-300)
    h = 1e-5
    quotient = (special.gammainccinv(3 + h, 1e-300) - special.gammainccinv(3 - h, 1e-300)) / (2 * h)
    assert x > 690
    np.testing.assert_allclose(fg.grad(special.gammainccinv)(3.0, 1e-300), quotient, 1e-7)


@pytest.mark.parametrize(("f", "sign"), [(special.betainc, 1), (special.betaincc, -1)])
def test_incomplete_beta_by_its_parameters(f: Any, sign: int) -> None:
    a, b, x, want_a, want_b = columns(BETAINC)
    got_a, got_b = fg.grad(total(f), argnums=(0, 1))(a, b, x)
    np.testing.assert_allclose(got_a, sign * want_a, 2e-12)
    np.testing.assert_allclose(got_b, sign * want_b, 2e-12)


def test_inverses_undo_the_function() -> None:
    """The parameters do not matter to what is inverted again."""
    a, b, x = np.array([0.3, 2.0, 40.0]), np.array([0.7, 3.0, 20.0]), np.array([0.2, 0.5, 0.7])

    def gamma_and_back(a: Any, p: Any) -> Any:
        return np.sum(special.gammainc(a, special.gammaincinv(a, p)))

    def beta_and_back(a: Any, b: Any, p: Any) -> Any:
        return np.sum(special.betaincc(a, b, special.betainccinv(a, b, p)))

    def parameter_and_back(b: Any, p: Any, x: Any) -> Any:
        return np.sum(special.betainc(special.btdtria(p, b, x), b, x))

    np.testing.assert_allclose(fg.grad(gamma_and_back, argnums=(0, 1))(a, x), (0 * a, 0 * a + 1), atol=1e-11)
    np.testing.assert_allclose(
        fg.grad(beta_and_back, argnums=(0, 1, 2))(a, b, x), (0 * a, 0 * a, 0 * a + 1), atol=1e-11
    )
    np.testing.assert_allclose(
        fg.grad(parameter_and_back, argnums=(0, 1, 2))(b, x, x), (0 * a, 0 * a + 1, 0 * a), atol=1e-11
    )


def test_zeta_by_its_first_argument() -> None:
    s, q, want = columns(HURWITZ)
    np.testing.assert_allclose(fg.grad(total(special.zeta))(s, q), want, 1e-12)


@pytest.mark.parametrize("f", [special.zeta, special.zetac])
def test_riemann_zeta(f: Any) -> None:
    s, want = columns(RIEMANN)
    np.testing.assert_allclose(fg.grad(total(f))(s), want, 1e-12)


def test_zeta_high_up_the_critical_line() -> None:
    """Where SciPy takes complex arguments."""
    try:
        special.zeta(2 + 1j)
    except TypeError:
        pytest.skip("this SciPy has the zeta function of real numbers only")
    s = np.array([0.5 + 14.134725141734694j, -3 + 5j, 2 + 300j])
    h = 1e-4
    points = [special.zeta(s + k * h) for k in (1, -1, 2, -2)]
    quotient = (8 * (points[0] - points[1]) - (points[2] - points[3])) / (12 * h)
    got = fg.grad(total(special.zeta), holomorphic=True)(s)
    np.testing.assert_allclose(got, quotient, 1e-8)
    with pytest.raises(NotImplementedError, match="zeta"):
        fg.grad(special.zeta, holomorphic=True)(2 + 1e5j)


@pytest.mark.parametrize(("x", "first", "second"), DIGAMMA)
def test_derivatives_of_digamma(x: Any, first: Any, second: Any) -> None:
    holomorphic = isinstance(x, complex)
    slope = fg.grad(special.digamma, holomorphic=holomorphic)
    np.testing.assert_allclose(slope(x), first, 1e-12)
    np.testing.assert_allclose(fg.grad(slope, holomorphic=holomorphic)(x), second, 1e-12)


# Second derivatives


def test_second_derivatives_far_from_one() -> None:
    for a, x in [(0.02, 0.3), (0.02, 3.0), (30.0, 20.0), (30.0, 45.0)]:
        check_grads(special.gammainc, [a, x], rtol=1e-6, atol=1e-9, eps=1e-4)
    for a, b, x in [(0.05, 20.0, 0.01), (20.0, 0.05, 0.99), (20.0, 30.0, 0.3), (0.05, 0.05, 0.5)]:
        check_grads(special.betainc, [a, b, x], rtol=1e-6, atol=1e-6, eps=1e-4)


def test_where_jax_has_nan() -> None:
    check_grads(special.beta, [-0.7, np.array([-0.2, 0.4, -1.1])])
    check_grads(lambda x: special.expn(0, x), [np.array([0.3, 2.0])])


def test_third_derivatives() -> None:
    check_grads(special.gammainc, [1.5, 2.0], order=3, modes=["rev"], eps=1e-3)
    check_grads(special.betainc, [1.5, 2.0, 0.4], order=3, modes=["fwd"], eps=1e-3)
    check_grads(special.zeta, [2.5, 1.3], order=3, modes=["rev"], eps=1e-3)
    check_grads(special.gammaincinv, [1.5, 0.4], order=3, modes=["fwd"], eps=1e-3)


def test_second_derivatives_at_zeros() -> None:
    """Where a pole of the digamma function meets a zero."""
    curvature = fg.grad(fg.grad(special.rgamma))
    np.testing.assert_allclose([curvature(x) for x in (0.0, -1.0)], [2 * np.euler_gamma, 2 - 2 * np.euler_gamma], 1e-12)
    for x, n in [(0.0, 3.0), (-1.0, 3.0), (-3.0, 2.0), (-4.0, 1.0)]:
        coefficients = np.poly([-float(k) for k in range(int(n))])
        polynomial = np.poly1d(coefficients)
        start = fg.grad(special.poch)
        np.testing.assert_allclose(start(x, n), polynomial.deriv()(x), 1e-12)
        np.testing.assert_allclose(fg.grad(start)(x, n), polynomial.deriv(2)(x), 1e-11, 1e-11)


# What has no derivative, and policy


def test_order_of_the_exponential_integral() -> None:
    with pytest.raises(NotImplementedError, match="expn"):
        fg.grad(special.expn)(2.0, 1.0)
    assert fg.grad(special.expn, argnums=1)(2.0, 1.0) == -special.expn(1.0, 1.0)


def test_sign_is_constant() -> None:
    assert fg.grad(lambda x: special.gammasgn(x) * x)(-0.5) == -1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_precision_stays(dtype: Any) -> None:
    x = np.array([0.3, 0.7], dtype)
    for f in (special.gammainc, special.gammaincinv, special.beta, special.binom, special.poch):
        assert {g.dtype for g in fg.grad(total(f), argnums=(0, 1))(x, x)} == {np.dtype(dtype)}
    for g in (special.betainc, special.betainccinv, special.btdtrib):
        assert {c.dtype for c in fg.grad(total(g), argnums=(0, 1, 2))(x, x, x)} == {np.dtype(dtype)}


@pytest.mark.parametrize("kink", KINKS, ids=str)
def test_policy_at_kinks(kink: Kink) -> None:
    at = np.asarray(kink.at)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(fg.grad(total(kink.call))(at), kink.gradient, 1e-12)
