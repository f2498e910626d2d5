"""Calls of `nn.functional`, to be run under PyTorch and under funcgrad.

A row is the call and its inputs by name: ``n`` normal numbers, ``u`` from (0, 1), ``i`` integers, ``s`` signs, ``b``
booleans. What is normal or from (0, 1) is differentiated.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Draw = Callable[[np.random.Generator], Any]


def n(*shape: int) -> Draw:
    return lambda rng: rng.standard_normal(shape)


def u(*shape: int) -> Draw:
    return lambda rng: rng.uniform(0.05, 0.95, shape)


def i(stop: int, *shape: int, start: int = 0) -> Draw:
    return lambda rng: rng.integers(start, stop, shape)


def s(*shape: int) -> Draw:
    return lambda rng: 2 * rng.integers(0, 2, shape) - 1


def b(*shape: int) -> Draw:
    return lambda rng: rng.random(shape) < 0.7


def fixed(*values: Any) -> Draw:
    return lambda rng: np.array(values[0])


class Case:
    def __init__(self, text: str, **inputs: Draw) -> None:
        self.text = text
        self.inputs = inputs

    def draw(self, dtype: Any) -> dict[str, Any]:
        rng = np.random.default_rng(zlib.crc32(self.text.encode()))
        drawn = {name: draw(rng) for name, draw in self.inputs.items()}
        return {name: x.astype(dtype) if x.dtype.kind == "f" else x for name, x in drawn.items()}


def pairs(text: str, options: list[str], **inputs: Draw) -> Iterator[Case]:
    for option in options:
        yield Case(text.replace("@", option), **inputs)


ACTIVATIONS = [
    *pairs(
        "F.@(x)",
        [
            "relu",
            "relu6",
            "leaky_relu",
            "elu",
            "selu",
            "celu",
            "gelu",
            "silu",
            "mish",
            "hardtanh",
            "hardswish",
            "hardsigmoid",
            "softplus",
            "softsign",
            "tanhshrink",
            "softshrink",
            "hardshrink",
            "sigmoid",
            "logsigmoid",
            "tanh",
            "rrelu",
            "glu",
        ],
        x=lambda rng: rng.standard_normal((5, 6)) * 3,
    ),
    *pairs("F.@", ["gelu(x, approximate='tanh')", "leaky_relu(x, 0.2)", "elu(x, 0.7)", "celu(x, 1.7)"], x=n(3, 4)),
    *pairs("F.@", ["hardtanh(x, -0.3, 0.4)", "softplus(x, 2, 1)", "softshrink(x, 0.1)", "hardshrink(x, 0.1)"], x=n(9)),
    *pairs("F.@", ["threshold(x, 0.1, 20)", "glu(x, 0)", "rrelu(x, 0.1, 0.5)"], x=n(4, 3)),
    Case("F.relu(x)", x=fixed([0.0, -0.0, 1.0])),
    *pairs("F.@(x)", ["hardtanh", "hardswish", "relu6", "hardsigmoid"], x=fixed([-3.0, -1.0, 0.0, 1.0, 3.0, 6.0])),
    *pairs("F.@(x)", ["elu", "leaky_relu", "softshrink", "hardshrink"], x=fixed([0.0, -0.5, 0.5])),
    Case("F.prelu(x, w)", x=n(2, 3, 4), w=u(3)),
    Case("F.prelu(x, w)", x=n(5), w=u(1)),
    Case("F.prelu(x, w)", x=n(2, 3), w=u(1)),
    *pairs("F.@(x, dim=1)", ["softmax", "softmin", "log_softmax", "normalize"], x=n(3, 4, 2)),
    *pairs("F.@(x, dim=0)", ["softmax", "softmin", "log_softmax"], x=n()),
    Case("F.softmax(x, -1, dtype=T.float64)", x=n(3, 4)),
    *pairs("F.normalize(x, p=@, dim=-1)", ["1", "3.5", "float('inf')"], x=n(3, 4)),
]
LINEAR = [
    Case("F.linear(x, w, v)", x=n(3, 4), w=n(5, 4), v=n(5)),
    Case("F.linear(x, w)", x=n(2, 3, 4), w=n(5, 4)),
    Case("F.linear(x, w, v)", x=n(4), w=n(5, 4), v=n(5)),
    Case("F.linear(x, w)", x=n(3, 4), w=n(4)),
    Case("F.bilinear(x, y, w, v)", x=n(2, 3, 4), y=n(2, 3, 5), w=n(6, 4, 5), v=n(6)),
    Case("F.bilinear(x, y, w)", x=n(4), y=n(5), w=n(6, 4, 5)),
]
CONVOLUTIONS = [
    *pairs(
        "F.conv1d(x, w, v@)",
        ["", ", stride=2", ", padding=1", ", dilation=2", ", padding='same'", ", padding='valid'", ", 3, 2, 2"],
        x=n(2, 4, 9),
        w=n(6, 4, 3),
        v=n(6),
    ),
    Case("F.conv1d(x, w)", x=n(4, 9), w=n(6, 4, 3)),
    Case("F.conv1d(x, w, groups=2)", x=n(2, 4, 9), w=n(6, 2, 4)),
    Case("F.conv1d(x, w, padding='same', dilation=3)", x=n(2, 4, 9), w=n(6, 4, 4)),
    *pairs(
        "F.conv2d(x, w, v@)",
        ["", ", stride=2", ", padding=(1, 2)", ", dilation=(2, 1)", ", padding='same'", ", 2, 1, 2"],
        x=n(2, 4, 7, 8),
        w=n(6, 4, 3, 2),
        v=n(6),
    ),
    Case("F.conv2d(x, w, None, 2, 1, 1, groups=2)", x=n(2, 4, 7, 8), w=n(8, 2, 3, 3)),
    Case("F.conv2d(x, w, groups=4)", x=n(2, 4, 5, 5), w=n(8, 1, 3, 3)),
    Case("F.conv2d(x, w)", x=n(2, 4, 5, 5), w=n(3, 4, 1, 1)),
    Case("F.conv2d(x, w, v)", x=n(4, 5, 5), w=n(3, 4, 2, 2), v=n(3)),
    Case("F.conv3d(x, w, v, stride=(1, 2, 1), padding=1)", x=n(2, 2, 4, 5, 3), w=n(3, 2, 2, 3, 2), v=n(3)),
    *pairs(
        "F.conv_transpose1d(x, w, v@)",
        ["", ", stride=2", ", stride=3, padding=1, output_padding=2", ", dilation=3, output_padding=2"],
        x=n(2, 4, 5),
        w=n(4, 3, 3),
        v=n(3),
    ),
    Case("F.conv_transpose2d(x, w, v, 2, 1)", x=n(2, 4, 3, 4), w=n(4, 3, 3, 2), v=n(3)),
    Case("F.conv_transpose2d(x, w, v, (2, 3), (1, 0), (1, 2))", x=n(2, 4, 3, 4), w=n(4, 3, 3, 2), v=n(3)),
    Case("F.conv_transpose2d(x, w, v, groups=2)", x=n(2, 4, 3, 4), w=n(4, 3, 3, 2), v=n(6)),
    Case("F.conv_transpose2d(x, w)", x=n(4, 3, 4), w=n(4, 3, 3, 2)),
    Case("F.conv_transpose3d(x, w, v, 2, 1, 1)", x=n(2, 4, 3, 2, 3), w=n(4, 3, 3, 2, 2), v=n(3)),
]
POOLING = [
    *pairs(
        "F.fractional_max_pool2d(x, (2, 3), (3, 2), _random_samples=s.detach())", [""], x=n(2, 3, 7, 6), s=u(2, 3, 2)
    ),
    *pairs(
        "F.fractional_max_pool3d(x, 2, output_ratio=0.6, return_indices=True, _random_samples=s.detach())[@]",
        ["0", "1"],
        x=n(2, 3, 7, 6, 5),
        s=u(2, 3, 3),
    ),
    *pairs(
        "F.max_pool1d(x, @)",
        ["2", "3, 2", "3, 2, 1", "3, 1, 1, 2", "2, ceil_mode=True", "3, 2, 1, 1, True"],
        x=n(2, 3, 9),
    ),
    *pairs(
        "F.max_pool2d(x, @)",
        ["2", "(3, 2)", "3, 2, 1", "3, 1, 1, 2", "2, ceil_mode=True", "3, 2, 1, ceil_mode=True", "3, 1"],
        x=n(2, 3, 7, 9),
    ),
    *pairs("F.max_pool2d(x, 3, 2, 1, return_indices=True)[@]", ["0", "1"], x=n(2, 3, 7, 9)),
    Case("F.max_pool2d(x, 3, 1)", x=lambda rng: np.floor(rng.standard_normal((2, 3, 6, 6)))),
    Case("F.max_pool2d(x, 2)", x=n(3, 6, 6)),
    Case("F.max_pool3d(x, 2, 2, 1)", x=n(2, 2, 4, 5, 6)),
    *pairs(
        "F.avg_pool2d(x, @)",
        [
            "2",
            "(3, 2)",
            "3, 2, 1",
            "3, 2, 1, count_include_pad=False",
            "2, ceil_mode=True",
            "3, 2, 1, True, False",
            "3, 2, 1, True",
            "3, divisor_override=4",
            "3, 1",
        ],
        x=n(2, 3, 7, 9),
    ),
    Case("F.avg_pool1d(x, 3, 2, 1)", x=n(2, 3, 9)),
    Case("F.avg_pool1d(x, 3)", x=n(3, 9)),
    Case("F.avg_pool3d(x, 2, 2, 1)", x=n(2, 2, 4, 5, 6)),
    Case("F.lp_pool1d(x, 2, 3, 2)", x=u(2, 3, 9)),
    Case("F.lp_pool2d(x, 3, 2, ceil_mode=True)", x=u(2, 3, 7, 5)),
    Case("F.lp_pool3d(x, 2, 2)", x=u(2, 2, 4, 5, 6)),
    *pairs("F.adaptive_avg_pool2d(x, @)", ["1", "(3, 5)", "(None, 2)", "(6, 4)", "(9, 11)"], x=n(2, 3, 6, 8)),
    *pairs("F.adaptive_max_pool2d(x, @)", ["1", "(3, 5)", "(None, 2)", "(9, 11)"], x=n(2, 3, 6, 8)),
    Case("F.adaptive_max_pool2d(x, (4, 3), return_indices=True)[1]", x=n(2, 3, 6, 8)),
    Case("F.adaptive_avg_pool1d(x, 4)", x=n(2, 3, 9)),
    Case("F.adaptive_max_pool1d(x, 4)", x=n(2, 3, 9)),
    Case("F.adaptive_avg_pool3d(x, 2)", x=n(2, 3, 4, 5, 6)),
    Case("F.adaptive_max_pool3d(x, 2)", x=n(2, 3, 4, 5, 6)),
    Case("F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)", x=n(2, 3, 4, 6)),
    Case("F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=(5, 7))", x=n(2, 3, 5, 7)),
    Case("F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2)", x=n(2, 3, 6)),
    Case("F.max_unpool3d(*F.max_pool3d(x, 2, return_indices=True), 2)", x=n(2, 3, 4, 2, 2)),
]
NORMALIZATION = [
    Case("F.batch_norm(x, None, None, w, v, True)", x=n(4, 3, 5), w=n(3), v=n(3)),
    Case("F.batch_norm(x, None, None, training=True, eps=0.1)", x=n(6, 3)),
    Case("F.batch_norm(x, m.detach(), k.detach(), w, v)", x=n(4, 3, 2, 2), w=n(3), v=n(3), m=n(3), k=u(3)),
    Case("F.layer_norm(x, (4, 2), w, v)", x=n(3, 4, 2), w=n(4, 2), v=n(4, 2)),
    Case("F.layer_norm(x, (4,))", x=n(3, 4)),
    Case("F.rms_norm(x, (4,), w)", x=n(3, 4), w=n(4)),
    Case("F.rms_norm(x, (3, 4), eps=0.1)", x=n(2, 3, 4)),
    Case("F.group_norm(x, 2, w, v)", x=n(3, 4, 5), w=n(4), v=n(4)),
    Case("F.instance_norm(x, None, None, w, v)", x=n(3, 4, 5), w=n(4), v=n(4)),
    Case("F.instance_norm(x, m.detach(), k.detach(), use_input_stats=False)", x=n(3, 4, 5), m=n(4), k=u(4)),
    *pairs("F.local_response_norm(x, @, 0.5)", ["1", "2", "3"], x=n(2, 5, 3)),
]
LOSSES = [
    *pairs("F.@(x, y)", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"], x=n(3, 4), y=n(3, 4)),
    *pairs("F.mse_loss(x, y, reduction='@')", ["none", "sum", "mean"], x=n(3, 4), y=n(3, 4)),
    *pairs("F.mse_loss(x, y, @)", ["size_average=False", "reduce=False"], x=n(3, 4), y=n(3, 4)),
    *pairs("F.mse_loss(x, y, weight=w.detach(), reduction='@')", ["none", "sum", "mean"], x=n(3), y=n(3), w=u(3)),
    *pairs("F.smooth_l1_loss(x, y, beta=@)", ["0.3", "0.0"], x=n(3, 4), y=n(3, 4)),
    Case("F.huber_loss(x, y, delta=0.4)", x=n(3, 4), y=n(3, 4)),
    *pairs(
        "F.cross_entropy(x, y@)",
        [
            "",
            ", w.detach()",
            ", reduction='none'",
            ", w.detach(), reduction='sum'",
            ", ignore_index=1",
            ", w.detach(), ignore_index=1, reduction='none'",
            ", label_smoothing=0.2",
            ", w.detach(), label_smoothing=0.2",
            ", w.detach(), ignore_index=1, label_smoothing=0.3",
        ],
        x=n(6, 4),
        y=i(4, 6),
        w=u(4),
    ),
    Case("F.cross_entropy(x, y, label_smoothing=0.1, reduction='none')", x=n(2, 4, 3, 2), y=i(4, 2, 3, 2)),
    Case("F.cross_entropy(x, y)", x=n(4), y=fixed(2)),
    Case("F.cross_entropy(x, F.softmax(y, 1), w.detach(), label_smoothing=0.2)", x=n(5, 4), y=n(5, 4), w=u(4)),
    Case("F.cross_entropy(x, F.softmax(y, 1), reduction='none')", x=n(5, 4, 2), y=n(5, 4, 2)),
    Case("F.cross_entropy(x, F.softmax(y, 0), reduction='sum')", x=n(4), y=n(4)),
    Case("F.nll_loss(x, y, w.detach())", x=n(6, 4), y=i(4, 6), w=u(4)),
    Case("F.nll_loss(x, y, reduction='none')", x=n(2, 4, 3), y=i(4, 2, 3)),
    Case("F.nll_loss(x, y, ignore_index=2, reduction='none')", x=n(6, 4), y=i(4, 6)),
    Case("F.binary_cross_entropy(x, y, w.detach())", x=u(3, 4), y=u(3, 4), w=u(4)),
    Case(
        "F.binary_cross_entropy(x, y, reduction='none')",
        x=fixed([0.0, 1.0, 0.0, 1.0]),
        y=lambda rng: np.array([0.0, 1.0, 1.0, 0.0]),
    ),
    Case(
        "F.binary_cross_entropy_with_logits(x, y, w.detach(), pos_weight=p.detach())",
        x=n(3, 4),
        y=u(3, 4),
        w=u(4),
        p=u(4),
    ),
    Case("F.binary_cross_entropy_with_logits(x, y, reduction='sum')", x=n(3, 4), y=u(3, 4)),
    *pairs("F.kl_div(x, y, reduction='@')", ["batchmean", "sum", "none"], x=n(3, 4), y=u(3, 4)),
    Case("F.kl_div(x, y, reduction='sum', log_target=True)", x=n(3, 4), y=n(3, 4)),
    *pairs(
        "F.poisson_nll_loss(x, y.detach()@)",
        ["", ", log_input=False", ", full=True"],
        x=u(3, 4),
        y=lambda rng: rng.uniform(0, 5, (3, 4)),
    ),
    *pairs(
        "F.gaussian_nll_loss(x, y, k@)",
        ["", ", full=True", ", reduction='none'", ", eps=0.5"],
        x=n(3, 4),
        y=n(3, 4),
        k=u(3, 4),
    ),
    Case("F.gaussian_nll_loss(x, y, k)", x=n(3, 4), y=n(3, 4), k=u(3)),
    Case("F.hinge_embedding_loss(x, y)", x=n(7), y=s(7)),
    Case("F.cosine_embedding_loss(x, y, t, 0.1)", x=n(7, 3), y=n(7, 3), t=s(7)),
    *pairs(
        "F.@(x, y)",
        ["mse_loss", "l1_loss", "soft_margin_loss", "poisson_nll_loss", "smooth_l1_loss"],
        x=n(5),
        y=i(3, 5),
    ),
    Case("F.margin_ranking_loss(x, y, t, 0.3)", x=n(7), y=n(7), t=s(7)),
    *pairs(
        "F.multi_margin_loss(x, y, @)",
        ["1", "2, 0.5", "1, 1.0, w.detach()", "reduction='none'"],
        x=n(5, 4),
        y=i(4, 5),
        w=u(4),
    ),
    Case("F.multilabel_margin_loss(x, y)", x=n(2, 4), y=fixed([[3, 0, -1, 1], [1, -1, 0, 0]])),
    Case("F.multilabel_margin_loss(x, y)", x=n(4), y=fixed([3, 0, -1, 1])),
    Case("F.multilabel_soft_margin_loss(x, y, w.detach())", x=n(3, 4), y=u(3, 4), w=u(4)),
    *pairs(
        "F.triplet_margin_loss(x, y, z@)",
        ["", ", swap=True", ", p=1, margin=0.4", ", reduction='none'"],
        x=n(4, 3),
        y=n(4, 3),
        z=n(4, 3),
    ),
    *pairs(
        "F.triplet_margin_with_distance_loss(x, y, z@)",
        ["", ", swap=True, margin=2.0"],
        x=n(4, 3),
        y=n(4, 3),
        z=n(4, 3),
    ),
    Case("F.cosine_similarity(x, y)", x=n(3, 4), y=n(3, 4)),
    Case("F.cosine_similarity(x, y, dim=-1)", x=n(3, 1, 4), y=n(2, 4)),
    *pairs("F.pairwise_distance(x, y, @)", ["2", "1", "3.5", "float('inf')", "keepdim=True"], x=n(3, 4), y=n(3, 4)),
    *pairs("F.pdist(x, @)", ["2", "1", "3.5", "float('inf')"], x=n(5, 3)),
    *pairs(
        "F.ctc_loss(F.log_softmax(x, -1), y, (7, 5, 6), (3, 2, 0)@)",
        ["", ", reduction='none'", ", reduction='sum', blank=0"],
        x=n(7, 3, 5),
        y=i(5, 3, 3, start=1),
    ),
    Case("F.ctc_loss(F.log_softmax(x, -1), y, (7, 5), (3, 2))", x=n(7, 2, 5), y=fixed([1, 1, 2, 4, 4])),
    Case(
        "F.ctc_loss(F.log_softmax(x, -1), y, (3, 5), (3, 2), zero_infinity=True)",
        x=n(7, 2, 5),
        y=fixed([1, 1, 1, 4, 4]),
    ),
]
TABLES = [
    Case("F.embedding(y, w)", y=i(5, 2, 3), w=n(5, 4)),
    Case("F.embedding(y, w, padding_idx=1)", y=i(5, 2, 9), w=n(5, 4)),
    Case("F.embedding(y, w, scale_grad_by_freq=True)", y=i(5, 2, 9), w=n(5, 4)),
    *pairs("F.embedding_bag(y, w, mode='@')", ["sum", "mean", "max"], y=i(5, 3, 4), w=n(5, 4)),
    *pairs("F.embedding_bag(y, w, T.tensor([0, 2, 2]), mode='@')", ["sum", "mean", "max"], y=i(5, 6), w=n(5, 4)),
    *pairs("F.embedding_bag(y, w, padding_idx=2, mode='@')", ["sum", "mean", "max"], y=i(5, 3, 4), w=n(5, 4)),
    Case("F.embedding_bag(y, w, mode='sum', per_sample_weights=p)", y=i(5, 3, 4), w=n(5, 4), p=n(3, 4)),
    Case("F.embedding_bag(y, w, T.tensor([0, 2, 6]), mode='sum', include_last_offset=True)", y=i(5, 6), w=n(5, 4)),
    *pairs("F.one_hot(y@)", ["", ", 7"], y=i(5, 2, 3)),
]
ATTENTION = [
    *pairs(
        "F.scaled_dot_product_attention(q, k, v@)",
        ["", ", is_causal=True", ", scale=0.3"],
        q=n(2, 3, 5, 4),
        k=n(2, 3, 6, 4),
        v=n(2, 3, 6, 7),
    ),
    Case("F.scaled_dot_product_attention(q, k, v, m)", q=n(5, 4), k=n(6, 4), v=n(6, 4), m=n(5, 6)),
    Case("F.scaled_dot_product_attention(q, k, v, m)", q=n(2, 5, 4), k=n(2, 6, 4), v=n(2, 6, 4), m=b(5, 6)),
    Case("F.scaled_dot_product_attention(q, k, v, enable_gqa=True)", q=n(2, 4, 5, 4), k=n(2, 2, 6, 4), v=n(2, 2, 6, 4)),
    *pairs(
        "F.multi_head_attention_forward(q, k, v, 4, 2, w, d, None, None, False, 0.0, o, e@)[0]",
        ["", ", need_weights=False", ", attn_mask=m", ", key_padding_mask=p"],
        q=n(5, 3, 4),
        k=n(6, 3, 4),
        v=n(6, 3, 4),
        w=n(12, 4),
        d=n(12),
        o=n(4, 4),
        e=n(4),
        m=n(5, 6),
        p=fixed([[False] * 5 + [True], [False] * 6, [True] + [False] * 5]),
    ),
    *pairs(
        "F.multi_head_attention_forward(q, k, v, 4, 2, w, d, bk, bv, True, 0.0, o, e@)[1]",
        ["", ", average_attn_weights=False"],
        q=n(5, 3, 4),
        k=n(6, 3, 4),
        v=n(6, 3, 4),
        w=n(12, 4),
        d=n(12),
        o=n(4, 4),
        e=n(4),
        bk=n(1, 1, 4),
        bv=n(1, 1, 4),
    ),
    Case(
        "F.multi_head_attention_forward(q, k, k, 4, 2, w, d, None, None, False, 0.0, o, e)[0]",
        q=n(5, 4),
        k=n(6, 4),
        w=n(12, 4),
        d=n(12),
        o=n(4, 4),
        e=n(4),
    ),
    Case(
        "F.multi_head_attention_forward(q, k, v, 4, 2, None, d, None, None, False, 0.0, o, e, "
        "use_separate_proj_weight=True, q_proj_weight=a, k_proj_weight=b, v_proj_weight=c)[0]",
        q=n(5, 3, 4),
        k=n(6, 3, 2),
        v=n(6, 3, 3),
        d=n(12),
        o=n(4, 4),
        e=n(4),
        a=n(4, 4),
        b=n(4, 2),
        c=n(4, 3),
    ),
]
VISION = [
    *pairs("F.pad(x, @)", ["(1, 2)", "(1, 2, 0, 3)", "(-1, 2), value=1.5", "(0, 0, -1, -1)"], x=n(2, 3, 4)),
    *pairs("F.pad(x, (2, 1), '@')", ["reflect", "replicate", "circular"], x=n(2, 3, 4)),
    *pairs("F.pad(x, (2, 1, 1, 2), mode='@')", ["reflect", "replicate", "circular"], x=n(2, 3, 4, 5)),
    *pairs("F.interpolate(x, @)", ["7", "scale_factor=1.7", "scale_factor=2, mode='nearest-exact'", "3"], x=n(2, 3, 5)),
    *pairs("F.interpolate(x, @, mode='linear')", ["7", "scale_factor=1.7", "3, align_corners=True"], x=n(2, 3, 5)),
    *pairs(
        "F.interpolate(x, @, mode='bilinear')",
        [
            "(7, 3)",
            "scale_factor=(1.7, 0.6)",
            "(3, 8), align_corners=True",
            "(2, 3), antialias=True",
            "scale_factor=1.7, recompute_scale_factor=True",
        ],
        x=n(2, 3, 5, 6),
    ),
    *pairs(
        "F.interpolate(x, @, mode='bicubic')",
        ["(7, 3)", "scale_factor=(1.7, 0.6)", "(3, 8), align_corners=True", "(2, 3), antialias=True"],
        x=n(2, 3, 5, 6),
    ),
    *pairs("F.interpolate(x, @)", ["(3, 4, 5), mode='trilinear'", "2, mode='area'", "(7, 2, 3)"], x=n(1, 2, 4, 3, 4)),
    Case("F.pixel_shuffle(x, 2)", x=n(2, 8, 3, 4)),
    Case("F.pixel_unshuffle(x, 2)", x=n(2, 2, 6, 4)),
    Case("F.channel_shuffle(x, 2)", x=n(2, 6, 3, 4)),
    *pairs("F.unfold(x, @)", ["2", "(2, 3), 2, 1, 2", "3, padding=1"], x=n(2, 3, 5, 6)),
    *pairs(
        "F.fold(x, (5, 6), @)",
        [
            "2",
        ],
        x=n(2, 12, 20),
    ),
    Case("F.fold(x, (5, 6), 3, padding=1, stride=2)", x=n(2, 9, 9)),
    *pairs("F.affine_grid(x, (2, 3, 4, 5), align_corners=@)", ["False", "True"], x=n(2, 2, 3)),
    Case("F.affine_grid(x, (2, 3, 4, 5, 2), align_corners=False)", x=n(2, 3, 4)),
    *[
        Case(f"F.grid_sample(x, y, '{mode}', '{padding}', {align})", x=n(2, 3, 4, 5), y=n(2, 3, 2, 2))
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in ("zeros", "border", "reflection")
        for align in (False, True)
    ],
    Case("F.grid_sample(x, y, align_corners=False)", x=n(2, 3, 4, 5, 3), y=n(2, 3, 2, 2, 3)),
]
CASES: list[Any] = [
    *(ACTIVATIONS + LINEAR + CONVOLUTIONS + POOLING + NORMALIZATION + LOSSES + TABLES + ATTENTION + VISION),
]
