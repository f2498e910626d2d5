"""Operations that go by another name, or return something else, in PyTorch's main namespace than in its chapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad.tensor import extremes, factored, linalg, special
from funcgrad.tensor.calling import operation
from funcgrad.tensor.returns import described
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms import root

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["argmin", "igamma", "igammac", "inverse", "lu_solve", "mvlgamma", "pinverse", "qr", "slogdet", "svd"]

inverse, pinverse = linalg.inv, linalg.pinv
igamma, igammac, mvlgamma = special.gammainc, special.gammaincc, special.multigammaln


def argmin(input: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the place of a tensor's minimum, or minimize a function.

    Of a tensor, ``argmin(input, dim=None, keepdim=False)`` returns the index of the first smallest element. Of a
    function, ``argmin(objective, init, *params)`` returns a minimizer that is differentiable in the parameters, see
    :func:`funcgrad.transforms.root.argmin`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.argmin(fg.tensor([3.0, 1.0, 2.0]))
    tensor(1)
    """
    return extremes.argmin(input, *args, **kwargs) if isinstance(input, Base) else root.argmin(input, *args, **kwargs)


class SVD(NamedTuple):
    """What ``svd`` returns, with V in place of its conjugate transpose."""

    U: Tensor
    S: Tensor
    V: Tensor

    def __repr__(self) -> str:
        return described(self, "svd")


class Slogdet(NamedTuple):
    """What ``slogdet`` returns."""

    sign: Tensor
    logabsdet: Tensor

    def __repr__(self) -> str:
        return described(self, "slogdet")


class QR(NamedTuple):
    """What ``qr`` returns."""

    Q: Tensor
    R: Tensor

    def __repr__(self) -> str:
        return described(self, "qr")


@operation
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> SVD:
    """Return U, the singular values and V. In new programs: :func:`funcgrad.linalg.svd`, which returns Vh."""
    if not compute_uv:
        raise NotImplementedError("svd(compute_uv=False): use linalg.svdvals")
    u, s, vh = linalg.svd(input, full_matrices=not some)
    v = np.swapaxes(unwrap(vh), -1, -2)
    return SVD(u, s, wrap(np.conjugate(v) if v.dtype.kind == "c" else v))


@operation
def qr(input: Tensor, some: bool = True) -> QR:
    """Return Q and R. In new programs: :func:`funcgrad.linalg.qr`."""
    return QR(*linalg.qr(input, "reduced" if some else "complete"))


@operation
def slogdet(input: Tensor) -> Slogdet:
    """Return sign and logarithm of the absolute value of the determinant: :func:`funcgrad.linalg.slogdet`."""
    return Slogdet(*linalg.slogdet(input))


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """Solve ``A @ X = b`` with the factors of `A`. In new programs: :func:`funcgrad.linalg.lu_solve`."""
    return factored.lu_solve(LU_data, LU_pivots, b)
