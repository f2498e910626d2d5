"""CuPy's functions of tensors: they call methods, with CuPy's arguments, and get what NumPy's function returns."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as torch
from funcgrad.tensor.shell import wrap
from funcgrad.testing import DeviceArray

cupy = pytest.importorskip("cupy")

X = np.array([[1.0, 4.0, 2.0], [3.0, 5.0, 0.5]])


@pytest.mark.parametrize(
    "call",
    [
        lambda xp, x: xp.sum(x),
        lambda xp, x: xp.sum(x, axis=0),
        lambda xp, x: xp.sum(x, axis=(0, 1), keepdims=True),
        lambda xp, x: xp.sum(x, 1, np.float32),
        lambda xp, x: xp.prod(x),
        lambda xp, x: xp.prod(x, axis=1, keepdims=True),
        lambda xp, x: xp.mean(x, axis=0, keepdims=True),
        lambda xp, x: xp.mean(x, dtype=np.float32),
        lambda xp, x: xp.var(x),
        lambda xp, x: xp.var(x, axis=0, ddof=1, keepdims=True),
        lambda xp, x: xp.std(x, axis=1),
        lambda xp, x: xp.max(x),
        lambda xp, x: xp.max(x, axis=0),
        lambda xp, x: xp.amax(x, axis=1, keepdims=True),
        lambda xp, x: xp.min(x, axis=-1),
        lambda xp, x: xp.amin(x),
        lambda xp, x: xp.nanmax(x, axis=0),
        lambda xp, x: xp.argmax(x),
        lambda xp, x: xp.argmin(x, axis=1),
        lambda xp, x: xp.argsort(x, axis=0),
        lambda xp, x: xp.count_nonzero(x, axis=0),
        lambda xp, x: xp.dot(x, xp.transpose(x)),
        lambda xp, x: xp.outer(x, x),
        lambda xp, x: xp.clip(x, 1.5, 3.5),
        lambda xp, x: xp.repeat(x, 2, axis=0),
        lambda xp, x: xp.repeat(x, 2),
        lambda xp, x: xp.reshape(x, (3, 2)),
        lambda xp, x: xp.reshape(x, -1),
        lambda xp, x: xp.transpose(x, (1, 0)),
        lambda xp, x: xp.swapaxes(x, 0, 1),
        lambda xp, x: xp.ravel(x),
        lambda xp, x: xp.squeeze(x[:1], 0),
        lambda xp, x: xp.flip(x, 1),
        lambda xp, x: xp.rot90(x),
        lambda xp, x: xp.take(x, 1, axis=0),
        lambda xp, x: xp.trace(x),
        lambda xp, x: xp.trace(x, 1),
        lambda xp, x: xp.diagonal(x, 1),
        lambda xp, x: xp.linalg.norm(x),
    ],
)
def test_function_of_a_tensor_is_numpys(call: Callable[[Any, Any], Any]) -> None:
    want = call(np, X)
    t = torch.tensor(X, requires_grad=True)
    got = call(cupy, t)
    assert isinstance(got, torch.Tensor)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got.detach().numpy(), want, 1e-12)
    if want.dtype.kind == "f":
        (gradient,) = torch.autograd.grad(got.sum(), t)
        np.testing.assert_allclose(gradient.numpy(), torch.grad(lambda x: np.sum(call(np, x)))(X), 1e-6)


def test_methods_stay_pytorchs() -> None:
    """The arguments are CuPy's only where CuPy is the caller."""
    t = torch.tensor(X)
    values, indices = t.max(0)
    assert (values.tolist(), indices.tolist()) == ([3.0, 5.0, 2.0], [1, 1, 0])
    assert t.min(axis=0, keepdims=True).values.shape == (1, 3)
    assert t.repeat(2, 1).shape == (4, 3)
    assert t.reshape(shape=(3, 2)).shape == (3, 2)
    for wrong in (
        lambda: t.sum(0, None, None, False),
        lambda: t.prod(0, None, None, False),
        lambda: t.transpose(None),
        lambda: t.reshape((3, 2), order="C"),
    ):
        with pytest.raises(TypeError):
            wrong()


def test_out_is_refused() -> None:
    t = torch.tensor(X)
    with pytest.raises(TypeError, match="out= cannot write where a Tensor takes part"):
        cupy.sum(t, out=torch.tensor(0.0))


def test_tensors_of_device_arrays() -> None:
    t = wrap(DeviceArray(X))
    assert type(cupy.sum(t, axis=0).payload) is DeviceArray
    assert type(cupy.max(t, axis=0).payload) is DeviceArray
    assert type(np.sin(t).payload) is DeviceArray


def test_broadcast_arrays_by_way_of_the_namespace() -> None:
    """CuPy's own asks nothing of what is not its array, and hands it back: our namespace, or `adopt`, broadcasts."""
    cp = pytest.importorskip("funcgrad.cupy")
    shapes = []

    def f(x: Any) -> Any:
        parts = cp.broadcast_arrays(x[:1], x)
        shapes.append([p.shape for p in parts])
        return np.sum(parts[0] * parts[1])

    def theirs(x: Any) -> Any:
        parts = cupy.broadcast_arrays(x[:1], x)
        shapes.append([p.shape for p in parts])
        return np.sum(parts[0] * parts[1])

    want = torch.grad(lambda x: np.sum(x[:1] * x))(X)
    np.testing.assert_array_equal(torch.grad(f)(X), want)
    np.testing.assert_array_equal(torch.grad(torch.adopt(theirs))(X), want)
    t = torch.tensor(X, requires_grad=True)
    f(t).backward()
    assert t.grad is not None
    np.testing.assert_array_equal(t.grad.numpy(), want)
    assert shapes == [[(2, 3), (2, 3)]] * 3
