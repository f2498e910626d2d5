"""Laws: what holds for every row of the table of cases, whatever the function.

A law is a test over all rows; `Run` is a row with its inputs drawn. Derivatives are taken with respect to all inputs
that are not fixed, and all outputs count, so that a law is stated once for functions of any number of either.
"""

import os
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
import scipy.special
from cases import CASES, CONSTANTS, KINKS, NO_RULE_YET
from cases.table import Case, Kink

import funcgrad as fg
import funcgrad.scipy
from funcgrad.testing import DeviceArray, host_copies, lenient

Arrays = tuple[Any, ...]

#: Where the names of rows begin, if not with a function of NumPy.
ROOTS = {"special": scipy.special, "scipy": fg.scipy}


# A row with its inputs drawn


class Run:
    """A row as a function of its free inputs that returns a tuple of arrays."""

    def __init__(self, case: Case, complex_: bool = False, *, sample: int = 0, convert: Any = np.asarray) -> None:
        drawn = [convert(x) for x in case.draw(complex_, sample)]
        self.case = case
        self.fixed = [x if i.fixed else None for x, i in zip(drawn, case.inputs, strict=True)]
        self.xs: Arrays = tuple(x for x, i in zip(drawn, case.inputs, strict=True) if not i.fixed)

    def result(self, *xs: Any) -> Any:
        """Call the row's function."""
        free = iter(xs)
        return self.case.call(*(next(free) if x is None else x for x in self.fixed))

    def __call__(self, *xs: Any) -> Arrays:
        return arrays_in(self.result(*xs))


def arrays_in(tree: Any) -> Arrays:
    """Return the arrays of nested lists and tuples."""
    if isinstance(tree, list | tuple):
        return tuple(x for item in tree for x in arrays_in(item))
    return (tree,)


def available(case: Case) -> bool:
    """Whether the function exists in the NumPy that is installed (rows of operators and methods always do)."""
    first, *path = case.function.split(".")
    if first in ("operator", "method", "attribute", "getitem", "setitem", "len"):
        return True
    start = ROOTS.get(first) or getattr(np, first, None)
    return reduce(lambda module, name: getattr(module, name, None), path, start) is not None


def in_ledger(case: Case) -> bool:
    """Whether the row waits for a rule."""
    return not NO_RULE_YET.isdisjoint((case.function, case.name))


def runs(rows: Sequence[Case]) -> list[Any]:
    """Return parameters (case, complex_) for rows that are expected to have a derivative."""
    return [
        pytest.param(case, complex_, id=f"{case}{'-complex' if complex_ else ''}")
        for case in rows
        if available(case) and not in_ledger(case)
        for complex_ in ((False, True) if case.complex_ok else (False,))
    ]


every_row = pytest.mark.parametrize(("case", "complex_"), runs(CASES))
every_smooth_row = pytest.mark.parametrize(("case", "complex_"), runs([case for case in CASES if case.order >= 1]))
every_twice_smooth_row = pytest.mark.parametrize(
    ("case", "complex_"), runs([case for case in CASES if case.order >= 2])
)
every_batched_row = pytest.mark.parametrize(("case", "complex_"), runs([case for case in CASES if case.vmap]))
# CuPy's gaps

#: Rows that CuPy can run, but not one of their derivatives: ``python tests/cupy_rooms/make_gaps.py`` finds them.
GAPS = frozenset((Path(__file__).parent / "cupy_rooms" / "gaps.txt").read_text().splitlines())

#: What CuPy raises where it lacks a function, a keyword, a value of one, or a loop for a dtype.
LACKS = (TypeError, NotImplementedError, AttributeError, ValueError, KeyError)


def lacks(case: Case, complex_: bool) -> bool:
    """Whether CuPy lacks what the row itself calls, without any derivative."""
    run = Run(case, complex_, convert=DeviceArray)
    try:
        run(*run.xs)
    except LACKS:
        return True
    return False


def as_cupy(case: Case, complex_: bool, work: Callable[[], Any]) -> Any:
    """Do work on the strict stand-in, without copies to the host.

    Where the row itself needs what CuPy lacks, or is a known gap, the work is done on the lenient stand-in.
    """
    if str(case) not in GAPS:
        try:
            with host_copies() as copies:
                result = work()
        except LACKS:
            if not lacks(case, complex_):
                raise
        else:
            assert not copies or case.function in LOOPS
            return result
    with lenient():
        try:
            return work()
        except LACKS as error:
            if str(case) not in GAPS:
                raise
            pytest.xfail(f"a known gap: {error}")


