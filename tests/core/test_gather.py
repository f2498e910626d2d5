"""Of values written to one place the last counts: which indices select a place twice, and what the others then get."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.gather import repeats

WHOLE = slice(None)
SHAPE = (3, 4, 5)
INDICES = [
    *(np.array([0, 2]), np.array([2, 2]), np.array([0, -3]), np.array([[0, 1], [2, 0]]), np.array([], int)),
    (WHOLE, np.array([3, 0])),
    (WHOLE, np.array([1, 1])),
    (WHOLE, np.array([1, -3]), WHOLE),
    (WHOLE, np.array([0, 1]), np.array([2, 2])),
    (WHOLE, np.array([0, 0]), np.array([2, 2])),
    (np.array([0, 1]), WHOLE, np.array([3, 3])),
    (np.array([0, 0]), WHOLE, np.array([3, 3])),
    (np.array([[0], [1]]), np.array([0, 1, 2])),
    (np.array([[0], [1]]), np.array([0, 1, 0])),
    (1, np.array([0, 0])),
    (1, np.array([0, 3]), np.int64(2)),
    (slice(0, 2), np.array([0, 1])),
    (slice(0, 2), np.array([1, 1])),
    (slice(2, 2), np.array([1, 1])),
    (np.array([0, 0]), slice(None, None, 2)),
]


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_repeated_places_are_found(index):
    taken = np.arange(np.prod(SHAPE)).reshape(SHAPE)[index].ravel().tolist()
    assert repeats(index, SHAPE) == (len(set(taken)) < len(taken))


@pytest.mark.parametrize("again", [False, True])
def test_repeated_places_among_many_are_found(again):
    rows, columns = np.divmod(np.random.default_rng(0).permutation(5000), 50)
    rows[-1], columns[-1] = (rows[7] - 100, columns[7]) if again else (rows[-1], columns[-1])
    assert repeats((rows, WHOLE, columns), (100, 2, 50)) == again
    assert repeats((rows[:40], WHOLE, columns[:40]), (100, 2, 50)) is False


@pytest.mark.parametrize(
    "index", [(..., np.array([0, 0])), (None, np.array([0, 0])), (np.ones(3, bool), np.array([1]))]
)
def test_of_what_else_an_index_can_have_it_says_that_it_may(index):
    assert repeats(index, SHAPE)


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_the_gradient_of_what_was_written(index):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=SHAPE), rng.normal(size=SHAPE)
    v = rng.normal(size=x[index].shape)

    def f(x, v):
        x = x.copy()
        x[index] = v
        return np.sum(weights * x)

    gx, gv = fg.grad(f, (0, 1))(x, v)
    owner = np.full(SHAPE, -1)
    owner[index] = np.arange(v.size).reshape(v.shape)
    np.testing.assert_array_equal(gx, np.where(owner < 0, weights, 0))
    expected = np.zeros(v.size)
    expected[owner[owner >= 0]] = weights[owner >= 0]
    np.testing.assert_array_equal(gv, expected.reshape(v.shape))
