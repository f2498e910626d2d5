"""Derivatives of error functions, logistic functions and distribution functions where a careless formula fails."""

from typing import Any

import numpy as np
import pytest
from scipy import special

import funcgrad as fg

#: Function, arguments, and its derivatives in all of them, computed with 60 digits: far tails, removable
#: singularities, large parameters.
PRECISE: list[tuple[str, tuple[float, ...], list[float]]] = [
    ("erfcx", (11.9,), [-0.003942633974226029]),
    ("erfcx", (25.0,), [-0.0009005454634446267]),
    ("dawsn", (-25.0,), [-0.0008019277233204113]),
    ("voigt_profile", (30.0, 1.0, 0.1), [-2.3736491000019933e-06, 2.3842697343798377e-07, 0.00035485125629061573]),
    ("log_ndtr", (-30.0,), [30.033259667433676]),
    ("log_ndtr", (-1000.0,), [1000.000999998]),
    ("ndtri", (1e-300,), [2.697304465042612e298]),
    ("kl_div", (1.0, 1 + 2.0**-30), [-9.313225741817976e-10, 9.313225737481168e-10]),
    ("pseudo_huber", (1.0, 1e-06), [2.4999999999974996e-25, 9.999999999995e-07]),
    ("exprel", (-10000.0,), [1e-08]),
    ("exprel", (1e-09,), [0.5000000003333334]),
    ("boxcox", (2.0, 1e-10), [0.5000000000346574, 0.24022650697020154]),
    ("inv_boxcox", (2.0, 1e-10), [7.389056095975028, -14.778112190964848]),
    ("agm", (1e-100, 1.0), [2.9273506845044925e95, 0.006751782238730406]),
    ("cotdg", (1e-08,), [-5.729577951308232e17]),
    ("kolmogorov", (0.2,), [-1.5324205413389086e-10]),
    ("fdtr", (50.0, 3.0, 0.01), [-2.1259958135760654e-21, -2.2140860656952955e-20, 8.47076691275691e-18]),
    ("fdtr", (5.0, 5.0, 1e6), [5.352021457788071e-16, 3.371540419753527e-14, 1.3581153904603068e-20]),
    ("stdtr", (10.0, -40.0), [-2.384657443048946e-12, 2.8348381606424437e-13]),
    ("stdtr", (100000.0, 1.0), [1.2098475733124806e-11, 0.2419695146705618]),
    ("chndtr", (0.1, 2.0, 30.0), [2.768574892108213e-07, -3.804956995169381e-08, -1.0365678379620224e-08]),
    ("chndtr", (60.0, 2.0, 30.0), [0.0023423924846861814, -0.002767091000926774, -0.0032733676685024068]),
    (
        "ncfdtr",
        (3.0, 20.0, 30.0, 0.2),
        [-3.730467123477956e-08, -1.941072593924598e-09, -7.687175271326372e-08, 2.303154644194782e-06],
    ),
    (
        "ncfdtr",
        (100.0, 50.0, 10.0, 1.0),
        [0.001008856514273239, -0.0006063921710464913, -0.013734816286257761, 1.5045094929170957],
    ),
    ("nctdtr", (1.0, 5.0, -1.0), [-4.9994147778402236e-08, -2.2161429052764372e-07, 3.9079547206302816e-08]),
    ("nctdtr", (20.0, 3.0, 10.0), [1.0288616747667382e-05, -0.00010122029836876261, 5.5229153787098015e-05]),
    ("nctdtr", (200.0, 1.0, 1.2), [3.625037570833461e-06, -0.39048616783847195, 0.3897652767040387]),
]


@pytest.mark.parametrize(("name", "at", "slopes"), PRECISE)
def test_nothing_cancels(name: str, at: tuple[float, ...], slopes: list[float]) -> None:
    got = fg.grad(getattr(special, name), argnums=tuple(range(len(at))))(*at)
    np.testing.assert_allclose(got, slopes, 1e-11)


