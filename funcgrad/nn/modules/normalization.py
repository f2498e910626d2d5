"""Normalization of each example: zero mean and unit variance, over its last dimensions or groups of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.starts import fill, new_parameter
from funcgrad.tensor.tensor import Tensor

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class OverLast(Module):
    """What normalizations over the last dimensions have."""

    normalized_shape: tuple[int, ...]
    weight: Any
    bias: Any

    def _start(self, normalized_shape: int | Sequence[int], affine: bool, bias: bool, device: Any, dtype: Any) -> None:
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.elementwise_affine = affine
        shape = self.normalized_shape
        self.register_parameter("weight", new_parameter(*shape, device=device, dtype=dtype) if affine else None)
        if bias:
            self.register_parameter("bias", new_parameter(*shape, device=device, dtype=dtype) if affine else None)

    def reset_parameters(self) -> None:
        """Set the weights to one and the biases to zero."""
        for name, parameter in self.named_parameters():
            fill(parameter, float(name == "weight"))


class LayerNorm(OverLast):
    """Zero mean and unit variance over the last dimensions of each example.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The sizes of these dimensions.
    eps : float
        What is added to the variance.
    elementwise_affine : bool
        Whether weights for each element are learned.
    bias : bool
        Whether there are biases besides the weights.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.LayerNorm(2)(fg.tensor([[1.0, 3.0]]))
    tensor([[-1.0000,  1.0000]], grad_fn=<NativeLayerNormBackward0>)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.eps = eps
        self._start(normalized_shape, elementwise_affine, bias, device, dtype)
        if not bias:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        options = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {options}"


class RMSNorm(OverLast):
    """Division by the root of the mean of squares over the last dimensions of each example.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The sizes of these dimensions.
    eps : float, optional
        What is added to the mean of squares; by default the dtype's smallest difference from 1.
    elementwise_affine : bool
        Whether weights for each element are learned.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.RMSNorm(2, elementwise_affine=False)(fg.tensor([[1.0, 1.0]]))
    tensor([[1., 1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.eps = eps
        self._start(normalized_shape, elementwise_affine, False, device, dtype)
        self.reset_parameters()

    def forward(self, x: Any) -> Any:
        """Normalize."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Zero mean and unit variance over groups of channels of each example.

    Parameters
    ----------
    num_groups, num_channels : int
        Into how many groups how many channels are divided.
    eps : float
        What is added to the variance.
    affine : bool
        Whether a weight and a bias for each channel are learned.
    device : device, optional
    dtype : dtype, optional
    bias : bool
        Whether there is a bias besides the weight.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.GroupNorm(2, 4)(fg.rand(3, 4, 5)).shape
    torch.Size([3, 4, 5])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        place = {"device": device, "dtype": dtype}
        self.register_parameter("weight", new_parameter(num_channels, **place) if affine else None)
        self.register_parameter("bias", new_parameter(num_channels, **place) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weights to one and the biases to zero."""
        for name, parameter in self.named_parameters():
            fill(parameter, float(name == "weight"))

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        start = f"{self.num_groups}, {self.num_channels}, eps={self.eps}"
        return f"{start}, affine={self.affine}, bias={self.bias is not None}"


class LocalResponseNorm(Module):
    """Division by a power of the mean of squares over neighbouring channels.

    Parameters
    ----------
    size : int
        The number of neighbours.
    alpha, beta, k : float
        The division is by ``(k + alpha * mean)**beta``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.LocalResponseNorm(2)(fg.ones(1, 3, 4)).shape
    torch.Size([1, 3, 4])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
