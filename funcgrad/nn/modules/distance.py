"""Distances and similarities of vectors."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.tensor.tensor import Tensor

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    """The norm of the difference of vectors.

    Parameters
    ----------
    p : float
        Which norm.
    eps : float
        What is added to the difference.
    keepdim : bool
        Whether the last dimension stays, with size 1.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.PairwiseDistance(p=1, eps=0.0)(fg.zeros(1, 2), fg.ones(1, 2))
    tensor([2.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Any) -> Tensor:
        """Return the distances."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between vectors.

    Parameters
    ----------
    dim : int
        The dimension of the vectors.
    eps : float
        The least that the norms count as.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.CosineSimilarity()(fg.ones(1, 2), fg.tensor([[2.0, 2.0]]))
    tensor([1.0000])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Any) -> Tensor:
        """Return the cosines."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
