"""Convolutions and their transposes."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.sizes import Sizes, tuple_of
from funcgrad.nn.modules.starts import new_parameter, start_linear
from funcgrad.tensor.tensor import Tensor

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What all convolutions have: weights, and how the windows move."""

    spatial: int
    transposed = False

    def __init__(
        self,
        channels: tuple[int, int],
        kernel_size: Sizes,
        stride: Sizes,
        padding: str | Sizes,
        output_padding: Sizes,
        dilation: Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = channels
        self.kernel_size = tuple_of(kernel_size, self.spatial)
        self.stride = tuple_of(stride, self.spatial)
        self.padding = padding if isinstance(padding, str) else tuple_of(padding, self.spatial)
        self.dilation = tuple_of(dilation, self.spatial)
        self.output_padding = tuple_of(output_padding, self.spatial)
        self.groups = groups
        self.padding_mode = padding_mode
        check_convolution(self)
        first, second = (self.in_channels, self.out_channels)[:: 1 if self.transposed else -1]
        shape = (first, second // groups, *self.kernel_size)
        self.weight = new_parameter(*shape, device=device, dtype=dtype)
        self.register_parameter("bias", new_parameter(self.out_channels, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        start_linear(self.weight, self.bias)

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        plain = (0,) * self.spatial
        if self.padding != plain:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.spatial:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != plain:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def check_convolution(layer: Any) -> None:
    if layer.groups <= 0:
        raise ValueError("groups must be a positive integer")
    if layer.in_channels % layer.groups:
        raise ValueError("in_channels must be divisible by groups")
    if layer.out_channels % layer.groups:
        raise ValueError("out_channels must be divisible by groups")
    if isinstance(layer.padding, str):
        if layer.padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {layer.padding!r}, should be one of {{'valid', 'same'}}")
        if layer.padding == "same" and any(step != 1 for step in layer.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
    if layer.padding_mode not in MODES:
        raise ValueError(f"padding_mode must be one of {set(MODES)}, but got padding_mode={layer.padding_mode!r}")


def around(padding: Any, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> list[int]:
    """Return the widths that ``pad`` takes, last dimension first, for the padding of a convolution."""
    widths: list[int] = []
    for i in reversed(range(len(kernel))):
        if padding == "valid":
            widths += [0, 0]
        elif padding == "same":
            total = dilation[i] * (kernel[i] - 1)
            widths += [total // 2, total - total // 2]
        else:
            widths += [padding[i], padding[i]]
    return widths


class Straight(Convolution):
    """A convolution that is not transposed."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: str | Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            *((in_channels, out_channels), kernel_size, stride, padding, 0, dilation, groups, bias),
            *(padding_mode, device, dtype),
        )

    def forward(self, input: Tensor) -> Tensor:
        """Convolve."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, around(padding, self.kernel_size, self.dilation), self.padding_mode)
            padding = (0,) * self.spatial
        function = (F.conv1d, F.conv2d, F.conv3d)[self.spatial - 1]
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(Straight):
    """Convolution of sequences: inputs (N, C, L) or (C, L); the arguments are those of :class:`Conv2d`."""

    spatial = 1


class Conv2d(Straight):
    """Convolution (cross-correlation) of images: inputs (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or pair
        The size of the windows.
    stride : int or pair
        By how much windows move.
    padding : int or pair or str
        The width of what is added around; ``"same"`` keeps the size, ``"valid"`` adds nothing.
    dilation : int or pair
        The distance between a window's elements.
    groups : int
        Into how many groups the channels are divided, each of which is convolved by itself.
    bias : bool
        Whether something is added to each output channel.
    padding_mode : str
        What is added around: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    device : device, optional
    dtype : dtype, optional

    Attributes
    ----------
    weight : Parameter, (out_channels, in_channels / groups, height, width)
    bias : Parameter, (out_channels,), or None
        Both begin uniform, up to one by the root of the number of a window's elements.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.Conv2d(3, 8, 3, padding=1)(fg.ones(2, 3, 6, 6)).shape
    torch.Size([2, 8, 6, 6])
    """

    spatial = 2


class Conv3d(Straight):
    """Convolution of volumes: inputs (N, C, D, H, W) or (C, D, H, W); the arguments are those of :class:`Conv2d`."""

    spatial = 3


class Transposed(Convolution):
    """The transpose of a convolution: each input element adds a window to the output."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            *((in_channels, out_channels), kernel_size, stride, padding, output_padding, dilation, groups, bias),
            *(padding_mode, device, dtype),
        )

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Convolve by the transpose, to a given size if it is one of those that are possible."""
        extra = self.output_padding if output_size is None else self._extra_for(input, list(output_size))
        function: Any = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.spatial - 1]
        options = (self.stride, self.padding, extra, self.groups, self.dilation)
        y: Tensor = function(input, self.weight, self.bias, *options)
        return y

    def _extra_for(self, input: Any, size: list[int]) -> tuple[int, ...]:
        """Return the padding of the output that leads to a size."""
        m = self.spatial
        padding: Any = self.padding
        lead = input.ndim - m
        if len(size) == input.ndim:
            size = size[lead:]
        if len(size) != m:
            raise ValueError(
                f"ConvTranspose{m}D: for {input.ndim}D input, output_size must have {m} or {m + lead} elements "
                f"(got {len(size)})"
            )
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[lead:], self.stride, padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(least, size, most, strict=True)):
            raise ValueError(
                f"requested an output size of {size}, but valid sizes range from {least} to {most} "
                f"(for an input of {list(input.shape[lead:])})"
            )
        return tuple([n - a for n, a in zip(size, least, strict=True)])


class ConvTranspose1d(Transposed):
    """Transposed convolution of sequences; the arguments are those of :class:`ConvTranspose2d`."""

    spatial = 1


class ConvTranspose2d(Transposed):
    """Transposed convolution of images: what a :class:`Conv2d` with these arguments does backwards.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or pair
        Those of the convolution.
    output_padding : int or pair
        What is added to the size of the output, at one end, where several sizes are possible.
    groups : int
    bias : bool
    dilation : int or pair
    padding_mode : str
        Only ``"zeros"``.
    device : device, optional
    dtype : dtype, optional

    Attributes
    ----------
    weight : Parameter, (in_channels, out_channels / groups, height, width)
    bias : Parameter, (out_channels,), or None

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.ConvTranspose2d(8, 3, 2, stride=2)(fg.ones(2, 8, 4, 4)).shape
    torch.Size([2, 3, 8, 8])
    """

    spatial = 2


class ConvTranspose3d(Transposed):
    """Transposed convolution of volumes; the arguments are those of :class:`ConvTranspose2d`."""

    spatial = 3
