"""scipy.special: what the table of cases does not say about elliptic, orthogonal and hypergeometric functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import funcgrad as fg


def slope(f: Callable[..., Any], *args: Any, i: int = -1) -> Any:
    """Return the derivative of an elementwise function in argument `i`."""
    i %= len(args)
    at = args[i] * np.float64(1)
    return fg.jvp(lambda x: f(*args[:i], x, *args[i + 1 :]), (at,), (np.ones_like(at),))[1]


# Arguments in which the derivative is not known


@pytest.mark.parametrize(
    ("name", "args", "i"),
    [
        *((f"eval_{name}", (2.0, 0.3), 0) for name in ("chebyt", "chebyu", "chebyc", "chebys", "legendre", "laguerre")),
        *((f"eval_sh_{name}", (2.0, 0.3), 0) for name in ("chebyt", "chebyu", "legendre")),
        ("eval_gegenbauer", (2.0, 0.5, 0.3), 0),
        ("eval_genlaguerre", (2.0, 0.5, 0.3), 0),
        ("eval_genlaguerre", (2.5, 0.5, 0.3), 1),
        ("eval_jacobi", (2.0, 0.5, 0.5, 0.3), 0),
        ("eval_jacobi", (2.5, 0.5, 0.5, 0.3), 1),
        ("eval_sh_jacobi", (2.5, 1.5, 0.5, 0.3), 2),
        ("lpmv", (1.0, 2.0, 0.3), 0),
        ("lpmv", (1.0, 2.0, 0.3), 1),
        ("pbdv", (1.0, 2.0), 0),
        ("pbvv", (1.0, 2.0), 0),
        ("pbwa", (1.0, 2.0), 0),
        ("mathieu_a", (1.0, 2.0), 0),
        ("mathieu_cem", (1.0, 2.0, 30.0), 1),
        ("mathieu_modsem1", (1.0, 2.0, 0.5), 1),
        ("pro_cv", (1.0, 2.0, 0.5), 1),
        ("pro_ang1", (1.0, 2.0, 0.5, 0.5), 2),
        ("obl_rad1_cv", (1.0, 2.0, 0.5, 5.9, 0.5), 3),
    ],
)
def test_unknown_derivatives_are_refused(name: str, args: tuple[float, ...], i: int) -> None:
    function = getattr(special, name)
    with pytest.raises(NotImplementedError, match=name):
        slope(function, *args, i=i)
    at = np.asarray(args[i])
    value, pullback = fg.vjp(lambda x: function(*args[:i], x, *args[i + 1 :]), at)  # the value is there
    np.testing.assert_array_equal(value, function(*args))
    with pytest.raises(NotImplementedError, match=name):
        pullback(value)


def test_integer_degrees_can_be_batched() -> None:
    x = np.array([0.2, -0.4, 0.9])
    n = np.array([1, 2, 5])
    got = fg.vmap(lambda n, x: slope(special.eval_legendre, n, x))(n, x)
    np.testing.assert_allclose(got, [slope(special.eval_legendre, k, t) for k, t in zip(n, x, strict=True)])
    got = fg.vmap(lambda n, a: slope(special.eval_genlaguerre, n, a, 0.3, i=1))(n, x)
    want = [slope(special.eval_genlaguerre, k, a, 0.3, i=1) for k, a in zip(n, x, strict=True)]
    np.testing.assert_allclose(got, want)


# Orthogonal polynomials


@pytest.mark.parametrize("n", [0, 1, 2, 5, 12])
def test_polynomials_at_the_ends(n: int) -> None:
    ends = np.array([-1.0, 1.0])
    sign = ends**n

    def second(f: Any) -> Any:
        return slope(lambda x: slope(f, n, x), ends)

    np.testing.assert_allclose(slope(special.eval_legendre, n, ends), sign * ends * n * (n + 1) / 2)
    np.testing.assert_allclose(second(special.eval_legendre), sign * (n - 1) * n * (n + 1) * (n + 2) / 8)
    np.testing.assert_allclose(slope(special.eval_chebyt, n, ends), sign * ends * n**2)
    np.testing.assert_allclose(second(special.eval_chebyt), sign * n**2 * (n**2 - 1) / 3)


@pytest.mark.parametrize("m", [0, 1, 2, 3, 4])
def test_legendre_functions_near_and_at_the_ends(m: int) -> None:
    """Both derivatives are continuous up to the end where they are finite."""
    end, near = np.array(1.0), np.array(1 - 1e-9)

    def first(x: Any) -> Any:
        return slope(lambda x: special.lpmv(m, 4, x), x)

    def second(x: Any) -> Any:
        return slope(first, x)

    with np.errstate(all="ignore"):
        assert np.isfinite(first(end)) == (m != 1)
        if m != 1:
            np.testing.assert_allclose(first(end), first(near), 1e-4, 0.1)
        if m in (0, 2, 4):
            np.testing.assert_allclose(second(end), second(near), 1e-6, 1e-6)


def test_parameters_of_high_degree() -> None:
    mpmath = pytest.importorskip("mpmath")
    n, a, b, x = 40, 0.3, 1.2, 0.7

    def want(f: Any, at: float) -> float:
        with mpmath.workdps(40):
            return float(mpmath.diff(f, at))

    np.testing.assert_allclose(
        slope(special.eval_jacobi, n, a, b, x, i=1), want(lambda t: mpmath.jacobi(n, t, b, x), a), 1e-10
    )
    np.testing.assert_allclose(
        slope(special.eval_jacobi, n, a, b, x, i=2), want(lambda t: mpmath.jacobi(n, a, t, x), b), 1e-10
    )
    np.testing.assert_allclose(
        slope(special.eval_gegenbauer, n, a, x, i=1), want(lambda t: mpmath.gegenbauer(n, t, x), a), 1e-10
    )
    np.testing.assert_allclose(
        slope(special.eval_genlaguerre, n, a, x, i=1), want(lambda t: mpmath.laguerre(n, t, x), a), 1e-10
    )


def test_gegenbauer_in_its_parameter_at_zero() -> None:
    """The polynomial vanishes there, and its derivative is ``2 T_n / n``."""
    x = np.array([-0.3, 0.8])
    got = slope(lambda a: special.eval_gegenbauer(3, a, x), np.zeros(2))
    np.testing.assert_allclose(got, 2 / 3 * special.eval_chebyt(3, x))


# Elliptic functions


def test_jacobi_functions_at_the_limits() -> None:
    """At ``m = 0`` they are circular (A&S 16.13), at ``m = 1`` hyperbolic (A&S 16.15)."""
    u = np.array([-4.0, -0.5, 0.3, 2.0, 7.0])
    sn, cn, dn, am = slope(special.ellipj, u, np.zeros(5))
    core = u - np.sin(u) * np.cos(u)
    np.testing.assert_allclose(sn, -core * np.cos(u) / 4, 1e-7, 1e-12)
    np.testing.assert_allclose(cn, core * np.sin(u) / 4, 1e-7, 1e-12)
    np.testing.assert_allclose(dn, -(np.sin(u) ** 2) / 2, 1e-7)
    np.testing.assert_allclose(am, -core / 4, 1e-7, 1e-12)
    sn, cn, dn, _ = slope(special.ellipj, u, np.ones(5))
    core = np.sinh(u) * np.cosh(u)
    np.testing.assert_allclose(sn, -(core - u) / np.cosh(u) ** 2 / 4, 1e-7)
    np.testing.assert_allclose(cn, (core - u) * np.tanh(u) / np.cosh(u) / 4, 1e-7)
    np.testing.assert_allclose(dn, -(core + u) * np.tanh(u) / np.cosh(u) / 4, 1e-7)


@pytest.mark.parametrize("ratio", [1e-12, 1e-3, 1.0, 1e3, 1e12])
def test_symmetric_integrals_of_unequal_arguments(ratio: float) -> None:
    """The derivatives add up as homogeneity wants."""
    x, y, z, p = 1.0, 2.0 * ratio, 0.3, 0.7 / ratio
    total = sum(t * slope(special.elliprd, x, y, z, i=i) for i, t in enumerate((x, y, z)))
    np.testing.assert_allclose(total, -1.5 * special.elliprd(x, y, z), 1e-12)
    total = sum(t * slope(special.elliprj, x, y, z, p, i=i) for i, t in enumerate((x, y, z, p)))
    np.testing.assert_allclose(total, -1.5 * special.elliprj(x, y, z, p), 1e-12)


def test_complete_integrals_of_extreme_parameters() -> None:
    """DLMF 19.4.1 and 19.4.2, where they do not cancel."""
    m = np.array([-1e10, -30.0, -1.0, 0.5, 0.99, 1 - 1e-12])
    k, e = special.ellipk(m), special.ellipe(m)
    np.testing.assert_allclose(slope(special.ellipk, m), (e - (1 - m) * k) / (2 * m * (1 - m)), 1e-10)
    np.testing.assert_allclose(slope(special.ellipe, m), (e - k) / (2 * m), 1e-10)


# Hypergeometric functions


HYPERGEOMETRIC = [
    ("hyp0f1", (0.7, 25.0)),
    ("hyp0f1", (1.5, -25.0)),
    ("hyp1f1", (0.7, 1.5, 30.0)),
    ("hyp1f1", (0.7, 1.5, -300.0)),
    ("hyp1f1", (-2.0, 1.5, 3.0)),
    ("hyp1f1", (1.0, 2.5, 1 + 3j)),
    ("hyp2f1", (0.7, 1.5, 2.2, 0.9)),
    ("hyp2f1", (0.7, 1.5, 2.2, -30.0)),
    ("hyp2f1", (-3.0, 1.5, 2.2, 0.5)),
    ("hyp2f1", (1.0, 1.0, 2.0, -0.5)),
    ("hyp2f1", (0.5, 1.0, 1.5, -0.4 + 0.9j)),
    ("hyperu", (0.7, 1.5, 3.0)),
    ("hyperu", (2.0, 3.0, 0.01)),
    ("hyperu", (-3.0, 0.5, 2.0)),
    ("hyperu", (5.5, -4.3, 40.0)),
]


@pytest.mark.parametrize(("name", "args"), HYPERGEOMETRIC, ids=str)
def test_hypergeometric_parameters(name: str, args: tuple[Any, ...]) -> None:
    mpmath = pytest.importorskip("mpmath")
    theirs = getattr(mpmath, name)
    for i, at in enumerate(args[:-1]):
        with mpmath.workdps(40):
            want = complex(mpmath.diff(lambda t, i=i: theirs(*args[:i], t, *args[i + 1 :]), at))
        np.testing.assert_allclose(slope(getattr(special, name), *args, i=i), want, 1e-9)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("hyp0f1", (1.5, -1e4)),  # cancels
        ("hyp2f1", (0.7, 1.5, 2.2, 0.999)),  # converges too slowly
        ("hyp2f1", (0.7, 1.5, 2.2, -1000.0)),
        ("hyperu", (-20.0, 0.5, 2.0)),  # too many steps of the recurrence
    ],
    ids=str,
)
def test_parameters_out_of_reach_are_nan(name: str, args: tuple[float, ...]) -> None:
    for i in range(len(args) - 1):
        assert np.isnan(slope(getattr(special, name), *args, i=i))
    assert np.isfinite(slope(getattr(special, name), *args))


# Spheroidal functions


def test_second_kind_is_nan_where_scipy_is_wrong() -> None:
    """Right values satisfy the Wronskian relation with the function of the first kind."""
    x = np.array([1.2, 4.0])
    derivative, second = slope(special.pro_rad2, 1, 1, 5.0, x)
    assert np.isnan(derivative[0])
    assert np.isnan(second[0])
    np.testing.assert_allclose(derivative[1], special.pro_rad2(1, 1, 5.0, 4.0)[1])


def test_characteristic_values_out_of_reach_are_nan() -> None:
    """The nodes do not resolve the eigenfunction, or SciPy's eigenfunction is wrong."""
    for name, args in (
        ("mathieu_a", (130, 5.0)),
        ("mathieu_b", (1, 1e5)),
        ("pro_cv", (0, 2, 60.0)),
        ("obl_cv", (0, 2, 60.0)),
    ):
        assert np.isnan(slope(getattr(special, name), *args))
