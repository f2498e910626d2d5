"""Datasets: what has examples by number, or one after the other."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from funcgrad.tensor.generators import Generator, numbers_from

__all__ = [
    *("ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "StackDataset", "Subset", "TensorDataset"),
    "random_split",
]

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """The base class of datasets: a subclass defines ``__getitem__``, and mostly ``__len__``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Squares(fg.utils.data.Dataset):
    ...     def __len__(self):
    ...         return 10
    ...     def __getitem__(self, i):
    ...         return i * i
    >>> Squares()[3]
    9
    """

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """The base class of datasets that have examples one after the other: a subclass defines ``__iter__``.

    Examples
    --------
    >>> from funcgrad.utils.data import DataLoader, IterableDataset
    >>> class Squares(IterableDataset):
    ...     def __iter__(self):
    ...         return (i * i for i in range(4))
    >>> [batch.tolist() for batch in DataLoader(Squares(), batch_size=2)]
    [[0, 1], [4, 9]]
    """

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError("Subclasses of IterableDataset should implement __iter__.")

    def __add__(self, other: Dataset[Any]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """The rows of tensors.

    Parameters
    ----------
    *tensors : Tensor
        With the same size in the first dimension.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.utils.data.TensorDataset(fg.ones(3, 2), fg.zeros(3))[0]
    (tensor([1., 1.]), tensor(0.))
    """

    def __init__(self, *tensors: Any) -> None:
        if any(x.shape[0] != tensors[0].shape[0] for x in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple([x[index] for x in self.tensors])

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class StackDataset(Dataset[Any]):
    """The examples of several datasets side by side: as a tuple, or by name as a dict.

    Parameters
    ----------
    *args : Dataset
    **kwargs : Dataset
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("Supported either ``tuple``- (via ``args``) or ``dict``- (via ``kwargs``) like input")
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets: Any = args or kwargs
        self.parts = list(args or kwargs.values())
        if any(len(part) != len(self.parts[0]) for part in self.parts):
            raise ValueError("Size mismatch between datasets")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple([part[index] for part in self.parts])

    def __len__(self) -> int:
        return len(self.parts[0])


class ConcatDataset(Dataset[Any]):
    """Several datasets one behind the other.

    Parameters
    ----------
    datasets : iterable of Dataset

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.utils.data.ConcatDataset([[1, 2], [3]])[-1]
    3
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(part, IterableDataset) for part in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(part) for part in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index:
            raise ValueError("absolute value of index should not exceed dataset length")
        index = index + len(self) if index < 0 else index
        place = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[place][index - (self.cumulative_sizes[place - 1] if place else 0)]


class ChainDataset(IterableDataset[Any]):
    """Several iterable datasets one behind the other.

    Examples
    --------
    >>> from funcgrad.utils.data import ChainDataset, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(2))
    >>> list(ChainDataset([Count(), Count()]))
    [0, 1, 0, 1]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for part in self.datasets:
            if not isinstance(part, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield from part

    def __len__(self) -> int:
        return sum(len(part) for part in self.datasets)


class Subset(Dataset[Any]):
    """Some examples of a dataset.

    Parameters
    ----------
    dataset : Dataset
    indices : sequence of int
        Their numbers.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.utils.data.Subset([10, 11, 12], [2, 0])[0]
    12
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[[self.indices[i] for i in index] if isinstance(index, list) else self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        many = getattr(self.dataset, "__getitems__", None)
        if callable(many):
            found: list[Any] = many([self.indices[i] for i in indices])
            return found
        return [self.dataset[self.indices[i]] for i in indices]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None) -> list[Subset]:
    """Divide a dataset at random into parts that do not overlap.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int or of float
        The sizes of the parts; or fractions, whose remainder is dealt out one by one.
    generator : Generator, optional

    Returns
    -------
    list of Subset

    Examples
    --------
    >>> import funcgrad as fg
    >>> [len(part) for part in fg.utils.data.random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    size = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = dealt(size, lengths)
    if sum(lengths) != size:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = numbers_from(generator).permutation(size).tolist()
    ends = itertools.accumulate(int(n) for n in lengths)
    return [Subset(dataset, order[end - int(n) : end]) for end, n in zip(ends, lengths, strict=True)]


def dealt(size: int, fractions: Sequence[float]) -> list[int]:
    """Return the sizes that fractions stand for."""
    for place, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {place} is not between 0 and 1")
    sizes = [math.floor(size * fraction) for fraction in fractions]
    for i in range(size - sum(sizes)):
        sizes[i % len(sizes)] += 1
    for place, n in enumerate(sizes):
        if n == 0:
            warnings.warn(
                f"Length of split at index {place} is 0. This might result in an empty dataset.", stacklevel=3
            )
    return sizes
