"""Eigenvalues, QR, least squares and singular vectors.

LAPACK leaves open the phase of complex singular vectors and of the eigenvectors of Hermitian matrices, and how a basis
is completed. Such rows ask for functions that do not depend on it. Signs are open too, but small steps keep them.
"""

import numpy as np

from cases.table import Array, Case, Input, Kink, invertible, real


def symmetric(*shape: int) -> Input:
    """Symmetric or Hermitian matrices with eigenvalues near 1, -2, 3, ..."""
    return Input(shape, lambda rng, s: _symmetric(rng.normal(size=s)), lambda rng, s: _symmetric(_complex(rng, s)))


def spread(*shape: int) -> Input:
    """Square matrices with real eigenvalues that lie apart; complex ones with such real parts."""
    return Input(shape, lambda rng, s: _spread(rng.normal(size=s)), lambda rng, s: _spread(_complex(rng, s)))


def turning(*shape: int) -> Input:
    """Real matrices with complex eigenvalues."""
    return Input(shape, lambda rng, s: _turning(rng.normal(size=s)), lambda rng, s: _spread(_complex(rng, s)))


def tall(*shape: int) -> Input:
    """Matrices of full rank, of any shape, well-conditioned and with singular values that lie apart."""
    return Input(shape, lambda rng, s: _full_rank(rng.normal(size=s)), lambda rng, s: _full_rank(_complex(rng, s)))


def _complex(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape))


def _ladder(n: int) -> Array:
    return np.diag(np.arange(1.0, n + 1) * (-1) ** np.arange(n))


def _symmetric(x: Array) -> Array:
    return 0.1 * (x + x.mT.conj()) + _ladder(x.shape[-1])


def _spread(x: Array) -> Array:
    return 0.2 * x + 2 * _ladder(x.shape[-1])


def _turning(x: Array) -> Array:
    n = x.shape[-1]
    return 0.1 * x + np.diag(np.arange(1.0, n), 1) - np.diag(np.arange(1.0, n), -1)


def _full_rank(x: Array) -> Array:
    m, n = x.shape[-2:]
    u, v = np.linalg.qr(0.3 * x @ x.mT.conj() + np.eye(m))[0], np.linalg.qr(0.3 * x.mT.conj() @ x + np.eye(n))[0]
    phase = np.exp(0.7j) if np.iscomplexobj(x) else 1  # LAPACK changes a sign where a last element is real
    return u[..., : min(m, n)] * np.arange(1.0, min(m, n) + 1) * phase @ v[..., : min(m, n)].mT


def herm(x):  # type: ignore[no-untyped-def]
    """Return the Hermitian part."""
    return (x + x.mT.conj()) / 2


def onto(v):  # type: ignore[no-untyped-def]
    """Return the projections onto the spans of each column, which have no phase."""
    return v[..., None, :] * v.conj()[..., None, :, :]


def span(v):  # type: ignore[no-untyped-def]
    """Return the projection onto the span of all columns."""
    return v @ v.mT.conj()


def pair(x, y):  # type: ignore[no-untyped-def]
    """Return the products of each column of `x` with the same one of `y`: a common phase drops out."""
    return x[..., :, None, :] * y.conj()[..., None, :, :]


def apart(result):  # type: ignore[no-untyped-def]
    """Return singular values and functions of the vectors without a phase."""
    u, s, vh = result
    k = s.shape[-1]
    return s, pair(u[..., :k], vh.mT.conj()[..., :k]), span(u[..., k:]), span(vh.mT.conj()[..., k:])


def thin(result):  # type: ignore[no-untyped-def]
    u, s, vh = result
    return s, pair(u, vh.mT.conj())


def solved(a, b, rcond=None):  # type: ignore[no-untyped-def]
    """Return what has a derivative of a least squares solution."""
    x, residuals, _, s = np.linalg.lstsq(a, b, rcond)
    return x, residuals, s


