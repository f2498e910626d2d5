"""Dropout: elements or whole channels become zero at random in training."""

from __future__ import annotations

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.tensor.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class Dropped(Module):
    """What all kinds of dropout have: a probability."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(Dropped):
    """Set elements to zero at random in training, and scale the others so that the mean stays.

    Parameters
    ----------
    p : float
        The probability of an element to become zero.
    inplace : bool
        Whether to change the input.

    Examples
    --------
    >>> import funcgrad as fg
    >>> layer = fg.nn.Dropout(0.5).eval()
    >>> layer(fg.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements, if training."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(Dropped):
    """Set whole channels of sequences to zero at random in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels, if training."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(Dropped):
    """Set whole channels of images to zero at random in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels, if training."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(Dropped):
    """Set whole channels of volumes to zero at random in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels, if training."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(Dropped):
    """Dropout that keeps mean and variance of what :class:`SELU` returns."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements, if training."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(Dropped):
    """:class:`AlphaDropout` of whole channels."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels, if training."""
        return F.feature_alpha_dropout(input, self.p, self.training)
