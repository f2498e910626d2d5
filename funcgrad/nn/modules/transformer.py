"""Transformers: encoders and decoders of attention and feed-forward networks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.attention import MultiheadAttention
from funcgrad.nn.modules.containers import ModuleList
from funcgrad.nn.modules.dropout import Dropout
from funcgrad.nn.modules.linear import Linear
from funcgrad.nn.modules.normalization import LayerNorm
from funcgrad.nn.modules.starts import start_xavier
from funcgrad.tensor.factory import full

__all__ = [
    *("Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer"),
]

Activation = str | Callable[[Any], Any]


def named_activation(activation: Activation) -> Callable[[Any], Any]:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


def copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


class Block(Module):
    """What the layers of encoder and decoder have: the feed-forward network."""

    linear1: Linear
    linear2: Linear
    dropout: Dropout
    activation: Callable[[Any], Any]

    def _fed(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(Block):
    """Attention of a sequence to itself, and a feed-forward network, each added to its input and normalized.

    Parameters
    ----------
    d_model : int
        The number of features.
    nhead : int
        The number of heads.
    dim_feedforward : int
        The number of features inside the feed-forward network.
    dropout : float
    activation : str or callable
        ``"relu"``, ``"gelu"`` or a function.
    layer_norm_eps : float
    batch_first : bool
        Whether sequences are (N, L, features) instead of (L, N, features).
    norm_first : bool
        Whether normalization comes before attention and the network instead of after.
    bias : bool
        Whether the layers have biases.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.TransformerEncoderLayer(8, 2, 16)(fg.rand(5, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **place)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = named_activation(activation)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """Encode; the masks are those of :class:`MultiheadAttention`."""

        def attended(x: Any) -> Any:
            masks = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask, "is_causal": is_causal}
            return self.dropout1(self.self_attn(x, x, x, need_weights=False, **masks)[0])

        x = src
        if self.norm_first:
            x = x + attended(self.norm1(x))
            return x + self.dropout2(self._fed(self.norm2(x)))
        x = self.norm1(x + attended(x))
        return self.norm2(x + self.dropout2(self._fed(x)))


class TransformerDecoderLayer(Block):
    """Like :class:`TransformerEncoderLayer`, with attention to an encoded sequence in between.

    The arguments are the same.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.TransformerDecoderLayer(8, 2, 16)(fg.rand(4, 3, 8), fg.rand(5, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **place)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **place)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = named_activation(activation)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """Decode; the masks are those of :class:`MultiheadAttention`."""

        def to_itself(x: Any) -> Any:
            masks = {"attn_mask": tgt_mask, "key_padding_mask": tgt_key_padding_mask, "is_causal": tgt_is_causal}
            return self.dropout1(self.self_attn(x, x, x, need_weights=False, **masks)[0])

        def to_memory(x: Any) -> Any:
            masks = {
                "attn_mask": memory_mask,
                "key_padding_mask": memory_key_padding_mask,
                "is_causal": memory_is_causal,
            }
            return self.dropout2(self.multihead_attn(x, memory, memory, need_weights=False, **masks)[0])

        x = tgt
        if self.norm_first:
            x = x + to_itself(self.norm1(x))
            x = x + to_memory(self.norm2(x))
            return x + self.dropout3(self._fed(self.norm3(x)))
        x = self.norm1(x + to_itself(x))
        x = self.norm2(x + to_memory(x))
        return self.norm3(x + self.dropout3(self._fed(x)))


class TransformerEncoder(Module):
    """Several layers, one after the other.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        Of which copies are made.
    num_layers : int
    norm : Module, optional
        What comes after the last.
    enable_nested_tensor, mask_check : bool
        Hints for speed, which change no result: outputs where a sequence is padding have no meaning.

    Examples
    --------
    >>> import funcgrad as fg
    >>> encoder = fg.nn.TransformerEncoder(fg.nn.TransformerEncoderLayer(8, 2, 16), num_layers=2)
    >>> encoder(fg.rand(5, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        """Encode; the masks are those of :class:`MultiheadAttention`."""
        x = src
        for layer in self.layers:
            masks = {"src_mask": mask, "src_key_padding_mask": src_key_padding_mask, "is_causal": bool(is_causal)}
            x = layer(x, **masks)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """Several layers, one after the other.

    Parameters
    ----------
    decoder_layer : TransformerDecoderLayer
        Of which copies are made.
    num_layers : int
    norm : Module, optional
        What comes after the last.

    Examples
    --------
    >>> import funcgrad as fg
    >>> decoder = fg.nn.TransformerDecoder(fg.nn.TransformerDecoderLayer(8, 2, 16), num_layers=2)
    >>> decoder(fg.rand(4, 3, 8), fg.rand(5, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Decode; the masks are those of :class:`MultiheadAttention`."""
        x = tgt
        for layer in self.layers:
            x = layer(
                *(x, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask),
                *(bool(tgt_is_causal), memory_is_causal),
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder, and a decoder that attends to what it returns.

    Parameters
    ----------
    d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        As for :class:`TransformerEncoderLayer`.
    num_encoder_layers, num_decoder_layers : int
    custom_encoder, custom_decoder : Module, optional
        What is used instead.

    Examples
    --------
    >>> import funcgrad as fg
    >>> model = fg.nn.Transformer(8, 2, 1, 1, 16)
    >>> model(fg.rand(5, 3, 8), fg.rand(4, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        place = {"device": device, "dtype": dtype}
        norm = {"eps": layer_norm_eps, "bias": bias, **place}
        self.encoder: Module
        self.decoder: Module
        if custom_encoder is None:
            layer: Module = TransformerEncoderLayer(*sizes, **place)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, LayerNorm(d_model, **norm))
        else:
            self.encoder = custom_encoder
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*sizes, **place)
            self.decoder = TransformerDecoder(layer, num_decoder_layers, LayerNorm(d_model, **norm))
        else:
            self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        """Draw all weights anew; biases stay."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                start_xavier(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Encode one sequence and decode another; the masks are those of :class:`MultiheadAttention`."""
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            *(tgt, memory),
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
        """Return the mask with which a place sees only itself and those before: minus infinity above the diagonal."""
        return full((sz, sz), -float("inf"), device=device, dtype=dtype).triu(1)