def part_of(rows: Sequence[Case], law: str, share: int = 1) -> list[Any]:
    """Return the parameters of a law about devices: one of `share` rows, always the same, and of `special` fewer.

    The rows of `special` are many, slow on a stand-in, and most of them are of functions that CuPy lacks. All rows run
    where the environment says ``FUNCGRAD_ALL_DEVICE_LAWS=1``.
    """
    whole = os.environ.get("FUNCGRAD_ALL_DEVICE_LAWS", "0") != "0"

    def is_chosen(case: Case) -> bool:
        n = share * 6 if case.chapter.startswith("special_") else share
        return whole or zlib.crc32(f"{law} {case}".encode()) % n == 0

    return runs([case for case in rows if case.device and is_chosen(case)])


# Judging


def assert_same(got: Any, want: Any, rtol: float = 1e-12) -> None:
    """Assert that nested results agree: containers, types, shapes, dtypes and values."""
    assert type(got) is type(want)
    if isinstance(want, list | tuple):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert_same(g, w, rtol)
    elif isinstance(want, np.ndarray | np.generic):
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        np.testing.assert_allclose(got, want, rtol, 1e-14)
    else:
        assert got == want


def assert_close(got: Arrays, want: Arrays, rtol: float = 1e-8, atol: float = 1e-9) -> None:
    """Assert that arrays agree in shape and value."""
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert np.shape(g) == np.shape(w)
        np.testing.assert_allclose(host(g), host(w), rtol, atol)


def assert_spaces(got: Arrays, like: Arrays) -> None:
    """Assert that arrays have the shapes and dtypes of others."""
    assert [(np.shape(g), g.dtype) for g in got] == [(np.shape(x), x.dtype) for x in like]


def host(x: Any) -> Any:
    """Return a NumPy array or scalar."""
    return x.get() if isinstance(x, DeviceArray) else x


def directions(xs: Arrays, seed: int = 0) -> Arrays:
    """Draw tangents or cotangents, none of them longer than 1, and read-only."""
    rng = np.random.default_rng(seed)
    drawn = []
    for x in xs:
        parts = rng.uniform(-0.7, 0.7, (2, *np.shape(x)))
        drawn.append(np.asarray(parts[0] + 1j * parts[1] if x.dtype.kind == "c" else parts[0], x.dtype))
        drawn[-1].flags.writeable = False
    return tuple(drawn)


def pairing(gs: Arrays, dxs: Arrays) -> float:
    """Return the real part of the sum of products of cotangents and tangents."""
    return float(sum(np.sum(np.real(g * dx)) for g, dx in zip(gs, dxs, strict=True)))


def difference_quotient(f: Callable[..., Arrays], xs: Arrays, dxs: Arrays, h: float = 1e-3) -> Arrays:
    """Return the derivative of `f` along `dxs` by central differences of fourth order."""
    a, b, c, d = (f(*(x + t * h * dx for x, dx in zip(xs, dxs, strict=True))) for t in (1, -1, 2, -2))
    return tuple((8 * (ya - yb) - (yc - yd)) / (12 * h) for ya, yb, yc, yd in zip(a, b, c, d, strict=True))


# Laws of values


@every_row
def test_value_is_numpys(case: Case, complex_: bool) -> None:
    run = Run(case, complex_)
    want = run.result(*run.xs)
    value, _ = fg.vjp(run.result, *run.xs)
    assert_same(value, want)
    value, _ = fg.jvp(run.result, run.xs, directions(run.xs))
    assert_same(value, want)


@pytest.mark.parametrize("case", [case for case in CONSTANTS if available(case)], ids=str)
def test_constant_is_plain(case: Case) -> None:
    run = Run(case)
    seen = []

    def f(*xs: Any) -> Any:
        seen.append(run.result(*xs))
        return sum(np.sum(x * x) for x in xs)

    fg.vjp(f, *run.xs)
    fg.jvp(f, run.xs, directions(run.xs))
    for result in seen:
        assert_same(result, run.result(*run.xs))


# Laws of first derivatives


