"""Samplers: the numbers of examples, in some order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from funcgrad.tensor.generators import Generator, numbers_from

__all__ = [
    *("BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler", "WeightedRandomSampler"),
]

T = TypeVar("T", covariant=True)


class Sampler(Generic[T]):
    """The base class of samplers: a subclass defines ``__iter__``, and mostly ``__len__``.

    Examples
    --------
    >>> from funcgrad.utils.data import DataLoader, Sampler
    >>> class Backwards(Sampler):
    ...     def __iter__(self):
    ...         return iter([2, 1, 0])
    >>> list(DataLoader([5, 6, 7], sampler=Backwards(), batch_size=None))
    [7, 6, 5]
    """

    def __init__(self) -> None:
        """Accept no arguments."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError("a sampler defines __iter__")


class SequentialSampler(Sampler[int]):
    """All numbers in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


def check_count(count: Any) -> None:
    if not isinstance(count, int) or isinstance(count, bool) or count <= 0:
        raise ValueError(f"num_samples should be a positive integer value, but got num_samples={count}")


class RandomSampler(Sampler[int]):
    """Numbers in random order.

    Parameters
    ----------
    data_source : Dataset
    replacement : bool
        Whether a number may come again before all have come.
    num_samples : int, optional
        How many; by default as many as there are examples.
    generator : Generator, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> sorted(fg.utils.data.RandomSampler(range(4)))
    [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        check_count(self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many numbers there will be."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size, source = len(self.data_source), numbers_from(self.generator)
        if self.replacement:
            yield from source.integers(0, size, self.num_samples).tolist()
            return
        rounds = (source.permutation(size).tolist() for _ in itertools.count())
        yield from itertools.islice(itertools.chain.from_iterable(rounds), self.num_samples)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given numbers in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in numbers_from(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Numbers drawn with given weights.

    Parameters
    ----------
    weights : sequence of float
        They need not sum to one.
    num_samples : int
    replacement : bool
        Whether a number may come again.
    generator : Generator, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> list(fg.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        check_count(num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = np.asarray([float(w) for w in weights])
        if self.weights.ndim != 1 or not len(self.weights):
            raise ValueError("weights should be a 1d sequence")
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.sum()
        source = numbers_from(self.generator)
        yield from source.choice(len(chances), self.num_samples, self.replacement, chances).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of numbers from another sampler.

    Parameters
    ----------
    sampler : Sampler or iterable of int
    batch_size : int
    drop_last : bool
        Whether a last list that is shorter is left out.

    Examples
    --------
    >>> import funcgrad as fg
    >>> list(fg.utils.data.BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        size = len(self.sampler)  # type: ignore[arg-type]
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
