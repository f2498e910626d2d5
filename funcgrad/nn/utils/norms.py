"""Norms of weights: length and direction apart, and the largest singular value by power iteration."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.sampling import randn

__all__ = ["PowerIteration", "lengths"]


def lengths(v: Any, dim: int | None) -> Any:
    """Return the norms over all dimensions but one, or over all."""
    if dim is None or dim == -1:
        return v.norm()
    others = [d for d in range(v.dim()) if d != dim % v.dim()]
    return v.norm(dim=others, keepdim=True) if others else v.abs()


class PowerIteration(Module):
    """Estimates the largest singular value of a weight, seen as a matrix with the rows of one dimension."""

    _u: Any
    _v: Any
    other_first = False  # the order of the older form

    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.dim() <= dim < weight.dim():
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{weight.dim()}, {weight.dim() - 1}] but got "
                f"{dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(f"Expected n_power_iterations to be positive, but got {n_power_iterations}")
        self.dim = dim % weight.dim()
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.dim() > 1:
            matrix = self.matrix(weight.detach())
            rows, columns = matrix.shape
            place = {"dtype": weight.dtype, "device": weight.device}
            self.register_buffer("_u", F.normalize(randn(rows, **place), dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(randn(columns, **place), dim=0, eps=eps))
            self.iterate(matrix, 15)

    def matrix(self, weight: Any) -> Any:
        """Return a weight as a matrix."""
        if self.dim != 0:
            weight = weight.permute(self.dim, *[d for d in range(weight.dim()) if d != self.dim])
        return weight.flatten(1)

    def iterate(self, matrix: Any, times: int) -> None:
        """Bring the vectors closer to the first singular vectors."""
        with no_grad():
            for _ in range(times):
                if self.other_first:
                    self._v.copy_(F.normalize(matrix.T @ self._u, dim=0, eps=self.eps))
                self._u.copy_(F.normalize(matrix @ self._v, dim=0, eps=self.eps))
                if not self.other_first:
                    self._v.copy_(F.normalize(matrix.T @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Any) -> Any:
        """Divide by the largest singular value; in training, after further iterations."""
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self.matrix(weight)
        if self.training:
            self.iterate(matrix.detach(), self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()
        return weight / (u @ (matrix @ v))

    def right_inverse(self, value: Any) -> Any:
        """Start from the value itself."""
        return value
