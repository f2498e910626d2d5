"""``funcgrad.linalg``: matrices, their inverses, factors and spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor import calling, factored, linear, norms
from funcgrad.tensor import decompositions as factors
from funcgrad.tensor import returns as results
from funcgrad.tensor.beside import here, no_number
from funcgrad.tensor.calling import axis_of, operation, payloads, values_of
from funcgrad.tensor.decompositions import matrices
from funcgrad.tensor.diagonals import diagonal as diagonal_of
from funcgrad.tensor.promotion import common
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("cholesky", "cholesky_ex", "cholesky_inverse", "cholesky_solve", "cond", "cross", "det", "diagonal"),
    *("eig", "eigh", "eigvals", "eigvalsh", "householder_product", "inv", "inv_ex", "LinAlgError"),
    *("logdet", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "matmul"),
    *("matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet"),
    *(
        "solve",
        "solve_ex",
        "solve_triangular",
        "svd",
        "svdvals",
        "tensorinv",
        "tensorsolve",
        "triangular_solve",
        "vander",
    ),
    *("vecdot", "vector_norm"),
]

# -- Inverses and determinants ---------------------------------------------------------------------------------------


@operation
def inv(A: Tensor) -> Tensor:
    """Return the inverse of square matrices.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.linalg.inv(fg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return wrap(np.linalg.inv(matrices("inv", A, True)))


@operation
def inv_ex(A: Tensor, *, check_errors: bool = False) -> results.InvEx:
    """Return the inverse and zeros that say that it exists; that of a singular matrix raises."""
    y = inv(A)
    return results.InvEx(y, wrap(np.zeros(unwrap(y).shape[:-2], np.int32)))


@operation
def det(A: Tensor) -> Tensor:
    """Return the determinant of square matrices."""
    return wrap(np.linalg.det(matrices("det", A, True)))


@operation
def slogdet(A: Tensor) -> results.Slogdet:
    """Return sign and logarithm of the absolute value of the determinant.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.linalg.slogdet(fg.tensor([[0.0, 1.0], [1.0, 0.0]])).sign
    tensor(-1.)
    """
    sign, logarithm = np.linalg.slogdet(matrices("slogdet", A, True))
    return results.Slogdet(wrap(sign), wrap(logarithm))


@operation
def logdet(input: Tensor) -> Tensor:
    """Return the logarithm of the determinant: nan if that is negative."""
    sign, logarithm = np.linalg.slogdet(matrices("logdet", input, True))
    x = unwrap(input)
    if x.dtype.kind == "c":
        return wrap(logarithm + 1j * np.angle(sign))
    return wrap(np.where(sign < 0, logarithm.dtype.type(np.nan), logarithm))


def as_columns(A: Any, B: Any) -> bool:
    """Whether `B` is a vector, or a batch of them, for the matrices."""
    return len(B.shape) == 1 or (len(A.shape) - 1 == len(B.shape) and B.shape == A.shape[:-1])


@operation
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """Solve ``A @ X = B``, or ``X @ A = B`` if not `left`."""
    a, b = matrices("solve", A, True), unwrap(B)
    if not left:
        return wrap(np.swapaxes(np.linalg.solve(np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)), -1, -2))
    if as_columns(a, b):
        return wrap(np.linalg.solve(a, b[..., None])[..., 0])
    return wrap(np.linalg.solve(a, b))


@operation
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> results.SolveEx:
    """Return the solution and zeros that say that it exists; that with a singular matrix raises."""
    return results.SolveEx(solve(A, B, left=left), wrap(np.zeros(unwrap(A).shape[:-2], np.int32)))


@operation
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """Solve ``A @ X = B`` with a triangular `A`, of which the other triangle is not read."""
    a, b = matrices("solve_triangular", A, True), unwrap(B)
    a = np.triu(a, int(unitriangular)) if upper else np.tril(a, -int(unitriangular))
    if unitriangular:
        a = a + here(np.eye(a.shape[-1], dtype=a.dtype), a)
    if left:
        return wrap(np.linalg.solve(a, b))
    return wrap(np.swapaxes(np.linalg.solve(np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)), -1, -2))


