"""Polynomials, convolutions and np.emath, beyond the laws: values at edges, accuracy, warnings, refusals."""

import warnings
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.numpy.polynomial import chebyshev, polynomial
from funcgrad.testing import DeviceArray, host_copies

P: Any = polynomial
C: Any = chebyshev
X = np.array([0.3, -1.2, 2.0])

# Polynomials


def test_leading_zeros_have_derivatives_although_numpy_drops_them() -> None:
    jacobian = np.stack([fg.grad(lambda p, i=i: np.polymul(p, [1.0, 2.0])[i])(np.array([0.0, 3.0])) for i in range(2)])
    np.testing.assert_allclose(jacobian, [[2, 1], [0, 2]])


def test_numbers_are_constant_polynomials() -> None:
    with host_copies() as copies:
        value, pullback = fg.vjp(lambda p: np.polyadd(p, 2.0), DeviceArray(X))
        (gradient,) = pullback(DeviceArray(X))
    assert not copies
    np.testing.assert_allclose(value.get(), np.polyadd(X, 2.0))
    np.testing.assert_allclose(gradient.get(), X)
    np.testing.assert_allclose(fg.grad(lambda p: np.sum(np.polysub(p, X)))(1.5), 1)
    np.testing.assert_allclose(fg.grad(lambda p: np.sum(np.polymul(2.0, p)))(X), [2, 2, 2])


def test_the_zero_polynomial_keeps_one_coefficient() -> None:
    for p in (np.zeros(3), np.zeros(1)):
        value, _ = fg.vjp(lambda p: np.polymul(p, [1.0, 2.0]), p)
        np.testing.assert_array_equal(value, np.polymul(p, [1.0, 2.0]))
        value, _ = fg.vjp(lambda p: P.polymul(p, [1.0, 2.0]), p)
        np.testing.assert_array_equal(value, np.polynomial.polynomial.polymul(p, [1.0, 2.0]))


def test_objects_work_unmodified() -> None:
    def f(c: Any) -> Any:
        p = np.poly1d(c)
        return (p * np.poly1d([1.0, 1.0]) + p.deriv() - 2 * p.integ())(0.5)

    eps = 1e-6 * np.eye(3)
    differences = [(f(X + e) - f(X - e)) / 2e-6 for e in eps]
    np.testing.assert_allclose(fg.grad(f)(X), differences, 1e-8)


def test_quotient_of_objects_is_refused_rather_than_lost() -> None:
    with pytest.raises(fg.LostGradientError):
        fg.grad(lambda c: (np.poly1d(c) / np.poly1d([1.0, 2.0]))[0](1.0))(X)


def test_coefficients_may_be_overwritten_after_the_call() -> None:
    p = np.array([1.0, 2.0, 3.0])

    def f(x: Any) -> Any:
        y = np.polyval(p, x)
        p[:] = 0
        return y

    assert fg.grad(f)(2.0) == 6


def test_roots_satisfy_the_equation_to_second_order() -> None:
    """The sum of the roots of ``a x**2 + b x + c`` is ``-b / a``."""
    p = np.array([2.0, -3.0, -5.0])

    def total(p: Any) -> Any:
        return np.sum(np.roots(p))

    np.testing.assert_allclose(fg.grad(total)(p), [3 / -4, -1 / 2, 0], atol=1e-14)
    _, curvature = fg.jvp(fg.grad(total), (p,), (np.array([1.0, 0, 0]),))
    np.testing.assert_allclose(curvature, [6 / 8, 1 / 4, 0], atol=1e-14)


def test_a_multiple_root_has_no_finite_derivative() -> None:
    with np.errstate(all="ignore"):
        gradient = fg.grad(lambda p: np.roots(p)[0])(np.array([1.0, 0.0, 0.0]))
    assert not np.isfinite(gradient).all()


def test_characteristic_polynomial_of_equal_eigenvalues() -> None:
    a = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]])
    gradient = fg.grad(lambda a: np.poly(a)[3])(a)  # minus the determinant
    np.testing.assert_allclose(gradient, -np.linalg.det(a) * np.linalg.inv(a).T)


def test_polynomial_of_roots_in_conjugate_pairs_is_real() -> None:
    roots = np.array([1 + 2j, 1 - 2j])
    value, pullback = fg.vjp(np.poly, roots)
    assert value.dtype == np.float64
    np.testing.assert_allclose(pullback(np.array([0.0, 0.0, 1.0]))[0], roots[::-1])
    assert fg.vjp(lambda r: np.poly(r) * np.ones(1), np.zeros(0))[0] == [1.0]


@pytest.mark.parametrize("degree", [1, 4, 9])
def test_polyfit_is_as_accurate_as_numpys(degree: int) -> None:
    x = np.linspace(-3, 5, 40)
    y = np.cos(x)
    value, pullback = fg.vjp(lambda y: np.polyfit(x, y, degree), y)
    np.testing.assert_allclose(value, np.polyfit(x, y, degree), 1e-12)
    rows = np.stack([pullback(row)[0] for row in np.eye(degree + 1)])
    np.testing.assert_allclose(rows @ y, value, 1e-8)  # the fit is linear in the data


