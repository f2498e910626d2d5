"""``debug.explain``: each reason for a zero, missing or infinite gradient is found, with the user's line."""

import contextlib
import gc
import inspect
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import debug
from funcgrad.core.level import RUNNING
from funcgrad.core.primitive import CALLS
from funcgrad.debug.lines import RULE
from funcgrad.debug.watch import WATCHING
from funcgrad.testing import DeviceArray

X = np.array([1.0, 2.0, -3.0])


# -- Cuts: the function, and the line that cuts, marked by a comment with the expected kind --------------------


def with_floor(x):
    y = x * 2
    return np.sum(np.floor(y))  # constant: floor


def with_round(x):
    return np.round(x * 2).sum()  # constant: round


def with_sign(x):
    return np.sum(np.sign(x))  # constant: sign


def with_argmax(x):
    i = np.argmax(x)  # constant: argmax
    return i * 1.0


def with_stop_gradient(x):
    y = np.sin(x)
    z = fg.stop_gradient(y)  # stop_gradient: stop_gradient
    return np.sum(z)


def with_comparison(x):
    mask = x > 0  # comparison: greater
    return np.sum(np.where(mask, 1.0, 2.0))


def with_branch(x):
    if x[0] > 0:  # comparison: greater
        return 1.0
    return 2.0


def with_truth(x):
    y = x[0] * 2
    if y:  # conversion: bool()
        return 1.0
    return 2.0


def with_cast(x):
    n = x.astype(int)  # cast: astype
    return np.sum(n * 2.0)


def with_item(x):
    scale = x[1].item()  # conversion: item()
    return scale * 3.0


def with_list(x):
    values = x.tolist()  # conversion: tolist()
    return sum(values)


def with_float(x):
    y = x * 2
    return float(y[0]) * 3  # conversion:


def with_asarray(x):
    return np.asarray(x).sum()  # conversion:


def with_copysign(x):
    return np.sum(np.copysign(np.ones(3), x))  # no derivative: copysign


def with_where(x):
    y = x * 2
    return np.sum(np.where(np.arange(3) > 5, y, 0.0))  # not chosen: where


def with_zero(x):
    mask = np.zeros(3)
    return np.sum(x * mask)  # zero factor: multiply


def with_zero_matrix(x):
    return np.sum(np.zeros((2, 3)) @ x)  # zero factor: matmul


def with_maximum(x):
    return np.sum(np.maximum(x - 100, 0))  # saturated: maximum


def with_clip(x):
    return np.sum(np.clip(x, 10, 20))  # saturated: maximum


def with_tanh(x):
    y = x * 1000
    return np.sum(np.tanh(y))  # saturated: tanh


def with_power(x):
    y = x * 0 + 0
    return np.sum(y**2)  # zero partial: power


def with_underflow(x):
    y = x * 1e-200  # underflow: multiply
    return np.sum(y * 1e-200)


def with_overwriting(x):
    y = x * 2
    y[:] = 1.0  # overwritten: setitem
    return np.sum(y)


def with_difference(x):
    y = np.sin(x)
    return np.sum(y - y)  # cancels: subtract


def with_loose_end(x):
    np.sin(x)  # unused: sin
    return 1.0


CUTS = [
    *(with_floor, with_round, with_sign, with_argmax, with_stop_gradient, with_comparison, with_branch, with_truth),
    *(with_cast, with_item, with_list, with_float, with_asarray, with_copysign, with_where, with_zero),
    *(with_zero_matrix, with_maximum, with_clip, with_tanh, with_power, with_underflow, with_overwriting),
    *(with_difference, with_loose_end),
]


def expected(function: Any) -> tuple[str, str, debug.Line]:
    """Return kind, function and line that the comment in the source states."""
    lines, start = inspect.getsourcelines(function)
    ((at, comment),) = [(i, line.split("# ")[1]) for i, line in enumerate(lines) if "# " in line]
    kind, _, name = comment.strip().partition(":")
    return kind, name.strip(), debug.Line(__file__, start + at, function.__name__)


@pytest.mark.parametrize("function", CUTS, ids=lambda f: f.__name__)
def test_cuts(function: Any) -> None:
    report = debug.explain(function)(X)
    (leaf,) = report.leaves
    kind, name, line = expected(function)
    found = [finding for finding in leaf.findings if finding.kind == kind]
    assert [(finding.function, finding.line) for finding in found] == [(name, line)], str(report)
    assert leaf.status in ("zero", "no path", "unknown")
    assert (leaf.status == "unknown") == (report.error is not None)
    assert f"[{kind}]" in str(report)
    assert str(line) in str(report)


