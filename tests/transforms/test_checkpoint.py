"""``checkpoint``, its policies, and ``checkpointed_loop``: same gradients, less memory, counted evaluations."""

import functools
import gc
import itertools
import pickle
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS
from funcgrad.testing import check_grads
from funcgrad.transforms.binomial import evaluations, split

POLICIES = {
    "none": None,
    "nothing": fg.checkpoint_policies.nothing_saveable,
    "everything": fg.checkpoint_policies.everything_saveable,
    "dots": fg.checkpoint_policies.dots_saveable,
    "names": fg.checkpoint_policies.save_only_these_names("product"),
    "not these": fg.checkpoint_policies.save_anything_except_these_names("product"),
}


def layer(params: dict[str, Any], x: Any, *, scale: Any = 1.0) -> dict[str, Any]:
    hidden = fg.checkpoint_name(params["w"] @ x, "product")
    return {"y": np.tanh(hidden * scale + params["b"]), "rest": (np.sum(np.exp(-hidden)), None)}


def problem(seed: int = 0) -> tuple[dict[str, Any], Any]:
    rng = np.random.default_rng(seed)
    return {"w": rng.normal(size=(3, 3)), "b": rng.normal(size=3)}, rng.normal(size=3)


def network(wrap: Callable[[Any], Any]) -> Callable[..., Any]:
    def loss(params: Any, x: Any) -> Any:
        out = wrap(layer)(params, x)
        out = wrap(layer)(params, out["y"] * out["rest"][0], scale=np.cos(x[0]))
        return np.sum(out["y"] ** 2) * out["rest"][0]

    return loss


def same(f: Any) -> Any:
    return f


def assert_trees_equal(actual: Any, expected: Any) -> None:
    a, b = fg.tree.flatten(actual), fg.tree.flatten(expected)
    assert a[1] == b[1]
    for x, y in zip(a[0], b[0], strict=True):
        np.testing.assert_array_equal(x, y, strict=True)


def assert_trees_close(actual: Any, expected: Any) -> None:
    a, b = fg.tree.flatten(actual), fg.tree.flatten(expected)
    assert a[1] == b[1]
    for x, y in zip(a[0], b[0], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-14)


# -- The same gradients ----------------------------------------------------------------------------------


def total(tree: Any) -> Any:
    return sum(np.sum(leaf**2) for leaf in fg.tree.flatten(tree)[0])


