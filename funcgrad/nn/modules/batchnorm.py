"""Normalization of channels, over the batch or for each example, with means over what has been seen."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.starts import fill, new_parameter
from funcgrad.tensor.factory import ones, tensor, zeros
from funcgrad.tensor.tensor import Tensor

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class RunningNorm(Module):
    """What batch and instance normalization have: parameters, and means over what has been seen in training."""

    _version = 2
    allowed: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        place = {"device": device, "dtype": dtype}
        self.register_parameter("weight", new_parameter(num_features, **place) if affine else None)
        self.register_parameter("bias", new_parameter(num_features, **place) if affine and bias else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **place) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **place) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what has been seen."""
        if self.track_running_stats:
            fill(self.running_mean, 0)
            fill(self.running_var, 1)
            fill(self.num_batches_tracked, 0)

    def reset_parameters(self) -> None:
        """Set the weights to one and the biases to zero, and forget what has been seen."""
        self.reset_running_stats()
        if self.weight is not None:
            fill(self.weight, 1)
        if self.bias is not None:
            fill(self.bias, 0)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
        version = local_metadata.get("version")
        key = f"{prefix}num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            state_dict[key] = self.num_batches_tracked  # older versions did not count
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def _check_dimensions(self, input: Any) -> None:
        if input.ndim not in self.allowed:
            wanted = " or ".join(f"{n}D" for n in self.allowed)
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(RunningNorm):
    """Normalization over the batch."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize, and in training note the mean and the variance."""
        self._check_dimensions(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean over all batches
                momentum = 1.0 / float(self.num_batches_tracked)
        of_batch = self.training or (self.running_mean is None and self.running_var is None)
        noted = not self.training or self.track_running_stats
        mean, var = (self.running_mean, self.running_var) if noted else (None, None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, of_batch, momentum, self.eps)


class BatchNorm1d(BatchNorm):
    """Batch normalization of inputs (N, C) or (N, C, L); the arguments are those of :class:`BatchNorm2d`."""

    allowed = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalization of images: each channel gets zero mean and unit variance over the batch.

    In evaluation it is done with the means over what has been seen in training.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps : float
        What is added to the variance.
    momentum : float or None
        The weight of the newest batch in the running means; None weights all batches alike.
    affine : bool
        Whether a weight and a bias for each channel are learned.
    track_running_stats : bool
        Whether there are running means; without them evaluation uses the batch's own.
    device : device, optional
    dtype : dtype, optional
    bias : bool
        Whether there is a bias besides the weight.

    Examples
    --------
    >>> import funcgrad as fg
    >>> layer = fg.nn.BatchNorm2d(3)
    >>> layer(fg.rand(4, 3, 5, 5)).shape
    torch.Size([4, 3, 5, 5])
    >>> layer.num_batches_tracked
    tensor(1)
    """

    allowed = (4,)


class BatchNorm3d(BatchNorm):
    """Batch normalization of volumes; the arguments are those of :class:`BatchNorm2d`."""

    allowed = (5,)


class InstanceNorm(RunningNorm):
    """Normalization of each channel of each example."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        self._check_dimensions(input)
        batched = input.ndim == self.allowed[-1]
        if input.shape[1 if batched else 0] != self.num_features and self.affine:
            raise ValueError(
                f"expected input's size at dim={int(batched)} to match num_features ({self.num_features}), but got: "
                f"{input.shape[int(batched)]}."
            )
        x = input if batched else input[None]
        own = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        args = (self.running_mean, self.running_var, self.weight, self.bias, own, momentum, self.eps)
        y: Tensor = F.instance_norm(x, *args)
        return y if batched else y[0]


class InstanceNorm1d(InstanceNorm):
    """Instance normalization of sequences, (N, C, L) or (C, L)."""

    allowed = (2, 3)


class InstanceNorm2d(InstanceNorm):
    """Instance normalization of images, (N, C, H, W) or (C, H, W): each channel of each example by itself.

    The arguments are those of :class:`BatchNorm2d`; by default nothing is learned and nothing is tracked.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.InstanceNorm2d(3)(fg.rand(4, 3, 5, 5)).shape
    torch.Size([4, 3, 5, 5])
    """

    allowed = (3, 4)


class InstanceNorm3d(InstanceNorm):
    """Instance normalization of volumes, (N, C, D, H, W) or (C, D, H, W)."""

    allowed = (4, 5)
