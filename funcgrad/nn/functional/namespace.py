"""Functions of layers as the main namespace has them: ``torch.layer_norm``, ``torch.dropout`` and their kin.

PyTorch's ``nn.functional`` calls these, with the arguments in another order, reductions as numbers, and a word or two
for kernels that are not here. What they compute is told once, in :mod:`funcgrad.nn.functional`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.functional.activations import apply
from funcgrad.nn.functional.linear import channels, dropped
from funcgrad.tensor import viewing

__all__ = [
    *("adaptive_avg_pool1d", "adaptive_max_pool1d", "affine_grid_generator", "alpha_dropout", "alpha_dropout_"),
    *("avg_pool1d", "batch_norm", "bilinear", "binary_cross_entropy_with_logits", "celu", "celu_", "channel_shuffle"),
    *("constant_pad_nd", "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d"),
    *("conv_transpose3d", "convolution", "cosine_embedding_loss", "cosine_similarity", "ctc_loss", "dropout"),
    *("dropout_", "embedding", "feature_alpha_dropout", "feature_alpha_dropout_", "feature_dropout"),
    *("feature_dropout_", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "group_norm", "hardshrink"),
    *("hinge_embedding_loss", "instance_norm", "kl_div", "layer_norm", "margin_ranking_loss", "max_pool1d"),
    *("max_pool1d_with_indices", "max_pool2d", "max_pool3d", "pairwise_distance", "pdist", "pixel_shuffle"),
    *("pixel_unshuffle", "poisson_nll_loss", "prelu", "rms_norm", "rrelu", "rrelu_", "selu", "selu_", "threshold"),
    *("threshold_", "triplet_margin_loss"),
]

REDUCTIONS = ("none", "mean", "sum")
MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")

adaptive_avg_pool1d, avg_pool1d = F.adaptive_avg_pool1d, F.avg_pool1d
bilinear, channel_shuffle, cosine_similarity, hardshrink = (
    F.bilinear,
    F.channel_shuffle,
    F.cosine_similarity,
    F.hardshrink,
)
conv1d, conv2d, conv3d = F.conv1d, F.conv2d, F.conv3d
conv_transpose1d, conv_transpose2d, conv_transpose3d = F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d
pairwise_distance, pdist, pixel_shuffle, pixel_unshuffle = (
    F.pairwise_distance,
    F.pdist,
    F.pixel_shuffle,
    F.pixel_unshuffle,
)
prelu, rms_norm, threshold = F.prelu, F.rms_norm, F.threshold


# -- Activations -----------------------------------------------------------------------------------------------------


def celu(input: Any, alpha: float = 1.0) -> Any:
    """Return ``x`` where positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.celu(fg.tensor([-1.0, 1.0]))
    tensor([-0.6321,  1.0000])
    """
    return F.celu(input, alpha)


def celu_(input: Any, alpha: float = 1.0) -> Any:
    """Apply :func:`celu` in place."""
    return F.celu(input, alpha, inplace=True)


def selu(input: Any) -> Any:
    """Return the scaled exponential linear unit, which keeps means and variances."""
    return F.selu(input)


def selu_(input: Any) -> Any:
    """Apply :func:`selu` in place."""
    return F.selu(input, inplace=True)


def rrelu(input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Any:
    """Multiply negative elements by random slopes in training, by the mean slope otherwise."""
    return F.rrelu(input, lower, upper, training)


def rrelu_(input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Any:
    """Apply :func:`rrelu` in place."""
    return F.rrelu(input, lower, upper, training, inplace=True)


def threshold_(input: Any, threshold: float, value: float) -> Any:
    """Replace elements that are not above a threshold by a number, in place."""
    return F.threshold(input, threshold, value, inplace=True)


# -- Dropout -----------------------------------------------------------------------------------------------------------


def dropper(name: str, function: Callable[..., Any], inplace: bool, what: str) -> Callable[[Any, float, bool], Any]:
    def drop(input: Any, p: float, train: bool) -> Any:
        if not 0 <= p <= 1:  # a ValueError in `nn.functional`
            raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p}")
        return function(input, p, train, inplace)

    drop.__name__ = drop.__qualname__ = name
    drop.__doc__ = f"Set {what} to zero with probability `p` if `train`{', in place' if inplace else ''}."
    return drop


def drop_channels(input: Any, p: float, train: bool, inplace: bool) -> Any:
    if not train or p == 0:
        return input
    return apply(dropped, input, inplace, p, channels("feature_dropout", input, p))


dropout = dropper("dropout", F.dropout, False, "elements")
dropout_ = dropper("dropout_", F.dropout, True, "elements")
alpha_dropout = dropper("alpha_dropout", F.alpha_dropout, False, "what :func:`selu` has for zero")
alpha_dropout_ = dropper("alpha_dropout_", F.alpha_dropout, True, "what :func:`selu` has for zero")
feature_dropout = dropper("feature_dropout", drop_channels, False, "whole channels")
feature_dropout_ = dropper("feature_dropout_", drop_channels, True, "whole channels")
feature_alpha_dropout = dropper("feature_alpha_dropout", F.feature_alpha_dropout, False, "whole channels")
feature_alpha_dropout_ = dropper("feature_alpha_dropout_", F.feature_alpha_dropout, True, "whole channels")

# -- Normalization -----------------------------------------------------------------------------------------------------


def batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Any:
    """Normalize each channel over the batch; `cudnn_enabled` has no effect."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Any:
    """Normalize each channel of each example; `cudnn_enabled` has no effect."""
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def layer_norm(
    input: Any,
    normalized_shape: Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Any:
    """Normalize over the last dimensions; `cudnn_enable` has no effect.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.layer_norm(fg.tensor([[0.0, 2.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-05, cudnn_enabled: bool = True
) -> Any:
    """Normalize groups of channels of each example; `cudnn_enabled` has no effect."""
    return F.group_norm(input, num_groups, weight, bias, eps)


# -- Layers ------------------------------------------------------------------------------------------------------------


def embedding(
    weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Any:
    """Return rows of a table; that of `padding_idx`, unless it is -1, gets no gradient."""
    return F.embedding(
        indices, weight, None if padding_idx == -1 else padding_idx, None, 2.0, scale_grad_by_freq, sparse
    )


def convolution(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Any:
    """Convolve along as many dimensions as the input has beside examples and channels, or do the adjoint of that."""
    n = input.ndim - 2
    if not 1 <= n <= 3:
        raise RuntimeError(f"convolution: expected an input of 3 to 5 dimensions, but got {input.ndim}")
    stride, padding, dilation, output_padding = (
        tuple(lengths) * (n if len(lengths) == 1 else 1) for lengths in (stride, padding, dilation, output_padding)
    )
    if transposed:
        adjoint = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
        return adjoint(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (F.conv1d, F.conv2d, F.conv3d)[n - 1](input, weight, bias, stride, padding, dilation, groups)


def conv_tbc(input: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """Convolve along the first dimension of times x examples x channels."""
    y = F.conv1d(viewing.permute(input, (1, 2, 0)), viewing.permute(weight, (2, 1, 0)), bias, 1, pad)
    return viewing.permute(y, (2, 0, 1))


def constant_pad_nd(input: Any, pad: Sequence[int], value: float = 0) -> Any:
    """Put a number around, so many times before and after each dimension, the last first."""
    return F.pad(input, pad, "constant", value)


def pooling(name: str, function: Callable[..., Any], several: bool) -> Callable[..., Any]:
    def pool(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
    ) -> Any:
        stride = None if isinstance(stride, tuple | list) and not stride else stride
        return function(input, kernel_size, stride, padding, dilation, ceil_mode, several)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = f"Return the largest elements of windows{' and their places' if several else ''}."
    return pool


max_pool1d = pooling("max_pool1d", F.max_pool1d, False)
max_pool2d = pooling("max_pool2d", F.max_pool2d, False)
max_pool3d = pooling("max_pool3d", F.max_pool3d, False)
max_pool1d_with_indices = pooling("max_pool1d_with_indices", F.max_pool1d, True)


def adaptive_max_pool1d(input: Any, output_size: Any) -> Any:
    """Return the largest elements of so many windows, and their places."""
    return F.adaptive_max_pool1d(input, output_size, True)


def affine_grid_generator(theta: Any, size: Sequence[int], align_corners: bool) -> Any:
    """Return the places that affine maps give to the elements of an image."""
    return F.affine_grid(theta, size, align_corners)


def grid_sampler(input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    """Read images at places between elements: 0 bilinear, 1 nearest, 2 bicubic; outside 0 zeros, 1 border, 2 mirror."""
    return F.grid_sample(input, grid, MODES[interpolation_mode], PADDINGS[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler

# -- Losses, with the reduction as a number: 0 none (as in PyTorch the default), 1 mean, 2 sum -------------------------


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0) -> Any:
    """Return ``1 - cos`` of pairs that are alike, ``max(0, cos - margin)`` of others."""
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=REDUCTIONS[reduction])


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: int = 0) -> Any:
    """Return the input where the target is 1, ``max(0, margin - input)`` where it is -1."""
    return F.hinge_embedding_loss(input, target, margin, reduction=REDUCTIONS[reduction])


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0) -> Any:
    """Return ``max(0, -target * (input1 - input2) + margin)``."""
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=REDUCTIONS[reduction])


def kl_div(input: Any, target: Any, reduction: int = 0, *, log_target: bool = False) -> Any:
    """Return ``target * (log(target) - input)``: the divergence of distributions, the input given as a logarithm."""
    return F.kl_div(input, target, reduction=REDUCTIONS[reduction], log_target=log_target)


def poisson_nll_loss(input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int) -> Any:
    """Return the negative logarithm of a Poisson distribution's likelihood."""
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=REDUCTIONS[reduction])


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = 0
) -> Any:
    """Return the cross entropy of ``sigmoid(input)`` and probabilities."""
    return F.binary_cross_entropy_with_logits(
        input, target, weight, reduction=REDUCTIONS[reduction], pos_weight=pos_weight
    )


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-06,
    swap: bool = False,
    reduction: int = 0,
) -> Any:
    """Return how much nearer, than a margin asks, an anchor is to what is unlike it."""
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=REDUCTIONS[reduction])


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Any:
    """Return the negative log-likelihood of label sequences, whose alignment is not known."""
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, REDUCTIONS[reduction], zero_infinity)
