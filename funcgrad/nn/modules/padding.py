"""Padding: something added around sequences, images and volumes."""

from __future__ import annotations

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.sizes import Sizes, tuple_of
from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d"),
    *("ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d"),
    *("ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"),
]


class Padded(Module):
    """What all paddings have: widths, last dimension first, each with its two ends."""

    spatial: int
    mode: str = "constant"

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = tuple_of(padding, 2 * self.spatial)

    def forward(self, input: Tensor) -> Tensor:
        """Pad."""
        if self.mode == "circular" and input.ndim not in (self.spatial + 1, self.spatial + 2):
            raise ValueError(f"expected {self.spatial + 1}D or {self.spatial + 2}D input (got {input.ndim}D input)")
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad(Padded):
    """A number around."""

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Pad."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ZeroPad(Padded):
    """Zeros around."""

    value = 0.0

    def forward(self, input: Tensor) -> Tensor:
        """Pad."""
        return F.pad(input, self.padding, "constant", self.value)


class ConstantPad1d(ConstantPad):
    """A number around sequences."""

    spatial = 1


class ConstantPad2d(ConstantPad):
    """A number around images.

    Parameters
    ----------
    padding : int or four of them
        The widths: left, right, top, bottom.
    value : float

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.ConstantPad2d((1, 0, 0, 1), 5.0)(fg.ones(1, 1, 2))
    tensor([[[5., 1., 1.],
             [5., 5., 5.]]])
    """

    spatial = 2


class ConstantPad3d(ConstantPad):
    """A number around volumes."""

    spatial = 3


class ZeroPad1d(ZeroPad):
    """Zeros around sequences."""

    spatial = 1


class ZeroPad2d(ZeroPad):
    """Zeros around images.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.ZeroPad2d((1, 1, 0, 0))(fg.ones(1, 1, 1))
    tensor([[[0., 1., 0.]]])
    """

    spatial = 2


class ZeroPad3d(ZeroPad):
    """Zeros around volumes."""

    spatial = 3


class ReflectionPad1d(Padded):
    """A sequence that is mirrored at its ends."""

    spatial = 1
    mode = "reflect"


class ReflectionPad2d(Padded):
    """A image that is mirrored at its ends."""

    spatial = 2
    mode = "reflect"


class ReflectionPad3d(Padded):
    """A volume that is mirrored at its ends."""

    spatial = 3
    mode = "reflect"


class ReplicationPad1d(Padded):
    """A sequence that is continued by its ends."""

    spatial = 1
    mode = "replicate"


class ReplicationPad2d(Padded):
    """A image that is continued by its ends."""

    spatial = 2
    mode = "replicate"


class ReplicationPad3d(Padded):
    """A volume that is continued by its ends."""

    spatial = 3
    mode = "replicate"


class CircularPad1d(Padded):
    """A sequence that is continued by its other end."""

    spatial = 1
    mode = "circular"


class CircularPad2d(Padded):
    """A image that is continued by its other end."""

    spatial = 2
    mode = "circular"


class CircularPad3d(Padded):
    """A volume that is continued by its other end."""

    spatial = 3
    mode = "circular"
