"""Attention with several heads."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.linear import Linear
from funcgrad.nn.modules.starts import fans, fill, new_parameter, start_normal, start_xavier
from funcgrad.nn.parameter import Parameter
from funcgrad.tensor.modes import no_grad

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A :class:`Linear` under the name that PyTorch prints for the last projection."""


class MultiheadAttention(Module):
    """Attention with several heads: queries, keys and values are projected, and so is what the heads return.

    Parameters
    ----------
    embed_dim : int
        The number of features of queries and outputs.
    num_heads : int
        Among how many heads they are divided.
    dropout : float
        The probability of a weight to become zero in training.
    bias : bool
        Whether the projections add something.
    add_bias_kv : bool
        Whether a key and a value are learned that stand behind the given ones.
    add_zero_attn : bool
        Whether a key and a value of zeros stand behind them.
    kdim, vdim : int, optional
        The number of features of keys and values, if not `embed_dim`.
    batch_first : bool
        Whether inputs and outputs are (N, L, features) instead of (L, N, features).
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, 5, 8)
    >>> output, weights = fg.nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)
    >>> output.shape, weights.shape
    (torch.Size([2, 5, 8]), torch.Size([2, 5, 5]))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        place = {"device": device, "dtype": dtype}
        packed = self._qkv_same_embed_dim
        sizes = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        for name, size in sizes.items():
            self.register_parameter(name, None if packed else new_parameter(embed_dim, size, **place))
        self.register_parameter("in_proj_weight", new_parameter(3 * embed_dim, embed_dim, **place) if packed else None)
        self.register_parameter("in_proj_bias", new_parameter(3 * embed_dim, **place) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **place)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, new_parameter(1, 1, embed_dim, **place) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the weights of the projections, set biases to zero, and draw the learned key and value."""
        for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_weight"):
            if self._parameters[name] is not None:
                start_xavier(self._parameters[name])
        if self.in_proj_bias is not None:
            fill(self.in_proj_bias, 0)
            fill(self.out_proj.bias, 0)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                start_small(extra)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Attend.

        Parameters
        ----------
        query : Tensor, (L, N, embed_dim) or (L, embed_dim)
        key : Tensor, (S, N, kdim) or (S, kdim)
        value : Tensor, (S, N, vdim) or (S, vdim)
        key_padding_mask : Tensor, (N, S) or (S,), optional
            Booleans, True for a key that is not seen; or what is added to the scores.
        need_weights : bool
            Whether to return the weights.
        attn_mask : Tensor, (L, S) or (N * num_heads, L, S), optional
            Booleans, True where a query does not see a key; or what is added to the scores.
        average_attn_weights : bool
            Whether the weights are averaged over the heads.
        is_causal : bool
            A hint that `attn_mask` is causal, which changes no result.

        Returns
        -------
        Tensor, and Tensor or None
            The output, as `query`, and the weights (N, L, S), or (N, num_heads, L, S) for each head.
        """
        turned = self.batch_first and query.ndim == 3
        if turned:
            query, key, value = (x.swapaxes(0, 1) for x in (query, key, value))
        output, weights = F.multi_head_attention_forward(
            *(query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias),
            *(self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias),
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return output.swapaxes(0, 1) if turned else output, weights


def start_small(parameter: Parameter) -> None:
    """Draw normal numbers whose variance is one by the size: Glorot's for (1, 1, n)."""
    start_normal(parameter)
    with no_grad():
        parameter.mul_(math.sqrt(2 / sum(fans(tuple(parameter.shape)))))
