"""funcgrad.scipy.linalg."""

import numpy as np

import funcgrad.scipy.linalg as linalg
from cases.table import Case, Input, Kink, distinct, given, invertible, real, spd

#: Makes single precision double, of which SciPy warns that it is inaccurate.
ONE = np.float64(1)


def triangular(*shape: int) -> Input:
    """Matrices whose triangles are well conditioned."""
    return Input(
        shape,
        lambda rng, s: rng.uniform(-0.5, 0.5, s) + 2 * np.eye(s[-1]),
        lambda rng, s: rng.uniform(-0.5, 0.5, s) + 1j * rng.uniform(-0.5, 0.5, s) + 2 * np.eye(s[-1]),
    )


def separated(*shape: int) -> Input:
    """Symmetric or Hermitian matrices without equal eigenvalues."""
    return Input(
        shape,
        lambda rng, s: sym(rng.uniform(-0.3, 0.3, s)) + np.diag(np.arange(1.0, s[-1] + 1)),
        lambda rng, s: (
            sym(rng.uniform(-0.3, 0.3, s) + 0.3j * rng.uniform(-1, 1, s)) + np.diag(np.arange(1.0, s[-1] + 1))
        ),
    )


def distinct_rows(*shape: int) -> Input:
    """Matrices without equal eigenvalues."""
    return Input(
        shape,
        lambda rng, s: rng.uniform(-0.3, 0.3, s) + np.diag(np.arange(1.0, s[-1] + 1)),
        lambda rng, s: rng.uniform(-0.3, 0.3, s) + 0.3j * rng.uniform(-1, 1, s) + np.diag(np.arange(1.0, s[-1] + 1)),
    )


def bands(*shape: int) -> Input:
    """Bands of matrices in which the diagonal, the second row, dominates."""

    def heavy(x, s):
        x[..., 1, :] += 4
        return x

    return Input(
        shape,
        lambda rng, s: heavy(rng.uniform(-1, 1, s), s),
        lambda rng, s: heavy(rng.uniform(-1, 1, s) + 1j * rng.uniform(-1, 1, s), s),
    )


def first_heavy(*shape: int) -> Input:
    """Vectors whose first element dominates."""
    return Input(
        shape,
        lambda rng, s: rng.uniform(-0.5, 0.5, s) + 3 * (np.arange(s[-1]) == 0),
        lambda rng, s: rng.uniform(-0.5, 0.5, s) + 0.3j + 3 * (np.arange(s[-1]) == 0),
    )


def sym(x):
    """The Hermitian part."""
    return (x + x.mT.conj()) / 2


def even(x):
    """The symmetric part."""
    return (x + x.mT) / 2


def turned(v):
    """Eigenvectors with a phase that does not depend on LAPACK."""
    return v * v[..., :1, :].conj()


