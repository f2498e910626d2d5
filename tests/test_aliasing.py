"""Writing and views: whatever a program writes into what, traced arrays alias as NumPy's do, and its gradient is right.

Hypothesis draws the programs (`aliasing`); plain NumPy, finite differences and loops judge. ``FUNCGRAD_EXAMPLES=20``
draws twenty times as many.
"""

import itertools
from collections.abc import Callable
from typing import Any

import aliasing
import numpy as np
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
    except fg.LostGradientError:  # the inner function writes into what depends on plain arrays alone
        return
    check_values(program)
    check_gradient(program)


def check_float32(program: Program) -> None:
    f, xs = traced(program), tuple(x.astype(np.float32) for x in program.inputs())
    try:
        y = plain(program)(*xs)
    except (TypeError, ValueError):  # it has out= or a view of complex numbers that goes by the dtype
        return
    value, gxs = untouched(fg.value_and_grad(f, argnums=EVERY))(*xs)
    assert value.dtype == y.dtype
    np.testing.assert_allclose(value, y, 1e-4, 1e-4)
    assert [(g.shape, g.dtype) for g in gxs] == [(x.shape, np.float32) for x in xs]


@examples(100)
@given(programs())
def test_values_after_every_line(program: Program) -> None:
    check_values(program)


@examples(120)
@given(programs())
def test_gradient(program: Program) -> None:
    check_gradient(program)


@examples(40)
@given(programs(most=9))
def test_second_derivatives(program: Program) -> None:
    check_second(program)


@examples(40)
@given(programs(most=9))
def test_vmap(program: Program) -> None:
    check_vmap(program)


@examples(40)
@given(programs(PARTS))
def test_checkpoint(program: Program) -> None:
    check_checkpoint(program)


@examples(50)
@given(programs(INSIDE))
def test_transforms_inside(program: Program) -> None:
    check_inside(program)


@examples(20)
@given(programs())
def test_float32(program: Program) -> None:
    check_float32(program)