#: An inverse, the function that it inverts, in which argument, and arguments of the inverse. SciPy's solution may be
#: right to a few digits only, so that differences cannot judge.
INVERSES: list[tuple[str, str, int, tuple[float, ...]]] = [
    ("gdtria", "gdtr", 0, (0.4, 2.3, 1.7)),
    ("gdtrib", "gdtr", 1, (1.2, 0.4, 1.7)),
    ("gdtrix", "gdtr", 2, (1.2, 2.3, 0.4)),
    ("chdtri", "chdtrc", 1, (2.3, 0.4)),
    ("chdtriv", "chdtr", 0, (0.4, 1.7)),
    ("fdtri", "fdtr", 2, (2.3, 3.4, 0.4)),
    ("fdtridfd", "fdtr", 1, (2.3, 0.4, 1.2)),
    ("stdtrit", "stdtr", 1, (2.3, 1e-12)),
    ("stdtridf", "stdtr", 0, (0.8, 1.2)),
    ("chndtrix", "chndtr", 0, (0.4, 3.4, 1.7)),
    ("chndtridf", "chndtr", 1, (2.3, 0.4, 1.7)),
    ("chndtrinc", "chndtr", 2, (2.3, 2.4, 0.3)),
    ("ncfdtridfn", "ncfdtr", 0, (0.47, 3.4, 1.7, 1.3)),
    ("ncfdtridfd", "ncfdtr", 1, (2.3, 0.4, 1.7, 1.3)),
    ("ncfdtrinc", "ncfdtr", 2, (2.3, 3.4, 0.4, 1.3)),
    ("ncfdtri", "ncfdtr", 3, (2.3, 3.4, 1.7, 0.4)),
    ("nctdtridf", "nctdtr", 0, (0.36, 0.7, 0.4)),
    ("nctdtrinc", "nctdtr", 1, (2.3, 0.4, 1.3)),
    ("nctdtrit", "nctdtr", 2, (2.3, 0.7, 0.4)),
]


@pytest.mark.parametrize(("name", "inverted", "place", "at"), INVERSES, ids=[name for name, *_ in INVERSES])
def test_inverse_obeys_the_implicit_function_theorem(
    name: str, inverted: str, place: int, at: tuple[float, ...]
) -> None:
    inverse, argnums = getattr(special, name), tuple(range(len(at)))
    solution = list(at)
    solution[place] = inverse(*at)
    slopes = np.array(fg.grad(getattr(special, inverted), argnums=argnums)(*solution))
    want = -slopes / slopes[place]
    want[place] = 1 / slopes[place]
    np.testing.assert_allclose(fg.grad(inverse, argnums=argnums)(*at), want, 1e-10)


@pytest.mark.parametrize(
    "step",
    [
        lambda k: special.pdtr(k, 1.3),
        lambda k: special.bdtr(k, np.int64(5), 0.3),
        lambda k: special.pdtrc(k, 1.3),
        lambda p: special.pdtrik(p, 3.0),  # 0 for all probabilities below that of no event
    ],
)
def test_steps_have_no_slope(step: Any) -> None:
    assert fg.grad(step)(2.5 if step(2.5) == step(2.6) else 0.01) == 0


def test_rounding_down_is_of_the_value_and_not_of_the_slope() -> None:
    p = 0.3
    want = -fg.grad(lambda p: p**3 * (10 - 15 * p + 6 * p * p))(p)  # the probability of 3 or more of 5
    np.testing.assert_allclose(fg.grad(lambda p: special.bdtr(2.9, np.int64(5), p))(p), want, 1e-13)


def test_elements_with_windows_far_apart() -> None:
    """Each element sums around its own largest term."""
    x, nc = np.array([0.1, 30.0, 1000.0]), np.array([0.0, 30.0, 900.0])
    got = fg.grad(lambda nc: np.sum(special.chndtr(x, 3.0, nc)))(nc)
    for i in range(3):
        np.testing.assert_allclose(got[i], fg.grad(special.chndtr, argnums=2)(x[i], 3.0, nc[i]), 1e-13)


def test_derivatives_in_single_precision() -> None:
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    for function in (special.erfcx, special.dawsn, special.log_ndtr, special.log_expit):
        got = fg.grad(lambda x, f=function: np.sum(f(x)))(x)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, fg.grad(lambda x, f=function: np.sum(f(x)))(x.astype(float)), 1e-5)