@pytest.mark.parametrize("function", [f for f in CUTS if f not in (with_float, with_asarray)], ids=lambda f: f.__name__)
def test_the_gradient_is_zero_as_explained(function: Any) -> None:
    output, pullback = fg.vjp(function, X)
    if getattr(output, "dtype", None) == np.float64:
        np.testing.assert_array_equal(pullback(np.float64(1))[0], np.zeros(3))
    (leaf,) = debug.explain(function)(X).leaves
    assert leaf.gradient is None or not np.any(leaf.gradient)


def finding(report: debug.Explanation, kind: str) -> debug.Finding:
    found = [f for f in report.findings if f.kind == kind]
    assert len(found) == 1, str(report)
    return found[0]


def test_unread_elements() -> None:
    def f(x):
        return x[0] * x[:2][1]

    report = debug.explain(f)(X)
    assert report.leaves[0].status == "partly zero"
    assert "1 of 3 elements are not read" in finding(report, "unread").detail
    assert finding(report, "unread").line.number == f.__code__.co_firstlineno + 1
    np.testing.assert_array_equal(report.leaves[0].gradient, [2.0, 1.0, 0.0])
    whole = debug.explain(lambda x: x[0] + x[1] + x[2])(X)
    assert whole.leaves[0].status == "fine"
    for g in (np.trace, lambda x: np.sum(np.diagonal(x)), lambda x: np.sum(np.tril(x))):
        assert {f.kind for f in debug.explain(g)(np.ones((2, 2))).findings} == {"unread"}
    taken = debug.explain(lambda x: np.sum(np.take(x, [0, 0, 2])))(X)
    assert "1 of 3 elements" in finding(taken, "unread").detail
    masked = debug.explain(lambda x: np.sum(x[x > 0]))(X)
    assert {f.kind for f in masked.findings} == {"unread", "comparison"}
    empty = debug.explain(lambda x: np.sum(x[:0]))(X)
    assert empty.leaves[0].status == "zero"
    assert finding(empty, "unread")


def test_reads_that_cancel() -> None:
    def f(x):
        return np.sum(x[1:] - x[:-1])

    report = debug.explain(f)(X)
    assert report.leaves[0].status == "partly zero"
    assert finding(report, "cancels").line.number == f.__code__.co_firstlineno + 1
    assert "2 reads cancel" in finding(report, "cancels").detail


def test_elements_not_chosen() -> None:
    assert "2 of 3 elements" in finding(debug.explain(lambda x: np.max(x))(X), "not chosen").detail
    mixed = debug.explain(lambda x: np.sum(np.maximum(x, 0)))(X)
    assert mixed.leaves[0].status == "partly zero"
    assert finding(mixed, "saturated").detail.endswith("at -3, in 1 of 3 elements")


def test_loops_are_counted() -> None:
    def f(x):
        total = 0.0
        for _ in range(10):
            total = total + np.sum(np.floor(x))
        return total

    report = debug.explain(f)(X)
    assert finding(report, "constant").count == 10
    assert "(10 times)" in str(report)


def test_leaves_of_trees() -> None:
    def f(p, n, scale):
        return np.sum(p["w"]) * n * scale + np.sum(np.floor(p["b"]))

    report = debug.explain(f, argnums=(0, 1, -1))({"w": X + 1, "b": X, "name": "text", "c": X}, 3, 2.0)
    statuses = {leaf.name: (leaf.status, leaf.findings[0].kind) for leaf in report.leaves}
    assert statuses == {
        "argument 0['w']": ("fine", "summary"),
        "argument 0['b']": ("no path", "constant"),
        "argument 0['name']": ("not differentiable", "no array"),
        "argument 0['c']": ("no path", "unused"),
        "argument 1": ("not differentiable", "integer"),
        "argument 2": ("fine", "summary"),
    }
    assert "the function does not use it" in str(report)


def test_only_the_cuts_of_that_leaf() -> None:
    report = debug.explain(lambda a, b: np.sum(np.floor(a)) + np.sum(np.argsort(b)) * 1.0, argnums=(0, 1))(X, X)
    assert [[f.function for f in leaf.findings] for leaf in report.leaves] == [["floor"], ["argsort"]]


# -- Not finite -----------------------------------------------------------------------------------------------


def divided(x):
    y = x - 2
    z = np.sum(x) / y
    return np.sum(z * 2)


def length(x):
    s = np.sum(x**2)
    return np.sqrt(s)


def line(function: Any, text: str) -> debug.Line:
    lines, start = inspect.getsourcelines(function)
    (found,) = [start + i for i, source in enumerate(lines) if text in source]
    return debug.Line(__file__, found, function.__name__)


def test_value_that_is_not_finite() -> None:
    report = debug.explain(divided)(X)
    value = finding(report, "value")
    assert report.leaves[0].status == "not finite"
    assert report.leaves[0].findings[0] is value
    assert (value.function, value.line) == ("divide", line(divided, "/ y"))
    assert value.detail == "the output is nan, argument 0 = 0, argument 1 = 0"
    cotangent = finding(report, "cotangent")
    assert (cotangent.function, cotangent.line) == ("divide", line(divided, "/ y"))


