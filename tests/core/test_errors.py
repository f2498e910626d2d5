"""A gradient is never lost silently: every way out of a traced value raises, and says what to do."""

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import funcgrad as fg

unruled = scipy.special._ufuncs._cosine_cdf  # a ufunc without rules

X = np.array([1.0, 2.0, 3.0])


def assign_element(x: Any) -> Any:
    out = np.zeros(3)
    out[0] = x[0]
    return out.sum()


def assign_slice(x: Any) -> Any:
    out = np.zeros(3)
    out[:] = x
    return out.sum()


def add_in_place(x: Any) -> Any:
    out = np.zeros(3)
    out += x
    return out.sum()


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function that writes into its first argument, and sum that."""
    function(*args, **kwargs)
    return args[0].sum()


LOSSES: dict[str, Callable[[Any], Any]] = {
    "assign element": assign_element,
    "assign slice": assign_slice,
    "add in place": add_in_place,
    "np.array of elements": lambda x: np.array([x[0], x[1]]).sum(),
    "np.array of mixed rows": lambda x: np.array([[x[0], 1.0], [2.0, x[1]]]).sum(),
    "np.array of objects": lambda x: np.array([x[0], x[1]], dtype=object).sum(),
    "np.asarray": lambda x: np.asarray(x).sum(),
    "np.fromiter": lambda x: np.fromiter(x, float).sum(),
    "np.full": lambda x: np.full(3, x[0]).sum(),
    "np.full_like": lambda x: np.full_like(np.ones(3), x[0]).sum(),
    "np.copyto": lambda x: call(np.copyto, np.zeros(3), x),
    "np.put": lambda x: call(np.put, np.zeros(3), [0], x[0]),
    "np.place": lambda x: call(np.place, np.zeros(3), [True, False, True], x),
    "np.putmask": lambda x: call(np.putmask, np.zeros(3), [True, False, True], x),
    "np.fill_diagonal": lambda x: call(np.fill_diagonal, np.zeros((3, 3)), x),
    "np.add.at": lambda x: call(np.add.at, np.zeros(3), [0, 1, 0], x),
    "ufunc out=": lambda x: np.add(x, x, out=np.zeros(3)).sum(),
    "function out=": lambda x: np.sum(x, axis=0, out=np.zeros(())),
    "ndarray.dot": lambda x: np.ones(3).dot(x),
    "ndarray.fill": lambda x: call(np.ndarray.fill, np.zeros(3), x[0]),
    "float": lambda x: float(x[0]) * x[1],
    "int": lambda x: int(x[0]) * x[1],
    "complex": lambda x: complex(x[0]).real,
    "math.sin": lambda x: math.sin(x[0]),
    "as an index": lambda x: np.arange(5)[x[0]] * x[0],
    "as an index array": lambda x: np.arange(5)[x].sum() * x[0],
    "range": lambda x: sum(range(x[0])) * x[0],
    "random numbers": lambda x: np.random.default_rng(0).normal(x).sum(),
    "np.vectorize": lambda x: np.vectorize(lambda t: t * t)(x).sum(),
    "pickle": lambda x: len(pickle.dumps(x)),
    "tobytes": lambda x: len(x.tobytes()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_lost_gradient_is_an_error(name: str) -> None:
    with pytest.raises(fg.LostGradientError, match="gradient"):
        fg.grad(LOSSES[name])(X)
    with pytest.raises(fg.LostGradientError, match="gradient"):
        fg.jvp(LOSSES[name], (X,), (X,))


def test_the_error_points_at_the_users_line() -> None:
    with pytest.raises(fg.LostGradientError) as caught:
        fg.grad(assign_element)(X)
    assert any(entry.name == "assign_element" for entry in caught.traceback)


def test_values_may_leave_where_the_user_says_so() -> None:
    assert fg.grad(lambda x: x[0].item() * x[1])(X).tolist() == [0, 1, 0]
    assert fg.grad(lambda x: float(fg.stop_gradient(x[0])) * x[1])(X).tolist() == [0, 1, 0]
    assert fg.grad(lambda x: x[0] if f"{x[0]:.1f}" == "1.0" and x[0] < 2 else x[1])(X).tolist() == [1, 0, 0]


def test_a_function_without_rule_is_an_error_when_its_derivative_is_asked_for() -> None:
    with pytest.raises(fg.NoDerivativeError, match=r"(?s)_cosine_cdf.*float64\[3\].*test_errors.py:\d+"):
        fg.grad(lambda x: unruled(x).sum())(X)
    with pytest.raises(fg.NoDerivativeError, match="_cosine_cdf"):
        fg.jvp(lambda x: unruled(x).sum(), (X,), (X,))
    seen = []
    gradient = fg.grad(lambda x: (seen.append(unruled(x)), x @ x)[1])(X)
    np.testing.assert_array_equal(gradient, 2 * X)
    assert seen[0].shape == X.shape


@pytest.mark.parametrize("point", [3.0, X], ids=["number", "array"])
def test_objects_of_a_python_function_do_not_lose_the_gradient(point: Any) -> None:
    square = np.frompyfunc(lambda x: x * x, 1, 1)
    for f in (lambda x: np.sum(square(x)), lambda x: np.sum(square(x).astype(float))):
        with pytest.raises(fg.NoDerivativeError, match="vectorized"):
            fg.grad(f)(point)
        with pytest.raises(fg.NoDerivativeError, match="vectorized"):
            fg.jvp(f, (point,), (point,))


def test_objects_that_are_no_numbers_pass() -> None:
    positive = np.frompyfunc(lambda x: bool(x > 1.5), 1, 1)
    assert fg.grad(lambda x: np.sum(np.where(positive(x).astype(bool), x, 0)))(X).tolist() == [0, 1, 1]


def test_a_keyword_without_rule_is_an_error() -> None:
    with pytest.raises(fg.NoDerivativeError, match="rcond"):
        fg.grad(lambda x: np.linalg.pinv(x[:, None], rcond=x[0]).sum())(X)
    with pytest.raises(TypeError, match="nonsense"):
        fg.grad(lambda x: np.tril(x[:, None] * x, nonsense=1).sum())(X)


def test_escaped_tracer() -> None:
    kept: list[Any] = []
    fg.grad(lambda x: (kept.append(x), x.sum())[1])(X)
    fg.jvp(lambda x: (kept.append(x), x.sum())[1], (X,), (X,))
    for tracer in kept:
        with pytest.raises(fg.EscapedTracerError, match="after the"):
            tracer * 2


def test_writes_through_slices_reach_everybody() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        left, right = y[:2], y[1:]
        left[1] = 5 * x[2]  # seen by y and by right
        y[2] = x[0]  # seen by right
        right += x[1]  # seen by y and by left
        return (y * y).sum() + (left * right).sum()

    def by_hand(x: Any) -> Any:
        y = np.stack([x[0], 5 * x[2] + x[1], x[0] + x[1]])
        return (y * y).sum() + (y[:2] * y[1:]).sum()

    assert f(X) == by_hand(X)
    assert fg.value_and_grad(f)(X)[0] == by_hand(X)
    np.testing.assert_allclose(fg.grad(f)(X), fg.grad(by_hand)(X))
    np.testing.assert_allclose(fg.jvp(f, (X,), (X,))[1], fg.grad(by_hand)(X) @ X)


def test_other_views_see_a_write() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        row = y.reshape(1, 3)
        y[0] = 2.0
        row[0, 1:] *= 3.0
        return row.sum() + y[2]

    np.testing.assert_allclose(fg.grad(f)(X), [0, 3, 6])


def test_writing_to_traced_arrays() -> None:
    def f(x: Any) -> Any:
        y = np.zeros_like(x)
        y[0] = x[0] * x[1]
        y[1:] += x[1:] ** 2
        y *= 2
        np.add(y, 1, out=y)
        np.add.at(y, [0, 0], x[2])
        np.put(y, [1], x[0] * 7)
        return y.sum()

    before = X.copy()
    np.testing.assert_allclose(fg.grad(f)(X), [2 * 2 + 7, 2, 4 * 3 + 2])
    np.testing.assert_array_equal(X, before)


INPUTS: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "vector output": (lambda x: x, X, r"scalar.*\(3,\)"),
    "complex output": (lambda x: x.sum() * 1j, X, "real output"),
    "integer output": (lambda x: np.argmax(x), X, "real output"),
    "no output": (lambda x: None, X, "scalar.*None"),
    "integer input": (lambda x: x.sum(), np.arange(3), "int64.*allow_int"),
    "bool input": (lambda x: x.sum() * 1.0, np.array([True]), "bool"),
    "integer in a tree": (lambda p: p["a"].sum(), {"a": X, "b": [3]}, r"\['b'\]\[0\]"),
    "no array": (lambda x: 1.0, "text", "no array"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_bad_input_is_a_type_error(name: str) -> None:
    f, x, message = INPUTS[name]
    with pytest.raises(TypeError, match=message):
        fg.grad(f)(x)


def test_wrong_cotangents_and_tangents() -> None:
    _, pullback = fg.vjp(lambda x: {"y": x * 2}, X)
    for wrong in ({"y": np.ones(2)}, {"z": np.ones(3)}, np.ones(3)):
        with pytest.raises(ValueError, match="pullback"):
            pullback(wrong)
    with pytest.raises(TypeError, match="complex"):
        pullback({"y": np.ones(3) * 1j})
    with pytest.raises(ValueError, match="jvp tangents"):
        fg.jvp(np.sin, (X,), (np.ones(2),))
    with pytest.raises(TypeError, match="tuples"):
        fg.jvp(np.sin, X, X)


MANY = 1000


def changed_after_use(x: Any) -> Any:
    c = np.ones(MANY)
    y = x[0] * c
    c *= 2.0  # the first product has kept c for its rule
    return (y * c).sum()


def changed_through_base(x: Any) -> Any:
    buffer = np.ones(2 * MANY)
    z = x[0] * buffer[:MANY]
    buffer[0] = 5.0
    return z.sum()


@pytest.mark.parametrize("f", [changed_after_use, changed_through_base])
def test_an_array_is_not_changed_after_a_rule_has_kept_it(f: Any) -> None:
    with pytest.raises(ValueError, match="read-only") as caught:
        fg.grad(f)(X)
    assert "funcgrad" in caught.value.__notes__[0]


def test_an_argument_is_not_changed_under_another_name() -> None:
    x = np.ones(MANY)

    def f(s: Any) -> Any:
        y = s * s
        x[0] = 7.0
        return y.sum()

    with pytest.raises(ValueError, match="read-only"):
        fg.grad(f)(x)
    assert x.flags.writeable
    x = np.ones(3)
    np.testing.assert_array_equal(fg.grad(f)(x), [2, 2, 2])


def test_small_constants_and_indices_may_change() -> None:
    def f(x: Any) -> Any:
        c, i, total = np.ones(3), np.array([0, 1]), 0.0
        for k in range(3):
            total = total + (x * c).sum() + (c[0] / x * x[i].sum()).sum() + np.power(x, c).sum()
            c *= 2.0
            i[:] = k
            total = total + np.concatenate([x, x]) @ np.append(c, c) + np.where(c > 3, x, x * x).sum()
        return total

    direction = np.array([1.0, -2.0, 0.5])
    quotient = (f(X + 1e-6 * direction) - f(X - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(fg.grad(f)(X) @ direction, quotient, 1e-7)


def test_constants_are_writable_again_afterwards() -> None:
    c, mask, view = np.ones(MANY), np.arange(MANY) % 2 == 0, np.ones(2 * MANY)[::2]
    frozen = np.ones(MANY)
    frozen.flags.writeable = False
    fg.grad(lambda x: (x[0] * c * frozen * view).sum() + np.where(mask, x[0] / c, 0.0)[mask].sum())(X)
    with pytest.raises(KeyError):
        fg.grad(lambda x: {}[(x[0] * c).sum().item()])(X)
    assert c.flags.writeable
    assert mask.flags.writeable
    assert view.flags.writeable
    assert view.base is not None
    assert view.base.flags.writeable
    assert not frozen.flags.writeable
    assert fg.grad(lambda x: ((x[0] + c) * 2.0).sum())(X).tolist() == [2 * MANY, 0, 0]


def test_views_of_constants_and_other_views_in_forward_mode() -> None:
    def rows(x: Any) -> Any:
        y = np.zeros((2, 3))
        y = np.zeros_like(x[None] * y)
        y[0] += x
        y[1][1:] = x[:2] * 2.0
        return (y * y).sum()

    def through_reshape(x: Any) -> Any:
        y = np.zeros_like(x)
        y.reshape(1, 3)[0, 0] = x[0]
        return y.sum()

    want = 2 * X + 8 * np.array([1.0, 2.0, 0.0])
    np.testing.assert_allclose(fg.jvp(rows, (X,), (np.ones(3),))[1], want.sum())
    np.testing.assert_allclose(fg.grad(rows)(X), want)
    np.testing.assert_allclose(fg.grad(lambda x: fg.jvp(rows, (x,), (np.ones(3),))[1])(X), [10, 10, 2])
    np.testing.assert_allclose(fg.grad(through_reshape)(X), [1, 0, 0])
    np.testing.assert_allclose(fg.jvp(through_reshape, (X,), (X,)), [X[0], X[0]])


def test_writes_through_a_new_axis() -> None:
    def f(x: Any) -> Any:
        y = 2 * x
        y[None] += x
        y[None] *= 3.0
        return y.sum()

    assert fg.grad(f)(X).tolist() == [9, 9, 9]
    assert fg.jvp(f, (X,), (X,))[1] == 54


def test_python_complex_numbers_meet_numpy_scalars() -> None:
    gradient = fg.grad(lambda x: np.abs((1 + 1j) - x * 1))(2.0)
    np.testing.assert_allclose(gradient, 1 / np.sqrt(2))
    np.testing.assert_allclose(fg.jvp(lambda x: np.abs((1 + 1j) * x), (2.0,), (1.0,))[1], np.sqrt(2))


def test_a_slice_written_to_other_places() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        tail = y[1:]
        y[np.array([0, 1])] = tail
        y[:2] = tail * 2.0
        return (y * np.arange(1.0, 4.0)).sum()

    def plain(x: Any) -> Any:
        y = np.array(x)
        y[np.array([0, 1])] = y[1:].copy()
        y[:2] = y[1:] * 2.0
        return (y * np.arange(1.0, 4.0)).sum()

    assert fg.value_and_grad(f)(X)[0] == plain(X)
    quotient = [(plain(X + e) - plain(X - e)) / 2e-3 for e in 1e-3 * np.eye(3)]
    np.testing.assert_allclose(fg.grad(f)(X), quotient, rtol=1e-9)


def test_dtype_of_ufunc_methods() -> None:
    x = np.array([0.5, 1.0, 2.0], np.float32)
    for f in (
        lambda x: np.logaddexp.reduce(x, dtype=np.float64),
        lambda x: np.logaddexp.accumulate(x, dtype=np.float64),
        lambda x: np.add.reduce(x, dtype=np.float64),
    ):
        value, pullback = fg.vjp(f, x)
        assert value.dtype == f(x).dtype
        np.testing.assert_allclose(value, f(x))
        assert pullback(np.ones_like(value))[0].dtype == np.float32
