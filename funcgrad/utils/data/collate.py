"""Joining examples to a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from funcgrad.tensor.arranging import stack
from funcgrad.tensor.dtypes import float64
from funcgrad.tensor.factory import tensor
from funcgrad.tensor.sharing import as_tensor
from funcgrad.tensor.shell import Base

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Join examples: tensors, arrays and numbers are stacked; mappings, sequences and named tuples are gone into.

    Parameters
    ----------
    batch : sequence
        Examples of one kind.

    Returns
    -------
    object
        Texts stay lists of texts.

    Raises
    ------
    TypeError
        If the examples are of another kind.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.utils.data.default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=torch.float64)]
    """
    first = batch[0]
    if isinstance(first, Base):
        return stack(list(batch))
    if isinstance(first, np.ndarray | np.generic):
        if first.dtype.kind not in "biufc":
            raise TypeError(refusal(first.dtype))
        return stack([as_tensor(np.asarray(x)) for x in batch])
    if isinstance(first, bool | int):
        return tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=float64)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        joined = {key: default_collate([x[key] for x in batch]) for key in first}
        return joined if type(first) is dict else made(type(first), joined)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*[default_collate(parts) for parts in zip(*batch, strict=True)])
    if isinstance(first, Sequence):
        if any(len(x) != len(first) for x in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        parts = [default_collate(column) for column in zip(*batch, strict=True)]
        return parts if isinstance(first, tuple) or type(first) is list else made(type(first), parts)
    raise TypeError(refusal(type(first)))


def default_convert(data: Any) -> Any:
    """Make tensors of the arrays in an example, and leave everything else."""
    if isinstance(data, np.ndarray | np.generic):
        return as_tensor(np.asarray(data)) if data.dtype.kind in "biufc" else data
    if isinstance(data, Mapping):
        return made(type(data), {key: default_convert(x) for key, x in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*[default_convert(x) for x in data])
    if isinstance(data, tuple):
        return [default_convert(x) for x in data]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return made(type(data), [default_convert(x) for x in data])
    return data


def made(cls: Any, content: Any) -> Any:
    """Return a container of a class, or a plain one if the class cannot be made so."""
    try:
        return cls(content)
    except TypeError:
        return content


def refusal(kind: Any) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
