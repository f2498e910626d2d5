"""Programs: hypothesis draws a program, and finite differences, JAX and plain loops judge its derivatives.

The text of a program is plain NumPy: functions, branches and loops, writes into arrays, and transforms inside it that
close over its variables. The `Writer` runs each line as it writes it, so that shapes fit, numbers stay moderate, and
no branch, mask or maximum is close to a tie. ``FUNCGRAD_EXAMPLES=20`` draws twenty times as many programs.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_laws import difference_quotient, pairing

import funcgrad as fg

Arrays = tuple[Any, ...]

MORE = int(os.environ.get("FUNCGRAD_EXAMPLES", "1"))
settings.register_profile(
    "ci", deadline=None, derandomize=MORE == 1, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def examples(n: int) -> settings:
    """Return the settings of a test with `n` examples."""
    return settings(settings.get_profile("ci"), max_examples=n * MORE)


# Programs and how to run them

TRANSFORMS = ("grad", "vjp", "jvp", "vmap", "jacfwd", "jacrev", "hessian", "linearize", "checkpoint", "custom_jvp")


def with_rule(sine: Any) -> Any:
    """Give the sine a rule of its own: NumPy's methods serve JAX's arrays too."""
    sine.defjvp(lambda primals, tangents: (sine(*primals), cosine_by_sine(primals[0]) * tangents[0]))
    return sine


def cosine_by_sine(x: Any) -> Any:
    """The cosine, of arrays of any library."""
    return 1 - 2 * (x.__array_namespace__() if hasattr(x, "__array_namespace__") else np).sin(x / 2) ** 2


@dataclass(frozen=True)
class Program:
    """The text of a function ``f(a, b, c)`` of a vector, a matrix and a number, and what is special about it."""

    text: str
    n: int
    seed: int
    features: frozenset[str]

    def __repr__(self) -> str:
        return f"n={self.n} seed={self.seed} {sorted(self.features)}\n{self.text}"

    def function(self, library: Any = fg, numpy: Any = np) -> Callable[..., Any]:
        """Return the function, of NumPy and funcgrad or of another library's."""
        names = NAMES | {"np": numpy} | {name: getattr(library, name) for name in TRANSFORMS}
        exec(self.text, names)
        return names["f"]

    def inputs(self, sample: int = 0) -> Arrays:
        return inputs(self.n, self.seed, sample)


def inputs(n: int, seed: int, sample: int = 0) -> Arrays:
    """Draw numbers of a moderate size."""
    rng = np.random.default_rng([seed, sample])
    return rng.uniform(-1, 1, n), rng.uniform(-1, 1, (n, n)), np.float64(rng.uniform(-1, 1))


NAMES: dict[str, Any] = {"np": np, "with_rule": with_rule} | {name: getattr(fg, name) for name in TRANSFORMS}


# Writing programs


class Writer:
    """A program in the making: its lines, and the value of each variable so far."""

    def __init__(self, draw: st.DrawFn, n: int, seed: int) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.values: dict[str, Any] = dict(zip("abc", inputs(n, seed), strict=True))
        self.rigid = {"a", "b", "c"}  # what may not be written to: the inputs, and views other than slices
        self.features: set[str] = set()

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def pick(self, fits: Callable[[Any], bool] = lambda x: True) -> str | None:
        """Choose a variable, late ones first."""
        names = [name for name, x in self.values.items() if fits(x)]
        return self.choose(*reversed(names)) if names else None

    def like(self, shape: tuple[int, ...]) -> str:
        """Choose a variable that broadcasts to a shape; the number c always does."""
        return self.pick(lambda x: joint_shape(np.shape(x), shape) == shape) or "c"

    def run(self, text: str) -> None:
        """Add lines."""
        names = NAMES | self.values
        exec(text, names)
        self.values |= {name: x for name, x in names.items() if name[0] == "v" and name[1:].isdigit()}
        self.lines += text.splitlines()

    def let(self, expression: str, is_slice: bool = False) -> str:
        """Add a variable, kept within (-3, 3)."""
        name = f"v{len(self.values) - 3}"
        value = eval(expression, NAMES | self.values)
        if np.max(np.abs(value), initial=0) > 3:
            expression = f"3 * np.tanh(({expression}) / 3)"
        self.run(f"{name} = {expression}")
        if not is_slice and (others := self.sharing(name)):
            self.rigid |= {name, *others}
        if expression.startswith(("vmap", "np.prod", "checkpoint", "jac", "with_rule", "linearize")):
            self.rigid.add(name)  # their results are views of a hidden array, so far
        return name

    def sharing(self, name: str) -> set[str]:
        """Return the other variables that share memory with this one."""
        x = self.values[name]
        return {other for other, y in self.values.items() if other != name and np.shares_memory(x, y)}

    def threshold(self, name: str) -> float:
        """Choose a number that is not close to any element."""
        x = np.sort(np.ravel(self.values[name]))
        gaps = [(p + q) / 2 for p, q in pairwise(x) if q - p > 0.1]
        return round(float(self.choose(*gaps, x[0] - 0.5, x[-1] + 0.5) if x.size else 0.0), 3)


