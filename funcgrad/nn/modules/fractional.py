"""Pooling at places that are drawn."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.sizes import tuple_of

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class FractionalMaxPool(Module):
    """Maxima of windows at places drawn such that there are as many as asked for."""

    spatial: int

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = tuple_of(kernel_size, self.spatial)
        self.return_indices = return_indices
        self._random_samples = _random_samples
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        self.output_size = None if output_size is None else tuple_of(output_size, self.spatial)
        ratios = (output_ratio,) * self.spatial if isinstance(output_ratio, int | float) else output_ratio
        self.output_ratio = None if ratios is None else tuple(ratios)
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their places if asked for."""
        function = F.fractional_max_pool2d if self.spatial == 2 else F.fractional_max_pool3d
        sizes = (self.kernel_size, self.output_size, self.output_ratio)
        return function(input, *sizes, self.return_indices, self._random_samples)


class FractionalMaxPool2d(FractionalMaxPool):
    """Maxima of windows of images at places that are drawn.

    Parameters
    ----------
    kernel_size : int or pair
        The size of the windows.
    output_size : int or pair, optional
        How many windows; this or `output_ratio` is needed.
    output_ratio : float or pair, optional
        How many windows, as a part of the input's size.
    return_indices : bool
        Whether to return the flat places of the maxima, too.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.FractionalMaxPool2d(2, output_ratio=0.5)(fg.ones(1, 1, 8, 8)).shape
    torch.Size([1, 1, 4, 4])
    """

    spatial = 2


class FractionalMaxPool3d(FractionalMaxPool):
    """Maxima of windows of volumes at places that are drawn; the arguments are as in :class:`FractionalMaxPool2d`."""

    spatial = 3
