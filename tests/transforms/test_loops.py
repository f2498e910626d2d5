"""Structured loops and branches: JAX's results in all modes, and what is refused."""

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

jax = pytest.importorskip("jax")
jnp = jax.numpy

#: What a case is written with: arrays, transforms and loops, ours or JAX's.
OURS = SimpleNamespace(
    **{name: getattr(fg, name) for name in ("scan", "map", "fori_loop", "while_loop", "cond", "switch")},
    **{name: getattr(fg, name) for name in ("associative_scan", "grad", "jvp", "vmap", "vjp", "checkpoint")},
    np=np,
)
THEIRS = SimpleNamespace(
    **{name: getattr(jax.lax, name) for name in ("scan", "map", "fori_loop", "while_loop", "cond", "switch")},
    **{name: getattr(jax, name) for name in ("grad", "jvp", "vmap", "vjp", "checkpoint")},
    associative_scan=jax.lax.associative_scan,
    np=jnp,
)
X = np.array([0.5, -1.0, 2.0, 0.3])


@pytest.fixture(autouse=True)
def no_fallback() -> Any:
    """Nothing here may run one example after the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", fg.BatchFallbackWarning)
        yield


def assert_trees_close(actual: Any, expected: Any) -> None:
    a, b = fg.tree.flatten(actual), fg.tree.flatten(jax.tree.map(np.asarray, expected))
    assert a[1] == b[1]
    for x, y in zip(a[0], b[0], strict=True):
        assert np.shape(x) == np.shape(y)
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)


# -- Against JAX -----------------------------------------------------------------------------------------------


def scan_sum(m: Any, x: Any) -> Any:
    return m.scan(lambda c, x: (c * x + 1, (c, {"sin": m.np.sin(x)}, None)), x[0], x)


def scan_backwards(m: Any, x: Any) -> Any:
    return m.scan(
        lambda c, p: ({"s": c["s"] + p[0] * p[1], "n": c["n"] + 1}, c["s"]),
        {"s": x[0], "n": 0},
        (x, x * 2),
        reverse=True,
    )


def scan_without_xs(m: Any, x: Any) -> Any:
    return m.scan(lambda c, none: (m.np.cos(c) * x[0], c), x, None, length=5)


def scan_nothing(m: Any, x: Any) -> Any:
    return m.scan(lambda c, x: (c * x, (m.np.stack([x, x]), c)), x[0], x[:0])


def scan_checkpointed(m: Any, x: Any) -> Any:
    return m.scan(m.checkpoint(lambda c, x: (m.np.sin(c * x), c)), x[0], x)


def scan_weak(m: Any, x: Any) -> Any:
    return m.scan(lambda c, x: (c + x, None), 0, x)


def nested_scans(m: Any, x: Any) -> Any:
    return m.scan(lambda c, x0: m.scan(lambda c, x1: (m.np.tanh(c + x0 * x1), c), c, x), x[1], x)


def map_rows(m: Any, x: Any) -> Any:
    return m.map(lambda row: {"s": m.np.sum(row), "p": row * x}, m.np.outer(x, x))


def map_in_batches(m: Any, x: Any) -> Any:
    return m.map(lambda pair: pair[0] * m.np.sin(pair[1]), (x, x * 2), batch_size=3)


def fori(m: Any, x: Any) -> Any:
    return m.fori_loop(2, 6, lambda i, v: (v[0] * x + i, v[1] + 1), (x, 0))


def fori_nothing(m: Any, x: Any) -> Any:
    return m.fori_loop(3, 1, lambda i, v: v * 2, x)


def powers(m: Any, x: Any) -> Any:
    return m.scan(lambda c, a: (c + a, c * a), 0.0, x)[1]


def choose_by_number(m: Any, x: Any) -> Any:
    return m.cond(3, lambda a, b: (a * b, a), lambda a, b: (a + b, a), x, x[0])


def choose_false(m: Any, x: Any) -> Any:
    return m.cond(False, lambda: x * 2, lambda: m.np.exp(x))


def switch_clamped(m: Any, x: Any) -> Any:
    branches = [m.np.sin, m.np.cos, lambda x: x**3]
    return [m.switch(i, branches, x) for i in (-5, 0, 1, 2, 17)]


def prefix_products(m: Any, x: Any) -> Any:
    rows = m.np.reshape(m.np.sin(m.np.arange(28.0)), (7, 4)) * x

    def combine(a: Any, b: Any) -> Any:
        return a[0] * b[0], a[1] * b[0] + b[1]

    return m.associative_scan(combine, (rows, rows + 1))


def prefix_sums_along_an_axis(m: Any, x: Any) -> Any:
    return m.associative_scan(m.np.add, m.np.outer(x, x), reverse=True, axis=1)


def prefix_matrices(m: Any, x: Any) -> Any:
    matrices = m.np.reshape(m.np.sin(m.np.arange(24.0)), (6, 2, 2)) * x[0]
    return m.associative_scan(m.np.matmul, matrices, reverse=True)


BOTH_MODES = [
    *(scan_sum, scan_backwards, scan_without_xs, scan_checkpointed, scan_weak, nested_scans, map_rows),
    *(map_in_batches, fori, fori_nothing, powers, choose_by_number, choose_false, switch_clamped),
    *(prefix_products, prefix_sums_along_an_axis, prefix_matrices),
]


def weighted(m: Any, case: Any) -> Callable[[Any], Any]:
    def loss(x: Any) -> Any:
        leaves = (
            [y for y in jax.tree.leaves(case(m, x)) if y.dtype.kind == "f"]
            if m is THEIRS
            else fg.tree.flatten(case(m, x))[0]
        )
        return sum(m.np.sum(m.np.sin(y + 0.1) * y) for y in leaves if y.dtype.kind == "f")

    return loss


@pytest.mark.parametrize("case", [*BOTH_MODES, scan_nothing], ids=lambda case: case.__name__)
def test_values(case: Any) -> None:
    assert_trees_close(case(OURS, X), case(THEIRS, X))


@pytest.mark.parametrize("case", BOTH_MODES, ids=lambda case: case.__name__)
def test_derivatives(case: Any) -> None:
    ours, theirs = weighted(OURS, case), weighted(THEIRS, case)
    batch = np.stack([X, X[::-1] * 0.5])
    expected = jax.jit(lambda x, xs: (jax.grad(theirs)(x), jax.hessian(theirs)(x), jax.vmap(jax.grad(theirs))(xs)))
    slope, curvature, slopes = expected(X, batch)
    assert_trees_close(fg.grad(ours)(X), slope)
    assert_trees_close(fg.jvp(ours, (X,), (X + 1,))[1], slope @ (X + 1))
    assert_trees_close(fg.hessian(ours)(X), curvature)
    assert_trees_close(fg.vmap(fg.grad(ours))(batch), slopes)
    assert_trees_close(fg.grad(lambda x: np.sum(fg.vmap(ours)(x)))(batch), slopes)


@pytest.mark.parametrize("n", range(12))
def test_associative_scan_of_all_lengths(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(3, n))
    for reverse in (False, True):
        sums = np.cumsum(x[:, ::-1], 1)[:, ::-1] if reverse else np.cumsum(x, 1)
        np.testing.assert_allclose(fg.associative_scan(np.add, x, reverse, axis=-1), sums)
    pairs = []

    def counted(a: Any, b: Any) -> Any:
        pairs.append(a.shape[1])
        return a + b

    fg.associative_scan(counted, x, axis=1)
    assert sum(pairs) <= 2 * n
    assert len(pairs) <= 2 * max(1, n).bit_length()


# -- while_loop --------------------------------------------------------------------------------------------------


def newton(m: Any, a: Any) -> Any:
    """The square root, by as many steps as it takes."""
    start = (a, a * 0 + 1, 0)
    return m.while_loop(
        lambda s: m.np.abs(s[1] ** 2 - s[0]) > 1e-9, lambda s: (s[0], (s[1] + s[0] / s[1]) / 2, s[2] + 1), start
    )[1:]


def test_while_loop() -> None:
    assert_trees_close(newton(OURS, 2.0), newton(THEIRS, 2.0))
    assert_trees_close(fg.jvp(lambda a: newton(OURS, a)[0], (2.0,), (1.0,)), (np.sqrt(2), 0.5 / np.sqrt(2)))
    assert fg.grad(lambda a: newton(OURS, a)[0])(4.0) == pytest.approx(0.25)
    assert fg.grad(fg.grad(lambda a: newton(OURS, a)[0]))(4.0) == pytest.approx(-1 / 32, rel=1e-3)


def test_while_loop_of_a_batch() -> None:
    a = np.array([1.0, 2.0, 100.0, 1e4])
    assert_trees_close(fg.vmap(lambda a: newton(OURS, a))(a), jax.vmap(lambda a: newton(THEIRS, a))(a))
    one_by_one = [fg.grad(lambda a: newton(OURS, a)[0])(x) for x in a]
    np.testing.assert_allclose(fg.vmap(fg.grad(lambda a: newton(OURS, a)[0]))(a), one_by_one)
    np.testing.assert_allclose(fg.grad(lambda a: np.sum(fg.vmap(lambda a: newton(OURS, a)[0])(a)))(a), one_by_one)
    dy = fg.jvp(fg.vmap(lambda a: newton(OURS, a)[0]), (a,), (np.ones(4),))[1]
    np.testing.assert_allclose(dy, one_by_one)
    np.testing.assert_allclose(fg.vmap(lambda a: fg.jvp(lambda a: newton(OURS, a)[0], (a,), (1.0,))[1])(a), one_by_one)
    nested = fg.vmap(fg.vmap(lambda a: newton(OURS, a)))(a.reshape(2, 2))
    assert_trees_close(nested, jax.vmap(jax.vmap(lambda a: newton(THEIRS, a)))(a.reshape(2, 2)))
    assert fg.vmap(lambda a: newton(OURS, a)[0])(a[:0]).shape == (0,)


def test_a_finished_example_is_left_alone() -> None:
    """Going on would overflow, and divide by zero: neither warnings nor nans may come of it."""

    def f(x: Any, n: Any) -> Any:
        return fg.while_loop(lambda s: s[1] > 0, lambda s: (1 / (s[1] - 1 + s[0]), s[1] - 1), (x, n))[0]

    x, n = np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3])
    expected = [f(a, int(b)) for a, b in zip(x, n, strict=True)]
    np.testing.assert_allclose(fg.vmap(f)(x, n), expected)
    slopes = [fg.grad(f)(a, int(b)) for a, b in zip(x, n, strict=True)]
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(x, n), slopes)

    def runaway(x: Any, n: Any) -> Any:
        return fg.while_loop(lambda s: s[1] > 0, lambda s: (np.exp(s[0]) / (s[1] > 0), s[1] - 1), (x, n))[0]

    n = np.array([0, 1, 3])
    x = np.array([1000.0, 1.0, 0.1])
    out = fg.vmap(runaway)(x, n)
    np.testing.assert_allclose(out, [1000, np.exp(1), np.exp(np.exp(np.exp(0.1)))])
    assert np.isfinite(fg.vmap(fg.grad(runaway))(x, n)).all()


def test_a_condition_that_becomes_different_later() -> None:
    def f(x: Any) -> Any:
        return fg.while_loop(lambda s: (s[0] < 3) | (s[1] < x), lambda s: (s[0] + 1, s[1] + s[0] * x), (0, 0.0))[1]

    x = np.array([0.5, 2.0, 5.0])
    np.testing.assert_allclose(fg.vmap(f)(x), [f(a) for a in x])


def test_fori_loop_with_different_bounds() -> None:
    def f(m: Any, x: Any, lower: Any, upper: Any) -> Any:
        return m.fori_loop(lower, upper, lambda i, y: y * x + i, x)

    x, lower, upper = np.array([0.5, 2.0, 3.0]), np.array([0, 2, 1]), np.array([3, 2, 5])
    for axes in ((0, 0, 0), (0, None, 0), (0, 0, None)):
        args = [v if axis == 0 else int(v[0]) for v, axis in zip((x, lower, upper), axes, strict=True)]
        ours = fg.vmap(lambda *a: f(OURS, *a), axes)(*args)
        assert_trees_close(ours, jax.vmap(lambda *a: f(THEIRS, *a), axes)(*args))
    np.testing.assert_allclose(
        fg.vmap(fg.grad(lambda x, n: f(OURS, x, 0, n)), (0, 0))(x, upper),
        [fg.grad(lambda x, n=n: f(OURS, x, 0, int(n)))(a) for a, n in zip(x, upper, strict=True)],
    )


# -- cond and switch -----------------------------------------------------------------------------------------------


def test_cond_of_a_batch() -> None:
    def f(m: Any, x: Any) -> Any:
        return m.cond(x[0] > 0, lambda x: (m.np.sqrt(x[0]), {"s": m.np.sum(x)}), lambda x: (x[1], {"s": x[0] * 2}), x)

    x = np.array([[4.0, 1.0], [-1.0, 3.0], [0.0, 2.0]])
    assert_trees_close(fg.vmap(lambda x: f(OURS, x))(x), jax.vmap(lambda x: f(THEIRS, x))(x))
    ours = fg.vmap(fg.grad(lambda x: f(OURS, x)[0]))(x)
    np.testing.assert_allclose(ours, [[0.25, 0], [0, 1], [0, 1]])
    ours = fg.grad(lambda x: np.sum(fg.vmap(lambda x: f(OURS, x)[0])(x)))(x)
    np.testing.assert_allclose(ours, [[0.25, 0], [0, 1], [0, 1]])
    np.testing.assert_allclose(fg.vmap(fg.jacfwd(lambda x: f(OURS, x)[0]))(x), [[0.25, 0], [0, 1], [0, 1]])


def test_switch_of_a_batch() -> None:
    def f(m: Any, i: Any, x: Any) -> Any:
        return m.switch(i, [m.np.sin, m.np.exp, lambda x: x**3, lambda x: m.np.log(x)], x)

    i, x = np.array([-1, 0, 1, 2, 3, 9]), np.array([0.1, 0.2, 0.3, -0.4, 0.5, 0.6])
    assert_trees_close(fg.vmap(lambda i, x: f(OURS, i, x))(i, x), jax.vmap(lambda i, x: f(THEIRS, i, x))(i, x))
    slopes = [np.cos(0.1), np.cos(0.2), np.exp(0.3), 0.48, 2.0, 1 / 0.6]
    np.testing.assert_allclose(fg.vmap(fg.grad(lambda x, i: f(OURS, i, x)))(x, i), slopes)
    nested = fg.vmap(lambda i: fg.vmap(lambda x: f(OURS, i, x))(x[:3]))(i)
    assert_trees_close(nested, jax.vmap(lambda i: jax.vmap(lambda x: f(THEIRS, i, x))(x[:3]))(i))


def test_only_chosen_branches_run() -> None:
    ran = []

    def branch(name: str) -> Callable[[Any], Any]:
        def run(x: Any) -> Any:
            ran.append(name)
            return x * 2

        return run

    branches = [branch(name) for name in "abc"]
    fg.cond(True, branches[0], branches[1], 1.0)
    fg.switch(2, branches, 1.0)
    assert ran == ["a", "c"]
    ran.clear()
    fg.vmap(lambda x: fg.cond(x > 0, branches[0], branches[1], x))(np.ones(3))
    fg.vmap(lambda i: fg.switch(i, branches, i))(np.array([0, 2, 0]))
    assert ran == ["a", "a", "c"]


def test_recursion_under_vmap() -> None:
    def factorial(n: Any) -> Any:
        return fg.cond(n <= 1, lambda n: 0 * n + 1, lambda n: n * factorial(np.maximum(n - 1, 1)), n)

    assert fg.vmap(factorial)(np.array([1, 3, 5])).tolist() == [1, 6, 120]


# -- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fg.scan(lambda c, x: (np.stack([c, c]), c), 0.0, X), r"carry was float64\[\] and became float64\[2\]"),
        (lambda: fg.scan(lambda c, x: ((c, c), c), 0.0, X), "tree structure"),
        (lambda: fg.scan(lambda c, x: c, 0.0, X), "pair"),
        (lambda: fg.scan(lambda c, x: (c, c, c), 0.0, X), "pair"),
        (
            lambda: fg.scan(lambda c, x: ({"a": c["a"], "b": np.float32(c["b"])}, None), {"a": 1, "b": np.ones(())}, X),
            r"carry\['b'\] was float64\[\] and became float32",
        ),
        (lambda: fg.scan(lambda c, x: ("text", x), 0.0, X), "became 'text'"),
        (lambda: fg.scan(lambda c, x: (c, x), {"a": "text"}, X), r"\['a'\] is 'text'"),
        (lambda: fg.scan(lambda c, x: (c, x if c > 0 else (x, x)), np.array(0.0), X[:0]), None),
        (lambda: fg.scan(lambda c, x: (c + 1, x if c > 0 else (x, x)), 0.0, X), "same tree structure at each step"),
        (lambda: fg.while_loop(lambda c: c, lambda c: c + 1, 0.0), "boolean scalar, got float64"),
        (lambda: fg.while_loop(lambda c: c > np.zeros(2), lambda c: c + 1, 0.0), "boolean scalar, got bool"),
        (lambda: fg.while_loop(lambda c: None, lambda c: c + 1, 0.0), "boolean scalar, got None"),
        (lambda: fg.while_loop(lambda c: c < 3, lambda c: (c, c), 0.0), "tree structure"),
        (lambda: fg.fori_loop(0, 3, lambda i, c: (c,), 0.0), "tree structure"),
        (lambda: fg.fori_loop(0.0, 3, lambda i, c: c, 0.0), "integers"),
        (lambda: fg.fori_loop(0, np.ones(2, int), lambda i, c: c, 0.0), "integers"),
        (lambda: fg.cond(np.ones(2) > 0, np.sin, np.cos, 1.0), "scalar"),
        (lambda: fg.cond(None, np.sin, np.cos, 1.0), "scalar"),
        (lambda: fg.cond("a", np.sin, np.cos, 1.0), "scalar"),
        (lambda: fg.switch(1.0, [np.sin], 1.0), "integer"),
        (lambda: fg.switch(np.arange(2), [np.sin], 1.0), "scalar"),
        (lambda: fg.vmap(lambda x: fg.cond(x > 0, lambda x: (x, x), lambda x: x, x))(X), "tree structure"),
        (
            lambda: fg.vmap(lambda x: fg.cond(x > 0, lambda x: {"a": x}, lambda x: {"a": x.astype("f4")}, x))(X),
            r"output\['a'\] is float32\[\] or float64\[\]",
        ),
        (lambda: fg.vmap(lambda x: fg.cond(x > 0, lambda x: "a", lambda x: "b", x))(X), "same shapes and dtypes"),
        (lambda: fg.associative_scan(3, X), "callable"),
        (lambda: fg.associative_scan(lambda a, b: (a, b), X), "tree structure"),
    ],
)
def test_type_errors(call: Callable[[], Any], message: str | None) -> None:
    if message is None:
        call()
        return
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fg.scan(lambda c, x: (c, c), 0.0, X, length=5), "length is 5, but the leading axis has size 4"),
        (lambda: fg.scan(lambda c, x: (c, c), 0.0, None), "length is not given"),
        (lambda: fg.scan(lambda c, x: (c, c), 0.0, (X, X[:2])), "different leading axis sizes"),
        (lambda: fg.scan(lambda c, x: (c, c), 0.0, 3.0), "scalar"),
        (lambda: fg.scan(lambda c, x: (c, c), 0.0, None, length=-1), "negative"),
        (lambda: fg.switch(1, [], 1.0), "no branches"),
        (lambda: fg.associative_scan(lambda a, b: a, (X, X[:2])), "different lengths"),
        (lambda: fg.associative_scan(np.add, X, axis=3), "axis"),
    ],
)
def test_value_errors(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# -- Tensors and dtypes ----------------------------------------------------------------------------------------------


def test_tensors() -> None:
    x = fg.tensor([0.5, -1.0, 2.0], dtype=fg.float64, requires_grad=True)
    total, ys = fg.scan(lambda c, x: (c * x + 1, c.sin()), x[0], x)
    y = fg.cond(total > 0, lambda v: v * 2, lambda v: v, total) + ys.sum()
    y = fg.fori_loop(0, 2, lambda i, v: v * v, y)
    y = fg.while_loop(lambda v: v < 50, lambda v: v * 3, y)
    assert isinstance(y, fg.Tensor)
    y.backward()

    def plain(x: Any) -> Any:
        total, ys = fg.scan(lambda c, x: (c * x + 1, np.sin(c)), x[0], x)
        y = fg.cond(total > 0, lambda v: v * 2, lambda v: v, total) + np.sum(ys)
        return fg.while_loop(lambda v: v < 50, lambda v: v * 3, y**2 * y**2)

    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), fg.grad(plain)(np.array([0.5, -1.0, 2.0])))


def test_float32_and_integers_stay() -> None:
    x = np.array([1, 2, 3], np.float32)
    carry, ys = fg.scan(lambda c, x: (c * x, (c, 2)), np.float32(1), x)
    assert carry.dtype == np.float32
    assert ys[0].dtype == np.float32
    assert ys[1].tolist() == [2, 2, 2]
    assert fg.grad(lambda x: fg.scan(lambda c, x: (c * x, None), np.float32(1), x)[0])(x).dtype == np.float32
    assert fg.fori_loop(0, 3, lambda i, n: n + i, np.int32(1)).dtype == np.int32


def test_a_scan_over_a_long_array_is_linear() -> None:
    n = 20_000
    x = np.linspace(0, 1, n)
    g = fg.grad(lambda x: fg.scan(lambda c, x: (c + x * x, None), 0.0, x)[0])(x)
    np.testing.assert_allclose(g, 2 * x)
