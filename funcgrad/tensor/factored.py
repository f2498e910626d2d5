"""Factors of matrices in LAPACK's packed form, and what is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad.tensor.beside import here, on_host
from funcgrad.tensor.calling import operation, values_of
from funcgrad.tensor.decompositions import lu as factors_of
from funcgrad.tensor.decompositions import matrices, pivots_of, svd, transposed
from funcgrad.tensor.generators import numbers_from
from funcgrad.tensor.returns import described
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.transforms.gradient import stop_gradient

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("Factored", "FactoredEx", "Unpacked", "geqrf", "householder_product", "lu", "lu_factor", "lu_factor_ex"),
    *("lu_solve", "lu_unpack", "orgqr", "ormqr", "pca_lowrank", "svd_lowrank"),
]


class Factored(NamedTuple):
    """What ``linalg.lu_factor`` returns."""

    LU: Tensor
    pivots: Tensor

    def __repr__(self) -> str:
        return described(self, "linalg_lu_factor")


class FactoredEx(NamedTuple):
    """What ``linalg.lu_factor_ex`` returns."""

    LU: Tensor
    pivots: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return described(self, "linalg_lu_factor_ex")


class Unpacked(NamedTuple):
    """What ``lu_unpack`` returns."""

    P: Tensor
    L: Tensor
    U: Tensor

    def __repr__(self) -> str:
        return described(self, "lu_unpack")


class Reflected(NamedTuple):
    """What ``geqrf`` returns."""

    a: Tensor
    tau: Tensor

    def __repr__(self) -> str:
        return described(self, "geqrf")


# -- LU ----------------------------------------------------------------------------------------------------------------


def exchanges(order: Any, count: int) -> Any:
    """Return LAPACK's pivots for an order of rows: with which row, counted from 1, each was exchanged in its turn."""
    like, order = order, on_host(order)
    pivots = np.zeros((*order.shape[:-1], count), np.int32)
    for at in np.ndindex(*order.shape[:-1]):
        rows = list(range(order.shape[-1]))
        for k in range(count):
            p = rows.index(int(order[at][k]))
            rows[k], rows[p] = rows[p], rows[k]
            pivots[(*at, k)] = p + 1
    return here(pivots, like)


def order_of(pivots: Any, m: int) -> Any:
    """Return the order of `m` rows that pivots make."""
    like, pivots = pivots, on_host(pivots)
    order = np.broadcast_to(np.arange(m), (*pivots.shape[:-1], m)).copy()
    for at in np.ndindex(*pivots.shape[:-1]):
        rows = order[at]
        for k, p in enumerate(pivots[at] - 1):
            rows[[k, p]] = rows[[p, k]]
    return here(order, like)


@operation
def lu_factor(A: Tensor, *, pivot: bool = True) -> Factored:
    """Return the factors of ``A = P @ L @ U`` in one matrix, and the pivots: with which row each was exchanged.

    Examples
    --------
    >>> import funcgrad as fg
    >>> LU, pivots = fg.linalg.lu_factor(fg.tensor([[1.0, 2.0], [2.0, 2.0]]))
    >>> LU
    tensor([[2.0000, 2.0000],
            [0.5000, 1.0000]])
    >>> fg.linalg.lu_solve(LU, pivots, fg.tensor([[3.0], [4.0]]))
    tensor([[1.],
            [1.]])
    """
    _, lower, upper = factors_of(A, pivot=pivot)
    x, low, up = unwrap(A), unwrap(lower), unwrap(upper)
    m, n = x.shape[-2:]
    strict = np.tril(low, -1)
    if m > n:
        up = np.concatenate([up, here(np.zeros((*x.shape[:-2], m - n, n), x.dtype), x)], axis=-2)
    elif n > m:
        strict = np.concatenate([strict, here(np.zeros((*x.shape[:-2], m, n - m), x.dtype), x)], axis=-1)
    return Factored(wrap(strict + up), wrap(exchanges(pivots_of(stop_gradient(values_of(A))), min(m, n))))


@operation
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> FactoredEx:
    """Return what :func:`lu_factor` does, and for each matrix 0, or the number of the first pivot that is zero."""
    packed, pivots = lu_factor(A, pivot=pivot)
    zero = np.diagonal(values_of(packed), axis1=-2, axis2=-1) == 0
    info = np.where(np.any(zero, axis=-1), np.argmax(zero, axis=-1) + 1, 0).astype(np.int32)
    if check_errors and np.any(info):
        raise RuntimeError(f"linalg.lu_factor_ex: U[{np.max(info)},{np.max(info)}] is zero: the matrix is singular")
    return FactoredEx(packed, pivots, wrap(info))


@operation
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """Return the packed factors and the pivots, and with `get_infos` whether a pivot is zero."""
    if get_infos:
        return tuple(lu_factor_ex(A, pivot=pivot))
    return tuple(lu_factor(A, pivot=pivot))


def parts_of(packed: Any) -> tuple[Any, Any]:
    """Return L and U."""
    m, n = packed.shape[-2:]
    k = min(m, n)
    lower = np.tril(packed[..., :, :k], -1) + here(np.eye(m, k, dtype=packed.dtype), packed)
    return lower, np.triu(packed[..., :k, :])


def permutation(pivots: Any, m: int, dtype: Any) -> Any:
    return np.swapaxes(here(np.eye(m, dtype=dtype), pivots)[order_of(pivots, m)], -1, -2)


