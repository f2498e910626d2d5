"""Rules by blocks in owned memory give what their text gives."""

import tracemalloc

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import blocks, engine
from funcgrad.core.kinds import Elementwise, Short, finite_or_zero
from funcgrad.core.primitive import CALLS


def shorts() -> list[Short]:
    """Every short rule that is made of ufuncs alone."""
    found = []
    for call in CALLS.values():
        primitive = getattr(call, "primitive", call)
        if isinstance(primitive, Elementwise) and primitive.short is not None:
            for short in primitive.short:
                text = getattr(short.text, "__wrapped__", short.text)
                if blocks.steps_of_rule(text, [None] * len(short.indices)):
                    found.append(short)
    return found


RULES = shorts()


def test_most_of_the_usual_rules_are_made_of_ufuncs():
    names = {short.name for short in RULES}
    assert {"multiply", "divide", "tanh", "sqrt", "log", "sin", "cos", "subtract", "negative"} <= names


@pytest.mark.parametrize("short", RULES, ids=[f"{short.name}-{short.operand}" for short in RULES])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("add", [False, True], ids=["", "added"])
def test_blocks_are_the_text(short, dtype, add, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 7)
    rng = np.random.default_rng(0)
    g = rng.uniform(-1, 1, (4, 8)).astype(dtype)
    g[0, :3] = 0
    residuals = tuple(rng.uniform(0.1, 0.9, g.shape).astype(dtype) for _ in short.indices)
    for x in residuals:
        x[0, 1] = 0  # a pole for some
    kept = residuals if len(residuals) != 1 else residuals[0]
    with np.errstate(all="ignore"):
        expected = short.rule(g, kept)
        held = rng.uniform(-1, 1, g.shape).astype(dtype)
        expected = held + expected if add else expected
        got = short.large(g, kept, held if add else None, add)
        assert got is not None
        near = {"rtol": 1e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-13, "atol": 1e-14}
        np.testing.assert_allclose(got, expected, **near)  # a ufunc's vector loop and its remainder may differ
        if not add:
            own = g.copy()
            assert short.large(own, kept, own) is own
            np.testing.assert_allclose(own, expected, **near)


@pytest.mark.parametrize("short", RULES, ids=[f"{short.name}-{short.operand}" for short in RULES])
@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 4), (1, 7), (9, 1)], ids=str)
def test_of_a_cotangent_with_one_number_for_each_row(short, shape, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 10)
    rng = np.random.default_rng(0)
    column = rng.uniform(-1, 1, (*shape[:-1], 1))
    g = np.broadcast_to(column, shape)
    residuals = tuple(rng.uniform(0.1, 0.9, shape) for _ in short.indices)
    kept = residuals if len(residuals) != 1 else residuals[0]
    with np.errstate(all="ignore"):
        expected = short.rule(g.copy(), kept)
        got = short.large(g, kept, None)
        held = rng.uniform(-1, 1, shape)
        total = held + expected
        assert short.large(g, kept, held, True) is held
    np.testing.assert_allclose(got, expected, rtol=1e-13)
    np.testing.assert_allclose(held, total, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(g, np.broadcast_to(column, shape))


def test_what_is_known_of_each_row_is_computed_once_for_it():
    steps = blocks.steps_of_rule(lambda g, x: (g * 2 + 1) * x, [None])
    left, rows = blocks.begun(steps, np.array([1.0, 3.0]), 2)
    np.testing.assert_array_equal(rows, [3, 7])
    assert len(left) == 1
    g = np.broadcast_to(np.array([[1.0], [3.0]]), (2, 3))
    x, out = np.arange(6.0).reshape(2, 3), np.empty((2, 3))
    blocks.apply_steps(steps, g, (x,), out)
    np.testing.assert_array_equal(out, (g * 2 + 1) * x)
    reads_again = blocks.steps_of_rule(lambda g, x: (g * 2 + x) * g, [None])
    assert blocks.begun(reads_again, rows, 2) == (reads_again, rows)


def of_rows(x):
    return np.sum(np.sum(np.tanh(x) * x, axis=1) ** 2) + np.sum(np.sum((x**2).reshape(-1, 4, 5), axis=-1) ** 3)


def shared(x):
    y = np.exp(x) * x
    return np.sum(np.tanh(y) * y - np.sqrt(x) / y + (y + x) * 2.0 - np.log(x))


def passed_on(x):
    y = x + 0.5 * x  # the cotangent of a sum is handed to both
    return np.sum((y + x) * (y - x) + (x + x))


def of_columns(x):
    return np.sum(np.sin(x.T) * np.cos(x).T)


def broadcast(x):
    return np.sum(x * x[0] + np.exp(x) * 2)


@pytest.mark.parametrize("f", [shared, passed_on, of_columns, broadcast, of_rows])
def test_gradients_are_the_same(f, monkeypatch):
    x = np.random.default_rng(0).uniform(0.5, 1.5, (30, 20))
    expected = fg.grad(f)(x)
    second = fg.hvp(f, (x,), (x,))
    monkeypatch.setattr(engine, "LARGE", 1)
    monkeypatch.setattr(blocks, "BLOCK", 64)
    np.testing.assert_allclose(fg.grad(f)(x), expected, rtol=1e-14)
    np.testing.assert_allclose(fg.hvp(f, (x,), (x,)), second, rtol=1e-13)


def test_what_is_saved_and_what_is_given_stays_as_it_was(monkeypatch):
    monkeypatch.setattr(engine, "LARGE", 1)
    x = np.random.default_rng(0).uniform(0.5, 1.5, (30, 20))
    before = x.copy()
    y, pullback = fg.vjp(lambda x: np.tanh(np.exp(x) * x), x)
    g = np.ones_like(x)
    (first,), value = pullback(g), y.copy()
    (again,) = pullback(g)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(g, np.ones_like(x))
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, value)


