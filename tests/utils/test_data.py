"""Datasets and loaders, beside PyTorch's where nothing is random."""

from __future__ import annotations

import collections
import time

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.utils import data

torch = pytest.importorskip("torch")

Point = collections.namedtuple("Point", "x y")


def shown(x):
    if hasattr(x, "numpy"):
        return str(x)
    if isinstance(x, dict):
        return {key: shown(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return type(x).__name__, [shown(part) for part in x]
    return repr(x)


BATCHES = [
    [1, 2],
    [True, False],
    [1.5, 2.5],
    ["a", "b"],
    [(1, 2.0), (3, 4.0)],
    [[1, "x"], [2, "y"]],
    [{"a": 1, "b": (1, 2)}, {"a": 2, "b": (3, 4)}],
    [Point(1, 2.0), Point(3, 4.0)],
    [np.ones(2), np.zeros(2)],
    [np.float32(1), np.float32(2)],
    [np.int32(1), np.int32(2)],
]


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_collate(batch):
    theirs = torch.utils.data
    assert shown(data.default_collate(batch)) == shown(theirs.default_collate(batch))
    assert shown(data.default_convert(batch)) == shown(theirs.default_convert(batch))


def test_collate_refuses():
    with pytest.raises(RuntimeError, match="equal size"):
        data.default_collate([[1], [1, 2]])
    with pytest.raises(TypeError, match="must contain tensors"):
        data.default_collate([object()])
    with pytest.raises(TypeError, match="must contain tensors"):
        data.default_collate([np.array(["x"])])


def loaders(library, **options):
    rows = library.arange(10).reshape(5, 2)
    return library.utils.data.DataLoader(library.utils.data.TensorDataset(rows, library.arange(5)), **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 2},
        {"batch_size": 2, "drop_last": True},
        {"batch_size": None},
        {"batch_size": 3, "sampler": [4, 0, 2, 1]},
        {"batch_sampler": [[0, 1, 2], [4]]},
        {"batch_size": 2, "collate_fn": len},
    ],
    ids=str,
)
def test_loader(options):
    theirs, ours = loaders(torch, **options), loaders(fg, **options)
    expected = [shown(batch) for batch in theirs]
    assert len(ours) == len(theirs)
    assert [shown(batch) for batch in ours] == expected
    assert [shown(batch) for batch in loaders(fg, num_workers=2, **options)] == expected


@pytest.mark.parametrize(
    "options",
    [
        {"shuffle": True, "sampler": [1]},
        {"batch_size": 2, "batch_sampler": [[1]]},
        {"batch_size": None, "drop_last": True},
        {"batch_size": 0},
        {"batch_size": 2.5},
        {"num_workers": -1},
        {"timeout": -1},
        {"prefetch_factor": 2},
        {"persistent_workers": True},
    ],
    ids=str,
)
def test_loader_refuses(options):
    for library in (torch, fg):
        with pytest.raises(ValueError, match=r"."):
            loaders(library, **options)


def test_shuffling_is_fair_and_seeded():
    dataset = data.TensorDataset(fg.arange(100))

    def order(**options):
        return [int(x) for (x,) in data.DataLoader(dataset, batch_size=None, shuffle=True, **options)]

    first = order(generator=fg.Generator().manual_seed(3))
    assert sorted(first) == list(range(100))
    assert first != list(range(100))
    assert first == order(generator=fg.Generator().manual_seed(3))
    loader = data.DataLoader(dataset, batch_size=10, shuffle=True)
    assert [x.tolist() for (x,) in loader] != [x.tolist() for (x,) in loader]


def test_iterable_datasets():
    class Numbers(data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

    assert [b.tolist() for b in data.DataLoader(Numbers(), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in data.DataLoader(Numbers(), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(data.DataLoader(Numbers(), batch_size=None)) == list(range(5))
    assert list(Numbers() + Numbers()) == 2 * list(range(5))
    with pytest.raises(ValueError, match="unspecified shuffle"):
        data.DataLoader(Numbers(), shuffle=True)
    with pytest.raises(NotImplementedError, match="one after the other"):
        data.DataLoader(Numbers(), num_workers=1)


def test_datasets_and_splits():
    a, b = data.TensorDataset(fg.arange(3)), data.TensorDataset(fg.arange(4))
    both = a + b
    assert len(both) == 7
    assert [int(both[i][0]) for i in (0, 2, 3, 6, -1)] == [0, 2, 0, 3, 3]
    assert len(data.StackDataset(a, a)[1]) == 2
    assert sorted(data.StackDataset(x=a, y=a)[1]) == ["x", "y"]
    parts = data.random_split(range(10), [7, 3], generator=fg.Generator().manual_seed(0))
    assert [len(part) for part in parts] == [7, 3]
    assert sorted([x for part in parts for x in part]) == list(range(10))
    for lengths in ([0.5, 0.5], [0.3, 0.3, 0.4], [0.35, 0.35, 0.3]):
        expected = [len(part) for part in torch.utils.data.random_split(range(11), lengths)]
        assert [len(part) for part in data.random_split(range(11), lengths)] == expected
    with pytest.raises(ValueError, match="Sum of input lengths"):
        data.random_split(range(10), [7, 4])
    with pytest.warns(UserWarning, match="is 0"):
        data.random_split(range(1), [0.9, 0.1])
    with pytest.raises(AssertionError, match="Size mismatch"):
        data.TensorDataset(fg.ones(2), fg.ones(3))


def test_samplers():
    fg.manual_seed(0)
    assert sorted(data.SubsetRandomSampler([5, 7, 9])) == [5, 7, 9]
    drawn = list(data.WeightedRandomSampler([0.1, 0.0, 0.9], 500))
    assert 1 not in drawn
    assert 0.8 < drawn.count(2) / 500 < 0.97
    assert sorted(data.WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False)) == [0, 1, 2]
    assert len(list(data.RandomSampler(range(3), replacement=True, num_samples=10))) == 10
    assert sorted(data.RandomSampler(range(3), num_samples=6)) == [0, 0, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="positive integer"):
        data.RandomSampler([])


def test_threads_say_what_went_wrong():
    class Slow(data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            if i == 3:
                raise KeyError("three")
            time.sleep(0.3 if i == 2 else 0)
            return i

    started = []
    loader = data.DataLoader(Slow(), num_workers=2, worker_init_fn=started.append)
    with pytest.raises(KeyError, match="three"):
        list(loader)
    assert set(started) <= {0, 1}
    assert started
    with pytest.raises(RuntimeError, match="timed out"):
        list(data.DataLoader(Slow(), num_workers=1, timeout=0.05))
