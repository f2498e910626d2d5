"""Attention: weighted means of values, where queries and keys make the weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, draw, functional
from funcgrad.nn.functional.distributions import SOFTMAX
from funcgrad.tensor.naming import christen

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]

FUSED = "ScaledDotProductFlashAttentionForCpuBackward0"  # PyTorch's node where it has a kernel for the whole
OPERANDS = ("query", "key", "value")


@functional(alike=OPERANDS)
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Array:
    """Return ``softmax(query key^T * scale + mask) value``.

    Parameters
    ----------
    query : Tensor or array, (..., L, E)
    key : Tensor or array, (..., S, E)
    value : Tensor or array, (..., S, Ev)
    attn_mask : Tensor or array, (..., L, S), optional
        What is added to the scores; or booleans, False where a query does not see a key.
    dropout_p : float
        The probability of a weight to become zero.
    is_causal : bool
        Whether query ``i`` sees the keys up to ``i`` only.
    scale : float, optional
        ``1 / sqrt(E)`` by default.
    enable_gqa : bool
        Whether several heads of the query (dimension -3) share one of key and value.

    Returns
    -------
    Tensor or array, (..., L, Ev)

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.nn.functional as F
    >>> q, v = fg.zeros(1, 2), fg.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> F.scaled_dot_product_attention(q, v, v)
    tensor([[0.5000, 0.5000]])
    """
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            f"scaled_dot_product_attention: expected at least 2 dimensions, but got {query.ndim}, {key.ndim} and "
            f"{value.ndim}"
        )
    if is_causal and attn_mask is not None:
        raise RuntimeError("scaled_dot_product_attention: explicit attn_mask should not be set when is_causal=True")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"scaled_dot_product_attention: sizes {list(query.shape)}, {list(key.shape)} and {list(value.shape)} do "
            "not fit"
        )
    if enable_gqa:
        key, value = (np.repeat(x, query.shape[-3] // x.shape[-3], axis=-3) for x in (key, value))
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    y = dropped(weights, dropout_p) @ value
    fused = query.ndim == 4 and not dropout_p and query.shape[-1] == value.shape[-1]
    if fused or y.ndim > 2:
        christen(y, FUSED if fused else "UnsafeViewBackward0")
    return y


def attention_weights(q: Array, k: Array, mask: Array | None, is_causal: bool, scale: float | None) -> Array:
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    scores = (q * factor) @ np.swapaxes(k, -1, -2)
    if is_causal:
        mask = constant(np.tril(np.ones((q.shape[-2], k.shape[-2]), bool)), q)
    if mask is None:
        return SOFTMAX(scores, axis=-1)
    if mask.dtype != np.bool_:
        return SOFTMAX(scores + mask, axis=-1)
    hidden = ~np.any(mask, axis=-1, keepdims=True)  # a query that sees nothing gets zero, not nan
    weights = SOFTMAX(np.where(mask | hidden, scores, -np.inf), axis=-1)
    return np.where(hidden, 0, weights)


def dropped(weights: Array, p: float) -> Array:
    if not p:
        return weights
    return weights * (draw(weights.shape, weights, 1 - p).astype(weights.dtype) / (1 - p))


# -- Several heads ---------------------------------------------------------------------------------------------------


@functional("")
def multi_head_attention_forward(
    query: Array,
    key: Array,
    value: Array,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Array | None,
    in_proj_bias: Array | None,
    bias_k: Array | None,
    bias_v: Array | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Array,
    out_proj_bias: Array | None,
    training: bool = True,
    key_padding_mask: Array | None = None,
    need_weights: bool = True,
    attn_mask: Array | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Array | None = None,
    k_proj_weight: Array | None = None,
    v_proj_weight: Array | None = None,
    static_k: Array | None = None,
    static_v: Array | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Any:
    """Project, attend with several heads, and project back: what :class:`funcgrad.nn.MultiheadAttention` computes.

    Inputs are (L, N, E), or (L, E) for a single example; masks are True where a key is not seen, or are added to the
    scores. Returns the output, and the weights (N, L, S) if they are needed, averaged over heads if asked for.
    """
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if query.ndim not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D, but received {query.ndim}D")
    single = query.ndim == 2
    if single:
        query, key, value = query[:, None], key[:, None], value[:, None]
        key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
    targets, examples, width = query.shape
    if width != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    weights: list[Any]
    if use_separate_proj_weight:
        weights = [q_proj_weight, k_proj_weight, v_proj_weight]
    else:
        packed: Any = in_proj_weight
        weights = list(np.split(packed, 3))
    biases = [None] * 3 if in_proj_bias is None else list(np.split(in_proj_bias, 3))
    q, k, v = (
        x @ w.T if b is None else x @ w.T + b for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )
    mask = None if attn_mask is None else added(attn_mask, query.dtype)
    if mask is not None and mask.ndim == 3:
        mask = np.reshape(mask, (examples, num_heads, *mask.shape[1:]))
    padding = None if key_padding_mask is None else added(key_padding_mask, query.dtype)[:, None, None, :]
    if bias_k is not None and bias_v is not None:
        k, v = (
            np.concatenate([x, np.broadcast_to(b, (1, examples, x.shape[-1]))]) for x, b in ((k, bias_k), (v, bias_v))
        )
        mask, padding = longer(mask), longer(padding)
    q, k, v = (heads(x, num_heads) for x in (q, k, v))
    k = k if static_k is None else np.reshape(static_k, (examples, num_heads, *static_k.shape[1:]))
    v = v if static_v is None else np.reshape(static_v, (examples, num_heads, *static_v.shape[1:]))
    if add_zero_attn:
        k, v = (np.pad(x, [(0, 0), (0, 0), (0, 1), (0, 0)]) for x in (k, v))
        mask, padding = longer(mask), longer(padding)
    mask = padding if mask is None else mask if padding is None else mask + padding
    attention = attention_weights(q, k, mask, False, None)
    attention = dropped(attention, dropout_p if training else 0.0)
    joined = np.reshape(np.transpose(attention @ v, (2, 0, 1, 3)), (targets, examples, -1))
    output = joined @ out_proj_weight.T
    output = output if out_proj_bias is None else output + out_proj_bias
    if single:
        output = output[:, 0]
    if not need_weights:
        return output, None
    attention = np.mean(attention, axis=1) if average_attn_weights else attention
    return output, attention[0] if single else attention


def heads(x: Array, count: int) -> Array:
    """Divide the features of (L, N, E) among heads: (N, heads, L, E / heads)."""
    x = np.reshape(x, (*x.shape[:2], count, x.shape[2] // count))
    return np.transpose(x, (1, 2, 0, 3))


def added(mask: Array, dtype: np.dtype[Any]) -> Array:
    """Return a mask as what is added to scores."""
    return np.where(mask, -np.inf, 0).astype(dtype) if mask.dtype == np.bool_ else mask


def longer(mask: Array | None) -> Array | None:
    """Let one more key be seen."""
    return None if mask is None else np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, 1)])
