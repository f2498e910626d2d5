"""DataLoader: the batches of a dataset, one after the other."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from funcgrad.tensor.generators import Generator
from funcgrad.utils.data.collate import default_collate, default_convert
from funcgrad.utils.data.datasets import IterableDataset
from funcgrad.utils.data.samplers import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader"]


class DataLoader:
    """The batches of a dataset: each time that one iterates over it, an epoch.

    Parameters
    ----------
    dataset : Dataset
    batch_size : int, optional
        None for single examples.
    shuffle : bool, optional
        Whether examples come in random order.
    sampler : Sampler or iterable of int, optional
        Their order.
    batch_sampler : Sampler or iterable of lists, optional
        Which examples make a batch.
    num_workers : int
        How many threads load batches ahead; with 0, the caller does.
    collate_fn : callable, optional
        What makes a batch of a list of examples; by default :func:`default_collate`.
    pin_memory : bool
        Accepted for compatibility, without effect.
    drop_last : bool
        Whether a last batch that is smaller is left out.
    timeout : float
        How long to wait for a thread, in seconds; 0 for as long as it takes.
    worker_init_fn : callable, optional
        Called in each thread with its number.
    multiprocessing_context : None
        Workers are threads.
    generator : Generator, optional
        For the random order.
    prefetch_factor : int, optional
        How many batches each thread loads ahead, 2 by default.
    persistent_workers : bool
        Accepted for compatibility, without effect: threads begin fast.
    pin_memory_device : str
        Accepted for compatibility, without effect.
    in_order : bool
        Whether batches come in order; without threads, or if one is as good as another, they do in any case.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.utils.data import DataLoader, TensorDataset
    >>> data = TensorDataset(fg.arange(5), fg.ones(5, 2))
    >>> for numbers, rows in DataLoader(data, batch_size=2):
    ...     print(numbers, tuple(rows.shape))
    tensor([0, 1]) (2, 2)
    tensor([2, 3]) (2, 2)
    tensor([4]) (1, 2)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers > 0 else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.generator = generator
        check_workers(self, prefetch_factor, multiprocessing_context)
        self.iterable = isinstance(dataset, IterableDataset)
        if self.iterable:
            check_iterable(shuffle, sampler, batch_sampler, num_workers)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None and self.iterable:
            sampler = itertools.repeat(None)
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)

    def __iter__(self) -> Iterator[Any]:
        if self.iterable:
            return self._streamed()
        numbers = self.sampler if self.batch_sampler is None else self.batch_sampler
        return self._threaded(numbers) if self.num_workers else map(self._fetch, numbers)

    def __len__(self) -> int:
        if self.iterable:
            size = len(self.dataset)
            if self.batch_size is None:
                return size
            return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
        numbers: Sized = self.sampler if self.batch_sampler is None else self.batch_sampler  # type: ignore[assignment]
        return len(numbers)

    def _fetch(self, numbers: Any) -> Any:
        """Return one batch, or one example."""
        if self.batch_sampler is None:
            return self.collate_fn(self.dataset[numbers])
        many = getattr(self.dataset, "__getitems__", None)
        return self.collate_fn(many(numbers) if callable(many) else [self.dataset[i] for i in numbers])

    def _streamed(self) -> Iterator[Any]:
        examples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, examples)
            return
        while batch := list(itertools.islice(examples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def _threaded(self, numbers: Iterable[Any]) -> Iterator[Any]:
        """Let threads load ahead, and hand the batches out in order."""
        counter, lock = itertools.count(), threading.Lock()

        def begin() -> None:
            with lock:
                number = next(counter)
            if self.worker_init_fn is not None:
                self.worker_init_fn(number)

        ahead = self.num_workers * (self.prefetch_factor or 2)
        source = iter(numbers)
        with ThreadPoolExecutor(self.num_workers, "loader", begin) as pool:
            waiting: deque[Future[Any]] = deque(pool.submit(self._fetch, n) for n in itertools.islice(source, ahead))
            try:
                while waiting:
                    batch = result_of(waiting.popleft(), self.timeout)
                    waiting.extend(pool.submit(self._fetch, n) for n in itertools.islice(source, 1))
                    yield batch
            finally:
                for future in waiting:
                    future.cancel()


def result_of(future: Future[Any], timeout: float) -> Any:
    try:
        return future.result(timeout or None)
    except TimeoutError:
        if future.done():  # the dataset's own
            raise
        raise RuntimeError(f"DataLoader timed out after {timeout} seconds") from None


def check_workers(loader: DataLoader, prefetch_factor: int | None, context: Any) -> None:
    if loader.num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to load in the calling thread.")
    if loader.timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if loader.num_workers == 0 and prefetch_factor is not None:
        raise ValueError("prefetch_factor can only be given with num_workers > 0")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if loader.persistent_workers and loader.num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if context is not None:
        raise NotImplementedError("DataLoader(multiprocessing_context=...): workers are threads; leave it None")


def check_iterable(shuffle: Any, sampler: Any, batch_sampler: Any, num_workers: int) -> None:
    if shuffle:
        raise ValueError(
            f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}"
        )
    for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )
    if num_workers:
        raise NotImplementedError(
            "DataLoader(num_workers > 0) of an IterableDataset: its examples come one after the other; use 0"
        )