@every_smooth_row
def test_forward_is_the_difference_quotient(case: Case, complex_: bool) -> None:
    run = Run(case, complex_)
    dxs = directions(run.xs)
    ys, dys = fg.jvp(run, run.xs, dxs)
    assert_spaces(dys, ys)
    assert_close(dys, difference_quotient(run, run.xs, dxs))


@every_row
def test_reverse_is_the_transpose_of_forward(case: Case, complex_: bool) -> None:
    run = Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys = directions(ys)
    gxs = pullback(gys)
    assert_spaces(gxs, run.xs)
    tolerance = 1e-6 if {"f", "F"}.intersection(y.dtype.char for y in ys) else 1e-10
    for seed in (1, 2):
        dxs = directions(run.xs, seed)
        _, dys = fg.jvp(run, run.xs, dxs)
        np.testing.assert_allclose(pairing(gxs, dxs), pairing(gys, dys), tolerance, tolerance)


@every_row
def test_gradients_belong_to_the_caller(case: Case, complex_: bool) -> None:
    """One may write into a gradient: it shares memory with nothing else."""
    run = Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys = directions(ys)
    gxs = pullback(gys)
    others = [*run.xs, *run.fixed, *ys, *gys]
    for i, gx in enumerate(gxs):
        assert isinstance(gx, np.generic) or gx.flags.writeable
        assert not any(np.shares_memory(gx, other) for other in (*others, *gxs[:i]) if other is not None)


@pytest.mark.parametrize("number", [float, np.float64, np.float32, np.asarray])
@pytest.mark.parametrize("case", [case for case in CASES if all(i.shape == () for i in case.inputs)], ids=str)
def test_numbers_are_welcome(case: Case, number: Any) -> None:
    run = Run(case)
    ys, pullback = fg.vjp(run, *run.xs)
    want = pullback(directions(ys))
    numbers = Run(case, convert=number)
    ys, pullback = fg.vjp(numbers, *numbers.xs)
    got = pullback(directions(ys))
    assert {gx.dtype for gx in got} == {np.dtype(np.float32 if number is np.float32 else np.float64)}
    assert_close(got, want, 1e-4 if number is np.float32 else 1e-8)


@every_row
def test_single_precision_stays(case: Case, complex_: bool) -> None:
    run = Run(case, complex_, convert=narrow)
    ys, pullback = fg.vjp(run, *run.xs)
    assert_spaces(ys, run(*run.xs))
    gxs = pullback(directions(ys))
    assert_spaces(gxs, run.xs)
    _, dys = fg.jvp(run, run.xs, directions(run.xs))
    assert_spaces(dys, ys)
    wide = Run(case, complex_)
    wide_ys, pullback = fg.vjp(wide, *wide.xs)
    assert_close(gxs, pullback(directions(wide_ys)), 2e-3, 2e-3)


def narrow(x: Any) -> Any:
    """Convert floating and complex numbers to single precision."""
    return x.astype({"f": np.float32, "c": np.complex64}.get(x.dtype.kind, x.dtype))


@every_row
def test_memory_layout_does_not_matter(case: Case, complex_: bool) -> None:
    run = Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys = directions(ys)
    want = pullback(gys)
    for layout in (column_major, spread, backwards):
        moved = Run(case, complex_, convert=layout)
        ys, pullback = fg.vjp(moved, *moved.xs)
        assert_close(ys, run(*run.xs))
        assert_close(pullback(tuple(layout(np.asarray(gy)) for gy in gys)), want)


def column_major(x: Any) -> Any:
    """Return an equal array in Fortran's order."""
    return np.asarray(x, order="F")


def spread(x: Any) -> Any:
    """Return an equal array with gaps between the elements."""
    room = np.zeros([2 * n for n in x.shape], x.dtype)[(*(slice(None, None, 2) for _ in x.shape), ...)]
    room[...] = x
    return room


def backwards(x: Any) -> Any:
    """Return an equal array with negative strides."""
    return np.asarray(np.flip(np.flip(x).copy()))


