"""NumPy's warnings: those of infinite partials are off in rules, all others are as the program has set them."""

import threading
import warnings
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.silence import FORGIVING, FORGIVING_LIMIT, SILENT, forgiving, silence, state

STATES: list[dict[str, Any]] = [{}, {"all": "raise"}, {"over": "ignore", "under": "warn"}, {"divide": "call"}]


@pytest.mark.parametrize("given", STATES)
def test_forgiving_changes_two_settings_and_restores_them(given: dict[str, Any]) -> None:
    with np.errstate(**given):
        before = np.geterr()
        for _ in range(2):  # made, then known
            with forgiving():
                assert np.geterr() == before | {"divide": "ignore", "invalid": "ignore"}
            assert np.geterr() == before


def test_forgiving_in_a_thread_of_its_own() -> None:
    found: list[Any] = []

    def look() -> None:
        with forgiving():
            found.append(np.geterr())

    with np.errstate(all="raise"):
        thread = threading.Thread(target=look)  # which begins with NumPy's defaults
        thread.start()
        thread.join()
    assert found == [np.geterr() | {"divide": "ignore", "invalid": "ignore"}]


def test_what_is_remembered_is_bounded() -> None:
    for i in range(2 * FORGIVING_LIMIT):
        with np.errstate(over=["ignore", "raise"][i % 2]), forgiving():
            assert np.geterr()["over"] == ["ignore", "raise"][i % 2]
    assert len(FORGIVING) <= FORGIVING_LIMIT


def test_silence_nests() -> None:
    with np.errstate(all="raise"):
        with silence():
            assert state() is SILENT
            with silence():
                np.ones(1) / 0
            assert set(np.geterr().values()) == {"ignore"}
        assert set(np.geterr().values()) == {"raise"}


def test_errors_restore_too() -> None:
    before = np.geterr()
    with pytest.raises(ZeroDivisionError), forgiving():
        raise ZeroDivisionError
    assert np.geterr() == before


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 2)])
@pytest.mark.parametrize("transform", [fg.grad, fg.hessian, lambda f: fg.vmap(fg.grad(f)), lambda f: fg.grad(f, 0)])
def test_large_finite_values_are_no_cause_to_warn(transform: Any, shape: tuple[int, ...]) -> None:
    """Whether a result is finite is asked of the sum of its squares, which overflows: in silence."""
    x = np.full(shape, 500.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = transform(lambda x: np.sum(np.exp(x) / 1e200))(x)
    assert np.isclose(result.max(), np.exp(500.0) / 1e200)


def test_numbers_of_any_kind_are_asked_in_silence() -> None:
    with np.errstate(all="raise"):
        assert fg.grad(lambda x: np.exp(x) / 1e200)(500.0) > 1e16
        assert fg.value_and_grad(lambda x: np.exp(x))(np.float32(80.0))[1] > 1e34


def test_an_overflow_in_a_rule_is_as_the_program_wants() -> None:
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        fg.vjp(lambda x: x * 1e200, np.ones(2))[1](np.full(2, 1e200))
