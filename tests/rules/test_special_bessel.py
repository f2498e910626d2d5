"""Bessel functions and their kin: derivatives in the order, points that are singular only for a careless formula."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import funcgrad as fg
from funcgrad.core.primitive import call_of
from funcgrad.errors import NoDerivativeError


@pytest.fixture(scope="module", autouse=True)
def rules_are_installed() -> None:
    """They are, with the first call; the fixture that looks for leaks should not take them for one."""
    call_of(special.j0)


# The order

#: (function, order, argument, derivative in the order), computed with mpmath 1.3 to 80 digits.
ORDER_DERIVATIVES = [
    ("jv", 0.0, 0.001, -7.023684788718984),
    ("jv", 2.5, 1e-100, -1.2343530176595247e-249),
    ("jv", 49.5, 30.0, -3.945246957549264e-08),
    ("jv", 200.0, 200.0, -0.01206431983180741),
    ("jv", -7.25, 3.0, 91.58075052423959),
    ("jv", -3.0, 2.0, 3.3897476477798216),
    ("jv", 1.0, 10000.0, 0.011146199513326573),
    ("jv", 0.7, (-2 - 1j), (-1.0036770119643283 + 1.466831854943915j)),
    ("yv", 0.0, 0.5, -1.4741449260217836),
    ("yv", 30.5, 4.0, -3.1309391788631627e22),
    ("yv", -12.0, 40.0, 0.2382265469874184),
    ("yv", 2.0, (3 + 4j), (-8.59136786211957 - 4.188945061191737j)),
    ("iv", 0.0, 2.0, -0.11389387274953344),
    ("iv", 40.0, 3.0, -4.720282950335735e-41),
    ("iv", -2.6, 200.0, 2.613526481064979e83),
    ("iv", 5.5, (-1 + 6j), (-0.16648842491517019 - 0.675517055672848j)),
    ("kv", 1.0, 0.0001, 93262.71913450274),
    ("kv", 25.0, 80.0, 3.63802792097075e-35),
    ("kv", -0.5, 2.0, -0.024748637504434276),
    ("kv", 3.25, (1 - 8j), (-0.020023483070614016 - 0.07175848109340516j)),
    ("jve", 1.5, (2 + 3j), (-0.1484097072145826 + 0.16274016254295048j)),
    ("yve", 1.5, (2 - 3j), (-0.16326755476559152 + 0.14664703577227328j)),
    ("ive", 0.25, 100.0, -0.0001003341263238426),
    ("ive", 2.0, (-5 + 1j), (0.27624630256391963 + 0.24138107283739552j)),
    ("kve", 1.0, 1000.0, 3.962832160075422e-05),
    ("kve", 300.0, 250.0, 1.4268010520650435e70),
    ("hankel1", 0.75, (2 + 1j), (-0.004014966190906817 - 0.27230449615242697j)),
    ("hankel2", 4.0, (20 - 3j), (0.008364040449835516 + 0.009958161157731583j)),
    ("hankel1e", 1.0, (30 + 5j), (-0.1468940883408577 + 0.16790383433147432j)),
    ("hankel2e", 2.5, (5 - 6j), (0.5371251889406402 + 0.023183463687508458j)),
    ("struve", 0.0, 1.0, -0.37069705368079886),
    ("struve", 20.0, 55.0, 750752260.7092417),
    ("struve", -4.5, 12.0, -0.44988892076736664),
    ("struve", 1.0, 200.0, 2.9936467351595124),
    ("modstruve", 0.5, 3.0, -1.3299962985579763),
    ("modstruve", 12.0, 60.0, -3.534839554718323e23),
    ("modstruve", -2.2, 7.0, 38.74317821910675),
]


@pytest.mark.parametrize(("name", "v", "z", "expected"), ORDER_DERIVATIVES)
def test_derivative_in_the_order(name: str, v: float, z: Any, expected: Any) -> None:
    _, slope = fg.jvp(lambda v: getattr(special, name)(v, z), (v,), (1.0,))
    np.testing.assert_allclose(slope, expected, 1e-11)


def test_half_integer_orders_have_closed_forms() -> None:
    """DLMF 10.15.6, 10.15.8, 10.38.7."""
    x = np.geomspace(1e-4, 300, 60)
    one = np.full_like(x, 0.5)
    si, ci = special.sici(2 * x)
    scale = np.sqrt(2 / (np.pi * x))
    j, y, k = (
        fg.jvp(lambda v, f=f: f(v, x), (one,), (np.ones_like(x),))[1] for f in (special.jv, special.yv, special.kve)
    )
    np.testing.assert_allclose(j, scale * (ci * np.sin(x) - si * np.cos(x)), 1e-10, 1e-13)
    np.testing.assert_allclose(y, scale * (ci * np.cos(x) + (si - np.pi) * np.sin(x)), 1e-10, 1e-13)
    np.testing.assert_allclose(k, np.sqrt(np.pi / (2 * x)) * special.exp1(2 * x) * np.exp(2 * x), 1e-9)


@pytest.mark.parametrize("name", ["jv", "iv", "kv", "struve"])
def test_second_derivative_in_the_order(name: str) -> None:
    f = getattr(special, name)
    v = np.array([-1.7, -1.0, 0.0, 0.3, 2.0, 17.5])

    def slope(v: Any) -> Any:
        return fg.grad(lambda v: f(v, 2.5).sum())(v)

    h = 1e-3
    quotient = (8 * (slope(v + h) - slope(v - h)) - (slope(v + 2 * h) - slope(v - 2 * h))) / (12 * h)
    np.testing.assert_allclose(fg.grad(lambda v: slope(v).sum())(v), quotient, 1e-7, 1e-9)


@pytest.mark.parametrize("name", ["jv", "kve", "hankel1", "modstruve"])
def test_single_precision_orders_keep_their_digits(name: str) -> None:
    """The nodes of the difference are not rounded to single precision."""
    v, x = np.float32(1.3), np.float32(2.7)
    wide = fg.jvp(lambda v: getattr(special, name)(v, float(x)), (float(v),), (1.0,))[1]
    slope = fg.jvp(lambda v: getattr(special, name)(v, x), (v,), (np.float32(1),))[1]
    assert slope.dtype == getattr(special, name)(v, x).dtype
    np.testing.assert_allclose(slope, wide, 1e-5)


@pytest.mark.parametrize("name", ["yn", "kn"])
def test_integer_orders_have_no_derivative(name: str) -> None:
    f = getattr(special, name)
    with pytest.raises(NoDerivativeError, match=f"{name}.*order"):
        fg.grad(lambda n: f(n, 1.5))(2.0)
    np.testing.assert_allclose(fg.grad(lambda x: f(2.0, x))(1.5), fg.grad(lambda x: f(2, x))(1.5))


# Zero, and other points where a careless formula divides by zero

#: Functions that are smooth at zero, and their first three derivatives there.
AT_ZERO: dict[str, tuple[Callable[[Any], Any], tuple[float, float, float]]] = {
    "j0": (special.j0, (0, -1 / 2, 0)),
    "j1": (special.j1, (1 / 2, 0, -3 / 8)),
    "i0": (special.i0, (0, 1 / 2, 0)),
    "i1": (special.i1, (1 / 2, 0, 3 / 8)),
    "jv 0": (lambda x: special.jv(0, x), (0, -1 / 2, 0)),
    "jv 3": (lambda x: special.jv(3, x), (0, 0, 1 / 8)),
    "iv 1": (lambda x: special.iv(1, x), (1 / 2, 0, 3 / 8)),
    "jve 1": (lambda x: special.jve(1, x), (1 / 2, 0, -3 / 8)),
    "spherical j1": (lambda x: special._ufuncs._spherical_jn(1, x), (1 / 3, 0, -1 / 5)),
    "spherical i0": (lambda x: special._ufuncs._spherical_in(0, x), (0, 1 / 3, 0)),
    "struve 0": (lambda x: special.struve(0, x), (2 / np.pi, 0, -4 / (3 * np.pi))),
    "modstruve 1": (lambda x: special.modstruve(1, x), (0, 4 / (3 * np.pi), 0)),
    "ber": (special.ber, (0, 0, 0)),
    "bei": (special.bei, (0, 1 / 2, 0)),
    "berp": (special.berp, (0, 0, -3 / 8)),
    "beip": (special.beip, (1 / 2, 0, 0)),
    "it2j0y0": (lambda x: special.it2j0y0(x)[0], (0, 1 / 4, 0)),
    "it2i0k0": (lambda x: special.it2i0k0(x)[0], (0, 1 / 4, 0)),
    "it2struve0": (special.it2struve0, (-2 / np.pi, 0, 4 / (9 * np.pi))),
    "airy": (lambda x: special.airy(x)[1], (0, float(special.airy(0)[0]), 2 * float(special.airy(0)[1]))),
    "lambertw": (lambda x: np.real(special.lambertw(x)), (1, -2, 9)),
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_smooth_at_zero(name: str) -> None:
    f, expected = AT_ZERO[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for derivative in expected:
            _, tangent = fg.jvp(f, (0.0,), (1.0,))
            f = fg.grad(f)
            np.testing.assert_allclose([f(0.0), tangent], derivative, 1e-13, 1e-15)


@pytest.mark.parametrize("name", ["y0", "y1", "k0", "k1", "k0e", "k1e", "ker", "kerp"])
def test_a_pole_is_infinite_on_the_side_it_comes_from(name: str) -> None:
    f = getattr(special, name)
    with np.errstate(all="ignore"):
        assert fg.grad(f)(0.0) == -f(0.0)


MASKED: dict[str, Callable[[Any], Any]] = {
    "k0": special.k0,
    "y1": special.y1,
    "kerp": special.kerp,
    "yv": lambda x: special.yv(1.5, x),
    "jv": lambda x: special.jv(0.5, x),
    "kve": lambda x: special.kve(2, x),
    "hankel1": lambda x: np.abs(special.hankel1(1, x)),
    "itj0y0": lambda x: special.itj0y0(x)[1],
    "kelvin": lambda x: np.real(special.kelvin(x)[1]),
    "airye": lambda x: special.airye(x - 1)[0],
    "struve": lambda x: special.struve(-0.5, x),
    "order": lambda x: special.kv(x + 1, x),
    "lambertw": lambda x: np.real(special.lambertw(x, -1)),
}


@pytest.mark.parametrize("name", MASKED)
def test_masked_singularity(name: str) -> None:
    f = MASKED[name]
    x = np.array([0.0, 1.5])
    keep = np.array([False, True])

    def masked(x: Any) -> Any:
        return np.where(keep, f(x), 0).sum()

    with np.errstate(all="ignore"):
        gradient = fg.grad(masked)(x)
        tangent = fg.jvp(masked, (x,), (np.array([0.0, 1.0]),))[1]
    expected = fg.grad(lambda x: f(x))(1.5)
    np.testing.assert_allclose(gradient, [0, expected], 1e-12)
    np.testing.assert_allclose(tangent, expected, 1e-12)


# Functions of several outputs


def test_outputs_that_are_not_used_do_no_harm() -> None:
    """``airye`` is nan for ``Ai`` of negative arguments, which must not spoil the gradient of ``Bi``."""
    gradient = fg.grad(lambda x: special.airye(x)[2])(-1.0)
    np.testing.assert_allclose(gradient, special.airy(-1.0)[3], 1e-14)


def test_several_outputs_are_batched_at_once() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x.shape)
        return special.airy(x)[0] + special.itj0y0(x)[0]

    x = np.linspace(0.1, 2, 5)
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(x), special.airy(x)[1] + special.j0(x), 1e-13)
    assert calls == [()]


# Ranges


@pytest.mark.parametrize("x", [1e-20, 1e-8, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("v", [0, 1, 5, 2.5])
def test_scaled_functions_agree_with_the_plain_ones(v: Any, x: float) -> None:
    """``f' / f`` of a scaled function differs by the rate of its scale."""

    def log_slope(f: Callable[..., Any], x: Any) -> Any:
        value, slope = fg.jvp(lambda x: f(v, x), (x,), (1.0,))
        return slope / value

    if 1e-10 < x < 500:
        np.testing.assert_allclose(log_slope(special.ive, x), log_slope(special.iv, x) - 1, 1e-9, 1e-13)
        np.testing.assert_allclose(log_slope(special.kve, x), log_slope(special.kv, x) + 1, 1e-9, 1e-13)
    np.testing.assert_allclose(log_slope(special.jve, x), log_slope(special.jv, x), 1e-11)
    z = x * (1 + 0.2j) if x < 500 else complex(x)
    if x > 1e-10:
        direction = (1.0 + 0.0j,)
        value, slope = fg.jvp(lambda z: special.hankel1e(v, z), (z,), direction)
        plain, plain_slope = fg.jvp(lambda z: special.hankel1(v, z), (z,), direction)
        np.testing.assert_allclose(slope / value, plain_slope / plain - 1j, 1e-9, 1e-13)


