"""``import funcgrad.cupy as cp``: all of CuPy's names; NumPy's functions where an argument is traced."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import DeviceArray, host_copies

cupy = pytest.importorskip("cupy")
cp = pytest.importorskip("funcgrad.cupy")
creation = pytest.importorskip("funcgrad.cupy.creation")

X = np.array([[2.0, 1.0], [1.0, 3.0]])
ARRAY, VALUES = np.array([0.0, 1, 4]), np.array([0.0, 1, 2])


def test_has_all_names_of_cupy() -> None:
    names = [n for n in dir(cupy) if not n.startswith("_")]
    assert [n for n in names if not hasattr(cp, n)] == []
    assert set(names) <= set(dir(cp))
    for module in ("linalg", "fft"):
        theirs, ours = getattr(cupy, module), getattr(cp, module)
        assert [n for n in dir(theirs) if not n.startswith("_") and not hasattr(ours, n)] == []
    assert cp.ElementwiseKernel is cupy.ElementwiseKernel
    assert cp.random is cupy.random
    assert cp.cuda is cupy.cuda
    assert cp.ndarray is cupy.ndarray
    assert cp.sin is cupy.sin
    assert cp.float32 is np.float32


@pytest.mark.parametrize(
    "call",
    [
        lambda np, x: np.concatenate([x, 2 * x]),
        lambda np, x: np.stack((x, x), axis=1),
        lambda np, x: np.hstack([x, x]),
        lambda np, x: np.einsum("ij,jk->i", x, x),
        lambda np, x: np.linalg.inv(x),
        lambda np, x: np.linalg.solve(x, x[0]),
        lambda np, x: np.linalg.norm(x, axis=0),
        lambda np, x: np.linalg.slogdet(x)[1],
        lambda np, x: np.fft.fft(x).real,
        lambda np, x: np.cumsum(x, axis=1),
        lambda np, x: np.matmul(x, x),
        lambda np, x: np.tensordot(x, x, axes=1),
        lambda np, x: np.where(x > 1.5, x, 0.0),
        lambda np, x: np.clip(x, a_min=1.5, a_max=2.5),
        lambda np, x: np.roll(x, 1, axis=0),
        lambda np, x: np.diag(x),
        lambda np, x: np.pad(x, 1),
        lambda np, x: np.median(x, axis=0),
        lambda np, x: np.interp(x.ravel(), ARRAY, x[0, 0] * VALUES),
        lambda np, x: np.histogram(x, 2, (0, 4), weights=x)[0],
        lambda np, x: np.meshgrid(x[0], x[1])[0],
        lambda np, x: np.zeros_like(x) + x,
        lambda np, x: np.full_like(x, 2.0) * x,
        lambda np, x: np.array([x[0], x[1] * 2]),
        lambda np, x: np.asarray(x)[0],
        lambda np, x: np.ascontiguousarray(x.T),
        lambda np, x: np.nan_to_num(x),
        lambda np, x: np.searchsorted(x[1], x[0]) * x,
        lambda np, x: np.vander(x[0], 3),
    ],
)
def test_function_of_traced_values_is_numpys(call: Any) -> None:
    got, pull = fg.vjp(lambda x: call(cp, x), X)
    want, other = fg.vjp(lambda x: call(fg.numpy, x), X)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(pull(np.ones_like(want)), other(np.ones_like(want)))


def test_old_names() -> None:
    assert fg.grad(lambda x: cp.trapz(x))(X[0]) == pytest.approx(fg.grad(lambda x: np.trapezoid(x))(X[0]))
    assert fg.grad(lambda x: cp.row_stack([x, x]).sum())(X[0]) == pytest.approx(2.0)


def test_tensors() -> None:
    t = fg.tensor([1.0, 2.0], requires_grad=True)
    y = cp.sum(cp.concatenate([t, cp.sin(t)]))
    assert isinstance(y, fg.Tensor)
    y.backward()
    np.testing.assert_allclose(t.grad.numpy(), 1 + np.cos([1.0, 2.0]), 1e-6)
    assert cp.asarray(t) is t


def test_creation_inside_a_transform(monkeypatch: pytest.MonkeyPatch) -> None:
    """What CuPy makes becomes a constant of the running transform, which takes traced values."""
    zeros = creation.creating(lambda n: DeviceArray(np.zeros(n)), None)

    def f(x: Any) -> Any:
        out = zeros(3)
        out[0] = x[0, 0] * x[1, 1]
        out[1:] = x[0]
        return np.sum(out * out)

    with host_copies() as copies:
        got = fg.grad(f)(DeviceArray(X))
    assert copies == []
    np.testing.assert_allclose(got.array, [[2 * 2 * 9 + 2 * 2, 2.0], [0, 2 * 3 * 4]])
    assert isinstance(zeros(3), DeviceArray)
    integers = creation.creating(lambda n: DeviceArray(np.zeros(n, int)), None)
    fg.grad(lambda x: (isinstance(integers(2), DeviceArray) or 1 / 0) * x)(1.0)


def test_array_of_traced_and_plain_elements_on_a_device() -> None:
    def f(x: Any) -> Any:
        return np.sum(cp.array([x[0, 0] * 2, 1.0, [x[1, 1]][0]]) ** 2)

    got = fg.grad(f)(DeviceArray(X))
    np.testing.assert_allclose(got.array, [[16.0, 0], [0, 6.0]])


def test_fuse() -> None:
    @cp.fuse()
    def f(x: Any) -> Any:
        return cp.sin(x) * x

    assert f.__name__ == "f"
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(f(x)))(X), np.cos(X) * X + np.sin(X))


def test_array_module() -> None:
    assert cp.get_array_module(X) is fg.numpy
    seen: list[Any] = []
    fg.grad(lambda x: np.sum(x) + len(seen) * 0 if not seen.append(cp.get_array_module(x)) else 0)(X)
    assert seen == [fg.numpy]
    seen.clear()
    fg.grad(lambda x: np.sum(x) if not seen.append(cp.isscalar(np.sum(x))) else 0)(X)
    assert seen == [True]


def test_what_has_no_derivative_says_so() -> None:
    with pytest.raises(fg.LostGradientError, match=r"cupy\.asnumpy takes plain arrays only"):
        fg.grad(lambda x: cp.asnumpy(x).sum())(X)
    with pytest.raises(fg.LostGradientError, match=r"funcgrad\.extend\.primitive"):
        fg.grad(lambda x: cp.asfarray(x).sum())(X)


def test_adopt_replaces_cupy() -> None:
    def f(x: Any) -> Any:
        return cupy.sum(cupy.cumsum(cupy.concatenate([x, cupy.linalg.inv(x)])))

    want = fg.grad(lambda x: np.sum(np.cumsum(np.concatenate([x, np.linalg.inv(x)]))))(X)
    np.testing.assert_allclose(fg.grad(fg.adopt(f))(X), want)


def test_without_cupy_the_extras_are_named() -> None:
    text = (
        "import sys; sys.modules['cupy'] = None\n"
        "try:\n    import funcgrad.cupy\n"
        "except ImportError as error:\n    assert 'funcgrad[cuda12]' in str(error) and 'cuda13' in str(error), error\n"
        "else:\n    raise SystemExit(1)"
    )
    subprocess.run([sys.executable, "-c", text], check=True)