def test_cotangent_that_is_not_finite() -> None:
    report = debug.explain(length)(np.zeros(3))
    assert report.leaves[0].status == "not finite"
    (cotangent,) = report.findings
    assert (cotangent.kind, cotangent.function, cotangent.line) == ("cotangent", "sqrt", line(length, "np.sqrt"))
    assert "the cotangent of argument 0 is inf, argument 0 = 0, cotangent 1.0" in cotangent.detail


def test_input_and_constant_that_are_not_finite() -> None:
    report = debug.explain(lambda x: np.sum(x * x))(np.array([np.nan, 1.0]))
    assert report.findings[0].kind == "input"
    assert report.findings[0].detail.startswith("1 of 2 elements")
    assert "value" not in {f.kind for f in report.findings}
    constant = debug.explain(lambda x: np.sum(x * np.array([np.inf, 1.0])))(np.ones(2))
    assert "argument 1 = inf" in finding(constant, "value").detail


def test_harmless_infinities_are_not_blamed() -> None:
    report = debug.explain(lambda x: np.sum(np.where(x > 0, np.log(x), x)))(np.array([0.0, 2.0]))
    assert report.leaves[0].status == "fine"
    np.testing.assert_array_equal(report.leaves[0].gradient, [1.0, 0.5])


def test_zeros_times_infinities_are_zero_as_in_grad() -> None:
    def f(x):
        y = np.log(x)
        return np.sum(np.where(x > 0, y * y * 2, x) + np.where(x > 0, y[::1] * y, 0))

    x = np.array([0.0, 2.0])
    with np.errstate(all="ignore"):
        expected = fg.grad(f)(x)
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(debug.explain(f)(x).leaves[0].gradient, expected)


def test_zeros_that_only_pass_are_not_blamed() -> None:
    def f(x):
        y = np.reshape(np.stack([x, x]), (6,))
        return np.sum(y * np.array([0.0, 1, 1, 0, 1, 1]))

    assert {g.function for g in debug.explain(f)(X).findings} == {"multiply"}


def test_first_of_many() -> None:
    def f(x):
        y = np.log(x)
        for _ in range(5):
            y = y * 2
        return np.sum(y)

    report = debug.explain(f)(np.array([-1.0, 0.0]))
    assert finding(report, "value").line == line(f, "np.log")
    assert finding(report, "value").function == "log"


# -- Fine, and errors -----------------------------------------------------------------------------------------


def test_summary() -> None:
    def f(x):
        return np.sum(np.sin(x) * 1000.0)

    report = debug.explain(f)(X)
    assert report.leaves[0].status == "fine"
    np.testing.assert_allclose(report.leaves[0].gradient, fg.grad(f)(X))
    assert finding(report, "summary").function == "multiply"
    assert "a factor of 1e+03" in finding(report, "summary").detail
    assert [(name, after) for name, _, _, after in report.magnitudes][:2] == [("sum", 1.0), ("multiply", 1000.0)]
    assert "largest element 990" in str(report)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: np.tanh(x) @ x + np.sum(x[1:] ** 2), (X,)),
        (lambda x: np.sum(np.linalg.inv(np.outer(x, x) + np.eye(3))), (X,)),
        (lambda x: np.sum(np.linalg.qr(np.outer(x, x) + np.eye(3)).Q * x), (X,)),
        (lambda x: np.real(np.sum(np.exp(1j * x) * x)), (X,)),
        (lambda x: np.abs(np.sum(x * x)), (X * (1 + 1j),)),
        (lambda x: np.sum(fg.vmap(np.sin)(x)), (X,)),
        (lambda x: np.sum(fg.grad(lambda z: np.sum(z**3))(x)), (X,)),
        (lambda x: fg.jvp(lambda z: np.sum(z**3), (x,), (x,))[1], (X,)),
        (lambda x: np.sum(np.sqrt(np.where(x > 0, x, 4.0))) + np.sum(x), (X,)),
        (lambda x: (fg.stop_gradient(x) * x).sum(), (X,)),
    ],
)
def test_gradients_are_those_of_grad(f: Any, args: Any) -> None:
    np.testing.assert_allclose(debug.explain(f)(*args).leaves[0].gradient, fg.grad(f)(*args))


def test_outputs_that_are_no_scalars() -> None:
    report = debug.explain(lambda x: {"a": x * 2, "b": (x[0], "text", None, 3)})(X)
    np.testing.assert_array_equal(report.leaves[0].gradient, [3.0, 2.0, 2.0])


def fails(x):
    y = np.sin(x)
    return y / missing  # noqa: F821


