"""`vmap` under its two spellings, and random numbers in it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

MAPS: dict[str, Callable[..., Any]] = {"fg.vmap": fg.vmap, "func.vmap": fg.func.vmap}


@pytest.fixture(params=MAPS)
def vmap(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return MAPS[request.param]


def noisy(x: Any) -> Any:
    return x + fg.rand(())


X = fg.zeros(6)


def test_both_spellings_mean_the_same() -> None:
    x = np.arange(6.0).reshape(2, 3)
    for options in ({"in_axes": 1, "out_axes": 1}, {"in_dims": 1, "out_dims": 1}, {"in_axes": 1, "out_dims": 1}):
        np.testing.assert_array_equal(fg.vmap(lambda a: a * 2, **options)(x), x * 2)
    y = fg.vmap(lambda a, b: a + b, in_dims=(0, None))(fg.tensor(x), fg.ones(3))
    assert y.tolist() == (x + 1).tolist()
    assert fg.vmap(lambda: fg.ones(1), in_dims=(), axis_size=3)().shape == (3, 1)


@pytest.mark.parametrize("options", [{"in_axes": 0, "in_dims": 0}, {"out_axes": 0, "out_dims": 0}])
def test_an_argument_under_both_names(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="two names"):
        fg.vmap(noisy, **options)


def test_random_numbers_have_to_be_allowed(vmap: Callable[..., Any]) -> None:
    before = fg.get_rng_state()
    for draw in (noisy, lambda x: x + fg.rand((), generator=fg.Generator()), lambda x: fg.zeros(2).normal_() + x):
        with pytest.raises(RuntimeError, match="randomness"):
            vmap(draw)(X)
    assert (fg.get_rng_state() == before).all()
    with pytest.raises(RuntimeError, match="'error', 'different', or 'same'"):
        vmap(noisy, randomness="some")


@pytest.mark.parametrize("chunk_size", [None, 1, 4])
def test_the_same_numbers_for_all(vmap: Callable[..., Any], chunk_size: int | None) -> None:
    y = vmap(noisy, randomness="same", chunk_size=chunk_size)(X)
    assert len(set(y.tolist())) == 1
    assert y.tolist() != vmap(noisy, randomness="same")(X).tolist()


@pytest.mark.parametrize("chunk_size", [None, 1, 4])
def test_different_numbers_for_each(vmap: Callable[..., Any], chunk_size: int | None) -> None:
    assert len(set(vmap(noisy, 0, 0, "different", chunk_size=chunk_size)(X).tolist())) == 6


def test_examples_run_together_where_nothing_is_drawn(vmap: Callable[..., Any]) -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return x * 2

    vmap(f, randomness="different")(X)
    assert len(calls) == 1


def test_one_in_the_other(vmap: Callable[..., Any]) -> None:
    def inner(randomness: str) -> Callable[[Any], Any]:
        return lambda x: vmap(noisy, randomness=randomness)(x)

    x = fg.zeros(3, 4)
    rows = vmap(inner("different"), randomness="same")(x)
    assert (rows[0] == rows[1]).all()
    assert len(set(rows[0].tolist())) == 4
    columns = vmap(inner("same"), randomness="different")(x)
    assert len({tuple(column) for column in columns.T.tolist()}) == 1
    assert len(set(columns[:, 0].tolist())) == 3
    for kinds in (("error", "same"), ("different", "error")):
        with pytest.raises(RuntimeError, match="randomness"):
            vmap(inner(kinds[0]), randomness=kinds[1])(x)


def test_gradients_of_dropout_by_example(vmap: Callable[..., Any]) -> None:
    def loss(w: Any, x: Any) -> Any:
        return fg.nn.functional.dropout(w * x, 0.5).sum()

    g = vmap(fg.func.grad(loss), in_dims=(None, 0), randomness="different")(fg.ones(8), fg.ones(5, 8))
    assert set(np.unique(g.numpy())) == {0.0, 2.0}
    assert len({tuple(row) for row in g.tolist()}) > 1
