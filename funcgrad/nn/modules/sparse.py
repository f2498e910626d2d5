"""Embeddings: tables of vectors that are read by number."""

from __future__ import annotations

from typing import Any, Self

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.starts import new_parameter, start_normal
from funcgrad.nn.parameter import Parameter
from funcgrad.tensor.tensor import Tensor
from funcgrad.tensor.writing import overwrite

__all__ = ["Embedding", "EmbeddingBag"]


def table(layer: Any, weight: Any, device: Any, dtype: Any) -> None:
    """Give a layer its table: the one that is given, or one of random numbers."""
    shape = [layer.num_embeddings, layer.embedding_dim]
    if weight is None:
        layer.weight = new_parameter(*shape, device=device, dtype=dtype)
        layer.reset_parameters()
    else:
        if list(weight.shape) != shape:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        layer.weight = Parameter(weight)


def padding_place(index: int | None, count: int) -> int | None:
    """Return which row is the padding, counted from the start."""
    if index is None:
        return None
    if not -count <= index < count:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return index % count


class Embedding(Module):
    """A table of vectors that is read by number.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many vectors of which length.
    padding_idx : int, optional
        The number of a vector that begins as zero and is not learned.
    max_norm : float, optional
        Vectors whose norm is larger are scaled, in place, when they are read.
    norm_type : float
        Which norm.
    scale_grad_by_freq : bool
        Whether the gradient of a vector is divided by how often it is read.
    sparse : bool
        Must be False: gradients are arrays.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.Embedding(10, 3)(fg.tensor([[1, 2], [4, 9]])).shape
    torch.Size([2, 2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if sparse:
            raise NotImplementedError("Embedding(sparse=True): gradients are arrays; leave it False")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_place(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        table(self, _weight, device, dtype)
        self.weight.requires_grad_(not _freeze)

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        reset_table(self.weight, self.padding_idx)

    def forward(self, input: Tensor) -> Tensor:
        """Read vectors."""
        options = (self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        return F.embedding(input, self.weight, *options)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """Make a layer around a table.

        Parameters
        ----------
        embeddings : Tensor, (num_embeddings, embedding_dim)
        freeze : bool
            Whether it is not learned.
        padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
            As for the class.
        """
        check_table(embeddings)
        rows, length = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(rows, length, *options, _weight=embeddings, _freeze=freeze)

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        return ", ".join(parts)


def reset_table(weight: Any, padding_idx: int | None) -> None:
    start_normal(weight)
    if padding_idx is not None:
        values = weight.memory().copy()
        values[padding_idx] = 0
        overwrite(weight, values)


def check_table(embeddings: Any) -> None:
    if embeddings.ndim != 2:
        raise AssertionError("Embeddings parameter is expected to be 2-dimensional")


class EmbeddingBag(Module):
    """Sums, means or maxima of vectors of a table, bag by bag.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many vectors of which length.
    max_norm, norm_type, scale_grad_by_freq
        As for :class:`Embedding`.
    mode : str
        ``"sum"``, ``"mean"`` or ``"max"``.
    sparse : bool
        Must be False: gradients are arrays.
    include_last_offset : bool
        Whether the last offset is the number of all numbers.
    padding_idx : int, optional
        The number of a vector that does not count.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.EmbeddingBag(10, 3)(fg.tensor([1, 2, 4, 5]), fg.tensor([0, 3])).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if sparse:
            raise NotImplementedError("EmbeddingBag(sparse=True): gradients are arrays; leave it False")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self.padding_idx = padding_place(padding_idx, num_embeddings)
        table(self, _weight, device, dtype)

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        reset_table(self.weight, self.padding_idx)

    def forward(self, input: Tensor, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        """Read vectors and combine those of each bag."""
        options = (self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse)
        last = (per_sample_weights, self.include_last_offset, self.padding_idx)
        y: Tensor = F.embedding_bag(input, self.weight, offsets, *options, *last)
        return y

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Make a layer around a table; the arguments are those of the class, and whether it is not learned."""
        check_table(embeddings)
        rows, length = embeddings.shape
        options = (max_norm, norm_type, scale_grad_by_freq, mode, sparse)
        new = cls(rows, length, *options, embeddings, include_last_offset, padding_idx)
        new.weight.requires_grad_(not freeze)
        return new

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        parts.append(f"mode={self.mode!r}")
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        return ", ".join(parts)
