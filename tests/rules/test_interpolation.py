"""Padding, interpolation, ranges and the rest, beyond the rows of the table of cases."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import check_grads

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("constant", {}),
    ("constant", {"constant_values": ((1, 2), (3, 4))}),
    ("constant", {"constant_values": [[1.0], [2.0]]}),
    ("edge", {}),
    ("linear_ramp", {"end_values": (1.0, -1.0)}),
    ("maximum", {"stat_length": 2}),
    ("minimum", {"stat_length": ((1, 2), (3, 9))}),
    ("mean", {"stat_length": (1, 2)}),
    ("median", {}),
    ("reflect", {}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {}),
    ("symmetric", {"reflect_type": "odd"}),
    ("wrap", {}),
]
WIDTHS = [0, 1, (1, 2), ((1, 2),), ((1, 0), (2, 3)), [[1], [2]], np.array([[1, 2], [3, 4]]), ((9, 11), (7, 6))]


def traced(f: Any, *xs: Any) -> Any:
    """Return the value of a call on traced arrays."""
    return fg.vjp(f, *xs)[0]


@pytest.mark.parametrize("width", WIDTHS, ids=str)
@pytest.mark.parametrize(("mode", "options"), OPTIONS)
def test_pad_is_numpys(width: Any, mode: Any, options: Any, rng: np.random.Generator) -> None:
    for shape in ((3, 4), (1, 3)):
        x = rng.normal(size=shape)
        want = np.pad(x, width, mode, **options)
        np.testing.assert_allclose(traced(lambda x: np.pad(x, width, mode, **options), x), want, 1e-12, 1e-14)
        narrow = traced(lambda x: np.pad(x, width, mode, **options), x.astype(np.float32))
        assert narrow.dtype == np.float32
        check_grads(lambda x: np.pad(x, width, mode, **options), (x,), order=1)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: np.pad(x, 1, mode="nonsense"), "not supported"),
        (lambda x: np.pad(x, 1, mode="edge", constant_values=2), "unsupported keyword"),
        (lambda x: np.pad(x, 1.0), "integral"),
        (lambda x: np.pad(x, -1), "negative"),
        (lambda x: np.pad(x[:0], 1, mode="edge"), "empty axis"),
        (lambda x: np.pad(x, 1, mode="maximum", stat_length=0), "stat_length"),
        (lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0, 3.0]), "length"),
        (lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0], period=0), "non-zero"),
        (lambda x: np.gradient(x, [1.0, 2.0]), "match"),
        (lambda x: np.gradient(x, edge_order=3), "edge_order"),
        (lambda x: np.gradient(x[:1]), "too small"),
        (lambda x: np.linspace(x, 1.0, -1), "non-negative"),
        (lambda x: np.piecewise(x, [x > 0], [1.0, 2.0, 3.0]), "functions are expected"),
        (lambda x: np.apply_along_axis(np.sum, 0, np.reshape(x[:0], (2, 0))), "iteration dimensions"),
        (lambda x: np.take(x, 0, axis=3), "out of bounds"),
        (lambda x: np.insert(x, 0, 1.0, axis=2), "out of bounds"),
        (lambda x: np.vsplit(x, 2), "2 or more"),
        (lambda x: np.block([[x], x]), "depths"),
        (lambda x: np.diag(np.reshape(x, (1, 1, -1))), "1- or 2-d"),
        (lambda x: np.clip(x, 0, 1, min=2), "not all of them"),
        (lambda x: np.matvec(x, x) if hasattr(np, "matvec") else np.reshape(x, (1, "matrices")), "matrices"),
    ],
)
def test_bad_arguments_are_refused(call: Any, error: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=error):
        traced(call, np.array([3.0, 1.0, 2.0]))


def test_the_modes_of_pad_fall_back_for_one_element() -> None:
    """What has one element along an axis is repeated, also where it should be mirrored."""
    np.testing.assert_array_equal(traced(lambda x: np.pad(x, 2, mode="reflect"), np.array([3.0])), np.full(5, 3.0))


def test_borders_that_are_not_said_have_no_gradient() -> None:
    gradient = fg.grad(lambda x: np.sum(np.pad(x, 2, mode="empty")))(np.array([3.0, 1.0]))
    np.testing.assert_array_equal(gradient, 1.0)


@pytest.mark.parametrize("options", [{}, {"period": 2.0}, {"period": 3}, {"discont": 5.0}], ids=str)
def test_unwrap_is_numpys(options: Any, rng: np.random.Generator) -> None:
    for x in (np.cumsum(3 * rng.normal(size=9)), np.array([0.0, np.pi, 0.0, -np.pi, 2 * np.pi]), np.zeros(0)):
        got = traced(lambda x: np.unwrap(x, **options), x)
        np.testing.assert_allclose(got, np.unwrap(x, **options), 1e-12, 1e-13)


@pytest.mark.parametrize("order", [1, 2])
def test_gradient_of_a_constant_is_exactly_zero(order: Any) -> None:
    x = np.array([0.0, 0.1, 0.35, 1.7])
    got = traced(lambda f: np.gradient(f, x, edge_order=order), np.full(4, 1 / 3))
    np.testing.assert_array_equal(got, 0.0)


def test_piecewise_does_not_call_a_function_for_nothing() -> None:
    def refuse(x: Any) -> Any:
        raise AssertionError("called without elements")

    np.testing.assert_array_equal(traced(lambda x: np.piecewise(x, [x > 9], [refuse, 2.0]), np.ones(2)), 2.0)


def test_piecewise_keeps_the_gradient_away_from_poles() -> None:
    x = np.array([-1.0, 4.0])
    gradient = fg.grad(lambda x: np.sum(np.piecewise(x, [x > 0], [np.sqrt, 0.0])))(x)
    np.testing.assert_array_equal(gradient, [0.0, 0.25])


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
def test_ravel_in_the_order_of_memory(order: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3, 4))
    for axes in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)):

        def f(x: Any, axes: Any = axes) -> Any:
            return np.ravel(np.transpose(x, axes), order=order)

        y, pullback = fg.vjp(f, x)
        np.testing.assert_array_equal(y, f(x))
        np.testing.assert_array_equal(pullback(y)[0], x)


def test_reading_a_plain_array_at_batched_indices(rng: np.random.Generator) -> None:
    x, i = rng.normal(size=(2, 4)), rng.integers(0, 4, (3, 2, 5))
    got = fg.vmap(lambda i: np.take_along_axis(x, i, axis=1))(i)
    np.testing.assert_array_equal(got, np.stack([np.take_along_axis(x, part, axis=1) for part in i]))
    gradient = fg.grad(lambda x: np.sum(fg.vmap(lambda i: np.take_along_axis(x, i, axis=1))(i) ** 2))(x)
    want = fg.grad(lambda x: sum(np.sum(np.take_along_axis(x, part, axis=1) ** 2) for part in i))(x)
    np.testing.assert_allclose(gradient, want, 1e-12)


def test_i0_has_an_accurate_derivative() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([-np.logspace(-9, 2.8, 50), np.logspace(-9, 2.8, 50)])
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(np.i0(x)))(x), special.i1(x), 1e-13)


def test_logaddexp_is_accurate_for_large_numbers() -> None:
    gradient = fg.grad(lambda x: np.logaddexp(x[0], x[1]))(np.array([1e10, 1e10 + 1]))
    np.testing.assert_allclose(gradient, [1 / (1 + np.e), np.e / (1 + np.e)], 1e-12)


def test_small_integers_do_not_overflow() -> None:
    np.testing.assert_allclose(fg.grad(lambda x: np.arctan2(x, np.int8(100)))(1.0), 100 / 10001)
    np.testing.assert_allclose(fg.grad(lambda x: np.power(np.array([3], np.int8), x)[0])(2.0), 9 * np.log(3), 1e-14)


def test_nan_to_num_writes_in_place() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        np.nan_to_num(y, copy=False)
        return np.sum(y)

    np.testing.assert_array_equal(fg.grad(f)(np.array([1.0, np.nan])), [2.0, 0.0])
