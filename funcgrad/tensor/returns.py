"""Named results of operations that return several tensors, printed as PyTorch prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("Aminmax", "Cholesky", "Cummax", "Cummin", "Eig", "Eigh", "InvEx", "Kthvalue", "LU", "Lstsq"),
    *("Max", "Median", "Min", "Mode", "Nanmedian", "Pair", "QR", "SVD", "Slogdet", "SolveEx", "Sort", "Topk"),
]


def described(result: Any, name: str) -> str:
    """Return the text of a named result."""
    parts = [f"{field}={getattr(result, field)!r}" for field in result._fields]
    return f"torch.return_types.{name}(\n" + ",\n".join(parts) + ")"


class Pair(NamedTuple):
    """Elements of a tensor, and where they were found."""

    values: Tensor
    indices: Tensor


class Max(Pair):
    """What ``max(dim)`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "max")


class Min(Pair):
    """What ``min(dim)`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "min")


class Sort(Pair):
    """What ``sort`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "sort")


class Topk(Pair):
    """What ``topk`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "topk")


class Kthvalue(Pair):
    """What ``kthvalue`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "kthvalue")


class Median(Pair):
    """What ``median(dim)`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "median")


class Nanmedian(Pair):
    """What ``nanmedian(dim)`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "nanmedian")


class Mode(Pair):
    """What ``mode`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "mode")


class Cummax(Pair):
    """What ``cummax`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "cummax")


class Cummin(Pair):
    """What ``cummin`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        return described(self, "cummin")


class Aminmax(NamedTuple):
    """What ``aminmax`` returns."""

    def __repr__(self) -> str:
        return described(self, "aminmax")

    min: Tensor
    max: Tensor


class Slogdet(NamedTuple):
    """What ``linalg.slogdet`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_slogdet")

    sign: Tensor
    logabsdet: Tensor


class QR(NamedTuple):
    """What ``linalg.qr`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_qr")

    Q: Tensor
    R: Tensor


class SVD(NamedTuple):
    """What ``linalg.svd`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_svd")

    U: Tensor
    S: Tensor
    Vh: Tensor


class Eigh(NamedTuple):
    """What ``linalg.eigh`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_eigh")

    eigenvalues: Tensor
    eigenvectors: Tensor


class Eig(NamedTuple):
    """What ``linalg.eig`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_eig")

    eigenvalues: Tensor
    eigenvectors: Tensor


class Cholesky(NamedTuple):
    """What ``linalg.cholesky_ex`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_cholesky_ex")

    L: Tensor
    info: Tensor


class InvEx(NamedTuple):
    """What ``linalg.inv_ex`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_inv_ex")

    inverse: Tensor
    info: Tensor


class LU(NamedTuple):
    """What ``linalg.lu`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_lu")

    P: Tensor
    L: Tensor
    U: Tensor


class Lstsq(NamedTuple):
    """What ``linalg.lstsq`` returns."""

    def __repr__(self) -> str:
        return described(self, "linalg_lstsq")

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class SolveEx(NamedTuple):
    """What ``solve_ex`` returns."""

    result: Tensor
    info: Tensor

    def __repr__(self) -> str:
        return described(self, "linalg_solve_ex")