@pytest.mark.parametrize("x", [0.3, 0.999, 1.001, 3.0, -0.4, -2.0])
def test_series_of_the_integrals_meet_the_direct_formulas(x: float) -> None:
    np.testing.assert_allclose(fg.grad(lambda x: special.it2j0y0(x)[0])(x), (1 - special.j0(x)) / x, 1e-13)
    np.testing.assert_allclose(fg.grad(lambda x: special.it2i0k0(x)[0])(x), (special.i0(x) - 1) / x, 1e-13)
    np.testing.assert_allclose(fg.grad(special.it2struve0)(x), -special.struve(0, x) / x, 1e-13)


def test_wright_bessel_where_the_parameters_end() -> None:
    """At ``b = 0`` and ``a = 0``; the references are mpmath's."""
    expected = {
        (1.0, 0.0, 2.0): (-3.0322885708756504, 0.5360373660859624, 4.2523508795026238),
        (0.0, 1.0, 0.5): (0.47583387225223731, 0.95166774450447462, 1.6487212707001281),
        (0.5, 3.0, 20.0): (-82585.310606548949, -10196.358624229959, 2170.439419440842),
        (2.0, 0.25, 5.0): (-7.1416244339478639, -3.5630080300184148, 1.5562508145967668),
    }
    for at, gradient in expected.items():
        np.testing.assert_allclose(fg.grad(special.wright_bessel, argnums=(0, 1, 2))(*at), gradient, 1e-11)
        if hasattr(special, "log_wright_bessel"):
            logarithmic = fg.grad(special.log_wright_bessel, argnums=(0, 1, 2))(*at)
            np.testing.assert_allclose(logarithmic, gradient / special.wright_bessel(*at), 1e-11)


def test_log_wright_bessel_does_not_overflow() -> None:
    gradient = fg.grad(special.log_wright_bessel, argnums=(0, 1, 2))(1.0, 2.0, 1e6)
    x = 1e6  # Phi(1, b; x) = x**((1 - b) / 2) I_{b - 1}(2 sqrt(x)), DLMF 10.46.2
    np.testing.assert_allclose(gradient[1], -np.log(x) / 2, 1e-3)
    np.testing.assert_allclose(gradient[2], special.ive(2, 2e3) / special.ive(1, 2e3) / 1e3, 1e-11)
