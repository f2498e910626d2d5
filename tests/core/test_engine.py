"""The engine: depth, memory, threads, exceptions, and cotangents that nobody shares."""

import gc
import threading
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import funcgrad as fg
from funcgrad.core.kinds import Elementwise
from funcgrad.core.primitive import CALLS, install


def test_a_million_operations_without_recursion() -> None:
    def chain(x: Any) -> Any:
        for _ in range(1_000_000):
            x = x * 1.0000001
        return x

    np.testing.assert_allclose(fg.grad(chain)(1.0), 1.0000001**1_000_000)


@pytest.fixture
def no_collector() -> Any:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_graphs_are_freed_without_the_collector() -> None:
    class Watched(np.ndarray):
        pass

    alive = []

    def f(x: Any) -> Any:
        data = np.ones(3).view(Watched)
        alive.append(weakref.ref(data))
        y = np.tanh(x * data)
        rows = [y[i] for i in range(3)]
        halves = np.split(np.concatenate([y, y]), 2)
        return sum(rows) * np.linalg.slogdet(np.outer(y, y) + np.eye(3))[1] + halves[0].sum()

    fg.grad(f)(np.ones(3))
    fg.grad(lambda x: fg.grad(f)(x).sum())(np.ones(3))
    _, pullback = fg.vjp(f, np.ones(3))
    del pullback
    fg.tensor([1.0, 2.0], requires_grad=True).exp().sum().backward()
    assert [ref() for ref in alive] == [None] * 3


def peak(f: Any, *args: Any) -> int:
    f(*args)
    tracemalloc.start()
    f(*args)
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def test_unused_branches_cost_no_memory() -> None:
    x = np.ones(100_000)

    def f(x: Any, branches: int) -> Any:
        for _ in range(branches):
            np.exp(np.sin(x) * x)
        return (x * x).sum()

    assert peak(fg.grad(f), x, 20) < 1.1 * peak(fg.grad(f), x, 1)


def test_only_what_rules_read_is_kept() -> None:
    x = np.ones(100_000)

    def linear(x: Any) -> Any:  # nothing to keep: each intermediate is freed at once
        for _ in range(30):
            x = (x + 1.0) * 2.0 - x
        return x.sum()

    assert peak(fg.grad(linear), x) < 6 * x.nbytes


@pytest.mark.parametrize("function", [fg.grad, lambda f: lambda x: fg.jvp(fg.grad(f), (x,), (x,))[1]])
def test_reads_in_a_loop_grow_linearly(function: Any) -> None:
    """Counted, not timed: bytes written grow with n, not with its square."""

    def f(x: Any) -> Any:
        total = 0.0
        for i in range(len(x) - 1):
            total = total + x[i] * x[i + 1]
        return total

    small, large = (peak(function(f), np.ones(n)) for n in (200, 2000))
    assert large < 13 * small


def test_accumulation_does_not_alias() -> None:
    x, y = np.ones(3), np.ones(3)
    gx, gy = fg.grad(lambda x, y: (x + y).sum(), argnums=(0, 1))(x, y)
    gx[0] = 7
    assert gy.tolist() == [1, 1, 1]
    gradient = fg.grad(lambda x: x.sum())(np.ones((2, 3)))
    gradient[0, 0] = 5  # writable, with memory of its own
    assert gradient.sum() == 10
    seed = np.ones(3)
    _, pullback = fg.vjp(lambda x: x + 0.0, x)
    (g,) = pullback(seed)
    g[:] = 0
    assert seed.tolist() == [1, 1, 1]
    assert pullback(seed)[0].tolist() == [1, 1, 1]


def test_the_cotangent_of_a_fan_is_not_changed_under_a_neighbour() -> None:
    def f(x: Any) -> Any:
        y = x * 2.0
        z = y + x  # passes its own cotangent to both
        return (z * z + y * z + z).sum()

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(fg.grad(f)(x), 2 * 9 * x + 2 * 6 * x + 3)


