"""Sequences of several lengths: padded to one, or packed without the padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.tensor.arranging import cat
from funcgrad.tensor.factory import full
from funcgrad.tensor.interop import host
from funcgrad.tensor.sharing import from_numpy
from funcgrad.tensor.shell import Base

__all__ = [
    *("PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence"),
    *("pad_sequence", "unpack_sequence", "unpad_sequence"),
]


class PackedSequence(NamedTuple):
    """Sequences without padding, time after time: what recurrent networks take, too.

    Made by :func:`pack_padded_sequence` and :func:`pack_sequence`.

    Attributes
    ----------
    data : Tensor, ``(sum of lengths, *)``
    batch_sizes : Tensor
        How many sequences are running at each time, longest first.
    sorted_indices, unsorted_indices : Tensor or None
        The order of the sequences here, and the way back.
    """

    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Cast or move the data."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def double(self) -> PackedSequence:
        """Cast the data to float64."""
        return self._replace(data=self.data.double())

    def float(self) -> PackedSequence:
        """Cast the data to float32."""
        return self._replace(data=self.data.float())

    @property
    def is_cuda(self) -> bool:
        """Whether the data lives on a GPU."""
        return bool(self.data.is_cuda)


def integers(x: Any) -> Any:
    """Return plain integers of a tensor, an array or a list."""
    return np.asarray(host(x.values()) if isinstance(x, Base) else x, np.int64)


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences.

    Parameters
    ----------
    input : Tensor, ``(T, N, *)`` or ``(N, T, *)``
    lengths : Tensor or sequence of int
        Of each sequence.
    batch_first : bool
        Whether the input is ``(N, T, *)``.
    enforce_sorted : bool
        Whether the lengths must decrease; otherwise the sequences are sorted.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn.utils.rnn import pack_padded_sequence
    >>> packed = pack_padded_sequence(fg.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 3, 2]), tensor([2, 1]))
    """
    x = input.swapaxes(0, 1) if batch_first else input
    sizes = integers(lengths)
    check_lengths(sizes, x.shape[1], x.shape[0], enforce_sorted)
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes = sizes[order]
        x = x[:, from_numpy(order)]
    running = (sizes[None, :] > np.arange(int(sizes[0]))[:, None]).sum(axis=1)
    times, examples = places(running)
    back = None if order is None else from_numpy(np.argsort(order))
    kept = None if order is None else from_numpy(order)
    return PackedSequence(x[from_numpy(times), from_numpy(examples)], from_numpy(running), kept, back)


def check_lengths(sizes: Any, count: int, longest: int, enforce_sorted: bool) -> None:
    if sizes.shape != (count,):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {sizes.size} (batch_size={count})"
        )
    if (sizes <= 0).any():
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if enforce_sorted and (np.diff(sizes) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True: sort the sequences, or "
            "pass `enforce_sorted=False`."
        )
    if sizes.max() > longest:
        raise RuntimeError(f"a length of {sizes.max()} is more than the {longest} times of the input")


def places(running: Any) -> tuple[Any, Any]:
    """Return time and number of the example for each row of packed data."""
    times = np.repeat(np.arange(len(running)), running)
    return times, np.arange(len(times)) - np.repeat(np.cumsum(running) - running, running)


def padded(packed: PackedSequence, value: float, longest: int | None = None) -> Any:
    """Return the sequences as ``(T, N, *)``, in their order here."""
    running = integers(packed.batch_sizes)
    times, examples = places(running)
    data = packed.data
    rows = np.full((longest or len(running), int(running[0])), len(times))
    rows[times, examples] = np.arange(len(times))
    filler = full((1, *data.shape[1:]), value, dtype=data.dtype, device=data.device)
    return cat([data, filler])[from_numpy(rows)]


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """Pad packed sequences: what :func:`pack_padded_sequence` does backwards.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool
        Whether to return ``(N, T, *)``.
    padding_value : float
    total_length : int, optional
        The size T, if not that of the longest sequence.

    Returns
    -------
    Tensor, ``(T, N, *)``, and Tensor
        The padded sequences and their lengths.
    """
    running = integers(sequence.batch_sizes)
    if total_length is not None and total_length < len(running):
        raise ValueError(
            f"Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(running)}"
        )
    x = padded(sequence, padding_value, total_length)
    lengths = (running[:, None] > np.arange(int(running[0]))).sum(axis=0)
    if sequence.unsorted_indices is not None:
        back = integers(sequence.unsorted_indices)
        x, lengths = x[:, from_numpy(back)], lengths[back]
    return x.swapaxes(0, 1) if batch_first else x, from_numpy(lengths)


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Pad sequences ``(T, *)`` of several lengths to one.

    Parameters
    ----------
    sequences : sequence of Tensor
    batch_first : bool
        Whether to return ``(N, T, *)`` instead of ``(T, N, *)``.
    padding_value : float
    padding_side : str
        ``"right"`` or ``"left"``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn.utils.rnn import pad_sequence
    >>> pad_sequence([fg.tensor([1, 2]), fg.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if padding_side not in ("right", "left"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    parts = list(sequences)
    sizes = [part.shape[0] for part in parts]
    longest = max(sizes)
    rows = np.full((longest, len(parts)), sum(sizes))
    start = 0
    for number, size in enumerate(sizes):
        first = longest - size if padding_side == "left" else 0
        rows[first : first + size, number] = np.arange(start, start + size)
        start += size
    like = parts[0]
    filler = full((1, *like.shape[1:]), padding_value, dtype=like.dtype, device=like.device)
    return cat([*parts, filler])[from_numpy(rows.T.copy() if batch_first else rows)]


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """Return the sequences that were padded to ``(T, N, *)``."""
    x = padded_sequences if batch_first else padded_sequences.swapaxes(0, 1)
    return [x[i, : int(n)] for i, n in enumerate(integers(lengths))]


def pack_sequence(sequences: Iterable[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences ``(T, *)`` of several lengths.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn.utils.rnn import pack_sequence
    >>> pack_sequence([fg.tensor([1, 2]), fg.tensor([3])]).data
    tensor([1, 3, 2])
    """
    parts = list(sequences)
    return pack_padded_sequence(pad_sequence(parts), [part.shape[0] for part in parts], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """Return the sequences that were packed.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn.utils.rnn import pack_sequence, unpack_sequence
    >>> unpack_sequence(pack_sequence([fg.tensor([1, 2]), fg.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)


def invert_permutation(permutation: Any) -> Any:
    """Return the permutation that undoes another one; None for None."""
    return None if permutation is None else permutation.argsort()