def test_errors_of_the_function() -> None:
    report = debug.explain(fails)(X)
    assert isinstance(report.error, NameError)
    error = finding(report, "error")
    assert error.line == line(fails, "missing")
    assert "NameError" in error.detail
    assert report.leaves[0].status == "unknown"


def test_functions_without_rules() -> None:
    def f(x):
        y = np.sin(x)
        return np.sum(y)

    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(CALLS, np.sin)
        report = debug.explain(f)(X)
    assert isinstance(report.error, fg.NoDerivativeError)
    error = finding(report, "error")
    assert (error.function, error.line) == ("sin", line(f, "np.sin"))
    assert "No derivative rule is known for sin" in error.detail


def test_results_that_are_no_numbers() -> None:
    double = np.frompyfunc(lambda a: a * 2.0, 1, 1)
    report = debug.explain(lambda x: np.sum(double(x)))(X)
    assert "vectorized" in finding(report, "error").detail


def test_rules_that_fail() -> None:
    @fg.custom_vjp
    def f(x):
        return np.sin(x)

    def pull(x, g):
        raise ZeroDivisionError("in the rule")

    f.defvjp(lambda x: (np.sin(x), x), pull)

    def g(x):
        return np.sum(f(x))

    report = debug.explain(g)(X)
    assert isinstance(report.error, ZeroDivisionError)
    error = finding(report, "error")
    assert "in the rule" in error.detail
    assert error.line.number == g.__code__.co_firstlineno + 1


def test_bad_calls_raise() -> None:
    with pytest.raises(ValueError, match="argnums"):
        debug.explain(length, argnums=3)(X)
    with pytest.raises(TypeError):
        debug.explain(3)


# -- Company --------------------------------------------------------------------------------------------------


def test_inside_transforms() -> None:
    reports = []

    def f(x):
        reports.append(debug.explain(with_floor)(x))
        reports.append(debug.explain(divided)(x))
        return np.sum(x**2)

    np.testing.assert_allclose(fg.grad(f)(X), 2 * X)
    fg.hessian(f)(X)
    fg.vmap(f)(np.stack([X, X]))
    for floor, nan in zip(reports[::2], reports[1::2], strict=True):
        assert finding(floor, "constant").line == expected(with_floor)[2]
        assert finding(nan, "value").line == line(divided, "/ y")


def test_tensors() -> None:
    t = fg.tensor([1.0, 2.0], requires_grad=True)
    report = debug.explain(lambda t: (t * 0).sum())(t)
    assert report.leaves[0].status == "zero"
    assert finding(report, "zero factor").function == "multiply"
    report = debug.explain(lambda x: np.sum(x) * t.sum())(X)
    assert report.leaves[0].status == "fine"
    assert t.grad is None


def test_device_arrays() -> None:
    x = DeviceArray([1.0, 2.0, -3.0])
    statuses = {f: debug.explain(f)(x).leaves[0] for f in (with_zero_square, with_maximum, divided, with_sign)}
    assert [leaf.status for leaf in statuses.values()] == ["zero", "zero", "not finite", "no path"]
    assert [leaf.findings[0].kind for leaf in statuses.values()] == ["zero factor", "saturated", "value", "constant"]


def with_zero_square(x):
    return np.sum(x * 0)


def test_under_the_watch_and_strict_errors() -> None:
    with debug.nans(infs=True), np.errstate(all="raise"):
        report = debug.explain(divided)(X)
        assert np.geterr()["divide"] == "raise"
    assert report.error is None
    assert finding(report, "value").function == "divide"


def test_nothing_is_left_behind() -> None:
    x = X.copy()
    constant = np.ones(3)
    before = np.geterr()
    for f in (fails, divided, lambda x: np.sum(x * constant)):
        debug.explain(f)(x)
    assert (RULE.get(), WATCHING.get(), RUNNING.get(), np.geterr()) == (None, None, None, before)
    x += 1
    constant += 1


@pytest.mark.parametrize("f", [divided, fails, with_item, with_difference, length])
def test_arrays_are_freed_without_the_collector(f: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        x = np.ones(5)
        seen = weakref.ref(x)
        report = debug.explain(f)(x)
        program = None if f is fails else debug.trace(f)(x)
        with debug.nans() if f in (length, with_item) else contextlib.nullcontext():
            y, pullback = fg.vjp(length, x)
        del x, y, pullback
        assert seen() is None
        assert report.leaves
        assert program is None or program.steps
    finally:
        gc.enable()


def test_threads() -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(str(debug.explain(divided)(X)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert texts == [str(debug.explain(divided)(X))] * 8


def test_depth() -> None:
    def f(x):
        y = x
        for _ in range(3000):
            y = np.sin(y)
        return np.sum(y * 0)

    report = debug.explain(f)(X)
    assert finding(report, "zero factor")
    assert len(report.magnitudes) == 3002