def test_a_failing_rule_leaves_no_half_pass_behind() -> None:
    _, pullback = fg.vjp(lambda x: scipy.special._ufuncs._cosine_cdf(x) + x * x, np.ones(2))
    for _ in range(2):
        with pytest.raises(fg.NoDerivativeError):
            pullback(np.ones(2))
    calls = 0

    def flaky(g: Any, y: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyboardInterrupt
        return g * y

    def twice(x: Any) -> Any:
        return x * 2.0

    install([(Elementwise(twice, flaky, own=True),)])
    try:
        _, pullback = fg.vjp(lambda x: CALLS[twice](x) + x * 3.0, np.ones(2))
        with pytest.raises(KeyboardInterrupt):
            pullback(np.ones(2))
        assert pullback(np.ones(2))[0].tolist() == [5, 5]
    finally:
        del CALLS[twice]


def test_exceptions_leave_no_state() -> None:
    def f(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fg.grad(lambda x: fg.grad(f)(x * 2))(1.0)
    assert fg.grad(fg.grad(lambda x: x**3))(2.0) == 12


def test_threads() -> None:
    failures: list[Any] = []

    def work(k: int) -> None:
        for _ in range(60):
            got = fg.grad(lambda x: x * fg.grad(lambda y: np.sin(k * x * y) + y * y)(x))(0.3)
            z = k * 0.09
            want = 2 * k * 0.3 * np.cos(z) - k * k * 0.09 * np.sin(z) * 2 * 0.3 + 4 * 0.3
            if not np.isclose(got, want):
                failures.append((k, got, want))
            t = fg.tensor([1.0 * k], requires_grad=True)
            (t * t).sum().backward()
            if t.grad is None or t.grad.item() != 2 * k:
                failures.append((k, t.grad))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_one_pullback_in_many_threads() -> None:
    x = np.linspace(0, 1, 50)
    _, pullback = fg.vjp(lambda x: np.tanh(np.sin(x) * x + x) * x, x)
    want = pullback(x)[0]
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.extend(pullback(x)[0] for _ in range(30))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 180
    assert all(np.array_equal(g, want) for g in results)


def test_a_failed_pass_leaves_no_traced_reads_behind() -> None:
    fail = True

    def moody(g: Any, y: Any) -> Any:
        if fail:
            raise KeyboardInterrupt
        return g * y

    def once(x: Any) -> Any:
        return x * 1.0

    install([(Elementwise(once, moody, own=True),)])
    try:

        def outer(w: Any) -> Any:
            nonlocal fail
            _, pullback = fg.vjp(lambda x: CALLS[once](x[0]) + x[1], np.ones(2))
            with pytest.raises(KeyboardInterrupt):
                pullback(w)
            fail = False
            return pullback(w)[0].sum()

        assert fg.grad(outer)(3.0) == 2
    finally:
        del CALLS[once]


# -- The order of the walk -----------------------------------------------------------------------------------

STEPS = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: np.sin(a),
    lambda a, b: -b,
    lambda a, b: np.maximum(a, b),
    lambda a, b: a + b * 0.5,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=25),
    st.sampled_from([(), (3,), (2, 2)]),
    st.booleans(),
)
def test_any_graph_gives_what_forward_mode_gives(program: Any, shape: tuple[int, ...], retained: bool) -> None:
    """Chains, diamonds, values used twice by one call: in whatever order the nodes become ready."""

    def run(x: Any, y: Any) -> Any:
        values = [x, y]
        for step, i, j in program:
            values.append(step(values[-1 - i % len(values)], values[-1 - j % len(values)]))
        return values[-1] + values[len(values) // 2]

    rng = np.random.default_rng(0)
    x, y, dx, dy, g = rng.normal(size=(5, *shape)) / 2
    _, tangent = fg.jvp(run, (x, y), (dx, dy))
    if retained:
        a, b = (fg.tensor(v, requires_grad=True) for v in (x, y))
        out: Any = run(a, b)
        out.backward(fg.tensor(g), retain_graph=True)
        gx, gy = (np.zeros(shape) if t.grad is None else t.grad.numpy() for t in (a, b))
    else:
        gx, gy = fg.vjp(run, x, y)[1](g)
    np.testing.assert_allclose(np.sum(gx * dx + gy * dy), np.sum(g * tangent), rtol=1e-9, atol=1e-9)