def joint_shape(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that shapes broadcast to, if any."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def small(shape: tuple[int, ...] | None) -> bool:
    return shape is not None and len(shape) <= 3 and np.prod(shape, dtype=int) <= 36


# The pool of steps

UNARY = (
    *("np.sin({v})", "np.tanh({v})", "np.cos({v}) + {v}", "np.exp(np.sin({v}))", "np.sqrt(1 + {v} * {v})"),
    *("np.log(2 + {v} ** 2)", "{v} ** 2 - 1", "{v} ** 3 / 3", "np.arctan(2 * {v})", "-{v}", "1 / (2 + {v} * {v})"),
)
BINARY = (
    *("{v} * {w}", "{v} + {w}", "{v} - 2 * {w}", "{v} / (2 + {w} * {w})", "np.sin({v}) * {w} + {v}"),
    *("np.arctan2({v}, 2 + {w} * {w})", "np.logaddexp({v}, {w})", "np.hypot({v}, 2 + np.cos({w}))"),
    *("(1.5 + np.sin({v})) ** {w}",),
)


def unary(w: Writer) -> None:
    w.let(w.choose(*UNARY).format(v=w.pick()))


def binary(w: Writer) -> None:
    v = w.pick()
    assert v
    shape = np.shape(w.values[v])
    other = w.pick(lambda x: small(joint_shape(np.shape(x), shape))) or "c"
    w.let(w.choose(*BINARY).format(v=v, w=other))


def product(w: Writer) -> None:
    v = w.pick(lambda x: np.ndim(x) in (1, 2))
    assert v
    x = w.values[v]
    other = w.pick(lambda y: np.ndim(y) in (1, 2) and y.shape[0 if np.ndim(y) == 1 else -2] == x.shape[-1])
    outer = w.pick(lambda y: np.ndim(y) == 1 and y.size * x.size <= 36)
    choices = [f"np.outer({v}, {outer})"] if x.ndim == 1 and outer else []
    choices += [f"{v} @ {other}"] if other else []
    w.let(w.choose(*choices, f"np.einsum('i...,i...->...', {v}, {v})"))


def reduction(w: Writer) -> None:
    v = w.pick(lambda x: np.ndim(x) > 0)
    assert v
    x = w.values[v]
    axis = w.choose(None, *range(-x.ndim, x.ndim))
    name = w.choose("sum", "mean", "prod", "cumsum", "var", "max")
    if name == "max" and (x.size == 0 or np.min(np.diff(np.sort(x, axis=axis)), initial=1) < 0.1):
        name = "sum"
    if x.size == 0 or name == "cumsum":
        w.let(f"np.cumsum({v}, axis={axis})")
    else:
        copied = f"{v} * 1" if name == "prod" else v  # np.prod counts as a view of its argument, so far
        w.let(f"np.{name}({copied}, axis={axis}, keepdims={w.choose(False, True)})")


def index(w: Writer) -> None:
    v = w.pick(lambda x: np.ndim(x) > 0 and np.shape(x)[0] > 0)
    assert v
    x = w.values[v]
    slices = ["0", "-1", "1:", "::-1", "..., :1", "::2"]
    arrays = ["np.array([0, 0, -1])", f"np.arange({len(x)}) > 0", "None, np.array([-1])"]
    chosen = w.choose(*slices, *arrays)
    w.let(f"{v}[{chosen}]", is_slice=chosen in slices and x.base is None)  # writes through slices of slices are refused


def rearrangement(w: Writer) -> None:
    v = w.pick(lambda x: np.ndim(x) > 0)
    ways = ("np.reshape({v}, -1)", "np.transpose({v})", "np.reshape({v}, (1, -1))", "np.ravel({v})", "np.flip({v})")
    w.let(w.choose(*ways).format(v=v))


def join(w: Writer) -> None:
    v, other = (w.pick(lambda x: np.size(x) <= 12) for _ in range(2))
    ways = (
        "np.concatenate([np.ravel({v}), np.ravel({w})])",
        "np.stack([{v}, {v} * {v}])",
        "np.stack([{w}, np.sin({w})], -1)",
    )
    w.let(w.choose(*ways).format(v=v, w=other))


def mask(w: Writer) -> None:
    v = w.pick()
    assert v
    other = w.like(np.shape(w.values[v]))
    ways = (
        "np.where({v} > {t}, {v} * {v}, {w})",
        "np.maximum({v}, {t}) * {w}",
        "np.where({v} < {t}, np.sin({w}), {v})",
    )
    w.let(w.choose(*ways, "np.clip({v}, None, {t})").format(v=v, w=other, t=w.threshold(v)))


def branch(w: Writer) -> None:
    condition, v = w.pick(), w.pick()
    total = float(np.sum(w.values[condition]))
    bound = round(total + w.choose(-0.3, 0.3), 3)
    name = f"v{len(w.values) - 3}"
    w.run(f"if np.sum({condition}) > {bound}:\n    {name} = np.sin({v})\nelse:\n    {name} = {v} * {v} / 2")
    w.features.add("branches")


def loop(w: Writer) -> None:
    v = w.pick(lambda x: np.ndim(x) > 0 and np.shape(x)[0] > 0)
    name = f"v{len(w.values) - 3}"
    other = w.like(np.shape(w.values[v])[1:])
    bodies = (
        f"{name} = {v}\nfor i in range(3):\n    {name} = np.cos({name}) * {v} + i",
        f"{name} = 0.0\nfor row in {v}:\n    {name} = np.tanh({name} + row * {other})",
        f"{name} = 0.0\nfor i in range(len({v})):\n    {name} += np.sin({v}[i]) * {v}[i - 1]",
        f"{name} = {v} * 1.0\nfor i in range(2):\n    {name} += np.sin({name}) * {v}",
    )
    w.run(w.choose(*bodies))


def transform(w: Writer) -> None:
    """Differentiate a function that closes over variables of the program."""
    v = w.pick()
    assert v
    shape = np.shape(w.values[v])
    u, other = w.like(shape), w.like(shape)
    ways = [
        f"grad(lambda s: np.sum(np.sin(s * {u}) * {other}))({v})",
        f"grad(lambda s: np.sum(s * grad(lambda t: np.sum(np.tanh(s * t) * {u} * t))({v}) * {other}))(np.sin({v}))",
        f"{u} * grad(lambda s: np.sum({v} * grad(lambda t: np.sum({v} * s * s * t * t))({v})))({v})",
        f"jvp(lambda s: np.sin(s * {u}) * {v}, ({v},), (np.cos({v}),))[1]",
        f"jvp(grad(lambda s: np.sum(np.sin(s) * {u} * s)), ({v},), ({v} * 0.5,))[1]",
        f"grad(lambda s: np.sum(jvp(lambda t: np.sin(s * t) * {u}, ({v},), ({v} * s,))[1]))({v})",
        f"vjp(lambda s: np.sin(s) * {u}, {v})[1]({v} * 0.5)[0]",
        f"checkpoint(lambda s: np.sin(s * {u}) * {other})({v})",
        f"grad(lambda s: np.sum(checkpoint(lambda t: np.sin(t * {u}) * t)(s * s) * {other}))({v})",
        f"checkpoint(grad(lambda s: np.sum(np.sin(s * {u}) * {other})))({v})",
        f"linearize(lambda s: np.sin(s * {u}), {v})[1]({v} * 0.5)",
        f"jacfwd(lambda s: np.sum(np.sin(s) * s * {u}))({v})",
        f"jacrev(lambda s: np.sum(np.sin(s) * s * {u}) * c)({v})",
        f"np.sum(hessian(lambda s: np.sum(s ** 3 * {u}))({v})) / 10",
        f"grad(lambda s: np.sum(jacfwd(lambda t: np.sum(np.sin(s * t) * {u}))({v}) * {other}))({v})",
        f"with_rule(custom_jvp(lambda s: np.sin(s)))({v} * {u}) * {other}",
    ]
    if shape and shape[0]:
        ways += [
            f"vmap(lambda s: np.sin(s) * c)({v})",
            f"vmap(grad(lambda s: np.sum(s ** 3) * c * np.sum({u})))({v})",
            f"grad(lambda s: np.sum(vmap(lambda t: np.sin(t * c) * t)(s * {u})))({v})",
        ]
    w.let(w.choose(*ways))


def write(w: Writer) -> None:
    """Write into an array: a copy, a buffer of zeros, or a variable that others may share."""
    v = w.pick(lambda x: np.ndim(x) > 0 and np.shape(x)[0] > 0)
    assert v
    shared = {v, *w.sharing(v)}
    frozen = shared & w.rigid or w.values[v].base is not None
    ways = [f"{v}.copy()", f"np.zeros_like({v})", *([] if frozen else [v])]
    name = w.let(w.choose(*ways), is_slice=True)
    x = w.values[name]
    for _ in range(w.choose(1, 2)):
        place = w.choose("0", "-1", "1:", "::-1", "...", "np.array([0, -1])", f"np.arange({len(x)}) > 0", "..., 0")
        whole, part = w.like(x.shape), w.like(eval(f"x[{place}]", {"np": np, "x": x}).shape)
        writes = [f"{name}[{place}] = {part}", f"{name}[{place}] += {part}", f"{name}[{place}] *= np.sin({part})"]
        writes += [f"{name} += {whole}", f"{name} *= np.sin({whole})", f"np.add({name}, {whole}, out={name})"]
        w.run(w.choose(*writes, f"row = {name}[1:]\nrow *= 0.5\n{name}[0] = np.sum(row)"))
    w.features.add("writes")


STEPS = (unary, binary, product, reduction, index, rearrangement, join, mask, loop, transform)


@st.composite
def programs(draw: st.DrawFn, extra: Sequence[Callable[[Writer], None]] = ()) -> Program:
    """Draw a program that uses its variables again and again, and ends in a number."""
    n, seed = draw(st.integers(1, 3)), draw(st.integers(0, 999))
    w = Writer(draw, n, seed)
    for step in draw(st.lists(st.sampled_from([*STEPS, *extra]), min_size=5, max_size=15)):
        step(w)
    names = list(w.values)
    results = " + ".join(f"np.sum(np.sin({name}))" for name in [*names[-3:], w.pick()])
    body = "".join(f"    {line}\n" for line in [*w.lines, f"return {results}"])
    return Program(f"def f(a, b, c):\n{body}", n, seed, frozenset(w.features))


# Judging


def assert_agree(got: Arrays, want: Arrays, tolerance: float) -> None:
    for g, w in zip(got, want, strict=True):
        assert np.shape(g) == np.shape(w)
        np.testing.assert_allclose(g, w, tolerance, tolerance * np.max(np.abs(w), initial=1))


def assert_is_derivative(dys: Arrays, f: Callable[..., Arrays], xs: Arrays, dxs: Arrays) -> None:
    """Assert that `dys` are differences of `f`, as well as those can tell: two steps show their own error."""
    want, other = (difference_quotient(f, xs, dxs, h) for h in (3e-4, 1.5e-4))
    for dy, w, o in zip(dys, want, other, strict=True):
        assert np.shape(dy) == np.shape(w)
        error = np.max(np.abs(w - o), initial=0)
        np.testing.assert_allclose(dy, w, 1e-6, 1e-6 * np.max(np.abs(w), initial=1) + 10 * error)


def directions(n: int) -> Arrays:
    return inputs(n, 12345)


EVERY = (0, 1, 2)


def gradient(f: Callable[..., Any], library: Any = fg) -> Callable[..., Arrays]:
    return library.grad(f, argnums=EVERY)


@examples(200)
@given(programs(extra=[branch, write, write]))
def test_derivatives(program: Program) -> None:
    f, xs, dxs = program.function(), program.inputs(), directions(program.n)
    before = [np.copy(x) for x in xs]
    y = f(*xs)
    value, gxs = fg.value_and_grad(f, argnums=EVERY)(*xs)
    forward, dy = fg.jvp(f, xs, dxs)
    assert_agree((value, forward), (y, y), 1e-12)
    assert [(g.shape, g.dtype) for g in gxs] == [(x.shape, x.dtype) for x in xs]
    assert_agree((pairing(gxs, dxs),), (dy,), 1e-9)
    assert_is_derivative((dy,), lambda *xs: (f(*xs),), xs, dxs)
    for x, copy in zip(xs, before, strict=True):
        np.testing.assert_array_equal(x, copy)


@examples(100)
@given(programs(extra=[branch, write]))
def test_second_derivatives(program: Program) -> None:
    f, xs, dxs = program.function(), program.inputs(), directions(program.n)
    g = gradient(f)
    reverse_over_reverse = gradient(lambda *xs: sum(np.sum(gx * dx) for gx, dx in zip(g(*xs), dxs, strict=True)))(*xs)
    forward_over_reverse = fg.jvp(g, xs, dxs)[1]
    reverse_over_forward = gradient(lambda *xs: fg.jvp(f, xs, dxs)[1])(*xs)
    assert_agree(reverse_over_reverse, forward_over_reverse, 1e-8)
    assert_agree(reverse_over_forward, forward_over_reverse, 1e-8)
    _, twice = fg.jvp(lambda *xs: fg.jvp(f, xs, dxs)[1], xs, dxs)
    assert_agree((twice,), (pairing(forward_over_reverse, dxs),), 1e-8)
    assert_is_derivative(forward_over_reverse, g, xs, dxs)


@examples(80)
@given(programs(extra=[write]))
def test_vmap_of_gradient(program: Program) -> None:
    f = program.function()
    samples = [program.inputs(sample) for sample in range(3)]
    xs = tuple(map(np.stack, zip(*samples, strict=True)))
    for function in (lambda *xs: (f(*xs),), gradient(f)):
        want = tuple(map(np.stack, zip(*(function(*sample) for sample in samples), strict=True)))
        assert_agree(fg.vmap(function)(*xs), want, 1e-9)


@examples(10)
@given(programs(extra=[branch]))
def test_jax_agrees(program: Program) -> None:
    jax = pytest.importorskip("jax")
    f, theirs = program.function(), program.function(jax, jax.numpy)
    xs, dxs = program.inputs(), directions(program.n)
    their_xs, their_dxs = (tuple(map(jax.numpy.asarray, part)) for part in (xs, dxs))
    assert_agree((f(*xs),), (theirs(*their_xs),), 1e-9)
    gxs, second = fg.jvp(gradient(f), xs, dxs)
    their_gxs, their_second = jax.jvp(gradient(theirs, jax), their_xs, their_dxs)
    assert_agree(gxs, their_gxs, 1e-8)
    assert_agree(second, their_second, 1e-7)
