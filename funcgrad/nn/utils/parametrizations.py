"""Parametrizations of weights: length and direction, the largest singular value, orthogonal matrices."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.utils.norms import PowerIteration, lengths
from funcgrad.nn.utils.parametrize import register_parametrization
from funcgrad.tensor.decompositions import qr
from funcgrad.tensor.factory import eye
from funcgrad.tensor.linalg import solve

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def weight_of(module: Module, name: str) -> Any:
    weight = getattr(module, name, None)
    if weight is None or not hasattr(weight, "dim"):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


class WeightNorm(Module):
    """A length times a direction."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, length: Any, direction: Any) -> Any:
        """Return the weight."""
        return direction * (length / lengths(direction, self.dim))

    def right_inverse(self, weight: Any) -> Any:
        """Return length and direction."""
        return lengths(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn length and direction of a weight apart.

    Parameters
    ----------
    module : Module
    name : str
        Of the weight.
    dim : int or None
        The dimension along which lengths differ; None takes one length for all.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.utils.parametrizations.weight_norm(fg.nn.Linear(2, 3))
    >>> m.parametrizations.weight.original0.shape
    torch.Size([3, 1])
    """
    weight_of(module, name)
    return register_parametrization(module, name, WeightNorm(dim), unsafe=True)


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, found by power iteration.

    Parameters
    ----------
    module : Module
    name : str
        Of the weight.
    n_power_iterations : int
        How many steps at each call in training.
    eps : float
        The least length that vectors are divided by.
    dim : int, optional
        The dimension of the outputs; by default the first, of transposed convolutions the second.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.utils.parametrizations.spectral_norm(fg.nn.Linear(4, 4), n_power_iterations=50)
    >>> round(fg.linalg.matrix_norm(m.weight, 2).item(), 3)
    1.0
    """
    weight = weight_of(module, name)
    if dim is None:
        dim = 1 if type(module).__name__.startswith("ConvTranspose") else 0
    return register_parametrization(module, name, PowerIteration(weight, n_power_iterations, dim, eps))


class Orthogonal(Module):
    """A matrix with orthonormal columns (or rows, if it is wide), of one that has not."""

    base: Any

    def __init__(self, weight: Any, how: str, use_trivialization: bool) -> None:
        super().__init__()
        if weight.is_complex() and how == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.how = how
        self.shape = tuple(weight.shape)
        self.register_buffer("base", columns_of(weight.detach(), square=True) if use_trivialization else None)

    def forward(self, x: Any) -> Any:
        """Return the orthogonal matrix."""
        wide = x.shape[-2] < x.shape[-1]
        x = x.mT if wide else x
        n, k = x.shape[-2:]
        if self.how == "householder":
            q = columns_of(x)
        else:
            lower = x.tril(-1) if n == k else padded(x.tril(-1), n)
            skew = lower - lower.mH
            one = eye(n, dtype=x.dtype, device=x.device)
            q = exponential(skew, one) if self.how == "matrix_exp" else solve(one - skew / 2, one + skew / 2)
            if self.base is not None:
                q = self.base @ q
            q = q[..., :k]
        return q.mT if wide else q

    def right_inverse(self, weight: Any) -> Any:
        """Return what makes the orthogonal matrix next to a given one."""
        if tuple(weight.shape) != self.shape:
            raise ValueError(f"expected a matrix of shape {list(self.shape)}, got {list(weight.shape)}")
        if self.base is None and self.how != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        wide = weight.shape[-2] < weight.shape[-1]
        x = weight.mT if wide else weight
        if self.how == "householder":
            return weight
        self.base.copy_(columns_of(x, square=True))
        zeros = x * 0
        return zeros.mT if wide else zeros


def exponential(a: Any, one: Any) -> Any:
    """Return the matrix exponential: a Taylor series of a small part of the matrix, squared as often as needed."""
    size = float(a.detach().abs().sum(-1).max()) if a.numel() else 0.0
    halvings = max(0, math.ceil(math.log2(size)) + 2) if size > 0 else 0
    part = a / 2**halvings
    total = one + part / 14
    for k in range(13, 0, -1):
        total = one + part @ total / k
    for _ in range(halvings):
        total = total @ total
    return total


def padded(x: Any, n: int) -> Any:
    """Return a tall matrix with columns of zeros up to a square one."""
    from_zeros = eye(n, dtype=x.dtype, device=x.device)[: x.shape[-1]]
    return x @ from_zeros


def columns_of(x: Any, square: bool = False) -> Any:
    """Return orthonormal columns that span those of `x`; for a square result, further ones behind them."""
    if x.shape[-2] < x.shape[-1]:
        x = x.mT
    q, r = qr(x, "complete" if square else "reduced")
    signs = r.diagonal(dim1=-2, dim2=-1)[..., : x.shape[-1]].sgn()
    k = x.shape[-1]
    head = q[..., :k] * signs.unsqueeze(-2)
    if not square or q.shape[-1] == k:
        return head
    q = q.clone()
    q[..., :k] = head
    return q


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a weight matrix orthogonal.

    Parameters
    ----------
    module : Module
    name : str
        Of the weight, which has at least two dimensions.
    orthogonal_map : str, optional
        ``"matrix_exp"``, ``"cayley"`` or ``"householder"`` (by the QR decomposition); by default the first for square
        and complex matrices, the last for others.
    use_trivialization : bool
        Whether to count from the matrix that there was, or was assigned.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.utils.parametrizations.orthogonal(fg.nn.Linear(3, 3))
    >>> bool(fg.allclose(m.weight.T @ m.weight, fg.eye(3), atol=1e-5))
    True
    """
    weight = weight_of(module, name)
    if weight.dim() < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1] or weight.is_complex()
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    return register_parametrization(module, name, Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True)
