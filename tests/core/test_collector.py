"""Full collections come seldomer while functions are recorded; all else is as the program has set it."""

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import collector
from funcgrad.core.collector import PATIENCE, PATIENT

STEPS = 20_000  # twice the middle generation's limit of objects, and more


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def chain(x, steps=STEPS):
    for _ in range(steps):
        x = x * 1.0001
    return x


def test_the_limit_is_raised_while_a_long_function_runs_and_put_back():
    seen = []

    def f(x):
        seen.append(gc.get_threshold())
        y = chain(x)
        seen.append(gc.get_threshold())
        return y

    np.testing.assert_allclose(fg.grad(f)(1.0), 1.0001**STEPS)
    assert seen == [(700, 10, 10), (700, 10, PATIENT)]
    assert gc.get_threshold() == (700, 10, 10)
    assert not PATIENCE.levels


def test_short_functions_change_nothing():
    seen = []

    def f(x):
        seen.append(gc.get_threshold())
        return chain(x, 10)

    for _ in range(10):
        fg.grad(f)(1.0)
    assert set(seen) == {(700, 10, 10)}


def test_full_collections_stay_out_of_a_large_graph(monkeypatch):
    full = []
    gc.collect()
    gc.freeze()  # so that a quarter more is soon reached
    gc.callbacks.append(lambda phase, info: full.append(phase) if info["generation"] == 2 else None)
    try:
        fg.grad(lambda x: chain(x, 8 * STEPS))(1.0)
        with_patience = len(full)
        monkeypatch.setattr(collector, "PATIENT", 10)  # as without it
        fg.grad(lambda x: chain(x, 8 * STEPS))(1.0)
    finally:
        gc.callbacks.pop()
        gc.unfreeze()
    assert with_patience == 0 < len(full)


def test_it_ends_with_an_error_and_with_the_last_of_nested_functions():
    seen = []

    def f(x):
        slope = fg.grad(chain)(x)
        seen.append(gc.get_threshold()[2])
        raise ArithmeticError(slope)

    with pytest.raises(ArithmeticError):
        fg.grad(f)(1.0)
    assert seen == [PATIENT]
    assert gc.get_threshold() == (700, 10, 10)


def test_what_the_program_sets_meanwhile_stays():
    def f(x):
        y = chain(x)
        assert gc.get_threshold()[2] == PATIENT
        gc.set_threshold(500, 5, 5)
        return y

    fg.grad(f)(1.0)
    assert gc.get_threshold() == (500, 5, 5)


@pytest.mark.parametrize("limit", [0, 10 * PATIENT])
def test_a_limit_of_zero_or_a_higher_one_stays(limit):
    seen = []

    def f(x):
        y = chain(x)
        seen.append(gc.get_threshold())
        return y

    gc.set_threshold(700, 10, limit)
    fg.grad(f)(1.0)
    assert seen == [(700, 10, limit)]
    assert gc.get_threshold() == (700, 10, limit)


def test_young_garbage_in_cycles_is_collected_while_a_graph_grows():
    class Ring:
        pass

    rings = []

    def f(x):
        for _ in range(10):
            ring = Ring()
            ring.itself = ring
            rings.append(weakref.ref(ring))
            del ring
            x = chain(x, STEPS // 2)
        assert gc.get_threshold()[2] == PATIENT
        assert [ring() for ring in rings[:5]] == [None] * 5
        return x

    fg.grad(f)(1.0)
    assert len(rings) == 10


def test_the_level_of_tensors_does_not_count():
    x = fg.tensor(1.0, requires_grad=True)
    chain(x).backward()
    assert gc.get_threshold() == (700, 10, 10)
    assert not PATIENCE.levels


def test_a_pullback_that_is_kept_does_not_count():
    _, pullback = fg.vjp(chain, 1.0)
    assert gc.get_threshold() == (700, 10, 10)
    assert not PATIENCE.levels
    np.testing.assert_allclose(pullback(1.0)[0], 1.0001**STEPS)
