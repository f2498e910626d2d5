"""Eigenvalues and eigenvectors.

Giles, "An extended collection of matrix derivative results" (2008), 3.1. The eigenvectors of a general matrix have the
lengths and phases that LAPACK gives them (``geev``: of length 1, the largest element real), and so have their tangents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, conjugate, diagonal, on_diagonal
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Opaque
from funcgrad.rules.linalg.degenerate import gaps, pulled_back, shared, turn
from funcgrad.rules.linalg.matrix import (
    hat,
    hermitian_part,
    invertible,
    is_empty,
    off_diagonal,
    quotient,
    refuse,
    size_of,
)

__all__ = ["RULES"]

SHARED = (
    "eig: some eigenvalues are equal, so their eigenvectors are a free choice, and no derivative is known. "
    "np.linalg.eigvals needs no vectors; for Hermitian matrices there is np.linalg.eigh."
)
DEFECTIVE = (
    "eig, eigvals: the matrix has too few eigenvectors (it is defective, up to rounding): its eigenvalues have no "
    "derivative."
)


# -- Hermitian matrices ------------------------------------------------------------------------------


def eigh_jvp(dx: Array, y: Any) -> tuple[Array, Array]:
    """The tangent is taken for Hermitian, whichever triangle NumPy reads: its Hermitian part counts."""
    w, v = y
    h = hermitian_part(adjoint(v) @ dx @ v)
    return np.real(diagonal(h)), v @ turn(h, w, "eigh")


def eigh_vjp(gs: tuple[Array, Array], y: Any, used: tuple[bool, ...]) -> Array:
    return eigh_pulled_back(gs, y, alone=False) if used[1] else from_values(gs[0], y[1])


def from_values(g: Array, v: Array) -> Array:
    """Where eigenvalues are equal, a derivative in the sense of Clarke."""
    return hat((v * g[..., None, :]) @ adjoint(v))


def eigh_pulled_back(gs: tuple[Array, Array], y: Any, alone: bool) -> Array:
    w, v = y
    g = hat(gs[1])
    return hat(v @ pulled_back(adjoint(v) @ g, gs[0], w, (g,), "eigh", alone) @ adjoint(v))


def eigh_vjp_alone(gs: tuple[Array, Array], y: Any) -> Array:
    return eigh_pulled_back(gs, y, alone=True)


def eigh_values(x: Array, UPLO: Any) -> Any:
    return np.linalg.eigh(x, UPLO)


vectors = Opaque(eigh_values, eigh_jvp, eigh_vjp_alone, own=True, name="eigh", ignore="UPLO", batch=stacked)


def eigvalsh_jvp(dx: Array, x: Array, UPLO: str) -> Array:
    v = vectors(x, UPLO=UPLO)[1]
    return np.real(np.sum(conjugate(v) * (hermitian_part(dx) @ v), axis=-2))


def eigvalsh_vjp(g: Array, x: Array, UPLO: str) -> Array:
    return from_values(g, vectors(x, UPLO=UPLO)[1])


# -- General matrices --------------------------------------------------------------------------------


def eig_jvp(dx: Array, y: Any) -> tuple[Array, Array]:
    w, v = y
    p = np.linalg.solve(basis(v, dx), dx @ v)
    if is_empty(p):
        return w, p
    du = v @ quotient(off_diagonal(p), gaps(w), shared(w), (p,), SHARED)
    return diagonal(p), du - along(v, du)


def along(v: Array, du: Array) -> Array:
    """What would change the lengths of the columns of `v`, and the phase of their largest elements."""
    change = np.real(np.sum(conjugate(v) * du, axis=-2, keepdims=True))
    if v.dtype.kind != "c":
        return v * change
    return v * (change + 1j * np.sum(largest_real(v) * np.imag(du), axis=-2, keepdims=True))


def largest_real(v: Array) -> Array:
    """In each column one over the element that is kept real, the largest of those that are; elsewhere zero."""
    size = np.abs(v) + (np.imag(v) == 0)
    chosen = size == np.max(size, axis=-2, keepdims=True)
    count = np.sum(chosen, axis=-2, keepdims=True)
    return np.where(chosen, 1 / np.where(chosen, np.real(v) * count, 1), 0)


def eig_vjp(gs: tuple[Array, Array], y: Any, used: tuple[bool, ...]) -> Array:
    return eig_pulled_back(gs, y, alone=False) if used[1] else pull(y[1], on_diagonal(hat(gs[0])))


def eig_pulled_back(gs: tuple[Array, Array], y: Any, alone: bool) -> Array:
    """Equal eigenvalues are refused: cotangents do not tell whether the function needs the vectors."""
    w, v = y
    g = hat(gs[1])
    if is_empty(g):
        return g
    n = adjoint(v) @ (g - along_transposed(v, g))
    equal = shared(w)
    asked = equal if alone else equal & (size_of(g, gs[0][..., None]) > 0)
    k = refuse(asked, off_diagonal(n) / conjugate(np.where(equal, 1, gaps(w))), SHARED)
    return pull(v, k + on_diagonal(hat(gs[0])))


def along_transposed(v: Array, g: Array) -> Array:
    a = np.sum(conjugate(v) * g, axis=-2, keepdims=True)
    if v.dtype.kind != "c":
        return v * a
    return v * np.real(a) + 1j * largest_real(v) * np.imag(a)


def pull(v: Array, k: Array) -> Array:
    """``hat(v^-H k v^H)``."""
    return hat(np.linalg.solve(adjoint(basis(v, k)), k @ adjoint(v)))


def basis(v: Array, *likes: Array) -> Array:
    """Refuse eigenvectors that are not a basis."""
    if is_empty(v):
        return v
    s = np.linalg.svd(v, compute_uv=False)
    missing = s[..., -1] <= 100 * float(np.finfo(v.dtype).eps) * s[..., 0]
    return invertible(v, missing, likes, DEFECTIVE)


def eig_vjp_alone(gs: tuple[Array, Array], y: Any) -> Array:
    return eig_pulled_back(gs, y, alone=True)


general_vectors = Opaque(lambda x: np.linalg.eig(x), eig_jvp, eig_vjp_alone, own=True, name="eig", batch=stacked)


def eigvals_jvp(dx: Array, x: Array) -> Array:
    v = general_vectors(x)[1]
    return diagonal(np.linalg.solve(basis(v, dx), dx @ v))


def eigvals_vjp(g: Array, x: Array) -> Array:
    """Equal eigenvalues share a basis; a matrix that lacks eigenvectors has no derivative."""
    v = general_vectors(x)[1]
    return pull(v, on_diagonal(hat(g)))


RULES = (
    # -- Hermitian matrices
    Opaque(np.linalg.eigh, eigh_jvp, eigh_vjp, ignore="UPLO", batch=stacked),
    Opaque(np.linalg.eigvalsh, eigvalsh_jvp, eigvalsh_vjp, batch=stacked),
    # -- General matrices
    Opaque(np.linalg.eig, eig_jvp, eig_vjp, batch=stacked),
    Opaque(np.linalg.eigvals, eigvals_jvp, eigvals_vjp, batch=stacked),
)
