"""On a GPU: the table of cases against NumPy, streams, memory, and no waiting for the device."""

import warnings
from typing import Any

import numpy as np
import pytest
import test_laws
from cases import CASES
from cases.table import Case

import funcgrad as fg

#: What CuPy raises where it lacks a function, a keyword or a loop for a dtype.
LACKS = (TypeError, NotImplementedError, AttributeError)

every_row = pytest.mark.parametrize(
    ("case", "complex_"), test_laws.runs([case for case in CASES if case.device and case.order >= 1])
)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def close(cp: Any, got: Any, want: Any) -> None:
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert isinstance(g, cp.ndarray)
        assert g.shape == np.shape(w)
        np.testing.assert_allclose(g.get(), w, 1e-7, 1e-8)


@every_row
def test_rows(case: Case, complex_: bool, cp: Any) -> None:
    """Value, gradient and tangent are NumPy's, and live on the device."""
    device = test_laws.Run(case, complex_, convert=cp.asarray)
    try:
        plain = device(*device.xs)
    except LACKS as error:
        pytest.skip(f"CuPy does not have it: {error}")
    if not all(isinstance(y, cp.ndarray) for y in plain):
        pytest.skip("CuPy answers with values of the host")
    run = test_laws.Run(case, complex_)
    ys, pullback = fg.vjp(run, *run.xs)
    gys, dxs = test_laws.directions(ys), test_laws.directions(run.xs)
    device_ys, device_pullback = fg.vjp(device, *device.xs)
    close(cp, device_ys, ys)
    close(cp, device_pullback(tuple(map(cp.asarray, gys))), pullback(gys))
    close(cp, fg.jvp(device, device.xs, tuple(map(cp.asarray, dxs)))[1], fg.jvp(run, run.xs, dxs)[1])


def test_transforms_compose(cp: Any) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x @ x) * np.exp(-x))

    x = np.random.default_rng(0).normal(size=(4, 4))
    xs = np.random.default_rng(1).normal(size=(3, 4, 4))
    for transform in (fg.grad(f), fg.hessian(f), fg.jacrev(fg.grad(f)), fg.jacfwd(fg.grad(f))):
        np.testing.assert_allclose(transform(cp.asarray(x)).get(), transform(x), 1e-9, 1e-9)
    mapped = fg.vmap(fg.grad(f))
    np.testing.assert_allclose(mapped(cp.asarray(xs)).get(), mapped(xs), 1e-9, 1e-9)


def test_work_goes_to_the_current_stream(cp: Any) -> None:
    x = cp.linspace(0.0, 1.0, 1 << 20)
    stream = cp.cuda.Stream(non_blocking=True)
    cp.cuda.Device().synchronize()
    with stream:
        g = fg.grad(lambda x: np.sum(np.sin(x) * x))(x)
    stream.synchronize()
    want = np.cos(x.get()) * x.get() + np.sin(x.get())
    np.testing.assert_allclose(g.get(), want, 1e-9)


def test_a_step_does_not_wait_for_the_device(cp: Any) -> None:
    """CuPy raises where a copy to the host would make the program wait."""
    cupyx = pytest.importorskip("cupyx")
    x = cp.random.rand(64, 64)

    def f(x: Any) -> Any:
        return np.sum(np.log1p(np.exp(x @ x)) / np.sqrt(x + 1.0) + np.maximum(x, 0.5)[3:, ::2].sum())

    step = fg.value_and_grad(f)
    step(x)  # kernels are compiled
    with cupyx.allow_synchronize(False):
        step(x)


def test_host_and_device_do_not_mix(cp: Any) -> None:
    with pytest.raises(TypeError):
        fg.grad(lambda x: np.sum(x * np.ones(3)))(cp.ones(3))


def test_memory_returns_to_the_pool(cp: Any) -> None:
    pool = cp.get_default_memory_pool()
    x = cp.ones(1 << 16)
    step = fg.grad(lambda x: np.sum(np.sin(x) ** 2))
    step(x)
    before = pool.used_bytes()
    for _ in range(5):
        step(x)
    assert pool.used_bytes() == before