@operation
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the solution of ``A @ X = b`` with a triangular `A`, and `A`."""
    a = wrap(np.swapaxes(unwrap(A), -1, -2)) if transpose else A
    return solve_triangular(a, b, upper=upper != transpose, unitriangular=unitriangular), A


@operation
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """Return the pseudoinverse."""
    x = matrices("pinv", A)
    if atol is not None:
        largest = np.max(np.linalg.svdvals(values_of(A)), axis=-1)
        cut = np.maximum(values_of(atol), (rtol or 0.0) * largest) / largest
        return wrap(np.linalg.pinv(x, rcond=cut.astype(largest.dtype), hermitian=hermitian))
    cut = values_of(rcond if rtol is None else rtol)
    if cut is None:
        cut = max(x.shape[-2:]) * np.finfo(x.dtype).eps
    return wrap(np.linalg.pinv(x, rcond=cut, hermitian=hermitian))


@operation
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """Return the number of singular values that are not negligible."""
    x = values_of(A)
    tolerance = values_of(tol if atol is None else atol)
    if tolerance is not None and rtol is not None:
        tolerance = np.maximum(tolerance, values_of(rtol) * np.max(np.linalg.svdvals(x), axis=-1))
    options = {} if rtol is None or tolerance is not None else {"rtol": values_of(rtol)}
    if hermitian:
        options["hermitian"] = True
    return wrap(no_number(np.linalg.matrix_rank(x, tolerance, **options)).astype(np.int64))


@operation
def cond(A: Tensor, p: Any = None) -> Tensor:
    """Return the condition number."""
    return wrap(np.linalg.cond(matrices("cond", A), p))


@operation
def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> results.Lstsq:
    """Return the least-squares solution of ``A @ X = B``, by the pseudoinverse unless the matrices have full rank."""
    a, b = matrices("lstsq", A), unwrap(B)
    vector = as_columns(a, b)
    columns = b[..., None] if vector else b
    m, n = a.shape[-2:]
    x = np.linalg.pinv(a) @ columns
    empty = here(np.zeros(0, np.real(values_of(A)).dtype), a)
    full = m > n and bool(np.all(np.linalg.matrix_rank(values_of(A)) == n))
    residuals = np.sum(np.absolute(a @ x - columns) ** 2, axis=-2) if full else empty
    rank = (
        no_number(np.linalg.matrix_rank(values_of(A))).astype(np.int64)
        if driver in ("gelsy", "gelsd", "gelss", None)
        else empty
    )
    values = np.linalg.svdvals(a) if driver in ("gelsd", "gelss") else empty
    return results.Lstsq(wrap(x[..., 0] if vector else x), wrap(residuals), wrap(rank), wrap(values))


# -- Products and norms ----------------------------------------------------------------------------------------------


@operation
def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return a norm of vectors or matrices.

    Without `ord` it is the 2-norm of all elements, or along the dimensions. With it, one dimension stands for vectors
    and two for matrices.
    """
    if dim is not None:
        dims = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    elif ord is not None:
        if A.ndim not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D."
            )
        dims = tuple(range(A.ndim))
    else:
        return norms.vector_norm(A, 2, None, keepdim, dtype=dtype)
    if ord is not None and len(dims) == 2:
        return norms.matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    return norms.vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


@operation
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Sum products along a dimension, the first factors conjugated."""
    a, b = common([unwrap(x), unwrap(y)])
    return wrap(np.sum((np.conjugate(a) if a.dtype.kind == "c" else a) * b, axis=dim))


@operation
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Return the cross products of vectors of length 3 along a dimension."""
    return linear.cross(input, other, axis_of(dim, max(input.ndim, other.ndim)))


@operation
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Return the view of the diagonal of matrices."""
    return diagonal_of(A, offset, dim1, dim2)


@operation
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """Multiply several matrices in the cheapest order."""
    return wrap(np.linalg.multi_dot(payloads("linalg.multi_dot", tensors)))


@operation
def vander(x: Tensor, N: int | None = None) -> Tensor:
    """Return the Vandermonde matrix: powers 0, 1, ... of the elements, in columns."""
    a = unwrap(x)
    n = a.shape[-1] if N is None else N
    return wrap(a[..., None] ** here(np.arange(n).astype(a.dtype), a))


@operation
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """Return the inverse for products over `ind` dimensions."""
    return wrap(np.linalg.tensorinv(unwrap(A), ind))


@operation
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """Solve ``tensordot(A, X) = B``."""
    return wrap(np.linalg.tensorsolve(unwrap(A), unwrap(B), dims))


matmul, matrix_power = linear.matmul, linear.matrix_power
matrix_norm, vector_norm, LinAlgError = norms.matrix_norm, norms.vector_norm, calling.LinAlgError
cholesky, cholesky_ex = factors.cholesky, factors.cholesky_ex
cholesky_inverse, cholesky_solve = factors.cholesky_inverse, factors.cholesky_solve
eig, eigh, eigvals, eigvalsh = factors.eig, factors.eigh, factors.eigvals, factors.eigvalsh
lu, matrix_exp, qr, svd, svdvals = factors.lu, factors.matrix_exp, factors.qr, factors.svd, factors.svdvals
householder_product, lu_solve = factored.householder_product, factored.lu_solve
lu_factor, lu_factor_ex = factored.lu_factor, factored.lu_factor_ex
