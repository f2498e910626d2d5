"""Optimizers on arrays that live on a device: nothing is copied to the host."""

from typing import Any

import numpy as np
import pytest
from test_trajectories import IDS, OPTIONS

import funcgrad as fg
from funcgrad.nn.utils import clip_grad_norm_, clip_grad_value_
from funcgrad.tensor.shell import wrap
from funcgrad.testing import DeviceArray, host_copies

START = np.linspace(-1.0, 1.0, 6).reshape(2, 3)


def leaf(on_device: bool, dtype: str = "float32") -> Any:
    x = START.astype(dtype) * (1 - 0.5j if dtype == "complex64" else 1)
    w: Any = wrap(DeviceArray(x) if on_device else x.copy()).requires_grad_()
    return w


def trained(on_device: bool, name: str, options: dict[str, Any], dtype: str = "float32") -> np.ndarray:
    w = leaf(on_device, dtype)
    optimizer = getattr(fg.optim, name)([w], **options)
    for i in range(3):
        x = w.values()
        w.grad = wrap(np.sin(x) * x * (i + 1))
        optimizer.step()
    values = w.values()
    return np.asarray(values.get() if on_device else values)


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=IDS)
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_steps_stay_on_the_device(name: str, options: dict[str, Any], dtype: str) -> None:
    with host_copies() as copies:
        found = trained(True, name, options, dtype)
    assert copies == ["get()"]
    np.testing.assert_array_equal(found, trained(False, name, options, dtype))


def test_clipping_stays_on_the_device() -> None:
    with host_copies() as copies:
        w = leaf(True)
        w.grad = wrap(DeviceArray(START.astype("float32") * 5))
        total = clip_grad_norm_(w, 1.0)
        clip_grad_value_(w, 0.3)
    assert not copies
    v = leaf(False)
    v.grad = wrap(START.astype("float32") * 5)
    assert clip_grad_norm_(v, 1.0).item() == total.item()
    clip_grad_value_(v, 0.3)
    np.testing.assert_array_equal(v.grad.numpy(), w.grad.values().get())


def test_lbfgs_runs_on_the_device() -> None:
    def program(on_device: bool) -> Any:
        w = leaf(on_device, "float64")
        optimizer = fg.optim.LBFGS([w], line_search_fn="strong_wolfe", max_iter=4)

        def closure() -> Any:
            x = w.values()
            w.grad = wrap(4 * x * (x * x - 1) + 0.3)
            return wrap(np.sum((x * x - 1) ** 2 + 0.3 * x))

        optimizer.step(closure)
        values = w.values()
        return values.get() if on_device else values

    np.testing.assert_allclose(program(True), program(False), rtol=1e-12)
