"""Writing and views: whatever a program writes into what, traced arrays alias as NumPy's do, and its gradient is right.

Hypothesis draws the programs (`aliasing`); plain NumPy, finite differences and loops judge. ``FUNCGRAD_EXAMPLES=20``
draws twenty times as many.
"""

import itertools
from collections.abc import Callable
from typing import Any

import aliasing
import numpy as np
import pytest
from aliasing import Program, programs
from hypothesis import given
from test_laws import pairing
from test_programs import EVERY, assert_agree, assert_is_derivative, examples, gradient

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.core.level import Traced

TRANSFORMS: dict[str, Any] = {name: getattr(fg, name) for name in ("grad", "jvp", "vmap", "checkpoint")}
INSIDE = (aliasing.closing, aliasing.closing, aliasing.closing)
PARTS = (aliasing.part, aliasing.part, aliasing.part)


def traced(program: Program, look: Any = None, **names: Any) -> Callable[..., Any]:
    """Return the function as it runs in a transform."""
    return program.function(look, np=fnp, **TRANSFORMS | names)


def plain(program: Program, look: Any = None) -> Callable[..., Any]:
    """Return the function as NumPy runs it, on copies of its arguments."""
    f = program.function(look, np=fnp if "inner" in program.features else np, **TRANSFORMS)
    return lambda *xs: f(*[x.copy() for x in xs])