SPECTRAL = [
    # -- QR
    Case("linalg.qr", lambda x: np.linalg.qr(x), [real(3, 3)], complex_ok=True),
    Case("linalg.qr/tall", lambda x: np.linalg.qr(x), [tall(4, 2)], complex_ok=True),
    Case("linalg.qr/wide", lambda x: np.linalg.qr(x), [tall(2, 4)], complex_ok=True),
    Case("linalg.qr/one column", lambda x: np.linalg.qr(x), [tall(3, 1)], complex_ok=True),
    Case("linalg.qr/one row", lambda x: np.linalg.qr(x)[1], [tall(1, 3)], complex_ok=True),
    Case("linalg.qr/stack", lambda x: np.linalg.qr(x), [tall(2, 3, 2)], complex_ok=True),
    Case("linalg.qr/stack of wide", lambda x: np.linalg.qr(x), [tall(2, 2, 3)]),
    Case("linalg.qr/r", lambda x: np.linalg.qr(x, "r"), [tall(4, 2)], complex_ok=True),
    Case("linalg.qr/r,wide", lambda x: np.linalg.qr(x, mode="r"), [tall(2, 3)]),
    Case("linalg.qr/complete,square", lambda x: np.linalg.qr(x, mode="complete"), [real(3, 3)], complex_ok=True),
    Case("linalg.qr/complete,wide", lambda x: np.linalg.qr(x, mode="complete"), [tall(2, 3)], complex_ok=True),
    Case(
        "linalg.qr/complete,tall",
        lambda x: (lambda q, r: (q[..., :2], span(q[..., 2:]), r))(*np.linalg.qr(x, mode="complete")),
        [tall(4, 2)],
        complex_ok=True,
    ),
    Case(
        "linalg.qr/complete,stack",
        lambda x: (lambda q, r: (q[..., :2], span(q[..., 2:]), r))(*np.linalg.qr(x, mode="complete")),
        [tall(2, 3, 2)],
    ),
    # -- Hermitian eigenvalues
    Case("linalg.eigvalsh", lambda x: np.linalg.eigvalsh(herm(x)), [symmetric(3, 3)], complex_ok=True),
    Case("linalg.eigvalsh/upper", lambda x: np.linalg.eigvalsh(herm(x), UPLO="U"), [symmetric(3, 3)], complex_ok=True),
    Case("linalg.eigvalsh/stack", lambda x: np.linalg.eigvalsh(herm(x)), [symmetric(2, 3, 3)], complex_ok=True),
    Case("linalg.eigvalsh/1 by 1", lambda x: np.linalg.eigvalsh(herm(x)), [symmetric(1, 1)], complex_ok=True),
    Case("linalg.eigh", lambda x: np.linalg.eigh(herm(x)), [symmetric(3, 3)]),
    Case("linalg.eigh/upper", lambda x: np.linalg.eigh(herm(x), "U"), [symmetric(3, 3)]),
    Case("linalg.eigh/stack", lambda x: np.linalg.eigh(herm(x)), [symmetric(2, 2, 2)]),
    Case("linalg.eigh/1 by 1", lambda x: np.linalg.eigh(herm(x)), [symmetric(1, 1)]),
    Case(
        "linalg.eigh/without phase",
        lambda x: (lambda w, v: (w, onto(v)))(*np.linalg.eigh(herm(x))),
        [symmetric(3, 3)],
        complex_ok=True,
    ),
    Case(
        "linalg.eigh/without phase,upper,stack",
        lambda x: (lambda w, v: (w, onto(v)))(*np.linalg.eigh(herm(x), UPLO="U")),
        [symmetric(2, 2, 2)],
        complex_ok=True,
    ),
    Case(
        "linalg.eigh/function of a matrix",
        lambda x: (lambda w, v: (v * np.exp(w)[..., None, :]) @ v.mT.conj())(*np.linalg.eigh(herm(x))),
        [symmetric(3, 3)],
        complex_ok=True,
    ),
    # -- General eigenvalues
    Case("linalg.eigvals", lambda x: np.linalg.eigvals(x), [spread(3, 3)], complex_ok=True),
    Case("linalg.eigvals/turning", lambda x: np.linalg.eigvals(x), [turning(4, 4)]),
    Case("linalg.eigvals/stack", lambda x: np.linalg.eigvals(x), [spread(2, 2, 2)], complex_ok=True),
    Case("linalg.eigvals/1 by 1", lambda x: np.linalg.eigvals(x), [spread(1, 1)], complex_ok=True),
    Case("linalg.eig", lambda x: np.linalg.eig(x), [spread(3, 3)], complex_ok=True),
    Case("linalg.eig/turning", lambda x: np.linalg.eig(x), [turning(4, 4)]),
    Case("linalg.eig/turning,odd", lambda x: np.linalg.eig(x), [turning(3, 3)]),
    Case("linalg.eig/stack", lambda x: np.linalg.eig(x), [spread(2, 2, 2)], complex_ok=True),
    Case("linalg.eig/1 by 1", lambda x: np.linalg.eig(x), [spread(1, 1)], complex_ok=True),
    # -- Singular values and vectors
    Case("linalg.svdvals/tall", lambda x: np.linalg.svdvals(x), [tall(4, 2)], complex_ok=True),
    Case("linalg.svdvals/wide,stack", lambda x: np.linalg.svdvals(x), [tall(2, 2, 3)], complex_ok=True),
    Case("linalg.svd/values", lambda x: np.linalg.svd(x, compute_uv=False), [tall(3, 3)], complex_ok=True),
    Case("linalg.svd/thin", lambda x: np.linalg.svd(x, full_matrices=False), [tall(4, 2)]),
    Case("linalg.svd/thin,wide", lambda x: np.linalg.svd(x, full_matrices=False), [tall(2, 3)]),
    Case("linalg.svd/thin,stack", lambda x: np.linalg.svd(x, full_matrices=False), [tall(2, 3, 2)]),
    Case("linalg.svd/square", lambda x: np.linalg.svd(x), [tall(3, 3)]),
    Case("linalg.svd/without phase", lambda x: thin(np.linalg.svd(x)), [tall(3, 3)], complex_ok=True),
    Case("linalg.svd/without phase,thin", lambda x: thin(np.linalg.svd(x, False)), [tall(4, 2)], complex_ok=True),
    Case("linalg.svd/without phase,wide", lambda x: thin(np.linalg.svd(x, False)), [tall(2, 3)], complex_ok=True),
    Case("linalg.svd/full", lambda x: apart(np.linalg.svd(x)), [tall(4, 2)], complex_ok=True),
    Case("linalg.svd/full,wide", lambda x: apart(np.linalg.svd(x)), [tall(2, 4)], complex_ok=True),
    Case("linalg.svd/full,stack", lambda x: apart(np.linalg.svd(x)), [tall(2, 3, 2)], complex_ok=True),
    Case(
        "linalg.svd/hermitian",
        lambda x: thin(np.linalg.svd(herm(x), hermitian=True)),
        [symmetric(3, 3)],
        complex_ok=True,
    ),
    Case(
        "linalg.svd/hermitian,values",
        lambda x: np.linalg.svd(herm(x), compute_uv=False, hermitian=True),
        [symmetric(2, 3, 3)],
        complex_ok=True,
    ),
    # -- Least squares
    Case("linalg.lstsq", lambda a, b: solved(a, b), [tall(4, 2), real(4, 3)], complex_ok=True),
    Case("linalg.lstsq/vector", lambda a, b: solved(a, b), [tall(4, 2), real(4)], complex_ok=True),
    Case("linalg.lstsq/square", lambda a, b: solved(a, b), [invertible(3, 3), real(3)], complex_ok=True),
    Case("linalg.lstsq/wide", lambda a, b: solved(a, b), [tall(2, 4), real(2, 2)], complex_ok=True),
    Case("linalg.lstsq/wide,vector", lambda a, b: np.linalg.lstsq(a, b)[0], [tall(2, 3), real(2)], complex_ok=True),
    Case("linalg.lstsq/one column", lambda a, b: solved(a, b), [tall(3, 1), real(3)]),
    Case("linalg.lstsq/rcond", lambda a, b: solved(a, b, 1e-9), [tall(4, 2), real(4)]),
    Case(
        "linalg.lstsq/low rank",
        lambda u, v, b: np.linalg.lstsq(u @ v, b, rcond=1e-4)[0],
        [tall(4, 2), tall(2, 3), real(4, 2)],
        complex_ok=True,
    ),
    Case("linalg.lstsq/list", lambda a: np.linalg.lstsq(a, [1.0, 2.0, -1.0])[0], [tall(3, 2)], device=False),
]


EYE = [[1.0, 0.0], [0.0, 1.0]]

#: Equal eigenvalues or singular values, without their vectors.
KINKS = [
    Kink("eigvalsh at equal eigenvalues", lambda x: np.sum(np.linalg.eigvalsh(x) ** 2), EYE, 2 * np.eye(2)),
    Kink("eigvals at equal eigenvalues", lambda x: np.real(np.sum(np.linalg.eigvals(x) ** 2)), EYE, 2 * np.eye(2)),
    Kink("svdvals at equal singular values", lambda x: np.sum(np.linalg.svdvals(x) ** 2), EYE, 2 * np.eye(2)),
    Kink("nuclear norm of the identity", lambda x: np.linalg.norm(x, "nuc"), EYE, np.eye(2)),
    Kink("spectral norm of the identity", lambda x: np.linalg.norm(x, 2), EYE, np.eye(2) / 2),
    Kink("nuclear norm of zeros", lambda x: np.linalg.norm(x, "nuc"), np.zeros((2, 2)), np.zeros((2, 2))),
]
