"""Layers that multiply by matrices."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.starts import new_parameter, start_linear, start_uniform
from funcgrad.tensor.tensor import Tensor

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """Return the input; arguments for making one are accepted and not used.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.Identity(54, unused=True)(fg.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class Linear(Module):
    """``x A^T + b``, where A has the shape (out_features, in_features).

    Parameters
    ----------
    in_features, out_features : int
        The sizes of the last dimension of input and output.
    bias : bool
        Whether there is a b.
    device : device, optional
    dtype : dtype, optional

    Attributes
    ----------
    weight : Parameter, (out_features, in_features)
    bias : Parameter, (out_features,), or None
        Both begin uniform between ``-1/sqrt(in_features)`` and ``1/sqrt(in_features)``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> layer = fg.nn.Linear(20, 30)
    >>> layer(fg.ones(128, 20)).shape
    torch.Size([128, 30])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = new_parameter(out_features, in_features, device=device, dtype=dtype)
        self.register_parameter("bias", new_parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        start_linear(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Multiply by the matrix and add the bias."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """``x1^T A x2 + b`` for each output feature.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        The sizes of the last dimensions of both inputs and of the output.
    bias : bool
        Whether there is a b.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.Bilinear(2, 3, 4)(fg.ones(5, 2), fg.ones(5, 3)).shape
    torch.Size([5, 4])
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = new_parameter(out_features, in1_features, in2_features, device=device, dtype=dtype)
        self.register_parameter("bias", new_parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        for parameter in self.parameters():
            start_uniform(parameter, 1 / math.sqrt(self.in1_features))

    def forward(self, input1: Tensor, input2: Any) -> Tensor:
        """Multiply from both sides and add the bias."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