COMPOSITIONS: dict[str, Callable[[Any], Callable[..., Any]]] = {
    "grad": lambda f: fg.grad(f, (0, 1)),
    "grad of grad": lambda f: fg.grad(lambda p, x: total(fg.grad(f, (0, 1))(p, x)), (0, 1)),
    "third order": lambda f: fg.grad(lambda p, x: total(fg.grad(lambda x: total(fg.grad(f, 1)(p, x)))(x))),
    "jvp": lambda f: lambda p, x: fg.jvp(f, (p, x), (p, x)),
    "jvp of grad": lambda f: lambda p, x: fg.jvp(fg.grad(f), (p, x), (p, x)),
    "grad of jvp": lambda f: fg.grad(lambda p, x: fg.jvp(lambda x: f(p, x), (x,), (x,))[1], (0, 1)),
    "hessian": lambda f: lambda p, x: fg.hessian(lambda x: f(p, x))(x),
    "jacrev of jacfwd": lambda f: lambda p, x: fg.jacrev(fg.jacfwd(lambda x: f(p, x)))(x),
    "jacrev of jacrev": lambda f: lambda p, x: fg.jacrev(fg.jacrev(lambda x: f(p, x)))(x),
    "vmap of grad": lambda f: lambda p, x: fg.vmap(fg.grad(f, (0, 1)), (None, 0))(p, np.stack([x, 2 * x])),
    "grad of vmap": lambda f: fg.grad(lambda p, x: np.sum(fg.vmap(f, (None, 0))(p, np.stack([x, 2 * x]))), (0, 1)),
    "grad of vmap of grad": lambda f: fg.grad(
        lambda p, x: total(fg.vmap(fg.grad(f, 1), (None, 0))(p, np.stack([x, 2 * x]))), (0, 1)
    ),
    "vmap of vmap of grad": lambda f: (
        lambda p, x: fg.vmap(lambda b: fg.vmap(lambda x: fg.grad(f)({"w": p["w"], "b": b}, x))(np.stack([x, 2 * x])))(
            np.stack([p["b"], x])
        )
    ),
    "linearize": lambda f: lambda p, x: fg.linearize(f, p, x)[1](p, x),
    "grad of linearize": lambda f: fg.grad(lambda p, x: fg.linearize(lambda x: f(p, x), x)[1](x)),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", COMPOSITIONS)
def test_all_compositions(name: str, policy: str) -> None:
    transform = COMPOSITIONS[name]
    with_it = transform(network(lambda f: fg.checkpoint(f, policy=POLICIES[policy])))(*problem())
    assert_trees_close(with_it, transform(network(same))(*problem()))


def test_gradients_are_the_same_to_the_last_bit() -> None:
    def loss(wrap: Any) -> Any:
        def of(w: Any, x: Any) -> Any:
            for _ in range(3):
                x = wrap(lambda w, x: np.tanh(w @ x) * np.sum(x) + x)(w, x)
            return np.sum(x)

        return of

    w, x = np.random.default_rng(0).normal(size=(2, 5, 5))
    expected = fg.grad(loss(same), (0, 1))(w, x)
    assert_trees_equal(fg.grad(loss(fg.checkpoint), (0, 1))(w, x), expected)
    nested = fg.grad(loss(lambda f: fg.checkpoint(fg.checkpoint(f))), (0, 1))(w, x)
    assert_trees_equal(nested, expected)


def test_finite_differences() -> None:
    check_grads(network(fg.checkpoint), problem(), order=2)


def test_against_jax() -> None:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def loss(np: Any, remat: Any) -> Any:
        @remat
        def block(w: Any, x: Any) -> Any:
            return np.sin(w @ np.sin(x))

        return lambda w, x: np.sum(block(w, remat(lambda x: block(w, x) * x)(x)))

    w, x = np.random.default_rng(1).normal(size=(2, 4, 4))
    ours = fg.grad(loss(np, fg.remat), (0, 1))(w, x)
    for a, b in zip(ours, jax.grad(loss(jnp, jax.remat), (0, 1))(w, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    v = np.ones_like(x)
    ours = fg.jvp(fg.grad(lambda x: loss(np, fg.remat)(w, x)), (x,), (v,))[1]
    theirs = jax.jvp(jax.grad(lambda x: loss(jnp, jax.remat)(w, x)), (x,), (v,))[1]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_complex_and_float32() -> None:
    z = np.array([1 + 2j, -0.5j])

    def f(z: Any) -> Any:
        return np.sum(np.abs(np.exp(z) * z[0]))

    np.testing.assert_allclose(fg.grad(fg.checkpoint(f))(z), fg.grad(f)(z), rtol=1e-12)
    x = np.array([1, 2], np.float32)
    g = fg.grad(fg.checkpoint(lambda x: np.sum(np.sin(x))))(x)
    assert_trees_equal(g, np.cos(x))


def test_a_pole_is_still_guarded() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.where(x > 0, np.sqrt(np.abs(x)), 0.0))

    x = np.array([0.0, 4.0])
    assert_trees_equal(fg.grad(fg.checkpoint(f))(x), fg.grad(f)(x))


# -- Closures --------------------------------------------------------------------------------------------


def test_closed_over_values_get_their_gradients() -> None:
    def loss(wrap: Any) -> Any:
        def of(w: Any, x: Any) -> Any:
            outer = np.exp(w)
            y = wrap(lambda x: np.sin(outer * x) + np.sum(np.cos(w)))(x)
            return np.sum(wrap(lambda: y * np.tanh(w))())

        return of

    w, x = np.array([0.3, -1.0]), np.array([1.0, 2.0])
    for x_kind in (x, np.array([1, 2])):
        args = (0, 1) if x_kind is x else (0,)
        assert_trees_equal(fg.grad(loss(fg.checkpoint), args)(w, x_kind), fg.grad(loss(same), args)(w, x_kind))


def test_closures_over_several_levels() -> None:
    def f(wrap: Any) -> Any:
        return lambda w, v: fg.grad(
            lambda x: wrap(lambda x: np.sum(np.sin(w * x) * fg.vmap(wrap(lambda r: r * v * x[0] * w[0]))(x)))(x)
        )

    w, v, x = np.array([0.3, 1.0]), 2.0, np.array([1.0, -2.0])
    both = [fg.grad(lambda w, v, c=wrap: total(f(c)(w, v)(x)), (0, 1))(w, v) for wrap in (fg.checkpoint, same)]
    assert_trees_close(*both)


def test_a_level_that_only_the_closure_knows() -> None:
    xs = np.array([1.0, 2.0, 3.0])

    def f(wrap: Any) -> Any:
        return fg.grad(lambda w: np.sum(fg.vmap(wrap(lambda x: np.sin(w * x)))(xs)))

    assert f(fg.checkpoint)(0.5) == f(same)(0.5)


def test_names_mean_what_they_meant() -> None:
    def loss(x: Any) -> Any:
        w = 2.0
        x = fg.checkpoint(lambda x: np.sin(w * x))(x)
        w = 3.0
        x = fg.checkpoint(functools.partial(lambda c, x: np.sin(w * c * x), 1.0))(x)
        w = 5.0
        return fg.checkpoint(lambda x: np.sin(w * x))(x)

    def direct(x: Any) -> Any:
        return np.sin(5.0 * np.sin(3.0 * np.sin(2.0 * x)))

    assert fg.grad(loss)(0.4) == fg.grad(direct)(0.4)


factor = 2.0


def test_globals_mean_what_they_meant() -> None:
    def loss(x: Any) -> Any:
        global factor
        factor = 2.0
        x = fg.checkpoint(lambda x: np.sin(factor * x))(x)
        factor = 3.0
        return fg.checkpoint(lambda x: next(np.sin(factor * x) for _ in range(1)))(x)

    assert fg.grad(loss)(0.4) == fg.grad(lambda x: np.sin(3.0 * np.sin(2.0 * x)))(0.4)


def test_writes_inside_do_not_reach_the_argument() -> None:
    def f(x: Any) -> Any:
        x *= 2
        x[0] = x[1]
        return np.sum(np.sin(x))

    def loss(x: Any) -> Any:
        y = x * 1
        z = fg.checkpoint(f)(y)
        y += 1  # nor does a write outside reach what will run again
        return z + np.sum(y)

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(fg.grad(loss)(x), [1, 1 + 4 * np.cos(4.0)])


def test_reading_elements_of_one_array_costs_no_array_each() -> None:
    n = 3000
    x = np.linspace(0, 1, n)

    def loss(x: Any) -> Any:
        parts = [fg.checkpoint(lambda x, i: np.sin(x[i]))(x, i) for i in range(n)]
        return np.sum(np.stack(parts))

    np.testing.assert_allclose(fg.grad(loss)(x), np.cos(x))
    made = []
    original = fg.core.gather.zeros

    def counting(space: Any, like: Any) -> Any:
        made.append(space)
        return original(space, like)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fg.core.gather, "zeros", counting)
        fg.grad(loss)(x)
    assert len(made) == 1


# -- Forms -----------------------------------------------------------------------------------------------


def test_decorator_forms() -> None:
    @fg.checkpoint
    def f(x: Any) -> Any:
        """Sine."""
        return np.sin(x)

    @fg.checkpoint(policy=fg.checkpoint_policies.dots_saveable, prevent_cse=False)
    def g(x: Any) -> Any:
        return np.sin(x)

    assert f.__name__ == "f"
    assert f.__doc__ == "Sine."
    assert fg.grad(f)(0.0) == fg.grad(g)(0.0) == 1.0
    assert f(0.0) == 0.0
    assert fg.remat is fg.checkpoint

    class Model:
        scale = 3.0

        @fg.checkpoint
        def apply(self, x: Any) -> Any:
            return np.sin(self.scale * x)

    assert fg.grad(Model().apply)(0.0) == 3.0


def test_static_arguments() -> None:
    @fg.checkpoint(static_argnums=(1, -1), static_argnames="kind")
    def f(x: Any, n: int, y: Any, flag: Any, *, kind: Any = None, c: Any = 1.0) -> Any:
        assert type(n) is int
        assert flag is marker
        assert kind is marker
        return x**n * y * c

    marker = object()
    assert fg.grad(f, argnames="c")(2.0, 3, 5.0, marker, kind=marker, c=1.0) == 40.0
    assert fg.grad(f, (0, 2))(2.0, 3, 5.0, marker, kind=marker) == (60.0, 8.0)
    with pytest.raises(NotImplementedError, match="static_argnums"):
        fg.checkpoint(np.sin, concrete=True)
    with pytest.raises(TypeError, match="function"):
        fg.checkpoint(3)


def test_pickle() -> None:
    f = pickle.loads(pickle.dumps(fg.checkpoint(np.sin)))
    assert fg.grad(f)(0.0) == 1.0


def test_outputs_of_all_sorts() -> None:
    def f(x: Any) -> Any:
        return {"same": x, "text": "t", "int": np.argmax(x), "none": None, "const": np.ones(2), "y": np.sin(x)}

    x = np.array([1.0, 3.0])
    out = fg.checkpoint(f)(x)
    assert out["same"] is x
    y, pullback = fg.vjp(lambda x: {k: v for k, v in fg.checkpoint(f)(x).items() if k != "text"}, x)
    assert y["int"] == 1
    g = fg.tree.map(lambda v: np.zeros_like(v) + (1 if np.asarray(v).dtype.kind == "f" else 0), y)
    (dx,) = pullback(g)
    np.testing.assert_allclose(dx, 1 + np.cos(x))
    (again,) = pullback(g)
    assert_trees_equal(again, dx)


def test_only_some_outputs_are_used() -> None:
    def loss(x: Any) -> Any:
        _, b, _ = fg.checkpoint(lambda x: (np.exp(x), np.sin(x), np.cos(x)))(x)
        return b

    assert fg.grad(loss)(0.0) == 1.0


def test_jacobian_by_vmap_of_the_pullback() -> None:
    def f(x: Any) -> Any:
        return np.sin(x) * np.sum(x)

    x = np.array([0.1, 0.2, 0.3])
    assert_trees_equal(fg.jacrev(fg.checkpoint(f))(x), fg.jacrev(f)(x))


# -- What runs again ---------------------------------------------------------------------------------------


def test_the_function_runs_twice_and_nested_ones_once_more() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append("f")
        return np.sin(fg.checkpoint(g)(x))

    def g(x: Any) -> Any:
        calls.append("g")
        return np.exp(x)

    fg.checkpoint(f)(1.0)
    assert calls == ["f", "g"]
    calls.clear()
    fg.grad(fg.checkpoint(f))(1.0)
    assert calls == ["f", "g", "f", "g", "g"]
    calls.clear()
    fg.jvp(fg.checkpoint(f), (1.0,), (1.0,))
    assert calls == ["f", "g"]


@pytest.mark.parametrize("change", ["values", "shape", "count", "kind"])
def test_a_function_that_does_something_else_is_refused(change: str) -> None:
    first = iter([True] + [False] * 9)

    def f(x: Any) -> Any:
        if next(first):
            return np.sin(x)
        return {"values": np.cos(x), "shape": np.sin(x)[:1], "count": (np.sin(x), x), "kind": np.sin(np.ones(2))}[
            change
        ]

    with pytest.raises(RuntimeError, match=r"checkpoint: the function returned .* run again"):
        fg.grad(lambda x: np.sum(fg.checkpoint(f)(x)))(np.array([1.0, 2.0]))


def test_random_numbers_inside_are_noticed() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(RuntimeError, match="random"):
        fg.grad(lambda x: np.sum(fg.checkpoint(lambda x: np.sin(x) * rng.normal(size=3))(x)))(np.ones(3))
    noise = rng.normal(size=3)
    g = fg.grad(lambda x: np.sum(fg.checkpoint(lambda x, e: np.sin(x) * e)(x, noise)))(np.ones(3))
    np.testing.assert_allclose(g, np.cos(1.0) * noise)


def test_exceptions_leave_nothing_behind() -> None:
    states = iter([0, 1, 0, 0])

    def f(x: Any) -> Any:
        y = np.sin(x)
        if next(states):
            raise KeyError("the second time")
        return y

    _, pullback = fg.vjp(fg.checkpoint(f), 1.0)
    with pytest.raises(KeyError):
        pullback(1.0)
    assert pullback(1.0) == (np.cos(1.0),)  # and then it works

    with pytest.raises(ZeroDivisionError):
        fg.grad(fg.checkpoint(lambda x: x * (1 // 0)))(1.0)


def test_warnings_and_error_handling_come_from_the_first_run() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(x) * 0 + x)

    x = np.array([1000.0, 1.0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, pullback = fg.vjp(fg.checkpoint(f), x)
        count = len(caught)
        assert count
        with np.errstate(all="ignore"):
            pullback(1.0)
        assert len(caught) == count


def test_an_escaped_tracer_stays_escaped() -> None:
    kept = []

    def f(x: Any) -> Any:
        kept.append(x)
        return np.sin(x)

    fg.grad(fg.checkpoint(f))(1.0)
    assert len(kept) == 2
    for x in kept:
        with pytest.raises(fg.EscapedTracerError):
            np.sin(x)


def test_arrays_are_writable_again() -> None:
    c, x = np.arange(3.0), np.ones(3)
    fg.grad(lambda x: np.sum(fg.checkpoint(lambda x, c: np.exp(x * c) * c)(x, c)))(x)
    assert c.flags.writeable
    assert x.flags.writeable
    _, pullback = fg.vjp(lambda x: np.sum(fg.checkpoint(lambda x: np.exp(x * c) * c)(x)), x)
    c += 1
    with pytest.raises(RuntimeError, match="other values"):
        pullback(1.0)
    assert c.flags.writeable


def test_an_argument_cannot_be_changed_while_it_is_needed() -> None:
    def loss(x: Any, c: Any) -> Any:
        y = fg.checkpoint(lambda x, c: np.tanh(x + c))(x, c)
        c[0] = 7
        return np.sum(y)

    with pytest.raises(ValueError, match="read-only"):
        fg.grad(loss)(np.ones(2), np.ones(2))


def test_no_reference_cycles() -> None:
    x = np.ones(1000)
    big = []

    def f(x: Any) -> Any:
        y = np.sin(x)
        big.append(weakref.ref(y.value))
        return np.sum(np.cos(y))

    gc.disable()
    try:
        fg.grad(lambda x: fg.checkpoint(f)(x) + fg.checkpointed_loop(lambda i, s: s * x[i], x[0], 5))(x)
        assert all(reference() is None for reference in big)
        assert len(big) == 2
    finally:
        gc.enable()


def test_threads() -> None:
    expected = fg.grad(network(same))(*problem())
    failures = []

    def work() -> None:
        try:
            for _ in range(10):
                assert_trees_close(fg.grad(network(fg.checkpoint))(*problem()), expected)
        except BaseException as error:
            failures.append(error)

    _, pullback = fg.vjp(network(fg.checkpoint), *problem())
    (dp, _) = pullback(1.0)

    def pull() -> None:
        try:
            for _ in range(10):
                assert_trees_equal(pullback(1.0)[0], dp)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=target) for target in (work, work, pull, pull)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# -- Tensors -----------------------------------------------------------------------------------------------


def test_tensors_and_backward() -> None:
    def run(wrap: Any) -> tuple[Any, Any]:
        w = fg.tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
        x = fg.tensor([1.0, 2.0], requires_grad=True)
        h = x
        for _ in range(3):
            h = wrap(lambda h: (w @ h).tanh() + h)(h)
        assert isinstance(h, fg.Tensor)
        h.sum().backward()
        assert w.grad is not None
        assert x.grad is not None
        return w.grad.numpy(), x.grad.numpy()

    assert_trees_equal(run(fg.checkpoint), run(same))
    assert_trees_close(run(lambda f: fg.checkpoint(f, policy=POLICIES["dots"])), run(same))


def test_a_tensor_graph_with_checkpoints() -> None:
    x = fg.tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    y = fg.checkpoint(lambda h: (h * h).sum())(h)
    assert y.grad_fn is not None
    assert y.grad_fn.name() == "CheckpointBackward0"
    names = {y.grad_fn.next_functions[0][0].next_functions[0][0].name()}
    assert names == {"MulBackward0"}
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [16.0, 32.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_a_write_into_what_a_checkpoint_needs_is_noticed() -> None:
    x = fg.tensor([1.0, 2.0], requires_grad=True)
    h = x * 1
    y = fg.checkpoint(lambda h: (h * h).sum())(h)
    with fg.no_grad():
        h.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    h = x * 1
    k = h.sin()
    y = fg.checkpoint(lambda: (k * k).sum())()
    with fg.no_grad():
        h.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_modes_are_those_of_the_first_run() -> None:
    x = fg.tensor([1.0, 2.0], requires_grad=True)
    y = fg.checkpoint(lambda x: (x * x).sum())(x)
    with fg.no_grad():
        y.backward()
        assert not fg.checkpoint(lambda x: x * 2)(x).requires_grad
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 4.0]


def test_tensors_inside_a_transform() -> None:
    w = fg.tensor([3.0], dtype=fg.float64, requires_grad=True)
    slope = fg.grad(fg.checkpoint(lambda x: (w * x**3).sum()))(np.array([2.0]))
    slope.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [12.0]


# -- Policies ----------------------------------------------------------------------------------------------


def computed(policy: Any, f: Callable[..., Any], *args: Any) -> list[str]:
    """Return the primitives that run on plain arrays while the function runs again."""
    seen: list[str] = []
    calls: list[Any] = [CALLS[function] for function in (np.matmul, np.einsum, np.tensordot)]
    primitives = [getattr(call, "primitive", call) for call in calls]  # of short paths
    originals = [primitive.run for primitive in primitives]

    def counting(name: str, run: Any) -> Any:
        def counted(*xs: Any, **params: Any) -> Any:
            if not any(isinstance(x, Traced) for x in xs):
                seen.append(name)
            return run(*xs, **params)

        return counted

    try:
        for primitive in primitives:
            primitive.run = counting(primitive.name, primitive.run)
        _, pullback = fg.vjp(fg.checkpoint(f, policy=policy), *args)
        seen.clear()
        pullback(1.0)
    finally:
        for primitive, run in zip(primitives, originals, strict=True):
            primitive.run = run
    return seen


def test_kept_products_are_not_computed_again() -> None:
    policies = fg.checkpoint_policies
    a, b = np.random.default_rng(0).normal(size=(2, 3, 4, 4))

    def f(a: Any, b: Any) -> Any:
        c = np.sin(fg.checkpoint_name(np.matmul(a, b), "product"))
        d = np.einsum("ijk,ikl->ijl", a, c)
        return np.sum(np.tensordot(d[0], np.matmul(a[0], b[0]), 1))

    everything = ["matmul", "einsum", "tensordot", "matmul"]
    assert sorted(computed(None, f, a, b)) == sorted(everything)
    assert computed(policies.dots_saveable, f, a, b) == []
    assert computed(policies.everything_saveable, f, a, b) == []
    assert sorted(computed(policies.nothing_saveable, f, a, b)) == sorted(everything)
    assert computed(policies.dots_with_no_batch_dims_saveable, f, a, b) == ["matmul", "einsum"]
    assert computed(policies.save_only_these_names("product"), f, a, b) == ["einsum", "matmul", "tensordot"]
    assert computed(policies.save_any_names_but_these("product"), f, a, b) == [
        "matmul",
        "einsum",
        "matmul",
        "tensordot",
    ]
    assert computed(policies.save_any_names_but_these("other"), f, a, b) == ["einsum", "matmul", "tensordot"]
    assert computed(policies.save_anything_except_these_names("product"), f, a, b) == ["matmul"]
    both = policies.save_from_both_policies(
        policies.dots_with_no_batch_dims_saveable, policies.save_only_these_names("product")
    )
    assert computed(both, f, a, b) == ["einsum"]


def test_a_policy_of_the_users() -> None:
    asked = []

    def policy(primitive: Any, *spaces: Any, **params: Any) -> bool:
        asked.append((primitive.name, spaces, params))
        return bool(primitive.name == "sum")

    assert_trees_equal(
        fg.grad(fg.checkpoint(lambda x: np.exp(np.sum(x, axis=0)), policy=policy))(np.ones(2)), np.exp([2.0, 2.0])
    )
    assert [(name, params) for name, _, params in asked] == [("sum", {"axis": 0}), ("exp", {})]
    assert asked[0][1][0].shape == (2,)


def test_functions_of_several_outputs_are_kept() -> None:
    def f(x: Any) -> Any:
        w, v = np.linalg.eigh(x @ x.T)
        fraction, _ = np.modf(w)
        return np.sum(fraction * v[0] ** 2) + np.sum(np.stack(np.split(x, 2)) ** 2)

    x = np.random.default_rng(3).normal(size=(4, 4))
    expected = fg.grad(f)(x)
    for policy in (fg.checkpoint_policies.everything_saveable, None):
        np.testing.assert_allclose(fg.grad(fg.checkpoint(f, policy=policy))(x), expected, rtol=1e-10)


@pytest.mark.parametrize("policy", POLICIES)
def test_writes_and_branches_under_a_policy(policy: str) -> None:
    def f(x: Any) -> Any:
        out = np.zeros_like(x)
        out[0] = x[1] @ x[0]
        out[1:] = x[1:] * 2
        out[1] += np.exp(x[0])
        if out[0, 0] > 0:
            out *= x
        return np.sum(out * fg.grad(lambda y: np.sum(np.sin(y) @ x))(x))

    x = np.random.default_rng(5).normal(size=(3, 3))
    np.testing.assert_allclose(fg.grad(fg.checkpoint(f, policy=POLICIES[policy]))(x), fg.grad(f)(x), rtol=1e-12)


def test_nested_policies() -> None:
    dots = fg.checkpoint_policies.dots_saveable
    for outer, inner in itertools.product(POLICIES.values(), repeat=2):

        def f(w: Any, x: Any, inner: Any = inner, outer: Any = outer) -> Any:
            g = fg.checkpoint(lambda x: np.tanh(w @ x), policy=inner)
            h = fg.checkpoint(lambda x: g(g(x)) * np.sum(w), policy=outer)
            return np.sum(h(h(x)))

        w, x = np.random.default_rng(0).normal(size=(2, 3, 3))
        plain = fg.grad(lambda w, x: np.sum(twice(w, twice(w, x))), (0, 1))(w, x)
        assert_trees_close(fg.grad(f, (0, 1))(w, x), plain)
    assert dots is POLICIES["dots"]


def twice(w: Any, x: Any) -> Any:
    return np.tanh(w @ np.tanh(w @ x)) * np.sum(w)


def test_a_policy_with_numpy_arrays_made_inside() -> None:
    def f(x: Any) -> Any:
        out = fg.numpy.zeros(3)
        out[0] = np.sin(x)
        return np.sum(out * 2)

    assert fg.grad(fg.checkpoint(f, policy=POLICIES["everything"]))(0.0) == 2.0
    assert fg.grad(lambda x: np.sum(fg.vmap(fg.checkpoint(f, policy=POLICIES["dots"]))(x)))(np.zeros(2)).tolist() == [
        2,
        2,
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_rules_of_the_users(policy: str) -> None:
    @fg.custom_vjp
    def h(x: Any) -> Any:
        return np.sin(x)

    h.defvjp(lambda x: (np.sin(x), np.cos(x)), lambda cosine, g: (3 * g * cosine,))
    x = np.array([0.3, 0.7])
    wrapped = fg.checkpoint(lambda x: h(x) * x, policy=POLICIES[policy])
    assert_trees_equal(fg.grad(lambda x: np.sum(wrapped(wrapped(x))))(x), fg.grad(lambda x: np.sum(twice_h(h, x)))(x))
    batch = np.stack([x, 2 * x])
    expected = fg.vmap(fg.grad(lambda x: np.sum(twice_h(h, x))))(batch)
    assert_trees_equal(fg.grad(lambda xs: np.sum(fg.vmap(lambda x: wrapped(wrapped(x)))(xs)))(batch), expected)


def twice_h(h: Any, x: Any) -> Any:
    y = h(x) * x
    return h(y) * y


def test_the_matrix_of_a_linear_solve() -> None:
    def solution(a: Any, wrap: Any) -> Any:
        product = wrap(lambda x: a * x * 2)
        return fg.custom_linear_solve(product, np.array([1.0, 4.0]), lambda mv, b: b / mv(np.ones(2)), symmetric=True)

    expected = fg.grad(lambda a: np.sum(solution(a, same)))(3.0)
    assert fg.grad(lambda a: np.sum(solution(a, fg.checkpoint)))(3.0) == pytest.approx(expected)


def test_names_change_nothing() -> None:
    tree = {"a": np.arange(2.0), "s": "text", "n": None}
    named = fg.checkpoint_name(tree, "n")
    assert named["a"] is tree["a"]
    assert fg.grad(lambda x: fg.checkpoint_name(x, "n") ** 2)(3.0) == 6.0
    assert fg.jvp(lambda x: fg.checkpoint_name(x, "n"), (3.0,), (2.0,)) == (3.0, 2.0)
    assert fg.vmap(lambda x: fg.checkpoint_name(x, "n"))(np.arange(3.0)).tolist() == [0, 1, 2]


# -- Memory --------------------------------------------------------------------------------------------------


def peak(f: Callable[[], Any]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        f()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def chain(x: Any, n: int) -> Any:
    for _ in range(n):
        x = np.sin(x)
    return x


def test_memory_of_segments() -> None:
    x = np.ones(200_000)

    def loss(wrap: Any) -> Callable[..., Any]:
        def of(x: Any) -> Any:
            for _ in range(5):
                x = wrap(lambda x: chain(x, 10))(x)
            return np.sum(x)

        return of

    without, with_it = (peak(lambda wrap=wrap: fg.grad(loss(wrap))(x)) for wrap in (same, fg.checkpoint))
    assert without > 50 * x.nbytes
    assert with_it < 0.4 * without


def test_memory_of_constants_made_inside() -> None:
    x = np.ones(100_000)

    def loss(x: Any) -> Any:
        for i in range(30):
            x = fg.checkpoint(lambda x, i=i: np.sin(x * np.full(100_000, 1.0 + i)))(x)
        return np.sum(x)

    assert peak(lambda: fg.grad(loss)(x)) < 45 * x.nbytes


def test_memory_of_a_long_loop() -> None:
    x = np.ones(2_000)

    def loss(x: Any) -> Any:
        return np.sum(fg.checkpointed_loop(lambda i, x: np.sin(x) + np.cos(x), x, 300, slots=6))

    assert peak(lambda: fg.grad(loss)(x)) < 30 * x.nbytes
    np.testing.assert_allclose(fg.grad(loss)(x)[0], fg.grad(lambda x: straight(x, 300))(1.0), rtol=1e-10)


def straight(x: Any, n: int) -> Any:
    for _ in range(n):
        x = np.sin(x) + np.cos(x)
    return x


# -- Long loops ----------------------------------------------------------------------------------------------


@functools.cache
def least(n: int, slots: int) -> float:
    """The least number of evaluations, by trying all places for the next state."""
    if n == 1:
        return 1
    if slots == 0:
        return float("inf")
    return min(k + least(n - k, slots - 1) + least(k, slots) for k in range(1, n))


def test_the_schedule_is_optimal() -> None:
    for n, slots in itertools.product(range(1, 40), range(1, 9)):
        assert evaluations(n, slots) == least(n, slots)
        if n > 1:
            k = split(n, slots)
            assert k + least(n - k, slots - 1) + least(k, slots) == least(n, slots)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 33])
@pytest.mark.parametrize("slots", [None, 1, 2, 3, 7, 100])
def test_evaluations_and_stored_states(n: int, slots: int | None) -> None:
    calls = []
    states: list[Any] = []
    most = 0

    def body(i: int, x: Any) -> Any:
        nonlocal_most(i)
        new = x + 0.1 * np.sin(x) * (i + 1)
        states.append(weakref.ref(new.value))
        return new

    def nonlocal_most(i: int) -> None:
        nonlocal most
        calls.append(i)
        most = max(most, sum(reference() is not None for reference in states))

    def direct(x: Any) -> Any:
        for i in range(n):
            x = x + 0.1 * np.sin(x) * (i + 1)
        return np.sum(x)

    x = np.ones(3)
    g = fg.grad(lambda x: np.sum(fg.checkpointed_loop(body, x, n, slots)))(x)
    assert_trees_equal(g, fg.grad(direct)(x))
    used = max(1, n.bit_length()) if slots is None else slots
    assert len(calls) == evaluations(n, used)
    assert most <= used + 1  # the first slot holds the input; two are the steps' own


def test_a_loop_under_all_compositions() -> None:
    def loss(loop: Any) -> Callable[..., Any]:
        def of(p: Any, x: Any) -> Any:
            def body(i: int, s: Any) -> Any:
                return {"h": np.tanh(p["w"] @ s["h"] + p["b"] * i), "t": s["t"] + np.sum(s["h"] ** 2)}

            out = loop(body, {"h": x, "t": 0.0}, 7)
            return out["t"] * np.sum(out["h"])

        return of

    def direct(body: Any, state: Any, n: int) -> Any:
        for i in range(n):
            state = body(i, state)
        return state

    for name, transform in COMPOSITIONS.items():
        if name == "third order":
            continue
        ours = transform(loss(lambda b, s, n: fg.checkpointed_loop(b, s, n, slots=2)))(*problem())
        assert_trees_close(ours, transform(loss(direct))(*problem()))


def test_nested_loops_and_tensors() -> None:
    def f(x: Any) -> Any:
        def inner(i: Any, x: Any) -> Any:
            return fg.checkpointed_loop(lambda j, x: np.sin(x + j), x, 4, 2)

        return fg.checkpointed_loop(inner, x, 5, 2)

    def direct(x: Any) -> Any:
        for _, j in itertools.product(range(5), range(4)):
            x = np.sin(x + j)
        return x

    assert fg.grad(f)(0.3) == fg.grad(direct)(0.3)
    x = fg.tensor(0.3, dtype=fg.float64, requires_grad=True)
    f(x).backward()
    assert x.grad is not None
    assert x.grad.item() == fg.grad(direct)(0.3)


def test_a_state_that_was_dropped_cannot_be_used() -> None:
    def loss(x: Any) -> Any:
        history = []

        def body(i: int, x: Any) -> Any:
            history.append(x)
            return np.sin(x)

        return fg.checkpointed_loop(body, x, 5, 2) + history[1]

    with pytest.raises(RuntimeError, match="dropped"):
        fg.grad(loss)(1.0)

    def direct(x: Any) -> Any:
        history = []
        fg.checkpoint(lambda x: history.append(np.sin(x)), policy=None)(x)
        return history[0]

    assert fg.grad(direct)(0.0) == 1.0


def test_loops_refuse() -> None:
    with pytest.raises(ValueError, match="slots=0"):
        fg.checkpointed_loop(lambda i, x: x, 1.0, 3, slots=0)
    with pytest.raises(ValueError, match="negative"):
        fg.checkpointed_loop(lambda i, x: x, 1.0, -1)
    with pytest.raises(TypeError, match="carry"):
        fg.checkpointed_loop(lambda i, x: (x, x), 1.0, 3)
    assert fg.checkpointed_loop(lambda i, x: x * 2, 1, 3) == 8


def written_array(x: Any) -> Any:
    u = x * 2
    y = fg.checkpoint(lambda s: np.sin(s * u))(x)
    u[0] = 5.0
    return np.sum(y) + np.sum(u)


def written_argument(x: Any) -> Any:
    u = x * 2
    y = fg.checkpoint(lambda s: np.sin(s * u))(u)
    u *= 3.0
    return np.sum(y) + np.sum(u)


def written_through_a_view(x: Any) -> Any:
    u = x * 2
    held = [u[1:]]
    y = fg.checkpoint(lambda s: np.sin(s * held[0]))(u[1:])
    u[1] = 3.0
    return np.sum(y) + np.sum(u)


def written_under_a_transform(x: Any) -> Any:
    u = x * 2
    y = fg.checkpoint(fg.grad(lambda s: np.sum(np.sin(s * u))))(x)
    u[0] = y[1]
    return np.sum(y) + np.sum(u)


@pytest.mark.parametrize(
    "f", [written_array, written_argument, written_through_a_view, written_under_a_transform], ids=lambda f: f.__name__
)
def test_what_is_closed_over_may_be_written_afterwards(f: Any) -> None:
    check_grads(f, (np.array([0.3, 0.4, 0.5]),), order=2)