@pytest.mark.parametrize(("case", "complex_"), part_of(CASES, "values"))
def test_device_arrays_stay_on_the_device(case: Case, complex_: bool) -> None:
    run = Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys, dxs = directions(ys), directions(run.xs)
    gxs, (_, dys) = pullback(gys), fg.jvp(run, run.xs, dxs)
    device = Run(case, complex_, convert=DeviceArray)

    def work() -> tuple[Arrays, Arrays, Arrays]:
        device_ys, pullback = fg.vjp(device, *device.xs)
        device_gxs = pullback(tuple(map(DeviceArray, gys)))
        return device_ys, device_gxs, fg.jvp(device, device.xs, tuple(map(DeviceArray, dxs)))[1]

    device_ys, device_gxs, device_dys = as_cupy(case, complex_, work)
    assert {type(x) for x in (*device_ys, *device_gxs, *device_dys)} == {DeviceArray}
    assert_close(device_ys, ys)
    assert_close(device_gxs, gxs)
    assert_close(device_dys, dys)


# Laws of second derivatives: the same again on both first derivatives


def forward_of(run: Run) -> tuple[Callable[..., Arrays], Arrays]:
    """Return the function (x, dx) -> dy, and where to evaluate it."""
    n = len(run.xs)
    return lambda *both: fg.jvp(run, both[:n], both[n:])[1], (*run.xs, *directions(run.xs))


def reverse_of(run: Run) -> tuple[Callable[..., Arrays], Arrays]:
    """Return the function (x, gy) -> gx, and where to evaluate it."""
    n = len(run.xs)
    return lambda *both: fg.vjp(run, *both[:n])[1](both[n:]), (*run.xs, *directions(fg.vjp(run, *run.xs)[0]))


@pytest.mark.parametrize("mode", [forward_of, reverse_of])
@every_twice_smooth_row
def test_second_derivatives(case: Case, complex_: bool, mode: Any) -> None:
    f, xs = mode(Run(case, complex_))
    dxs = directions(xs, 1)
    ys, dys = fg.jvp(f, xs, dxs)
    assert_spaces(dys, ys)
    assert_close(dys, difference_quotient(f, xs, dxs))
    ys, pullback = fg.vjp(f, *xs)
    gys = directions(ys, 2)
    gxs = pullback(gys)
    assert_spaces(gxs, xs)
    np.testing.assert_allclose(pairing(gxs, dxs), pairing(gys, dys), 1e-10, 1e-10)


@pytest.mark.parametrize("mode", [forward_of, reverse_of])
@pytest.mark.parametrize(("case", "complex_"), part_of([c for c in CASES if c.order >= 2], "second order", 4))
def test_second_derivatives_stay_on_the_device(case: Case, complex_: bool, mode: Any) -> None:
    f, xs = mode(Run(case, complex_))
    dxs = directions(xs, 1)
    ys, dys = fg.jvp(f, xs, dxs)
    gys = directions(ys, 2)
    gxs = fg.vjp(f, *xs)[1](gys)
    device = Run(case, complex_, convert=DeviceArray)
    inputs = tuple(map(DeviceArray, xs))

    def work() -> tuple[Arrays, Arrays]:
        f, _ = mode(device)
        device_gxs = fg.vjp(f, *inputs)[1](tuple(map(DeviceArray, gys)))
        return device_gxs, fg.jvp(f, inputs, tuple(map(DeviceArray, dxs)))[1]

    device_gxs, device_dys = as_cupy(case, complex_, work)
    assert {type(x) for x in (*device_gxs, *device_dys)} == {DeviceArray}
    assert_close(device_dys, dys)
    assert_close(device_gxs, gxs)


# Laws of batches

#: Rows that write into an argument, or call a method of one: it must be batched if what is written is.
NEEDS_ALL_BATCHED = ("writing:", "setitem", "operator.i", "/out", "full_like", "method.dot", "select/default")