def untouched(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Assert that a transform leaves its inputs alone."""

    def call(*xs: Any) -> Any:
        before = [x.copy() for x in xs]
        result = transform(*xs)
        for x, copy in zip(xs, before, strict=True):
            np.testing.assert_array_equal(x, copy)
        return result

    return call


# What there is to see after every line


class Looks:
    """The values of all variables after each line of a program, and what shares memory."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def __call__(self, line: int, variables: dict[str, Any]) -> None:
        arrays = {name: x for name, x in variables.items() if isinstance(x, np.ndarray | np.generic | Traced)}
        for name, x in arrays.items():
            self.seen[f"line {line}: {name}"] = np.array(fg.stop_gradient(x))
        arrays = {name: x for name, x in arrays.items() if not isinstance(x, np.generic)}
        for (name, x), (other, y) in itertools.combinations(arrays.items(), 2):
            self.seen[f"line {line}: {name} shares memory with {other}"] = np.shares_memory(x, y)


def assert_looks_agree(got: Looks, want: Looks) -> None:
    for what, x in want.seen.items():
        y = got.seen[what]
        if isinstance(x, bool):
            assert y == x, f"{what}: {x}"
        else:
            assert (y.shape, y.dtype) == (x.shape, x.dtype), what
            np.testing.assert_allclose(y, x, 1e-12, 1e-12, err_msg=what)


# The laws


def check_values(program: Program) -> None:
    xs = program.inputs()
    got, want = Looks(), Looks()
    plain(program, want)(*xs)
    untouched(fg.value_and_grad(traced(program, got), argnums=EVERY))(*xs)
    assert_looks_agree(got, want)


def check_gradient(program: Program) -> None:
    """Reverse, forward and linearized agree with differences."""
    f, xs, dxs = traced(program), program.inputs(), program.directions()
    y = plain(program)(*xs)
    value, gxs = untouched(fg.value_and_grad(f, argnums=EVERY))(*xs)
    forward, dy = untouched(lambda *xs: fg.jvp(f, xs, dxs))(*xs)
    linear, tangent = untouched(lambda *xs: fg.linearize(f, *xs))(*xs)
    assert_agree((value, forward, linear), (y, y, y), 1e-12)
    assert [(g.shape, g.dtype) for g in gxs] == [(x.shape, x.dtype) for x in xs]
    for p, q in itertools.combinations((*gxs, *xs), 2):
        assert not np.shares_memory(p, q)
    assert_agree((pairing(gxs, dxs), tangent(*dxs)), (dy, dy), 1e-9)
    assert_is_derivative((dy,), lambda *xs: (plain(program)(*xs),), xs, dxs)


def check_second(program: Program) -> None:
    f, xs, dxs = traced(program), program.inputs(), program.directions()
    g = gradient(f)
    along = lambda *xs: sum(np.sum(gx * dx) for gx, dx in zip(g(*xs), dxs, strict=True))  # noqa: E731
    forward_over_reverse = untouched(lambda *xs: fg.jvp(g, xs, dxs))(*xs)[1]
    assert_agree(untouched(gradient(along))(*xs), forward_over_reverse, 1e-8)
    assert_agree(gradient(lambda *xs: fg.jvp(f, xs, dxs)[1])(*xs), forward_over_reverse, 1e-8)
    _, twice = fg.jvp(lambda *xs: fg.jvp(f, xs, dxs)[1], xs, dxs)
    assert_agree((twice,), (pairing(forward_over_reverse, dxs),), 1e-8)
    assert_is_derivative(forward_over_reverse, g, xs, dxs)


def check_vmap(program: Program) -> None:
    samples = [program.inputs(sample) for sample in range(3)]
    xs = tuple(map(np.stack, zip(*samples, strict=True)))
    f = plain(program)
    assert_agree((untouched(fg.vmap(traced(program)))(*xs),), (np.stack([f(*sample) for sample in samples]),), 1e-9)
    g = gradient(traced(program))
    want = tuple(map(np.stack, zip(*(g(*sample) for sample in samples), strict=True)))
    assert_agree(untouched(fg.vmap(g))(*xs), want, 1e-9)


def check_checkpoint(program: Program) -> None:
    """Checkpoints, of the whole and of parts, change no gradient."""
    xs = program.inputs()
    want = gradient(traced(program, checkpoint=lambda f: f))(*xs)
    assert_agree(gradient(traced(program))(*xs), want, 1e-12)
    assert_agree(untouched(gradient(fg.checkpoint(traced(program))))(*xs), want, 1e-12)


def check_inside(program: Program) -> None:
    """The same, for a program with functions that are differentiated and close over its arrays."""
    try:
        plain(program)(*program.inputs())
        check_values(program)
    except (fg.LostGradientError, TypeError):  # an inner value would be written into what is not the inner function's
        return
    check_gradient(program)


def check_float32(program: Program) -> None:
    f, xs = traced(program), tuple(x.astype(np.float32) for x in program.inputs())
    try:
        y = plain(program)(*xs)
    except (TypeError, ValueError):  # it has an out= that goes by the dtype
        return
    value, gxs = untouched(fg.value_and_grad(f, argnums=EVERY))(*xs)
    assert value.dtype == y.dtype
    np.testing.assert_allclose(value, y, 1e-4, 1e-4)
    assert [(g.shape, g.dtype) for g in gxs] == [(x.shape, np.float32) for x in xs]


@examples(200)
@given(programs())
def test_values_after_every_line(program: Program) -> None:
    check_values(program)


@examples(300)
@given(programs())
def test_gradient(program: Program) -> None:
    check_gradient(program)


@examples(100)
@given(programs(most=9))
def test_second_derivatives(program: Program) -> None:
    check_second(program)


@examples(120)
@given(programs(most=9))
def test_vmap(program: Program) -> None:
    check_vmap(program)


@examples(100)
@given(programs(PARTS))
def test_checkpoint(program: Program) -> None:
    check_checkpoint(program)


@examples(120)
@given(programs(INSIDE))
def test_transforms_inside(program: Program) -> None:
    check_inside(program)


@examples(40)
@given(programs().filter(lambda program: "view(float)" not in program.text))
def test_float32(program: Program) -> None:
    check_float32(program)


# Programs that were wrong once

ONCE_WRONG = [
    # values that are lists of traced and plain numbers
    "np.put(a, [0, 0], [np.sin(a[-1]), 0.1]); return total(a)",
    "np.place(a, numpy.arange(3) % 2 == 0, [0.1, c]); return total(a)",
    "np.add.at(b, (0, [0, 0]), [np.sin(b[0, 0]), 0.5]); return total(b)",
    # indices
    "b[[]] -= np.full((0, 2), 0.7); x = a[[]]; return total(a, b, x)",
    "np.put_along_axis(b, np.zeros_like(b, int), 0.5 * b[:, ::-1], axis=-1); return total(b)",
    "for e in b.flat: b[0] += 0.1 * e\nreturn total(b)",
    # parts of complex arrays, and of real ones
    "x = np.zeros((3, 2), complex); x.imag[...] = b; return total(x)",
    "x = a[:2] + 1j * a[1:]; x.imag[...] = 0.5; y = x[1:].view(float); y *= 2; return total(x, y)",
    "x = np.zeros(3, complex); x.imag[...] = a; y = x.view(float); y[1] *= 2; return total(x, y)",
    "x = np.imag(b)\nwith raises(ValueError): x += 1.0\nreturn total(b, x)",
    # results that are no views, though they may have been made as if
    "x = a[:1, None] * 2; y = np.prod(x, axis=-1); y *= 2; return total(x, y)",
    "x = a[:1] * 2; y = np.cumprod(x); y *= 2; return total(x, y)",
    "np.cumprod(b[:, :1], axis=-1, out=b[:, :1]); return total(b)",
    # out= by position, and without axes
    "x = np.zeros((3, 3)); np.outer(a, a, x); return total(x)",
    "x = np.zeros(()); y = np.add.reduce(a, out=x); y **= 2; return total(x, y)",
    "x = np.ones(()); y = np.var(a, axis=0, out=x); y *= c; return total(x, y)",
    "x = np.ones(()); np.prod(a, out=x); x.real[...] = a[0]; return total(x)",
    # layouts
    "x = b.T * 0.5; x.resize((2, 2), refcheck=False); return total(x)",
    "x = np.zeros(3); np.clip(a, -9, 0.1, out=x); y = np.ascontiguousarray(x); x[None, -1] *= a[0]; return total(x, y)",
    "x = np.asfortranarray(b); y = np.ravel(x, 'F'); y *= c; return total(x, y)",
    "x = b * 2; y = np.flip(x, 0); x[...] = np.sin(x) + c; y[0] = x[0] * 3; return total(x, y)",
    # arrays that are read-only or to be warned about
    "x, y = np.broadcast_arrays(b, a[:2]); b.T[-1] = 0.7 * c; z = np.array([x[0], 2 * y[-1]]); return total(b, z)",
    "x = np.broadcast_arrays(a, b.T)[0]; y = grad(lambda s: total(s * s))(x); return total(y)",
    "x = a[::2]; y = grad(lambda s: total(s * np.broadcast_arrays(b[:, 0], x[:1])[1]))(a); return total(y)",
    # checkpoints
    "x = a * 2; y = checkpoint(lambda s: np.sin(s * x))(a); x *= 3; return total(x, y)",
    "x = a * 2; y = checkpoint(np.sin)(x[::-1]); x *= 3; return total(x, y)",
    "x = np.zeros(3)\nfor i in range(3): x += checkpoint(lambda s: np.sin(s * x + i))(a)\nreturn total(x)",
    # functions that are differentiated and write into arrays made like those that they close over
    "def h(s): x = np.ones_like(a); x[0] = s[1]; return total(x * s * a)\nx = grad(h)(a * 1); return total(x)",
    "def h(s): x = np.array([a[0], a[1]]); x[0] = s[1]; return total(x * s[:2])\nx = grad(h)(a * 1); return total(x)",
    "x = grad(lambda s: total(np.ones(3)))(a); x[0] = a[1]; return total(x)",
    "x = a * 2\ndef h(s): x[0] = 3 * a[1]; return total(s * s * x)\ny = grad(h)(a); return total(x, y)",
]


@pytest.mark.parametrize("check", [check_values, check_gradient, check_second, check_vmap, check_checkpoint])
@pytest.mark.parametrize("body", ONCE_WRONG)
def test_once_wrong(body: str, check: Callable[[Program], None]) -> None:
    text = "".join(f"    {line}\n" for line in body.splitlines())
    transforms = {"inner"} if "grad(" in body or "checkpoint(" in body else {}
    check(Program(f"def f(a, b, c):\n{text}", features=frozenset(transforms)))


# Every function that may return a view

LAYOUTS: dict[str, Callable[[Any, Any], Any]] = {
    "C": lambda np, x: x * 1,
    "F": lambda np, x: np.asfortranarray(x * 1),
    "transposed": lambda np, x: np.copy(x.T, order="C").T,
    "sliced": lambda np, x: np.repeat(np.repeat(x, 2, 0), 2, 1)[::2, ::2],
    "reversed": lambda np, x: (x * 1)[::-1],
    "columns": lambda np, x: np.concatenate([x, x], 1)[:, 4:],
}
WORDS = {"v": "x", "u": "x[0]", "i": 1, "j": 0, "s": (4, 2), "perm": (1, 0), "x": "y", "y": "z"}
EXPRESSIONS = [text.format(**WORDS) for text in aliasing.VIEWS if "view(float)" not in text]
EXPRESSIONS += ["np.meshgrid(x[0], x[:, 0], copy=False)[1]", "np.dsplit(x[..., None], 1)[0]", "np.vsplit(x, 2)[1]"]
EXPRESSIONS += [
    "np.hsplit(x, 2)[1]",
    "np.atleast_2d(x, x[0])[1]",
    "next(iter(x))",
    "list(x)[-1]",
    "x.T[1:].T",
    "x.copy()",
]
EXPRESSIONS += ["np.real_if_close(x)", "x[:1].squeeze(0)", "x.flatten()", "x[[0, 1]]", "x * 1"]
COMPLEX = [
    "x.real",
    "x.imag",
    "np.real(x)",
    "np.imag(x)",
    "x.view(float)",
    "x.T.real",
    "x[0].imag",
    "x.real.T[1:]",
    "x.conj()",
]


def trial(np: Any, x: Any, expression: str) -> tuple[list[bool], list[Any]]:
    """Return whether the result shares memory, whether it refuses writes, and what writing into either does to both."""
    y = eval(expression, {"np": np, "x": x})
    answers, values = [np.shares_memory(x, y)], [y.copy()]
    if "broadcast_arrays" not in expression and "meshgrid" not in expression:  # NumPy warns
        for statement in ("y[...] = 0.5", "y *= 2", "y[..., 0] = 3", "y.fill(-1.5)"):
            try:
                exec(statement, {"y": y})
                answers.append(True)
            except ValueError:
                answers.append(False)
            values += [x.copy(), y.copy()]
    for statement in ("x[...] = 0.25", "x[0, 1:] += 1", "x[:, -1] *= [2.0, 3.0]", "x.real[1] = 4"):
        exec(statement, {"x": x})
        values += [x.copy(), y.copy()]
    return answers, values


def run_vjp(f: Any, x: Any) -> Any:
    return fg.vjp(f, x)[0]


def run_jvp(f: Any, x: Any) -> Any:
    return fg.jvp(f, (x,), (x,))[0]


def run_vmap(f: Any, x: Any) -> Any:
    return [y[1] for y in fg.vmap(f)(np.stack([2 * x, x]))]


def assert_trials_agree(run: Any, make: Callable[[Any, Any], Any], x: Any, expression: str) -> None:
    answers, values = trial(np, make(np, x), expression)

    def f(x: Any) -> Any:
        got, values = trial(fnp, make(fnp, x), expression)
        assert got == answers
        return values

    for step, (got, want) in enumerate(zip(run(f, x), values, strict=True)):
        np.testing.assert_array_equal(got, want, err_msg=f"at step {step}")


RUNS = (run_vjp, run_jvp, run_vmap)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_views(expression: str, layout: str, run: Any) -> None:
    assert_trials_agree(run, LAYOUTS[layout], np.arange(8.0).reshape(2, 4), expression)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("expression", COMPLEX)
def test_complex_views(expression: str, run: Any) -> None:
    assert_trials_agree(run, lambda np, x: x + 1j * np.flip(x), np.arange(8.0).reshape(2, 4), expression)


@pytest.mark.parametrize("name", ["asarray", "asanyarray", "ascontiguousarray", "require"])
def test_same_array(name: str) -> None:
    def f(x: Any) -> Any:
        y = x * 2
        assert getattr(fnp, name)(y) is y
        assert y.base is None
        assert y[1:].base is y
        assert y[1:].T[::-1].base is y
        return np.sum(y)

    fg.grad(f)(np.ones((2, 3)))