@pytest.mark.parametrize("exponent", [2, 2.0, 3, 0.5, np.int64(2)])
def test_powers_of_what_is_zero_or_infinite(exponent, monkeypatch):
    """A square has no pole; where it overflows, it is infinite like a product."""
    monkeypatch.setattr(engine, "LARGE", 1)
    x = np.array([0.0, 1.0, 4.0])
    mask = (x > 0).astype(float)
    expected = np.where(mask, exponent * np.where(mask, x, 1) ** (exponent - 1), 0)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(x**exponent * mask))(x), expected)
    huge = np.array([1e200, 1.0])
    with np.errstate(over="ignore"):
        g = fg.grad(lambda x: np.sum(np.where(x > 1e100, 0.0, x**exponent)))(huge)
    np.testing.assert_array_equal(g, [0, exponent])


def test_a_cotangent_that_is_zero_meets_no_pole(monkeypatch):
    monkeypatch.setattr(engine, "LARGE", 1)
    x = np.linspace(0.0, 1.0, 20)
    mask = (x > 0).astype(float)
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(np.sqrt(x) * mask))(x)[1:], 0.5 / np.sqrt(x[1:]))
    assert fg.grad(lambda x: np.sum(np.sqrt(x) * mask))(x)[0] == 0


def test_a_chain_needs_what_it_saved_and_little_more():
    x = np.linspace(0.5, 1.5, 1 << 18)

    def f(x):
        for _ in range(10):
            x = np.tanh(x)
        return np.sum(x)

    fg.grad(f)(x)
    tracemalloc.start()
    fg.grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1] / x.nbytes
    tracemalloc.stop()
    assert peak < 10 + 2.5  # the ten values, a cotangent, a copy of it as the result


def test_finite_or_zero_is_what_mends():
    c, g = np.array([np.inf, np.nan, 1.0]), np.array([0.0, 1.0, 1.0])
    np.testing.assert_array_equal(finite_or_zero(c, g), [0.0, np.nan, 1.0])


@pytest.mark.parametrize("exponent", [2, 3, 0.5, -1.0, 0, -0.0, 1])
def test_a_rule_may_ask_for_a_number(exponent, monkeypatch):
    monkeypatch.setattr(engine, "LARGE", 1)
    monkeypatch.setattr(blocks, "BLOCK", 64)
    x = np.random.default_rng(0).uniform(0.5, 1.5, (30, 20))
    power = CALLS[np.power].primitive.short[0]
    assert power.plan([None, exponent]) is not None
    assert power.plan([None, None]) is None
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(x**exponent))(x), exponent * x ** (exponent - 1.0), rtol=1e-14)


def test_zeros_of_either_sign_are_different_numbers(monkeypatch):
    monkeypatch.setattr(engine, "LARGE", 1)
    x = np.full((30, 20), 2.0)
    for zero in (0.0, -0.0):
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(fg.grad(lambda x, zero=zero: np.sum(x / zero))(x), 1 / np.array(zero))


def test_what_is_remembered_of_rules_has_a_bound():
    power = CALLS[np.power].primitive.short[0]
    for exponent in np.linspace(0.1, 0.9, 200).tolist():
        assert power.plan([None, exponent]) is not None
    assert len(power.steps) <= 64


# -- The memory of intermediate results ------------------------------------------------------------------------


@pytest.mark.parametrize("short", RULES, ids=[f"{short.name}-{short.operand}" for short in RULES])
def test_a_buffer_is_used_again_only_when_nobody_reads_it(short):
    given = 1 + len(short.indices)
    steps = blocks.steps_of_rule(getattr(short.text, "__wrapped__", short.text), [None] * len(short.indices))
    goals = blocks.buffers_of(steps, given)
    holds = {}  # by buffer, the register in it
    for i, (_, operands) in enumerate(steps):
        for x in operands:
            if isinstance(x, blocks.Symbol) and x.number >= given:
                assert holds[goals[x.number - given]] == x.number
        holds[goals[i]] = given + i
    assert sorted(set(goals)) == list(range(len(set(goals))))


def test_chains_need_one_buffer():
    steps = blocks.steps_of_rule(lambda g, x: np.exp(-np.absolute(g - x)), [None])
    assert blocks.buffers_of(steps, 2) == [0, 0, 0, 0]
    steps = blocks.steps_of_rule(lambda g, x: (g + x) * np.exp(g * x), [None])
    assert blocks.buffers_of(steps, 2)[:3] == [0, 1, 1]


def test_rules_that_compare_are_run_as_they_are():
    assert blocks.steps_of_rule(lambda g, x: g * (x > 0), [None]) is None
