"""Fast versions of what NumPy's own text says: the same values, at every level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad.core.selecting import choose
from funcgrad.nn.functional.erf import erf
from funcgrad.testing import check_grads

SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.5])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c16", "i4"])
@pytest.mark.parametrize("size", [7, 7000])
def test_choosing(dtype: str, size: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.choice(SPECIAL[:4] if dtype == "i4" else SPECIAL, (2, size))
    if dtype == "i4":
        a, b = rng.integers(-5, 5, (2, size))
    a, b, mask = a.astype(dtype), b.astype(dtype), rng.random(size) < 0.5
    for other in (b, 0, 3, b.astype("f4" if dtype == "f8" else "f8")) if dtype != "c16" else (b, 0):
        got, wanted = choose(mask, a, other), np.where(mask, a, other)
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)
        if dtype[0] == "f":
            np.testing.assert_array_equal(np.signbit(got), np.signbit(wanted))


@pytest.mark.parametrize("options", [(2,), (3, 2, 1), (3, 1, 1, 2), (2, 3), (3, 2, 1, 1, True), (2, 2, 0, 1, True)])
@pytest.mark.parametrize("kind", ["random", "ties", "nans", "infinities", "lowest"])
def test_maxima_as_in_pytorch(options: tuple[Any, ...], kind: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 9, 8))
    if kind == "ties":
        x = np.round(x)
    if kind in ("nans", "infinities"):
        x = np.where(rng.random(x.shape) < 0.2, np.nan if kind == "nans" else np.inf, x)
    if kind == "lowest":
        x = np.full_like(x, -np.inf)
    results = []
    for lib in (fg, torch):
        leaf = lib.tensor(x, requires_grad=True)
        y = lib.nn.functional.max_pool2d(leaf, *options)
        y.backward(lib.arange(y.numel()).reshape(y.shape).double() + 1)
        results.append((y.detach().numpy(), leaf.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


NORMS = {
    "layer": lambda x, w, b: F.layer_norm(x, w.shape, w, b),
    "batch": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "group": lambda x, w, b: F.group_norm(x, 2, w, b),
    "instance": lambda x, w, b: F.instance_norm(x, None, None, w, b),
    "max_pool": lambda x, w, b: F.max_pool1d(x * w.sum() + b.sum(), 2),
    "embedding": lambda x, w, b: F.embedding(np.array([[1, 0], [1, 1]]), x) * w.sum() + b.sum(),
}


@pytest.mark.parametrize("name", NORMS)
def test_all_levels(name: str) -> None:
    f = NORMS[name]
    rng = np.random.default_rng(2)
    x = rng.standard_normal((3, 4, 5))
    w, b = rng.standard_normal((2, *((4, 5) if name == "layer" else (4,))))
    check_grads(f, (x, w, b))


def test_large_rows_are_taken_in_blocks() -> None:
    torch = pytest.importorskip("torch")
    x, w = np.random.default_rng(3).standard_normal((300, 1024)).astype("f"), np.linspace(0, 2, 1024, dtype="f")
    results = []
    for lib in (fg, torch):
        leaf, weight = lib.tensor(x, requires_grad=True), lib.tensor(w, requires_grad=True)
        y = lib.nn.functional.layer_norm(leaf, (1024,), weight)
        (y * y * y).sum().backward()
        z = lib.nn.functional.group_norm(leaf.reshape(300, 64, 16), 4)
        (z * z * z).sum().backward()
        results.append((y.detach().numpy(), leaf.grad.numpy(), weight.grad.numpy(), z.detach().numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_the_error_function_in_single_precision() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([np.linspace(-6, 6, 10001), [0.0, 1e-30, -1e-30, np.inf, -np.inf, 1e30]]).astype("f")
    y = erf(x)
    np.testing.assert_allclose(y, special.erf(x.astype("f8")), rtol=4e-7)
    assert y.dtype == np.float32
