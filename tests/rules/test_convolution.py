"""Convolutions along runs of memory: the same numbers as along rows, whatever the geometry, and PyTorch's."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad.rules import convolution as chapter
from funcgrad.rules.convolution import convolution, convolution_transpose, kernel_correlation

#: examples, channels, features, size, kernel, dilation, groups
GEOMETRIES = [
    (3, 2, 4, (7,), (3,), (1,), 1),
    (3, 2, 4, (8, 7), (3, 2), (1, 1), 1),
    (3, 4, 6, (8, 9), (2, 3), (2, 1), 2),
    (3, 4, 4, (9, 30), (3, 3), (1, 1), 4),
    (2, 3, 2, (5, 9, 12), (2, 2, 2), (1, 1, 2), 1),
    (2, 2, 3, (4, 4), (4, 1), (1, 1), 1),
]


def operands(geometry, dtype):
    n, channels, features, size, kernel, dilation, groups = geometry
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, channels, *size)).astype(dtype)
    w = rng.standard_normal((features, channels // groups, *kernel)).astype(dtype)
    places = [a - d * (k - 1) for a, k, d in zip(size, kernel, dilation, strict=True)]
    y = rng.standard_normal((n, features, *places)).astype(dtype)
    return x, w, y, {"stride": (1,) * len(size), "dilation": dilation, "groups": groups}


def all_three(x, w, y, how):
    return (
        convolution(x, w, **how),
        convolution_transpose(y, w, size=x.shape[2:], **how),
        kernel_correlation(x, y, kernel=w.shape[2:], **how),
    )


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("block", [1, 2**17])
def test_runs_give_what_rows_give(monkeypatch, geometry, dtype, block):
    x, w, y, how = operands(geometry, dtype)
    monkeypatch.setattr(chapter, "BLOCK", block)
    assert chapter.run_of(x, w, x.shape[2:], w.shape[2:], *how.values()) is not None
    found = all_three(x, w, y, how)
    monkeypatch.setattr(chapter, "run_of", lambda *_: None)
    for new, old in zip(found, all_three(x, w, y, how), strict=True):
        assert new.dtype == old.dtype
        assert new.flags.c_contiguous
        np.testing.assert_allclose(new, old, **({"rtol": 1e-4, "atol": 1e-5} if dtype == "f4" else {"rtol": 1e-11}))


def test_operands_need_not_lie_in_order_nor_be_writable():
    x, w, y, how = operands(GEOMETRIES[1], "f8")
    expected = all_three(x, w, y, how)
    strided = [np.asfortranarray(a) for a in (x, w, y)]
    for a in strided:
        a.flags.writeable = False
    for found, wanted in zip(all_three(*strided, how), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_rows_stay_where_runs_would_not_pay():
    long, wide = np.ones((1, 1, 40, 40)), np.ones((1, 1, 5, 5))
    ones, steps = (1, 1), (2, 2)
    assert chapter.run_of(long, long, (40, 40), (3, 3), ones, ones, 1) is None
    assert chapter.run_of(wide, wide, (5, 5), (1, 5), ones, ones, 1) is None  # mostly gaps
    assert chapter.run_of(wide, wide, (5, 5), (3, 3), steps, ones, 1) is None
    assert chapter.run_of(wide, wide, (5, 5), (1, 1), ones, ones, 1) is None
    assert chapter.run_of(wide, wide, (5, 5), (3, 3), ones, ones, 1) is not None


@pytest.mark.parametrize("groups", [1, 2])
def test_first_and_second_derivatives_are_pytorchs(groups):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    x, w, b = rng.standard_normal((2, 4, 6, 7)), rng.standard_normal((6, 4 // groups, 3, 2)), rng.standard_normal(6)
    v = rng.standard_normal((2, 6, 4, 6))

    def second(lib, conv):
        leaves = [lib.tensor(a, requires_grad=True) for a in (x, w, b)]
        y = conv(*leaves, groups=groups)
        first = lib.autograd.grad((y * y * lib.tensor(v)).sum(), leaves, create_graph=True)
        total = sum((g * g).sum() for g in first)
        return [a.detach().numpy() for a in (*first, *lib.autograd.grad(total, leaves))]

    for ours, theirs in zip(second(fg, F.conv2d), second(torch, torch.nn.functional.conv2d), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_a_bias_per_channel_is_mapped(axes):
    rng = np.random.default_rng(2)
    x, b = rng.standard_normal((3, 2, 1, 5)), rng.standard_normal((3, 4))
    w = rng.standard_normal((4, 1, 2))
    x, b = x if axes[0] == 0 else x[0], b if axes[1] == 0 else b[0]

    def text(x, b):
        return F.conv1d(x, w, b) ** 2

    def one(x, b):
        return fg.grad(lambda x, b: np.sum(text(x, b)), argnums=(0, 1))(x, b)

    found = fg.vmap(text, in_axes=axes)(x, b), *fg.vmap(one, in_axes=axes)(x, b)
    pick = [(lambda i, a=a: a[i]) if axis == 0 else (lambda i, a=a: a) for a, axis in zip((x, b), axes, strict=True)]
    for i in range(3):
        args = [p(i) for p in pick]
        for mapped, single in zip(found, (text(*args), *one(*args)), strict=True):
            np.testing.assert_allclose(mapped[i], single, rtol=1e-12)
    point, step = [p(0) for p in pick], [p(1) for p in pick]
    _, tangent = fg.jvp(text, tuple(point), tuple(step))
    up, down = (text(*[a + s * da for a, da in zip(point, step, strict=True)]) for s in (1e-6, -1e-6))
    np.testing.assert_allclose(tangent, (up - down) / 2e-6, rtol=1e-6, atol=1e-7)
