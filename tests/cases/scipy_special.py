"""funcgrad.scipy.special."""

import numpy as np

import funcgrad.scipy.special as special
from cases.table import Case, Input, Kink, away_from_zero, given, positive, real

INF = np.inf


def large_positive(*shape: int) -> Input:
    """Numbers from 4 to 6."""
    return Input(shape, lambda rng, s: rng.uniform(4, 6, s), lambda rng, s: rng.uniform(4, 6, s) + 0j)


HOLES = given([[0.0, -INF, 0.0], [0.0, 0.0, -INF]])
ORDERS = given([0, 1, 3])
SIGNS = given([[1.0, -0.5, 2.0], [0.0, 1.0, -0.25]])

SCIPY_SPECIAL = [
    # -- Sums of exponentials
    Case("scipy.special.logsumexp", lambda x: special.logsumexp(x), [real(2, 3)]),
    Case("scipy.special.logsumexp/0-d", lambda x: special.logsumexp(x), [real()]),
    Case("scipy.special.logsumexp/axis", lambda x: special.logsumexp(x, axis=-1), [real(2, 3)]),
    Case("scipy.special.logsumexp/axes", lambda x: special.logsumexp(x, axis=(0, -1)), [real(2, 3, 2)]),
    Case("scipy.special.logsumexp/keepdims", lambda x: special.logsumexp(x, 1, keepdims=True), [real(2, 3)]),
    Case("scipy.special.logsumexp/ties", lambda x: special.logsumexp(np.stack([x, x])), [real(3)]),
    Case("scipy.special.logsumexp/-inf", lambda x, h: special.logsumexp(x + h, axis=1), [real(2, 3), HOLES]),
    Case("scipy.special.logsumexp/all -inf", lambda x: special.logsumexp(x - INF, axis=0), [real(2, 3)], order=0),
    Case("scipy.special.logsumexp/b", lambda x, b: special.logsumexp(x, b=b), [real(2, 3), positive(2, 3)]),
    Case("scipy.special.logsumexp/b broadcast", lambda x, b: special.logsumexp(x, 0, b=b), [real(2, 3), positive(3)]),
    Case("scipy.special.logsumexp/b wider", lambda x, b: special.logsumexp(x, 0, b=b), [real(3), positive(2, 3)]),
    Case("scipy.special.logsumexp/b number", lambda x: special.logsumexp(x, b=2.5), [real(3)]),
    Case(
        "scipy.special.logsumexp/return_sign",
        lambda x, b: special.logsumexp(x, axis=1, b=b, return_sign=True),
        [real(2, 3), away_from_zero(2, 3)],
    ),
    Case(
        "scipy.special.logsumexp/sign and zero",
        lambda x, b: special.logsumexp(x, axis=1, b=b, return_sign=True, keepdims=True),
        [real(2, 3), SIGNS],
    ),
    Case(
        "scipy.special.logsumexp/complex",
        lambda x: special.logsumexp(x + 0.3j * x[::-1], axis=0),
        [real(4, 2)],
    ),
    Case(
        "scipy.special.logsumexp/complex sign",
        lambda x: special.logsumexp(x + 0.3j * x[::-1], return_sign=True),
        [real(4)],
    ),
    Case("scipy.special.softmax", lambda x: special.softmax(x), [real(2, 3)]),
    Case("scipy.special.softmax/axis", lambda x: special.softmax(x, axis=0), [real(2, 3)]),
    Case("scipy.special.softmax/axes", lambda x: special.softmax(x, axis=(0, 2)), [real(2, 3, 2)]),
    Case("scipy.special.softmax/-inf", lambda x, h: special.softmax(x + h, axis=1), [real(2, 3), HOLES]),
    Case("scipy.special.log_softmax", lambda x: special.log_softmax(x), [real(2, 3)]),
    Case("scipy.special.log_softmax/axis", lambda x: special.log_softmax(x, axis=-1), [real(2, 3)]),
    Case("scipy.special.log_softmax/0-d", lambda x: special.log_softmax(x), [real()]),
    # -- Gamma functions and counts
    Case("scipy.special.polygamma/0", lambda x: special.polygamma(0, x), [positive(3)]),
    Case("scipy.special.polygamma/1", lambda x: special.polygamma(1, x), [positive(2, 3)]),
    Case("scipy.special.polygamma/3, 0-d", lambda x: special.polygamma(3, x), [positive()]),
    Case(
        "scipy.special.polygamma/orders", lambda x, n: special.polygamma(n, x), [positive(2, 3), ORDERS], device=False
    ),
    Case("scipy.special.multigammaln", lambda x: special.multigammaln(x, 3), [large_positive(2, 2)]),
    Case("scipy.special.multigammaln/0-d", lambda x: special.multigammaln(x, 2), [large_positive()]),
    Case("scipy.special.factorial", lambda x: special.factorial(x), [positive(2, 3)]),
    Case("scipy.special.factorial/negative", lambda x: special.factorial(x), [away_from_zero(4)]),
    Case("scipy.special.factorial/0-d", lambda x: special.factorial(x), [positive()]),
    Case("scipy.special.comb", lambda n, k: special.comb(n, k), [large_positive(2, 3), positive(3)]),
    Case("scipy.special.comb/0-d", lambda n, k: special.comb(n, k), [large_positive(), positive()]),
    Case("scipy.special.comb/zero", lambda k, n: special.comb(n, k), [large_positive(3), positive(3)], order=0),
    Case("scipy.special.comb/whole k", lambda n: special.comb(n, 2), [large_positive(3)]),
    Case("scipy.special.comb/repetition", lambda n: special.comb(n, 2, repetition=True), [large_positive(3)]),
    Case("scipy.special.perm", lambda n, k: special.perm(n, k), [large_positive(2, 3), positive(3)]),
    Case("scipy.special.perm/0-d", lambda n: special.perm(n, 2), [large_positive()]),
    Case("scipy.special.diric/odd", lambda x: special.diric(x, 5), [real(2, 3)]),
    Case("scipy.special.diric/even", lambda x: special.diric(x, 4), [real(3)]),
    # -- Bessel functions
    *(
        Case(f"scipy.special.{f}/{n}", lambda z, f=f, n=n: getattr(special, f)(0.5, z, n), [positive(2, 2)])
        for f in ("jvp", "yvp", "ivp", "kvp")
        for n in (0, 1, 2)
    ),
    *(
        Case(
            f"scipy.special.{f}",
            lambda z, f=f: getattr(special, f)(1, z),
            [Input((2,), *2 * (lambda r, s: r.uniform(0.5, 2, s) + 0.5j,))],
        )
        for f in ("h1vp", "h2vp")
    ),
    *(
        Case(
            f"scipy.special.{f}/{n}{', derivative' if d else ''}",
            lambda z, f=f, n=n, d=d: getattr(special, f)(n, z, derivative=d),
            [positive(2, 2)],
            complex_ok=True,
            device=False,  # compiled code
        )
        for f in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn")
        for n in (0, 2)
        for d in (False, True)
    ),
    Case(
        "scipy.special.spherical_jn/orders",
        lambda z, n: special.spherical_jn(n, z),
        [positive(2, 3), ORDERS],
        device=False,
    ),
]

KINKS = [
    Kink("logsumexp with -inf", lambda x: special.logsumexp(x), [0.0, -INF], [1.0, 0.0]),
    Kink("logsumexp of -inf alone", lambda x: special.logsumexp(x), [-INF, -INF], [0.0, 0.0]),
    Kink("logsumexp with inf", lambda x: special.logsumexp(x), [0.0, INF], [0.0, 1.0]),
    Kink("softmax with -inf", lambda x: special.softmax(x)[:1], [0.0, -INF], [0.0, 0.0]),
    Kink("log_softmax with -inf", lambda x: special.log_softmax(x)[:1], [0.0, -INF], [0.0, 0.0]),
    Kink("spherical_jn at 0", lambda x: special.spherical_jn(1, x), [0.0], [1 / 3]),
    Kink("diric at 0", lambda x: special.diric(x, 4), [0.0], [0.0]),
]