@operation
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Unpacked:
    """Return P, L and U from what :func:`lu_factor` returns."""
    packed = matrices("lu_unpack", LU_data)
    nothing = here(np.zeros(0, packed.dtype), packed)
    lower, upper = parts_of(packed) if unpack_data else (nothing, nothing)
    rows = permutation(values_of(LU_pivots), packed.shape[-2], packed.dtype) if unpack_pivots else nothing
    return Unpacked(wrap(rows), wrap(lower), wrap(upper))


@operation
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """Solve ``A @ X = B`` with the factors of `A` that :func:`lu_factor` returns.

    Parameters
    ----------
    LU, pivots : Tensor
    B : Tensor
    left : bool
        Whether `A` stands on the left of `X`.
    adjoint : bool
        Whether the conjugate transpose of `A` is meant.
    """
    packed, b = matrices("lu_solve", LU, True), unwrap(B)
    lower, upper = parts_of(packed)
    rows = permutation(values_of(pivots), packed.shape[-1], packed.dtype)
    if not left:  # X A = B is A^H X^H = B^H
        return wrap(transposed(packed_solution(lower, upper, rows, transposed(b), not adjoint)))
    return wrap(packed_solution(lower, upper, rows, b, adjoint))


def packed_solution(lower: Any, upper: Any, rows: Any, b: Any, adjoint: bool) -> Any:
    if adjoint:
        return rows @ np.linalg.solve(transposed(lower), np.linalg.solve(transposed(upper), b))
    return np.linalg.solve(upper, np.linalg.solve(lower, np.swapaxes(rows, -1, -2) @ b))


# -- Reflections: a matrix Q as a product of ``I - tau v v^H`` -------------------------------------------------------


def reflectors(a: Any, tau: Any) -> list[tuple[Any, Any]]:
    """Return vectors, as columns, and factors."""
    m = a.shape[-2]
    found = []
    for i in range(tau.shape[-1]):
        numbers = here(np.arange(m)[:, None], a)
        v = np.where(numbers > i, a[..., :, i : i + 1], (numbers == i).astype(a.dtype))
        found.append((v, tau[..., i][..., None, None]))
    return found


def reflected(b: Any, a: Any, tau: Any, adjoint: bool = False) -> Any:
    """Return ``Q @ b``, or ``Q^H @ b``."""
    pairs = reflectors(a, tau)
    for v, factor in pairs if adjoint else pairs[::-1]:
        c = np.conjugate(factor) if adjoint and factor.dtype.kind == "c" else factor
        b = b - c * (v @ (transposed(v) @ b))
    return b


@operation
def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """Return the first columns of the product of reflections that :func:`geqrf` returns.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.linalg.householder_product(fg.tensor([[5.0], [1.0]]), fg.tensor([1.0]))
    tensor([[ 0.],
            [-1.]])
    """
    a, t = matrices("householder_product", A), unwrap(tau)
    if a.shape[-2] < a.shape[-1] or t.shape[-1] > a.shape[-1]:
        raise RuntimeError(
            "householder_product: input.shape[-2] must be at least input.shape[-1], and that tau's length"
        )
    return wrap(reflected(np.broadcast_to(here(np.eye(*a.shape[-2:], dtype=a.dtype), a), a.shape), a, t))


orgqr = householder_product


@operation
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """Multiply by the matrix Q that reflections make, or its conjugate transpose, from the left or the right."""
    a, t, b = matrices("ormqr", input), unwrap(tau), unwrap(other)
    if left:
        return wrap(reflected(b, a, t, transpose))
    return wrap(transposed(reflected(transposed(b), a, t, not transpose)))


@operation
def geqrf(input: Tensor) -> Reflected:
    """Return R and below it the reflections whose product is Q, and their factors; it has no derivative.

    See Also
    --------
    funcgrad.linalg.qr : has one.
    """
    x = matrices("geqrf", input)
    if input.requires_grad:
        raise NotImplementedError("the derivative for geqrf is not implemented: use linalg.qr, or detach() the matrix")
    raw: Any = "raw"
    h, tau = np.linalg.qr(x, raw)
    return Reflected(wrap(np.swapaxes(h, -1, -2).astype(x.dtype)), wrap(tau.astype(x.dtype)))


# -- Large matrices of low rank --------------------------------------------------------------------------------------


@operation
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Any:
    """Return U, the `q` largest singular values and V, approximately, of ``A - M``: by random projections.

    Parameters
    ----------
    A : Tensor, (..., m, n)
    q : int
        How many; a little more than the rank is good.
    niter : int
        How often the subspace is made better.
    M : Tensor, optional
        What is subtracted.
    """
    a = matrices("svd_lowrank", A)
    a = a if M is None else a - unwrap(M)
    count = 6 if q is None else q
    turned = a.shape[-2] < a.shape[-1]
    a = transposed(a) if turned else a
    basis = a @ here(np.asarray(numbers_from(None).standard_normal((a.shape[-1], count))).astype(a.dtype), a)
    basis = np.linalg.qr(basis)[0]
    for _ in range(2 if niter is None else niter):
        basis = np.linalg.qr(a @ np.linalg.qr(transposed(a) @ basis)[0])[0]
    u, s, vh = svd(wrap(transposed(basis) @ a), full_matrices=False)
    left, right = basis @ unwrap(u), transposed(unwrap(vh))
    left, right = (right, left) if turned else (left, right)
    return wrap(left), s, wrap(right)


@operation
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Any:
    """Return U, S and V of :func:`svd_lowrank`, of the matrix whose columns have lost their mean if `center`."""
    a = matrices("pca_lowrank", A)
    m, n = a.shape[-2:]
    count = min(6, m, n) if q is None else q
    if not 0 <= count <= min(m, n):
        raise ValueError(f"q(={count}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    return svd_lowrank(wrap(a - np.mean(a, axis=-2, keepdims=True)) if center else A, count, niter)