def test_polyfit_warns_of_low_rank_as_numpy_does() -> None:
    x = np.array([1.0, 1.0, 1.0])
    for f in (np.polyfit, P.polyfit):
        with pytest.warns(np.exceptions.RankWarning):
            fg.grad(lambda y, f=f: np.sum(f(x, y, 1)))(X)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fg.grad(lambda y, f=f: np.sum(f(x, y, 1, full=True)[0]))(X)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: np.polyfit(x, x, -1), ValueError),
        (lambda x: np.polyfit(x, x[:2], 1), TypeError),
        (lambda x: np.polyfit(x, x, 1, w=x[:2]), TypeError),
        (lambda x: np.polyfit(x, x, 2, cov=True), ValueError),
        (lambda x: np.polyder(x, -1), ValueError),
        (lambda x: np.polyint(x, 2, k=[1.0, 2, 3][:0]), ValueError),
        (lambda x: np.poly(x[None]), ValueError),
        (lambda x: P.polydiv(x, [0.0]), ZeroDivisionError),
        (lambda x: P.polypow(x, 0.5), ValueError),
        (lambda x: P.polyvander(x, -1), ValueError),
        (lambda x: P.polycompanion(x[:1]), ValueError),
        (lambda x: C.chebfit(x, x, [-1]), ValueError),
    ],
)
def test_wrong_arguments_are_refused_as_numpy_does(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(X)
    with pytest.raises(error):
        fg.vjp(call, X)


# Series in other bases


def test_what_cannot_be_dispatched_is_refused() -> None:
    theirs = np.polynomial
    for call in (
        lambda c: theirs.polynomial.polyval(0.5, c),
        lambda c: theirs.chebyshev.chebval(0.5, c),
        lambda c: theirs.polynomial.polyadd(c, [1.0]),
        lambda c: theirs.Polynomial(c)(0.5),
        lambda x: theirs.Polynomial([1.0, 2.0])(x),
        lambda x: theirs.polynomial.polyvander(x, 2),
        lambda c: C.chebmul(c, c),
    ):
        with pytest.raises(fg.LostGradientError):
            fg.vjp(call, X)


def test_drop_ins_are_numpys_own_on_plain_arrays() -> None:
    assert P.polyval.__wrapped__ is np.polynomial.polynomial.polyval
    assert P.polytrim is np.polynomial.polynomial.polytrim
    np.testing.assert_array_equal(C.chebval([1.0, 2.0], [1, 2, 3]), np.polynomial.chebyshev.chebval([1, 2], [1, 2, 3]))


def test_tensors_are_welcome() -> None:
    t = fg.tensor(X.tolist(), requires_grad=True)
    for call, want in (
        (lambda t: P.polyval(0.5, t), [1, 0.5, 0.25]),
        (lambda t: np.real(np.sum(P.polyroots(t))), [0, -0.5, -0.3]),
        (lambda t: C.chebval(0.5, [t[0], t[1], t[2]]), [1, 0.5, -0.5]),
    ):
        t.grad = None
        y = call(t)
        assert isinstance(y, fg.Tensor)
        y.backward()
        np.testing.assert_allclose(t.grad.numpy(), want, 1e-5, 1e-6)


def test_a_constant_of_integration_may_be_an_array() -> None:
    c, k = np.ones((3, 2)), np.array([1.0, -2.0])
    for axis in (0, 1):
        value, _ = fg.vjp(lambda c, k, axis=axis: P.polyint(c, 1, [k], axis=axis), c if axis == 0 else c.T, k)
        np.testing.assert_allclose(value, np.polynomial.polynomial.polyint(c if axis == 0 else c.T, 1, [k], axis=axis))


def test_division_by_a_polynomial_with_zeros_at_the_end() -> None:
    u = np.array([1.0, 2.0, 3.0, 0.0])
    (quotient, rest), pullback = fg.vjp(lambda u: P.polydiv(u, [1.0, 2.0, 0.0]), u)
    np.testing.assert_allclose(quotient, [0.25, 1.5])
    np.testing.assert_allclose(rest, [0.75])
    (gradient,) = pullback((np.array([1.0, 0.0]), np.zeros(1)))
    np.testing.assert_allclose(gradient, [0, 0.5, -0.25, 0.125])  # the dropped coefficient counts


# Convolutions


@pytest.mark.parametrize("f", [np.convolve, np.correlate])
def test_an_unknown_mode_is_refused_as_numpy_does(f: Any) -> None:
    with pytest.raises(ValueError, match="mode"):
        fg.grad(lambda a: np.sum(f(a, a, "middle")))(X)


def test_correlation_conjugates_its_second_operand() -> None:
    z = X + 1j
    value, pullback = fg.vjp(lambda a, v: np.correlate(a, v), z, z)
    np.testing.assert_allclose(value, [np.vdot(z, z)])
    ga, gv = pullback(np.array([1.0 + 0j]))
    np.testing.assert_allclose(ga, np.conjugate(z))
    np.testing.assert_allclose(gv, np.conjugate(z))


# Functions with automatic domain


def test_arcsin_and_arccos_on_their_branch_cuts() -> None:
    for x, sign in ((3.0, 1), (-3.0, -1)):
        slope = fg.jvp(np.emath.arcsin, (x,), (1.0,))[1]
        np.testing.assert_allclose(slope, sign * 1j / np.sqrt(8), atol=1e-15)
        np.testing.assert_allclose(fg.jvp(np.emath.arccos, (x,), (1.0,))[1], -slope, atol=1e-15)


def test_arcsin_at_one_is_infinitely_steep() -> None:
    with np.errstate(divide="ignore"):
        assert fg.grad(lambda x: np.real(np.emath.arcsin(x)))(1.0) == np.inf


def test_one_negative_element_makes_all_complex() -> None:
    value, _ = fg.vjp(np.emath.sqrt, np.array([4.0, -4.0], np.float32))
    assert value.dtype == np.complex64
    value, _ = fg.vjp(np.emath.sqrt, np.array([4.0, 4.0], np.float32))
    assert value.dtype == np.float32


def test_kaiser_cannot_take_a_traced_beta() -> None:
    with pytest.raises(fg.LostGradientError):
        fg.grad(lambda beta: np.sum(np.kaiser(5, beta)))(1.3)