#: Functions whose examples run one by one (for some of their rows), because one call cannot do them all.
LOOPS = frozenset(
    (
        *("bincount", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd"),
        *("convolve", "correlate", "poly", "polynomial.polynomial.polyfromroots", "polynomial.polynomial.polyroots"),
        *("roots", "nansum", "setitem", "scipy.interpolate.RegularGridInterpolator", "scipy.linalg.lstsq"),
        *("scipy.signal.filtfilt", "scipy.signal.lfilter", "scipy.signal.sosfilt"),
        *("scipy.stats.dirichlet.logpdf", "scipy.stats.dirichlet.pdf"),
    )
)


@contextmanager
def one_call(case: Case) -> Iterator[None]:
    """Fail a row that runs its examples one by one, if it is not known to."""
    with warnings.catch_warnings():
        if case.function not in LOOPS:
            warnings.simplefilter("error", fg.BatchFallbackWarning)
        yield


@every_batched_row
def test_vmap_is_a_loop(case: Case, complex_: bool) -> None:
    samples = [Run(case, complex_, sample=sample) for sample in range(3)]
    run = samples[0]
    for in_axes in batchings(run.xs):
        batched = [batch([s.xs[i] for s in samples], axis) for i, axis in enumerate(in_axes)]
        looped = [run(*(s.xs[i] if axis is not None else run.xs[i] for i, axis in enumerate(in_axes))) for s in samples]
        want = tuple(np.stack(parts) for parts in zip(*looped, strict=True))
        if None in in_axes and any(words in str(case) for words in NEEDS_ALL_BATCHED):
            continue
        with one_call(case):
            got = fg.vmap(run, in_axes=in_axes)(*batched)
        assert_spaces(got, want)
        assert_close(got, want)


@every_batched_row
def test_gradient_of_vmap_and_vmap_of_gradient(case: Case, complex_: bool) -> None:
    samples = [Run(case, complex_, sample=sample) for sample in range(3)]
    run = samples[0]
    gys = [directions(run(*s.xs), seed) for seed, s in enumerate(samples)]
    want = tuple(
        map(np.stack, zip(*(fg.vjp(run, *s.xs)[1](gy) for s, gy in zip(samples, gys, strict=True)), strict=True))
    )
    xs = tuple(map(np.stack, zip(*(s.xs for s in samples), strict=True)))
    gy = tuple(map(np.stack, zip(*gys, strict=True)))
    with one_call(case):
        assert_close(fg.vjp(fg.vmap(run), *xs)[1](gy), want)
        assert_close(fg.vmap(lambda xs, gy: fg.vjp(run, *xs)[1](gy))(xs, gy), want)


@pytest.mark.parametrize(
    ("case", "complex_"), runs([case for case in CASES if case.vmap and not case.chapter.startswith("special_")])
)
def test_examples_may_lie_side_by_side(case: Case, complex_: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("funcgrad.transforms.batch.MANY", 1)
    test_vmap_is_a_loop(case, complex_)


@pytest.mark.parametrize(("case", "complex_"), part_of([case for case in CASES if case.vmap], "batches", 2))
def test_batches_stay_on_the_device(case: Case, complex_: bool) -> None:
    samples = [Run(case, complex_, sample=sample) for sample in range(3)]
    run = samples[0]
    xs = tuple(map(np.stack, zip(*(s.xs for s in samples), strict=True)))
    want = fg.vmap(run)(*xs)
    device = Run(case, complex_, convert=DeviceArray)
    got = as_cupy(case, complex_, lambda: fg.vmap(device)(*map(DeviceArray, xs)))
    assert_close(got, want)


def batchings(xs: Arrays) -> Iterator[tuple[int | None, ...]]:
    """Yield ``in_axes``: all along the first axis, all along the last, and each input alone along its second."""
    yield (0,) * len(xs)
    yield (-1,) * len(xs)
    if len(xs) > 1:
        for alone in range(len(xs)):
            yield tuple(min(x.ndim, 1) if i == alone else None for i, x in enumerate(xs))


def batch(xs: Sequence[Any], axis: int | None) -> Any:
    """Stack samples along an axis, or take the first."""
    return xs[0] if axis is None else np.stack(xs, axis)


# Other libraries

#: Functions for which PyTorch is wrong, and why.
TORCH_IS_WRONG = {"ldexp": "the derivative takes 2**n of a negative integer n for zero"}

#: Rows that JAX answers differently, and why.
JAX_DIFFERS = {
    "partition": "the order inside the parts is free",
    "partition/axis=0": "the order inside the parts is free",
    "nanstd/axis=-1": "the standard deviation of one number has derivative nan",
    "sort/method in place": "x.sort() returns a sorted copy",
    "operator.imul/twice": "x *= y makes a new array",
    "sign/complex": "the sign of a complex number is taken for a constant",
    **dict.fromkeys(
        ("unique", "unique/complex", "unique/axis=1", "unique/nan", "union1d", "intersect1d", "setdiff1d", "setxor1d"),
        "the elements of sets are constants",
    ),
    "special.spence": "the derivative above 1 is nan",
    "special.spence/0-d": "the derivative above 1 is nan",
    "special.spence/near 1": "the derivative at 1 is 0, and nan above",
}


def swap(monkeypatch: pytest.MonkeyPatch, np_: Any, special: Any) -> None:
    """Let the rows call another library in the place of NumPy and scipy.special."""
    for module in cases.MODULES:
        monkeypatch.setattr(module, "np", np_, raising=False)
        monkeypatch.setattr(module, "special", special, raising=False)


#: JAX compiles each row anew: of a function's rows the first is compared, and a third of the others.
JAX_ROWS = [
    case
    for i, case in enumerate(CASES)
    if case.order >= 1 and not case.chapter.startswith("scipy_")
    if case.name.rstrip("/") == case.function or (i % 3 == 0 and not case.chapter.startswith("special_"))
]


@pytest.mark.parametrize(("case", "complex_"), runs(JAX_ROWS))
def test_jax_agrees(case: Case, complex_: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    jax = pytest.importorskip("jax")
    pytest.importorskip("jax.scipy.special")
    if case.name in JAX_DIFFERS:
        pytest.skip(f"JAX differs: {JAX_DIFFERS[case.name]}")
    run = Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys = directions(ys)
    gxs = pullback(gys)
    theirs = Run(case, complex_, convert=jax.numpy.asarray)
    swap(monkeypatch, jax.numpy, jax.scipy.special)

    def both(xs: Any, gys: Any) -> Any:
        ys, pullback = jax.vjp(theirs, *xs)
        return ys, pullback(gys)

    try:
        try:
            their_ys, their_gxs = jax.jit(both)(theirs.xs, gys)  # compiling it once takes half of the time
        except (jax.errors.JAXTypeError, jax.errors.JAXIndexError):  # asks for values
            their_ys, their_gxs = both(theirs.xs, gys)
    except (TypeError, AttributeError, NotImplementedError, ValueError) as error:
        pytest.skip(f"JAX cannot run this row: {str(error).splitlines()[0]}")
    monkeypatch.undo()
    assert_close(ys, their_ys)
    assert_close(gxs, their_gxs)


@pytest.mark.parametrize(
    ("case", "complex_"),
    runs([case for case in CASES if case.chapter in ("arithmetic", "explog", "trigonometric", "complex_parts")]),
)
def test_torch_agrees(case: Case, complex_: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    if case.function in TORCH_IS_WRONG:
        pytest.skip(f"PyTorch is wrong: {TORCH_IS_WRONG[case.function]}")
    run = Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys = directions(ys)
    gxs = pullback(gys)
    theirs = Run(case, complex_, convert=torch.tensor)
    for x in theirs.xs:
        x.requires_grad_()
    swap(monkeypatch, torch, torch.special)
    try:
        their_ys = theirs(*theirs.xs)
        torch.autograd.backward(their_ys, [torch.tensor(np.conj(gy)) for gy in gys])
    except (TypeError, AttributeError, RuntimeError) as error:
        pytest.skip(f"PyTorch cannot run this row: {str(error).splitlines()[0]}")
    monkeypatch.undo()
    assert_close(ys, tuple(y.detach().resolve_conj().numpy() for y in their_ys))
    zeros = tuple(np.zeros_like(x) for x in run.xs)
    their_gxs = tuple(
        z if x.grad is None else x.grad.resolve_conj().numpy() for x, z in zip(theirs.xs, zeros, strict=True)
    )
    assert_close(gxs, tuple(map(np.conj, their_gxs)))  # PyTorch returns the conjugate


# Kinks, and the ledger


@pytest.mark.parametrize("kink", KINKS, ids=str)
def test_policy_at_kinks(kink: Kink) -> None:
    at = np.asarray(kink.at)

    def total(x: Any) -> Any:
        return np.sum(kink.call(x))

    with np.errstate(all="ignore"):
        gradient = fg.grad(total)(at)
        _, tangent = fg.jvp(total, (at,), (np.ones_like(at),))
    np.testing.assert_allclose(gradient, kink.gradient, 1e-12)
    if kink.forward:
        np.testing.assert_allclose(tangent, np.sum(np.real(kink.gradient)), 1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if in_ledger(case)], ids=str)
def test_ledger_is_true(case: Case) -> None:
    """A function in the ledger has the right value, and raises when its derivative is asked for."""
    run = Run(case)
    with pytest.raises(NotImplementedError, match=case.function):
        fg.vjp(run, *run.xs)[1](directions(run(*run.xs)))