SCIPY_LINALG = [
    # -- Equations
    Case("scipy.linalg.solve", lambda a, b: linalg.solve(a, b), [invertible(3, 3), real(3, 2)], complex_ok=True),
    Case("scipy.linalg.solve/vector", lambda a, b: linalg.solve(a, b), [invertible(3, 3), real(3)]),
    Case("scipy.linalg.solve/stack", lambda a, b: linalg.solve(a, b), [invertible(2, 2, 2), real(2, 1)]),
    Case("scipy.linalg.solve/1 by 1", lambda a, b: linalg.solve(a, b), [invertible(1, 1), real(1)]),
    Case(
        "scipy.linalg.solve/transposed", lambda a, b: linalg.solve(a, b, transposed=True), [invertible(3, 3), real(3)]
    ),
    *(
        Case(
            f"scipy.linalg.solve/{kind},{low}",
            lambda a, b, kind=kind, low=low: linalg.solve((sym if kind == "her" else even)(a), b, low, assume_a=kind),
            [invertible(3, 3), real(3)],
            complex_ok=True,
            device=kind == "gen",
        )
        for kind in ("sym", "her")
        for low in (True, False)
    ),
    Case(
        "scipy.linalg.solve/pos",
        lambda a, b: linalg.solve(sym(a), b, assume_a="pos"),
        [spd(3, 3), real(3)],
        complex_ok=True,
    ),
    *(
        Case(
            f"scipy.linalg.solve/{kind}",
            lambda a, b, kind=kind: linalg.solve(a, b, assume_a=kind),
            [triangular(3, 3), real(3)],
        )
        for kind in ("diagonal", "tridiagonal", "banded", "upper triangular", "lower triangular")
    ),
    *(
        Case(
            f"scipy.linalg.solve_triangular/{trans},{low},{unit}",
            lambda a, b, t=trans, low=low, u=unit: linalg.solve_triangular(a, b, t, low, u),
            [triangular(3, 3), real(3, 2)],
            complex_ok=True,
        )
        for trans in (0, 1, "C")
        for low in (False, True)
        for unit in (False, True)
    ),
    Case(
        "scipy.linalg.solve_triangular/vector", lambda a, b: linalg.solve_triangular(a, b), [triangular(3, 3), real(3)]
    ),
    Case(
        "scipy.linalg.solve_triangular/stack",
        lambda a, b: linalg.solve_triangular(a, b, lower=True),
        [triangular(2, 3, 3), real(2, 3, 1)],
    ),
    *(
        Case(
            f"scipy.linalg.cho_solve/{low}",
            lambda c, b, low=low: linalg.cho_solve((c, low), b),
            [triangular(3, 3), real(3, 2)],
            complex_ok=True,
        )
        for low in (True, False)
    ),
    Case(
        "scipy.linalg.cho_solve/of cho_factor",
        lambda a, b: linalg.cho_solve(linalg.cho_factor(sym(a)), b),
        [spd(3, 3), real(3)],
        complex_ok=True,
    ),
    Case("scipy.linalg.inv", lambda a: linalg.inv(a), [invertible(3, 3)], complex_ok=True),
    Case("scipy.linalg.inv/stack", lambda a: linalg.inv(a), [invertible(2, 2, 2)]),
    Case("scipy.linalg.det", lambda a: linalg.det(a), [invertible(3, 3)], complex_ok=True),
    Case("scipy.linalg.det/stack", lambda a: linalg.det(a), [invertible(2, 2, 2)]),
    Case("scipy.linalg.pinv", lambda a: linalg.pinv(a), [real(4, 2)], complex_ok=True),
    Case("scipy.linalg.pinv/wide", lambda a: linalg.pinv(a, rtol=1e-8), [real(2, 4)]),
    Case("scipy.linalg.pinv/atol", lambda a: linalg.pinv(a, atol=1e-8, return_rank=True)[0], [real(2, 4)], vmap=False),
    Case(
        "scipy.linalg.lstsq", lambda a, b: linalg.lstsq(a, b)[:2], [real(4, 2), real(4)], complex_ok=True, device=False
    ),
    Case("scipy.linalg.lstsq/matrix", lambda a, b: linalg.lstsq(a, b)[0], [real(4, 2), real(4, 3)], device=False),
    Case("scipy.linalg.lstsq/wide", lambda a, b: linalg.lstsq(a, b)[0], [real(2, 4), real(2)], device=False),
    Case("scipy.linalg.norm", lambda x: linalg.norm(x), [real(2, 3)], complex_ok=True),
    Case("scipy.linalg.norm/axis", lambda x: linalg.norm(x, 1, axis=0, keepdims=True), [distinct(2, 3)]),
    Case("scipy.linalg.norm/vector", lambda x: linalg.norm(x, 3), [distinct(4)]),
    Case(
        "scipy.linalg.solve_sylvester",
        lambda a, b, q: linalg.solve_sylvester(a, b, q),
        [invertible(3, 3), invertible(2, 2), real(3, 2)],
        complex_ok=True,
        device=False,
    ),
    Case(
        "scipy.linalg.solve_continuous_lyapunov",
        lambda a, q: linalg.solve_continuous_lyapunov(a, q),
        [invertible(2, 2), real(2, 2)],
        complex_ok=True,
        device=False,
    ),
    Case(
        "scipy.linalg.solve_discrete_lyapunov",
        lambda a, q: linalg.solve_discrete_lyapunov(0.1 * a, q),
        [invertible(2, 2), real(2, 2)],
        complex_ok=True,
    ),
    Case(
        "scipy.linalg.solve_discrete_lyapunov/bilinear",
        lambda a, q: linalg.solve_discrete_lyapunov(0.1 * a, q, "bilinear"),
        [invertible(2, 2), real(2, 2)],
        device=False,
    ),
    # -- Factorizations
    Case("scipy.linalg.cholesky", lambda a: linalg.cholesky(sym(a)), [spd(3, 3)], complex_ok=True),
    Case("scipy.linalg.cholesky/lower", lambda a: linalg.cholesky(sym(a), lower=True), [spd(3, 3)], complex_ok=True),
    Case("scipy.linalg.cho_factor", lambda a: linalg.cho_factor(sym(a))[0], [spd(3, 3)], complex_ok=True),
    Case("scipy.linalg.cho_factor/lower", lambda a: linalg.cho_factor(sym(a), lower=True)[0], [spd(3, 3)]),
    *(
        Case(f"scipy.linalg.lu/{m} by {n}", lambda a: linalg.lu(a)[1:], [real(m, n)], complex_ok=True, device=False)
        for m, n in ((3, 3), (4, 2), (2, 4), (1, 1))
    ),
    Case("scipy.linalg.lu/with p", lambda a: linalg.lu(a), [real(3, 3)], order=1, device=False),
    Case("scipy.linalg.lu/p_indices", lambda a: linalg.lu(a, p_indices=True), [real(3, 3)], order=1, device=False),
    Case("scipy.linalg.lu/permute_l", lambda a: linalg.lu(a, permute_l=True), [real(4, 3)], device=False),
    Case("scipy.linalg.lu/stack", lambda a: linalg.lu(a, permute_l=True), [real(2, 3, 3)], device=False),
    *(
        Case(f"scipy.linalg.lu_factor/{m} by {n}", lambda a: linalg.lu_factor(a)[0], [real(m, n)], device=False)
        for m, n in ((3, 3), (3, 2), (2, 3))
    ),
    *(
        Case(
            f"scipy.linalg.lu_solve/{trans}",
            lambda a, b, t=trans: linalg.lu_solve(linalg.lu_factor(a), b, t),
            [real(3, 3), real(3, 2)],
            complex_ok=True,
            device=False,
        )
        for trans in (0, 1, 2)
    ),
    Case(
        "scipy.linalg.lu_solve/vector",
        lambda f, b, p: linalg.lu_solve((f, p), b),
        [triangular(3, 3), real(3), given(np.array([2, 2, 2], np.int32))],
        device=False,  # the exchanges are LAPACK's
    ),
    Case("scipy.linalg.qr", lambda a: linalg.qr(a), [invertible(3, 3)], device=False),
    Case("scipy.linalg.qr/economic", lambda a: linalg.qr(a, mode="economic"), [real(4, 2)]),
    Case("scipy.linalg.qr/r", lambda a: linalg.qr(a, mode="r"), [real(4, 2)]),
    Case("scipy.linalg.qr/r wide", lambda a: linalg.qr(a, mode="r"), [real(2, 4)]),
    Case(
        "scipy.linalg.qr/pivoting",
        lambda a: linalg.qr(a, mode="economic", pivoting=True)[:2],
        [real(4, 2)],
        device=False,
    ),
    Case("scipy.linalg.svd/economic", lambda a: linalg.svd(a, full_matrices=False)[1:2], [real(3, 2)]),
    Case("scipy.linalg.svd/product", lambda a: product_of(linalg.svd(a, full_matrices=False)), [real(3, 2)]),
    Case("scipy.linalg.svd/values", lambda a: linalg.svd(a, compute_uv=False), [real(3, 2)], complex_ok=True),
    Case("scipy.linalg.svdvals", lambda a: linalg.svdvals(a), [real(3, 2)], complex_ok=True),
    Case("scipy.linalg.polar", lambda a: linalg.polar(a), [invertible(3, 3)], complex_ok=True, device=False),
    Case("scipy.linalg.polar/tall", lambda a: linalg.polar(a), [real(4, 2)], device=False),
    Case("scipy.linalg.polar/left", lambda a: linalg.polar(a, "left"), [real(2, 3)], complex_ok=True, device=False),
    Case("scipy.linalg.eigh", lambda a: linalg.eigh(sym(a)), [separated(3, 3)], device=False),
    Case("scipy.linalg.eigh/phase", lambda a: turned(linalg.eigh(sym(a))[1]), [separated(3, 3)], complex_ok=True),
    Case("scipy.linalg.eigh/upper", lambda a: linalg.eigh(sym(a), lower=False), [separated(3, 3)], device=False),
    Case("scipy.linalg.eigh/driver", lambda a: linalg.eigh(sym(a), driver="evd"), [separated(3, 3)]),
    Case(
        "scipy.linalg.eigh/values", lambda a: linalg.eigh(sym(a), eigvals_only=True), [separated(3, 3)], complex_ok=True
    ),
    Case("scipy.linalg.eigh/some", lambda a: linalg.eigh(sym(a), subset_by_index=[1, 2])[0], [separated(3, 3)]),
    Case(
        "scipy.linalg.eigh/interval",
        lambda a: linalg.eigh(sym(a), subset_by_value=[1.5, 4])[0],
        [separated(3, 3)],
        vmap=False,
        device=False,
    ),
    Case(
        "scipy.linalg.eigh/pencil",
        lambda a, b: linalg.eigh(sym(a), sym(b)),
        [separated(3, 3), spd(3, 3)],
        device=False,
    ),
    Case(
        "scipy.linalg.eigh/pencil phase",
        lambda a, b: turned(linalg.eigh(sym(a), sym(b), lower=False)[1]),
        [separated(3, 3), spd(3, 3)],
        complex_ok=True,
        device=False,
    ),
    Case("scipy.linalg.eigvals", lambda a: linalg.eigvals(a), [distinct_rows(3, 3)], complex_ok=True),
    Case("scipy.linalg.eigvalsh", lambda a: linalg.eigvalsh(sym(a)), [separated(3, 3)], complex_ok=True),
    Case(
        "scipy.linalg.eigvalsh/pencil",
        lambda a, b: linalg.eigvalsh(sym(a), sym(b)),
        [spd(3, 3), spd(3, 3)],
        device=False,
    ),
    # -- Functions of matrices
    *(
        Case(
            f"scipy.linalg.{f}",
            lambda a, f=f: getattr(linalg, f)(a * ONE),
            [triangular(3, 3)],
            complex_ok=True,
            device=False,
        )
        for f in ("expm", "logm", "sqrtm", "sinm", "cosm", "tanm", "sinhm", "coshm", "tanhm")
    ),
    Case("scipy.linalg.expm/stack", lambda a: linalg.expm(a), [real(2, 2, 2)], device=False),
    Case("scipy.linalg.expm/1 by 1", lambda a: linalg.expm(a), [real(1, 1)], device=False),
    Case("scipy.linalg.expm_frechet", lambda a, e: linalg.expm_frechet(a, e), [real(3, 3), real(3, 3)], device=False),
    Case(
        "scipy.linalg.fractional_matrix_power",
        lambda a: linalg.fractional_matrix_power(a * ONE, 0.3),
        [triangular(3, 3)],
        device=False,
    ),
    Case(
        "scipy.linalg.fractional_matrix_power/whole",
        lambda a: linalg.fractional_matrix_power(a, -2),
        [triangular(3, 3)],
    ),
    Case(
        "scipy.linalg.fractional_matrix_power/exponent",
        lambda a, t: linalg.fractional_matrix_power(a * ONE, t),
        [triangular(2, 2), Input((), lambda rng, s: rng.uniform(0.2, 0.8, s), lambda rng, s: rng.uniform(0.2, 0.8, s))],
        device=False,
        vmap=False,
    ),
    # -- Structure
    Case("scipy.linalg.toeplitz", lambda c: linalg.toeplitz(c), [real(3)], complex_ok=True),
    Case("scipy.linalg.toeplitz/row", lambda c, r: linalg.toeplitz(c, r), [real(3), real(2)], complex_ok=True),
    Case("scipy.linalg.hankel", lambda c: linalg.hankel(c), [real(3)]),
    Case("scipy.linalg.hankel/row", lambda c, r: linalg.hankel(c, r), [real(3), real(2)], complex_ok=True),
    Case("scipy.linalg.circulant", lambda c: linalg.circulant(c), [real(3)], complex_ok=True),
    Case("scipy.linalg.companion", lambda a: linalg.companion(a), [first_heavy(4)], complex_ok=True),
    Case("scipy.linalg.block_diag", lambda a, b, c: linalg.block_diag(a, b, c), [real(2, 2), real(1, 3), real(2)]),
    Case("scipy.linalg.khatri_rao", lambda a, b: linalg.khatri_rao(a, b), [real(2, 3), real(2, 3)], complex_ok=True),
    Case(
        "scipy.linalg.solve_banded",
        lambda ab, b: linalg.solve_banded((2, 1), ab, b),
        [bands(4, 5), real(5, 2)],
        complex_ok=True,
        device=False,
    ),
    Case(
        "scipy.linalg.solve_banded/vector",
        lambda ab, b: linalg.solve_banded((0, 1), ab, b),
        [bands(2, 3), real(3)],
        device=False,
    ),
    Case(
        "scipy.linalg.solveh_banded",
        lambda ab, b: linalg.solveh_banded(ab, b),
        [bands(2, 4), real(4)],
        device=False,
    ),
    Case(
        "scipy.linalg.solveh_banded/lower",
        lambda ab, b: linalg.solveh_banded(ab[::-1], b, lower=True),
        [bands(2, 4), real(4, 2)],
        complex_ok=False,
        device=False,
    ),
    Case(
        "scipy.linalg.solve_toeplitz",
        lambda c, b: linalg.solve_toeplitz(c, b),
        [first_heavy(3), real(3)],
        complex_ok=True,
    ),
    Case(
        "scipy.linalg.solve_toeplitz/row",
        lambda c, r, b: linalg.solve_toeplitz((c, r), b),
        [first_heavy(3), first_heavy(3), real(3, 2)],
    ),
]


def product_of(parts):
    """The matrix that a singular value decomposition gives back, with the singular values squared."""
    u, s, vh = parts
    return u @ (s[:, None] ** 2 * vh)


KINKS = [
    Kink("polar of the identity", lambda a: linalg.polar(a)[1], np.eye(2), np.ones((2, 2))),
]
