"""``debug.nans``: the first value that is not finite raises and names function, pass and line; off, nothing changes."""

import contextvars
import inspect
import linecache
import operator
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import debug
from funcgrad.core.level import BEGIN, Level
from funcgrad.core.primitive import CALLS
from funcgrad.debug.lines import RULE
from funcgrad.debug.watch import WATCHING
from funcgrad.testing import DeviceArray
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer
from funcgrad.tree import flatten


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Let NumPy not warn first; and see that a test leaves nothing behind."""
    start = Level.__init__
    with np.errstate(all="ignore"):
        yield
    assert Level.__init__ is start
    assert (BEGIN.get(), WATCHING.get(), RULE.get()) == (None, None, None)


def place(function: Any, text: str) -> str:
    """Return how a message names the line of `function` that contains `text`."""
    lines, start = inspect.getsourcelines(function)
    found = [start + i for i, line in enumerate(lines) if text in line]
    assert len(found) == 1
    return f"{__file__}:{found[0]}, in {function.__name__}"


def logarithms(x):
    y = x * 2
    z = np.log(y)
    return np.sum(z)


def length(x):
    s = np.sum(x**2)
    return np.sqrt(s)


def root(x):
    return np.sum(np.sqrt(x))


def raised(call: Any, *args: Any, infs: bool = False) -> str:
    with pytest.raises(FloatingPointError) as error, debug.nans(infs=infs):
        call(*args)
    return str(error.value)


X = np.array([1.0, -1.0, 3.0])

TRANSFORMS = {
    "grad": fg.grad(logarithms),
    "vjp": lambda x: fg.vjp(logarithms, x),
    "jvp": lambda x: fg.jvp(logarithms, (x,), (x,)),
    "linearize": lambda x: fg.linearize(logarithms, x),
    "jacfwd": fg.jacfwd(logarithms),
    "jacrev": fg.jacrev(logarithms),
    "hessian": fg.hessian(logarithms),
    "grad of grad": fg.grad(lambda x: np.sum(fg.grad(logarithms)(x))),
    "vmap": lambda x: fg.vmap(logarithms)(np.stack([x, x])),
    "vmap of grad": lambda x: fg.vmap(fg.grad(logarithms))(np.stack([x, x])),
    "grad of vmap": fg.grad(lambda x: np.sum(fg.vmap(logarithms)(np.stack([x, x])))),
    "jvp of grad": lambda x: fg.jvp(fg.grad(logarithms), (x,), (x,)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_forward_pass(name: str) -> None:
    message = raised(TRANSFORMS[name], X)
    assert "of log, in the forward pass" in message
    assert place(logarithms, "np.log") in message
    assert "argument 0 float64[" in message
    assert "from -2 to 6" in message
    with debug.nans():
        TRANSFORMS[name](np.abs(X))


def test_shapes_and_counts() -> None:
    assert raised(fg.grad(logarithms), X).startswith("nan in 1 of 3 elements of the output float64[3] of log")
    tainted = raised(fg.grad(lambda x: np.sum(np.sin(x))), np.array([1.0, np.nan]))
    assert "of sin" in tainted
    assert "1 of 2 elements not finite already" in tainted


@pytest.mark.parametrize(
    "transform",
    [
        fg.grad(length),
        lambda x: fg.vjp(length, x)[1](np.float64(1)),
        fg.jacrev(length),
        lambda x: fg.vmap(fg.grad(length))(np.stack([x, x])),
        fg.grad(lambda x: np.sum(fg.grad(length)(x))),
        fg.jacfwd(fg.grad(length)),
    ],
    ids=["grad", "vjp", "jacrev", "vmap of grad", "grad of grad", "jacfwd of grad"],
)
def test_backward_pass(transform: Any) -> None:
    x = np.zeros(3)
    message = raised(transform, x)
    assert "the cotangent of argument 0 of power, in the backward pass" in message
    assert place(length, "x**2") in message
    assert "argument 0 float64[" in message
    infinite = raised(transform, x, infs=True)
    assert "inf in" in infinite
    assert "the cotangent of argument 0 of sqrt, in the backward pass" in infinite
    assert place(length, "np.sqrt") in infinite


def test_forward_mode_pass() -> None:
    for transform in (
        lambda x: fg.jvp(root, (x,), (np.ones(2),)),
        fg.jacfwd(root),
        lambda x: fg.linearize(root, x)[1](np.ones(2)),
    ):
        message = raised(transform, np.array([0.0, 1.0]), infs=True)
        assert "the tangent of sqrt, in the forward-mode pass" in message
        assert place(root, "np.sqrt") in message
        with debug.nans():
            transform(np.array([0.0, 1.0]))


def test_the_value_comes_before_its_tangent() -> None:
    x = np.array([-1.0, 1.0])
    for transform in (lambda x: fg.jvp(root, (x,), (x,)), fg.jacfwd(root), lambda x: fg.linearize(root, x)):
        assert "the output float64[2] of sqrt, in the forward pass" in raised(transform, x)


def test_second_derivative_alone_is_not_finite() -> None:
    def f(x):
        return np.sum(x**1.5)

    x = np.array([0.0])
    with debug.nans(infs=True):
        fg.grad(f)(x)
    message = raised(fg.grad(lambda x: np.sum(fg.grad(f)(x))), x, infs=True)
    assert place(f, "1.5") in message
    assert "in the backward pass" in message


def test_cotangent_and_tangent_of_the_user() -> None:
    _, pullback = fg.vjp(np.sin, X)
    pullback(np.full(3, np.nan))  # recorded outside

    def pull(x):
        return fg.vjp(np.sin, x)[1](np.full(3, np.nan))

    assert "the cotangent that arrives at sin, in the backward pass" in raised(pull, X)
    assert "the tangent of a value, in the forward-mode pass" in raised(
        lambda x: fg.jvp(np.sin, (x,), (np.full(3, np.nan),)), X
    )


def test_sum_of_cotangents() -> None:
    def f(x):
        return np.sum(np.sqrt(x * 0))  # infinity times zero

    def g(x):
        return np.sum(np.sqrt(x) - np.sqrt(x))

    message = raised(fg.grad(g), np.zeros(2))
    assert "nan in 2 of 2 elements of the sum of the cotangents of an input, in the backward pass" in message
    assert "nan in" in raised(fg.grad(f), np.ones(2))


def test_masked_elements_of_rules_do_not_raise() -> None:
    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    x = np.array([0.0, 4.0])
    with debug.nans(infs=True):
        gradient = fg.grad(f)(x)
        fg.grad(lambda x: np.sum(fg.grad(f)(x)))(x)
    np.testing.assert_array_equal(gradient, fg.grad(f)(x))


def test_several_outputs_and_reads() -> None:
    def decompose(x):
        q, r = np.linalg.qr(x)
        return np.sum(q) + np.sum(np.log(-(r[0, 0] ** 2)))

    assert "of log" in raised(fg.grad(decompose), np.eye(2))

    def integers(x):
        return np.sum(x[np.argsort(x)] * np.floor(x))

    with debug.nans(infs=True):
        found = fg.grad(integers)(X)
    np.testing.assert_array_equal(found, fg.grad(integers)(X))


def test_watched_results_are_the_same() -> None:
    def f(p, scale):
        y = np.tanh(p["w"] @ p["x"]) * scale
        y[0] += 1.0
        return np.sum(y * y[::-1]) + p["x"][0] ** 2

    p = {"w": np.arange(6.0).reshape(2, 3), "x": np.ones(3)}
    for transform in (fg.grad, fg.jacfwd, fg.jacrev, fg.hessian, fg.value_and_grad):
        expected = transform(f)(p, 2.0)
        with debug.nans(infs=True):
            found = transform(f)(p, 2.0)
        for a, b in zip(flatten(found)[0], flatten(expected)[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_tensors_pass_through() -> None:
    t = fg.tensor([0.0, 1.0], requires_grad=True)
    message = raised(fg.grad(lambda t: t.log().sum()), t, infs=True)
    assert "of log, in the forward pass" in message
    with debug.nans():
        found = fg.grad(lambda x: np.sum(x * t))(np.ones(2))
    found.sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [1.0, 1.0])


def test_device_arrays() -> None:
    x = DeviceArray([1.0, -1.0])
    for transform in (fg.grad(logarithms), fg.jacfwd(logarithms), lambda x: fg.jvp(logarithms, (x,), (x,))):
        assert "of log, in the forward pass" in raised(transform, x)
    with debug.nans(infs=True):
        assert isinstance(fg.grad(logarithms)(DeviceArray([1.0, 2.0])), DeviceArray)


def test_rules_of_the_user() -> None:
    @fg.custom_vjp
    def f(x):
        return x * 2

    f.defvjp(lambda x: (x * 2, None), lambda _, g: (g * np.nan,))

    def calls(x):
        y = x + 1
        return np.sum(f(y))

    for transform in (fg.grad(calls), fg.jacrev(calls), fg.hessian(calls), fg.vmap(fg.grad(lambda x: calls(x[None])))):
        message = raised(transform, np.ones(2))
        assert "of f, in the backward pass" in message
        assert place(calls, "f(y)") in message

    @fg.custom_jvp
    def h(x):
        return x * 2

    h.defjvp(lambda xs, dxs: (xs[0] * 2, dxs[0] * np.nan))
    assert "in the forward-mode pass" in raised(lambda x: fg.jvp(h, (x,), (x,)), np.ones(2))
    inside = raised(lambda x: fg.linearize(h, x)[1](x), np.ones(2))  # the rule itself is linearized
    assert "the output float64[2] of multiply" in inside
    assert place_in_this_test(inside) == "h.defjvp(lambda xs, dxs: (xs[0] * 2, dxs[0] * np.nan))"


def place_in_this_test(message: str) -> str:
    """Return the source of the line that a message names."""
    file, _, rest = message.splitlines()[1].strip().removeprefix("at ").partition(":")
    return linecache.getline(file, int(rest.partition(",")[0])).strip()


def test_integers_and_strings_are_no_matter() -> None:
    with debug.nans(infs=True):
        fg.grad(lambda x, n, name: np.sum(x**n) * len(name))(X, 2, "ab")


# -- As a context manager ---------------------------------------------------------------------------------


def test_infinities_only_if_asked_for() -> None:
    with debug.nans():
        fg.grad(logarithms)(np.array([0.0, 1.0]))
    assert "inf in 1 of 2 elements of the output" in raised(fg.grad(logarithms), np.array([0.0, 1.0]), infs=True)


def test_decorator_and_nesting() -> None:
    @debug.nans(infs=True)
    def strict(x):
        """Docstring."""
        return fg.grad(logarithms)(x)

    assert strict.__doc__ == "Docstring."
    for _ in range(2):
        with pytest.raises(FloatingPointError):
            strict(np.zeros(2))
    with debug.nans():
        with debug.nans(infs=True), pytest.raises(FloatingPointError):
            fg.grad(logarithms)(np.zeros(2))
        fg.grad(logarithms)(np.zeros(2))
        with pytest.raises(FloatingPointError):
            fg.grad(logarithms)(-np.ones(2))
    fg.grad(logarithms)(-np.ones(2))


def test_nothing_is_left_after_exceptions() -> None:
    start = Level.__init__

    def fails(x):
        y = np.sin(x)
        raise KeyError(str(y.shape))

    for transform in (fg.grad, fg.jacfwd, fg.vmap):
        with pytest.raises(KeyError), debug.nans():
            transform(fails)(X)
    raised(fg.grad(length), np.zeros(2))
    assert Level.__init__ is start
    x = np.ones(2)
    raised(fg.grad(lambda x, c: np.sum(np.log(x * c))), -x, x)
    assert x.flags.writeable
    x += 1


def test_a_kept_graph_can_be_pulled_after_an_error() -> None:
    y, pullback = contextvars.Context().run(lambda: fg.vjp(length, np.array([3.0, 4.0])))
    with debug.nans():
        _, watched = fg.vjp(length, np.array([3.0, 4.0]))
        with pytest.raises(FloatingPointError):
            watched(np.float64(np.nan))
        np.testing.assert_allclose(watched(np.float64(1.0))[0], pullback(np.float64(1.0))[0])
    assert y == 5.0
    assert np.isnan(watched(np.float64(np.nan))[0]).all()  # outside, nothing is checked


# -- Off ----------------------------------------------------------------------------------------------------


def test_short_paths_are_the_same_objects() -> None:
    def snapshot() -> list[Any]:
        methods = [getattr(ReverseTracer, name) for name in ("__add__", "__mul__", "__neg__", "__truediv__")]
        return [*methods, *CALLS.values(), ReverseLevel.process, ReverseLevel.record, ReverseLevel.tracer]

    before = snapshot()
    assert ReverseTracer.__mul__ is CALLS[np.multiply]
    with debug.nans():
        assert all(map(operator.is_, snapshot(), before))
        raised_inside = pytest.raises(FloatingPointError, match="log")
        with raised_inside:
            fg.grad(logarithms)(X)
    assert all(map(operator.is_, snapshot(), before))
    assert "debug" not in inspect.getsource(inspect.getmodule(ReverseLevel))


def kinds_seen(x: Any) -> tuple[str, str]:
    seen = []

    def f(x):
        y = x * x
        seen.extend([type(x).__name__, type(y.node).__name__, type(x.level).__name__])
        return y

    fg.grad(f)(x)
    return tuple(seen)


def test_levels_are_plain_when_off() -> None:
    plain = ("ReverseTracer", "Pointwise", "ReverseLevel")
    assert kinds_seen(1.0) == plain
    with debug.nans():
        assert kinds_seen(1.0) == ("WatchedTracer", "Call", "WatchedReverseLevel")
    assert kinds_seen(1.0) == plain


def test_one_of_eight_threads_watches() -> None:
    barrier = threading.Barrier(8)
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        def run() -> Any:
            barrier.wait(30)
            kinds = {kinds_seen(1.0) for _ in range(50)}
            try:
                return kinds, fg.grad(logarithms)(X)
            except FloatingPointError as error:
                return kinds, str(error)
            finally:
                barrier.wait(30)

        with np.errstate(all="ignore"):
            if number == 3:
                with debug.nans():
                    results[number] = run()
            else:
                results[number] = run()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kinds, message = results.pop(3)
    assert kinds == {("WatchedTracer", "Call", "WatchedReverseLevel")}
    assert "of log, in the forward pass" in message
    assert len(results) == 7
    for kinds, gradient in results.values():
        assert kinds == {("ReverseTracer", "Pointwise", "ReverseLevel")}
        np.testing.assert_array_equal(gradient, 1 / X)


def test_contexts_that_end_in_any_order() -> None:
    start = Level.__init__
    contexts = [contextvars.copy_context() for _ in range(2)]
    watches = [debug.nans(), debug.nans()]
    for context, watch in zip(contexts, watches, strict=True):
        context.run(watch.__enter__)
    contexts[0].run(watches[0].__exit__, None, None, None)
    assert contexts[0].run(kinds_seen, 1.0)[0] == "ReverseTracer"
    assert contexts[1].run(kinds_seen, 1.0)[0] == "WatchedTracer"
    contexts[1].run(watches[1].__exit__, None, None, None)
    assert Level.__init__ is start
