"""What functions of nn.functional take and return, for type checkers; tests/nn/make_functional_stub.py."""

from collections.abc import Callable, Sequence
from typing import Any, overload

from funcgrad.tensor.tensor import Tensor

@overload
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor: ...
@overload
def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any: ...
@overload
def celu_(input: Tensor, alpha: float = 1.0) -> Tensor: ...
@overload
def celu_(input: Any, alpha: float = 1.0) -> Any: ...
@overload
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor: ...
@overload
def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any: ...
@overload
def elu_(input: Tensor, alpha: float = 1.0) -> Tensor: ...
@overload
def elu_(input: Any, alpha: float = 1.0) -> Any: ...
@overload
def gelu(input: Tensor, approximate: str = "none") -> Tensor: ...
@overload
def gelu(input: Any, approximate: str = "none") -> Any: ...
@overload
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor: ...
@overload
def hardshrink(input: Any, lambd: float = 0.5) -> Any: ...
@overload
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def hardsigmoid(input: Any, inplace: bool = False) -> Any: ...
@overload
def hardswish(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def hardswish(input: Any, inplace: bool = False) -> Any: ...
@overload
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor: ...
@overload
def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any: ...
@overload
def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor: ...
@overload
def hardtanh_(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any: ...
@overload
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor: ...
@overload
def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any: ...
@overload
def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor: ...
@overload
def leaky_relu_(input: Any, negative_slope: float = 0.01) -> Any: ...
@overload
def logsigmoid(input: Tensor) -> Tensor: ...
@overload
def logsigmoid(input: Any) -> Any: ...
@overload
def mish(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def mish(input: Any, inplace: bool = False) -> Any: ...
@overload
def prelu(input: Tensor, weight: Any) -> Tensor: ...
@overload
def prelu(input: Any, weight: Any) -> Any: ...
@overload
def relu(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def relu(input: Any, inplace: bool = False) -> Any: ...
@overload
def relu6(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def relu6(input: Any, inplace: bool = False) -> Any: ...
@overload
def relu_(input: Tensor) -> Tensor: ...
@overload
def relu_(input: Any) -> Any: ...
@overload
def rrelu(
    input: Tensor,
    lower: float = 0.125,
    upper: float = 0.3333333333333333,
    training: bool = False,
    inplace: bool = False,
) -> Tensor: ...
@overload
def rrelu(
    input: Any, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False, inplace: bool = False
) -> Any: ...
@overload
def rrelu_(
    input: Tensor, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False
) -> Tensor: ...
@overload
def rrelu_(input: Any, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False) -> Any: ...
@overload
def selu(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def selu(input: Any, inplace: bool = False) -> Any: ...
@overload
def selu_(input: Tensor) -> Tensor: ...
@overload
def selu_(input: Any) -> Any: ...
@overload
def sigmoid(input: Tensor) -> Tensor: ...
@overload
def sigmoid(input: Any) -> Any: ...
@overload
def silu(input: Tensor, inplace: bool = False) -> Tensor: ...
@overload
def silu(input: Any, inplace: bool = False) -> Any: ...
@overload
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor: ...
@overload
def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any: ...
@overload
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor: ...
@overload
def softshrink(input: Any, lambd: float = 0.5) -> Any: ...
@overload
def softsign(input: Tensor) -> Tensor: ...
@overload
def softsign(input: Any) -> Any: ...
@overload
def tanh(input: Tensor) -> Tensor: ...
@overload
def tanh(input: Any) -> Any: ...
@overload
def tanhshrink(input: Tensor) -> Tensor: ...
@overload
def tanhshrink(input: Any) -> Any: ...
@overload
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor: ...
@overload
def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any: ...
@overload
def threshold_(input: Tensor, threshold: float, value: float) -> Tensor: ...
@overload
def threshold_(input: Any, threshold: float, value: float) -> Any: ...
@overload
def adaptive_avg_pool1d(input: Tensor, output_size: int | Sequence[int]) -> Tensor: ...
@overload
def adaptive_avg_pool1d(input: Any, output_size: int | Sequence[int]) -> Any: ...
@overload
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor: ...
@overload
def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any: ...
@overload
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor: ...
@overload
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any: ...
def adaptive_max_pool1d(input: Any, output_size: int | Sequence[int], return_indices: bool = False) -> Any: ...
def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any: ...
def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any: ...
def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Any: ...
@overload
def scaled_dot_product_attention(
    query: Tensor,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor: ...
@overload
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any: ...
@overload
def avg_pool1d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor: ...
@overload
def avg_pool1d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any: ...
@overload
def avg_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor: ...
@overload
def avg_pool2d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any: ...
@overload
def avg_pool3d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor: ...
@overload
def avg_pool3d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any: ...
@overload
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False
) -> Tensor: ...
@overload
def lp_pool1d(input: Any, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Any: ...
@overload
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: int | Sequence[int], stride: Any = None, ceil_mode: bool = False
) -> Tensor: ...
@overload
def lp_pool2d(
    input: Any, norm_type: float, kernel_size: int | Sequence[int], stride: Any = None, ceil_mode: bool = False
) -> Any: ...
@overload
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: int | Sequence[int], stride: Any = None, ceil_mode: bool = False
) -> Tensor: ...
@overload
def lp_pool3d(
    input: Any, norm_type: float, kernel_size: int | Sequence[int], stride: Any = None, ceil_mode: bool = False
) -> Any: ...
@overload
def cross_entropy(
    input: Tensor,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor: ...
@overload
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any: ...
@overload
def nll_loss(
    input: Tensor,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def conv1d(
    input: Tensor,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor: ...
@overload
def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any: ...
@overload
def conv2d(
    input: Tensor,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor: ...
@overload
def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any: ...
@overload
def conv3d(
    input: Tensor,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor: ...
@overload
def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any: ...
@overload
def conv_transpose1d(
    input: Tensor,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor: ...
@overload
def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any: ...
@overload
def conv_transpose2d(
    input: Tensor,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor: ...
@overload
def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any: ...
@overload
def conv_transpose3d(
    input: Tensor,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor: ...
@overload
def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any: ...
@overload
def cosine_embedding_loss(
    input1: Tensor,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def cosine_similarity(x1: Tensor, x2: Any, dim: int = 1, eps: float = 1e-08) -> Tensor: ...
@overload
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-08) -> Any: ...
@overload
def hinge_embedding_loss(
    input: Tensor,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def margin_ranking_loss(
    input1: Tensor,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def pairwise_distance(x1: Tensor, x2: Any, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Tensor: ...
@overload
def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Any: ...
@overload
def pdist(input: Tensor, p: float = 2.0) -> Tensor: ...
@overload
def pdist(input: Any, p: float = 2.0) -> Any: ...
@overload
def triplet_margin_loss(
    anchor: Tensor,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-06,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-06,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any: ...
@overload
def glu(input: Tensor, dim: int = -1) -> Tensor: ...
@overload
def glu(input: Any, dim: int = -1) -> Any: ...
@overload
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor: ...
@overload
def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any: ...
@overload
def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor: ...
@overload
def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any: ...
@overload
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: None = None) -> Tensor: ...
@overload
def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: None = None) -> Any: ...
@overload
def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor: ...
@overload
def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any: ...
@overload
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor: ...
@overload
def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any: ...
@overload
def embedding(
    input: Tensor,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor: ...
@overload
def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any: ...
@overload
def embedding_bag(
    input: Tensor,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor: ...
@overload
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any: ...
@overload
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor: ...
@overload
def one_hot(tensor: Any, num_classes: int = -1) -> Any: ...
def fractional_max_pool2d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any: ...
def fractional_max_pool3d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any: ...
@overload
def linear(input: Tensor, weight: Any, bias: Any = None) -> Tensor: ...
@overload
def linear(input: Any, weight: Any, bias: Any = None) -> Any: ...
@overload
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor: ...
@overload
def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any: ...
@overload
def bilinear(input1: Tensor, input2: Any, weight: Any, bias: Any = None) -> Tensor: ...
@overload
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any: ...
@overload
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor: ...
@overload
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any: ...
@overload
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor: ...
@overload
def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any: ...
@overload
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor: ...
@overload
def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any: ...
@overload
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor: ...
@overload
def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any: ...
@overload
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor: ...
@overload
def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any: ...
@overload
def binary_cross_entropy(
    input: Tensor,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor: ...
@overload
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any: ...
@overload
def gaussian_nll_loss(
    input: Tensor, target: Any, var: Any, full: bool = False, eps: float = 1e-06, reduction: str = "mean"
) -> Tensor: ...
@overload
def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-06, reduction: str = "mean"
) -> Any: ...
@overload
def huber_loss(
    input: Tensor, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor: ...
@overload
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any: ...
@overload
def kl_div(
    input: Tensor,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor: ...
@overload
def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any: ...
@overload
def l1_loss(
    input: Tensor,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor: ...
@overload
def l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any: ...
@overload
def mse_loss(
    input: Tensor,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor: ...
@overload
def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any: ...
@overload
def poisson_nll_loss(
    input: Tensor,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-08,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-08,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def smooth_l1_loss(
    input: Tensor,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor: ...
@overload
def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any: ...
@overload
def soft_margin_loss(
    input: Tensor, target: Any, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor: ...
@overload
def soft_margin_loss(
    input: Any, target: Any, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Any: ...
@overload
def multi_margin_loss(
    input: Tensor,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def multilabel_margin_loss(
    input: Tensor, target: Any, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor: ...
@overload
def multilabel_margin_loss(
    input: Any, target: Any, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Any: ...
@overload
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor: ...
@overload
def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any: ...
@overload
def batch_norm(
    input: Tensor,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor: ...
@overload
def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Any: ...
@overload
def group_norm(input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-05) -> Tensor: ...
@overload
def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-05) -> Any: ...
@overload
def instance_norm(
    input: Tensor,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor: ...
@overload
def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Any: ...
@overload
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-05
) -> Tensor: ...
@overload
def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-05
) -> Any: ...
@overload
def local_response_norm(
    input: Tensor, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0
) -> Tensor: ...
@overload
def local_response_norm(input: Any, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> Any: ...
@overload
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None
) -> Tensor: ...
@overload
def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None) -> Any: ...
@overload
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor: ...
@overload
def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any: ...
def adaptive_max_pool1d_with_indices(input: Any, output_size: Any, return_indices: bool = True) -> Any: ...
def adaptive_max_pool2d_with_indices(input: Any, output_size: Any, return_indices: bool = True) -> Any: ...
def adaptive_max_pool3d_with_indices(input: Any, output_size: Any, return_indices: bool = True) -> Any: ...
def fractional_max_pool2d_with_indices(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = True,
    _random_samples: Any = None,
) -> Any: ...
def fractional_max_pool3d_with_indices(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = True,
    _random_samples: Any = None,
) -> Any: ...
def max_pool1d_with_indices(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any: ...
def max_pool2d_with_indices(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any: ...
def max_pool3d_with_indices(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any: ...
def max_pool1d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any: ...
def max_pool2d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any: ...
def max_pool3d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any: ...
@overload
def max_unpool1d(
    input: Tensor,
    indices: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Tensor: ...
@overload
def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Any: ...
@overload
def max_unpool2d(
    input: Tensor,
    indices: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Tensor: ...
@overload
def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Any: ...
@overload
def max_unpool3d(
    input: Tensor,
    indices: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Tensor: ...
@overload
def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: int | Sequence[int],
    stride: Any = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Any: ...
@overload
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor: ...
@overload
def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Any: ...
@overload
def grid_sample(
    input: Tensor, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor: ...
@overload
def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Any: ...
@overload
def ctc_loss(
    log_probs: Tensor,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor: ...
@overload
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any: ...
@overload
def channel_shuffle(input: Tensor, groups: int) -> Tensor: ...
@overload
def channel_shuffle(input: Any, groups: int) -> Any: ...
@overload
def fold(
    input: Tensor,
    output_size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Tensor: ...
@overload
def fold(
    input: Any,
    output_size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Any: ...
@overload
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor: ...
@overload
def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any: ...
@overload
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor: ...
@overload
def pixel_shuffle(input: Any, upscale_factor: int) -> Any: ...
@overload
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor: ...
@overload
def pixel_unshuffle(input: Any, downscale_factor: int) -> Any: ...
@overload
def unfold(
    input: Tensor,
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Tensor: ...
@overload
def unfold(
    input: Any,
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Any: ...
@overload
def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor: ...
@overload
def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Any: ...
@overload
def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor: ...
@overload
def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any: ...
@overload
def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor: ...
@overload
def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any: ...
