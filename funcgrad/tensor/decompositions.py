"""Factors and spectra of matrices, for ``funcgrad.linalg``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.kinds import Constant
from funcgrad.tensor import returns as results
from funcgrad.tensor.beside import here, on_host
from funcgrad.tensor.calling import check_floating, operation, values_of
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("cholesky", "cholesky_ex", "cholesky_inverse", "cholesky_solve", "eig", "eigh", "eigvals", "eigvalsh"),
    *("lu", "matrices", "matrix_exp", "qr", "svd", "svdvals", "transposed"),
]


def matrices(name: str, A: Any, square: bool = False) -> Any:
    """Return the payload of floating-point matrices."""
    x = unwrap(A)
    check_floating(f"linalg.{name}", x)
    if len(x.shape) < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices"
        )
    return x


def transposed(x: Any) -> Any:
    y = np.swapaxes(x, -1, -2)
    return np.conjugate(y) if y.dtype.kind == "c" else y


# -- Factors ---------------------------------------------------------------------------------------------------------


@operation
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """Return the Cholesky factor of Hermitian positive definite matrices, of which the lower triangle is read."""
    x = matrices("cholesky", A, True)
    lower = np.linalg.cholesky(transposed(x) if upper else x)
    return wrap(transposed(lower) if upper else lower)


@operation
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> results.Cholesky:
    """Return the Cholesky factor and zeros that say that it exists; if it does not, that raises."""
    y = cholesky(A, upper=upper)
    return results.Cholesky(y, wrap(here(np.zeros(unwrap(y).shape[:-2], np.int32), unwrap(y))))


@operation
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """Solve ``A @ X = B``, of which `L` is the Cholesky factor of `A`."""
    a = np.triu(unwrap(L)) if upper else np.tril(unwrap(L))
    lower = transposed(a) if upper else a
    return wrap(np.linalg.solve(transposed(lower), np.linalg.solve(lower, unwrap(B))))


@operation
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """Return the inverse of the matrix of which `L` is the Cholesky factor."""
    a = np.triu(unwrap(L)) if upper else np.tril(unwrap(L))
    return wrap(np.linalg.inv(transposed(a) @ a if upper else a @ transposed(a)))


@operation
def qr(A: Tensor, mode: str = "reduced") -> results.QR:
    """Return the factors Q and R: "reduced", "complete", or "r" alone, beside an empty Q."""
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    x = matrices("qr", A)
    if mode == "r":
        return results.QR(wrap(here(np.zeros(0, x.dtype), x)), wrap(np.linalg.qr(x, "r")))
    kind: Any = mode
    q, r = np.linalg.qr(x, kind)
    return results.QR(wrap(q), wrap(r))


def pivoted_rows(x: Any) -> Any:
    """Return the order of rows that partial pivoting finds, for every matrix."""
    rest = np.array(on_host(x))
    m, n = rest.shape[-2:]
    order = np.broadcast_to(np.arange(m), rest.shape[:-1]).copy()
    for at in np.ndindex(*rest.shape[:-2]):
        a, rows = rest[at], order[at]
        for k in range(min(m, n)):
            p = k + int(np.argmax(np.abs(a[k:, k])))
            a[[k, p]], rows[[k, p]] = a[[p, k]], rows[[p, k]]
            if a[k, k] != 0:
                a[k + 1 :] -= np.outer(a[k + 1 :, k] / a[k, k], a[k])
    return here(order, x)


pivots_of = Constant(pivoted_rows, own=True, name="lu_pivots")


@operation
def lu(A: Tensor, *, pivot: bool = True) -> results.LU:
    """Return the factors of ``A = P @ L @ U``, found by elimination with partial pivoting."""
    x = matrices("lu", A)
    if not pivot:
        raise NotImplementedError("linalg.lu(pivot=False): elimination without pivoting is not offered")
    m, n = x.shape[-2:]
    order = pivots_of(stop_gradient(x))
    rest = np.take_along_axis(x, np.broadcast_to(order[..., None], x.shape), axis=-2)
    columns, rows = [], []
    for k in range(min(m, n)):
        row = rest[..., 0:1, :]
        column = rest[..., :, k : k + 1] / rest[..., 0:1, k : k + 1]
        rows.append(row)
        columns.append(np.concatenate([here(np.zeros((*x.shape[:-2], k, 1), x.dtype), x), column], axis=-2))
        rest = (rest - column * row)[..., 1:, :]
    lower = np.concatenate(columns, axis=-1)
    upper = np.triu(np.concatenate(rows, axis=-2))
    permutation = np.swapaxes(here(np.eye(m, dtype=x.dtype), x)[order], -1, -2)
    return results.LU(wrap(permutation), wrap(lower), wrap(upper))


# -- Spectra ---------------------------------------------------------------------------------------------------------


@operation
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> results.SVD:
    """Return U, the singular values and Vh; with `full_matrices` there is a gradient for square matrices only."""
    x = matrices("svd", A)
    u, s, vh = np.linalg.svd(x, full_matrices=full_matrices and x.shape[-1] != x.shape[-2])
    return results.SVD(wrap(u), wrap(s), wrap(vh))


@operation
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """Return the singular values."""
    return wrap(np.linalg.svdvals(matrices("svdvals", A)))


def triangle(name: str, A: Any, UPLO: str) -> tuple[Any, Any]:
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return matrices(name, A, True), UPLO.upper()


@operation
def eigh(A: Tensor, UPLO: str = "L") -> results.Eigh:
    """Return the eigenvalues and eigenvectors of Hermitian matrices, of which one triangle is read."""
    values, vectors = np.linalg.eigh(*triangle("eigh", A, UPLO))
    return results.Eigh(wrap(values), wrap(vectors))


@operation
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """Return the eigenvalues of Hermitian matrices, of which one triangle is read."""
    return wrap(np.linalg.eigvalsh(*triangle("eigvalsh", A, UPLO)))


def complex_matrices(name: str, A: Any) -> Any:
    """Return square matrices as complex ones: so are eigenvalues in general."""
    x = matrices(name, A, True)
    return x if x.dtype.kind == "c" else x.astype(np.promote_types(x.dtype, np.complex64))


@operation
def eig(A: Tensor) -> results.Eig:
    """Return the eigenvalues and eigenvectors of square matrices."""
    values, vectors = np.linalg.eig(complex_matrices("eig", A))
    return results.Eig(wrap(values), wrap(vectors))


@operation
def eigvals(A: Tensor) -> Tensor:
    """Return the eigenvalues of square matrices."""
    return wrap(np.linalg.eigvals(complex_matrices("eigvals", A)))


#: Coefficients of the Padé approximant of order 13 to the exponential (Higham 2005).
PADE = (
    *(64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600),
    *(670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1),
)


@operation
def matrix_exp(A: Tensor) -> Tensor:
    """Return the exponential of square matrices, by scaling and squaring."""
    x = matrices("matrix_exp", A, True)
    size = float(np.max(np.sum(np.abs(values_of(A)), axis=-2))) if x.size else 0.0
    squarings = max(0, int(np.ceil(np.log2(size / 2.0)))) if size > 0 and np.isfinite(size) else 0
    a = x / 2.0**squarings
    one = np.broadcast_to(here(np.eye(a.shape[-1], dtype=a.dtype), a), a.shape)
    b = [float(c) / PADE[0] for c in PADE]
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    y = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        y = y @ y
    return wrap(y)
