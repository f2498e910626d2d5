"""Pooling: maxima, means and norms of windows."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.sizes import Sizes, tuple_of
from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d"),
    *("AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d"),
    *("MaxPool1d", "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
]


class MaxPool(Module):
    """Maxima of windows."""

    spatial: int

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their places if asked for."""
        function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.spatial - 1]
        args = (self.kernel_size, self.stride, self.padding, self.dilation)
        return function(input, *args, ceil_mode=self.ceil_mode, return_indices=self.return_indices)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPool):
    """Maxima of windows of sequences; the arguments are those of :class:`MaxPool2d`."""

    spatial = 1


class MaxPool2d(MaxPool):
    """Maxima of windows of images.

    Parameters
    ----------
    kernel_size : int or pair
        The size of the windows.
    stride : int or pair, optional
        By how much windows move; their size by default.
    padding : int or pair
        The width of what is added around, and never the maximum.
    dilation : int or pair
        The distance between a window's elements.
    return_indices : bool
        Whether to return the flat places of the maxima, too.
    ceil_mode : bool
        Whether windows may reach beyond the end.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.MaxPool2d(2)(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    tensor([[[4.]]])
    """

    spatial = 2


class MaxPool3d(MaxPool):
    """Maxima of windows of volumes; the arguments are those of :class:`MaxPool2d`."""

    spatial = 3


class MaxUnpool(Module):
    """Maxima put back to where they were, among zeros."""

    spatial: int

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size = tuple_of(kernel_size, self.spatial)
        self.stride = tuple_of(kernel_size if stride is None else stride, self.spatial)
        self.padding = tuple_of(padding, self.spatial)

    def forward(self, input: Tensor, indices: Any, output_size: Any = None) -> Tensor:
        """Put maxima to their places, in an output of a given size or of the least that is possible."""
        function = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.spatial - 1]
        return function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(MaxUnpool):
    """What :class:`MaxPool1d` does backwards, given the places that it returns."""

    spatial = 1


class MaxUnpool2d(MaxUnpool):
    """What :class:`MaxPool2d` does backwards, given the places that it returns.

    Examples
    --------
    >>> import funcgrad as fg
    >>> pooled, places = fg.nn.MaxPool2d(2, return_indices=True)(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    >>> fg.nn.MaxUnpool2d(2)(pooled, places)
    tensor([[[0., 0.],
             [0., 4.]]])
    """

    spatial = 2


class MaxUnpool3d(MaxUnpool):
    """What :class:`MaxPool3d` does backwards, given the places that it returns."""

    spatial = 3


class AvgPool1d(Module):
    """Means of windows of sequences; the arguments are those of :class:`AvgPool2d`."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = tuple_of(kernel_size, 1)
        self.stride = tuple_of(kernel_size if stride is None else stride, 1)
        self.padding = tuple_of(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        args = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return F.avg_pool1d(input, *args)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """Means of windows of images.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode
        As for :class:`MaxPool2d`; the padding is with zeros.
    count_include_pad : bool
        Whether the zeros count.
    divisor_override : int, optional
        What to divide by instead of the number of elements.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.AvgPool2d(2)(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    tensor([[[2.5000]]])
    """

    spatial = 2

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        function = F.avg_pool2d if self.spatial == 2 else F.avg_pool3d
        args = (self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return function(input, *args, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool3d(AvgPool2d):
    """Means of windows of volumes; the arguments are those of :class:`AvgPool2d`."""

    spatial = 3


class LPPool(Module):
    """Roots of the sums of powers over windows."""

    spatial: int

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Return the norms."""
        function: Any = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self.spatial - 1]
        y: Tensor = function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
        return y

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(LPPool):
    """Norms of windows of sequences; the arguments are those of :class:`LPPool2d`."""

    spatial = 1


class LPPool2d(LPPool):
    """Norms of windows of images.

    Parameters
    ----------
    norm_type : float
        The power.
    kernel_size, stride, ceil_mode
        As for :class:`MaxPool2d`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.LPPool2d(2, 2)(fg.tensor([[[1.0, 1.0], [1.0, 1.0]]]))
    tensor([[[2.]]])
    """

    spatial = 2


class LPPool3d(LPPool):
    """Norms of windows of volumes; the arguments are those of :class:`LPPool2d`."""

    spatial = 3


class AdaptiveAvgPool(Module):
    """Means of as many windows as are asked for."""

    spatial: int

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        function: Any = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self.spatial - 1]
        y: Tensor = function(input, self.output_size)
        return y

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """Means of sequences, to a given length."""

    spatial = 1


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """Means of images, to a given size.

    Parameters
    ----------
    output_size : int or pair
        The size, in which None keeps the input's.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.AdaptiveAvgPool2d(1)(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    tensor([[[2.5000]]])
    """

    spatial = 2


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """Means of volumes, to a given size."""

    spatial = 3


class AdaptiveMaxPool(Module):
    """Maxima of as many windows as are asked for."""

    spatial: int

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their places if asked for."""
        function: Any = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self.spatial - 1]
        return function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """Maxima of sequences, to a given length."""

    spatial = 1


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """Maxima of images, to a given size.

    Parameters
    ----------
    output_size : int or pair
        The size, in which None keeps the input's.
    return_indices : bool
        Whether to return the flat places of the maxima, too.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.AdaptiveMaxPool2d(1)(fg.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    tensor([[[4.]]])
    """

    spatial = 2


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """Maxima of volumes, to a given size."""

    spatial = 3
