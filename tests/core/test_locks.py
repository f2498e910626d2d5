"""Arrays that nodes keep cannot be written to: by whoever holds them, for as long as anybody does."""

import gc
import threading
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.locks import LOCKS, hold, let_go

N = 1000


def test_views_of_one_array_in_nested_gradients() -> None:
    both = np.ones((2, N))
    a, b = both
    g = fg.grad(lambda a: np.sum(fg.grad(lambda b: np.sum(np.sin(b) * a))(b)))(a)
    np.testing.assert_allclose(g, np.cos(b))
    assert both.flags.writeable
    assert a.flags.writeable
    assert b.flags.writeable


def test_what_an_inner_level_lets_go_an_outer_one_still_holds() -> None:
    c = np.full(N, 2.0)

    def f(x: Any) -> Any:
        y = x * c
        fg.grad(lambda z: np.sum(z * c))(np.ones(N))
        with pytest.raises(ValueError, match="read-only"):
            c[0] = 5.0
        return np.sum(y)

    np.testing.assert_array_equal(fg.grad(f)(np.ones(N)), c)
    c[0] = 5.0


def test_what_is_lent_cannot_be_written_to_by_another_name() -> None:
    c = np.full(N, 2.0)

    def f(x: Any, lent: Any) -> Any:
        y = x * lent
        with pytest.raises(ValueError, match="read-only"):
            c[0] = 5.0
        return np.sum(y)

    np.testing.assert_array_equal(fg.grad(f)(np.ones(N), c), c)
    c[0] = 5.0


def test_what_was_not_writable_stays_so() -> None:
    c = np.full(N, 2.0)
    c.flags.writeable = False
    fg.grad(lambda x: np.sum(x * c))(np.ones(N))
    assert not c.flags.writeable


def test_a_view_waits_for_its_base() -> None:
    x = np.ones(4)
    view = x[1:]
    assert hold(x)
    assert hold(x)
    assert hold(view)
    let_go(x)
    let_go(view)
    assert not view.flags.writeable
    let_go(x)
    assert x.flags.writeable
    assert view.flags.writeable


def test_nothing_is_remembered() -> None:
    before = len(LOCKS)
    x = np.ones(4)
    hold(x)
    del x
    gc.collect()
    assert len(LOCKS) == before


def test_threads_hold_one_array() -> None:
    c = np.linspace(0.0, 1.0, N)
    wrong: list[Any] = []

    def run() -> None:
        gradients = [fg.grad(lambda x: np.sum(x * c))(np.ones(N)) for _ in range(200)]
        wrong.extend(g for g in gradients if not np.array_equal(g, c))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert c.flags.writeable
